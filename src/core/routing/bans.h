/* Which peers are kept out: for how long and why. An operator bans by hand, an ID or an address
 * prefix. The node itself bans only for what the sender knew to be wrong when it sent it: no clock
 * but the sender's own plays a part, no library that judges differently, no policy of ours.
 *
 * - A strike counts against a peer, that is an ID at an address and port. The address must be
 *   proven: by a valid token, or because the peer answers a request that we sent there. Sixteen
 *   strikes within a minute are a ban of that peer for ten minutes.
 *
 * - IDs and ports are free, so the strikes of all peers of one address (IPv6: of a /64) are counted
 *   as well. Eight times as many put the address under suspicion for ten minutes: its requests
 *   without a valid token get one and no check, and those with one are checked no more often than a
 *   stranger's (admission.h). A neighbour that shares the address is slowed, but neither silenced
 *   nor lost.
 *
 * - The /64s of an IPv6 customer are free, too, so those of a /56 are counted together; eight times
 *   as many again put all of it under suspicion. What is under suspicion already does not count for
 *   its /56, so that it takes eight of its /64s. Wider prefixes, and those of IPv4, where each
 *   address has its price and its own owner, are banned by hand only.
 *
 * - Peers, addresses and subnets have a table each. In a full one the oldest peer makes room, and
 *   the address or subnet with the fewest strikes. A newcomer among the latter begins with those
 *   (as in Space-Saving counting), so that no number of addresses used by turns goes uncounted. For
 *   others' strikes an address is suspected only if it has one of its own, while 64 times as many
 *   as a suspicion takes come within a minute. A peer answers for its own strikes alone.
 *
 * - Bans and strikes end by themselves. When there is no room for another ban, one of the node's
 *   own is dropped, that which ends first: a suspicion if they are more than half, else a peer's,
 * so that neither kind pushes out the other. An operator's gives way to an operator's only. The
 * node itself never bans what is on the allow-list.
 *
 * - A ban concerns requests. An answer that we wait for is never dropped for it, and a peer that
 *   the node itself banned does not count as unresponsive. */
#ifndef SKAD_ROUTING_BANS_H
#define SKAD_ROUTING_BANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"

#define SKAD_BANS_MAX            256                    /* and as many allowed */
#define SKAD_STRIKES_SOURCES     64                     /* counted at once, of each kind */
#define SKAD_STRIKES_TABLES      3                      /* of peers, addresses, subnets */
#define SKAD_STRIKES_MAX         16                     /* of a peer within a window: then a ban */
#define SKAD_STRIKES_ADDRESS_MAX (8 * SKAD_STRIKES_MAX) /* of all peers of an address */
#define SKAD_STRIKES_SUBNET_MAX  (8 * SKAD_STRIKES_ADDRESS_MAX) /* of all addresses of a subnet */
#define SKAD_STRIKES_ANSWER      4 /* what an answer counts for: we ask no peer often */
#define SKAD_STRIKES_US          (60 * SKAD_US_PER_S)
#define SKAD_STRIKES_BAN_S       600

typedef struct skad_strikes {
    skad_ban subject; /* of the ban that they lead to; family NONE: free */
    uint64_t since_us;
    uint32_t count;
} skad_strikes;

typedef struct skad_ban_list {
    skad_ban *bans;
    uint16_t count;
    uint16_t capacity; /* that there is memory for: SKAD_BANS_MAX, unless lazy_allocation */
} skad_ban_list;

typedef struct skad_bans {
    skad_ban_list banned;
    skad_ban_list allowed;
    skad_strikes *strikes; /* SKAD_STRIKES_TABLES of SKAD_STRIKES_SOURCES each; NULL: none was
                              counted yet */
} skad_bans;

/* All memory is there from the start, or comes as it is needed with lazy allocation. All zero is an
 * empty list with lazy allocation. */
SKAD_MUST_CHECK skad_status skad_bans_init(skad_bans *bans, bool lazy_allocation);
void skad_bans_free(skad_bans *bans);

/* Returns a ban that covers all requests of this ID at this address, and forbids to ask it; NULL if
 * there is none. Either may be NULL. Bans that have ended do not count. */
const skad_ban *skad_bans_find(const skad_bans *bans, const skad_id *id,
                               const skad_address *address, uint64_t now_us);

/* Whether an address is under suspicion, or its subnet. */
bool skad_bans_suspect(const skad_bans *bans, const skad_address *address, uint64_t now_us);

/* Adds a ban, or replaces the one of the same subject. Error: SKAD_ERR_MEMORY. */
skad_status skad_bans_add(skad_bans *bans, const skad_ban *ban, uint64_t now_us);
/* Lifts it; false if there is none of this subject. */
bool skad_bans_lift(skad_bans *bans, const skad_ban *subject);

/* Exempts a subject from bans by the node itself. Errors: SKAD_ERR_FULL, SKAD_ERR_MEMORY. */
skad_status skad_bans_allow(skad_bans *bans, const skad_ban *subject);

/* Counts one more strike of a peer whose address is proven, for all of its counts. Bans what has
 * one too many, for the reason of the last strike. */
void skad_bans_strike(skad_bans *bans, const skad_id *id, const skad_address *address,
                      skad_ban_reason reason, uint64_t now_us);

#endif
