#include "src/sim/world/fingerprint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL /* short inputs gain most */
#include <xxhash.h>

#include "crypto/assert.h"
#include "crypto/tag.h"

void skad_sim_fingerprint_add(skad_sim_fingerprint *fingerprint, uint64_t now_us, uint32_t who,
                              skad_span datagram)
{
    uint64_t entry[5 + SKAD_TAG_BYTES / sizeof(uint64_t)] = {
        fingerprint->low, fingerprint->high, now_us, who, datagram.len,
    };
    SKAD_ASSERT(datagram.len >= SKAD_TAG_BYTES);
    memcpy(&entry[5], datagram.data, SKAD_TAG_BYTES);
    XXH128_hash_t hash = XXH3_128bits(entry, sizeof entry);
    fingerprint->low = hash.low64;
    fingerprint->high = hash.high64;
}

void skad_sim_fingerprint_text(const skad_sim_fingerprint *fingerprint,
                               char out[static SKAD_SIM_FINGERPRINT_BYTES])
{
    (void)snprintf(out, SKAD_SIM_FINGERPRINT_BYTES, "%016" PRIx64 "%016" PRIx64, fingerprint->high,
                   fingerprint->low);
}

bool skad_sim_fingerprint_read(const char *text, skad_sim_fingerprint *out)
{
    const size_t half = (SKAD_SIM_FINGERPRINT_BYTES - 1) / 2;
    char high[(SKAD_SIM_FINGERPRINT_BYTES + 1) / 2] = "";
    if (strlen(text) != 2 * half || strspn(text, "0123456789abcdef") != 2 * half) {
        return false;
    }
    memcpy(high, text, half);
    out->high = strtoull(high, NULL, 16);
    out->low = strtoull(text + half, NULL, 16);
    return true;
}
