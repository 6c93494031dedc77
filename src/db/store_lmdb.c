/* The store on LMDB: its read transaction, and its life. One read transaction keeps borrowed data
 * mapped and ends with the next call: an old one would keep LMDB from using pages again. */
#include "src/db/store_lmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/assert.h"
#include "src/db/proof.h"
#include "src/db/row.h"
#include "src/db/store_parts.h"

/* ---- Transactions ---- */

void skad_lmdb_end_read(skad_lmdb_store *store)
{
    if (store->reading) {
        mdb_txn_reset(store->read);
        store->reading = false;
    }
}

/* Where a thread writes, the totals are those that the transaction sees. */
static bool read_totals(skad_lmdb_store *store)
{
    const size_t txn = mdb_txn_id(store->read);
    if (store->writer == NULL || txn == store->seen_txn) {
        return true;
    }
    int result = skad_db_totals_read(&store->opened.db, store->read, &store->totals);
    skad_lmdb_note_damage(store, result);
    store->seen_txn = result == 0 ? txn : 0;
    return result == 0;
}

bool skad_lmdb_begin_read(skad_lmdb_store *store)
{
    skad_lmdb_end_read(store);
    store->reading = mdb_txn_renew(store->read) == 0;
    if (!store->reading || mdb_cursor_renew(store->read, store->cursor) != 0 ||
        mdb_cursor_renew(store->read, store->expiry) != 0 || !read_totals(store)) {
        return false;
    }
    skad_lmdb_let_go(store);
    return true;
}

void skad_lmdb_note_damage(skad_lmdb_store *store, int result)
{
    store->opened.suspect = store->opened.suspect || skad_db_tells_damage(result);
}

void skad_lmdb_note_failure(skad_lmdb_store *store, int error)
{
    store->failures++;
    store->error = error;
    errno = error;
}

/* ---- Totals ---- */

skad_store_usage skad_lmdb_total(const skad_lmdb_store *store, size_t which)
{
    skad_store_usage sums[3];
    memcpy(sums, store->totals.of, sizeof sums);
    skad_db_pending_totals(&store->pending, sums);
    return sums[which];
}

static void lmdb_totals(void *self, skad_store_totals *out)
{
    skad_lmdb_store *store = self;
    (void)skad_lmdb_begin_read(store);
    skad_lmdb_end_read(store);
    const skad_store_usage held = skad_lmdb_total(store, SKAD_STORE_REPLICAS);
    const skad_store_usage published = skad_lmdb_total(store, SKAD_STORE_PUBLICATIONS);
    const skad_store_usage cached = skad_lmdb_total(store, SKAD_DB_CACHED);
    const bool overdue =
        store->writer != NULL ? skad_db_writer_overdue(store->writer) : store->opened.overdue.is;
    *out = (skad_store_totals){
        .records = held.records,
        .records_max = store->caps.records_max,
        .bytes = held.bytes,
        .bytes_max = store->caps.bytes_max,
        .cached = cached.records,
        .cached_bytes = cached.bytes,
        .published = published.records,
        .published_max = store->caps.published_max,
        .published_bytes = published.bytes,
        .published_bytes_max = store->caps.published_bytes_max,
        .waiting = store->pending.writes,
        .failures = store->failures,
        .error = overdue ? ENOSPC : store->error,
    };
}

/* ---- Life cycle ---- */

static void lmdb_free(void *self)
{
    skad_lmdb_store *store = self;
    if (store == NULL) {
        return;
    }
    skad_lmdb_stop_writer(store);
    skad_db_pending_free(&store->pending);
    if (store->read != NULL) {
        mdb_cursor_close(store->cursor);
        mdb_cursor_close(store->expiry);
        mdb_txn_abort(store->read);
    }
    skad_db_close_cleanly(&store->opened);
    free(store);
}

static skad_status lmdb_put(void *self, skad_store_section section, const skad_store_record *record,
                            uint64_t now_unix_s)
{
    skad_lmdb_store *store = self;
    return skad_lmdb_behind(store) ? skad_lmdb_put_behind(store, section, record, now_unix_s)
                                   : skad_lmdb_put_now(store, section, record, now_unix_s);
}

static skad_status lmdb_drop(void *self, skad_store_section section, const skad_store_name *name)
{
    skad_lmdb_store *store = self;
    if (!skad_lmdb_behind(store)) {
        skad_lmdb_end_read(store);
        return skad_lmdb_drop_now(store, section, name);
    }
    skad_status status =
        skad_lmdb_begin_read(store) ? skad_lmdb_drop_behind(store, section, name) : SKAD_ERR_IO;
    skad_lmdb_end_read(store);
    return status;
}

static size_t lmdb_sweep(void *self, uint64_t now_unix_s, size_t limit)
{
    skad_lmdb_store *store = self;
    return skad_lmdb_behind(store) ? skad_lmdb_sweep_behind(store, now_unix_s, limit)
                                   : skad_lmdb_sweep_now(store, now_unix_s, limit);
}

