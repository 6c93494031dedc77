/* A folder of its own for each test of a database, and records that tell whether they are whole. */
#ifndef SKAD_TESTS_DATABASE_FOLDER_H
#define SKAD_TESTS_DATABASE_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "src/db/store_lmdb.h"

#define TEST_DB_NOW_S   1000000ULL
#define TEST_DB_RECORDS 300

extern const skad_store_caps test_db_roomy;
extern const uint8_t test_db_network[32];

typedef struct test_db_folder {
    char dir[64];
    char path[96];
    skad_store_lmdb_config config;
    skad_store_lmdb_report report;
} test_db_folder;

/* Setup and teardown of a test; there is no database yet. */
int test_db_begin(void **state);
int test_db_end(void **state);

/* `user`: a test_db_folder; so they fit a test_store_factory. Opening must succeed. */
skad_store test_db_open(void *user, const skad_store_caps *caps);
void test_db_clear(void *user);

/* Whether there is a file of the database's name and a suffix. */
bool test_db_is_there(const test_db_folder *here, const char *suffix);

/* A file of the database's name that is none. */
void test_db_write_text(test_db_folder *here);

/* Its data is `data`, 100 to 199 bytes of it. */
skad_store_record test_db_record(uint32_t number, uint8_t data[static 200]);

/* Puts records; counts those that are there, each of which must be whole. */
void test_db_put(const skad_store *store, uint32_t first, uint32_t count);
uint32_t test_db_count(const skad_store *store, uint32_t first, uint32_t count);

skad_store_totals test_db_totals(const skad_store *store);

/* Makes a database of TEST_DB_RECORDS records, closed, or left by a process that ended without a
 * word. */
void test_db_make(test_db_folder *here);
void test_db_make_unclosed(test_db_folder *here);

/* Makes the file pass as the one that was closed, whatever was done to it since: damage that the
 * disk does by itself. */
void test_db_prove(const char *path);

#endif
