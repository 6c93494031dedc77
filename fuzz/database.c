/* Databases with any content, row by row: choices make sound records, rows, places and counters of
 * any bytes, damage and holes, in the tables of a real LMDB file. Its pages are sound (the target
 * damage is for damaged pages). A naive reader finds out what is true of the file. Then:
 *
 * - the check at opening says the same, unless the file was closed;
 * - a store that is opened on it returns exactly the sound rows, expired or not, also after it was
 *   set aside; it drops the others when it meets them, and counts them;
 * - if all tables agree, or the file is a new one, changes succeed and all tables agree afterwards.
 *
 * This process does the work of the child processes (--wrap, fuzz/CMakeLists.txt): LMDB does not
 * crash on sound pages, and the fuzzer sees the path that they take. */
#include <fcntl.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "fuzz/database.h"
#include "fuzz/fuzz.h"
#include "src/db/change.h"
#include "src/db/child.h"
#include "src/db/proof.h"
#include "src/db/row.h"

#define STEPS_MAX   32 /* what salvage sends must fit its pipe */
#define OTHERS_MAX  80 /* bytes of a row that is none */
#define CHANGES_MAX 16

pid_t __wrap_skad_db_child_start(void (*work)(void *user), void *user, int fd);
void __wrap_skad_db_child_wait(pid_t child);

pid_t __wrap_skad_db_child_start(void (*work)(void *user), void *user, int fd)
{
    (void)fd;
    work(user);
    return 1;
}

void __wrap_skad_db_child_wait(pid_t child)
{
    (void)child;
}

/* ---- Writing ---- */

/* One of few names, so that they meet again. */
static skad_store_record choose_record(fuzz_choices *choices, uint8_t data[SKAD_STORED_BYTES_MAX])
{
    static const size_t lens[] = {1, 20, 100, SKAD_STORED_BYTES_MAX};
    static const uint64_t ends[] = {FUZZ_DB_NOW_S - 1, FUZZ_DB_NOW_S, FUZZ_DB_NOW_S + 1,
                                    UINT64_MAX};
    const uint8_t which = fuzz_byte(choices);
    const uint8_t rest = fuzz_byte(choices);
    skad_store_record record = {
        .name = {.key = {{which & 7U}},
                 .type = (uint8_t)(1 + (which >> 3 & 1)),
                 .publisher = {which >> 4 & 1}},
        .cached = (rest & 1) != 0,
        .sequence = which,
        .expires_unix_s = ends[rest >> 1 & 3],
        .group = rest >> 3 & 3,
        .data = data,
        .len = lens[rest >> 5 & 3],
    };
    memset(data, which, record.len);
    return record;
}

static skad_store_section choose_section(fuzz_choices *choices)
{
    return fuzz_byte(choices) % 4 == 0 ? SKAD_STORE_PUBLICATIONS : SKAD_STORE_REPLICAS;
}

static void put_raw(const skad_db_change *change, skad_db_table table, skad_span key,
                    skad_span value)
{
    MDB_val key_value = skad_db_value(key.data, key.len);
    MDB_val value_value = skad_db_value(value.data, value.len);
    const int result = mdb_put(change->txn, change->db->tables[table], &key_value, &value_value, 0);
    FUZZ_REQUIRE(result == 0 || (result == MDB_BAD_VALSIZE && key.len == 0));
}

static void add_record(skad_db_change *change, fuzz_choices *choices)
{
    uint8_t data[SKAD_STORED_BYTES_MAX];
    uint8_t key[SKAD_DB_ROW_KEY_BYTES];
    uint8_t row[SKAD_DB_ROW_BYTES_MAX];
    const skad_store_section section = choose_section(choices);
    const skad_store_record record = choose_record(choices, data);
    const int removed = skad_db_change_remove(change, section, &record.name);
    FUZZ_REQUIRE(removed == 0 || removed == MDB_NOTFOUND);
    skad_db_row_key(section, &record.name, key);
    const size_t len = skad_db_row(key, &record, row);
    FUZZ_REQUIRE(skad_db_change_add(change, section, &record, (skad_span){row, len}) == 0);
}

