/* Queued events: copies that stand for themselves, in their order, and no more than there may be.
 * Every allocation fails once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/host/api/event_queue.h"
#include "tests/support/failing_allocation.h"

static skad_event event_of(skad_op op)
{
    return (skad_event){.kind = SKAD_EVENT_PUT, .op = op};
}

static void events_come_in_their_order(void **state)
{
    (void)state;
    skad_event_queue queue = {.first = NULL};
    skad_event event;
    assert_false(skad_event_queue_take(&queue, 0, &event));
    for (skad_op op = 1; op <= 5; op++) {
        event = event_of(op);
        skad_event_queue_add(&queue, &event);
    }
    assert_true(skad_event_queue_take(&queue, 3, &event)); /* from the middle */
    assert_int_equal(event.op, 3);
    assert_false(skad_event_queue_take(&queue, 3, &event));
    assert_true(skad_event_queue_take(&queue, 5, &event)); /* the last */
    event = event_of(6);
    skad_event_queue_add(&queue, &event);
    static const skad_op left[] = {1, 2, 4, 6};
    for (size_t i = 0; i < 4; i++) {
        assert_true(skad_event_queue_take(&queue, 0, &event));
        assert_int_equal(event.op, left[i]);
    }
    assert_int_equal(queue.count, 0);
    skad_event_queue_free(&queue);
    assert_int_equal(test_allocations_held(), 0);
}

static void of_too_many_the_oldest_are_lost(void **state)
{
    (void)state;
    skad_event_queue queue = {.first = NULL};
    skad_event event;
    for (skad_op op = 1; op <= SKAD_EVENT_QUEUE_MAX + 3; op++) {
        event = event_of(op);
        skad_event_queue_add(&queue, &event);
    }
    assert_int_equal(queue.lost, 3);
    assert_int_equal(queue.count, SKAD_EVENT_QUEUE_MAX);
    assert_true(skad_event_queue_take(&queue, 0, &event));
    assert_int_equal(event.op, 4);
    skad_event_queue_free(&queue);
}

static void a_copy_stands_for_itself(void **state)
{
    (void)state;
    skad_event_queue queue = {.first = NULL};
    skad_event taken;
    uint8_t value[7] = "a value";
    uint8_t metadata[3] = "abc";
    uint8_t publisher[SKAD_PUBLIC_KEY_BYTES] = {9};
    skad_provider providers[2] = {{.sequence = 1, .metadata = metadata, .metadata_len = 3},
                                  {.sequence = 2}};
    skad_contact closest[2] = {{.id = {{1}}}, {.id = {{2}}}};
    skad_step steps[3] = {{.hop = 1}, {.hop = 2}, {.hop = 3}};
    const skad_event get = {
        .kind = SKAD_EVENT_GET,
        .u.get = {.value = value,
                  .len = sizeof value,
                  .publisher = publisher,
                  .providers = providers,
                  .providers_count = 2},
    };
    const skad_event lookup = {
        .kind = SKAD_EVENT_LOOKUP,
        .u.lookup.report = {.closest_count = 2,
                            .closest = closest,
                            .steps_count = 3,
                            .steps = steps},
    };
    skad_event_queue_add(&queue, &get);
    skad_event_queue_add(&queue, &lookup);
    memset(value, 0, sizeof value);
    memset(metadata, 0, sizeof metadata);
    memset(publisher, 0, sizeof publisher);
    memset(providers, 0, sizeof providers);
    memset(closest, 0, sizeof closest);
    memset(steps, 0, sizeof steps);
    assert_true(skad_event_queue_take(&queue, 0, &taken));
    assert_memory_equal(taken.u.get.value, "a value", 7);
    assert_int_equal(taken.u.get.publisher[0], 9);
    assert_int_equal(taken.u.get.providers[1].sequence, 2);
    assert_memory_equal(taken.u.get.providers[0].metadata, "abc", 3);
    assert_null(taken.u.get.providers[1].metadata);
    assert_true(skad_event_queue_take(&queue, 0, &taken));
    assert_int_equal(taken.u.lookup.report.closest[1].id.bytes[0], 2);
    assert_int_equal(taken.u.lookup.report.steps[2].hop, 3);
    skad_event_queue_free(&queue);
}

static void without_memory_an_event_is_lost_and_counted(void **state)
{
    (void)state;
    skad_event_queue queue = {.first = NULL};
    skad_event event = event_of(1);
    test_allocation_fail(1);
    skad_event_queue_add(&queue, &event);
    assert_true(test_allocation_failed());
    assert_int_equal(queue.lost, 1);
    assert_false(skad_event_queue_take(&queue, 0, &event));
    skad_event_queue_free(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_in_their_order),
        cmocka_unit_test(of_too_many_the_oldest_are_lost),
        cmocka_unit_test(a_copy_stands_for_itself),
        cmocka_unit_test(without_memory_an_event_is_lost_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
