/* The peers that were handed records lately (handover.h), also those that the table has forgotten
 * since. A peer that says that it is a client is forgotten at once, and may come back as a server
 * at once; it must not have a whole store sent each time. Where there is no room the earliest gives
 * way. */
#ifndef SKAD_UPKEEP_HANDED_H
#define SKAD_UPKEEP_HANDED_H

#include <stdint.h>

#include "skad/types.h"

#define SKAD_HANDED_MAX 32

typedef struct skad_handed_peer {
    uint64_t prefix; /* of its ID */
    uint64_t us;     /* when; 0: free */
    uint32_t token;  /* print of the token that it granted us then; 0: none */
} skad_handed_peer;

typedef struct skad_handed {
    skad_handed_peer all[SKAD_HANDED_MAX];
} skad_handed;

/* now_us is not 0. */
void skad_handed_note(skad_handed *self, const skad_id *id, uint32_t token, uint64_t now_us);

/* Returns what is known of a peer; NULL: nothing. */
const skad_handed_peer *skad_handed_find(const skad_handed *self, const skad_id *id);

#endif
