/* The shape of file trees, and the encoding of their nodes: [level, size, data or keys]. */
#include "proto/tree.h"

#include <string.h>

#include "crypto/assert.h"
#include "proto/reader.h"
#include "proto/writer.h"

#define TREE_NODE_ELEMENTS 3
#define TREE_NODE_ITEMS    (1 + TREE_NODE_ELEMENTS)

_Static_assert(SKAD_FIXARRAY + SKAD_FIXINT + 3 + SKAD_BIN16(SKAD_TREE_INLINE_BYTES_MAX) ==
                   SKAD_VALUE_BYTES_MAX,
               "an inline root fills an immutable value");
_Static_assert(SKAD_FIXARRAY + SKAD_FIXINT + SKAD_UINT64_BYTES_MAX +
                       SKAD_BIN16(SKAD_TREE_FANOUT * SKAD_ID_BYTES) <=
                   SKAD_VALUE_BYTES_MAX,
               "a full node fits an immutable value");

unsigned skad_tree_level(uint64_t size)
{
    unsigned level = 1;

    if (size <= SKAD_TREE_INLINE_BYTES_MAX) {
        return 0;
    }
    while (level <= SKAD_TREE_LEVEL_MAX && skad_tree_capacity(level) < size) {
        level++;
    }
    return level;
}

uint64_t skad_tree_capacity(unsigned level)
{
    uint64_t capacity = SKAD_PIECE_BYTES;

    SKAD_ASSERT(level <= SKAD_TREE_LEVEL_MAX);
    for (unsigned i = 0; i < level; i++) {
        capacity *= SKAD_TREE_FANOUT;
    }
    return capacity;
}

size_t skad_tree_keys(unsigned level, uint64_t size)
{
    SKAD_ASSERT(level >= 1);
    uint64_t child = skad_tree_capacity(level - 1);
    return (size_t)(size / child + (size % child != 0));
}

size_t skad_tree_encode_inline(const uint8_t *data, size_t len, uint8_t *out, size_t cap)
{
    skad_writer writer;

    if (len > SKAD_TREE_INLINE_BYTES_MAX) {
        return 0;
    }
    skad_writer_init(&writer, out, cap);
    skad_write_array(&writer, TREE_NODE_ELEMENTS);
    skad_write_uint(&writer, 0);
    skad_write_uint(&writer, len);
    skad_write_bin(&writer, data, len);
    return writer.overflow ? 0 : writer.len;
}

size_t skad_tree_encode_node(unsigned level, uint64_t size, const skad_id *keys, size_t keys_count,
                             uint8_t *out, size_t cap)
{
    skad_writer writer;

    if (level < 1 || level > SKAD_TREE_LEVEL_MAX || size < 1 || size > skad_tree_capacity(level) ||
        keys_count != skad_tree_keys(level, size)) {
        return 0;
    }
    skad_writer_init(&writer, out, cap);
    skad_write_array(&writer, TREE_NODE_ELEMENTS);
    skad_write_uint(&writer, level);
    skad_write_uint(&writer, size);
    skad_write_bin(&writer, keys[0].bytes, keys_count * SKAD_ID_BYTES);
    return writer.overflow ? 0 : writer.len;
}

/* Whether a level-0 node is a valid root with its file inside; pieces below level 1 are bare
 * values, not nodes. */
static bool fits_inline(const skad_tree_node *node, skad_span data, bool is_root)
{
    return is_root && node->size == data.len && data.len <= SKAD_TREE_INLINE_BYTES_MAX;
}

static bool fits_keys(const skad_tree_node *node, skad_span keys, bool is_root)
{
    if (node->size < 1 || node->size > skad_tree_capacity(node->level) ||
        (is_root && skad_tree_level(node->size) != node->level)) {
        return false;
    }
    return keys.len == skad_tree_keys(node->level, node->size) * SKAD_ID_BYTES;
}

bool skad_tree_decode(const uint8_t *data, size_t len, bool is_root, skad_tree_node *out)
{
    skad_item items[TREE_NODE_ITEMS];
    size_t count;
    size_t consumed;
    skad_reader reader;

    if (len > SKAD_VALUE_BYTES_MAX || skad_cut(data, len, SKAD_CUT_STRICT, items, TREE_NODE_ITEMS,
                                               &count, &consumed) != SKAD_CUT_OK) {
        return false;
    }
    memset(out, 0, sizeof *out);
    skad_reader_init(&reader, items, count);
    skad_read_array(&reader, TREE_NODE_ELEMENTS, TREE_NODE_ELEMENTS);
    out->level = (uint8_t)skad_read_uint(&reader, SKAD_TREE_LEVEL_MAX);
    out->size = skad_read_uint(&reader, SKAD_FILE_BYTES_MAX);
    skad_span payload = skad_read_bin(&reader, 0, SKAD_VALUE_BYTES_MAX);
    if (!skad_reader_done(&reader)) {
        return false;
    }
    if (out->level == 0) {
        out->data = payload;
        return fits_inline(out, payload, is_root);
    }
    out->keys = payload.data;
    out->keys_count = payload.len / SKAD_ID_BYTES;
    return fits_keys(out, payload, is_root);
}
