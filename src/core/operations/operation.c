#include "src/core/operations/operation.h"

#include <stdlib.h>

#include "crypto/assert.h"

skad_status skad_operations_init(skad_operations *operations, size_t count)
{
    *operations =
        (skad_operations){.count = count, .blocked_us = UINT64_MAX, .overdue_us = UINT64_MAX};
    operations->slots = calloc(count, sizeof *operations->slots);
    return operations->slots == NULL ? SKAD_ERR_MEMORY : SKAD_OK;
}

static void empty(skad_operation_slot *slot)
{
    skad_operation *operation = slot->operation;
    if (operation != NULL) {
        skad_lookup_free(operation->lookup);
        free(operation->payload.record);
        free(operation->holders);
        skad_collection_free(operation->collection);
        free(operation->closest);
        free(operation->steps);
        free(operation->forwarding);
        free(operation);
    }
    slot->operation = NULL;
}

void skad_operations_free(skad_operations *operations)
{
    for (size_t i = 0; operations->slots != NULL && i < operations->count; i++) {
        empty(&operations->slots[i]);
    }
    free(operations->slots);
    *operations = (skad_operations){0};
}

skad_operation *skad_operations_take(skad_operations *operations, skad_operation_kind kind,
                                     size_t spare)
{
    if (operations->taken + spare >= operations->count) {
        return NULL;
    }
    size_t at = 0;
    while (operations->slots[at].operation != NULL) {
        at++;
    }
    skad_operation *operation = calloc(1, sizeof *operation);
    if (operation != NULL) {
        operation->kind = kind;
        operation->stage = SKAD_STAGE_RUNNING;
        operation->slot = (uint16_t)at;
        operations->slots[at].operation = operation;
        operations->slots[at].generation++;
        operations->taken++;
    }
    return operation;
}

void skad_operations_release(skad_operations *operations, skad_operation *operation)
{
    skad_operation_slot *slot = &operations->slots[operation->slot];
    SKAD_ASSERT(slot->operation == operation && operations->taken > 0);
    empty(slot);
    operations->taken--;
}

bool skad_operation_gets(const skad_operation *operation)
{
    return operation->kind == SKAD_OPERATION_GET || operation->kind == SKAD_OPERATION_WATCH ||
           operation->kind == SKAD_OPERATION_ADOPT;
}

bool skad_operation_puts(const skad_operation *operation)
{
    return operation->kind == SKAD_OPERATION_PUT || operation->kind == SKAD_OPERATION_REPUBLISH ||
           operation->kind == SKAD_OPERATION_DEPOSIT || operation->kind == SKAD_OPERATION_BALLOT;
}

bool skad_operation_own(const skad_operation *operation)
{
    return operation->kind == SKAD_OPERATION_JOIN || operation->kind == SKAD_OPERATION_REFRESH ||
           operation->kind == SKAD_OPERATION_REPUBLISH || operation->kind == SKAD_OPERATION_WATCH ||
           operation->kind == SKAD_OPERATION_ADOPT || operation->kind == SKAD_OPERATION_DEPOSIT ||
           operation->kind == SKAD_OPERATION_BALLOT;
}

bool skad_operation_unawaited(const skad_operation *operation)
{
    return operation->kind == SKAD_OPERATION_REFRESH || operation->kind == SKAD_OPERATION_BALLOT;
}

/* The generation starts at 1, so no name is 0. */
skad_op skad_operation_name(const skad_operations *operations, const skad_operation *operation)
{
    return (uint64_t)operations->slots[operation->slot].generation << 32 | operation->slot;
}

skad_operation *skad_operations_find(skad_operations *operations, skad_op name)
{
    size_t at = (uint32_t)name;
    if (at >= operations->count || operations->slots[at].generation != name >> 32) {
        return NULL;
    }
    return operations->slots[at].operation;
}
