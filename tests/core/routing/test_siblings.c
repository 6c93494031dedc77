/* The sibling list by itself: who gets a place, in what order they stand, who gives way. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/routing/distance.h"
#include "src/core/routing/siblings.h"
#include "tests/support/prng.h"

#define SIBLINGS 20

static skad_table table;
static test_prng prng;

static int begin_with(size_t siblings)
{
    const skad_peers_plan plan = {.limit = 64};
    prng = (test_prng){42};
    const skad_id self = test_prng_id(&prng);
    return skad_table_init(&table, &self, 4, siblings, &plan) == SKAD_OK ? 0 : -1;
}

static int begin(void **state)
{
    (void)state;
    return begin_with(SIBLINGS);
}

static int begin_with_none(void **state)
{
    (void)state;
    return begin_with(0);
}

static int end(void **state)
{
    (void)state;
    skad_table_free(&table);
    return 0;
}

/* A peer that shares so many bits with us and stands nowhere else. */
static skad_id meet(unsigned shared)
{
    const skad_id id = test_prng_id_near(&prng, &table.self, shared);
    skad_peer_slot slot = skad_peers_take(&table.peers, &id);
    assert_int_not_equal(slot, SKAD_PEER_NONE);
    skad_siblings_add(&table, slot);
    skad_peers_release(&table.peers, slot); /* if it got no place */
    return id;
}

static skad_peer_slot slot_of(const skad_id *id)
{
    return skad_peers_find(&table.peers, id);
}

static void they_stand_in_ascending_distance_in_whatever_order_they_come(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIBLINGS; i++) {
        meet(i * 7 % SIBLINGS);
    }
    assert_int_equal(table.siblings_count, SIBLINGS);
    for (size_t i = 1; i < SIBLINGS; i++) {
        const skad_id *before = &table.peers.peers[table.siblings[i - 1]].id;
        const skad_id *after = &table.peers.peers[table.siblings[i]].id;
        assert_true(skad_distance_compare(&table.self, before, after) < 0);
    }
}

static void of_a_full_list_the_farthest_gives_way_and_its_slot_is_free(void **state)
{
    (void)state;
    const skad_id farthest = meet(1);
    for (unsigned i = 1; i < SIBLINGS; i++) {
        meet(10);
    }
    const skad_id closer = meet(5);
    assert_int_equal(table.siblings_count, SIBLINGS);
    assert_int_equal(slot_of(&farthest), SKAD_PEER_NONE);
    assert_int_equal(table.siblings[SIBLINGS - 1], slot_of(&closer));
    assert_int_equal(table.peers.count, SIBLINGS);
}

static void who_has_another_place_keeps_its_slot(void **state)
{
    (void)state;
    const skad_id farthest = meet(1);
    table.peers.peers[slot_of(&farthest)].roles |= SKAD_PEER_IN_BUCKET;
    for (unsigned i = 0; i < SIBLINGS; i++) {
        meet(10);
    }
    assert_int_not_equal(slot_of(&farthest), SKAD_PEER_NONE);
    assert_int_equal(table.peers.peers[slot_of(&farthest)].roles, SKAD_PEER_IN_BUCKET);
}

static void a_full_list_wants_only_the_closer(void **state)
{
    (void)state;
    skad_id far = test_prng_id_near(&prng, &table.self, 4);
    skad_id near = test_prng_id_near(&prng, &table.self, 6);
    assert_true(skad_siblings_want(&table, &far));
    for (unsigned i = 0; i < SIBLINGS; i++) {
        meet(5);
    }
    assert_false(skad_siblings_want(&table, &far));
    assert_true(skad_siblings_want(&table, &near));
    const skad_id *last = &table.peers.peers[table.siblings[SIBLINGS - 1]].id;
    assert_false(skad_siblings_want(&table, last)); /* no closer than itself */
    const skad_id refused = meet(4);
    assert_int_equal(slot_of(&refused), SKAD_PEER_NONE);
    assert_int_equal(table.siblings_count, SIBLINGS);
}

static void a_list_without_places_wants_nobody(void **state)
{
    (void)state;
    const skad_id id = meet(200);
    assert_int_equal(slot_of(&id), SKAD_PEER_NONE);
    assert_false(skad_siblings_want(&table, &id));
    assert_false(skad_siblings_cover(&table, 0));
}

static void who_is_taken_out_leaves_the_others_in_order(void **state)
{
    (void)state;
    const skad_id near = meet(9);
    const skad_id middle = meet(6);
    const skad_id far = meet(3);
    skad_peer_slot gone = slot_of(&middle);
    skad_siblings_remove(&table, gone);
    skad_siblings_remove(&table, gone); /* the second time nothing happens */
    assert_int_equal(table.siblings_count, 2);
    assert_int_equal(table.siblings[0], slot_of(&near));
    assert_int_equal(table.siblings[1], slot_of(&far));
    assert_int_equal(table.peers.peers[gone].roles, 0);
    assert_int_equal(table.peers.count, 3); /* its slot is not released here */
}

static void a_full_list_covers_the_buckets_nearer_than_its_farthest(void **state)
{
    (void)state;
    table.buckets_count = 12;
    for (unsigned i = 0; i < SIBLINGS - 1; i++) {
        meet(9);
    }
    assert_false(skad_siblings_cover(&table, 11)); /* there is room: it may not know all */
    meet(7);
    assert_false(skad_siblings_cover(&table, 6));
    assert_false(skad_siblings_cover(&table, 7));
    assert_true(skad_siblings_cover(&table, 8));
    table.buckets_count = 1;
}

/* Sixteen neighbours are watched; a list with room is news, whoever comes. */
static void a_newcomer_among_the_sixteen_closest_is_counted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIBLINGS; i++) {
        meet(60 - 2 * i);
    }
    assert_int_equal(table.neighbours_came, SIBLINGS);
    meet(29); /* behind the sixteenth, which shares 30 */
    assert_int_equal(table.neighbours_came, SIBLINGS);
    meet(31);
    assert_int_equal(table.neighbours_came, SIBLINGS + 1);
    meet(2); /* gets no place */
    assert_int_equal(table.neighbours_came, SIBLINGS + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            they_stand_in_ascending_distance_in_whatever_order_they_come, begin, end),
        cmocka_unit_test_setup_teardown(of_a_full_list_the_farthest_gives_way_and_its_slot_is_free,
                                        begin, end),
        cmocka_unit_test_setup_teardown(who_has_another_place_keeps_its_slot, begin, end),
        cmocka_unit_test_setup_teardown(a_full_list_wants_only_the_closer, begin, end),
        cmocka_unit_test_setup_teardown(a_list_without_places_wants_nobody, begin_with_none, end),
        cmocka_unit_test_setup_teardown(who_is_taken_out_leaves_the_others_in_order, begin, end),
        cmocka_unit_test_setup_teardown(a_full_list_covers_the_buckets_nearer_than_its_farthest,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_newcomer_among_the_sixteen_closest_is_counted, begin,
                                        end),
    };
    return cmocka_run_group_tests_name("siblings", tests, NULL, NULL);
}
