#include "src/core/admit.h"

#include <string.h>

#include "proto/address.h"

static const skad_id anybody = {{0}};

/* For us by name, or a hello for whoever is here. Only datagrams of a first contact's exact length
 * can be hellos, so noise of any other length costs a single hash. */
static bool tagged(const skad_node *node, const uint8_t *datagram, size_t len, bool *hello)
{
    const uint8_t *envelope = datagram + SKAD_TAG_BYTES;
    size_t envelope_len = len - SKAD_TAG_BYTES;
    *hello = false;
    if (skad_tag_ok(node->network_key, &node->identity.id, envelope, envelope_len, datagram)) {
        return true;
    }
    *hello = len == SKAD_FIRST_CONTACT_BYTES &&
             skad_tag_ok(node->network_key, &anybody, envelope, envelope_len, datagram);
    return *hello;
}

skad_verdict skad_admit(const skad_node *node, const uint8_t *datagram, size_t len,
                        const skad_address *from, skad_admitted *out)
{
    if (len < SKAD_DATAGRAM_BYTES_MIN || len > SKAD_DATAGRAM_BYTES_MAX) {
        return SKAD_VERDICT_SIZE;
    }
    if (!skad_address_routable(from, node->profile.allow_private)) {
        return SKAD_VERDICT_SOURCE;
    }
    if (!tagged(node, datagram, len, &out->hello)) {
        return SKAD_VERDICT_TAG;
    }
    skad_verdict verdict =
        skad_envelope_decode(datagram + SKAD_TAG_BYTES, len - SKAD_TAG_BYTES, &out->envelope);
    if (verdict != SKAD_VERDICT_ACCEPT) {
        return verdict;
    }
    if (out->hello && out->envelope.kind != SKAD_KIND_PING) {
        return SKAD_VERDICT_KIND;
    }
    if (memcmp(out->envelope.public_key, node->identity.public_key, SKAD_PUBLIC_KEY_BYTES) == 0) {
        return SKAD_VERDICT_SELF;
    }
    out->rpc = NULL;
    if (skad_kind_is_reply(out->envelope.kind)) {
        out->rpc =
            skad_pending_match(&node->pending, out->envelope.rpc_id, from, out->envelope.kind);
        if (out->rpc == NULL) {
            return SKAD_VERDICT_UNAWAITED;
        }
    }
    if (skad_duplicates_seen(&node->duplicates, datagram)) {
        return SKAD_VERDICT_DUPLICATE;
    }
    return SKAD_VERDICT_ACCEPT;
}
