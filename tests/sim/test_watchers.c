/* What watches over simulated worlds: each invariant is broken on purpose once, and noticed; what
 * is next to it is not taken for a breach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "proto/address.h"
#include "proto/envelope.h"
#include "src/core/node/parts.h"
#include "src/sim/experiment/acquaintances.h"
#include "src/sim/world/fairness.h"
#include "src/sim/world/ledger.h"
#include "src/sim/world/prefill_world.h"
#include "tests/support/small_world.h"

#define NODE    3 /* that is watched */
#define HONEST  5
#define ATTACKS 28

static skad_world *world;

static int begin(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(30);
    char reason[SKAD_SIM_REASON_BYTES];
    scenario.invariants = true;
    scenario.adversary = SKAD_SIM_FLOOD;
    scenario.adversary_share = 0.2;
    world = calloc(1, sizeof *world);
    assert_non_null(world);
    assert_true(skad_world_init(world, &scenario, reason));
    skad_sim_prefill(world);
    world->began_us = world->now_us;
    skad_world_run(world, world->now_us + 60 * SKAD_US_PER_S);
    assert_null(world->broken);
    return 0;
}

static int end(void **state)
{
    (void)state;
    skad_world_free(world);
    free(world);
    return 0;
}

static skad_node_parts parts_of(uint32_t node)
{
    return skad_node_parts_of(world->nodes[node].node);
}

/* Returns the next request of a node to NODE as it will arrive; the caller frees it. */
static skad_sim_flight *request_of(uint32_t from)
{
    const skad_address to = skad_sim_address_of(&world->addresses, NODE);
    skad_datagram datagram;
    skad_op op;
    assert_int_equal(skad_node_lookup(world->nodes[from].node, skad_world_id(world, NODE),
                                      skad_world_time(world, from), &op),
                     SKAD_OK);
    skad_sim_flight *flight = NULL;
    while (skad_node_poll_datagram(world->nodes[from].node, &datagram)) {
        if (flight == NULL && skad_address_equal(&datagram.to, &to)) {
            flight = calloc(1, sizeof *flight + datagram.len);
            assert_non_null(flight);
            flight->from = skad_sim_address_of(&world->addresses, from);
            flight->to = to;
            flight->len = (uint16_t)datagram.len;
            memcpy(flight->bytes, datagram.bytes, datagram.len);
        }
    }
    assert_non_null(flight);
    return flight;
}

/* ---- Fairness ---- */

static void ban(uint8_t scope, uint32_t node)
{
    const skad_ban one = {.scope = scope,
                          .id = *skad_world_id(world, node),
                          .address = skad_sim_address_of(&world->addresses, node),
                          .prefix_bits = 32,
                          .reason = SKAD_BAN_SIGNATURES,
                          .until_us = world->now_us + 600 * SKAD_US_PER_S};
    assert_int_equal(skad_bans_add(parts_of(NODE).bans, &one, world->now_us), SKAD_OK);
}

static void a_ban_of_an_honest_node_is_noticed(void **state)
{
    static const uint8_t scopes[] = {SKAD_BAN_PEER, SKAD_BAN_ID, SKAD_BAN_PREFIX};
    for (size_t i = 0; i < sizeof scopes; i++) {
        begin(state);
        skad_sim_flight *flight = request_of(ATTACKS);
        ban(SKAD_BAN_PEER, ATTACKS);
        ban(SKAD_BAN_PREFIX, ATTACKS);
        skad_fairness_check(world, NODE, flight);
        assert_null(world->broken);
        ban(scopes[i], HONEST);
        skad_fairness_check(world, NODE, flight);
        assert_string_equal(world->broken, "no honest node bans another");
        assert_int_equal(world->broken_node, NODE);
        free(flight);
        end(state);
    }
}

static void an_honest_node_that_is_evicted_for_violations_is_noticed(void **state)
{
    (void)state;
    skad_sim_flight *attack = request_of(ATTACKS);
    skad_sim_flight *honest = request_of(HONEST);
    world->nodes[NODE].dismissed--; /* as if one more had been since */
    skad_fairness_check(world, NODE, attack);
    assert_null(world->broken);
    skad_fairness_check(world, NODE, honest);
    assert_null(world->broken); /* it was the attacker */
    world->nodes[NODE].dismissed--;
    skad_fairness_check(world, NODE, honest);
    assert_string_equal(world->broken, "no honest node evicts another for violations");
    free(attack);
    free(honest);
}

