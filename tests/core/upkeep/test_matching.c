/* Nodes of a region that compare what they hold: whom we ask, what we offer to whom, and what
 * others have us do. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "src/core/storage/responsibility.h"
#include "src/core/upkeep/handover.h"
#include "src/core/upkeep/matching.h"
#include "tests/support/failing_allocation.h"
#include "tests/support/handover_script.h"
#include "tests/support/prng.h"

#define PEERS 20
#define HOUR  (3600 * SKAD_US_PER_S)

/* What peers answer to a MATCH, and what came of it. */
typedef struct manner {
    uint64_t differs; /* that is what they say */
    bool only_one;    /* the first that is asked; the others say that nothing differs */
    unsigned matches;
    unsigned asked[PEERS]; /* of each peer */
    unsigned offered[PEERS];
    uint8_t bits;
    uint8_t digests[SKAD_MATCH_BYTES];
} manner;

static manner how;

/* The digests of others: range 0 differs from nothing. */
static const uint8_t OTHERS[SKAD_MATCH_BYTES] = {1};

static bool act(test_fixture *made, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    const size_t index = (size_t)(who - made->remotes);
    if (request->kind == SKAD_KIND_MATCH) {
        how.asked[index]++;
        how.bits = (uint8_t)request->u.match.bits;
        memcpy(how.digests, request->u.match.digests.data, sizeof how.digests);
        answer->u.reply.u.matched.differs = how.only_one && how.matches > 0 ? 0 : how.differs;
        how.matches++;
    }
    if (request->kind == SKAD_KIND_COMPARE) {
        how.offered[index] += (unsigned)(request->u.compare.held.len / SKAD_COMPARE_ITEM_BYTES);
    }
    if (request->kind == SKAD_KIND_STORE) {
        answer->u.reply.u.stored.life_s = request->u.store.life_s;
    }
    return true;
}

static skad_node *node(void)
{
    return handover_fixture.node;
}

static skad_match_lists *lists(void)
{
    return skad_node_parts_of(node()).matching->lists;
}

static const skad_id *self(void)
{
    return &handover_fixture.identity.id;
}

/* The network is as dense as leaves our region so many bits. */
static void say_region(unsigned bits)
{
    skad_table *table = skad_node_parts_of(node()).table;
    for (unsigned sixteenth = 0; sixteenth < SKAD_PLACES; sixteenth++) {
        const skad_id target = {{(uint8_t)(sixteenth << 4)}};
        skad_places_visited(&table->places, self(), &target,
                            bits == 0 ? UINT64_MAX : UINT64_C(1) << (64 - bits));
    }
    assert_int_equal(skad_responsibility_bits(table, &handover_fixture.profile), bits);
}

static int begin(void **state)
{
    (void)state;
    handover_begin_with(16, PEERS);
    how = (manner){0};
    handover_fixture.script = act;
    say_region(0);
    skad_node_tick(node(), handover_fixture.now);
    return 0;
}

/* A round that is due now, and what follows within ten seconds. */
static void round_now(void)
{
    skad_node_parts_of(node()).handover->round_us = handover_fixture.now.mono_us;
    test_fixture_run(&handover_fixture, 10 * SKAD_US_PER_S);
}

/* A walk without a record that ends with a round; nothing is sent yet. */
static void round_by_itself(void)
{
    skad_id ids[SKAD_MATCH_SERVED_MAX];
    (void)skad_matching_begin(node(), true, ids);
    skad_matching_end(node());
}

static bool shares(const skad_id *id, unsigned bits)
{
    return skad_common_prefix(self(), id) >= bits;
}

/* ---- Whom we ask ---- */

static void partners_are_of_our_region_and_are_asked_once_a_round(void **state)
{
    (void)state;
    unsigned neighbours = 0;
    say_region(1);
    for (unsigned i = 0; i < 100; i++) {
        manner before = how;
        round_by_itself();
        test_fixture_play(&handover_fixture);
        assert_in_range(how.matches - before.matches, 1, SKAD_MATCH_PARTNERS);
        for (size_t peer = 0; peer < PEERS; peer++) {
            assert_in_range(how.asked[peer] - before.asked[peer], 0, 1);
        }
    }
    for (size_t peer = 0; peer < PEERS; peer++) {
        const bool neighbour = shares(&handover_fixture.remotes[peer].identity.id, 1);
        assert_int_equal(how.asked[peer] > 0, neighbour); /* in time each has its turn */
        neighbours += neighbour;
    }
    assert_in_range(neighbours, 4, PEERS - 4);
    assert_int_equal(how.bits, 1);
}

