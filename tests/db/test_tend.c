/* What an operator does to a database by hand: checks, takes over, puts another in its place,
 * copies its publications beside a process that uses it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/db/backup.h"
#include "src/db/proof.h"
#include "src/db/tend.h"
#include "tests/support/database_folder.h"
#include "tests/support/store_suite.h"

#define OTHER_RECORDS 20

static const uint8_t other_network[32] = {9, 9, 9, 9, 9, 9};

static void path_of(const test_db_folder *here, const char *suffix, char out[static 128])
{
    (void)snprintf(out, 128, "%s%s", here->path, suffix);
}

/* Another database, beside the one of the folder. */
static void make_other(const test_db_folder *here, char path[static 128])
{
    skad_store store;
    skad_store_lmdb_report report;
    skad_store_lmdb_config config = here->config;
    path_of(here, ".other", path);
    config.path = path;
    config.caps = test_db_roomy;
    assert_int_equal(skad_store_lmdb_open(&config, &store, &report), SKAD_OK);
    test_db_put(&store, 1000, OTHER_RECORDS);
    test_store_free(&store);
}

/* Overwrites pages in the middle, where records are. */
static void damage(const char *path)
{
    static const uint8_t noise[4096 * 4] = {0xa5};
    struct stat about;
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(fseek(file, about.st_size / 2 & ~4095L, SEEK_SET), 0);
    assert_int_equal(fwrite(noise, 1, sizeof noise, file), sizeof noise);
    assert_int_equal(fclose(file), 0);
}

static void publish(const skad_store *store, uint32_t first, uint32_t count)
{
    uint8_t data[200];
    for (uint32_t i = first; i < first + count; i++) {
        skad_store_record record = test_db_record(i, data);
        record.cached = false;
        assert_int_equal(
            store->ops->put(store->self, SKAD_STORE_PUBLICATIONS, &record, TEST_DB_NOW_S), SKAD_OK);
    }
}

/* ---- Checking ---- */

static void a_check_counts_and_changes_nothing(void **state)
{
    test_db_folder *here = *state;
    skad_db_examined found;
    struct stat before;
    struct stat after;
    assert_int_equal(skad_db_examine(here->path, test_db_network, &found), SKAD_DB_TEND_MISSING);
    test_db_make(here);
    assert_int_equal(stat(here->path, &before), 0);
    assert_int_equal(skad_db_examine(here->path, test_db_network, &found), SKAD_DB_TENDED);
    assert_int_equal(found.verdict, SKAD_DB_GOOD);
    assert_int_equal(found.held, TEST_DB_RECORDS);
    assert_int_equal(found.published, 0);
    assert_int_equal(found.bytes, before.st_size);
    assert_int_equal(skad_db_examine(here->path, other_network, &found), SKAD_DB_TENDED);
    assert_int_equal(found.verdict, SKAD_DB_OTHER_NETWORK);
    assert_int_equal(stat(here->path, &after), 0);
    assert_int_equal(before.st_ctim.tv_nsec, after.st_ctim.tv_nsec);
    assert_true(test_db_is_there(here, "-clean"));
}

/* Also what a proof of a clean end would hide from a start. */
static void a_check_reads_everything(void **state)
{
    test_db_folder *here = *state;
    skad_db_examined found;
    test_db_make(here);
    damage(here->path);
    test_db_prove(here->path);
    assert_int_equal(skad_db_examine(here->path, test_db_network, &found), SKAD_DB_TENDED);
    assert_int_equal(found.verdict, SKAD_DB_DAMAGED);
}

static void what_a_node_uses_is_not_checked(void **state)
{
    test_db_folder *here = *state;
    skad_db_examined found;
    skad_store store = test_db_open(here, &test_db_roomy);
    assert_int_equal(skad_db_examine(here->path, test_db_network, &found), SKAD_DB_TEND_BUSY);
    test_store_free(&store);
    assert_int_equal(skad_db_examine(here->dir, test_db_network, &found), SKAD_DB_TEND_FAILED);
    test_db_clear(here);
    test_db_write_text(here);
    assert_int_equal(skad_db_examine(here->path, test_db_network, &found), SKAD_DB_TENDED);
    assert_int_equal(found.verdict, SKAD_DB_OTHER_PROGRAM);
}

