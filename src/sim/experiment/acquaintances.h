/* Whether honest nodes that live go on knowing each other. In a network without any fault the peers
 * in a node's buckets stay where they are, whatever adversaries send: only silence makes room. One
 * that becomes a client says so and is forgotten, also where liars made it one. The members of the
 * buckets are noted when the measured time begins, and compared when it is over. */
#ifndef SKAD_SIM_EXPERIMENT_ACQUAINTANCES_H
#define SKAD_SIM_EXPERIMENT_ACQUAINTANCES_H

#include "src/sim/world/world.h"

typedef struct skad_sim_acquaintance {
    uint32_t node;
    uint32_t peer;
} skad_sim_acquaintance;

typedef struct skad_sim_acquaintances {
    skad_sim_acquaintance *pairs; /* of honest nodes */
    size_t count;
} skad_sim_acquaintances;

/* Notes nothing unless the scenario wants invariants, has an adversary, and has no faults. */
void skad_sim_acquaintances_note(skad_sim_acquaintances *known, const skad_world *world);
/* A pair that is no more is a broken invariant of the world. */
void skad_sim_acquaintances_check(const skad_sim_acquaintances *known, skad_world *world);
void skad_sim_acquaintances_free(skad_sim_acquaintances *known);

#endif
