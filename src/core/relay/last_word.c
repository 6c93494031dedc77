#include "src/core/relay/last_word.h"

#include "proto/statement.h"
#include "src/core/forward/forward.h"
#include "src/core/node/state.h"
#include "src/core/routing/distance.h"

void skad_last_word_give(skad_node *node, const skad_late_answer *to, skad_span record,
                         skad_span statement)
{
    skad_message message;
    message.kind = SKAD_KIND_FORWARDED;
    message.u.reply.u.forwarded.record = record;
    message.u.reply.u.forwarded.statement = statement;
    node->stats.relayed++;
    skad_late_answer_send(node, to, &message);
}

/* Ourselves as others see us; without an endpoint while no peer has told us any. */
static skad_contact ourselves(const skad_node *node)
{
    const uint64_t now_us = node->env.now.mono_us;
    skad_contact own = {
        .id = node->env.identity.id,
        .ipv4 = skad_observed_address(&node->observed, 0, now_us),
        .ipv6 = skad_observed_address(&node->observed, 1, now_us),
    };
    own.guarded = node->env.guarded & (own.ipv4.family | own.ipv6.family);
    return own;
}

/* Finds the contacts nearest to the target that an asker of these families can use, and puts us
 * among them. */
static size_t nearest(const skad_node *node, const skad_forward *forward, const skad_id *except,
                      skad_contact out[static SKAD_CONTACTS_MAX])
{
    const skad_table *table = &node->table;
    const skad_contact own = ourselves(node);
    const bool listed =
        ((own.ipv4.family | own.ipv6.family) & forward->want) != 0 && node->env.clients == 0;
    const size_t most = node->tuning.answer_contacts;
    skad_peer_slot slots[SKAD_CONTACTS_MAX];
    size_t count =
        skad_peers_closest(&table->peers, &forward->target, forward->want, except, most, slots);
    size_t at = count;
    while (at > 0 && skad_distance_compare(&forward->target, &own.id,
                                           &table->peers.peers[slots[at - 1]].id) < 0) {
        at--;
    }
    const bool added = listed && at < most;
    count = added && count < most ? count + 1 : count;
    for (size_t i = 0; i < count; i++) {
        if (added && i == at) {
            out[i] = own;
        } else {
            skad_table_contact(table, slots[i - (added && i > at)], &out[i]);
        }
    }
    return count;
}

/* Answers with our own word: the contacts that we know nearest to the target. */
void skad_last_word_state(skad_node *node, const skad_late_answer *to, const skad_forward *forward,
                          uint8_t holders)
{
    const skad_publisher signer = {&node->env.identity, node->env.network_id};
    skad_statement stated = {
        .aim = forward->aim, .unix_s = node->env.now.unix_s, .holders = holders};
    uint8_t subject[SKAD_HASH_BYTES];
    uint8_t bytes[SKAD_STATEMENT_BYTES_MAX];
    if (forward->aim == SKAD_FORWARD_NODES) {
        stated.contacts_count = nearest(node, forward, &to->requester, stated.contacts);
    }
    skad_statement_subject(forward, subject);
    const size_t len = skad_statement_encode(signer, subject, &stated, bytes);
    skad_last_word_give(node, to, (skad_span){NULL, 0}, (skad_span){bytes, len});
}

/* Answers with the record, if we hold it. */
bool skad_last_word_held(skad_node *node, const skad_late_answer *to, const skad_forward *forward)
{
    skad_store_record found;
    if (!skad_forward_gets(forward) ||
        node->store.ops->list(node->store.self, &forward->target, (uint8_t)forward->aim, 0,
                              node->env.now.unix_s, &found, 1) == 0) {
        return false;
    }
    skad_last_word_give(node, to, (skad_span){found.data, found.len}, (skad_span){NULL, 0});
    return true;
}
