/* What the whole check finds in tables whose pages are sound, and what is salvaged of them. */
#define _GNU_SOURCE /* mkdtemp */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/db/change.h"
#include "src/db/check.h"
#include "src/db/database.h"
#include "src/db/row.h"
#include "src/db/store_lmdb.h"
#include "tests/support/database_folder.h"

#define NOW_S     1000000ULL
#define MAP_BYTES ((size_t)4 << 20)
#define RECORDS   3

static const uint8_t network[32] = {1, 2, 3};

typedef struct folder {
    char dir[64];
    char path[96];
    skad_store_lmdb_report report;
} folder;

static int make_folder(void **state)
{
    folder *here = calloc(1, sizeof *here);
    assert_non_null(here);
    const char *above = getenv("TMPDIR");
    (void)snprintf(here->dir, sizeof here->dir, "%s/skad-check-XXXXXX",
                   above != NULL && strlen(above) < 40 ? above : "/tmp");
    assert_non_null(mkdtemp(here->dir));
    (void)snprintf(here->path, sizeof here->path, "%s/records.db", here->dir);
    *state = here;
    return 0;
}

static int remove_folder(void **state)
{
    folder *here = *state;
    static const char *const suffixes[] = {"", "-lock", "-clean", ".aside-1000000"};
    for (size_t i = 0; i < 4; i++) {
        char name[128];
        (void)snprintf(name, sizeof name, "%s%s", here->path, suffixes[i]);
        (void)unlink(name);
    }
    assert_int_equal(rmdir(here->dir), 0);
    free(here);
    return 0;
}

static skad_store open_store(folder *here)
{
    skad_store store;
    const skad_store_lmdb_config config = {.path = here->path,
                                           .network = network,
                                           .caps = {1000, 1000000, 1000, 1000000},
                                           .now_unix_s = NOW_S,
                                           .map_bytes = MAP_BYTES,
                                           .boot = "second boot"};
    if (skad_store_lmdb_open(&config, &store, &here->report) != SKAD_OK) {
        fail_msg("%s", here->report.text);
    }
    return store;
}

static skad_db_verdict check(const folder *here)
{
    const skad_db_check_config config = {
        .path = here->path, .map_bytes = MAP_BYTES, .network = network};
    bool whole;
    return skad_db_check(&config, &whole);
}

/* All keys begin with the same byte. */
static skad_store_record record_number(uint8_t number)
{
    return (skad_store_record){.name = {.key = {{7, number}}, .type = 1},
                               .expires_unix_s = NOW_S + 60,
                               .group = (uint64_t)number << 48,
                               .data = (const uint8_t *)"same",
                               .len = 4};
}

/* Records 1 to RECORDS, and then what is done to the tables behind the store's back; the file was
 * not closed in this start of the system. */
static void make_database(folder *here, void (*change)(const skad_db *db, MDB_txn *txn))
{
    skad_db db;
    MDB_txn *txn;
    skad_db_origin origin;
    skad_store store = open_store(here);
    for (uint8_t i = 1; i <= RECORDS; i++) {
        const skad_store_record record = record_number(i);
        assert_int_equal(store.ops->put(store.self, SKAD_STORE_REPLICAS, &record, NOW_S), SKAD_OK);
    }
    store.ops->free(store.self);
    assert_int_equal(skad_db_open(here->path, MAP_BYTES, false, &db), 0);
    assert_int_equal(mdb_txn_begin(db.env, NULL, 0, &txn), 0);
    assert_int_equal(skad_db_open_tables(&db, txn, network, &origin), 0);
    assert_int_equal(skad_db_mark(&db, txn, "first boot"), 0);
    change(&db, txn);
    assert_int_equal(mdb_txn_commit(txn), 0);
    skad_db_close(&db);
}

static void change_nothing(const skad_db *db, MDB_txn *txn)
{
    (void)db;
    (void)txn;
}

static void put_counter(const skad_db *db, MDB_txn *txn, unsigned kind, uint8_t owner,
                        skad_store_usage usage)
{
    const uint8_t owner_bytes[32] = {owner, owner};
    uint8_t name[SKAD_DB_COUNTER_KEY_BYTES];
    uint8_t bytes[SKAD_DB_COUNTER_BYTES];
    skad_db_counter_key(kind, owner_bytes, name);
    skad_db_counter(&usage, bytes);
    MDB_val key = skad_db_value(name, sizeof name);
    MDB_val value = skad_db_value(bytes, sizeof bytes);
    assert_int_equal(mdb_put(txn, db->tables[SKAD_DB_COUNTERS], &key, &value, 0), 0);
}

/* The sum stays as it is. */
static void give_a_share_to_nobody(const skad_db *db, MDB_txn *txn)
{
    const uint8_t owner[32] = {0, 1};
    uint8_t name[SKAD_DB_COUNTER_KEY_BYTES];
    skad_db_counter_key(SKAD_OWNER_GROUP, owner, name);
    MDB_val key = skad_db_value(name, sizeof name);
    assert_int_equal(mdb_del(txn, db->tables[SKAD_DB_COUNTERS], &key, NULL), 0);
    put_counter(db, txn, SKAD_OWNER_GROUP, 9, (skad_store_usage){1, 4});
}

