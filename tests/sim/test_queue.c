/* The event queue: what is due first leaves first, what is due together leaves in the order in
 * which it came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "src/sim/base/prng.h"
#include "src/sim/world/queue.h"

static void put(skad_sim_queue *queue, uint64_t due_us, uint32_t index)
{
    skad_sim_queue_put(queue, (skad_sim_event){due_us, SKAD_SIM_WORK, index});
}

static void queue_gives_events_in_the_order_of_time(void **state)
{
    (void)state;
    skad_sim_queue queue = {0};
    skad_sim_event event;
    put(&queue, 30, 3);
    put(&queue, 10, 1);
    put(&queue, UINT64_MAX - 1, 4);
    put(&queue, 20, 2);
    for (uint32_t i = 1; i <= 4; i++) {
        assert_true(skad_sim_queue_take(&queue, UINT64_MAX, &event));
        assert_int_equal(event.index, i);
    }
    assert_false(skad_sim_queue_take(&queue, UINT64_MAX, &event));
    skad_sim_queue_free(&queue);
}

static void queue_gives_equal_times_in_the_order_of_coming(void **state)
{
    (void)state;
    skad_sim_queue queue = {0};
    skad_sim_event event;
    put(&queue, 5, 100);
    for (uint32_t i = 0; i < 1000; i++) {
        put(&queue, 77, i);
    }
    assert_true(skad_sim_queue_take(&queue, UINT64_MAX, &event)); /* hands the others down */
    for (uint32_t i = 1000; i < 1500; i++) {
        put(&queue, 77, i);
    }
    for (uint32_t i = 0; i < 1500; i++) {
        assert_true(skad_sim_queue_take(&queue, UINT64_MAX, &event));
        assert_int_equal(event.index, i);
        if (i == 700) {
            put(&queue, 77, 1500); /* while they are being taken */
        }
    }
    assert_true(skad_sim_queue_take(&queue, UINT64_MAX, &event));
    assert_int_equal(event.index, 1500);
    skad_sim_queue_free(&queue);
}

static void queue_keeps_what_is_due_later_than_asked_for(void **state)
{
    (void)state;
    skad_sim_queue queue = {0};
    skad_sim_event event;
    put(&queue, 1000, 1);
    assert_false(skad_sim_queue_take(&queue, 999, &event));
    put(&queue, 500, 0); /* earlier than what was looked at, later than what was taken */
    assert_true(skad_sim_queue_take(&queue, 999, &event));
    assert_int_equal(event.index, 0);
    assert_false(skad_sim_queue_take(&queue, 999, &event));
    assert_true(skad_sim_queue_take(&queue, 1000, &event));
    assert_int_equal(event.index, 1);
    assert_int_equal(queue.count, 0);
    skad_sim_queue_free(&queue);
}

#define MODEL_MAX 512

/* Against a list that is searched: random times, of which many are equal. */
static void queue_agrees_with_a_searched_list(void **state)
{
    (void)state;
    skad_sim_queue queue = {0};
    skad_sim_event list[MODEL_MAX];
    size_t count = 0;
    uint64_t now_us = 0;
    skad_prng prng;
    skad_prng_init(&prng, 7, 1);
    for (uint32_t step = 0; step < 200000; step++) {
        if (count < MODEL_MAX && (count == 0 || skad_prng_below(&prng, 2) == 0)) {
            uint64_t span = UINT64_C(1) << skad_prng_below(&prng, 40);
            skad_sim_event event = {now_us + skad_prng_below(&prng, span), SKAD_SIM_WORK, step};
            skad_sim_queue_put(&queue, event);
            list[count++] = event;
            continue;
        }
        size_t first = 0;
        for (size_t i = 1; i < count; i++) {
            first = list[i].due_us < list[first].due_us ? i : first;
        }
        skad_sim_event event;
        assert_true(skad_sim_queue_take(&queue, UINT64_MAX, &event));
        assert_int_equal(event.index, list[first].index);
        now_us = event.due_us;
        memmove(&list[first], &list[first + 1], (--count - first) * sizeof list[0]);
    }
    skad_sim_queue_free(&queue);
}

/* At how many stages each was foretold. */
typedef struct foretold {
    uint8_t stages[3000];
    uint8_t taken[3000];
} foretold;

static foretold seen;

static void hear(const void *user, const skad_sim_event *events, size_t count, unsigned stage)
{
    static const size_t soon[SKAD_SIM_STAGES] = SKAD_SIM_SOON;
    assert_ptr_equal(user, &seen);
    assert_true(stage < SKAD_SIM_STAGES);
    assert_in_range(count, 1, soon[stage]);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(events[i].kind, SKAD_SIM_WORK);
        assert_int_equal(seen.taken[events[i].index], 0);
        assert_int_equal(seen.stages[events[i].index]++, stage);
    }
}

static void queue_foretells_nearly_all_events_stage_by_stage_before_they_leave(void **state)
{
    (void)state;
    skad_prng prng;
    skad_sim_queue queue = {.soon = hear, .soon_user = &seen};
    skad_sim_event event;
    size_t told = 0;
    skad_prng_init(&prng, 7, 0);
    for (uint32_t i = 0; i < 3000; i++) {
        put(&queue, 1 + skad_prng_below(&prng, 1000000), i);
    }
    while (skad_sim_queue_take(&queue, UINT64_MAX, &event)) {
        assert_int_equal(event.kind, SKAD_SIM_WORK);
        seen.taken[event.index] = 1;
        told += seen.stages[event.index] == SKAD_SIM_STAGES;
    }
    assert_in_range(told, 2800, 3000);
    skad_sim_queue_free(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_gives_events_in_the_order_of_time),
        cmocka_unit_test(queue_gives_equal_times_in_the_order_of_coming),
        cmocka_unit_test(queue_keeps_what_is_due_later_than_asked_for),
        cmocka_unit_test(queue_agrees_with_a_searched_list),
        cmocka_unit_test(queue_foretells_nearly_all_events_stage_by_stage_before_they_leave),
    };
    return cmocka_run_group_tests_name("sim queue", tests, NULL, NULL);
}