/* Whoever is closest then is of another region. */
static void where_no_other_lives_in_our_region_none_is_asked(void **state)
{
    (void)state;
    say_region(30);
    for (unsigned i = 0; i < 10; i++) {
        round_by_itself();
        test_fixture_play(&handover_fixture);
    }
    assert_int_equal(how.matches, 0);
}

/* Thirty nodes at one place are drawn about as often as one would be there. */
static void a_cluster_gets_no_more_than_its_place(void **state)
{
    (void)state;
    test_prng prng = {5};
    skad_table *table = skad_node_parts_of(node()).table;
    const skad_id place = test_prng_id_near(&prng, self(), 4);
    for (uint32_t i = 0; i < 30; i++) {
        const skad_id id = test_prng_id_near(&prng, &place, 30);
        const skad_address address = test_prng_address(5000 + 256 * i);
        assert_int_not_equal(
            skad_table_answered(table, &id, &address, 1000, handover_fixture.now.mono_us),
            SKAD_PEER_NONE);
    }
    say_region(0);
    unsigned all = 0;
    unsigned of_cluster = 0;
    for (unsigned i = 0; i < 100; i++) {
        memset(lists()->partners, 0, sizeof lists()->partners);
        round_by_itself();
        (void)test_fixture_drain(&handover_fixture);
        for (size_t j = 0; j < SKAD_MATCH_PARTNERS; j++) {
            const skad_id none = {{0}};
            all += !skad_id_equal(&lists()->partners[j], &none);
            of_cluster += skad_common_prefix(&lists()->partners[j], &place) >= 30;
        }
    }
    assert_in_range(all, 300, 400);
    assert_in_range(of_cluster, 0, all / 8);
}

/* Records in the order of their keys, of which our region's count. */
static void we_tell_what_we_hold_of_our_region(void **state)
{
    (void)state;
    skad_digests expected;
    test_prng prng = {6};
    say_region(1);
    skad_digests_begin(&expected, 1);
    for (unsigned i = 0; i < 24; i++) {
        skad_id key = test_prng_id_near(&prng, self(), i % 2);
        key.bytes[0] = (uint8_t)((key.bytes[0] & 0x80) | i);
        if (i % 2 == 1) {
            const skad_store_name name = handover_hold(&key);
            skad_digests_add(&expected, &name, 0);
        } else if (!shares(&key, 1)) {
            (void)handover_hold(&key);
        }
    }
    handover_hold_many(20); /* they have ended */
    const skad_store_record copy = {.name = {.key = *self(), .type = 1},
                                    .cached = true, /* as are those that we do not owe */
                                    .expires_unix_s = handover_fixture.now.unix_s + DAY_S,
                                    .data = OTHERS,
                                    .len = 1};
    assert_int_equal(handover_fixture.store.ops->put(handover_fixture.store.self,
                                                     SKAD_STORE_REPLICAS, &copy,
                                                     handover_fixture.now.unix_s),
                     SKAD_OK);
    round_now();
    assert_true(how.matches > 0);
    assert_int_equal(how.bits, 1);
    assert_memory_equal(how.digests, expected.bytes, sizeof how.digests);
    const uint8_t nothing[SKAD_MATCH_BYTES] = {0};
    assert_int_equal(__builtin_popcountll(skad_digests_differ(how.digests, nothing)), 12);
}

/* ---- What we offer ---- */

static unsigned sum(const unsigned *of_each)
{
    unsigned all = 0;
    for (size_t i = 0; i < PEERS; i++) {
        all += of_each[i];
    }
    return all;
}

/* Holds so many records in a range of the whole key space. Their last bytes differ, too, as those
 * of hashes do: by these a handover draws lots (handover.h). */
