/* A database of version 1, whose counters are by key and by the narrowest groups: it is taken over
 * with all of its records, and counts as version 2 does from then on. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "src/db/check.h"
#include "src/db/database.h"
#include "src/db/recount.h"
#include "src/db/row.h"
#include "src/db/store_lmdb.h"
#include "tests/support/database_folder.h"
#include "tests/support/store_suite.h"

#define MAP_BYTES ((size_t)64 << 20)
#define KIND_KEY  0 /* of version 1 */
#define GROUPS    7 /* of version 1's records: 8.1.0/24 to 8.1.6/24 */

static uint64_t group_of(uint32_t number)
{
    return 0x01080100 + number % GROUPS;
}

static skad_store_record record_number(uint32_t number, uint8_t data[static 200])
{
    skad_store_record record = test_db_record(number, data);
    record.group = group_of(number);
    return record;
}

static void put_counter(const skad_db *db, MDB_txn *txn, unsigned kind, const uint8_t *owner,
                        const skad_store_usage *usage)
{
    uint8_t name[SKAD_DB_COUNTER_KEY_BYTES];
    uint8_t bytes[SKAD_DB_COUNTER_BYTES];
    skad_db_counter_key(kind, owner, name);
    skad_db_counter(usage, bytes);
    MDB_val key = skad_db_value(name, sizeof name);
    MDB_val value = skad_db_value(bytes, sizeof bytes);
    assert_int_equal(mdb_put(txn, db->tables[SKAD_DB_COUNTERS], &key, &value, 0), 0);
}

static void remove_counter(const skad_db *db, MDB_txn *txn, uint64_t group)
{
    uint8_t owner[32];
    uint8_t name[SKAD_DB_COUNTER_KEY_BYTES];
    skad_store_group_owner(group, owner);
    skad_db_counter_key(SKAD_OWNER_GROUP, owner, name);
    MDB_val key = skad_db_value(name, sizeof name);
    assert_int_equal(mdb_del(txn, db->tables[SKAD_DB_COUNTERS], &key, NULL), 0);
}

static void change_version(const skad_db *db, MDB_txn *txn, uint8_t version)
{
    MDB_val key = skad_db_value("skad", 4);
    MDB_val value;
    uint8_t origin[47];
    assert_int_equal(mdb_get(txn, db->tables[SKAD_DB_META], &key, &value), 0);
    assert_int_equal(value.mv_size, sizeof origin);
    memcpy(origin, value.mv_data, sizeof origin);
    origin[14] = version;
    value = skad_db_value(origin, sizeof origin);
    assert_int_equal(mdb_put(txn, db->tables[SKAD_DB_META], &key, &value, 0), 0);
}

/* Opens the tables of the file as it lies. */
static MDB_txn *begin_raw(const test_db_folder *here, skad_db *db, skad_db_origin wanted)
{
    MDB_txn *txn = NULL;
    skad_db_origin origin;
    assert_int_equal(skad_db_open(here->path, MAP_BYTES, false, db), 0);
    assert_int_equal(mdb_txn_begin(db->env, NULL, 0, &txn), 0);
    assert_int_equal(skad_db_open_tables(db, txn, test_db_network, &origin), 0);
    assert_int_equal(origin, wanted);
    return txn;
}

static void end_raw(skad_db *db, MDB_txn *txn)
{
    assert_int_equal(mdb_txn_commit(txn), 0);
    skad_db_close(db);
}

/* A file as version 1 left it: of TEST_DB_RECORDS records held, and one published. */
static void make_version_1(test_db_folder *here)
{
    uint8_t data[200];
    skad_db db;
    skad_store store = test_db_open(here, &test_db_roomy);
    for (uint32_t i = 0; i < TEST_DB_RECORDS; i++) {
        const skad_store_record record = record_number(i, data);
        assert_int_equal(test_store_put(&store, SKAD_STORE_REPLICAS, &record), SKAD_OK);
    }
    const skad_store_record ours = record_number(1000, data);
    assert_int_equal(test_store_put(&store, SKAD_STORE_PUBLICATIONS, &ours), SKAD_OK);
    test_store_free(&store);

    MDB_txn *txn = begin_raw(here, &db, SKAD_DB_OURS);
    for (uint32_t i = 0; i < TEST_DB_RECORDS; i++) {
        const skad_store_record record = record_number(i, data);
        const skad_store_usage one = {1, record.len};
        put_counter(&db, txn, KIND_KEY, record.name.key.bytes, &one);
    }
    remove_counter(&db, txn, skad_group_around(group_of(0), 1));
    change_version(&db, txn, 1);
    end_raw(&db, txn);
}

static skad_store_usage usage_of(const skad_store *store, uint64_t group)
{
    uint8_t owner[32];
    skad_store_usage usage;
    skad_store_group_owner(group, owner);
    store->ops->usage(store->self, SKAD_OWNER_GROUP, owner, &usage);
    return usage;
}

