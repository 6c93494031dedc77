#include "src/core/operations/forwarding.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/keys.h"
#include "crypto/puzzle.h"
#include "src/core/forward/forward.h"
#include "src/core/forward/result.h"
#include "src/core/forward/route.h"
#include "src/core/node/state.h"
#include "src/core/operations/forwarded_report.h"
#include "src/core/operations/report.h"
#include "src/core/routing/distance.h"

#define WANTED_LISTS 3 /* lists of nodes, and editions of a mutable record, from so many chains */
/* The lower of two draws: so few are as high that no relay could have handed them on. */
#define BUDGET_MIN     9
#define BUDGET_SPREAD  24
#define LIFE_MS_MIN    2000
#define LIFE_MS_SPREAD 6000
_Static_assert(BUDGET_MIN + BUDGET_SPREAD - 1 <= SKAD_FORWARD_BUDGET_MAX,
               "the largest budget that is drawn");
#define BUDGET_PLAIN  24
#define LIFE_MS_PLAIN 5000

_Static_assert(SKAD_ROUTE_MAX <= SKAD_K_MAX, "what we know ourselves has room");

bool skad_forwarding_prepare(skad_node *node, skad_operation *operation,
                             const skad_forward *forward, unsigned wanted)
{
    skad_forwarding *self = calloc(1, sizeof *self);
    const bool several = forward->aim == SKAD_FORWARD_NODES || forward->aim == SKAD_FORWARD_MUTABLE;
    if (self == NULL) {
        return false;
    }
    operation->forwarding = self;
    operation->deadline_us = node->env.now.mono_us + SKAD_FORWARDING_US;
    self->started_us = node->env.now.mono_us;
    self->wanted = (uint8_t)(wanted > 0 ? wanted : several ? WANTED_LISTS : 1);
    self->forward = *forward;
    self->forward.want = (uint8_t)node->families;
    self->forward.record = (skad_span){self->bytes, forward->record.len};
    if (forward->record.len > 0) {
        memcpy(self->bytes, forward->record.data, forward->record.len);
    }
    node->stats.lookups++;
    return true;
}

/* ---- Where we are the last ourselves ---- */

bool skad_forwarding_is_last(const skad_node *node, const skad_id *target)
{
    skad_peer_slot slots[SKAD_ROUTE_MAX];
    return skad_route_nearer(node, target, NULL, slots) == 0;
}

void skad_forwarding_look_here(skad_node *node, skad_operation *operation)
{
    skad_forwarding *self = operation->forwarding;
    skad_peer_slot slots[SKAD_ROUTE_MAX];
    if (self->forward.aim != SKAD_FORWARD_NODES ||
        !skad_forwarding_is_last(node, &self->forward.target)) {
        return;
    }
    const size_t count = skad_route_beside(node, &self->forward.target, NULL, slots);
    for (size_t i = 0; i < count && i < SKAD_ROUTE_MAX; i++) {
        skad_table_contact(&node->table, slots[i], &self->closest[self->closest_count++]);
    }
    self->results = count > 0 ? self->wanted : 0;
}

/* ---- Asking ---- */

static bool was_asked(const skad_forwarding *self, const skad_id *id)
{
    for (size_t i = 0; i < self->hops_count; i++) {
        if (skad_id_equal(&self->hops[i].id, id)) {
            return true;
        }
    }
    return false;
}

static skad_peer_slot first_unasked(const skad_node *node, const skad_forwarding *self,
                                    const skad_peer_slot *slots, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!was_asked(self, &node->table.peers.peers[slots[i]].id)) {
            return slots[i];
        }
    }
    return SKAD_PEER_NONE;
}

/* Chooses the next first hop: one by lot, and where that was asked already the nearest that was
 * not. Where none is nearer than we are it is one of the neighbourhood, which asks no others. One
 * that has sent us a token comes before all of them. */
