/* Buckets and their replacement caches by themselves: who has which place, and who moves up. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/routing/buckets.h"
#include "tests/support/failing_allocation.h"
#include "tests/support/prng.h"

#define K 2

static skad_table table;
static test_prng prng;

static int begin_with(bool lazy_allocation)
{
    const skad_peers_plan plan = {.limit = 64, .lazy_allocation = lazy_allocation};
    prng = (test_prng){42};
    const skad_id self = test_prng_id(&prng);
    return skad_table_init(&table, &self, K, 0, &plan) == SKAD_OK ? 0 : -1;
}

static int begin(void **state)
{
    (void)state;
    return begin_with(false);
}

static int begin_lazily(void **state)
{
    (void)state;
    return begin_with(true);
}

static int end(void **state)
{
    (void)state;
    test_allocation_fail(0);
    skad_table_free(&table);
    return 0;
}

static skad_peer_slot take(unsigned shared)
{
    const skad_id id = test_prng_id_near(&prng, &table.self, shared);
    skad_peer_slot slot = skad_peers_take(&table.peers, &id);
    assert_int_not_equal(slot, SKAD_PEER_NONE);
    return slot;
}

/* A peer that shares so many bits with us gets its place. */
static skad_peer_slot meet(unsigned shared)
{
    skad_peer_slot slot = take(shared);
    assert_int_equal(skad_buckets_place(&table, slot), SKAD_PEER_NONE);
    return slot;
}

/* As many members of the farthest bucket as it takes, and one nearer, so that it is split off. */
static void fill(skad_peer_slot members[static K])
{
    meet(5);
    for (unsigned i = 0; i < K; i++) {
        members[i] = meet(0);
    }
    assert_int_equal(table.buckets_count, 2);
}

static void assert_members(size_t bucket, const skad_peer_slot *slots, size_t count)
{
    assert_int_equal(table.buckets[bucket].members_count, count);
    assert_memory_equal(skad_table_members(&table, bucket), slots, count * sizeof *slots);
}

static void assert_cached(size_t bucket, const skad_peer_slot *slots, size_t count)
{
    assert_int_equal(table.buckets[bucket].cache_count, count);
    assert_memory_equal(skad_table_cache(&table, bucket), slots, count * sizeof *slots);
}

static void the_bucket_of_an_id_is_its_shared_prefix_down_to_the_last(void **state)
{
    (void)state;
    const skad_id near = test_prng_id_near(&prng, &table.self, 100);
    const skad_id far = test_prng_id_near(&prng, &table.self, 0);
    assert_int_equal(skad_table_bucket_of(&table, &near), 0); /* there is one */
    for (unsigned i = 0; i < K + 1; i++) {
        meet(9);
    }
    assert_int_equal(table.buckets_count, 11); /* the last is empty */
    assert_int_equal(skad_table_bucket_of(&table, &near), 10);
    assert_int_equal(skad_table_bucket_of(&table, &far), 0);
    assert_int_equal(skad_table_bucket_of(&table, &table.self), 10);
}

static void a_full_bucket_that_covers_us_splits_until_there_is_room(void **state)
{
    (void)state;
    skad_peer_slot far = meet(0);
    skad_peer_slot near[] = {meet(3), 0};
    near[1] = meet(3); /* the third of one bucket: bits 0 to 2 tell nothing apart but the first */
    assert_int_equal(table.buckets_count, 2);
    assert_members(0, &far, 1);
    assert_members(1, near, 2);
}

static void only_the_last_bucket_splits(void **state)
{
    (void)state;
    skad_peer_slot members[K];
    fill(members);
    skad_peer_slot late = meet(0);
    assert_int_equal(table.buckets_count, 2);
    assert_members(0, members, K);
    assert_cached(0, &late, 1);
    assert_int_equal(table.peers.peers[late].roles, SKAD_PEER_IN_CACHE);
    assert_int_equal(table.peers.peers[members[0]].roles, SKAD_PEER_IN_BUCKET);
}

