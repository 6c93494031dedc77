/* Which nodes are responsible for a key. The s nodes closest to it keep its record for the whole of
 * its life, and nodes behind them for less, the farther the shorter (Kademlia, section 2.5: caches
 * expire the sooner the more nodes are closer). The count covers only contacts that are alive and
 * that we have verified ourselves, never hearsay.
 *
 * Where the closest stand denser than chance allows (density.h), the nodes behind the cluster are
 * responsible as well. Publishers store there, too, so that a few nodes made for a key cannot
 * capture it. */
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
} skad_responsibility;

skad_responsibility skad_responsibility_of(const skad_table *table, const skad_profile *profile,
                                           const skad_id *key);

bool skad_is_responsible(const skad_responsibility *responsibility);

/* Returns how long to keep the record, in seconds. */
uint32_t skad_responsibility_life_s(const skad_responsibility *responsibility,
                                    const skad_profile *profile);

#endif
