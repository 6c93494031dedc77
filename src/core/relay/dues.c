#include "src/core/relay/dues.h"

#include <string.h>

#include "src/core/forward/forward.h"
#include "src/core/node/state.h"
#include "src/core/routing/diversity.h"

/* The account that all nodes of the requester's address group share for what they have stored: the
 * holders charge it to the last node of the chain, so many identities must not be many shares.
 * False where groups are not limited. */
static bool group_account(const skad_node *node, const skad_forward *forward,
                          const skad_late_answer *to, skad_id *out)
{
    const uint64_t group = skad_address_group(&to->from);
    if (forward->aim != SKAD_FORWARD_STORE || group == 0 ||
        node->env.profile.group_table_max == 0) {
        return false;
    }
    memset(out->bytes, 0xff, sizeof out->bytes); /* no node has this ID */
    memcpy(out->bytes, &group, sizeof group);
    return true;
}

/* Whether the neighbour, and its address group, may owe us one more. */
bool skad_dues_may(const skad_node *node, const skad_forward *forward, const skad_late_answer *to)
{
    const unsigned cost = skad_forward_cost(forward);
    const uint64_t now_us = node->env.now.mono_us;
    skad_id group;
    return skad_balance_may(&node->balances, &to->requester, cost, now_us) &&
           (!group_account(node, forward, to, &group) ||
            skad_balance_may(&node->balances, &group, cost, now_us));
}

void skad_dues_charge(skad_node *node, const skad_forward *forward, const skad_late_answer *to)
{
    const unsigned cost = skad_forward_cost(forward);
    const uint64_t now_us = node->env.now.mono_us;
    skad_id group;
    (void)skad_balance_charge(&node->balances, &to->requester, cost, now_us);
    if (group_account(node, forward, to, &group)) {
        (void)skad_balance_charge(&node->balances, &group, cost, now_us);
    }
}

/* A request that earned nothing, and that the node has counted all the same, unless it refused it
 * before. */
void skad_dues_unpaid(skad_node *node, const skad_forward *forward, const skad_pending_rpc *rpc,
                      const skad_message *refusal)
{
    const uint64_t code =
        refusal == NULL ? SKAD_ERROR_NONE : (uint64_t)refusal->u.reply.u.error.code;
    if (code != SKAD_ERROR_TOKEN && code != SKAD_ERROR_QUOTA && code != SKAD_ERROR_LOOP) {
        skad_balance_unpaid(&node->balances, &rpc->responder, skad_forward_cost(forward),
                            node->env.now.mono_us);
    }
}
