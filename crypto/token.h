/* Address tokens: a stateless proof that a peer receives what is sent to its address (as QUIC's
 * Retry tokens, BEP 5's write tokens, WireGuard's cookies).
 *
 *    token = BLAKE2b-128(key = our secret, "skad1 token", family || port || ip || id || slot)
 *
 * The slot is our own monotonic clock divided by SKAD_TOKEN_SLOT_US. The current and the previous
 * slot are accepted, so a token lives between one and two slots, and no wall clock is involved. A
 * slot is longer than the longest time between two liveness checks of a peer (forty minutes and
 * thirty), so that peers that know each other always hold a token: to replace it costs no datagram,
 * and no spoofed flood comes between them. */
#ifndef SKAD_CRYPTO_TOKEN_H
#define SKAD_CRYPTO_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/status.h"
#include "skad/types.h"

#define SKAD_TOKEN_BYTES     16
#define SKAD_TOKEN_KEY_BYTES 32
#define SKAD_TOKEN_SLOT_US   (2400ULL * SKAD_US_PER_S) /* see there */

/* Makes the token for a peer at an address, at our monotonic time. */
void skad_token_make(const uint8_t key[static SKAD_TOKEN_KEY_BYTES], const skad_address *address,
                     const skad_id *id, uint64_t mono_us, uint8_t out[static SKAD_TOKEN_BYTES]);

/* Whether a token that a peer shows was made for it, at this address, in this slot or the one
 * before. Compares in constant time. */
SKAD_MUST_CHECK bool skad_token_ok(const uint8_t key[static SKAD_TOKEN_KEY_BYTES],
                                   const skad_address *address, const skad_id *id, uint64_t mono_us,
                                   const uint8_t token[static SKAD_TOKEN_BYTES]);

#endif
