/* A network of real nodes in memory, in virtual time: one queue of datagrams under way, every node
 * ticked when its deadline comes. The same seed gives the same run, byte for byte. */
#ifndef SKAD_TESTS_NETWORK_H
#define SKAD_TESTS_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"
#include "skad/simulator.h"

#define TEST_NODES_MAX 1024

typedef struct test_network test_network;

typedef struct test_node {
    skad_node *node; /* NULL after it vanished */
    skad_identity identity;
    skad_store store;
    skad_address address;
    uint64_t polled; /* datagrams, and their bytes: what the node counts as sent */
    uint64_t polled_bytes;
    bool dead; /* receives nothing, sends nothing, has no time */
    bool liar; /* what it receives goes to the network's adversary first */
} test_node;

/* Handles a datagram that reached a liar; false leaves it to the liar's own node, which is honest.
 */
typedef bool (*test_adversary)(test_network *network, size_t index, const skad_address *from,
                               const skad_datagram *datagram);

typedef struct test_flight {
    uint64_t due_us;
    uint64_t order; /* ties leave in the order in which they were sent */
    skad_address from;
    skad_datagram datagram;
} test_flight;

/* Takes a datagram for an address where no node of the network is. */
typedef void (*test_outsiders)(test_network *network, const skad_address *from,
                               const skad_datagram *datagram);

/* Whether a datagram gets to a node; and each that a node sends: `out`. */
typedef bool (*test_gate)(test_network *network, size_t index, const skad_address *other, bool out);

/* What the nodes are that are made from now on; servers at first. */
extern skad_role test_network_role;
extern bool test_network_finds_reach;        /* a server, too */
extern uint64_t test_network_audit_period_s; /* 0 at first: no audits */

struct test_network {
    const skad_profile *profile;
    test_adversary adversary;
    test_outsiders outsiders;
    test_gate lets_in; /* NULL: everything gets in */
    void *user;        /* of adversary and outsiders */
    test_node nodes[TEST_NODES_MAX];
    size_t count;
    skad_shared *shared; /* of all nodes; NULL: each has all of its own, as a daemon */
    uint64_t now_us;
    uint64_t random; /* of the network, not of the nodes */
    uint64_t latency_min_us;
    uint64_t latency_max_us;
    bool still;      /* only the node that is awaited is ticked: no upkeep of all the others */
    bool unexamined; /* runs do not end with a look at invariants; for thousands of short ones */
    size_t awake;
    double loss;           /* share of datagrams that vanish */
    test_flight **flights; /* a binary heap by due time */
    size_t flights_count;
    size_t flights_max;
    uint64_t orders;
    uint64_t delivered;
    bool unrecorded;        /* no transcript, which costs more than all else here */
    uint8_t transcript[32]; /* a running hash of every datagram that was sent */

    /* A tournament of the nodes' deadlines, a complete binary tree: the leaves, at TEST_NODES_MAX
     * and behind, are the nodes; each place above has the node below it that is due first. */
    uint64_t due_us[TEST_NODES_MAX];
    uint16_t winners[2 * TEST_NODES_MAX];
};

/* `count` nodes of the profile, none joined, each in a /24 of its own and on ports from 10000 on;
 * latency 5 to 25 milliseconds, no loss. */
void test_network_init(test_network *network, const skad_profile *profile, size_t count,
                       uint64_t seed);
void test_network_free(test_network *network);

/* The same of the profile "test", on the heap; free with test_network_stop. */
test_network *test_network_start(size_t count, uint64_t seed);
void test_network_stop(test_network *network);

/* The same network of nodes as a simulator has them: they share what can be shared, and allocate
 * lazily with memory. */
void test_network_init_sharing(test_network *network, const skad_profile *profile, size_t count,
                               uint64_t seed);

/* Adds a node with an identity of its own; returns its index. */
size_t test_network_add(test_network *network, const skad_identity *identity);

/* A node is gone without a word, as in a crash; `forgets`: and its store with it. Not from within a
 * run. */
void test_network_vanish(test_network *network, size_t index, bool forgets);

/* It is there again, with the same identity, address and store, another seed, and an empty table.
 */
void test_network_revive(test_network *network, size_t index);

/* A number from the network's PRNG. */
uint64_t test_network_draw(test_network *network);

/* The time as the nodes are told it. */
skad_time test_network_time(const test_network *network);

/* Runs for so much virtual time, or until the condition holds (checked after each step; NULL:
 * none). Returns whether it held. */
bool test_network_run(test_network *network, uint64_t duration_us,
                      bool (*until)(test_network *network, void *user), void *user);

/* Joins all nodes through node 0, one after the other, and runs until all are joined and a minute
 * longer. Fails the test if that takes more than ten virtual minutes. */
void test_network_join_all(test_network *network);

/* One node has verified every other, in an order drawn at random, and keeps what its table keeps.
 */
void test_network_know_all(test_network *network, size_t index);

/* Fills all tables as a long-stable network has them: every node has verified every other, in an
 * order drawn at random, and keeps what its table keeps. Nobody has joined by datagrams. */
void test_network_stabilise(test_network *network);

/* Sends a datagram from any address. */
void test_network_send(test_network *network, const skad_address *from,
                       const skad_datagram *datagram);

/* Runs until an operation of node `index` has ended and copies its event. Other events are dropped.
 * Fails the test if there is none within SKAD_OPERATION_US_MAX. Values that the event borrows are
 * copied into `value` (at least 1000 bytes) if it is not NULL. */
skad_event test_network_await(test_network *network, size_t index, skad_op op, uint8_t *value);

/* Sends bytes to a node as if they came from an address; they arrive at once. */
skad_verdict test_network_inject(test_network *network, size_t index, const skad_address *from,
                                 const uint8_t *bytes, size_t len);

#endif
