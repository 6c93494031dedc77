/* The shortlists of a lookup: one for each path, and one for the closing round. A list is ascending
 * in distance to the target, and has a share for each address group (diversity.h). */
#ifndef SKAD_LOOKUP_SHORTLIST_H
#define SKAD_LOOKUP_SHORTLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/lookup/lookup.h"

/* Puts a candidate on a path's list, unless it is there already. On a full list it takes the place
 * of one that failed, or of the worst that has not answered, if that is worse than it is itself:
 * silent, or without a credible namer; in the closing round, named by fewer nodes; or farther. */
void skad_shortlist_add(skad_lookup *lookup, uint8_t path, uint16_t index);

/* Whether a member of a list (by its index there) is beyond its address groups' share: whether
 * enough others of them stand before it. A failed one before it does not count, so a liar that
 * names invented contacts of an honest subnet delays the subnet but does not shut it out. */
bool skad_shortlist_surplus(const skad_lookup *lookup, const skad_shortlist *list, size_t member);

/* Whether one more of a candidate's address groups may be asked in this lookup. Candidates that
 * never answered do not count, for the same reason. */
bool skad_shortlist_group_has_room(const skad_lookup *lookup, uint16_t index);

#endif
