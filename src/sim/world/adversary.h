/* Adversaries: the last nodes of a world. Each has a node of the core like everybody else, which
 * pings and answers PINGs, so that it gets and keeps its places in the tables of others; what it is
 * asked for beyond that is answered, or not, by the behaviour of the scenario.
 *
 *   drop      nothing at all
 *   collude   the colluders closest to the target, and no record (S/Kademlia, section 5)
 *   misroute  real nodes, drawn at random, and no record
 *   poison    invented nodes that are close to the target, at addresses of nobody, and no record
 *   withhold  what an honest node answers, but no record; STORE is acknowledged and forgotten
 *
 * An adversary signs with its own key only; it has no other. */
#ifndef SKAD_SIM_WORLD_ADVERSARY_H
#define SKAD_SIM_WORLD_ADVERSARY_H

#include "src/sim/world/world.h"

typedef struct skad_adversary skad_adversary;

/* Before the nodes are made: grinds identities where the scenario places them near a key. */
void skad_adversary_prepare(skad_world *world);
/* Once they are: learns who the colluders are. */
void skad_adversary_init(skad_world *world);
void skad_adversary_free(skad_world *world);

/* Turns the seed of a ground identity into the one that was found; leaves others as they are. */
void skad_adversary_grind(const skad_world *world, uint32_t node, uint8_t seed[static 32]);

/* An adversary receives a datagram. False: its own node shall have it. */
bool skad_adversary_takes(skad_world *world, uint32_t node, const skad_sim_flight *flight);

/* The key that ground identities cluster around; NULL where there is none. */
const skad_id *skad_adversary_key(const skad_world *world);

/* What the adversary had to pay: hashes for puzzles, by the scenario's bits and the identities that
 * were drawn in vain, as expected numbers. */
double skad_adversary_price(const skad_world *world);

#endif
