/* Timers of libev that go off when a test says so, and not when their time has come. A program that
 * wants them is linked with skad_manual_ev_timers (tests/CMakeLists.txt), which has the linker hand
 * ev_timer_start and ev_timer_stop to this file. The loop never knows of these timers. */
#ifndef SKAD_TESTS_MANUAL_EV_TIMERS_H
#define SKAD_TESTS_MANUAL_EV_TIMERS_H

#include <stddef.h>

#include <ev.h>

/* How many timers run, of all loops. */
size_t test_ev_timers_running(void);

/* How many of them go off after so many seconds. */
size_t test_ev_timers_of(double after_s);

/* Lets the one that was started first of those with so many seconds go off; there must be one. One
 * that repeats goes on running. */
void test_ev_timers_fire(struct ev_loop *loop, double after_s);

#endif
