/* The node's invariants: see invariants.h. Those of the table, of a lookup and of the store have
 * files of their own. */
#include "src/core/node/invariants.h"

#include "src/core/base/instant.h"
#include "src/core/node/state.h"
#include "src/core/operations/paging.h"
#include "src/core/rpc/request.h"

static bool waits(const skad_pending *pending, size_t slot)
{
    return pending->due_us[slot] != UINT64_MAX;
}

static const char *waiting_broken(const skad_pending *pending, size_t slot, uint64_t now_us)
{
    const skad_pending_rpc *rpc = &pending->rpcs[slot];
    if (slot >= pending->high_water || ((size_t)rpc->rpc_id[0] << 8 | rpc->rpc_id[1]) != slot) {
        return "an RPC id carries its slot";
    }
    uint64_t due_us = skad_pending_next_us(rpc);
    if (rpc->copies_left > 0 && rpc->copy_us < due_us) {
        due_us = rpc->copy_us;
    }
    if (pending->due_us[slot] != due_us) {
        return "a request waits for its next timeout";
    }
    if (rpc->over_us < rpc->sent_us + skad_rtt_hard_us(rpc->timeout_us) ||
        rpc->copies + rpc->copies_left > SKAD_COPIES + rpc->hurried) {
        return "a request is sent again so often, and then is over";
    }
    if (rpc->overdue_us < rpc->sent_us + (uint64_t)SKAD_RTO_OVERDUE_FACTOR * rpc->timeout_us ||
        rpc->over_us < rpc->overdue_us) {
        return "a request is overdue before it is over";
    }
    if (rpc->sent_us > now_us) {
        return "no request was sent in the future";
    }
    return NULL;
}

const char *skad_pending_broken(const skad_pending *pending, uint64_t now_us)
{
    size_t free_count = 0;
    if (pending->fresh > pending->capacity || pending->capacity > pending->limit ||
        pending->high_water > pending->fresh) {
        return "pending requests keep to their cap";
    }
    for (size_t i = 0; i < pending->fresh; i++) {
        const char *broken = NULL;
        if (waits(pending, i)) {
            broken = waiting_broken(pending, i, now_us);
        } else {
            free_count++;
        }
        if (broken != NULL) {
            return broken;
        }
    }
    size_t repeated = 0;
    for (size_t i = 0; i < pending->fresh; i++) {
        repeated += waits(pending, i) && pending->rpcs[i].copies > 0;
    }
    if (repeated != pending->repeated) {
        return "the requests that were sent again are counted";
    }
    if (free_count != pending->free_count) {
        return "the free list holds all free slots";
    }
    uint64_t met[(UINT16_MAX + 1) / 64] = {0};
    for (size_t i = 0; i < pending->free_count; i++) {
        uint16_t slot = pending->free_slots[i];
        uint64_t bit = UINT64_C(1) << (slot % 64);
        if (slot >= pending->fresh || waits(pending, slot) || (met[slot / 64] & bit) != 0) {
            return "the free list holds each free slot once";
        }
        met[slot / 64] |= bit;
    }
    return NULL;
}

/* ---- Operations ---- */

/* Counts the requests of an operation that wait: all (step < 0), or those of one step and purpose.
 */
static size_t awaited(const skad_node *node, const skad_operation *operation, int step,
                      skad_purpose purpose)
{
    const skad_pending *pending = &node->pending;
    skad_op name = skad_operation_name(&node->operations, operation);
    size_t count = 0;
    for (size_t i = 0; i < pending->high_water; i++) {
        const skad_pending_rpc *rpc = &pending->rpcs[i];
        count += waits(pending, i) && skad_purpose_of_operation((skad_purpose)rpc->purpose) &&
                 rpc->owner == name && (step < 0 || (rpc->step == step && rpc->purpose == purpose));
    }
    return count;
}

static bool candidates_awaited(const skad_node *node, const skad_operation *operation)
{
    const skad_lookup *lookup = operation->lookup;
    for (size_t i = 0; i < lookup->asked_count; i++) {
        const skad_candidate *candidate = &lookup->candidates.all[lookup->asked[i]];
        bool asked = candidate->state == SKAD_STEP_ASKED || candidate->state == SKAD_STEP_SLOW;
        size_t requests = awaited(node, operation, lookup->asked[i], SKAD_PURPOSE_LOOKUP);
        if (candidate->stores) {
            requests += asked; /* holders_awaited looks for it */
        }
        if (requests > 1 || (requests != asked && !candidate->moot)) {
            return false;
        }
    }
    return true;
}

static bool holders_awaited(const skad_node *node, const skad_operation *operation)
{
    for (int i = 0; i < operation->holders_count; i++) {
        const skad_holder *holder = &operation->holders[i];
        size_t requests = awaited(node, operation, i, SKAD_PURPOSE_STORE);
        bool asked = holder->state == SKAD_HOLDER_ASKED;
        if (holder->candidate >= operation->lookup->candidates.high_water ||
            holder->tries > SKAD_STORE_TRIES_MAX || requests > 1 ||
            (requests != asked && holder->state != SKAD_HOLDER_LEFT)) {
            return false;
        }
    }
    return true;
}

