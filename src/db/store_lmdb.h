/* The storage interface (skad/store.h) on disk: one LMDB file, PATH, and LMDB's lock file,
 * PATH-lock. docs/files.md, "The database of records", has every byte, and what is promised.
 *
 * What put took is there after the process was killed. After a failure of power the records of the
 * last moments may be missing: those that came after the last skad_store_lmdb_sync. A database that
 * was torn by it is noticed when it is opened.
 *
 * Memory does not grow with the records: they are read through a mapping of the file. */
#ifndef SKAD_DB_STORE_LMDB_H
#define SKAD_DB_STORE_LMDB_H

#include "skad/store.h"

#define SKAD_STORE_LMDB_TEXT_BYTES 1024

typedef struct skad_store_lmdb_config {
    const char *path;       /* the folder must exist */
    const uint8_t *network; /* 32 bytes: the profile hash; records of other networks are no use */
    skad_store_caps caps;
    uint64_t now_unix_s; /* names what is set aside */
    size_t map_bytes; /* how large the file may grow; 0: what the caps need, with room to spare */
    const char *boot; /* name of this start of the system; NULL: the system is asked */
} skad_store_lmdb_config;

/* What there is to tell about an opening, as a sentence without a newline; else empty. */
typedef struct skad_store_lmdb_report {
    char text[SKAD_STORE_LMDB_TEXT_BYTES];
} skad_store_lmdb_report;

/* Opens a database or makes a new one. What lies at PATH and cannot be used (damaged, of another
 * program, version or network) is renamed, never deleted, and the report says so; what can still be
 * read of a damaged one is taken over. Copies what it
 * keeps of the configuration. Forks for a moment to look at an existing file, so call it before
 * there are threads. Errors, with a report: SKAD_ERR_INPUT (a cap of zero), SKAD_ERR_MEMORY,
 * SKAD_ERR_EXISTS (another process has it open), SKAD_ERR_IO (errno). Free with
 * store->ops->free(store->self), which writes everything to the disk. */
SKAD_MUST_CHECK skad_status skad_store_lmdb_open(const skad_store_lmdb_config *config,
                                                 skad_store *out, skad_store_lmdb_report *report);

/* Whether something was written since the last call. If so, *fd is a descriptor of the file: have
 * it fdatasync'ed in any thread, and close it. False when there is nothing to do, or no descriptor
 * left. */
bool skad_store_lmdb_unsynced(skad_store *store, int *fd);

/* Rows whose checksum was wrong and that were dropped, since it was opened. */
uint64_t skad_store_lmdb_damaged(const skad_store *store);

#endif
