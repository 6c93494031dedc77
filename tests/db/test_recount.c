/* A database of version 1, whose counters are by key and by the narrowest groups: it is taken over
 * with all of its records, and counts as version 2 does from then on. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/db/check.h"
#include "src/db/database.h"
#include "src/db/open.h"
#include "src/db/recount.h"
#include "src/db/row.h"
#include "src/db/store_lmdb.h"
#include "tests/support/database_folder.h"
#include "tests/support/store_suite.h"

#define MAP_BYTES ((size_t)64 << 20)
#define KIND_KEY  0 /* of version 1 */
#define KILLS     50
#define GROUPS    7 /* of version 1's records: 8.1.0/24 to 8.1.6/24 */

/* ---- A disk that is full when the test says so ---- */

static struct {
    bool for_counters;
    bool for_all;
    unsigned refused;
    unsigned puts;
    unsigned kill_at; /* which put the process does not live to see; 0: none */
} disk;

int __real_mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value, unsigned flags);
int __wrap_mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value, unsigned flags);

int __wrap_mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value, unsigned flags)
{
    if (++disk.puts == disk.kill_at) {
        (void)kill(getpid(), SIGKILL);
    }
    if (disk.for_all || (disk.for_counters && key->mv_size == SKAD_DB_COUNTER_KEY_BYTES)) {
        disk.refused++;
        return disk.for_all ? ENOSPC : MDB_MAP_FULL;
    }
    return __real_mdb_put(txn, dbi, key, value, flags);
}

/* ---- Version 1 ---- */

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
    const skad_db_check_config config = {
        .path = here->path, .map_bytes = MAP_BYTES, .network = test_db_network};
    bool whole;
    assert_int_equal(skad_db_check(&config, &whole), SKAD_DB_GOOD);
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

/* Opens the file in a process that is killed at a put. */
static void open_and_die(test_db_folder *here, unsigned kill_at)
{
    const pid_t child = fork();
    if (child == 0) {
        disk.puts = 0;
        disk.kill_at = kill_at;
        (void)test_db_open(here, &test_db_roomy);
        _exit(0);
    }
    int end;
    assert_int_equal(waitpid(child, &end, 0), child);
    assert_true(WIFSIGNALED(end) && WTERMSIG(end) == SIGKILL);
}

/* How many puts a whole recount takes. */
static unsigned puts_of_a_recount(test_db_folder *here)
{
    make_version_1(here);
    disk.puts = 0;
    skad_store store = test_db_open(here, &test_db_roomy);
    const unsigned puts = disk.puts;
    test_store_free(&store);
    test_db_clear(here);
    return puts;
}

