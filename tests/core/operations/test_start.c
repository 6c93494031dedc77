/* Starting operations: what is refused, how many there may be at once, and what is left without
 * memory. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "skad/records.h"
#include "src/core/node/parts.h"
#include "src/core/operations/start.h"
#include "tests/support/failing_allocation.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#define OPERATIONS 128 /* of a node by default */
#define VITAL      2   /* places that only joining and refreshing take */

static const skad_id target = {{7}};

static test_fixture fixture;

static int begin(void **state)
{
    skad_profile profile = test_fixture_profile();
    (void)state;
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 3);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_allocation_fail(0);
    test_fixture_free(&fixture);
    return 0;
}

static unsigned operations(void)
{
    skad_node_stats stats;
    skad_node_stats_get(fixture.node, fixture.now, &stats);
    return stats.operations;
}

static void a_ping_goes_only_where_we_may_and_can_send(void **state)
{
    static const struct {
        const char *label;
        skad_address address;
    } cases[] = {
        {"private", {.family = SKAD_FAMILY_IPV4, .port = 4000, .ip = {10, 1}}},
        {"loopback", {.family = SKAD_FAMILY_IPV4, .port = 4000, .ip = {127, [3] = 1}}},
        {"no port", {.family = SKAD_FAMILY_IPV4, .ip = {8, 8, 8, 8}}},
        {"none", {.family = SKAD_FAMILY_NONE}},
    };
    (void)state;
    skad_op op;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (skad_start_ping(fixture.node, &cases[i].address, &op) != SKAD_ERR_INPUT) {
            fail_msg("%s", cases[i].label);
        }
    }
    assert_int_equal(operations(), 0);
    assert_int_equal(skad_start_ping(fixture.node, &fixture.remotes[0].address, &op), SKAD_OK);
    assert_int_equal(operations(), 1);
    assert_int_not_equal(op, 0);
}

static void two_places_are_kept_for_joining_and_refreshing(void **state)
{
    (void)state;
    skad_op op;
    for (unsigned i = 0; i < OPERATIONS - VITAL; i++) {
        assert_int_equal(skad_start_lookup(fixture.node, &target, &op), SKAD_OK);
    }
    assert_int_equal(skad_start_lookup(fixture.node, &target, &op), SKAD_ERR_FULL);
    assert_int_equal(skad_start_ping(fixture.node, &fixture.remotes[0].address, &op),
                     SKAD_ERR_FULL);
    assert_int_not_equal(skad_start_own(fixture.node, SKAD_OPERATION_JOIN, &target, NULL), 0);
    assert_int_not_equal(skad_start_own(fixture.node, SKAD_OPERATION_REFRESH, &target, NULL), 0);
    assert_int_equal(skad_start_own(fixture.node, SKAD_OPERATION_REFRESH, &target, NULL), 0);
    assert_int_equal(operations(), OPERATIONS);
}

static void what_the_node_runs_for_itself_leaves_a_quarter_to_its_user(void **state)
{
    (void)state;
    skad_op op;
    unsigned started = 0;
    while (skad_start_get(fixture.node, SKAD_OPERATION_WATCH, SKAD_RECORD_MUTABLE, &target, &op) ==
           SKAD_OK) {
        started++;
    }
    assert_int_equal(started, OPERATIONS - VITAL - OPERATIONS / 4);
    assert_int_equal(
        skad_start_get(fixture.node, SKAD_OPERATION_GET, SKAD_RECORD_MUTABLE, &target, &op),
        SKAD_OK);
}

static void a_lookup_may_begin_at_one_contact_alone(void **state)
{
    (void)state;
    const test_remote *first = &fixture.remotes[2];
    const skad_contact from = {.id = first->identity.id, .ipv4 = first->address};
    assert_int_not_equal(skad_start_own(fixture.node, SKAD_OPERATION_REFRESH, &target, &from), 0);
    test_fixture_run(&fixture, 100 * SKAD_US_PER_MS);
    assert_int_equal(fixture.remotes[0].asked + fixture.remotes[1].asked, 0);
    assert_true(first->asked > 0);
}

