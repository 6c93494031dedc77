/* Writing that is left to the thread: a put, a drop or a sweep changes what is pending, and is
 * decided by the same rules as those that write at once (store_write.c). */
#include <errno.h>
#include <string.h>

#include "crypto/assert.h"
#include "src/db/row.h"
#include "src/db/store_parts.h"

/* ---- The thread ---- */

bool skad_lmdb_behind(skad_lmdb_store *store)
{
    if (!store->behind || store->writer != NULL) {
        return store->behind;
    }
    skad_lmdb_end_read(store);
    const skad_db_writer_config config = {.db = &store->opened.db,
                                          .totals = store->totals,
                                          .overdue = store->opened.overdue,
                                          .wake = store->wake,
                                          .user = store->user};
    /* Without a thread writing makes the caller wait, as it always did. */
    store->behind = skad_db_writer_start(&config, &store->writer) == SKAD_OK;
    return store->behind;
}

/* Hands over what was added under the last ticket, if anything was. */
static void hand_over(skad_lmdb_store *store, skad_db_write *last_before)
{
    const skad_db_write *first = last_before == NULL ? store->pending.first : last_before->next;
    if (first != NULL) {
        skad_db_writer_hand(store->writer, first);
    }
}

/* Each write may fail and has to be told of then. */
static bool has_room(const skad_lmdb_store *store)
{
    return skad_db_pending_has_room(&store->pending, 1) &&
           store->settled_count < SKAD_DB_PENDING_MAX;
}

/* ---- Letting go ---- */

static void tell_failure(skad_lmdb_store *store, const skad_db_failure *failure)
{
    store->opened.suspect = store->opened.suspect || failure->damage;
    skad_lmdb_note_failure(store, failure->error);
    SKAD_ASSERT(store->settled_count < SKAD_LMDB_UNTOLD_MAX); /* has_room leaves places */
    store->settled[(store->settled_first + store->settled_count++) % SKAD_LMDB_UNTOLD_MAX] =
        (skad_store_settled){.ticket = failure->ticket, .status = SKAD_ERR_IO};
}

static bool next_failure(skad_lmdb_store *store)
{
    if (store->failed.ticket == 0 &&
        (store->writer == NULL || !skad_db_writer_failed(store->writer, &store->failed))) {
        store->failed = (skad_db_failure){.ticket = 0};
    }
    return store->failed.ticket != 0;
}

/* Settles all writes of the queue's first ticket. */
static void settle(skad_lmdb_store *store, bool done)
{
    const uint64_t ticket = store->pending.first->ticket;
    while (store->pending.first != NULL && store->pending.first->ticket == ticket) {
        skad_db_pending_settle(&store->pending, done);
    }
    store->decided = ticket;
}

void skad_lmdb_stop_writer(skad_lmdb_store *store)
{
    if (store->writer != NULL) {
        skad_db_writer_stop(store->writer);
        while (skad_db_writer_failed(store->writer, &store->failed)) {
            store->opened.suspect = store->opened.suspect || store->failed.damage;
        }
        skad_db_writer_free(store->writer);
        store->writer = NULL;
    }
}

void skad_lmdb_let_go(skad_lmdb_store *store)
{
    uint64_t seen = 0;
    if (store->pending.first == NULL || !store->reading ||
        skad_db_ticket(&store->opened.db, store->read, &seen) != 0) {
        return;
    }
    /* Failures are known before a later ticket is seen; see src/db/writer.c. */
    while (store->pending.first != NULL) {
        const uint64_t ticket = store->pending.first->ticket;
        if (next_failure(store) && store->failed.ticket == ticket) {
            tell_failure(store, &store->failed);
            store->failed.ticket = 0;
            settle(store, false);
        } else if (ticket <= seen) {
            store->error = 0;
            settle(store, true);
        } else {
            return;
        }
    }
}

uint64_t skad_lmdb_ticket(void *self)
{
    const skad_lmdb_store *store = self;
    return store->pending.first == NULL ? 0 : store->ticket;
}

bool skad_lmdb_settled(void *self, skad_store_settled *out)
{
    skad_lmdb_store *store = self;
    if (store->pending.first != NULL) {
        (void)skad_lmdb_begin_read(store);
        skad_lmdb_end_read(store);
    }
    if (store->settled_count > 0) {
        *out = store->settled[store->settled_first];
        store->settled_first = (store->settled_first + 1) % SKAD_LMDB_UNTOLD_MAX;
        store->settled_count--;
        store->told = out->ticket;
        return true;
    }
    bool any = store->told < store->decided;
    store->told = store->decided;
    *out = (skad_store_settled){.ticket = store->decided, .status = SKAD_OK};
    return any;
}

