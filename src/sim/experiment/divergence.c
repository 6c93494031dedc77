#include "src/sim/experiment/divergence.h"

#include <math.h>

#include "src/core/routing/distance.h"

#define LENGTHS 64 /* of shared prefixes; longer ones count as the longest */

/* What is left where chance gives a length next to nothing, so that one node there is no infinity.
 */
#define SHARE_MIN 1e-6

/* The mean of min(k, P) for a Poisson number P. */
static double mean_of_least(size_t k, double mean)
{
    double chance = exp(-mean);
    double below = 0; /* that P is less than k */
    double sum = 0;
    for (size_t i = 0; i < k; i++) {
        below += chance;
        sum += (double)i * chance;
        chance *= mean / (double)(i + 1);
    }
    return sum + (double)k * (1 - below);
}

static unsigned shared_bits(const skad_id *a, const skad_id *b)
{
    const uint64_t apart = skad_id_prefix(a) ^ skad_id_prefix(b);
    const unsigned bits = apart == 0 ? LENGTHS : (unsigned)__builtin_clzll(apart);
    return bits < LENGTHS ? bits : LENGTHS - 1;
}

double skad_sim_divergence(const skad_id *target, const skad_contact *closest, size_t count,
                           double network_size)
{
    size_t found[LENGTHS] = {0};
    double sum = 0;
    double all = 0;
    if (count == 0 || network_size < 1) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        found[shared_bits(target, &closest[i].id)]++;
    }
    for (unsigned length = 0; length < LENGTHS; length++) {
        const double here = mean_of_least(count, network_size * exp2(-(double)length));
        const double longer = mean_of_least(count, network_size * exp2(-(double)length - 1));
        const double usual = fmax(SHARE_MIN, (here - longer) / (double)count);
        const double share = (double)found[length] / (double)count;
        sum += share > 0 ? share * log(share / usual) : 0;
        all += usual;
    }
    return sum + log(all);
}
