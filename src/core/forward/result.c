#include "src/core/forward/result.h"

#include "src/core/lookup/reply_validation.h"
#include "src/core/node/state.h"
#include "src/core/routing/distance.h"

static skad_result_kind check_record(skad_node *node, const skad_forward *forward, skad_span bytes)
{
    skad_record record;
    if (!skad_record_decode(bytes.data, bytes.len, &record) ||
        (unsigned)record.type != (unsigned)forward->aim ||
        !skad_id_equal(&record.key, &forward->target)) {
        return SKAD_RESULT_NONE;
    }
    node->stats.verifications += record.type == SKAD_RECORD_MUTABLE;
    if (!skad_record_verify(&record, &node->env.network_id)) {
        return SKAD_RESULT_NONE;
    }
    const bool expired =
        record.type == SKAD_RECORD_MUTABLE && record.expiry_unix_s <= node->env.now.unix_s;
    return expired ? SKAD_RESULT_UNTIMELY : SKAD_RESULT_RECORD;
}

static bool timely(const skad_node *node, uint64_t unix_s)
{
    const uint64_t now = node->env.now.unix_s;
    return unix_s < now ? now - unix_s <= SKAD_STATEMENT_S : unix_s - now <= SKAD_STATEMENT_S;
}

static bool contacts_ok(const skad_node *node, const skad_id *target, const skad_statement *stated)
{
    static const skad_id none = {
        {0}}; /* the asker may be among them: the signer does not know it */
    bool solved[SKAD_CONTACTS_MAX];
    return skad_reply_violations(&node->env.profile, &none, target, stated->contacts,
                                 stated->contacts_count, solved) == 0;
}

skad_result_kind skad_result_check(skad_node *node, const skad_forward *forward,
                                   const skad_message *answer, skad_statement *out)
{
    const skad_forward_aim aim = forward->aim;
    const bool gets = aim == SKAD_FORWARD_IMMUTABLE || aim == SKAD_FORWARD_MUTABLE;
    uint8_t subject[SKAD_HASH_BYTES];
    if (answer->kind != SKAD_KIND_FORWARDED) {
        return SKAD_RESULT_NONE;
    }
    if (answer->u.reply.u.forwarded.record.len > 0) {
        return gets ? check_record(node, forward, answer->u.reply.u.forwarded.record)
                    : SKAD_RESULT_NONE;
    }
    skad_statement_subject(forward, subject);
    node->stats.verifications++;
    if (!skad_statement_open(&node->env.network_id, subject, answer->u.reply.u.forwarded.statement,
                             out) ||
        out->aim != aim || !contacts_ok(node, &forward->target, out)) {
        return SKAD_RESULT_NONE;
    }
    if (!timely(node, out->unix_s)) {
        return SKAD_RESULT_UNTIMELY;
    }
    if (aim == SKAD_FORWARD_STORE) {
        return out->holders > 0 ? SKAD_RESULT_STORED : SKAD_RESULT_NONE;
    }
    return gets ? SKAD_RESULT_ABSENT : SKAD_RESULT_NODES;
}
