/* wash: washes its share of a store: it brings records from one address, and a little later the
 * same ones from another, so that the second is to pay for them and the first has room for more. */
#include "src/sim/world/adversary.h"

#define VALUE_BYTES 400
#define WASHED      64 /* records that wait to be brought again */

typedef struct washed {
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    size_t len;
    uint32_t holder;
} washed;

typedef struct wash {
    washed all[WASHED];
    uint64_t brought; /* ever; every second turn brings an old one */
} wash;

static void make(skad_league *league, washed *out)
{
    uint8_t value[VALUE_BYTES];
    skad_id key;
    uint32_t nearest[1];
    skad_prng_bytes(league->prng, value, sizeof value);
    skad_value_key(value, sizeof value, &key);
    out->len = skad_record_encode_immutable(value, sizeof value, out->record, sizeof out->record);
    out->holder =
        skad_league_nearest_honest(league, &key, 1, nearest) == 1 ? nearest[0] : SKAD_SIM_NOBODY;
}

static void turn(skad_league *league)
{
    wash *self = league->state;
    const uint64_t number = self->brought++;
    washed *one = &self->all[number / 2 % WASHED];
    if (number % 2 == 0) {
        make(league, one);
    } else {
        one = &self->all[(number / 2 + 1) % WASHED]; /* the oldest */
    }
    if (one->len > 0 && one->holder != SKAD_SIM_NOBODY &&
        skad_world_up(league->world, one->holder)) {
        skad_league_bring(league, skad_league_draw_node(league), one->holder,
                          (skad_span){one->record, one->len});
    }
}

SKAD_ADVERSARY(wash) = {
    .is = SKAD_ADVERSARY_IS("wash", "brings its records again from other addresses",
                            SKAD_SIM_SENDS),
    .state_bytes = sizeof(wash),
    .turn = turn,
};
