/* Reading tables naively: each counter is counted anew, each place is searched for. */
#define _GNU_SOURCE /* mkdtemp */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/database.h"
#include "fuzz/fuzz.h"
#include "src/db/check.h"
#include "src/db/row.h"

const uint8_t fuzz_db_network[SKAD_DB_NETWORK_BYTES] = {1, 2, 3};

/* ---- The folder ---- */

static char folder[64];
static char path[96];

static void empty_folder(void)
{
    static const char *const suffixes[] = {"", "-lock", "-clean", ".aside-1000",
                                           ".aside-1000-lock"};
    char name[128];
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        (void)unlink(name);
    }
}

static void remove_folder(void)
{
    empty_folder();
    (void)rmdir(folder);
}

const char *fuzz_db_path(void)
{
    if (folder[0] == '\0') {
        const char *above = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        (void)snprintf(folder, sizeof folder, "%s/skad-fuzz-XXXXXX", above);
        FUZZ_REQUIRE(mkdtemp(folder) != NULL);
        (void)snprintf(path, sizeof path, "%s/records.db", folder);
        FUZZ_REQUIRE(atexit(remove_folder) == 0);
    }
    empty_folder();
    return path;
}

/* ---- Opening ---- */

bool fuzz_db_open_store(const char *boot, skad_store *out, skad_store_lmdb_report *report)
{
    const skad_store_lmdb_config config = {
        .path = path,
        .network = fuzz_db_network,
        .caps = {1U << 20, 1U << 30, 1U << 20, 1U << 30},
        .now_unix_s = FUZZ_DB_NOW_S,
        .map_bytes = FUZZ_DB_MAP_BYTES,
        .boot = boot,
    };
    const skad_status status = skad_store_lmdb_open(&config, out, report);
    FUZZ_REQUIRE(status == SKAD_OK || status == SKAD_ERR_VERSION);
    return status == SKAD_OK;
}

/* Removes the mark, because only a file that was not closed is checked as a whole. */
static void unmark(void)
{
    skad_db db;
    MDB_txn *txn;
    skad_db_origin origin;
    FUZZ_REQUIRE(skad_db_open(path, FUZZ_DB_MAP_BYTES, false, &db) == 0);
    FUZZ_REQUIRE(mdb_txn_begin(db.env, NULL, 0, &txn) == 0);
    FUZZ_REQUIRE(skad_db_open_tables(&db, txn, fuzz_db_network, &origin) == 0);
    FUZZ_REQUIRE(origin == SKAD_DB_OURS && skad_db_mark(&db, txn, FUZZ_DB_BOOT_BEFORE) == 0);
    FUZZ_REQUIRE(mdb_txn_commit(txn) == 0);
    skad_db_close(&db);
}

bool fuzz_db_is_sound(void)
{
    const skad_db_check_config config = {
        .path = path, .map_bytes = FUZZ_DB_MAP_BYTES, .network = fuzz_db_network};
    bool whole;
    unmark();
    return skad_db_check(&config, &whole) == SKAD_DB_GOOD && whole;
}

/* ---- The truth ---- */

static void read_row(skad_span key, skad_span value, fuzz_db_truth *out)
{
    skad_store_record record = {0};
    FUZZ_REQUIRE(out->count < FUZZ_DB_ROWS_MAX);
    fuzz_db_row *row = &out->rows[out->count++];
    FUZZ_REQUIRE(key.len <= sizeof row->key && value.len <= sizeof row->bytes);
    memcpy(row->key, key.data, key.len);
    row->key_len = key.len;
    memcpy(row->bytes, value.data, value.len);
    row->len = value.len;
    row->has_name = skad_db_row_key_read(key, &row->section, &record.name);
    row->is_sound = skad_db_row_read(key, value, &record) && skad_db_row_intact(key, value);
    row->expires_unix_s = record.expires_unix_s;
}

static size_t entries_of(MDB_txn *txn, MDB_dbi table)
{
    MDB_stat about;
    FUZZ_REQUIRE(mdb_stat(txn, table, &about) == 0);
    return about.ms_entries;
}

static void record_of(const fuzz_db_row *row, skad_store_record *out)
{
    FUZZ_REQUIRE(skad_db_row_read((skad_span){row->key, row->key_len},
                                  (skad_span){row->bytes, row->len}, out));
}

/* Each row that is held has its place, and there are no more places. */
static bool places_agree(const skad_db *db, MDB_txn *txn, const fuzz_db_truth *truth)
{
    size_t held = 0;
    for (size_t i = 0; i < truth->count; i++) {
        uint8_t place[SKAD_DB_EXPIRY_KEY_BYTES];
        skad_store_record record;
        if (truth->rows[i].section != SKAD_STORE_REPLICAS) {
            continue;
        }
        record_of(&truth->rows[i], &record);
        skad_db_expiry_key(&record, place);
        MDB_val key = skad_db_value(place, sizeof place);
        MDB_val value;
        if (mdb_get(txn, db->tables[SKAD_DB_EXPIRY], &key, &value) != 0 || value.mv_size != 0) {
            return false;
        }
        held++;
    }
    return entries_of(txn, db->tables[SKAD_DB_EXPIRY]) == held;
}

