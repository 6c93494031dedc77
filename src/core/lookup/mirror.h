/* The mirrored path of a put or get. Where many nodes were made for a key, whoever is close to the
 * key may be one of them and name only others of them: each path of a lookup ends among them, and
 * knows nothing of the honest nodes there. So the last path looks for another target, a point that
 * is drawn outside of the region of the key, at a random distance (outside.h), two bits
 * farther at least. When the paths are
 * over, two of the nodes that answered on it are asked for the key, too.
 *
 * In a small network, of fewer than eight regions, there is no such path: most nodes know most
 * others. This is a part of the lookup (lookup.h), in a file of its own. */
#ifndef SKAD_LOOKUP_MIRROR_H
#define SKAD_LOOKUP_MIRROR_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/lookup/lookup.h"

#define SKAD_MIRROR_BITS_MIN 3
/* Asked for the key: half of them the closest to the point, the others the closest to the key. */
#define SKAD_MIRROR_WITNESSES 2
#define SKAD_MIRROR_WINDOW    2   /* the path is over when the closest two have answered */
#define SKAD_PART_KEY         255 /* skad_query.part of these questions */

/* Decides whether there is a mirrored path. To be called when the radius is known, before any
 * contact is dealt. */
void skad_mirror_begin(skad_lookup *lookup);

/* Whether a path is the mirrored one. */
static inline bool skad_mirror_is(const skad_lookup *lookup, uint8_t path)
{
    return lookup->mirror != 0 && path + 1 == lookup->paths;
}

/* Returns what a path looks for. */
skad_id skad_mirror_target(const skad_lookup *lookup, uint8_t path);

/* Whether the candidate at index a is closer to what a path looks for than that at b. */
static inline bool skad_mirror_closer(const skad_lookup *lookup, uint8_t path, uint16_t a,
                                      uint16_t b)
{
    const uint64_t *distances = lookup->candidates.distances;
    if (!skad_mirror_is(lookup, path) || distances[a] == distances[b]) {
        return skad_candidates_closer(&lookup->candidates, a, b);
    }
    return (distances[a] ^ lookup->mirror) < (distances[b] ^ lookup->mirror);
}

/* Whether the mirrored path leaves a candidate to the others: it lies in the region of the key. */
static inline bool skad_mirror_leaves(const skad_lookup *lookup, uint8_t path, uint16_t index)
{
    return skad_mirror_is(lookup, path) && lookup->candidates.distances[index] < lookup->width;
}

/* The paths are over: finds whom to ask for the key. */
void skad_mirror_end(skad_lookup *lookup);

/* Returns the next of these questions, counted as asked; false if there is none. */
bool skad_mirror_next(skad_lookup *lookup, skad_query *query);
void skad_mirror_unask(skad_lookup *lookup);

/* One of them was answered, or passed its soft timeout. */
void skad_mirror_over(skad_lookup *lookup);

/* Whether none of them is left to ask or to wait for. */
bool skad_mirror_done(const skad_lookup *lookup);

#endif
