/* What a MATCH of another node has us do: who is told where it differs, who is served, and when. */
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
#include "tests/support/matching_script.h"
#include "tests/support/prng.h"

static void asks(const test_remote *who, unsigned bits, test_exchange *out)
{
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_message match = {.kind = SKAD_KIND_MATCH};
    match.u.match.bits = (uint8_t)bits;
    match.u.match.digests = (skad_span){MATCHING_OTHERS, sizeof MATCHING_OTHERS};
    (void)test_fixture_drain(&handover_fixture);
    test_fixture_token(&handover_fixture, who, token);
    test_fixture_ask(&handover_fixture, who, &match, token, out);
}

static void who_asks_is_told_where_it_differs_and_is_served_after_a_rest(void **state)
{
    (void)state;
    static test_exchange exchange;
    const test_remote *who = &handover_fixture.remotes[5];
    matching_hold_in(0, 6);
    matching_hold_in(9, 8);
    matching_round_now();
    const uint64_t walked_us = skad_node_parts_of(matching_node()).handover->walked_us;
    asks(who, 0, &exchange);
    assert_int_equal(exchange.opened.message.kind, SKAD_KIND_MATCHED);
    assert_true(exchange.opened.message.u.reply.u.matched.differs ==
                (UINT64_C(1) << 63 | UINT64_C(1) << (63 - 9)));
    assert_int_equal(skad_matching_waits(matching_node()), SKAD_MATCHING_WAITS_FOR_OTHERS);
    test_fixture_run(&handover_fixture,
                     walked_us + SKAD_HANDOVER_REST_US - 1 - handover_fixture.now.mono_us);
    assert_int_equal(matching_sum(matching_how.offered), 0);
    test_fixture_run(&handover_fixture, 5 * SKAD_US_PER_S);
    assert_int_equal(matching_how.offered[5], 14);
    assert_int_equal(matching_sum(matching_how.offered), 14);
    assert_int_equal(skad_matching_waits(matching_node()), SKAD_MATCHING_WAITS_NOT);
}

/* What differs at another node that we asked is not put off. */
static void for_those_that_we_asked_a_walk_begins_soon(void **state)
{
    (void)state;
    matching_hold_in(0, 6);
    matching_how.differs = UINT64_C(1) << 63;
    matching_how.only_one = true;
    matching_round_now();
    assert_int_equal(matching_sum(matching_how.offered), 6);
}

/* Returns one of those that share their first bit with us. */
static const test_remote *neighbour(void)
{
    size_t i = 0;
    while (i < MATCHING_PEERS && !matching_shares(&handover_fixture.remotes[i].identity.id, 1)) {
        i++;
    }
    assert_in_range(i, 0, MATCHING_PEERS - 1);
    return &handover_fixture.remotes[i];
}

static uint64_t differs_at(const test_remote *who, unsigned bits)
{
    test_exchange exchange;
    asks(who, bits, &exchange);
    assert_int_equal(exchange.opened.message.kind, SKAD_KIND_MATCHED);
    return exchange.opened.message.u.reply.u.matched.differs;
}

static void who_takes_another_region_is_compared_in_that_region(void **state)
{
    (void)state;
    const test_remote *who = neighbour();
    const uint64_t first = UINT64_C(1) << 63;
    matching_lists()->complete = false; /* as before our first walk is over */
    assert_true(differs_at(who, 0) == UINT64_MAX);
    matching_round_now();
    assert_true(differs_at(who, 0) == first);
    assert_true(differs_at(who, 1) == first);
    assert_int_equal(matching_lists()->held[SKAD_MATCH_BITS_APART + 1].bits, 1);
    assert_int_equal(matching_lists()->held[0].bits, UINT8_MAX); /* none has fewer bits than 0 */
    const unsigned range = matching_self()->bytes[0] >> 2 | 1U;  /* of both, and not their first */
    matching_hold_in(range, 1);
    matching_round_now();
    assert_int_equal(__builtin_popcountll(differs_at(who, 0)), 2);
    assert_int_equal(__builtin_popcountll(differs_at(who, 1)), 2);
}

/* Half of its ranges are not ours, and nothing is offered in these. */
static void of_a_larger_region_only_our_part_is_compared(void **state)
{
    (void)state;
    const test_remote *who = &handover_fixture.remotes[0];
    matching_say_region(1);
    matching_round_by_itself();
    const unsigned ours = matching_self()->bytes[0] >> 7;
    uint8_t digests[SKAD_MATCH_BYTES];
    memset(digests, 0xaa, sizeof digests);
    const uint64_t half = UINT64_MAX << 32;
    assert_true(skad_matching_asked(matching_node(), &who->identity.id, 0, digests) ==
                (ours == 0 ? half : ~half));
    matching_say_region(2);
    assert_int_equal(
        __builtin_popcountll(skad_matching_asked(matching_node(), &who->identity.id, 0, digests)),
        16);
}

/* How many bits the keys of a range share with our ID, as far as the range tells. */
static unsigned shared_by_range(unsigned bits, unsigned range)
{
    const unsigned ours = skad_digests_range(matching_self(), bits);
    unsigned shared = bits;
    for (unsigned bit = SKAD_RANGE_BITS; bit-- > 0 && (range >> bit & 1) == (ours >> bit & 1);) {
        shared++;
    }
    return shared;
}