static bool is_owner(const skad_store_record *record, const uint8_t *counter)
{
    uint8_t owners[SKAD_STORE_OWNERS_MAX][SKAD_DB_COUNTER_KEY_BYTES];
    for (size_t i = skad_db_owners(record, owners); i > 0; i--) {
        if (memcmp(owners[i - 1], counter, SKAD_DB_COUNTER_KEY_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static bool counts(const fuzz_db_row *row, const skad_store_record *record, const uint8_t *counter)
{
    switch (counter[0]) {
    case SKAD_DB_COUNTER_HELD:
        return row->section == SKAD_STORE_REPLICAS;
    case SKAD_DB_COUNTER_PUBLISHED:
        return row->section == SKAD_STORE_PUBLICATIONS;
    case SKAD_DB_COUNTER_CACHED:
        return row->section == SKAD_STORE_REPLICAS && record->cached;
    default:
        return row->section == SKAD_STORE_REPLICAS && is_owner(record, counter);
    }
}

static skad_store_usage count(const fuzz_db_truth *truth, const uint8_t *counter)
{
    skad_store_usage usage = {0};
    for (size_t i = 0; i < truth->count; i++) {
        skad_store_record record;
        record_of(&truth->rows[i], &record);
        if (counts(&truth->rows[i], &record, counter)) {
            usage.records++;
            usage.bytes += record.len;
        }
    }
    return usage;
}

/* In how many counters of a kind the records are, taken together. */
static uint64_t count_kind(const fuzz_db_truth *truth, unsigned kind)
{
    uint64_t all = 0;
    for (size_t i = 0; i < truth->count; i++) {
        uint8_t owners[SKAD_STORE_OWNERS_MAX][SKAD_DB_COUNTER_KEY_BYTES];
        const uint8_t total[SKAD_DB_COUNTER_KEY_BYTES] = {(uint8_t)kind};
        skad_store_record record;
        record_of(&truth->rows[i], &record);
        if (kind >= SKAD_DB_COUNTER_HELD) {
            all += counts(&truth->rows[i], &record, total);
        } else if (truth->rows[i].section == SKAD_STORE_REPLICAS) {
            for (size_t j = skad_db_owners(&record, owners); j > 0; j--) {
                all += owners[j - 1][0] == kind;
            }
        }
    }
    return all;
}

/* Every existing counter is right, and each owner of a record has a counter. */
static bool counters_agree(const skad_db *db, MDB_txn *txn, const fuzz_db_truth *truth)
{
    static const uint8_t no_owner[SKAD_DB_COUNTER_KEY_BYTES - 1];
    MDB_cursor *cursor;
    MDB_val key;
    MDB_val value;
    uint64_t counted[SKAD_DB_COUNTER_CACHED + 1] = {0};
    bool right = true;
    FUZZ_REQUIRE(mdb_cursor_open(txn, db->tables[SKAD_DB_COUNTERS], &cursor) == 0);
    while (right && mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        const uint8_t *name = key.mv_data;
        right =
            key.mv_size == SKAD_DB_COUNTER_KEY_BYTES && value.mv_size == SKAD_DB_COUNTER_BYTES &&
            name[0] <= SKAD_DB_COUNTER_CACHED &&
            (name[0] < SKAD_DB_COUNTER_HELD || memcmp(name + 1, no_owner, sizeof no_owner) == 0);
        if (right) {
            const skad_store_usage stated = skad_db_counter_read(skad_db_span(&value));
            const skad_store_usage usage = count(truth, name);
            right = stated.records == usage.records && stated.bytes == usage.bytes;
            counted[name[0]] += usage.records;
        }
    }
    mdb_cursor_close(cursor);
    for (unsigned kind = 0; right && kind <= SKAD_DB_COUNTER_CACHED; kind++) {
        right = counted[kind] == count_kind(truth, kind);
    }
    return right;
}

void fuzz_db_read(const skad_db *db, MDB_txn *txn, fuzz_db_truth *out)
{
    MDB_cursor *cursor;
    MDB_val key;
    MDB_val value;
    out->count = 0;
    out->agrees = true;
    FUZZ_REQUIRE(mdb_cursor_open(txn, db->tables[SKAD_DB_RECORDS], &cursor) == 0);
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        read_row(skad_db_span(&key), skad_db_span(&value), out);
        out->agrees = out->agrees && out->rows[out->count - 1].is_sound;
    }
    mdb_cursor_close(cursor);
    out->agrees = out->agrees && places_agree(db, txn, out) && counters_agree(db, txn, out);
}
