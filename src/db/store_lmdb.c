/* The operations of the store on LMDB. Each put, drop or sweep is one write transaction
 * (src/db/change.h). One read transaction keeps borrowed data mapped and ends with the next call:
 * an old one would keep LMDB from using pages again. */
#include "src/db/store_lmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/assert.h"
#include "src/db/change.h"
#include "src/db/open.h"
#include "src/db/row.h"
#include "src/db/walk.h"

/* Making room for a record takes no more: one for its place, one for each of its bytes. */
#define VICTIMS_MAX ((size_t)SKAD_STORED_BYTES_MAX + 1)

typedef struct lmdb_store {
    skad_db_opened opened;
    skad_store_caps caps;
    skad_db_totals totals;
    MDB_txn *read; /* reset between calls */
    MDB_cursor *cursor;
    bool reading;
    bool unsynced;
    uint64_t failures;
    int error;
    uint64_t damaged;
} lmdb_store;

/* ---- Transactions ---- */

static void end_read(lmdb_store *store)
{
    if (store->reading) {
        mdb_txn_reset(store->read);
        store->reading = false;
    }
}

static bool begin_read(lmdb_store *store)
{
    end_read(store);
    store->reading = mdb_txn_renew(store->read) == 0;
    return store->reading && mdb_cursor_renew(store->read, store->cursor) == 0;
}

static void note_damage(lmdb_store *store, int result)
{
    store->opened.suspect = store->opened.suspect || skad_db_tells_damage(result);
}

/* Ends a change that came to `result` with a commit or an abort. */
static skad_status end_change(lmdb_store *store, skad_db_change *change, int result)
{
    if (result == 0) {
        result = skad_db_change_commit(change, &store->totals);
    } else {
        skad_db_change_abort(change);
    }
    if (result == 0) {
        store->unsynced = store->unsynced || change->wrote;
        store->error = change->wrote ? 0 : store->error;
        return SKAD_OK;
    }
    if (result == MDB_NOTFOUND) {
        return SKAD_ERR_MISSING;
    }
    note_damage(store, result);
    store->failures++;
    store->error = skad_db_write_errno(&store->opened.db, result);
    errno = store->error;
    return SKAD_ERR_IO;
}

/* Drops a record; also a damaged one that was met in a read transaction, which goes on. */
static skad_status drop_row(lmdb_store *store, skad_store_section section,
                            const skad_store_name *name)
{
    skad_db_change change;
    int result = skad_db_change_begin(&store->opened.db, &store->totals, &change);
    if (result == 0) {
        result = skad_db_change_remove(&change, section, name);
    }
    return end_change(store, &change, result);
}

/* ---- Changing ---- */

typedef struct limits {
    uint64_t records_max;
    uint64_t bytes_max;
} limits;

static limits limits_of(const lmdb_store *store, skad_store_section section)
{
    if (section == SKAD_STORE_REPLICAS) {
        return (limits){store->caps.records_max, store->caps.bytes_max};
    }
    return (limits){store->caps.published_max, store->caps.published_bytes_max};
}

/* Removes the first of the records that give way to another one: of those that have expired, then
 * of the cached copies. */
static int remove_one(skad_db_change *change, const skad_store_record *record, uint64_t now_unix_s)
{
    int result = skad_db_change_remove_first(change, false, now_unix_s);
    if (result != MDB_NOTFOUND) {
        return result;
    }
    uint64_t until_unix_s = UINT64_MAX;
    if (record->cached) {
        until_unix_s =
            record->expires_unix_s > now_unix_s ? record->expires_unix_s - 1 : now_unix_s;
    }
    return skad_db_change_remove_first(change, true, until_unix_s);
}

