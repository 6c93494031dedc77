/* How fast a node drops noise: datagrams with a wrong tag, in process, on one processor, by size.
 * The reference is libsodium's bare keyed BLAKE2b over the same bytes.
 *
 *   build/bench_noise */
#include <stdio.h>
#include <string.h>

#include "bench/measure.h"
#include "crypto/random.h"
#include "src/core/node/parts.h"

#define ROUNDS 15
#define CALLS  20000

static double rate_refused(skad_node *node, uint8_t *noise, size_t len)
{
    const skad_node_parts parts = skad_node_parts_of(node);
    skad_address from = {.family = SKAD_FAMILY_IPV4, .port = 5000, .ip = {127, 0, 0, 9}};
    size_t refused = 0;
    double start = bench_cpu_s();
    for (uint32_t i = 0; i < CALLS; i++) {
        memcpy(noise, &i, sizeof i);
        refused += skad_node_receive(node, noise, len, &from, parts.env->now) == SKAD_VERDICT_TAG;
    }
    double rate = CALLS / (bench_cpu_s() - start);
    return refused == CALLS ? rate : 0;
}

static double rate_hash(const uint8_t *noise, size_t len)
{
    uint8_t key[SKAD_HASH_BYTES] = {1};
    uint8_t tag[SKAD_TAG_BYTES];
    skad_span parts[] = {{key, sizeof key}, {noise, len}};
    double start = bench_cpu_s();
    for (uint32_t i = 0; i < CALLS; i++) {
        memcpy(key, &i, sizeof i);
        skad_hash(SKAD_HASH_TAG, key, parts, 2, tag, sizeof tag);
    }
    return CALLS / (bench_cpu_s() - start);
}

int main(void)
{
    static const size_t sizes[] = {152, 256, 411, 512, 1024, 1232};
    skad_identity identity;
    skad_store store;
    bench_pin(0);
    skad_node *node = bench_node(300, &identity, &store);
    uint8_t seed[SKAD_SEED_BYTES] = {3};
    uint8_t noise[SKAD_DATAGRAM_BYTES_MAX];
    skad_random random;
    skad_random_init(&random, seed);
    skad_random_bytes(&random, noise, sizeof noise);
    printf("noise refused by its tag, and the bare hash over as many bytes\n");
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        double refused[ROUNDS], hashed[ROUNDS], ratio[ROUNDS];
        for (size_t round = 0; round < ROUNDS; round++) {
            hashed[round] = rate_hash(noise, sizes[s] - SKAD_TAG_BYTES);
            refused[round] = rate_refused(node, noise, sizes[s]);
            ratio[round] = refused[round] / hashed[round];
        }
        printf("%5zu bytes  %9.0f /s  hash %9.0f /s  ratio %.3f\n", sizes[s],
               bench_median(refused, ROUNDS), bench_median(hashed, ROUNDS),
               bench_median(ratio, ROUNDS));
    }
    skad_node_free(node);
    store.ops->free(store.self);
    return 0;
}
