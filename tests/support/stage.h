/* One real node among strangers whom the test plays: it writes their datagrams, correct ones or
 * with any flaw, and answers what the node asks them. Time is virtual; answers take a microsecond,
 * all else arrives at once. */
#ifndef SKAD_TESTS_STAGE_H
#define SKAD_TESTS_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/open.h"
#include "skad/node.h"
#include "src/core/routing/peers.h"
#include "tests/support/wire.h"

#define TEST_STRANGERS_MAX 256

typedef struct test_stranger {
    skad_identity identity;
    skad_address address; /* public: 8.x.y.z */
    unsigned asked;       /* requests of the node that it has received while the stage ran */
} test_stranger;

typedef struct test_stage test_stage;

/* Fills in what a stranger answers to a request of the node; the kind is set to the usual one, the
 * rest is zero. False: it stays silent. */
typedef bool (*test_script)(test_stage *stage, test_stranger *who, const skad_message *request,
                            skad_message *answer);

struct test_stage {
    skad_profile profile;
    skad_identity identity; /* of the node */
    skad_node *node;
    skad_store store;
    skad_time now;
    uint8_t network_key[SKAD_HASH_BYTES];
    test_stranger strangers[TEST_STRANGERS_MAX];
    size_t strangers_count;
    test_script script; /* NULL: everybody answers, and knows nobody and nothing */
    void *user;         /* the script's */
    uint64_t requests;  /* numbers the strangers' RPC ids */
    size_t lost;        /* datagrams to addresses where no stranger lives */
};

/* The profile "test" without private addresses, as on the public internet. */
skad_profile test_stage_profile(void);

void test_stage_init(test_stage *stage, const skad_profile *profile);
/* The same with limits on what is verified. */
void test_stage_init_rated(test_stage *stage, const skad_profile *profile,
                           const skad_node_rates *rates);
void test_stage_free(test_stage *stage);

/* A stranger that the node has never heard of. */
test_stranger *test_stage_stranger(test_stage *stage);

/* The token that the node would grant a stranger now. */
void test_stage_token(const test_stage *stage, const test_stranger *who,
                      uint8_t token[static SKAD_TOKEN_BYTES]);

/* A stranger pings the node, showing a token. */
void test_stage_knock(test_stage *stage, const test_stranger *who);

/* A stranger as the node's table has it; NULL: it is not there. */
const skad_peer *test_stage_peer(const test_stage *stage, const test_stranger *who);

/* So many new strangers ping the node, showing a token, and answer its ping, so that it knows them
 * and joins. */
void test_stage_populate(test_stage *stage, size_t count);

/* A correct request of a stranger, not padded. */
void test_stage_request(test_stage *stage, const test_stranger *who, const skad_message *message,
                        const uint8_t *token, skad_datagram *out);

/* A correct answer to a request of the node, signed by `who`, wherever the request went. Each
 * answer grants a token. */
void test_stage_answer(test_stage *stage, const test_stranger *who, const skad_datagram *request,
                       const skad_message *answer, skad_datagram *out);

/* A correct request, every field of which can be changed before it is written. */
skad_wire_craft test_stage_craft(test_stage *stage, const test_stranger *who, skad_kind kind,
                                 skad_span body);
void test_stage_craft_write(const test_stage *stage, const skad_wire_craft *craft,
                            skad_datagram *out);

/* Puts the right tag in front of an envelope that was tampered with. */
void test_stage_retag(const test_stage *stage, uint8_t *datagram, size_t len);

/* Opens a datagram of the node as the stranger it is for; `request_digest` of the request that it
 * answers, NULL for a request. Fails the test if it does not open. */
void test_stage_open(const test_stage *stage, const test_stranger *who,
                     const skad_datagram *datagram, const uint8_t *request_digest,
                     skad_envelope *envelope, skad_opened *opened);

skad_verdict test_stage_deliver(test_stage *stage, const skad_address *from,
                                const skad_datagram *datagram);

/* Takes what the node has to send and throws it away; returns how many datagrams. */
size_t test_stage_drain(test_stage *stage);

/* The node's answer to one request. */
typedef struct test_exchange {
    skad_datagram request;
    skad_datagram answer;
    skad_envelope envelope; /* of the answer */
    skad_opened opened;
} test_exchange;

/* Delivers out->request from an address and opens the one answer, which must go there. */
void test_stage_exchange(test_stage *stage, const test_stranger *who, const skad_address *from,
                         test_exchange *out);

/* The same for a request of a stranger from its own address. */
void test_stage_ask(test_stage *stage, const test_stranger *who, const skad_message *message,
                    const uint8_t *token, test_exchange *out);

/* Lets the strangers answer for so much virtual time. */
void test_stage_run(test_stage *stage, uint64_t duration_us);

#endif
