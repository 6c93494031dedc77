/* Another node that runs with our identity: a copied folder, a cloned machine. The two take each
 * other's place at their peers, so their operator has to know.
 *
 *   a peer names us, at another address --> probe: a PING to our own ID there
 *   such a PING comes in, not by us, rightly signed --> a twin: told; and probed if it is new
 *
 * Nodes drop what is signed with their own key, so a probe has no answer; it is what tells the
 * other side, which probes back. Our own probes, which may lead back to us, show a mark instead of
 * a token by which we know them. A peer's word alone costs one PING in two seconds. */
#ifndef SKAD_RPC_TWIN_H
#define SKAD_RPC_TWIN_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/envelope.h"
#include "skad/node.h"

#define SKAD_TWIN_PROBE_US (2 * SKAD_US_PER_S) /* between two probes of hearsay */
#define SKAD_TWIN_CHECK_US SKAD_US_PER_S       /* between two checks of signatures for it */
/* Both probe each other once a minute, so after as long there is none any more. */
#define SKAD_TWIN_FRESH_US (180 * SKAD_US_PER_S)

typedef struct skad_twin_state {
    skad_address address; /* where it was last; family NONE: there was none yet */
    uint64_t seen_us;     /* when */
    uint64_t probe_us;    /* no probe before this */
    uint64_t check_us;    /* no check before this */
} skad_twin_state;

/* A peer says that we are at this address. */
void skad_twin_hint(skad_node *node, const skad_address *address);

/* Whether a datagram in our own name, which is dropped, is worth a check of its signature: a PING
 * to us with our own key that we did not send. Counts it. `hello`: it was made for any node. */
bool skad_twin_worth_check(skad_node *node, const skad_envelope *envelope, bool hello);

/* A node at this address has signed with our key. Event: SKAD_EVENT_TWIN, for each new address. */
void skad_twin_seen(skad_node *node, const skad_address *address);

/* Once a minute: looks whether it is still there. */
void skad_twin_tick(skad_node *node);

/* Where the twin is; family NONE while there is none. */
skad_address skad_twin_address(const skad_node *node, uint64_t now_us);

#endif