static void a_kill_at_any_moment_of_a_recount_loses_nothing(void **state)
{
    test_db_folder *here = *state;
    const unsigned puts = puts_of_a_recount(here);
    assert_true(puts > KILLS);
    for (unsigned i = 0; i < KILLS; i++) {
        make_version_1(here);
        open_and_die(here, 1 + i * (puts - 1) / (KILLS - 1));
        skad_store store = test_db_open(here, &test_db_roomy);
        assert_string_equal(here->report.text, "");
        expect_all(&store);
        test_store_free(&store);
        expect_sound(here);
        test_db_clear(here);
    }
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

static skad_status put_at(const skad_store *store, uint32_t number, uint64_t now_unix_s)
{
    uint8_t data[200];
    const skad_store_record record = record_number(number, data);
    return store->ops->put(store->self, SKAD_STORE_REPLICAS, &record, now_unix_s);
}

static skad_store open_without_room(test_db_folder *here)
{
    here->config.now_unix_s = TEST_DB_NOW_S;
    disk.for_counters = true;
    skad_store store = test_db_open(here, &test_db_roomy);
    assert_non_null(strstr(here->report.text, "there is no room to count its records anew"));
    return store;
}

/* Everything is found as before, nothing is added; with room again it is as if there always was. */
static void without_room_records_are_kept_and_none_is_added(void **state)
{
    test_db_folder *here = *state;
    uint8_t data[200];
    make_version_1(here);
    for (unsigned opening = 0; opening < 2; opening++) {
        skad_store store = open_without_room(here);
        const skad_store_totals totals = test_db_totals(&store);
        assert_int_equal(totals.records, TEST_DB_RECORDS);
        assert_int_equal(totals.published, 1);
        assert_int_equal(totals.error, ENOSPC);
        assert_int_equal(put_at(&store, 2000, TEST_DB_NOW_S), SKAD_ERR_IO);
        assert_int_equal(errno, ENOSPC);
        assert_int_equal(test_db_totals(&store).failures, 1);
        test_store_free(&store);
        disk.for_counters = false;
        expect_sound(here);
    }
    skad_store store = open_without_room(here);
    const skad_store_record gone = record_number(2000, data);
    disk.for_counters = false;
    assert_int_equal(put_at(&store, 2000, TEST_DB_NOW_S + 59), SKAD_ERR_IO);
    assert_int_equal(test_db_totals(&store).error, ENOSPC);
    assert_int_equal(put_at(&store, 2000, TEST_DB_NOW_S + 60), SKAD_OK);
    assert_int_equal(test_db_totals(&store).error, 0);
    assert_int_equal(store.ops->drop(store.self, SKAD_STORE_REPLICAS, &gone.name), SKAD_OK);
    expect_all(&store);
    test_store_free(&store);
    expect_sound(here);
    store = test_db_open(here, &test_db_roomy);
    assert_string_equal(here->report.text, "");
    expect_all(&store);
    test_store_free(&store);
}

/* Records that expire meanwhile go, and the sweep counts as soon as there is room. */
static void a_sweep_makes_up_for_a_recount(void **state)
{
    test_db_folder *here = *state;
    uint8_t data[200];
    make_version_1(here);
    skad_store store = open_without_room(here);
    disk.for_counters = false;
    const skad_store_record gone = record_number(7, data);
    assert_int_equal(store.ops->drop(store.self, SKAD_STORE_REPLICAS, &gone.name), SKAD_OK);
    assert_int_equal(test_db_totals(&store).error, ENOSPC);
    assert_int_equal(store.ops->sweep(store.self, TEST_DB_NOW_S + 60, 100), 0);
    assert_int_equal(test_db_totals(&store).error, 0);
    assert_int_equal(put_at(&store, 7, TEST_DB_NOW_S + 60), SKAD_OK);
    expect_all(&store);
    test_store_free(&store);
    expect_sound(here);
}

/* It reads all rows: after 1, 3, 7, 15, 31, 63 and 123 minutes. */
static void a_recount_without_room_is_tried_ever_less_often(void **state)
{
    test_db_folder *here = *state;
    make_version_1(here);
    skad_store store = open_without_room(here);
    disk.refused = 0;
    for (unsigned minute = 0; minute < 180; minute++) {
        const uint64_t now_unix_s = TEST_DB_NOW_S + (uint64_t)60 * minute;
        assert_int_equal(put_at(&store, 2000, now_unix_s), SKAD_ERR_IO);
        assert_int_equal(store.ops->sweep(store.self, now_unix_s, 100), 0);
    }
    assert_int_equal(disk.refused, 7);
    assert_int_equal(put_at(&store, 2000, 5), SKAD_ERR_IO); /* the clock was set back */
    assert_int_equal(disk.refused, 8);
    test_store_free(&store);
}

static void a_disk_too_full_to_open_is_named(void **state)
{
    test_db_folder *here = *state;
    skad_store store;
    make_version_1(here);
    disk.for_all = true;
    assert_int_equal(skad_store_lmdb_open(&here->config, &store, &here->report), SKAD_ERR_IO);
    assert_int_equal(errno, ENOSPC);
    assert_non_null(strstr(here->report.text, "the disk is full; free some room and start again"));
    disk.for_all = false;
    store = test_db_open(here, &test_db_roomy);
    assert_string_equal(here->report.text, "");
    expect_all(&store);
    test_store_free(&store);
}

/* The file of a node that was given less room since. */
static void a_file_larger_than_its_caps_has_room_for_a_recount(void **state)
{
    test_db_folder *here = *state;
    static skad_db_opened opened;
    const off_t large = (off_t)200 << 20;
    make_version_1(here);
    assert_int_equal(truncate(here->path, large), 0);
    here->config.caps = (skad_store_caps){10, 10000, 10, 10000};
    assert_int_equal(skad_db_open_or_make(&here->config, &opened, &here->report), SKAD_OK);
    assert_int_equal(opened.map_bytes, 2 * large);
    skad_db_close_cleanly(&opened);
}

static int begin(void **state)
{
    memset(&disk, 0, sizeof disk);
    return test_db_begin(state);
}

#define OWN_TEST(test) cmocka_unit_test_setup_teardown(test, begin, test_db_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_TEST(version_1_is_taken_over_with_all_records),
        OWN_TEST(a_recount_that_did_not_end_begins_again),
        OWN_TEST(a_kill_at_any_moment_of_a_recount_loses_nothing),
        OWN_TEST(a_damaged_version_1_is_salvaged),
        OWN_TEST(without_room_records_are_kept_and_none_is_added),
        OWN_TEST(a_sweep_makes_up_for_a_recount),
        OWN_TEST(a_recount_without_room_is_tried_ever_less_often),
        OWN_TEST(a_disk_too_full_to_open_is_named),
        OWN_TEST(a_file_larger_than_its_caps_has_room_for_a_recount),
    };
    return cmocka_run_group_tests_name("recount", tests, NULL, NULL);
}
