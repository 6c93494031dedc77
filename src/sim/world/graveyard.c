#include "src/sim/world/graveyard.h"

#include <stdlib.h>

#include "src/core/routing/distance.h"
#include "src/sim/base/memory.h"

#define DEPARTED_FACTOR 10 /* for each honest node */
#define SUBNET          256U

/* Turns a random ID into one within so many mean distances of the key. */
static void move_near(const skad_world *world, const skad_id *key, skad_prng *prng, skad_id *id)
{
    double width = world->scenario.graves_width * (double)UINT64_MAX / (double)world->honest;
    uint64_t most = width < (double)UINT64_MAX ? (uint64_t)width : UINT64_MAX;
    uint64_t prefix = skad_id_prefix(key) ^ skad_prng_below(prng, most == 0 ? 1 : most);
    for (unsigned i = 0; i < 8; i++) {
        id->bytes[i] = (uint8_t)(prefix >> (56 - 8 * i));
    }
}

void skad_graveyard_init(skad_graveyard *graveyard, const skad_world *world, const skad_id *key)
{
    const skad_sim_scenario *scenario = &world->scenario;
    skad_prng prng;
    uint32_t count =
        scenario->graves > 0 ? (uint32_t)scenario->graves : DEPARTED_FACTOR * world->honest;
    skad_prng_init(&prng, scenario->seed, SKAD_PRNG_GRAVES);
    graveyard->ids = skad_sim_alloc(count, sizeof *graveyard->ids);
    skad_id_index_init(&graveyard->index, count);
    for (uint32_t i = 0; i < count; i++) {
        graveyard->ids[i] = skad_prng_id(&prng);
        if (key != NULL && scenario->graves_width > 0) {
            move_near(world, key, &prng, &graveyard->ids[i]);
        }
        skad_id_index_add(&graveyard->index, &graveyard->ids[i], i);
    }
    skad_id_index_sort(&graveyard->index);
}

void skad_graveyard_free(skad_graveyard *graveyard)
{
    if (graveyard->ids != NULL) {
        skad_id_index_free(&graveyard->index);
        free(graveyard->ids);
    }
    *graveyard = (skad_graveyard){0};
}

double skad_graveyard_draws(const skad_graveyard *graveyard, const skad_world *world)
{
    bool ground = graveyard->ids != NULL && world->scenario.graves_width > 0;
    return ground ? (double)graveyard->index.count * (double)world->honest /
                        world->scenario.graves_width
                  : 0;
}

skad_address skad_graveyard_address(skad_graveyard *graveyard, const skad_world *world)
{
    const uint32_t subnets = (uint32_t)world->scenario.dead_subnets;
    uint32_t number = graveyard->named++;
    uint32_t place =
        subnets == 0 ? number * SUBNET : number % subnets * SUBNET + number / subnets % SUBNET;
    return skad_sim_address_unroutable(&world->addresses, place);
}

size_t skad_graveyard_name(skad_graveyard *graveyard, const skad_world *world,
                           const skad_id *target, size_t max, skad_contact *out)
{
    uint32_t nearest[SKAD_CONTACTS_MAX];
    const skad_id_index_query query = {.target = skad_id_prefix(target), .max = max};
    size_t count = skad_id_index_closest(&graveyard->index, &query, nearest);
    for (size_t i = 0; i < count; i++) {
        const skad_address address = skad_graveyard_address(graveyard, world);
        out[i] = skad_sim_contact(&graveyard->ids[nearest[i]], &address);
    }
    return count;
}
