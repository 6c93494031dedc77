/* Starting operations: the public calls and the node's own lookups. Each takes a place, begins its
 * lookup from the contacts that we know, and is then operate.c's. */
#include "src/core/start.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "proto/record.h"
#include "src/core/ask.h"
#include "src/core/density.h"
#include "src/core/operate.h"
#include "src/core/report.h"

#define SEEDS_MAX          64 /* of our own contacts: as many as a shortlist takes */
#define OWN_OPERATIONS_MAX 2  /* places kept free for the node's own lookups */

static skad_status take(skad_node *node, skad_operation_kind kind, skad_operation **out)
{
    bool own = kind == SKAD_OPERATION_JOIN || kind == SKAD_OPERATION_REFRESH;
    *out = skad_operations_take(&node->operations, kind, own ? 0 : OWN_OPERATIONS_MAX);
    if (*out == NULL) {
        return SKAD_ERR_FULL;
    }
    (*out)->deadline_us = node->now.mono_us + SKAD_OPERATION_US_MAX;
    if (node->overdue_us == UINT64_MAX) {
        node->overdue_us = node->now.mono_us + SKAD_OVERDUE_CHECK_US;
    }
    return SKAD_OK;
}

/* A bucket in whose range a lookup runs needs no refresh for a while. */
static void postpone_refresh(skad_node *node, const skad_id *target)
{
    skad_bucket *bucket = &node->table.buckets[skad_table_bucket_of(&node->table, target)];
    uint64_t jitter = skad_random_below(&node->random, SKAD_REFRESH_INTERVAL_US / 2);
    bucket->refresh_us = node->now.mono_us + SKAD_REFRESH_INTERVAL_US * 3 / 4 + jitter;
}

static skad_status begin_lookup(skad_node *node, skad_operation *operation, const skad_id *target)
{
    const skad_table *table = &node->table;
    bool joining = operation->kind == SKAD_OPERATION_JOIN;
    operation->lookup = skad_lookup_new(&node->profile, &table->self, target,
                                        joining ? SKAD_REGION_WANTED : 0, node->now.mono_us);
    if (operation->lookup == NULL) {
        return SKAD_ERR_MEMORY;
    }
    operation->lookup->radius = skad_density_radius(table, node->profile.siblings);
    skad_peer_slot slots[SEEDS_MAX];
    size_t count =
        skad_peers_closest(&table->peers, target, node->families, NULL, SEEDS_MAX, slots);
    for (size_t i = 0; i < count; i++) {
        skad_contact contact;
        skad_table_contact(table, slots[i], &contact);
        skad_lookup_seed(operation->lookup, i, &contact,
                         skad_contact_endpoint(&contact, node->families));
    }
    postpone_refresh(node, target);
    node->stats.lookups++;
    return SKAD_OK;
}

skad_op skad_start_own(skad_node *node, skad_operation_kind kind, const skad_id *target)
{
    skad_operation *operation;
    if (take(node, kind, &operation) != SKAD_OK) {
        return 0;
    }
    if (begin_lookup(node, operation, target) != SKAD_OK) {
        skad_operations_release(&node->operations, operation);
        return 0;
    }
    skad_op name = skad_operation_name(&node->operations, operation);
    skad_operate_drive(node, operation);
    return name;
}

skad_status skad_node_ping(skad_node *node, const skad_address *address, skad_time now, skad_op *op)
{
    node->now = now;
    skad_operation *operation;
    if (!skad_address_routable(address, node->profile.allow_private) ||
        (address->family & node->families) == 0) {
        return SKAD_ERR_INPUT;
    }
    skad_status status = take(node, SKAD_OPERATION_PING, &operation);
    if (status != SKAD_OK) {
        return status;
    }
    operation->address = *address;
    *op = skad_operation_name(&node->operations, operation);
    skad_message ping = {.kind = SKAD_KIND_PING};
    skad_request request = {
        .message = &ping, .address = address, .purpose = SKAD_PURPOSE_OPERATION, .owner = *op};
    if (!skad_ask(node, &request)) {
        skad_operations_release(&node->operations, operation);
        return SKAD_ERR_FULL;
    }
    return SKAD_OK;
}

