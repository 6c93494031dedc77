/* The storage interface (skad/store.h) on disk: one LMDB file, PATH, and LMDB's lock file,
 * PATH-lock. docs/files.md, "The database of records", has every byte, and the guarantees.
 *
 * Records that put took survive if the process is killed, with skad_store_lmdb_behind once their
 * ticket is settled. After a power failure the records since
 * the last skad_store_lmdb_sync may be missing. A database that was torn by it is noticed when it
 * is opened.
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
    uint64_t now_unix_s; /* part of the name of a file that is set aside */
    size_t map_bytes; /* how large the file may grow; 0: what the caps need, with room to spare */
    const char *boot; /* name of this start of the system, a mark; NULL: the system is asked */
} skad_store_lmdb_config;

typedef struct skad_store_lmdb_report {
    char text[SKAD_STORE_LMDB_TEXT_BYTES]; /* a sentence without a newline; else empty */
    bool checked; /* the file was not closed, or is a copy, so all of it was read */
} skad_store_lmdb_report;

/* Opens a database or makes a new one. A file at PATH that is damaged, or no database of ours, is
 * renamed, never deleted, and the report says so; the readable rows of a damaged one are copied.
 * The configuration is copied as far as it is kept. It forks for a moment to check an existing
 * file, so call it before there are threads. Errors, with a report: SKAD_ERR_INPUT (a cap of zero),
 * SKAD_ERR_MEMORY, SKAD_ERR_EXISTS (another process has it open), SKAD_ERR_VERSION (of another
 * version or network: src/db/look.h says which), SKAD_ERR_FORMAT (not a regular file); in both
 * cases it stays as it is. SKAD_ERR_IO (errno). Free with store->ops->free(store->self), which
 * syncs everything to disk. */
SKAD_MUST_CHECK skad_status skad_store_lmdb_open(const skad_store_lmdb_config *config,
                                                 skad_store *out, skad_store_lmdb_report *report);

/* Whether the file at a path seems to have been closed, so that opening it will not read all of it.
 * This is a guess for the log; opening looks closer. */
bool skad_store_lmdb_was_closed(const char *path);

/* From now on writes are left to a thread, which begins with the first one, so that calls never
 * wait for the disk: skad_store_ops.ticket and settled say when they last. wake: called in that
 * thread when something is settled; it must only wake the caller's. */
void skad_store_lmdb_behind(skad_store *store, void (*wake)(void *user), void *user);

/* Changes the caps of an open store. False if its file cannot grow as far as the new ones need
 * (a new start lets it): then nothing changes. Records beyond lower caps stay until they expire. */
SKAD_MUST_CHECK bool skad_store_lmdb_resize(skad_store *store, const skad_store_caps *caps);

/* Whether something was written since the last call. If so, *fd is a descriptor of the file: call
 * fdatasync on it in any thread, and close it. False if there is nothing to do, or no descriptor
 * left. Call it now and then: it also frees what a backup that was killed held. */
bool skad_store_lmdb_unsynced(skad_store *store, int *fd);

/* Rows whose checksum was wrong and that were dropped, since it was opened. */
uint64_t skad_store_lmdb_damaged(const skad_store *store);

#endif