static skad_peer_slot choose(skad_node *node, skad_forwarding *self, bool *beside)
{
    const skad_id *target = &self->forward.target;
    skad_peer_slot slots[SKAD_ROUTE_MAX];
    *beside = false;
    if (self->again > 0) {
        const skad_id *again = &self->hops[self->again - 1].id;
        const skad_peer_slot known = skad_peers_find(&node->table.peers, again);
        *beside = skad_distance_compare(target, again, &node->env.identity.id) >= 0;
        if (known != SKAD_PEER_NONE) {
            return known;
        }
        self->again = 0;
        *beside = false;
    }
    if (node->tuning.forward_by_lot) {
        const skad_peer_slot drawn = skad_route_any(node, target);
        if (drawn != SKAD_PEER_NONE && !was_asked(self, &node->table.peers.peers[drawn].id)) {
            return drawn;
        }
    }
    size_t count = skad_route_nearer(node, target, NULL, slots);
    skad_peer_slot chosen = first_unasked(node, self, slots, count);
    if (chosen == SKAD_PEER_NONE) {
        *beside = true;
        count = skad_route_beside(node, target, NULL, slots);
        chosen = first_unasked(node, self, slots, count);
    }
    return chosen;
}

static uint32_t lower_draw(skad_random *random, uint32_t bound)
{
    const uint32_t a = (uint32_t)skad_random_below(random, bound);
    const uint32_t b = (uint32_t)skad_random_below(random, bound);
    return a < b ? a : b;
}

/* Draws budget and time of a first hop. */
static void draw(skad_node *node, skad_first_hop *hop)
{
    skad_random *random = &node->env.random;
    hop->budget = (uint8_t)(BUDGET_MIN + lower_draw(random, BUDGET_SPREAD));
    hop->life_ms = (uint16_t)(LIFE_MS_MIN + lower_draw(random, LIFE_MS_SPREAD));
    if (!node->tuning.forward_padded) {
        hop->budget = BUDGET_PLAIN;
        hop->life_ms = LIFE_MS_PLAIN;
    }
}

/* One that has sent us a token is asked for the same as before, less the time since: two draws
 * would tell it that we are the asker. */
static void draw_the_same(const skad_node *node, const skad_first_hop *before, skad_first_hop *hop)
{
    const uint64_t past_ms = (node->env.now.mono_us - before->sent_us) / SKAD_US_PER_MS;
    hop->budget = before->budget;
    hop->life_ms = past_ms + SKAD_ROUTE_LIFE_MS_MIN < before->life_ms
                       ? (uint16_t)(before->life_ms - past_ms)
                       : SKAD_ROUTE_LIFE_MS_MIN;
}

static bool ask_one(skad_node *node, skad_operation *operation)
{
    skad_forwarding *self = operation->forwarding;
    bool beside;
    const skad_peer_slot to = choose(node, self, &beside);
    const bool again = self->again > 0;
    const size_t at = again ? self->again - 1U : self->hops_count;
    self->again = 0;
    if (to == SKAD_PEER_NONE || at == SKAD_FIRST_HOPS_MAX) {
        return false;
    }
    skad_first_hop drawn = {.id = node->table.peers.peers[to].id,
                            .state = SKAD_STEP_ASKED,
                            .repeated = again,
                            .sent_us = node->env.now.mono_us};
    if (again) {
        draw_the_same(node, &self->hops[at], &drawn);
    } else {
        draw(node, &drawn);
    }
    drawn.budget = beside ? 0 : drawn.budget;
    const skad_forward_errand errand = {
        .forward = &self->forward,
        .to = to,
        .budget = drawn.budget,
        .life_ms = drawn.life_ms,
        .purpose = SKAD_PURPOSE_FORWARD,
        .owner = skad_operation_name(&node->operations, operation),
        .step = (uint16_t)at,
    };
    if (!skad_forward_send(node, &errand)) {
        return false;
    }
    skad_first_hop *hop = &self->hops[at];
    *hop = drawn;
    (void)skad_endpoint_choose(&node->table.peers, to, node->families, &hop->address);
    self->hops_count = (uint8_t)(self->hops_count + !again);
    self->waiting++;
    skad_forwarding_trace(node, operation, at);
    return true;
}

