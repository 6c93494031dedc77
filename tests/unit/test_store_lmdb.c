/* The store on disk: the suite of all stores, and what can happen to a file. */
#define _GNU_SOURCE /* mkdtemp, seteuid */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/db/row.h"
#include "src/db/store_lmdb.h"
#include "tests/support/dice.h"
#include "tests/support/store_suite.h"

#define NOW_S   1000000ULL
#define RECORDS 300
#define NOBODY  65534

static const skad_store_caps roomy = {100000, 10000000, 1000, 100000};
static const uint8_t our_network[32] = {1, 2, 3};
static const uint8_t other_network[32] = {1, 2, 4};

/* ---- A folder for each test ---- */

typedef struct folder {
    char dir[64];
    char path[96];
    skad_store_lmdb_config config;
    skad_store_lmdb_report report;
} folder;

static void clear_folder(void *user)
{
    folder *here = user;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'/*", here->dir);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a name of our own */
}

static skad_store open_store(void *user, const skad_store_caps *caps)
{
    folder *here = user;
    skad_store store;
    here->config.caps = *caps;
    if (skad_store_lmdb_open(&here->config, &store, &here->report) != SKAD_OK) {
        fail_msg("%s", here->report.text);
    }
    return store;
}

static int make_folder(void **state)
{
    folder *here = calloc(1, sizeof *here);
    assert_non_null(here);
    const char *above = getenv("TMPDIR");
    (void)snprintf(here->dir, sizeof here->dir, "%s/skad-lmdb-XXXXXX",
                   above != NULL && strlen(above) < 40 ? above : "/tmp");
    assert_non_null(mkdtemp(here->dir));
    (void)snprintf(here->path, sizeof here->path, "%s/records.db", here->dir);
    here->config = (skad_store_lmdb_config){.path = here->path,
                                            .network = our_network,
                                            .caps = roomy,
                                            .now_unix_s = 1234,
                                            .boot = "first boot"};
    *state = here;
    return 0;
}

static int remove_folder(void **state)
{
    folder *here = *state;
    clear_folder(here);
    assert_int_equal(rmdir(here->dir), 0);
    free(here);
    return 0;
}

static bool is_there(const folder *here, const char *suffix)
{
    char path[128];
    struct stat about;
    (void)snprintf(path, sizeof path, "%s%s", here->path, suffix);
    return lstat(path, &about) == 0;
}

/* ---- Records that tell whether they are whole ---- */

static skad_store_record record_number(uint32_t number, uint8_t data[static 200])
{
    test_dice dice = {number};
    skad_store_record record = {.name = {.key = test_dice_id(&dice), .type = 1},
                                .sequence = number,
                                .expires_unix_s = 2 * NOW_S,
                                .group = number % 7,
                                .cached = number % 5 == 0,
                                .data = data,
                                .len = 100 + test_dice_below(&dice, 100)};
    for (size_t i = 0; i < 200; i++) {
        data[i] = (uint8_t)test_dice_draw(&dice);
    }
    return record;
}

static void put_records(const skad_store *store, uint32_t first, uint32_t count)
{
    uint8_t data[200];
    for (uint32_t i = first; i < first + count; i++) {
        const skad_store_record record = record_number(i, data);
        assert_int_equal(store->ops->put(store->self, SKAD_SHELF_HELD, &record, NOW_S), SKAD_OK);
    }
}

/* How many of the records are there; each must be whole. */
static uint32_t count_records(const skad_store *store, uint32_t first, uint32_t count)
{
    uint8_t data[200];
    uint32_t found = 0;
    for (uint32_t i = first; i < first + count; i++) {
        const skad_store_record record = record_number(i, data);
        skad_store_record out;
        if (store->ops->find(store->self, SKAD_SHELF_HELD, &record.name, NOW_S, &out)) {
            test_store_expect_equal(&out, &record);
            found++;
        }
    }
    return found;
}

static skad_store_fill fill_of(const skad_store *store)
{
    skad_store_fill fill;
    store->ops->fill(store->self, &fill);
    return fill;
}

static void make_database(folder *here)
{
    skad_store store = open_store(here, &roomy);
    put_records(&store, 0, RECORDS);
    test_store_free(&store);
}

