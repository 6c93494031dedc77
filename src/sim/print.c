#include "src/sim/print.h"

#include <inttypes.h>
#include <stdio.h>

#define XXH_INLINE_ALL /* short inputs gain most */
#include <xxhash.h>

void skad_sim_print_add(skad_sim_print *print, uint64_t now_us, uint32_t who, skad_span bytes)
{
    /* The past goes in as the seed, when and who as a block of their own. */
    const uint64_t front[] = {print->high, now_us, who, bytes.len};
    uint64_t seed = XXH3_64bits_withSeed(front, sizeof front, print->low);
    XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data, bytes.len, seed);
    print->low = hash.low64;
    print->high = hash.high64;
}

void skad_sim_print_text(const skad_sim_print *print, char out[static SKAD_SIM_PRINT_TEXT_BYTES])
{
    (void)snprintf(out, SKAD_SIM_PRINT_TEXT_BYTES, "%016" PRIx64 "%016" PRIx64, print->high,
                   print->low);
}
