/* announce-flood: announcements without number, each of a new publisher and under a new key, at the
 * nodes that are to hold it: the stores fill, and honest records find no room. */
#include "crypto/assert.h"
#include "skad/records.h"
#include "src/sim/world/adversary.h"

static uint32_t draw_holder(skad_league *league, const skad_id *key)
{
    uint32_t holders[SKAD_CONTACTS_MAX];
    size_t count = skad_league_nearest_honest(league, key, 4, holders);
    return count == 0 ? SKAD_SIM_NOBODY : holders[skad_league_draw(league, count)];
}

static void turn(skad_league *league)
{
    const skad_world *world = league->world;
    const uint32_t node = skad_league_draw_node(league);
    const skad_id key = skad_prng_id(league->prng);
    const uint32_t holder = draw_holder(league, &key);
    const skad_address endpoint = skad_sim_address_of(&world->addresses, node);
    uint8_t seed[32];
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    skad_identity publisher;
    skad_prng_bytes(league->prng, seed, sizeof seed);
    skad_status status = skad_identity_from_seed(seed, 0, &publisher);
    SKAD_ASSERT(status == SKAD_OK);
    size_t len =
        skad_record_encode_announcement(skad_league_publisher(league, &publisher), &key, 1,
                                        skad_league_unix_s(league) + world->profile.record_life_s,
                                        &endpoint, (skad_span){NULL, 0}, record, sizeof record);
    if (holder != SKAD_SIM_NOBODY && len > 0) {
        skad_league_bring(league, node, holder, (skad_span){record, len});
    }
}

SKAD_ADVERSARY(announce_flood) = {
    .is = SKAD_ADVERSARY_IS("announce-flood", "fills stores with announcements under new keys",
                            SKAD_SIM_SENDS),
    .turn = turn,
};
