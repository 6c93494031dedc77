/* The memory and the cost of a node: the bytes of a daemon's node and of a simulator's, by part;
 * the time to make a simulator's node with a full table; and the time of one FIND_NODE, from the
 * incoming datagram to the outgoing one.
 *
 *   build/bench_footprint [nodes]
 *
 * The table is that of a node among 100,000, all of whose buckets are full: k = s = 16, eta = 5.
 * Signatures are modelled (tests/support/modelled_signatures.h): a hash of 64 bytes each. */
#define _GNU_SOURCE /* qsort_r */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"
#include "crypto/assert.h"
#include "skad/simulator.h"
#include "src/core/node/parts.h"
#include "src/core/node/prefill.h"
#include "src/core/routing/distance.h"
#include "tests/support/identities.h"

#define WORLD         100000 /* nodes there are */
#define ROLES         16     /* different ones of them that our nodes play */
#define CONTACTS_MAX  512
#define NODES_DEFAULT 2000
#define REQUESTS      4000
#define ROUNDS        9

typedef struct role {
    skad_identity identity;
    skad_acquaintance known[CONTACTS_MAX];
    size_t count;
} role;

static skad_id ids[WORLD]; /* sorted */
static skad_address addresses[WORLD];
static role roles[ROLES];
static const skad_time NOW = {.mono_us = 1000 * SKAD_US_PER_S, .unix_s = BENCH_UNIX_S};

/* ---- A world ---- */

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(skad_id));
}

static void make_world(skad_random *random)
{
    for (size_t i = 0; i < WORLD; i++) {
        skad_random_bytes(random, ids[i].bytes, sizeof ids[i].bytes);
        addresses[i] = (skad_address){.family = SKAD_FAMILY_IPV4, .port = 4000};
        skad_random_bytes(random, addresses[i].ip, 4);
    }
    qsort(ids, WORLD, sizeof ids[0], compare_ids);
}

static void know(role *self, const skad_id *id)
{
    SKAD_ASSERT(self->count < CONTACTS_MAX);
    for (size_t i = 0; i < self->count; i++) {
        if (self->known[i].id == id) {
            return;
        }
    }
    self->known[self->count++] =
        (skad_acquaintance){id, &addresses[id - ids], 50000, NOW.mono_us, NOW.mono_us};
}

static int closer_first(const void *a, const void *b, void *self)
{
    const skad_id *const *left = a;
    const skad_id *const *right = b;
    return skad_distance_compare(self, *left, *right);
}

/* Draws as many nodes at random as each bucket holds, and takes the closest of all. */
static void vector_role(role *self, size_t k, size_t siblings, skad_random *random)
{
    static const skad_id *found[WORLD];
    skad_id *id = &self->identity.id;
    size_t count = WORLD;
    self->count = 0;
    for (unsigned shared = 0; count > siblings; shared++) {
        size_t beyond = 0;
        count = 0;
        for (size_t i = 0; i < WORLD; i++) {
            unsigned bits = skad_common_prefix(id, &ids[i]);
            found[count] = &ids[i];
            count += bits == shared;
            beyond += bits > shared;
        }
        for (size_t i = 0; i < k && i < count; i++) {
            size_t at = i + (size_t)skad_random_below(random, count - i);
            const skad_id *drawn = found[at];
            found[at] = found[i];
            know(self, drawn);
        }
        count = beyond;
    }
    for (size_t i = 0; i < WORLD; i++) {
        found[i] = &ids[i];
    }
    qsort_r(found, WORLD, sizeof(skad_id *), closer_first, id);
    for (size_t i = 0; i < siblings; i++) {
        know(self, found[i]);
    }
}

/* ---- Nodes ---- */

