#include "src/core/inbound/rate_limiter.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "src/core/base/rate.h"

skad_status skad_rate_limiter_init(skad_rate_limiter *limiter, size_t cells,
                                   const skad_rate rates[static SKAD_RATE_LEVELS],
                                   const uint8_t hash_key[static SKAD_TABLE_KEY_BYTES])
{
    SKAD_ASSERT(cells >= SKAD_RATE_LIMITER_WAYS && (cells & (cells - 1)) == 0);
    *limiter = (skad_rate_limiter){.mask = cells / SKAD_RATE_LIMITER_WAYS - 1};
    memcpy(limiter->rates, rates, sizeof limiter->rates);
    memcpy(limiter->hash_key, hash_key, sizeof limiter->hash_key);
    limiter->cells = calloc(cells, sizeof *limiter->cells);
    return limiter->cells == NULL ? SKAD_ERR_MEMORY : SKAD_OK;
}

void skad_rate_limiter_free(skad_rate_limiter *limiter)
{
    free(limiter->cells);
    *limiter = (skad_rate_limiter){0};
}

/* Returns how many bytes of the address form the prefix of a level. */
static size_t prefix_bytes(uint8_t family, size_t level)
{
    static const uint8_t ipv4[SKAD_RATE_LEVELS] = {4, 3, 2};
    static const uint8_t ipv6[SKAD_RATE_LEVELS] = {8, 7, 6};
    return family == SKAD_FAMILY_IPV4 ? ipv4[level] : ipv6[level];
}

static uint64_t fingerprint(const skad_rate_limiter *limiter, const skad_address *source,
                            size_t level)
{
    uint8_t input[2 + 8] = {source->family, (uint8_t)level};
    memcpy(input + 2, source->ip, prefix_bytes(source->family, level));
    uint64_t hash = skad_table_hash(limiter->hash_key, input, sizeof input);
    return hash == 0 ? 1 : hash;
}

static skad_rate_cell *set_of(const skad_rate_limiter *limiter, uint64_t owner)
{
    return &limiter->cells[(owner & limiter->mask) * SKAD_RATE_LIMITER_WAYS];
}

/* Returns the cell of a prefix. A prefix without one takes over another's. */
static skad_rate_cell *find_cell(const skad_rate_limiter *limiter, uint64_t owner)
{
    skad_rate_cell *set = set_of(limiter, owner);
    skad_rate_cell *emptiest = set;
    for (size_t i = 0; i < SKAD_RATE_LIMITER_WAYS; i++) {
        if (set[i].owner == owner) {
            return &set[i];
        }
        if (set[i].until_us < emptiest->until_us) {
            emptiest = &set[i];
        }
    }
    emptiest->owner = owner;
    return emptiest;
}

bool skad_rate_limiter_exhausted(const skad_rate_limiter *limiter, const skad_address *source,
                                 uint64_t now_us)
{
    for (size_t level = 0; level < SKAD_RATE_LEVELS; level++) {
        const skad_rate *rate = &limiter->rates[level];
        if (rate->per_s == 0) {
            continue;
        }
        const uint64_t owner = fingerprint(limiter, source, level);
        const skad_rate_cell *set = set_of(limiter, owner);
        for (size_t i = 0; i < SKAD_RATE_LIMITER_WAYS; i++) {
            if (set[i].owner == owner && !skad_rate_has_room(rate, set[i].until_us, now_us)) {
                return true;
            }
        }
    }
    return false;
}

bool skad_rate_limiter_allows(skad_rate_limiter *limiter, const skad_address *source,
                              uint64_t now_us)
{
    skad_rate_cell *cells[SKAD_RATE_LEVELS] = {NULL};
    for (size_t level = 0; level < SKAD_RATE_LEVELS; level++) {
        const skad_rate *rate = &limiter->rates[level];
        if (rate->per_s == 0) {
            continue;
        }
        cells[level] = find_cell(limiter, fingerprint(limiter, source, level));
        if (!skad_rate_has_room(rate, cells[level]->until_us, now_us)) {
            return false;
        }
    }
    for (size_t level = 0; level < SKAD_RATE_LEVELS; level++) {
        if (cells[level] != NULL) {
            skad_rate_charge(&limiter->rates[level], 1, &cells[level]->until_us, now_us);
        }
    }
    return true;
}
