/* Instants in 32 bits, for tables that keep several of them for each peer. The counters wrap
 * around, so only the difference between two instants has a meaning:
 *
 * - milliseconds: for instants less than 24 days away in either direction, such as a liveness check
 *   that is due within half an hour, or an answer of the last hours. The counter wraps around every
 *   50 days. An instant that is older than twelve days is kept at twelve; this matters where our
 *   own network is down for weeks.
 *
 * - seconds: for how long a peer has been known. The counter wraps around after 136 years. */
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

/* Twelve days: older instants are kept as old as that. */
#define SKAD_INSTANT_OLD_MS (UINT32_C(1) << 30)

/* Returns how much later a is than b; a negative number means earlier. */
static inline int32_t skad_instant_later(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

/* Returns the instant, moved forward if it is too old. An instant that passes here often enough
 * never wraps around. */
static inline uint32_t skad_instant_kept(uint32_t ms, uint32_t now_ms)
{
    bool old = skad_instant_later(now_ms, ms) > (int32_t)SKAD_INSTANT_OLD_MS;
    return old ? now_ms - SKAD_INSTANT_OLD_MS : ms;
}

/* Returns the microseconds of an instant in milliseconds that is less than 24 days away
 * from now. */
static inline uint64_t skad_instant_us(uint32_t ms, uint64_t now_us)
{
    uint64_t now_ms = now_us / SKAD_US_PER_MS;
    return (now_ms + (uint64_t)(int64_t)skad_instant_later(ms, (uint32_t)now_ms)) * SKAD_US_PER_MS;
}

#endif
