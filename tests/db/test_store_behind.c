/* A database whose writes are left to a thread, on a disk that is fast, slow, stuck or full. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lmdb.h>

#include "src/db/pending.h"
#include "src/db/store_lmdb.h"
#include "tests/support/database_folder.h"
#include "tests/support/prng.h"
#include "tests/support/store_suite.h"

/* ---- The disk ---- */

/* A commit waits until the disk lets it pass. */
typedef struct disk {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stuck;
    unsigned passes;     /* commits that may pass nevertheless */
    unsigned waiting;    /* commits at the disk */
    unsigned commits;    /* that passed */
    unsigned fails_from; /* from this commit on it is full; 0: never */
    atomic_uint yields;  /* how slow it is: how often it lets others go on */
} disk_type;

static disk_type disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

int __real_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn);

int __wrap_mdb_txn_commit(MDB_txn *txn)
{
    for (unsigned i = disk.yields; i > 0; i--) {
        (void)sched_yield();
    }
    pthread_mutex_lock(&disk.lock);
    disk.waiting++;
    pthread_cond_broadcast(&disk.changed);
    while (disk.stuck && disk.passes == 0) {
        pthread_cond_wait(&disk.changed, &disk.lock);
    }
    disk.passes -= disk.passes > 0;
    disk.waiting--;
    const bool fails = disk.fails_from != 0 && ++disk.commits >= disk.fails_from;
    pthread_mutex_unlock(&disk.lock);
    if (fails) {
        mdb_txn_abort(txn);
        return ENOSPC;
    }
    return __real_mdb_txn_commit(txn);
}

static void set_stuck(bool stuck)
{
    pthread_mutex_lock(&disk.lock);
    disk.stuck = stuck;
    disk.passes = 0;
    pthread_cond_broadcast(&disk.changed);
    pthread_mutex_unlock(&disk.lock);
}

static void let_pass(unsigned commits)
{
    pthread_mutex_lock(&disk.lock);
    disk.passes += commits;
    pthread_cond_broadcast(&disk.changed);
    pthread_mutex_unlock(&disk.lock);
}

static void set_full(unsigned from)
{
    pthread_mutex_lock(&disk.lock);
    disk.fails_from = from;
    disk.commits = 0;
    pthread_mutex_unlock(&disk.lock);
}

/* Until the thread is at the disk. */
static void await_commit(void)
{
    pthread_mutex_lock(&disk.lock);
    while (disk.waiting == 0) {
        pthread_cond_wait(&disk.changed, &disk.lock);
    }
    pthread_mutex_unlock(&disk.lock);
}

/* ---- The store ---- */

static pthread_mutex_t woken_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static unsigned wakes;

static void wake(void *user)
{
    (void)user;
    pthread_mutex_lock(&woken_lock);
    wakes++;
    pthread_cond_broadcast(&woken);
    pthread_mutex_unlock(&woken_lock);
}

static skad_store open_behind(void *user, const skad_store_caps *caps)
{
    skad_store store = test_db_open(user, caps);
    skad_store_lmdb_behind(&store, wake, NULL);
    return store;
}

/* Waits for a ticket; the status of it. */
static skad_status await(const skad_store *store, uint64_t ticket)
{
    skad_store_settled settled;
    for (;;) {
        pthread_mutex_lock(&woken_lock);
        const unsigned seen = wakes;
        pthread_mutex_unlock(&woken_lock);
        while (store->ops->settled(store->self, &settled)) {
            if (settled.ticket >= ticket) {
                return settled.ticket == ticket ? settled.status : SKAD_OK;
            }
        }
        pthread_mutex_lock(&woken_lock);
        while (wakes == seen) {
            pthread_cond_wait(&woken, &woken_lock);
        }
        pthread_mutex_unlock(&woken_lock);
    }
}

static skad_status put(const skad_store *store, uint32_t number)
{
    uint8_t data[200];
    const skad_store_record record = test_db_record(number, data);
    return store->ops->put(store->self, SKAD_STORE_REPLICAS, &record, TEST_DB_NOW_S);
}

static bool find(const skad_store *store, uint32_t number)
{
    return test_db_count(store, number, 1) == 1;
}