/* ---- Taking over ---- */

static void records_of_another_file_join_those_that_are_there(void **state)
{
    test_db_folder *here = *state;
    char other[128];
    skad_db_taken taken;
    test_db_make(here);
    make_other(here, other);
    here->config.caps = test_db_roomy;
    assert_int_equal(skad_db_take_over(other, &here->config, &taken), SKAD_DB_TENDED);
    assert_int_equal(taken.kept, OTHER_RECORDS);
    assert_int_equal(taken.error, 0);
    skad_store store = test_db_open(here, &test_db_roomy);
    assert_int_equal(test_db_count(&store, 0, TEST_DB_RECORDS), TEST_DB_RECORDS);
    assert_int_equal(test_db_count(&store, 1000, OTHER_RECORDS), OTHER_RECORDS);
    assert_int_equal(skad_db_take_over(other, &here->config, &taken), SKAD_DB_TEND_BUSY);
    test_store_free(&store);
    assert_int_equal(skad_db_take_over("/nowhere", &here->config, &taken), SKAD_DB_TEND_MISSING);
}

static void a_damaged_file_gives_what_can_be_read(void **state)
{
    test_db_folder *here = *state;
    char other[128];
    skad_db_taken taken;
    test_db_make(here);
    path_of(here, ".other", other);
    assert_int_equal(rename(here->path, other), 0);
    damage(other);
    here->config.caps = test_db_roomy;
    assert_int_equal(skad_db_take_over(other, &here->config, &taken), SKAD_DB_TENDED);
    assert_in_range(taken.kept, 1, TEST_DB_RECORDS - 1);
    assert_int_equal(taken.error, 0);
}

static void a_damaged_database_itself_is_salvaged(void **state)
{
    test_db_folder *here = *state;
    skad_db_taken taken;
    skad_db_examined found;
    test_db_make(here);
    damage(here->path);
    here->config.caps = test_db_roomy;
    assert_int_equal(skad_db_take_over(NULL, &here->config, &taken), SKAD_DB_TENDED);
    assert_non_null(strstr(taken.report.text, "could still be read and were taken over"));
    assert_int_equal(skad_db_examine(here->path, test_db_network, &found), SKAD_DB_TENDED);
    assert_int_equal(found.verdict, SKAD_DB_GOOD);
    assert_in_range(found.held, 1, TEST_DB_RECORDS - 1);
}

/* ---- Putting in its place ---- */

static void another_file_takes_the_place_and_the_old_one_is_kept(void **state)
{
    test_db_folder *here = *state;
    char other[128];
    char aside[PATH_MAX];
    skad_db_examined found;
    skad_db_verdict verdict;
    test_db_make(here);
    make_other(here, other);
    assert_int_equal(skad_db_replace(other, &here->config, aside, &verdict), SKAD_DB_TENDED);
    assert_int_equal(skad_db_examine(aside, test_db_network, &found), SKAD_DB_TENDED);
    assert_int_equal(found.held, TEST_DB_RECORDS);
    assert_false(test_db_is_there(here, "-clean"));
    skad_store store = test_db_open(here, &test_db_roomy);
    assert_true(here->report.checked);
    assert_int_equal(test_db_totals(&store).records, OTHER_RECORDS);
    assert_int_equal(skad_db_replace(other, &here->config, aside, &verdict), SKAD_DB_TEND_BUSY);
    test_store_free(&store);
}

