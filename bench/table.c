/* The cost of operations on a routing table of 300 peers, and the size of a full table. The
 * reference is one 32-byte BLAKE2b, the cheapest thing that a datagram costs anyway.
 *
 *   build/bench_table */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"
#include "crypto/random.h"
#include "src/core/node/parts.h"

#define ROUNDS 25
#define CALLS  512
#define PEERS  600 /* offered; some 300 find a place */

typedef struct figures {
    double hash[ROUNDS], answered[ROUNDS], failed[ROUNDS], wants[ROUNDS], closest[ROUNDS];
} figures;

static double us_per_call(double start)
{
    return (bench_cpu_s() - start) / CALLS * 1e6;
}

static void measure(skad_node *node, const skad_id *ids, size_t round, figures *out)
{
    const skad_node_parts parts = skad_node_parts_of(node);
    static volatile size_t sink;
    skad_table *table = parts.table;
    const skad_peers *peers = &table->peers;
    skad_peer_slot slots[SKAD_K_MAX];
    uint8_t digest[SKAD_HASH_BYTES];
    skad_address address = {.family = SKAD_FAMILY_IPV4, .port = 999, .ip = {127, 9, 9, 9}};

    double start = bench_cpu_s();
    for (size_t i = 0; i < CALLS; i++) {
        skad_hash_one(SKAD_HASH_VALUE, ids[i].bytes, sizeof ids[i].bytes, digest);
    }
    out->hash[round] = us_per_call(start);
    start = bench_cpu_s();
    for (size_t i = 0; i < CALLS; i++) {
        skad_peer_slot slot = (skad_peer_slot)(i % peers->high_water);
        const skad_address there = skad_endpoint_address(peers, slot, 0);
        sink += skad_table_answered(table, &peers->peers[slot].id, &there, 1000,
                                    parts.env->now.mono_us);
    }
    out->answered[round] = us_per_call(start);
    start = bench_cpu_s();
    for (size_t i = 0; i < CALLS; i++) {
        skad_table_failed(table, &ids[i], &address, parts.env->now.mono_us);
    }
    out->failed[round] = us_per_call(start);
    start = bench_cpu_s();
    for (size_t i = 0; i < CALLS; i++) {
        sink += skad_table_wants(table, &ids[i], &address);
    }
    out->wants[round] = us_per_call(start);
    start = bench_cpu_s();
    for (size_t i = 0; i < CALLS; i++) {
        sink += skad_peers_closest(peers, &ids[i], SKAD_FAMILIES_ALL, NULL, SKAD_K_MAX, slots);
    }
    out->closest[round] = us_per_call(start);
    (void)sink; /* only so that nothing above is left out */
}

static size_t table_bytes(skad_node *node)
{
    const skad_node_parts parts = skad_node_parts_of(node);
    const skad_peers *peers = &parts.table->peers;
    return sizeof(skad_table) +
           peers->capacity *
               (sizeof *peers->peers + sizeof *peers->prefixes + sizeof *peers->checks_ms) +
           peers->colds_capacity * sizeof *peers->colds +
           peers->tokens.count * sizeof *peers->tokens.slots +
           parts.table->buckets_capacity *
               (sizeof *parts.table->buckets + 2 * parts.table->k * sizeof *parts.table->runs);
}

int main(void)
{
    static figures all;
    static skad_id ids[CALLS];
    skad_identity identity;
    skad_store store;
    bench_pin(0);
    skad_node *node = bench_node(PEERS, &identity, &store);
    uint8_t seed[SKAD_SEED_BYTES] = {5};
    skad_random random;
    skad_random_init(&random, seed);
    for (size_t i = 0; i < CALLS; i++) {
        skad_random_bytes(&random, ids[i].bytes, sizeof ids[i].bytes);
    }
    for (size_t round = 0; round < ROUNDS; round++) {
        measure(node, ids, round, &all);
    }
    printf("one 32-byte BLAKE2b            %6.3f us\n", bench_median(all.hash, ROUNDS));
    printf("a known peer answered          %6.3f us\n", bench_median(all.answered, ROUNDS));
    printf("an unknown peer failed         %6.3f us\n", bench_median(all.failed, ROUNDS));
    printf("is an unverified peer wanted   %6.3f us\n", bench_median(all.wants, ROUNDS));
    printf("16 closest among %3zu           %6.3f us\n",
           (size_t)skad_node_parts_of(node).table->peers.count, bench_median(all.closest, ROUNDS));
    printf("a table for %zu peers takes %zu KiB, %zu bytes a peer\n",
           (size_t)skad_node_parts_of(node).table->peers.limit, table_bytes(node) / 1024,
           table_bytes(node) / skad_node_parts_of(node).table->peers.limit);
    skad_node_free(node);
    store.ops->free(store.self);
    return 0;
}
