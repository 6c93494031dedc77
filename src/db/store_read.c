/* Reading. Data are borrowed from the database's mapping, or from a pending write, until the next
 * call. */
#include <string.h>

#include "src/db/row.h"
#include "src/db/store_parts.h"
#include "src/db/view.h"

/* Reads a row that was found. A damaged one is treated as absent, and is dropped. */
static bool read_row(skad_lmdb_store *store, const MDB_val *key, const MDB_val *row,
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
        skad_status status = store->behind ? skad_lmdb_drop_behind(store, section, &name)
                                           : skad_lmdb_drop_now(store, section, &name);
        store->damaged += status == SKAD_OK;
    }
    return false;
}

/* Finds what the database has; a pending write of the name comes before. */
static bool find_row(skad_lmdb_store *store, const uint8_t name[static SKAD_DB_ROW_KEY_BYTES],
                     skad_store_record *out)
{
    const skad_db_overlaid *pending = skad_db_pending_find(&store->pending, name);
    MDB_val key = skad_db_value(name, SKAD_DB_ROW_KEY_BYTES);
    MDB_val row;
    if (pending != NULL) {
        *out = pending->latest->record;
        return pending->latest->put;
    }
    int result = mdb_get(store->read, store->opened.db.tables[SKAD_DB_RECORDS], &key, &row);
    skad_lmdb_note_damage(store, result);
    return result == 0 && read_row(store, &key, &row, out);
}

bool skad_lmdb_find(void *self, skad_store_section section, const skad_store_name *name,
                    uint64_t now_unix_s, skad_store_record *out)
{
    skad_lmdb_store *store = self;
    uint8_t key[SKAD_DB_ROW_KEY_BYTES];
    skad_db_row_key(section, name, key);
    bool found = skad_lmdb_begin_read(store) && find_row(store, key, out) &&
                 out->expires_unix_s > now_unix_s;
    if (!found) {
        skad_lmdb_end_read(store);
    }
    return found;
}

/* Reads the record that a view is at. */
static bool read_here(skad_lmdb_store *store, const skad_db_view *view, skad_store_record *out)
{
    if (view->written != NULL) {
        *out = view->written->record;
        return true;
    }
    /* Dropping a damaged row may end what LMDB shows of it. */
    const MDB_val key = view->base.key;
    const MDB_val row = view->base.row;
    return read_row(store, &key, &row, out);
}

/* How many records of a key and type live. Nothing is read but their keys and headers: checksums of
 * all records would make a request for a popular key many times as dear as others. */
static size_t count_living(skad_lmdb_store *store, const skad_store_name *least,
                           uint64_t now_unix_s)
{
    skad_db_view view;
    skad_store_record record;
    size_t living = 0;
    for (skad_db_view_to(store->cursor, &store->pending, SKAD_STORE_REPLICAS, least, &view);
         skad_db_view_stands(&view, SKAD_DB_PLACES_PREFIX_BYTES); skad_db_view_on(&view)) {
        living += skad_db_view_glance(&view, &record) && record.expires_unix_s > now_unix_s;
    }
    return living;
}

/* Reads living records number begin..end-1 of a key and type, up to `max`; returns how many are
 * intact. */
static size_t read_living(skad_lmdb_store *store, const skad_store_name *least, uint64_t now_unix_s,
                          size_t begin, size_t end, skad_store_record *out, size_t max)
{
    skad_db_view view;
    size_t met = 0;
    size_t count = 0;
    for (skad_db_view_to(store->cursor, &store->pending, SKAD_STORE_REPLICAS, least, &view);
         met < end && count < max && skad_db_view_stands(&view, SKAD_DB_PLACES_PREFIX_BYTES);
         skad_db_view_on(&view)) {
        bool lives =
            skad_db_view_glance(&view, &out[count]) && out[count].expires_unix_s > now_unix_s;
        if (lives && met++ >= begin) {
            count += read_here(store, &view, &out[count]);
        }
    }
    return count;
}

size_t skad_lmdb_list(void *self, const skad_id *key, uint8_t type, uint64_t draw,
                      uint64_t now_unix_s, skad_store_record *out, size_t max)
{
    skad_lmdb_store *store = self;
    const skad_store_name least = {.key = *key, .type = type};
    size_t living = skad_lmdb_begin_read(store) ? count_living(store, &least, now_unix_s) : 0;
    if (living == 0) {
        skad_lmdb_end_read(store);
        return 0;
    }
    size_t first = (size_t)(draw % living);
    size_t listed = read_living(store, &least, now_unix_s, first, living, out, max);
    return listed + read_living(store, &least, now_unix_s, 0, first, out + listed, max - listed);
}

size_t skad_lmdb_survey(void *self, const skad_id *key, uint8_t type, skad_store_place *out,
                        size_t max)
{
    skad_lmdb_store *store = self;
    const skad_store_name least = {.key = *key, .type = type};
    skad_db_view view = {.base = {.result = MDB_NOTFOUND}};
    skad_store_record record;
    size_t count = 0;
    if (skad_lmdb_begin_read(store)) {
        skad_db_view_to(store->cursor, &store->pending, SKAD_STORE_REPLICAS, &least, &view);
    }
    for (; count < max && skad_db_view_stands(&view, SKAD_DB_PLACES_PREFIX_BYTES);
         skad_db_view_on(&view)) {
        if (skad_db_view_glance(&view, &record)) {
            memcpy(out[count].publisher, record.name.publisher, sizeof out->publisher);
            out[count].group = record.group;
            out[count++].expires_unix_s = record.expires_unix_s;
        }
    }
    skad_lmdb_end_read(store);
    return count;
}

/* Moves a name on by one, as a number. */
static void move_behind(skad_store_name *name)
{
    uint8_t *bytes = (uint8_t *)name;
    for (size_t i = sizeof *name; i > 0 && ++bytes[i - 1] == 0; i--) {
    }
}

bool skad_lmdb_next(void *self, skad_store_section section, skad_store_name *from,
                    skad_store_record *out)
{
    skad_lmdb_store *store = self;
    skad_db_view view;
    if (skad_lmdb_begin_read(store)) {
        skad_db_view_to(store->cursor, &store->pending, section, from, &view);
        for (; skad_db_view_stands(&view, 1); skad_db_view_on(&view)) {
            if (read_here(store, &view, out)) {
                *from = out->name;
                move_behind(from);
                return true;
            }
        }
    }
    skad_lmdb_end_read(store);
    return false;
}

void skad_lmdb_usage(void *self, skad_store_owner kind, const uint8_t owner[static 32],
                     skad_store_usage *out)
{
    skad_lmdb_store *store = self;
    uint8_t name[SKAD_DB_COUNTER_KEY_BYTES];
    skad_db_counter_key(kind, owner, name);
    *out = (skad_store_usage){0};
    if (skad_lmdb_begin_read(store)) {
        (void)skad_db_counter_find(&store->opened.db, store->read, name, out);
        skad_db_pending_usage(&store->pending, name, out);
    }
    skad_lmdb_end_read(store);
}