static const skad_store_ops lmdb_ops = {
    .put = lmdb_put,
    .find = skad_lmdb_find,
    .list = skad_lmdb_list,
    .survey = skad_lmdb_survey,
    .next = skad_lmdb_next,
    .drop = lmdb_drop,
    .usage = skad_lmdb_usage,
    .sweep = lmdb_sweep,
    .totals = lmdb_totals,
    .ticket = skad_lmdb_ticket,
    .settled = skad_lmdb_settled,
    .free = lmdb_free,
};

/* The read transaction and its cursor are made once and renewed for each call. */
static int prepare(skad_lmdb_store *store)
{
    const skad_db *db = &store->opened.db;
    int result = mdb_txn_begin(db->env, NULL, MDB_RDONLY, &store->read);
    if (result == 0) {
        store->reading = true;
        result = skad_db_totals_read(db, store->read, &store->totals);
    }
    if (result == 0) {
        result = mdb_cursor_open(store->read, db->tables[SKAD_DB_RECORDS], &store->cursor);
    }
    if (result == 0) {
        result = mdb_cursor_open(store->read, db->tables[SKAD_DB_EXPIRY], &store->expiry);
    }
    if (result == 0) {
        result = skad_db_ticket(db, store->read, &store->ticket);
        store->decided = store->ticket;
        store->told = store->ticket;
    }
    skad_lmdb_end_read(store);
    return result;
}

/* Caps may be lower than they were: cached copies give way now, so that later no put has to remove
 * many at once. */
static void shrink(skad_lmdb_store *store)
{
    const skad_store_usage *held = &store->totals.of[SKAD_STORE_REPLICAS];
    while ((held->records > store->caps.records_max || held->bytes > store->caps.bytes_max) &&
           skad_lmdb_remove_first(store, true, UINT64_MAX, 1) > 0) {
    }
}

skad_status skad_store_lmdb_open(const skad_store_lmdb_config *config, skad_store *out,
                                 skad_store_lmdb_report *report)
{
    const skad_store_caps *caps = &config->caps;
    *report = (skad_store_lmdb_report){.checked = false};
    if (caps->records_max == 0 || caps->bytes_max == 0 || caps->published_max == 0 ||
        caps->published_bytes_max == 0) {
        return skad_db_report(report, SKAD_ERR_INPUT, "a store needs room for a record");
    }
    skad_lmdb_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return skad_db_report(report, SKAD_ERR_MEMORY, "out of memory");
    }
    store->caps = *caps;
    skad_status status = skad_db_open_or_make(config, &store->opened, report);
    if (status != SKAD_OK) {
        free(store);
        return status;
    }
    int result = prepare(store);
    if (result != 0) {
        store->opened.suspect = true; /* no proof of a clean end: the next start checks all */
        lmdb_free(store);
        errno = skad_db_errno(result);
        return skad_db_report(report, SKAD_ERR_IO, "cannot read %s: %s", config->path,
                              mdb_strerror(result));
    }
    shrink(store);
    *out = (skad_store){.ops = &lmdb_ops, .self = store};
    if (store->opened.damaged[0] != '\0') {
        skad_db_salvage_damaged(&store->opened, config, out, report);
    }
    return SKAD_OK;
}

bool skad_store_lmdb_was_closed(const char *path)
{
    return skad_db_proof_is_there(path);
}

/* ---- Syncing ---- */

bool skad_store_lmdb_resize(skad_store *store, const skad_store_caps *caps)
{
    skad_lmdb_store *self = store->self;
    if (skad_db_map_bytes_for(caps) > self->opened.map_bytes) {
        return false;
    }
    self->caps = *caps;
    return true;
}

bool skad_store_lmdb_unsynced(skad_store *store, int *fd)
{
    skad_lmdb_store *self = store->self;
    int dead;
    SKAD_ASSERT(store->ops == &lmdb_ops);
    (void)mdb_reader_check(self->opened.db.env, &dead); /* a killed backup holds no pages */
    if (self->writer != NULL && skad_db_writer_wrote(self->writer)) {
        self->unsynced = true;
    }
    *fd = self->unsynced ? fcntl(self->opened.fd, F_DUPFD_CLOEXEC, 0) : -1;
    self->unsynced = self->unsynced && *fd < 0;
    return *fd >= 0;
}

uint64_t skad_store_lmdb_damaged(const skad_store *store)
{
    const skad_lmdb_store *self = store->self;
    SKAD_ASSERT(store->ops == &lmdb_ops);
    return self->damaged;
}

void skad_store_lmdb_behind(skad_store *store, void (*wake)(void *user), void *user)
{
    skad_lmdb_store *self = store->self;
    SKAD_ASSERT(store->ops == &lmdb_ops && self->writer == NULL);
    self->behind = true;
    self->wake = wake;
    self->user = user;
}
