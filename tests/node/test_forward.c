/* Lookups, gets and puts that other nodes forward, in networks of whole nodes: what comes back,
 * what it costs, and what becomes of it when nodes are dead, silent or lie. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "proto/message.h"
#include "proto/statement.h"
#include "skad/forward.h"
#include "skad/records.h"
#include "src/core/node/invariants.h"
#include "src/core/routing/distance.h"
#include "tests/support/identities.h"
#include "tests/support/impersonate.h"
#include "tests/support/network.h"

#define NODES 60

static test_network *start(size_t count)
{
    test_network *network = test_network_start(count, 11);
    test_network_join_all(network);
    return network;
}

static skad_node *node_of(test_network *network, size_t i)
{
    return network->nodes[i].node;
}

static skad_node_stats stats_of(const test_network *network, size_t i)
{
    skad_node_stats stats;
    skad_node_stats_get(network->nodes[i].node, test_network_time(network), &stats);
    return stats;
}

static skad_id put(test_network *network, size_t by, unsigned number)
{
    const uint8_t value[] = {(uint8_t)number, (uint8_t)(number >> 8), 'v'};
    skad_op op;
    skad_id key;
    assert_int_equal(skad_node_put(node_of(network, by), value, sizeof value,
                                   test_network_time(network), &op, &key),
                     SKAD_OK);
    assert_int_equal(test_network_await(network, by, op, NULL).outcome, SKAD_OUTCOME_DONE);
    return key;
}

static skad_event get(test_network *network, size_t by, const skad_id *key, uint8_t *value)
{
    skad_op op;
    assert_int_equal(skad_node_forward_get(node_of(network, by), SKAD_RECORD_IMMUTABLE, key, 0,
                                           test_network_time(network), &op),
                     SKAD_OK);
    return test_network_await(network, by, op, value);
}

static void settle(test_network *network)
{
    (void)test_network_run(network, 20 * SKAD_US_PER_S, NULL, NULL);
    for (size_t i = 0; i < network->count; i++) {
        if (network->nodes[i].node != NULL && !network->nodes[i].dead) {
            assert_int_equal(stats_of(network, i).relays, 0);
            assert_null(skad_node_broken(node_of(network, i), test_network_time(network)));
        }
    }
}

static void a_value_comes_back_along_the_chain(void **state)
{
    (void)state;
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    test_network *network = start(NODES);
    for (unsigned i = 0; i < 40; i++) {
        const skad_id key = put(network, i, i);
        const skad_event event = get(network, NODES - 1 - i % 20, &key, value);
        assert_int_equal(event.kind, SKAD_EVENT_GET);
        assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
        assert_int_equal(event.u.get.len, 3);
        assert_int_equal(value[0], i);
    }
    settle(network);
    test_network_stop(network);
}

static void an_absent_value_is_said_to_be_absent(void **state)
{
    (void)state;
    test_network *network = start(NODES);
    const skad_id key = {{9, 9, 9}};
    const skad_event event = get(network, 3, &key, NULL);
    assert_int_equal(event.outcome, SKAD_OUTCOME_NOT_FOUND);
    settle(network);
    test_network_stop(network);
}

static void a_list_of_nodes_is_that_of_the_nearest(void **state)
{
    (void)state;
    test_network *network = start(NODES);
    const skad_id target = {{0x5a, 1, 2}};
    skad_op op;
    assert_int_equal(
        skad_node_forward_lookup(node_of(network, 5), &target, 0, test_network_time(network), &op),
        SKAD_OK);
    const skad_event event = test_network_await(network, 5, op, NULL);
    assert_int_equal(event.kind, SKAD_EVENT_LOOKUP);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    const skad_lookup_report *report = &event.u.lookup.report;
    assert_int_equal(report->closest_count, network->profile->siblings);
    for (size_t i = 0; i < NODES; i++) {
        const skad_id *id = &network->nodes[i].identity.id;
        const skad_id *last = &report->closest[report->closest_count - 1].id;
        if (skad_distance_compare(&target, id, last) > 0) {
            continue;
        }
        bool listed = false;
        for (size_t j = 0; j < report->closest_count; j++) {
            listed |= skad_id_equal(id, &report->closest[j].id);
        }
        assert_true(listed);
    }
    settle(network);
    test_network_stop(network);
}

static void a_record_is_stored_by_the_last_of_the_chain(void **state)
{
    (void)state;
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    test_network *network = start(NODES);
    for (unsigned i = 0; i < 20; i++) {
        const uint8_t bytes[] = {1, (uint8_t)i};
        const size_t len = skad_record_encode_immutable(bytes, 2, record, sizeof record);
        skad_op op;
        skad_id key;
        assert_int_equal(skad_node_forward_store(node_of(network, i), record, len, 0,
                                                 test_network_time(network), &op, &key),
                         SKAD_OK);
        const skad_event stored = test_network_await(network, i, op, NULL);
        assert_int_equal(stored.kind, SKAD_EVENT_PUT);
        assert_int_equal(stored.outcome, SKAD_OUTCOME_DONE);
        assert_true(stored.u.put.stored >= network->profile->siblings);
        skad_op usual;
        assert_int_equal(skad_node_get(node_of(network, NODES - 1), SKAD_RECORD_IMMUTABLE, &key,
                                       test_network_time(network), &usual),
                         SKAD_OK);
        const skad_event found = test_network_await(network, NODES - 1, usual, value);
        assert_int_equal(found.outcome, SKAD_OUTCOME_DONE);
        assert_int_equal(value[1], i);
    }
    settle(network);
    test_network_stop(network);
}

static void a_mutable_record_comes_in_its_latest_edition(void **state)
{
    (void)state;
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    test_network *network = start(NODES);
    skad_id key;
    for (uint64_t sequence = 1; sequence <= 3; sequence++) {
        const uint8_t edition[] = {(uint8_t)sequence};
        const skad_publish_request request = {
            .value = {edition, 1}, .sequence = sequence, .life_s = 3600};
        skad_op op;
        assert_int_equal(
            skad_node_publish(node_of(network, 7), &request, test_network_time(network), &op, &key),
            SKAD_OK);
        assert_int_equal(test_network_await(network, 7, op, NULL).outcome, SKAD_OUTCOME_DONE);
        assert_int_equal(skad_node_forward_get(node_of(network, 30), SKAD_RECORD_MUTABLE, &key, 0,
                                               test_network_time(network), &op),
                         SKAD_OK);
        const skad_event event = test_network_await(network, 30, op, value);
        assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
        assert_int_equal(event.u.get.sequence, sequence);
    }
    settle(network);
    test_network_stop(network);
}

static void dead_nodes_are_gone_round(void **state)
{
    (void)state;
    test_network *network = start(NODES);
    size_t done = 0;
    skad_id keys[30];
    for (unsigned i = 0; i < 30; i++) {
        keys[i] = put(network, i, i);
    }
    for (size_t i = 40; i < NODES; i++) { /* a third of all */
        network->nodes[i].dead = true;
    }
    for (unsigned i = 0; i < 30; i++) {
        done += get(network, (i + 7) % 40, &keys[i], NULL).outcome == SKAD_OUTCOME_DONE;
    }
    assert_int_equal(done, 30);
    settle(network);
    test_network_stop(network);
}