/* A process that has the database open ends without a word. */
static void make_unclosed_database(folder *here)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        skad_store store = open_store(here, &roomy);
        put_records(&store, 0, RECORDS);
        _exit(0);
    }
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
}

/* ---- What is found ---- */

static void a_closed_database_comes_back_whole_and_private(void **state)
{
    folder *here = *state;
    struct stat about;
    make_database(here);
    here->config.boot = "second boot";
    skad_store store = open_store(here, &roomy);
    assert_string_equal(here->report.text, "");
    assert_int_equal(count_records(&store, 0, RECORDS), RECORDS);
    assert_int_equal(count_records(&store, RECORDS, 10), 0);
    assert_int_equal(stat(here->path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    test_store_free(&store);
}

static void a_killed_process_loses_nothing_in_either_boot(void **state)
{
    folder *here = *state;
    static const char *const boots[] = {"first boot", "second boot", ""};
    for (size_t i = 0; i < 3; i++) {
        clear_folder(here);
        here->config.boot = boots[0];
        make_unclosed_database(here);
        here->config.boot = boots[i];
        skad_store store = open_store(here, &roomy);
        assert_string_equal(here->report.text, "");
        assert_int_equal(count_records(&store, 0, RECORDS), RECORDS);
        test_store_free(&store);
    }
}

static void the_system_tells_its_boot_itself(void **state)
{
    folder *here = *state;
    here->config.boot = NULL;
    make_unclosed_database(here);
    skad_store store = open_store(here, &roomy);
    assert_int_equal(count_records(&store, 0, RECORDS), RECORDS);
    test_store_free(&store);
}

/* ---- What is set aside ---- */

static void write_text(folder *here)
{
    FILE *file = fopen(here->path, "w");
    assert_non_null(file);
    for (unsigned i = 0; i < 4000; i++) {
        (void)fprintf(file, "line %u\n", i);
    }
    assert_int_equal(fclose(file), 0);
}

static void write_one_byte(folder *here)
{
    FILE *file = fopen(here->path, "w");
    assert_non_null(file);
    (void)fputc('x', file);
    assert_int_equal(fclose(file), 0);
}

/* Writes a row of a table with LMDB alone. */
static void write_foreign(folder *here, const char *table, const char *key, const void *value,
                          size_t len)
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

static void write_other_program(folder *here)
{
    write_foreign(here, "accounts", "root", "1", 1);
}

static void write_other_magic(folder *here)
{
    write_foreign(here, "meta", "skad", "a magic that is long enough to be one", 30);
}

static void write_other_version(folder *here)
{
    uint8_t origin[47] = "skad records\n";
    make_database(here);
    origin[14] = 2;
    memcpy(origin + 15, our_network, sizeof our_network);
    write_foreign(here, "meta", "skad", origin, sizeof origin);
}

static void write_version_of_another_length(folder *here)
{
    static const uint8_t origin[60] = "skad records\n\0\7";
    make_database(here);
    write_foreign(here, "meta", "skad", origin, sizeof origin);
}

static void write_other_network(folder *here)
{
    here->config.network = other_network;
    make_database(here);
    here->config.network = our_network;
}

static void truncate_file(folder *here)
{
    struct stat about;
    make_database(here);
    assert_int_equal(stat(here->path, &about), 0);
    assert_int_equal(truncate(here->path, about.st_size / 2), 0);
}

static void truncate_to_the_front(folder *here)
{
    make_database(here);
    assert_int_equal(truncate(here->path, 8192), 0);
}

static void make_a_folder(folder *here)
{
    assert_int_equal(mkdir(here->path, 0700), 0);
}

static void make_a_pipe(folder *here)
{
    assert_int_equal(mkfifo(here->path, 0600), 0);
}

static void make_a_link(folder *here)
{
    assert_int_equal(symlink("/dev/null", here->path), 0);
}

static void what_cannot_be_used_is_set_aside_in_words(void **state)
{
    folder *here = *state;
    static const struct {
        const char *label;
        void (*make)(folder *here);
        const char *words;
    } cases[] = {
        {"a text file", write_text, "it is no database of skad"},
        {"a single byte", write_one_byte, "it is no database of skad"},
        {"LMDB of another program", write_other_program, "it is no database of skad"},
        {"another magic", write_other_magic, "it is no database of skad"},
        {"another version", write_other_version, "another version of skad wrote it"},
        {"another version's row", write_version_of_another_length, "another version of skad"},
        {"another network", write_other_network, "it is of another network"},
        {"half a file", truncate_file, "it is damaged"},
        {"the front of a file", truncate_to_the_front, "it is damaged"},
        {"a folder", make_a_folder, "it is no file"},
        {"a pipe", make_a_pipe, "it is no file"},
        {"a symbolic link", make_a_link, "it is no file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stat before;
        struct stat aside;
        char wanted[128];
        clear_folder(here);
        cases[i].make(here);
        assert_int_equal(lstat(here->path, &before), 0);
        skad_store store = open_store(here, &roomy);
        (void)snprintf(wanted, sizeof wanted, "%s.aside-1234", here->path);
        if (strstr(here->report.text, cases[i].words) == NULL ||
            strstr(here->report.text, wanted) == NULL || lstat(wanted, &aside) != 0) {
            fail_msg("%s: %s", cases[i].label, here->report.text);
        }
        assert_int_equal(before.st_ino, aside.st_ino);
        assert_int_equal(before.st_size, aside.st_size);
        const bool damaged = strcmp(cases[i].words, "it is damaged") == 0;
        assert_int_equal(strstr(here->report.text, "could still be read") != NULL, damaged);
        assert_int_equal(fill_of(&store).records, count_records(&store, 0, damaged ? RECORDS : 0));
        put_records(&store, 0, 10);
        test_store_reopen(&(test_store_factory){.open = open_store, .user = here, .lasting = true},
                          &roomy, &store);
        assert_string_equal(here->report.text, "");
        assert_int_equal(count_records(&store, 0, 10), 10);
        test_store_free(&store);
    }
}

static void nothing_set_aside_is_overwritten(void **state)
{
    folder *here = *state;
    static const char *const suffixes[] = {".aside-1234", ".aside-1234-1", ".aside-1234-2"};
    for (size_t i = 0; i < 3; i++) {
        (void)unlink(here->path);
        write_text(here);
        skad_store store = open_store(here, &roomy);
        test_store_free(&store);
        for (size_t j = 0; j < 3; j++) {
            assert_int_equal(is_there(here, suffixes[j]), j <= i);
        }
    }
}

static void an_empty_or_half_made_file_is_a_new_one(void **state)
{
    folder *here = *state;
    MDB_env *env;
    FILE *file = fopen(here->path, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    skad_store store = open_store(here, &roomy);
    assert_string_equal(here->report.text, "");
    test_store_free(&store);
    clear_folder(here);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, here->path, MDB_NOSUBDIR, 0600), 0);
    mdb_env_close(env);
    store = open_store(here, &roomy);
    assert_string_equal(here->report.text, "");
    test_store_free(&store);
}

/* ---- Damage ---- */

static void rows_of_another_shape_are_no_rows(void **state)
{
    (void)state;
    uint8_t data[200];
    uint8_t key[SKAD_DB_ROW_KEY_BYTES + 1] = {0};
    uint8_t row[SKAD_DB_ROW_BYTES_MAX + 1];
    uint8_t expiry[SKAD_DB_EXPIRY_KEY_BYTES];
    skad_store_record out;
    const skad_store_record record = record_number(1, data);
    skad_db_row_key(SKAD_SHELF_PUBLISHED, &record.name, key);
    const size_t len = skad_db_row(key, &record, row);
    static const struct {
        const char *label;
        size_t key_len, row_cut;
        uint8_t shelf, flags;
        bool right;
    } cases[] = {
        {"as it is", 66, 0, 1, 1, true},         {"a short key", 65, 0, 1, 1, false},
        {"a long key", 67, 0, 1, 1, false},      {"an unknown shelf", 66, 0, 2, 1, false},
        {"an unknown flag", 66, 0, 1, 2, false}, {"no data", 66, 1, 1, 1, false},
        {"hardly a row", 66, 41, 1, 1, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        key[0] = cases[i].shelf;
        row[40] = cases[i].flags;
        const size_t cut_len = cases[i].row_cut == 0 ? len : 42 - cases[i].row_cut;
        if (skad_db_row_read((skad_span){key, cases[i].key_len}, (skad_span){row, cut_len}, &out) !=
            cases[i].right) {
            fail_msg("%s", cases[i].label);
        }
    }
    key[0] = SKAD_SHELF_PUBLISHED;
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

static uint8_t *read_file(const folder *here, size_t *len)
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

static void write_file(const folder *here, const uint8_t *bytes, size_t len)
{
    FILE *file = fopen(here->path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* Flips a bit of the record's data wherever the file has them. */
static void damage_record(const folder *here, uint32_t number)
{
    uint8_t data[200];
    size_t len;
    uint8_t *bytes = read_file(here, &len);
    const skad_store_record record = record_number(number, data);
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
    folder *here = *state;
    static const char *const ways[] = {"find", "next", "list", "list with others"};
    uint8_t data[200];
    skad_store_record out[4];
    for (size_t way = 0; way < 4; way++) {
        clear_folder(here);
        make_database(here);
        damage_record(here, 33);
        skad_store store = open_store(here, &roomy);
        assert_string_equal(here->report.text, "");
        skad_store_record record = record_number(33, data);
        skad_store_usage usage;
        if (way == 0) {
            assert_false(store.ops->find(store.self, SKAD_SHELF_HELD, &record.name, NOW_S, out));
        } else if (way == 1) {
            skad_store_name from = {0};
            size_t met = 0;
            while (store.ops->next(store.self, SKAD_SHELF_HELD, &from, out)) {
                met++;
            }
            assert_int_equal(met, RECORDS - 1);
        } else if (way == 2) {
            assert_int_equal(store.ops->list(store.self, &record.name.key, 1, 0, NOW_S, out, 4), 0);
        } else {
            skad_store_record other = record;
            other.name.publisher[0] = 1; /* no real record, but of the same key and type */
            assert_int_equal(store.ops->put(store.self, SKAD_SHELF_HELD, &other, NOW_S), SKAD_OK);
            assert_int_equal(store.ops->list(store.self, &record.name.key, 1, 7, NOW_S, out, 4), 1);
            test_store_expect_equal(out, &other);
            assert_int_equal(store.ops->drop(store.self, SKAD_SHELF_HELD, &other.name), SKAD_OK);
        }
        store.ops->usage(store.self, SKAD_OWNER_KEY, record.name.key.bytes, &usage);
        const skad_store_fill fill = fill_of(&store);
        if (usage.records != 0 || fill.records != RECORDS - 1 || fill.failures != 0 ||
            skad_store_lmdb_damaged(&store) != 1) {
            fail_msg("%s: %u left", ways[way], (unsigned)fill.records);
        }
        assert_int_equal(count_records(&store, 0, RECORDS), RECORDS - 1);
        test_store_free(&store);
        here->config.boot = "second boot"; /* what is left is sound */
        store = open_store(here, &roomy);
        assert_string_equal(here->report.text, "");
        test_store_free(&store);
    }
}

static void flipped_bytes_after_a_failure_of_power_are_noticed(void **state)
{
    folder *here = *state;
    const uint64_t seed = 5;
    unsigned aside = 0;
    unsigned salvaged = 0;
    size_t len;
    print_message("seed %u\n", (unsigned)seed);
    test_dice dice = {seed};
    make_unclosed_database(here);
    here->config.boot = "second boot";
    uint8_t *whole = read_file(here, &len);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    for (unsigned round = 0; round < 80; round++) {
        clear_folder(here);
        memcpy(bytes, whole, len);
        for (uint64_t flips = 1 + test_dice_below(&dice, 30); flips > 0; flips--) {
            const bool page_header = test_dice_below(&dice, 2) == 0;
            size_t at = (size_t)test_dice_below(&dice, len);
            at = page_header ? (at & ~(size_t)4095) + at % 64 : at;
            bytes[at] = (uint8_t)test_dice_draw(&dice);
        }
        write_file(here, bytes, len);
        skad_store store = open_store(here, &roomy);
        if (here->report.text[0] != '\0') {
            aside++;
            assert_true(is_there(here, ".aside-1234"));
            assert_false(is_there(here, ".aside-1234-lock"));
            const uint32_t found = count_records(&store, 0, RECORDS);
            assert_int_equal(found, fill_of(&store).records);
            salvaged += found;
        } else { /* nothing in use was hit, or the front leads to what was true a moment before */
            const uint32_t found = count_records(&store, 0, RECORDS);
            assert_int_equal(found, fill_of(&store).records);
            assert_in_range(found, RECORDS - 20, RECORDS);
        }
        test_store_free(&store);
    }
    assert_in_range(aside, 60, 80);
    print_message("%u of %u records taken over\n", salvaged, aside * RECORDS);
    assert_in_range(salvaged, aside * RECORDS / 2, aside * RECORDS);
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

/* Records of both shelves lie on both sides of the torn pages. */
static void what_is_whole_in_a_torn_database_is_taken_over(void **state)
{
    folder *here = *state;
    uint8_t data[200];
    size_t len;
    skad_store_record out;
    skad_store store = open_store(here, &roomy);
    put_records(&store, 0, RECORDS);
    skad_store_record expired = record_number(RECORDS + 1, data);
    expired.expires_unix_s = 1000; /* before the next opening */
    assert_int_equal(store.ops->put(store.self, SKAD_SHELF_PUBLISHED, &expired, NOW_S), SKAD_OK);
    skad_store_record ours = record_number(RECORDS, data);
    assert_int_equal(store.ops->put(store.self, SKAD_SHELF_PUBLISHED, &ours, NOW_S), SKAD_OK);
    test_store_free(&store);
    uint8_t *bytes = read_file(here, &len);
    size_t torn = 0;
    for (uint32_t number = 0; number < RECORDS && torn < 4; number++) {
        const skad_store_record record = record_number(number, data);
        if (record.name.key.bytes[0] >= 200) {
            continue; /* the end of the shelf shares a page with the other one */
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
    store = open_store(here, &roomy);
    assert_non_null(strstr(here->report.text, "could still be read and were taken over"));
    const uint32_t found = count_records(&store, 0, RECORDS);
    assert_in_range(found, RECORDS / 2, RECORDS - 1);
    assert_int_equal(fill_of(&store).records, found);
    assert_int_equal(fill_of(&store).published, 1);
    ours = record_number(RECORDS, data);
    assert_true(store.ops->find(store.self, SKAD_SHELF_PUBLISHED, &ours.name, NOW_S, &out));
    test_store_expect_equal(&out, &ours);
    test_store_free(&store);
    here->config.boot = "second boot";
    store = open_store(here, &roomy);
    assert_string_equal(here->report.text, "");
    assert_int_equal(fill_of(&store).records, found);
    test_store_free(&store);
}

static void pages_that_never_reached_the_disk_are_noticed(void **state)
{
    folder *here = *state;
    unsigned aside = 0;
    size_t len;
    make_unclosed_database(here);
    here->config.boot = "second boot";
    uint8_t *bytes = read_file(here, &len);
    assert_true(len > 20 * 4096);
    for (size_t page = 0; page < 20; page++) {
        uint8_t kept[4096];
        clear_folder(here);
        memcpy(kept, bytes + page * 4096, sizeof kept);
        memset(bytes + page * 4096, 0, sizeof kept);
        write_file(here, bytes, len);
        memcpy(bytes + page * 4096, kept, sizeof kept);
        skad_store store = open_store(here, &roomy);
        if (here->report.text[0] != '\0') {
            aside++;
        } else if (page > 1) { /* not in use; one of the two front pages may be lost unharmed */
            assert_int_equal(count_records(&store, 0, RECORDS), RECORDS);
        }
        test_store_free(&store);
    }
    assert_true(aside > 10);
    free(bytes);
}

/* ---- A system that refuses ---- */

static void a_full_file_refuses_and_what_is_in_it_is_still_read(void **state)
{
    folder *here = *state;
    uint32_t taken = 0;
    uint8_t data[200];
    here->config.map_bytes = 40 * 4096;
    skad_store store = open_store(here, &roomy);
    skad_status status = SKAD_OK;
    for (; taken < 10000 && status == SKAD_OK; taken += status == SKAD_OK) {
        const skad_store_record record = record_number(taken, data);
        errno = 0;
        status = store.ops->put(store.self, SKAD_SHELF_HELD, &record, NOW_S);
    }
    assert_int_equal(status, SKAD_ERR_IO);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(fill_of(&store).failures, 1);
    assert_int_equal(fill_of(&store).error, ENOSPC);
    assert_int_equal(fill_of(&store).records, taken);
    assert_true(taken > 10);
    assert_int_equal(count_records(&store, 0, taken + 1), taken);
    test_store_free(&store);

    here->config.map_bytes = 0;
    store = open_store(here, &roomy);
    assert_string_equal(here->report.text, "");
    assert_int_equal(count_records(&store, 0, taken + 1), taken);
    put_records(&store, taken, 100);
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
    folder *here = *state;
    uint8_t data[200];
    skad_status status = SKAD_OK;
    uint32_t taken = RECORDS;
    skad_store store = open_store(here, &roomy);
    put_records(&store, 0, RECORDS);
    limit_files(200 * 4096);
    for (; taken < 10000 && status == SKAD_OK; taken += status == SKAD_OK) {
        const skad_store_record record = record_number(taken, data);
        errno = 0;
        status = store.ops->put(store.self, SKAD_SHELF_HELD, &record, NOW_S);
    }
    const int error = errno;
    limit_files(RLIM_INFINITY);
    assert_int_equal(status, SKAD_ERR_IO);
    assert_int_equal(error, EFBIG);
    assert_int_equal(fill_of(&store).failures, 1);
    assert_int_equal(fill_of(&store).error, EFBIG);
    assert_int_equal(count_records(&store, 0, taken + 1), taken);
    put_records(&store, taken, 10);
    assert_int_equal(fill_of(&store).failures, 1);
    assert_int_equal(fill_of(&store).error, 0);
    test_store_free(&store);
    here->config.boot = "second boot";
    store = open_store(here, &roomy);
    assert_string_equal(here->report.text, "");
    assert_int_equal(count_records(&store, 0, taken + 10), taken + 10);
    test_store_free(&store);
}

static void expect_refusal(folder *here, skad_status status, const char *words)
{
    skad_store store;
    skad_status got = skad_store_lmdb_open(&here->config, &store, &here->report);
    if (got != status || strstr(here->report.text, words) == NULL) {
        fail_msg("status %d: %s", got, here->report.text);
    }
}

static void what_cannot_be_opened_is_told_in_words(void **state)
{
    folder *here = *state;
    char missing[128];
    (void)snprintf(missing, sizeof missing, "%s/missing/records.db", here->dir);
    here->config.path = missing;
    expect_refusal(here, SKAD_ERR_IO, "No such file or directory");
    here->config.path = here->path;

    here->config.caps.records_max = 0;
    expect_refusal(here, SKAD_ERR_INPUT, "room");
    here->config.caps = roomy;

    limit_files(0);
    skad_store store;
    skad_status status = skad_store_lmdb_open(&here->config, &store, &here->report);
    limit_files(RLIM_INFINITY);
    assert_int_equal(status, SKAD_ERR_IO);
    assert_non_null(strstr(here->report.text, "File too large"));
    assert_false(is_there(here, "")); /* nothing half made stays */

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

static void what_cannot_be_set_aside_stays(void **state)
{
    folder *here = *state;
    skad_store store;
    write_text(here);
    for (unsigned i = 0; i < 100; i++) {
        char taken[128];
        (void)snprintf(taken, sizeof taken, i == 0 ? "%s.aside-1234" : "%s.aside-1234-%u",
                       here->path, i);
        assert_int_equal(symlink("nowhere", taken), 0);
    }
    assert_int_equal(skad_store_lmdb_open(&here->config, &store, &here->report), SKAD_ERR_IO);
    assert_non_null(strstr(here->report.text, "nor set it aside"));
    assert_true(is_there(here, ""));
}

static void a_database_is_opened_once_at_a_time(void **state)
{
    folder *here = *state;
    skad_store store = open_store(here, &roomy);
    expect_refusal(here, SKAD_ERR_EXISTS, "another process uses the database");
    put_records(&store, 0, 10);
    test_store_free(&store);
    store = open_store(here, &roomy);
    assert_int_equal(count_records(&store, 0, 10), 10);
    test_store_free(&store);
}

/* ---- Caps and syncing ---- */

static void lower_caps_make_copies_give_way_at_once(void **state)
{
    folder *here = *state;
    const uint64_t copies = RECORDS / 5;
    make_database(here);
    skad_store_caps lower = roomy;
    lower.records_max = RECORDS - 10;
    skad_store store = open_store(here, &lower);
    assert_int_equal(fill_of(&store).records, RECORDS - 10);
    assert_int_equal(fill_of(&store).cached, copies - 10);
    test_store_free(&store);
    lower.records_max = 100; /* what we owe stays, and nothing more comes in */
    store = open_store(here, &lower);
    assert_int_equal(fill_of(&store).records, RECORDS - copies);
    assert_int_equal(fill_of(&store).cached, 0);
    uint8_t data[200];
    const skad_store_record more = record_number(RECORDS + 1, data);
    assert_int_equal(store.ops->put(store.self, SKAD_SHELF_HELD, &more, NOW_S), SKAD_ERR_FULL);
    test_store_free(&store);
}

static void there_is_something_to_sync_after_a_write_only(void **state)
{
    folder *here = *state;
    struct stat given;
    struct stat file;
    int fd = -1;
    skad_store store = open_store(here, &roomy);
    assert_false(skad_store_lmdb_unsynced(&store, &fd));
    put_records(&store, 0, 1);
    assert_true(skad_store_lmdb_unsynced(&store, &fd));
    assert_int_equal(fdatasync(fd), 0);
    assert_int_equal(fstat(fd, &given), 0);
    assert_int_equal(stat(here->path, &file), 0);
    assert_int_equal(given.st_ino, file.st_ino);
    assert_int_equal(close(fd), 0);
    assert_false(skad_store_lmdb_unsynced(&store, &fd));
    assert_int_equal(store.ops->sweep(store.self, NOW_S, 10), 0); /* nothing was due */
    assert_false(skad_store_lmdb_unsynced(&store, &fd));
    test_store_free(&store);
}

#define OWN_TEST(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_TEST(a_closed_database_comes_back_whole_and_private),
        OWN_TEST(a_killed_process_loses_nothing_in_either_boot),
        OWN_TEST(the_system_tells_its_boot_itself),
        OWN_TEST(what_cannot_be_used_is_set_aside_in_words),
        OWN_TEST(nothing_set_aside_is_overwritten),
        OWN_TEST(an_empty_or_half_made_file_is_a_new_one),
        OWN_TEST(rows_of_another_shape_are_no_rows),
        OWN_TEST(a_damaged_row_is_as_good_as_absent_and_goes_when_it_is_met),
        OWN_TEST(flipped_bytes_after_a_failure_of_power_are_noticed),
        OWN_TEST(what_is_whole_in_a_torn_database_is_taken_over),
        OWN_TEST(pages_that_never_reached_the_disk_are_noticed),
        OWN_TEST(a_full_file_refuses_and_what_is_in_it_is_still_read),
        OWN_TEST(a_disk_that_refuses_is_told_of_and_used_again_when_it_does_not),
        OWN_TEST(what_cannot_be_opened_is_told_in_words),
        OWN_TEST(what_cannot_be_set_aside_stays),
        OWN_TEST(a_database_is_opened_once_at_a_time),
        OWN_TEST(lower_caps_make_copies_give_way_at_once),
        OWN_TEST(there_is_something_to_sync_after_a_write_only),
    };
    void *state;
    make_folder(&state);
    test_store_factory factory = {
        .open = open_store, .clear = clear_folder, .user = state, .lasting = true};
    int failed = test_store_suite("store_lmdb", &factory);
    remove_folder(&state);
    return failed + cmocka_run_group_tests_name("store_lmdb's own", tests, NULL, NULL);
}
