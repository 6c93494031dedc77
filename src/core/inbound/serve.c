#include "src/core/inbound/serve.h"

#include <assert.h>
#include <string.h>

#include "src/core/audit/rounds.h"
#include "src/core/inbound/give.h"
#include "src/core/inbound/later.h"
#include "src/core/node/state.h"
#include "src/core/relay/relay.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/diversity.h"
#include "src/core/rpc/answer_budget.h"
#include "src/core/rpc/role.h"
#include "src/core/rpc/signer.h"
#include "src/core/storage/holdings.h"
#include "src/core/storage/publications.h"
#include "src/core/storage/store_admission.h"
#include "src/core/upkeep/callers.h"

static_assert(SKAD_KIND_PROVE < sizeof((skad_node_stats *)0)->requests / sizeof(uint64_t),
              "the statistics count each kind of request");

/* One answer in the making. */
typedef struct answer {
    skad_node *node;
    const skad_envelope *envelope;
    const skad_opened *request;
    const skad_address *from;
    uint8_t granted[SKAD_TOKEN_BYTES]; /* the requester's token of this slot */
    bool validated;                    /* it showed a valid one */
    size_t allowance;                  /* bytes that may be sent to it for this request */
    bool may_ping;                     /* the answer leaves enough bytes for a ping */
} answer;

/* Sets aside a ping's worth of the allowance if the drafted answer leaves that much. */
static void spare_for_ping(answer *to, skad_draft *draft)
{
    size_t sealed_bytes = draft->len + (size_t)SKAD_PROOF_BYTES(0);
    to->may_ping = to->validated || sealed_bytes + SKAD_PING_BYTES_MAX <= to->allowance;
    if (!to->validated && to->may_ping && draft->bytes_max > to->allowance - SKAD_PING_BYTES_MAX) {
        draft->bytes_max = (uint16_t)(to->allowance - SKAD_PING_BYTES_MAX);
    }
}

/* Drafts the answer into the outbox. Returns false when it does not fit the allowance. A full
 * outbox counts as success: the answer is lost like any datagram. */
static bool reply(answer *to, skad_message *message)
{
    skad_node *node = to->node;
    skad_outgoing *outgoing = skad_outbox_reserve(&node->outbox);
    if (outgoing == NULL) {
        node->stats.outbox_dropped++;
        return true;
    }
    message->u.reply.observed = *to->from;
    skad_draft_fields fields = {
        .message = message,
        .rpc_id = to->envelope->rpc_id,
        .recipient = &to->request->sender,
        .request_digest = to->request->digest,
        .to_hello = to->request->hello,
        .mark = skad_role_mark(node, to->from->family),
        .token = to->granted,
        .bytes_max = to->allowance < SKAD_DATAGRAM_BYTES_MAX ? to->allowance : 0,
    };
    skad_sealer sealer = skad_signer_sealer(&node->env);
    if (skad_draft_write(&sealer, &fields, &outgoing->draft) != SKAD_OK) {
        return false;
    }
    spare_for_ping(to, &outgoing->draft);
    if (skad_answer_budget_allows(&node->answers, outgoing->draft.len + (size_t)SKAD_PROOF_BYTES(0),
                                  to->validated, node->env.now.mono_us)) {
        outgoing->to = *to->from;
        outgoing->local = node->env.local;
        skad_outbox_commit(&node->outbox);
    }
    return true;
}

static void refuse(answer *to, skad_error_code code, uint64_t detail)
{
    skad_message message = {.kind = SKAD_KIND_ERROR};
    message.u.reply.u.error.code = code;
    message.u.reply.u.error.detail = detail;
    to->node->stats.refusals++;
    to->node->stats.refused[code]++;
    reply(to, &message);
}

/* Finds our k closest contacts to a target, as far as they fit an answer, without the requester. */
static size_t closest(const answer *to, const skad_id *target, unsigned want,
                      skad_contact contacts[static SKAD_CONTACTS_MAX])
{
    const skad_table *table = &to->node->table;
    skad_peer_slot slots[SKAD_K_MAX];
    size_t max = to->node->tuning.answer_contacts;
    size_t count = skad_peers_closest(&table->peers, target, want, &to->request->sender,
                                      table->k < max ? table->k : max, slots);
    for (size_t i = 0; i < count; i++) {
        skad_table_contact(table, slots[i], &contacts[i]);
    }
    return count;
}

