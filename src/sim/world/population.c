#include "src/sim/world/population.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "crypto/keys.h"
#include "skad/simulator.h"
#include "src/core/node/invariants.h"
#include "src/sim/base/memory.h"
#include "src/sim/world/carriers.h"
#include "src/sim/world/leagues.h"

#define PEERS_MIN 32 /* see skad_node_limits */
#define PEERS_MAX 4096
#define OUTBOX    1024

#define TOKENS_NODES_MAX 20000 /* in larger worlds nodes keep few tokens */
#define TOKENS_FEW       32

#define RATE_CELLS 1024 /* prefixes that a node counts: enough for some hundred sources */

/* A node's own randomness in each of its lives, and what its identity is derived from (life 0). */
static void own_seed(const skad_world *world, uint32_t node, uint64_t life,
                     uint8_t out[static SKAD_SEED_BYTES])
{
    skad_prng prng;
    skad_prng_init(&prng, world->scenario.seed,
                   (uint64_t)SKAD_PRNG_NODES << 56 | life << 32 | node);
    skad_prng_bytes(&prng, out, SKAD_SEED_BYTES);
}

void skad_world_identity(const skad_world *world, uint32_t node, skad_identity *out)
{
    uint8_t seed[SKAD_SEED_BYTES];
    own_seed(world, node, 0, seed);
    skad_leagues_grind(world, node, seed);
    skad_status status = skad_identity_from_seed(seed, world->profile.memory_kib, out);
    SKAD_ASSERT(status == SKAD_OK);
    uint64_t unix_s = skad_world_time(world, node).unix_s;
    const skad_puzzle_nonce nonce = {.epoch = skad_profile_epoch(&world->profile, unix_s)};
    status = skad_identity_add_nonce(out, &world->profile, &nonce);
    SKAD_ASSERT(status == SKAD_OK);
}

const skad_id *skad_world_id(const skad_world *world, uint32_t node)
{
    return &world->ids[node];
}

/* ---- Birth and death ---- */

#define PEERS_STEP 16 /* that a table's memory grows by */

/* As many peers as a table has in a stable network of this size: k in each of log2(N / k) buckets
 * and in the one around us, and the siblings, of which about half are in buckets already. */
static uint64_t places_of(const skad_world *world)
{
    uint64_t buckets = 1;
    for (uint64_t nodes = world->count; nodes >= (uint64_t)2 * world->profile.k; nodes /= 2) {
        buckets++;
    }
    uint64_t needed =
        buckets * world->profile.k + world->scenario.eta * (uint64_t)world->profile.siblings / 2;
    uint64_t places = (needed + world->scenario.replacements) / PEERS_STEP * PEERS_STEP;
    return places >= needed ? places : places + PEERS_STEP;
}

/* Returns how many tokens a node keeps. Without a newcomer's token a node hands it no records over,
 * so each has room for what a daemon has, and takes the memory for one of each peer: 3 to 6 KB a
 * node. The largest worlds, which show how lookups scale, cannot afford it. */
static uint16_t tokens_of(const skad_world *world, uint16_t usual)
{
    return world->count <= TOKENS_NODES_MAX ? usual : TOKENS_FEW;
}

/* The limits of a node; memory is allocated as it is needed. Node 0 has more to do at once. */
static void limits_of(const skad_world *world, uint32_t node, skad_node_limits *out)
{
    uint64_t peers = places_of(world);
    skad_node_limits_default(out);
    out->peers = (uint16_t)(peers < PEERS_MIN ? PEERS_MIN : peers > PEERS_MAX ? PEERS_MAX : peers);
    out->watches = 0;
    out->tokens = node == SKAD_SIM_PUBLISHER ? out->tokens : tokens_of(world, out->tokens);
    if (node != SKAD_SIM_PUBLISHER) {
        out->pending = 256;
        out->operations = 16;
        out->events = 16;
        out->duplicates = 16;
        out->roots = 2;
    }
}

/* An adversary of a capture keeps nothing, whatever reaches its node: what it does not answer
 * itself its node answers honestly, and must not give the record away. */
