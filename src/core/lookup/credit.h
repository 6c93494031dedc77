/* Whether a node that names others is credible. A node answers for those that it names: one that
 * names what is silent loses its credit, and with it the names that it alone gave. Credit decides
 * whether a name is asked and how long it is waited for, and never what the lookup takes for
 * explored. It is no blame: it ends with the lookup.
 *
 * - A node may have so many of its names asked at once: three, and two more for each of them that
 *   has answered, but fewer by each one that is silent. A candidate is credible while one of its
 *   namers may have one more asked, or if it is one of our own contacts. So a liar that names only
 *   what does not exist has three requests, at once, and no more; in a network whose nodes are half
 *   dead honest nodes keep their credit.
 *
 * - A candidate that is vouched for needs no credit, and counts for and against no node: more than
 * half of the closest nodes that have answered named it, and more than one, as they do with a
 * neighbour that has died. A few liars in league that name the same contacts do not make up half of
 * them. Nor does a liar earn credit for its inventions by repeating what all know. */
#ifndef SKAD_LOOKUP_CREDIT_H
#define SKAD_LOOKUP_CREDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/lookup/lookup.h"

#define SKAD_CREDIT_NAMES  3 /* of one node that are asked before any has answered */
#define SKAD_CREDIT_LIVING 2 /* so many more for each that answered */

/* Notes that one candidate, which answered, named another. */
void skad_credit_named(skad_lookup *lookup, uint16_t index, uint16_t namer);

/* The same at an endpoint that is guarded, as it says. */
void skad_credit_named_guarded(skad_lookup *lookup, uint16_t index, uint16_t namer);
bool skad_credit_names_guarded(const skad_lookup *lookup, uint16_t namer, uint16_t index);

/* Whether any node said so. */
bool skad_credit_guarded(const skad_lookup *lookup, uint16_t index);

/* Whether one candidate named another. */
bool skad_credit_names(const skad_lookup *lookup, uint16_t namer, uint16_t index);

/* Counts all names anew, where any has changed its state since. To be called before the others. */
void skad_credit_weigh(skad_lookup *lookup);

/* Whether a candidate is credible. */
bool skad_credit_given(const skad_lookup *lookup, uint16_t index);

/* Whether a candidate that is not credible now may yet be: one of its namers waits for the answers
 * of others that it named. */
bool skad_credit_pending(const skad_lookup *lookup, uint16_t index);

/* Returns how many nodes named a candidate. */
unsigned skad_credit_support(const skad_lookup *lookup, uint16_t index);

/* Whether more than half of the closest that answered named a candidate, two at least. */
bool skad_credit_elected(const skad_lookup *lookup, uint16_t index);

/* The same, or it is one of our own contacts. */
bool skad_credit_vouched(const skad_lookup *lookup, uint16_t index);

/* Whether one of the namers of a candidate is in good standing: of those that it named a third has
 * answered and one at least, of which is known whether they live, not counting those that are
 * vouched for; or none was silent, and one answered. */
bool skad_credit_good(const skad_lookup *lookup, uint16_t index);

/* Whether a node has named more silent ones than its credit bears. */
bool skad_credit_lost(const skad_lookup *lookup, uint16_t namer);

/* A credible candidate is asked: one of its namers answers for it until it is slow or answers. */
void skad_credit_asked(skad_lookup *lookup, uint16_t index);

/* Returns how many of these candidates are named by the one of a candidate's namers that names the
 * fewest of them; 0 without a namer. */
unsigned skad_credit_crowd(const skad_lookup *lookup, uint16_t index, const uint16_t *of,
                           size_t count);

/* Whether names that no node vouches for, and that have not answered, twice s of them, are closer
 * to the target than the s-th closest that has. Liars invent them, and what has answered then
 * stands less dense than the nodes do. Where nodes die often, some that few vouch for are just
 * dead. */
bool skad_credit_misled(const skad_lookup *lookup, uint16_t last);

#endif
