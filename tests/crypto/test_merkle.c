/* Batches of every size: each leaf climbs to the root, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <sodium.h>

#include "crypto/merkle.h"

static void make_leaves(uint8_t (*leaves)[SKAD_HASH_BYTES], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        memset(leaves[i], (int)(i + 1), SKAD_HASH_BYTES);
    }
}

static void depth_is_that_of_the_smallest_tree(void **state)
{
    (void)state;
    static const size_t depths[] = {0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4};
    for (size_t count = 1; count <= SKAD_MERKLE_LEAVES_MAX; count++) {
        assert_int_equal(skad_merkle_depth(count), depths[count - 1]);
    }
}

static void roots_match_an_independent_implementation(void **state)
{
    (void)state;
    static const struct {
        size_t count;
        const char *root;
    } cases[] = {
        {1, "0101010101010101010101010101010101010101010101010101010101010101"},
        {2, "52b5772a0251feb19c67ae0a002b9565fe6d90b68847edadd27dd87af615b6af"},
        {3, "ffd2e5e08765f5eb747c64ac2468f04ca369f9081a493c589d50143f741d7c9f"},
    };
    uint8_t leaves[3][SKAD_HASH_BYTES];
    make_leaves(leaves, 3);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_merkle tree;
        memset(&tree, 0xee, sizeof tree); /* leftovers of an earlier batch must not matter */
        skad_merkle_build(&tree, (const uint8_t(*)[SKAD_HASH_BYTES])leaves, cases[i].count);
        char text[2 * SKAD_HASH_BYTES + 1];
        sodium_bin2hex(text, sizeof text, skad_merkle_root(&tree), SKAD_HASH_BYTES);
        assert_string_equal(text, cases[i].root);
    }
}

static void every_leaf_of_every_batch_climbs_to_the_root(void **state)
{
    (void)state;
    uint8_t leaves[SKAD_MERKLE_LEAVES_MAX][SKAD_HASH_BYTES];
    make_leaves(leaves, SKAD_MERKLE_LEAVES_MAX);
    for (size_t count = 1; count <= SKAD_MERKLE_LEAVES_MAX; count++) {
        skad_merkle tree;
        skad_merkle_build(&tree, (const uint8_t(*)[SKAD_HASH_BYTES])leaves, count);
        for (size_t i = 0; i < count; i++) {
            uint8_t path[SKAD_MERKLE_DEPTH_MAX * SKAD_HASH_BYTES];
            uint8_t root[SKAD_HASH_BYTES];
            skad_merkle_path(&tree, i, path);
            skad_merkle_climb(leaves[i], i, path, tree.depth, root);
            assert_memory_equal(root, skad_merkle_root(&tree), sizeof root);
        }
    }
}

static void another_place_leaf_or_path_leads_elsewhere(void **state)
{
    (void)state;
    uint8_t leaves[SKAD_MERKLE_LEAVES_MAX][SKAD_HASH_BYTES];
    make_leaves(leaves, SKAD_MERKLE_LEAVES_MAX);
    skad_merkle tree;
    skad_merkle_build(&tree, (const uint8_t(*)[SKAD_HASH_BYTES])leaves, SKAD_MERKLE_LEAVES_MAX);
    uint8_t path[SKAD_MERKLE_DEPTH_MAX * SKAD_HASH_BYTES];
    uint8_t root[SKAD_HASH_BYTES];
    skad_merkle_path(&tree, 5, path);
    for (size_t index = 0; index < SKAD_MERKLE_LEAVES_MAX; index++) {
        skad_merkle_climb(leaves[5], index, path, tree.depth, root);
        assert_int_equal(memcmp(root, skad_merkle_root(&tree), sizeof root) == 0, index == 5);
    }
    for (size_t i = 0; i < sizeof path; i++) {
        path[i] ^= 1;
        skad_merkle_climb(leaves[5], 5, path, tree.depth, root);
        assert_memory_not_equal(root, skad_merkle_root(&tree), sizeof root);
        path[i] ^= 1;
    }
    for (size_t i = 0; i < SKAD_HASH_BYTES; i++) {
        leaves[5][i] ^= 1;
        skad_merkle_climb(leaves[5], 5, path, tree.depth, root);
        assert_memory_not_equal(root, skad_merkle_root(&tree), sizeof root);
        leaves[5][i] ^= 1;
    }
}

static void an_empty_path_leaves_the_leaf_as_it_is(void **state)
{
    (void)state;
    uint8_t leaf[SKAD_HASH_BYTES];
    uint8_t root[SKAD_HASH_BYTES];
    memset(leaf, 0x42, sizeof leaf);
    skad_merkle_climb(leaf, 0, NULL, 0, root);
    assert_memory_equal(root, leaf, sizeof root);
}

static void climbing_in_place_is_allowed(void **state)
{
    (void)state;
    uint8_t leaves[2][SKAD_HASH_BYTES];
    make_leaves(leaves, 2);
    skad_merkle tree;
    skad_merkle_build(&tree, (const uint8_t(*)[SKAD_HASH_BYTES])leaves, 2);
    uint8_t path[SKAD_HASH_BYTES];
    skad_merkle_path(&tree, 1, path);
    skad_merkle_climb(leaves[1], 1, path, 1, leaves[1]);
    assert_memory_equal(leaves[1], skad_merkle_root(&tree), SKAD_HASH_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depth_is_that_of_the_smallest_tree),
        cmocka_unit_test(roots_match_an_independent_implementation),
        cmocka_unit_test(every_leaf_of_every_batch_climbs_to_the_root),
        cmocka_unit_test(another_place_leaf_or_path_leads_elsewhere),
        cmocka_unit_test(an_empty_path_leaves_the_leaf_as_it_is),
        cmocka_unit_test(climbing_in_place_is_allowed),
    };
    return cmocka_run_group_tests_name("merkle", tests, NULL, NULL);
}
