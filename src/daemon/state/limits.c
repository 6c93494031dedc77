/* Rates and limits of the process. */
#include "src/daemon/state/limits.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

static void change_rate(skad_rate *rate, uint64_t per_s)
{
    if (per_s == 0) {
        return;
    }
    /* A burst lasts as long as before. */
    const uint64_t burst = rate->per_s > 0 ? per_s * rate->burst / rate->per_s : per_s;
    *rate = (skad_rate){(uint32_t)per_s,
                        burst > 0 ? (uint32_t)(burst < UINT32_MAX ? burst : UINT32_MAX) : 1};
}

void skad_limits_change_rates(const skad_limits *limits, skad_node_rates *rates)
{
    const bool wanted = (limits->bandwidth_kib | limits->rate_all | limits->rate_unproven |
                         limits->rate_address) != 0;
    if (wanted && rates->cells == 0) {
        skad_node_rates_default(skad_profile_builtin("public"), rates);
    }
    change_rate(&rates->answer_bytes, limits->bandwidth_kib << 10);
    change_rate(&rates->validated_all, limits->rate_all);
    change_rate(&rates->unvalidated_all, limits->rate_unproven);
    change_rate(&rates->unvalidated[0], limits->rate_address);
}

static bool limit(int resource, uint64_t wanted)
{
    struct rlimit found;
    if (wanted == 0) {
        return true;
    }
    if (getrlimit(resource, &found) != 0) {
        return false;
    }
    const rlim_t max = wanted < found.rlim_max ? (rlim_t)wanted : found.rlim_max;
    const struct rlimit now = {.rlim_cur = max, .rlim_max = max};
    return setrlimit(resource, &now) == 0;
}

bool skad_limits_enter(const skad_limits *limits, skad_failure *failure)
{
    return (limit(RLIMIT_DATA, limits->memory_mib << 20) &&
            limit(RLIMIT_NOFILE, limits->descriptors)) ||
           skad_fail(failure, "cannot limit memory or descriptors: %s", strerror(errno));
}
