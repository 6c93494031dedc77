/* The state machine on a small stage, for fuzz/state.c: a node with tiny tables, a few strangers
 * around it, the node's requests that wait for an answer, and its user's open operations. Whatever
 * happens is chosen by the input; after each step everything that must hold is asked for.
 * Signatures are modelled, so that a step costs microseconds. */
#ifndef SKAD_FUZZ_THEATRE_H
#define SKAD_FUZZ_THEATRE_H

#include "fuzz/fuzz.h"
#include "skad/records.h"
#include "src/core/routing/table.h"
#include "tests/support/stage.h"

#define THEATRE_STRANGERS 24
#define THEATRE_ASKED_MAX                                                                          \
    16 /* requests of the node that may still be answered; the oldest goes                         \
        */
#define THEATRE_OPS_MAX 16
#define THEATRE_KEYS    4 /* keys that everybody puts and gets, so that they meet */

typedef struct theatre {
    test_stage stage;
    skad_datagram asked[THEATRE_ASKED_MAX];
    size_t asked_count;
    size_t asked_next;  /* to give way */
    skad_datagram last; /* that was delivered, to be replayed or damaged */
    size_t last_from;
    skad_op ops[THEATRE_OPS_MAX]; /* of the user, without an event yet; 0: free */
    skad_op watch;                /* 0: none */
    /* What answers to each stranger may still weigh while it has shown no token. */
    size_t allowance[THEATRE_STRANGERS];
    bool proven[THEATRE_STRANGERS];
} theatre;

/* Raises the curtain: a node with limits, rates and a profile that the input chooses. */
void theatre_open(theatre *self, fuzz_choices *choices);
void theatre_close(theatre *self);

/* Whatever must hold between two calls; where it does not, the process ends. */
void theatre_check(const theatre *self);

/* A stranger asks or answers something, correct but for what the input wants otherwise. */
void theatre_request(theatre *self, fuzz_choices *choices);
void theatre_answer(theatre *self, fuzz_choices *choices);
/* The last datagram comes again, from the same or another address, perhaps damaged. */
void theatre_again(theatre *self, fuzz_choices *choices);

/* A datagram reaches the node, if it has a socket of that family at all. */
void theatre_deliver(theatre *self, const skad_address *from, const skad_datagram *datagram);

/* The user calls something. */
void theatre_call(theatre *self, fuzz_choices *choices);

/* Takes what the node sends; `lend`: by way of batches that come back in another order. */
void theatre_poll(theatre *self, bool lend);
/* Takes all events; each operation has at most one. */
void theatre_events(theatre *self);

void theatre_wait(theatre *self, uint64_t duration_us);
void theatre_tick(theatre *self);

#endif