static bool pages_awaited(const skad_node *node, const skad_operation *operation)
{
    const skad_collection *collection = operation->collection;
    for (size_t i = 0; i < collection->pagers_count; i++) {
        const skad_pager *pager = &collection->pagers[i];
        if (pager->pages > SKAD_PAGES_MAX || operation->pages > SKAD_PAGING_REQUESTS ||
            awaited(node, operation, pager->candidate, SKAD_PURPOSE_PAGE) != pager->asked) {
            return false;
        }
    }
    return true;
}

static bool owns_what_it_needs(const skad_operation *operation)
{
    const bool forwards = operation->kind == SKAD_OPERATION_FORWARD;
    const bool gets = forwards && operation->forwarding != NULL
                          ? skad_forwarding_gets(operation->forwarding)
                          : skad_operation_gets(operation);
    return (operation->lookup != NULL) == (operation->kind != SKAD_OPERATION_PING && !forwards) &&
           (operation->forwarding != NULL) == forwards &&
           (operation->payload.record != NULL) == skad_operation_puts(operation) &&
           (operation->collection != NULL) == gets;
}

static const char *running_broken(const skad_node *node, const skad_operation *operation)
{
    uint64_t now_us = node->env.now.mono_us;
    if (operation->deadline_us > now_us + SKAD_OPERATION_US_MAX ||
        node->operations.overdue_us == UINT64_MAX) {
        return "an operation ends in time";
    }
    const skad_put_payload *payload = &operation->payload;
    if (awaited(node, operation, -1, SKAD_PURPOSE_PING) == 0 &&
        node->operations.blocked_us == UINT64_MAX && operation->forwarding == NULL &&
        payload->ticket_here == 0 && payload->keep_ticket == 0) {
        return "an operation waits for something";
    }
    if (operation->lookup == NULL) {
        return NULL; /* a ping; or others forward it: skad_forward_broken */
    }
    if (operation->stage == SKAD_STAGE_RUNNING && !candidates_awaited(node, operation)) {
        return "a candidate that is asked is awaited, once";
    }
    if (operation->stage == SKAD_STAGE_PAGING) {
        return pages_awaited(node, operation) ? NULL
                                              : "a holder that is asked for more is awaited, once";
    }
    if (operation->holders_count > SKAD_HOLDERS_MAX || !holders_awaited(node, operation)) {
        return "a holder that is asked is awaited, once";
    }
    return NULL;
}

static size_t times_queued(const skad_node *node, skad_op name)
{
    size_t times = node->reports.polled == name;
    for (size_t i = 0; i < node->reports.count; i++) {
        times += node->reports.ended[(node->reports.first + i) % node->operations.count] == name;
    }
    return times;
}

/* Whether an operation that has ended will be freed: its event is polled, or its starter looks for
 * its end. */
static const char *ended_broken(const skad_node *node, const skad_operation *operation)
{
    skad_op name = skad_operation_name(&node->operations, operation);
    bool claimed = node->join.lookup == name;
    for (size_t i = 0; node->republish.running != NULL && i < SKAD_REPUBLISHES_MAX; i++) {
        claimed |= node->republish.running[i].op == name;
    }
    for (size_t i = 0; operation->kind == SKAD_OPERATION_WATCH && i < node->watches.count; i++) {
        claimed |= node->watches.slots[i] != NULL && node->watches.slots[i]->running == name;
    }
    for (size_t i = 0; operation->kind == SKAD_OPERATION_DEPOSIT && i < node->relays.high_water;
         i++) {
        claimed |= node->relays.all[i].state == SKAD_RELAY_STORES && node->relays.all[i].op == name;
    }
    return times_queued(node, name) + claimed == 1 ? NULL : "an ended operation is reported once";
}

static const char *operation_broken(const skad_node *node, const skad_operation *operation)
{
    const char *broken = operation->lookup != NULL ? skad_lookup_broken(operation->lookup) : NULL;
    if (broken != NULL) {
        return broken;
    }
    if (!owns_what_it_needs(operation)) {
        return "an operation has what its kind needs, and no more";
    }
    switch (operation->stage) {
    case SKAD_STAGE_RUNNING:
    case SKAD_STAGE_STORING:
    case SKAD_STAGE_PAGING:
        return running_broken(node, operation);
    case SKAD_STAGE_ENDED:
        return ended_broken(node, operation);
    }
    return NULL;
}

static const char *operations_broken(const skad_node *node)
{
    const skad_operations *operations = &node->operations;
    size_t taken = 0;
    for (size_t i = 0; i < operations->count; i++) {
        const skad_operation *operation = operations->slots[i].operation;
        if (operation != NULL) {
            const char *broken = operation_broken(node, operation);
            if (broken != NULL) {
                return broken;
            }
            taken++;
        }
    }
    return taken == operations->taken ? NULL : "operations are counted";
}

