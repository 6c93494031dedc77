/* What proofs of identities cost a node: a flood of invented ones, and lookups by a node that has
 * proven no identity yet. Real cryptography, virtual time, one thread.
 *
 *   build/bench_proofs [SECONDS]      of the flood, in virtual time; by default 60
 *
 * The flood: ten thousand datagrams a second from as many subnets, each properly signed and with a
 * token, by a key never seen before, in the name of an ID that is not that key's. That costs the
 * sender a signature; the static puzzle is switched off, so that names are free. Meanwhile a
 * newcomer with an honest identity asks once a second. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"
#include "crypto/assert.h"
#include "crypto/hard_hash.h"
#include "proto/address.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/network.h"
#include "tests/support/prng.h"

#define SECONDS_DEFAULT 60
#define FLOOD_PER_S     10000
#define KEYS            64 /* that sign the flood; their names change with every datagram */
#define PEERS           16
#define NETWORK         200
#define LOOKUPS         100
#define PERCENT         100.0

static double hash_us(uint32_t memory_kib)
{
    static const uint8_t input[32] = {1};
    uint8_t out[SKAD_HASH_BYTES];
    const double start = bench_cpu_s();
    const unsigned calls = 5000;
    for (unsigned i = 0; i < calls; i++) {
        const skad_status status =
            skad_hard_hash(SKAD_HASH_NODE_ID, memory_kib, input, sizeof input, out);
        SKAD_ASSERT(status == SKAD_OK);
    }
    return (bench_cpu_s() - start) * 1e6 / calls;
}

static skad_profile affordable(void)
{
    skad_profile profile = test_fixture_profile();
    profile.memory_kib = skad_profile_builtin("public")->memory_kib;
    profile.static_bits = 0;
    profile.dynamic_bits = 0;
    return profile;
}

/* ---- The flood ---- */

static test_remote invented(const skad_identity *keys, uint32_t number)
{
    const uint32_t place = number % FLOOD_PER_S; /* a /16 of its own */
    test_remote out = {.identity = keys[number % KEYS],
                       .address = {SKAD_FAMILY_IPV4, 4000, {11, 0, 1, 1}}};
    out.address.ip[0] = (uint8_t)(11 + place % 100);
    out.address.ip[1] = (uint8_t)(place / 100);
    memcpy(out.identity.id.bytes, &number, sizeof number);
    memcpy(out.identity.id.bytes + 4, &number, sizeof number);
    out.identity.id.bytes[0] = (uint8_t)(number * 167);
    return out;
}

static void take_in(test_fixture *fixture, const test_remote *newcomer)
{
    skad_datagram out;
    while (skad_node_poll_datagram(fixture->node, &out)) {
        if (skad_address_equal(&out.to, &newcomer->address) && out.request) {
            skad_message pong = {.kind = SKAD_KIND_PONG};
            skad_datagram answer;
            pong.u.reply.observed = fixture->remotes[0].address;
            test_fixture_answer(fixture, newcomer, &out, &pong, &answer);
            (void)test_fixture_deliver(fixture, &newcomer->address, &answer);
        }
    }
}