static void the_oldest_of_a_full_cache_gives_way_and_its_slot_is_free(void **state)
{
    (void)state;
    skad_peer_slot members[K];
    fill(members);
    skad_peer_slot oldest = meet(0);
    const skad_id gone = table.peers.peers[oldest].id;
    skad_peer_slot cached[] = {meet(0), 0};
    cached[1] = meet(0);
    assert_cached(0, cached, 2);
    assert_int_equal(skad_peers_find(&table.peers, &gone), SKAD_PEER_NONE);
    assert_int_equal(table.peers.count, 1 + K + 2);
}

static void a_newcomer_takes_the_place_of_the_first_silent_member(void **state)
{
    (void)state;
    skad_peer_slot members[K];
    fill(members);
    assert_int_equal(skad_buckets_unresponsive(&table, 0), K);
    skad_peers_set_failures(&table.peers, members[1], 1);
    assert_int_equal(skad_buckets_unresponsive(&table, 0), K);
    skad_peers_set_failures(&table.peers, members[1], 2);
    assert_int_equal(skad_buckets_unresponsive(&table, 0), 1);
    skad_peer_slot late = take(0);
    assert_int_equal(skad_buckets_place(&table, late), members[1]);
    assert_int_equal(table.peers.peers[members[1]].roles, 0);
    const skad_peer_slot left[] = {members[0], late};
    assert_members(0, left, K);
    skad_peers_release(&table.peers, members[1]);
}

static void who_leaves_is_replaced_by_who_is_known_longest_and_then_the_fastest(void **state)
{
    (void)state;
    skad_peer_slot members[K];
    fill(members);
    skad_peer_slot first = meet(0);
    skad_peer_slot second = meet(0);
    table.peers.peers[first].first_seen.s = 100;
    table.peers.peers[second].first_seen.s = 99;
    assert_int_equal(skad_buckets_remove(&table, members[0]), second);
    assert_cached(0, &first, 1);
    skad_peer_slot third = meet(0);
    table.peers.peers[third].first_seen.s = 100;
    table.peers.peers[first].rtt.smoothed_us = 2000;
    table.peers.peers[third].rtt.smoothed_us = 1999;
    assert_int_equal(skad_buckets_remove(&table, second), third);
    const skad_peer_slot left[] = {members[1], third};
    assert_members(0, left, K);
    skad_peers_release(&table.peers, members[0]);
    skad_peers_release(&table.peers, second);
}

static void who_leaves_a_cache_or_is_nowhere_is_replaced_by_nobody(void **state)
{
    (void)state;
    skad_peer_slot members[K];
    fill(members);
    skad_peer_slot cached = meet(0);
    assert_int_equal(skad_buckets_remove(&table, cached), SKAD_PEER_NONE);
    assert_int_equal(skad_buckets_remove(&table, cached), SKAD_PEER_NONE); /* the second time */
    assert_int_equal(table.peers.peers[cached].roles, 0);
    assert_members(0, members, K);
    skad_peers_release(&table.peers, cached);
}

static void who_was_seen_goes_last(void **state)
{
    (void)state;
    skad_peer_slot members[K];
    fill(members);
    skad_buckets_touch(&table, members[0]);
    const skad_peer_slot turned[] = {members[1], members[0]};
    assert_members(0, turned, K);
    skad_buckets_touch(&table, members[0]);
    assert_members(0, turned, K);
    skad_peer_slot cached = meet(0);
    skad_buckets_touch(&table, cached); /* no member */
    assert_members(0, turned, K);
    assert_cached(0, &cached, 1);
}

/* Also across the turn of the clock. */
static void members_are_ordered_by_when_they_were_seen(void **state)
{
    (void)state;
    skad_peer_slot members[K];
    fill(members);
    table.peers.peers[members[0]].last_seen.ms = 5;
    table.peers.peers[members[1]].last_seen.ms = UINT32_MAX - 5;
    skad_buckets_order(&table);
    const skad_peer_slot turned[] = {members[1], members[0]};
    assert_members(0, turned, K);
    table.peers.peers[members[1]].last_seen.ms = 5; /* alike: they stay as they are */
    skad_buckets_order(&table);
    assert_members(0, turned, K);
}

