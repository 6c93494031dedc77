/* The radius of s nodes around places elsewhere in the network. Whether a neighbourhood is
 * suspiciously dense (density.h) cannot be judged by our own alone: Sybils around us make that
 * dense, too, and blind us to those around a key.
 *
 * So a node remembers one place in each sixteenth of the key space but its own, the last one that
 * it visited. It draws these places itself, at random: they are the targets of its refreshes, those
 * after joining included, and of one lookup more every four hours (refresh.h). Its own sixteenth is
 * represented by its own siblings, the outer ones included. The median of all these counts, the
 * lower one of two.
 *
 * - To lower the median, an attacker needs living nodes of its own around half of these places,
 *   which it neither chooses nor knows before. A liar on a path to a place cannot bring the nodes
 *   around it closer. It can hide some, if there are liars on all paths; that makes the radius
 *   larger. So it takes half of our lookups to make us suspicious without a reason.
 *
 * - Targets that others choose do not count: the keys of puts and gets may be under attack, or
 *   chosen because nodes stand dense there by chance.
 *
 * A node that was started again knows none of the others, but visits some as it joins. */
#ifndef SKAD_ROUTING_PLACES_H
#define SKAD_ROUTING_PLACES_H

#include <stddef.h>
#include <stdint.h>

#include "skad/types.h"

#define SKAD_PLACES 16 /* by the first four bits of a target */

typedef struct skad_places {
    uint64_t radii[SKAD_PLACES]; /* distances, first 64 bits; 0: not visited yet */
} skad_places;

/* A lookup whose target we drew has ended; its s-th closest node is so far away. */
void skad_places_visited(skad_places *places, const skad_id *self, const skad_id *target,
                         uint64_t distance);

/* Returns the sixteenth that is to be visited after this one: the next, but not our own. */
uint8_t skad_places_after(uint8_t sixteenth, const skad_id *self);

/* Returns the median of the places and of our own radius; zeros do not count. Returns 0 if there
 * are no others. */
uint64_t skad_places_median(const skad_places *places, uint64_t own);

#endif
