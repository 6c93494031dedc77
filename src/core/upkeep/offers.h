/* Offers: what a handover has for its newcomers, named before it is sent. A node that began anew
 * mostly has its records, and so has one that was silent for a moment. So the records that a walk
 * (handover.h) has for a newcomer are gathered, forty at a time, and their prints are sent in one
 * COMPARE. What the newcomer lacks is sent then, and nothing else.
 *
 *    FILLING -- full, or the walk is over --> ASKED -- its answer --> LACKING -- all sent -->
 * FILLING
 *                                               |
 *                                               +-- silence, or a refusal --> GONE: gets no more
 *
 * One COMPARE is under way to a newcomer at a time, so one that is slow gets less, and the walk
 * waits for it. */
#ifndef SKAD_UPKEEP_OFFERS_H
#define SKAD_UPKEEP_OFFERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/message.h"
#include "skad/node.h"
#include "skad/store.h"
#include "src/core/rpc/pending.h"

#define SKAD_OFFER_TRIES_MAX 2 /* a newcomer may want a fresher token */

typedef enum skad_offer_state {
    SKAD_OFFER_FILLING,
    SKAD_OFFER_ASKED,
    SKAD_OFFER_LACKING,
    SKAD_OFFER_GONE,
} skad_offer_state;

/* To one newcomer. */
typedef struct skad_offer_to {
    skad_id to;
    uint8_t state; /* a skad_offer_state */
    uint8_t tries;
    uint8_t count;
    uint8_t next; /* LACKING: the next one to look at */
    uint8_t lacking[SKAD_COMPARED_BYTES_MAX];
    skad_store_name names[SKAD_COMPARE_MAX];
    uint8_t prints[SKAD_COMPARE_MAX][SKAD_COMPARE_ITEM_BYTES];
} skad_offer_to;

typedef struct skad_offers {
    skad_offer_to *all; /* owned; NULL between walks */
    size_t count;
    uint64_t walk; /* numbers the walks, so that a late answer finds no other walk's offer */
} skad_offers;

/* Begins a walk for newcomers, each of which may be named more than once; without memory they get
 * nothing. */
void skad_offers_begin(skad_node *node, const skad_id *newcomers, size_t count);
void skad_offers_end(skad_node *node);

/* Whether the offer to a newcomer was given up in this walk: it did not answer, or refused. */
bool skad_offers_given_up(const skad_node *node, const skad_id *to);

/* Adds a record to the offer to a newcomer, once, though it may have two reasons to be offered it.
 * Not to be called for another record while skad_offers_full. */
void skad_offers_add(skad_node *node, const skad_id *to, const skad_store_record *record);

/* Whether an offer has no room for another record. */
bool skad_offers_full(const skad_node *node);

/* Sends all offers that have something in them. Returns false if there is none. */
bool skad_offers_ask(skad_node *node);

/* Sends records that are lacking, at most `max`. Returns true when no answer is awaited and nothing
 * is left to be sent. */
bool skad_offers_settle(skad_node *node, size_t max);

/* What came of a COMPARE (SKAD_PURPOSE_COMPARE); it is to be sent again. */
void skad_offers_answered(skad_node *node, const skad_pending_rpc *rpc, const skad_message *answer);
void skad_offers_failed(skad_node *node, const skad_pending_rpc *rpc);
bool skad_offers_again(skad_node *node, const skad_pending_rpc *rpc);

#endif
