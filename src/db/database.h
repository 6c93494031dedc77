/* An LMDB file with the four tables of docs/files.md, "The database of records": opening it, and
 * the row that states its origin. Results are LMDB's: 0, an errno, or one of its negative codes. */
#ifndef SKAD_DB_DATABASE_H
#define SKAD_DB_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lmdb.h>

#include "skad/types.h"

#define SKAD_DB_VERSION       2
#define SKAD_DB_VERSION_OLDER 1 /* can be made ours (src/db/recount.h) */
#define SKAD_DB_NETWORK_BYTES 32
#define SKAD_DB_BOOT_BYTES    64 /* of the name of one start of the system, at most */

typedef enum skad_db_table {
    SKAD_DB_META = 0,
    SKAD_DB_RECORDS = 1,
    SKAD_DB_EXPIRY = 2,
    SKAD_DB_COUNTERS = 3,
} skad_db_table;

#define SKAD_DB_TABLES 4

typedef struct skad_db {
    MDB_env *env;
    MDB_dbi tables[SKAD_DB_TABLES];
} skad_db;

/* The origin, as the row "skad" of the table "meta" states it. */
typedef enum skad_db_origin {
    SKAD_DB_OURS = 0,
    SKAD_DB_OF_OLDER_VERSION, /* of our network */
    SKAD_DB_OF_OTHER_PROGRAM,
    SKAD_DB_OF_OTHER_VERSION,
    SKAD_DB_OF_OTHER_NETWORK,
} skad_db_origin;

/* What the row states, of any version: its network lies where it does in ours. */
typedef struct skad_db_stated {
    unsigned version;
    uint8_t network[SKAD_DB_NETWORK_BYTES];
} skad_db_stated;

/* Opens the file, which is made (0600) if it is missing, without looking into its tables. With
 * read_only no other process may have it open; then no lock file is made. */
int skad_db_open(const char *path, size_t map_bytes, bool read_only, skad_db *out);
/* Opens a file that a node uses, for reading beside it: LMDB's lock file tells the node which pages
 * are being read. */
int skad_db_open_beside(const char *path, size_t map_bytes, skad_db *out);
/* All zero is allowed. */
void skad_db_close(skad_db *db);

/* Whether there is no table yet: just made. */
int skad_db_is_new(const skad_db *db, MDB_txn *txn, bool *out);
/* Makes the tables of a new file and the row that states its origin. */
int skad_db_make_tables(skad_db *db, MDB_txn *txn, const uint8_t network[static 32]);
/* States our version and network as the origin. */
int skad_db_state_origin(const skad_db *db, MDB_txn *txn, const uint8_t network[static 32]);
/* Opens the tables if they are ours or those of the older version; nothing else may be done with
 * them otherwise. MDB_CORRUPTED if the row is damaged. */
int skad_db_open_tables(skad_db *db, MDB_txn *txn, const uint8_t network[static 32],
                        skad_db_origin *origin);

/* What the row states; MDB_NOTFOUND if there is none of ours. */
int skad_db_read_stated(MDB_txn *txn, skad_db_stated *out);

/* Whether two networks are different ones, and not one whose hash the disk damaged. */
bool skad_db_networks_differ(const uint8_t a[static 32], const uint8_t b[static 32]);

/* Whether a result says that the file is damaged. */
bool skad_db_tells_damage(int result);

/* Whether bytes of the file state, anywhere, that it is ours, or of the older version. */
bool skad_db_states_origin(skad_span bytes, const uint8_t network[static 32]);

/* The errno for a result: ENOSPC if the file may not grow, EIO for any other result without one. */
int skad_db_errno(int result);

/* The same for a write that failed: LMDB calls it EIO when a disk took a part of a page and was
 * full then. */
int skad_db_write_errno(const skad_db *db, int result);

/* The mark in the table "meta": the name of the start of the system in which the file was opened,
 * or SKAD_DB_CLOSED if it was closed since. A copy of the file has it, too, so it counts only along
 * with a proof (src/db/proof.h). */
#define SKAD_DB_CLOSED "closed"
int skad_db_mark(const skad_db *db, MDB_txn *txn, const char *mark);
int skad_db_marked(const skad_db *db, MDB_txn *txn, char out[static SKAD_DB_BOOT_BYTES]);

/* Makes an LMDB value. LMDB promises not to change its arguments, but takes no const. */
static inline MDB_val skad_db_value(const void *data, size_t len)
{
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): by a number, to lose the const. */
    return (MDB_val){.mv_size = len, .mv_data = (void *)(uintptr_t)data};
}

static inline skad_span skad_db_span(const MDB_val *value)
{
    return (skad_span){.data = value->mv_data, .len = value->mv_size};
}

#endif