/* All records are there, whole, and counted at each width. */
static void expect_all(const skad_store *store)
{
    uint8_t data[200];
    skad_store_usage wanted[GROUPS] = {0};
    skad_store_usage all = {0};
    for (uint32_t i = 0; i < TEST_DB_RECORDS; i++) {
        const skad_store_record record = record_number(i, data);
        skad_store_record out;
        assert_true(
            store->ops->find(store->self, SKAD_STORE_REPLICAS, &record.name, TEST_DB_NOW_S, &out));
        test_store_expect_equal(&out, &record);
        wanted[i % GROUPS].records++;
        wanted[i % GROUPS].bytes += record.len;
        all.records++;
        all.bytes += record.len;
    }
    for (uint32_t i = 0; i < GROUPS; i++) {
        skad_store_usage usage = usage_of(store, group_of(i));
        assert_memory_equal(&usage, &wanted[i], sizeof usage);
    }
    skad_store_usage wider = usage_of(store, skad_group_around(group_of(0), 1));
    assert_memory_equal(&wider, &all, sizeof all);
    const skad_store_totals totals = test_db_totals(store);
    assert_int_equal(totals.records, TEST_DB_RECORDS);
    assert_int_equal(totals.bytes, all.bytes);
    assert_int_equal(totals.cached, TEST_DB_RECORDS / 5);
    assert_int_equal(totals.published, 1);
}

static void expect_sound(const test_db_folder *here)
{
    const skad_db_check_config config = {.path = here->path,
                                         .map_bytes = MAP_BYTES,
                                         .network = test_db_network,
                                         .boot = "another boot"};
    assert_int_equal(skad_db_check(&config), SKAD_DB_GOOD);
}

static void version_1_is_taken_over_with_all_records(void **state)
{
    test_db_folder *here = *state;
    skad_db db;
    make_version_1(here);
    expect_sound(here);
    for (unsigned opening = 0; opening < 3; opening++) {
        skad_store store = test_db_open(here, &test_db_roomy);
        assert_string_equal(here->report.text, "");
        expect_all(&store);
        test_store_free(&store);
        MDB_txn *txn = begin_raw(here, &db, SKAD_DB_OURS);
        assert_int_equal(skad_db_mark(&db, txn, "another start"), 0); /* all is checked */
        end_raw(&db, txn);
        expect_sound(here);
    }
}

/* A process that is killed before it has counted leaves version 1 behind, marked as open. */
static void a_recount_that_did_not_end_begins_again(void **state)
{
    test_db_folder *here = *state;
    skad_db db;
    make_version_1(here);
    MDB_txn *txn = begin_raw(here, &db, SKAD_DB_OF_OLDER_VERSION);
    assert_int_equal(skad_db_mark(&db, txn, "first boot"), 0);
    end_raw(&db, txn);
    skad_store store = test_db_open(here, &test_db_roomy);
    assert_string_equal(here->report.text, "");
    expect_all(&store);
    test_store_free(&store);
}

/* A damaged file of version 1 is noticed, whatever its mark, and its records are salvaged. */
static void a_damaged_version_1_is_salvaged(void **state)
{
    test_db_folder *here = *state;
    uint8_t data[200];
    skad_db db;
    make_version_1(here);
    MDB_txn *txn = begin_raw(here, &db, SKAD_DB_OF_OLDER_VERSION);
    uint8_t bytes[SKAD_DB_ROW_KEY_BYTES];
    const skad_store_record record = record_number(7, data);
    skad_db_row_key(SKAD_STORE_REPLICAS, &record.name, bytes);
    MDB_val key = skad_db_value(bytes, sizeof bytes);
    MDB_val row = skad_db_value(data, sizeof data); /* no row */
    assert_int_equal(mdb_put(txn, db.tables[SKAD_DB_RECORDS], &key, &row, 0), 0);
    end_raw(&db, txn);
    skad_store store = test_db_open(here, &test_db_roomy);
    assert_non_null(strstr(here->report.text, "it is damaged"));
    assert_int_equal(test_db_totals(&store).records, TEST_DB_RECORDS - 1);
    assert_int_equal(test_db_totals(&store).published, 1);
    assert_int_equal(usage_of(&store, skad_group_around(group_of(0), 1)).records,
                     TEST_DB_RECORDS - 1);
    test_store_free(&store);
    expect_sound(here);
}

#define OWN_TEST(test) cmocka_unit_test_setup_teardown(test, test_db_begin, test_db_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_TEST(version_1_is_taken_over_with_all_records),
        OWN_TEST(a_recount_that_did_not_end_begins_again),
        OWN_TEST(a_damaged_version_1_is_salvaged),
    };
    return cmocka_run_group_tests_name("recount", tests, NULL, NULL);
}
