#define _GNU_SOURCE /* mkdtemp */
#include "tests/support/database_folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/db/database.h"
#include "src/db/proof.h"
#include "tests/support/prng.h"
#include "tests/support/store_suite.h"

const skad_store_caps test_db_roomy = {100000, 10000000, 1000, 100000};
const uint8_t test_db_network[32] = {1, 2, 3};

/* ---- A test_db_folder for each test ---- */

void test_db_clear(void *user)
{
    test_db_folder *here = user;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'/*", here->dir);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a name of our own */
}

skad_store test_db_open(void *user, const skad_store_caps *caps)
{
    test_db_folder *here = user;
    skad_store store;
    here->config.caps = *caps;
    if (skad_store_lmdb_open(&here->config, &store, &here->report) != SKAD_OK) {
        fail_msg("%s", here->report.text);
    }
    return store;
}

int test_db_begin(void **state)
{
    test_db_folder *here = calloc(1, sizeof *here);
    assert_non_null(here);
    const char *above = getenv("TMPDIR");
    (void)snprintf(here->dir, sizeof here->dir, "%s/skad-lmdb-XXXXXX",
                   above != NULL && strlen(above) < 40 ? above : "/tmp");
    assert_non_null(mkdtemp(here->dir));
    (void)snprintf(here->path, sizeof here->path, "%s/records.db", here->dir);
    here->config = (skad_store_lmdb_config){.path = here->path,
                                            .network = test_db_network,
                                            .caps = test_db_roomy,
                                            .now_unix_s = 1234,
                                            .boot = "first boot"};
    *state = here;
    return 0;
}

int test_db_end(void **state)
{
    test_db_folder *here = *state;
    test_db_clear(here);
    assert_int_equal(rmdir(here->dir), 0);
    free(here);
    return 0;
}

bool test_db_is_there(const test_db_folder *here, const char *suffix)
{
    char path[128];
    struct stat about;
    (void)snprintf(path, sizeof path, "%s%s", here->path, suffix);
    return lstat(path, &about) == 0;
}

/* ---- Records that tell whether they are whole ---- */

skad_store_record test_db_record(uint32_t number, uint8_t data[static 200])
{
    test_prng prng = {number};
    skad_store_record record = {.name = {.key = test_prng_id(&prng), .type = 1},
                                .sequence = number,
                                .expires_unix_s = 2 * TEST_DB_NOW_S,
                                .group = number % 7,
                                .cached = number % 5 == 0,
                                .data = data,
                                .len = 100 + test_prng_below(&prng, 100)};
    for (size_t i = 0; i < 200; i++) {
        data[i] = (uint8_t)test_prng_next(&prng);
    }
    return record;
}

void test_db_put(const skad_store *store, uint32_t first, uint32_t count)
{
    uint8_t data[200];
    for (uint32_t i = first; i < first + count; i++) {
        const skad_store_record record = test_db_record(i, data);
        assert_int_equal(store->ops->put(store->self, SKAD_STORE_REPLICAS, &record, TEST_DB_NOW_S),
                         SKAD_OK);
    }
}

/* How many of the records are there; each must be whole. */
uint32_t test_db_count(const skad_store *store, uint32_t first, uint32_t count)
{
    uint8_t data[200];
    uint32_t found = 0;
    for (uint32_t i = first; i < first + count; i++) {
        const skad_store_record record = test_db_record(i, data);
        skad_store_record out;
        if (store->ops->find(store->self, SKAD_STORE_REPLICAS, &record.name, TEST_DB_NOW_S, &out)) {
            test_store_expect_equal(&out, &record);
            found++;
        }
    }
    return found;
}

skad_store_totals test_db_totals(const skad_store *store)
{
    skad_store_totals totals;
    store->ops->totals(store->self, &totals);
    return totals;
}

void test_db_make(test_db_folder *here)
{
    skad_store store = test_db_open(here, &test_db_roomy);
    test_db_put(&store, 0, TEST_DB_RECORDS);
    test_store_free(&store);
}

/* A process that has the database open ends without a word. */
void test_db_make_unclosed(test_db_folder *here)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        skad_store store = test_db_open(here, &test_db_roomy);
        test_db_put(&store, 0, TEST_DB_RECORDS);
        _exit(0);
    }
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
}

void test_db_prove(const char *path)
{
    skad_db db;
    MDB_envinfo info;
    assert_int_equal(skad_db_open(path, 1 << 28, true, &db), 0);
    assert_int_equal(mdb_env_info(db.env, &info), 0);
    skad_db_close(&db);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    skad_db_proof_write(path, fd, info.me_last_txnid);
    assert_int_equal(close(fd), 0);
}

void test_db_write_text(test_db_folder *here)
{
    FILE *file = fopen(here->path, "w");
    assert_non_null(file);
    for (unsigned i = 0; i < 4000; i++) {
        (void)fprintf(file, "line %u\n", i);
    }
    assert_int_equal(fclose(file), 0);
}
