/* Follows what nodes ask for themselves through the whole world: each FORWARD to the node that it
 * serves in the end, and each answer back. No node sees that; the world does, so an experiment can
 * tell how many requests an errand brought, how long the chain was whose answer came, and which of
 * the curious saw it first.
 *
 * An errand is one lookup or get of a node, which has one at a time. A FORWARD that a node sends
 * for the target of its own errand is its own; any other one serves the errand of the last FORWARD
 * for that target which came to it. A node that asks for what it forwards at the same time is
 * therefore taken for the asker of both.
 *
 * Memory: an errand for each node, and two tables of SKAD_CHAINS_PLACES, in which the newest takes
 * the place of an older one of the same hash. A chain that is lost so counts no hops. */
#ifndef SKAD_SIM_WORLD_CHAINS_H
#define SKAD_SIM_WORLD_CHAINS_H

#include "src/sim/world/adversary.h"

#define SKAD_CHAINS_PLACES 65536

/* The first request of an errand that came to one of the curious. */
typedef struct skad_sighting {
    bool seen;
    uint32_t sender;      /* as its address tells */
    uint8_t budget;       /* of a FORWARD, else 0 */
    uint16_t life_ms;     /* likewise */
    uint8_t order_own;    /* bits that the ID of the one that saw it shares with the target, */
    uint8_t order_sender; /* and that of the sender */
} skad_sighting;

typedef struct skad_errand {
    bool under_way;
    uint32_t number; /* counts this node's errands */
    skad_id target;
    uint32_t requests; /* FORWARDs of all nodes, so far */
    uint8_t hops;      /* requests of the chain whose answer came last; 0: none came */
    bool copy;         /* what it brought was a copy that its holder is not responsible for */
    skad_sighting sighting;
} skad_errand;

typedef struct skad_chains skad_chains;

/* Kept where nodes forward, and where some adversaries are curious. */
void skad_chains_init(skad_world *world);
void skad_chains_free(skad_world *world);

/* A node begins an errand, ends it. What is found out about it stays until the next one begins. */
void skad_chains_begin(skad_world *world, uint32_t node, const skad_id *target);
void skad_chains_end(skad_world *world, uint32_t node);
/* The last errand of a node; NULL: none is kept. */
const skad_errand *skad_chains_errand(const skad_world *world, uint32_t node);

/* FORWARDs of all errands, those that had ended included. */
uint64_t skad_chains_requests(const skad_world *world);

/* A node sends a datagram; is given one; has taken it. */
void skad_chains_sent(skad_world *world, uint32_t from, const skad_datagram *datagram);
void skad_chains_received(skad_world *world, uint32_t to, const skad_sim_flight *flight);
void skad_chains_taken(skad_world *world);

/* One of the curious was asked. */
void skad_chains_seen(skad_world *world, const skad_asked *asked);

#endif
