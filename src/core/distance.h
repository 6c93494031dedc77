/* The XOR metric (Kademlia, section 2.1) on 256-bit identifiers. Header-only: these few lines are
 * the inner loop of everything. */
#ifndef SKAD_CORE_DISTANCE_H
#define SKAD_CORE_DISTANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "skad/types.h"

#define SKAD_ID_BITS (8 * SKAD_ID_BYTES)

/* The first 64 bits as a number: enough to order nearly all pairs. */
static inline uint64_t skad_id_prefix(const skad_id *id)
{
    uint64_t prefix = 0;
    for (unsigned i = 0; i < 8; i++) {
        prefix = prefix << 8 | id->bytes[i];
    }
    return prefix;
}

static inline bool skad_id_equal(const skad_id *a, const skad_id *b)
{
    return memcmp(a->bytes, b->bytes, SKAD_ID_BYTES) == 0;
}

/* Negative when a is closer to target than b, positive when farther, 0 when a equals b. */
static inline int skad_distance_compare(const skad_id *target, const skad_id *a, const skad_id *b)
{
    for (unsigned i = 0; i < SKAD_ID_BYTES; i++) {
        int da = a->bytes[i] ^ target->bytes[i];
        int db = b->bytes[i] ^ target->bytes[i];
        if (da != db) {
            return da - db;
        }
    }
    return 0;
}

/* Length of the common prefix in bits: 0..256. */
static inline unsigned skad_common_prefix(const skad_id *a, const skad_id *b)
{
    for (unsigned i = 0; i < SKAD_ID_BYTES; i++) {
        unsigned differ = (unsigned)(a->bytes[i] ^ b->bytes[i]);
        if (differ != 0) {
            return 8 * i + (unsigned)__builtin_clz(differ) - 24;
        }
    }
    return SKAD_ID_BITS;
}

#endif