/* Puts only the row of a record: sound, or with a changed byte in it or its key, or with one of
 * them cut. */
static void put_row(const skad_db_change *change, fuzz_choices *choices)
{
    uint8_t data[SKAD_STORED_BYTES_MAX];
    uint8_t key[SKAD_DB_ROW_KEY_BYTES];
    uint8_t row[SKAD_DB_ROW_BYTES_MAX];
    const skad_store_section section = choose_section(choices);
    const skad_store_record record = choose_record(choices, data);
    skad_db_row_key(section, &record.name, key);
    size_t key_len = sizeof key;
    size_t len = skad_db_row(key, &record, row);
    const uint8_t harm = fuzz_byte(choices);
    switch (harm % 8) {
    case 1:
        row[fuzz_below(choices, len)] ^= harm;
        break;
    case 2:
        len = fuzz_below(choices, len + 1);
        break;
    case 3:
        key[fuzz_below(choices, sizeof key)] ^= harm;
        break;
    case 4:
        key_len = fuzz_below(choices, key_len);
        break;
    default:
        break;
    }
    put_raw(change, SKAD_DB_RECORDS, (skad_span){key, key_len}, (skad_span){row, len});
}

/* Adds or removes the place of a record in the order by expiry. */
static void change_place(const skad_db_change *change, fuzz_choices *choices)
{
    uint8_t data[SKAD_STORED_BYTES_MAX];
    uint8_t place[SKAD_DB_EXPIRY_KEY_BYTES];
    const skad_store_record record = choose_record(choices, data);
    skad_db_expiry_key(&record, place);
    MDB_val key = skad_db_value(place, sizeof place);
    if (fuzz_byte(choices) % 2 == 0) {
        (void)mdb_del(change->txn, change->db->tables[SKAD_DB_EXPIRY], &key, NULL);
    } else {
        put_raw(change, SKAD_DB_EXPIRY, (skad_span){place, sizeof place},
                (skad_span){data, fuzz_byte(choices) % 2});
    }
}

static void change_counter(const skad_db_change *change, fuzz_choices *choices)
{
    uint8_t key[SKAD_DB_COUNTER_KEY_BYTES] = {0};
    uint8_t value[SKAD_DB_COUNTER_BYTES];
    key[0] = fuzz_byte(choices) % (SKAD_DB_COUNTER_CACHED + 2);
    key[1] = fuzz_byte(choices) & 7;
    key[8] = fuzz_byte(choices) & 3; /* where groups have their number */
    const skad_store_usage usage = {.records = fuzz_byte(choices) & 3,
                                    .bytes = fuzz_number(choices, 2)};
    skad_db_counter(&usage, value);
    put_raw(change, SKAD_DB_COUNTERS, (skad_span){key, sizeof key},
            (skad_span){value, sizeof value});
}

/* Gives the counter of one owner to another. */
static void move_counter(const skad_db_change *change, fuzz_choices *choices)
{
    uint8_t data[SKAD_STORED_BYTES_MAX];
    uint8_t value[SKAD_DB_COUNTER_BYTES];
    uint8_t owners[SKAD_STORE_OWNERS_MAX][SKAD_DB_COUNTER_KEY_BYTES];
    skad_store_usage usage;
    const skad_store_record record = choose_record(choices, data);
    uint8_t *name = owners[fuzz_byte(choices) % skad_db_owners(&record, owners)];
    FUZZ_REQUIRE(skad_db_counter_find(change->db, change->txn, name, &usage) == 0);
    MDB_val key = skad_db_value(name, SKAD_DB_COUNTER_KEY_BYTES);
    (void)mdb_del(change->txn, change->db->tables[SKAD_DB_COUNTERS], &key, NULL);
    name[1 + fuzz_byte(choices) % 32] ^= (uint8_t)(1U << fuzz_byte(choices) % 8);
    skad_db_counter(&usage, value);
    put_raw(change, SKAD_DB_COUNTERS, (skad_span){name, SKAD_DB_COUNTER_KEY_BYTES},
            (skad_span){value, sizeof value});
}

