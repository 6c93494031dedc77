/* Checking the crypto puzzles of S/Kademlia, section 4.1: one hash each. */
#include "crypto/puzzle.h"

#include <string.h>

#include "crypto/hard_hash.h"

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

bool skad_puzzle_dynamic_ok(const skad_id *id, const skad_puzzle_nonce *nonce, uint32_t memory_kib,
                            unsigned bits)
{
    uint8_t solution[SKAD_ID_BYTES + EPOCH_BYTES + SKAD_NONCE_BYTES];
    uint8_t hash[SKAD_HASH_BYTES];
    if (bits == 0) {
        return true;
    }
    memcpy(solution, id->bytes, SKAD_ID_BYTES);
    for (unsigned i = 0; i < EPOCH_BYTES; i++) {
        solution[SKAD_ID_BYTES + i] = (uint8_t)((uint64_t)nonce->epoch >> (56 - 8 * i));
    }
    memcpy(solution + SKAD_ID_BYTES + EPOCH_BYTES, nonce->bytes, SKAD_NONCE_BYTES);
    return skad_hard_hash(SKAD_HASH_DYNAMIC, memory_kib, solution, sizeof solution, hash) ==
               SKAD_OK &&
           skad_leading_zero_bits(hash, sizeof hash) >= bits;
}
