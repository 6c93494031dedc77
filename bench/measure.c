#define _GNU_SOURCE /* sched_setaffinity */
#include "bench/measure.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/assert.h"
#include "crypto/random.h"
#include "proto/profile.h"
#include "src/core/node/parts.h"
#include "tests/support/identities.h"

static double clock_s(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double bench_cpu_s(void)
{
    return clock_s(CLOCK_THREAD_CPUTIME_ID);
}

double bench_wall_s(void)
{
    return clock_s(CLOCK_MONOTONIC);
}

int bench_pin(int processor)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)processor, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0 ? processor : -1;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *figures, size_t count)
{
    qsort(figures, count, sizeof *figures, compare);
    return figures[count / 2];
}

static void fill_table(skad_node *node, size_t peers)
{
    uint8_t seed[SKAD_SEED_BYTES] = {7};
    skad_random random;
    skad_random_init(&random, seed);
    const skad_node_parts parts = skad_node_parts_of(node);
    for (size_t i = 0; i < peers; i++) {
        skad_id id;
        skad_random_bytes(&random, id.bytes, sizeof id.bytes);
        /* Every other one shares a few bits with us, so that near buckets fill, too. */
        size_t shared = i % 2 * (i % 8);
        for (size_t bit = 0; bit < shared; bit++) {
            uint8_t mask = (uint8_t)(0x80U >> bit);
            id.bytes[0] =
                (uint8_t)((id.bytes[0] & ~mask) | (skad_node_self(node)->bytes[0] & mask));
        }
        skad_address address = {.family = SKAD_FAMILY_IPV4,
                                .port = (uint16_t)(1024 + i),
                                .ip = {127, 0, (uint8_t)(i >> 8), (uint8_t)i}};
        skad_address address6 = {
            .family = SKAD_FAMILY_IPV6,
            .port = (uint16_t)(1024 + i),
            .ip = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}};
        skad_table_answered(parts.table, &id, &address, 1000, parts.env->now.mono_us);
        skad_table_answered(parts.table, &id, &address6, 1000, parts.env->now.mono_us);
    }
}

skad_node *bench_node(size_t peers, skad_identity *identity, skad_store *store)
{
    const skad_profile *profile = skad_profile_builtin("test");
    *identity = test_identity(profile, 1);
    const skad_store_caps caps = {65536, 64 << 20, 65536, 64 << 20};
    skad_status status = skad_store_memory_new(&caps, store);
    SKAD_ASSERT(status == SKAD_OK);
    skad_node_config config = {
        .profile = *profile, .identity = identity, .store = *store, .families = SKAD_FAMILIES_ALL};
    skad_node_limits_default(&config.limits);
    skad_node *node;
    skad_time now = {.mono_us = SKAD_US_PER_S, .unix_s = BENCH_UNIX_S};
    status = skad_node_new(&config, now, &node);
    SKAD_ASSERT(status == SKAD_OK);
    fill_table(node, peers);
    return node;
}

void bench_client_init(bench_client *client, uint32_t number)
{
    const skad_profile *profile = skad_profile_builtin("test");
    client->identity = test_identity(profile, number);
    client->address =
        (skad_address){.family = SKAD_FAMILY_IPV4, .port = 9999, .ip = {127, 0, 0, 1}};
    skad_profile_network_key(profile, client->network_key);
}

void bench_find_node(const bench_client *client, const skad_id *recipient,
                     const uint8_t token[static SKAD_TOKEN_BYTES], uint64_t number, skad_draft *out)
{
    skad_message message = {.kind = SKAD_KIND_FIND_NODE};
    message.u.find_node.want = SKAD_FAMILIES_ALL;
    uint8_t rpc_id[SKAD_RPC_ID_BYTES];
    memcpy(rpc_id, &number, sizeof rpc_id);
    skad_hash_one(SKAD_HASH_VALUE, rpc_id, sizeof rpc_id, message.u.find_node.target.bytes);
    skad_draft_fields fields = {
        .message = &message, .rpc_id = rpc_id, .recipient = recipient, .token = token};
    skad_sealer sealer = {.identity = &client->identity,
                          .nonce = &client->identity.nonces[0],
                          .network_key = client->network_key};
    skad_status status = skad_draft_write(&sealer, &fields, out);
    SKAD_ASSERT(status == SKAD_OK);
    skad_seal(&sealer, &out, 1);
}
