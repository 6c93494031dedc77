#include "src/sim/report/stats.h"

#include <math.h>
#include <stdlib.h>

#include "crypto/assert.h"
#include "src/sim/base/prng.h"

#define NORMAL_95     1.959964 /* the 97.5th percentile of the normal distribution */
#define RESAMPLES     2000
#define BITS_AT_FIRST 1.0 /* that a random node shares with a random target, on average */
#define BITS_BY_LOT   1.0
#define FEW           5 /* worlds: extremes of fewer do not enclose the truth often enough */

double skad_sim_share(uint64_t part, uint64_t all)
{
    return all == 0 ? 0 : (double)part / (double)all;
}

/* Of numbers that need not be whole. */
static skad_sim_interval wilson(double part, double n)
{
    if (n <= 0) {
        return (skad_sim_interval){0, 1};
    }
    double share = part / n;
    double z2 = NORMAL_95 * NORMAL_95;
    double centre = share + z2 / (2 * n);
    double spread = NORMAL_95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n));
    skad_sim_interval interval = {(centre - spread) / (1 + z2 / n),
                                  (centre + spread) / (1 + z2 / n)};
    interval.low = part <= 0 ? 0 : interval.low;
    interval.high = part >= n ? 1 : interval.high;
    return interval;
}

skad_sim_interval skad_sim_wilson(uint64_t part, uint64_t all)
{
    return wilson((double)part, (double)all);
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

/* ---- Bootstrap ---- */

/* One sample a world; those without a trial are left out. */
typedef struct samples {
    double parts[SKAD_SIM_WORLDS_MAX];
    double wholes[SKAD_SIM_WORLDS_MAX];
    size_t count;
    double part;
    double whole;
} samples;

static void take(samples *self, const double *parts, const double *wholes, size_t worlds)
{
    SKAD_ASSERT(worlds <= SKAD_SIM_WORLDS_MAX);
    *self = (samples){0};
    for (size_t i = 0; i < worlds; i++) {
        if (wholes[i] > 0) {
            self->parts[self->count] = parts[i];
            self->wholes[self->count++] = wholes[i];
            self->part += parts[i];
            self->whole += wholes[i];
        }
    }
}

/* Whether all worlds have the same ratio. */
static bool agree(const samples *self)
{
    for (size_t i = 1; i < self->count; i++) {
        const double here = self->parts[i] * self->wholes[0];
        const double there = self->parts[0] * self->wholes[i];
        if (here < there || here > there) {
            return false;
        }
    }
    return true;
}

static int by_size(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The value below which a share `q` of the sorted ones lies. */
static double percentile(const double *sorted, double q)
{
    const double at = q * (RESAMPLES - 1);
    const size_t below = (size_t)at;
    const size_t above = below + 1 < RESAMPLES ? below + 1 : below;
    return sorted[below] + (at - (double)below) * (sorted[above] - sorted[below]);
}

/* Around the ratio of all, by how the ratios of the worlds differ. */
static skad_sim_interval student(const samples *self)
{
    const double ratio = self->part / self->whole;
    const double n = (double)self->count;
    double squares = 0;
    for (size_t i = 0; i < self->count; i++) {
        const double off = self->parts[i] / self->wholes[i] - ratio;
        squares += off * off;
    }
    const double spread = student_95(self->count - 1) * sqrt(squares / (n - 1) / n);
    return (skad_sim_interval){fmax(0, ratio - spread), ratio + spread};
}

static skad_sim_interval bootstrap(const samples *self)
{
    static double ratios[RESAMPLES];
    skad_prng prng;
    const double n = (double)self->count;
    const double outside = 0.5 * erfc(sqrt(n / (n - 1)) * student_95(self->count - 1) / sqrt(2));
    skad_prng_init(&prng, self->count, SKAD_PRNG_RESAMPLES);
    for (size_t i = 0; i < RESAMPLES; i++) {
        double part = 0;
        double whole = 0;
        for (size_t j = 0; j < self->count; j++) {
            size_t world = (size_t)skad_prng_below(&prng, self->count);
            part += self->parts[world];
            whole += self->wholes[world];
        }
        ratios[i] = part / whole;
    }
    qsort(ratios, RESAMPLES, sizeof ratios[0], by_size);
    return (skad_sim_interval){percentile(ratios, outside), percentile(ratios, 1 - outside)};
}

/* ---- Estimates ---- */

const char *skad_sim_method_text(skad_sim_method method)
{
    switch (method) {
    case SKAD_SIM_METHOD_NONE:
        return "none";
    case SKAD_SIM_METHOD_WILSON:
        return "wilson";
    case SKAD_SIM_METHOD_BOOTSTRAP:
        return "bootstrap";
    case SKAD_SIM_METHOD_STUDENT:
        return "student";
    case SKAD_SIM_METHOD_WORLDS:
        return "worlds";
    }
    return "";
}

static bool one_trial_each(const samples *self)
{
    return self->whole <= (double)self->count;
}

skad_sim_estimate skad_sim_estimate_share(const double *parts, const double *wholes, size_t worlds,
                                          bool independent)
{
    samples all;
    take(&all, parts, wholes, worlds);
    skad_sim_estimate out = {.value = all.whole > 0 ? all.part / all.whole : 0,
                             .interval = {0, 1},
                             .samples = all.count};
    if (all.count == 0) {
        return out;
    }
    if (independent || (all.count > 1 && one_trial_each(&all))) {
        out.samples = (uint64_t)all.whole;
        out.method = SKAD_SIM_METHOD_WILSON;
        out.interval = wilson(all.part, all.whole);
    } else if (all.count > 1 && (all.count < FEW || agree(&all))) {
        out.method = SKAD_SIM_METHOD_WORLDS;
        out.interval = wilson(out.value * (double)all.count, (double)all.count);
    } else if (all.count > 1) {
        out.method = SKAD_SIM_METHOD_BOOTSTRAP;
        out.interval = bootstrap(&all);
    }
    return out;
}

skad_sim_estimate skad_sim_estimate_mean(const double *parts, const double *wholes, size_t worlds)
{
    samples all;
    take(&all, parts, wholes, worlds);
    skad_sim_estimate out = {.value = all.whole > 0 ? all.part / all.whole : 0,
                             .samples = all.count};
    out.interval = (skad_sim_interval){out.value, out.value};
    if (all.count > 1 && all.count < FEW && !agree(&all)) {
        out.method = SKAD_SIM_METHOD_STUDENT;
        out.interval = student(&all);
    } else if (all.count > 1 && !agree(&all)) {
        out.method = SKAD_SIM_METHOD_BOOTSTRAP;
        out.interval = bootstrap(&all);
    }
    return out;
}

/* ---- The model of disjoint paths ---- */

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

double skad_sim_chain_model(const skad_sim_scenario *scenario)
{
    const double depth =
        log2((double)skad_sim_scenario_count(scenario) / (double)scenario->siblings);
    const double gain = 1 + log2((double)scenario->k);
    const double first = scenario->forward_by_lot ? BITS_BY_LOT : gain;
    const double left = depth - BITS_AT_FIRST - first;
    return 1 + (left > 0 ? ceil(left / gain) : 0);
}