static void end(skad_node *node, skad_operation *operation, skad_outcome outcome)
{
    operation->stage = SKAD_STAGE_ENDED;
    operation->outcome = outcome;
    operation->ended_us = node->env.now.mono_us;
    skad_report_ended(node, operation);
}

/* Returns how it ended if no more chains are asked. */
static skad_outcome outcome_of(const skad_operation *operation)
{
    const skad_forwarding *self = operation->forwarding;
    if (self->results > 0 ||
        (skad_forwarding_gets(self) && skad_collection_found(operation->collection))) {
        return SKAD_OUTCOME_DONE;
    }
    return self->absent > 0 ? SKAD_OUTCOME_NOT_FOUND : SKAD_OUTCOME_TIMED_OUT;
}

static bool is_over(const skad_operation *operation)
{
    const skad_forwarding *self = operation->forwarding;
    const bool value =
        self->forward.aim == SKAD_FORWARD_IMMUTABLE && skad_collection_found(operation->collection);
    const bool none = self->results == 0 && self->absent >= SKAD_FIRST_HOPS_ABSENT;
    return value || none || self->results >= self->wanted ||
           self->results + self->absent >= self->wanted + SKAD_FIRST_HOPS_ABSENT;
}

void skad_forwarding_drive(skad_node *node, skad_operation *operation)
{
    const skad_forwarding *self = operation->forwarding;
    if (operation->stage == SKAD_STAGE_ENDED) {
        return;
    }
    if (is_over(operation)) {
        end(node, operation, outcome_of(operation));
        return;
    }
    while (self->waiting - self->slow < self->wanted - self->results && ask_one(node, operation)) {
    }
    if (self->waiting == 0) {
        end(node, operation, outcome_of(operation));
    }
}

/* ---- Answers ---- */

/* Sorts a contact into the closest of all lists. */
static void take_contact(skad_forwarding *self, const skad_contact *contact)
{
    const skad_id *target = &self->forward.target;
    size_t at = self->closest_count;
    for (size_t i = 0; i < self->closest_count; i++) {
        if (skad_id_equal(&self->closest[i].id, &contact->id)) {
            return;
        }
    }
    while (at > 0 && skad_distance_compare(target, &contact->id, &self->closest[at - 1].id) < 0) {
        at--;
    }
    if (at == SKAD_K_MAX) {
        return;
    }
    const size_t last = self->closest_count < SKAD_K_MAX ? self->closest_count : SKAD_K_MAX - 1;
    memmove(&self->closest[at + 1], &self->closest[at], (last - at) * sizeof *contact);
    self->closest[at] = *contact;
    self->closest_count = (uint8_t)(last + 1);
}

/* Whether the signer of a statement has paid for its ID. */
static bool signer_counts(skad_node *node, const skad_statement *stated)
{
    skad_id id;
    node->stats.hard_hashes++;
    return skad_node_id(stated->public_key, node->env.profile.memory_kib, &id) == SKAD_OK &&
           skad_puzzle_static_ok(&id, node->env.profile.static_bits);
}

static bool take_record(skad_node *node, skad_operation *operation, size_t hop, skad_span record)
{
    const skad_get_answer answer = {
        .candidate = (uint16_t)hop,
        .from = &operation->forwarding->hops[hop].id,
        .records = &record,
        .count = 1,
    };
    return skad_collection_take(operation->collection, &answer, node->env.now.unix_s,
                                &node->env.random, &node->stats.verifications) == 0;
}

/* Takes what came. Returns whether it proves something. `fault`: each node of the chain could have
 * seen that it does not; an honest first hop hands back what is of no use to us alone. */
