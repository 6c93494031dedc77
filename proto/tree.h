/* Files as trees of immutable records. proto/PROTOCOL.md, "Files".
 *
 * A file of at most SKAD_TREE_INLINE_BYTES_MAX bytes is one record, its root: [0, size, data]. A
 * larger one is cut into pieces of SKAD_PIECE_BYTES (the last one shorter), each an immutable value
 * of its own. Their keys fill nodes of level 1, the keys of those fill nodes of level 2, and so on
 * up to one root: [level, bytes below, keys]. The size determines the shape: each node except the
 * last of its level is full, so a reader knows from the root how many keys each node must have, and
 * a forged tree is refused at the first node that differs. */
#ifndef SKAD_PROTO_TREE_H
#define SKAD_PROTO_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/limits.h"

#define SKAD_PIECE_BYTES           SKAD_VALUE_BYTES_MAX
#define SKAD_TREE_FANOUT           30 /* 30 keys of 32 bytes and 14 of header are 974 <= 1000 bytes */
#define SKAD_TREE_LEVEL_MAX        7
#define SKAD_TREE_INLINE_BYTES_MAX 992 /* 1000 less array 1, level 1, size 3, bin header 3 */
/* 30^7 pieces of 1000 bytes: 21.87 terabytes. */
#define SKAD_FILE_BYTES_MAX 21870000000000ULL

typedef struct skad_tree_node {
    uint8_t level;  /* 0: data itself; n: keys of level n-1 nodes, where level 1 lists pieces */
    uint64_t size;  /* bytes of the file below this node */
    skad_span data; /* level 0 */
    size_t keys_count;
    const uint8_t *keys; /* keys_count * SKAD_ID_BYTES, borrowed */
} skad_tree_node;

/* Returns the level of the root for a file of `size` bytes. */
unsigned skad_tree_level(uint64_t size);

/* Returns the bytes below a full node of this level; level 0 means one piece here. */
uint64_t skad_tree_capacity(unsigned level);

/* Returns how many keys a node of this level with `size` bytes below it must have; level >= 1. */
size_t skad_tree_keys(unsigned level, uint64_t size);

/* Encode a node. Return the length (at most SKAD_VALUE_BYTES_MAX), 0 when out of limits. */
size_t skad_tree_encode_inline(const uint8_t *data, size_t len, uint8_t *out, size_t cap);
size_t skad_tree_encode_node(unsigned level, uint64_t size, const skad_id *keys, size_t keys_count,
                             uint8_t *out, size_t cap);

/* Decodes strictly. Refuses a level beyond the maximum, a size that this level cannot hold (or, for
 * a root, that a lower one could), and a number of keys other than the size demands. is_root: apply
 * the rule for roots. */
SKAD_MUST_CHECK bool skad_tree_decode(const uint8_t *data, size_t len, bool is_root,
                                      skad_tree_node *out);

#endif
