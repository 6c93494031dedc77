/* Datagrams that wait to be polled: a ring of drafts, which are signed when they leave, as many as
 * fit under one signature. When the ring is full, a new datagram is dropped and counted. To the
 * node that waits for it, it is as if the network had lost it.
 *
 * Drafts are sealed by skad_outbox_poll, or elsewhere: skad_outbox_lend gives drafts away in
 * batches, skad_outbox_return takes the batches back in any order, and skad_outbox_poll_sealed
 * polls. Lent drafts stay in their slots, so all datagrams leave in the order in which they came.
 *
 * Several outboxes may share one ring, but only one uses it at a time: putting anything into
 * another before the ring is empty again is the driver's bug. */
#ifndef SKAD_RPC_OUTBOX_H
#define SKAD_RPC_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/seal.h"
#include "skad/node.h"
#include "skad/simulator.h"

#define SKAD_OUTBOX_MIN 16 /* slots */
#define SKAD_OUTBOX_MAX 4096

typedef struct skad_outgoing {
    skad_draft draft; /* while lent, only the borrower looks at it */
    skad_address to;
    skad_local local;
    bool ready; /* sealed, and here */
} skad_outgoing;

/* Drafts that share a signature, in the order of the ring. */
typedef struct skad_outbox_batch {
    skad_draft *drafts[SKAD_MERKLE_LEAVES_MAX];
    size_t count;
    size_t start; /* in the ring, of the first */
} skad_outbox_batch;

typedef struct skad_outbox skad_outbox;

/* A ring that several outboxes share. */
struct skad_shared {
    skad_outgoing *ring;
    size_t limit;
    const skad_outbox *user; /* the outbox that is not empty; NULL: all are */
};

struct skad_outbox {
    skad_outgoing *ring;
    skad_shared *shared; /* the owner of the ring; NULL: it is ours */
    size_t limit;
    size_t first;
    size_t count;
    size_t lent; /* from the first on: are or were lent */
};

/* Makes an outbox with a ring of its own, of so many slots, or one that uses `shared`. */
SKAD_MUST_CHECK skad_status skad_outbox_init(skad_outbox *outbox, size_t limit,
                                             skad_shared *shared);
void skad_outbox_free(skad_outbox *outbox);

/* Returns the next free slot, to be filled in place, or NULL. It counts once skad_outbox_commit is
 * called. */
skad_outgoing *skad_outbox_reserve(skad_outbox *outbox);
void skad_outbox_commit(skad_outbox *outbox);

/* Takes the oldest datagram out. Seals it first, with all that may share its signature. Adds the
 * number of signatures made. */
bool skad_outbox_poll(skad_outbox *outbox, const skad_sealer *sealer, skad_datagram *out,
                      uint64_t *signatures);

/* Lends the oldest drafts that were not lent yet, as many as fit under one signature; false when
 * there is none. They have to be sealed and returned. */
bool skad_outbox_lend(skad_outbox *outbox, skad_outbox_batch *out);
void skad_outbox_return(skad_outbox *outbox, const skad_outbox_batch *batch);

/* Takes the oldest datagram out, once it has been returned. */
bool skad_outbox_poll_sealed(skad_outbox *outbox, skad_datagram *out);

#endif