static void what_is_pending_is_seen_and_lasts_when_it_is_settled(void **state)
{
    test_db_folder *here = *state;
    skad_store_settled settled;
    skad_store store = open_behind(here, &test_db_roomy);
    assert_int_equal(store.ops->ticket(store.self), 0);
    set_stuck(true);
    assert_int_equal(put(&store, 1), SKAD_OK);
    const uint64_t first = store.ops->ticket(store.self);
    assert_int_equal(put(&store, 2), SKAD_OK);
    const uint64_t second = store.ops->ticket(store.self);
    assert_true(first > 0 && second > first);
    await_commit();
    assert_true(find(&store, 1) && find(&store, 2));
    assert_int_equal(test_db_totals(&store).records, 2);
    assert_false(store.ops->settled(store.self, &settled));
    set_stuck(false);
    assert_int_equal(await(&store, second), SKAD_OK);
    assert_int_equal(store.ops->ticket(store.self), 0);
    assert_true(find(&store, 1) && find(&store, 2));
    assert_int_equal(test_db_totals(&store).records, 2);
    assert_false(store.ops->settled(store.self, &settled));
    test_store_free(&store);
}

/* However slow the disk: what is left when the store is closed is written before. */
static void closing_writes_what_is_pending(void **state)
{
    test_db_folder *here = *state;
    skad_store store = open_behind(here, &test_db_roomy);
    set_stuck(true);
    test_db_put(&store, 0, TEST_DB_RECORDS);
    set_stuck(false);
    test_store_free(&store);
    store = test_db_open(here, &test_db_roomy);
    assert_string_equal(here->report.text, "");
    assert_int_equal(test_db_count(&store, 0, TEST_DB_RECORDS), TEST_DB_RECORDS);
    assert_int_equal(test_db_totals(&store).records, TEST_DB_RECORDS);
    test_store_free(&store);
}

static void beyond_a_bound_the_store_is_busy(void **state)
{
    test_db_folder *here = *state;
    uint32_t taken = 0;
    uint8_t data[200];
    skad_status status = SKAD_OK;
    skad_store store = open_behind(here, &test_db_roomy);
    set_stuck(true);
    while ((status = put(&store, taken)) == SKAD_OK) {
        taken++;
    }
    assert_int_equal(status, SKAD_ERR_BUSY);
    assert_int_equal(taken, SKAD_DB_PENDING_MAX);
    assert_int_equal(put(&store, 0), SKAD_ERR_BUSY);
    const skad_store_record record = test_db_record(0, data);
    assert_int_equal(store.ops->drop(store.self, SKAD_STORE_REPLICAS, &record.name), SKAD_ERR_BUSY);
    assert_int_equal(store.ops->sweep(store.self, UINT64_MAX - 1, 10), 0);
    assert_int_equal(test_db_totals(&store).records, taken);
    const uint64_t last = store.ops->ticket(store.self);
    set_stuck(false);
    assert_int_equal(await(&store, last), SKAD_OK);
    assert_int_equal(put(&store, taken), SKAD_OK);
    assert_int_equal(test_db_count(&store, 0, taken + 1), taken + 1);
    test_store_free(&store);
}

/* A write that fails is as if it had not been, and is told by its ticket. */
static void a_write_that_fails_is_undone_and_told(void **state)
{
    test_db_folder *here = *state;
    uint8_t data[200];
    skad_store store = open_behind(here, &test_db_roomy);
    assert_int_equal(put(&store, 1), SKAD_OK);
    assert_int_equal(await(&store, store.ops->ticket(store.self)), SKAD_OK);
    set_full(1);
    skad_store_record newer = test_db_record(1, data);
    newer.sequence = 77;
    assert_int_equal(store.ops->put(store.self, SKAD_STORE_REPLICAS, &newer, TEST_DB_NOW_S),
                     SKAD_OK);
    const uint64_t replaced = store.ops->ticket(store.self);
    assert_int_equal(put(&store, 2), SKAD_OK);
    const uint64_t added = store.ops->ticket(store.self);
    assert_int_equal(await(&store, replaced), SKAD_ERR_IO);
    assert_int_equal(await(&store, added), SKAD_ERR_IO);
    assert_true(find(&store, 1)); /* as it was before */
    assert_false(find(&store, 2));
    assert_int_equal(test_db_totals(&store).records, 1);
    assert_int_equal(test_db_totals(&store).failures, 2);
    assert_int_equal(test_db_totals(&store).error, ENOSPC);
    set_full(0);
    assert_int_equal(put(&store, 2), SKAD_OK);
    assert_int_equal(await(&store, store.ops->ticket(store.self)), SKAD_OK);
    assert_int_equal(test_db_totals(&store).error, 0);
    assert_true(find(&store, 2));
    test_store_free(&store);
}

