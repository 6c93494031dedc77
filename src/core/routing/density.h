/* Whether a neighbourhood is denser than the network. An attacker that wants to own a key makes IDs
 * next to it. To be all of the s closest nodes, they must squeeze in before the first honest node.
 *
 * In a network without Sybil clusters the distance of the s-th closest node to any point is a sum
 * of s exponential steps, so the ratio of two such distances, one to the target and one to our own
 * ID, is F-distributed with 2s and 2s degrees of freedom, whatever the size of the network. A ratio
 * below 1/4 comes about once in ten thousand lookups for s = 16. To be all sixteen closest means to
 * sit within the first honest node's distance, a sixteenth of the usual radius on average.
 *
 * What is usual follows from our own s closest and from the median of many places (places.h). Our
 * own place is one of those, with half of the radius of 2 s nodes, since fewer than 2 s Sybils
 * around us do not make that much smaller. The usual radius is that of our own s closest, but at
 * most the median and at least half of it:
 *
 * - Sybils around us thus do not make it smaller than half of the median, and nodes around us that
 *   we do not know yet do not make it larger than the median.
 *
 * - Only our own closest are fresh. The radii of other places may date from a smaller network. It
 *   may have doubled before one of 200,000 honest neighbourhoods seems dense by half of the median:
 *   a sum of 16 exponential steps falls below a quarter of its mean that rarely.
 *
 * - Our own place is disputed if its radius is less than half of the median, or more than twice as
 *   much. Either the network has changed or Sybils stand around us. In both cases the node visits
 * the other places again (refresh.h). */
#ifndef SKAD_ROUTING_DENSITY_H
#define SKAD_ROUTING_DENSITY_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/routing/table.h"

#define SKAD_DENSITY_FACTOR  4
#define SKAD_REGION_BITS_MAX 60
/* Nodes of a dense region that a lookup finds and a put stores at. */
#define SKAD_REGION_WANTED 48

#define SKAD_DENSITY_CIRCLES                                                                       \
    2 /* times s siblings that represent our own place among the others                            \
       */

/* Returns the distance (first 64 bits) of our s-th closest sibling; 0 while there are fewer. */
uint64_t skad_density_radius(const skad_table *table, size_t s);

/* Returns the usual radius of s nodes; 0 while it is unknown. */
uint64_t skad_density_usual(const skad_table *table, size_t s);

/* Whether the median of all places contradicts our own. */
bool skad_density_disputed(const skad_table *table, size_t s);

/* Estimates the number of nodes in the network from that radius: (s - 1) / radius, which is
 * unbiased; its standard deviation is about a quarter for s = 16. Returns 0 where the radius is
 * unknown. */
uint64_t skad_density_network_size(uint64_t radius, size_t s);

/* Whether an s-th closest node at `distance` of a target is suspiciously close. */
bool skad_density_suspicious(uint64_t radius, uint64_t distance);

/* Whether it is so close that honest nodes may be few among the s closest: 0.4 of what is usual, so
 * that 6.4 of the s are honest on average, and none with a chance of a six-hundredth. Among honest
 * nodes one in two hundred neighbourhoods is as dense by chance. */
bool skad_density_crowded(uint64_t radius, uint64_t distance);

/* Returns the radius by which regions are cut: the median of all places, which Sybils around us do
 * not change; 0 while it is unknown. */
uint64_t skad_density_median(const skad_table *table, size_t s);

/* Returns how many first bits the IDs of one region share, 0..60: the region is the part of the key
 * space that is closest in size to what usually holds s nodes, so it usually holds between 0.7 s
 * and 1.4 s. */
unsigned skad_density_region_bits(uint64_t radius);

#endif
