/* The one place where a driver reads clocks. */
#ifndef SKAD_DAEMON_SYSTEM_CLOCK_H
#define SKAD_DAEMON_SYSTEM_CLOCK_H

#include "skad/types.h"

/* CLOCK_MONOTONIC and CLOCK_REALTIME. Monotonic time stands still while the machine sleeps, so a
 * nap looks to the node like no time at all, and a set clock moves only unix_s. */
skad_time skad_clock_now(void);

#endif
