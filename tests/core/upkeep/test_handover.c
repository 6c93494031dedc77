/* Records that move as nodes come: who is handed what, who is not, and what becomes of a record
 * that others are closer to. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "src/core/upkeep/handover.h"
#include "tests/support/handover_script.h"
#include "tests/support/prng.h"

static int begin_among_few(void **state)
{
    (void)state;
    return handover_begin_with(16, 2);
}

static int begin_among_many(void **state)
{
    (void)state;
    return handover_begin_with(16, 15);
}

static int begin_among_a_score(void **state)
{
    (void)state;
    return handover_begin_with(16, 20);
}

static int begin_of_two_holders(void **state)
{
    (void)state;
    return handover_begin_with(2, 12);
}

static test_remote *arrive(void)
{
    test_remote *who = test_fixture_remote(&handover_fixture);
    handover_counts.newcomer = who;
    test_fixture_knock(&handover_fixture, who);
    test_fixture_run(&handover_fixture, 10 * SKAD_US_PER_S);
    return who;
}

static void a_newcomer_is_handed_what_it_should_hold_and_once(void **state)
{
    (void)state;
    handover_hold_some();
    test_remote *who = arrive();
    assert_int_equal(handover_counts.handed, HANDOVER_RECORDS_HELD);
    assert_int_equal(handover_counts.to_others, 0);
    assert_in_range(handover_counts.life_s, DAY_S - 60, DAY_S); /* what is left of it */
    assert_int_equal(handover_stats().handed_over, HANDOVER_RECORDS_HELD);
    test_fixture_knock(&handover_fixture, who);
    test_fixture_run(&handover_fixture, 10 * SKAD_US_PER_S);
    assert_int_equal(handover_counts.handed, HANDOVER_RECORDS_HELD);
}

/* Sixteen should hold each, three of whom send it: of twelve records a few are ours to send. */
static void among_many_only_some_records_are_ours_to_send(void **state)
{
    (void)state;
    handover_hold_some();
    (void)arrive();
    assert_in_range(handover_counts.handed, 1, HANDOVER_RECORDS_HELD / 2);
    assert_int_equal(handover_counts.to_others, 0);
}

static void to_who_has_just_come_itself_nobody_arrives(void **state)
{
    (void)state;
    handover_hold_some();
    skad_node_parts_of(handover_fixture.node).join->joined_us = handover_fixture.now.mono_us;
    (void)arrive(); /* within the ten seconds in which it settles */
    assert_int_equal(handover_counts.handed, 0);
    (void)arrive();
    assert_in_range(handover_counts.handed, 1, HANDOVER_RECORDS_HELD); /* three of four hold each */
}

static void what_has_ended_is_not_handed_over(void **state)
{
    (void)state;
    handover_hold_some();
    handover_walk_for(&handover_fixture.remotes[0]);
    assert_int_equal(handover_stats().handed_over, HANDOVER_RECORDS_HELD);
    handover_fixture.now.unix_s += DAY_S;
    handover_hold_some(); /* these live */
    skad_store_totals totals;
    handover_fixture.now.unix_s += DAY_S - 3600;
    handover_walk_for(&handover_fixture.remotes[1]);
    assert_int_equal(handover_stats().handed_over, 2 * HANDOVER_RECORDS_HELD);
    handover_fixture.now.unix_s += 3600;
    handover_walk_for(&handover_fixture.remotes[0]);
    assert_int_equal(handover_stats().handed_over, 2 * HANDOVER_RECORDS_HELD);
    handover_fixture.store.ops->totals(handover_fixture.store.self, &totals);
    assert_int_equal(totals.records, HANDOVER_RECORDS_HELD); /* the sweep has not come yet */
}

/* A walk begins two to four seconds after the first arrived, so that many are served by one. */
static void a_walk_waits_a_few_seconds(void **state)
{
    (void)state;
    skad_node_tick(handover_fixture.node, handover_fixture.now);
    handover_comes(&handover_fixture.remotes[0], 7);
    assert_in_range(skad_handover_deadline(handover_fixture.node),
                    handover_fixture.now.mono_us + 2 * SKAD_US_PER_S,
                    handover_fixture.now.mono_us + 4 * SKAD_US_PER_S);
}

