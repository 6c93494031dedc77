#include "src/core/routing/peer_tokens.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/base/instant.h"

#define STEP 16 /* slots that lazy allocation adds at once */

/* Makes room for so many slots, in whole steps. Returns false without memory. */
static bool reserve(skad_peer_tokens *tokens, size_t needed)
{
    if (needed <= tokens->capacity) {
        return true;
    }
    size_t capacity = (needed + STEP - 1) / STEP * STEP;
    capacity = capacity < tokens->count ? capacity : tokens->count;
    skad_peer_token *larger = reallocarray(tokens->slots, capacity, sizeof *larger);
    if (larger == NULL) {
        return false;
    }
    memset(&larger[tokens->capacity], 0, (capacity - tokens->capacity) * sizeof *larger);
    tokens->slots = larger;
    tokens->capacity = capacity;
    return true;
}

skad_status skad_peer_tokens_init(skad_peer_tokens *tokens, size_t count, bool later)
{
    *tokens = (skad_peer_tokens){.count = count};
    return later || reserve(tokens, count) ? SKAD_OK : SKAD_ERR_MEMORY;
}

void skad_peer_tokens_free(skad_peer_tokens *tokens)
{
    free(tokens->slots);
    *tokens = (skad_peer_tokens){0};
}

/* Returns the endpoint's slot if it has one now; NULL if not. */
static skad_peer_token *held(const skad_peer_tokens *tokens, uint16_t endpoint)
{
    size_t index = tokens->count == 0 ? 0 : endpoint % tokens->count;
    skad_peer_token *slot = index < tokens->capacity ? &tokens->slots[index] : NULL;
    return slot != NULL && slot->owner == endpoint + 1 ? slot : NULL;
}

void skad_peer_tokens_keep(skad_peer_tokens *tokens, uint16_t endpoint,
                           const uint8_t token[static SKAD_TOKEN_BYTES], uint64_t now_us)
{
    size_t index = tokens->count == 0 ? 0 : endpoint % tokens->count;
    if (tokens->count == 0 || !reserve(tokens, index + 1)) {
        return; /* the next request to the endpoint carries no token */
    }
    skad_peer_token *slot = &tokens->slots[index];
    slot->owner = (uint16_t)(endpoint + 1);
    slot->granted = skad_instant_at(now_us);
    memcpy(slot->token, token, SKAD_TOKEN_BYTES);
}

void skad_peer_tokens_forget(skad_peer_tokens *tokens, uint16_t endpoint)
{
    skad_peer_token *slot = held(tokens, endpoint);
    if (slot != NULL) {
        slot->owner = 0;
    }
}

void skad_peer_tokens_distrust(skad_peer_tokens *tokens, uint16_t endpoint, uint64_t now_us)
{
    skad_peer_token *slot = held(tokens, endpoint);
    if (slot != NULL) {
        slot->granted.ms =
            skad_instant_at(now_us).ms - (uint32_t)(SKAD_TOKEN_SLOT_US / SKAD_US_PER_MS);
    }
}

uint32_t skad_peer_tokens_print(const skad_peer_tokens *tokens, uint16_t endpoint)
{
    const skad_peer_token *slot = held(tokens, endpoint);
    uint32_t print = 0;
    if (slot != NULL) {
        memcpy(&print, slot->token, sizeof print);
    }
    return print;
}

const uint8_t *skad_peer_tokens_fresh(const skad_peer_tokens *tokens, uint16_t endpoint,
                                      uint64_t now_us)
{
    const skad_peer_token *slot = held(tokens, endpoint);
    bool fresh = slot != NULL &&
                 skad_instant_since_ms(slot->granted, now_us) < SKAD_TOKEN_SLOT_US / SKAD_US_PER_MS;
    return fresh ? slot->token : NULL;
}