static void serve_ping(answer *to)
{
    skad_message message;
    message.kind = SKAD_KIND_PONG;
    reply(to, &message);
}

/* Puts the requester itself in front, if it asks for its own ID and we know it alive at another
 * address of the family: then another node may have its identity (src/core/rpc/twin.h). Returns how
 * many contacts there are. */
static size_t add_elsewhere(const answer *to, const skad_id *target, size_t count,
                            skad_contact contacts[static SKAD_CONTACTS_MAX])
{
    const skad_table *table = &to->node->table;
    const skad_peer_slot slot = skad_peers_find(&table->peers, target);
    skad_contact contact = {.id = *target};
    if (!skad_id_equal(target, &to->request->sender) || !skad_peers_alive(&table->peers, slot) ||
        skad_endpoint_is(&table->peers, slot, to->from)) {
        return count;
    }
    const skad_address known =
        skad_endpoint_address(&table->peers, slot, skad_endpoint_index(to->from));
    if (known.family == SKAD_FAMILY_NONE) {
        return count;
    }
    *(known.family == SKAD_FAMILY_IPV4 ? &contact.ipv4 : &contact.ipv6) = known;
    count = count < SKAD_CONTACTS_MAX ? count : SKAD_CONTACTS_MAX - 1;
    memmove(&contacts[1], &contacts[0], count * sizeof contacts[0]);
    contacts[0] = contact;
    return count + 1;
}

static void serve_find_node(answer *to)
{
    const skad_message *asked = &to->request->message;
    skad_message message;
    message.kind = SKAD_KIND_NODES;
    const size_t count = closest(to, &asked->u.find_node.target, asked->u.find_node.want,
                                 message.u.reply.u.nodes.contacts);
    message.u.reply.u.nodes.contacts_count =
        add_elsewhere(to, &asked->u.find_node.target, count, message.u.reply.u.nodes.contacts);
    reply(to, &message);
}

static void serve_find_value(answer *to)
{
    const skad_message *asked = &to->request->message;
    uint8_t bytes[SKAD_BODY_BYTES_MAX];
    skad_message message;
    message.kind = SKAD_KIND_VALUE;
    skad_give_records(to->node, asked, bytes, &message);
    message.u.reply.u.value.contacts_count = closest(
        to, &asked->u.find_value.key, asked->u.find_value.want, message.u.reply.u.value.contacts);
    if (!reply(to, &message)) {
        refuse(to, SKAD_ERROR_TOKEN, 0);
    }
}

/* ---- Answers that wait for the store ---- */

static skad_late_answer set_aside(const answer *to)
{
    skad_late_answer late = {
        .requester = to->request->sender,
        .from = *to->from,
        .local = to->node->env.local,
    };
    memcpy(late.rpc_id, to->envelope->rpc_id, sizeof late.rpc_id);
    memcpy(late.digest, to->request->digest, sizeof late.digest);
    memcpy(late.granted, to->granted, sizeof late.granted);
    return late;
}

static void park(const answer *to, const skad_admitted_record *held, skad_kind kind)
{
    skad_node *node = to->node;
    skad_parked_answer *parked = skad_parked_add(&node->parked);
    *parked = (skad_parked_answer){
        .ticket = held->ticket,
        .until_us = node->env.now.mono_us + SKAD_PARKED_US,
        .kind = kind,
        .life_s = held->life_s,
        .to = set_aside(to),
    };
}

/* ---- Puts ---- */

/* What STORE and ANNOUNCE ask to keep. */
typedef struct keep_request {
    skad_span bytes;
    bool announcement; /* else of the other two types */
    bool has_cas;
    uint64_t cas;
    uint32_t life_s;
} keep_request;

/* Whether a request that makes us send something to others may be served: its address is proven,
 * and we are no client. If not it is refused. */
static bool may_trouble(answer *to)
{
    const bool client = skad_role_is_client(to->node);
    if (client || !to->validated) {
        refuse(to, client ? SKAD_ERROR_UNSUPPORTED : SKAD_ERROR_TOKEN, 0);
        return false;
    }
    return true;
}

/* Whether a request that changes something, or that tells what is held, may be served: its address
 * and its identity are proven, and we are no client, which holds nothing for others. If not it is
 * refused. */