/* ---- Bytes ---- */

static void send_back(size_t bytes)
{
    const skad_datagram answer = {.to = skad_sim_address_of(&world->addresses, HONEST),
                                  .len = (uint16_t)bytes};
    skad_sim_ledger_sent(world, NODE, &answer);
}

static bool token_of(const skad_sim_flight *flight)
{
    skad_envelope envelope;
    assert_int_equal(skad_envelope_decode(flight->bytes + SKAD_TAG_BYTES,
                                          flight->len - SKAD_TAG_BYTES, &envelope),
                     SKAD_VERDICT_ACCEPT);
    return envelope.token != NULL;
}

static void more_than_threefold_for_a_request_without_a_token_is_noticed(void **state)
{
    (void)state;
    skad_sim_flight *flight = request_of(HONEST);
    flight->len = 100; /* cut off, so it proves nothing */
    skad_sim_ledger_received(world, NODE, flight);
    send_back(200);
    skad_sim_ledger_served(world);
    send_back(1000); /* of its own accord */
    assert_null(world->broken);
    skad_sim_ledger_received(world, NODE, flight);
    send_back(400);
    assert_null(world->broken);
    send_back(1);
    assert_non_null(world->broken);
    assert_int_equal(world->broken_node, NODE);
    free(flight);
}

static void a_token_proves_an_address_until_it_is_too_old(void **state)
{
    (void)state;
    skad_op op;
    assert_int_equal(skad_node_lookup(world->nodes[HONEST].node, skad_world_id(world, NODE),
                                      skad_world_time(world, HONEST), &op),
                     SKAD_OK);
    skad_world_settle(world, HONEST);
    skad_world_run(world, world->now_us + 5 * SKAD_US_PER_S); /* a token comes with the answer */
    skad_sim_flight *flight = request_of(HONEST);
    assert_true(token_of(flight));
    skad_sim_ledger_received(world, NODE, flight);
    send_back(60000);
    assert_null(world->broken);
    flight->bytes[SKAD_TAG_BYTES] ^= 1; /* unreadable from now on */
    world->now_us += SKAD_TOKEN_SLOT_US - 1;
    skad_sim_ledger_received(world, NODE, flight);
    send_back(60000);
    assert_null(world->broken);
    world->now_us += 1;
    send_back(4U * flight->len);
    assert_non_null(world->broken);
    free(flight);
}

/* ---- Acquaintances ---- */

static void a_peer_that_is_forgotten_is_noticed(void **state)
{
    (void)state;
    skad_sim_acquaintances known = {0};
    skad_sim_acquaintances_note(&known, world);
    assert_true(known.count > 24 * 12);
    skad_sim_acquaintances_check(&known, world);
    assert_null(world->broken);
    skad_table *table = parts_of(NODE).table;
    const skad_address adversary = skad_sim_address_of(&world->addresses, ATTACKS);
    const skad_address honest = skad_sim_address_of(&world->addresses, HONEST);
    for (size_t i = 0; i < SKAD_TABLE_FAILURES_MAX; i++) {
        skad_table_failed(table, skad_world_id(world, ATTACKS), &adversary, world->now_us);
    }
    skad_sim_acquaintances_check(&known, world);
    assert_null(world->broken);
    for (size_t i = 0; i < SKAD_TABLE_FAILURES_MAX; i++) {
        skad_table_failed(table, skad_world_id(world, HONEST), &honest, world->now_us);
    }
    skad_sim_acquaintances_check(&known, world);
    assert_string_equal(world->broken, "without faults no honest node forgets another that lives");
    assert_int_equal(world->broken_node, NODE);
    skad_sim_acquaintances_free(&known);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ban_of_an_honest_node_is_noticed),
        IN_WORLD(an_honest_node_that_is_evicted_for_violations_is_noticed),
        IN_WORLD(more_than_threefold_for_a_request_without_a_token_is_noticed),
        IN_WORLD(a_token_proves_an_address_until_it_is_too_old),
        IN_WORLD(a_peer_that_is_forgotten_is_noticed),
    };
    return cmocka_run_group_tests_name("sim watchers", tests, NULL, NULL);
}
