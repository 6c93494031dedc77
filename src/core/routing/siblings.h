/* The sibling list of a table: the eta * s verified peers closest to our own ID, in ascending
 * distance, whatever their bucket holds (S/Kademlia, section 4.2). When it is full, a closer peer
 * displaces the farthest. */
#ifndef SKAD_ROUTING_SIBLINGS_H
#define SKAD_ROUTING_SIBLINGS_H

#include <stdbool.h>

#include "src/core/routing/table.h"

/* Whether an ID would be listed. */
bool skad_siblings_want(const skad_table *table, const skad_id *id);
/* Whether the list is full and reaches beyond a bucket's whole range. */
bool skad_siblings_cover(const skad_table *table, size_t bucket);
/* Adds a peer, if it is close enough. */
void skad_siblings_add(skad_table *table, skad_peer_slot slot);
/* Takes a peer out if it is listed; its slot is not released. */
void skad_siblings_remove(skad_table *table, skad_peer_slot slot);

#endif
