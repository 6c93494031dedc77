#include "tests/support/manual_timers.h"

#include <stdbool.h>
#include <string.h>

#include "crypto/assert.h"

#define TIMERS_MAX 64

void __wrap_skad_timer_start(skad_loop *loop, skad_timer *timer, uint64_t after_us);
void __wrap_skad_timer_stop(skad_loop *loop, skad_timer *timer);

static skad_timer *running[TIMERS_MAX]; /* in the order of their starts */
static size_t count;

void __wrap_skad_timer_stop(skad_loop *loop, skad_timer *timer)
{
    (void)loop;
    for (size_t i = 0; i < count; i++) {
        if (running[i] == timer) {
            timer->active = false;
            memmove(&running[i], &running[i + 1], (count - i - 1) * sizeof running[0]);
            count--;
            return;
        }
    }
}

void __wrap_skad_timer_start(skad_loop *loop, skad_timer *timer, uint64_t after_us)
{
    __wrap_skad_timer_stop(loop, timer);
    SKAD_ASSERT(count < TIMERS_MAX);
    timer->active = true;
    timer->due_us = after_us; /* how long it lasts, since time does not pass here */
    running[count++] = timer;
}

static bool lasts(const skad_timer *timer, unsigned after_s)
{
    return timer->due_us == after_s * SKAD_US_PER_S;
}

size_t test_timers_running(void)
{
    return count;
}

size_t test_timers_of(unsigned after_s)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += lasts(running[i], after_s);
    }
    return found;
}

void test_timers_fire(skad_loop *loop, unsigned after_s)
{
    size_t i = 0;
    while (i < count && !lasts(running[i], after_s)) {
        i++;
    }
    SKAD_ASSERT(i < count);
    skad_timer *timer = running[i];
    __wrap_skad_timer_stop(loop, timer);
    timer->due(timer->user);
}
