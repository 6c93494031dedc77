/* The one place where a driver reads clocks. */
#ifndef SKAD_HOST_SYSTEM_CLOCK_H
#define SKAD_HOST_SYSTEM_CLOCK_H

#include "skad/types.h"

/* CLOCK_BOOTTIME and CLOCK_REALTIME. The former goes on while the machine sleeps and never jumps,
 * so setting the clock moves only unix_s. */
skad_time skad_clock_now(void);

/* The monotonic clock of service managers, which stands still while the machine sleeps. */
uint64_t skad_clock_awake_us(void);

#endif
