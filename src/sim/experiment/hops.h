/* Hops: answers between the node that asks and the first mention of the one that mattered. 0: it
 * was among the asker's own contacts. A lookup's report tells them. Gets and puts are traced: a
 * get's hop is that of the node that gave the value, a put's that of the nearest node that
 * answered. */
#ifndef SKAD_SIM_EXPERIMENT_HOPS_H
#define SKAD_SIM_EXPERIMENT_HOPS_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/event.h"

#define SKAD_SIM_HOPS 16 /* the last one counts all beyond, too */

/* What a traced operation has shown so far. */
typedef struct skad_sim_hop {
    uint64_t distance; /* of the nearest node that answered, its first 64 bits */
    uint8_t nearest;   /* its hop */
    uint8_t giver;     /* of the first node that gave the value */
    bool answered;
    bool gave;
} skad_sim_hop;

void skad_sim_hop_see(skad_sim_hop *hop, const skad_id *key, const skad_step *step);

void skad_sim_hops_count(uint64_t hops[static SKAD_SIM_HOPS], uint8_t hop);

/* The hops within which a share `q` of them lies; 0 if none was counted. */
uint64_t skad_sim_hops_at(const uint64_t hops[static SKAD_SIM_HOPS], double q);

#endif
