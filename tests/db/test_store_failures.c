/* Each call to the database fails once, in each operation of the store: the operation tells it,
 * what it began is undone, and the next one works. The linker hands the calls to this test. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <lmdb.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/database_folder.h"
#include "tests/support/store_suite.h"

#define RECORDS 8

/* ---- Calls that fail ---- */

static struct {
    unsigned nth; /* the one that fails; 0: none */
    unsigned calls;
    bool failed;
    pid_t process; /* the one in which calls count: not in that which checks the file */
} plan;

static bool fails(void)
{
    if (plan.nth == 0 || getpid() != plan.process || ++plan.calls != plan.nth) {
        return false;
    }
    plan.failed = true;
    return true;
}

#define FAILING(name, parameters, arguments)                                                       \
    int __real_##name parameters;                                                                  \
    int __wrap_##name parameters;                                                                  \
    int __wrap_##name parameters                                                                   \
    {                                                                                              \
        return fails() ? EIO : __real_##name arguments;                                            \
    }

FAILING(mdb_txn_begin, (MDB_env * env, MDB_txn *parent, unsigned flags, MDB_txn **out),
        (env, parent, flags, out))
FAILING(mdb_txn_renew, (MDB_txn * txn), (txn))
FAILING(mdb_dbi_open, (MDB_txn * txn, const char *name, unsigned flags, MDB_dbi *out),
        (txn, name, flags, out))
FAILING(mdb_stat, (MDB_txn * txn, MDB_dbi dbi, MDB_stat *out), (txn, dbi, out))
FAILING(mdb_get, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *out), (txn, dbi, key, out))
FAILING(mdb_put, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *value, unsigned flags),
        (txn, dbi, key, value, flags))
FAILING(mdb_del, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *value), (txn, dbi, key, value))
FAILING(mdb_cursor_open, (MDB_txn * txn, MDB_dbi dbi, MDB_cursor **out), (txn, dbi, out))
FAILING(mdb_cursor_renew, (MDB_txn * txn, MDB_cursor *cursor), (txn, cursor))
FAILING(mdb_cursor_get, (MDB_cursor * cursor, MDB_val *key, MDB_val *value, MDB_cursor_op op),
        (cursor, key, value, op))
FAILING(mdb_env_sync, (MDB_env * env, int force), (env, force))

int __real_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn);

int __wrap_mdb_txn_commit(MDB_txn *txn)
{
    if (fails()) {
        mdb_txn_abort(txn); /* as a commit that fails does */
        return EIO;
    }
    return __real_mdb_txn_commit(txn);
}

static void arm(unsigned nth)
{
    memset(&plan, 0, sizeof plan);
    plan.nth = nth;
    plan.process = getpid();
}

static bool disarm(void)
{
    plan.nth = 0;
    return plan.failed;
}

/* ---- Records ---- */

/* Of two shelves; every other replica is a cached copy. */
static skad_store_record record(uint8_t number)
{
    static const uint8_t data[3] = {1, 2, 3};
    skad_store_record out = {.name = {.key = {{(uint8_t)(number / 2)}}, .type = 2},
                             .cached = number % 2 == 1,
                             .sequence = number,
                             .stored_unix_s = TEST_DB_NOW_S,
                             .expires_unix_s = TEST_DB_NOW_S + 10U + number,
                             .data = data,
                             .len = sizeof data};
    out.name.publisher[0] = (uint8_t)(1 + number);
    return out;
}

static skad_store filled(test_db_folder *here)
{
    static const skad_store_caps caps = {RECORDS, 1000, RECORDS, 1000};
    skad_store store = test_db_open(here, &caps);
    for (uint8_t i = 0; i < RECORDS; i++) {
        const skad_store_record one = record(i);
        assert_int_equal(store.ops->put(store.self, SKAD_STORE_REPLICAS, &one, TEST_DB_NOW_S),
                         SKAD_OK);
        if (i < 3) {
            assert_int_equal(
                store.ops->put(store.self, SKAD_STORE_PUBLICATIONS, &one, TEST_DB_NOW_S), SKAD_OK);
        }
    }
    return store;
}

/* All that can be asked of a store, as numbers. */
typedef struct portrait {
    skad_store_totals totals;
    uint64_t sequences[2][RECORDS + 2];
    size_t counts[2];
    skad_store_usage usage[RECORDS];
} portrait;

