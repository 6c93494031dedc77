/* A small routing table on a bench: peers are met, answer and fail at a clock of its own. It
 * believes that peers do not stay (lifetimes.h), until it sees some that do. */
#ifndef SKAD_TESTS_TABLE_BENCH_H
#define SKAD_TESTS_TABLE_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/routing/table.h"
#include "tests/support/prng.h"

#define TEST_BENCH_K        4
#define TEST_BENCH_SIBLINGS 1 /* five in the list */
#define TEST_BENCH_SLOTS    64
#define TEST_BENCH_RTT_US   1000
#define TEST_BENCH_FAR      0 /* leading bits that a peer of the farthest bucket shares with us */

typedef struct test_bench {
    skad_table table;
    skad_id self;
    test_prng prng;
    uint64_t now_us;
    uint32_t addresses; /* given out */
} test_bench;

typedef struct test_somebody {
    skad_id id;
    skad_address address;
} test_somebody;

/* Setup and teardown of a test. */
int test_bench_begin(void **state);
int test_bench_end(void **state);

/* A second later a request to it is answered, or is not. */
skad_peer_slot test_bench_answer(test_bench *made, const test_somebody *who);
void test_bench_fail(test_bench *made, const test_somebody *who);

/* A new peer that shares so many leading bits with us and has just answered. */
test_somebody test_bench_meet(test_bench *made, unsigned shared);

/* Splits the farthest bucket off, fills the sibling list with peers much closer to us, and fills
 * the farthest bucket. */
void test_bench_fill(test_bench *made, test_somebody members[static TEST_BENCH_K]);

/* NULL: it is not in the table. */
const skad_peer *test_bench_find(const test_bench *made, const test_somebody *who);
bool test_bench_in_bucket(const test_bench *made, const test_somebody *who);
/* When its liveness is due, in milliseconds. */
uint32_t test_bench_check_ms(const test_bench *made, const test_somebody *who);

#endif
