#include "src/core/storage/publications.h"

#include <string.h>

#include "src/core/node/state.h"
#include "src/core/routing/distance.h"
#include "src/core/rpc/events.h"
#include "src/core/storage/store_admission.h"

skad_status skad_publications_keep(skad_node *node, const skad_publication *publication)
{
    const skad_record *record = publication->record;
    const skad_store *store = &node->store;
    bool ends = record->type != SKAD_RECORD_IMMUTABLE;
    skad_store_record row = {
        .name = skad_record_store_name(record),
        .sequence = record->sequence,
        .stored_unix_s = node->env.now.unix_s,
        .expires_unix_s = ends ? record->expiry_unix_s : UINT64_MAX,
        .life_s = skad_publication_pack(publication->life_s, publication->follows),
        .data = publication->bytes.data,
        .len = publication->bytes.len,
    };
    skad_store_record old;
    if (store->ops->find(store->self, SKAD_STORE_PUBLICATIONS, &row.name, node->env.now.unix_s,
                         &old) &&
        old.sequence > row.sequence) {
        return SKAD_OK;
    }
    return store->ops->put(store->self, SKAD_STORE_PUBLICATIONS, &row, node->env.now.unix_s);
}

void skad_publications_adopt(skad_node *node, skad_span bytes)
{
    const skad_store *store = &node->store;
    skad_record record;
    skad_store_record row;
    if (!skad_record_decode(bytes.data, bytes.len, &record) ||
        record.type == SKAD_RECORD_IMMUTABLE) {
        return;
    }
    const skad_store_name name = skad_record_store_name(&record);
    skad_store_name from = name;
    /* An edition that has expired is one, too: it would be signed anew. */
    if (!store->ops->next(store->self, SKAD_STORE_PUBLICATIONS, &from, &row) ||
        memcmp(&row.name, &name, sizeof name) != 0 || row.sequence >= record.sequence) {
        return;
    }
    const skad_event event = {.kind = SKAD_EVENT_ADOPTED,
                              .u.adopted = {.key = record.key,
                                            .type = record.type,
                                            .sequence_before = row.sequence,
                                            .sequence = record.sequence}};
    row.sequence = record.sequence;
    row.stored_unix_s = 0; /* not announced by us yet */
    row.expires_unix_s = record.expiry_unix_s;
    row.data = bytes.data;
    row.len = bytes.len;
    if (store->ops->put(store->self, SKAD_STORE_PUBLICATIONS, &row, node->env.now.unix_s) ==
        SKAD_OK) {
        skad_events_emit(&node->events, &event);
    }
}

size_t skad_publications_withdraw(skad_node *node, const skad_id *key, unsigned type)
{
    const skad_store *store = &node->store;
    skad_store_name from = {.key = *key};
    skad_store_record row;
    size_t withdrawn = 0;
    while (store->ops->next(store->self, SKAD_STORE_PUBLICATIONS, &from, &row) &&
           skad_id_equal(&row.name.key, key)) {
        const skad_store_name name = row.name;
        if (type == 0 || name.type == type) {
            withdrawn += store->ops->drop(store->self, SKAD_STORE_PUBLICATIONS, &name) == SKAD_OK;
        }
    }
    return withdrawn;
}