static portrait look(const skad_store *store)
{
    portrait out;
    memset(&out, 0, sizeof out);
    store->ops->totals(store->self, &out.totals);
    out.totals.failures = 0;
    out.totals.error = 0;
    for (size_t section = 0; section < 2; section++) {
        skad_store_name from = {.type = 0};
        skad_store_record one;
        while (store->ops->next(store->self, (skad_store_section)section, &from, &one)) {
            assert_true(out.counts[section] < RECORDS + 2);
            out.sequences[section][out.counts[section]++] = one.sequence;
        }
    }
    for (uint8_t i = 0; i < RECORDS; i++) {
        const skad_store_record one = record(i);
        store->ops->usage(store->self, SKAD_OWNER_PUBLISHER, one.name.publisher, &out.usage[i]);
    }
    return out;
}

/* ---- Changes ---- */

static skad_status put_new(const skad_store *store)
{
    const skad_store_record one = record(100); /* a cached copy has to go */
    return store->ops->put(store->self, SKAD_STORE_REPLICAS, &one, TEST_DB_NOW_S);
}

static skad_status put_again(const skad_store *store)
{
    skad_store_record one = record(2);
    one.expires_unix_s += 100;
    one.len = 2;
    return store->ops->put(store->self, SKAD_STORE_REPLICAS, &one, TEST_DB_NOW_S);
}

static skad_status put_publication(const skad_store *store)
{
    const skad_store_record one = record(7);
    return store->ops->put(store->self, SKAD_STORE_PUBLICATIONS, &one, TEST_DB_NOW_S);
}

static skad_status drop_replica(const skad_store *store)
{
    const skad_store_record one = record(3);
    return store->ops->drop(store->self, SKAD_STORE_REPLICAS, &one.name);
}

static skad_status drop_publication(const skad_store *store)
{
    const skad_store_record one = record(1);
    return store->ops->drop(store->self, SKAD_STORE_PUBLICATIONS, &one.name);
}

static void a_change_that_fails_changes_nothing_and_is_told(void **state)
{
    static const struct {
        const char *label;
        skad_status (*change)(const skad_store *store);
    } cases[] = {
        {"put_new", put_new},
        {"put_again", put_again},
        {"put_publication", put_publication},
        {"drop_replica", drop_replica},
        {"drop_publication", drop_publication},
    };
    test_db_folder *here = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_store store = filled(here);
        const portrait before = look(&store);
        uint64_t failures = 0;
        for (unsigned nth = 1;; nth++) {
            int fd = -1;
            skad_store_totals totals;
            (void)skad_store_lmdb_unsynced(&store, &fd);
            (void)close(fd);
            arm(nth);
            errno = 0;
            skad_status status = cases[i].change(&store);
            if (!disarm()) {
                assert_int_equal(status, SKAD_OK);
                assert_true(nth > 4); /* several calls were there to fail */
                break;
            }
            if (status != SKAD_ERR_IO || errno != EIO) {
                fail_msg("%s, call %u: %s", cases[i].label, nth, skad_status_text(status));
            }
            store.ops->totals(store.self, &totals);
            assert_int_equal(totals.failures, ++failures);
            assert_int_equal(totals.error, EIO);
            assert_false(skad_store_lmdb_unsynced(&store, &fd));
            const portrait after = look(&store);
            assert_memory_equal(&after, &before, sizeof after);
        }
        skad_store_totals totals;
        store.ops->totals(store.self, &totals);
        assert_int_equal(totals.failures, failures);
        assert_int_equal(totals.error, 0); /* it works again */
        const portrait after = look(&store);
        assert_memory_not_equal(&after, &before, sizeof after);
        test_store_free(&store);
        test_db_clear(here);
    }
}

/* Three that are no copies have expired, and two copies. */
static void a_sweep_that_fails_drops_what_it_tells(void **state)
{
    test_db_folder *here = *state;
    for (unsigned nth = 1;; nth++) {
        skad_store store = filled(here);
        skad_store_totals totals;
        arm(nth);
        size_t swept = store.ops->sweep(store.self, TEST_DB_NOW_S + 14, 100);
        bool failed = disarm();
        store.ops->totals(store.self, &totals);
        assert_int_equal(totals.records, RECORDS - swept);
        assert_int_equal(look(&store).counts[SKAD_STORE_REPLICAS], RECORDS - swept);
        assert_int_equal(totals.failures, failed);
        if (!failed) {
            assert_int_equal(swept, 5);
        }
        swept += store.ops->sweep(store.self, TEST_DB_NOW_S + 14, 100);
        assert_int_equal(swept, 5);
        test_store_free(&store);
        test_db_clear(here);
        if (!failed) {
            assert_true(nth > 4);
            break;
        }
    }
}

