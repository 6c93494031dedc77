/* Proofs of a clean end: which file has one, what happens without, and after damage that LMDB met.
 */
#define _GNU_SOURCE /* memmem */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/db/database.h"
#include "src/db/proof.h"
#include "src/db/store_lmdb.h"
#include "tests/support/database_folder.h"
#include "tests/support/store_suite.h"

/* Writes bytes from..to-1 of one file into another, which stays the same file; to 0: all. */
static void copy(const char *from, const char *to, long begin, long end)
{
    FILE *in = fopen(from, "r");
    int fd = open(to, O_WRONLY | O_CREAT, 0600);
    assert_non_null(in);
    assert_true(fd >= 0);
    assert_int_equal(fseek(in, begin, SEEK_SET), 0);
    for (long at = begin; end == 0 || at < end; at++) {
        int byte = fgetc(in);
        if (byte == EOF) {
            break;
        }
        const uint8_t one = (uint8_t)byte;
        assert_int_equal(pwrite(fd, &one, 1, at), 1);
    }
    assert_int_equal(close(fd), 0);
    assert_int_equal(fclose(in), 0);
}

static long size_of(const char *path)
{
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    return about.st_size;
}

/* Gives a file the times of change that another one shows. */
static void backdate(const char *path, const struct stat *like)
{
    const struct timespec times[] = {like->st_atim, like->st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void write_proof(const char *path)
{
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    skad_db_proof_write(path, fd, 7);
    assert_int_equal(close(fd), 0);
}

static void a_proof_holds_for_the_very_file_only(void **state)
{
    test_db_folder *here = *state;
    char other[160];
    char proof[160];
    char command[800];
    struct stat about;
    (void)snprintf(other, sizeof other, "%s-other", here->path);
    (void)snprintf(proof, sizeof proof, "%s-clean", here->path);
    copy("/proc/self/exe", here->path, 0, 10000);
    assert_int_equal(skad_db_proof_read(here->path, 7), SKAD_DB_UNPROVEN);
    write_proof(here->path);
    assert_int_equal(skad_db_proof_read(here->path, 7), SKAD_DB_PROVEN);
    assert_int_equal(skad_db_proof_read(here->path, 8), SKAD_DB_UNPROVEN);
    (void)snprintf(command, sizeof command, "cp -a '%s' '%s' && cp -a '%s' '%s-clean'", here->path,
                   other, proof, other);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): names of our own */
    assert_int_equal(skad_db_proof_read(other, 7), SKAD_DB_UNPROVEN);
    assert_int_equal(skad_db_proof_read(here->path, 7), SKAD_DB_PROVEN);
    assert_int_equal(stat(here->path, &about), 0);
    copy(other, here->path, 0, 0); /* the same bytes in the same file, with the same date */
    backdate(here->path, &about);
    assert_int_equal(skad_db_proof_read(here->path, 7), SKAD_DB_UNPROVEN);
    write_proof(here->path);
    skad_db_proof_remove(here->path);
    assert_int_equal(skad_db_proof_read(here->path, 7), SKAD_DB_UNPROVEN);
    skad_db_proof_condemn(here->path);
    assert_int_equal(skad_db_proof_read(here->path, 7), SKAD_DB_CONDEMNED);
    write_proof(here->path);
    assert_int_equal(skad_db_proof_read(here->path, 7), SKAD_DB_PROVEN);
}

/* A backup took the place of the file while a node had that open. */
static void a_file_that_was_put_in_the_place_of_an_open_one_has_no_proof(void **state)
{
    test_db_folder *here = *state;
    char other[160];
    (void)snprintf(other, sizeof other, "%s-other", here->path);
    test_db_make(here);
    copy(here->path, other, 0, 0);
    skad_store store = test_db_open(here, &test_db_roomy);
    assert_int_equal(rename(other, here->path), 0);
    test_store_free(&store);
    store = test_db_open(here, &test_db_roomy);
    assert_true(here->report.checked);
    assert_int_equal(test_db_count(&store, 0, TEST_DB_RECORDS), TEST_DB_RECORDS);
    test_store_free(&store);
}

static void only_what_was_closed_is_not_checked(void **state)
{
    test_db_folder *here = *state;
    char command[800];
    test_db_make(here);
    assert_true(test_db_is_there(here, "-clean"));
    skad_store store = test_db_open(here, &test_db_roomy);
    assert_false(here->report.checked);
    assert_false(test_db_is_there(here, "-clean"));
    test_store_free(&store);

    (void)snprintf(command, sizeof command, "cd '%s' && cp -a records.db x && mv x records.db",
                   here->dir);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): names of our own */
    store = test_db_open(here, &test_db_roomy);
    assert_true(here->report.checked);
    assert_string_equal(here->report.text, "");
    test_store_free(&store);

    test_db_clear(here);
    test_db_make_unclosed(here); /* in the same start of the system */
    store = test_db_open(here, &test_db_roomy);
    assert_true(here->report.checked);
    assert_string_equal(here->report.text, "");
    assert_int_equal(test_db_count(&store, 0, TEST_DB_RECORDS), TEST_DB_RECORDS);
    test_store_free(&store);
}