static void only_an_intact_file_takes_the_place(void **state)
{
    test_db_folder *here = *state;
    char other[128];
    char aside[PATH_MAX];
    skad_db_verdict verdict;
    make_other(here, other);
    assert_int_equal(skad_db_replace("/nowhere", &here->config, aside, &verdict),
                     SKAD_DB_TEND_MISSING);
    here->config.network = other_network;
    assert_int_equal(skad_db_replace(other, &here->config, aside, &verdict), SKAD_DB_TEND_UNFIT);
    assert_int_equal(verdict, SKAD_DB_OTHER_NETWORK);
    here->config.network = test_db_network;
    assert_int_equal(skad_db_replace(other, &here->config, aside, &verdict), SKAD_DB_TENDED);
    assert_string_equal(aside, ""); /* there was none */
    damage(other);
    assert_int_equal(skad_db_replace(other, &here->config, aside, &verdict), SKAD_DB_TEND_UNFIT);
    assert_int_equal(verdict, SKAD_DB_DAMAGED);
}

/* ---- Copying publications ---- */

static skad_store_lmdb_config copy_config(const test_db_folder *here, char path[static 128])
{
    path_of(here, ".copy", path);
    skad_store_lmdb_config config = here->config;
    config.path = path;
    config.caps = test_db_roomy;
    return config;
}

static void expect_copied(const char *path, uint64_t published)
{
    skad_db_examined found;
    assert_int_equal(skad_db_examine(path, test_db_network, &found), SKAD_DB_TENDED);
    assert_int_equal(found.verdict, SKAD_DB_GOOD);
    assert_int_equal(found.held, 0);
    assert_int_equal(found.published, published);
    assert_int_equal(unlink(path), 0);
}

static void publications_are_copied_beside_the_process_that_uses_them(void **state)
{
    test_db_folder *here = *state;
    char path[128];
    const skad_store_lmdb_config config = copy_config(here, path);
    skad_db_backed_up done;
    assert_int_equal(skad_db_back_up(here->path, &config, &done), SKAD_DB_TEND_MISSING);
    skad_store store = test_db_open(here, &test_db_roomy);
    test_db_put(&store, 0, 50);
    publish(&store, 100, 30);
    assert_int_equal(skad_db_back_up(here->path, &config, &done), SKAD_DB_TENDED);
    assert_int_equal(done.copied, 30);
    assert_int_equal(done.damaged, 0);
    expect_copied(path, 30);
    publish(&store, 200, 5);
    test_store_free(&store);
    assert_int_equal(skad_db_back_up(here->path, &config, &done), SKAD_DB_TENDED);
    expect_copied(path, 35);
    assert_true(test_db_is_there(here, "-clean")); /* the proof still holds */
    store = test_db_open(here, &test_db_roomy);
    assert_false(here->report.checked);
    test_store_free(&store);
}

static void a_file_that_is_no_use_is_not_copied(void **state)
{
    test_db_folder *here = *state;
    char path[128];
    skad_store_lmdb_config config = copy_config(here, path);
    skad_db_backed_up done;
    test_db_make(here);
    config.network = other_network;
    assert_int_equal(skad_db_back_up(here->path, &config, &done), SKAD_DB_TEND_UNFIT);
    assert_int_equal(done.verdict, SKAD_DB_OTHER_NETWORK);
    assert_int_equal(skad_db_back_up(here->dir, &config, &done), SKAD_DB_TEND_FAILED);
    config.network = test_db_network;
    config.path = "/nowhere/copy";
    assert_int_equal(skad_db_back_up(here->path, &config, &done), SKAD_DB_TEND_FAILED);
    assert_int_equal(errno, ENOENT);
}

#define OWN_TEST(test) cmocka_unit_test_setup_teardown(test, test_db_begin, test_db_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_TEST(a_check_counts_and_changes_nothing),
        OWN_TEST(a_check_reads_everything),
        OWN_TEST(what_a_node_uses_is_not_checked),
        OWN_TEST(records_of_another_file_join_those_that_are_there),
        OWN_TEST(a_damaged_file_gives_what_can_be_read),
        OWN_TEST(a_damaged_database_itself_is_salvaged),
        OWN_TEST(another_file_takes_the_place_and_the_old_one_is_kept),
        OWN_TEST(only_an_intact_file_takes_the_place),
        OWN_TEST(publications_are_copied_beside_the_process_that_uses_them),
        OWN_TEST(a_file_that_is_no_use_is_not_copied),
    };
    return cmocka_run_group_tests_name("tend", tests, NULL, NULL);
}