/* ---- Nodes that take part and drop what they are to forward ---- */

static bool drops_forwards(test_network *network, size_t index, const skad_address *from,
                           const skad_datagram *datagram)
{
    const uint64_t before = stats_of(network, index).requests[SKAD_KIND_FORWARD];
    skad_node *node = node_of(network, index);
    (void)skad_node_receive(node, datagram->bytes, datagram->len, from, test_network_time(network));
    const bool forward = stats_of(network, index).requests[SKAD_KIND_FORWARD] != before;
    skad_datagram out; /* lost, and what else it had to say */
    while (forward && skad_node_poll_datagram(node, &out)) {
        network->nodes[index].polled++;
        network->nodes[index].polled_bytes += out.len;
    }
    return forward;
}

static void droppers_are_gone_round(void **state)
{
    (void)state;
    test_network *network = start(NODES);
    skad_id keys[40];
    size_t done = 0;
    for (unsigned i = 0; i < 40; i++) {
        keys[i] = put(network, i, i);
    }
    network->adversary = drops_forwards;
    for (size_t i = 0; i < NODES; i += 5) {
        network->nodes[i].liar = true;
    }
    for (unsigned i = 0; i < 40; i++) {
        done += get(network, 1 + 5 * (i % 12), &keys[i], NULL).outcome == SKAD_OUTCOME_DONE;
    }
    assert_int_equal(done, 40);
    (void)test_network_run(network, 20 * SKAD_US_PER_S, NULL, NULL);
    test_network_stop(network);
}

/* ---- What an honest first hop hands back ---- */

static bool signs_an_empty_list(test_network *network, size_t index, const skad_address *from,
                                const skad_datagram *datagram)
{
    uint8_t subject[SKAD_HASH_BYTES];
    uint8_t bytes[SKAD_STATEMENT_BYTES_MAX];
    const test_node *self = &network->nodes[index];
    const skad_publisher signer = test_plain_publisher(&self->identity);
    skad_envelope envelope;
    skad_message asked;
    skad_message message = {.kind = SKAD_KIND_FORWARDED};
    skad_datagram reply;
    if (skad_envelope_decode(datagram->bytes + SKAD_TAG_BYTES, datagram->len - SKAD_TAG_BYTES,
                             &envelope) != SKAD_VERDICT_ACCEPT ||
        envelope.kind != SKAD_KIND_FORWARD ||
        !skad_message_decode(envelope.kind, envelope.body.data, envelope.body.len, &asked)) {
        return false;
    }
    const skad_statement stated = {.aim = asked.u.forward.aim,
                                   .unix_s = test_network_time(network).unix_s};
    skad_statement_subject(&asked.u.forward, subject);
    message.u.reply.u.forwarded.statement =
        (skad_span){bytes, skad_statement_encode(signer, subject, &stated, bytes)};
    test_reply_as(network->profile, &self->identity, from, datagram, &message, &reply);
    test_network_send(network, &self->address, &reply);
    return true;
}

