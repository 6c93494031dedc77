#include "src/core/operations/paging.h"
#include "src/core/lookup/strata.h"

#include "src/core/node/state.h"
#include "src/core/operations/ask.h"
#include "src/core/rpc/request.h"

void skad_paging_begin(const skad_node *node, skad_operation *operation)
{
    const uint64_t end_us = node->env.now.mono_us + SKAD_PAGING_US;
    operation->stage = SKAD_STAGE_PAGING;
    operation->deadline_us = end_us < operation->deadline_us ? end_us : operation->deadline_us;
}

skad_storing_state skad_paging_drive(skad_node *node, skad_operation *operation)
{
    const skad_collection *collection = operation->collection;
    uint16_t holders[SKAD_HOLDERS_MAX];
    size_t count = skad_strata_holders(operation->lookup, SKAD_HOLDERS_MAX, holders);
    size_t asked = 0;
    for (size_t i = 0; i < collection->pagers_count; i++) {
        asked += collection->pagers[i].asked;
    }
    for (size_t i = 0; i < count; i++) {
        skad_pager *pager = skad_collection_pager(collection, holders[i]);
        if (pager == NULL || asked == SKAD_PAGING_AT_ONCE ||
            operation->pages == SKAD_PAGING_REQUESTS || !skad_collection_lacks(collection, pager)) {
            continue;
        }
        if (!skad_request_can_send(node) || !skad_ask_page(node, operation, pager)) {
            return SKAD_STORING_BLOCKED;
        }
        pager->asked = true;
        operation->pages++;
        asked++;
    }
    return asked > 0 ? SKAD_STORING_WAITS : SKAD_STORING_OVER;
}

void skad_paging_failed(skad_operation *operation, uint16_t candidate)
{
    skad_pager *pager = skad_collection_pager(operation->collection, candidate);
    if (pager != NULL) {
        pager->asked = false;
        pager->over = true;
    }
}
