#include "tests/support/colluders.h"

#include <string.h>

#include "proto/envelope.h"
#include "src/core/routing/distance.h"
#include "tests/support/impersonate.h"

/* The colluders closest to a target, the answering one left out. */
static size_t closest_colluders(const test_network *network, size_t self, const skad_id *target,
                                skad_contact contacts[static SKAD_CONTACTS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < network->count; i++) {
        const test_node *node = &network->nodes[i];
        if (!node->liar || i == self) {
            continue;
        }
        size_t at = count;
        while (at > 0 &&
               skad_distance_compare(target, &node->identity.id, &contacts[at - 1].id) < 0) {
            at--;
        }
        if (at == SKAD_CONTACTS_MAX) {
            continue;
        }
        count += count < SKAD_CONTACTS_MAX;
        memmove(&contacts[at + 1], &contacts[at], (count - 1 - at) * sizeof contacts[0]);
        contacts[at] = (skad_contact){.id = node->identity.id, .ipv4 = node->address};
    }
    return count;
}

static void answer(test_network *network, size_t index, const skad_envelope *envelope,
                   const skad_address *from, const skad_datagram *datagram)
{
    test_node *liar = &network->nodes[index];
    skad_message asked;
    if (!skad_message_decode(envelope->kind, envelope->body.data, envelope->body.len, &asked)) {
        return;
    }
    skad_message message;
    if (envelope->kind == SKAD_KIND_FIND_VALUE) {
        message.kind = SKAD_KIND_VALUE;
        message.u.reply.u.value.records_count = 0;
        message.u.reply.u.value.total = 0;
        message.u.reply.u.value.contacts_count = closest_colluders(
            network, index, &asked.u.find_value.key, message.u.reply.u.value.contacts);
    } else {
        message.kind = SKAD_KIND_NODES;
        message.u.reply.u.nodes.contacts_count = closest_colluders(
            network, index, &asked.u.find_node.target, message.u.reply.u.nodes.contacts);
    }
    skad_datagram reply;
    test_reply_as(network->profile, &liar->identity, from, datagram, &message, &reply);
    test_network_send(network, &liar->address, &reply);
}

static bool collude(test_network *network, size_t index, const skad_address *from,
                    const skad_datagram *datagram)
{
    skad_envelope envelope;
    if (skad_envelope_decode(datagram->bytes + SKAD_TAG_BYTES, datagram->len - SKAD_TAG_BYTES,
                             &envelope) != SKAD_VERDICT_ACCEPT ||
        (envelope.kind != SKAD_KIND_FIND_NODE && envelope.kind != SKAD_KIND_FIND_VALUE)) {
        return false;
    }
    answer(network, index, &envelope, from, datagram);
    return true;
}

void test_colluders_add(test_network *network, size_t index)
{
    network->adversary = collude;
    network->nodes[index].liar = true;
}

size_t test_colluders_choose(test_network *network, double share)
{
    size_t wanted = (size_t)(share * (double)network->count);
    size_t chosen = 0;
    network->adversary = collude;
    while (chosen < wanted) {
        size_t index = 1 + test_network_draw(network) % (network->count - 1);
        chosen += !network->nodes[index].liar;
        network->nodes[index].liar = true;
    }
    return chosen;
}
