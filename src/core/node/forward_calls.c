/* The public calls of skad/forward.h. Each checks its arguments and starts the operation. Tested by
 * tests/node/test_forward.c. */
#include "skad/forward.h"

#include "src/core/node/state.h"
#include "src/core/operations/start.h"

static skad_status start(skad_node *node, const skad_forward *forward, unsigned chains,
                         skad_time now, skad_op *op)
{
    node->env.now = now;
    return chains > SKAD_FORWARD_CHAINS_MAX ? SKAD_ERR_INPUT
                                            : skad_start_forward(node, forward, chains, op);
}

skad_status skad_node_forward_lookup(skad_node *node, const skad_id *target, unsigned chains,
                                     skad_time now, skad_op *op)
{
    const skad_forward forward = {.aim = SKAD_FORWARD_NODES, .target = *target};
    return start(node, &forward, chains, now, op);
}

skad_status skad_node_forward_get(skad_node *node, skad_record_type type, const skad_id *key,
                                  unsigned chains, skad_time now, skad_op *op)
{
    const skad_forward forward = {.aim = (skad_forward_aim)type, .target = *key};
    if (type != SKAD_RECORD_IMMUTABLE && type != SKAD_RECORD_MUTABLE) {
        return SKAD_ERR_INPUT;
    }
    return start(node, &forward, chains, now, op);
}

skad_status skad_node_forward_store(skad_node *node, const uint8_t *record, size_t len,
                                    unsigned chains, skad_time now, skad_op *op, skad_id *key)
{
    skad_record decoded;
    if (!skad_record_decode(record, len, &decoded) ||
        !skad_record_verify(&decoded, &node->env.network_id)) {
        return SKAD_ERR_FORMAT;
    }
    if (decoded.type == SKAD_RECORD_ANNOUNCEMENT ||
        (decoded.type == SKAD_RECORD_MUTABLE && decoded.expiry_unix_s <= now.unix_s)) {
        return SKAD_ERR_INPUT;
    }
    const skad_forward forward = {
        .aim = SKAD_FORWARD_STORE, .target = decoded.key, .record = {record, len}};
    *key = decoded.key;
    return start(node, &forward, chains, now, op);
}

size_t skad_node_forward_balances(const skad_node *node, skad_time now, skad_forward_balance *out,
                                  size_t max)
{
    const skad_account *accounts = node->balances.accounts;
    size_t count = 0;
    for (size_t i = 0; accounts != NULL && i < SKAD_BALANCES_MAX; i++) {
        const skad_forward_balance balance = {
            .id = accounts[i].id,
            .debt = skad_balance_debt(&accounts[i], now.mono_us),
            .doubted = skad_balance_doubted(&node->balances, &accounts[i].id, now.mono_us),
        };
        if (!accounts[i].taken || (balance.debt == 0 && !balance.doubted)) {
            continue;
        }
        if (count < max) {
            out[count] = balance;
        }
        count++;
    }
    return count;
}
