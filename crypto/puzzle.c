/* Checking the crypto puzzles of S/Kademlia, section 4.1: one hash each. */
#include "crypto/puzzle.h"

#include "crypto/hash.h"

#define EPOCH_BYTES 8

bool skad_puzzle_static_ok(const skad_id *id, unsigned bits)
{
    uint8_t hash[SKAD_HASH_BYTES];
    if (bits == 0) {
        return true; /* free, for simulations and most tests */
    }
    skad_hash_one(SKAD_HASH_STATIC, id->bytes, sizeof id->bytes, hash);
    return skad_leading_zero_bits(hash, sizeof hash) >= bits;
}

bool skad_puzzle_dynamic_ok(const skad_id *id, const skad_puzzle_nonce *nonce, unsigned bits)
{
    skad_id mixed = *id;
    if (bits == 0) {
        return true;
    }
    for (size_t i = 0; i < SKAD_NONCE_BYTES; i++) {
        mixed.bytes[SKAD_ID_BYTES - SKAD_NONCE_BYTES + i] ^= nonce->bytes[i];
    }
    uint8_t epoch[EPOCH_BYTES];
    for (unsigned i = 0; i < EPOCH_BYTES; i++) {
        epoch[i] = (uint8_t)((uint64_t)nonce->epoch >> (56 - 8 * i));
    }
    const skad_span parts[] = {{mixed.bytes, sizeof mixed.bytes}, {epoch, sizeof epoch}};
    uint8_t hash[SKAD_HASH_BYTES];
    skad_hash(SKAD_HASH_DYNAMIC, NULL, parts, 2, hash, sizeof hash);
    return skad_leading_zero_bits(hash, sizeof hash) >= bits;
}
