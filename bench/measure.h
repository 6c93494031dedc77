/* What the benchmarks share: a clock, a pinned processor, a table of peers for a node, requests
 * from remote peers. Benchmarks may look inside; nothing else may include these. */
#ifndef SKAD_BENCH_MEASURE_H
#define SKAD_BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/seal.h"
#include "skad/node.h"

#define BENCH_UNIX_S 1800000000ULL

/* CPU seconds of this thread, without the time of other processes. */
double bench_cpu_s(void);

/* Wall-clock seconds. */
double bench_wall_s(void);

/* Keeps this process on one processor; returns which, or -1 where the system refuses. */
int bench_pin(int processor);

/* The middle one of `count` figures; sorts them. */
double bench_median(double *figures, size_t count);

/* A node of the test profile whose table holds `peers` verified remote peers. */
skad_node *bench_node(size_t peers, skad_identity *identity, skad_store *store);

/* A client of such a node: identity and what it needs to seal. */
typedef struct bench_client {
    skad_identity identity;
    skad_address address;
    uint8_t network_key[SKAD_HASH_BYTES];
} bench_client;

/* With a nonce for BENCH_UNIX_S. */
void bench_client_init(bench_client *client, uint32_t number);

/* Seals FIND_NODE request number `number` for a recipient, showing a token. */
void bench_find_node(const bench_client *client, const skad_id *recipient,
                     const uint8_t token[static SKAD_TOKEN_BYTES], uint64_t number,
                     skad_draft *out);

#endif