/* Any bytes in any of the tables. */
static void put_anything(const skad_db_change *change, fuzz_choices *choices)
{
    static const size_t lens[] = {SKAD_DB_ROW_KEY_BYTES, SKAD_DB_EXPIRY_KEY_BYTES,
                                  SKAD_DB_COUNTER_KEY_BYTES, SKAD_DB_COUNTER_BYTES};
    uint8_t key[OTHERS_MAX];
    uint8_t value[OTHERS_MAX];
    const uint8_t how = fuzz_byte(choices);
    const skad_db_table table = (skad_db_table)(SKAD_DB_RECORDS + how % 3);
    const size_t key_len = how < 128 ? lens[how >> 2 & 3] : fuzz_below(choices, sizeof key);
    const size_t value_len = how % 8 < 4 ? lens[how >> 4 & 3] : fuzz_below(choices, sizeof value);
    fuzz_bytes(choices, key, key_len);
    fuzz_bytes(choices, value, value_len);
    put_raw(change, table, (skad_span){key, key_len}, (skad_span){value, value_len});
}

static void write_step(skad_db_change *change, fuzz_choices *choices)
{
    switch (fuzz_byte(choices) % 8) {
    case 0:
        put_row(change, choices);
        break;
    case 1:
        change_place(change, choices);
        break;
    case 2:
        change_counter(change, choices);
        break;
    case 3:
        put_anything(change, choices);
        break;
    case 4:
        move_counter(change, choices);
        break;
    default:
        add_record(change, choices);
        break;
    }
}

/* Writes a database and finds out what is true of it; returns whether it passes as closed. */
static bool write_database(fuzz_choices *choices, fuzz_db_truth *truth)
{
    static const char *const marks[] = {FUZZ_DB_BOOT_BEFORE, SKAD_DB_CLOSED, SKAD_DB_CLOSED, ""};
    skad_db db;
    skad_db_change change;
    skad_db_totals totals = {0};
    MDB_txn *txn;
    MDB_envinfo info;
    const char *path = fuzz_db_path(); /* of an empty folder */
    const size_t mark = fuzz_below(choices, 4);
    FUZZ_REQUIRE(skad_db_open(path, FUZZ_DB_MAP_BYTES, false, &db) == 0);
    FUZZ_REQUIRE(mdb_txn_begin(db.env, NULL, 0, &txn) == 0);
    FUZZ_REQUIRE(skad_db_make_tables(&db, txn, fuzz_db_network) == 0);
    FUZZ_REQUIRE(skad_db_mark(&db, txn, marks[mark]) == 0 && mdb_txn_commit(txn) == 0);
    FUZZ_REQUIRE(skad_db_change_begin(&db, &totals, &change) == 0);
    for (unsigned i = 0; i < STEPS_MAX && !fuzz_over(choices); i++) {
        write_step(&change, choices);
    }
    FUZZ_REQUIRE(skad_db_change_commit(&change, &totals) == 0);
    FUZZ_REQUIRE(mdb_txn_begin(db.env, NULL, MDB_RDONLY, &txn) == 0);
    fuzz_db_read(&db, txn, truth);
    mdb_txn_abort(txn);
    FUZZ_REQUIRE(mdb_env_info(db.env, &info) == 0);
    skad_db_close(&db);
    if (mark == 2) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        FUZZ_REQUIRE(fd >= 0);
        skad_db_proof_write(path, fd, info.me_last_txnid);
        FUZZ_REQUIRE(close(fd) == 0);
    }
    return mark == 2;
}

/* ---- Reading ---- */

