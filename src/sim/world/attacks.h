/* Attacks: what adversaries send of their own accord. Their nodes answer like honest ones
 * meanwhile, so that they are in the tables of others; those of a crowd are down and answer
 * nothing.
 *
 *   flood   requests from the addresses of honest nodes: half of them with a good signature of an
 *           adversary, half in the name of that honest node, with a wrong one
 *   replay  searches of honest nodes for their own neighbourhood, and records that they bring, as
 *           overheard on their way from or to a victim: the same bytes again, from the same address
 *   frame   mutable records that end two seconds after they are published, and records whose
 *           signatures only some libraries take (cryptography.h), for honest nodes to get; and
 *           requests with wrong signatures and good tokens. Each adversary shares the address of an
 *           honest node, and has another port
 *   squat   announcements under the keys of the published values, each of a new publisher; one in
 *           four is brought again by another adversary, from another address
 *   crowd   searches by many identities that never answer
 *
 * Each turn sends one of these, attack_rate times a second. Attackers have tokens as all senders
 * do: from the answers that came to their addresses. */
#ifndef SKAD_SIM_WORLD_ATTACKS_H
#define SKAD_SIM_WORLD_ATTACKS_H

#include "src/sim/world/world.h"

typedef struct skad_attacks skad_attacks;

/* Called once the nodes are made. */
void skad_attacks_init(skad_world *world);
void skad_attacks_free(skad_world *world);

/* Whether a node is one of a crowd, which is never up. */
bool skad_attacks_silent(const skad_world *world, uint32_t node);

/* Plans the first turn. Squatters aim at the keys, which are borrowed. */
void skad_attacks_begin(skad_world *world, const skad_id *keys, size_t count);
/* Ends all attacks; turns that are still planned do nothing. */
void skad_attacks_end(skad_world *world);

/* One turn. Plans the next one. */
void skad_attacks_turn(skad_world *world);

/* The name of a record that was published to frame its holders, for honest nodes to get; in half of
 * the cases, and never from attackers that do not frame, there is none. */
bool skad_attacks_bait(skad_world *world, skad_store_name *out);

/* A node sends a datagram, as seen from the outside at `source`. */
void skad_attacks_overhear(skad_world *world, uint32_t from, const skad_address *source,
                           const skad_datagram *datagram);
/* A datagram came to an adversary. */
void skad_attacks_hear(skad_world *world, uint32_t node, const skad_sim_flight *flight);

#endif
