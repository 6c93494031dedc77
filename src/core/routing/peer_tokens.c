#include "src/core/routing/peer_tokens.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/base/instant.h"

static skad_status allocate(skad_peer_tokens *tokens)
{
    tokens->places = calloc(tokens->count, sizeof *tokens->places);
    return tokens->places == NULL ? SKAD_ERR_MEMORY : SKAD_OK;
}

skad_status skad_peer_tokens_init(skad_peer_tokens *tokens, size_t count, bool later)
{
    *tokens = (skad_peer_tokens){.count = count};
    return later || count == 0 ? SKAD_OK : allocate(tokens);
}

void skad_peer_tokens_free(skad_peer_tokens *tokens)
{
    free(tokens->places);
    *tokens = (skad_peer_tokens){0};
}

/* Its place if it has one now; NULL if not. */
static skad_peer_token *held(const skad_peer_tokens *tokens, uint16_t endpoint)
{
    skad_peer_token *place =
        tokens->places == NULL ? NULL : &tokens->places[endpoint % tokens->count];
    return place != NULL && place->owner == endpoint + 1 ? place : NULL;
}

void skad_peer_tokens_keep(skad_peer_tokens *tokens, uint16_t endpoint,
                           const uint8_t token[static SKAD_TOKEN_BYTES], uint64_t now_us)
{
    if (tokens->count == 0 || (tokens->places == NULL && allocate(tokens) != SKAD_OK)) {
        return; /* the endpoint is asked as at first */
    }
    skad_peer_token *place = &tokens->places[endpoint % tokens->count];
    place->owner = (uint16_t)(endpoint + 1);
    place->granted_ms = skad_instant_ms(now_us);
    memcpy(place->token, token, SKAD_TOKEN_BYTES);
}

void skad_peer_tokens_forget(skad_peer_tokens *tokens, uint16_t endpoint)
{
    skad_peer_token *place = held(tokens, endpoint);
    if (place != NULL) {
        place->owner = 0;
    }
}

const uint8_t *skad_peer_tokens_fresh(const skad_peer_tokens *tokens, uint16_t endpoint,
                                      uint64_t now_us)
{
    const skad_peer_token *place = held(tokens, endpoint);
    bool fresh = place != NULL &&
                 skad_instant_ms(now_us) - place->granted_ms < SKAD_TOKEN_SLOT_US / SKAD_US_PER_MS;
    return fresh ? place->token : NULL;
}
