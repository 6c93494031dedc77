/* The thread that writes: it takes changes in their order, as many as wait, and commits them
 * together. So a slow disk delays answers to puts, and nothing else.
 *
 * Where a group cannot be committed, each of its changes is tried by itself, so that one that
 * cannot be made fails alone. The last change that was committed is told by the database itself, in
 * the row "ticket" of the table "meta": a read transaction thus sees records and ticket of one
 * moment. What a change is made of (src/db/pending.h) is not touched any more once it is committed.
 */
#ifndef SKAD_DB_WRITER_H
#define SKAD_DB_WRITER_H

#include "src/db/change.h"
#include "src/db/pending.h"
#include "src/db/recount.h"

#define SKAD_DB_GROUP_MAX 256 /* writes that are committed together, with the rest of a change */

typedef struct skad_db_failure {
    uint64_t ticket;
    int error; /* errno */
    bool damage;
} skad_db_failure;

typedef struct skad_db_writer skad_db_writer;

typedef struct skad_db_writer_config {
    const skad_db *db;
    skad_db_totals totals;    /* of the database */
    skad_db_overdue overdue;  /* a recount, which the thread makes up for */
    void (*wake)(void *user); /* changes were decided; called in the thread, must return at once */
    void *user;
} skad_db_writer_config;

/* Starts the thread. From then on no other one may write. Error: SKAD_ERR_MEMORY. */
SKAD_MUST_CHECK skad_status skad_db_writer_start(const skad_db_writer_config *config,
                                                 skad_db_writer **out);
/* Makes all changes that were handed over, then ends. */
void skad_db_writer_stop(skad_db_writer *self);
void skad_db_writer_free(skad_db_writer *self);

/* Hands over the writes from `first` to the end of their queue: whole changes. */
void skad_db_writer_hand(skad_db_writer *self, const skad_db_write *first);

/* Asks for an overdue recount at this time. */
void skad_db_writer_recount(skad_db_writer *self, uint64_t now_unix_s);
bool skad_db_writer_overdue(skad_db_writer *self);

/* Takes the next failure, in the order of tickets; false: there is none. */
bool skad_db_writer_failed(skad_db_writer *self, skad_db_failure *out);

/* Whether something was committed since the last call. */
bool skad_db_writer_wrote(skad_db_writer *self);

/* The ticket of the last change that a transaction sees; 0: none. */
int skad_db_ticket(const skad_db *db, MDB_txn *txn, uint64_t *out);

#endif
