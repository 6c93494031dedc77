/* What is taken over from a damaged database. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <lmdb.h>
#include <string.h>
#include <sys/stat.h>

#include "src/db/proof.h"
#include "src/db/row.h"
#include "src/db/store_lmdb.h"
#include "tests/support/database_folder.h"
#include "tests/support/store_suite.h"

#define DAY_S 86400ULL

#define PUBLISHED 20

/* ---- A disk that has room for so many rows ---- */

static struct {
    bool none; /* not even for tables */
    bool is_limited;
    unsigned rows;
    unsigned refused;
} disk;

int __real_mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value, unsigned flags);
int __wrap_mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value, unsigned flags);

int __wrap_mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value, unsigned flags)
{
    const bool is_row = key->mv_size == SKAD_DB_ROW_KEY_BYTES;
    if (disk.none || (disk.is_limited && is_row && disk.rows == 0)) {
        disk.refused++;
        return ENOSPC;
    }
    disk.rows -= disk.is_limited && is_row ? 1 : 0;
    return __real_mdb_put(txn, dbi, key, value, flags);
}

static int begin(void **state)
{
    memset(&disk, 0, sizeof disk);
    return test_db_begin(state);
}

/* ---- What is taken over ---- */

/* A node that was off for two days, or whose clock is ahead at the start. */
static void what_has_expired_is_taken_over_as_well(void **state)
{
    test_db_folder *here = *state;
    uint8_t data[200];
    skad_store store = test_db_open(here, &test_db_roomy);
    for (uint32_t i = 0; i < 20; i++) {
        skad_store_record record = test_db_record(i, data);
        record.expires_unix_s = TEST_DB_NOW_S + DAY_S;
        for (unsigned section = 0; section < 2; section++) {
            record.cached = false;
            assert_int_equal(
                store.ops->put(store.self, (skad_store_section)section, &record, TEST_DB_NOW_S),
                SKAD_OK);
        }
    }
    test_store_free(&store);
    skad_db_proof_condemn(here->path);
    here->config.now_unix_s = TEST_DB_NOW_S + 2 * DAY_S;
    store = test_db_open(here, &test_db_roomy);
    assert_int_equal(test_db_totals(&store).records, 20);
    assert_int_equal(test_db_totals(&store).published, 20);
    test_store_free(&store);
}

/* ---- Full disks ---- */

/* TEST_DB_RECORDS that are held and PUBLISHED of our own, in a file that the next start sets aside.
 */
static void make_damaged(test_db_folder *here)
{
    uint8_t data[200];
    skad_store store = test_db_open(here, &test_db_roomy);
    test_db_put(&store, 0, TEST_DB_RECORDS);
    for (uint32_t i = 0; i < PUBLISHED; i++) {
        const skad_store_record record = test_db_record(i, data);
        assert_int_equal(
            store.ops->put(store.self, SKAD_STORE_PUBLICATIONS, &record, TEST_DB_NOW_S), SKAD_OK);
    }
    test_store_free(&store);
    skad_db_proof_condemn(here->path);
}

static void what_a_full_disk_does_not_take_comes_with_a_later_start(void **state)
{
    test_db_folder *here = *state;
    static const unsigned room[] = {0, PUBLISHED, 50};
    make_damaged(here);
    unsigned there = 0;
    disk.is_limited = true;
    for (size_t start = 0; start < 3; start++) {
        disk.rows = room[start];
        skad_store store = test_db_open(here, &test_db_roomy);
        there += room[start];
        assert_non_null(strstr(here->report.text, "were taken over, but not all"));
        assert_non_null(strstr(here->report.text, "free some room"));
        assert_int_equal(strstr(here->report.text, "did not come to salvage") != NULL, start > 0);
        /* Publications come first. */
        const unsigned published = there < PUBLISHED ? there : PUBLISHED;
        assert_int_equal(test_db_totals(&store).published, published);
        assert_int_equal(test_db_totals(&store).records, there - published);
        test_store_free(&store);
    }
    assert_true(disk.refused > 0);
    disk.is_limited = false;
    skad_store store = test_db_open(here, &test_db_roomy);
    assert_null(strstr(here->report.text, "not all"));
    assert_int_equal(test_db_count(&store, 0, TEST_DB_RECORDS), TEST_DB_RECORDS);
    assert_int_equal(test_db_totals(&store).published, PUBLISHED);
    test_store_free(&store);
    store = test_db_open(here, &test_db_roomy);
    assert_string_equal(here->report.text, "");
    test_store_free(&store);
}

/* What is beyond the caps never comes, so no start waits for it. */
static void what_the_caps_do_not_let_in_is_not_asked_for_again(void **state)
{
    test_db_folder *here = *state;
    static const skad_store_caps narrow = {100, 1 << 20, PUBLISHED / 2, 1 << 20};
    make_damaged(here);
    skad_store store = test_db_open(here, &narrow);
    assert_null(strstr(here->report.text, "not all"));
    assert_int_equal(test_db_totals(&store).published, PUBLISHED / 2);
    test_store_free(&store);
    store = test_db_open(here, &narrow);
    assert_string_equal(here->report.text, "");
    test_store_free(&store);
}

/* Nothing could remember the file that was set aside. */
static void without_room_for_a_new_file_the_damaged_one_stays(void **state)
{
    test_db_folder *here = *state;
    struct stat before;
    struct stat after;
    make_damaged(here);
    assert_int_equal(stat(here->path, &before), 0);
    for (unsigned start = 0; start < 2; start++) {
        skad_store store;
        here->config.caps = test_db_roomy;
        disk.none = true;
        assert_int_equal(skad_store_lmdb_open(&here->config, &store, &here->report), SKAD_ERR_IO);
        assert_non_null(strstr(here->report.text, "the disk is full"));
        assert_int_equal(stat(here->path, &after), 0);
        assert_int_equal(after.st_ino, before.st_ino);
        assert_false(test_db_is_there(here, ".aside-1234"));
    }
    disk.none = false;
    skad_store store = test_db_open(here, &test_db_roomy);
    assert_non_null(strstr(here->report.text, "it is damaged"));
    assert_int_equal(test_db_count(&store, 0, TEST_DB_RECORDS), TEST_DB_RECORDS);
    assert_int_equal(test_db_totals(&store).published, PUBLISHED);
    test_store_free(&store);
}

#define OWN_TEST(test) cmocka_unit_test_setup_teardown(test, begin, test_db_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_TEST(what_has_expired_is_taken_over_as_well),
        OWN_TEST(what_a_full_disk_does_not_take_comes_with_a_later_start),
        OWN_TEST(what_the_caps_do_not_let_in_is_not_asked_for_again),
        OWN_TEST(without_room_for_a_new_file_the_damaged_one_stays),
    };
    return cmocka_run_group_tests_name("salvage", tests, NULL, NULL);
}
