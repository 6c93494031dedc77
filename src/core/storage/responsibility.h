/* Which nodes are responsible for a key: those of its region, and the s closest. The region is what
 * shares the first bits with the key, as many as leave about s honest nodes by the usual density
 * (density.h); this is Swarm's neighbourhood. However many Sybils stand closer to the key, an
 * honest node of the region stays responsible. Where the region has its usual population, that is
 * nearly the same as being one of the s closest.
 *
 * The responsible keep a record for the whole of its life, and nodes behind them for less, the
 * farther the shorter (Kademlia, section 2.5: caches expire the sooner the more nodes are closer).
 * The count covers only contacts that are alive and that we have verified ourselves, never hearsay.
 *
 * Where neighbourhoods are switched off, there is no region: where the closest stand denser than
 * chance allows, the 48 closest are responsible. */
#ifndef SKAD_STORAGE_RESPONSIBILITY_H
#define SKAD_STORAGE_RESPONSIBILITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/profile.h"
#include "src/core/routing/table.h"

#define SKAD_CACHE_LIFE_S_MIN 60
#define SKAD_CACHE_RANKS      4 /* so many more closer nodes halve the life of a copy */

typedef struct skad_responsibility {
    size_t rank;    /* living contacts closer to the key than we are; not counted beyond 64 */
    size_t holders; /* number of the closest that are responsible */
    bool region;    /* we share the first bits with the key */
} skad_responsibility;

skad_responsibility skad_responsibility_of(const skad_table *table, const skad_profile *profile,
                                           const skad_id *key, bool neighbourhoods);

/* Returns how many first bits the keys share with our own ID for which we are responsible, whoever
 * else is. */
unsigned skad_responsibility_bits(const skad_table *table, const skad_profile *profile);

bool skad_is_responsible(const skad_responsibility *responsibility);

/* Returns how long to keep the record, in seconds. */
uint32_t skad_responsibility_life_s(const skad_responsibility *responsibility,
                                    const skad_profile *profile);

#endif
