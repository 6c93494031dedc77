#include "src/core/operations/operate.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "crypto/puzzle.h"
#include "proto/address.h"
#include "src/core/lookup/mirror.h"
#include "src/core/lookup/nearest.h"
#include "src/core/lookup/reply_validation.h"
#include "src/core/node/state.h"
#include "src/core/operations/ask.h"
#include "src/core/operations/named.h"
#include "src/core/operations/paging.h"
#include "src/core/operations/replicate.h"
#include "src/core/operations/report.h"
#include "src/core/operations/seeds.h"
#include "src/core/operations/storing.h"
#include "src/core/routing/distance.h"
#include "src/core/rpc/request.h"
#include "src/core/storage/store_admission.h"
#include "src/core/storage/store_retries.h"

#define BLOCKED_RETRY_US (20 * SKAD_US_PER_MS)
#define PHASES_MAX       16 /* that may follow each other without a request */

/* ---- Ends ---- */

/* Counts a dense neighbourhood, and remembers the place that a refresh visited: we drew its target
 * ourselves. */
static void note_lookup(skad_node *node, const skad_operation *operation)
{
    const skad_lookup *lookup = operation->lookup;
    uint16_t indices[SKAD_K_MAX];
    node->stats.lookups_dense += lookup->dense;
    if (operation->kind == SKAD_OPERATION_REFRESH &&
        skad_lookup_closest(lookup, lookup->siblings, indices) == lookup->siblings) {
        skad_places_visited(&node->table.places, &lookup->self, &lookup->target,
                            lookup->candidates.distances[indices[lookup->siblings - 1]]);
    }
}

static void end(skad_node *node, skad_operation *operation, skad_outcome outcome)
{
    operation->stage = SKAD_STAGE_ENDED;
    if (operation->lookup != NULL) {
        note_lookup(node, operation);
    }
    operation->outcome = outcome;
    operation->ended_us = node->env.now.mono_us;
    if (!skad_operation_own(operation)) { /* the starter of another looks for its end */
        skad_report_ended(node, operation);
    }
}

/* Releases a refresh and a ballot; no part of the node waits for its end. */
static void release_unawaited(skad_node *node, skad_operation *operation)
{
    if (skad_operation_unawaited(operation) && operation->stage == SKAD_STAGE_ENDED) {
        skad_operations_release(&node->operations, operation);
    }
}

/* Ends a put once what it keeps lasts; when it is overdue, at once. */
static void end_put(skad_node *node, skad_operation *operation, bool overdue)
{
    skad_put_payload *payload = &operation->payload;
    skad_put_report report;
    skad_storing_report(operation, &report);
    if (skad_storing_stands(&report) && !payload->keeping) {
        payload->keeping = true;
        skad_storing_keep(node, operation);
    }
    if (payload->keep_ticket != 0 && !overdue) {
        return;
    }
    payload->kept = payload->kept && payload->keep_ticket == 0;
    skad_storing_retry(node, operation);
    if (skad_storing_stands(&report)) {
        end(node, operation, SKAD_OUTCOME_DONE);
    } else {
        bool all_unresponsive = report.unresponsive > 0 && report.unresponsive == report.holders;
        end(node, operation, all_unresponsive ? SKAD_OUTCOME_TIMED_OUT : SKAD_OUTCOME_NOT_FOUND);
    }
}

/* Whether a lookup that asked at least one node got no answer at all. */
static bool nobody_answered(const skad_lookup *lookup)
{
    return lookup->rpcs > 0 && lookup->answered_count == 0;
}

static void end_lookup(skad_node *node, skad_operation *operation)
{
    bool gets = skad_operation_gets(operation);
    bool got = gets && skad_collection_found(operation->collection);
    skad_outcome outcome = SKAD_OUTCOME_DONE;
    if (!got && nobody_answered(operation->lookup)) {
        outcome = SKAD_OUTCOME_TIMED_OUT;
    } else if (gets && !got) {
        outcome = skad_lookup_silence(operation->lookup) ? SKAD_OUTCOME_TIMED_OUT
                                                         : SKAD_OUTCOME_NOT_FOUND;
    }
    if (got) {
        skad_replicate_leave(node, operation);
    }
    end(node, operation, outcome);
}

