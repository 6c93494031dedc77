/* The nodes that were silent lately, at the address where they were asked. Our table forgets a dead
 * peer as soon as another one takes its place, and never had the nodes that we only heard of; other
 * nodes name both for some time. A lookup asks such a node last, so it waits for it once, and not
 * each time.
 *
 * Only a request that was not answered while others were (our own network was up) brings a node in
 * here. It counts for the very ID and address that were asked: a false address that a liar names
 * does not keep us from a node at its right one. An answer takes it out; otherwise time does, or,
 * where there is no room, a later one. */
#ifndef SKAD_ROUTING_DEPARTED_H
#define SKAD_ROUTING_DEPARTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/types.h"

#define SKAD_DEPARTED_MAX 32
#define SKAD_DEPARTED_US  (300 * SKAD_US_PER_S) /* after that it is asked like any other */

typedef struct skad_departure {
    uint64_t prefix; /* of its ID */
    uint64_t us;     /* when it was given up; 0: free */
    skad_address address;
} skad_departure;

typedef struct skad_departed {
    skad_departure all[SKAD_DEPARTED_MAX];
} skad_departed;

/* A node did not answer; a node did. */
void skad_departed_note(skad_departed *departed, const skad_id *id, const skad_address *address,
                        uint64_t now_us);
void skad_departed_back(skad_departed *departed, const skad_id *id, const skad_address *address);

/* Whether a node was silent at this address within SKAD_DEPARTED_US. */
bool skad_departed_lately(const skad_departed *departed, const skad_id *id,
                          const skad_address *address, uint64_t now_us);

#endif
