#include "src/sim/experiment/hops.h"

#include <math.h>
#include <stddef.h>

#include "src/core/routing/distance.h"

void skad_sim_hop_see(skad_sim_hop *hop, const skad_id *key, const skad_step *step)
{
    const uint64_t distance = skad_id_prefix(key) ^ skad_id_prefix(&step->id);
    if (step->state != SKAD_STEP_ANSWERED) {
        return;
    }
    if (!hop->answered || distance < hop->distance) {
        hop->distance = distance;
        hop->nearest = step->hop;
        hop->answered = true;
    }
    if (step->gave_value && !hop->gave) {
        hop->giver = step->hop;
        hop->gave = true;
    }
}

void skad_sim_hops_count(uint64_t hops[static SKAD_SIM_HOPS], uint8_t hop)
{
    hops[hop < SKAD_SIM_HOPS ? hop : SKAD_SIM_HOPS - 1]++;
}

uint64_t skad_sim_hops_at(const uint64_t hops[static SKAD_SIM_HOPS], double q)
{
    uint64_t all = 0;
    uint64_t met = 0;
    for (size_t i = 0; i < SKAD_SIM_HOPS; i++) {
        all += hops[i];
    }
    const double wanted = ceil(q * (double)all);
    for (size_t i = 0; i < SKAD_SIM_HOPS; i++) {
        met += hops[i];
        if (met > 0 && (double)met >= wanted) {
            return i;
        }
    }
    return 0;
}