static void open_store(const skad_world *world, uint32_t node)
{
    static const skad_store_caps caps = {.records_max = 65536,
                                         .bytes_max = 16 << 20,
                                         .published_max = 65536,
                                         .published_bytes_max = 64 << 20};
    static const skad_store_caps none = {
        .records_max = 1, .bytes_max = 1, .published_max = 1, .published_bytes_max = 1};
    bool keeps = node < world->honest || world->scenario.capture == SKAD_SIM_NOTHING;
    skad_store *store = &world->nodes[node].store;
    skad_status status = skad_store_memory_new(keeps ? &caps : &none, store);
    (void)skad_sim_must(status == SKAD_OK ? store->self : NULL);
}

void skad_world_start(skad_world *world, uint32_t node)
{
    skad_sim_node *one = &world->nodes[node];
    skad_identity identity;
    SKAD_ASSERT(one->node == NULL);
    one->births++;
    one->dismissed = 0;
    skad_world_identity(world, node, &identity);
    const skad_node_tuning tuning = {
        .closing_round = world->scenario.closing_round,
        .neighbourhood_check = world->scenario.neighbourhood_check,
        .neighbourhoods = world->scenario.neighbourhoods,
        .first_answers = world->scenario.first_answers,
        .forward_by_lot = world->scenario.forward_by_lot,
        .forward_padded = world->scenario.forward_padded,
        .sibling_factor = (uint8_t)world->scenario.eta,
        .answer_contacts = (uint8_t)world->scenario.beta,
        .lookup_requests = (uint16_t)world->scenario.steps_to_stop,
    };
    const skad_simulator_config simulator = {.shared = world->shared,
                                             .insecure_memory = true,
                                             .lazy_allocation = true,
                                             .tuning = &tuning};
    skad_node_config config = {.profile = world->profile,
                               .identity = &identity,
                               .store = one->store,
                               .families = skad_sim_families_of(&world->addresses, node),
                               .role = world->scenario.clients ? SKAD_ROLE_AUTO : SKAD_ROLE_SERVER,
                               .finds_reach = world->scenario.introductions,
                               .audit_period_s = world->scenario.audit_period_s,
                               .simulator = &simulator};
    limits_of(world, node, &config.limits);
    skad_node_rates_default(&world->profile, &config.rates);
    config.rates.cells = world->scenario.limit_rates ? RATE_CELLS : 0;
    own_seed(world, node, one->births, config.seed);
    skad_status status = skad_node_new(&config, skad_world_time(world, node), &one->node);
    (void)skad_sim_must(status == SKAD_OK ? one->node : NULL);
    one->wake_us = UINT64_MAX;
}

void skad_world_stop(skad_world *world, uint32_t node, bool forget)
{
    skad_sim_node *one = &world->nodes[node];
    SKAD_ASSERT(one->node != NULL);
    skad_node_free(one->node);
    one->node = NULL;
    one->joined = false;
    one->wake_us = UINT64_MAX;
    if (forget) {
        one->store.ops->free(one->store.self);
        open_store(world, node);
    }
}

void skad_world_join(skad_world *world, uint32_t node, uint32_t through)
{
    skad_address address = skad_sim_address_of(&world->addresses, through);
    skad_status status =
        skad_node_join(world->nodes[node].node, &address, 1, skad_world_time(world, node));
    SKAD_ASSERT(status == SKAD_OK);
    skad_world_settle(world, node);
}

/* Which kind of NAT a draw means. */
static skad_sim_nat_kind nat_kind_of(const skad_sim_scenario *scenario, double draw)
{
    const struct {
        double share;
        skad_sim_nat_kind kind;
    } kinds[] = {{scenario->nat_full_cone, SKAD_SIM_NAT_FULL_CONE},
                 {scenario->nat_restricted, SKAD_SIM_NAT_RESTRICTED},
                 {scenario->nat_symmetric, SKAD_SIM_NAT_SYMMETRIC},
                 {scenario->nat_address, SKAD_SIM_NAT_ADDRESS}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (draw < kinds[i].share) {
            return kinds[i].kind;
        }
        draw -= kinds[i].share;
    }
    return SKAD_SIM_NAT_NONE;
}

