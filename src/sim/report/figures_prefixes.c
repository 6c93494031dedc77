/* The population of prefixes, as Sybil watchers of real networks draw it. */
#include <inttypes.h>
#include <math.h>

#include "src/core/routing/density.h"
#include "src/sim/report/figures_more.h"
#include "src/sim/report/gnuplot.h"

#define HONEST_MAX_SHARE 0.05 /* of honest worlds that have a fuller prefix than the band shows */

/* The first world with adversaries, or the first that there is; count: none. */
static size_t world_of(const skad_sim_archive *archive)
{
    size_t first = archive->plan.count;
    for (size_t i = 0; i < archive->plan.count; i++) {
        if (archive->have[i]) {
            first = first == archive->plan.count ? i : first;
            if (archive->outcomes[i].classes[SKAD_SIM_ADVERSARIES].up > 0) {
                return i;
            }
        }
    }
    return first;
}

/* The least population that a share below `share` of prefixes exceeds, by Poisson. */
static unsigned poisson_bound(double mean, double share)
{
    double chance = exp(-mean);
    double below = chance;
    unsigned count = 0;
    while (1 - below > share && count < 10000) {
        count++;
        chance *= mean / count;
        below += chance;
    }
    return count;
}

void skad_sim_figure_prefixes(const skad_sim_archive *archive, skad_sim_figures *out)
{
    const size_t world = world_of(archive);
    skad_sim_figure *figure = NULL;
    if (world == archive->plan.count || archive->outcomes[world].prefixes.bits == 0) {
        return;
    }
    const skad_sim_prefixes *it = &archive->outcomes[world].prefixes;
    const size_t count = (size_t)1 << it->bits;
    uint64_t honest = 0;
    FILE *file =
        skad_sim_figure_new(out, "prefixes", "nodes under each prefix of the key space", &figure);
    if (file == NULL) {
        return;
    }
    (void)fprintf(file, "$p << EOD\n");
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(file, "%zu %u %u\n", i, it->honest[i],
                      (unsigned)(it->honest[i] + it->adverse[i]));
        honest += it->honest[i];
    }
    const double mean = (double)honest / (double)count;
    const unsigned bound = poisson_bound(mean, HONEST_MAX_SHARE / (double)count);
    const double threshold = SKAD_DENSITY_FACTOR * mean;
    (void)fprintf(file,
                  "EOD\nset xlabel \"prefix, %" PRIu64 " bits\"\nset ylabel \"nodes\"\n"
                  "set xrange [-1:%zu]\nset yrange [0:*]\nset grid y\n"
                  "set style fill solid 1 noborder\n"
                  "plot $p using 1:3 with boxes lc rgb \"%s\" title \"adversaries\", "
                  "$p using 1:2 with boxes lc rgb \"%s\" title \"honest nodes\", "
                  "%u with lines lw 1.5 dt 2 lc rgb \"%s\" title \"Poisson, 95 %%\", "
                  "%.6g with lines lw 2 lc rgb \"%s\" title \"density check\"\n",
                  it->bits, count, skad_sim_colours[5], skad_sim_colours[0], bound,
                  skad_sim_colours[2], threshold, skad_sim_colours[3]);
    (void)fclose(file);
    (void)snprintf(figure->caption, sizeof figure->caption,
                   "Experiment %zu, seed %" PRIu64 ": %.2f honest nodes under a prefix on average. "
                   "In 95 of 100 networks of random IDs no prefix has more than %u (Poisson). "
                   "The density check of lookups begins to notice at %.1f, %d times the mean.",
                   world, archive->scenarios[world].seed, mean, bound, threshold,
                   SKAD_DENSITY_FACTOR);
}
