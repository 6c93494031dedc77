/* Watches: when they look, what is told, and what is not. tests/node/test_watching.c has those of a
 * whole network. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "skad/records.h"
#include "src/core/node/parts.h"
#include "src/core/upkeep/watch.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#define EVERY_S    80U
#define WATCHES    256 /* of a node by default */
#define OPERATIONS 94  /* that watches may have of 128 */

static test_fixture fixture;

/* What all peers have, and how often one of them was asked. */
typedef struct play {
    uint64_t sequence; /* 0: nothing */
    unsigned asked;
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
} play;

static play shelf;
static skad_id key;

static bool act(test_fixture *made, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    if (request->kind == SKAD_KIND_FIND_VALUE) {
        shelf.asked += who == made->remotes;
    }
    if (request->kind == SKAD_KIND_FIND_VALUE && shelf.sequence != 0) {
        const skad_span value = {(const uint8_t *)&shelf.sequence, sizeof shelf.sequence};
        answer->u.reply.u.value.records_count = 1;
        answer->u.reply.u.value.records[0] = (skad_span){
            shelf.bytes, skad_record_encode_mutable(
                             test_plain_publisher(&made->identity), (skad_span){0}, shelf.sequence,
                             TEST_UNIX_S + 100000, value, shelf.bytes, sizeof shelf.bytes)};
    }
    if (request->kind == SKAD_KIND_STORE) {
        answer->u.reply.u.stored.life_s = 1;
    }
    return true;
}

static int begin(void **state)
{
    (void)state;
    skad_profile profile = test_fixture_profile();
    skad_event event;
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 3);
    while (skad_node_poll_event(fixture.node, &event)) { /* of joining */
    }
    shelf = (play){0};
    fixture.script = act;
    skad_mutable_key(fixture.identity.public_key, (skad_span){0}, &key);
    skad_node_tick(fixture.node, fixture.now);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static skad_op watch(void)
{
    skad_op op = 0;
    assert_int_equal(skad_watch_begin(fixture.node, SKAD_RECORD_MUTABLE, &key, EVERY_S, &op),
                     SKAD_OK);
    return op;
}

/* The sequence that a watch tells next; 0: it tells nothing. */
static uint64_t told(skad_op op)
{
    skad_event event;
    if (!skad_node_poll_event(fixture.node, &event)) {
        return 0;
    }
    assert_int_equal(event.kind, SKAD_EVENT_CHANGED);
    assert_int_equal(event.op, op);
    return event.u.get.sequence;
}

static void it_looks_at_once_and_then_again_and_again(void **state)
{
    (void)state;
    (void)watch();
    test_fixture_run(&fixture, SKAD_US_PER_S);
    assert_int_equal(shelf.asked, 1);
    assert_in_range(skad_watch_deadline(fixture.node), fixture.now.mono_us + 69 * SKAD_US_PER_S,
                    fixture.now.mono_us + 80 * SKAD_US_PER_S); /* up to an eighth earlier */
    test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
    assert_int_equal(shelf.asked, 1);
    test_fixture_run(&fixture, 740 * SKAD_US_PER_S); /* 801 seconds in all */
    assert_in_range(shelf.asked, 11, 12);
}

/* A stranger announces or publishes under the watched key ten times a second. */
static void records_brought_to_us_drive_no_get_after_get(void **state)
{
    (void)state;
    (void)watch();
    test_fixture_run(&fixture, SKAD_US_PER_S);
    const unsigned before = shelf.asked;
    for (unsigned i = 0; i < 600; i++) {
        skad_watches_touch(skad_node_parts_of(fixture.node).watches, SKAD_RECORD_MUTABLE, &key,
                           fixture.now.mono_us);
        test_fixture_run(&fixture, SKAD_US_PER_S / 10);
    }
    assert_in_range(shelf.asked - before, 11, 13); /* one in five seconds */
}

static void only_what_is_new_is_told(void **state)
{
    (void)state;
    skad_op op = watch();
    test_fixture_run(&fixture, 200 * SKAD_US_PER_S);
    assert_int_equal(told(op), 0); /* nothing is there */
    shelf.sequence = 3;
    test_fixture_run(&fixture, 100 * SKAD_US_PER_S);
    assert_int_equal(told(op), 3);
    test_fixture_run(&fixture, 200 * SKAD_US_PER_S);
    assert_int_equal(told(op), 0); /* the same again */
    shelf.sequence = 4;
    test_fixture_run(&fixture, 100 * SKAD_US_PER_S);
    assert_int_equal(told(op), 4);
    shelf.sequence = 3;
    test_fixture_run(&fixture, 100 * SKAD_US_PER_S);
    assert_int_equal(told(op), 0); /* one that was told before */
}

