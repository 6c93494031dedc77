/* A network under churn (the experiment of "Kademlia in Rust under churn"): every node but the
 * first is up for an exponentially distributed time, then down for one of the same mean, and so on.
 * It leaves without a word, and comes back with its identity and nothing else; the first node,
 * which never leaves, is the one that all join through. Living nodes ask for what was published,
 * and each answer is compared with the truth. In virtual time; the same plan gives the same run. */
#ifndef SKAD_TESTS_CHURN_H
#define SKAD_TESTS_CHURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/record.h"
#include "skad/records.h"
#include "tests/support/network.h"
#include "tests/support/prng.h"

#define TEST_CHURN_VALUES_MAX  256
#define TEST_CHURN_VALUE_BYTES 100

typedef struct test_churn_plan {
    skad_profile profile;
    size_t nodes;             /* in all; half of them are up at any time */
    uint64_t seed;            /* of everything */
    uint64_t uptime_us;       /* mean, and mean of the down times; 0: nobody leaves, all are up */
    uint64_t get_interval_us; /* between two gets in the whole network */
    bool keeps_store;         /* who comes back brings its records; else it has forgotten them */
} test_churn_plan;

/* One published value. */
typedef struct test_churn_value {
    skad_store_name name;
    uint8_t bytes[TEST_CHURN_VALUE_BYTES];
} test_churn_value;

typedef struct test_churn_peer {
    uint64_t change_us; /* when it goes or comes next */
    skad_op get;        /* what it asks for at the moment; 0: nothing */
    size_t value;       /* that it asks for */
} test_churn_peer;

/* What became of the gets. One whose asker left before it ended is not counted. */
typedef struct test_churn_tally {
    uint64_t gets;
    uint64_t right;
    uint64_t wrong;     /* another value */
    uint64_t missed;    /* not found, although a living node held it */
    uint64_t lost;      /* not found, and no living node held it */
    uint64_t timed_out; /* nobody answered in time */
    uint64_t rpcs;
    uint64_t departures;
} test_churn_tally;

typedef struct test_churn {
    test_churn_plan plan;
    test_network network;
    test_prng prng; /* of the experiment, apart from the network's */
    test_churn_peer peers[TEST_NODES_MAX];
    test_churn_value values[TEST_CHURN_VALUES_MAX];
    size_t values_count;
    uint64_t get_us; /* when the next get is due */
    test_churn_tally tally;
} test_churn;

/* A network in its steady state: half of the nodes are up and have joined. */
test_churn *test_churn_new(const test_churn_plan *plan);
void test_churn_free(test_churn *churn);

/* A node publishes so many values, immutable or mutable; `keep`: and announces them again and
 * again. Fails the test when one is not stored at all. Values come behind those published before.
 */
typedef struct test_churn_batch {
    size_t publisher;
    skad_record_type type;
    size_t count;
    bool keep;
} test_churn_batch;

void test_churn_publish(test_churn *churn, const test_churn_batch *batch);

/* A node leaves at once, or comes back and joins. */
void test_churn_leave(test_churn *churn, size_t index);
void test_churn_come(test_churn *churn, size_t index);

/* Nodes come and go for so long; `asking`: and ask, and the tally counts. */
void test_churn_run(test_churn *churn, uint64_t duration_us, bool asking);

/* How many living nodes hold a value. */
size_t test_churn_holders(const test_churn *churn, const test_churn_value *value);

/* STORE requests that the living nodes but one have answered since they came. */
uint64_t test_churn_stores(const test_churn *churn, size_t except);

#endif
