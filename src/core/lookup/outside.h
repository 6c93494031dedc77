/* Contacts of our own outside of the region of a key. Who makes identities around a key can catch
 * each path that leads there, since they name only each other, and stand too thinly for the density
 * to tell (density.h). Such a cluster costs the more, the wider it is. So a put or get asks a few
 * of our own contacts for the key that stand at random distances from it, however far: each names
 * what it knows around the key, and an attacker would have to be everywhere to catch them all. A
 * lookup that samples the region begins with them (strata.h).
 *
 * This is a part of the lookup (lookup.h), in a file of its own. */
#ifndef SKAD_LOOKUP_OUTSIDE_H
#define SKAD_LOOKUP_OUTSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/lookup/lookup.h"

#define SKAD_OUTSIDE_ASKED  4 /* of SKAD_OUTSIDE_MAX: those that each put or get asks */
#define SKAD_OUTSIDE_DEPTHS 6 /* of which one is drawn for each */

/* Draws how many first bits a place outside of the region shares with the target: `least` fewer
 * than the region does, or up to five more fewer. Farther away hardly any node knows one of the
 * region. least: 1..region_bits. */
unsigned skad_outside_depth(const skad_lookup *lookup, unsigned least);

/* Puts the depths at which our contacts are to be drawn in a random order, each of them as often as
 * the others, as far as possible. Returns how many: none where the region is the whole key space.
 */
size_t skad_outside_depths(const skad_lookup *lookup, uint8_t depths[static SKAD_OUTSIDE_MAX]);

/* Whether our contacts are to be drawn now, once: the paths of a put or get are over. */
bool skad_outside_due(const skad_lookup *lookup);

/* Adds one of them. token: as in skad_lookup_seed. Returns false if it was asked already, or
 * without memory. All were added: */
bool skad_outside_add(skad_lookup *lookup, const skad_contact *contact, const skad_address *address,
                      const uint8_t *token);
void skad_outside_drawn(skad_lookup *lookup);

/* A node that has answered counts as one of them: what it names is looked at in the same way. */
void skad_outside_mark(skad_lookup *lookup, uint16_t index);

/* One of them named a candidate, of which the lookup had not heard. If it lies in the region, it is
 * asked as well: the paths should have come to know it. */
void skad_outside_named(skad_lookup *lookup, uint16_t from, uint16_t index);

/* Returns the next one to be asked for the key, of the first `most`; SKAD_CANDIDATE_NONE: none. */
uint16_t skad_outside_next(const skad_lookup *lookup, unsigned most);

/* Whether they are drawn, and the first `most` neither to be asked nor awaited. */
bool skad_outside_over(const skad_lookup *lookup, unsigned most);

/* Returns how many of them the closing round asks. */
static inline unsigned skad_outside_share(const skad_lookup *lookup)
{
    return lookup->for_record && lookup->mirror != 0 ? SKAD_OUTSIDE_ASKED : 0;
}

#endif
