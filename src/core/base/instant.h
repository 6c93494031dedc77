/* Instants in 32 bits, for tables that keep several of them for each peer. The counters wrap
 * around, so only the difference between two instants has a meaning; each unit is a type of its
 * own, so that the compiler refuses `<` and a mix of the two.
 *
 * - skad_instant, in milliseconds: for instants less than 24 days away in either direction, such as
 *   a liveness check that is due within half an hour, or an answer of the last hours. The counter
 *   wraps around every 50 days. An instant that is older than twelve days is kept at twelve; this
 *   matters where our own network is down for weeks.
 *
 * - skad_second: for how long a peer has been known. The counter wraps around after 136 years. */
#ifndef SKAD_BASE_INSTANT_H
#define SKAD_BASE_INSTANT_H

#include <stdint.h>

#include "skad/types.h"

typedef struct skad_instant {
    uint32_t ms;
} skad_instant;

typedef struct skad_second {
    uint32_t s;
} skad_second;

static inline skad_instant skad_instant_at(uint64_t us)
{
    return (skad_instant){(uint32_t)(us / SKAD_US_PER_MS)};
}

static inline skad_second skad_second_at(uint64_t us)
{
    return (skad_second){(uint32_t)(us / SKAD_US_PER_S)};
}

/* Twelve days: older instants are kept as old as that. */
#define SKAD_INSTANT_OLD_MS (UINT32_C(1) << 30)

/* Returns by how many milliseconds or seconds a is later than b; a negative number means earlier.
 */
static inline int32_t skad_instant_later(skad_instant a, skad_instant b)
{
    return (int32_t)(a.ms - b.ms);
}

static inline int32_t skad_second_later(skad_second a, skad_second b)
{
    return (int32_t)(a.s - b.s);
}

/* Returns how much time has passed since then, up to a whole turn of the counter. */
static inline uint32_t skad_instant_since_ms(skad_instant then, uint64_t now_us)
{
    return skad_instant_at(now_us).ms - then.ms;
}

static inline uint32_t skad_second_since_s(skad_second then, uint64_t now_us)
{
    return skad_second_at(now_us).s - then.s;
}

/* Returns the instant, moved forward if it is too old. An instant that passes here often enough
 * never wraps around. */
static inline skad_instant skad_instant_kept(skad_instant instant, skad_instant now)
{
    if (skad_instant_later(now, instant) > (int32_t)SKAD_INSTANT_OLD_MS) {
        instant.ms = now.ms - SKAD_INSTANT_OLD_MS;
    }
    return instant;
}

/* Returns the microseconds of an instant that is less than 24 days away from now. */
static inline uint64_t skad_instant_us(skad_instant instant, uint64_t now_us)
{
    uint64_t now_ms = now_us / SKAD_US_PER_MS;
    int32_t later = skad_instant_later(instant, (skad_instant){(uint32_t)now_ms});
    return (now_ms + (uint64_t)(int64_t)later) * SKAD_US_PER_MS;
}

#endif
