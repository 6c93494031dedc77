/* Whether a node that names others is credible. A node answers for those that it names: a node that
 * names invented contacts loses its credit, and with it the names that it alone gave. Credit
 * decides whether a name is asked, and never what the lookup takes for explored.
 *
 * A candidate has up to four namers, the first ones. When it answers, that speaks for them; when it
 * is silent, against them, unless there are four: a silence is no lie where several name the same
 * node, as honest nodes do whose neighbour has died. A namer is credible while the silent ones it
 * named are no more than five, and two more for each that answered. So one answer of which the
 * whole is dead ends no credit where answers are short (k = 3), and in a network whose nodes are
 * half dead honest nodes keep theirs; a liar that names only what does not exist has it for six
 * requests. A candidate is credible if one of its namers is, or if it is one of our own contacts.
 *
 * Four liars in league that name the same contacts keep their credit. That costs a lookup time, but
 * changes nothing of what it finds. */
#ifndef SKAD_LOOKUP_CREDIT_H
#define SKAD_LOOKUP_CREDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/lookup/candidates.h"

#define SKAD_CREDIT_SILENT 6 /* end the credit of a node that named no living one */
#define SKAD_CREDIT_LIVING 2 /* so many more are allowed for each that answered */

/* Notes that one candidate, which answered, named another. */
void skad_credit_named(skad_candidates *candidates, uint16_t index, uint16_t namer);

/* A candidate answered, perhaps late; a candidate does not answer. A silence counts once. */
void skad_credit_answered(skad_candidates *candidates, uint16_t index);
void skad_credit_silent(skad_candidates *candidates, uint16_t index);

/* Whether a candidate is credible. */
bool skad_credit_given(const skad_candidates *candidates, uint16_t index);

#endif