static void hold_in(unsigned range, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        skad_id key = {{(uint8_t)(range << 2), (uint8_t)(i >> 8), (uint8_t)i}};
        key.bytes[SKAD_ID_BYTES - 8] = (uint8_t)(37 * i);
        (void)handover_hold(&key);
    }
}

static void who_differs_is_offered_the_ranges_in_which_it_differs(void **state)
{
    (void)state;
    hold_in(3, 7);
    hold_in(4, 9);
    hold_in(60, 11);
    how.differs = UINT64_C(1) << (63 - 3) | UINT64_C(1) << (63 - 60);
    how.only_one = true;
    round_now();
    assert_int_equal(sum(how.offered), 7 + 11);
    how.differs = 0;
    round_now();
    assert_int_equal(sum(how.offered), 7 + 11);
}

static void a_peer_is_offered_256_records_in_a_walk_at_most(void **state)
{
    (void)state;
    hold_in(1, 300);
    how.differs = UINT64_MAX;
    how.only_one = true;
    skad_node_parts_of(node()).handover->round_us = handover_fixture.now.mono_us;
    test_fixture_run(&handover_fixture, 60 * SKAD_US_PER_S);
    assert_int_equal(sum(how.offered), SKAD_MATCH_RECORDS_MAX);
}

/* One that has arrived and differs, too, has one offer, and each record is in it once. */
static void who_has_two_reasons_to_be_served_is_served_once(void **state)
{
    (void)state;
    hold_in(1, 100);
    hold_in(2, 5);
    size_t closest = 0; /* to these keys, so that it arrives as one that owes them */
    const skad_id key = {{1 << 2}};
    for (size_t i = 1; i < PEERS; i++) {
        closest = skad_distance_compare(&key, &handover_fixture.remotes[i].identity.id,
                                        &handover_fixture.remotes[closest].identity.id) < 0
                      ? i
                      : closest;
    }
    const test_remote *who = &handover_fixture.remotes[closest];
    uint8_t digests[SKAD_MATCH_BYTES];
    memset(digests, 1, sizeof digests);
    handover_comes(who, 1);
    (void)skad_matching_asked(node(), &who->identity.id, 0, digests);
    test_fixture_run(&handover_fixture, 60 * SKAD_US_PER_S);
    assert_int_equal(how.offered[closest], 105);
    assert_int_equal(sum(how.offered), 105);
}

/* ---- Answers ---- */

static void answer_of(uint64_t round, uint16_t step, skad_kind kind, uint64_t differs)
{
    const skad_pending_rpc rpc = {
        .responder = handover_fixture.remotes[step].identity.id, .owner = round, .step = step};
    skad_message answer = {.kind = kind};
    if (kind == SKAD_KIND_MATCHED) {
        answer.u.reply.u.matched.differs = differs;
    }
    skad_matching_answered(node(), &rpc, &answer);
}

static void only_answers_of_the_round_that_tell_a_difference_count(void **state)
{
    (void)state;
    round_by_itself();
    const uint64_t round = skad_node_parts_of(node()).matching->round;
    answer_of(round - 1, 0, SKAD_KIND_MATCHED, 1);
    answer_of(round + 1, 0, SKAD_KIND_MATCHED, 1);
    answer_of(round, SKAD_MATCH_PARTNERS, SKAD_KIND_MATCHED, 1);
    answer_of(round, 0, SKAD_KIND_MATCHED, 0);
    answer_of(round, 0, SKAD_KIND_ERROR, 0);
    assert_int_equal(skad_matching_waits(node()), SKAD_MATCHING_WAITS_NOT);
    for (uint16_t i = 0; i < 2 * SKAD_MATCH_PARTNERS; i++) {
        answer_of(round, i % SKAD_MATCH_PARTNERS, SKAD_KIND_MATCHED, 4);
    }
    assert_int_equal(skad_matching_waits(node()), SKAD_MATCHING_WAITS_FOR_OURS);
    assert_int_equal(lists()->answered_count, SKAD_MATCH_PARTNERS);
    assert_int_equal(lists()->answered[3].differs, 4);
}