/* ---- Requests ---- */

static void block(skad_node *node)
{
    if (node->operations.blocked_us == UINT64_MAX) {
        node->operations.blocked_us = node->env.now.mono_us + BLOCKED_RETRY_US;
    }
}

static bool send_query(skad_node *node, skad_operation *operation, const skad_query *query)
{
    if (query->store) {
        return skad_storing_ask(node, operation, query->candidate);
    }
    return skad_request_can_send(node) && skad_ask_candidate(node, operation, query);
}

/* Returns whether it asked for something, or turned to something new to ask for. */
static bool drive_lookup(skad_node *node, skad_operation *operation)
{
    skad_lookup *lookup = operation->lookup;
    const unsigned before = lookup->turns + lookup->rpcs;
    skad_query query;
    if (skad_operation_puts(operation) && !skad_storing_early(node, operation)) {
        block(node);
        return false;
    }
    while (skad_lookup_next(lookup, &query)) {
        if (!send_query(node, operation, &query)) {
            skad_lookup_unask(lookup, &query);
            block(node);
            return false;
        }
        skad_report_trace_query(node, operation, &query);
    }
    if (!skad_lookup_done(lookup)) {
        skad_seeds_outside(node, lookup);
        return lookup->turns + lookup->rpcs != before;
    }
    if (skad_operation_puts(operation)) {
        skad_storing_begin(node, operation);
    } else if (skad_operation_gets(operation)) {
        skad_paging_begin(node, operation);
    } else {
        end_lookup(node, operation);
    }
    return false;
}

/* Drives what follows a lookup. */
static void drive_holders(skad_node *node, skad_operation *operation)
{
    bool storing = operation->stage == SKAD_STAGE_STORING;
    switch (storing ? skad_storing_drive(node, operation) : skad_paging_drive(node, operation)) {
    case SKAD_STORING_WAITS:
        break;
    case SKAD_STORING_BLOCKED:
        block(node);
        break;
    case SKAD_STORING_OVER:
        if (storing) {
            end_put(node, operation, false);
        } else {
            end_lookup(node, operation);
        }
        break;
    }
}

void skad_operate_drive(skad_node *node, skad_operation *operation)
{
    /* A new phase may have new candidates to ask: a lookup that has ended one phase is driven into
     * the next, until it neither turns nor asks. */
    bool moved = true;
    for (unsigned n = 0; n < PHASES_MAX && moved && operation->stage == SKAD_STAGE_RUNNING; n++) {
        moved = drive_lookup(node, operation);
    }
    if (operation->stage == SKAD_STAGE_STORING || operation->stage == SKAD_STAGE_PAGING) {
        drive_holders(node, operation);
    }
    release_unawaited(node, operation);
}

/* ---- Answers ---- */

/* Counts an answer that breaks its sender's duties, which costs the sender some standing. The
 * answer came from where we asked and refers to what we asked, so its address is validated. */
static void judge(skad_node *node, const skad_id *sender, const skad_address *from,
                  size_t violations)
{
    if (violations > 0) {
        node->stats.violations += violations;
        node->stats.dismissed += skad_table_violation(&node->table, sender, node->env.now.mono_us);
        skad_bans_strike(&node->bans, sender, from, SKAD_BAN_ANSWERS, node->env.now.mono_us);
    }
}

/* Takes the records of an answer. Returns how many were not what was asked for. An immutable value
 * ends the search, since no other value can have its key; so does any record where the first
 * answers do. */
static size_t take_records(skad_node *node, skad_operation *operation, uint16_t from,
                           const skad_message *answer)
{
    skad_candidate *candidate = &operation->lookup->candidates.all[from];
    const skad_get_answer get_answer = {
        .candidate = from,
        .from = &candidate->contact.id,
        .records = answer->u.reply.u.value.records,
        .count = answer->u.reply.u.value.records_count,
        .total = answer->u.reply.u.value.total,
    };
    size_t invalid = skad_collection_take(operation->collection, &get_answer, node->env.now.unix_s,
                                          &node->env.random, &node->stats.verifications);
    const skad_given *given = skad_collection_given(operation->collection, from);
    operation->lookup->found = skad_collection_found(operation->collection);
    candidate->gave_value = given != NULL && given->record;
    const bool ends =
        operation->collection->type == SKAD_RECORD_IMMUTABLE || operation->lookup->first_answers;
    if (ends && candidate->gave_value) {
        skad_lookup_finish(operation->lookup);
    }
    return invalid;
}

