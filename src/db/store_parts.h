/* The state of a store on LMDB, for the files that make it up: store_lmdb.c opens and closes it,
 * store_read.c reads, store_write.c writes at once, store_behind.c leaves writing to the thread of
 * src/db/writer.h. */
#ifndef SKAD_DB_STORE_PARTS_H
#define SKAD_DB_STORE_PARTS_H

#include "src/db/change.h"
#include "src/db/open.h"
#include "src/db/pending.h"
#include "src/db/store_lmdb.h"
#include "src/db/writer.h"

/* Making room for a record takes no more: one for its place, one for each of its bytes. */
#define SKAD_DB_VICTIMS_MAX ((size_t)SKAD_STORED_BYTES_MAX + 1)

_Static_assert(SKAD_DB_UNIT_MAX >= SKAD_DB_VICTIMS_MAX + 2, "a put and its victims are one change");

#define SKAD_LMDB_UNTOLD_MAX (2 * SKAD_DB_PENDING_MAX + SKAD_DB_UNIT_MAX)

typedef struct skad_lmdb_store {
    skad_db_opened opened;
    skad_store_caps caps;
    skad_db_totals totals; /* of the database as the last read transaction saw it */
    MDB_txn *read;         /* reset between calls */
    MDB_cursor *cursor;
    bool reading;
    bool unsynced;
    uint64_t failures;
    int error;
    uint64_t damaged;

    bool behind; /* writes are left to a thread, from the first one on */
    void (*wake)(void *user);
    void *user;
    skad_db_writer *writer; /* NULL: none has begun */
    skad_db_pending pending;
    MDB_cursor *expiry;     /* of the read transaction */
    uint64_t ticket;        /* of the last write; 0: none */
    uint64_t decided;       /* all up to this one are in the database, or failed */
    uint64_t told;          /* of these, skad_store_ops.settled told up to this one */
    size_t seen_txn;        /* the transaction that the totals are of */
    skad_db_failure failed; /* the next of the writes that failed; ticket 0: none is known */
    skad_store_settled settled[SKAD_LMDB_UNTOLD_MAX]; /* failures to be told, a ring */
    size_t settled_first;
    size_t settled_count;
} skad_lmdb_store;

/* Begins a read transaction, and lets go of the writes that it sees. */
bool skad_lmdb_begin_read(skad_lmdb_store *store);
void skad_lmdb_end_read(skad_lmdb_store *store);

/* Notes a result that tells of damage. */
void skad_lmdb_note_damage(skad_lmdb_store *store, int result);
/* A write failed with an errno. */
void skad_lmdb_note_failure(skad_lmdb_store *store, int error);

/* The totals with what is pending; a section or SKAD_DB_CACHED. */
skad_store_usage skad_lmdb_total(const skad_lmdb_store *store, size_t which);

/* ---- Reading ---- */

bool skad_lmdb_find(void *self, skad_store_section section, const skad_store_name *name,
                    uint64_t now_unix_s, skad_store_record *out);
size_t skad_lmdb_list(void *self, const skad_id *key, uint8_t type, uint64_t draw,
                      uint64_t now_unix_s, skad_store_record *out, size_t max);
size_t skad_lmdb_survey(void *self, const skad_id *key, uint8_t type, skad_store_place *out,
                        size_t max);
bool skad_lmdb_next(void *self, skad_store_section section, skad_store_name *from,
                    skad_store_record *out);
void skad_lmdb_usage(void *self, skad_store_owner kind, const uint8_t owner[static 32],
                     skad_store_usage *out);

/* ---- Writing at once ---- */

skad_status skad_lmdb_put_now(skad_lmdb_store *store, skad_store_section section,
                              const skad_store_record *record, uint64_t now_unix_s);
skad_status skad_lmdb_drop_now(skad_lmdb_store *store, skad_store_section section,
                               const skad_store_name *name);
size_t skad_lmdb_sweep_now(skad_lmdb_store *store, uint64_t now_unix_s, size_t limit);
/* Removes the records nearest to their expiry in one transaction. How many; 0: it failed. */
size_t skad_lmdb_remove_first(skad_lmdb_store *store, bool cached, uint64_t until_unix_s,
                              size_t limit);

/* ---- Leaving it to the thread ---- */

/* Whether writes are left to a thread; starts it. */
bool skad_lmdb_behind(skad_lmdb_store *store);
skad_status skad_lmdb_put_behind(skad_lmdb_store *store, skad_store_section section,
                                 const skad_store_record *record, uint64_t now_unix_s);
/* In a read transaction, which goes on. */
skad_status skad_lmdb_drop_behind(skad_lmdb_store *store, skad_store_section section,
                                  const skad_store_name *name);
size_t skad_lmdb_sweep_behind(skad_lmdb_store *store, uint64_t now_unix_s, size_t limit);
uint64_t skad_lmdb_ticket(void *self);
bool skad_lmdb_settled(void *self, skad_store_settled *out);

/* Ends the thread when it has made all changes. */
void skad_lmdb_stop_writer(skad_lmdb_store *store);

/* Lets go of the writes that the read transaction sees, or that failed. */
void skad_lmdb_let_go(skad_lmdb_store *store);

typedef struct skad_lmdb_limits {
    uint64_t records_max;
    uint64_t bytes_max;
} skad_lmdb_limits;

skad_lmdb_limits skad_lmdb_limits_of(const skad_lmdb_store *store, skad_store_section section);
/* Until which expiry cached copies give way to a record. */
uint64_t skad_lmdb_cached_until(const skad_store_record *record, uint64_t now_unix_s);

#endif
