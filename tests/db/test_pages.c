/* Whether the check of a database sees what is wrong with a page before something is written to it.
 * Each case ends in a child process, since LMDB believes what pages say. */
#define _GNU_SOURCE /* mkdtemp */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/db/check.h"
#include "src/db/store_lmdb.h"
#include "tests/support/prng.h"

#define NOW_S      1000000ULL
#define RECORDS    60
#define PAGE_BYTES 4096
#define FILE_BYTES ((size_t)64 << 20)

#define PAGES_OF_A_KIND 4 /* that are tried */

#define AT_NUMBER 0
#define AT_FLAGS  10
#define AT_LOWER  12
#define AT_UPPER  14

/* On either page at the front: flags of the list of free pages, and how many tables there are. */
#define AT_FREE_FLAGS 44
#define AT_TABLES     120

/* Of an entry: its flags, its key's length, its key. And of a table, which is an entry's value. */
#define AT_ENTRY_FLAGS 4
#define AT_KEY_BYTES   6
#define AT_KEY         8
#define ENTRY_TABLE    2
#define TABLE_BYTES    8 /* what comes before its counts */

#define FLAG_BRANCH 1
#define FLAG_LEAF   2
#define FLAG_LONG   4

static const uint8_t network[32] = {1, 2, 3};

typedef struct folder {
    char dir[64];
    char path[96];
    uint8_t *bytes; /* of the file as it was made */
    size_t len;
} folder;

static int make_folder(void **state)
{
    folder *here = calloc(1, sizeof *here);
    assert_non_null(here);
    const char *above = getenv("TMPDIR");
    (void)snprintf(here->dir, sizeof here->dir, "%s/skad-pages-XXXXXX",
                   above != NULL && strlen(above) < 40 ? above : "/tmp");
    assert_non_null(mkdtemp(here->dir));
    (void)snprintf(here->path, sizeof here->path, "%s/records.db", here->dir);
    here->bytes = malloc(FILE_BYTES);
    assert_non_null(here->bytes);
    *state = here;
    return 0;
}

static int remove_folder(void **state)
{
    folder *here = *state;
    char lock[112];
    (void)snprintf(lock, sizeof lock, "%s-lock", here->path);
    (void)unlink(lock);
    (void)unlink(here->path);
    assert_int_equal(rmdir(here->dir), 0);
    free(here->bytes);
    free(here);
    return 0;
}

static skad_store open_store(const folder *here, const char *boot)
{
    skad_store store;
    skad_store_lmdb_report report;
    const skad_store_lmdb_config config = {.path = here->path,
                                           .network = network,
                                           .caps = {100000, 100000000, 1000, 100000},
                                           .now_unix_s = NOW_S,
                                           .boot = boot};
    if (skad_store_lmdb_open(&config, &store, &report) != SKAD_OK || report.text[0] != '\0') {
        fail_msg("%s", report.text);
    }
    return store;
}

static skad_db_verdict check(const folder *here)
{
    const skad_db_check_config config = {
        .path = here->path, .map_bytes = FILE_BYTES, .network = network};
    bool whole;
    return skad_db_check(&config, &whole);
}

static skad_store_record record_number(uint32_t number, size_t len, uint8_t *data)
{
    test_prng prng = {number};
    memset(data, (int)number, len);
    return (skad_store_record){.name = {.key = test_prng_id(&prng), .type = 1},
                               .expires_unix_s = NOW_S + 60,
                               .group = number % 7,
                               .cached = number % 5 == 0,
                               .data = data,
                               .len = len};
}

static bool put(const skad_store *store, uint32_t number, size_t len)
{
    uint8_t data[SKAD_STORED_BYTES_MAX];
    const skad_store_record record = record_number(number, len, data);
    return store->ops->put(store->self, SKAD_STORE_REPLICAS, &record, NOW_S) == SKAD_OK;
}

static bool find(const skad_store *store, uint32_t number)
{
    uint8_t data[SKAD_STORED_BYTES_MAX];
    const skad_store_record record = record_number(number, 150, data);
    skad_store_record out;
    return store->ops->find(store->self, SKAD_STORE_REPLICAS, &record.name, NOW_S, &out) &&
           out.len == record.len && memcmp(out.data, data, out.len) == 0;
}

static bool drop(const skad_store *store, uint32_t number)
{
    uint8_t data[SKAD_STORED_BYTES_MAX];
    const skad_store_record record = record_number(number, 1, data);
    return store->ops->drop(store->self, SKAD_STORE_REPLICAS, &record.name) == SKAD_OK;
}