/* ---- Rings and smaller parts ---- */

static const char *outbox_broken(const skad_outbox *outbox)
{
    if (outbox->count > outbox->limit || outbox->first >= outbox->limit ||
        outbox->lent > outbox->count) {
        return "the outbox keeps to its caps";
    }
    for (size_t i = 0; i < outbox->count; i++) {
        const skad_outgoing *outgoing = &outbox->ring[(outbox->first + i) % outbox->limit];
        if (outgoing->ready && i >= outbox->lent) {
            return "a sealed draft was lent before";
        }
        if (i >= outbox->lent && outgoing->draft.len > SKAD_DATAGRAM_BYTES_MAX) {
            return "a draft fits a datagram";
        }
    }
    return NULL;
}

static const char *rings_broken(const skad_node *node)
{
    const skad_event_ring *events = &node->events;
    if (events->capacity > events->limit || events->count > events->capacity ||
        (events->count > 0 && events->first >= events->capacity)) {
        return "the events keep to their cap";
    }
    if (node->reports.count > node->operations.taken) {
        return "no more operations have ended than there are";
    }
    const skad_ping_queue *queue = &node->ping_queue;
    if (queue->capacity > SKAD_PING_QUEUE_MAX || queue->count > queue->capacity ||
        queue->in_flight > SKAD_PING_QUEUE_IN_FLIGHT_MAX) {
        return "the ping queue keeps to its cap";
    }
    if (node->bans.banned.count > SKAD_BANS_MAX || node->bans.allowed.count > SKAD_BANS_MAX) {
        return "bans keep to their cap";
    }
    if (node->handover.arrived_count > SKAD_NEWCOMERS_MAX ||
        node->handover.served_count > SKAD_NEWCOMERS_MAX) {
        return "newcomers keep to their cap";
    }
    if (node->store_retries.count > SKAD_STORE_RETRIES_MAX) {
        return "store retries keep to their cap";
    }
    return NULL;
}

static const char *watches_broken(const skad_node *node)
{
    size_t taken = 0;
    for (size_t i = 0; node->watches.slots != NULL && i < node->watches.count; i++) {
        const skad_watched *watched = node->watches.slots[i];
        taken += watched != NULL;
        if (watched != NULL && (watched->known_count > SKAD_WATCH_KNOWN_MAX ||
                                watched->due_us > node->env.now.mono_us + watched->every_us)) {
            return "a watch's next get is within its interval";
        }
    }
    return taken == node->watches.taken ? NULL : "watches are counted";
}

static const char *recovery_broken(const skad_node *node)
{
    const skad_recovery_state *recovery = &node->recovery;
    if (recovery->lost_count > SKAD_LOST_MAX) {
        return "the list of lost peers keeps to its cap";
    }
    if ((recovery->lost_count > 0) != (recovery->round_us != UINT64_MAX)) {
        return "a round of recovery is planned while a peer is lost";
    }
    return NULL;
}

/* ---- Time ---- */

/* The deadline may be early, never late. */
static const char *deadline_broken(const skad_node *node)
{
    uint64_t deadline = skad_node_deadline(node);
    if (node->housekeeping.sweep_us > node->env.now.mono_us + SKAD_SWEEP_INTERVAL_US) {
        return "the store is swept in time";
    }
    if (deadline > node->recovery.round_us) {
        return "the deadline covers the next round of recovery";
    }
    for (size_t i = 0; node->join.joined && i < node->store_retries.count; i++) {
        if (deadline > node->store_retries.all[i].due_us) {
            return "the deadline covers the next store retry";
        }
    }
    for (size_t i = 0; i < node->pending.high_water; i++) {
        if (deadline > node->pending.due_us[i]) {
            return "the deadline covers the next timeout";
        }
    }
    return NULL;
}

const char *skad_node_broken(const skad_node *node, skad_time now)
{
    if (node->env.now.mono_us > now.mono_us) {
        return "time does not run back";
    }
    const char *broken = skad_table_broken(&node->table, now.mono_us);
    if (broken == NULL) {
        broken = skad_pending_broken(&node->pending, now.mono_us);
    }
    if (broken == NULL) {
        broken = outbox_broken(&node->outbox);
    }
    if (broken == NULL) {
        broken = rings_broken(node);
    }
    if (broken == NULL) {
        broken = recovery_broken(node);
    }
    if (broken == NULL) {
        broken = operations_broken(node);
    }
    if (broken == NULL) {
        broken = skad_forward_broken(node);
    }
    if (broken == NULL) {
        broken = watches_broken(node);
    }
    if (broken == NULL) {
        broken = skad_store_broken(&node->store, &node->env.profile, node->env.now.unix_s);
    }
    if (broken == NULL) {
        broken = skad_audits_broken(&node->audits);
    }
    return broken != NULL ? broken : deadline_broken(node);
}
