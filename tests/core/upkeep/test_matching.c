/* Nodes of a region that compare what they hold: whom we ask, how often, and what we offer to whom.
 * test_matching_asked.c has what others have us do. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "src/core/upkeep/handover.h"
#include "src/core/upkeep/matching.h"
#include "tests/support/failing_allocation.h"
#include "tests/support/matching_script.h"
#include "tests/support/prng.h"

#define HOUR (3600 * SKAD_US_PER_S)

/* ---- Whom we ask ---- */

static void partners_are_of_our_region_and_are_asked_once_a_round(void **state)
{
    (void)state;
    unsigned neighbours = 0;
    matching_say_region(1);
    for (unsigned i = 0; i < 100; i++) {
        matching_manner before = matching_how;
        matching_round_by_itself();
        test_fixture_play(&handover_fixture);
        assert_in_range(matching_how.matches - before.matches, 1, SKAD_MATCH_PARTNERS);
        for (size_t peer = 0; peer < MATCHING_PEERS; peer++) {
            assert_in_range(matching_how.asked[peer] - before.asked[peer], 0, 1);
        }
    }
    for (size_t peer = 0; peer < MATCHING_PEERS; peer++) {
        const bool neighbour = matching_shares(&handover_fixture.remotes[peer].identity.id, 1);
        assert_int_equal(matching_how.asked[peer] > 0, neighbour); /* in time each has its turn */
        neighbours += neighbour;
    }
    assert_in_range(neighbours, 4, MATCHING_PEERS - 4);
    assert_int_equal(matching_how.bits, 1);
}

/* Whoever is closest then is of another region. */
static void where_no_other_lives_in_our_region_none_is_asked(void **state)
{
    (void)state;
    matching_say_region(30);
    for (unsigned i = 0; i < 10; i++) {
        matching_round_by_itself();
        test_fixture_play(&handover_fixture);
    }
    assert_int_equal(matching_how.matches, 0);
}

