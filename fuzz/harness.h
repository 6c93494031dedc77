/* A harness for the state machine, for fuzz/state.c: a node with tiny tables, a few remote peers
 * around it, the node's requests that wait for an answer, and its user's open operations. The input
 * chooses everything that happens; after each step everything that must hold is checked.
 * Signatures are modelled, so that a step costs microseconds. */
#ifndef SKAD_FUZZ_HARNESS_H
#define SKAD_FUZZ_HARNESS_H

#include "fuzz/fuzz.h"
#include "skad/records.h"
#include "src/core/routing/table.h"
#include "tests/support/fixture.h"

#define HARNESS_REMOTES  24
#define HARNESS_PERIOD_S 30 /* of audits */
#define HARNESS_ASKED_MAX                                                                          \
    16 /* requests of the node that may still be answered; the oldest gives way */
#define HARNESS_OPS_MAX 16
#define HARNESS_KEYS    4 /* all parties put and get these keys, so that they meet */

typedef struct harness {
    test_fixture fixture;
    skad_datagram asked[HARNESS_ASKED_MAX];
    size_t asked_count;
    size_t asked_next;  /* to give way */
    skad_datagram last; /* that was delivered, to be replayed or damaged */
    size_t last_from;
    skad_op ops[HARNESS_OPS_MAX]; /* of the user, without an event yet; 0: free */
    skad_op watch;                /* 0: none */
    /* The bytes that answers to each remote peer may still have while it has shown no token. */
    size_t allowance[HARNESS_REMOTES];
    bool validated[HARNESS_REMOTES];
} harness;

/* Begins: a node with limits, rates and a profile that the input chooses. */
void harness_open(harness *self, fuzz_choices *choices);
void harness_close(harness *self);

/* Checks what must hold between two calls; ends the process if it does not. */
void harness_check(const harness *self);

/* Lets a remote peer send a request or an answer, correct except where the input says otherwise. */
void harness_request(harness *self, fuzz_choices *choices);
void harness_answer(harness *self, fuzz_choices *choices);
/* Delivers the last datagram again, from the same or another address, perhaps damaged. */
void harness_again(harness *self, fuzz_choices *choices);

/* The key of a record that remote peers hand back along a chain: a value, or a mutable one. */
skad_id harness_record_key(const harness *self, bool mutable, uint8_t which);

/* Delivers a datagram to the node, if it has a socket of that family. */
void harness_deliver(harness *self, const skad_address *from, const skad_datagram *datagram);

/* Makes a call of the user. */
void harness_call(harness *self, fuzz_choices *choices);

/* Takes the node's datagrams; `lend`: by way of batches that come back in another order. */
void harness_poll(harness *self, bool lend);
/* Takes all events; each operation has at most one. */
void harness_events(harness *self);

void harness_wait(harness *self, uint64_t duration_us);
void harness_tick(harness *self);

#endif
