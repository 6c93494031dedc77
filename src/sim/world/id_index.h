/* The positions of all nodes in the key space: the first 64 bits of all IDs, sorted, so that the
 * nodes closest to a target, or those that share a prefix, are found by bisection. Lookups are
 * compared with this truth, and tables are filled from it. Two nodes whose first 64 bits are equal
 * count as equally far: among a million random IDs there is one such pair in 37 million worlds. */
#ifndef SKAD_SIM_WORLD_ID_INDEX_H
#define SKAD_SIM_WORLD_ID_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/types.h"

typedef struct skad_id_index {
    uint64_t *prefixes; /* ascending */
    uint32_t *nodes;    /* the node of each prefix */
    size_t count;
} skad_id_index;

void skad_id_index_init(skad_id_index *index, size_t room);
void skad_id_index_free(skad_id_index *index);

/* Puts all in at first, then sorts. */
void skad_id_index_add(skad_id_index *index, const skad_id *id, uint32_t node);
void skad_id_index_sort(skad_id_index *index);

/* The places whose prefixes begin with the first `bits` bits of `prefix`. */
typedef struct skad_id_index_range {
    size_t from;
    size_t to; /* just behind */
} skad_id_index_range;

skad_id_index_range skad_id_index_prefixed(const skad_id_index *index, uint64_t prefix,
                                           unsigned bits);

/* Whether a node counts. */
typedef bool (*skad_id_index_filter)(const void *user, uint32_t node);

typedef struct skad_id_index_query {
    uint64_t target;
    skad_id_index_filter filter; /* NULL: all */
    const void *user;
    size_t max;
} skad_id_index_query;

/* The nodes closest to a target among those that count, ascending; returns how many. */
size_t skad_id_index_closest(const skad_id_index *index, const skad_id_index_query *query,
                             uint32_t *out);

#endif
