/* Merkle trees in heap order: node i has the children 2i and 2i+1, and the leaves begin at
 * 2^depth. At most 15 hashes build a tree, at most 4 climb it. */
#include "crypto/merkle.h"

#include <string.h>

#include "crypto/assert.h"

static void branch(const uint8_t left[static SKAD_HASH_BYTES],
                   const uint8_t right[static SKAD_HASH_BYTES],
                   uint8_t parent[static SKAD_HASH_BYTES])
{
    const skad_span children[] = {{left, SKAD_HASH_BYTES}, {right, SKAD_HASH_BYTES}};
    skad_hash(SKAD_HASH_BRANCH, NULL, children, 2, parent, SKAD_HASH_BYTES);
}

size_t skad_merkle_depth(size_t count)
{
    SKAD_ASSERT(count >= 1 && count <= SKAD_MERKLE_LEAVES_MAX);
    size_t depth = 0;
    while (((size_t)1 << depth) < count) {
        depth++;
    }
    return depth;
}

void skad_merkle_build(skad_merkle *tree, const uint8_t (*leaves)[SKAD_HASH_BYTES], size_t count)
{
    tree->depth = skad_merkle_depth(count);
    size_t width = (size_t)1 << tree->depth;
    memcpy(tree->nodes[width], leaves, count * SKAD_HASH_BYTES);
    memset(tree->nodes + width + count, 0, (width - count) * SKAD_HASH_BYTES);
    for (size_t i = width - 1; i >= 1; i--) {
        branch(tree->nodes[2 * i], tree->nodes[2 * i + 1], tree->nodes[i]);
    }
}

const uint8_t *skad_merkle_root(const skad_merkle *tree)
{
    return tree->nodes[1];
}

void skad_merkle_path(const skad_merkle *tree, size_t index, uint8_t *path)
{
    size_t width = (size_t)1 << tree->depth;
    SKAD_ASSERT(index < width);
    for (size_t node = width + index; node > 1; node /= 2) {
        memcpy(path, tree->nodes[node ^ 1], SKAD_HASH_BYTES);
        path += SKAD_HASH_BYTES;
    }
}

void skad_merkle_climb(const uint8_t leaf[static SKAD_HASH_BYTES], size_t index,
                       const uint8_t *path, size_t depth, uint8_t root[static SKAD_HASH_BYTES])
{
    SKAD_ASSERT(depth <= SKAD_MERKLE_DEPTH_MAX && index >> depth == 0);
    uint8_t node[SKAD_HASH_BYTES];
    memcpy(node, leaf, sizeof node);
    for (size_t level = 0; level < depth; level++) {
        const uint8_t *sibling = path + level * SKAD_HASH_BYTES;
        if ((index >> level & 1) == 0) {
            branch(node, sibling, node);
        } else {
            branch(sibling, node, node);
        }
    }
    memcpy(root, node, sizeof node);
}
