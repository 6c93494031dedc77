/* Which nodes are responsible for a key: the s nodes closest to it keep its record for the whole of
 * its life, those behind them for less, the farther the shorter (Kademlia, section 2.5: caches
 * expire the sooner the more nodes are closer). All of it is counted among the living contacts that
 * we have verified ourselves, never by hearsay.
 *
 * Where the closest stand denser than chance allows (density.h), those behind the cluster are
 * responsible as well: publishers store there, too, so that a key cannot be captured by a few nodes
 * made for it. */
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
    size_t holders; /* so many of the closest are responsible */
} skad_responsibility;

skad_responsibility skad_responsibility_of(const skad_table *table, const skad_profile *profile,
                                           const skad_id *key);

bool skad_is_responsible(const skad_responsibility *responsibility);

/* For how long to keep the record, seconds. */
uint32_t skad_responsibility_life_s(const skad_responsibility *responsibility,
                                    const skad_profile *profile);

#endif
