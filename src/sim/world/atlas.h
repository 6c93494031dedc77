/* Who is where in the key space: the first 64 bits of all IDs, sorted, so that the nodes closest to
 * a target, or those that share a prefix, are found by bisection. It is the truth that lookups are
 * compared with, and what tables are filled from. Two nodes whose first 64 bits are equal count as
 * equally far: among a million random IDs there is one such pair in 37 million worlds. */
#ifndef SKAD_SIM_WORLD_ATLAS_H
#define SKAD_SIM_WORLD_ATLAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/types.h"

typedef struct skad_atlas {
    uint64_t *prefixes; /* ascending */
    uint32_t *nodes;    /* whose they are */
    size_t count;
} skad_atlas;

void skad_atlas_init(skad_atlas *atlas, size_t room);
void skad_atlas_free(skad_atlas *atlas);

/* Puts all in at first, then sorts. */
void skad_atlas_add(skad_atlas *atlas, const skad_id *id, uint32_t node);
void skad_atlas_sort(skad_atlas *atlas);

/* The places whose prefixes begin with the first `bits` bits of `prefix`. */
typedef struct skad_atlas_range {
    size_t from;
    size_t to; /* just behind */
} skad_atlas_range;

skad_atlas_range skad_atlas_prefixed(const skad_atlas *atlas, uint64_t prefix, unsigned bits);

/* Which nodes count. */
typedef bool (*skad_atlas_filter)(const void *user, uint32_t node);

typedef struct skad_atlas_query {
    uint64_t target;
    skad_atlas_filter filter; /* NULL: all */
    const void *user;
    size_t max;
} skad_atlas_query;

/* The nodes closest to a target among those that count, ascending; returns how many. */
size_t skad_atlas_closest(const skad_atlas *atlas, const skad_atlas_query *query, uint32_t *out);

#endif