static size_t nearest_of(const test_network *network, const skad_id *target)
{
    size_t nearest = 0;
    for (size_t i = 1; i < network->count; i++) {
        if (skad_distance_compare(target, &network->nodes[i].identity.id,
                                  &network->nodes[nearest].identity.id) < 0) {
            nearest = i;
        }
    }
    return nearest;
}

static size_t honest_in_doubt(test_network *network, size_t of, size_t liar)
{
    skad_forward_balance balances[NODES];
    const size_t count = skad_node_forward_balances(node_of(network, of),
                                                    test_network_time(network), balances, NODES);
    size_t doubted = 0;
    for (size_t i = 0; i < count && i < NODES; i++) {
        doubted += balances[i].doubted &&
                   !skad_id_equal(&balances[i].id, &network->nodes[liar].identity.id);
    }
    return doubted;
}

static void what_the_last_signs_is_no_fault_of_the_first(void **state)
{
    (void)state;
    test_network *network = start(NODES);
    const skad_id target = {{0x5a, 1, 2}};
    const size_t liar = nearest_of(network, &target);
    const size_t asker = liar == 5 ? 6 : 5;
    network->adversary = signs_an_empty_list;
    network->nodes[liar].liar = true;
    for (unsigned i = 0; i < 4; i++) {
        skad_op op;
        assert_int_equal(skad_node_forward_lookup(node_of(network, asker), &target, 0,
                                                  test_network_time(network), &op),
                         SKAD_OK);
        (void)test_network_await(network, asker, op, NULL);
    }
    assert_int_equal(honest_in_doubt(network, asker, liar), 0);
    test_network_stop(network);
}

/* ---- An old edition, of the node nearest to the key ---- */

static uint8_t first_edition[SKAD_RECORD_BYTES_MAX];
static size_t first_edition_len;

static bool gives_the_first_edition(test_network *network, size_t index, const skad_address *from,
                                    const skad_datagram *datagram)
{
    const test_node *self = &network->nodes[index];
    skad_envelope envelope;
    skad_datagram reply;
    skad_message message = {.kind = SKAD_KIND_FORWARDED};
    if (skad_envelope_decode(datagram->bytes + SKAD_TAG_BYTES, datagram->len - SKAD_TAG_BYTES,
                             &envelope) != SKAD_VERDICT_ACCEPT ||
        envelope.kind != SKAD_KIND_FORWARD) {
        return false;
    }
    message.u.reply.u.forwarded.record = (skad_span){first_edition, first_edition_len};
    test_reply_as(network->profile, &self->identity, from, datagram, &message, &reply);
    test_network_send(network, &self->address, &reply);
    return true;
}

static skad_id publish(test_network *network, size_t by, uint64_t sequence)
{
    const uint8_t edition[] = {(uint8_t)sequence};
    const skad_publish_request request = {
        .value = {edition, 1}, .sequence = sequence, .life_s = 3600};
    skad_op op;
    skad_id key;
    assert_int_equal(
        skad_node_publish(node_of(network, by), &request, test_network_time(network), &op, &key),
        SKAD_OK);
    assert_int_equal(test_network_await(network, by, op, NULL).outcome, SKAD_OUTCOME_DONE);
    return key;
}

static void an_old_edition_of_the_nearest_is_replaced_on_the_way(void **state)
{
    (void)state;
    test_network *network = start(NODES);
    const skad_id key = publish(network, 7, 1);
    const size_t liar = nearest_of(network, &key);
    skad_store *store = &network->nodes[liar].store;
    skad_store_record found;
    size_t latest = 0;
    assert_int_equal(store->ops->list(store->self, &key, SKAD_RECORD_MUTABLE, 0,
                                      test_network_time(network).unix_s, &found, 1),
                     1);
    memcpy(first_edition, found.data, found.len);
    first_edition_len = found.len;
    (void)publish(network, 7, 2);
    network->adversary = gives_the_first_edition;
    network->nodes[liar].liar = true;
    for (size_t i = 0; i < 20; i++) {
        const size_t asker = (liar + 1 + 2 * i) % NODES;
        skad_op op;
        assert_int_equal(skad_node_forward_get(node_of(network, asker), SKAD_RECORD_MUTABLE, &key,
                                               0, test_network_time(network), &op),
                         SKAD_OK);
        const skad_event event = test_network_await(network, asker, op, NULL);
        assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
        latest += event.u.get.sequence == 2;
    }
    assert_true(latest >= 15);
    test_network_stop(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_comes_back_along_the_chain),
        cmocka_unit_test(an_absent_value_is_said_to_be_absent),
        cmocka_unit_test(a_list_of_nodes_is_that_of_the_nearest),
        cmocka_unit_test(a_record_is_stored_by_the_last_of_the_chain),
        cmocka_unit_test(a_mutable_record_comes_in_its_latest_edition),
        cmocka_unit_test(dead_nodes_are_gone_round),
        cmocka_unit_test(droppers_are_gone_round),
        cmocka_unit_test(an_old_edition_of_the_nearest_is_replaced_on_the_way),
        cmocka_unit_test(what_the_last_signs_is_no_fault_of_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
