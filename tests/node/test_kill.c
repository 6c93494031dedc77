/* A process that writes to the store on disk is killed at random moments, again and again: whatever
 * it was told to have been taken must be there afterwards, byte for byte.
 *
 *   child   put -> returned -> its number goes into the pipe -> the next one
 *   parent  wait for 1..40 ms -> SIGKILL -> read the numbers -> open the store, as after a new
 * start of the system, with all its checks -> look */
#define _GNU_SOURCE /* mkdtemp */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/db/store_lmdb.h"
#include "tests/support/prng.h"
#include "tests/support/store_suite.h"

#define SEED      17
#define KILLS     200
#define PAUSE_MAX 40   /* ms */
#define NUMBERS   4096 /* of different records; later ones replace earlier ones */
#define NOW_S     1000000ULL

static const uint8_t network[32] = {7};

/* How often each record has been put; 0: never. What a record holds follows from that. */
typedef struct history {
    uint32_t versions[NUMBERS];
} history;

static skad_store_record record_at(uint32_t number, uint32_t version, uint8_t data[static 1000])
{
    test_prng prng = {number};
    skad_store_record record = {.name = {.key = test_prng_id(&prng), .type = 2},
                                .sequence = version,
                                .stored_unix_s = NOW_S,
                                .expires_unix_s = 2 * NOW_S,
                                .data = data};
    prng.state ^= (uint64_t)version << 32;
    record.name.publisher[0] = (uint8_t)number;
    record.group = test_prng_below(&prng, 5);
    record.expires_unix_s += test_prng_below(&prng, 1000);
    record.len = 1 + (size_t)test_prng_below(&prng, 1000);
    memset(data, (int)test_prng_below(&prng, 256), 1000);
    return record;
}

/* With another boot than before everything in the file is checked. */
static skad_store open_store(const char *path, const char *boot)
{
    skad_store store;
    skad_store_lmdb_report report;
    const skad_store_lmdb_config config = {.path = path,
                                           .network = network,
                                           .caps = {NUMBERS, NUMBERS * 1000, 1, 1},
                                           .now_unix_s = NOW_S,
                                           .boot = boot};
    if (skad_store_lmdb_open(&config, &store, &report) != SKAD_OK || report.text[0] != '\0') {
        fail_msg("%s", report.text);
    }
    return store;
}

/* In the child: never returns. */
static void write_for_ever(const char *path, uint64_t seed, history *known, int told)
{
    uint8_t data[1000];
    test_prng prng = {seed};
    skad_store store = open_store(path, "before");
    for (;;) {
        const uint32_t number = (uint32_t)test_prng_below(&prng, NUMBERS);
        const skad_store_record record = record_at(number, ++known->versions[number], data);
        if (store.ops->put(store.self, SKAD_STORE_REPLICAS, &record, NOW_S) != SKAD_OK ||
            write(told, &number, sizeof number) != sizeof number) {
            _exit(1);
        }
    }
}

static void wait_ms(uint64_t ms)
{
    struct timespec left = {0, (long)ms * 1000000};
    while (nanosleep(&left, &left) != 0) {
    }
}

/* Reads what the child was told, until its end. A name that it did not come to tell may have been
 * put or not. */
static uint32_t take_told(int pipe_end, history *known)
{
    uint32_t number;
    uint32_t told = 0;
    while (read(pipe_end, &number, sizeof number) == sizeof number) {
        assert_in_range(number, 0, NUMBERS - 1);
        known->versions[number]++;
        told++;
    }
    return told;
}

/* Each record is there in the version that was told or, one of them, in the next. */
static void look(const skad_store *store, history *known)
{
    uint8_t data[1000];
    skad_store_name from = {0};
    skad_store_record out;
    skad_store_totals fill;
    uint64_t untold = 0;
    uint64_t records = 0;
    uint64_t bytes = 0;
    for (uint32_t number = 0; number < NUMBERS; number++) {
        skad_store_record record = record_at(number, known->versions[number], data);
        bool found = store->ops->find(store->self, SKAD_STORE_REPLICAS, &record.name, NOW_S, &out);
        if (found && out.sequence == known->versions[number] + 1) {
            untold++;
            record = record_at(number, ++known->versions[number], data);
        }
        assert_int_equal(found, known->versions[number] > 0);
        if (found) {
            test_store_expect_equal(&out, &record);
        }
    }
    assert_in_range(untold, 0, 1);
    while (store->ops->next(store->self, SKAD_STORE_REPLICAS, &from, &out)) {
        records++;
        bytes += out.len;
    }
    store->ops->totals(store->self, &fill);
    assert_int_equal(fill.records, records);
    assert_int_equal(fill.bytes, bytes);
    assert_int_equal(skad_store_lmdb_damaged(store), 0);
}

static uint32_t kill_once(const char *path, test_prng *prng, history *known)
{
    int ends[2];
    int ended;
    assert_int_equal(pipe(ends), 0);
    const uint64_t seed = test_prng_next(prng);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(ends[0]);
        write_for_ever(path, seed, known, ends[1]);
    }
    (void)close(ends[1]);
    wait_ms(1 + test_prng_below(prng, PAUSE_MAX));
    assert_int_equal(kill(child, SIGKILL), 0);
    const uint32_t told = take_told(ends[0], known);
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL);
    (void)close(ends[0]);
    skad_store store = open_store(path, "after");
    look(&store, known);
    test_store_free(&store);
    return told;
}

static void what_was_taken_is_there_after_each_of_two_hundred_kills(void **state)
{
    (void)state;
    static history known;
    char dir[] = "/tmp/skad-kill-XXXXXX";
    char path[64];
    char other[72];
    uint64_t told = 0;
    test_prng prng = {SEED};
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/records.db", dir);
    print_message("seed %d\n", SEED);
    for (unsigned i = 0; i < KILLS; i++) {
        told += kill_once(path, &prng, &known);
    }
    print_message("%llu records taken before %d kills\n", (unsigned long long)told, KILLS);
    assert_true(told > KILLS);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(other, sizeof other, "%s-lock", path);
    assert_int_equal(unlink(other), 0);
    (void)snprintf(other, sizeof other, "%s-clean", path);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_taken_is_there_after_each_of_two_hundred_kills),
    };
    return cmocka_run_group_tests_name("kill", tests, NULL, NULL);
}