/* What is read is right, or it is as if nothing was there; and the next reading works. */
static void a_reading_that_fails_finds_nothing_wrong(void **state)
{
    test_db_folder *here = *state;
    skad_store store = filled(here);
    const portrait before = look(&store);
    for (unsigned nth = 1, failed = 1; failed; nth++) {
        const skad_store_record wanted = record(4);
        const skad_id key = wanted.name.key;
        skad_store_record found[4];
        skad_store_usage usage;
        skad_store_name from = {.type = 0};
        arm(nth);
        bool any = store.ops->find(store.self, SKAD_STORE_REPLICAS, &wanted.name, TEST_DB_NOW_S,
                                   &found[0]);
        assert_true(!any || found[0].sequence == 4);
        assert_true(any || plan.failed);
        bool had_failed = plan.failed;
        size_t listed = store.ops->list(store.self, &key, 2, 0, TEST_DB_NOW_S, found, 4);
        assert_true(listed == 2 || (listed < 2 && plan.failed && !had_failed));
        for (size_t i = 0; i < listed; i++) {
            assert_true(found[i].sequence == 4 || found[i].sequence == 5);
        }
        had_failed = plan.failed;
        bool next = store.ops->next(store.self, SKAD_STORE_REPLICAS, &from, &found[0]);
        assert_true(next ? found[0].sequence == 0 : plan.failed && !had_failed);
        had_failed = plan.failed;
        store.ops->usage(store.self, SKAD_OWNER_PUBLISHER, wanted.name.publisher, &usage);
        assert_true(usage.records == 1 || (usage.records == 0 && plan.failed && !had_failed));
        failed = disarm();
        const portrait after = look(&store);
        assert_memory_equal(&after, &before, sizeof after);
    }
    test_store_free(&store);
}

static void a_database_that_cannot_be_opened_is_told_and_stays(void **state)
{
    static const skad_store_caps caps = {RECORDS, 1000, RECORDS, 1000};
    test_db_folder *here = *state;
    skad_store store = filled(here);
    const portrait before = look(&store);
    test_store_free(&store);
    skad_store_lmdb_config config = here->config;
    config.caps = caps;
    for (unsigned nth = 1;; nth++) {
        arm(nth);
        skad_status status = skad_store_lmdb_open(&config, &store, &here->report);
        if (!disarm()) {
            assert_int_equal(status, SKAD_OK);
            assert_true(nth > 8);
            break;
        }
        if (status == SKAD_OK) {
            fail_msg("call %u failed unseen", nth);
        }
        assert_int_equal(status, SKAD_ERR_IO);
        assert_non_null(strstr(here->report.text, here->path));
        assert_false(test_db_is_there(here, ".aside-1000000"));
    }
    const portrait after = look(&store);
    assert_memory_equal(&after, &before, sizeof after);
    test_store_free(&store);
}

/* A new file whose making fails is removed, so that the next start makes it. */
static void a_database_that_cannot_be_made_leaves_nothing(void **state)
{
    static const skad_store_caps caps = {RECORDS, 1000, RECORDS, 1000};
    test_db_folder *here = *state;
    skad_store_lmdb_config config = here->config;
    config.caps = caps;
    for (unsigned nth = 1;; nth++) {
        skad_store store;
        arm(nth);
        skad_status status = skad_store_lmdb_open(&config, &store, &here->report);
        bool failed = disarm();
        if (status == SKAD_OK) {
            assert_false(failed);
            test_store_free(&store);
            break;
        }
        assert_int_equal(status, SKAD_ERR_IO);
        skad_store again = test_db_open(here, &caps);
        assert_int_equal(test_db_totals(&again).records, 0);
        test_store_free(&again);
        test_db_clear(here);
    }
}

/* Closing tells nothing; the worst that may follow is that the next start checks more. */
static void a_database_that_is_not_closed_well_is_whole(void **state)
{
    static const skad_store_caps caps = {RECORDS, 1000, RECORDS, 1000};
    test_db_folder *here = *state;
    bool failed = true;
    for (unsigned nth = 1; failed; nth++) {
        skad_store store = filled(here);
        const portrait before = look(&store);
        arm(nth);
        test_store_free(&store);
        failed = disarm();
        store = test_db_open(here, &caps);
        const portrait after = look(&store);
        assert_memory_equal(&after, &before, sizeof after);
        test_store_free(&store);
        test_db_clear(here);
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, test_db_begin, test_db_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_change_that_fails_changes_nothing_and_is_told),
        IN_FOLDER(a_sweep_that_fails_drops_what_it_tells),
        IN_FOLDER(a_reading_that_fails_finds_nothing_wrong),
        IN_FOLDER(a_database_that_cannot_be_opened_is_told_and_stays),
        IN_FOLDER(a_database_that_cannot_be_made_leaves_nothing),
        IN_FOLDER(a_database_that_is_not_closed_well_is_whole),
    };
    return cmocka_run_group_tests_name("store_failures", tests, NULL, NULL);
}