/* ---- Changing ---- */

/* What holds for a name, and what the database has of it: header only, damaged ones too. */
static bool look(skad_lmdb_store *store, const uint8_t key[static SKAD_DB_ROW_KEY_BYTES],
                 skad_store_record *holds, skad_store_record *base, bool *has_base)
{
    const skad_db_overlaid *pending = skad_db_pending_find(&store->pending, key);
    MDB_val name = skad_db_value(key, SKAD_DB_ROW_KEY_BYTES);
    MDB_val row;
    if (pending != NULL) {
        *has_base = pending->has_base; /* known already */
        *holds = pending->latest->record;
        return pending->latest->put;
    }
    int result = mdb_get(store->read, store->opened.db.tables[SKAD_DB_RECORDS], &name, &row);
    skad_lmdb_note_damage(store, result);
    *has_base = result == 0;
    if (*has_base && !skad_db_row_read(skad_db_span(&name), skad_db_span(&row), base)) {
        memcpy(&base->name, key + 1, sizeof base->name); /* as src/db/change.c counts it */
    }
    *holds = *base;
    return *has_base;
}

static skad_status add_removal(skad_lmdb_store *store, uint64_t ticket,
                               const uint8_t key[static SKAD_DB_ROW_KEY_BYTES])
{
    skad_store_record holds = {.len = 0};
    skad_store_record base = {.len = 0};
    bool has_base;
    if (!look(store, key, &holds, &base, &has_base)) {
        return SKAD_ERR_MISSING;
    }
    return skad_db_pending_add(&store->pending, ticket, key, NULL, (skad_span){0},
                               has_base ? &base : NULL);
}

/* The first record of the database that gives way and that nothing is pending for. */
static bool first_of_base(skad_lmdb_store *store, bool cached, uint64_t until_unix_s,
                          skad_store_record *out)
{
    uint8_t least[SKAD_DB_EXPIRY_KEY_BYTES];
    uint8_t row_key[SKAD_DB_ROW_KEY_BYTES];
    const skad_store_record beginning = {.cached = cached};
    skad_db_expiry_key(&beginning, least);
    MDB_val key = skad_db_value(least, sizeof least);
    MDB_val value;
    int result = mdb_cursor_get(store->expiry, &key, &value, MDB_SET_RANGE);
    for (; result == 0; result = mdb_cursor_get(store->expiry, &key, &value, MDB_NEXT)) {
        skad_store_record place;
        skad_store_record row;
        if (!skad_db_expiry_key_read(skad_db_span(&key), &place) || place.cached != cached ||
            place.expires_unix_s > until_unix_s) {
            return false;
        }
        skad_db_row_key(SKAD_STORE_REPLICAS, &place.name, row_key);
        MDB_val name = skad_db_value(row_key, sizeof row_key);
        MDB_val found;
        /* A place without its record is left to those that write at once. */
        if (skad_db_pending_find(&store->pending, row_key) == NULL &&
            mdb_get(store->read, store->opened.db.tables[SKAD_DB_RECORDS], &name, &found) == 0 &&
            skad_db_row_read(skad_db_span(&name), skad_db_span(&found), &row) &&
            row.cached == cached && row.expires_unix_s == place.expires_unix_s) {
            *out = place;
            return true;
        }
    }
    skad_lmdb_note_damage(store, result);
    return false;
}

/* In the order of the table "expiry". */
static bool comes_before(const skad_store_record *a, const skad_store_record *b)
{
    return a->expires_unix_s != b->expires_unix_s ? a->expires_unix_s < b->expires_unix_s
                                                  : memcmp(&a->name, &b->name, sizeof a->name) < 0;
}

/* Removes the record nearest to its expiry, if that is not after `until`; else MISSING. */
static skad_status remove_first(skad_lmdb_store *store, uint64_t ticket, bool cached,
                                uint64_t until_unix_s)
{
    uint8_t key[SKAD_DB_ROW_KEY_BYTES];
    skad_store_record base;
    const bool in_base = first_of_base(store, cached, until_unix_s, &base);
    const skad_db_write *write = skad_db_pending_first(&store->pending, cached, until_unix_s);
    if (!in_base && write == NULL) {
        return SKAD_ERR_MISSING;
    }
    bool from_base = in_base && (write == NULL || comes_before(&base, &write->record));
    skad_db_row_key(SKAD_STORE_REPLICAS, from_base ? &base.name : &write->record.name, key);
    return add_removal(store, ticket, key);
}

static skad_status remove_one(skad_lmdb_store *store, uint64_t ticket,
                              const skad_store_record *record, uint64_t now_unix_s)
{
    skad_status status = remove_first(store, ticket, false, now_unix_s);
    return status != SKAD_ERR_MISSING
               ? status
               : remove_first(store, ticket, true, skad_lmdb_cached_until(record, now_unix_s));
}