skad_status skad_node_lookup(skad_node *node, const skad_id *target, skad_time now, skad_op *op)
{
    node->now = now;
    skad_operation *operation;
    skad_status status = take(node, SKAD_OPERATION_LOOKUP, &operation);
    if (status != SKAD_OK) {
        return status;
    }
    *op = skad_operation_name(&node->operations, operation);
    status = begin_lookup(node, operation, target);
    if (status != SKAD_OK) {
        skad_operations_release(&node->operations, operation);
        return status;
    }
    skad_operate_drive(node, operation);
    return SKAD_OK;
}

void skad_node_trace(skad_node *node, skad_op op)
{
    skad_operation *operation = skad_operations_find(&node->operations, op);
    if (operation == NULL || operation->kind != SKAD_OPERATION_LOOKUP ||
        operation->stage != SKAD_STAGE_RUNNING) {
        return;
    }
    operation->traced = true;
    for (size_t i = 0; i < operation->lookup->asked_count; i++) {
        skad_report_trace(node, operation, operation->lookup->asked[i]);
    }
}

/* PUT and GET: a lookup, and room for the record. */
static skad_status take_with_record(skad_node *node, skad_operation_kind kind,
                                    const skad_id *target, skad_operation **out)
{
    skad_status status = take(node, kind, out);
    if (status != SKAD_OK) {
        return status;
    }
    (*out)->record = malloc(SKAD_RECORD_BYTES_MAX);
    status = (*out)->record == NULL ? SKAD_ERR_MEMORY : begin_lookup(node, *out, target);
    if (status != SKAD_OK) {
        skad_operations_release(&node->operations, *out);
    }
    return status;
}

skad_status skad_node_put(skad_node *node, const uint8_t *value, size_t len, skad_time now,
                          skad_op *op, skad_id *key)
{
    node->now = now;
    if (len == 0 || len > SKAD_VALUE_BYTES_MAX) {
        return SKAD_ERR_INPUT;
    }
    skad_value_key(value, len, key);
    skad_operation *operation;
    skad_status status = take_with_record(node, SKAD_OPERATION_PUT, key, &operation);
    if (status != SKAD_OK) {
        return status;
    }
    operation->record_len =
        skad_record_encode_immutable(value, len, operation->record, SKAD_RECORD_BYTES_MAX);
    SKAD_ASSERT(operation->record_len > 0);
    *op = skad_operation_name(&node->operations, operation);
    skad_operate_drive(node, operation);
    return SKAD_OK;
}

skad_status skad_node_get(skad_node *node, const skad_id *key, skad_time now, skad_op *op)
{
    node->now = now;
    skad_operation *operation;
    skad_status status = take_with_record(node, SKAD_OPERATION_GET, key, &operation);
    if (status != SKAD_OK) {
        return status;
    }
    *op = skad_operation_name(&node->operations, operation);
    skad_store_record here;
    if (node->store.ops->get(node->store.self, key, SKAD_RECORD_IMMUTABLE, 0, now.unix_s, &here)) {
        memcpy(operation->record, here.data, here.len);
        operation->record_len = here.len;
        operation->holder = node->identity.id;
        operation->held_here = true;
        skad_lookup_finish(operation->lookup);
    }
    skad_operate_drive(node, operation);
    return SKAD_OK;
}

void skad_node_cancel(skad_node *node, skad_op op)
{
    skad_operation *operation = skad_operations_find(&node->operations, op);
    bool own = operation != NULL && (operation->kind == SKAD_OPERATION_JOIN ||
                                     operation->kind == SKAD_OPERATION_REFRESH);
    if (operation == NULL || own) {
        return;
    }
    if (operation->stage == SKAD_STAGE_ENDED) {
        skad_report_forget(node, op);
    }
    skad_operations_release(&node->operations, operation);
}
