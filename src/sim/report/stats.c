#include "src/sim/report/stats.h"

#include <math.h>

#define NORMAL_95 1.959964 /* the 97.5th percentile of the normal distribution */

double skad_sim_share(uint64_t part, uint64_t all)
{
    return all == 0 ? 0 : (double)part / (double)all;
}

skad_sim_interval skad_sim_wilson(uint64_t part, uint64_t all)
{
    if (all == 0) {
        return (skad_sim_interval){0, 1};
    }
    double n = (double)all;
    double share = (double)part / n;
    double z2 = NORMAL_95 * NORMAL_95;
    double centre = share + z2 / (2 * n);
    double spread = NORMAL_95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n));
    skad_sim_interval interval = {(centre - spread) / (1 + z2 / n),
                                  (centre + spread) / (1 + z2 / n)};
    interval.low = part == 0 ? 0 : interval.low;
    interval.high = part == all ? 1 : interval.high;
    return interval;
}

double skad_sim_path_model(const uint64_t hops[static SKAD_SIM_HOPS], double m, unsigned d)
{
    double all = 0;
    double sum = 0;
    for (size_t i = 0; i < SKAD_SIM_HOPS; i++) {
        double clean = pow(1 - m, (double)i);
        all += (double)hops[i];
        sum += (double)hops[i] * (1 - pow(1 - clean, d));
    }
    return all == 0 ? 0 : sum / all;
}
