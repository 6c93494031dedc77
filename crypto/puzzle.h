/* The two crypto puzzles that price an identity (S/Kademlia, section 4.1). Solving is in solver.c,
 * behind skad/identity.h.
 *
 *    static   BLAKE2b("skad1 static", id)                      starts with c1 zero bits
 *    dynamic  Argon2id("skad1 dynamic", id || epoch || nonce)  starts with c2 zero bits
 *
 * epoch is 8 bytes, big-endian, nonce 8 bytes. The ID is itself a memory-hard hash of the key, so a
 * try at the static puzzle costs as much as one at the dynamic puzzle, while checking the name of a
 * node costs one plain hash. c1 is the price of choosing where an ID lies, c2 the price of each ID.
 * The epoch turns the price of an ID into a running cost, which the paper's puzzle does not. */
#ifndef SKAD_CRYPTO_PUZZLE_H
#define SKAD_CRYPTO_PUZZLE_H

#include <stdbool.h>

#include "skad/identity.h"
#include "skad/types.h"

/* Whether the ID satisfies the static puzzle with `bits` (0..255) zero bits. */
SKAD_MUST_CHECK bool skad_puzzle_static_ok(const skad_id *id, unsigned bits);

/* Whether the nonce satisfies the dynamic puzzle of its epoch for this ID with `bits` zero bits and
 * so much memory; false, too, where there is no memory to find out. */
SKAD_MUST_CHECK bool skad_puzzle_dynamic_ok(const skad_id *id, const skad_puzzle_nonce *nonce,
                                            uint32_t memory_kib, unsigned bits);

#endif