/* The front of the copy is of another moment than its end. */
static void a_copy_made_while_it_was_written_is_set_aside_and_salvaged(void **state)
{
    test_db_folder *here = *state;
    char original[160];
    (void)snprintf(original, sizeof original, "%s-original", here->path);
    const char *path = here->config.path;
    here->config.path = original;
    skad_store store = test_db_open(here, &test_db_roomy);
    test_db_put(&store, 0, TEST_DB_RECORDS);
    const long half = size_of(original) / 8192 * 4096;
    copy(original, path, 0, half);
    test_db_put(&store, TEST_DB_RECORDS, TEST_DB_RECORDS);
    copy(original, path, half, 0);
    test_store_free(&store);
    here->config.path = path;
    store = test_db_open(here, &test_db_roomy);
    assert_non_null(strstr(here->report.text, "it is damaged"));
    assert_true(test_db_is_there(here, ".aside-1234"));
    const uint32_t found = test_db_count(&store, 0, 2 * TEST_DB_RECORDS);
    assert_in_range(found, TEST_DB_RECORDS / 4, 2 * TEST_DB_RECORDS);
    assert_int_equal(test_db_totals(&store).records, found);
    test_db_put(&store, 0, TEST_DB_RECORDS);
    test_store_free(&store);
}

static void what_lmdb_gave_up_is_set_aside_though_a_check_finds_nothing(void **state)
{
    test_db_folder *here = *state;
    test_db_make(here);
    skad_db_proof_condemn(here->path);
    skad_store store = test_db_open(here, &test_db_roomy);
    assert_non_null(strstr(here->report.text, "it is damaged"));
    assert_int_equal(test_db_count(&store, 0, TEST_DB_RECORDS), TEST_DB_RECORDS);
    test_store_free(&store);
    store = test_db_open(here, &test_db_roomy);
    assert_string_equal(here->report.text, "");
    assert_false(here->report.checked);
    test_store_free(&store);
}

/* Makes the headers of leaves say that the room in them ends before it begins: flags, beginning and
 * end of the room at offset 10. Leaves of few entries are those of the tables that an opening
 * changes. */
static void tear_leaves(const char *path, unsigned entries_min)
{
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    for (long page = 2; page < size_of(path) / 4096; page++) {
        uint16_t header[3];
        assert_int_equal(pread(fd, header, sizeof header, page * 4096 + 10), sizeof header);
        const bool chosen = header[0] == 2 && (header[1] - 16) / 2 >= (int)entries_min;
        header[2] = chosen ? (uint16_t)(header[1] - 2) : header[2];
        assert_int_equal(pwrite(fd, header, sizeof header, page * 4096 + 10), sizeof header);
    }
    assert_int_equal(close(fd), 0);
}

/* In a child: the file is cut under a running process. */
static void read_what_was_cut(test_db_folder *here)
{
    skad_store store = test_db_open(here, &test_db_roomy);
    (void)!truncate(here->path, 4 * 4096);
    (void)test_db_count(&store, 0, TEST_DB_RECORDS);
    _exit(0);
}