static void a_banned_contact_is_no_beginning(void **state)
{
    (void)state;
    const skad_ban ban = {.scope = SKAD_BAN_ID, .id = fixture.remotes[1].identity.id};
    skad_op op;
    assert_int_equal(skad_node_ban(fixture.node, &ban, 600, fixture.now), SKAD_OK);
    assert_int_equal(skad_start_lookup(fixture.node, &target, &op), SKAD_OK);
    assert_int_equal(test_fixture_drain(&fixture), 2);
}

static void a_lookup_in_the_range_of_a_bucket_puts_its_refresh_off(void **state)
{
    (void)state;
    const skad_table *table = skad_node_parts_of(fixture.node).table;
    size_t bucket = skad_table_bucket_of(table, &target);
    skad_op op;
    table->buckets[bucket].refresh_us = 0;
    assert_int_equal(skad_start_lookup(fixture.node, &target, &op), SKAD_OK);
    assert_in_range(table->buckets[bucket].refresh_us - fixture.now.mono_us, 2700 * SKAD_US_PER_S,
                    4500 * SKAD_US_PER_S); /* an hour, a quarter up or down */
}

/* No other value can have this key. */
static void what_our_own_store_has_of_an_immutable_value_is_enough(void **state)
{
    (void)state;
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    skad_id key;
    skad_op op;
    skad_event event;
    skad_value_key((const uint8_t *)"value", 5, &key);
    const skad_store_record row = {
        .name = {.key = key, .type = SKAD_RECORD_IMMUTABLE},
        .expires_unix_s = UINT64_MAX,
        .data = bytes,
        .len = skad_record_encode_immutable((const uint8_t *)"value", 5, bytes, sizeof bytes)};
    for (unsigned section = 0; section < 2; section++) {
        assert_int_equal(fixture.store.ops->put(fixture.store.self, (skad_store_section)section,
                                                &row, TEST_UNIX_S),
                         SKAD_OK);
        assert_int_equal(
            skad_start_get(fixture.node, SKAD_OPERATION_GET, SKAD_RECORD_IMMUTABLE, &key, &op),
            SKAD_OK);
        do {
            assert_true(skad_node_poll_event(fixture.node, &event));
        } while (event.op != op);
        assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
        assert_int_equal(event.u.get.rpcs, 0);
        assert_int_equal(event.u.get.len, 5);
        assert_memory_equal(&event.u.get.holder, &fixture.identity.id, sizeof(skad_id));
        assert_int_equal(
            fixture.store.ops->drop(fixture.store.self, (skad_store_section)section, &row.name),
            SKAD_OK);
    }
    assert_int_equal(test_fixture_drain(&fixture), 0);
}

static void what_is_cancelled_has_no_event_and_its_name_is_stale(void **state)
{
    (void)state;
    skad_op op;
    skad_event event;
    assert_int_equal(skad_start_lookup(fixture.node, &target, &op), SKAD_OK);
    skad_start_cancel(fixture.node, op);
    skad_start_cancel(fixture.node, op);
    assert_int_equal(operations(), 0);
    test_fixture_run(&fixture, SKAD_US_PER_S); /* the answers come all the same */
    while (skad_node_poll_event(fixture.node, &event)) {
        assert_true(event.op != op);
    }
}

static void what_ended_and_waits_to_be_told_can_be_cancelled_too(void **state)
{
    (void)state;
    skad_op op;
    skad_event event;
    assert_int_equal(skad_start_lookup(fixture.node, &target, &op), SKAD_OK);
    test_fixture_run(&fixture, SKAD_US_PER_S);
    skad_start_cancel(fixture.node, op);
    assert_int_equal(operations(), 0);
    while (skad_node_poll_event(fixture.node, &event)) {
        assert_true(event.op != op);
    }
}

