/* Answers that are given later than their requests came: to puts that wait for the store
 * (parked.h), and to PROBEs that wait for what the caller says (src/core/upkeep/callers.h).
 *
 *   PROBE -> CALL sent -> CALLED: PROBED
 *                    `--> ERROR, a client's answer, or none: ERROR busy
 *
 * An asker takes a call that was promised and does not come for a sign that it cannot be reached.
 * So a helper promises one only after the caller has said that it called: a caller that is gone,
 * cut off or busy, and a lost datagram, are no such sign. Each waiting PROBE is one of our own
 * requests as well, whose end ends it. Where there is no room a PROBE is refused.
 *
 * Its test is tests/core/upkeep/test_callers.c. */
#ifndef SKAD_INBOUND_LATER_H
#define SKAD_INBOUND_LATER_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/message.h"
#include "skad/node.h"
#include "skad/store.h"
#include "src/core/inbound/parked.h"

#define SKAD_LATER_PROBES 16 /* 8 a second are served, and a caller answers within a second */

typedef struct skad_later_probe {
    uint64_t ticket; /* 0: free */
    skad_late_answer answer;
    skad_address caller;
} skad_later_probe;

typedef struct skad_later {
    skad_later_probe
        *probes; /* owned, SKAD_LATER_PROBES; NULL before the first, with lazy memory */
    uint64_t tickets;
} skad_later;

/* `later`: memory comes with the first PROBE. */
SKAD_MUST_CHECK skad_status skad_later_init(skad_later *self, bool later);
void skad_later_free(skad_later *self);

/* Sends the answers to puts that a ticket decides (parked.h). */
void skad_later_settled(skad_node *node, const skad_store_settled *settled);
/* Tells those that waited for too long that the node is busy. */
void skad_later_overdue(skad_node *node);

/* Has a peer call the sender of a PROBE, and sets the answer aside. False if none can, or too many
 * were served. */
SKAD_MUST_CHECK bool skad_later_ask(skad_node *node, const skad_late_answer *probe);
/* A CALL has ended: the caller says that it called, or does not. */
void skad_later_called(skad_node *node, uint64_t ticket, bool called);

#endif
