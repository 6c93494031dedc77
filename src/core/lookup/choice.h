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

/* Whether a candidate is asked at all: it was not silent lately, and some node that named it is
 * credible; or, when the paths are over, the others are too few. */
bool skad_choice_worth_asking(const skad_lookup *lookup, uint16_t index);

/* Whether a candidate that is not asked now may be asked when others have answered. */
bool skad_choice_may_be_asked(const skad_lookup *lookup, uint16_t index);

/* Whether a path has nothing to ask, and waits for no answer that could bring it closer. */
bool skad_choice_path_over(skad_lookup *lookup, uint8_t path);

/* Whether the closing round has nothing to ask, and each of the closest wanted has answered. */
bool skad_choice_closing_over(skad_lookup *lookup);

/* Whether a put may store at a candidate at once, instead of asking it for others first: it is one
 * of our own contacts, granted us a token, and more than half of the closest that answered named
 * it, which are four at least; and fewer than s stand before it, of those that have answered, or
 * may yet, and ourselves. In a small network this spares most of a lookup. */
bool skad_choice_may_store(const skad_lookup *lookup, uint16_t index);

/* Finds the candidates that have answered and are surely among the s closest: fewer than s others
 * that have, or may yet, or ourselves, stand before them, and more than half of the closest that
 * answered named them, or they are our own contacts. Returns how many, SKAD_K_MAX at most; none
 * before the closing round. */
size_t skad_choice_sure(skad_lookup *lookup, uint16_t indices[static SKAD_K_MAX]);

/* Whether a candidate belongs to the closing round: it did not fail, and if it was not asked yet,
 * it may be. */
bool skad_choice_of_closing(const skad_lookup *lookup, uint16_t index);

#endif
