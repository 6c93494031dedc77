/* Adversaries: the last nodes of a world. Each has a node of the core like all others, which pings
 * and answers PINGs, so that it enters the tables of others and stays there. The behaviour of the
 * scenario decides whether and how it answers other requests.
 *
 *   drop      nothing at all
 *   collude   the colluders closest to the target, and no record (S/Kademlia, section 5)
 *   misroute  real nodes, drawn at random, and no record
 *   poison    invented nodes close to the target, at addresses without a node, and no record
 *   withhold  what an honest node answers, but no record; STORE is acknowledged and forgotten
 *   invent    nodes that exist nowhere and share 200 bits with the target, the same from all
 *   graveyard dead IDs near the target, each time at new addresses without a node (graveyard.h)
 *   displace  the honest nodes nearest to the target, at such addresses; twice: each at two of them
 *   half-true the honest nodes nearest to the target, and fewer dead IDs as a graveyard does
 *   ladder    the next closer adversary, and the honest nodes nearest to the target
 *   others    answer as honest nodes do, and send what honest nodes do not (attacks.h)
 *
 * An adversary signs with its own key only; it has no other. */
#ifndef SKAD_SIM_WORLD_ADVERSARY_H
#define SKAD_SIM_WORLD_ADVERSARY_H

#include "src/sim/world/world.h"

typedef struct skad_adversary skad_adversary;

/* Called before the nodes are made: grinds identities if the scenario places them near a key. */
void skad_adversary_prepare(skad_world *world);
/* Called once they are made: learns which nodes are the colluders. */
void skad_adversary_init(skad_world *world);
void skad_adversary_free(skad_world *world);

/* Turns the seed of a ground identity into the one that was found; leaves others as they are. */
void skad_adversary_grind(const skad_world *world, uint32_t node, uint8_t seed[static 32]);

/* Lets an adversary handle a datagram. False: its own node shall have it. */
bool skad_adversary_takes(skad_world *world, uint32_t node, const skad_sim_flight *flight);

/* Fills in the bytes of the first value that node 0 publishes, where its key is attacked. */
void skad_adversary_value(const skad_world *world, uint8_t *out, size_t len);

/* The key that ground identities cluster around; NULL where there is none. */
const skad_id *skad_adversary_key(const skad_world *world);

/* How many keys the adversary draws for its identities, those in vain included: an expectation
 * where they are placed around a key (placement.h). */
double skad_adversary_draws(const skad_world *world);

/* The adversary's price: the expected number of hashes for puzzles, by the scenario's bits,
 * including identities that were drawn in vain. */
double skad_adversary_price(const skad_world *world);

#endif
