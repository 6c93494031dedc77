#include "src/sim/world/fingerprint.h"

#include <inttypes.h>
#include <stdio.h>
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
    return strlen(text) == SKAD_SIM_FINGERPRINT_BYTES - 1 &&
           strspn(text, "0123456789abcdef") == SKAD_SIM_FINGERPRINT_BYTES - 1 &&
           sscanf(text, "%16" SCNx64 "%16" SCNx64, &out->high, &out->low) == 2;
}
