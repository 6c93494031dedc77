#include "src/core/operations/storing.h"
#include "src/core/lookup/choice.h"
#include "src/core/lookup/nearest.h"
#include "src/core/lookup/strata.h"

#include <string.h>

#include "crypto/assert.h"
#include "src/core/node/state.h"
#include "src/core/operations/ask.h"
#include "src/core/routing/distance.h"
#include "src/core/rpc/request.h"
#include "src/core/rpc/role.h"
#include "src/core/storage/publications.h"
#include "src/core/storage/store_admission.h"
#include "src/core/storage/store_retries.h"

/* Puts the record into our own store when we are among the s closest; the farthest of the others is
 * then not needed. */
static void admit_here(skad_node *node, skad_operation *operation)
{
    skad_put_payload *payload = &operation->payload;
    skad_record record;
    bool decodes = skad_record_decode(payload->record, payload->len, &record);
    SKAD_ASSERT(decodes);
    const skad_offer offer = {
        .record = &record,
        .bytes = {payload->record, payload->len},
        .has_cas = payload->has_cas,
        .cas = payload->cas,
        .life_s = node->env.profile.record_life_s,
    };
    skad_admitted_record held = skad_store_admit(node, &offer);
    payload->asked_here = true;
    payload->refusal_here = (uint8_t)held.code;
    payload->ticket_here = held.code == SKAD_ERROR_NONE ? held.ticket : 0;
    payload->life_here_s = held.life_s;
    if (held.detail > payload->sequence_seen) {
        payload->sequence_seen = held.detail;
    }
}

/* Returns how many nodes should hold a record. All peers of the table answered us once. Those that
 * are silent now are counted, too: a bad link makes no network small. */
static size_t wanted(const skad_node *node)
{
    size_t known = (size_t)!skad_role_is_client(node) + node->table.peers.count;
    size_t s = node->env.profile.siblings;
    return node->join.joined && known < s ? known : s;
}

static bool is_holder(const skad_operation *operation, uint16_t candidate)
{
    for (size_t i = 0; i < operation->holders_count; i++) {
        if (operation->holders[i].candidate == candidate) {
            return true;
        }
    }
    return false;
}

static void add(skad_operation *operation, uint16_t candidate)
{
    if (operation->holders_count < SKAD_HOLDERS_MAX && !is_holder(operation, candidate)) {
        operation->holders[operation->holders_count++] = (skad_holder){.candidate = candidate};
    }
}

static bool ask(skad_node *node, skad_operation *operation, size_t at)
{
    skad_holder *holder = &operation->holders[at];
    if (!skad_request_can_send(node) || !skad_ask_holder(node, operation, (uint16_t)at)) {
        return false;
    }
    holder->state = SKAD_HOLDER_ASKED;
    holder->tries++;
    return true;
}

static bool has_answered(const skad_operation *operation, const skad_holder *holder)
{
    return operation->lookup->candidates.all[holder->candidate].state == SKAD_STEP_ANSWERED;
}

bool skad_storing_ask(skad_node *node, skad_operation *operation, uint16_t candidate)
{
    const uint8_t before = operation->holders_count;
    add(operation, candidate);
    if (operation->holders_count == before) {
        return false;
    }
    if (!ask(node, operation, before)) {
        operation->holders_count = before;
        return false;
    }
    return true;
}

bool skad_storing_early(skad_node *node, skad_operation *operation)
{
    uint16_t sure[SKAD_K_MAX];
    if (operation->lookup->phase == SKAD_LOOKUP_PATHS) {
        return true;
    }
    size_t count = skad_choice_sure(operation->lookup, sure);
    for (size_t i = 0; i < count; i++) {
        add(operation, sure[i]);
    }
    for (size_t i = 0; i < operation->holders_count; i++) {
        const skad_holder *holder = &operation->holders[i];
        if (holder->state == SKAD_HOLDER_WAITS && has_answered(operation, holder) &&
            !ask(node, operation, i)) {
            return false;
        }
    }
    return true;
}

/* Leaves those out that were asked to store instead of being asked for others, and were silent: the
 * lookup has found others instead. */
static void leave_silent(skad_operation *operation)
{
    for (size_t i = 0; i < operation->holders_count; i++) {
        skad_holder *holder = &operation->holders[i];
        const bool open = holder->state == SKAD_HOLDER_WAITS || holder->state == SKAD_HOLDER_ASKED;
        if (open && !has_answered(operation, holder)) {
            holder->state = SKAD_HOLDER_LEFT;
        }
    }
}

/* The holders are the s closest, and where those stand dense, also a sample of the region
 * (strata.h). Where neighbourhoods are switched off, it is the 48 closest. */
