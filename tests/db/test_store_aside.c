/* Files that cannot be used are set aside in words, never deleted; those that others can use stay.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/db/look.h"
#include "src/db/store_lmdb.h"
#include "tests/support/database_folder.h"
#include "tests/support/store_suite.h"

static const uint8_t other_network[32] = {9, 8, 7, 6, 5, 4};

static void write_one_byte(test_db_folder *here)
{
    FILE *file = fopen(here->path, "w");
    assert_non_null(file);
    (void)fputc('x', file);
    assert_int_equal(fclose(file), 0);
}

/* Writes a row of a table with LMDB alone. */
static void write_foreign(test_db_folder *here, const char *table, const char *key,
                          const void *value, size_t len)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    union {
        const void *from;
        void *to;
    } bytes[] = {{key}, {value}};
    MDB_val name = {strlen(key), bytes[0].to};
    MDB_val row = {len, bytes[1].to};
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 9), 0);
    assert_int_equal(mdb_env_open(env, here->path, MDB_NOSUBDIR, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, MDB_CREATE, &dbi), 0);
    assert_int_equal(mdb_put(txn, dbi, &name, &row, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void write_other_program(test_db_folder *here)
{
    write_foreign(here, "accounts", "root", "1", 1);
}

static void write_other_magic(test_db_folder *here)
{
    write_foreign(here, "meta", "skad", "a magic that is long enough to be one", 30);
}

static void write_other_version(test_db_folder *here)
{
    uint8_t origin[47] = "skad records\n";
    test_db_make(here);
    origin[14] = 3;
    memcpy(origin + 15, test_db_network, sizeof test_db_network);
    write_foreign(here, "meta", "skad", origin, sizeof origin);
}

static void write_version_of_another_length(test_db_folder *here)
{
    static const uint8_t origin[60] = "skad records\n\0\7";
    test_db_make(here);
    write_foreign(here, "meta", "skad", origin, sizeof origin);
}

static void write_other_network(test_db_folder *here)
{
    here->config.network = other_network;
    test_db_make(here);
    here->config.network = test_db_network;
}

static void truncate_file(test_db_folder *here)
{
    struct stat about;
    test_db_make(here);
    assert_int_equal(stat(here->path, &about), 0);
    assert_int_equal(truncate(here->path, about.st_size / 2), 0);
}

static void truncate_to_the_front(test_db_folder *here)
{
    test_db_make(here);
    assert_int_equal(truncate(here->path, 8192), 0);
}

static void make_a_folder(test_db_folder *here)
{
    assert_int_equal(mkdir(here->path, 0700), 0);
}

static void make_a_pipe(test_db_folder *here)
{
    assert_int_equal(mkfifo(here->path, 0600), 0);
}

static void make_a_link(test_db_folder *here)
{
    assert_int_equal(symlink("/dev/null", here->path), 0);
}

static void what_cannot_be_used_is_set_aside_in_words(void **state)
{
    test_db_folder *here = *state;
    static const struct {
        const char *label;
        void (*make)(test_db_folder *here);
        const char *words;
    } cases[] = {
        {"a text file", test_db_write_text, "it is not a database of skad"},
        {"a single byte", write_one_byte, "it is not a database of skad"},
        {"LMDB of another program", write_other_program, "it is not a database of skad"},
        {"another magic", write_other_magic, "it is not a database of skad"},
        {"half a file", truncate_file, "it is damaged"},
        {"the front of a file", truncate_to_the_front, "it is damaged"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stat before;
        struct stat aside;
        char wanted[128];
        test_db_clear(here);
        cases[i].make(here);
        assert_int_equal(lstat(here->path, &before), 0);
        skad_store store = test_db_open(here, &test_db_roomy);
        (void)snprintf(wanted, sizeof wanted, "%s.aside-1234", here->path);
        if (strstr(here->report.text, cases[i].words) == NULL ||
            strstr(here->report.text, wanted) == NULL || lstat(wanted, &aside) != 0) {
            fail_msg("%s: %s", cases[i].label, here->report.text);
        }
        assert_int_equal(before.st_ino, aside.st_ino);
        assert_int_equal(before.st_size, aside.st_size);
        const bool damaged = strcmp(cases[i].words, "it is damaged") == 0;
        assert_int_equal(strstr(here->report.text, "could still be read") != NULL, damaged);
        assert_int_equal(test_db_totals(&store).records,
                         test_db_count(&store, 0, damaged ? TEST_DB_RECORDS : 0));
        test_db_put(&store, 0, 10);
        test_store_reopen(
            &(test_store_factory){.open = test_db_open, .user = here, .lasting = true},
            &test_db_roomy, &store);
        assert_string_equal(here->report.text, "");
        assert_int_equal(test_db_count(&store, 0, 10), 10);
        test_store_free(&store);
    }
}

/* The right option, or the right version, must find it again. */
static void what_others_can_use_stays_as_it_is(void **state)
{
    test_db_folder *here = *state;
    static const struct {
        const char *label;
        void (*make)(test_db_folder *here);
        skad_status status;
        const char *words;
        skad_db_sight sight;
    } cases[] = {
        {"another version", write_other_version, SKAD_ERR_VERSION, "another version of skad",
         SKAD_DB_SIGHT_VERSION},
        {"another version's row", write_version_of_another_length, SKAD_ERR_VERSION,
         "another version of skad", SKAD_DB_SIGHT_VERSION},
        {"another network", write_other_network, SKAD_ERR_VERSION, "it is of another network",
         SKAD_DB_SIGHT_NETWORK},
        {"a folder", make_a_folder, SKAD_ERR_FORMAT, "it is not a file", SKAD_DB_SIGHT_NO_FILE},
        {"a pipe", make_a_pipe, SKAD_ERR_FORMAT, "it is not a file", SKAD_DB_SIGHT_NO_FILE},
        {"a symbolic link", make_a_link, SKAD_ERR_FORMAT, "it is not a file",
         SKAD_DB_SIGHT_NO_FILE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stat before;
        struct stat after;
        skad_db_looked looked;
        skad_store store;
        test_db_clear(here);
        cases[i].make(here);
        assert_int_equal(lstat(here->path, &before), 0);
        skad_db_look(here->path, test_db_network, &looked);
        const skad_status status = skad_store_lmdb_open(&here->config, &store, &here->report);
        if (looked.sight != cases[i].sight || status != cases[i].status ||
            strstr(here->report.text, cases[i].words) == NULL) {
            fail_msg("%s: %d, %s", cases[i].label, (int)looked.sight, here->report.text);
        }
        assert_int_equal(lstat(here->path, &after), 0);
        assert_int_equal(before.st_ino, after.st_ino);
        assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
        assert_false(test_db_is_there(here, ".aside-1234"));
    }
}

static void a_look_names_network_and_version(void **state)
{
    test_db_folder *here = *state;
    skad_db_looked looked;
    skad_db_look(here->path, test_db_network, &looked);
    assert_int_equal(looked.sight, SKAD_DB_SIGHT_FINE); /* there is nothing */
    test_db_make(here);
    skad_db_look(here->path, test_db_network, &looked);
    assert_int_equal(looked.sight, SKAD_DB_SIGHT_FINE);
    skad_db_look(here->path, other_network, &looked);
    assert_int_equal(looked.sight, SKAD_DB_SIGHT_NETWORK);
    assert_memory_equal(looked.network, test_db_network, sizeof looked.network);
    test_db_clear(here);
    write_other_version(here);
    skad_db_look(here->path, test_db_network, &looked);
    assert_int_equal(looked.sight, SKAD_DB_SIGHT_VERSION);
    assert_int_equal(looked.version, 3);
    test_db_clear(here);
    truncate_to_the_front(here); /* torn: opening will set it aside */
    skad_db_look(here->path, other_network, &looked);
    assert_int_equal(looked.sight, SKAD_DB_SIGHT_FINE);
}

static void the_right_network_finds_its_records_after_a_wrong_one(void **state)
{
    test_db_folder *here = *state;
    skad_store store;
    test_db_make(here);
    here->config.network = other_network;
    assert_int_equal(skad_store_lmdb_open(&here->config, &store, &here->report), SKAD_ERR_VERSION);
    here->config.network = test_db_network;
    store = test_db_open(here, &test_db_roomy);
    assert_string_equal(here->report.text, "");
    assert_int_equal(test_db_count(&store, 0, TEST_DB_RECORDS), TEST_DB_RECORDS);
    test_store_free(&store);
}

static void nothing_set_aside_is_overwritten(void **state)
{
    test_db_folder *here = *state;
    static const char *const suffixes[] = {".aside-1234", ".aside-1234-1", ".aside-1234-2"};
    for (size_t i = 0; i < 3; i++) {
        (void)unlink(here->path);
        test_db_write_text(here);
        skad_store store = test_db_open(here, &test_db_roomy);
        test_store_free(&store);
        for (size_t j = 0; j < 3; j++) {
            assert_int_equal(test_db_is_there(here, suffixes[j]), j <= i);
        }
    }
}

static void an_empty_or_half_made_file_is_a_new_one(void **state)
{
    test_db_folder *here = *state;
    MDB_env *env;
    FILE *file = fopen(here->path, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    skad_store store = test_db_open(here, &test_db_roomy);
    assert_string_equal(here->report.text, "");
    test_store_free(&store);
    test_db_clear(here);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, here->path, MDB_NOSUBDIR, 0600), 0);
    mdb_env_close(env);
    store = test_db_open(here, &test_db_roomy);
    assert_string_equal(here->report.text, "");
    test_store_free(&store);
}

#define OWN_TEST(test) cmocka_unit_test_setup_teardown(test, test_db_begin, test_db_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_TEST(what_cannot_be_used_is_set_aside_in_words),
        OWN_TEST(what_others_can_use_stays_as_it_is),
        OWN_TEST(a_look_names_network_and_version),
        OWN_TEST(the_right_network_finds_its_records_after_a_wrong_one),
        OWN_TEST(nothing_set_aside_is_overwritten),
        OWN_TEST(an_empty_or_half_made_file_is_a_new_one),
    };
    return cmocka_run_group_tests_name("set aside", tests, NULL, NULL);
}
