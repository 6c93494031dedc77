/* Makes a node as it would be after hours in a network, for worlds that are built at once. The
 * result is what the network itself would have brought, had each contact answered one request when
 * it became known and another when it was heard last, and nothing else happened. */
#ifndef SKAD_NODE_PREFILL_H
#define SKAD_NODE_PREFILL_H

#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"
#include "skad/status.h"

/* A contact that answered: once, if it was heard only when it became known. */
typedef struct skad_acquaintance {
    const skad_id *id;
    const skad_address *address;
    uint32_t rtt_us;
    uint64_t first_seen_us; /* when it answered first */
    uint64_t heard_us;      /* when it answered last; not before, and not after now */
} skad_acquaintance;

/* Puts contacts into the table, in this order, which has to be that of first_seen_us. The memory
 * for all of them is taken at once. Contacts that the table refuses are left out. Error:
 * SKAD_ERR_MEMORY (nothing was put in). */
SKAD_MUST_CHECK skad_status skad_prefill_known(skad_node *node, const skad_acquaintance *known,
                                               size_t count, skad_time now);

/* Sets how long peers stay, as far as the node has learnt (lifetimes.h); UINT64_MAX: for ever. To
 * be called before the node knows any peer. */
void skad_prefill_mean_life(skad_node *node, uint64_t mean_life_us);

/* Lets the node have visited a place (routing/places.h): the s-th closest living node to this
 * target is so far away. Places in the node's own sixteenth of the key space are left out. */
void skad_prefill_visited(skad_node *node, const skad_id *target, uint64_t distance);

/* Makes the node one that joined long ago: its buckets are refreshed one by one within the next
 * hour, and its neighbours are no newcomers. Emits no event. */
void skad_prefill_joined(skad_node *node, skad_time now);

#endif