static skad_node *make_node(const role *self, bool daemon, skad_shared *shared, skad_store *store)
{
    static const skad_store_caps caps = {4096, 4 << 20, 1024, 1 << 20};
    skad_status status = skad_store_memory_new(&caps, store);
    SKAD_ASSERT(status == SKAD_OK);
    skad_node_config config = {.profile = *skad_profile_builtin("test"),
                               .identity = &self->identity,
                               .store = *store,
                               .families = SKAD_FAMILIES_ALL};
    const skad_simulator_config simulator = {
        .shared = shared, .insecure_memory = true, .lazy_allocation = true};
    skad_node_limits_default(&config.limits);
    if (!daemon) {
        config.limits = (skad_node_limits){.peers = 512,
                                           .pending = 32,
                                           .operations = 8,
                                           .outbox = 16,
                                           .events = 8,
                                           .duplicates = 16,
                                           .tokens = 64,
                                           .roots = 4};
        config.simulator = &simulator;
    }
    skad_node *node;
    status = skad_node_new(&config, NOW, &node);
    SKAD_ASSERT(status == SKAD_OK);
    status = skad_prefill_known(node, self->known, self->count, NOW);
    SKAD_ASSERT(status == SKAD_OK);
    skad_prefill_joined(node, NOW);
    return node;
}

static void free_node(skad_node *node, const skad_store *store)
{
    skad_node_free(node);
    store->ops->free(store->self);
}

/* ---- Bytes ---- */

static void print_part(const char *name, size_t bytes)
{
    printf("  %-28s %8zu\n", name, bytes);
}

static size_t bans_bytes(const skad_bans *bans)
{
    return ((size_t)bans->banned.capacity + bans->allowed.capacity) * sizeof(skad_ban) +
           (bans->strikes == NULL
                ? 0
                : SKAD_STRIKES_TABLES * SKAD_STRIKES_SOURCES * sizeof(skad_strikes));
}

static void print_parts(const char *title, skad_node *node)
{
    const skad_node_parts parts = skad_node_parts_of(node);
    const skad_table *table = parts.table;
    const skad_peers *peers = &table->peers;
    printf("%s, %u peers in %zu buckets:\n", title, peers->count, table->buckets_count);
    print_part("the node itself", parts.bytes);
    print_part("peers", peers->capacity * (sizeof *peers->peers + sizeof *peers->prefixes +
                                           sizeof *peers->checks_ms) +
                            peers->colds_capacity * sizeof *peers->colds);
    print_part("buckets", table->buckets_capacity *
                              (sizeof *table->buckets + 2 * table->k * sizeof *table->runs));
    print_part("tokens", peers->tokens.capacity * sizeof *peers->tokens.slots);
    print_part("pending", parts.pending->capacity *
                              (sizeof *parts.pending->rpcs + sizeof *parts.pending->due_us +
                               sizeof *parts.pending->free_slots));
    print_part("operations",
               parts.operations->count * (sizeof *parts.operations->slots + sizeof(skad_op)));
    print_part("outbox",
               parts.outbox->shared != NULL ? 0 : parts.outbox->limit * sizeof *parts.outbox->ring);
    print_part("duplicates", (parts.duplicates->mask + 1) * sizeof *parts.duplicates->fingerprints);
    print_part("events", parts.events->capacity * sizeof *parts.events->events);
    print_part("bans and strikes", bans_bytes(parts.bans));
    print_part("roots", parts.roots->fingerprints == NULL
                            ? 0
                            : parts.roots->limit * sizeof *parts.roots->fingerprints);
    print_part("candidates", parts.ping_queue->capacity * sizeof(skad_ping_target));
    print_part("votes",
               parts.observed->votes[0] == NULL ? 0 : 2 * SKAD_OBSERVED_VOTES * sizeof(skad_vote));
    print_part("newcomers",
               parts.handover->arrived == NULL ? 0 : 2 * SKAD_NEWCOMERS_MAX * sizeof(skad_id));
}

/* ---- Time ---- */

typedef struct bench_nodes {
    skad_node **nodes;
    skad_store *stores;
    size_t count;
    skad_shared *shared;
} bench_nodes;