void skad_storing_begin(skad_node *node, skad_operation *operation)
{
    const skad_lookup *lookup = operation->lookup;
    const bool old = lookup->dense && !lookup->for_record;
    const size_t max = old ? SKAD_REGION_WANTED : node->env.profile.siblings;
    uint16_t indices[SKAD_HOLDERS_MAX];
    size_t count = skad_lookup_closest(lookup, max, indices);
    bool full = count == max;
    leave_silent(operation);
    if (!skad_role_is_client(node) &&
        (!full ||
         skad_distance_compare(&lookup->target, &lookup->self,
                               &lookup->candidates.all[indices[count - 1]].contact.id) < 0)) {
        admit_here(node, operation);
        count -= full && operation->payload.refusal_here == SKAD_ERROR_NONE;
    }
    for (size_t i = 0; i < count; i++) {
        add(operation, indices[i]);
    }
    if (lookup->strata != NULL) {
        count = skad_strata_holders(lookup, SKAD_HOLDERS_MAX, indices);
        for (size_t i = 0; i < count; i++) {
            add(operation, indices[i]);
        }
    }
    operation->payload.wanted = (uint8_t)wanted(node);
    operation->stage = SKAD_STAGE_STORING;
}

skad_storing_state skad_storing_drive(skad_node *node, skad_operation *operation)
{
    bool open = operation->payload.ticket_here != 0;
    for (size_t i = 0; i < operation->holders_count; i++) {
        const skad_holder *holder = &operation->holders[i];
        if (holder->state == SKAD_HOLDER_WAITS && !ask(node, operation, i)) {
            return SKAD_STORING_BLOCKED;
        }
        open |= holder->state == SKAD_HOLDER_ASKED;
    }
    return open ? SKAD_STORING_WAITS : SKAD_STORING_OVER;
}

static void refused(skad_operation *operation, skad_holder *holder, uint32_t code, uint64_t detail)
{
    bool names_sequence =
        code == SKAD_ERROR_OLDER || code == SKAD_ERROR_CONFLICT || code == SKAD_ERROR_CAS;
    holder->state = SKAD_HOLDER_REFUSED;
    holder->refusal = code < SKAD_REFUSALS ? (uint8_t)code : 0;
    if (names_sequence && detail > operation->payload.sequence_seen) {
        operation->payload.sequence_seen = detail;
    }
}

void skad_storing_answered(skad_operation *operation, uint16_t step, const skad_message *answer,
                           const uint8_t *token)
{
    skad_holder *holder = &operation->holders[step];
    skad_lookup_token(operation->lookup, holder->candidate, token);
    if (answer->kind != SKAD_KIND_ERROR) {
        holder->state = SKAD_HOLDER_STORED;
        holder->life_s = answer->u.reply.u.stored.life_s;
    } else if (answer->u.reply.u.error.code == SKAD_ERROR_TOKEN &&
               holder->tries < SKAD_STORE_TRIES_MAX) {
        holder->state = SKAD_HOLDER_WAITS; /* the fresh token came with this answer */
    } else {
        refused(operation, holder, answer->u.reply.u.error.code, answer->u.reply.u.error.detail);
    }
}

void skad_storing_failed(skad_operation *operation, uint16_t step)
{
    skad_holder *holder = &operation->holders[step];
    if (holder->state == SKAD_HOLDER_ASKED) {
        holder->state =
            holder->tries < SKAD_STORE_TRIES_MAX ? SKAD_HOLDER_WAITS : SKAD_HOLDER_UNRESPONSIVE;
    }
}

void skad_storing_keep(skad_node *node, skad_operation *operation)
{
    skad_put_payload *payload = &operation->payload;
    skad_record record;
    if (payload->keep && skad_record_decode(payload->record, payload->len, &record)) {
        const skad_publication publication = {
            &record,
            {payload->record, payload->len},
            payload->keep_life_s,
            payload->follows,
        };
        payload->kept = skad_publications_keep(node, &publication) == SKAD_OK;
        payload->keep_ticket = payload->kept ? skad_store_ticket(&node->store) : 0;
    }
}

bool skad_storing_settled(skad_operation *operation, const skad_store_settled *settled)
{
    skad_put_payload *payload = &operation->payload;
    bool here = payload->ticket_here != 0 && payload->ticket_here <= settled->ticket;
    bool kept = payload->keep_ticket != 0 && payload->keep_ticket <= settled->ticket;
    if (here) {
        bool failed = payload->ticket_here == settled->ticket && settled->status != SKAD_OK;
        payload->refusal_here = failed ? SKAD_ERROR_FULL : SKAD_ERROR_NONE;
        payload->ticket_here = 0;
    }
    if (kept) {
        bool failed = payload->keep_ticket == settled->ticket && settled->status != SKAD_OK;
        payload->kept = !failed;
        payload->keep_ticket = 0;
    }
    return here || kept;
}

