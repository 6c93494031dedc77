/* The two crypto puzzles that price an identity (S/Kademlia, section 4.1), checked in constant
 * time. Solving is in solver.c, behind skad/identity.h.
 *
 *    static   BLAKE2b("skad1 static", id)                      starts with c1 zero bits
 *    dynamic  BLAKE2b("skad1 dynamic", (id xor X) || epoch)    starts with c2 zero bits
 *
 * X is the 8-byte nonce, xored into the last 8 bytes of the ID; epoch is 8 bytes, big-endian. c1 is
 * the price of choosing where an ID lies, c2 the price of each ID. The epoch turns the price of an
 * ID into a running cost, which the paper's puzzle does not. */
#ifndef SKAD_CRYPTO_PUZZLE_H
#define SKAD_CRYPTO_PUZZLE_H

#include <stdbool.h>

#include "skad/identity.h"
#include "skad/types.h"

/* Whether the ID satisfies the static puzzle with `bits` (0..255) zero bits. */
SKAD_MUST_CHECK bool skad_puzzle_static_ok(const skad_id *id, unsigned bits);

/* Whether the nonce satisfies the dynamic puzzle of its epoch for this ID. */
SKAD_MUST_CHECK bool skad_puzzle_dynamic_ok(const skad_id *id, const skad_puzzle_nonce *nonce,
                                            unsigned bits);

#endif
