/* Starting operations: those of the public calls and the node's own. Each takes a slot and begins
 * its lookup from the contacts that we know; operate.c then runs it. */
#include "src/core/operations/start.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "src/core/node/state.h"
#include "src/core/operations/ask.h"
#include "src/core/operations/forwarded_report.h"
#include "src/core/operations/forwarding.h"
#include "src/core/operations/operate.h"
#include "src/core/operations/report.h"
#include "src/core/operations/seeds.h"
#include "src/core/routing/density.h"
#include "src/core/routing/distance.h"

#define VITAL_OPERATIONS_MAX 2 /* slots kept free for joining and refreshing */

/* Returns how many slots an operation leaves to others. The node's own operations leave a quarter
 * to its user, and both leave room for joining and refreshing, without which nothing works. */
static size_t spared(const skad_node *node, skad_operation_kind kind)
{
    switch (kind) {
    case SKAD_OPERATION_JOIN:
    case SKAD_OPERATION_REFRESH:
        return 0;
    case SKAD_OPERATION_REPUBLISH:
    case SKAD_OPERATION_WATCH:
    case SKAD_OPERATION_ADOPT:
    case SKAD_OPERATION_DEPOSIT:
    case SKAD_OPERATION_BALLOT:
        return VITAL_OPERATIONS_MAX + node->operations.count / 4;
    case SKAD_OPERATION_PING:
    case SKAD_OPERATION_LOOKUP:
    case SKAD_OPERATION_PUT:
    case SKAD_OPERATION_GET:
    case SKAD_OPERATION_FORWARD:
        break;
    }
    return VITAL_OPERATIONS_MAX;
}

static skad_status take(skad_node *node, skad_operation_kind kind, skad_operation **out)
{
    *out = skad_operations_take(&node->operations, kind, spared(node, kind));
    if (*out == NULL) {
        return SKAD_ERR_FULL;
    }
    (*out)->deadline_us = node->env.now.mono_us + SKAD_OPERATION_US_MAX;
    if (node->operations.overdue_us == UINT64_MAX) {
        node->operations.overdue_us = node->env.now.mono_us + SKAD_OVERDUE_CHECK_US;
    }
    return SKAD_OK;
}

/* Postpones the refresh of a bucket in whose range a lookup runs. */
static void postpone_refresh(skad_node *node, const skad_id *target)
{
    skad_bucket *bucket = &node->table.buckets[skad_table_bucket_of(&node->table, target)];
    bucket->refresh_us =
        node->env.now.mono_us + skad_env_about_us(&node->env, SKAD_REFRESH_INTERVAL_US);
}

static skad_status begin_lookup(skad_node *node, skad_operation *operation, const skad_id *target,
                                const skad_contact *from)
{
    const skad_table *table = &node->table;
    bool of_us = operation->kind == SKAD_OPERATION_JOIN || from != NULL;
    const skad_lookup_plan plan = {
        .profile = &node->env.profile,
        .self = &table->self,
        .target = target,
        .wanted = of_us ? SKAD_REGION_WANTED : 0,
        .living = (size_t)(table->peers.count - table->peers.unresponsive),
        .for_put = skad_operation_puts(operation),
        .for_record = skad_operation_puts(operation) || skad_operation_gets(operation),
        .random = &node->env.random,
        .now_us = node->env.now.mono_us,
        .lazy_allocation = node->lazy_allocation,
        .tuning = &node->tuning,
    };
    operation->lookup = skad_lookup_new(&plan);
    if (operation->lookup == NULL) {
        return SKAD_ERR_MEMORY;
    }
    operation->lookup->radius = skad_density_usual(table, node->env.profile.siblings);
    operation->lookup->region_bits =
        (uint8_t)skad_density_region_bits(skad_density_median(table, node->env.profile.siblings));
    const skad_address *there =
        from == NULL ? NULL
                     : skad_contact_endpoint(from, node->families, node->env.profile.allow_private);
    if (there != NULL) {
        skad_lookup_seed(operation->lookup, 0, from, there, NULL);
    } else {
        skad_seeds_closest(node, operation->lookup);
    }
    postpone_refresh(node, target);
    node->stats.lookups++;
    return SKAD_OK;
}