static void what_the_node_started_for_itself_is_not_the_users_to_cancel(void **state)
{
    (void)state;
    skad_op op = skad_start_own(fixture.node, SKAD_OPERATION_REFRESH, &target, NULL);
    assert_int_not_equal(op, 0);
    skad_start_cancel(fixture.node, op);
    assert_int_equal(operations(), 1);
}

static void a_trace_begins_with_the_steps_already_taken(void **state)
{
    (void)state;
    skad_op op;
    skad_event event;
    unsigned steps = 0;
    while (skad_node_poll_event(fixture.node, &event)) { /* of joining */
    }
    assert_int_equal(skad_start_lookup(fixture.node, &target, &op), SKAD_OK);
    skad_start_trace(fixture.node, op);
    while (skad_node_poll_event(fixture.node, &event)) {
        assert_int_equal(event.kind, SKAD_EVENT_STEP);
        assert_int_equal(event.u.step.state, SKAD_STEP_ASKED);
        steps++;
    }
    assert_int_equal(steps, 3);
    skad_start_trace(fixture.node, op + 1); /* no such operation */
    assert_false(skad_node_poll_event(fixture.node, &event));
}

/* ---- Memory ---- */

static skad_status start_some_lookup(void)
{
    skad_op op;
    return skad_start_lookup(fixture.node, &target, &op);
}

static skad_status start_some_get(void)
{
    skad_op op;
    return skad_start_get(fixture.node, SKAD_OPERATION_GET, SKAD_RECORD_MUTABLE, &target, &op);
}

static skad_status start_some_put(void)
{
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    skad_op op;
    const skad_start_record record = {
        .bytes = {bytes,
                  skad_record_encode_immutable((const uint8_t *)"v", 1, bytes, sizeof bytes)},
        .type = SKAD_RECORD_IMMUTABLE,
        .key = target};
    return skad_start_put(fixture.node, SKAD_OPERATION_PUT, &record, &op);
}

static void without_memory_nothing_is_left_of_an_operation(void **state)
{
    static const struct {
        skad_status (*start)(void);
        size_t allocations_min;
    } cases[] = {{start_some_lookup, 2}, {start_some_get, 3}, {start_some_put, 4}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t nth = 1;
        for (;; nth++) {
            long before = test_allocations_held();
            test_allocation_fail(nth);
            skad_status status = cases[i].start();
            if (!test_allocation_failed()) {
                assert_int_equal(status, SKAD_OK);
                break;
            }
            assert_true(status == SKAD_ERR_MEMORY || status == SKAD_ERR_FULL);
            assert_int_equal(operations(), i);
            assert_int_equal(test_allocations_held(), before);
        }
        assert_true(nth > cases[i].allocations_min);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_ping_goes_only_where_we_may_and_can_send, begin, end),
        cmocka_unit_test_setup_teardown(two_places_are_kept_for_joining_and_refreshing, begin, end),
        cmocka_unit_test_setup_teardown(what_the_node_runs_for_itself_leaves_a_quarter_to_its_user,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_lookup_may_begin_at_one_contact_alone, begin, end),
        cmocka_unit_test_setup_teardown(a_banned_contact_is_no_beginning, begin, end),
        cmocka_unit_test_setup_teardown(a_lookup_in_the_range_of_a_bucket_puts_its_refresh_off,
                                        begin, end),
        cmocka_unit_test_setup_teardown(what_our_own_store_has_of_an_immutable_value_is_enough,
                                        begin, end),
        cmocka_unit_test_setup_teardown(what_is_cancelled_has_no_event_and_its_name_is_stale, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_ended_and_waits_to_be_told_can_be_cancelled_too, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_the_node_started_for_itself_is_not_the_users_to_cancel,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_trace_begins_with_the_steps_already_taken, begin, end),
        cmocka_unit_test_setup_teardown(without_memory_nothing_is_left_of_an_operation, begin, end),
    };
    return cmocka_run_group_tests_name("start", tests, NULL, NULL);
}
