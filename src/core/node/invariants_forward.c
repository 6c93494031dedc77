/* The invariants of what a node forwards, and has forwarded: see invariants.h. Their test is
 * tests/node/test_invariants_forward.c. */
#include "src/core/node/invariants.h"

#include "src/core/node/state.h"

static size_t requests_of(const skad_node *node, skad_purpose purpose, uint64_t owner)
{
    const skad_pending *pending = &node->pending;
    size_t count = 0;
    for (size_t i = 0; i < pending->high_water; i++) {
        count += pending->due_us[i] != UINT64_MAX && pending->rpcs[i].purpose == purpose &&
                 pending->rpcs[i].owner == owner;
    }
    return count;
}

static const char *relay_broken(const skad_node *node, const skad_relay *relay)
{
    const size_t requests =
        requests_of(node, SKAD_PURPOSE_RELAY, skad_relays_name(&node->relays, relay));
    if (relay->tries > SKAD_RELAY_TRIES_MAX || relay->waiting + relay->silent > relay->tries ||
        relay->budget + relay->tries > relay->forward.budget) {
        return "a forward keeps to its budget";
    }
    if (relay->state == SKAD_RELAY_ASKS && (relay->waiting == 0 || relay->waiting != requests)) {
        return "a forward waits for its requests";
    }
    if (relay->state == SKAD_RELAY_STORES &&
        (relay->forward.aim != SKAD_FORWARD_STORE || relay->waiting > 0)) {
        return "a forward that stores asks no more";
    }
    if (relay->deadline_us < node->relays.deadline_us ||
        relay->deadline_us > node->env.now.mono_us + SKAD_FORWARD_LIFE_MS_MAX * SKAD_US_PER_MS) {
        return "every forward ends in time";
    }
    if (skad_relays_of(&node->relays, &relay->to.requester) > SKAD_RELAYS_NEIGHBOUR_MAX) {
        return "no neighbour has more than its share of the forwards";
    }
    return NULL;
}

static const char *relays_broken(const skad_node *node)
{
    const skad_relays *relays = &node->relays;
    size_t count = 0;
    for (size_t i = 0; i < relays->high_water; i++) {
        if (relays->all[i].state != SKAD_RELAY_FREE) {
            const char *broken = relay_broken(node, &relays->all[i]);
            count++;
            if (broken != NULL) {
                return broken;
            }
        }
    }
    return count == relays->count && count <= SKAD_RELAYS_MAX ? NULL : "forwards are counted";
}

static const char *operation_broken(const skad_node *node, const skad_operation *operation)
{
    const skad_forwarding *forwarding = operation->forwarding;
    const size_t requests =
        requests_of(node, SKAD_PURPOSE_FORWARD, skad_operation_name(&node->operations, operation));
    size_t slow = 0;
    if (forwarding->hops_count > SKAD_FIRST_HOPS_MAX || forwarding->closest_count > SKAD_K_MAX) {
        return "first hops are counted";
    }
    for (size_t i = 0; i < forwarding->hops_count; i++) {
        slow += forwarding->hops[i].state == SKAD_STEP_SLOW;
    }
    if (forwarding->slow != slow || forwarding->waiting > forwarding->hops_count) {
        return "first hops are counted";
    }
    if (operation->stage == SKAD_STAGE_RUNNING &&
        (forwarding->waiting == 0 || forwarding->waiting != requests)) {
        return "what others forward waits for its first hops";
    }
    return NULL;
}

static const char *balances_broken(const skad_node *node)
{
    const skad_account *accounts = node->balances.accounts;
    for (size_t i = 0; accounts != NULL && i < SKAD_BALANCES_MAX; i++) {
        if (accounts[i].debt > SKAD_BALANCE_DEBT_MAX || accounts[i].debt < -SKAD_BALANCE_DEBT_MAX ||
            accounts[i].unpaid > SKAD_BALANCE_DEBT_MAX ||
            accounts[i].silent > SKAD_BALANCE_SILENT_MAX ||
            accounts[i].paid_us > node->env.now.mono_us) {
            return "balances keep to their bounds";
        }
    }
    return NULL;
}

const char *skad_forward_broken(const skad_node *node)
{
    const char *broken = relays_broken(node);
    for (size_t i = 0; broken == NULL && i < node->operations.count; i++) {
        const skad_operation *operation = node->operations.slots[i].operation;
        if (operation != NULL && operation->forwarding != NULL) {
            broken = operation_broken(node, operation);
        }
    }
    return broken != NULL ? broken : balances_broken(node);
}