/* Another walk may have ended since we asked, and our region may have grown. */
static void an_answer_is_about_the_region_that_was_asked_about(void **state)
{
    (void)state;
    skad_id ids[SKAD_MATCH_SERVED_MAX];
    say_region(3);
    round_by_itself();
    const uint64_t round = skad_node_parts_of(node()).matching->round;
    const skad_pending_rpc rpc = {.owner = round};
    say_region(2);
    (void)skad_matching_begin(node(), false, ids);
    skad_matching_end(node());
    assert_int_equal(lists()->held.bits, 2);
    answer_of(round, 0, SKAD_KIND_MATCHED, 1);
    assert_int_equal(lists()->answered[0].bits, 3);
    assert_false(skad_matching_again(node(), &rpc));
    const uint8_t digests[SKAD_MATCH_BYTES] = {0};
    (void)skad_matching_asked(node(), &handover_fixture.remotes[0].identity.id, 2, digests);
    lists()->came[0] = lists()->answered[0]; /* the same peer asked, too, about its own region */
    lists()->came[0].bits = 2;
    lists()->came_count = 1;
    assert_int_equal(skad_matching_begin(node(), false, ids), 1);
    assert_int_equal(lists()->served[0].bits, 2);
    assert_true(lists()->served[0].differs == UINT64_MAX);
}

/* ---- What others ask ---- */

static void asks(const test_remote *who, unsigned bits, test_exchange *out)
{
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_message match = {.kind = SKAD_KIND_MATCH};
    match.u.match.bits = (uint8_t)bits;
    match.u.match.digests = (skad_span){OTHERS, sizeof OTHERS};
    (void)test_fixture_drain(&handover_fixture);
    test_fixture_token(&handover_fixture, who, token);
    test_fixture_ask(&handover_fixture, who, &match, token, out);
}

static void who_asks_is_told_where_it_differs_and_is_served_after_a_rest(void **state)
{
    (void)state;
    static test_exchange exchange;
    const test_remote *who = &handover_fixture.remotes[5];
    hold_in(0, 6);
    hold_in(9, 8);
    round_now();
    const uint64_t walked_us = skad_node_parts_of(node()).handover->walked_us;
    asks(who, 0, &exchange);
    assert_int_equal(exchange.opened.message.kind, SKAD_KIND_MATCHED);
    assert_true(exchange.opened.message.u.reply.u.matched.differs ==
                (UINT64_C(1) << 63 | UINT64_C(1) << (63 - 9)));
    assert_int_equal(skad_matching_waits(node()), SKAD_MATCHING_WAITS_FOR_OTHERS);
    test_fixture_run(&handover_fixture,
                     walked_us + SKAD_HANDOVER_REST_US - 1 - handover_fixture.now.mono_us);
    assert_int_equal(sum(how.offered), 0);
    test_fixture_run(&handover_fixture, 5 * SKAD_US_PER_S);
    assert_int_equal(how.offered[5], 14);
    assert_int_equal(sum(how.offered), 14);
    assert_int_equal(skad_matching_waits(node()), SKAD_MATCHING_WAITS_NOT);
}

/* What differs at another node that we asked is not put off. */
static void for_those_that_we_asked_a_walk_begins_soon(void **state)
{
    (void)state;
    hold_in(0, 6);
    how.differs = UINT64_MAX;
    how.only_one = true;
    round_now();
    assert_int_equal(sum(how.offered), 6);
}

static void who_takes_another_region_differs_everywhere(void **state)
{
    (void)state;
    test_exchange exchange;
    const test_remote *who = NULL;
    for (size_t i = 0; i < PEERS && who == NULL; i++) {
        who = shares(&handover_fixture.remotes[i].identity.id, 1) ? &handover_fixture.remotes[i]
                                                                  : NULL;
    }
    assert_non_null(who);
    lists()->complete = false; /* as before our first walk is over */
    asks(who, 0, &exchange);
    assert_true(exchange.opened.message.u.reply.u.matched.differs == UINT64_MAX);
    round_now();
    asks(who, 1, &exchange);
    assert_true(exchange.opened.message.u.reply.u.matched.differs == UINT64_MAX);
    asks(who, 0, &exchange);
    assert_true(exchange.opened.message.u.reply.u.matched.differs == UINT64_C(1) << 63);
}