/* Of different records; only the second one is there. */
static void each_of_two_watches_tells_its_own_changes(void **state)
{
    (void)state;
    const skad_id other = {{5}};
    skad_op none = 0;
    assert_int_equal(
        skad_watch_begin(fixture.node, SKAD_RECORD_ANNOUNCEMENT, &other, EVERY_S, &none), SKAD_OK);
    skad_op op = watch();
    shelf.sequence = 3;
    test_fixture_run(&fixture, 100 * SKAD_US_PER_S);
    assert_int_equal(told(op), 3);
    assert_int_equal(told(op), 0);
}

static void of_changes_that_nobody_polled_the_latest_is_told(void **state)
{
    (void)state;
    skad_op op = watch();
    for (shelf.sequence = 1; shelf.sequence < 4; shelf.sequence++) {
        test_fixture_run(&fixture, 100 * SKAD_US_PER_S);
    }
    assert_int_equal(told(op), 3);
    assert_int_equal(told(op), 0);
}

static void a_cancelled_watch_tells_and_asks_nothing_any_more(void **state)
{
    (void)state;
    shelf.sequence = 1;
    skad_op op = watch();
    test_fixture_run(&fixture, SKAD_US_PER_S); /* its event waits */
    assert_true(skad_watch_cancel(fixture.node, op));
    assert_false(skad_watch_cancel(fixture.node, op));
    assert_int_equal(told(op), 0);
    assert_true(skad_watch_deadline(fixture.node) == UINT64_MAX);
    test_fixture_run(&fixture, 300 * SKAD_US_PER_S);
    assert_int_equal(shelf.asked, 1);
}

static void one_that_is_cancelled_while_it_looks_leaves_no_operation(void **state)
{
    (void)state;
    skad_node_stats stats;
    skad_op op = watch();
    skad_node_stats_get(fixture.node, fixture.now, &stats);
    assert_int_equal(stats.operations, 1);
    assert_true(skad_watch_cancel(fixture.node, op));
    skad_node_stats_get(fixture.node, fixture.now, &stats);
    assert_int_equal(stats.operations, 0);
    assert_int_equal(stats.watches, 0);
    test_fixture_run(&fixture, SKAD_US_PER_S);
    assert_int_equal(told(op), 0);
}

static void there_are_so_many_and_no_more(void **state)
{
    (void)state;
    skad_op op;
    for (unsigned i = 0; i < WATCHES; i++) {
        (void)watch();
    }
    assert_int_equal(skad_watch_begin(fixture.node, SKAD_RECORD_MUTABLE, &key, EVERY_S, &op),
                     SKAD_ERR_FULL);
}

static void one_without_room_for_its_get_tries_again_a_second_later(void **state)
{
    (void)state;
    for (unsigned i = 0; i < OPERATIONS; i++) {
        (void)watch();
    }
    assert_true(skad_watch_deadline(fixture.node) == UINT64_MAX); /* all look */
    (void)watch();
    assert_int_equal(skad_watch_deadline(fixture.node), fixture.now.mono_us + SKAD_US_PER_S);
    test_fixture_run(&fixture, 5 * SKAD_US_PER_S);
    assert_int_equal(shelf.asked, OPERATIONS + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_looks_at_once_and_then_again_and_again, begin, end),
        cmocka_unit_test_setup_teardown(records_brought_to_us_drive_no_get_after_get, begin, end),
        cmocka_unit_test_setup_teardown(only_what_is_new_is_told, begin, end),
        cmocka_unit_test_setup_teardown(each_of_two_watches_tells_its_own_changes, begin, end),
        cmocka_unit_test_setup_teardown(of_changes_that_nobody_polled_the_latest_is_told, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_cancelled_watch_tells_and_asks_nothing_any_more, begin,
                                        end),
        cmocka_unit_test_setup_teardown(one_that_is_cancelled_while_it_looks_leaves_no_operation,
                                        begin, end),
        cmocka_unit_test_setup_teardown(there_are_so_many_and_no_more, begin, end),
        cmocka_unit_test_setup_teardown(one_without_room_for_its_get_tries_again_a_second_later,
                                        begin, end),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