static void flood(unsigned seconds)
{
    static test_fixture fixture;
    static skad_identity keys[KEYS];
    skad_node_rates rates;
    skad_profile profile = affordable();
    skad_node_rates_default(skad_profile_builtin("public"), &rates);
    test_fixture_init_rated(&fixture, &profile, &rates);
    for (uint8_t i = 0; i < PEERS; i++) {
        test_remote *peer = test_fixture_remote(&fixture);
        peer->address.ip[1] = i; /* a subnet of its own */
        test_fixture_knock(&fixture, peer);
        test_fixture_run(&fixture, SKAD_US_PER_S);
    }
    test_fixture_run(&fixture, 30 * SKAD_US_PER_S);
    test_remote *newcomer = test_fixture_remote(&fixture);
    newcomer->address.ip[1] = PEERS;
    for (uint32_t i = 0; i < KEYS; i++) {
        keys[i] = test_identity(&profile, 900000 + i);
    }
    const skad_message ping = {.kind = SKAD_KIND_PING};
    const skad_node_stats before = test_fixture_stats(&fixture);
    double cpu_s = 0;
    double proofs_s = 0;
    int admitted_s = -1;
    for (unsigned second = 0; second < seconds; second++) {
        for (uint32_t i = 0; i < FLOOD_PER_S; i++) {
            test_remote who =
                i == FLOOD_PER_S / 2 ? *newcomer : invented(keys, second * FLOOD_PER_S + i);
            skad_datagram datagram;
            uint8_t token[SKAD_TOKEN_BYTES];
            test_fixture_token(&fixture, &who, token);
            test_fixture_request(&fixture, &who, &ping, token, &datagram);
            const uint64_t hashes = test_fixture_stats(&fixture).hard_hashes;
            const double start = bench_cpu_s();
            (void)test_fixture_deliver(&fixture, &who.address, &datagram);
            const double took_s = bench_cpu_s() - start;
            cpu_s += took_s;
            proofs_s += test_fixture_stats(&fixture).hard_hashes > hashes ? took_s : 0;
            fixture.now.mono_us += SKAD_US_PER_S / FLOOD_PER_S;
            if (skad_node_deadline(fixture.node) <= fixture.now.mono_us) {
                skad_node_tick(fixture.node, fixture.now);
            }
            take_in(&fixture, newcomer);
        }
        if (admitted_s < 0 && test_fixture_peer(&fixture, newcomer) != NULL) {
            admitted_s = (int)second + 1;
        }
    }
    const skad_node_stats after = test_fixture_stats(&fixture);
    const double hashes = (double)(after.hard_hashes - before.hard_hashes);
    printf("%d invented identities a second from as many subnets, for %u s\n", FLOOD_PER_S,
           seconds);
    printf("  processor in all         %5.1f %% of a core\n", PERCENT * cpu_s / seconds);
    printf("  for memory-hard hashes   %5.1f %%   (at most 10; %.0f a second)\n",
           PERCENT * hashes * hash_us(profile.memory_kib) / 1e6 / seconds, hashes / seconds);
    printf("  requests with a proof    %5.1f %%   (their signature checks included)\n",
           PERCENT * proofs_s / seconds);
    printf("  proofs refused           %8.0f a second\n",
           (double)(after.identities_refused - before.identities_refused) / seconds);
    printf("  requests beyond rates    %8.0f a second\n",
           (double)(after.verdicts[SKAD_VERDICT_RATE] - before.verdicts[SKAD_VERDICT_RATE]) /
               seconds);
    printf("  newcomer admitted after  %8d s   (at most 60)\n", admitted_s);
    test_fixture_free(&fixture);
}

/* ---- Lookups ---- */

static void look_up(test_network *network, const char *label, uint32_t from, uint32_t count)
{
    const skad_time now = test_network_time(network);
    skad_node_stats before;
    skad_node_stats after;
    uint64_t requests = 0;
    skad_node_stats_get(network->nodes[0].node, now, &before);
    const double start = bench_cpu_s();
    for (uint32_t i = from; i < from + count; i++) {
        const skad_id target = test_target(i);
        skad_op op;
        const skad_status status =
            skad_node_lookup(network->nodes[0].node, &target, test_network_time(network), &op);
        SKAD_ASSERT(status == SKAD_OK);
        requests += test_network_await(network, 0, op, NULL).u.lookup.report.rpcs;
    }
    const double took_us = (bench_cpu_s() - start) * 1e6 / count;
    skad_node_stats_get(network->nodes[0].node, now, &after);
    printf("  %-10s %6.1f requests, %5.1f hashes, %6.0f us of all nodes' processors\n", label,
           (double)requests / count, (double)(after.hard_hashes - before.hard_hashes) / count,
           took_us);
}

static void lookups(void)
{
    static test_network network;
    const skad_profile profile = affordable();
    test_network_init(&network, &profile, NETWORK, 3);
    network.unrecorded = true;
    network.still = true;
    network.unexamined = true;
    test_network_stabilise(&network);
    printf("\na lookup in a network of %d nodes, by one that has proven none of them\n", NETWORK);
    look_up(&network, "the first", 0, 1);
    look_up(&network, "the others", 1, LOOKUPS - 1);
    look_up(&network, "all again", 0, LOOKUPS);
    printf("  a proof takes two hashes of %.0f us\n", hash_us(profile.memory_kib));
    test_network_free(&network);
}

int main(int argc, char **argv)
{
    const unsigned seconds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : SECONDS_DEFAULT;
    (void)bench_pin(0);
    flood(seconds == 0 ? 1 : seconds);
    lookups();
    return EXIT_SUCCESS;
}
