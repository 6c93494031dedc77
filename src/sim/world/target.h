/* The record of a capture: what it is, which honest node puts it, and what its key is. All of it
 * follows from the seed, so that identities can be ground for the key before there is a world. */
#ifndef SKAD_SIM_WORLD_TARGET_H
#define SKAD_SIM_WORLD_TARGET_H

#include "skad/store.h"
#include "src/sim/world/world.h"

typedef struct skad_sim_target {
    uint32_t publisher;
    uint8_t bytes[SKAD_SIM_PUBLISHED_BYTES]; /* an announcement: its metadata */
    skad_store_name name;
} skad_sim_target;

/* The nodes need not be made yet. */
void skad_sim_target_of(const skad_world *world, skad_sim_target *out);

/* Starts the put at its publisher, which goes on announcing it. */
skad_status skad_sim_target_put(const skad_sim_target *target, skad_world *world, skad_op *op);

/* Whether a get returned it. */
bool skad_sim_target_right(const skad_sim_target *target, const skad_get_report *got);

/* How many honest nodes that are up hold it for the network. */
uint32_t skad_sim_target_holders(const skad_sim_target *target, const skad_world *world);

#endif
