/* The XOR metric (Kademlia, section 2.1) on 256-bit identifiers. It is header-only, because these
 * few lines are the inner loop of everything. */
#ifndef SKAD_ROUTING_DISTANCE_H
#define SKAD_ROUTING_DISTANCE_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "skad/types.h"

#define SKAD_ID_BITS (8 * SKAD_ID_BYTES)

/* Returns one of the four 64-bit words of an ID as a number; word 0 is the most significant. */
static inline uint64_t skad_id_word(const skad_id *id, unsigned word)
{
    uint64_t bytes;
    memcpy(&bytes, id->bytes + (size_t)8 * word, sizeof bytes);
    return be64toh(bytes);
}

/* Returns the first 64 bits as a number: enough to order nearly all pairs. */
static inline uint64_t skad_id_prefix(const skad_id *id)
{
    return skad_id_word(id, 0);
}

static inline bool skad_id_equal(const skad_id *a, const skad_id *b)
{
    return memcmp(a->bytes, b->bytes, SKAD_ID_BYTES) == 0;
}

/* Returns a negative number when a is closer to target than b, a positive one when it is farther,
 * and 0 when a equals b. */
static inline int skad_distance_compare(const skad_id *target, const skad_id *a, const skad_id *b)
{
    for (unsigned word = 0; word < SKAD_ID_BYTES / 8; word++) {
        uint64_t da = skad_id_word(a, word) ^ skad_id_word(target, word);
        uint64_t db = skad_id_word(b, word) ^ skad_id_word(target, word);
        if (da != db) {
            return da < db ? -1 : 1;
        }
    }
    return 0;
}

/* Returns the length of the common prefix in bits: 0..256. */
static inline unsigned skad_common_prefix(const skad_id *a, const skad_id *b)
{
    for (unsigned word = 0; word < SKAD_ID_BYTES / 8; word++) {
        uint64_t differ = skad_id_word(a, word) ^ skad_id_word(b, word);
        if (differ != 0) {
            return 64 * word + (unsigned)__builtin_clzll(differ);
        }
    }
    return SKAD_ID_BITS;
}

#endif
