#include "tests/support/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "crypto/hash.h"
#include "proto/address.h"
#include "skad/simulator.h"
#include "src/core/node/invariants.h"
#include "src/core/node/parts.h"
#include "tests/support/identities.h"

#define EXAMINED_MAX 16 /* nodes, at the end of each run */

/* SplitMix64: the network's own PRNG, apart from the nodes'. */
uint64_t test_network_draw(test_network *network)
{
    uint64_t z = network->random += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

skad_time test_network_time(const test_network *network)
{
    return (skad_time){.mono_us = network->now_us,
                       .unix_s = TEST_UNIX_S + network->now_us / SKAD_US_PER_S};
}

/* ---- Who is due first ---- */

static bool beats(const test_network *network, uint16_t a, uint16_t b)
{
    return network->due_us[a] != network->due_us[b] ? network->due_us[a] < network->due_us[b]
                                                    : a < b;
}

/* Enters a node's deadline, after whatever may have changed it. */
static void reschedule(test_network *network, size_t index)
{
    const test_node *node = &network->nodes[index];
    network->due_us[index] = node->dead ? UINT64_MAX : skad_node_deadline(node->node);
    for (size_t at = (TEST_NODES_MAX + index) / 2; at > 0; at /= 2) {
        uint16_t left = network->winners[2 * at];
        uint16_t right = network->winners[2 * at + 1];
        network->winners[at] = beats(network, left, right) ? left : right;
    }
}

static void schedule_nobody(test_network *network)
{
    for (size_t i = 0; i < TEST_NODES_MAX; i++) {
        network->due_us[i] = UINT64_MAX;
    }
    for (size_t at = 1; at < 2 * TEST_NODES_MAX; at++) {
        size_t leftmost = at; /* all are equal, so the lowest number wins */
        while (leftmost < TEST_NODES_MAX) {
            leftmost *= 2;
        }
        network->winners[at] = (uint16_t)(leftmost - TEST_NODES_MAX);
    }
}

static size_t next_node(test_network *network, uint64_t *due_us)
{
    if (network->still) {
        reschedule(network, network->awake);
        *due_us = network->due_us[network->awake];
        return network->awake;
    }
    size_t next = network->winners[1];
    while (network->due_us[next] != UINT64_MAX && network->nodes[next].dead) {
        reschedule(network, next); /* it died in the middle of a run */
        next = network->winners[1];
    }
    *due_us = network->due_us[next];
    return next;
}

/* ---- Nodes ---- */

static void open_store(test_node *node)
{
    static const skad_store_caps caps = {.records_max = 4096,
                                         .bytes_max = 4 << 20,
                                         .published_max = 1024,
                                         .published_bytes_max = 1 << 20};
    skad_status status = skad_store_memory_new(&caps, &node->store);
    SKAD_ASSERT(status == SKAD_OK);
}

static void close_store(test_node *node)
{
    node->store.ops->free(node->store.self);
}

skad_role test_network_role = SKAD_ROLE_SERVER;
bool test_network_finds_reach;
uint64_t test_network_audit_period_s;

static void start(test_network *network, test_node *node)
{
    skad_node_config config = {.profile = *network->profile,
                               .identity = &node->identity,
                               .store = node->store,
                               .families = SKAD_FAMILIES_ALL,
                               .role = test_network_role,
                               .finds_reach = test_network_finds_reach,
                               .audit_period_s = test_network_audit_period_s};
    skad_node_limits_default(&config.limits);
    config.limits.peers = 512;
    config.limits.pending = 256;
    config.limits.outbox = 128;
    config.limits.duplicates = 1024;
    const skad_simulator_config simulator = {
        .shared = network->shared, .insecure_memory = true, .lazy_allocation = true};
    config.simulator = network->shared != NULL ? &simulator : NULL;
    for (size_t i = 0; i < sizeof config.seed; i++) {
        config.seed[i] = (uint8_t)test_network_draw(network);
    }
    node->polled = 0;
    node->polled_bytes = 0;
    skad_status status = skad_node_new(&config, test_network_time(network), &node->node);
    SKAD_ASSERT(status == SKAD_OK);
}

size_t test_network_add(test_network *network, const skad_identity *identity)
{
    SKAD_ASSERT(network->count < TEST_NODES_MAX);
    size_t index = network->count++;
    test_node *node = &network->nodes[index];
    node->identity = *identity;
    open_store(node);
    start(network, node);
    node->address = (skad_address){.family = SKAD_FAMILY_IPV4,
                                   .port = (uint16_t)(10000 + index),
                                   .ip = {(uint8_t)(20 + (index >> 8)), (uint8_t)index, 0, 1}};
    return index;
}

void test_network_vanish(test_network *network, size_t index, bool forgets)
{
    test_node *node = &network->nodes[index];
    SKAD_ASSERT(!node->dead);
    skad_node_free(node->node);
    node->node = NULL;
    node->dead = true;
    if (forgets) {
        close_store(node);
        open_store(node);
    }
}

void test_network_revive(test_network *network, size_t index)
{
    test_node *node = &network->nodes[index];
    SKAD_ASSERT(node->dead && node->node == NULL);
    start(network, node);
    node->dead = false;
}

static void init(test_network *network, const skad_profile *profile, size_t count, uint64_t seed,
                 skad_shared *shared)
{
    SKAD_ASSERT(count <= TEST_NODES_MAX);
    *network = (test_network){.profile = profile,
                              .shared = shared,
                              .now_us = SKAD_US_PER_S,
                              .random = seed,
                              .latency_min_us = 5 * SKAD_US_PER_MS,
                              .latency_max_us = 25 * SKAD_US_PER_MS};
    schedule_nobody(network);
    for (size_t i = 0; i < count; i++) {
        skad_identity identity = test_identity(profile, (uint32_t)i + 1);
        test_network_add(network, &identity);
    }
}

void test_network_init(test_network *network, const skad_profile *profile, size_t count,
                       uint64_t seed)
{
    init(network, profile, count, seed, NULL);
}

void test_network_init_sharing(test_network *network, const skad_profile *profile, size_t count,
                               uint64_t seed)
{
    skad_shared *shared;
    skad_status status = skad_shared_new(128, &shared);
    SKAD_ASSERT(status == SKAD_OK);
    init(network, profile, count, seed, shared);
}

void test_network_free(test_network *network)
{
    for (size_t i = 0; i < network->count; i++) {
        skad_node_free(network->nodes[i].node);
        close_store(&network->nodes[i]);
    }
    skad_shared_free(network->shared);
    for (size_t i = 0; i < network->flights_count; i++) {
        free(network->flights[i]);
    }
    free(network->flights);
}

test_network *test_network_start(size_t count, uint64_t seed)
{
    test_network *network = malloc(sizeof *network);
    SKAD_ASSERT(network != NULL);
    test_network_init(network, test_plain_profile(), count, seed);
    return network;
}

void test_network_stop(test_network *network)
{
    test_network_free(network);
    free(network);
}

/* ---- Datagrams under way ---- */

static bool earlier(const test_flight *a, const test_flight *b)
{
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static void launch(test_network *network, test_flight *flight)
{
    if (network->flights_count == network->flights_max) {
        network->flights_max = network->flights_max * 2 + 64;
        network->flights = realloc(network->flights, network->flights_max * sizeof(test_flight *));
        SKAD_ASSERT(network->flights != NULL);
    }
    size_t at = network->flights_count++;
    while (at > 0 && earlier(flight, network->flights[(at - 1) / 2])) {
        network->flights[at] = network->flights[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    network->flights[at] = flight;
}

static test_flight *land(test_network *network)
{
    test_flight *first = network->flights[0];
    test_flight *last = network->flights[--network->flights_count];
    size_t at = 0;
    for (size_t child = 1; child < network->flights_count; child = 2 * at + 1) {
        child += child + 1 < network->flights_count &&
                 earlier(network->flights[child + 1], network->flights[child]);
        if (!earlier(network->flights[child], last)) {
            break;
        }
        network->flights[at] = network->flights[child];
        at = child;
    }
    network->flights[at] = last;
    return first;
}

static void write_down(test_network *network, const test_flight *flight)
{
    skad_span parts[] = {
        {network->transcript, sizeof network->transcript},
        {(const uint8_t *)&flight->from.port, sizeof flight->from.port},
        {(const uint8_t *)&flight->datagram.to.port, sizeof flight->datagram.to.port},
        {flight->datagram.bytes, flight->datagram.len},
    };
    skad_hash(SKAD_HASH_VALUE, NULL, parts, sizeof parts / sizeof parts[0], network->transcript,
              sizeof network->transcript);
}

void test_network_send(test_network *network, const skad_address *from,
                       const skad_datagram *datagram)
{
    test_flight *flight = malloc(sizeof *flight);
    SKAD_ASSERT(flight != NULL);
    flight->from = *from;
    flight->datagram = *datagram;
    if (!network->unrecorded) {
        write_down(network, flight);
    }
    uint64_t spread = network->latency_max_us - network->latency_min_us + 1;
    flight->due_us =
        network->now_us + network->latency_min_us + test_network_draw(network) % spread;
    flight->order = network->orders++;
    bool lost = (double)(test_network_draw(network) >> 11) * 0x1p-53 < network->loss;
    if (lost) {
        free(flight);
    } else {
        launch(network, flight);
    }
}

/* Sends what a node has to send, after each call that gave it the time. */
static void collect(test_network *network, size_t index)
{
    skad_datagram datagram;
    while (skad_node_poll_datagram(network->nodes[index].node, &datagram)) {
        network->nodes[index].polled++;
        network->nodes[index].polled_bytes += datagram.len;
        (void)(network->lets_in != NULL && network->lets_in(network, index, &datagram.to, true));
        test_network_send(network, &network->nodes[index].address, &datagram);
    }
    reschedule(network, index);
}

static void deliver(test_network *network)
{
    test_flight *flight = land(network);
    size_t index = (size_t)(flight->datagram.to.port - 10000);
    test_node *to = index < network->count ? &network->nodes[index] : NULL;
    if (to == NULL && network->outsiders != NULL) {
        network->outsiders(network, &flight->from, &flight->datagram);
    } else if (to != NULL && to->liar &&
               network->adversary(network, index, &flight->from, &flight->datagram)) {
        network->delivered++;
    } else if (to != NULL && !to->dead &&
               (network->lets_in == NULL ||
                network->lets_in(network, index, &flight->from, false))) {
        skad_node_receive(network->nodes[index].node, flight->datagram.bytes, flight->datagram.len,
                          &flight->from, test_network_time(network));
        network->delivered++;
        collect(network, index);
    }
    free(flight);
}

/* ---- Time ---- */

static bool step(test_network *network, uint64_t end_us)
{
    uint64_t tick_us;
    size_t index = next_node(network, &tick_us);
    uint64_t flight_us = network->flights_count > 0 ? network->flights[0]->due_us : UINT64_MAX;
    uint64_t next_us = flight_us <= tick_us ? flight_us : tick_us;
    if (next_us > end_us) {
        network->now_us = end_us;
        return false;
    }
    if (next_us > network->now_us) {
        network->now_us = next_us;
    }
    if (flight_us <= tick_us) {
        deliver(network);
    } else {
        skad_node_tick(network->nodes[index].node, test_network_time(network));
        collect(network, index);
    }
    return true;
}

/* Every datagram that left a node was counted by it. */
static bool counts_right(const test_node *node, skad_time now)
{
    skad_node_stats stats;
    skad_node_stats_get(node->node, now, &stats);
    return stats.sent == node->polled && stats.sent_bytes == node->polled_bytes;
}

/* After each run some living nodes are looked over: all of a small network, others in turn. */
static void examine(const test_network *network)
{
    for (size_t i = 0; i < network->count && i < EXAMINED_MAX; i++) {
        size_t index = (network->orders + i) % network->count;
        const char *broken = NULL;
        if (!network->nodes[index].dead) {
            broken = skad_node_broken(network->nodes[index].node, test_network_time(network));
            broken =
                broken == NULL && !counts_right(&network->nodes[index], test_network_time(network))
                    ? "what is sent is counted"
                    : broken;
        }
        if (broken != NULL) {
            fprintf(stderr, "node %zu no longer keeps to: %s\n", index, broken);
        }
        SKAD_ASSERT(broken == NULL);
    }
}

bool test_network_run(test_network *network, uint64_t duration_us,
                      bool (*until)(test_network *network, void *user), void *user)
{
    uint64_t end_us = network->now_us + duration_us;
    for (size_t i = 0; i < network->count; i++) {
        if (network->nodes[i].dead) {
            reschedule(network, i);
        } else {
            collect(network, i); /* what calls between two runs left to send */
        }
    }
    bool held;
    do {
        held = until != NULL && until(network, user);
    } while (!held && step(network, end_us));
    if (!network->unexamined) {
        examine(network);
    }
    return held;
}

void test_network_know_all(test_network *network, size_t index)
{
    size_t order[TEST_NODES_MAX];
    for (size_t i = 0; i < network->count; i++) {
        order[i] = i;
    }
    for (size_t left = network->count; left > 1; left--) {
        size_t pick = test_network_draw(network) % left;
        size_t swap = order[left - 1];
        order[left - 1] = order[pick];
        order[pick] = swap;
    }
    for (size_t i = 0; i < network->count; i++) {
        const test_node *peer = &network->nodes[order[i]];
        skad_table_answered(skad_node_parts_of(network->nodes[index].node).table,
                            &peer->identity.id, &peer->address,
                            network->latency_min_us + network->latency_max_us, network->now_us);
    }
    *skad_node_parts_of(network->nodes[index].node).heard_us = network->now_us;
}

void test_network_stabilise(test_network *network)
{
    for (size_t i = 0; i < network->count; i++) {
        test_network_know_all(network, i);
    }
}

static bool all_joined(test_network *network, void *user)
{
    (void)user;
    for (size_t i = 0; i < network->count; i++) {
        skad_node_stats stats;
        skad_node_stats_get(network->nodes[i].node, test_network_time(network), &stats);
        if (!stats.joined) {
            return false;
        }
    }
    return true;
}

void test_network_join_all(test_network *network)
{
    for (size_t i = 1; i < network->count; i++) {
        skad_status status = skad_node_join(network->nodes[i].node, &network->nodes[0].address, 1,
                                            test_network_time(network));
        SKAD_ASSERT(status == SKAD_OK);
        test_network_run(network, 100 * SKAD_US_PER_MS, NULL, NULL);
    }
    bool joined = test_network_run(network, 600 * SKAD_US_PER_S, all_joined, NULL);
    SKAD_ASSERT(joined);
    test_network_run(network, 60 * SKAD_US_PER_S, NULL, NULL);
}

typedef struct awaited_event {
    size_t index;
    skad_op op;
    uint8_t *value;
    skad_event event;
} awaited_event;

static bool event_came(test_network *network, void *user)
{
    awaited_event *awaited = user;
    skad_event event;
    while (skad_node_poll_event(network->nodes[awaited->index].node, &event)) {
        if (event.op != awaited->op || event.kind < SKAD_EVENT_PING) {
            continue;
        }
        awaited->event = event;
        if (event.kind == SKAD_EVENT_GET && awaited->value != NULL && event.u.get.len > 0) {
            memcpy(awaited->value, event.u.get.value, event.u.get.len);
        }
        return true;
    }
    return false;
}

skad_event test_network_await(test_network *network, size_t index, skad_op op, uint8_t *value)
{
    awaited_event awaited = {.index = index, .op = op, .value = value};
    network->awake = index;
    bool came =
        test_network_run(network, SKAD_OPERATION_US_MAX + SKAD_US_PER_S, event_came, &awaited);
    SKAD_ASSERT(came);
    return awaited.event;
}

skad_verdict test_network_inject(test_network *network, size_t index, const skad_address *from,
                                 const uint8_t *bytes, size_t len)
{
    skad_verdict verdict =
        skad_node_receive(network->nodes[index].node, bytes, len, from, test_network_time(network));
    collect(network, index);
    return verdict;
}
