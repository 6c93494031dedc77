/* Instants in 32 bits, for tables that keep several of them a peer. They count on round after
 * round, so only their difference to another means anything:
 *
 *   milliseconds  for what lies less than 24 days away, to either side: a liveness check that is
 *                 due within half an hour, an answer of the last hours. The counter comes round
 *                 every 50 days; what is older than twelve is kept at twelve, which matters where
 *                 our own network is down for weeks.
 *   seconds       for how long somebody is known: comes round after 136 years. */
#ifndef SKAD_BASE_INSTANT_H
#define SKAD_BASE_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/types.h"

static inline uint32_t skad_instant_ms(uint64_t us)
{
    return (uint32_t)(us / SKAD_US_PER_MS);
}

static inline uint32_t skad_instant_s(uint64_t us)
{
    return (uint32_t)(us / SKAD_US_PER_S);
}

#define SKAD_INSTANT_OLD_MS                                                                        \
    (UINT32_C(1) << 30) /* twelve days: older instants are kept as old as that */

/* How much later a is than b; negative: earlier. */
static inline int32_t skad_instant_later(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

/* An instant that is looked at often enough never comes round. */
static inline uint32_t skad_instant_kept(uint32_t ms, uint32_t now_ms)
{
    bool old = skad_instant_later(now_ms, ms) > (int32_t)SKAD_INSTANT_OLD_MS;
    return old ? now_ms - SKAD_INSTANT_OLD_MS : ms;
}

/* The microseconds of an instant in milliseconds that is less than 24 days away from now. */
static inline uint64_t skad_instant_us(uint32_t ms, uint64_t now_us)
{
    uint64_t now_ms = now_us / SKAD_US_PER_MS;
    return (now_ms + (uint64_t)(int64_t)skad_instant_later(ms, (uint32_t)now_ms)) * SKAD_US_PER_MS;
}

#endif