static size_t allocated(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void make_nodes(bench_nodes *all, size_t count)
{
    all->count = count;
    all->nodes = calloc(count, sizeof(skad_node *));
    all->stores = calloc(count, sizeof *all->stores);
    SKAD_ASSERT(all->nodes != NULL && all->stores != NULL);
    skad_status status = skad_shared_new(128, &all->shared);
    SKAD_ASSERT(status == SKAD_OK);
    size_t before = allocated();
    size_t contacts = 0;
    double start = bench_cpu_s();
    for (size_t i = 0; i < count; i++) {
        const role *self = &roles[i % ROLES];
        all->nodes[i] = make_node(self, false, all->shared, &all->stores[i]);
        contacts += self->count;
    }
    double us = (bench_cpu_s() - start) * 1e6;
    printf("%zu of a simulator's nodes, stores and all that malloc adds included:\n", count);
    printf("  bytes a node                 %8zu\n", (allocated() - before) / count);
    printf("  us to make and fill a node   %8.1f\n", us / (double)count);
    printf("  us a contact                 %8.3f (%zu contacts a node)\n", us / (double)contacts,
           contacts / count);
}

static void free_nodes(bench_nodes *all)
{
    for (size_t i = 0; i < all->count; i++) {
        free_node(all->nodes[i], &all->stores[i]);
    }
    skad_shared_free(all->shared);
    free(all->nodes);
    free(all->stores);
}

/* Each request goes to the next of so many nodes. */
static double us_a_request(const bench_nodes *all, size_t nodes, const bench_client *client,
                           uint64_t number)
{
    static skad_draft requests[REQUESTS];
    static skad_datagram answer;
    for (size_t i = 0; i < REQUESTS; i++) {
        skad_node *node = all->nodes[i % nodes];
        const skad_node_parts parts = skad_node_parts_of(node);
        uint8_t token[SKAD_TOKEN_BYTES];
        skad_token_make(parts.env->token_key, &client->address, &client->identity.id,
                        parts.env->now.mono_us, token);
        bench_find_node(client, &parts.env->identity.id, token, number + i, &requests[i]);
    }
    size_t answered = 0;
    double start = bench_cpu_s();
    for (size_t i = 0; i < REQUESTS; i++) {
        skad_node *node = all->nodes[i % nodes];
        (void)skad_node_receive(node, requests[i].bytes, requests[i].len, &client->address, NOW);
        answered += skad_node_poll_datagram(node, &answer);
    }
    double us = (bench_cpu_s() - start) * 1e6 / REQUESTS;
    SKAD_ASSERT(answered == REQUESTS);
    return us;
}

static void print_requests(const bench_nodes *all)
{
    static double warm[ROUNDS], cold[ROUNDS], hash[ROUNDS];
    bench_client client;
    bench_client_init(&client, 2 + ROLES);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        uint8_t digest[SKAD_HASH_BYTES];
        double start = bench_cpu_s();
        for (size_t i = 0; i < REQUESTS; i++) {
            skad_hash_one(SKAD_HASH_VALUE, ids[i].bytes, sizeof ids[i].bytes, digest);
        }
        hash[round] = (bench_cpu_s() - start) * 1e6 / REQUESTS;
        warm[round] = us_a_request(all, 1, &client, 2 * round * REQUESTS);
        cold[round] = us_a_request(all, all->count, &client, (2 * round + 1) * REQUESTS);
    }
    printf("one 32-byte BLAKE2b            %8.3f us\n", bench_median(hash, ROUNDS));
    printf("FIND_NODE in, answer out       %8.3f us, always the same node\n",
           bench_median(warm, ROUNDS));
    printf("                               %8.3f us, each time another\n",
           bench_median(cold, ROUNDS));
}

int main(int argc, char **argv)
{
    size_t nodes = argc > 1 ? strtoul(argv[1], NULL, 10) : NODES_DEFAULT;
    const skad_profile *profile = skad_profile_builtin("test");
    const uint8_t seed[SKAD_SEED_BYTES] = {9};
    skad_random random;
    skad_store store;
    bench_nodes all;
    if (nodes == 0) {
        (void)fprintf(stderr, "usage: bench_footprint [nodes]\n");
        return EXIT_FAILURE;
    }
    bench_pin(0);
    skad_random_init(&random, seed);
    make_world(&random);
    for (uint32_t i = 0; i < ROLES; i++) {
        roles[i].identity = test_identity(profile, 1 + i);
        vector_role(&roles[i], profile->k, (size_t)profile->siblings * SKAD_SIBLINGS_ETA, &random);
    }
    make_nodes(&all, nodes);
    skad_node *daemon = make_node(&roles[0], true, NULL, &store);
    print_parts("Bytes of a daemon's node", daemon);
    free_node(daemon, &store);
    print_parts("Bytes of a simulator's node", all.nodes[0]);
    print_requests(&all);
    free_nodes(&all);
    return EXIT_SUCCESS;
}
