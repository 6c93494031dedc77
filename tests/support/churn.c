#include "tests/support/churn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "proto/message.h"

#define STABLE 0 /* the node that never leaves */

/* ---- Coming and going ---- */

/* An exponentially distributed time. */
static uint64_t draw_time(test_churn *churn)
{
    double uniform = (double)(test_prng_next(&churn->prng) >> 11) * 0x1p-53; /* 0 to below 1 */
    return (uint64_t)(-log1p(-uniform) * (double)churn->plan.uptime_us);
}

static void draw_change(test_churn *churn, size_t index)
{
    bool moves = index != STABLE && churn->plan.uptime_us > 0;
    churn->peers[index].change_us = moves ? churn->network.now_us + draw_time(churn) : UINT64_MAX;
}

static void join(test_churn *churn, size_t index)
{
    test_network *network = &churn->network;
    skad_status status = skad_node_join(network->nodes[index].node, &network->nodes[STABLE].address,
                                        1, test_network_time(network));
    SKAD_ASSERT(status == SKAD_OK);
}

void test_churn_leave(test_churn *churn, size_t index)
{
    churn->peers[index].get = 0;
    churn->tally.departures++;
    test_network_vanish(&churn->network, index, !churn->plan.keeps_store);
    draw_change(churn, index);
}

void test_churn_come(test_churn *churn, size_t index)
{
    test_network_revive(&churn->network, index);
    join(churn, index);
    draw_change(churn, index);
}

static void change_due(test_churn *churn)
{
    for (size_t i = 0; i < churn->network.count; i++) {
        if (churn->peers[i].change_us > churn->network.now_us) {
            continue;
        }
        if (churn->network.nodes[i].dead) {
            test_churn_come(churn, i);
        } else {
            test_churn_leave(churn, i);
        }
    }
}

test_churn *test_churn_new(const test_churn_plan *plan)
{
    test_churn *churn = malloc(sizeof *churn);
    SKAD_ASSERT(churn != NULL);
    *churn = (test_churn){.plan = *plan, .prng = {.state = ~plan->seed}};
    test_network_init(&churn->network, &churn->plan.profile, plan->nodes, plan->seed);
    churn->network.unrecorded = true;
    for (size_t i = 1; i < plan->nodes; i++) {
        if (plan->uptime_us > 0 && test_prng_below(&churn->prng, 2) == 0) {
            test_network_vanish(&churn->network, i, true);
            continue;
        }
        join(churn, i);
        test_network_run(&churn->network, 100 * SKAD_US_PER_MS, NULL, NULL);
    }
    test_network_run(&churn->network, 60 * SKAD_US_PER_S, NULL, NULL);
    for (size_t i = 0; i < plan->nodes; i++) {
        draw_change(churn, i); /* an exponential time has no memory: what is left is one, too */
    }
    return churn;
}

void test_churn_free(test_churn *churn)
{
    test_network_free(&churn->network);
    free(churn);
}

/* ---- Publishing ---- */

static skad_status store_immutable(skad_node *node, const test_churn_value *value, bool keep,
                                   skad_time now, skad_op *op)
{
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    skad_id key;
    size_t len =
        skad_record_encode_immutable(value->bytes, sizeof value->bytes, record, sizeof record);
    skad_store_request request = {.record = record, .len = len, .keep = keep};
    return skad_node_store(node, &request, now, op, &key);
}

/* The value's first bytes, random as they are, serve as its salt, too. */
static skad_status publish_mutable(skad_node *node, const test_churn_value *value, bool keep,
                                   skad_time now, skad_op *op)
{
    skad_id key;
    skad_publish_request request = {.salt = {value->bytes, 8},
                                    .value = {value->bytes, sizeof value->bytes},
                                    .sequence = 1,
                                    .life_s = 86400,
                                    .keep = keep};
    return skad_node_publish(node, &request, now, op, &key);
}

static void name_value(test_churn_value *value, skad_record_type type,
                       const uint8_t publisher[static SKAD_PUBLIC_KEY_BYTES])
{
    value->name.type = (uint8_t)type;
    if (type == SKAD_RECORD_MUTABLE) {
        memcpy(value->name.publisher, publisher, SKAD_PUBLIC_KEY_BYTES);
        skad_mutable_key(publisher, (skad_span){value->bytes, 8}, &value->name.key);
    } else {
        skad_value_key(value->bytes, sizeof value->bytes, &value->name.key);
    }
}

void test_churn_publish(test_churn *churn, const test_churn_batch *batch)
{
    test_network *network = &churn->network;
    test_node *publisher = &network->nodes[batch->publisher];
    SKAD_ASSERT(batch->type != SKAD_RECORD_ANNOUNCEMENT);
    for (size_t i = 0; i < batch->count; i++) {
        SKAD_ASSERT(churn->values_count < TEST_CHURN_VALUES_MAX);
        test_churn_value *value = &churn->values[churn->values_count++];
        for (size_t at = 0; at < sizeof value->bytes; at++) {
            value->bytes[at] = (uint8_t)test_prng_next(&churn->prng);
        }
        name_value(value, batch->type, publisher->identity.public_key);
        skad_time now = test_network_time(network);
        skad_op op;
        skad_status status = batch->type == SKAD_RECORD_MUTABLE
                                 ? publish_mutable(publisher->node, value, batch->keep, now, &op)
                                 : store_immutable(publisher->node, value, batch->keep, now, &op);
        SKAD_ASSERT(status == SKAD_OK);
        skad_event event = test_network_await(network, batch->publisher, op, NULL);
        SKAD_ASSERT(event.kind == SKAD_EVENT_PUT && event.u.put.stored > 0);
    }
}