skad_op skad_start_own(skad_node *node, skad_operation_kind kind, const skad_id *target,
                       const skad_contact *from)
{
    skad_operation *operation;
    if (take(node, kind, &operation) != SKAD_OK) {
        return 0;
    }
    if (begin_lookup(node, operation, target, from) != SKAD_OK) {
        skad_operations_release(&node->operations, operation);
        return 0;
    }
    skad_op name = skad_operation_name(&node->operations, operation);
    skad_operate_drive(node, operation);
    return name;
}

skad_status skad_start_ping(skad_node *node, const skad_address *address, skad_op *op)
{
    skad_operation *operation;
    if (!skad_address_routable(address, node->env.profile.allow_private) ||
        (address->family & node->families) == 0) {
        return SKAD_ERR_INPUT;
    }
    skad_status status = take(node, SKAD_OPERATION_PING, &operation);
    if (status != SKAD_OK) {
        return status;
    }
    operation->address = *address;
    *op = skad_operation_name(&node->operations, operation);
    if (!skad_ask_hello(node, operation)) {
        skad_operations_release(&node->operations, operation);
        return SKAD_ERR_FULL;
    }
    return SKAD_OK;
}

skad_status skad_start_lookup(skad_node *node, const skad_id *target, skad_op *op)
{
    skad_operation *operation;
    skad_status status = take(node, SKAD_OPERATION_LOOKUP, &operation);
    if (status != SKAD_OK) {
        return status;
    }
    *op = skad_operation_name(&node->operations, operation);
    status = begin_lookup(node, operation, target, NULL);
    if (status != SKAD_OK) {
        skad_operations_release(&node->operations, operation);
        return status;
    }
    skad_operate_drive(node, operation);
    return SKAD_OK;
}

void skad_start_trace(skad_node *node, skad_op op)
{
    skad_operation *operation = skad_operations_find(&node->operations, op);
    const bool forwards = operation != NULL && operation->kind == SKAD_OPERATION_FORWARD;
    if (operation == NULL || (operation->kind != SKAD_OPERATION_LOOKUP && !forwards) ||
        operation->stage != SKAD_STAGE_RUNNING) {
        return;
    }
    operation->traced = true;
    for (size_t i = 0; forwards && i < operation->forwarding->hops_count; i++) {
        skad_forwarding_trace(node, operation, i);
    }
    if (forwards) {
        return;
    }
    for (size_t i = 0; i < operation->lookup->asked_count; i++) {
        skad_report_trace(node, operation, operation->lookup->asked[i]);
    }
}

/* ---- Gets ---- */

static const skad_store_section SHELVES[] = {SKAD_STORE_REPLICAS, SKAD_STORE_PUBLICATIONS};
static_assert(sizeof SHELVES / sizeof SHELVES[0] == SKAD_GIVEN_OURSELVES,
              "a collection has an entry for the answer of each section");

/* Counts what one section of our own store has like an answer. */
static void find_here(skad_node *node, skad_collection *collection, skad_store_section section)
{
    const skad_store *store = &node->store;
    skad_store_record found[SKAD_PROVIDERS_MAX];
    size_t count = 0;
    if (section == SKAD_STORE_REPLICAS) {
        count = store->ops->list(store->self, &collection->key, (uint8_t)collection->type, 0,
                                 node->env.now.unix_s, found, SKAD_PROVIDERS_MAX);
    } else {
        skad_store_name from = {.key = collection->key, .type = (uint8_t)collection->type};
        count = store->ops->next(store->self, section, &from, found) &&
                found[0].name.type == collection->type &&
                skad_id_equal(&found[0].name.key, &collection->key);
    }
    skad_span spans[SKAD_PROVIDERS_MAX];
    for (size_t i = 0; i < count; i++) {
        spans[i] = (skad_span){found[i].data, found[i].len};
    }
    const skad_get_answer get_answer = {.candidate = SKAD_CANDIDATE_OURSELVES,
                                        .from = &node->env.identity.id,
                                        .records = spans,
                                        .count = count};
    if (count > 0) {
        (void)skad_collection_take(collection, &get_answer, node->env.now.unix_s, &node->env.random,
                                   &node->stats.verifications);
    }
}

