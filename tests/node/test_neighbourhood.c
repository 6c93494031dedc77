/* A neighbourhood that compares what it holds: a record that only one node of its region has comes
 * to all of them, without its publisher and past those that lie about what they hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "skad/record.h"
#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "src/core/storage/responsibility.h"
#include "tests/support/impersonate.h"
#include "tests/support/network.h"

#define NODES   64
#define HOUR_US (3600 * SKAD_US_PER_S)
#define DAY_S   86400U

/* Every fourth node lies: that nothing differs, or that all does. */
static bool lie(test_network *network, size_t index, const skad_address *from,
                const skad_datagram *datagram)
{
    skad_envelope envelope;
    if (skad_envelope_decode(datagram->bytes + SKAD_TAG_BYTES, datagram->len - SKAD_TAG_BYTES,
                             &envelope) != SKAD_VERDICT_ACCEPT ||
        envelope.kind != SKAD_KIND_MATCH) {
        return false;
    }
    skad_message message = {.kind = SKAD_KIND_MATCHED};
    message.u.reply.u.matched.differs = index % 8 == 3 ? 0 : UINT64_MAX;
    skad_datagram reply;
    test_reply_as(network->profile, &network->nodes[index].identity, from, datagram, &message,
                  &reply);
    test_network_send(network, &network->nodes[index].address, &reply);
    return true;
}

static bool holds(const test_network *network, size_t index, const skad_store_name *name)
{
    const skad_store *store = &network->nodes[index].store;
    skad_store_record row;
    return store->ops->find(store->self, SKAD_STORE_REPLICAS, name,
                            test_network_time(network).unix_s, &row) &&
           !row.cached;
}

/* Whether a node takes the key for one of its region. */
static bool owes(const test_network *network, size_t index, const skad_id *key)
{
    skad_node *node = network->nodes[index].node;
    const unsigned bits =
        skad_responsibility_bits(skad_node_parts_of(node).table, network->profile);
    return skad_common_prefix(&network->nodes[index].identity.id, key) >= bits;
}

static void what_one_node_of_a_region_has_all_of_them_have_in_time(void **state)
{
    (void)state;
    test_network *network = test_network_start(NODES, 61);
    static const uint8_t value[] = {7};
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    test_network_join_all(network);
    network->adversary = lie;
    for (size_t i = 3; i < NODES; i += 4) {
        network->nodes[i].liar = true;
    }
    (void)test_network_run(network, HOUR_US, NULL, NULL);
    skad_store_record row = {.name = {.type = SKAD_RECORD_IMMUTABLE},
                             .stored_unix_s = test_network_time(network).unix_s,
                             .expires_unix_s = test_network_time(network).unix_s + DAY_S,
                             .data = bytes};
    row.len = skad_record_encode_immutable(value, sizeof value, bytes, sizeof bytes);
    skad_value_key(value, sizeof value, &row.name.key);
    size_t owner = 0;
    while (!owes(network, owner, &row.name.key) || network->nodes[owner].liar) {
        owner++;
    }
    assert_int_equal(network->nodes[owner].store.ops->put(network->nodes[owner].store.self,
                                                          SKAD_STORE_REPLICAS, &row,
                                                          test_network_time(network).unix_s),
                     SKAD_OK);
    (void)test_network_run(network, 4 * HOUR_US, NULL, NULL);
    size_t honest = 0;
    size_t holders = 0;
    size_t others = 0;
    for (size_t i = 0; i < NODES; i++) {
        if (network->nodes[i].liar) {
            continue;
        }
        const bool owing = owes(network, i, &row.name.key);
        honest += owing;
        holders += owing && holds(network, i, &row.name);
        others += !owing && holds(network, i, &row.name);
    }
    print_message("seed 61: %zu of %zu honest nodes of the region, and %zu others\n", holders,
                  honest, others);
    assert_in_range(honest, 6, 30);
    assert_int_equal(holders, honest);
    test_network_stop(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_node_of_a_region_has_all_of_them_have_in_time),
    };
    return cmocka_run_group_tests_name("neighbourhood", tests, NULL, NULL);
}