static void a_crash_in_the_database_happens_once(void **state)
{
    test_db_folder *here = *state;
    int ended;
    test_db_make(here);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGBUS, SIG_DFL); /* and not what cmocka makes of it */
        read_what_was_cut(here);
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGBUS);
    skad_store store = test_db_open(here, &test_db_roomy);
    assert_non_null(strstr(here->report.text, "it is damaged"));
    test_db_put(&store, 0, TEST_DB_RECORDS);
    test_store_free(&store);
}

static void damage_that_an_opening_meets_is_set_aside_at_once(void **state)
{
    test_db_folder *here = *state;
    test_db_make(here);
    tear_leaves(here->path, 0);
    test_db_prove(here->path);
    skad_store store = test_db_open(here, &test_db_roomy);
    assert_non_null(strstr(here->report.text, "it is damaged"));
    assert_true(test_db_is_there(here, ".aside-1234"));
    test_store_free(&store);
}

/* A start in a child; 0: it opened, 1: it was refused, 2: it crashed. */
static int start(test_db_folder *here)
{
    int ended;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        skad_store store;
        (void)signal(SIGSEGV, SIG_DFL);
        (void)signal(SIGBUS, SIG_DFL);
        (void)signal(SIGABRT, SIG_DFL);
        if (skad_store_lmdb_open(&here->config, &store, &here->report) != SKAD_OK) {
            _exit(1);
        }
        test_store_free(&store);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    return WIFSIGNALED(ended) ? 2 : WEXITSTATUS(ended);
}

/* The flags of each page in turn, which say what it is. */
static void no_damage_is_refused_at_each_start(void **state)
{
    test_db_folder *here = *state;
    unsigned refused = 0;
    here->config.caps = test_db_roomy;
    for (long page = 2, pages = 3; page < pages; page++) {
        const uint16_t flags = 0;
        test_db_clear(here);
        test_db_make(here);
        pages = size_of(here->path) / 4096;
        int fd = open(here->path, O_RDWR);
        assert_int_equal(pwrite(fd, &flags, sizeof flags, page * 4096 + 10), sizeof flags);
        assert_int_equal(close(fd), 0);
        test_db_prove(here->path);
        int last = 3;
        for (unsigned i = 0; i < 3; i++) {
            last = start(here);
            refused += last == 1;
        }
        assert_int_equal(last, 0);
    }
    assert_true(refused > 0); /* so there is something to test */
}

/* A row that the disk changed is found when it is read; then the rest is not trusted either. */
static void damage_that_was_met_leaves_no_proof(void **state)
{
    test_db_folder *here = *state;
    uint8_t data[200];
    uint8_t page[4096];
    bool changed = false;
    skad_store_record out;
    test_db_make(here);
    const skad_store_record record = test_db_record(33, data);
    int fd = open(here->path, O_RDWR);
    for (long at = 0; pread(fd, page, sizeof page, at) == sizeof page; at += 4096) {
        for (size_t i = 0; i + record.len <= sizeof page; i++) {
            if (memcmp(page + i, record.data, record.len) == 0) {
                page[i] ^= 1;
                assert_int_equal(pwrite(fd, page, sizeof page, at), sizeof page);
                changed = true;
            }
        }
    }
    assert_int_equal(close(fd), 0);
    assert_true(changed);
    test_db_prove(here->path);
    skad_store store = test_db_open(here, &test_db_roomy);
    assert_false(here->report.checked);
    assert_false(
        store.ops->find(store.self, SKAD_STORE_REPLICAS, &record.name, TEST_DB_NOW_S, &out));
    test_store_free(&store);
    assert_false(test_db_is_there(here, "-clean"));
    store = test_db_open(here, &test_db_roomy);
    assert_true(here->report.checked);
    assert_string_equal(here->report.text, "");
    test_store_free(&store);
}

/* What a process leaves behind that was killed while it salvaged: a part of the records, and the
 * name of the file that has all of them. */
