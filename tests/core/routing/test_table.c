/* The routing table's promises, one by one; test_liveness.c has those about checks.
 * test_table_model.c holds it to all its rules at once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "proto/address.h"
#include "src/core/base/instant.h"
#include "src/core/node/invariants.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/siblings.h"
#include "src/core/routing/table.h"
#include "tests/support/table_bench.h"

static skad_address endpoint_of(const test_bench *made, const test_somebody *who, size_t endpoint)
{
    const skad_peers *peers = &made->table.peers;
    return skad_endpoint_address(peers, skad_peers_find(peers, &who->id), endpoint);
}

static void a_full_bucket_keeps_its_members_and_caches_newcomers(void **state)
{
    test_bench *made = *state;
    test_somebody members[TEST_BENCH_K];
    test_somebody newcomers[TEST_BENCH_K];
    test_bench_fill(made, members);
    for (unsigned i = 0; i < TEST_BENCH_K; i++) {
        newcomers[i] = test_bench_meet(made, TEST_BENCH_FAR);
        assert_int_equal(test_bench_find(made, &newcomers[i])->roles, SKAD_PEER_IN_CACHE);
    }
    for (unsigned i = 0; i < TEST_BENCH_K; i++) {
        assert_true(test_bench_in_bucket(made, &members[i]));
    }
    test_somebody late =
        test_bench_meet(made, TEST_BENCH_FAR); /* the cache is full, too: its oldest gives way */
    assert_null(test_bench_find(made, &newcomers[0]));
    assert_int_equal(test_bench_find(made, &late)->roles, SKAD_PEER_IN_CACHE);
}

static void a_silent_member_gives_way_to_the_replacement_known_longest(void **state)
{
    test_bench *made = *state;
    test_somebody members[TEST_BENCH_K];
    test_bench_fill(made, members);
    test_somebody older = test_bench_meet(made, TEST_BENCH_FAR);
    test_somebody newer = test_bench_meet(made, TEST_BENCH_FAR);
    test_bench_fail(made, &members[2]);
    assert_true(test_bench_in_bucket(made, &members[2])); /* one lost packet must not be enough */
    test_bench_fail(made, &members[2]);
    assert_null(test_bench_find(made, &members[2]));
    assert_true(test_bench_in_bucket(made, &older));
    assert_int_equal(test_bench_find(made, &newer)->roles, SKAD_PEER_IN_CACHE);
}

static void of_replacements_known_equally_long_the_fastest_moves_up(void **state)
{
    test_bench *made = *state;
    test_somebody members[TEST_BENCH_K];
    test_bench_fill(made, members);
    static const uint64_t rtts[] = {3000, 1000, 2000};
    test_somebody waiting[3];
    for (size_t i = 0; i < 3; i++) {
        waiting[i] =
            (test_somebody){.id = test_prng_id_near(&made->prng, &made->self, TEST_BENCH_FAR),
                            .address = test_prng_address((uint32_t)(7000 + i))};
        skad_table_answered(&made->table, &waiting[i].id, &waiting[i].address, rtts[i],
                            made->now_us);
    }
    test_bench_fail(made, &members[0]);
    test_bench_fail(made, &members[0]);
    assert_true(test_bench_in_bucket(made, &waiting[1]));
    assert_false(test_bench_in_bucket(made, &waiting[0]));
    assert_false(test_bench_in_bucket(made, &waiting[2]));
}

static void three_bad_answers_cost_a_peer_its_place(void **state)
{
    test_bench *made = *state;
    test_somebody who = test_bench_meet(made, TEST_BENCH_FAR);
    assert_false(skad_table_violation(&made->table, &who.id, made->now_us));
    test_bench_answer(made, &who); /* a good one does not make up for it */
    assert_false(skad_table_violation(&made->table, &who.id, made->now_us));
    assert_true(skad_table_violation(&made->table, &who.id, made->now_us));
    assert_null(test_bench_find(made, &who));
    assert_false(skad_table_violation(&made->table, &who.id, made->now_us));
    test_bench_answer(made, &who); /* it may come in anew */
    assert_int_equal(test_bench_find(made, &who)->cold, SKAD_PEER_NONE);
}

