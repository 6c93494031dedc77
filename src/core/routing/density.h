/* Whether a neighbourhood is denser than the network. An attacker that wants to own a key makes IDs
 * next to it. To be all of the s closest nodes, they must squeeze in before the first honest node.
 *
 * In a network without Sybil clusters the distance of the s-th closest node to any point is a sum
 * of s exponential steps, so the ratio of two such distances, one to the target and one to our own
 * ID, is F-distributed with 2s and 2s degrees of freedom, whatever the size of the network. A ratio
 * below 1/4 comes about once in ten thousand lookups for s = 16. To be all sixteen closest means to
 * sit within the first honest node's distance, a sixteenth of the usual radius on average. */
#ifndef SKAD_ROUTING_DENSITY_H
#define SKAD_ROUTING_DENSITY_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/routing/table.h"

#define SKAD_DENSITY_FACTOR 4
/* Nodes of a dense region that a lookup finds and a put stores at. */
#define SKAD_REGION_WANTED 48

/* Returns the distance (first 64 bits) of our s-th closest sibling; 0 while there are fewer. */
uint64_t skad_density_radius(const skad_table *table, size_t s);

/* Estimates the number of nodes in the network from that radius: (s - 1) / radius, which is
 * unbiased; its standard deviation is about a quarter for s = 16. Returns 0 where the radius is
 * unknown. */
uint64_t skad_density_network_size(uint64_t radius, size_t s);

/* Whether an s-th closest node at `distance` of a target is suspiciously close. */
bool skad_density_suspicious(uint64_t radius, uint64_t distance);

#endif
