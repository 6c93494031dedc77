/* Calls for nodes that want to know whether strangers reach them (reachability.h), and for those
 * that want to reach a guarded node (proto/PROTOCOL.md, "Guarded nodes"). Three take part:
 *
 *      asker --- PROBE ---> helper --- CALL ---> caller --- PING ---> asker
 *            <-- PROBED --         <-- CALLED --
 *
 *      asker -- INTRODUCE -> helper --- CALL ---> caller --- PING ---> asker
 *            <-INTRODUCED-          <-- CALLED --
 *
 * For a PROBE the helper draws the caller by lot among its peers: of another address group than the
 * asker's, and if it can of the other half of the key space, so that the asker has hardly met it.
 * It does not take the farthest one: IDs far from an asker's are cheap to have, and it would be the
 * same peer each time, towards which the asker's NAT is open. It answers the asker after the caller
 * answered (src/core/inbound/later.h). An INTRODUCE names the caller, to which the asker has just
 * sent a request of its own: where a NAT stands before each, both send, and so both let each other
 * in.
 *
 * The PROBE, the INTRODUCE and the CALL need a token, so the asker's address is proven to the
 * helper, and the helper's to the caller. That the helper tells the truth is not proven to the
 * caller. So one CALL brings one PING at most, which is shorter than the CALL; both serve few of
 * them, of an address group, of the wider ones around it, and in all; and a caller pings few times
 * in an address group, as long as many helpers may name it. A helper asks a peer to call no more
 * often than that for one group, nor for all together: it may be the only way to a peer behind a
 * NAT, and must not carry a flood. What one of these bounds refuses counts for none: an asker that
 * was called too often could use up the bounds of all helpers of a node, and hide it. Few bits of a
 * keyed hash stand for each node that is called; two that collide share them. */
#ifndef SKAD_UPKEEP_CALLERS_H
#define SKAD_UPKEEP_CALLERS_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "proto/open.h"
#include "skad/node.h"
#include "src/core/rpc/pending.h"

#define SKAD_CALLERS_GROUPS  64  /* of requesters, at all levels: the last ones */
#define SKAD_CALLERS_TARGETS 256 /* places of those that are called */
#define SKAD_CALLERS_WAITING 32  /* requests of ours for others that wait for an answer */
#define SKAD_CALLERS_CALLS   32  /* that we asked for and that may have to be asked for again */

/* A CALL of ours. */
typedef struct skad_called {
    skad_id asker;
    skad_address endpoint;
    uint16_t number; /* from 1 on; 0: none */
} skad_called;

typedef struct skad_callers {
    uint64_t groups[SKAD_CALLERS_GROUPS];
    uint64_t until_us[SKAD_CALLERS_GROUPS]; /* what each has used up (rate.h), */
    uint64_t all_until_us;                  /* and all of them together */
    uint64_t targets[SKAD_CALLERS_TARGETS]; /* the same of those that are called, or call */
    uint8_t key[SKAD_TABLE_KEY_BYTES];      /* of their places; drawn with the first call */
    bool keyed;
    skad_called calls[SKAD_CALLERS_CALLS]; /* the last ones: number n in place n mod their count */
    uint16_t calls_count;
} skad_callers;

/* Reserves memory; with lazy allocation it comes with the first call. */
SKAD_MUST_CHECK skad_status skad_callers_init(skad_node *node);
void skad_callers_free(skad_node *node);

/* Has a peer call a node, for a PROBE; the ticket becomes the owner of the CALL. False if none can,
 * or too many were served. */
SKAD_MUST_CHECK bool skad_callers_send(skad_node *node, const skad_id *asker,
                                       const skad_address *address, uint64_t ticket,
                                       skad_address *caller);

/* Serves an INTRODUCE or a CALL and fills in what answers it. Returns SKAD_ERROR_NONE, or
 * the code with which it is to be refused:
 * - BUSY: too many were served or wait, no peer can call, or nothing may be sent to the one to be
 * called;
 * - UNSUPPORTED: the peer that an INTRODUCE names is not known to live, in the family that it came
 * in, or is banned.
 */
SKAD_MUST_CHECK skad_error_code skad_callers_serve(skad_node *node, const skad_opened *request,
                                                   const skad_address *from, skad_message *answer);

/* A peer answered a CALL. If it demands the token that came with the answer, it is asked again,
 * once. Returns whether it was: then another answer follows. */
SKAD_MUST_CHECK bool skad_callers_answered(skad_node *node, const skad_pending_rpc *rpc,
                                           const skad_message *answer, const uint8_t *token);

#endif