/* Checks that a walk returns the right rows of a section, in their order, and no others. */
static void check_section(const skad_store *store, skad_store_section section,
                          const fuzz_db_truth *truth)
{
    skad_store_name from = {0};
    skad_store_record record;
    uint8_t key[SKAD_DB_ROW_KEY_BYTES];
    uint8_t row[SKAD_DB_ROW_BYTES_MAX];
    for (size_t i = 0; i < truth->count; i++) {
        const fuzz_db_row *one = &truth->rows[i];
        if (!one->is_sound || one->section != section) {
            continue;
        }
        FUZZ_REQUIRE(store->ops->next(store->self, section, &from, &record));
        skad_db_row_key(section, &record.name, key);
        FUZZ_REQUIRE(memcmp(key, one->key, sizeof key) == 0);
        FUZZ_REQUIRE(skad_db_row(key, &record, row) == one->len &&
                     memcmp(row, one->bytes, one->len) == 0);
        const bool found =
            store->ops->find(store->self, section, &record.name, FUZZ_DB_NOW_S, &record);
        FUZZ_REQUIRE(found == (one->expires_unix_s > FUZZ_DB_NOW_S));
    }
    FUZZ_REQUIRE(!store->ops->next(store->self, section, &from, &record));
}

static uint64_t count_rows(const fuzz_db_truth *truth, bool sound)
{
    uint64_t count = 0;
    for (size_t i = 0; i < truth->count; i++) {
        count += truth->rows[i].has_name && truth->rows[i].is_sound == sound;
    }
    return count;
}

/* ---- Changing ---- */

static void change_store(const skad_store *store, fuzz_choices *choices, bool agrees)
{
    uint8_t data[SKAD_STORED_BYTES_MAX];
    for (unsigned i = 0; i < CHANGES_MAX && (i < 2 || !fuzz_over(choices)); i++) {
        skad_store_record listed[4];
        skad_status status = SKAD_OK;
        const skad_store_section section = choose_section(choices);
        const uint8_t what = fuzz_byte(choices);
        const skad_store_record record = choose_record(choices, data);
        const skad_store_name *name = &record.name;
        if (what % 8 == 0) {
            (void)store->ops->sweep(store->self, record.expires_unix_s, 1U + what / 64);
        } else if (what % 8 == 1) {
            FUZZ_REQUIRE(store->ops->list(store->self, &name->key, name->type, what, FUZZ_DB_NOW_S,
                                          listed, 4) <= 4);
        } else if (what % 8 < 4) {
            status = store->ops->drop(store->self, section, name);
        } else {
            status = store->ops->put(store->self, section, &record, FUZZ_DB_NOW_S);
            FUZZ_REQUIRE(status != SKAD_ERR_MISSING);
        }
        FUZZ_REQUIRE(status == SKAD_OK || status == SKAD_ERR_MISSING || !agrees);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static fuzz_db_truth truth;
    fuzz_choices choices = {data, len, 0};
    skad_store store;
    skad_store_lmdb_report report;
    skad_store_totals fill;
    const bool trusted = write_database(&choices, &truth);
    const bool good = trusted || truth.agrees;
    FUZZ_REQUIRE(fuzz_db_open_store(FUZZ_DB_BOOT, &store, &report));
    FUZZ_REQUIRE((report.text[0] == '\0') == good);
    check_section(&store, SKAD_STORE_REPLICAS, &truth);
    check_section(&store, SKAD_STORE_PUBLICATIONS, &truth);
    FUZZ_REQUIRE(skad_store_lmdb_damaged(&store) == (good ? count_rows(&truth, false) : 0));
    const bool agrees = truth.agrees || !good;
    if (truth.agrees) {
        store.ops->totals(store.self, &fill);
        FUZZ_REQUIRE(fill.records + fill.published == count_rows(&truth, true));
    }
    change_store(&store, &choices, agrees);
    store.ops->free(store.self);
    if (agrees) {
        FUZZ_REQUIRE(fuzz_db_is_sound());
    }
    return 0;
}
