/* The adversaries of a world, in leagues: one for each behaviour of the scenario. They are the last
 * nodes of the world. This is the frame: it deals the nodes to the leagues, calls the functions of
 * their behaviours (adversary.h), and prices what they have.
 *
 *   a datagram for one of them  ->  leagues_takes    ->  asked, name
 *   one of them sends           ->  leagues_departs  ->  departs
 *   anything passes a link      ->  leagues_passes   ->  passes
 *   any node sends              ->  leagues_overhear ->  overhear
 *   ATTACK comes out of the queue -> leagues_turn    ->  turn
 */
#ifndef SKAD_SIM_WORLD_LEAGUES_H
#define SKAD_SIM_WORLD_LEAGUES_H

#include "crypto/token.h"
#include "src/sim/world/adversary.h"
#include "src/sim/world/grinding.h"

typedef struct skad_sim_token {
    bool known;
    uint8_t bytes[SKAD_TOKEN_BYTES];
} skad_sim_token;

typedef struct skad_leagues {
    skad_league all[SKAD_SIM_PARTS_MAX];
    size_t count;
    uint8_t *league_of; /* each adversary, from world->honest on */
    skad_id_index colluders;
    skad_grinding grinding;
    skad_prng prng; /* of what is answered */
    skad_prng attack_prng;
    skad_identity *identities; /* of the adversaries; NULL: none of them sends */
    skad_sim_token *tokens;    /* of each adversary, one for each honest node; the last granted */
    const skad_id *keys;       /* of the published values; borrowed */
    size_t keys_count;
    bool overhears; /* some league does */
    bool passes;
    bool departs;
    bool over;
} skad_leagues;

/* Called before the nodes are made: grinds identities if the scenario places them near a key. */
void skad_leagues_prepare(skad_world *world);
/* Called once they are made. */
void skad_leagues_init(skad_world *world);
void skad_leagues_free(skad_world *world);

/* Turns the seed of a ground identity into the one that was found; leaves others as they are. */
void skad_leagues_grind(const skad_world *world, uint32_t node, uint8_t seed[static 32]);

/* Fills in the bytes of the first value that node 0 publishes, where its key is attacked. */
void skad_leagues_value(const skad_world *world, uint8_t *out, size_t len);

/* The key that ground identities cluster around; NULL where there is none. */
const skad_id *skad_leagues_key(const skad_world *world);

/* How many keys the adversary draws for its identities, those in vain included: an expectation
 * where they are placed around a key (placement.h). */
double skad_leagues_draws(const skad_world *world);

/* The adversary's price: the expected number of hashes for puzzles, by the scenario's bits,
 * including identities that were drawn in vain. */
double skad_leagues_price(const skad_world *world);

/* Whether a node is one of those that are never up. */
bool skad_leagues_absent(const skad_world *world, uint32_t node);

/* Plans the first turns. The keys of the published values are borrowed. */
void skad_leagues_begin(skad_world *world, const skad_id *keys, size_t count);
/* Ends all turns, and what is done to links. */
void skad_leagues_end(skad_world *world);

/* One turn of a league. Plans the next one. */
void skad_leagues_turn(skad_world *world, uint32_t number);

/* Lets an adversary handle a datagram. False: its own node shall have it. */
bool skad_leagues_takes(skad_world *world, uint32_t node, const skad_sim_flight *flight);

/* A node sends a datagram, as seen from the outside at `source`. */
void skad_leagues_overhear(skad_world *world, uint32_t from, const skad_address *source,
                           const skad_datagram *datagram);
/* A datagram leaves an adversary, or passes a link. False: it goes no farther. */
bool skad_leagues_departs(skad_world *world, uint32_t node, const skad_datagram *datagram,
                          uint64_t *delay_us);
bool skad_leagues_passes(skad_world *world, uint32_t from, uint32_t to,
                         const skad_datagram *datagram, uint64_t *delay_us);

/* The name of a record that was published to frame its holders, for honest nodes to get; in half of
 * the cases, and never where no league frames, there is none. */
bool skad_leagues_bait(skad_world *world, skad_store_name *out);

#endif
