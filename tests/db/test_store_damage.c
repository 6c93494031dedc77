/* Databases with rows, pages or an end that are not what was written. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/db/row.h"
#include "src/db/store_lmdb.h"
#include "tests/support/database_folder.h"
#include "tests/support/prng.h"
#include "tests/support/store_suite.h"

static void rows_of_another_shape_are_no_rows(void **state)
{
    (void)state;
    uint8_t data[200];
    uint8_t key[SKAD_DB_ROW_KEY_BYTES + 1] = {0};
    uint8_t row[SKAD_DB_ROW_BYTES_MAX + 1];
    uint8_t expiry[SKAD_DB_EXPIRY_KEY_BYTES];
    skad_store_record out;
    const skad_store_record record = test_db_record(1, data);
    skad_db_row_key(SKAD_STORE_PUBLICATIONS, &record.name, key);
    const size_t len = skad_db_row(key, &record, row);
    static const struct {
        const char *label;
        size_t key_len, row_cut;
        uint8_t section, flags;
        bool right;
    } cases[] = {
        {"as it is", 66, 0, 1, 1, true},         {"a short key", 65, 0, 1, 1, false},
        {"a long key", 67, 0, 1, 1, false},      {"an unknown section", 66, 0, 2, 1, false},
        {"an unknown flag", 66, 0, 1, 2, false}, {"no data", 66, 1, 1, 1, false},
        {"hardly a row", 66, 41, 1, 1, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        key[0] = cases[i].section;
        row[40] = cases[i].flags;
        const size_t cut_len = cases[i].row_cut == 0 ? len : 42 - cases[i].row_cut;
        if (skad_db_row_read((skad_span){key, cases[i].key_len}, (skad_span){row, cut_len}, &out) !=
            cases[i].right) {
            fail_msg("%s", cases[i].label);
        }
    }
    key[0] = SKAD_STORE_PUBLICATIONS;
    row[40] = 0;
    const skad_span key_bytes = {key, SKAD_DB_ROW_KEY_BYTES};
    assert_false(skad_db_row_read(key_bytes, (skad_span){row, sizeof row}, &out));
    assert_int_equal(skad_db_row(key, &record, row), len);
    assert_true(skad_db_row_intact(key_bytes, (skad_span){row, len}));
    for (size_t i = 0; i < len; i++) {
        row[i] ^= 1;
        assert_false(skad_db_row_intact(key_bytes, (skad_span){row, len}));
        row[i] ^= 1;
    }
    for (size_t i = 0; i < SKAD_DB_ROW_KEY_BYTES; i++) {
        key[i] ^= 1; /* the checksum of a row is no other row's */
        assert_false(skad_db_row_intact(key_bytes, (skad_span){row, len}));
        key[i] ^= 1;
    }
    skad_db_expiry_key(&record, expiry);
    assert_true(skad_db_expiry_key_read((skad_span){expiry, sizeof expiry}, &out));
    assert_false(skad_db_expiry_key_read((skad_span){expiry, sizeof expiry - 1}, &out));
    expiry[0] = 2;
    assert_false(skad_db_expiry_key_read((skad_span){expiry, sizeof expiry}, &out));
    assert_int_equal(skad_db_counter_read((skad_span){row, 15}).records, 0);
}

static uint8_t *read_file(const test_db_folder *here, size_t *len)
{
    struct stat about;
    FILE *file = fopen(here->path, "r");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &about), 0);
    uint8_t *bytes = malloc((size_t)about.st_size);
    assert_non_null(bytes);
    *len = fread(bytes, 1, (size_t)about.st_size, file);
    assert_int_equal(*len, about.st_size);
    assert_int_equal(fclose(file), 0);
    return bytes;
}

