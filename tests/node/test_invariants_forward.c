/* The invariants of what is forwarded, each broken in all of its ways: in a node that has a FORWARD
 * of a neighbour under way, and one of its own. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "proto/message.h"
#include "skad/forward.h"
#include "src/core/node/invariants.h"
#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "tests/support/fixture.h"
#include "tests/support/tampering.h"

#define PEERS         20
#define PART(node, x) (skad_node_parts_of(node).x)

#define BUDGET   "a forward keeps to its budget"
#define WAITS    "a forward waits for its requests"
#define STORES   "a forward that stores asks no more"
#define IN_TIME  "every forward ends in time"
#define COUNTED  "forwards are counted"
#define HOPS     "first hops are counted"
#define AWAITED  "what others forward waits for its first hops"
#define BALANCES "balances keep to their bounds"

static test_fixture fixture;

static skad_relay *relay(skad_node *node)
{
    return &PART(node, relays)->all[0];
}

static skad_operation *own(skad_node *node)
{
    return PART(node, operations)->slots[0].operation;
}

/* ---- A neighbour's ---- */

static void spend_too_much(skad_node *node)
{
    relay(node)->budget = SKAD_FORWARD_BUDGET_MAX;
}
static void try_too_often(skad_node *node)
{
    relay(node)->tries = SKAD_RELAY_TRIES_MAX + 1;
}
static void wait_for_more_than_was_tried(skad_node *node)
{
    relay(node)->silent = relay(node)->tries;
}
static void wait_for_nothing(skad_node *node)
{
    relay(node)->waiting = 0;
}
static void forget_its_request(skad_node *node)
{
    relay(node)->generation++;
}
static void store_a_question(skad_node *node)
{
    relay(node)->state = SKAD_RELAY_STORES;
}
static void end_never(skad_node *node)
{
    relay(node)->deadline_us += SKAD_FORWARD_LIFE_MS_MAX * SKAD_US_PER_MS;
}
static void look_too_late(skad_node *node)
{
    PART(node, relays)->deadline_us = relay(node)->deadline_us + 1;
}
static void look_early(skad_node *node)
{
    PART(node, relays)->deadline_us = 1;
}
static void count_another(skad_node *node)
{
    PART(node, relays)->count++;
}
static void free_it(skad_node *node)
{
    relay(node)->state = SKAD_RELAY_FREE;
}

/* ---- Our own ---- */

static void await_a_hop_too_many(skad_node *node)
{
    own(node)->forwarding->waiting++;
}
static void await_no_hop(skad_node *node)
{
    own(node)->forwarding->waiting = 0;
}
static void miscount_the_slow(skad_node *node)
{
    own(node)->forwarding->slow++;
}
static void have_too_many_hops(skad_node *node)
{
    own(node)->forwarding->hops_count = SKAD_FIRST_HOPS_MAX + 1;
}
static void know_too_many(skad_node *node)
{
    own(node)->forwarding->closest_count = SKAD_K_MAX + 1;
}

/* ---- Balances ---- */

static void owe_too_much(skad_node *node)
{
    PART(node, balances)->accounts[7].debt = SKAD_BALANCE_DEBT_MAX + 1;
}
static void be_owed_too_much(skad_node *node)
{
    PART(node, balances)->accounts[7].debt = -SKAD_BALANCE_DEBT_MAX - 1;
}
static void be_silent_too_often(skad_node *node)
{
    PART(node, balances)->accounts[0].silent = SKAD_BALANCE_SILENT_MAX + 1;
}
static void pay_tomorrow(skad_node *node)
{
    PART(node, balances)->accounts[0].paid_us = UINT64_MAX;
}

static const test_tampering CASES[] = {
    BREAKS(BUDGET, spend_too_much),
    BREAKS(BUDGET, try_too_often),
    BREAKS(BUDGET, wait_for_more_than_was_tried),
    BREAKS(WAITS, wait_for_nothing),
    BREAKS(WAITS, forget_its_request),
    BREAKS(STORES, store_a_question),
    BREAKS(IN_TIME, end_never),
    BREAKS(IN_TIME, look_too_late),
    KEEPS(look_early),
    BREAKS(COUNTED, count_another),
    BREAKS(COUNTED, free_it),
    BREAKS(AWAITED, await_no_hop),
    BREAKS(HOPS, await_a_hop_too_many),
    BREAKS(HOPS, miscount_the_slow),
    BREAKS(HOPS, have_too_many_hops),
    BREAKS(HOPS, know_too_many),
    BREAKS(BALANCES, owe_too_much),
    BREAKS(BALANCES, be_owed_too_much),
    BREAKS(BALANCES, be_silent_too_often),
    BREAKS(BALANCES, pay_tomorrow),
};

/* A target in the other half of the key space, where contacts are nearer to it than we are. */
static skad_id far_target(void)
{
    skad_id target = fixture.identity.id;
    target.bytes[0] ^= 0x80;
    return target;
}

static const test_remote *asker_of(const skad_id *target)
{
    for (size_t i = 0; i < PEERS; i++) {
        if (skad_distance_compare(target, &fixture.remotes[i].identity.id, &fixture.identity.id) >
            0) {
            return &fixture.remotes[i];
        }
    }
    fail_msg("no asker");
    return NULL;
}

static int begin(void **state)
{
    const skad_profile profile = test_fixture_profile();
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_datagram datagram;
    skad_op op;
    (void)state;
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, PEERS);
    const skad_id target = far_target();
    const test_remote *asker = asker_of(&target);
    const skad_message message = {.kind = SKAD_KIND_FORWARD,
                                  .u.forward = {.aim = SKAD_FORWARD_NODES,
                                                .target = target,
                                                .want = SKAD_FAMILIES_ALL,
                                                .budget = 20,
                                                .life_ms = 5000}};
    test_fixture_token(&fixture, asker, token);
    test_fixture_request(&fixture, asker, &message, token, &datagram);
    assert_int_equal(test_fixture_deliver(&fixture, &asker->address, &datagram),
                     SKAD_VERDICT_ACCEPT);
    assert_int_equal(skad_node_forward_lookup(fixture.node, &target, 0, fixture.now, &op), SKAD_OK);
    (void)test_fixture_drain(&fixture);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static void each_invariant_is_looked_at(void **state)
{
    (void)state;
    test_tamper(fixture.node, CASES, sizeof CASES / sizeof CASES[0], fixture.now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_invariant_is_looked_at, begin, end),
    };
    return cmocka_run_group_tests_name("invariants of forwards", tests, NULL, NULL);
}