static void count_a_total_twice(const skad_db *db, MDB_txn *txn)
{
    put_counter(db, txn, SKAD_DB_COUNTER_HELD, 9, (skad_store_usage){RECORDS, 4 * RECORDS});
}

static void counters_of_others_than_the_owners_are_noticed(void **state)
{
    folder *here = *state;
    make_database(here, change_nothing);
    assert_int_equal(check(here), SKAD_DB_GOOD);
    make_database(here, give_a_share_to_nobody);
    assert_int_equal(check(here), SKAD_DB_DAMAGED);
}

static void a_total_of_somebody_is_noticed(void **state)
{
    folder *here = *state;
    make_database(here, count_a_total_twice);
    assert_int_equal(check(here), SKAD_DB_DAMAGED);
}

/* Keys of 3 and of 70 bytes among those of the same stretch. */
static void put_keys_of_other_lengths(const skad_db *db, MDB_txn *txn)
{
    static const size_t lens[] = {3, SKAD_DB_ROW_KEY_BYTES + 4};
    for (size_t i = 0; i < 2; i++) {
        const uint8_t name[SKAD_DB_ROW_KEY_BYTES + 4] = {SKAD_STORE_REPLICAS, 7, (uint8_t)(i + 1)};
        MDB_val key = skad_db_value(name, lens[i]);
        MDB_val value = skad_db_value("row", 3);
        assert_int_equal(mdb_put(txn, db->tables[SKAD_DB_RECORDS], &key, &value, 0), 0);
    }
}

static void rows_behind_keys_of_other_lengths_are_salvaged(void **state)
{
    folder *here = *state;
    skad_store_totals fill;
    make_database(here, put_keys_of_other_lengths);
    skad_store store = open_store(here);
    assert_non_null(strstr(here->report.text, "; 3 records in it could still be read"));
    store.ops->totals(store.self, &fill);
    assert_int_equal(fill.records, RECORDS);
    store.ops->free(store.self);
}

/* The order by expiry with the same single entry, but in a table whose keys are compared from their
 * ends: the entries themselves do not show it. */
static void order_from_the_end(const skad_db *db, MDB_txn *txn)
{
    uint8_t name[SKAD_DB_EXPIRY_KEY_BYTES];
    const skad_store_record record = record_number(RECORDS);
    MDB_dbi table;
    for (uint8_t i = 1; i < RECORDS; i++) {
        const skad_store_record other = record_number(i);
        skad_db_change change = {.db = db, .txn = txn};
        assert_int_equal(skad_db_change_remove(&change, SKAD_STORE_REPLICAS, &other.name), 0);
    }
    assert_int_equal(mdb_drop(txn, db->tables[SKAD_DB_EXPIRY], 1), 0);
    assert_int_equal(mdb_dbi_open(txn, "expiry", MDB_CREATE | MDB_REVERSEKEY, &table), 0);
    skad_db_expiry_key(&record, name);
    MDB_val key = skad_db_value(name, sizeof name);
    MDB_val value = skad_db_value("", 0);
    assert_int_equal(mdb_put(txn, table, &key, &value, 0), 0);
}

static void a_table_in_another_order_is_noticed(void **state)
{
    folder *here = *state;
    make_database(here, order_from_the_end);
    assert_int_equal(check(here), SKAD_DB_DAMAGED);
}

/* A second place in the order by expiry, of the first record, for a time when it lives still. The
 * database counts as closed, so that nothing is checked. */
static void leave_a_place(const skad_db *db, MDB_txn *txn)
{
    uint8_t name[SKAD_DB_EXPIRY_KEY_BYTES];
    skad_store_record record = record_number(1);
    record.expires_unix_s = NOW_S - 10;
    skad_db_expiry_key(&record, name);
    MDB_val key = skad_db_value(name, sizeof name);
    MDB_val value = skad_db_value("", 0);
    assert_int_equal(mdb_put(txn, db->tables[SKAD_DB_EXPIRY], &key, &value, 0), 0);
    assert_int_equal(skad_db_mark(db, txn, SKAD_DB_CLOSED), 0);
}

static void a_place_of_an_earlier_life_takes_no_record_along(void **state)
{
    folder *here = *state;
    const skad_store_record record = record_number(1);
    skad_store_record found;
    skad_store_totals fill;
    make_database(here, leave_a_place);
    test_db_prove(here->path);
    skad_store store = open_store(here);
    assert_string_equal(here->report.text, "");
    assert_int_equal(store.ops->sweep(store.self, NOW_S, 10), 0);
    store.ops->totals(store.self, &fill);
    assert_int_equal(fill.records, RECORDS);
    assert_true(store.ops->find(store.self, SKAD_STORE_REPLICAS, &record.name, NOW_S, &found));
    store.ops->free(store.self);
    assert_int_equal(check(here), SKAD_DB_GOOD); /* the place itself is gone */
}

#define CHECK_TEST(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECK_TEST(counters_of_others_than_the_owners_are_noticed),
        CHECK_TEST(a_total_of_somebody_is_noticed),
        CHECK_TEST(rows_behind_keys_of_other_lengths_are_salvaged),
        CHECK_TEST(a_table_in_another_order_is_noticed),
        CHECK_TEST(a_place_of_an_earlier_life_takes_no_record_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