/* Takes what an answer names, and its records. Returns how much of it breaks the sender's duties.
 * target: what was asked for; NULL: the order of the contacts is not checked. */
static size_t take_answer(skad_node *node, skad_operation *operation, uint16_t from,
                          const skad_id *target, const skad_message *answer)
{
    skad_lookup *lookup = operation->lookup;
    if (answer->kind == SKAD_KIND_VALUE) {
        const skad_named_contacts named = {answer->u.reply.u.value.contacts,
                                           answer->u.reply.u.value.contacts_count};
        size_t violations = skad_named_heard(node, lookup, from, target, named);
        return violations + take_records(node, operation, from, answer);
    }
    if (answer->kind == SKAD_KIND_NODES) {
        const skad_named_contacts named = {answer->u.reply.u.nodes.contacts,
                                           answer->u.reply.u.nodes.contacts_count};
        return skad_named_heard(node, lookup, from, target, named);
    }
    return 0;
}

static void lookup_answered(skad_node *node, skad_operation *operation, const skad_pending_rpc *rpc,
                            const skad_message *answer)
{
    skad_lookup *lookup = operation->lookup;
    if (!skad_lookup_awaits(lookup, rpc->step)) {
        return; /* the same node has answered at another address */
    }
    if (answer->kind == SKAD_KIND_ERROR) {
        /* Only the token that came with the answer may have been missing. */
        bool again = answer->u.reply.u.error.code == SKAD_ERROR_TOKEN;
        skad_lookup_refused(lookup, rpc->step, again);
        return;
    }
    skad_lookup_answered(lookup, rpc->step, node->env.now.mono_us - rpc->sent_us);
    const skad_id target = skad_mirror_target(lookup, lookup->candidates.all[rpc->step].path);
    judge(node, &lookup->candidates.all[rpc->step].contact.id, &rpc->address,
          take_answer(node, operation, rpc->step, &target, answer));
}

/* An answer to what was no question for the target names more candidates. The witnesses of the
 * mirrored path were asked for the record, too. */
static void region_answered(skad_node *node, skad_operation *operation, const skad_pending_rpc *rpc,
                            const skad_message *answer)
{
    if (!rpc->slow) {
        skad_lookup_elsewhere_over(operation->lookup, rpc->part);
    }
    judge(node, &operation->lookup->candidates.all[rpc->step].contact.id, &rpc->address,
          take_answer(node, operation, rpc->step, NULL, answer));
}

/* More announcements of a holder. */
static void page_answered(skad_node *node, skad_operation *operation, const skad_pending_rpc *rpc,
                          const skad_message *answer)
{
    if (answer->kind != SKAD_KIND_VALUE) {
        skad_paging_failed(operation, rpc->step);
        return;
    }
    size_t violations = take_records(node, operation, rpc->step, answer);
    judge(node, &operation->lookup->candidates.all[rpc->step].contact.id, &rpc->address,
          violations);
}

/* The candidate that a request is the lookup's question to: SKAD_CANDIDATE_NONE if it is none. */
static uint16_t candidate_of(const skad_operation *operation, const skad_pending_rpc *rpc)
{
    if (operation->stage != SKAD_STAGE_RUNNING) {
        return SKAD_CANDIDATE_NONE;
    }
    if (rpc->purpose == SKAD_PURPOSE_LOOKUP) {
        return rpc->step;
    }
    if (rpc->purpose != SKAD_PURPOSE_STORE) {
        return SKAD_CANDIDATE_NONE;
    }
    const uint16_t candidate = operation->holders[rpc->step].candidate;
    return skad_lookup_awaits(operation->lookup, candidate) ? candidate : SKAD_CANDIDATE_NONE;
}

