#include "src/core/base/rate.h"

bool skad_rate_has_room(const skad_rate *rate, uint64_t until_us, uint64_t now_us)
{
    uint64_t ahead_max_us = (uint64_t)rate->burst * SKAD_US_PER_S / rate->per_s;
    return until_us <= now_us || until_us - now_us < ahead_max_us;
}

void skad_rate_charge(const skad_rate *rate, uint64_t amount, uint64_t *until_us, uint64_t now_us)
{
    uint64_t from_us = *until_us > now_us ? *until_us : now_us;
    *until_us = from_us + (amount * SKAD_US_PER_S + rate->per_s - 1) / rate->per_s;
}

bool skad_rate_relaxed(const skad_rate *rate, uint64_t until_us, uint64_t now_us)
{
    if (rate->per_s == 0) {
        return true;
    }
    uint64_t half_us = (uint64_t)rate->burst * SKAD_US_PER_S / 2 / rate->per_s;
    return until_us <= now_us || until_us - now_us <= half_us;
}

bool skad_rate_allows(const skad_rate *rate, uint64_t amount, uint64_t *until_us, uint64_t now_us)
{
    if (rate->per_s == 0) {
        return true;
    }
    if (!skad_rate_has_room(rate, *until_us, now_us)) {
        return false;
    }
    skad_rate_charge(rate, amount, until_us, now_us);
    return true;
}
