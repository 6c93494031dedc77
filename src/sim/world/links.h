/* What happens to datagrams between two nodes: how long they take, and which are lost, duplicated,
 * corrupted or delayed. All of it is drawn from one stream of the PRNG, in the order of sending. */
#ifndef SKAD_SIM_WORLD_LINKS_H
#define SKAD_SIM_WORLD_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/sim/base/prng.h"
#include "src/sim/scenario/scenario.h"

typedef struct skad_sim_links {
    skad_prng prng;
    const skad_sim_scenario *scenario; /* borrowed */
    float *matrix;                     /* milliseconds, row by row; NULL: none */
    size_t matrix_places;
} skad_sim_links;

/* False, with a reason, when the matrix file cannot be read. */
bool skad_sim_links_init(skad_sim_links *links, const skad_sim_scenario *scenario,
                         char reason[static SKAD_SIM_REASON_BYTES]);
void skad_sim_links_free(skad_sim_links *links);

/* One way, microseconds, at least 1. */
uint64_t skad_sim_links_latency_us(skad_sim_links *links, uint32_t from, uint32_t to);

/* A usual round trip, for tables that are filled instead of measured. */
uint64_t skad_sim_links_round_trip_us(const skad_sim_links *links);

/* The fate of one datagram. */
typedef struct skad_sim_fate {
    bool lost;
    bool doubled;
    bool damaged;
    uint64_t held_up_us;
} skad_sim_fate;

skad_sim_fate skad_sim_links_fate(skad_sim_links *links);

#endif
