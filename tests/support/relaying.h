/* A node that forwards for neighbours, among remote peers that the test plays: asks it, sees what
 * it sends on, and answers as its contacts. */
#ifndef SKAD_TESTS_RELAYING_H
#define SKAD_TESTS_RELAYING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/message.h"
#include "proto/statement.h"
#include "tests/support/fixture.h"

#define TEST_SENT_MAX 256

extern test_fixture test_relaying;
extern skad_datagram test_relaying_sent[TEST_SENT_MAX]; /* since the last question */
extern size_t test_relaying_sent_count;

/* Setup and teardown: the node knows twenty remote peers. */
int test_relaying_begin(void **state);
int test_relaying_end(void **state);

typedef struct test_question {
    const test_remote *who;
    uint8_t digest[SKAD_HASH_BYTES];
} test_question;

/* A remote peer sends a FORWARD. */
test_question test_relaying_ask(const test_remote *who, const skad_forward *forward);
test_question test_relaying_ask_showing(const test_remote *who, const skad_forward *forward,
                                        bool shows_token);

/* The node's answer; kind PING: there is none yet. Borrows from what was sent. */
skad_message test_relaying_answer_to(const test_question *asked);
/* The code of its ERROR; NONE: it has answered otherwise, or not yet. */
uint32_t test_relaying_refusal_of(const test_question *asked);

/* Lets time pass, in which no remote peer answers. */
void test_relaying_pass(uint64_t us);

/* A FORWARD that the node sent. */
typedef struct test_passed_on {
    const test_remote *to;
    skad_datagram *datagram;
    skad_forward forward;
} test_passed_on;

/* Finds those that it sent, in their order. */
size_t test_relaying_forwards(test_passed_on out[static TEST_SENT_MAX]);

/* Answers one. A statement's signer says that it is the last of the chain; its aim is set, and its
 * time if it is 0. */
void test_relaying_reply(const test_passed_on *to, skad_message *message);
void test_relaying_reply_error(const test_passed_on *to, skad_error_code code);
void test_relaying_reply_record(const test_passed_on *to, skad_span bytes);
void test_relaying_reply_statement(const test_passed_on *to, const test_remote *signer,
                                   const skad_forward *forward, skad_statement *stated);

/* A value of one byte, valid until the next one is made. */
skad_span test_relaying_value(uint8_t number, skad_id *key);
/* A FORWARD for a value with at least so many contacts nearer to its key than the node; 0: with
 * none at all. */
skad_forward test_relaying_wanted(size_t nearer_min, skad_span *bytes);

/* Whether an ID is nearer to a target than the node, and the remote peer that is farthest from it.
 */
bool test_relaying_nearer(const skad_id *target, const skad_id *id);
const test_remote *test_relaying_far_from(const skad_id *target);

#endif