bool skad_storing_placed(const skad_env *env, const skad_operation *operation,
                         const skad_record *record)
{
    const uint32_t half_s = env->profile.record_life_s / 2;
    const uint64_t now = env->now.unix_s;
    bool ends = record->type != SKAD_RECORD_IMMUTABLE;
    if (ends && record->expiry_unix_s <= now + half_s) {
        return true;
    }
    for (size_t i = 0; i < operation->holders_count; i++) {
        const skad_holder *holder = &operation->holders[i];
        if (holder->state == SKAD_HOLDER_REFUSED ||
            (holder->state == SKAD_HOLDER_STORED && holder->life_s > half_s)) {
            return true;
        }
    }
    return false; /* that we hold it ourselves does not place it */
}

void skad_storing_retry(skad_node *node, const skad_operation *operation)
{
    const skad_put_payload *payload = &operation->payload;
    skad_record record;
    bool published = operation->kind == SKAD_OPERATION_REPUBLISH || payload->kept;
    if (!published || !skad_record_decode(payload->record, payload->len, &record)) {
        return;
    }
    const skad_store_name name = skad_record_store_name(&record);
    if (skad_storing_placed(&node->env, operation, &record)) {
        skad_store_retries_drop(&node->store_retries, &name);
    } else {
        skad_store_retries_note(&node->store_retries, &node->env, &name);
    }
}

/* ---- Reporting ---- */

static void sort_in(uint32_t *lives, size_t count, uint32_t life_s)
{
    while (count > 0 && lives[count - 1] < life_s) {
        lives[count] = lives[count - 1];
        count--;
    }
    lives[count] = life_s;
}

/* Returns the life that at least half of the holders that stored the record grant: the upper
 * median. */
static uint32_t median_life_s(const skad_operation *operation)
{
    const skad_put_payload *payload = &operation->payload;
    uint32_t lives[SKAD_HOLDERS_MAX + 1] = {0}; /* descending */
    size_t count = 0;
    for (size_t i = 0; i < operation->holders_count; i++) {
        if (operation->holders[i].state == SKAD_HOLDER_STORED) {
            sort_in(lives, count++, operation->holders[i].life_s);
        }
    }
    if (payload->asked_here && payload->refusal_here == SKAD_ERROR_NONE) {
        sort_in(lives, count++, payload->life_here_s);
    }
    return count == 0 ? 0 : lives[(count - 1) / 2];
}

static void count_holder(const skad_holder *holder, skad_put_report *out)
{
    switch ((skad_holder_state)holder->state) {
    case SKAD_HOLDER_STORED:
        out->stored++;
        break;
    case SKAD_HOLDER_REFUSED:
        out->refused++;
        out->refusals[holder->refusal]++;
        break;
    case SKAD_HOLDER_WAITS:
    case SKAD_HOLDER_ASKED:
    case SKAD_HOLDER_UNRESPONSIVE:
        out->unresponsive++;
        break;
    case SKAD_HOLDER_LEFT:
        out->holders--;
        break;
    }
}

/* Counts where the holders that stored the record are. */
static void report_spread(const skad_operation *operation, skad_put_report *out)
{
    const skad_lookup *lookup = operation->lookup;
    uint16_t stored[SKAD_HOLDERS_MAX] = {0};
    size_t count = 0;
    for (size_t i = 0; i < operation->holders_count; i++) {
        if (operation->holders[i].state == SKAD_HOLDER_STORED) {
            stored[count++] = operation->holders[i].candidate;
        }
    }
    out->strata = (uint8_t)skad_strata_spread(lookup, stored, count);
    out->groups = (uint8_t)skad_lookup_groups(lookup, stored, count);
    out->clustered = count > 0 && out->dense && lookup->for_record && out->strata < SKAD_STRATA_MIN;
}

void skad_storing_report(const skad_operation *operation, skad_put_report *out)
{
    const skad_put_payload *payload = &operation->payload;
    *out = (skad_put_report){
        .key = operation->lookup->target,
        .holders = (uint8_t)(operation->holders_count + payload->asked_here),
        .wanted = payload->wanted,
        .sequence_seen = payload->sequence_seen,
        .life_s = median_life_s(operation),
        .dense = operation->lookup->dense,
        .kept = payload->kept,
    };
    for (size_t i = 0; i < operation->holders_count; i++) {
        count_holder(&operation->holders[i], out);
    }
    report_spread(operation, out);
    if (payload->ticket_here != 0) {
        out->unresponsive++; /* our own disk */
    } else if (payload->asked_here && payload->refusal_here == SKAD_ERROR_NONE) {
        out->alone = out->stored == 0;
        out->stored++;
    } else if (payload->asked_here) {
        out->refused++;
        out->refusals[payload->refusal_here]++;
    }
}

bool skad_storing_stands(const skad_put_report *report)
{
    const uint8_t *refusals = report->refusals;
    int overtaken =
        refusals[SKAD_ERROR_OLDER] + refusals[SKAD_ERROR_CONFLICT] + refusals[SKAD_ERROR_CAS];
    return report->stored > 0 && report->stored >= overtaken && !report->clustered;
}
