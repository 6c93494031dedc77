#include "src/core/upkeep/offers.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "src/core/node/state.h"
#include "src/core/operations/replicate.h"
#include "src/core/routing/distance.h"
#include "src/core/rpc/request.h"
#include "src/core/storage/holdings.h"

static bool is_offered(const skad_offers *offers, const skad_id *to)
{
    for (size_t i = 0; i < offers->count; i++) {
        if (skad_id_equal(&offers->all[i].to, to)) {
            return true;
        }
    }
    return false;
}

void skad_offers_begin(skad_node *node, const skad_id *newcomers, size_t count)
{
    skad_offers *offers = &node->handover.offers;
    SKAD_ASSERT(offers->all == NULL);
    offers->walk++;
    offers->count = 0;
    if (count == 0) {
        return;
    }
    offers->all = calloc(count, sizeof *offers->all);
    if (offers->all == NULL) {
        node->stats.replicas_shed += count;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_offered(offers, &newcomers[i])) {
            offers->all[offers->count++].to = newcomers[i];
        }
    }
}

bool skad_offers_given_up(const skad_node *node, const skad_id *to)
{
    const skad_offers *offers = &node->handover.offers;
    for (size_t i = 0; i < offers->count; i++) {
        if (offers->all[i].state == SKAD_OFFER_GONE && skad_id_equal(&offers->all[i].to, to)) {
            return true;
        }
    }
    return false;
}

void skad_offers_end(skad_node *node)
{
    free(node->handover.offers.all);
    node->handover.offers.all = NULL;
    node->handover.offers.count = 0;
}

/* Whether the record that was added last is this one. */
static bool is_added(const skad_offer_to *offer, const skad_store_name *name)
{
    return offer->count > 0 && memcmp(&offer->names[offer->count - 1], name, sizeof *name) == 0;
}

/* At most a life: more was given while our clock was ahead (clock_watch.h). */
static uint32_t life_left_s(const skad_node *node, const skad_store_record *record)
{
    const uint64_t left_s = record->expires_unix_s - node->env.now.unix_s;
    const uint32_t life_s = node->env.profile.record_life_s;
    return left_s < life_s ? (uint32_t)left_s : life_s;
}

void skad_offers_add(skad_node *node, const skad_id *to, const skad_store_record *record)
{
    skad_offers *offers = &node->handover.offers;
    for (size_t i = 0; i < offers->count; i++) {
        skad_offer_to *offer = &offers->all[i];
        if (offer->state == SKAD_OFFER_FILLING && skad_id_equal(&offer->to, to) &&
            !is_added(offer, &record->name)) {
            SKAD_ASSERT(offer->count < SKAD_COMPARE_MAX);
            offer->names[offer->count] = record->name;
            skad_holdings_print(&record->name, record->sequence, life_left_s(node, record),
                                offer->prints[offer->count++]);
        }
    }
}

bool skad_offers_full(const skad_node *node)
{
    const skad_offers *offers = &node->handover.offers;
    for (size_t i = 0; i < offers->count; i++) {
        if (offers->all[i].count == SKAD_COMPARE_MAX) {
            return true;
        }
    }
    return false;
}

/* ---- Asking ---- */

/* Returns what an offer asks. It borrows from the offer. */
static skad_message compare_of(const skad_offer_to *offer)
{
    skad_message message;
    message.kind = SKAD_KIND_COMPARE;
    message.u.compare.held =
        (skad_span){offer->prints[0], (size_t)offer->count * SKAD_COMPARE_ITEM_BYTES};
    return message;
}

static void give_up(skad_node *node, skad_offer_to *offer)
{
    node->stats.replicas_shed += offer->count;
    offer->state = SKAD_OFFER_GONE;
    offer->count = 0;
}

static void ask(skad_node *node, size_t index)
{
    skad_offer_to *offer = &node->handover.offers.all[index];
    skad_address address;
    skad_peer_slot slot = skad_peers_find(&node->table.peers, &offer->to);
    if (slot == SKAD_PEER_NONE ||
        !skad_endpoint_choose(&node->table.peers, slot, node->families, &address)) {
        give_up(node, offer);
        return;
    }
    const skad_message message = compare_of(offer);
    const skad_request request = {
        .message = &message,
        .address = &address,
        .responder = &offer->to,
        .purpose = SKAD_PURPOSE_COMPARE,
        .owner = node->handover.offers.walk,
        .step = (uint16_t)index,
    };
    if (skad_replicate_may(node) && skad_request_send(node, &request)) {
        offer->state = SKAD_OFFER_ASKED;
        offer->tries++;
        node->stats.offered += offer->count;
    } /* without room the next step tries again */
}

