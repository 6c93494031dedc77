/* Reads both clocks of one instant. */
#include "src/host/system/clock.h"

#include <time.h>

skad_time skad_clock_now(void)
{
    struct timespec mono;
    struct timespec wall;

    /* This clock goes on while the machine sleeps: after waking, a node that heard no peer for long
     * notices that it is isolated, and joins again. */
    clock_gettime(CLOCK_BOOTTIME, &mono);
    clock_gettime(CLOCK_REALTIME, &wall);
    return (skad_time){
        .mono_us = (uint64_t)mono.tv_sec * SKAD_US_PER_S + (uint64_t)mono.tv_nsec / 1000,
        .unix_s = wall.tv_sec > 0 ? (uint64_t)wall.tv_sec : 0,
    };
}

uint64_t skad_clock_awake_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SKAD_US_PER_S + (uint64_t)now.tv_nsec / 1000;
}
