#include "tests/support/manual_ev_timers.h"

#include <stdbool.h>
#include <string.h>

#include "crypto/assert.h"

#define TIMERS_MAX 64

void __wrap_ev_timer_start(struct ev_loop *loop, ev_timer *timer);
void __wrap_ev_timer_stop(struct ev_loop *loop, ev_timer *timer);

static ev_timer *running[TIMERS_MAX]; /* in the order of their starts */
static size_t count;

void __wrap_ev_timer_stop(struct ev_loop *loop, ev_timer *timer)
{
    (void)loop;
    for (size_t i = 0; i < count; i++) {
        if (running[i] == timer) {
            memmove(&running[i], &running[i + 1], (count - i - 1) * sizeof running[0]);
            count--;
            return;
        }
    }
}

void __wrap_ev_timer_start(struct ev_loop *loop, ev_timer *timer)
{
    (void)loop;
    for (size_t i = 0; i < count; i++) {
        if (running[i] == timer) {
            return; /* as libev does */
        }
    }
    SKAD_ASSERT(count < TIMERS_MAX);
    running[count++] = timer;
}

static bool lasts(const ev_timer *timer, double after_s)
{
    return timer->at > after_s - 0.001 && timer->at < after_s + 0.001;
}

size_t test_ev_timers_running(void)
{
    return count;
}

size_t test_ev_timers_of(double after_s)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += lasts(running[i], after_s);
    }
    return found;
}

void test_ev_timers_fire(struct ev_loop *loop, double after_s)
{
    size_t i = 0;
    while (i < count && !lasts(running[i], after_s)) {
        i++;
    }
    SKAD_ASSERT(i < count);
    ev_timer *timer = running[i];
    if (timer->repeat <= 0.) {
        __wrap_ev_timer_stop(loop, timer);
    }
    ev_invoke(loop, timer, EV_TIMER);
}
