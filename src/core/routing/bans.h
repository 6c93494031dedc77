/* Which peers are kept out, by node ID or by address prefix, for how long and why. An operator bans
 * by hand. The node itself bans a peer only for what is not sent by mistake: a peer whose address a
 * token validates, for signatures that do not verify, of datagrams or of records; or a peer that
 * answers our request, from the address that we asked, with an answer that breaks a replier's
 * duties (reply_validation.h). It never bans a source that could be spoofed; otherwise any sender
 * could have any address banned.
 *
 * A ban ends by itself. When there is no room for another, the one that ends first is dropped. The
 * node itself never bans what is on the allow-list. */
#ifndef SKAD_ROUTING_BANS_H
#define SKAD_ROUTING_BANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"

#define SKAD_BANS_MAX 256 /* and as many allowed */
#define SKAD_STRIKES_SOURCES                                                                       \
    64                         /* sources that are counted at once; a new one replaces the oldest */
#define SKAD_STRIKES_MAX    16 /* within a window: then a ban */
#define SKAD_STRIKES_ANSWER 4  /* what an answer counts for: we ask no peer often */
#define SKAD_STRIKES_US     (60 * SKAD_US_PER_S)
#define SKAD_STRIKES_BAN_S  600

typedef struct skad_strikes {
    skad_address address; /* family NONE: free */
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
    skad_strikes *strikes; /* SKAD_STRIKES_SOURCES; NULL: none was counted yet */
} skad_bans;

/* All memory is there from the start, or comes as it is needed with lazy allocation. All zero is an
 * empty list with lazy allocation. */
SKAD_MUST_CHECK skad_status skad_bans_init(skad_bans *bans, bool lazy_allocation);
void skad_bans_free(skad_bans *bans);

/* Whether a ban covers this ID or address; either may be NULL. Bans that have ended do
 * not count. */
bool skad_bans_keep_out(const skad_bans *bans, const skad_id *id, const skad_address *address,
                        uint64_t now_us);

/* Adds a ban, or replaces the one of the same subject. Error: SKAD_ERR_MEMORY. */
skad_status skad_bans_add(skad_bans *bans, const skad_ban *ban, uint64_t now_us);
/* Lifts it; false if there is none of this subject. */
bool skad_bans_lift(skad_bans *bans, const skad_ban *subject);

/* Exempts a subject from bans by the node itself. Errors: SKAD_ERR_FULL, SKAD_ERR_MEMORY. */
skad_status skad_bans_allow(skad_bans *bans, const skad_ban *subject);

/* Counts one more strike of a validated address. Bans it when that was one too many, for the reason
 * of the last strike. */
void skad_bans_strike(skad_bans *bans, const skad_address *address, skad_ban_reason reason,
                      uint64_t now_us);

#endif