/* ---- Asking ---- */

size_t test_churn_holders(const test_churn *churn, const test_churn_value *value)
{
    size_t holders = 0;
    for (size_t i = 0; i < churn->network.count; i++) {
        const test_node *node = &churn->network.nodes[i];
        skad_store_record found;
        holders += !node->dead &&
                   node->store.ops->find(node->store.self, SKAD_STORE_REPLICAS, &value->name,
                                         test_network_time(&churn->network).unix_s, &found);
    }
    return holders;
}

static void judge(test_churn *churn, const test_churn_value *value, const skad_event *event)
{
    test_churn_tally *tally = &churn->tally;
    const skad_get_report *got = &event->u.get;
    tally->gets++;
    tally->rpcs += got->rpcs;
    if (event->outcome == SKAD_OUTCOME_TIMED_OUT) {
        tally->timed_out++;
    } else if (event->outcome == SKAD_OUTCOME_NOT_FOUND) {
        bool held = test_churn_holders(churn, value) > 0;
        tally->missed += held;
        tally->lost += !held;
    } else {
        bool right = got->len == sizeof value->bytes &&
                     memcmp(got->value, value->bytes, sizeof value->bytes) == 0;
        tally->right += right;
        tally->wrong += !right;
    }
}

/* Takes all events, so that none waits in a node for ever. */
static void hear(test_churn *churn)
{
    for (size_t i = 0; i < churn->network.count; i++) {
        test_churn_peer *peer = &churn->peers[i];
        skad_event event;
        while (!churn->network.nodes[i].dead &&
               skad_node_poll_event(churn->network.nodes[i].node, &event)) {
            if (event.kind == SKAD_EVENT_GET && event.op == peer->get) {
                judge(churn, &churn->values[peer->value], &event);
                peer->get = 0;
            }
        }
    }
}

/* Nodes that have joined and are not asking yet; not the stable one, which needs nobody. */
static bool may_ask(const test_churn *churn, size_t index)
{
    skad_node_stats stats;
    if (index == STABLE || churn->network.nodes[index].dead || churn->peers[index].get != 0) {
        return false;
    }
    skad_node_stats_get(churn->network.nodes[index].node, test_network_time(&churn->network),
                        &stats);
    return stats.joined;
}

static void ask(test_churn *churn)
{
    size_t candidates[TEST_NODES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < churn->network.count; i++) {
        if (may_ask(churn, i)) {
            candidates[count++] = i;
        }
    }
    if (count == 0) {
        return;
    }
    size_t index = candidates[test_prng_below(&churn->prng, count)];
    test_churn_peer *peer = &churn->peers[index];
    peer->value = (size_t)test_prng_below(&churn->prng, churn->values_count);
    const skad_store_name *name = &churn->values[peer->value].name;
    skad_status status =
        skad_node_get(churn->network.nodes[index].node, (skad_record_type)name->type, &name->key,
                      test_network_time(&churn->network), &peer->get);
    SKAD_ASSERT(status == SKAD_OK);
}

static uint64_t next_change(const test_churn *churn)
{
    uint64_t next_us = UINT64_MAX;
    for (size_t i = 0; i < churn->network.count; i++) {
        uint64_t change_us = churn->peers[i].change_us;
        next_us = change_us < next_us ? change_us : next_us;
    }
    return next_us;
}

void test_churn_run(test_churn *churn, uint64_t duration_us, bool asking)
{
    test_network *network = &churn->network;
    uint64_t end_us = network->now_us + duration_us;
    churn->get_us = network->now_us;
    while (network->now_us < end_us) {
        uint64_t next_us = next_change(churn);
        next_us = asking && churn->get_us < next_us ? churn->get_us : next_us;
        next_us = end_us < next_us ? end_us : next_us;
        test_network_run(network, next_us - network->now_us, NULL, NULL);
        hear(churn);
        change_due(churn);
        if (asking && churn->get_us <= network->now_us) {
            ask(churn);
            churn->get_us += churn->plan.get_interval_us;
        }
    }
}

/* ---- Looking on ---- */

uint64_t test_churn_stores(const test_churn *churn, size_t except)
{
    uint64_t stores = 0;
    for (size_t i = 0; i < churn->network.count; i++) {
        if (i != except && !churn->network.nodes[i].dead) {
            skad_node_stats stats;
            skad_node_stats_get(churn->network.nodes[i].node, test_network_time(&churn->network),
                                &stats);
            stores += stats.requests[SKAD_KIND_STORE];
        }
    }
    return stores;
}