static void room_is_made_by_the_oldest_of_the_fullest_cache_that_stands_nowhere_else(void **state)
{
    (void)state;
    skad_peer_slot members[K];
    assert_int_equal(skad_buckets_fullest_cache(&table), 1); /* none: behind the only bucket */
    assert_false(skad_buckets_make_room(&table));
    fill(members);
    skad_peer_slot oldest = meet(0);
    skad_peer_slot latest = meet(0);
    table.peers.peers[oldest].roles |= SKAD_PEER_IN_SIBLINGS;
    assert_int_equal(skad_buckets_fullest_cache(&table), 0);
    assert_int_equal(skad_buckets_oldest_spare(&table, 0), 1);
    const skad_id gone = table.peers.peers[latest].id;
    assert_true(skad_buckets_make_room(&table));
    assert_int_equal(skad_peers_find(&table.peers, &gone), SKAD_PEER_NONE);
    assert_int_equal(table.peers.count, 1 + K + 1);
    assert_cached(0, &oldest, 1);
    assert_int_equal(skad_buckets_oldest_spare(&table, 0), 1); /* the count: there is none */
    assert_false(skad_buckets_make_room(&table));
}

static void a_new_bucket_is_refreshed_when_the_one_it_came_of_is(void **state)
{
    (void)state;
    table.buckets[0].refresh_us = 1234567;
    skad_peer_slot members[K];
    fill(members);
    assert_int_equal(table.buckets[1].refresh_us, 1234567);
}

/* Memory comes for four buckets at a time. */
static void without_memory_a_bucket_does_not_split_and_the_newcomer_waits(void **state)
{
    (void)state;
    meet(20);
    meet(20);
    skad_peer_slot late = take(20);
    test_allocation_fail(1);
    assert_int_equal(skad_buckets_place(&table, late), SKAD_PEER_NONE);
    assert_true(test_allocation_failed());
    assert_int_equal(table.buckets_count, 4);
    assert_cached(3, &late, 1);
    meet(20); /* now there is memory: what waits moves as well */
    assert_int_equal(table.buckets_count, 22);
    assert_int_equal(table.buckets[20].members_count, K);
    assert_int_equal(table.buckets[20].cache_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_bucket_of_an_id_is_its_shared_prefix_down_to_the_last,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_full_bucket_that_covers_us_splits_until_there_is_room,
                                        begin, end),
        cmocka_unit_test_setup_teardown(only_the_last_bucket_splits, begin, end),
        cmocka_unit_test_setup_teardown(the_oldest_of_a_full_cache_gives_way_and_its_slot_is_free,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_newcomer_takes_the_place_of_the_first_silent_member,
                                        begin, end),
        cmocka_unit_test_setup_teardown(
            who_leaves_is_replaced_by_who_is_known_longest_and_then_the_fastest, begin, end),
        cmocka_unit_test_setup_teardown(who_leaves_a_cache_or_is_nowhere_is_replaced_by_nobody,
                                        begin, end),
        cmocka_unit_test_setup_teardown(who_was_seen_goes_last, begin, end),
        cmocka_unit_test_setup_teardown(members_are_ordered_by_when_they_were_seen, begin, end),
        cmocka_unit_test_setup_teardown(
            room_is_made_by_the_oldest_of_the_fullest_cache_that_stands_nowhere_else, begin, end),
        cmocka_unit_test_setup_teardown(a_new_bucket_is_refreshed_when_the_one_it_came_of_is, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            without_memory_a_bucket_does_not_split_and_the_newcomer_waits, begin_lazily, end),
    };
    return cmocka_run_group_tests_name("buckets", tests, NULL, NULL);
}
