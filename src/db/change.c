/* Records, order and counters in one transaction. The data may be damaged: a counter that is
 * smaller than what is taken from it goes to zero, and a place in the order without a record is
 * removed when it is met. */
#include "src/db/change.h"

#include <string.h>

#include "src/db/row.h"

/* ---- Counters ---- */

int skad_db_counter_find(const skad_db *db, MDB_txn *txn, const uint8_t *name,
                         skad_store_usage *out)
{
    MDB_val key = skad_db_value(name, SKAD_DB_COUNTER_KEY_BYTES);
    MDB_val value;
    *out = (skad_store_usage){0};
    int result = mdb_get(txn, db->tables[SKAD_DB_COUNTERS], &key, &value);
    if (result == 0) {
        *out = skad_db_counter_read(skad_db_span(&value));
    }
    return result == MDB_NOTFOUND ? 0 : result;
}

static int write_counter(skad_db_change *change,
                         const uint8_t name[static SKAD_DB_COUNTER_KEY_BYTES],
                         const skad_store_usage *usage)
{
    uint8_t bytes[SKAD_DB_COUNTER_BYTES];
    MDB_dbi table = change->db->tables[SKAD_DB_COUNTERS];
    MDB_val key = skad_db_value(name, SKAD_DB_COUNTER_KEY_BYTES);
    if (usage->records == 0) {
        int result = mdb_del(change->txn, table, &key, NULL);
        return result == MDB_NOTFOUND ? 0 : result;
    }
    skad_db_counter(usage, bytes);
    MDB_val value = skad_db_value(bytes, sizeof bytes);
    return mdb_put(change->txn, table, &key, &value, 0);
}

static void count(skad_store_usage *usage, bool added, size_t len)
{
    if (added) {
        usage->records++;
        usage->bytes += len;
    } else {
        usage->records -= usage->records > 0;
        usage->bytes -= usage->bytes < len ? usage->bytes : len;
    }
}