/* Removes records until one fits; MDB_NOTFOUND if it does not fit even then. */
static int make_room(skad_db_change *change, const limits *most, skad_store_section section,
                     const skad_store_record *record, uint64_t now_unix_s)
{
    const skad_store_usage *total = &change->totals.of[section];
    for (size_t victims = 0;
         total->records + 1 > most->records_max || total->bytes + record->len > most->bytes_max;
         victims++) {
        if (section == SKAD_STORE_PUBLICATIONS || victims == VICTIMS_MAX) {
            return MDB_NOTFOUND;
        }
        int result = remove_one(change, record, now_unix_s);
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

/* 0, or ENOSPC as long as no record may be added. */
static int recount_late(lmdb_store *store, uint64_t now_unix_s)
{
    skad_db_opened *opened = &store->opened;
    return skad_db_recount_late(&opened->db, &opened->overdue, now_unix_s, &store->totals);
}

static skad_status lmdb_put(void *self, skad_store_section section, const skad_store_record *record,
                            uint64_t now_unix_s)
{
    lmdb_store *store = self;
    uint8_t name[SKAD_DB_ROW_KEY_BYTES];
    uint8_t row[SKAD_DB_ROW_BYTES_MAX];
    skad_db_change change = {.wrote = false};
    const limits most = limits_of(store, section);
    skad_db_row_key(section, &record->name, name);
    /* Encode before the read transaction ends: the data may be borrowed from it. */
    size_t row_len = skad_db_row(name, record, row);
    end_read(store);
    int result = recount_late(store, now_unix_s);
    if (result == 0) {
        result = skad_db_change_begin(&store->opened.db, &store->totals, &change);
    }
    if (result == 0) {
        result = skad_db_change_remove(&change, section, &record->name);
        result = result == MDB_NOTFOUND ? 0 : result;
    }
    if (result == 0) {
        result = make_room(&change, &most, section, record, now_unix_s);
    }
    if (result == 0) {
        result = skad_db_change_add(&change, section, record, (skad_span){row, row_len});
    }
    skad_status status = end_change(store, &change, result);
    return status == SKAD_ERR_MISSING ? SKAD_ERR_FULL : status;
}

static skad_status lmdb_drop(void *self, skad_store_section section, const skad_store_name *name)
{
    lmdb_store *store = self;
    end_read(store);
    return drop_row(store, section, name);
}

/* Removes the records nearest to their expiry in one transaction. How many; 0: it failed. */
static size_t remove_first(lmdb_store *store, bool cached, uint64_t until_unix_s, size_t limit)
{
    skad_db_change change;
    size_t removed = 0;
    int result = skad_db_change_begin(&store->opened.db, &store->totals, &change);
    while (result == 0 && removed < limit) {
        result = skad_db_change_remove_first(&change, cached, until_unix_s);
        removed += result == 0;
    }
    result = result == MDB_NOTFOUND ? 0 : result;
    return end_change(store, &change, result) == SKAD_OK ? removed : 0;
}

static size_t lmdb_sweep(void *self, uint64_t now_unix_s, size_t limit)
{
    lmdb_store *store = self;
    end_read(store);
    size_t removed = remove_first(store, false, now_unix_s, limit);
    removed += remove_first(store, true, now_unix_s, limit - removed);
    (void)recount_late(store, now_unix_s);
    return removed;
}

/* ---- Reading ---- */

/* Reads a row that was found. A damaged one is treated as absent, and is dropped. */
static bool read_row(lmdb_store *store, const MDB_val *key, const MDB_val *row,
                     skad_store_record *out)
{
    skad_store_section section;
    skad_store_name name;
    skad_span key_bytes = skad_db_span(key);
    skad_span row_bytes = skad_db_span(row);
    if (skad_db_row_read(key_bytes, row_bytes, out) && skad_db_row_intact(key_bytes, row_bytes)) {
        return true;
    }
    store->opened.suspect = true;
    if (skad_db_row_key_read(key_bytes, &section, &name)) {
        store->damaged += drop_row(store, section, &name) == SKAD_OK;
    }
    return false;
}

static bool lmdb_find(void *self, skad_store_section section, const skad_store_name *name,
                      uint64_t now_unix_s, skad_store_record *out)
{
    lmdb_store *store = self;
    uint8_t bytes[SKAD_DB_ROW_KEY_BYTES];
    skad_db_row_key(section, name, bytes);
    MDB_val key = skad_db_value(bytes, sizeof bytes);
    MDB_val row;
    int result = MDB_NOTFOUND;
    if (begin_read(store)) {
        result = mdb_get(store->read, store->opened.db.tables[SKAD_DB_RECORDS], &key, &row);
        note_damage(store, result);
    }
    bool found =
        result == 0 && read_row(store, &key, &row, out) && out->expires_unix_s > now_unix_s;
    if (!found) {
        end_read(store);
    }
    return found;
}

/* How many records of a key and type live. Nothing is read but their keys and headers: checksums of
 * all records would make a request for a popular key many times as dear as others. */
static size_t count_living(lmdb_store *store, const skad_store_name *least, uint64_t now_unix_s)
{
    skad_db_walk walk;
    skad_store_record record;
    size_t living = 0;
    for (skad_db_walk_to(store->cursor, SKAD_STORE_REPLICAS, least, &walk);
         skad_db_walk_stands(&walk, SKAD_DB_PLACES_PREFIX_BYTES); skad_db_walk_on(&walk)) {
        living += skad_db_walk_glance(&walk, &record) && record.expires_unix_s > now_unix_s;
    }
    return living;
}

/* Reads living records number begin..end-1 of a key and type, up to `max`; returns how many are
 * intact. */
static size_t read_living(lmdb_store *store, const skad_store_name *least, uint64_t now_unix_s,
                          size_t begin, size_t end, skad_store_record *out, size_t max)
{
    skad_db_walk walk;
    size_t met = 0;
    size_t count = 0;
    for (skad_db_walk_to(store->cursor, SKAD_STORE_REPLICAS, least, &walk);
         met < end && count < max && skad_db_walk_stands(&walk, SKAD_DB_PLACES_PREFIX_BYTES);
         skad_db_walk_on(&walk)) {
        bool lives =
            skad_db_walk_glance(&walk, &out[count]) && out[count].expires_unix_s > now_unix_s;
        if (lives && met++ >= begin) {
            count += read_row(store, &walk.key, &walk.row, &out[count]);
        }
    }
    return count;
}

static size_t lmdb_list(void *self, const skad_id *key, uint8_t type, uint64_t draw,
                        uint64_t now_unix_s, skad_store_record *out, size_t max)
{
    lmdb_store *store = self;
    const skad_store_name least = {.key = *key, .type = type};
    size_t living = begin_read(store) ? count_living(store, &least, now_unix_s) : 0;
    if (living == 0) {
        end_read(store);
        return 0;
    }
    size_t first = (size_t)(draw % living);
    size_t listed = read_living(store, &least, now_unix_s, first, living, out, max);
    return listed + read_living(store, &least, now_unix_s, 0, first, out + listed, max - listed);
}

static size_t lmdb_survey(void *self, const skad_id *key, uint8_t type, skad_store_place *out,
                          size_t max)
{
    lmdb_store *store = self;
    const skad_store_name least = {.key = *key, .type = type};
    skad_db_walk walk = {.result = MDB_NOTFOUND};
    skad_store_record record;
    size_t count = 0;
    if (begin_read(store)) {
        skad_db_walk_to(store->cursor, SKAD_STORE_REPLICAS, &least, &walk);
    }
    for (; count < max && skad_db_walk_stands(&walk, SKAD_DB_PLACES_PREFIX_BYTES);
         skad_db_walk_on(&walk)) {
        if (skad_db_walk_glance(&walk, &record)) {
            memcpy(out[count].publisher, record.name.publisher, sizeof out->publisher);
            out[count].group = record.group;
            out[count++].expires_unix_s = record.expires_unix_s;
        }
    }
    end_read(store);
    return count;
}

/* Moves a name on by one, as a number. */
static void move_behind(skad_store_name *name)
{
    uint8_t *bytes = (uint8_t *)name;
    for (size_t i = sizeof *name; i > 0 && ++bytes[i - 1] == 0; i--) {
    }
}

static bool lmdb_next(void *self, skad_store_section section, skad_store_name *from,
                      skad_store_record *out)
{
    lmdb_store *store = self;
    skad_db_walk walk;
    if (begin_read(store)) {
        skad_db_walk_to(store->cursor, section, from, &walk);
        for (; skad_db_walk_stands(&walk, 1); skad_db_walk_on(&walk)) {
            if (read_row(store, &walk.key, &walk.row, out)) {
                *from = out->name;
                move_behind(from);
                return true;
            }
        }
    }
    end_read(store);
    return false;
}

static void lmdb_usage(void *self, skad_store_owner kind, const uint8_t owner[static 32],
                       skad_store_usage *out)
{
    lmdb_store *store = self;
    uint8_t name[SKAD_DB_COUNTER_KEY_BYTES];
    skad_db_counter_key(kind, owner, name);
    *out = (skad_store_usage){0};
    if (begin_read(store)) {
        (void)skad_db_counter_find(&store->opened.db, store->read, name, out);
    }
    end_read(store);
}

static void lmdb_totals(void *self, skad_store_totals *out)
{
    lmdb_store *store = self;
    end_read(store);
    *out = (skad_store_totals){
        .records = store->totals.of[SKAD_STORE_REPLICAS].records,
        .records_max = store->caps.records_max,
        .bytes = store->totals.of[SKAD_STORE_REPLICAS].bytes,
        .bytes_max = store->caps.bytes_max,
        .cached = store->totals.of[SKAD_DB_CACHED].records,
        .cached_bytes = store->totals.of[SKAD_DB_CACHED].bytes,
        .published = store->totals.of[SKAD_STORE_PUBLICATIONS].records,
        .published_max = store->caps.published_max,
        .published_bytes = store->totals.of[SKAD_STORE_PUBLICATIONS].bytes,
        .published_bytes_max = store->caps.published_bytes_max,
        .failures = store->failures,
        .error = store->opened.overdue.is ? ENOSPC : store->error,
    };
}

/* ---- Life cycle ---- */

static void lmdb_free(void *self)
{
    lmdb_store *store = self;
    if (store == NULL) {
        return;
    }
    if (store->read != NULL) {
        mdb_cursor_close(store->cursor);
        mdb_txn_abort(store->read);
    }
    skad_db_close_cleanly(&store->opened);
    free(store);
}

static const skad_store_ops lmdb_ops = {
    .put = lmdb_put,
    .find = lmdb_find,
    .list = lmdb_list,
    .survey = lmdb_survey,
    .next = lmdb_next,
    .drop = lmdb_drop,
    .usage = lmdb_usage,
    .sweep = lmdb_sweep,
    .totals = lmdb_totals,
    .free = lmdb_free,
};

/* The read transaction and its cursor are made once and renewed for each call. */
static int prepare(lmdb_store *store)
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
    end_read(store);
    return result;
}

/* Caps may be lower than they were: cached copies give way now, so that later no put has to remove
 * many at once. */
static void shrink(lmdb_store *store)
{
    const skad_store_usage *held = &store->totals.of[SKAD_STORE_REPLICAS];
    while ((held->records > store->caps.records_max || held->bytes > store->caps.bytes_max) &&
           remove_first(store, true, UINT64_MAX, 1) > 0) {
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
    lmdb_store *store = calloc(1, sizeof *store);
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

/* ---- Syncing ---- */

bool skad_store_lmdb_unsynced(skad_store *store, int *fd)
{
    lmdb_store *self = store->self;
    SKAD_ASSERT(store->ops == &lmdb_ops);
    *fd = self->unsynced ? fcntl(self->opened.fd, F_DUPFD_CLOEXEC, 0) : -1;
    self->unsynced = self->unsynced && *fd < 0;
    return *fd >= 0;
}

uint64_t skad_store_lmdb_damaged(const skad_store *store)
{
    const lmdb_store *self = store->self;
    SKAD_ASSERT(store->ops == &lmdb_ops);
    return self->damaged;
}
