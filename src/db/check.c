/* The check in a child process. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "src/db/check.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "src/db/change.h"
#include "src/db/child.h"
#include "src/db/pages.h"
#include "src/db/proof.h"
#include "src/db/row.h"
#include "src/db/scan.h"

#define FREE_LIST SKAD_DB_FREE_LIST
#define ROOT      SKAD_DB_ROOT

/* Shared memory. */
typedef struct answer {
    const skad_db_check_config *config; /* the file to check */
    skad_db_verdict verdict;
    bool whole; /* everything was read */
    int error;
} answer;

/* The sums over all tables. */
typedef struct sums {
    skad_db_totals totals;
    skad_store_usage owners[3]; /* of held records by kind of owner, each times its weight */
    uint64_t pages_used;        /* or free, as the tables say */
    uint64_t branches;
    bool older; /* its counters by owner are those of another version, and are made anew later */
    skad_db_pages pages;
} sums;

static void add(skad_store_usage *sum, uint64_t records, uint64_t bytes)
{
    sum->records += records;
    sum->bytes += bytes;
}

/* The weight by which an owner's share is multiplied. With weights, sums over owners are equal only
 * if each owner has what its counter says. The weight is FNV-1a and SplitMix64's finish; without
 * the finish a bit that flips in two owners may add to one weight what it takes from the other. It
 * is odd, so that no share vanishes. */
static uint64_t weight(const uint8_t owner[static SKAD_DB_COUNTER_KEY_BYTES])
{
    uint64_t number = 0xcbf29ce484222325U;
    for (size_t i = 0; i < SKAD_DB_COUNTER_KEY_BYTES; i++) {
        number = (number ^ owner[i]) * 0x100000001b3U;
    }
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
    number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
    return (number ^ (number >> 31)) | 1;
}

static bool equal(const skad_store_usage *a, const skad_store_usage *b)
{
    return a->records == b->records && a->bytes == b->bytes;
}

/* ---- Walking ---- */

typedef bool visit(const skad_db *db, MDB_txn *txn, skad_span key, skad_span value, sums *out);

/* Whether searching leads to the same place as walking: nothing else checks the keys of branch
 * pages. */
static bool is_found(MDB_txn *txn, MDB_dbi table, const MDB_val *key, const MDB_val *value)
{
    MDB_val asked = *key;
    MDB_val found;
    return table == FREE_LIST || table == ROOT ||
           (mdb_get(txn, table, &asked, &found) == 0 && found.mv_data == value->mv_data &&
            found.mv_size == value->mv_size);
}

static bool is_plain(MDB_txn *txn, MDB_dbi table)
{
    unsigned flags;
    return table == FREE_LIST || /* LMDB does not show it: the front is checked in the end */
           (mdb_dbi_flags(txn, table, &flags) == 0 && (flags & SKAD_DB_ORDERS) == 0);
}

/* Visits each entry of a table. Keys must ascend, which also ends a walk in circles. */
static bool walk(const skad_db *db, MDB_txn *txn, MDB_dbi table, visit *visit_one, sums *out)
{
    MDB_cursor *cursor = NULL;
    MDB_stat about;
    if (!is_plain(txn, table) || mdb_stat(txn, table, &about) != 0 ||
        mdb_cursor_open(txn, table, &cursor) != 0) {
        return false;
    }
    out->pages_used += about.ms_branch_pages + about.ms_leaf_pages + about.ms_overflow_pages;
    out->branches += about.ms_branch_pages;
    MDB_val before = {0};
    MDB_val key;
    MDB_val value;
    size_t met = 0;
    int result = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    for (; result == 0; result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        if ((met > 0 && mdb_cmp(txn, table, &before, &key) >= 0) || ++met > about.ms_entries ||
            !skad_db_pages_meet_entry(&out->pages, table, skad_db_span(&key),
                                      skad_db_span(&value)) ||
            !is_found(txn, table, &key, &value) ||
            !visit_one(db, txn, skad_db_span(&key), skad_db_span(&value), out)) {
            break;
        }
        before = key;
    }
    mdb_cursor_close(cursor);
    return result == MDB_NOTFOUND && met == about.ms_entries;
}

static bool visit_row(const skad_db *db, MDB_txn *txn, skad_span key, skad_span value, sums *out)
{
    skad_store_section section;
    skad_store_record record;
    uint8_t expiry[SKAD_DB_EXPIRY_KEY_BYTES];
    if (!skad_db_row_key_read(key, &section, &record.name) ||
        !skad_db_row_read(key, value, &record) || !skad_db_row_intact(key, value)) {
        return false;
    }
    add(&out->totals.of[section], 1, record.len);
    if (section == SKAD_STORE_PUBLICATIONS) {
        return true;
    }
    if (record.cached) {
        add(&out->totals.of[SKAD_DB_CACHED], 1, record.len);
    }
    uint8_t owners[SKAD_STORE_OWNERS_MAX][SKAD_DB_COUNTER_KEY_BYTES];
    size_t owners_count = skad_db_owners(&record, owners);
    for (size_t i = 0; i < owners_count; i++) {
        const uint64_t times = weight(owners[i]);
        add(&out->owners[owners[i][0]], times, times * record.len);
    }
    skad_db_expiry_key(&record, expiry);
    MDB_val place = skad_db_value(expiry, sizeof expiry);
    MDB_val nothing;
    return mdb_get(txn, db->tables[SKAD_DB_EXPIRY], &place, &nothing) == 0;
}

