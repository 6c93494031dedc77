/* From a path to a database that can be used, whatever is at the path, and back. */
#ifndef SKAD_DB_OPEN_H
#define SKAD_DB_OPEN_H

#include <limits.h>

#include "src/db/database.h"
#include "src/db/recount.h"
#include "src/db/store_lmdb.h"

typedef struct skad_db_opened {
    skad_db db;
    char path[PATH_MAX];
    int fd;                  /* locks the file against others */
    bool suspect;            /* LMDB found damage: the next start checks everything */
    size_t map_bytes;        /* how large the file may grow */
    skad_db_overdue overdue; /* a recount of the older version */
    char damaged[PATH_MAX];  /* the file that was set aside because it is damaged, and that has
                                not been salvaged to its end; else empty */
} skad_db_opened;

/* How large the file of a store with these caps may grow. */
size_t skad_db_map_bytes_for(const skad_store_caps *caps);

/* Does what skad_store_lmdb_open does, up to the tables and the mark that the file is open. */
skad_status skad_db_open_or_make(const skad_store_lmdb_config *config, skad_db_opened *out,
                                 skad_store_lmdb_report *report);

/* Copies what can still be read of `damaged` into the store that was opened, and adds that to the
 * report. */
void skad_db_salvage_damaged(skad_db_opened *opened, const skad_store_lmdb_config *config,
                             const skad_store *into, skad_store_lmdb_report *report);

/* Writes everything to the disk, marks it as closed, closes, and leaves a proof of that. */
void skad_db_close_cleanly(skad_db_opened *opened);

/* Fills in the sentence and returns the status. Keeps errno. */
__attribute__((format(printf, 3, 4))) skad_status
skad_db_report(skad_store_lmdb_report *report, skad_status status, const char *format, ...);

#endif
