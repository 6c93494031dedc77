#include "src/core/storage/digests.h"

#include <string.h>

#define SEQUENCE_BYTES 8

_Static_assert(SKAD_MATCH_RANGES == 1 << SKAD_RANGE_BITS, "a range is the next bits of a key");

void skad_digests_begin(skad_digests *digests, unsigned bits)
{
    memset(digests, 0, sizeof *digests);
    digests->bits = (uint8_t)bits;
}

unsigned skad_digests_range(const skad_id *key, unsigned bits)
{
    unsigned range = 0;
    for (unsigned bit = bits; bit < bits + SKAD_RANGE_BITS; bit++) {
        range = range << 1 | ((unsigned)key->bytes[bit / 8] >> (7 - bit % 8) & 1U);
    }
    return range;
}

void skad_digests_add(skad_digests *digests, const skad_store_name *name, uint64_t sequence)
{
    const unsigned range = skad_digests_range(&name->key, digests->bits);
    uint8_t big_endian[SEQUENCE_BYTES];
    for (size_t i = 0; i < SEQUENCE_BYTES; i++) {
        big_endian[i] = (uint8_t)(sequence >> (56 - 8 * i));
    }
    if (range != digests->range) {
        digests->range = (uint8_t)range;
        memset(digests->chain, 0, sizeof digests->chain);
    }
    const skad_span parts[] = {{digests->chain, sizeof digests->chain},
                               {name->key.bytes, SKAD_ID_BYTES},
                               {&name->type, 1},
                               {name->publisher, SKAD_PUBLIC_KEY_BYTES},
                               {big_endian, sizeof big_endian}};
    uint8_t next[SKAD_HASH_BYTES];
    skad_hash(SKAD_HASH_MATCH, NULL, parts, sizeof parts / sizeof parts[0], next, sizeof next);
    memcpy(digests->chain, next, sizeof next);
    memcpy(&digests->bytes[(size_t)range * SKAD_MATCH_DIGEST_BYTES], next, SKAD_MATCH_DIGEST_BYTES);
}

uint64_t skad_digests_differ(const uint8_t a[static SKAD_MATCH_BYTES],
                             const uint8_t b[static SKAD_MATCH_BYTES])
{
    uint64_t differs = 0;
    for (size_t at = 0; at < SKAD_MATCH_BYTES; at += SKAD_MATCH_DIGEST_BYTES) {
        differs = differs << 1 | (memcmp(a + at, b + at, SKAD_MATCH_DIGEST_BYTES) != 0);
    }
    return differs;
}
