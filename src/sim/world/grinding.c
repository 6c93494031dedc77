#include "src/sim/world/grinding.h"

#include <stdlib.h>

#include "crypto/assert.h"
#include "skad/record.h"
#include "src/core/routing/distance.h"
#include "src/sim/base/memory.h"
#include "src/sim/world/leagues.h"
#include "src/sim/world/target.h"

/* The seed of an adversary's n-th draw. */
static void draw_seed(const skad_world *world, uint32_t node, uint64_t number,
                      uint8_t out[static 32])
{
    skad_prng prng;
    skad_prng_init(&prng, world->scenario.seed ^ number * 0x9e3779b97f4a7c15ULL,
                   (uint64_t)SKAD_PRNG_ADVERSARY << 56 | node);
    skad_prng_bytes(&prng, out, 32);
}

/* What identities are ground to be near to, and how near: distances of the first 64 bits. */
typedef struct goal {
    uint64_t target;
    double from;
    double to; /* exclusive */
} goal;

/* Placements near a key are so many mean distances wide, of which the nearest of N honest nodes is
 * one away, 1/N of the key space. */
static goal goal_of(const skad_world *world, const skad_grinding *grinding, uint32_t number)
{
    const skad_sim_scenario *scenario = &world->scenario;
    const double mean = (double)UINT64_MAX / (double)world->honest;
    const uint64_t key = skad_id_prefix(&grinding->key);
    if (scenario->placement >= SKAD_SIM_NEAREST) {
        const skad_sim_zone *zone = skad_sim_zone_of(&grinding->zones, number);
        return (goal){key, (double)zone->from, (double)zone->to};
    }
    if (scenario->placement == SKAD_SIM_BOTH_ENDS && number % 2 == 1) {
        skad_identity publisher;
        skad_world_identity(world, SKAD_SIM_PUBLISHER, &publisher);
        return (goal){skad_id_prefix(&publisher.id), 0, scenario->publisher_width * mean};
    }
    return (goal){key, 0, scenario->placement_width * mean};
}

static uint64_t grind(const skad_world *world, const goal *wanted, uint32_t node, double *draws)
{
    for (uint64_t number = 1;; number++) {
        uint8_t seed[32];
        skad_identity identity;
        draw_seed(world, node, number, seed);
        skad_status status = skad_identity_from_seed(seed, world->profile.memory_kib, &identity);
        SKAD_ASSERT(status == SKAD_OK);
        *draws += 1;
        double distance = (double)(skad_id_prefix(&identity.id) ^ wanted->target);
        if (distance >= wanted->from && distance < wanted->to) {
            return number;
        }
    }
}

/* The key of the first value that node 0 publishes: immutable, unless all values are mutable. */
static void key_of_value(const skad_world *world, skad_id *out)
{
    uint8_t value[SKAD_SIM_PUBLISHED_BYTES];
    skad_leagues_value(world, value, sizeof value);
    if (world->scenario.values > 0) {
        skad_value_key(value, sizeof value, out);
        return;
    }
    skad_identity publisher;
    skad_world_identity(world, SKAD_SIM_PUBLISHER, &publisher);
    skad_mutable_key(publisher.public_key, (skad_span){value, SKAD_SIM_SALT_BYTES}, out);
}

/* The distances of the s honest nodes nearest to the key; returns how many there are. */
static size_t nearest_honest(const skad_world *world, const skad_id *key, size_t s, uint64_t *out)
{
    size_t count = 0;
    for (uint32_t node = 0; node < world->honest; node++) {
        skad_identity identity;
        skad_world_identity(world, node, &identity);
        uint64_t distance = skad_id_prefix(&identity.id) ^ skad_id_prefix(key);
        size_t at = count;
        while (at > 0 && distance < out[at - 1]) {
            if (at < s) {
                out[at] = out[at - 1];
            }
            at--;
        }
        if (at < s) {
            out[at] = distance;
            count += count < s;
        }
    }
    return count;
}

static void plan_zones(skad_grinding *grinding, const skad_world *world)
{
    uint64_t distances[SKAD_S_MAX];
    const skad_sim_scenario *scenario = &world->scenario;
    const skad_sim_surroundings known = {
        .distances = distances,
        .count = nearest_honest(world, &grinding->key, world->profile.siblings, distances),
        .honest = world->honest,
        .s = world->profile.siblings};
    grinding->zones = skad_sim_place((skad_sim_placement)scenario->placement, &known,
                                     (unsigned)scenario->region_bits, world->count - world->honest);
}

static void choose_key(skad_grinding *grinding, const skad_world *world, skad_prng *prng)
{
    grinding->key = skad_prng_id(prng);
    if (world->scenario.key_of_value) {
        key_of_value(world, &grinding->key);
    }
    if (world->scenario.capture != SKAD_SIM_NOTHING) {
        skad_sim_target target;
        skad_sim_target_of(world, &target);
        grinding->key = target.name.key;
    }
    if (world->scenario.aim != SKAD_SIM_AT_KEY) {
        skad_identity victim;
        skad_world_identity(world, (uint32_t)world->scenario.victim, &victim);
        grinding->key = victim.id;
    }
    if (world->scenario.placement >= SKAD_SIM_NEAREST) {
        plan_zones(grinding, world);
    }
}

void skad_grinding_init(skad_grinding *grinding, const skad_world *world, skad_prng *prng)
{
    const uint32_t count = world->count - world->honest;
    grinding->near_key = world->scenario.placement != SKAD_SIM_ANYWHERE;
    grinding->draws = count;
    if (!grinding->near_key) {
        return;
    }
    choose_key(grinding, world, prng);
    grinding->finds = skad_sim_alloc(count, sizeof *grinding->finds);
    grinding->draws = 0;
    for (uint32_t i = 0; i < count; i++) {
        const goal wanted = goal_of(world, grinding, i);
        grinding->finds[i] = grind(world, &wanted, world->honest + i, &grinding->draws);
    }
    if (grinding->zones.count > 0) {
        grinding->draws = skad_sim_zones_draws(&grinding->zones);
    }
}

void skad_grinding_free(skad_grinding *grinding)
{
    free(grinding->finds);
    grinding->finds = NULL;
}

const skad_id *skad_grinding_key(const skad_grinding *grinding)
{
    return grinding->near_key ? &grinding->key : NULL;
}

void skad_grinding_seed(const skad_grinding *grinding, const skad_world *world, uint32_t node,
                        uint8_t seed[static 32])
{
    if (grinding->near_key && node >= world->honest) {
        draw_seed(world, node, grinding->finds[node - world->honest], seed);
    }
}
