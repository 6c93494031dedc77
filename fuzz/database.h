/* The code that database targets share: a folder in memory, and a naive reader of the tables. */
#ifndef SKAD_FUZZ_DATABASE_H
#define SKAD_FUZZ_DATABASE_H

#include "src/db/database.h"
#include "src/db/store_lmdb.h"

#define FUZZ_DB_NOW_S       1000U /* of opening */
#define FUZZ_DB_BOOT        "this start"
#define FUZZ_DB_BOOT_BEFORE "another start"
#define FUZZ_DB_MAP_BYTES   ((size_t)4 << 20)
#define FUZZ_DB_ROWS_MAX    64

extern const uint8_t fuzz_db_network[SKAD_DB_NETWORK_BYTES];

/* The path of the database: in a folder of this process, which is emptied now and removed at the
 * end of the process. */
const char *fuzz_db_path(void);
/* Opens the database, which must succeed. The caps are large. False: it was refused, as one of
 * another network or version. */
bool fuzz_db_open_store(const char *boot, skad_store *out, skad_store_lmdb_report *report);
/* Whether the whole check finds nothing, once the file is closed. */
bool fuzz_db_is_sound(void);

typedef struct fuzz_db_row {
    skad_store_section section;
    uint64_t expires_unix_s;
    size_t len;
    bool is_sound;    /* shape and checksum are right */
    bool has_name;    /* its key is that of a row */
    uint8_t key[512]; /* as long as LMDB allows */
    size_t key_len;
    uint8_t bytes[1400];
} fuzz_db_row;

/* The table of records, in its order, and whether all tables agree. */
typedef struct fuzz_db_truth {
    fuzz_db_row rows[FUZZ_DB_ROWS_MAX];
    size_t count;
    bool agrees;
} fuzz_db_truth;

void fuzz_db_read(const skad_db *db, MDB_txn *txn, fuzz_db_truth *out);

#endif
