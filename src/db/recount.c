#include "src/db/recount.h"

#include "src/db/change.h"
#include "src/db/walk.h"

/* Counts each row that has the right shape; the others count nowhere, and neither does their
 * removal later (src/db/change.c). */
static int count_rows(skad_db_change *change, MDB_cursor *cursor)
{
    static const skad_store_name first = {.type = 0};
    skad_db_walk walk;
    int result = 0;
    for (skad_db_walk_to(cursor, SKAD_STORE_REPLICAS, &first, &walk);
         skad_db_walk_stands(&walk, 0) && result == 0; skad_db_walk_on(&walk)) {
        skad_store_section section;
        skad_store_record record;
        if (skad_db_row_key_read(skad_db_span(&walk.key), &section, &record.name) &&
            skad_db_walk_glance(&walk, &record)) {
            result = skad_db_change_account(change, section, &record, true);
        }
    }
    if (result == 0 && walk.result != MDB_NOTFOUND) {
        result = walk.result;
    }
    return result;
}

int skad_db_recount(const skad_db *db, const uint8_t network[static 32])
{
    skad_db_totals totals = {0};
    skad_db_change change;
    MDB_cursor *cursor = NULL;
    int result = skad_db_change_begin(db, &totals, &change);
    if (result != 0) {
        return result;
    }
    result = mdb_drop(change.txn, db->tables[SKAD_DB_COUNTERS], 0);
    if (result == 0) {
        result = mdb_cursor_open(change.txn, db->tables[SKAD_DB_RECORDS], &cursor);
    }
    if (result == 0) {
        result = count_rows(&change, cursor);
        mdb_cursor_close(cursor);
    }
    if (result == 0) {
        result = skad_db_state_origin(db, change.txn, network);
    }
    if (result != 0) {
        skad_db_change_abort(&change);
        return result;
    }
    return skad_db_change_commit(&change, &totals);
}