skad_status skad_start_get(skad_node *node, skad_operation_kind kind, skad_record_type type,
                           const skad_id *key, skad_op *op)
{
    skad_operation *operation;
    skad_status status = take(node, kind, &operation);
    if (status != SKAD_OK) {
        return status;
    }
    operation->collection = skad_collection_new(type, key, &node->env.network_id);
    status =
        operation->collection == NULL ? SKAD_ERR_MEMORY : begin_lookup(node, operation, key, NULL);
    if (status != SKAD_OK) {
        skad_operations_release(&node->operations, operation);
        return status;
    }
    *op = skad_operation_name(&node->operations, operation);
    for (size_t i = 0; i < sizeof SHELVES / sizeof SHELVES[0]; i++) {
        find_here(node, operation->collection, SHELVES[i]);
    }
    operation->lookup->found = skad_collection_found(operation->collection);
    if (type == SKAD_RECORD_IMMUTABLE && operation->lookup->found) {
        skad_lookup_finish(operation->lookup); /* no other value can have this key */
    }
    skad_operate_drive(node, operation);
    return SKAD_OK;
}

/* ---- Puts ---- */

skad_status skad_start_put(skad_node *node, skad_operation_kind kind,
                           const skad_start_record *record, skad_op *op)
{
    skad_operation *operation;
    skad_status status = take(node, kind, &operation);
    if (status != SKAD_OK) {
        return status;
    }
    skad_put_payload *payload = &operation->payload;
    payload->record = malloc(SKAD_RECORD_BYTES_MAX);
    operation->holders = calloc(SKAD_HOLDERS_MAX, sizeof *operation->holders);
    status = payload->record == NULL || operation->holders == NULL
                 ? SKAD_ERR_MEMORY
                 : begin_lookup(node, operation, &record->key, NULL);
    if (status != SKAD_OK) {
        skad_operations_release(&node->operations, operation);
        return status;
    }
    SKAD_ASSERT(record->bytes.len > 0 && record->bytes.len <= SKAD_RECORD_BYTES_MAX);
    memcpy(payload->record, record->bytes.data, record->bytes.len);
    payload->len = record->bytes.len;
    payload->type = record->type;
    payload->has_cas = record->has_cas;
    payload->cas = record->cas;
    payload->keep = record->keep;
    payload->keep_life_s = record->life_s;
    payload->follows = record->follows;
    *op = skad_operation_name(&node->operations, operation);
    skad_operate_drive(node, operation);
    return SKAD_OK;
}

/* ---- What other nodes forward ---- */

/* Where no contact is nearer to a record than we are, we are the last of the chain ourselves: we
 * put it as we put those of our neighbours, and no node is told that we ask for ourselves. */
static skad_status store_as_last(skad_node *node, const skad_forward *forward, skad_op *op)
{
    skad_record record;
    if (!skad_record_decode(forward->record.data, forward->record.len, &record)) {
        return SKAD_ERR_FORMAT;
    }
    const skad_start_record start = {
        .bytes = forward->record, .type = record.type, .key = record.key};
    return skad_start_put(node, SKAD_OPERATION_PUT, &start, op);
}

skad_status skad_start_forward(skad_node *node, const skad_forward *forward, unsigned wanted,
                               skad_op *op)
{
    const bool gets =
        forward->aim == SKAD_FORWARD_IMMUTABLE || forward->aim == SKAD_FORWARD_MUTABLE;
    skad_operation *operation;
    if (forward->aim == SKAD_FORWARD_STORE && skad_forwarding_is_last(node, &forward->target)) {
        return store_as_last(node, forward, op);
    }
    skad_status status = take(node, SKAD_OPERATION_FORWARD, &operation);
    if (status != SKAD_OK) {
        return status;
    }
    operation->collection = gets ? skad_collection_new((skad_record_type)forward->aim,
                                                       &forward->target, &node->env.network_id)
                                 : NULL;
    if ((gets && operation->collection == NULL) ||
        !skad_forwarding_prepare(node, operation, forward, wanted)) {
        skad_operations_release(&node->operations, operation);
        return SKAD_ERR_MEMORY;
    }
    *op = skad_operation_name(&node->operations, operation);
    skad_forwarding_look_here(node, operation);
    for (size_t i = 0; gets && i < sizeof SHELVES / sizeof SHELVES[0]; i++) {
        find_here(node, operation->collection, SHELVES[i]);
    }
    skad_forwarding_drive(node, operation);
    return SKAD_OK;
}

void skad_start_cancel(skad_node *node, skad_op op)
{
    skad_operation *operation = skad_operations_find(&node->operations, op);
    if (operation == NULL || skad_operation_own(operation)) {
        return;
    }
    if (operation->stage == SKAD_STAGE_ENDED) {
        skad_report_forget(node, op);
    }
    skad_operations_release(&node->operations, operation);
}
