/* IDs of dead nodes and addresses without a node, for adversaries that waste the time of
 * lookups.
 *
 * The IDs are those of nodes that have left: anywhere, ten for each honest node, and free, since
 * honest operators have paid for them. Or they are ground to lie near a key, which costs draws. The
 * nearest ones to a target are named, each time at addresses that were never named before. */
#ifndef SKAD_SIM_WORLD_GRAVEYARD_H
#define SKAD_SIM_WORLD_GRAVEYARD_H

#include "src/sim/world/adversary.h"

typedef struct skad_graveyard {
    skad_id_index index; /* of ids, by number */
    skad_id *ids;
    uint32_t named; /* dead addresses, so far */
} skad_graveyard;

/* key: NULL, or what ground ones lie near. */
void skad_graveyard_init(skad_graveyard *graveyard, const skad_world *world, const skad_id *key);
void skad_graveyard_free(skad_graveyard *graveyard);

/* Draws that ground IDs cost; 0 for departed ones. */
double skad_graveyard_draws(const skad_graveyard *graveyard, const skad_world *world);

/* The next dead address: in one of the scenario's dead subnets. */
skad_address skad_graveyard_address(skad_graveyard *graveyard, const skad_world *world);

/* Names the dead IDs nearest to a target, nearest first, `max` of them, SKAD_CONTACTS_MAX at most;
 * returns how many. */
size_t skad_graveyard_name(skad_graveyard *graveyard, const skad_world *world,
                           const skad_id *target, size_t max, skad_contact *out);

#endif
