/* Writing at once: each put, drop or sweep is one write transaction (src/db/change.h), which has
 * been committed when the call returns. */
#include <errno.h>

#include "src/db/recount.h"
#include "src/db/row.h"
#include "src/db/store_parts.h"

/* Ends a change that came to `result` with a commit or an abort. */
static skad_status end_change(skad_lmdb_store *store, skad_db_change *change, int result)
{
    if (result == 0) {
        result = skad_db_change_commit(change, &store->totals);
    } else {
        skad_db_change_abort(change);
    }
    if (result == 0) {
        store->unsynced = store->unsynced || change->wrote;
        store->error = change->wrote ? 0 : store->error;
        return SKAD_OK;
    }
    if (result == MDB_NOTFOUND) {
        return SKAD_ERR_MISSING;
    }
    skad_lmdb_note_damage(store, result);
    skad_lmdb_note_failure(store, skad_db_write_errno(&store->opened.db, result));
    return SKAD_ERR_IO;
}

/* Also of a damaged record that was met in a read transaction, which goes on. */
skad_status skad_lmdb_drop_now(skad_lmdb_store *store, skad_store_section section,
                               const skad_store_name *name)
{
    skad_db_change change;
    int result = skad_db_change_begin(&store->opened.db, &store->totals, &change);
    if (result == 0) {
        result = skad_db_change_remove(&change, section, name);
    }
    return end_change(store, &change, result);
}

skad_lmdb_limits skad_lmdb_limits_of(const skad_lmdb_store *store, skad_store_section section)
{
    if (section == SKAD_STORE_REPLICAS) {
        return (skad_lmdb_limits){store->caps.records_max, store->caps.bytes_max};
    }
    return (skad_lmdb_limits){store->caps.published_max, store->caps.published_bytes_max};
}

uint64_t skad_lmdb_cached_until(const skad_store_record *record, uint64_t now_unix_s)
{
    if (!record->cached) {
        return UINT64_MAX;
    }
    return record->expires_unix_s > now_unix_s ? record->expires_unix_s - 1 : now_unix_s;
}

/* Removes the first of the records that give way to another one: of those that have expired, then
 * of the cached copies. */
static int remove_one(skad_db_change *change, const skad_store_record *record, uint64_t now_unix_s)
{
    int result = skad_db_change_remove_first(change, false, now_unix_s);
    if (result != MDB_NOTFOUND) {
        return result;
    }
    return skad_db_change_remove_first(change, true, skad_lmdb_cached_until(record, now_unix_s));
}

/* Removes records until one fits; MDB_NOTFOUND if it does not fit even then. */
static int make_room(skad_db_change *change, const skad_lmdb_limits *most,
                     skad_store_section section, const skad_store_record *record,
                     uint64_t now_unix_s)
{
    const skad_store_usage *total = &change->totals.of[section];
    for (size_t victims = 0;
         total->records + 1 > most->records_max || total->bytes + record->len > most->bytes_max;
         victims++) {
        if (section == SKAD_STORE_PUBLICATIONS || victims == SKAD_DB_VICTIMS_MAX) {
            return MDB_NOTFOUND;
        }
        int result = remove_one(change, record, now_unix_s);
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

/* 0, or ENOSPC as long as no record may be added. */
static int recount_late(skad_lmdb_store *store, uint64_t now_unix_s)
{
    skad_db_opened *opened = &store->opened;
    return skad_db_recount_late(&opened->db, &opened->overdue, now_unix_s, &store->totals);
}

skad_status skad_lmdb_put_now(skad_lmdb_store *store, skad_store_section section,
                              const skad_store_record *record, uint64_t now_unix_s)
{
    uint8_t name[SKAD_DB_ROW_KEY_BYTES];
    uint8_t row[SKAD_DB_ROW_BYTES_MAX];
    skad_db_change change = {.wrote = false};
    const skad_lmdb_limits most = skad_lmdb_limits_of(store, section);
    skad_db_row_key(section, &record->name, name);
    /* Encode before the read transaction ends: the data may be borrowed from it. */
    size_t row_len = skad_db_row(name, record, row);
    skad_lmdb_end_read(store);
    int result = recount_late(store, now_unix_s);
    if (result == 0) {
        result = skad_db_change_begin(&store->opened.db, &store->totals, &change);
    }
    if (result == 0) {
        result = skad_db_change_remove(&change, section, &record->name);
        result = result == MDB_NOTFOUND ? 0 : result;
    }
    if (result == 0) {
        result = make_room(&change, &most, section, record, now_unix_s);
    }
    if (result == 0) {
        result = skad_db_change_add(&change, section, record, (skad_span){row, row_len});
    }
    skad_status status = end_change(store, &change, result);
    return status == SKAD_ERR_MISSING ? SKAD_ERR_FULL : status;
}

size_t skad_lmdb_remove_first(skad_lmdb_store *store, bool cached, uint64_t until_unix_s,
                              size_t limit)
{
    skad_db_change change;
    size_t removed = 0;
    int result = skad_db_change_begin(&store->opened.db, &store->totals, &change);
    while (result == 0 && removed < limit) {
        result = skad_db_change_remove_first(&change, cached, until_unix_s);
        removed += result == 0;
    }
    result = result == MDB_NOTFOUND ? 0 : result;
    return end_change(store, &change, result) == SKAD_OK ? removed : 0;
}

size_t skad_lmdb_sweep_now(skad_lmdb_store *store, uint64_t now_unix_s, size_t limit)
{
    skad_lmdb_end_read(store);
    size_t removed = skad_lmdb_remove_first(store, false, now_unix_s, limit);
    removed += skad_lmdb_remove_first(store, true, now_unix_s, limit - removed);
    (void)recount_late(store, now_unix_s);
    return removed;
}