/* Visits a place in the order. Each row has its place, so equal numbers leave no other places. */
static bool visit_place(const skad_db *db, MDB_txn *txn, skad_span key, skad_span value, sums *out)
{
    (void)db;
    (void)txn;
    (void)out;
    skad_store_record place;
    return value.len == 0 && skad_db_expiry_key_read(key, &place);
}

/* Takes a counter off the sums, which must be zero in the end. */
static bool visit_counter(const skad_db *db, MDB_txn *txn, skad_span key, skad_span value,
                          sums *out)
{
    (void)db;
    (void)txn;
    static const uint8_t no_owner[SKAD_DB_COUNTER_KEY_BYTES - 1];
    if (key.len != SKAD_DB_COUNTER_KEY_BYTES || value.len != SKAD_DB_COUNTER_BYTES ||
        key.data[0] > SKAD_DB_COUNTER_CACHED) {
        return false;
    }
    if (key.data[0] >= SKAD_DB_COUNTER_HELD) {
        return memcmp(key.data + 1, no_owner, sizeof no_owner) == 0;
    }
    const skad_store_usage usage = skad_db_counter_read(value);
    const uint64_t times = weight(key.data);
    add(&out->owners[key.data[0]], -times * usage.records, -times * usage.bytes);
    return true;
}

static bool visit_table(const skad_db *db, MDB_txn *txn, skad_span key, skad_span value, sums *out)
{
    (void)db;
    (void)txn;
    (void)key;
    (void)out;
    return skad_db_pages_is_table(value);
}

static bool visit_meta(const skad_db *db, MDB_txn *txn, skad_span key, skad_span value, sums *out)
{
    (void)db;
    (void)txn;
    (void)key;
    (void)value;
    (void)out;
    return true;
}

/* LMDB's list of free pages: by transaction, a count and as many page numbers, which descend. */
static bool visit_free(const skad_db *db, MDB_txn *txn, skad_span key, skad_span value, sums *out)
{
    (void)db;
    (void)txn;
    size_t count;
    if (key.len != sizeof count || value.len < sizeof count) {
        return false;
    }
    memcpy(&count, value.data, sizeof count);
    if (count > value.len / sizeof count - 1) {
        return false;
    }
    size_t before = SIZE_MAX;
    for (size_t i = 1; i <= count; i++) {
        size_t page;
        memcpy(&page, value.data + i * sizeof page, sizeof page);
        if (page >= before || !skad_db_pages_meet_free(&out->pages, page)) {
            return false;
        }
        before = page;
    }
    out->pages_used += count;
    return true;
}

static bool walk_tables(const skad_db *db, MDB_txn *txn, sums *found)
{
    const skad_store_usage nothing = {0};
    MDB_stat places;
    skad_db_totals totals;
    if (!walk(db, txn, FREE_LIST, visit_free, found) || !walk(db, txn, ROOT, visit_table, found) ||
        !walk(db, txn, db->tables[SKAD_DB_META], visit_meta, found) ||
        !walk(db, txn, db->tables[SKAD_DB_RECORDS], visit_row, found) ||
        !walk(db, txn, db->tables[SKAD_DB_EXPIRY], visit_place, found) ||
        !walk(db, txn, db->tables[SKAD_DB_COUNTERS], visit_counter, found) ||
        mdb_stat(txn, db->tables[SKAD_DB_EXPIRY], &places) != 0 ||
        skad_db_totals_read(db, txn, &totals) != 0) {
        return false;
    }
    bool right = places.ms_entries == totals.of[SKAD_STORE_REPLICAS].records &&
                 found->pages_used == found->pages.count &&
                 skad_db_pages_meet_rest(&found->pages, found->branches);
    for (size_t i = 0; i < 3; i++) {
        right = right && equal(&totals.of[i], &found->totals.of[i]) &&
                (found->older || equal(&found->owners[i], &nothing));
    }
    return right;
}

static bool walk_all(const skad_db *db, MDB_txn *txn, bool older)
{
    sums found = {.pages_used = 2 /* at the front */, .older = older};
    bool right = skad_db_pages_init(db->env, &found.pages) && walk_tables(db, txn, &found);
    skad_db_pages_free(&found.pages);
    return right;
}

/* ---- In the child ---- */

