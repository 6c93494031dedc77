/* Measures the two memory-hard hashes of a proof. */
#include "src/host/state/identity_cost.h"

#include <inttypes.h>
#include <time.h>

#include "crypto/keys.h"
#include "crypto/puzzle.h"

#define TRIES 3

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SKAD_US_PER_S + (uint64_t)now.tv_nsec / 1000;
}

/* Makes a proof, whatever comes out of it; false without memory. */
static bool prove(const skad_profile *profile)
{
    static const uint8_t public_key[SKAD_PUBLIC_KEY_BYTES] = {1};
    static const skad_puzzle_nonce nonce = {.epoch = 1};
    skad_id id;
    if (skad_node_id(public_key, profile->memory_kib, &id) != SKAD_OK) {
        return false;
    }
    (void)!skad_puzzle_dynamic_ok(&id, &nonce, profile->memory_kib, 1);
    return true;
}

bool skad_identity_cost_check(const skad_profile *profile, uint64_t most_us, skad_failure *failure)
{
    uint64_t took_us = UINT64_MAX;
    skad_crypto_init();
    for (unsigned i = 0; i < TRIES && took_us > most_us; i++) {
        const uint64_t before_us = now_us();
        if (!prove(profile)) {
            return skad_fail(failure,
                             "the network '%s' takes %" PRIu32
                             " KiB of memory to prove an identity, more than this process may use: "
                             "raise its limit, or choose a profile with less memory_kib",
                             profile->name, profile->memory_kib);
        }
        const uint64_t once_us = now_us() - before_us;
        took_us = once_us < took_us ? once_us : took_us;
    }
    return took_us <= most_us || skad_fail(failure,
                                           "proving an identity of the network '%s' takes %" PRIu64
                                           " ms on this machine, more than %" PRIu64
                                           " ms: choose a profile with less memory_kib",
                                           profile->name, (took_us + 999) / 1000, most_us / 1000);
}