static bool may_change(answer *to)
{
    if (!may_trouble(to)) {
        return false;
    }
    if (!to->request->proven) {
        refuse(to, SKAD_ERROR_BUSY, 0); /* there was no budget for the proof */
    }
    return to->request->proven;
}

/* Serves STORE and ANNOUNCE. Checks for a token, and for a record that decodes and belongs to the
 * RPC; store_admission.c checks the rest. A sender is blamed for what is no record, because it can
 * see that for itself. It is not blamed for a record's signature or expiry: it may have the record
 * from another node, its clock may differ from ours, and so may its library. */
static void serve_put(answer *to, const keep_request *asked, skad_kind kind)
{
    skad_node *node = to->node;
    skad_record record;
    if (!may_change(to)) {
        return;
    }
    if (!skad_record_decode(asked->bytes.data, asked->bytes.len, &record) ||
        (record.type == SKAD_RECORD_ANNOUNCEMENT) != asked->announcement) {
        skad_bans_strike(&node->bans, &to->request->sender, to->from, SKAD_BAN_RECORDS,
                         node->env.now.mono_us);
        refuse(to, SKAD_ERROR_INVALID, 0);
        return;
    }
    if (skad_parked_full(&node->parked)) {
        refuse(to, SKAD_ERROR_BUSY, 0);
        return;
    }
    const skad_offer offer = {
        .record = &record,
        .bytes = asked->bytes,
        .group = skad_address_group(to->from),
        .has_cas = asked->has_cas,
        .cas = asked->cas,
        .life_s = asked->life_s,
    };
    skad_admitted_record held = skad_store_admit(node, &offer);
    if (held.code != SKAD_ERROR_NONE) {
        refuse(to, held.code, held.detail);
        return;
    }
    skad_publications_adopt(node, asked->bytes); /* it may be a newer edition of our own */
    if (held.ticket != 0) {
        park(to, &held, kind);
        return;
    }
    skad_message message = {.kind = kind};
    message.u.reply.u.stored.life_s = held.life_s;
    reply(to, &message);
}

static void serve_store(answer *to)
{
    const skad_message *asked = &to->request->message;
    const keep_request wanted = {
        .bytes = asked->u.store.record,
        .has_cas = asked->u.store.has_cas,
        .cas = asked->u.store.cas,
        .life_s = asked->u.store.life_s,
    };
    serve_put(to, &wanted, SKAD_KIND_STORED);
}

static void serve_announce(answer *to)
{
    const keep_request wanted = {
        .bytes = to->request->message.u.announce.record,
        .announcement = true,
        .life_s = to->node->env.profile.record_life_s,
    };
    serve_put(to, &wanted, SKAD_KIND_ANNOUNCED);
}

/* Tells a node that has records for us which of them we lack. It needs a token, as the records
 * would: without one its answer would tell a stranger what is held here. */
static void serve_compare(answer *to)
{
    skad_node *node = to->node;
    uint8_t lacking[SKAD_COMPARED_BYTES_MAX];
    skad_message message = {.kind = SKAD_KIND_COMPARED};
    if (!may_change(to)) {
        return;
    }
    const skad_span prints = to->request->message.u.compare.held;
    skad_holdings_lacking(&node->store, prints, node->env.now.unix_s, lacking);
    size_t count = prints.len / SKAD_COMPARE_ITEM_BYTES;
    message.u.reply.u.compared.lacking = (skad_span){lacking, (count + 7) / 8};
    reply(to, &message);
}

/* Tells a node of our region where it differs from us. A digest says nothing to a node without a
 * token, and one that does not share our region has no business here. */
static void serve_match(answer *to)
{
    skad_node *node = to->node;
    const skad_message *asked = &to->request->message;
    const unsigned bits = asked->u.match.bits;
    skad_message message = {.kind = SKAD_KIND_MATCHED};
    if (!may_change(to)) {
        return;
    }
    if (!skad_matching_shares(node, &to->request->sender, bits)) {
        refuse(to, SKAD_ERROR_UNSUPPORTED, 0);
        return;
    }
    message.u.reply.u.matched.differs =
        skad_matching_asked(node, &to->request->sender, bits, asked->u.match.digests.data);
    reply(to, &message);
}

