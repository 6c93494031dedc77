/* How a lookup widens. Answers name the k closest only: when some of those are dead, living nodes
 * just behind them stay unnamed. So the lookup goes outwards, region by region: region b holds the
 * IDs that share exactly b bits with the target. The target with that bit flipped is looked for
 * among the answered nodes closest to it, until no unexplored region lies before the last node that
 * is wanted. A part of the lookup (lookup.h), in a file of its own. */
#ifndef SKAD_LOOKUP_REGION_H
#define SKAD_LOOKUP_REGION_H

#include "src/core/lookup/lookup.h"

/* Goes on to the next region if there is need; false when the closing round has all it wants, or
 * when there is nothing left to explore. */
bool skad_regions_widen(skad_lookup *lookup);

/* The next query for the current region, counted as asked; false if all were asked. */
bool skad_regions_next(skad_lookup *lookup, skad_query *query);

/* Undoes skad_regions_next. */
void skad_regions_unask(skad_lookup *lookup);

/* One of its queries was answered (its contacts: skad_lookup_heard), or passed its soft timeout. */
void skad_regions_over(skad_lookup *lookup);

/* Whether nothing of the current region is left to ask or to wait for. */
bool skad_regions_explored(const skad_lookup *lookup);

#endif
