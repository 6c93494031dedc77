/* Merkle trees over the digests of datagrams that are signed together (as Roughtime signs replies).
 *
 * A tree has 2^depth leaves; missing ones are filled with zero digests, which no leaf hash can
 * equal. parent = BLAKE2b("skad1 branch", left || right); leaves have their own domain, so a branch
 * never passes for a leaf. A path lists the siblings from the leaf upwards. Bit i of the index says
 * on which side: 0, we are the left child at level i; 1, the right. A tree of depth 0 is the plain
 * case: the root is the leaf itself and the path is empty. */
#ifndef SKAD_CRYPTO_MERKLE_H
#define SKAD_CRYPTO_MERKLE_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"

#define SKAD_MERKLE_DEPTH_MAX  4 /* 16 datagrams under one signature; 4 * 32 bytes of path each */
#define SKAD_MERKLE_LEAVES_MAX (1 << SKAD_MERKLE_DEPTH_MAX)

typedef struct skad_merkle {
    size_t depth; /* 0..SKAD_MERKLE_DEPTH_MAX */
    /* nodes[1] is the root, nodes[i]'s children are nodes[2i] and nodes[2i+1]. */
    uint8_t nodes[2 * SKAD_MERKLE_LEAVES_MAX][SKAD_HASH_BYTES];
} skad_merkle;

/* Returns the depth of the smallest tree for `count` leaves, 1 <= count
 * <= SKAD_MERKLE_LEAVES_MAX. */
size_t skad_merkle_depth(size_t count);

void skad_merkle_build(skad_merkle *tree, const uint8_t (*leaves)[SKAD_HASH_BYTES], size_t count);

const uint8_t *skad_merkle_root(const skad_merkle *tree);

/* Writes the path of a leaf: depth * SKAD_HASH_BYTES bytes. */
void skad_merkle_path(const skad_merkle *tree, size_t index, uint8_t *path);

/* Computes the root to which a leaf and its path lead; index < 2^depth. */
void skad_merkle_climb(const uint8_t leaf[static SKAD_HASH_BYTES], size_t index,
                       const uint8_t *path, size_t depth, uint8_t root[static SKAD_HASH_BYTES]);

#endif
