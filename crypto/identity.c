/* The identity as a value: derived from a seed, checked against a profile, with its nonces. Solving
 * is in solver.c, the file in identity_file.c. */
#include "skad/identity.h"

#include <string.h>

#include "crypto/hard_hash.h"
#include "crypto/keys.h"
#include "crypto/puzzle.h"

skad_status skad_identity_from_seed(const uint8_t seed[static 32], uint32_t memory_kib,
                                    skad_identity *out)
{
    skad_crypto_init();
    memset(out, 0, sizeof *out);
    if (!skad_hard_hash_memory_ok(memory_kib)) {
        return SKAD_ERR_INPUT;
    }
    skad_keypair_from_seed(seed, out->public_key, out->secret_key);
    out->memory_kib = memory_kib;
    skad_status status = skad_node_id(out->public_key, memory_kib, &out->id);
    if (status != SKAD_OK) {
        skad_identity_wipe(out);
    }
    return status;
}

bool skad_identity_fits(const skad_identity *identity, const skad_profile *profile)
{
    return identity->memory_kib == profile->memory_kib &&
           skad_puzzle_static_ok(&identity->id, profile->static_bits);
}

const skad_puzzle_nonce *skad_identity_nonce(const skad_identity *identity, uint32_t epoch)
{
    for (size_t i = 0; i < identity->nonces_count; i++) {
        if (identity->nonces[i].epoch == epoch) {
            return &identity->nonces[i];
        }
    }
    return NULL;
}

static uint32_t between(uint32_t a, uint32_t b)
{
    return a < b ? b - a : a - b;
}

/* Returns the index for the nonce of an epoch: that of its old nonce, or a free one, or that of the
 * nonce whose epoch is farthest away. A clock that was years ahead leaves nonces that must not stay
 * in the place of those that are used. */
static size_t index_for(const skad_identity *identity, uint32_t epoch)
{
    size_t farthest = 0;
    for (size_t i = 0; i < identity->nonces_count; i++) {
        if (identity->nonces[i].epoch == epoch) {
            return i;
        }
        if (between(identity->nonces[i].epoch, epoch) >
            between(identity->nonces[farthest].epoch, epoch)) {
            farthest = i;
        }
    }
    return identity->nonces_count < SKAD_IDENTITY_NONCES_MAX ? identity->nonces_count : farthest;
}

skad_status skad_identity_add_nonce(skad_identity *identity, const skad_profile *profile,
                                    const skad_puzzle_nonce *nonce)
{
    if (!skad_puzzle_dynamic_ok(&identity->id, nonce, profile->memory_kib, profile->dynamic_bits)) {
        return SKAD_ERR_PUZZLE;
    }
    size_t index = index_for(identity, nonce->epoch);
    identity->nonces[index] = *nonce;
    if (index == identity->nonces_count) {
        identity->nonces_count++;
    }
    return SKAD_OK;
}

void skad_identity_wipe(skad_identity *identity)
{
    skad_wipe(identity, sizeof *identity);
}
