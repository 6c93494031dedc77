#include "tests/support/record_script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

test_network *test_records_start(size_t count, uint64_t seed)
{
    test_network *network = test_network_start(count, seed);
    test_network_join_all(network);
    return network;
}

void test_records_stop(test_network *network)
{
    test_network_stop(network);
}

skad_span test_text(const char *words)
{
    return (skad_span){(const uint8_t *)words, strlen(words)};
}

skad_node *test_node_of(test_network *network, size_t index)
{
    return network->nodes[index].node;
}

skad_event test_publish(test_network *network, size_t index, test_edition what, skad_id *key)
{
    const skad_publish_request request = {
        .salt = test_text("salt"),
        .value = test_text(what.value),
        .sequence = what.sequence,
        .life_s = what.life_s == 0 ? 2 * DAY_S : what.life_s,
        .has_cas = what.has_cas,
        .cas = what.cas,
        .keep = what.keep,
    };
    skad_op op;
    assert_int_equal(skad_node_publish(test_node_of(network, index), &request,
                                       test_network_time(network), &op, key),
                     SKAD_OK);
    return test_network_await(network, index, op, NULL);
}

skad_event test_fetch(test_network *network, size_t index, skad_record_type type,
                      const skad_id *key, uint8_t value[static SKAD_VALUE_BYTES_MAX])
{
    skad_op op;
    memset(value, 0, SKAD_VALUE_BYTES_MAX);
    assert_int_equal(
        skad_node_get(test_node_of(network, index), type, key, test_network_time(network), &op),
        SKAD_OK);
    return test_network_await(network, index, op, value);
}

void test_assert_resolves(test_network *network, size_t index, const skad_id *key,
                          uint64_t sequence, const char *expected)
{
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    skad_event event = test_fetch(network, index, SKAD_RECORD_MUTABLE, key, value);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    assert_int_equal(event.u.get.sequence, sequence);
    assert_int_equal(event.u.get.len, strlen(expected));
    assert_memory_equal(value, expected, strlen(expected));
}

size_t test_holders_of(const test_network *network, const skad_id *key, skad_record_type type)
{
    size_t count = 0;
    for (size_t i = 0; i < network->count; i++) {
        const skad_store *store = &network->nodes[i].store;
        skad_store_record found;
        count += !network->nodes[i].dead &&
                 store->ops->list(store->self, key, (uint8_t)type, 0,
                                  test_network_time(network).unix_s, &found, 1) > 0;
    }
    return count;
}

void test_announce(test_network *network, size_t index, uint8_t key, bool keep)
{
    const skad_announce_request request = {
        .key = {{key}},
        .endpoint = {.port = 8080},
        .metadata = test_text("web"),
        .life_s = DAY_S,
        .keep = keep,
    };
    skad_op op;
    assert_int_equal(
        skad_node_announce(test_node_of(network, index), &request, test_network_time(network), &op),
        SKAD_OK);
    skad_event event = test_network_await(network, index, op, NULL);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    assert_int_equal(event.u.put.stored, 16);
}

bool test_poll_awaited(test_network *network, void *user)
{
    test_awaited *awaited = user;
    skad_event event;
    while (skad_node_poll_event(test_node_of(network, awaited->index), &event)) {
        if (event.op != awaited->op) {
            continue;
        }
        awaited->came = true;
        awaited->event = event;
        for (size_t i = 0; i < event.u.get.providers_count; i++) {
            for (size_t j = 0; j < network->count; j++) {
                awaited->seen[j] |= memcmp(event.u.get.providers[i].publisher,
                                           network->nodes[j].identity.public_key, 32) == 0;
            }
        }
        if (event.u.get.value != NULL) {
            memcpy(awaited->value, event.u.get.value, event.u.get.len);
        }
        return true;
    }
    return false;
}
