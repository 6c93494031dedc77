#include "src/core/upkeep/adopt.h"

#include "src/core/node/state.h"
#include "src/core/operations/start.h"
#include "src/core/storage/publications.h"

skad_op skad_adopt_seek(skad_node *node, const skad_operation *announced,
                        const skad_store_name *name)
{
    const skad_put_payload *payload = &announced->payload;
    skad_record record;
    skad_op op = 0;
    if (name->type == SKAD_RECORD_IMMUTABLE ||
        !skad_record_decode(payload->record, payload->len, &record) ||
        payload->sequence_seen <= record.sequence) {
        return 0;
    }
    skad_status status =
        skad_start_get(node, SKAD_OPERATION_ADOPT, (skad_record_type)name->type, &name->key, &op);
    return status == SKAD_OK ? op : 0;
}

void skad_adopt_take(skad_node *node, const skad_operation *operation)
{
    const skad_collection *collection = operation->collection;
    skad_publications_adopt(node, (skad_span){collection->best, collection->best_len});
    for (size_t i = 0; i < collection->announced_count; i++) {
        const skad_announced *announced = &collection->announced[i];
        skad_publications_adopt(node, (skad_span){announced->bytes, announced->len});
    }
}