static void a_silent_member_without_a_replacement_stays_unused_until_it_answers(void **state)
{
    test_bench *made = *state;
    test_somebody members[TEST_BENCH_K];
    test_bench_fill(made, members);
    size_t living = skad_table_living(&made->table);
    test_bench_fail(made, &members[0]);
    assert_int_equal(skad_table_living(&made->table), living);
    test_bench_fail(made, &members[0]);
    assert_int_equal(skad_table_living(&made->table), living - 1);
    assert_true(test_bench_in_bucket(made, &members[0]));
    test_bench_answer(made, &members[0]);
    assert_int_equal(skad_table_living(&made->table), living);
}

static void a_newcomer_takes_the_place_of_a_silent_member_at_once(void **state)
{
    test_bench *made = *state;
    test_somebody members[TEST_BENCH_K];
    test_bench_fill(made, members);
    test_bench_fail(made, &members[1]);
    test_bench_fail(made, &members[1]);
    test_somebody newcomer = test_bench_meet(made, TEST_BENCH_FAR);
    assert_true(test_bench_in_bucket(made, &newcomer));
    assert_null(test_bench_find(made, &members[1]));
}

static void a_peer_that_stays_silent_is_asked_less_and_less_and_then_goes(void **state)
{
    test_bench *made = *state;
    static const unsigned pauses_s[] = {1, 30, 60, 120, 240, 480, 480};
    test_somebody who = test_bench_meet(made, TEST_BENCH_FAR);
    assert_int_equal(sizeof pauses_s / sizeof pauses_s[0], SKAD_TABLE_FAILURES_MAX - 1);
    for (unsigned i = 0; i < SKAD_TABLE_FAILURES_MAX - 1; i++) {
        test_bench_fail(made, &who);
        assert_int_equal(test_bench_check_ms(made, &who),
                         skad_instant_at(made->now_us + pauses_s[i] * SKAD_US_PER_S).ms);
    }
    test_bench_fail(made, &who);
    assert_null(test_bench_find(made, &who));
    assert_int_equal(made->table.peers.count, 0);
}

static void a_failure_at_another_address_of_the_same_key_harms_nobody(void **state)
{
    test_bench *made = *state;
    test_somebody who = test_bench_meet(made, TEST_BENCH_FAR);
    const skad_peer before = *test_bench_find(made, &who);
    test_somebody elsewhere = who;
    elsewhere.address.port++;
    test_somebody other_family = who;
    other_family.address.family = SKAD_FAMILY_IPV6;
    for (unsigned i = 0; i < 2 * SKAD_TABLE_FAILURES_MAX; i++) {
        test_bench_fail(made, &elsewhere);
        test_bench_fail(made, &other_family);
    }
    assert_memory_equal(test_bench_find(made, &who), &before, sizeof before);
}

static void an_answer_from_another_address_does_not_move_a_living_peer(void **state)
{
    test_bench *made = *state;
    test_somebody who = test_bench_meet(made, TEST_BENCH_FAR);
    test_somebody moved = who;
    moved.address = test_prng_address(9999);
    const skad_peer before = *test_bench_find(made, &who);
    test_bench_answer(made, &moved);
    assert_memory_equal(test_bench_find(made, &who), &before, sizeof before);
    test_bench_fail(made, &who); /* now it may have moved */
    test_bench_answer(made, &moved);
    skad_address now_at = endpoint_of(made, &who, 0);
    assert_true(skad_address_equal(&now_at, &moved.address));
    assert_int_equal(test_bench_find(made, &who)->failures, 0);
}

static void a_peer_of_both_families_lives_as_long_as_one_answers(void **state)
{
    test_bench *made = *state;
    test_somebody who = test_bench_meet(made, TEST_BENCH_FAR);
    test_somebody ipv6 = who;
    assert_true(skad_address_parse("[2a00::1]:4000", &ipv6.address));
    test_bench_answer(made, &ipv6);
    for (unsigned i = 0; i < SKAD_TABLE_FAILURES_MAX; i++) {
        test_bench_fail(made, &who); /* IPv4 is gone */
        test_bench_answer(made, &ipv6);
        assert_false(skad_peer_unresponsive(test_bench_find(made, &who)));
    }
    assert_int_equal(endpoint_of(made, &who, 0).family, SKAD_FAMILY_NONE);
    skad_address chosen;
    skad_peer_slot slot = skad_peers_find(&made->table.peers, &who.id);
    assert_true(skad_endpoint_choose(&made->table.peers, slot, SKAD_FAMILIES_ALL, &chosen));
    assert_true(skad_address_equal(&chosen, &ipv6.address));
}