/* A holder answered, which may tell the lookup that it lives. */
static void store_answered(const skad_node *node, skad_operation *operation,
                           const skad_pending_rpc *rpc, const skad_message *answer,
                           const uint8_t *token)
{
    const uint16_t candidate = candidate_of(operation, rpc);
    if (candidate != SKAD_CANDIDATE_NONE) {
        skad_lookup_answered(operation->lookup, candidate, node->env.now.mono_us - rpc->sent_us);
    }
    skad_storing_answered(operation, rpc->step, answer, token);
}

static void ping_answered(skad_node *node, skad_operation *operation, const skad_pending_rpc *rpc,
                          const skad_opened *answer)
{
    operation->responder = answer->sender;
    operation->observed = answer->message.u.reply.observed;
    operation->rtt_us = node->env.now.mono_us - rpc->sent_us;
    end(node, operation, SKAD_OUTCOME_DONE);
}

/* Late answers to an earlier stage of the operation change nothing. */
void skad_operate_answered(skad_node *node, const skad_pending_rpc *rpc, const skad_opened *answer,
                           const uint8_t *token)
{
    skad_operation *operation = skad_operations_find(&node->operations, rpc->owner);
    if (operation == NULL) {
        return;
    }
    const skad_purpose purpose = (skad_purpose)rpc->purpose;
    const bool running = operation->stage == SKAD_STAGE_RUNNING;
    if (running && purpose == SKAD_PURPOSE_PING) {
        ping_answered(node, operation, rpc, answer);
    } else if (running && purpose == SKAD_PURPOSE_REGION) {
        region_answered(node, operation, rpc, &answer->message);
        skad_report_trace_region(node, operation, rpc->step, SKAD_STEP_ANSWERED);
    } else if (running && purpose == SKAD_PURPOSE_LOOKUP) {
        skad_lookup_token(operation->lookup, rpc->step, token);
        lookup_answered(node, operation, rpc, &answer->message);
        skad_report_trace(node, operation, rpc->step);
    } else if (purpose == SKAD_PURPOSE_STORE && operation->stage != SKAD_STAGE_ENDED) {
        store_answered(node, operation, rpc, &answer->message, token);
    } else if (operation->stage == SKAD_STAGE_PAGING && purpose == SKAD_PURPOSE_PAGE) {
        page_answered(node, operation, rpc, &answer->message);
    }
    skad_operate_drive(node, operation);
}

void skad_operate_slow(skad_node *node, const skad_pending_rpc *rpc)
{
    skad_operation *operation = skad_operations_find(&node->operations, rpc->owner);
    if (operation == NULL || operation->stage != SKAD_STAGE_RUNNING) {
        return;
    }
    if (rpc->purpose == SKAD_PURPOSE_PING) {
        skad_ask_hello(node, operation);
        return;
    }
    const uint16_t candidate = candidate_of(operation, rpc);
    if (rpc->purpose == SKAD_PURPOSE_REGION) {
        skad_lookup_elsewhere_over(operation->lookup, rpc->part);
        skad_report_trace_region(node, operation, rpc->step, SKAD_STEP_SLOW);
    } else if (candidate != SKAD_CANDIDATE_NONE) {
        skad_lookup_slow(operation->lookup, candidate);
        skad_report_trace(node, operation, candidate);
    }
    skad_operate_drive(node, operation);
}

void skad_operate_overdue(skad_node *node, const skad_pending_rpc *rpc)
{
    skad_operation *operation = skad_operations_find(&node->operations, rpc->owner);
    if (operation == NULL) {
        return;
    }
    const uint16_t candidate = candidate_of(operation, rpc);
    if (candidate != SKAD_CANDIDATE_NONE) {
        skad_lookup_overdue(operation->lookup, candidate);
        skad_operate_drive(node, operation);
    }
}

static void store_failed(skad_node *node, skad_operation *operation, const skad_pending_rpc *rpc)
{
    const uint16_t candidate = candidate_of(operation, rpc);
    if (candidate != SKAD_CANDIDATE_NONE) {
        skad_lookup_failed(operation->lookup, candidate);
        skad_report_trace(node, operation, candidate);
    }
    skad_storing_failed(operation, rpc->step);
}

