/* The little statistics that reports need. */
#ifndef SKAD_SIM_REPORT_STATS_H
#define SKAD_SIM_REPORT_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/sim/experiment/outcome.h"

typedef struct skad_sim_interval {
    double low;
    double high;
} skad_sim_interval;

/* A share, and its 95 % interval (Wilson, 1927); 0 to 1 where there was no trial. */
double skad_sim_share(uint64_t part, uint64_t all);
skad_sim_interval skad_sim_wilson(uint64_t part, uint64_t all);

/* How an interval was made; reports name it. */
typedef enum skad_sim_method {
    SKAD_SIM_METHOD_NONE,      /* too few worlds: nothing is known about others */
    SKAD_SIM_METHOD_WILSON,    /* over independent trials */
    SKAD_SIM_METHOD_BOOTSTRAP, /* over worlds */
    SKAD_SIM_METHOD_STUDENT,   /* over the means of few worlds */
    SKAD_SIM_METHOD_WORLDS,    /* over worlds that agree or are few: Wilson, each being one trial */
} skad_sim_method;

const char *skad_sim_method_text(skad_sim_method method);

typedef struct skad_sim_estimate {
    double value;
    skad_sim_interval interval; /* 95 % */
    skad_sim_method method;
    uint64_t samples; /* trials or worlds that it is over */
} skad_sim_estimate;

#define SKAD_SIM_WORLDS_MAX 256

/* A share: so many of so many, in each of at most SKAD_SIM_WORLDS_MAX worlds. Worlds without a
 * trial do not count.
 *
 * independent  all trials together, by Wilson; so are worlds with one trial each
 * else         a world is one sample, since all of its trials meet the same nodes around the same
 *              key: bootstrap over worlds, of the sum of parts over the sum of wholes. Two thousand
 *              resamples with percentiles that are widened for few worlds: those of Student's
 *              distribution, times sqrt(n / (n - 1)) (Hesterberg, 2015). If all worlds agree,
 *              resamples cannot tell how often others would not, and those of less than five worlds
 *              end at their least and greatest share; Wilson over the worlds, each being one trial,
 *              is wide enough for both. A single world has the interval 0 to 1.
 *
 * The same worlds give the same interval. */
skad_sim_estimate skad_sim_estimate_share(const double *parts, const double *wholes, size_t worlds,
                                          bool independent);

/* A mean, the sum of parts over the sum of wholes: bootstrap over worlds, or Student's t over the
 * means of less than five; an interval of no width for a single one, or if all agree. */
skad_sim_estimate skad_sim_estimate_mean(const double *parts, const double *wholes, size_t worlds);

/* S/Kademlia's model of d disjoint paths when a share m of the nodes is hostile: the chance that
 * one of them is clean, P = sum of h_i (1 - (1 - (1-m)^i)^d) over path lengths i, whose measured
 * distribution is h (Baumgart and Mies, 2007, section 5.1). */
double skad_sim_path_model(const uint64_t hops[static SKAD_SIM_HOPS], double m, unsigned d);

/* Requests of a chain that gets a record, from the density of tables. Asker and target share one
 * bit on average, and the nearest of k contacts in a bucket gains the bit that differs and about
 * log2(k) more, until log2(N / s) bits are shared, as by the s nodes that hold the record:
 *
 *     hops = ceil((log2(N / s) - 1) / (1 + log2(k)))
 *
 * A first hop that is drawn by lot gains but one bit on average: two of five contacts that may be
 * drawn are in the bucket of the target (route.h), and gain two. */
double skad_sim_chain_model(const skad_sim_scenario *scenario);

#endif