int skad_db_change_account(skad_db_change *change, skad_store_section section,
                           const skad_store_record *record, bool added)
{
    uint8_t owners[SKAD_STORE_OWNERS_MAX][SKAD_DB_COUNTER_KEY_BYTES];
    count(&change->totals.of[section], added, record->len);
    if (section == SKAD_STORE_PUBLICATIONS) {
        return 0;
    }
    if (record->cached) {
        count(&change->totals.of[SKAD_DB_CACHED], added, record->len);
    }
    size_t owners_count = skad_db_owners(record, owners);
    for (size_t i = 0; i < owners_count; i++) {
        skad_store_usage usage;
        int result = skad_db_counter_find(change->db, change->txn, owners[i], &usage);
        if (result == 0) {
            count(&usage, added, record->len);
            result = write_counter(change, owners[i], &usage);
        }
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

_Static_assert(SKAD_DB_COUNTER_PUBLISHED == SKAD_DB_COUNTER_HELD + SKAD_STORE_PUBLICATIONS &&
                   SKAD_DB_COUNTER_CACHED == SKAD_DB_COUNTER_HELD + SKAD_DB_CACHED,
               "totals are counted in the order of their indexes");

static void total_key(size_t i, uint8_t out[static SKAD_DB_COUNTER_KEY_BYTES])
{
    static const uint8_t no_owner[32] = {0};
    skad_db_counter_key(SKAD_DB_COUNTER_HELD + (unsigned)i, no_owner, out);
}

int skad_db_totals_read(const skad_db *db, MDB_txn *txn, skad_db_totals *out)
{
    uint8_t key[SKAD_DB_COUNTER_KEY_BYTES];
    int result = 0;
    for (size_t i = 0; i < 3 && result == 0; i++) {
        total_key(i, key);
        result = skad_db_counter_find(db, txn, key, &out->of[i]);
    }
    return result;
}

/* ---- The transaction ---- */

int skad_db_change_begin(const skad_db *db, const skad_db_totals *totals, skad_db_change *out)
{
    *out = (skad_db_change){.db = db, .totals = *totals};
    return mdb_txn_begin(db->env, NULL, 0, &out->txn);
}

int skad_db_change_commit(skad_db_change *change, skad_db_totals *totals)
{
    uint8_t key[SKAD_DB_COUNTER_KEY_BYTES];
    for (size_t i = 0; i < 3; i++) {
        const skad_store_usage *now = &change->totals.of[i];
        if (memcmp(now, &totals->of[i], sizeof *now) == 0) {
            continue;
        }
        total_key(i, key);
        int result = write_counter(change, key, now);
        if (result != 0) {
            skad_db_change_abort(change);
            return result;
        }
    }
    int result = mdb_txn_commit(change->txn);
    if (result == 0) {
        *totals = change->totals;
    }
    return result;
}

void skad_db_change_abort(skad_db_change *change)
{
    mdb_txn_abort(change->txn);
}

/* ---- Records ---- */

int skad_db_change_add(skad_db_change *change, skad_store_section section,
                       const skad_store_record *record, skad_span row)
{
    uint8_t name[SKAD_DB_ROW_KEY_BYTES];
    uint8_t expiry[SKAD_DB_EXPIRY_KEY_BYTES];
    skad_db_row_key(section, &record->name, name);
    MDB_val key = skad_db_value(name, sizeof name);
    MDB_val value = skad_db_value(row.data, row.len);
    change->wrote = true;
    int result = mdb_put(change->txn, change->db->tables[SKAD_DB_RECORDS], &key, &value, 0);
    if (result == 0 && section == SKAD_STORE_REPLICAS) {
        skad_db_expiry_key(record, expiry);
        key = skad_db_value(expiry, sizeof expiry);
        value = skad_db_value("", 0);
        result = mdb_put(change->txn, change->db->tables[SKAD_DB_EXPIRY], &key, &value, 0);
    }
    return result != 0 ? result : skad_db_change_account(change, section, record, true);
}

static int remove_expiry(skad_db_change *change, const skad_store_record *record)
{
    uint8_t expiry[SKAD_DB_EXPIRY_KEY_BYTES];
    skad_db_expiry_key(record, expiry);
    MDB_val key = skad_db_value(expiry, sizeof expiry);
    change->wrote = true;
    int result = mdb_del(change->txn, change->db->tables[SKAD_DB_EXPIRY], &key, NULL);
    return result == MDB_NOTFOUND ? 0 : result;
}

int skad_db_change_remove(skad_db_change *change, skad_store_section section,
                          const skad_store_name *name)
{
    uint8_t bytes[SKAD_DB_ROW_KEY_BYTES];
    MDB_dbi table = change->db->tables[SKAD_DB_RECORDS];
    skad_db_row_key(section, name, bytes);
    MDB_val key = skad_db_value(bytes, sizeof bytes);
    MDB_val row;
    int result = mdb_get(change->txn, table, &key, &row);
    if (result != 0) {
        return result;
    }
    skad_store_record gone = {.name = *name};
    (void)skad_db_row_read(skad_db_span(&key), skad_db_span(&row), &gone);
    if (section == SKAD_STORE_REPLICAS) {
        result = remove_expiry(change, &gone);
    }
    if (result == 0) {
        change->wrote = true;
        result = mdb_del(change->txn, table, &key, NULL);
    }
    return result != 0 ? result : skad_db_change_account(change, section, &gone, false);
}

/* Removes the record of a place in the order, which may not exist, or not exist any more. */
static int remove_ordered(skad_db_change *change, const skad_store_record *place)
{
    uint8_t bytes[SKAD_DB_ROW_KEY_BYTES];
    skad_store_record record;
    skad_db_row_key(SKAD_STORE_REPLICAS, &place->name, bytes);
    MDB_val key = skad_db_value(bytes, sizeof bytes);
    MDB_val row;
    int result = mdb_get(change->txn, change->db->tables[SKAD_DB_RECORDS], &key, &row);
    if (result == 0) {
        bool agree = skad_db_row_read(skad_db_span(&key), skad_db_span(&row), &record) &&
                     record.cached == place->cached &&
                     record.expires_unix_s == place->expires_unix_s;
        result =
            agree ? skad_db_change_remove(change, SKAD_STORE_REPLICAS, &place->name) : MDB_NOTFOUND;
    }
    if (result == MDB_NOTFOUND) {
        int removed = remove_expiry(change, place);
        return removed != 0 ? removed : MDB_NOTFOUND;
    }
    return result;
}

int skad_db_change_remove_first(skad_db_change *change, bool cached, uint64_t until_unix_s)
{
    uint8_t least[SKAD_DB_EXPIRY_KEY_BYTES];
    const skad_store_record beginning = {.cached = cached};
    MDB_cursor *cursor = NULL;
    int result = mdb_cursor_open(change->txn, change->db->tables[SKAD_DB_EXPIRY], &cursor);
    if (result != 0) {
        return result;
    }
    skad_db_expiry_key(&beginning, least);
    for (;;) { /* ends: each turn removes a place */
        skad_store_record place;
        MDB_val key = skad_db_value(least, sizeof least);
        MDB_val value;
        result = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
        if (result != 0) {
            break;
        }
        if (!skad_db_expiry_key_read(skad_db_span(&key), &place)) {
            result = MDB_CORRUPTED;
            break;
        }
        if (place.cached != cached || place.expires_unix_s > until_unix_s) {
            result = MDB_NOTFOUND;
            break;
        }
        result = remove_ordered(change, &place);
        if (result != MDB_NOTFOUND) {
            break;
        }
    }
    mdb_cursor_close(cursor);
    return result;
}