static void a_peer_of_both_families_that_is_dead_falls_silent(void **state)
{
    test_bench *made = *state;
    test_somebody who = test_bench_meet(made, TEST_BENCH_FAR);
    test_somebody ipv6 = who;
    assert_true(skad_address_parse("[2a00::1]:4000", &ipv6.address));
    test_bench_answer(made, &ipv6);
    unsigned requests = 0;
    while (!skad_peer_unresponsive(test_bench_find(made, &who))) {
        test_somebody asked = who;
        skad_peer_slot slot = skad_peers_find(&made->table.peers, &who.id);
        assert_true(
            skad_endpoint_choose(&made->table.peers, slot, SKAD_FAMILIES_ALL, &asked.address));
        test_bench_fail(made, &asked);
        requests++;
        assert_in_range(requests, 1, 2 * SKAD_UNRESPONSIVE_FAILURES);
    }
    assert_int_equal(requests, 2 * SKAD_UNRESPONSIVE_FAILURES);
}

static void a_move_forgets_the_token_of_the_old_address(void **state)
{
    test_bench *made = *state;
    test_somebody who = test_bench_meet(made, TEST_BENCH_FAR);
    skad_peer_slot slot = skad_peers_find(&made->table.peers, &who.id);
    const uint8_t token[SKAD_TOKEN_BYTES] = {1};
    skad_endpoint_keep_token(&made->table.peers, slot, &who.address, token, made->now_us);
    test_bench_answer(made, &who);
    assert_non_null(skad_endpoint_token(&made->table.peers, slot, 0, made->now_us));
    test_bench_fail(made, &who);
    who.address = test_prng_address(9999);
    test_bench_answer(made, &who);
    assert_null(skad_endpoint_token(&made->table.peers, slot, 0, made->now_us));
}

static void each_family_has_an_endpoint_of_its_own(void **state)
{
    test_bench *made = *state;
    test_somebody who = test_bench_meet(made, TEST_BENCH_FAR);
    test_somebody also = who;
    also.address.family = SKAD_FAMILY_IPV6;
    skad_peer_slot slot = test_bench_answer(made, &also);
    skad_contact contact;
    skad_table_contact(&made->table, slot, &contact);
    assert_true(skad_id_equal(&contact.id, &who.id));
    assert_true(skad_address_equal(&contact.ipv4, &who.address));
    assert_true(skad_address_equal(&contact.ipv6, &also.address));
    assert_int_equal(made->table.peers.count, 1);
}

static void only_the_bucket_that_covers_our_own_id_splits(void **state)
{
    test_bench *made = *state;
    for (unsigned i = 0; i < 3 * TEST_BENCH_K; i++) {
        test_bench_meet(made, TEST_BENCH_FAR);
    }
    assert_int_equal(made->table.buckets_count, 2); /* once off ours, the far one never again */
    assert_int_equal(made->table.buckets[0].members_count, TEST_BENCH_K);
    assert_int_equal(made->table.buckets[0].cache_count, TEST_BENCH_K);
    for (unsigned i = 0; i < TEST_BENCH_K; i++) {
        test_bench_meet(made, 7);
    }
    assert_int_equal(made->table.buckets_count, 2);
    test_bench_meet(made, 7);
    assert_int_equal(made->table.buckets_count, 9); /* as deep as those five share bits, and one */
    for (unsigned i = 1; i < 7; i++) {
        assert_int_equal(made->table.buckets[i].members_count, 0);
    }
    assert_int_equal(made->table.buckets[7].members_count, TEST_BENCH_K);
    assert_int_equal(made->table.buckets[8].members_count, 0);
}

static void the_deepest_bucket_splits_no_further_and_caches_instead(void **state)
{
    test_bench *made = *state;
    for (unsigned i = 0; i < TEST_BENCH_K + 2; i++) {
        test_bench_meet(made, 64 + 10);
    }
    const skad_bucket *deepest = &made->table.buckets[64 - 1];
    assert_int_equal(made->table.buckets_count, 64);
    assert_int_equal(deepest->members_count, TEST_BENCH_K);
    assert_int_equal(deepest->cache_count, 2);
}

static void we_never_enter_our_own_table(void **state)
{
    test_bench *made = *state;
    test_somebody ourselves = {.id = made->self, .address = test_prng_address(1)};
    assert_int_equal(test_bench_answer(made, &ourselves), SKAD_PEER_NONE);
    assert_false(skad_table_wants(&made->table, &made->self, &ourselves.address));
    assert_int_equal(made->table.peers.count, 0);
}

