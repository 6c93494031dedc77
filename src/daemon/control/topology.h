/* The routing table as Swarm's `bee` shows its own under /topology: how many peers are in use, how
 * many of them are connected, and up to which proximity order the connections are enough.
 *
 * - A peer is in use if it is a member of its bucket or a sibling; replacements are not.
 * - It is connected if it is in use and left no request unanswered since its last answer. There are
 *   no connections over UDP; all peers of the table have proven who they are.
 * - The connected depth is bee's depth. Bee takes the lowest of three proximity orders: the first
 *   one with fewer than 8 connected peers, the last one that 3 connected peers share or exceed, and
 *   the radius of its storage. With us these are k/4 instead of 8, and the bits of our region
 *   (responsibility.h) instead of the radius, so it tells how far the table is without a gap.
 *   A quarter, since the order just before our region has only some 16 nodes: with k = s = 16 one
 *   node in 1,700 has fewer than 4 there by chance, but one in 37 fewer than 8 (Poisson variables
 *   of means from 0.7 s to 1.4 s). */
#ifndef SKAD_DAEMON_CONTROL_TOPOLOGY_H
#define SKAD_DAEMON_CONTROL_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>

#include "skad/node.h"

#define SKAD_TOPOLOGY_ORDERS     (8 * SKAD_ID_BYTES + 1) /* 0..256 first bits may be shared */
#define SKAD_TOPOLOGY_NEIGHBOURS 3                       /* bee's nnLowWatermark */

typedef struct skad_topology {
    size_t population;        /* peers in use */
    size_t connected;         /* of the population */
    unsigned connected_depth; /* 0..region_bits */
} skad_topology;

/* Whether the peer is a member of its bucket or a sibling. */
bool skad_topology_in_use(const skad_table_row *row);

/* Returns how many connected peers of one proximity order are enough: k / 4, but at least 1. */
size_t skad_topology_enough(size_t k);

/* Counts the rows. Each row's order is below SKAD_TOPOLOGY_ORDERS; rows may be NULL if there are
 * none. k: places of a bucket; region_bits: first bits that the IDs of our region share. */
void skad_topology_take(const skad_table_row *rows, size_t rows_count, size_t k,
                        unsigned region_bits, skad_topology *out);

#endif
