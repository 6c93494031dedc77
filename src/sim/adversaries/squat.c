/* squat: announcements under the keys of the published values, each of a new publisher; one in four
 * is brought again by another adversary, from another address. */
#include "crypto/assert.h"
#include "skad/records.h"
#include "src/sim/world/adversary.h"

#define HOLDERS_MAX 16 /* of a key, among which squatters choose */

typedef struct squat {
    uint32_t publishers;                   /* invented so far */
    uint8_t record[SKAD_RECORD_BYTES_MAX]; /* the last announcement, and where it was brought */
    size_t len;
    uint32_t holder;
} squat;

/* One of the nodes that are to hold what is stored under a key. */
static uint32_t draw_holder(skad_league *league, const skad_id *key)
{
    uint32_t holders[HOLDERS_MAX];
    size_t count =
        skad_league_nearest_honest(league, key, league->world->profile.siblings, holders);
    return count == 0 ? SKAD_SIM_NOBODY : holders[skad_league_draw(league, count)];
}

static void announce(skad_league *league, const skad_id *key)
{
    squat *self = league->state;
    const skad_world *world = league->world;
    uint8_t seed[32];
    skad_identity publisher;
    skad_prng_bytes(league->prng, seed, sizeof seed);
    skad_status status = skad_identity_from_seed(seed, 0, &publisher);
    SKAD_ASSERT(status == SKAD_OK);
    const skad_address endpoint =
        skad_sim_address_unroutable(&world->addresses, self->publishers++);
    self->len = skad_record_encode_announcement(
        skad_league_publisher(league, &publisher), key, 1,
        skad_league_unix_s(league) + world->profile.record_life_s, &endpoint, (skad_span){NULL, 0},
        self->record, sizeof self->record);
}

static void turn(skad_league *league)
{
    squat *self = league->state;
    uint32_t node = skad_league_draw_node(league);
    if (skad_league_values(league) == 0) {
        return;
    }
    bool again = skad_league_draw(league, 4) == 0 && self->len > 0 &&
                 skad_world_up(league->world, self->holder);
    if (!again) {
        const skad_id *key =
            skad_league_value_key(league, skad_league_draw(league, skad_league_values(league)));
        self->holder = draw_holder(league, key);
        announce(league, key);
        if (self->holder == SKAD_SIM_NOBODY) {
            self->len = 0;
        }
    }
    if (self->len > 0) {
        skad_league_bring(league, node, self->holder, (skad_span){self->record, self->len});
    }
}

SKAD_ADVERSARY(squat) = {
    .is = SKAD_ADVERSARY_IS("squat", "fills keys with announcements of free publishers",
                            SKAD_SIM_SENDS),
    .state_bytes = sizeof(squat),
    .turn = turn,
};
