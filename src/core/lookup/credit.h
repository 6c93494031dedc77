/* Whether a node that names others is credible. A node answers for those that it names: who names
 * invented contacts loses its credit, and with it the names that it alone gave.
 *
 * A candidate has up to four namers, the first ones. When it answers, that speaks for them; when it
 * is silent, against them. A namer is credible while the silent ones it named are no more than two,
 * and two more for each that answered. In a network whose nodes are half dead, honest nodes keep
 * their credit; a liar that names only what does not exist has it for three requests. A candidate
 * is credible if one of its namers is, or if it is one of our own contacts.
 *
 * Nodes in league may name the same invented contacts. Then each silence counts against all of
 * them. */
#ifndef SKAD_LOOKUP_CREDIT_H
#define SKAD_LOOKUP_CREDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/lookup/candidates.h"

#define SKAD_CREDIT_SILENT                                                                         \
    3 /* so many silent ones end the credit of one that named no living one */
#define SKAD_CREDIT_LIVING 2 /* so many more are allowed for each that answered */

/* Notes that one candidate, which answered, named another. */
void skad_credit_named(skad_candidates *candidates, uint16_t index, uint16_t namer);

/* A candidate answered, perhaps late; a candidate does not answer. A silence counts once. */
void skad_credit_answered(skad_candidates *candidates, uint16_t index);
void skad_credit_silent(skad_candidates *candidates, uint16_t index);

/* Whether a candidate is credible. */
bool skad_credit_given(const skad_candidates *candidates, uint16_t index);

#endif
