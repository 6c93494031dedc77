/* Which candidate a lookup asks next, on a path or in the closing round, and which answers it waits
 * for. This is a part of the lookup (lookup.h), in a file of its own. */
#ifndef SKAD_LOOKUP_CHOICE_H
#define SKAD_LOOKUP_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/lookup/lookup.h"

/* Returns the candidate that a path asks next; the closing round is one more path. NONE: none now.
 * A path that has run dry without an answer adopts one. The names must have been weighed. */
uint16_t skad_choice_next(skad_lookup *lookup, uint8_t path);

/* Whether a path has nothing to ask, and waits for no answer that could bring it closer. */
bool skad_choice_path_over(skad_lookup *lookup, uint8_t path);

/* Whether the closing round has nothing to ask, and each of the closest wanted has answered. */
bool skad_choice_closing_over(skad_lookup *lookup);

/* Whether a candidate belongs to the closing round: it did not fail, and if it was not asked yet,
 * it may be. */
bool skad_choice_of_closing(const skad_lookup *lookup, uint16_t index);

#endif