static uint64_t nat_life_us(const skad_sim_scenario *scenario, skad_prng *nats)
{
    const double more_s = scenario->nat_life_max_s - scenario->nat_life_s;
    const double life_s = scenario->nat_life_s + (more_s > 0 ? more_s * skad_prng_unit(nats) : 0);
    return (uint64_t)(life_s * (double)SKAD_US_PER_S);
}

/* Makes a node's NAT, with that of its carrier in one (nat.h). */
static void make_nat(skad_world *world, uint32_t node, skad_sim_nat_kind kind, skad_prng *nats)
{
    const skad_sim_scenario *scenario = &world->scenario;
    uint64_t life_us = nat_life_us(scenario, nats);
    uint32_t row = 0;
    if (world->addresses.carriers != NULL && node < world->addresses.shared_from &&
        skad_prng_unit(nats) < scenario->nat_carrier) {
        const uint64_t outer_us = nat_life_us(scenario, nats);
        const bool hairpins = skad_prng_unit(nats) < scenario->nat_hairpin;
        life_us = outer_us < life_us ? outer_us : life_us;
        kind = kind < SKAD_SIM_NAT_RESTRICTED ? SKAD_SIM_NAT_RESTRICTED : kind;
        row = skad_sim_carriers_add(world->addresses.carriers, node,
                                    (uint32_t)scenario->nat_carrier_nodes, hairpins);
    }
    world->nodes[node].nat = skad_sim_nat_new(kind, life_us, row);
}

/* Draws a node's NAT. Node 0 has none, because all other nodes join through it. */
static void choose_nat(skad_world *world, uint32_t node, skad_prng *prng, skad_prng *nats)
{
    const skad_sim_nat_kind kind = nat_kind_of(&world->scenario, skad_prng_unit(prng));
    const bool neighbour = node >= world->honest && world->addresses.neighbours;
    if (kind != SKAD_SIM_NAT_NONE && node != SKAD_SIM_PUBLISHER && !neighbour) {
        make_nat(world, node, kind, nats);
    }
}

void skad_population_init(skad_world *world)
{
    skad_prng prng;
    skad_prng nats;
    skad_prng_init(&prng, world->scenario.seed, SKAD_PRNG_NODES);
    skad_prng_init(&nats, world->scenario.seed, SKAD_PRNG_NATS);
    skad_crypto_init();
    skad_status status = skad_shared_new(OUTBOX, &world->shared);
    (void)skad_sim_must(status == SKAD_OK ? world->shared : NULL);
    world->nodes = skad_sim_alloc(world->count, sizeof *world->nodes);
    world->ids = skad_sim_alloc(world->count, sizeof *world->ids);
    skad_leagues_prepare(world);
    skad_id_index_init(&world->id_index, world->count);
    for (uint32_t node = 0; node < world->count; node++) {
        skad_sim_node *one = &world->nodes[node];
        one->skew_s = (float)((2 * skad_prng_unit(&prng) - 1) * world->scenario.clock_skew_s);
        choose_nat(world, node, &prng, &nats);
        open_store(world, node);
        skad_world_start(world, node);
        world->ids[node] = *skad_node_self(one->node);
        skad_id_index_add(&world->id_index, &world->ids[node], node);
    }
    skad_id_index_sort(&world->id_index);
}

void skad_population_free(skad_world *world)
{
    for (uint32_t node = 0; node < world->count && world->nodes != NULL; node++) {
        skad_sim_node *one = &world->nodes[node];
        skad_node_free(one->node);
        skad_sim_nat_free(one->nat);
        if (one->store.ops != NULL) {
            one->store.ops->free(one->store.self);
        }
    }
    skad_leagues_free(world);
    skad_id_index_free(&world->id_index);
    free(world->nodes);
    free(world->ids);
    skad_shared_free(world->shared);
    world->nodes = NULL;
}

const char *skad_population_broken(const skad_world *world, uint32_t node)
{
    return skad_node_broken(world->nodes[node].node, skad_world_time(world, node));
}

size_t skad_population_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}
