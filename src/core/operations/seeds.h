/* The contacts of our own table that a lookup begins with. */
#ifndef SKAD_OPERATIONS_SEEDS_H
#define SKAD_OPERATIONS_SEEDS_H

#include "skad/node.h"
#include "src/core/lookup/lookup.h"

#define SKAD_SEEDS_MAX 64 /* as many as a shortlist takes */

/* Gives a lookup its first contacts: the closest of the table, and where it has a mirrored path
 * (mirror.h), to that one contacts beside the region. */
void skad_seeds_closest(skad_node *node, skad_lookup *lookup);

/* Draws contacts outside of the region for a lookup that wants them now (outside.h): each shares a
 * random number of bits with the target, fewer than the region does. */
void skad_seeds_outside(skad_node *node, skad_lookup *lookup);

#endif
