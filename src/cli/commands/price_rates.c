#include "src/cli/commands/price_rates.h"

#include <string.h>
#include <time.h>

#include "crypto/keys.h"
#include "crypto/puzzle.h"
#include "crypto/random.h"

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* One try at the static puzzle: a key pair, its ID, and the check. */
static bool try_key(const skad_profile *profile, uint64_t number, skad_id *id)
{
    uint8_t seed[32] = {0};
    uint8_t public_key[SKAD_PUBLIC_KEY_BYTES];
    uint8_t secret_key[SKAD_SECRET_KEY_BYTES];
    memcpy(seed, &number, sizeof number);
    skad_keypair_from_seed(seed, public_key, secret_key);
    bool good = skad_node_id(public_key, profile->memory_kib, id) == SKAD_OK;
    bool solved = good && skad_puzzle_static_ok(id, profile->static_bits);
    (void)solved;
    return good;
}

static void try_nonce(const skad_profile *profile, uint64_t number, const skad_id *id)
{
    skad_puzzle_nonce nonce = {0};
    memcpy(nonce.bytes, &number, sizeof nonce.bytes);
    bool solved = skad_puzzle_dynamic_ok(id, &nonce, profile->memory_kib, profile->dynamic_bits);
    (void)solved;
}

bool skad_price_measure(const skad_profile *profile, double seconds, skad_price_rates *out,
                        skad_failure *failure)
{
    skad_id id;
    for (int dynamic = 0; dynamic <= 1; dynamic++) {
        const double began_s = now_s();
        double took_s = 0;
        uint64_t tries = 0;
        while (took_s < seconds / 2) {
            if (dynamic == 1) {
                try_nonce(profile, tries, &id);
            } else if (!try_key(profile, tries, &id)) {
                return skad_fail(failure,
                                 "no memory for a try of %u KiB: free some, or choose another "
                                 "--profile",
                                 (unsigned)profile->memory_kib);
            }
            tries++;
            took_s = now_s() - began_s;
        }
        *(dynamic == 1 ? &out->dynamic_core : &out->static_core) = (double)tries / took_s;
    }
    return true;
}