/* Newcomers who keep coming neither put the walk off nor begin it anew; those that come during a
 * walk are served by the next. */
static void later_newcomers_change_no_plan(void **state)
{
    (void)state;
    skad_env *env = skad_node_parts_of(handover_fixture.node).env;
    const skad_handover_state *handover = skad_node_parts_of(handover_fixture.node).handover;
    const test_remote *who = handover_fixture.remotes;
    skad_node_tick(handover_fixture.node, handover_fixture.now);
    handover_comes(&who[0], 7);
    const uint64_t planned_us = skad_handover_deadline(handover_fixture.node);
    env->now.mono_us += SKAD_US_PER_S;
    handover_comes(&who[1], 7);
    assert_int_equal(skad_handover_deadline(handover_fixture.node), planned_us);
    handover_hold_many(129);
    env->now.mono_us = planned_us;
    skad_handover_tick(handover_fixture.node);
    assert_true(handover->walking);
    const uint64_t step_us = skad_handover_deadline(handover_fixture.node);
    assert_int_equal(step_us, planned_us + 50 * SKAD_US_PER_MS);
    handover_comes(&who[2], 7);
    assert_int_equal(skad_handover_deadline(handover_fixture.node), step_us);
    env->now.mono_us = step_us;
    skad_handover_tick(handover_fixture.node);
    assert_false(handover->walking);
    assert_int_equal(handover->arrived_count, 1);
    assert_int_equal(skad_handover_deadline(handover_fixture.node), step_us + 2 * SKAD_US_PER_S);
}

/* 128 records are examined in a step, so 256 take two, and a third finds the end. */
static void a_step_examines_128_records(void **state)
{
    (void)state;
    skad_env *env = skad_node_parts_of(handover_fixture.node).env;
    const skad_handover_state *handover = skad_node_parts_of(handover_fixture.node).handover;
    skad_node_tick(handover_fixture.node, handover_fixture.now);
    handover_comes(&handover_fixture.remotes[0], 7);
    handover_hold_many(256);
    for (unsigned i = 0; i < 3; i++) {
        env->now.mono_us = skad_handover_deadline(handover_fixture.node);
        skad_handover_tick(handover_fixture.node);
        assert_int_equal(handover->walking, i < 2);
    }
}

/* Where nodes come to live near us, the region is compared sooner (matching.h): a crowd of them may
 * be an attack on a key there. A round that is due sooner stays. */
static void a_round_is_planned_sooner_when_neighbours_come(void **state)
{
    (void)state;
    skad_handover_state *handover = skad_node_parts_of(handover_fixture.node).handover;
    const uint64_t hour_us = 3600 * SKAD_US_PER_S;
    skad_node_tick(handover_fixture.node, handover_fixture.now);
    handover->round_us = handover_fixture.now.mono_us + 24 * hour_us;
    handover_comes(&handover_fixture.remotes[0], 7);
    const uint64_t planned_us = handover->round_us;
    assert_in_range(planned_us, handover_fixture.now.mono_us + hour_us * 3 / 4,
                    handover_fixture.now.mono_us + hour_us * 5 / 4);
    handover->round_us = handover_fixture.now.mono_us + hour_us / 2;
    handover_comes(&handover_fixture.remotes[1], 7);
    assert_int_equal(handover->round_us, handover_fixture.now.mono_us + hour_us / 2);
}

/* ---- Records that are not ours ---- */

/* A key that so many peers are closer to than we are, or fewer. */
static skad_id key_of(bool ours)
{
    skad_id key = ours ? handover_fixture.identity.id : handover_fixture.remotes[0].identity.id;
    for (;; key.bytes[SKAD_ID_BYTES - 1]++) {
        size_t closer = 0;
        for (size_t i = 0; i < handover_fixture.remotes_count; i++) {
            closer += skad_distance_compare(&key, &handover_fixture.remotes[i].identity.id,
                                            &handover_fixture.identity.id) < 0;
        }
        if (ours ? closer < 2 : closer >= 2) {
            return key;
        }
        key.bytes[0]++;
    }
}