static void read_file(folder *here)
{
    FILE *file = fopen(here->path, "r");
    assert_non_null(file);
    here->len = fread(here->bytes, 1, FILE_BYTES, file);
    assert_in_range(here->len, 10 * PAGE_BYTES, FILE_BYTES - 1);
    assert_int_equal(fclose(file), 0);
}

static void write_file(const folder *here)
{
    FILE *file = fopen(here->path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(here->bytes, 1, here->len, file), here->len);
    assert_int_equal(fclose(file), 0);
}

/* A database that was not closed before the system was started anew. */
static void make_database(folder *here, void (*fill)(const skad_store *store))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        skad_store store = open_store(here, "first boot");
        fill(&store);
        _exit(0);
    }
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
    read_file(here);
}

/* In a child: everything is read, changed and read again. */
static void use_everything(const folder *here)
{
    skad_store store = open_store(here, "second boot");
    bool right = true;
    for (uint32_t i = 0; i < RECORDS; i++) {
        right = right && put(&store, RECORDS + i, 150);
    }
    for (uint32_t i = 0; i < RECORDS; i++) {
        right = right && find(&store, i) && drop(&store, i) && find(&store, RECORDS + i);
    }
    _exit(right ? 0 : 1);
}

/* Whether the file as it is now can be used, or is told to be damaged. */
static bool noticed_or_harmless(const folder *here)
{
    write_file(here);
    if (check(here) != SKAD_DB_GOOD) {
        return true;
    }
    int ended;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        use_everything(here);
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    return ended == 0;
}

