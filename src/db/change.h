/* One write transaction on the tables: records are added and removed together with their places in
 * the order by expiry and with the counters, so that these always agree. Results are LMDB's; after
 * any that is neither 0 nor MDB_NOTFOUND the change must be aborted. */
#ifndef SKAD_DB_CHANGE_H
#define SKAD_DB_CHANGE_H

#include "skad/store.h"
#include "src/db/database.h"

#define SKAD_DB_CACHED 2 /* index of the total of cached copies, behind those of the sections */

typedef struct skad_db_totals {
    skad_store_usage of[3]; /* by section, and SKAD_DB_CACHED */
} skad_db_totals;

typedef struct skad_db_change {
    const skad_db *db;
    MDB_txn *txn;
    skad_db_totals totals; /* those after the change */
    bool wrote;            /* something was changed */
} skad_db_change;

/* A counter by its key (src/db/row.h); all zero if there is none. */
int skad_db_counter_find(const skad_db *db, MDB_txn *txn, const uint8_t *name,
                         skad_store_usage *out);
int skad_db_totals_read(const skad_db *db, MDB_txn *txn, skad_db_totals *out);

int skad_db_change_begin(const skad_db *db, const skad_db_totals *totals, skad_db_change *out);
/* The change is over in any case; *totals are the new ones if it succeeded, else as they were. */
int skad_db_change_commit(skad_db_change *change, skad_db_totals *totals);
void skad_db_change_abort(skad_db_change *change);

/* Counts a record in or out, everywhere; adding and removing do so themselves. */
int skad_db_change_account(skad_db_change *change, skad_store_section section,
                           const skad_store_record *record, bool added);

/* Adds a record whose name is not in the table yet, given with its row (src/db/row.h). */
int skad_db_change_add(skad_db_change *change, skad_store_section section,
                       const skad_store_record *record, skad_span row);
/* Removes a record, damaged ones too; MDB_NOTFOUND when there is none of the name. */
int skad_db_change_remove(skad_db_change *change, skad_store_section section,
                          const skad_store_name *name);
/* Removes, among the held records that are cached (or not), the one nearest to its expiry, if that
 * is not after `until`; else returns MDB_NOTFOUND. */
int skad_db_change_remove_first(skad_db_change *change, bool cached, uint64_t until_unix_s);

#endif
