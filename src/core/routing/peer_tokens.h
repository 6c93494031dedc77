/* Tokens that peers granted us, each for one endpoint of one peer. They have a table of their own,
 * since they are good for minutes, and a node that asks little needs few.
 *
 * An endpoint has one slot. It shares the slot with others when there are fewer slots than two for
 * each peer. Then a later token replaces the earlier one, and the next request to that endpoint
 * carries no token, as the first did. Memory for the slots is there from the start, or comes in
 * steps as higher ones are used with lazy allocation: low numbers are those of low peers. */
#ifndef SKAD_ROUTING_PEER_TOKENS_H
#define SKAD_ROUTING_PEER_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/token.h"
#include "skad/status.h"
#include "src/core/base/instant.h"

typedef struct skad_peer_token {
    skad_instant granted; /* one that is 50 days old seems fresh, and is refused */
    uint16_t owner;       /* number of the endpoint, from 1 on; 0: free */
    uint8_t token[SKAD_TOKEN_BYTES];
} skad_peer_token;

typedef struct skad_peer_tokens {
    skad_peer_token *slots; /* NULL: none was needed yet */
    size_t count;
    size_t capacity; /* slots that there is memory for */
} skad_peer_tokens;

/* `later`: memory comes as it is needed. */
SKAD_MUST_CHECK skad_status skad_peer_tokens_init(skad_peer_tokens *tokens, size_t count,
                                                  bool later);
void skad_peer_tokens_free(skad_peer_tokens *tokens);

/* Keeps or forgets a token. An endpoint's number is 0..65534. */
void skad_peer_tokens_keep(skad_peer_tokens *tokens, uint16_t endpoint,
                           const uint8_t token[static SKAD_TOKEN_BYTES], uint64_t now_us);
void skad_peer_tokens_forget(skad_peer_tokens *tokens, uint16_t endpoint);

/* Ceases to show a token, but remembers it. */
void skad_peer_tokens_distrust(skad_peer_tokens *tokens, uint16_t endpoint, uint64_t now_us);

/* Returns a print of the token, shown or not: its first 32 bits; 0 if there is none. */
uint32_t skad_peer_tokens_print(const skad_peer_tokens *tokens, uint16_t endpoint);

/* Returns the token as long as it is surely valid, for one slot of the granter's clock; NULL if
 * there is none. */
const uint8_t *skad_peer_tokens_fresh(const skad_peer_tokens *tokens, uint16_t endpoint,
                                      uint64_t now_us);

#endif