/* Thirty nodes at one place are drawn about as often as one would be there. */
static void a_cluster_gets_no_more_than_its_place(void **state)
{
    (void)state;
    test_prng prng = {5};
    skad_table *table = skad_node_parts_of(matching_node()).table;
    const skad_id place = test_prng_id_near(&prng, matching_self(), 4);
    for (uint32_t i = 0; i < 30; i++) {
        const skad_id id = test_prng_id_near(&prng, &place, 30);
        const skad_address address = test_prng_address(5000 + 256 * i);
        assert_int_not_equal(
            skad_table_answered(table, &id, &address, 1000, handover_fixture.now.mono_us),
            SKAD_PEER_NONE);
    }
    matching_say_region(0);
    unsigned all = 0;
    unsigned of_cluster = 0;
    for (unsigned i = 0; i < 100; i++) {
        memset(matching_lists()->partners, 0, sizeof matching_lists()->partners);
        matching_round_by_itself();
        (void)test_fixture_drain(&handover_fixture);
        for (size_t j = 0; j < SKAD_MATCH_PARTNERS; j++) {
            const skad_id none = {{0}};
            all += !skad_id_equal(&matching_lists()->partners[j], &none);
            of_cluster += skad_common_prefix(&matching_lists()->partners[j], &place) >= 30;
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
    matching_say_region(1);
    skad_digests_begin(&expected, 1);
    for (unsigned i = 0; i < 24; i++) {
        skad_id key = test_prng_id_near(&prng, matching_self(), i % 2);
        key.bytes[0] = (uint8_t)((key.bytes[0] & 0x80) | i);
        if (i % 2 == 1) {
            const skad_store_name name = handover_hold(&key);
            skad_digests_add(&expected, &name, 0);
        } else if (!matching_shares(&key, 1)) {
            (void)handover_hold(&key);
        }
    }
    handover_hold_many(20); /* they have ended */
    const skad_store_record copy = {.name = {.key = *matching_self(), .type = 1},
                                    .cached = true, /* as are those that we do not owe */
                                    .expires_unix_s = handover_fixture.now.unix_s + DAY_S,
                                    .data = MATCHING_OTHERS,
                                    .len = 1};
    assert_int_equal(handover_fixture.store.ops->put(handover_fixture.store.self,
                                                     SKAD_STORE_REPLICAS, &copy,
                                                     handover_fixture.now.unix_s),
                     SKAD_OK);
    matching_round_now();
    assert_true(matching_how.matches > 0);
    assert_int_equal(matching_how.bits, 1);
    assert_memory_equal(matching_how.digests, expected.bytes, sizeof matching_how.digests);
    const uint8_t nothing[SKAD_MATCH_BYTES] = {0};
    assert_int_equal(__builtin_popcountll(skad_digests_differ(matching_how.digests, nothing)), 12);
}

/* ---- What we offer ---- */

static void who_differs_is_offered_the_ranges_in_which_it_differs(void **state)
{
    (void)state;
    matching_hold_in(3, 7);
    matching_hold_in(4, 9);
    matching_hold_in(60, 11);
    matching_how.differs = UINT64_C(1) << (63 - 3) | UINT64_C(1) << (63 - 60);
    matching_how.only_one = true;
    matching_round_now();
    assert_int_equal(matching_sum(matching_how.offered), 7 + 11);
    matching_how.differs = 0;
    matching_round_now();
    assert_int_equal(matching_sum(matching_how.offered), 7 + 11);
}

static void a_peer_is_offered_256_records_in_a_walk_at_most(void **state)
{
    (void)state;
    matching_hold_in(1, 300);
    matching_how.differs = UINT64_C(1) << (63 - 1);
    matching_how.only_one = true;
    skad_node_parts_of(matching_node()).handover->round_us = handover_fixture.now.mono_us;
    test_fixture_run(&handover_fixture, 60 * SKAD_US_PER_S);
    assert_int_equal(matching_sum(matching_how.offered), SKAD_MATCH_RECORDS_MAX);
}

/* One that has arrived and differs, too, has one offer, and each record is in it once. */
static void who_has_two_reasons_to_be_served_is_served_once(void **state)
{
    (void)state;
    matching_hold_in(1, 100);
    matching_hold_in(2, 5);
    size_t closest = 0; /* to these keys, so that it arrives as one that owes them */
    const skad_id key = {{1 << 2}};
    for (size_t i = 1; i < MATCHING_PEERS; i++) {
        closest = skad_distance_compare(&key, &handover_fixture.remotes[i].identity.id,
                                        &handover_fixture.remotes[closest].identity.id) < 0
                      ? i
                      : closest;
    }
    const test_remote *who = &handover_fixture.remotes[closest];
    uint8_t digests[SKAD_MATCH_BYTES];
    memset(digests, 0, sizeof digests);
    memset(&digests[SKAD_MATCH_DIGEST_BYTES], 1, (size_t)2 * SKAD_MATCH_DIGEST_BYTES);
    handover_comes(who, 1);
    (void)skad_matching_asked(matching_node(), &who->identity.id, 0, digests);
    test_fixture_run(&handover_fixture, 60 * SKAD_US_PER_S);
    assert_int_equal(matching_how.offered[closest], 105);
    assert_int_equal(matching_sum(matching_how.offered), 105);
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
    skad_matching_answered(matching_node(), &rpc, &answer);
}

static void only_answers_of_the_round_that_tell_a_difference_count(void **state)
{
    (void)state;
    matching_round_by_itself();
    const uint64_t round = skad_node_parts_of(matching_node()).matching->round;
    answer_of(round - 1, 0, SKAD_KIND_MATCHED, 1);
    answer_of(round + 1, 0, SKAD_KIND_MATCHED, 1);
    answer_of(round, SKAD_MATCH_CROWDED, SKAD_KIND_MATCHED, 1);
    answer_of(round, 0, SKAD_KIND_MATCHED, 0);
    answer_of(round, 0, SKAD_KIND_ERROR, 0);
    assert_int_equal(skad_matching_waits(matching_node()), SKAD_MATCHING_WAITS_NOT);
    for (uint16_t i = 0; i < 2 * SKAD_MATCH_CROWDED; i++) {
        answer_of(round, i % SKAD_MATCH_CROWDED, SKAD_KIND_MATCHED, 4);
    }
    assert_int_equal(skad_matching_waits(matching_node()), SKAD_MATCHING_WAITS_FOR_OURS);
    assert_int_equal(matching_lists()->answered_count, SKAD_MATCH_CROWDED);
    assert_int_equal(matching_lists()->answered[3].differs, 4);
}

/* Another walk may have ended since we asked, and our region may have grown. */
static void an_answer_is_about_the_region_that_was_asked_about(void **state)
{
    (void)state;
    skad_id ids[SKAD_MATCH_SERVED_MAX];
    matching_say_region(3);
    matching_round_by_itself();
    const uint64_t round = skad_node_parts_of(matching_node()).matching->round;
    const skad_pending_rpc rpc = {.owner = round};
    matching_say_region(2);
    (void)skad_matching_begin(matching_node(), false, ids);
    skad_matching_end(matching_node());
    assert_int_equal(matching_lists()->held[SKAD_MATCH_BITS_APART].bits, 2);
    answer_of(round, 0, SKAD_KIND_MATCHED, 1);
    assert_int_equal(matching_lists()->answered[0].bits, 3);
    assert_false(skad_matching_again(matching_node(), &rpc));
    const uint8_t digests[SKAD_MATCH_BYTES] = {0};
    (void)skad_matching_asked(matching_node(), &handover_fixture.remotes[0].identity.id, 2,
                              digests);
    matching_lists()->came[0] =
        matching_lists()->answered[0]; /* the same peer asked, too, about its own region */
    matching_lists()->came[0].bits = 2;
    matching_lists()->came_count = 1;
    assert_int_equal(skad_matching_begin(matching_node(), false, ids), 1);
    assert_int_equal(matching_lists()->served[0].bits, 2);
    assert_true(matching_lists()->served[0].differs == UINT64_MAX);
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
    matching_say_region(8);
    skad_table *table = skad_node_parts_of(matching_node()).table;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (; known < cases[i].neighbours; known++) {
            const skad_id id = test_prng_id_near(&prng, matching_self(), 8);
            const skad_address address = test_prng_address(5000 + 256 * known);
            assert_int_not_equal(
                skad_table_answered(table, &id, &address, 1000, handover_fixture.now.mono_us),
                SKAD_PEER_NONE);
        }
        matching_say_region(8);
        for (unsigned j = 0; j < 20; j++) { /* a quarter less or more, by lot */
            const uint64_t about = HOUR / cases[i].times;
            assert_in_range(skad_matching_pause_us(matching_node()), about * 3 / 4, about * 5 / 4);
        }
    }
}

/* ---- Memory ---- */

static void without_memory_nobody_is_asked_or_served(void **state)
{
    (void)state;
    skad_id ids[SKAD_MATCH_SERVED_MAX];
    const skad_node_parts parts = skad_node_parts_of(matching_node());
    const skad_id *who = &handover_fixture.remotes[2].identity.id;
    skad_matching_free(matching_node());
    *parts.lazy_allocation = true;
    test_allocation_fail(1);
    assert_int_equal(skad_matching_begin(matching_node(), true, ids), 0);
    assert_true(test_allocation_failed());
    skad_matching_end(matching_node());
    test_allocation_fail(1);
    assert_true(skad_matching_asked(matching_node(), who, 0, MATCHING_OTHERS) == UINT64_MAX);
    assert_true(test_allocation_failed());
    assert_int_equal(skad_matching_waits(matching_node()), SKAD_MATCHING_WAITS_NOT);
    test_fixture_play(&handover_fixture);
    assert_int_equal(matching_how.matches, 0);
    *parts.lazy_allocation = false;
}

/* Then the rest of the walk is no digest of what we hold. */
static void who_asks_during_a_first_walk_is_compared_with_the_next(void **state)
{
    (void)state;
    skad_id ids[SKAD_MATCH_SERVED_MAX];
    const skad_node_parts parts = skad_node_parts_of(matching_node());
    const skad_id *who = &handover_fixture.remotes[2].identity.id;
    skad_matching_free(matching_node());
    *parts.lazy_allocation = true;
    assert_int_equal(skad_matching_begin(matching_node(), false, ids), 0);
    assert_true(skad_matching_asked(matching_node(), who, 0, MATCHING_OTHERS) == UINT64_MAX);
    const skad_store_record record = {.name = {.key = {{1}}, .type = 1}};
    skad_matching_record(matching_node(), &record);
    skad_matching_end(matching_node());
    assert_false(matching_lists()->complete);
    assert_int_equal(skad_matching_begin(matching_node(), false, ids), 1);
    skad_matching_record(matching_node(), &record);
    skad_matching_end(matching_node());
    assert_true(matching_lists()->complete);
    assert_true(skad_matching_asked(matching_node(), who, 0, MATCHING_OTHERS) == UINT64_C(1) << 63);
    *parts.lazy_allocation = false;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, matching_begin, handover_end)

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
        TEST(the_more_neighbours_the_more_often_they_are_asked),
        TEST(without_memory_nobody_is_asked_or_served),
        TEST(who_asks_during_a_first_walk_is_compared_with_the_next),
    };
    return cmocka_run_group_tests_name("matching", tests, NULL, NULL);
}
