/* A fixture: one real node among remote peers that the test plays. It writes their datagrams,
 * correct ones or with any flaw, and answers what the node asks them. Time is virtual; answers take
 * a microsecond, all else arrives at once. */
#ifndef SKAD_TESTS_FIXTURE_H
#define SKAD_TESTS_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/open.h"
#include "skad/node.h"
#include "src/core/routing/peers.h"
#include "tests/support/wire.h"

#define TEST_REMOTES_MAX 448

typedef struct test_remote {
    skad_identity identity;
    skad_address address; /* public: 8.x.y.z */
    unsigned asked;       /* requests of the node that it has received while the fixture ran */
} test_remote;

typedef struct test_fixture test_fixture;

/* Fills in what a remote peer answers to a request of the node; the kind is set to the usual one,
 * the rest is zero. False: it stays silent. */
typedef bool (*test_script)(test_fixture *fixture, test_remote *who, const skad_message *request,
                            skad_message *answer);

struct test_fixture {
    skad_profile profile;
    skad_identity identity; /* of the node */
    skad_node *node;
    skad_store store;
    skad_time now;
    uint64_t ahead_s; /* of the node's wall clock, while the fixture runs */
    uint8_t network_key[SKAD_HASH_BYTES];
    test_remote remotes[TEST_REMOTES_MAX];
    size_t remotes_count;
    test_script script; /* NULL: every peer answers, and knows no peer and no record */
    void *user;         /* the script's */
    uint64_t requests;  /* numbers the remote peers' RPC ids */
    size_t lost;        /* datagrams to addresses where no remote peer lives */
};

/* The profile "test" without private addresses, as on the public internet. */
skad_profile test_fixture_profile(void);

/* The role of nodes that are made from now on; at first SERVER. */
extern skad_role test_fixture_role;
/* And the period of their audits; at first 0. */
extern uint64_t test_fixture_audit_period_s;

void test_fixture_init(test_fixture *fixture, const skad_profile *profile);
/* The same with limits on what is verified. */
void test_fixture_init_rated(test_fixture *fixture, const skad_profile *profile,
                             const skad_node_rates *rates);
/* The same with a store of the test's, which is freed with the fixture. */
void test_fixture_init_on(test_fixture *fixture, const skad_profile *profile,
                          const skad_node_rates *rates, skad_store store);
/* The same with room for 512 records; otherwise there is room for 64. */
void test_fixture_init_roomy(test_fixture *fixture, const skad_profile *profile);
void test_fixture_free(test_fixture *fixture);

/* A remote peer that the node has never heard of. */
test_remote *test_fixture_remote(test_fixture *fixture);

/* The token that the node would grant a remote peer now. */
void test_fixture_token(const test_fixture *fixture, const test_remote *who,
                        uint8_t token[static SKAD_TOKEN_BYTES]);

/* A remote peer pings the node, showing a token. */
void test_fixture_knock(test_fixture *fixture, const test_remote *who);

/* A remote peer as the node's table has it; NULL: it is not there. */
const skad_peer *test_fixture_peer(const test_fixture *fixture, const test_remote *who);

/* So many new remote peers ping the node, showing a token, and answer its ping, so that it knows
 * them and joins. */
void test_fixture_populate(test_fixture *fixture, size_t count);

/* A correct request of a remote peer, not padded. */
void test_fixture_request(test_fixture *fixture, const test_remote *who,
                          const skad_message *message, const uint8_t *token, skad_datagram *out);

/* A correct answer to a request of the node, signed by `who`, wherever the request went. Each
 * answer grants a token. */
void test_fixture_answer(test_fixture *fixture, const test_remote *who,
                         const skad_datagram *request, const skad_message *answer,
                         skad_datagram *out);

/* A correct request, every field of which can be changed before it is written. */
skad_wire_craft test_fixture_craft(test_fixture *fixture, const test_remote *who, skad_kind kind,
                                   skad_span body);
void test_fixture_craft_write(const test_fixture *fixture, const skad_wire_craft *craft,
                              skad_datagram *out);

/* Puts the right tag in front of an envelope that was tampered with. */
void test_fixture_retag(const test_fixture *fixture, uint8_t *datagram, size_t len);

/* Opens a datagram of the node as the remote peer it is for; `request_digest` of the request that
 * it answers, NULL for a request. Fails the test if it does not open. */
void test_fixture_open(const test_fixture *fixture, const test_remote *who,
                       const skad_datagram *datagram, const uint8_t *request_digest,
                       skad_envelope *envelope, skad_opened *opened);

skad_verdict test_fixture_deliver(test_fixture *fixture, const skad_address *from,
                                  const skad_datagram *datagram);

/* Takes what the node has to send and throws it away; returns how many datagrams. */
size_t test_fixture_drain(test_fixture *fixture);

skad_node_stats test_fixture_stats(const test_fixture *fixture);

/* Setup and teardown of a case: a fixture whose node knows so many peers. */
#define TEST_PEERS 20
int test_fixture_begin(void **state);
int test_fixture_end(void **state);

/* The node's answer to one request. */
typedef struct test_exchange {
    skad_datagram request;
    skad_datagram answer;
    skad_envelope envelope; /* of the answer */
    skad_opened opened;
} test_exchange;

/* Delivers out->request from an address and opens the one answer, which must go there. */
void test_fixture_exchange(test_fixture *fixture, const test_remote *who, const skad_address *from,
                           test_exchange *out);

/* The same for a request of a remote peer from its own address. */
void test_fixture_ask(test_fixture *fixture, const test_remote *who, const skad_message *message,
                      const uint8_t *token, test_exchange *out);

/* Lets the remote peers answer what the node has to send now. */
void test_fixture_play(test_fixture *fixture);

/* Lets the remote peers answer for so much virtual time. */
void test_fixture_run(test_fixture *fixture, uint64_t duration_us);

#endif
