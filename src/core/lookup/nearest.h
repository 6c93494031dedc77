/* The closest candidates of a lookup that have answered: its result. */
#ifndef SKAD_LOOKUP_NEAREST_H
#define SKAD_LOOKUP_NEAREST_H

#include <stddef.h>
#include <stdint.h>

#include "src/core/lookup/lookup.h"

/* Finds the closest candidates that answered, at most `max`, with no more of an address group than
 * its share. Returns how many; indices in ascending distance. */
size_t skad_lookup_closest(const skad_lookup *lookup, size_t max, uint16_t *indices);

/* Returns in how many address groups (IPv4 /24, IPv6 /56) these candidates are. An address without
 * a group counts for itself. */
size_t skad_lookup_groups(const skad_lookup *lookup, const uint16_t *indices, size_t count);

/* Returns how many paths have the closest living node on their own shortlist. */
uint8_t skad_lookup_agreement(const skad_lookup *lookup);

#endif
