/* Timers that go off when a test says so, and not when their time has come. A program that wants
 * them is linked with skad_manual_timers (tests/CMakeLists.txt), which has the linker hand
 * skad_timer_start and skad_timer_stop to this file. The loop never knows of these timers. */
#ifndef SKAD_TESTS_MANUAL_TIMERS_H
#define SKAD_TESTS_MANUAL_TIMERS_H

#include <stddef.h>

#include "src/host/loop/loop.h"

/* How many timers run, of all loops. */
size_t test_timers_running(void);

/* How many of them go off after so many seconds. */
size_t test_timers_of(unsigned after_s);

/* Lets the one that was started first of those with so many seconds go off; there must be one. */
void test_timers_fire(skad_loop *loop, unsigned after_s);

#endif