void skad_operate_failed(skad_node *node, const skad_pending_rpc *rpc)
{
    skad_operation *operation = skad_operations_find(&node->operations, rpc->owner);
    if (operation == NULL) {
        return;
    }
    const skad_purpose purpose = (skad_purpose)rpc->purpose;
    const bool running = operation->stage == SKAD_STAGE_RUNNING;
    if (running && purpose == SKAD_PURPOSE_PING) {
        end(node, operation, SKAD_OUTCOME_TIMED_OUT);
    } else if (running && purpose == SKAD_PURPOSE_REGION) {
        if (rpc->slow) {
            return; /* the soft timeout went on already, unless a stalled driver skipped it */
        }
        skad_lookup_elsewhere_over(operation->lookup, rpc->part);
    } else if (running && purpose == SKAD_PURPOSE_LOOKUP) {
        skad_lookup_failed(operation->lookup, rpc->step);
        skad_report_trace(node, operation, rpc->step);
    } else if (purpose == SKAD_PURPOSE_STORE && operation->stage != SKAD_STAGE_ENDED) {
        store_failed(node, operation, rpc);
    } else if (operation->stage == SKAD_STAGE_PAGING && purpose == SKAD_PURPOSE_PAGE) {
        skad_paging_failed(operation, rpc->step);
    }
    skad_operate_drive(node, operation);
}

void skad_operate_settled(skad_node *node, const skad_store_settled *settled)
{
    for (size_t i = 0; i < node->operations.count; i++) {
        skad_operation *operation = node->operations.slots[i].operation;
        if (operation != NULL && operation->stage == SKAD_STAGE_STORING &&
            skad_storing_settled(operation, settled)) {
            skad_operate_drive(node, operation);
        }
    }
}

/* ---- Time ---- */

static void end_overdue(skad_node *node, skad_operation *operation)
{
    bool looking = operation->stage == SKAD_STAGE_PAGING ||
                   (operation->stage == SKAD_STAGE_RUNNING && operation->lookup != NULL);
    if (operation->stage == SKAD_STAGE_STORING) {
        end_put(node, operation, true);
    } else if (looking && !skad_operation_puts(operation)) {
        end_lookup(node, operation);
    } else {
        end(node, operation, SKAD_OUTCOME_TIMED_OUT);
    }
}

static bool has_looked_enough(const skad_node *node, const skad_operation *operation)
{
    const uint64_t began_us = operation->deadline_us - SKAD_OPERATION_US_MAX;
    uint16_t nearest;
    return operation->stage == SKAD_STAGE_RUNNING && skad_operation_puts(operation) &&
           node->env.now.mono_us >= began_us + SKAD_PUT_LOOKUP_US &&
           skad_lookup_closest(operation->lookup, 1, &nearest) > 0;
}

void skad_operate_tick(skad_node *node)
{
    uint64_t now_us = node->env.now.mono_us;
    bool blocked = now_us >= node->operations.blocked_us;
    bool check = now_us >= node->operations.overdue_us;
    if (!blocked && !check) {
        return;
    }
    node->operations.blocked_us = blocked ? UINT64_MAX : node->operations.blocked_us;
    for (size_t i = 0; i < node->operations.count; i++) {
        skad_operation *operation = node->operations.slots[i].operation;
        if (operation == NULL || operation->stage == SKAD_STAGE_ENDED) {
            continue;
        }
        if (now_us >= operation->deadline_us) {
            end_overdue(node, operation);
            release_unawaited(node, operation);
        } else if (has_looked_enough(node, operation)) {
            skad_storing_begin(node, operation);
            skad_operate_drive(node, operation);
        } else if (blocked && operation->lookup != NULL) {
            skad_operate_drive(node, operation);
        }
    }
    node->operations.overdue_us =
        node->operations.taken > 0 ? now_us + SKAD_OVERDUE_CHECK_US : UINT64_MAX;
}

uint64_t skad_operate_deadline(const skad_node *node)
{
    return node->operations.blocked_us < node->operations.overdue_us ? node->operations.blocked_us
                                                                     : node->operations.overdue_us;
}