static void a_flood_of_identities_neither_bursts_the_pool_nor_displaces_siblings(void **state)
{
    test_bench *made = *state;
    test_somebody siblings[TEST_BENCH_SIBLINGS * SKAD_SIBLINGS_ETA];
    for (unsigned i = 0; i < TEST_BENCH_SIBLINGS * SKAD_SIBLINGS_ETA; i++) {
        siblings[i] = test_bench_meet(made, 40 + i);
    }
    test_somebody members[TEST_BENCH_K];
    for (unsigned i = 0; i < TEST_BENCH_K; i++) {
        members[i] = test_bench_meet(made, TEST_BENCH_FAR);
    }
    for (unsigned i = 0; i < 10000; i++) {
        test_bench_meet(made, (unsigned)test_prng_below(&made->prng, 30));
        assert_in_range(made->table.peers.count, 1, TEST_BENCH_SLOTS);
    }
    for (unsigned i = 0; i < TEST_BENCH_SIBLINGS * SKAD_SIBLINGS_ETA; i++) {
        assert_true((test_bench_find(made, &siblings[i])->roles & SKAD_PEER_IN_SIBLINGS) != 0);
    }
    for (unsigned i = 0; i < TEST_BENCH_K; i++) {
        assert_true(test_bench_in_bucket(made, &members[i]));
    }
}

static void siblings_are_the_closest_in_order_whatever_their_bucket_holds(void **state)
{
    test_bench *made = *state;
    static const unsigned shared[] = {9, 9, 9, 9, 9, 9, 9, 12, 3};
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        test_bench_meet(made, shared[i]);
    }
    assert_int_equal(made->table.siblings_count, TEST_BENCH_SIBLINGS * SKAD_SIBLINGS_ETA);
    const skad_peer *peers = made->table.peers.peers;
    const skad_peer_slot *siblings = made->table.siblings;
    assert_int_equal(skad_common_prefix(&made->self, &peers[siblings[0]].id), 12);
    for (size_t i = 1; i < made->table.siblings_count; i++) {
        assert_int_equal(skad_common_prefix(&made->self, &peers[siblings[i]].id), 9);
        assert_true(skad_distance_compare(&made->self, &peers[siblings[i - 1]].id,
                                          &peers[siblings[i]].id) < 0);
    }
}

static void a_full_list_of_siblings_covers_what_is_closer_than_its_farthest(void **state)
{
    test_bench *made = *state;
    const skad_table *table = &made->table;
    for (size_t i = 1; i < TEST_BENCH_SIBLINGS * SKAD_SIBLINGS_ETA; i++) {
        test_bench_meet(made, 20);
    }
    assert_false(skad_siblings_cover(table, 20)); /* there is room for somebody closer */
    test_bench_meet(made, 4);
    assert_int_equal(table->siblings_count, TEST_BENCH_SIBLINGS * SKAD_SIBLINGS_ETA);
    assert_int_equal(table->buckets_count, 6);
    for (size_t bucket = 0; bucket < table->buckets_count; bucket++) {
        assert_int_equal(skad_siblings_cover(table, bucket), bucket > 4);
    }
}

static void an_unverified_peer_is_wanted_only_where_it_would_get_a_good_place(void **state)
{
    test_bench *made = *state;
    test_somebody members[TEST_BENCH_K];
    test_bench_fill(made, members);
    skad_address address = test_prng_address(777);
    skad_id far = test_prng_id_near(&made->prng, &made->self, TEST_BENCH_FAR);
    skad_id near = test_prng_id_near(&made->prng, &made->self, 30);
    for (unsigned i = 0; i < TEST_BENCH_K; i++) { /* the cache has room */
        assert_true(skad_table_wants(&made->table, &far, &address));
        test_bench_meet(made, TEST_BENCH_FAR);
    }
    assert_false(skad_table_wants(&made->table, &far, &address));
    assert_true(skad_table_wants(&made->table, &near, &address));
    assert_false(skad_table_wants(&made->table, &members[0].id, &members[0].address));
    assert_false(skad_table_wants(&made->table, &members[0].id, &address)); /* it lives */
    test_bench_fail(made, &members[0]);
    assert_true(skad_table_wants(&made->table, &members[0].id, &address)); /* it may have moved */
}

/* In a table that is full a cache grows only at the cost of another: as long as it stays smaller.
 */
