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

/* The 97.5th percentile of Student's distribution: from tables up to ten degrees of freedom; beyond
 * by the expansion around the normal one (Abramowitz and Stegun, 26.7.5), right to a thousandth
 * there. */
static double student_95(size_t degrees)
{
    static const double few[] = {12.706, 4.303, 3.182, 2.776, 2.571,
                                 2.447,  2.365, 2.306, 2.262, 2.228};
    const double z = NORMAL_95;
    const double n = (double)degrees;
    if (degrees <= sizeof few / sizeof few[0]) {
        return few[degrees - 1];
    }
    return z + (pow(z, 3) + z) / (4 * n) + (5 * pow(z, 5) + 16 * pow(z, 3) + 3 * z) / (96 * n * n) +
           (3 * pow(z, 7) + 19 * pow(z, 5) + 17 * pow(z, 3) - 15 * z) / (384 * n * n * n);
}

double skad_sim_mean(const double *samples, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += samples[i];
    }
    return count == 0 ? 0 : sum / (double)count;
}

skad_sim_interval skad_sim_t_interval(const double *samples, size_t count)
{
    if (count < 2) {
        return (skad_sim_interval){0, 1};
    }
    double mean = skad_sim_mean(samples, count);
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        squares += (samples[i] - mean) * (samples[i] - mean);
    }
    double spread = student_95(count - 1) * sqrt(squares / (double)(count - 1) / (double)count);
    return (skad_sim_interval){fmax(0, mean - spread), fmin(1, mean + spread)};
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