static void who_is_outside_of_the_region_is_refused(void **state)
{
    (void)state;
    static const struct {
        unsigned ours;
        unsigned theirs;
        unsigned shared; /* by its ID */
        bool served;
    } cases[] = {{5, 5, 5, true},  {5, 5, 4, false}, {5, 4, 4, true},  {5, 3, 3, true},
                 {5, 2, 7, false}, {5, 9, 9, true},  {5, 9, 8, false}, {0, 0, 0, true},
                 {2, 0, 0, true},  {3, 0, 0, false}};
    test_prng prng = {7};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const skad_id from = test_prng_id_near(&prng, self(), cases[i].shared);
        say_region(cases[i].ours);
        if (skad_matching_shares(node(), &from, cases[i].theirs) != cases[i].served) {
            fail_msg("case %zu", i);
        }
    }
    test_exchange exchange;
    say_region(3);
    const uint64_t refused = handover_stats().refused[SKAD_ERROR_UNSUPPORTED];
    asks(&handover_fixture.remotes[0], 0, &exchange);
    assert_int_equal(exchange.opened.message.kind, SKAD_KIND_ERROR);
    assert_int_equal(exchange.opened.message.u.reply.u.error.code, SKAD_ERROR_UNSUPPORTED);
    assert_int_equal(handover_stats().refused[SKAD_ERROR_UNSUPPORTED], refused + 1);
    assert_int_equal(skad_matching_waits(node()), SKAD_MATCHING_WAITS_NOT);
}

/* It is told what differs, which says nothing that a FIND_VALUE would not; but costs us no walk. */
static void strangers_and_the_silent_are_not_served(void **state)
{
    (void)state;
    skad_peers *peers = &skad_node_parts_of(node()).table->peers;
    const test_remote *stranger = test_fixture_remote(&handover_fixture);
    const skad_id *silent = &handover_fixture.remotes[1].identity.id;
    round_now();
    assert_true(skad_matching_asked(node(), &stranger->identity.id, 0, OTHERS) != 0);
    skad_peers_set_failures(peers, skad_peers_find(peers, silent), SKAD_UNRESPONSIVE_FAILURES);
    assert_true(skad_matching_asked(node(), silent, 0, OTHERS) != 0);
    assert_int_equal(skad_matching_waits(node()), SKAD_MATCHING_WAITS_NOT);
    const uint8_t same[SKAD_MATCH_BYTES] = {0};
    const skad_id *living = &handover_fixture.remotes[2].identity.id;
    assert_true(skad_matching_asked(node(), living, 0, same) == 0);
    assert_int_equal(skad_matching_waits(node()), SKAD_MATCHING_WAITS_NOT);
    assert_true(skad_matching_asked(node(), living, 0, OTHERS) != 0);
    assert_int_equal(skad_matching_waits(node()), SKAD_MATCHING_WAITS_FOR_OTHERS);
}

/* Ten ask for four places, so each has one in 120 of 300 walks on average: the standard deviation
 * is eight. */
static void four_of_those_that_ask_are_served_by_lot(void **state)
{
    (void)state;
    skad_id ids[SKAD_MATCH_SERVED_MAX];
    unsigned served[10] = {0};
    round_now();
    for (unsigned walk = 0; walk < 300; walk++) {
        for (size_t i = 0; i < 20; i++) { /* each asks twice, which gains it no second place */
            (void)skad_matching_asked(node(), &handover_fixture.remotes[i / 2].identity.id, 0,
                                      OTHERS);
        }
        const size_t count = skad_matching_begin(node(), false, ids);
        assert_int_equal(count, SKAD_MATCH_PARTNERS);
        for (size_t i = 0; i < 10 * count; i++) {
            served[i % 10] +=
                skad_id_equal(&ids[i / 10], &handover_fixture.remotes[i % 10].identity.id);
        }
        skad_matching_end(node());
    }
    for (size_t i = 0; i < 10; i++) {
        assert_in_range(served[i], 60, 200);
    }
}

/* ---- How often ---- */

