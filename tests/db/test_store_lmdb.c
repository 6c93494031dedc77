/* The store on disk: the suite of all stores, what is found after an end of any kind, and systems
 * that refuse. */
#define _GNU_SOURCE /* seteuid */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/db/database.h"
#include "src/db/store_lmdb.h"
#include "tests/support/database_folder.h"
#include "tests/support/store_suite.h"

#define NOBODY 65534

/* ---- What is found ---- */

static void a_closed_database_comes_back_whole_and_private(void **state)
{
    test_db_folder *here = *state;
    struct stat about;
    test_db_make(here);
    here->config.boot = "second boot";
    skad_store store = test_db_open(here, &test_db_roomy);
    assert_string_equal(here->report.text, "");
    assert_int_equal(test_db_count(&store, 0, TEST_DB_RECORDS), TEST_DB_RECORDS);
    assert_int_equal(test_db_count(&store, TEST_DB_RECORDS, 10), 0);
    assert_int_equal(stat(here->path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    test_store_free(&store);
}

static void a_killed_process_loses_nothing_in_either_boot(void **state)
{
    test_db_folder *here = *state;
    static const char *const boots[] = {"first boot", "second boot", ""};
    for (size_t i = 0; i < 3; i++) {
        test_db_clear(here);
        here->config.boot = boots[0];
        test_db_make_unclosed(here);
        here->config.boot = boots[i];
        skad_store store = test_db_open(here, &test_db_roomy);
        assert_string_equal(here->report.text, "");
        assert_int_equal(test_db_count(&store, 0, TEST_DB_RECORDS), TEST_DB_RECORDS);
        test_store_free(&store);
    }
}

static void the_system_tells_its_boot_itself(void **state)
{
    test_db_folder *here = *state;
    here->config.boot = NULL;
    test_db_make_unclosed(here);
    skad_store store = test_db_open(here, &test_db_roomy);
    assert_int_equal(test_db_count(&store, 0, TEST_DB_RECORDS), TEST_DB_RECORDS);
    test_store_free(&store);
}

/* ---- A system that refuses ---- */

static void a_full_file_refuses_and_what_is_in_it_is_still_read(void **state)
{
    test_db_folder *here = *state;
    uint32_t taken = 0;
    uint8_t data[200];
    here->config.map_bytes = 40 * 4096;
    skad_store store = test_db_open(here, &test_db_roomy);
    skad_status status = SKAD_OK;
    for (; taken < 10000 && status == SKAD_OK; taken += status == SKAD_OK) {
        const skad_store_record record = test_db_record(taken, data);
        errno = 0;
        status = store.ops->put(store.self, SKAD_STORE_REPLICAS, &record, TEST_DB_NOW_S);
    }
    assert_int_equal(status, SKAD_ERR_IO);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(test_db_totals(&store).failures, 1);
    assert_int_equal(test_db_totals(&store).error, ENOSPC);
    assert_int_equal(test_db_totals(&store).records, taken);
    assert_true(taken > 10);
    assert_int_equal(test_db_count(&store, 0, taken + 1), taken);
    test_store_free(&store);

    here->config.map_bytes = 0;
    store = test_db_open(here, &test_db_roomy);
    assert_string_equal(here->report.text, "");
    assert_int_equal(test_db_count(&store, 0, taken + 1), taken);
    test_db_put(&store, taken, 100);
    test_store_free(&store);
}

/* The kernel lets no file of ours grow beyond that. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_true(signal(SIGXFSZ, bytes == RLIM_INFINITY ? SIG_DFL : SIG_IGN) != SIG_ERR);
}

static void a_disk_that_refuses_is_told_of_and_used_again_when_it_does_not(void **state)
{
    test_db_folder *here = *state;
    uint8_t data[200];
    skad_status status = SKAD_OK;
    uint32_t taken = TEST_DB_RECORDS;
    skad_store store = test_db_open(here, &test_db_roomy);
    test_db_put(&store, 0, TEST_DB_RECORDS);
    limit_files(200 * 4096);
    for (; taken < 10000 && status == SKAD_OK; taken += status == SKAD_OK) {
        const skad_store_record record = test_db_record(taken, data);
        errno = 0;
        status = store.ops->put(store.self, SKAD_STORE_REPLICAS, &record, TEST_DB_NOW_S);
    }
    const int error = errno;
    limit_files(RLIM_INFINITY);
    assert_int_equal(status, SKAD_ERR_IO);
    assert_int_equal(error, EFBIG);
    assert_int_equal(test_db_totals(&store).failures, 1);
    assert_int_equal(test_db_totals(&store).error, EFBIG);
    assert_int_equal(test_db_count(&store, 0, taken + 1), taken);
    test_db_put(&store, taken, 10);
    assert_int_equal(test_db_totals(&store).failures, 1);
    assert_int_equal(test_db_totals(&store).error, 0);
    test_store_free(&store);
    here->config.boot = "second boot";
    store = test_db_open(here, &test_db_roomy);
    assert_string_equal(here->report.text, "");
    assert_int_equal(test_db_count(&store, 0, taken + 10), taken + 10);
    test_store_free(&store);
}

static void expect_refusal(test_db_folder *here, skad_status status, const char *words)
{
    skad_store store;
    skad_status got = skad_store_lmdb_open(&here->config, &store, &here->report);
    if (got != status || strstr(here->report.text, words) == NULL) {
        fail_msg("status %d: %s", got, here->report.text);
    }
}

static void what_cannot_be_opened_is_told_in_words(void **state)
{
    test_db_folder *here = *state;
    char missing[128];
    (void)snprintf(missing, sizeof missing, "%s/missing/records.db", here->dir);
    here->config.path = missing;
    expect_refusal(here, SKAD_ERR_IO, "No such file or directory");
    here->config.path = here->path;

    here->config.caps.records_max = 0;
    expect_refusal(here, SKAD_ERR_INPUT, "room");
    here->config.caps = test_db_roomy;

    limit_files(0);
    skad_store store;
    skad_status status = skad_store_lmdb_open(&here->config, &store, &here->report);
    limit_files(RLIM_INFINITY);
    assert_int_equal(status, SKAD_ERR_IO);
    assert_non_null(strstr(here->report.text, "File too large"));
    assert_false(test_db_is_there(here, "")); /* nothing half made stays */

    assert_int_equal(chmod(here->dir, 0500), 0);
    const bool as_root = geteuid() == 0;
    if (as_root) { /* who may do everything */
        assert_int_equal(seteuid(NOBODY), 0);
    }
    status = skad_store_lmdb_open(&here->config, &store, &here->report);
    if (as_root) {
        assert_int_equal(seteuid(0), 0);
    }
    assert_int_equal(chmod(here->dir, 0700), 0);
    assert_int_equal(status, SKAD_ERR_IO);
    assert_non_null(strstr(here->report.text, "Permission denied"));
}

/* Whatever it leads to would be overwritten. A copy that takes no lock is read all the same. */
static void a_link_in_the_place_of_the_lock_is_not_followed(void **state)
{
    test_db_folder *here = *state;
    char lock[sizeof here->path + 8];
    char precious[sizeof here->path + 8];
    skad_store store;
    skad_db db;
    test_db_make(here);
    (void)snprintf(lock, sizeof lock, "%s-lock", here->path);
    (void)snprintf(precious, sizeof precious, "%s-other", here->path);
    (void)unlink(lock);
    FILE *file = fopen(precious, "w");
    assert_non_null(file);
    assert_true(fputs("text", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(symlink(precious, lock), 0);
    struct stat about;
    assert_int_not_equal(skad_store_lmdb_open(&here->config, &store, &here->report), SKAD_OK);
    assert_int_equal(skad_db_open_beside(here->path, 1 << 20, &db), ELOOP);
    assert_int_equal(stat(precious, &about), 0);
    assert_int_equal(about.st_size, strlen("text"));
    assert_int_equal(skad_db_open(here->path, 1 << 20, true, &db), 0);
    skad_db_close(&db);
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(unlink(precious), 0);
    store = test_db_open(here, &test_db_roomy);
    assert_int_equal(test_db_count(&store, 0, TEST_DB_RECORDS), TEST_DB_RECORDS);
    store.ops->free(store.self);
}

static void what_cannot_be_set_aside_stays(void **state)
{
    test_db_folder *here = *state;
    skad_store store;
    test_db_write_text(here);
    for (unsigned i = 0; i < 100; i++) {
        char taken[128];
        (void)snprintf(taken, sizeof taken, i == 0 ? "%s.aside-1234" : "%s.aside-1234-%u",
                       here->path, i);
        assert_int_equal(symlink("nowhere", taken), 0);
    }
    assert_int_equal(skad_store_lmdb_open(&here->config, &store, &here->report), SKAD_ERR_IO);
    assert_non_null(strstr(here->report.text, "nor set it aside"));
    assert_true(test_db_is_there(here, ""));
}

static void a_database_is_opened_once_at_a_time(void **state)
{
    test_db_folder *here = *state;
    skad_store store = test_db_open(here, &test_db_roomy);
    expect_refusal(here, SKAD_ERR_EXISTS, "another process uses the database");
    test_db_put(&store, 0, 10);
    test_store_free(&store);
    store = test_db_open(here, &test_db_roomy);
    assert_int_equal(test_db_count(&store, 0, 10), 10);
    test_store_free(&store);
}

/* ---- Caps and syncing ---- */

static void lower_caps_make_copies_give_way_at_once(void **state)
{
    test_db_folder *here = *state;
    const uint64_t copies = TEST_DB_RECORDS / 5;
    test_db_make(here);
    skad_store_caps lower = test_db_roomy;
    lower.records_max = TEST_DB_RECORDS - 10;
    skad_store store = test_db_open(here, &lower);
    assert_int_equal(test_db_totals(&store).records, TEST_DB_RECORDS - 10);
    assert_int_equal(test_db_totals(&store).cached, copies - 10);
    test_store_free(&store);
    lower.records_max = 100; /* what we are responsible for stays, and nothing more comes in */
    store = test_db_open(here, &lower);
    assert_int_equal(test_db_totals(&store).records, TEST_DB_RECORDS - copies);
    assert_int_equal(test_db_totals(&store).cached, 0);
    uint8_t data[200];
    const skad_store_record more = test_db_record(TEST_DB_RECORDS + 1, data);
    assert_int_equal(store.ops->put(store.self, SKAD_STORE_REPLICAS, &more, TEST_DB_NOW_S),
                     SKAD_ERR_FULL);
    test_store_free(&store);
}

static void there_is_something_to_sync_after_a_write_only(void **state)
{
    test_db_folder *here = *state;
    struct stat given;
    struct stat file;
    int fd = -1;
    skad_store store = test_db_open(here, &test_db_roomy);
    assert_false(skad_store_lmdb_unsynced(&store, &fd));
    test_db_put(&store, 0, 1);
    assert_true(skad_store_lmdb_unsynced(&store, &fd));
    assert_int_equal(fdatasync(fd), 0);
    assert_int_equal(fstat(fd, &given), 0);
    assert_int_equal(stat(here->path, &file), 0);
    assert_int_equal(given.st_ino, file.st_ino);
    assert_int_equal(close(fd), 0);
    assert_false(skad_store_lmdb_unsynced(&store, &fd));
    assert_int_equal(store.ops->sweep(store.self, TEST_DB_NOW_S, 10), 0); /* nothing was due */
    assert_false(skad_store_lmdb_unsynced(&store, &fd));
    test_store_free(&store);
}

/* Otherwise a power cut would bring back what was withdrawn. */
static void there_is_something_to_sync_after_a_removal(void **state)
{
    static const skad_store_section sections[] = {SKAD_STORE_REPLICAS, SKAD_STORE_PUBLICATIONS};
    test_db_folder *here = *state;
    uint8_t data[200];
    const skad_store_record record = test_db_record(1, data);
    skad_store store = test_db_open(here, &test_db_roomy);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        int fd = -1;
        assert_int_equal(store.ops->put(store.self, sections[i], &record, TEST_DB_NOW_S), SKAD_OK);
        assert_true(skad_store_lmdb_unsynced(&store, &fd));
        assert_int_equal(close(fd), 0);
        assert_int_equal(store.ops->drop(store.self, sections[i], &record.name), SKAD_OK);
        assert_true(skad_store_lmdb_unsynced(&store, &fd));
        assert_int_equal(close(fd), 0);
        assert_false(skad_store_lmdb_unsynced(&store, &fd));
    }
    test_store_free(&store);
}

/* What the file says of itself; read without the store. */
static void read_mark(const test_db_folder *here, char out[static SKAD_DB_BOOT_BYTES])
{
    skad_db db;
    MDB_txn *txn = NULL;
    skad_db_origin origin;
    assert_int_equal(skad_db_open(here->path, 1 << 28, true, &db), 0);
    assert_int_equal(mdb_txn_begin(db.env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(skad_db_open_tables(&db, txn, test_db_network, &origin), 0);
    assert_int_equal(skad_db_marked(&db, txn, out), 0);
    mdb_txn_abort(txn);
    skad_db_close(&db);
}

static void a_closed_database_says_so_and_an_open_one_its_boot(void **state)
{
    test_db_folder *here = *state;
    char mark[SKAD_DB_BOOT_BYTES];
    here->config.boot = "this boot";
    test_db_make(here);
    read_mark(here, mark);
    assert_string_equal(mark, SKAD_DB_CLOSED);
    test_db_clear(here);
    test_db_make_unclosed(here);
    read_mark(here, mark);
    assert_string_equal(mark, "this boot");
}

#define OWN_TEST(test) cmocka_unit_test_setup_teardown(test, test_db_begin, test_db_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_TEST(a_closed_database_comes_back_whole_and_private),
        OWN_TEST(a_killed_process_loses_nothing_in_either_boot),
        OWN_TEST(the_system_tells_its_boot_itself),
        OWN_TEST(a_full_file_refuses_and_what_is_in_it_is_still_read),
        OWN_TEST(a_disk_that_refuses_is_told_of_and_used_again_when_it_does_not),
        OWN_TEST(what_cannot_be_opened_is_told_in_words),
        OWN_TEST(a_link_in_the_place_of_the_lock_is_not_followed),
        OWN_TEST(what_cannot_be_set_aside_stays),
        OWN_TEST(a_database_is_opened_once_at_a_time),
        OWN_TEST(lower_caps_make_copies_give_way_at_once),
        OWN_TEST(a_closed_database_says_so_and_an_open_one_its_boot),
        OWN_TEST(there_is_something_to_sync_after_a_write_only),
        OWN_TEST(there_is_something_to_sync_after_a_removal),
    };
    void *state;
    test_db_begin(&state);
    test_store_factory factory = {
        .open = test_db_open, .clear = test_db_clear, .user = state, .lasting = true};
    int failed = test_store_suite("store_lmdb", &factory);
    test_db_end(&state);
    return failed + cmocka_run_group_tests_name("store_lmdb's own", tests, NULL, NULL);
}