/* Removes records until one fits in the place of an old one of its name. */
static skad_status make_room(skad_lmdb_store *store, skad_store_section section, uint64_t ticket,
                             const skad_store_record *record, const skad_store_record *old,
                             uint64_t now_unix_s)
{
    const skad_lmdb_limits most = skad_lmdb_limits_of(store, section);
    for (size_t victims = 0;; victims++) {
        skad_store_usage total = skad_lmdb_total(store, section);
        total.records -= old != NULL;
        total.bytes -= old != NULL ? old->len : 0;
        if (total.records + 1 <= most.records_max && total.bytes + record->len <= most.bytes_max) {
            return SKAD_OK;
        }
        if (section == SKAD_STORE_PUBLICATIONS || victims == SKAD_DB_VICTIMS_MAX) {
            return SKAD_ERR_FULL;
        }
        skad_status status = remove_one(store, ticket, record, now_unix_s);
        if (status != SKAD_OK) {
            return status == SKAD_ERR_MISSING ? SKAD_ERR_FULL : status;
        }
    }
}

static bool may_add(skad_lmdb_store *store, uint64_t now_unix_s)
{
    if (!skad_db_writer_overdue(store->writer)) {
        return true;
    }
    skad_db_writer_recount(store->writer, now_unix_s);
    skad_lmdb_note_failure(store, ENOSPC);
    return false;
}

skad_status skad_lmdb_put_behind(skad_lmdb_store *store, skad_store_section section,
                                 const skad_store_record *record, uint64_t now_unix_s)
{
    uint8_t key[SKAD_DB_ROW_KEY_BYTES];
    uint8_t row[SKAD_DB_ROW_BYTES_MAX];
    skad_store_record old = {.len = 0};
    skad_store_record base = {.len = 0};
    bool has_base;
    skad_db_row_key(section, &record->name, key);
    /* Encode before anything is let go: the data may be borrowed. */
    const size_t row_len = skad_db_row(key, record, row);
    if (!skad_lmdb_begin_read(store)) {
        skad_lmdb_note_failure(store, EIO);
        return SKAD_ERR_IO;
    }
    if (!may_add(store, now_unix_s)) {
        return SKAD_ERR_IO;
    }
    if (!has_room(store)) {
        return SKAD_ERR_BUSY;
    }
    const uint64_t ticket = store->ticket + 1;
    skad_db_write *before = store->pending.last;
    const bool replaces = look(store, key, &old, &base, &has_base);
    skad_status status = SKAD_OK;
    if (replaces) { /* so that it does not give way, and counts no more */
        status = skad_db_pending_add(&store->pending, ticket, key, NULL, (skad_span){0},
                                     has_base ? &base : NULL);
    }
    if (status == SKAD_OK) {
        status = make_room(store, section, ticket, record, NULL, now_unix_s);
    }
    if (status == SKAD_OK) {
        status = skad_db_pending_add(&store->pending, ticket, key, record,
                                     (skad_span){row, row_len}, NULL);
    }
    if (status != SKAD_OK) {
        skad_db_pending_undo(&store->pending, ticket);
    } else {
        store->ticket = ticket;
        hand_over(store, before);
    }
    skad_lmdb_end_read(store);
    return status;
}

skad_status skad_lmdb_drop_behind(skad_lmdb_store *store, skad_store_section section,
                                  const skad_store_name *name)
{
    uint8_t key[SKAD_DB_ROW_KEY_BYTES];
    skad_db_write *before = store->pending.last;
    skad_db_row_key(section, name, key);
    if (!has_room(store)) {
        return SKAD_ERR_BUSY;
    }
    skad_status status = add_removal(store, store->ticket + 1, key);
    if (status == SKAD_OK) {
        store->ticket++;
        hand_over(store, before);
    }
    return status;
}

size_t skad_lmdb_sweep_behind(skad_lmdb_store *store, uint64_t now_unix_s, size_t limit)
{
    size_t removed = 0;
    skad_db_write *before = store->pending.last;
    if (skad_lmdb_begin_read(store)) {
        before = store->pending.last;
        for (int cached = 0; cached < 2; cached++) {
            while (removed < limit && has_room(store) &&
                   remove_first(store, store->ticket + 1, cached != 0, now_unix_s) == SKAD_OK) {
                removed++;
                store->ticket++;
            }
        }
        hand_over(store, before);
    }
    skad_lmdb_end_read(store);
    if (skad_db_writer_overdue(store->writer)) {
        skad_db_writer_recount(store->writer, now_unix_s);
    }
    return removed;
}
