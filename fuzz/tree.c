/* Nodes of file trees, as roots and below: an accepted node gives the same bytes when it is encoded
 * again. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/tree.h"

static void check(const uint8_t *data, size_t len, const skad_tree_node *node)
{
    static skad_id keys[SKAD_TREE_FANOUT];
    uint8_t again[SKAD_VALUE_BYTES_MAX];
    size_t written;
    if (node->level == 0) {
        FUZZ_REQUIRE(node->size == node->data.len);
        written = skad_tree_encode_inline(node->data.data, node->data.len, again, sizeof again);
    } else {
        FUZZ_REQUIRE(node->level <= SKAD_TREE_LEVEL_MAX);
        FUZZ_REQUIRE(node->keys_count >= 1 && node->keys_count <= SKAD_TREE_FANOUT);
        memcpy(keys, node->keys, node->keys_count * SKAD_ID_BYTES);
        written = skad_tree_encode_node(node->level, node->size, keys, node->keys_count, again,
                                        sizeof again);
    }
    FUZZ_REQUIRE(written == len && memcmp(again, data, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    skad_tree_node node;
    if (skad_tree_decode(data, len, false, &node)) {
        FUZZ_REQUIRE(node.level > 0);
        check(data, len, &node);
    }
    if (skad_tree_decode(data, len, true, &node)) {
        FUZZ_REQUIRE(skad_tree_level(node.size) == node.level);
        check(data, len, &node);
    }
    return 0;
}