/* Commits to what we hold, or reveals it, to a node of the neighbourhood that a round has drawn. */
static void serve_audit(answer *to)
{
    skad_rounds_room room;
    skad_message message;
    if (!may_change(to)) {
        return;
    }
    const skad_error_code code =
        skad_rounds_serve(to->node, &to->request->sender, &to->request->message, &room, &message);
    if (code == SKAD_ERROR_NONE) {
        reply(to, &message);
    } else {
        refuse(to, code, 0);
    }
}

/* Has a peer call the requester, which is answered once that peer has answered. */
static void serve_probe(answer *to)
{
    if (may_change(to)) {
        const skad_late_answer aside = set_aside(to);
        if (!skad_later_ask(to->node, &aside)) {
            refuse(to, SKAD_ERROR_BUSY, 0);
        }
    }
}

/* Calls the node that the requester names (CALL), or has one call it (INTRODUCE). */
static void serve_calling(answer *to)
{
    skad_message message;
    if (to->request->message.kind == SKAD_KIND_INTRODUCE ? !may_trouble(to) : !may_change(to)) {
        return;
    }
    const skad_error_code code = skad_callers_serve(to->node, to->request, to->from, &message);
    if (code == SKAD_ERROR_NONE) {
        reply(to, &message);
    } else {
        refuse(to, code, 0);
    }
}

/* Forwards a lookup for the requester, which is answered then. */
static void serve_forward(answer *to)
{
    if (may_change(to)) {
        const skad_late_answer aside = set_aside(to);
        const skad_error_code code =
            skad_relay_serve(to->node, &to->request->message.u.forward, &aside);
        if (code != SKAD_ERROR_NONE) {
            refuse(to, code, 0);
        }
    }
}

skad_served skad_serve(skad_node *node, const skad_envelope *envelope, const skad_opened *request,
                       const skad_address *from, size_t len)
{
    answer to = {.node = node, .envelope = envelope, .request = request, .from = from};
    skad_token_make(node->env.token_key, from, &request->sender, node->env.now.mono_us, to.granted);
    /* Nearly always it is the token that is granted anyway; otherwise it may be of the
     * slot before. */
    to.validated =
        envelope->token != NULL && (skad_equal(to.granted, envelope->token, SKAD_TOKEN_BYTES) ||
                                    skad_token_ok(node->env.token_key, from, &request->sender,
                                                  node->env.now.mono_us, envelope->token));
    to.allowance = to.validated ? SIZE_MAX : SKAD_AMPLIFICATION_MAX * len;
    node->stats.requests[request->message.kind]++;
    switch (request->message.kind) {
    case SKAD_KIND_PING:
        serve_ping(&to);
        break;
    case SKAD_KIND_FIND_NODE:
        serve_find_node(&to);
        break;
    case SKAD_KIND_FIND_VALUE:
        serve_find_value(&to);
        break;
    case SKAD_KIND_STORE:
        serve_store(&to);
        break;
    case SKAD_KIND_ANNOUNCE:
        serve_announce(&to);
        break;
    case SKAD_KIND_COMPARE:
        serve_compare(&to);
        break;
    case SKAD_KIND_MATCH:
        serve_match(&to);
        break;
    case SKAD_KIND_PROBE:
        serve_probe(&to);
        break;
    case SKAD_KIND_CALL:
    case SKAD_KIND_INTRODUCE:
        serve_calling(&to);
        break;
    case SKAD_KIND_FORWARD:
        serve_forward(&to);
        break;
    case SKAD_KIND_AUDIT:
    case SKAD_KIND_PROVE:
        serve_audit(&to);
        break;
    case SKAD_KIND_PONG:
    case SKAD_KIND_NODES:
    case SKAD_KIND_VALUE:
    case SKAD_KIND_STORED:
    case SKAD_KIND_ANNOUNCED:
    case SKAD_KIND_COMPARED:
    case SKAD_KIND_MATCHED:
    case SKAD_KIND_PROBED:
    case SKAD_KIND_CALLED:
    case SKAD_KIND_INTRODUCED:
    case SKAD_KIND_FORWARDED:
    case SKAD_KIND_AUDITED:
    case SKAD_KIND_PROVEN:
    case SKAD_KIND_ERROR:
        break; /* replies never come here: the prefilter separates them */
    }
    return (skad_served){.validated = to.validated, .may_ping = to.may_ping};
}