static void salvaging_that_did_not_end_begins_again(void **state)
{
    test_db_folder *here = *state;
    char aside[160];
    skad_db db;
    MDB_txn *txn;
    skad_db_origin origin;
    (void)snprintf(aside, sizeof aside, "%s.aside-1", here->path);
    test_db_make(here);
    assert_int_equal(rename(here->path, aside), 0);
    skad_store store = test_db_open(here, &test_db_roomy);
    test_db_put(&store, 0, 10);
    test_store_free(&store);
    assert_int_equal(skad_db_open(here->path, 1 << 28, false, &db), 0);
    assert_int_equal(mdb_txn_begin(db.env, NULL, 0, &txn), 0);
    assert_int_equal(skad_db_open_tables(&db, txn, test_db_network, &origin), 0);
    MDB_val key = skad_db_value("salvage", 7);
    MDB_val value = skad_db_value(aside, strlen(aside));
    assert_int_equal(mdb_put(txn, db.tables[SKAD_DB_META], &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    skad_db_close(&db);
    store = test_db_open(here, &test_db_roomy);
    assert_non_null(strstr(here->report.text, "did not come to salvage all of"));
    assert_int_equal(test_db_count(&store, 0, TEST_DB_RECORDS), TEST_DB_RECORDS);
    test_store_free(&store);
    store = test_db_open(here, &test_db_roomy);
    assert_string_equal(here->report.text, "");
    test_store_free(&store);
}

/* The roots of all tables are gone: LMDB finds none of them. */
static void what_the_pages_have_is_salvaged_without_the_tables(void **state)
{
    test_db_folder *here = *state;
    static const uint8_t nothing[4096];
    uint8_t page[4096];
    skad_store store = test_db_open(here, &test_db_roomy);
    test_db_put(&store, 0, TEST_DB_RECORDS);
    uint8_t data[200];
    skad_store_record newer = test_db_record(5, data); /* of which an older edition is around */
    newer.sequence = 99;
    newer.stored_unix_s = 7;
    assert_int_equal(store.ops->put(store.self, SKAD_STORE_REPLICAS, &newer, TEST_DB_NOW_S),
                     SKAD_OK);
    test_store_free(&store);
    int fd = open(here->path, O_RDWR);
    unsigned torn = 0;
    for (long at = 8192; pread(fd, page, sizeof page, at) == sizeof page; at += 4096) {
        if (memmem(page, sizeof page, "counters", 8) != NULL) { /* the table of tables */
            assert_int_equal(pwrite(fd, nothing, sizeof nothing, at), sizeof nothing);
            torn++;
        }
    }
    assert_int_equal(close(fd), 0);
    assert_true(torn > 0);
    store = test_db_open(here, &test_db_roomy);
    assert_non_null(strstr(here->report.text, "it is damaged"));
    assert_non_null(strstr(here->report.text, "could still be read and were taken over"));
    skad_store_record found;
    assert_true(
        store.ops->find(store.self, SKAD_STORE_REPLICAS, &newer.name, TEST_DB_NOW_S, &found));
    assert_int_equal(found.sequence, 99);
    assert_int_equal(test_db_totals(&store).records, TEST_DB_RECORDS);
    test_store_free(&store);
}

#define OWN_TEST(test) cmocka_unit_test_setup_teardown(test, test_db_begin, test_db_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_TEST(a_proof_holds_for_the_very_file_only),
        OWN_TEST(a_file_that_was_put_in_the_place_of_an_open_one_has_no_proof),
        OWN_TEST(only_what_was_closed_is_not_checked),
        OWN_TEST(a_copy_made_while_it_was_written_is_set_aside_and_salvaged),
        OWN_TEST(what_lmdb_gave_up_is_set_aside_though_a_check_finds_nothing),
        OWN_TEST(a_crash_in_the_database_happens_once),
        OWN_TEST(damage_that_an_opening_meets_is_set_aside_at_once),
        OWN_TEST(no_damage_is_refused_at_each_start),
        OWN_TEST(damage_that_was_met_leaves_no_proof),
        OWN_TEST(what_the_pages_have_is_salvaged_without_the_tables),
        OWN_TEST(salvaging_that_did_not_end_begins_again),
    };
    return cmocka_run_group_tests_name("proof", tests, NULL, NULL);
}