/* Whether the file is long enough. It may end before its last page if that page was freed before it
 * was written. */
static bool long_enough(const skad_db *db, const char *path)
{
    MDB_envinfo info;
    MDB_stat about;
    struct stat file;
    return mdb_env_info(db->env, &info) == 0 && mdb_env_stat(db->env, &about) == 0 &&
           stat(path, &file) == 0 && about.ms_psize != 0 &&
           info.me_last_pgno < (uint64_t)file.st_size / about.ms_psize;
}

/* Whether the file says that it was closed. A copy says so, too: that is no proof. */
static bool says_closed(const skad_db *db, MDB_txn *txn)
{
    char mark[SKAD_DB_BOOT_BYTES];
    return skad_db_marked(db, txn, mark) == 0 && strcmp(mark, SKAD_DB_CLOSED) == 0;
}

static skad_db_proof read_proof(const skad_db *db, const char *path)
{
    MDB_envinfo info;
    return mdb_env_info(db->env, &info) == 0 ? skad_db_proof_read(path, info.me_last_txnid)
                                             : SKAD_DB_UNPROVEN;
}

static skad_db_verdict judge(skad_db *db, MDB_txn *txn, answer *out)
{
    const skad_db_check_config *config = out->config;
    const skad_db_proof proof = read_proof(db, config->path);
    bool is_new;
    skad_db_origin origin;
    if (skad_db_is_new(db, txn, &is_new) != 0) {
        return SKAD_DB_DAMAGED;
    }
    if (is_new) {
        return SKAD_DB_GOOD;
    }
    if (skad_db_open_tables(db, txn, config->network, &origin) != 0) {
        return SKAD_DB_DAMAGED;
    }
    switch (origin) {
    case SKAD_DB_OF_OTHER_PROGRAM:
        return SKAD_DB_OTHER_PROGRAM;
    case SKAD_DB_OF_OTHER_VERSION:
        return SKAD_DB_OTHER_VERSION;
    case SKAD_DB_OF_OTHER_NETWORK:
        return SKAD_DB_OTHER_NETWORK;
    case SKAD_DB_OURS:
    case SKAD_DB_OF_OLDER_VERSION:
        break;
    }
    bool older = origin == SKAD_DB_OF_OLDER_VERSION; /* each row is about to be read anyway */
    bool trusted = !config->all && !older && proof == SKAD_DB_PROVEN && says_closed(db, txn) &&
                   long_enough(db, config->path);
    out->whole = !trusted;
    bool good = trusted || (proof != SKAD_DB_CONDEMNED && walk_all(db, txn, older));
    return good ? SKAD_DB_GOOD : SKAD_DB_DAMAGED;
}

/* Whether the front of a damaged file asks for something impossible, or for more memory than there
 * is, although we could have what we need. */
static bool asks_the_impossible(int result, size_t map_bytes)
{
    if (result != ENOMEM) {
        return result == EINVAL;
    }
    void *map =
        mmap(NULL, map_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return map != MAP_FAILED;
}

static void check_here(void *user)
{
    answer *out = user;
    const skad_db_check_config *config = out->config;
    skad_db db;
    MDB_txn *txn = NULL;
    int result = skad_db_open(config->path, config->map_bytes, true, &db);
    if (result == 0) {
        result = mdb_txn_begin(db.env, NULL, MDB_RDONLY, &txn);
    }
    if (result == 0) {
        out->verdict = judge(&db, txn, out);
        mdb_txn_abort(txn);
    } else if (result == MDB_VERSION_MISMATCH || result == MDB_INVALID) {
        out->verdict = SKAD_DB_OTHER_PROGRAM;
    } else if (result > 0 && !asks_the_impossible(result, config->map_bytes)) {
        out->error = result;
        out->verdict = SKAD_DB_UNCHECKED;
    }
    skad_db_close(&db);
    /* If the way to our tables is torn, the file is not another program's. */
    if (out->verdict == SKAD_DB_OTHER_PROGRAM &&
        skad_db_scan_is_ours(config->path, config->network)) {
        out->verdict = SKAD_DB_DAMAGED;
    }
}

/* ---- In the parent ---- */

skad_db_verdict skad_db_check(const skad_db_check_config *config, bool *whole)
{
    *whole = false;
    answer *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        return SKAD_DB_UNCHECKED;
    }
    /* The file counts as damaged unless the child lives to say otherwise. */
    *shared = (answer){.config = config, .verdict = SKAD_DB_DAMAGED};
    pid_t child = skad_db_child_start(check_here, shared, -1);
    int error = errno;
    if (child > 0) {
        skad_db_child_wait(child);
        error = shared->error;
    }
    skad_db_verdict verdict = child > 0 ? shared->verdict : SKAD_DB_UNCHECKED;
    *whole = shared->whole;
    (void)munmap(shared, sizeof *shared);
    errno = error;
    return verdict;
}
