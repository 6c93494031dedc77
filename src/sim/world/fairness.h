/* Honest nodes do not punish each other. Whatever an adversary sends, in whatever name and from
 * whatever address: no honest node bans another one, or evicts it for violations. Checked where the
 * scenario wants invariants. */
#ifndef SKAD_SIM_WORLD_FAIRNESS_H
#define SKAD_SIM_WORLD_FAIRNESS_H

#include "src/sim/world/world.h"

/* Call it after a node has had a datagram. A ban or an eviction of an honest node is a broken
 * invariant of the world. */
void skad_fairness_check(skad_world *world, uint32_t node, const skad_sim_flight *flight);

#endif