static void the_caches_of_a_full_table_come_to_be_of_one_size_and_rest(void **state)
{
    test_bench *made = *state;
    const unsigned buckets = 12; /* which want more than there are slots */
    for (unsigned i = 0; i < buckets * 2 * TEST_BENCH_K; i++) {
        test_bench_meet(made, i / (2 * TEST_BENCH_K));
    }
    assert_int_equal(made->table.peers.count, TEST_BENCH_SLOTS);
    for (unsigned i = 0; i < 10 * TEST_BENCH_SLOTS; i++) {
        test_somebody who = {.id = test_prng_id_near(&made->prng, &made->self, i % buckets),
                             .address = test_prng_address(5000 + i)};
        if (skad_table_wants(&made->table, &who.id, &who.address)) {
            test_bench_answer(made, &who);
        }
    }
    size_t least = TEST_BENCH_K;
    size_t most = 0;
    for (unsigned i = 0; i + 2 < buckets; i++) { /* behind them is who is always wanted */
        skad_id id = test_prng_id_near(&made->prng, &made->self, i);
        skad_address address = test_prng_address(4000 + i);
        assert_false(skad_table_wants(&made->table, &id, &address));
        size_t count = made->table.buckets[i].cache_count;
        least = count < least ? count : least;
        most = count > most ? count : most;
    }
    assert_in_range(most, 1, TEST_BENCH_K - 1);
    assert_in_range(most - least, 0, 1);
}

/* Full of members and siblings: whoever is asked could not be let in, however welcome. */
static void a_table_without_room_wants_nobody(void **state)
{
    test_bench *made = *state;
    for (unsigned i = 0; i < TEST_BENCH_SLOTS; i++) {
        test_bench_meet(made, i / TEST_BENCH_K); /* as many as each bucket takes */
    }
    assert_int_equal(made->table.peers.count, TEST_BENCH_SLOTS);
    test_somebody near = {.id = test_prng_id_near(&made->prng, &made->self, 40),
                          .address = test_prng_address(7777)};
    assert_false(skad_table_wants(&made->table, &near.id, &near.address));
    assert_int_equal(test_bench_answer(made, &near), SKAD_PEER_NONE);
}

/* A member is worth a replacement: some bucket has one to give. */
static void a_full_table_with_replacements_wants_a_member(void **state)
{
    test_bench *made = *state;
    for (unsigned i = 0; i < TEST_BENCH_SLOTS; i++) {
        test_bench_meet(made, i / (TEST_BENCH_K + 1));
    }
    assert_int_equal(made->table.peers.count, TEST_BENCH_SLOTS);
    test_somebody near = {.id = test_prng_id_near(&made->prng, &made->self, 40),
                          .address = test_prng_address(7777)};
    assert_true(skad_table_wants(&made->table, &near.id, &near.address));
    assert_int_not_equal(test_bench_answer(made, &near), SKAD_PEER_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_bench_begin, test_bench_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_full_bucket_keeps_its_members_and_caches_newcomers),
        TEST(a_silent_member_gives_way_to_the_replacement_known_longest),
        TEST(of_replacements_known_equally_long_the_fastest_moves_up),
        TEST(three_bad_answers_cost_a_peer_its_place),
        TEST(a_silent_member_without_a_replacement_stays_unused_until_it_answers),
        TEST(a_newcomer_takes_the_place_of_a_silent_member_at_once),
        TEST(a_peer_that_stays_silent_is_asked_less_and_less_and_then_goes),
        TEST(a_failure_at_another_address_of_the_same_key_harms_nobody),
        TEST(an_answer_from_another_address_does_not_move_a_living_peer),
        TEST(a_peer_of_both_families_lives_as_long_as_one_answers),
        TEST(a_peer_of_both_families_that_is_dead_falls_silent),
        TEST(a_move_forgets_the_token_of_the_old_address),
        TEST(each_family_has_an_endpoint_of_its_own),
        TEST(only_the_bucket_that_covers_our_own_id_splits),
        TEST(the_deepest_bucket_splits_no_further_and_caches_instead),
        TEST(we_never_enter_our_own_table),
        TEST(a_flood_of_identities_neither_bursts_the_pool_nor_displaces_siblings),
        TEST(siblings_are_the_closest_in_order_whatever_their_bucket_holds),
        TEST(a_full_list_of_siblings_covers_what_is_closer_than_its_farthest),
        TEST(an_unverified_peer_is_wanted_only_where_it_would_get_a_good_place),
        TEST(the_caches_of_a_full_table_come_to_be_of_one_size_and_rest),
        TEST(a_table_without_room_wants_nobody),
        TEST(a_full_table_with_replacements_wants_a_member),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
