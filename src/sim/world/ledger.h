/* What honest nodes send to addresses that have proven nothing, against what came from there. A
 * source may be spoofed: until a request from an address shows a valid token, all that is sent
 * there because of it, answers and pings, must stay within three times the bytes received
 * (SECURITY.md, "amplification"). What a node sends of its own accord does not count.
 *
 * There is one count for each pair of nodes, so the ledger is kept in small worlds only, and only
 * if the scenario wants invariants. A broken bound is a broken invariant of the world. */
#ifndef SKAD_SIM_WORLD_LEDGER_H
#define SKAD_SIM_WORLD_LEDGER_H

#include "src/sim/world/world.h"

#define SKAD_SIM_LEDGER_NODES_MAX 256
#define SKAD_SIM_LEDGER_FACTOR    3

typedef struct skad_sim_ledger skad_sim_ledger;

void skad_sim_ledger_init(skad_world *world);
void skad_sim_ledger_free(skad_world *world);

/* A node is about to get a datagram; what it sends to that source from now on is in answer to it,
 * until the datagram is served. */
void skad_sim_ledger_received(skad_world *world, uint32_t node, const skad_sim_flight *flight);
void skad_sim_ledger_served(skad_world *world);
void skad_sim_ledger_sent(skad_world *world, uint32_t node, const skad_datagram *datagram);

#endif