static void what_others_are_closer_to_is_kept_for_two_more_hours(void **state)
{
    (void)state;
    const skad_id theirs = key_of(false);
    const skad_id own = key_of(true);
    const skad_store_name far = handover_hold(&theirs);
    const skad_store_name near = handover_hold(&own);
    const uint64_t brought = handover_fixture.now.unix_s;
    skad_store_record row;
    test_fixture_run(&handover_fixture, 75 * 60 * SKAD_US_PER_S); /* a round, at least once */
    assert_true(handover_fixture.store.ops->find(handover_fixture.store.self, SKAD_STORE_REPLICAS,
                                                 &far, handover_fixture.now.unix_s, &row));
    assert_true(row.cached);
    assert_int_equal(row.expires_unix_s, brought + 7200);
    assert_int_equal(handover_stats().demoted, 1); /* once, however many rounds there are */
    assert_true(handover_fixture.store.ops->find(handover_fixture.store.self, SKAD_STORE_REPLICAS,
                                                 &near, handover_fixture.now.unix_s, &row));
    assert_false(row.cached);
    assert_int_equal(row.expires_unix_s, brought + DAY_S);
}

/* A key that exactly two peers are closer to than we are. *closer: one of the two; *other: a peer
 * that is not. */
static skad_id key_behind_two(const test_remote **closer, const test_remote **other)
{
    skad_id key = handover_fixture.identity.id;
    for (;; key.bytes[0]++) {
        size_t count = 0;
        for (size_t i = 0; i < handover_fixture.remotes_count; i++) {
            const test_remote *who = &handover_fixture.remotes[i];
            bool is_closer =
                skad_distance_compare(&key, &who->identity.id, &handover_fixture.identity.id) < 0;
            *(is_closer ? closer : other) = who;
            count += is_closer;
        }
        if (count == 2) {
            return key;
        }
    }
}

static void a_holder_that_a_newcomer_displaces_hands_over(void **state)
{
    (void)state;
    const test_remote *closer = NULL;
    const test_remote *other = NULL;
    const skad_id key = key_behind_two(&closer, &other);
    (void)handover_hold(&key);
    handover_walk_for(other);
    assert_int_equal(handover_stats().handed_over, 0);
    handover_walk_for(closer);
    assert_int_equal(handover_stats().handed_over, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_newcomer_is_handed_what_it_should_hold_and_once,
                                        begin_among_few, handover_end),
        cmocka_unit_test_setup_teardown(among_many_only_some_records_are_ours_to_send,
                                        begin_among_many, handover_end),
        cmocka_unit_test_setup_teardown(to_who_has_just_come_itself_nobody_arrives, begin_among_few,
                                        handover_end),
        cmocka_unit_test_setup_teardown(what_has_ended_is_not_handed_over, begin_among_few,
                                        handover_end),
        cmocka_unit_test_setup_teardown(a_walk_waits_a_few_seconds, begin_among_few, handover_end),
        cmocka_unit_test_setup_teardown(later_newcomers_change_no_plan, begin_among_a_score,
                                        handover_end),
        cmocka_unit_test_setup_teardown(a_step_examines_128_records, begin_among_few, handover_end),
        cmocka_unit_test_setup_teardown(a_round_is_planned_sooner_when_neighbours_come,
                                        begin_among_few, handover_end),
        cmocka_unit_test_setup_teardown(what_others_are_closer_to_is_kept_for_two_more_hours,
                                        begin_of_two_holders, handover_end),
        cmocka_unit_test_setup_teardown(a_holder_that_a_newcomer_displaces_hands_over,
                                        begin_of_two_holders, handover_end),
    };
    return cmocka_run_group_tests_name("handover", tests, NULL, NULL);
}
