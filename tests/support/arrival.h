/* Datagrams that arrive at a joined node: correct ones to start from, and what shows that a node
 * has dropped one without a trace. */
#ifndef SKAD_TESTS_ARRIVAL_H
#define SKAD_TESTS_ARRIVAL_H

#include <stddef.h>
#include <stdint.h>

#include "tests/support/fixture.h"

#define TEST_ARRIVAL_BYTES 1400

/* What arrives, and from where. */
typedef struct test_arrival {
    uint8_t bytes[TEST_ARRIVAL_BYTES];
    size_t len;
    skad_address from;
} test_arrival;

typedef struct test_arrivals {
    test_fixture fixture;
    test_remote *remote; /* never heard of before */
    skad_datagram asked; /* a FIND_NODE of the node, still unanswered */
    test_remote *peer;   /* whom it went to */
    skad_datagram hello; /* a hello of the node to `peer`, still unanswered */
} test_arrivals;

/* Setup and teardown of a case: a node that knows TEST_PEERS peers. */
int test_arrivals_begin(void **state);
int test_arrivals_end(void **state);

void test_arrival_of(const skad_datagram *datagram, const skad_address *from, test_arrival *out);

/* A correct request of `remote`. */
void test_arrival_request(test_arrivals *made, skad_kind kind, test_arrival *out);

/* A correct answer to the node's FIND_NODE, signed by `who`, from where it was asked. */
void test_arrival_answer(test_arrivals *made, const test_remote *who, test_arrival *out);

/* What was crafted, from where `remote` is. */
void test_arrival_craft(test_arrivals *made, const skad_wire_craft *wanted, test_arrival *out);

/* A correct PING of `remote`, every field of which can be changed before it is written. */
skad_wire_craft test_arrival_ping(test_arrivals *made);

/* Delivers it, and looks whether the node is what it was, but for the drop being counted. Fails the
 * test if it is not, or if the verdict is another one. */
void test_assert_dropped(test_arrivals *made, const char *label, const test_arrival *what,
                         skad_verdict expected);

#endif
