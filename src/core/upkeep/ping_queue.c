#include "src/core/upkeep/ping_queue.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/assert.h"
#include "src/core/base/lazy.h"
#include "src/core/base/ring.h"
#include "src/core/node/state.h"
#include "src/core/routing/distance.h"
#include "src/core/rpc/request.h"

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
    skad_ping_target *grown = skad_ring_grow(queue->targets, sizeof *grown, queue->first,
                                             SKAD_PING_QUEUE_MAX, &queue->capacity);
    if (grown == NULL) {
        return false;
    }
    queue->targets = grown;
    queue->first = 0;
    return true;
}

/* An isolated node pings every unknown peer that contacts it, even if the table has no room for it.
 * An answer proves that the node's own network is up, and only then do the timeouts of other peers
 * count. Otherwise a table full of dead peers would stay closed for ever, since a lookup begins
 * only at living peers. */
static bool worth_a_ping(const skad_node *node, const skad_id *id, const skad_address *address)
{
    bool alone = !node->join.joined && node->join.lookup == 0;
    return alone || skad_table_wants(&node->table, id, address);
}

void skad_ping_queue_consider(skad_node *node, const skad_id *id, const skad_address *address)
{
    skad_ping_queue *queue = &node->ping_queue;
    if (queue->count == SKAD_PING_QUEUE_MAX || !worth_a_ping(node, id, address)) {
        return;
    }
    for (size_t i = 0; i < queue->count; i++) {
        size_t at = (queue->first + i) % queue->capacity;
        if (skad_id_equal(&queue->targets[at].id, id)) {
            return;
        }
    }
    if (queue->count == queue->capacity && !grow(queue)) {
        return;
    }
    size_t last = (queue->first + queue->count) % queue->capacity;
    queue->targets[last] = (skad_ping_target){.id = *id, .address = *address};
    queue->count++;
}

/* Unanswered pings must not use up the requests that operations may have in flight (request.h): an
 * attacker could make operations wait for ever with a request now and then. */
static_assert(SKAD_PING_QUEUE_IN_FLIGHT_MAX <= SKAD_IN_FLIGHT_MAX / 4,
              "most is left to operations");

void skad_ping_queue_tick(skad_node *node)
{
    skad_ping_queue *queue = &node->ping_queue;
    if (queue->count == 0 || node->env.now.mono_us < queue->due_us) {
        return;
    }
    queue->due_us = node->env.now.mono_us + SKAD_PING_QUEUE_INTERVAL_US;
    if (queue->in_flight == SKAD_PING_QUEUE_IN_FLIGHT_MAX) {
        return;
    }
    const skad_ping_target *target = &queue->targets[queue->first];
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
    if (worth_a_ping(node, &target->id, &target->address) &&
        !skad_pending_asks(&node->pending, &target->id, &target->address)) {
        queue->in_flight +=
            skad_request_ping(node, &target->id, &target->address, SKAD_PURPOSE_UNVERIFIED);
    }
}

void skad_ping_queue_settled(skad_node *node)
{
    SKAD_ASSERT(node->ping_queue.in_flight > 0);
    node->ping_queue.in_flight--;
}

uint64_t skad_ping_queue_deadline(const skad_ping_queue *queue)
{
    return queue->count > 0 ? queue->due_us : UINT64_MAX;
}