bool skad_offers_ask(skad_node *node)
{
    const skad_offers *offers = &node->handover.offers;
    bool any = false;
    for (size_t i = 0; i < offers->count; i++) {
        if (offers->all[i].state == SKAD_OFFER_FILLING && offers->all[i].count > 0) {
            any = true;
            ask(node, i);
        }
    }
    return any;
}

/* ---- Answers ---- */

/* Returns the offer that waits for the answer to a request; NULL: none does any more. */
static skad_offer_to *asked(skad_node *node, const skad_pending_rpc *rpc)
{
    skad_offers *offers = &node->handover.offers;
    bool waits = rpc->owner == offers->walk && rpc->step < offers->count &&
                 offers->all[rpc->step].state == SKAD_OFFER_ASKED;
    return waits ? &offers->all[rpc->step] : NULL;
}

void skad_offers_answered(skad_node *node, const skad_pending_rpc *rpc, const skad_message *answer)
{
    skad_offer_to *offer = asked(node, rpc);
    if (offer == NULL) {
        return;
    }
    bool wants_token =
        answer->kind == SKAD_KIND_ERROR && answer->u.reply.u.error.code == SKAD_ERROR_TOKEN;
    if (wants_token && offer->tries < SKAD_OFFER_TRIES_MAX) {
        offer->state = SKAD_OFFER_FILLING; /* the table has the fresh token; the next step asks */
        return;
    }
    if (answer->kind != SKAD_KIND_COMPARED ||
        answer->u.reply.u.compared.lacking.len != (offer->count + 7U) / 8) {
        give_up(node, offer);
        return;
    }
    memcpy(offer->lacking, answer->u.reply.u.compared.lacking.data,
           answer->u.reply.u.compared.lacking.len);
    offer->state = SKAD_OFFER_LACKING;
    offer->next = 0;
}

void skad_offers_failed(skad_node *node, const skad_pending_rpc *rpc)
{
    skad_offer_to *offer = asked(node, rpc);
    if (offer != NULL) {
        give_up(node, offer);
    }
}

bool skad_offers_again(skad_node *node, const skad_pending_rpc *rpc)
{
    const skad_offer_to *offer = asked(node, rpc);
    if (offer == NULL) {
        return false;
    }
    const skad_message message = compare_of(offer);
    skad_request_again(node, rpc, &message);
    return true;
}

/* ---- Sending what is lacking ---- */

/* Sends a record of an offer. Returns false without room. */
static bool send(skad_node *node, const skad_offer_to *offer, const skad_store_name *name)
{
    skad_store_record record;
    skad_address address;
    skad_peer_slot slot = skad_peers_find(&node->table.peers, &offer->to);
    if (slot == SKAD_PEER_NONE ||
        !skad_endpoint_choose(&node->table.peers, slot, node->families, &address) ||
        !node->store.ops->find(node->store.self, SKAD_STORE_REPLICAS, name, node->env.now.unix_s,
                               &record)) {
        return true; /* there is nothing to send any more */
    }
    const skad_replica replica = {
        .type = (skad_record_type)name->type,
        .bytes = {record.data, record.len},
        .life_s = life_left_s(node, &record),
    };
    if (!skad_replicate_may(node) || !skad_replicate(node, &replica, &offer->to, &address, NULL)) {
        return false;
    }
    node->stats.handed_over++;
    return true;
}

/* Sends what one newcomer lacks, while *room allows. Returns true when all is sent. */
static bool send_lacking(skad_node *node, skad_offer_to *offer, size_t *room)
{
    for (; offer->next < offer->count; offer->next++) {
        size_t at = offer->next;
        if ((offer->lacking[at / 8] >> (at % 8) & 1) == 0) {
            continue;
        }
        if (*room == 0 || !send(node, offer, &offer->names[at])) {
            return false;
        }
        --*room;
    }
    offer->state = SKAD_OFFER_FILLING;
    offer->tries = 0;
    offer->count = 0;
    return true;
}

bool skad_offers_settle(skad_node *node, size_t max)
{
    const skad_offers *offers = &node->handover.offers;
    bool settled = true;
    for (size_t i = 0; i < offers->count; i++) {
        skad_offer_to *offer = &offers->all[i];
        if (offer->state == SKAD_OFFER_LACKING) {
            settled &= send_lacking(node, offer, &max);
        }
        settled &= offer->state != SKAD_OFFER_ASKED;
        /* One that wanted a token, or found no room, is asked now. */
        if (offer->state == SKAD_OFFER_FILLING && offer->tries > 0) {
            ask(node, i);
            settled = false;
        }
    }
    return settled;
}
