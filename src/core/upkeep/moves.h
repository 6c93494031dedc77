/* Addresses that change: our own, and those of peers.
 *
 * We moved. The driver says so when datagrams leave from another address of the machine than
 * before, or when the machine slept (skad_node_moved). Where it cannot tell, our peers do: the
 * address that they agree about (observed.h) is another one. Then
 *
 *   - the tokens that peers granted us are for an address that we no longer have: they are shown no
 *     more;
 *   - what peers said about our address is stale, and counts again as they say it anew;
 *   - whether strangers reach us is unknown again (reachability.h). What we are to others stays
 *     until it is known;
 *   - our peers are checked, our neighbours at once. An answer to a check without a token brings
 *     one, and is followed by a check with it: that proves our new address to the peer;
 *   - we look up our own ID, and say hello to our join addresses of that family;
 *   - what we announce of ourselves follows as soon as the new address is agreed about
 *     (republish.h);
 *   - when no peer answers for SKAD_MOVES_PATIENCE_US, we are isolated (join.h), and join anew.
 *
 * A peer moved. It sends us a request from another address than the one where we know it to
 * answer, with a token that proves that address. An answer from there alone is no reason to
 * replace the one that we know: a relay could bring it. So the known one is checked, once in ten
 * seconds at most, and if it is silent the new one is asked. */
#ifndef SKAD_UPKEEP_MOVES_H
#define SKAD_UPKEEP_MOVES_H

#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"
#include "src/core/routing/peers.h"
#include "src/core/rpc/pending.h"

#define SKAD_MOVES_PATIENCE_US (5 * SKAD_US_PER_S)   /* five checks of a lively network */
#define SKAD_MOVES_AT_ONCE     16                    /* peers that are checked at once */
#define SKAD_MOVES_SPACING_US  (20 * SKAD_US_PER_MS) /* between the checks of the others */
#define SKAD_MOVES_AGAIN_US    (60 * SKAD_US_PER_S)  /* peers that differ drive nothing sooner */
#define SKAD_MOVES_SUSPECTS    32
#define SKAD_MOVES_SUSPECT_US                                                                      \
    (10 * SKAD_US_PER_S) /* then a peer that answers may be checked again */

/* A peer that asked from another address. */
typedef struct skad_moves_suspect {
    skad_id id;
    skad_address address; /* the new one */
    skad_address known;   /* the one that is checked */
    uint64_t since_us;    /* 0: none */
} skad_moves_suspect;

typedef struct skad_moves {
    uint64_t moved_us;            /* when we moved last; 0: never */
    uint64_t waits_us;            /* when we first moved since the last answer of any peer */
    uint64_t observed_us;         /* when peers last made us believe so; 0: never */
    skad_address own[2];          /* what peers agreed about last; NONE: nothing since we moved */
    skad_moves_suspect *suspects; /* SKAD_MOVES_SUSPECTS, in turn; NULL: none yet */
    size_t next;
} skad_moves;

/* `later`: memory for suspects comes with the first. */
SKAD_MUST_CHECK skad_status skad_moves_init(skad_moves *self, bool later);
void skad_moves_free(skad_moves *self);

/* Our address of these families is another one, or may be. */
void skad_moves_self(skad_node *node, unsigned families);
/* A peer's answer named our address, and was counted. */
void skad_moves_observed(skad_node *node, const skad_address *observed);
/* A peer answered a check, and granted a token; NULL: none. */
void skad_moves_answered(skad_node *node, skad_peer_slot slot, const skad_pending_rpc *rpc,
                         const uint8_t *token);

/* A node that has proven its identity and its address asked us. */
void skad_moves_heard(skad_node *node, const skad_id *id, const skad_address *from);
/* A check was not answered. */
void skad_moves_silent(skad_node *node, const skad_pending_rpc *rpc);

#endif