static void write_file(const test_db_folder *here, const uint8_t *bytes, size_t len)
{
    FILE *file = fopen(here->path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* Flips a bit of the record's data wherever the file has them. */
static void damage_record(const test_db_folder *here, uint32_t number)
{
    uint8_t data[200];
    size_t len;
    uint8_t *bytes = read_file(here, &len);
    const skad_store_record record = test_db_record(number, data);
    size_t found = 0;
    for (size_t at = 0; at + record.len <= len; at++) {
        if (memcmp(bytes + at, record.data, record.len) == 0) {
            bytes[at + record.len / 2] ^= 0x10;
            found++;
        }
    }
    assert_true(found > 0);
    write_file(here, bytes, len);
    free(bytes);
}

static void a_damaged_row_is_as_good_as_absent_and_goes_when_it_is_met(void **state)
{
    test_db_folder *here = *state;
    static const char *const ways[] = {"find", "next", "list", "list with others"};
    uint8_t data[200];
    skad_store_record out[4];
    for (size_t way = 0; way < 4; way++) {
        test_db_clear(here);
        test_db_make(here);
        damage_record(here, 33);
        test_db_prove(here->path); /* so that it is not checked as a whole */
        skad_store store = test_db_open(here, &test_db_roomy);
        assert_string_equal(here->report.text, "");
        skad_store_record record = test_db_record(33, data);
        if (way == 0) {
            assert_false(
                store.ops->find(store.self, SKAD_STORE_REPLICAS, &record.name, TEST_DB_NOW_S, out));
        } else if (way == 1) {
            skad_store_name from = {0};
            size_t met = 0;
            while (store.ops->next(store.self, SKAD_STORE_REPLICAS, &from, out)) {
                met++;
            }
            assert_int_equal(met, TEST_DB_RECORDS - 1);
        } else if (way == 2) {
            assert_int_equal(
                store.ops->list(store.self, &record.name.key, 1, 0, TEST_DB_NOW_S, out, 4), 0);
        } else {
            skad_store_record other = record;
            other.name.publisher[0] = 1; /* no real record, but of the same key and type */
            assert_int_equal(store.ops->put(store.self, SKAD_STORE_REPLICAS, &other, TEST_DB_NOW_S),
                             SKAD_OK);
            assert_int_equal(
                store.ops->list(store.self, &record.name.key, 1, 7, TEST_DB_NOW_S, out, 4), 1);
            test_store_expect_equal(out, &other);
            assert_int_equal(store.ops->drop(store.self, SKAD_STORE_REPLICAS, &other.name),
                             SKAD_OK);
        }
        const skad_store_totals fill = test_db_totals(&store);
        if (fill.records != TEST_DB_RECORDS - 1 || fill.failures != 0 ||
            skad_store_lmdb_damaged(&store) != 1) {
            fail_msg("%s: %u left", ways[way], (unsigned)fill.records);
        }
        assert_int_equal(test_db_count(&store, 0, TEST_DB_RECORDS), TEST_DB_RECORDS - 1);
        test_store_free(&store);
        here->config.boot = "second boot"; /* what is left is sound */
        store = test_db_open(here, &test_db_roomy);
        assert_string_equal(here->report.text, "");
        test_store_free(&store);
    }
}

static void flipped_bytes_after_a_failure_of_power_are_noticed(void **state)
{
    test_db_folder *here = *state;
    const uint64_t seed = 5;
    unsigned aside = 0;
    unsigned salvaged = 0;
    size_t len;
    print_message("seed %u\n", (unsigned)seed);
    test_prng prng = {seed};
    test_db_make_unclosed(here);
    here->config.boot = "second boot";
    uint8_t *whole = read_file(here, &len);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    for (unsigned round = 0; round < 80; round++) {
        test_db_clear(here);
        memcpy(bytes, whole, len);
        for (uint64_t flips = 1 + test_prng_below(&prng, 30); flips > 0; flips--) {
            const bool page_header = test_prng_below(&prng, 2) == 0;
            size_t at = (size_t)test_prng_below(&prng, len);
            at = page_header ? (at & ~(size_t)4095) + at % 64 : at;
            bytes[at] = (uint8_t)test_prng_next(&prng);
        }
        write_file(here, bytes, len);
        skad_store store = test_db_open(here, &test_db_roomy);
        if (here->report.text[0] != '\0') {
            aside++;
            assert_true(test_db_is_there(here, ".aside-1234"));
            assert_false(test_db_is_there(here, ".aside-1234-lock"));
            const uint32_t found = test_db_count(&store, 0, TEST_DB_RECORDS);
            assert_int_equal(found, test_db_totals(&store).records);
            salvaged += found;
        } else { /* nothing in use was hit, or the front leads to what was true a moment before */
            const uint32_t found = test_db_count(&store, 0, TEST_DB_RECORDS);
            assert_int_equal(found, test_db_totals(&store).records);
            assert_in_range(found, TEST_DB_RECORDS - 20, TEST_DB_RECORDS);
        }
        test_store_free(&store);
    }
    assert_in_range(aside, 60, 80);
    print_message("%u of %u records taken over\n", salvaged, aside * TEST_DB_RECORDS);
    assert_in_range(salvaged, aside * TEST_DB_RECORDS / 2, aside * TEST_DB_RECORDS);
    free(bytes);
    free(whole);
}

/* Whether a record lies on a leaf of LMDB's and not in what a page has left of its former use:
 * flags at offset 10, where the entries begin at 14. */
static bool is_entry(const uint8_t *bytes, size_t at)
{
    uint16_t flags;
    uint16_t upper;
    memcpy(&flags, bytes + (at & ~(size_t)4095) + 10, sizeof flags);
    memcpy(&upper, bytes + (at & ~(size_t)4095) + 14, sizeof upper);
    return flags == 2 && at % 4096 >= upper;
}

/* Records of both sections lie on both sides of the torn pages. */
static void what_is_whole_in_a_torn_database_is_taken_over(void **state)
{
    test_db_folder *here = *state;
    uint8_t data[200];
    size_t len;
    skad_store_record out;
    skad_store store = test_db_open(here, &test_db_roomy);
    test_db_put(&store, 0, TEST_DB_RECORDS);
    skad_store_record expired = test_db_record(TEST_DB_RECORDS + 1, data);
    expired.expires_unix_s = 1000; /* before the next opening */
    assert_int_equal(store.ops->put(store.self, SKAD_STORE_PUBLICATIONS, &expired, TEST_DB_NOW_S),
                     SKAD_OK);
    skad_store_record ours = test_db_record(TEST_DB_RECORDS, data);
    assert_int_equal(store.ops->put(store.self, SKAD_STORE_PUBLICATIONS, &ours, TEST_DB_NOW_S),
                     SKAD_OK);
    test_store_free(&store);
    uint8_t *bytes = read_file(here, &len);
    size_t torn = 0;
    for (uint32_t number = 0; number < TEST_DB_RECORDS && torn < 4; number++) {
        const skad_store_record record = test_db_record(number, data);
        if (record.name.key.bytes[0] >= 200) {
            continue; /* the end of the section shares a page with the other one */
        }
        for (size_t at = 0; at + record.len <= len; at++) {
            if (memcmp(bytes + at, record.data, record.len) == 0 && is_entry(bytes, at)) {
                memset(bytes + (at & ~(size_t)4095), 0xff, 4096);
                torn++;
            }
        }
    }
    assert_true(torn >= 4);
    write_file(here, bytes, len);
    free(bytes);
    assert_int_equal(truncate(here->path, (off_t)len - 1), 0); /* so that it is looked at */
    store = test_db_open(here, &test_db_roomy);
    assert_non_null(strstr(here->report.text, "could still be read and were taken over"));
    const uint32_t found = test_db_count(&store, 0, TEST_DB_RECORDS);
    assert_in_range(found, TEST_DB_RECORDS / 2, TEST_DB_RECORDS - 1);
    assert_int_equal(test_db_totals(&store).records, found);
    assert_int_equal(test_db_totals(&store).published, 2); /* the clock may be wrong */
    ours = test_db_record(TEST_DB_RECORDS, data);
    assert_true(
        store.ops->find(store.self, SKAD_STORE_PUBLICATIONS, &ours.name, TEST_DB_NOW_S, &out));
    test_store_expect_equal(&out, &ours);
    test_store_free(&store);
    here->config.boot = "second boot";
    store = test_db_open(here, &test_db_roomy);
    assert_string_equal(here->report.text, "");
    assert_int_equal(test_db_totals(&store).records, found);
    test_store_free(&store);
}

static void pages_that_never_reached_the_disk_are_noticed(void **state)
{
    test_db_folder *here = *state;
    unsigned aside = 0;
    size_t len;
    test_db_make_unclosed(here);
    here->config.boot = "second boot";
    uint8_t *bytes = read_file(here, &len);
    assert_true(len > 20 * 4096);
    for (size_t page = 0; page < 20; page++) {
        uint8_t kept[4096];
        test_db_clear(here);
        memcpy(kept, bytes + page * 4096, sizeof kept);
        memset(bytes + page * 4096, 0, sizeof kept);
        write_file(here, bytes, len);
        memcpy(bytes + page * 4096, kept, sizeof kept);
        skad_store store = test_db_open(here, &test_db_roomy);
        if (here->report.text[0] != '\0') {
            aside++;
        } else if (page > 1) { /* not in use; one of the two front pages may be lost unharmed */
            assert_int_equal(test_db_count(&store, 0, TEST_DB_RECORDS), TEST_DB_RECORDS);
        }
        test_store_free(&store);
    }
    assert_true(aside > 10);
    free(bytes);
}

#define OWN_TEST(test) cmocka_unit_test_setup_teardown(test, test_db_begin, test_db_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_TEST(rows_of_another_shape_are_no_rows),
        OWN_TEST(a_damaged_row_is_as_good_as_absent_and_goes_when_it_is_met),
        OWN_TEST(flipped_bytes_after_a_failure_of_power_are_noticed),
        OWN_TEST(what_is_whole_in_a_torn_database_is_taken_over),
        OWN_TEST(pages_that_never_reached_the_disk_are_noticed),
    };
    return cmocka_run_group_tests_name("damaged", tests, NULL, NULL);
}
