#include "src/core/upkeep/ping_queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "src/core/base/lazy.h"
#include "src/core/node/state.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/diversity.h"
#include "src/core/rpc/request.h"

#define CAPACITY_FIRST 4 /* of a queue whose memory grows */

skad_status skad_ping_queue_init(skad_ping_queue *queue, uint64_t now_us, bool later)
{
    *queue = (skad_ping_queue){.due_us = now_us};
    queue->targets = skad_lazy_begin(later, SKAD_PING_QUEUE_MAX, sizeof *queue->targets);
    queue->capacity = later ? 0 : SKAD_PING_QUEUE_MAX;
    return skad_lazy_begun(later, queue->targets);
}

void skad_ping_queue_free(skad_ping_queue *queue)
{
    free(queue->targets);
    *queue = (skad_ping_queue){0};
}

static bool grow(skad_ping_queue *queue)
{
    size_t capacity = queue->capacity == 0 ? CAPACITY_FIRST : 2 * queue->capacity;
    skad_ping_target *grown = reallocarray(queue->targets, capacity, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    queue->targets = grown;
    queue->capacity = capacity;
    return true;
}

static void remove_at(skad_ping_queue *queue, size_t at)
{
    queue->count--;
    memmove(&queue->targets[at], &queue->targets[at + 1],
            (queue->count - at) * sizeof queue->targets[0]);
}

/* An isolated node pings every unknown peer that contacts it, even if the table has no room for it.
 * An answer proves that the node's own network is up, and only then do the timeouts of other peers
 * count. Otherwise a table full of dead peers would stay closed for ever, since a lookup begins
 * only at living peers. */
bool skad_ping_queue_wants(const skad_node *node, const skad_id *id, const skad_address *address)
{
    bool alone = !node->join.joined && node->join.lookup == 0;
    return alone || skad_table_wants(&node->table, id, address);
}

/* ---- Groups ---- */

static size_t silent_at(const skad_ping_queue *queue, const skad_address *address)
{
    uint64_t group = skad_address_group(address);
    size_t at = group == 0 ? SKAD_PING_QUEUE_SILENT_MAX : 0; /* in no group */
    while (at < SKAD_PING_QUEUE_SILENT_MAX && queue->silent[at] != group) {
        at++;
    }
    return at;
}

static bool silent(const skad_ping_queue *queue, const skad_address *address)
{
    return silent_at(queue, address) < SKAD_PING_QUEUE_SILENT_MAX;
}

/* Whether a target counts where a newcomer's groups are tallied: those of silent groups are counted
 * among themselves only, so that they take no place from a group that may answer. */
static bool counts(const skad_ping_queue *queue, const skad_address *address, bool is_silent)
{
    return is_silent || !silent(queue, address);
}

/* Whether the groups of a target have room for it, among those of its kind that wait or are
 * awaited. */
static bool group_has_room(const skad_node *node, const skad_ping_target *target)
{
    const skad_ping_queue *queue = &node->ping_queue;
    skad_group_tally tally = skad_group_tally_of(skad_address_group(&target->address));
    bool is_silent = silent(queue, &target->address);
    if (node->env.profile.group_table_max == 0) {
        return true;
    }
    for (size_t i = 0; i < queue->count; i++) {
        const skad_ping_target *other = &queue->targets[i];
        if (other->validated == target->validated && counts(queue, &other->address, is_silent)) {
            skad_group_tally_add(&tally, skad_address_group(&other->address));
        }
    }
    for (size_t i = 0; i < queue->in_flight; i++) {
        const skad_ping_awaited *other = &queue->awaited[i];
        if (other->validated == target->validated && counts(queue, &other->address, is_silent)) {
            skad_group_tally_add(&tally, skad_address_group(&other->address));
        }
    }
    return skad_group_tally_has_room(&tally, 1);
}

/* Counts the waiting targets of a target's kind in the widest group around its address. */
static size_t places_of(const skad_ping_queue *queue, const skad_ping_target *target)
{
    uint64_t group = skad_group_widest(skad_address_group(&target->address));
    size_t places = 0;
    for (size_t i = 0; i < queue->count; i++) {
        places += queue->targets[i].validated == target->validated &&
                  skad_group_widest(skad_address_group(&queue->targets[i].address)) == group;
    }
    return places;
}

/* Takes a place from a full queue for a target: from a peer that showed no token if the target did,
 * otherwise from the group that has the most, if that is more than the target's would have. */
static bool make_room(skad_ping_queue *queue, const skad_ping_target *target)
{
    size_t most = places_of(queue, target) + 1;
    size_t from = queue->count;
    for (size_t i = queue->count; i-- > 0;) {
        const skad_ping_target *other = &queue->targets[i];
        size_t places = other->validated == target->validated ? places_of(queue, other) : 0;
        if (target->validated && !other->validated) {
            remove_at(queue, i);
            return true;
        }
        if (places > most) {
            most = places;
            from = i;
        }
    }
    if (from == queue->count) {
        return false;
    }
    remove_at(queue, from);
    return true;
}

/* ---- The queue ---- */

/* Whether an ID waits already. One that waits without a token, perhaps by the request of another
 * sender that overheard it, gives way to itself with one. */
static bool waits(skad_ping_queue *queue, const skad_ping_target *target)
{
    for (size_t i = 0; i < queue->count; i++) {
        if (!skad_id_equal(&queue->targets[i].id, &target->id)) {
            continue;
        }
        if (queue->targets[i].validated || !target->validated) {
            return true;
        }
        remove_at(queue, i);
        return false;
    }
    return false;
}

void skad_ping_queue_consider(skad_node *node, const skad_ping_target *target)
{
    skad_ping_queue *queue = &node->ping_queue;
    if (!skad_ping_queue_wants(node, &target->id, &target->address) || waits(queue, target) ||
        !group_has_room(node, target)) {
        return;
    }
    if (queue->count == SKAD_PING_QUEUE_MAX && !make_room(queue, target)) {
        return;
    }
    if (queue->count == queue->capacity && !grow(queue)) {
        return;
    }
    queue->targets[queue->count++] = *target;
}

/* Unanswered pings must not use up the requests that operations may have in flight (request.h): an
 * attacker could make operations wait for ever with a request now and then. */
static_assert(SKAD_PING_QUEUE_IN_FLIGHT_MAX <= SKAD_IN_FLIGHT_MAX / 4,
              "most is left to operations");

/* Returns how late a target is served: the lower, the sooner. */
static unsigned rank(const skad_ping_queue *queue, const skad_ping_target *target)
{
    return 2U * silent(queue, &target->address) + !target->validated;
}

/* Returns the target to be pinged next; queue->count if none may be. */
static size_t pick(const skad_ping_queue *queue)
{
    size_t unvalidated = 0;
    for (size_t i = 0; i < queue->in_flight; i++) {
        unvalidated += !queue->awaited[i].validated;
    }
    size_t best = queue->count;
    for (size_t i = 0; i < queue->count; i++) {
        const skad_ping_target *target = &queue->targets[i];
        bool may = target->validated || unvalidated < SKAD_PING_QUEUE_UNVALIDATED_MAX;
        if (may &&
            (best == queue->count || rank(queue, target) < rank(queue, &queue->targets[best]))) {
            best = i;
        }
    }
    return best;
}

void skad_ping_queue_tick(skad_node *node)
{
    skad_ping_queue *queue = &node->ping_queue;
    if (queue->count == 0 || node->env.now.mono_us < queue->due_us) {
        return;
    }
    queue->due_us = node->env.now.mono_us + SKAD_PING_QUEUE_INTERVAL_US;
    size_t next = pick(queue);
    if (queue->in_flight == SKAD_PING_QUEUE_IN_FLIGHT_MAX || next == queue->count) {
        return;
    }
    const skad_ping_target target = queue->targets[next];
    remove_at(queue, next);
    if (skad_ping_queue_wants(node, &target.id, &target.address) &&
        !skad_pending_asks(&node->pending, &target.id, &target.address) &&
        skad_request_ping(node, &target.id, &target.address, SKAD_PURPOSE_UNVERIFIED)) {
        queue->awaited[queue->in_flight++] =
            (skad_ping_awaited){.address = target.address, .validated = target.validated};
    }
}

/* Notes whether the last ping to a group was answered. */
static void note(skad_ping_queue *queue, const skad_address *address, bool answered)
{
    size_t at = silent_at(queue, address);
    if (answered && at < SKAD_PING_QUEUE_SILENT_MAX) {
        queue->silent[at] = 0;
    } else if (!answered && at == SKAD_PING_QUEUE_SILENT_MAX && skad_address_group(address) != 0) {
        queue->silent[queue->silent_next] = skad_address_group(address);
        queue->silent_next = (queue->silent_next + 1) % SKAD_PING_QUEUE_SILENT_MAX;
    }
}

void skad_ping_queue_settled(skad_node *node, const skad_address *address, bool answered)
{
    skad_ping_queue *queue = &node->ping_queue;
    size_t at = 0;
    while (at < queue->in_flight && !skad_address_equal(&queue->awaited[at].address, address)) {
        at++;
    }
    SKAD_ASSERT(at < queue->in_flight);
    queue->awaited[at] = queue->awaited[--queue->in_flight];
    note(queue, address, answered);
}

uint64_t skad_ping_queue_deadline(const skad_ping_queue *queue)
{
    return queue->count > 0 ? queue->due_us : UINT64_MAX;
}