/* Whatever bits are asked for, and however many ours have become since our walk. */
static void all_of_our_region_is_compared_and_nothing_of_others(void **state)
{
    (void)state;
    test_prng prng = {11};
    unsigned served = 0;
    for (unsigned trial = 0; trial < 1000; trial++) {
        const unsigned ours = (unsigned)test_prng_below(&prng, 12);
        const unsigned bits = (unsigned)test_prng_below(&prng, trial % 4 == 0 ? 128 : 16);
        const unsigned shared = (unsigned)test_prng_below(&prng, trial % 4 == 0 ? 200 : 16);
        const skad_id from = test_prng_id_near(&prng, matching_self(), shared);
        uint8_t digests[SKAD_MATCH_BYTES];
        for (size_t i = 0; i < sizeof digests; i++) {
            digests[i] = (uint8_t)test_prng_next(&prng);
        }
        matching_say_region(ours);
        if (trial % 100 == 0) {
            matching_round_by_itself();
        }
        const bool shares = shared >= bits && bits + SKAD_MATCH_BITS_APART >= ours;
        assert_int_equal(skad_matching_shares(matching_node(), &from, bits), shares);
        if (!shares) {
            continue;
        }
        served++;
        const uint64_t differs = skad_matching_asked(matching_node(), &from, bits, digests);
        for (unsigned range = 0; range < SKAD_MATCH_RANGES; range++) {
            assert_int_equal(differs >> (SKAD_MATCH_RANGES - 1 - range) & 1,
                             shared_by_range(bits, range) >= ours);
        }
    }
    assert_true(served > 200);
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
        const skad_id from = test_prng_id_near(&prng, matching_self(), cases[i].shared);
        matching_say_region(cases[i].ours);
        if (skad_matching_shares(matching_node(), &from, cases[i].theirs) != cases[i].served) {
            fail_msg("case %zu", i);
        }
    }
    test_exchange exchange;
    matching_say_region(3);
    const uint64_t refused = handover_stats().refused[SKAD_ERROR_UNSUPPORTED];
    asks(&handover_fixture.remotes[0], 0, &exchange);
    assert_int_equal(exchange.opened.message.kind, SKAD_KIND_ERROR);
    assert_int_equal(exchange.opened.message.u.reply.u.error.code, SKAD_ERROR_UNSUPPORTED);
    assert_int_equal(handover_stats().refused[SKAD_ERROR_UNSUPPORTED], refused + 1);
    assert_int_equal(skad_matching_waits(matching_node()), SKAD_MATCHING_WAITS_NOT);
}

/* It is told what differs, which says nothing that a FIND_VALUE would not; but costs us no walk. */
static void strangers_and_the_silent_are_not_served(void **state)
{
    (void)state;
    skad_peers *peers = &skad_node_parts_of(matching_node()).table->peers;
    const test_remote *stranger = test_fixture_remote(&handover_fixture);
    const skad_id *silent = &handover_fixture.remotes[1].identity.id;
    matching_round_now();
    assert_true(skad_matching_asked(matching_node(), &stranger->identity.id, 0, MATCHING_OTHERS) !=
                0);
    skad_peers_set_failures(peers, skad_peers_find(peers, silent), SKAD_UNRESPONSIVE_FAILURES);
    assert_true(skad_matching_asked(matching_node(), silent, 0, MATCHING_OTHERS) != 0);
    assert_int_equal(skad_matching_waits(matching_node()), SKAD_MATCHING_WAITS_NOT);
    const uint8_t same[SKAD_MATCH_BYTES] = {0};
    const skad_id *living = &handover_fixture.remotes[2].identity.id;
    assert_true(skad_matching_asked(matching_node(), living, 0, same) == 0);
    assert_int_equal(skad_matching_waits(matching_node()), SKAD_MATCHING_WAITS_NOT);
    assert_true(skad_matching_asked(matching_node(), living, 0, MATCHING_OTHERS) != 0);
    assert_int_equal(skad_matching_waits(matching_node()), SKAD_MATCHING_WAITS_FOR_OTHERS);
}

/* Ten ask for four places, so each has one in 120 of 300 walks on average: the standard deviation
 * is eight. */
static void four_of_those_that_ask_are_served_by_lot(void **state)
{
    (void)state;
    skad_id ids[SKAD_MATCH_SERVED_MAX];
    unsigned served[10] = {0};
    matching_round_now();
    for (unsigned walk = 0; walk < 300; walk++) {
        for (size_t i = 0; i < 20; i++) { /* each asks twice, which gains it no second place */
            (void)skad_matching_asked(matching_node(), &handover_fixture.remotes[i / 2].identity.id,
                                      0, MATCHING_OTHERS);
        }
        const size_t count = skad_matching_begin(matching_node(), false, ids);
        assert_int_equal(count, SKAD_MATCH_PARTNERS);
        for (size_t i = 0; i < 10 * count; i++) {
            served[i % 10] +=
                skad_id_equal(&ids[i / 10], &handover_fixture.remotes[i % 10].identity.id);
        }
        skad_matching_end(matching_node());
    }
    for (size_t i = 0; i < 10; i++) {
        assert_in_range(served[i], 60, 200);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, matching_begin, handover_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_asks_is_told_where_it_differs_and_is_served_after_a_rest),
        TEST(for_those_that_we_asked_a_walk_begins_soon),
        TEST(who_takes_another_region_is_compared_in_that_region),
        TEST(of_a_larger_region_only_our_part_is_compared),
        TEST(all_of_our_region_is_compared_and_nothing_of_others),
        TEST(who_is_outside_of_the_region_is_refused),
        TEST(strangers_and_the_silent_are_not_served),
        TEST(four_of_those_that_ask_are_served_by_lot),
    };
    return cmocka_run_group_tests_name("matching_asked", tests, NULL, NULL);
}
