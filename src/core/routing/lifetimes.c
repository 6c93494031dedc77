#include "src/core/routing/lifetimes.h"

#define ONE_END 256U

void skad_lifetimes_init(skad_lifetimes *lifetimes, uint64_t mean_us)
{
    const uint64_t room_us =
        SKAD_LIFETIMES_SEEN_MS_MAX / SKAD_LIFETIMES_FIRST_ENDS * SKAD_US_PER_MS;
    uint64_t seen_us = (mean_us < room_us ? mean_us : room_us) * SKAD_LIFETIMES_FIRST_ENDS;
    *lifetimes = (skad_lifetimes){.seen_ms = (uint32_t)(seen_us / SKAD_US_PER_MS),
                                  .ends = SKAD_LIFETIMES_FIRST_ENDS * ONE_END};
}

bool skad_lifetimes_sound(const skad_lifetimes *lifetimes)
{
    return lifetimes->seen_ms <= SKAD_LIFETIMES_SEEN_MS_MAX &&
           lifetimes->ends <= SKAD_LIFETIMES_ENDS_MAX * ONE_END;
}

static void forget(skad_lifetimes *lifetimes)
{
    if (!skad_lifetimes_sound(lifetimes)) {
        lifetimes->seen_ms /= 2;
        lifetimes->ends /= 2;
    }
}

void skad_lifetimes_lived(skad_lifetimes *lifetimes, uint32_t for_ms)
{
    lifetimes->seen_ms += for_ms < SKAD_LIFETIMES_STEP_MS_MAX ? for_ms : SKAD_LIFETIMES_STEP_MS_MAX;
    forget(lifetimes);
}

void skad_lifetimes_ended(skad_lifetimes *lifetimes)
{
    lifetimes->ends += ONE_END;
    forget(lifetimes);
}

uint64_t skad_lifetimes_mean_us(const skad_lifetimes *lifetimes)
{
    return lifetimes->ends == 0 ? UINT64_MAX
                                : lifetimes->seen_ms * (ONE_END * SKAD_US_PER_MS) / lifetimes->ends;
}