/* Of writes that are committed together, those that can be made are, when others cannot. */
static void one_that_cannot_be_written_fails_alone(void **state)
{
    test_db_folder *here = *state;
    skad_store store = open_behind(here, &test_db_roomy);
    set_stuck(true);
    assert_int_equal(put(&store, 0), SKAD_OK);
    await_commit(); /* the others wait for the next group */
    for (uint32_t i = 1; i <= 3; i++) {
        assert_int_equal(put(&store, i), SKAD_OK);
    }
    const uint64_t last = store.ops->ticket(store.self);
    set_full(2); /* the first passes, then the group fails, */
    let_pass(2);
    assert_int_equal(await(&store, last - 3), SKAD_OK);
    await_commit();
    set_full(0); /* and then each by itself does not */
    set_stuck(false);
    assert_int_equal(await(&store, last), SKAD_OK);
    assert_int_equal(test_db_count(&store, 0, 4), 4);
    assert_int_equal(test_db_totals(&store).failures, 0);
    test_store_free(&store);
}

static void a_killed_process_loses_nothing_that_was_settled(void **state)
{
    test_db_folder *here = *state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        skad_store store = open_behind(here, &test_db_roomy);
        test_db_put(&store, 0, TEST_DB_RECORDS);
        _exit(await(&store, store.ops->ticket(store.self)) == SKAD_OK ? 0 : 1);
    }
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
    skad_store store = open_behind(here, &test_db_roomy);
    assert_string_equal(here->report.text, "");
    assert_int_equal(test_db_count(&store, 0, TEST_DB_RECORDS), TEST_DB_RECORDS);
    assert_int_equal(put(&store, TEST_DB_RECORDS), SKAD_OK); /* tickets go on */
    assert_int_equal(await(&store, store.ops->ticket(store.self)), SKAD_OK);
    test_store_free(&store);
}

/* ---- The suite ---- */

typedef struct driver {
    test_db_folder *here;
    unsigned yields;
} driver;

static skad_store open_driven(void *user, const skad_store_caps *caps)
{
    driver *self = user;
    disk.yields = 0;
    skad_store store = open_behind(self->here, caps);
    disk.yields = self->yields;
    return store;
}

static void clear_driven(void *user)
{
    driver *self = user;
    test_db_clear(self->here);
}

#define OWN_TEST(test) cmocka_unit_test_setup_teardown(test, test_db_begin, test_db_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_TEST(what_is_pending_is_seen_and_lasts_when_it_is_settled),
        OWN_TEST(closing_writes_what_is_pending),
        OWN_TEST(beyond_a_bound_the_store_is_busy),
        OWN_TEST(a_write_that_fails_is_undone_and_told),
        OWN_TEST(one_that_cannot_be_written_fails_alone),
        OWN_TEST(a_killed_process_loses_nothing_that_was_settled),
    };
    int failed = cmocka_run_group_tests_name("store_behind", tests, NULL, NULL);
    void *state;
    (void)test_db_begin(&state);
    /* How many other things happen while a commit is at the disk. */
    driver drivers[] = {{state, 0}, {state, 20}, {state, 2000}};
    static const char *const names[] = {"a fast disk", "a slow disk", "a very slow disk"};
    for (size_t i = 0; i < 3; i++) {
        test_store_factory factory = {open_driven, clear_driven, &drivers[i], true};
        failed += test_store_suite(names[i], &factory);
        test_db_clear(state);
    }
    (void)test_db_end(&state);
    return failed;
}
