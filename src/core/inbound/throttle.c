#include "src/core/inbound/throttle.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "src/core/base/rate.h"

skad_status skad_throttle_init(skad_throttle *throttle, size_t meters,
                               const skad_rate rates[static SKAD_RATE_LEVELS],
                               const uint8_t hash_key[static SKAD_TABLE_KEY_BYTES])
{
    SKAD_ASSERT(meters >= SKAD_THROTTLE_WAYS && (meters & (meters - 1)) == 0);
    *throttle = (skad_throttle){.mask = meters / SKAD_THROTTLE_WAYS - 1};
    memcpy(throttle->rates, rates, sizeof throttle->rates);
    memcpy(throttle->hash_key, hash_key, sizeof throttle->hash_key);
    throttle->meters = calloc(meters, sizeof *throttle->meters);
    return throttle->meters == NULL ? SKAD_ERR_MEMORY : SKAD_OK;
}

void skad_throttle_free(skad_throttle *throttle)
{
    free(throttle->meters);
    *throttle = (skad_throttle){0};
}

/* Bytes of the address that make the prefix of a level. */
static size_t prefix_bytes(uint8_t family, size_t level)
{
    static const uint8_t ipv4[SKAD_RATE_LEVELS] = {4, 3, 2};
    static const uint8_t ipv6[SKAD_RATE_LEVELS] = {8, 7, 6};
    return family == SKAD_FAMILY_IPV4 ? ipv4[level] : ipv6[level];
}

static uint64_t fingerprint(const skad_throttle *throttle, const skad_address *source, size_t level)
{
    uint8_t input[2 + 8] = {source->family, (uint8_t)level};
    memcpy(input + 2, source->ip, prefix_bytes(source->family, level));
    uint64_t print = skad_table_hash(throttle->hash_key, input, sizeof input);
    return print == 0 ? 1 : print;
}

static skad_meter *set_of(const skad_throttle *throttle, uint64_t owner)
{
    return &throttle->meters[(owner & throttle->mask) * SKAD_THROTTLE_WAYS];
}

/* The meter of a prefix, taken over from another where it has none. */
static skad_meter *find_meter(const skad_throttle *throttle, uint64_t owner)
{
    skad_meter *set = set_of(throttle, owner);
    skad_meter *emptiest = set;
    for (size_t i = 0; i < SKAD_THROTTLE_WAYS; i++) {
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

bool skad_throttle_exhausted(const skad_throttle *throttle, const skad_address *source,
                             uint64_t now_us)
{
    for (size_t level = 0; level < SKAD_RATE_LEVELS; level++) {
        const skad_rate *rate = &throttle->rates[level];
        if (rate->per_s == 0) {
            continue;
        }
        const uint64_t owner = fingerprint(throttle, source, level);
        const skad_meter *set = set_of(throttle, owner);
        for (size_t i = 0; i < SKAD_THROTTLE_WAYS; i++) {
            if (set[i].owner == owner && !skad_rate_has_room(rate, set[i].until_us, now_us)) {
                return true;
            }
        }
    }
    return false;
}

bool skad_throttle_allows(skad_throttle *throttle, const skad_address *source, uint64_t now_us)
{
    skad_meter *meters[SKAD_RATE_LEVELS] = {NULL};
    for (size_t level = 0; level < SKAD_RATE_LEVELS; level++) {
        const skad_rate *rate = &throttle->rates[level];
        if (rate->per_s == 0) {
            continue;
        }
        meters[level] = find_meter(throttle, fingerprint(throttle, source, level));
        if (!skad_rate_has_room(rate, meters[level]->until_us, now_us)) {
            return false;
        }
    }
    for (size_t level = 0; level < SKAD_RATE_LEVELS; level++) {
        if (meters[level] != NULL) {
            skad_rate_charge(&throttle->rates[level], 1, &meters[level]->until_us, now_us);
        }
    }
    return true;
}