static bool take(skad_node *node, skad_operation *operation, size_t at, const skad_message *answer,
                 bool *fault)
{
    skad_forwarding *self = operation->forwarding;
    skad_first_hop *hop = &self->hops[at];
    skad_statement stated;
    const skad_result_kind result = skad_result_check(node, &self->forward, answer, &stated);
    *fault = result == SKAD_RESULT_NONE;
    switch (result) {
    case SKAD_RESULT_NONE:
    case SKAD_RESULT_UNTIMELY:
        return false;
    case SKAD_RESULT_RECORD:
        hop->gave_value = take_record(node, operation, at, answer->u.reply.u.forwarded.record);
        break;
    case SKAD_RESULT_NODES:
        hop->gave_value = stated.contacts_count > 0 && signer_counts(node, &stated);
        for (size_t i = 0; hop->gave_value && i < stated.contacts_count; i++) {
            take_contact(self, &stated.contacts[i]);
        }
        if (hop->gave_value) {
            hop->nearest = stated.contacts[0].id;
        }
        break;
    case SKAD_RESULT_ABSENT:
        self->absent = (uint8_t)(self->absent + signer_counts(node, &stated));
        return true;
    case SKAD_RESULT_STORED:
        hop->gave_value = signer_counts(node, &stated);
        hop->holders = stated.holders;
        break;
    }
    self->results = (uint8_t)(self->results + hop->gave_value);
    return hop->gave_value;
}

/* Returns the first hop of a request whose operation still runs; NULL: there is none. */
static skad_first_hop *hop_of(skad_node *node, const skad_pending_rpc *rpc,
                              skad_operation **operation)
{
    *operation = skad_operations_find(&node->operations, rpc->owner);
    if (*operation == NULL || (*operation)->stage != SKAD_STAGE_RUNNING ||
        (*operation)->forwarding == NULL) {
        return NULL;
    }
    return &(*operation)->forwarding->hops[rpc->step];
}

static void settle(skad_node *node, skad_operation *operation, skad_first_hop *hop,
                   skad_step_state state)
{
    skad_forwarding *self = operation->forwarding;
    self->slow = (uint8_t)(self->slow - (hop->state == SKAD_STEP_SLOW));
    self->waiting--;
    hop->state = (uint8_t)state;
    hop->rtt_us = (uint32_t)(node->env.now.mono_us - hop->sent_us);
}

void skad_forwarding_answered(skad_node *node, const skad_pending_rpc *rpc,
                              const skad_message *answer)
{
    skad_operation *operation;
    skad_first_hop *hop = hop_of(node, rpc, &operation);
    if (hop == NULL) {
        return;
    }
    const bool refused = answer->kind == SKAD_KIND_ERROR;
    if (refused && answer->u.reply.u.error.code == SKAD_ERROR_TOKEN && !hop->repeated) {
        operation->forwarding->again = (uint8_t)(rpc->step + 1);
    }
    bool fault = false;
    const bool proves = !refused && take(node, operation, rpc->step, answer, &fault);
    settle(node, operation, hop, proves ? SKAD_STEP_ANSWERED : SKAD_STEP_FAILED);
    if (proves || fault) {
        skad_forward_note(node, rpc, skad_forward_cost(&operation->forwarding->forward), fault);
    }
    skad_forwarding_trace(node, operation, rpc->step);
    skad_forwarding_drive(node, operation);
}

void skad_forwarding_slow(skad_node *node, const skad_pending_rpc *rpc)
{
    skad_operation *operation;
    skad_first_hop *hop = hop_of(node, rpc, &operation);
    if (hop == NULL) {
        return;
    }
    hop->state = SKAD_STEP_SLOW;
    operation->forwarding->slow++;
    skad_forwarding_trace(node, operation, rpc->step);
    skad_forwarding_drive(node, operation);
}

void skad_forwarding_failed(skad_node *node, const skad_pending_rpc *rpc)
{
    skad_operation *operation;
    skad_first_hop *hop = hop_of(node, rpc, &operation);
    skad_forward_note(node, rpc, 0, true);
    if (hop == NULL) {
        return;
    }
    settle(node, operation, hop, SKAD_STEP_FAILED);
    skad_forwarding_trace(node, operation, rpc->step);
    skad_forwarding_drive(node, operation);
}
