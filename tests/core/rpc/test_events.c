/* The ring of events: their order, what happens when it is full, and without memory. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/rpc/events.h"
#include "tests/support/failing_allocation.h"

#define EVENTS 5

static skad_event_ring ring;

static int begin(void **state)
{
    (void)state;
    return skad_events_init(&ring, EVENTS, false) == SKAD_OK ? 0 : -1;
}

static int begin_lazily(void **state)
{
    (void)state;
    return skad_events_init(&ring, EVENTS, true) == SKAD_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    test_allocation_fail(0);
    skad_events_free(&ring);
    return 0;
}

static void emit(uint32_t number)
{
    const skad_event event = {.kind = SKAD_EVENT_PUZZLE_NEEDED, .u.epoch = number};
    skad_events_emit(&ring, &event);
}

static void assert_polls(uint32_t first, uint32_t last)
{
    skad_event event;
    for (uint32_t number = first; number <= last; number++) {
        assert_true(skad_events_poll(&ring, &event));
        assert_int_equal(event.u.epoch, number);
    }
}

static void assert_empty(void)
{
    skad_event event;
    assert_false(skad_events_poll(&ring, &event));
}

static void events_come_in_the_order_in_which_they_happened(void **state)
{
    (void)state;
    assert_empty();
    for (uint32_t turn = 0; turn < 20; turn++) { /* three at a time, round and round */
        for (uint32_t i = 0; i < 3; i++) {
            emit(3 * turn + i);
        }
        assert_polls(3 * turn, 3 * turn + 2);
        assert_empty();
    }
}

static void of_a_full_ring_the_oldest_gives_way(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < EVENTS + 3; i++) {
        emit(i);
    }
    assert_polls(3, EVENTS + 2);
    assert_empty();
}

static void an_event_keeps_all_that_it_says(void **state)
{
    (void)state;
    const skad_event told = {.kind = SKAD_EVENT_PING, .op = 77, .u.ping.rtt_us = 1234};
    skad_event event;
    skad_events_emit(&ring, &told);
    assert_true(skad_events_poll(&ring, &event));
    assert_int_equal(event.kind, SKAD_EVENT_PING);
    assert_int_equal(event.op, 77);
    assert_int_equal(event.u.ping.rtt_us, 1234);
}

/* It grows while its first event stands in the middle. */
static void a_ring_that_grows_keeps_the_order(void **state)
{
    (void)state;
    emit(0);
    emit(1);
    assert_polls(0, 0);
    for (uint32_t i = 2; i < 6; i++) {
        emit(i);
    }
    assert_polls(1, 5);
    assert_empty();
}

static void a_ring_that_grows_ends_at_its_limit(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3 * EVENTS; i++) {
        emit(i);
    }
    assert_polls(2 * EVENTS, 3 * EVENTS - 1);
    assert_empty();
}

static void without_any_memory_an_event_is_lost_and_later_ones_are_not(void **state)
{
    (void)state;
    test_allocation_fail(1);
    emit(0);
    assert_true(test_allocation_failed());
    assert_empty();
    emit(1);
    assert_polls(1, 1);
    assert_empty();
}

static void without_more_memory_the_oldest_gives_way_early(void **state)
{
    (void)state;
    emit(0);
    emit(1);
    assert_polls(0, 0);
    emit(2);
    test_allocation_fail(1);
    emit(3);
    assert_true(test_allocation_failed());
    assert_polls(2, 3);
    assert_empty();
}

static void a_ring_without_memory_is_refused(void **state)
{
    (void)state;
    skad_event_ring none;
    test_allocation_fail(1);
    assert_int_equal(skad_events_init(&none, EVENTS, false), SKAD_ERR_MEMORY);
    skad_events_free(&none);
    test_allocation_fail(1);
    assert_int_equal(skad_events_init(&none, EVENTS, true), SKAD_OK);
    assert_false(test_allocation_failed());
    skad_events_free(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_come_in_the_order_in_which_they_happened, begin,
                                        end),
        cmocka_unit_test_setup_teardown(of_a_full_ring_the_oldest_gives_way, begin, end),
        cmocka_unit_test_setup_teardown(an_event_keeps_all_that_it_says, begin, end),
        cmocka_unit_test_setup_teardown(a_ring_that_grows_keeps_the_order, begin_lazily, end),
        cmocka_unit_test_setup_teardown(a_ring_that_grows_ends_at_its_limit, begin_lazily, end),
        cmocka_unit_test_setup_teardown(without_any_memory_an_event_is_lost_and_later_ones_are_not,
                                        begin_lazily, end),
        cmocka_unit_test_setup_teardown(without_more_memory_the_oldest_gives_way_early,
                                        begin_lazily, end),
        cmocka_unit_test(a_ring_without_memory_is_refused),
    };
    return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
