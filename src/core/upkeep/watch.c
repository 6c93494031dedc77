#include "src/core/upkeep/watch.h"

#include "crypto/assert.h"
#include "src/core/node/state.h"
#include "src/core/operations/report.h"
#include "src/core/operations/start.h"

#define RETRY_US SKAD_US_PER_S /* after a get found no free slot */

skad_status skad_watch_begin(skad_node *node, skad_record_type type, const skad_id *key,
                             uint32_t every_s, skad_op *op)
{
    int at = skad_watches_take(&node->watches);
    if (at < 0) {
        return SKAD_ERR_FULL;
    }
    skad_watched *watched = node->watches.slots[at];
    watched->type = type;
    watched->key = *key;
    watched->every_us = every_s * SKAD_US_PER_S;
    watched->due_us = node->env.now.mono_us;
    *op = skad_watches_name(&node->watches, (size_t)at);
    skad_watch_advance(node);
    return SKAD_OK;
}

static void begin(skad_node *node, size_t index)
{
    skad_watched *watched = node->watches.slots[index];
    skad_op op = 0;
    skad_status status =
        skad_start_get(node, SKAD_OPERATION_WATCH, watched->type, &watched->key, &op);
    if (status != SKAD_OK) {
        watched->due_us = node->env.now.mono_us + RETRY_US;
        return;
    }
    skad_operation *operation = skad_operations_find(&node->operations, op);
    SKAD_ASSERT(operation != NULL);
    operation->watch = (uint16_t)index;
    watched->running = op;
    watched->began_us = node->env.now.mono_us;
    /* Watches that begin together drift apart. */
    uint64_t jitter_us = skad_random_below(&node->env.random, watched->every_us / 8);
    watched->due_us = node->env.now.mono_us + watched->every_us - jitter_us;
}

/* Forgets, with its watch, a get whose event still waits, or has just been polled. */
static void forget(skad_node *node, skad_op name)
{
    skad_operation *operation = skad_operations_find(&node->operations, name);
    if (operation == NULL) {
        return;
    }
    if (operation->stage == SKAD_STAGE_ENDED) {
        skad_report_forget(node, name);
    }
    skad_operations_release(&node->operations, operation);
}

/* Reports a get that ended. Of several changes that were not polled, the latest is reported. */
static void finish(skad_node *node, skad_watched *watched, skad_operation *operation)
{
    uint64_t fingerprints[SKAD_PROVIDERS_MAX];
    size_t count = skad_collection_fingerprints(operation->collection, fingerprints);
    if (skad_watched_news(watched, fingerprints, count)) {
        forget(node, watched->reported);
        watched->reported = watched->running;
        skad_report_ended(node, operation);
    } else {
        skad_operations_release(&node->operations, operation);
    }
    watched->running = 0;
}

void skad_watch_advance(skad_node *node)
{
    for (size_t i = 0; node->watches.taken > 0 && i < node->watches.count; i++) {
        skad_watched *watched = node->watches.slots[i];
        if (watched == NULL) {
            continue;
        }
        if (watched->running == 0 && node->env.now.mono_us >= watched->due_us) {
            begin(node, i);
        }
        /* A get that finds its value in our own store ends at once. */
        skad_operation *operation = skad_operations_find(&node->operations, watched->running);
        if (operation != NULL && operation->stage == SKAD_STAGE_ENDED) {
            finish(node, watched, operation);
        }
    }
}

uint64_t skad_watch_deadline(const skad_node *node)
{
    uint64_t deadline = UINT64_MAX;
    for (size_t i = 0; node->watches.taken > 0 && i < node->watches.count; i++) {
        const skad_watched *watched = node->watches.slots[i];
        if (watched != NULL && watched->running == 0 && watched->due_us < deadline) {
            deadline = watched->due_us;
        }
    }
    return deadline;
}

bool skad_watch_cancel(skad_node *node, skad_op name)
{
    int at = skad_watches_find(&node->watches, name);
    if (at < 0) {
        return false;
    }
    forget(node, node->watches.slots[at]->running);
    forget(node, node->watches.slots[at]->reported);
    skad_watches_release(&node->watches, (size_t)at);
    return true;
}
