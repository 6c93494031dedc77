/* How a lookup widens. Answers name only the k closest nodes: when some of those are dead, living
 * nodes just behind them stay unnamed. So the lookup goes outwards, region by region: region b
 * holds the IDs that share exactly b bits with the target. The lookup asks the answered nodes
 * closest to the target with that bit flipped, until no unexplored region lies before the last node
 * that is wanted. This is a part of the lookup (lookup.h), in a file of its own. */
#ifndef SKAD_LOOKUP_REGION_H
#define SKAD_LOOKUP_REGION_H

#include "src/core/lookup/lookup.h"

/* Moves on to the next region if needed. Returns false when the closing round has all it wants, or
 * when there is nothing left to explore. */
bool skad_regions_widen(skad_lookup *lookup);

/* Returns the next query for the current region, counted as asked; false if all were asked. */
bool skad_regions_next(skad_lookup *lookup, skad_query *query);

/* Returns what the queries for the current region ask for. */
skad_id skad_regions_target(const skad_lookup *lookup);

/* Undoes skad_regions_next. */
void skad_regions_unask(skad_lookup *lookup);

/* A query for the region was answered (skad_lookup_heard takes its contacts), or passed its soft
 * timeout. */
void skad_regions_over(skad_lookup *lookup);

/* Whether the current region has nothing left to ask or to wait for. */
bool skad_regions_explored(const skad_lookup *lookup);

#endif
