#include "src/core/rpc/twin.h"

#include <string.h>

#include "crypto/token.h"
#include "proto/address.h"
#include "src/core/node/state.h"
#include "src/core/rpc/events.h"
#include "src/core/rpc/request.h"

/* What our own probes show: a token that we would never grant, of no address, and the same as long
 * as this process lives. */
static void make_mark(const skad_node *node, uint8_t mark[static SKAD_TOKEN_BYTES])
{
    const skad_address nowhere = {.family = SKAD_FAMILY_NONE};
    skad_token_make(node->env.token_key, &nowhere, &node->env.identity.id, 0, mark);
}

static void probe(skad_node *node, const skad_address *address)
{
    uint8_t mark[SKAD_TOKEN_BYTES];
    if ((address->family & node->families) == 0 ||
        !skad_address_routable(address, node->env.profile.allow_private)) {
        return;
    }
    make_mark(node, mark);
    const skad_message message = {.kind = SKAD_KIND_PING};
    const skad_request request = {
        .message = &message,
        .address = address,
        .responder = &node->env.identity.id,
        .token = mark,
        .purpose = SKAD_PURPOSE_CHECK,
    };
    if (skad_request_send(node, &request)) {
        node->twin.probe_us = node->env.now.mono_us + SKAD_TWIN_PROBE_US;
    }
}

void skad_twin_hint(skad_node *node, const skad_address *address)
{
    if (node->env.now.mono_us >= node->twin.probe_us) {
        probe(node, address);
    }
}

bool skad_twin_worth_check(skad_node *node, const skad_envelope *envelope, bool hello)
{
    uint8_t mark[SKAD_TOKEN_BYTES];
    if (hello || envelope->kind != SKAD_KIND_PING ||
        memcmp(envelope->public_key, node->env.identity.public_key, SKAD_PUBLIC_KEY_BYTES) != 0 ||
        node->env.now.mono_us < node->twin.check_us) {
        return false;
    }
    make_mark(node, mark);
    if (envelope->token != NULL && memcmp(envelope->token, mark, sizeof mark) == 0) {
        return false; /* ours: the address leads back to us */
    }
    node->twin.check_us = node->env.now.mono_us + SKAD_TWIN_CHECK_US;
    return true;
}

void skad_twin_seen(skad_node *node, const skad_address *address)
{
    skad_twin_state *twin = &node->twin;
    const skad_address before = skad_twin_address(node, node->env.now.mono_us);
    if (!skad_address_equal(&before, address)) {
        skad_event event = {.kind = SKAD_EVENT_TWIN};
        event.u.twin = *address;
        skad_events_emit(&node->events, &event);
        probe(node, address); /* it learns of us, too */
    }
    twin->address = *address;
    twin->seen_us = node->env.now.mono_us;
}

void skad_twin_tick(skad_node *node)
{
    const skad_address address = skad_twin_address(node, node->env.now.mono_us);
    if (address.family != SKAD_FAMILY_NONE) {
        probe(node, &address);
    }
}

skad_address skad_twin_address(const skad_node *node, uint64_t now_us)
{
    const skad_twin_state *twin = &node->twin;
    const bool fresh =
        twin->address.family != SKAD_FAMILY_NONE && now_us - twin->seen_us < SKAD_TWIN_FRESH_US;
    return fresh ? twin->address : (skad_address){.family = SKAD_FAMILY_NONE};
}
