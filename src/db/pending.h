/* Writes that are not in the database yet: a queue in the order in which they were made, and an
 * index by name that says what holds now. The thread of the store (src/db/writer.h) puts them into
 * the database; until then reading looks here first.
 *
 *   add ----> in the queue, the latest of its name in the index ----> settle: in the database, or
 *    |                                                                  failed; it leaves both
 *    `-> undo: as if it had never been added
 *
 * Writes of one ticket are one change: all of them are made or none. The index also knows what the
 * database has of each name, because counters and totals there count that one. All functions are
 * for one thread; the other thread only reads the writes that it was handed. */
#ifndef SKAD_DB_PENDING_H
#define SKAD_DB_PENDING_H

#include "skad/store.h"
#include "src/db/row.h"

#define SKAD_DB_PENDING_MAX       4096       /* writes */
#define SKAD_DB_PENDING_BYTES_MAX (4U << 20) /* of rows */
/* Writes of one ticket, also beyond that: a put, the record that it replaces, and those that give
 * way to it. */
#define SKAD_DB_UNIT_MAX (SKAD_STORED_BYTES_MAX + 3)

typedef struct skad_db_write {
    uint64_t ticket;
    bool put; /* else the record is removed */
    skad_store_section section;
    skad_store_record record; /* its data lie in the row; of a removal only the name is meant */
    uint8_t key[SKAD_DB_ROW_KEY_BYTES];
    struct skad_db_write *next;   /* in the queue */
    struct skad_db_write *before; /* the latest of its name until it came; NULL: the database's */
    size_t row_len;
    uint8_t row[]; /* with checksum; of a removal empty */
} skad_db_write;

/* What holds for one name. */
typedef struct skad_db_overlaid {
    skad_db_write *latest;
    bool has_base;          /* the database has a record of this name, */
    skad_store_record base; /* this one; its data are not there any more */
} skad_db_overlaid;

typedef struct skad_db_pending {
    skad_db_overlaid *all; /* in the order of keys */
    size_t count;
    size_t cap;
    skad_db_write *first; /* the queue */
    skad_db_write *last;
    size_t writes;
    size_t bytes;
} skad_db_pending;

void skad_db_pending_free(skad_db_pending *self);

/* Whether there is room for so many writes more. */
bool skad_db_pending_has_room(const skad_db_pending *self, size_t writes);

/* The index of the first name that is not before a key; `count` if there is none. */
size_t skad_db_pending_at(const skad_db_pending *self, skad_span key);
/* NULL: nothing is pending for this name. */
const skad_db_overlaid *skad_db_pending_find(const skad_db_pending *self,
                                             const uint8_t key[static SKAD_DB_ROW_KEY_BYTES]);

/* Adds a write. record: what is put, with its row; NULL with an empty row: the removal of the key's
 * record. base: what the database has of the name, NULL: nothing; it counts for the first pending
 * write of a name only. Error: SKAD_ERR_MEMORY. */
SKAD_MUST_CHECK skad_status skad_db_pending_add(skad_db_pending *self, uint64_t ticket,
                                                const uint8_t key[static SKAD_DB_ROW_KEY_BYTES],
                                                const skad_store_record *record, skad_span row,
                                                const skad_store_record *base);

/* Takes back all writes of a ticket, which must be the last ones and not be handed out. */
void skad_db_pending_undo(skad_db_pending *self, uint64_t ticket);

/* The first write of the queue is over: it is in the database (done), or failed. Frees it. */
void skad_db_pending_settle(skad_db_pending *self, bool done);

/* What the pending writes add to a counter (src/db/row.h) of the database, to the totals of the
 * sections and to that of cached copies. They may be negative: numbers wrap around. */
void skad_db_pending_usage(const skad_db_pending *self,
                           const uint8_t counter[static SKAD_DB_COUNTER_KEY_BYTES],
                           skad_store_usage *sum);
void skad_db_pending_totals(const skad_db_pending *self, skad_store_usage sums[static 3]);

/* The pending record that gives way first: held, cached or not, and not expiring after `until`; the
 * one nearest to its expiry. NULL: none. */
const skad_db_write *skad_db_pending_first(const skad_db_pending *self, bool cached,
                                           uint64_t until_unix_s);

#endif
