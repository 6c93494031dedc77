/* A ring between two threads: places, order, the full ring, and what the other side may see. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "src/host/net/spsc_ring.h"

#define SLOTS 8
#define JOBS  200000U

typedef struct bench {
    skad_spsc_ring ring;
    uint32_t jobs[SLOTS]; /* plain memory: the ring alone keeps the threads apart */
} bench;

static bool push(bench *self, uint32_t number)
{
    size_t slot;
    if (!skad_spsc_ring_free_slot(&self->ring, &slot)) {
        return false;
    }
    self->jobs[slot] = number;
    skad_spsc_ring_push(&self->ring);
    return true;
}

static bool work(bench *self)
{
    size_t slot;
    if (!skad_spsc_ring_waiting_slot(&self->ring, &slot)) {
        return false;
    }
    self->jobs[slot] *= 2;
    skad_spsc_ring_finish(&self->ring);
    return true;
}

static bool take(bench *self, uint32_t *number)
{
    size_t slot;
    if (!skad_spsc_ring_done_slot(&self->ring, &slot)) {
        return false;
    }
    *number = self->jobs[slot];
    skad_spsc_ring_take(&self->ring);
    return true;
}

static void an_empty_ring_has_nothing_to_work_on_and_nothing_done(void **state)
{
    bench self;
    uint32_t number;
    (void)state;
    skad_spsc_ring_init(&self.ring, SLOTS);
    assert_false(work(&self));
    assert_false(take(&self, &number));
    assert_int_equal(skad_spsc_ring_used(&self.ring), 0);
}

static void a_job_is_done_only_after_it_was_worked_on(void **state)
{
    bench self;
    uint32_t number = 0;
    (void)state;
    skad_spsc_ring_init(&self.ring, SLOTS);
    assert_true(push(&self, 21));
    assert_false(take(&self, &number));
    assert_true(work(&self));
    assert_false(work(&self));
    assert_true(take(&self, &number));
    assert_int_equal(number, 42);
    assert_false(take(&self, &number));
}

static void a_slot_is_free_again_only_once_its_job_was_taken(void **state)
{
    bench self;
    uint32_t number = 0;
    (void)state;
    skad_spsc_ring_init(&self.ring, SLOTS);
    for (uint32_t i = 0; i < SLOTS; i++) {
        assert_true(push(&self, i));
    }
    assert_false(push(&self, SLOTS));
    while (work(&self)) {
    }
    assert_false(push(&self, SLOTS));
    assert_int_equal(skad_spsc_ring_used(&self.ring), SLOTS);
    assert_true(take(&self, &number));
    assert_true(push(&self, SLOTS));
    assert_false(push(&self, SLOTS + 1));
}

static void an_empty_ring_starts_over_at_its_first_slot(void **state)
{
    bench self;
    uint32_t number = 0;
    size_t slot;
    (void)state;
    skad_spsc_ring_init(&self.ring, SLOTS);
    for (uint32_t i = 0; i < 3 * SLOTS; i++) {
        assert_true(skad_spsc_ring_free_slot(&self.ring, &slot));
        assert_int_equal(slot, 0);
        assert_true(push(&self, i));
        assert_true(work(&self));
        assert_true(take(&self, &number));
        assert_int_equal(number, 2 * i);
    }
}

static void a_ring_that_is_not_empty_goes_on_to_the_next_slot(void **state)
{
    bench self;
    uint32_t number = 0;
    size_t slot;
    (void)state;
    skad_spsc_ring_init(&self.ring, SLOTS);
    assert_true(push(&self, 0));
    for (uint32_t i = 1; i < 3 * SLOTS; i++) {
        assert_true(skad_spsc_ring_free_slot(&self.ring, &slot));
        assert_int_equal(slot, i % SLOTS);
        assert_true(push(&self, i));
        assert_true(work(&self));
        assert_true(take(&self, &number));
        assert_int_equal(number, 2 * (i - 1));
    }
}

static void *work_all(void *argument)
{
    bench *self = argument;
    for (uint32_t done = 0; done < JOBS;) {
        if (work(self)) {
            done++;
        } else {
            sched_yield();
        }
    }
    return NULL;
}

static void two_threads_lose_and_swap_nothing(void **state)
{
    static bench self;
    pthread_t thread;
    uint32_t pushed = 0;
    uint32_t taken = 0;
    uint32_t number;
    (void)state;
    skad_spsc_ring_init(&self.ring, SLOTS);
    assert_int_equal(pthread_create(&thread, NULL, work_all, &self), 0);
    while (taken < JOBS) {
        bool moved = pushed < JOBS && push(&self, pushed);
        pushed += moved;
        if (take(&self, &number)) {
            assert_int_equal(number, 2 * taken);
            taken++;
        } else if (!moved) {
            sched_yield();
        }
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(skad_spsc_ring_used(&self.ring), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_ring_has_nothing_to_work_on_and_nothing_done),
        cmocka_unit_test(a_job_is_done_only_after_it_was_worked_on),
        cmocka_unit_test(a_slot_is_free_again_only_once_its_job_was_taken),
        cmocka_unit_test(an_empty_ring_starts_over_at_its_first_slot),
        cmocka_unit_test(a_ring_that_is_not_empty_goes_on_to_the_next_slot),
        cmocka_unit_test(two_threads_lose_and_swap_nothing),
    };
    return cmocka_run_group_tests_name("spsc_ring", tests, NULL, NULL);
}
