#include "src/core/inbound/prefilter.h"

#include <string.h>

#include "proto/address.h"
#include "src/core/inbound/admission.h"
#include "src/core/node/state.h"
#include "src/core/routing/distance.h"

static const skad_id any_node = {{0}};

/* Returns the recipient that a datagram is tagged for, going by the first half of the tag: our own
 * ID, `any_node` for a hello, which any node at our address may answer, or NULL for neither. Only a
 * datagram of a first contact's exact length can be a hello, so noise of any other length costs a
 * single hash. */
static const skad_id *recipient(const skad_node *node, const uint8_t *tag, const uint8_t *envelope,
                                size_t envelope_len)
{
    if (skad_tag_front_ok(node->env.network_key, &node->env.identity.id, envelope, envelope_len,
                          tag)) {
        return &node->env.identity.id;
    }
    bool hello = SKAD_TAG_BYTES + envelope_len == SKAD_FIRST_CONTACT_BYTES &&
                 skad_tag_front_ok(node->env.network_key, &any_node, envelope, envelope_len, tag);
    return hello ? &any_node : NULL;
}

/* Drops a request of a source that is banned or has used up its rates before the rest of its tag is
 * hashed and before it is decoded, because such floods are the most common datagrams once noise is
 * gone. Replies are never dropped because of a ban or a rate. A datagram that the glance mistakes
 * for a request without a token has no valid tag or no strict form, and would be dropped all the
 * same. */
static skad_verdict turn_away(const skad_node *node, const skad_address *from,
                              const uint8_t *envelope, size_t envelope_len)
{
    const uint64_t now_us = node->env.now.mono_us;
    skad_envelope_glance glance;
    if (!skad_envelope_glance_at(envelope, envelope_len, &glance) ||
        !skad_kind_is_request((skad_kind)glance.kind)) {
        return SKAD_VERDICT_ACCEPT;
    }
    if (skad_bans_find(&node->bans, NULL, from, now_us) != NULL) {
        return SKAD_VERDICT_BANNED;
    }
    return skad_admission_exhausted(node, from, glance.token) ? SKAD_VERDICT_RATE
                                                              : SKAD_VERDICT_ACCEPT;
}

skad_verdict skad_prefilter(const skad_node *node, const uint8_t *datagram, size_t len,
                            const skad_address *from, skad_prefiltered *out)
{
    if (len < SKAD_DATAGRAM_BYTES_MIN || len > SKAD_DATAGRAM_BYTES_MAX) {
        return SKAD_VERDICT_SIZE;
    }
    if (!skad_address_routable(from, node->env.profile.allow_private)) {
        return SKAD_VERDICT_SOURCE;
    }
    const uint8_t *envelope = datagram + SKAD_TAG_BYTES;
    const size_t envelope_len = len - SKAD_TAG_BYTES;
    const skad_id *to = recipient(node, datagram, envelope, envelope_len);
    if (to == NULL) {
        return SKAD_VERDICT_TAG;
    }
    skad_verdict verdict = turn_away(node, from, envelope, envelope_len);
    if (verdict != SKAD_VERDICT_ACCEPT) {
        return verdict;
    }
    if (!skad_tag_rest_ok(node->env.network_key, to, envelope, envelope_len, datagram)) {
        return SKAD_VERDICT_TAG;
    }
    out->hello = to == &any_node;
    verdict = skad_envelope_decode(envelope, envelope_len, &out->envelope);
    if (verdict != SKAD_VERDICT_ACCEPT) {
        return verdict;
    }
    if (out->hello && out->envelope.kind != SKAD_KIND_PING) {
        return SKAD_VERDICT_KIND;
    }
    if (memcmp(out->envelope.public_key, node->env.identity.public_key, SKAD_PUBLIC_KEY_BYTES) ==
            0 ||
        (out->envelope.id != NULL && skad_id_equal(out->envelope.id, &node->env.identity.id))) {
        return SKAD_VERDICT_SELF;
    }
    out->rpc = NULL;
    if (skad_kind_is_reply(out->envelope.kind)) {
        out->rpc =
            skad_pending_match(&node->pending, out->envelope.rpc_id, from, out->envelope.kind);
        if (out->rpc == NULL) {
            return SKAD_VERDICT_UNSOLICITED;
        }
    }
    if (skad_duplicates_seen(&node->duplicates, datagram)) {
        return SKAD_VERDICT_DUPLICATE;
    }
    return SKAD_VERDICT_ACCEPT;
}