static uint16_t read_u16(const uint8_t *at)
{
    uint16_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

static void fill_a_little(const skad_store *store)
{
    for (uint32_t i = 0; i < RECORDS; i++) {
        assert_true(put(store, i, 150));
    }
}

static void a_bit_that_flips_in_the_head_of_a_page_is_noticed_or_harmless(void **state)
{
    folder *here = *state;
    static const uint8_t places[] = {AT_NUMBER, AT_NUMBER + 1, AT_FLAGS, AT_FLAGS + 1,
                                     AT_LOWER,  AT_LOWER + 1,  AT_UPPER, AT_UPPER + 1};
    make_database(here, fill_a_little);
    assert_int_equal(check(here), SKAD_DB_GOOD);
    unsigned pages[FLAG_LEAF + 1] = {0};
    for (size_t page = 2; page < here->len / PAGE_BYTES; page++) {
        uint8_t *bytes = here->bytes + page * PAGE_BYTES;
        const uint16_t flags = read_u16(bytes + AT_FLAGS);
        if ((flags != FLAG_LEAF && flags != FLAG_BRANCH) || pages[flags] == PAGES_OF_A_KIND) {
            continue;
        }
        pages[flags]++;
        for (size_t i = 0; i < 8 * sizeof places; i++) {
            const uint8_t bit = (uint8_t)(1U << i % 8);
            bytes[places[i / 8]] ^= bit;
            if (!noticed_or_harmless(here)) {
                fail_msg("page %zu, byte %u, bit %zu", page, places[i / 8], i % 8);
            }
            bytes[places[i / 8]] ^= bit;
        }
    }
    assert_int_equal(pages[FLAG_LEAF], PAGES_OF_A_KIND);
    assert_true(pages[FLAG_BRANCH] > 0);
}

/* What writing believes, and what would make a file one without any table, which is not checked. */
static void what_the_front_says_of_tables_is_looked_at(void **state)
{
    folder *here = *state;
    static const size_t places[] = {AT_FREE_FLAGS, AT_TABLES};
    make_database(here, fill_a_little);
    for (size_t i = 0; i < 2; i++) {
        here->bytes[places[i]] ^= 4;
        here->bytes[PAGE_BYTES + places[i]] ^= 4;
        write_file(here);
        assert_int_equal(check(here), SKAD_DB_DAMAGED);
        here->bytes[places[i]] ^= 4;
        here->bytes[PAGE_BYTES + places[i]] ^= 4;
    }
    write_file(here);
    assert_int_equal(check(here), SKAD_DB_GOOD);
}

static bool table_bits_are_noticed_or_harmless(folder *here, uint8_t *table)
{
    for (size_t i = 0; i < 8 * TABLE_BYTES; i++) {
        const uint8_t bit = (uint8_t)(1U << i % 8);
        table[i / 8] ^= bit;
        const bool right = noticed_or_harmless(here);
        table[i / 8] ^= bit;
        if (!right) {
            print_error("byte %zu, bit %zu\n", i / 8, i % 8);
            return false;
        }
    }
    return true;
}

/* Found by fuzzing: a flag that LMDB compares with its own in a second transaction and tells
 * nobody made a file that passed the check unreadable. */
static void a_bit_that_flips_in_what_is_kept_of_a_table_is_noticed_or_harmless(void **state)
{
    folder *here = *state;
    unsigned tables = 0;
    make_database(here, fill_a_little);
    for (size_t page = 2; page < here->len / PAGE_BYTES; page++) {
        uint8_t *bytes = here->bytes + page * PAGE_BYTES;
        if (read_u16(bytes + AT_FLAGS) != FLAG_LEAF) {
            continue;
        }
        for (size_t at = 16; at < read_u16(bytes + AT_LOWER); at += 2) {
            uint8_t *entry = bytes + read_u16(bytes + at);
            if (read_u16(entry + AT_ENTRY_FLAGS) == ENTRY_TABLE) {
                tables++;
                uint8_t *table = entry + AT_KEY + read_u16(entry + AT_KEY_BYTES);
                assert_true(table_bits_are_noticed_or_harmless(here, table));
            }
        }
    }
    assert_true(tables >= 4);
}

/* ---- Long lists of free pages, which have pages of their own ---- */

static void fill_and_sweep(const skad_store *store)
{
    for (uint32_t i = 0; i < 1200; i++) {
        assert_true(put(store, i, 1000));
    }
    assert_int_equal(store->ops->sweep(store->self, NOW_S + 60, 1200), 1200);
}

static void a_long_list_of_free_pages_is_sound_until_its_page_is_not(void **state)
{
    folder *here = *state;
    static const uint8_t places[] = {AT_NUMBER, AT_FLAGS, AT_LOWER};
    make_database(here, fill_and_sweep);
    assert_int_equal(check(here), SKAD_DB_GOOD);
    unsigned noticed = 0;
    for (size_t page = 2; page < here->len / PAGE_BYTES; page++) {
        uint8_t *bytes = here->bytes + page * PAGE_BYTES;
        for (size_t i = 0; read_u16(bytes + AT_FLAGS) == FLAG_LONG && i < sizeof places; i++) {
            bytes[places[i]] ^= 0x80;
            write_file(here);
            noticed += check(here) == SKAD_DB_DAMAGED;
            bytes[places[i]] ^= 0x80;
        }
    }
    assert_true(noticed >= sizeof places);
}

static void swap_numbers(uint8_t *first)
{
    uint64_t numbers[2];
    memcpy(numbers, first, sizeof numbers);
    memcpy(first, &numbers[1], sizeof numbers[1]);
    memcpy(first + sizeof numbers[1], &numbers[0], sizeof numbers[0]);
}

/* LMDB lists them from the highest on, and takes them from the end. Behind a page's head of 16
 * bytes stands how many there are. */
static void free_pages_out_of_order_are_noticed(void **state)
{
    folder *here = *state;
    make_database(here, fill_and_sweep);
    unsigned noticed = 0;
    for (size_t page = 2; page < here->len / PAGE_BYTES && noticed == 0; page++) {
        uint8_t *bytes = here->bytes + page * PAGE_BYTES;
        if (read_u16(bytes + AT_FLAGS) != FLAG_LONG) {
            continue;
        }
        for (size_t i = 1; i < 5; i++) {
            swap_numbers(bytes + 16 + 8 * i);
            write_file(here);
            noticed += check(here) == SKAD_DB_DAMAGED;
            swap_numbers(bytes + 16 + 8 * i);
        }
        assert_int_equal(noticed, 4);
        write_file(here);
        assert_int_equal(check(here), SKAD_DB_GOOD);
    }
    assert_int_equal(noticed, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_the_front_says_of_tables_is_looked_at, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(
            a_bit_that_flips_in_the_head_of_a_page_is_noticed_or_harmless, make_folder,
            remove_folder),
        cmocka_unit_test_setup_teardown(
            a_bit_that_flips_in_what_is_kept_of_a_table_is_noticed_or_harmless, make_folder,
            remove_folder),
        cmocka_unit_test_setup_teardown(free_pages_out_of_order_are_noticed, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_long_list_of_free_pages_is_sound_until_its_page_is_not,
                                        make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