static void the_more_neighbours_the_more_often_they_are_asked(void **state)
{
    static const struct {
        unsigned neighbours; /* at least */
        uint64_t times;      /* an hour */
    } cases[] = {{0, 1}, {23, 1}, {24, 3}, {47, 3}, {48, 6}, {72, 9}};
    test_prng prng = {8};
    uint32_t known = 0;
    (void)state;
    say_region(8);
    skad_table *table = skad_node_parts_of(node()).table;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (; known < cases[i].neighbours; known++) {
            const skad_id id = test_prng_id_near(&prng, self(), 8);
            const skad_address address = test_prng_address(5000 + 256 * known);
            assert_int_not_equal(
                skad_table_answered(table, &id, &address, 1000, handover_fixture.now.mono_us),
                SKAD_PEER_NONE);
        }
        say_region(8);
        for (unsigned j = 0; j < 20; j++) { /* a quarter less or more, by lot */
            const uint64_t about = HOUR / cases[i].times;
            assert_in_range(skad_matching_pause_us(node()), about * 3 / 4, about * 5 / 4);
        }
    }
}

/* ---- Memory ---- */

static void without_memory_nobody_is_asked_or_served(void **state)
{
    (void)state;
    skad_id ids[SKAD_MATCH_SERVED_MAX];
    const skad_node_parts parts = skad_node_parts_of(node());
    const skad_id *who = &handover_fixture.remotes[2].identity.id;
    skad_matching_free(node());
    *parts.lazy_allocation = true;
    test_allocation_fail(1);
    assert_int_equal(skad_matching_begin(node(), true, ids), 0);
    assert_true(test_allocation_failed());
    skad_matching_end(node());
    test_allocation_fail(1);
    assert_true(skad_matching_asked(node(), who, 0, OTHERS) == UINT64_MAX);
    assert_true(test_allocation_failed());
    assert_int_equal(skad_matching_waits(node()), SKAD_MATCHING_WAITS_NOT);
    test_fixture_play(&handover_fixture);
    assert_int_equal(how.matches, 0);
    *parts.lazy_allocation = false;
}

/* Then the rest of the walk is no digest of what we hold. */
static void who_asks_during_a_first_walk_is_compared_with_the_next(void **state)
{
    (void)state;
    skad_id ids[SKAD_MATCH_SERVED_MAX];
    const skad_node_parts parts = skad_node_parts_of(node());
    const skad_id *who = &handover_fixture.remotes[2].identity.id;
    skad_matching_free(node());
    *parts.lazy_allocation = true;
    assert_int_equal(skad_matching_begin(node(), false, ids), 0);
    assert_true(skad_matching_asked(node(), who, 0, OTHERS) == UINT64_MAX);
    const skad_store_record record = {.name = {.key = {{1}}, .type = 1}};
    skad_matching_record(node(), &record);
    skad_matching_end(node());
    assert_false(lists()->complete);
    assert_int_equal(skad_matching_begin(node(), false, ids), 1);
    skad_matching_record(node(), &record);
    skad_matching_end(node());
    assert_true(lists()->complete);
    assert_true(skad_matching_asked(node(), who, 0, OTHERS) == UINT64_C(1) << 63);
    *parts.lazy_allocation = false;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, handover_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(partners_are_of_our_region_and_are_asked_once_a_round),
        TEST(where_no_other_lives_in_our_region_none_is_asked),
        TEST(a_cluster_gets_no_more_than_its_place),
        TEST(we_tell_what_we_hold_of_our_region),
        TEST(who_differs_is_offered_the_ranges_in_which_it_differs),
        TEST(a_peer_is_offered_256_records_in_a_walk_at_most),
        TEST(who_has_two_reasons_to_be_served_is_served_once),
        TEST(only_answers_of_the_round_that_tell_a_difference_count),
        TEST(an_answer_is_about_the_region_that_was_asked_about),
        TEST(who_asks_is_told_where_it_differs_and_is_served_after_a_rest),
        TEST(for_those_that_we_asked_a_walk_begins_soon),
        TEST(who_takes_another_region_differs_everywhere),
        TEST(who_is_outside_of_the_region_is_refused),
        TEST(strangers_and_the_silent_are_not_served),
        TEST(four_of_those_that_ask_are_served_by_lot),
        TEST(the_more_neighbours_the_more_often_they_are_asked),
        TEST(without_memory_nobody_is_asked_or_served),
        TEST(who_asks_during_a_first_walk_is_compared_with_the_next),
    };
    return cmocka_run_group_tests_name("matching", tests, NULL, NULL);
}
