/* The ID index against brute force. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "src/core/routing/distance.h"
#include "src/sim/base/prng.h"
#include "src/sim/world/id_index.h"

#define NODES 700

static skad_id ids[NODES];

static void make_index(skad_id_index *index, skad_prng *prng)
{
    skad_prng_init(prng, 3, 1);
    skad_id_index_init(index, NODES);
    for (uint32_t i = 0; i < NODES; i++) {
        ids[i] = skad_prng_id(prng);
        if (i % 7 == 0) { /* a crowd, as adversaries near a key make it */
            ids[i].bytes[0] = 0xab;
            ids[i].bytes[1] = 0xcd;
        }
        skad_id_index_add(index, &ids[i], i);
    }
    skad_id_index_sort(index);
}

static bool is_even(const void *user, uint32_t node)
{
    (void)user;
    return node % 2 == 0;
}

/* How many nodes that count are closer to a target than one of them. */
static size_t closer(uint64_t target, uint32_t node, bool even_only)
{
    size_t count = 0;
    for (uint32_t i = 0; i < NODES; i++) {
        bool counts = !even_only || i % 2 == 0;
        count +=
            counts && (skad_id_prefix(&ids[i]) ^ target) < (skad_id_prefix(&ids[node]) ^ target);
    }
    return count;
}

static void the_closest_are_those_that_brute_force_finds(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 16, 81, NODES, NODES + 5};
    skad_id_index index;
    skad_prng prng;
    make_index(&index, &prng);
    for (int round = 0; round < 200; round++) {
        uint32_t found[512];
        bool even_only = round % 2 == 1;
        skad_id_index_query query = {.target = skad_prng_next(&prng),
                                     .filter = even_only ? is_even : NULL,
                                     .max = sizes[round % 3]};
        if (round % 5 == 0) {
            query.target = query.target >> 16 | 0xabcdULL << 48;
        }
        size_t count = skad_id_index_closest(&index, &query, found);
        assert_int_equal(count, query.max);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(closer(query.target, found[i], even_only), i);
        }
    }
    skad_id_index_free(&index);
}

static bool is_nobody(const void *user, uint32_t node)
{
    (void)user;
    (void)node;
    return false;
}

static void where_fewer_count_than_wanted_all_of_them_are_found(void **state)
{
    (void)state;
    skad_id_index index;
    skad_prng prng;
    uint32_t found[512];
    make_index(&index, &prng);
    skad_id_index_query query = {.target = 1, .filter = is_even, .max = 512};
    assert_int_equal(skad_id_index_closest(&index, &query, found), NODES / 2);
    query.filter = is_nobody;
    assert_int_equal(skad_id_index_closest(&index, &query, found), 0);
    skad_id_index_free(&index);
}

static void a_prefix_has_the_nodes_that_begin_with_it(void **state)
{
    (void)state;
    skad_id_index index;
    skad_prng prng;
    make_index(&index, &prng);
    for (int round = 0; round < 300; round++) {
        uint64_t prefix = round % 3 == 0 ? UINT64_MAX : skad_prng_next(&prng);
        unsigned bits = (unsigned)skad_prng_below(&prng, 12);
        skad_id_index_range range = skad_id_index_prefixed(&index, prefix, bits);
        size_t wanted = 0;
        for (uint32_t i = 0; i < NODES; i++) {
            wanted += bits == 0 || (skad_id_prefix(&ids[i]) ^ prefix) >> (64 - bits) == 0;
        }
        assert_int_equal(range.to - range.from, wanted);
        for (size_t i = range.from; i < range.to; i++) {
            assert_true(bits == 0 || (index.prefixes[i] ^ prefix) >> (64 - bits) == 0);
        }
    }
    skad_id_index_free(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_closest_are_those_that_brute_force_finds),
        cmocka_unit_test(where_fewer_count_than_wanted_all_of_them_are_found),
        cmocka_unit_test(a_prefix_has_the_nodes_that_begin_with_it),
    };
    return cmocka_run_group_tests_name("sim id_index", tests, NULL, NULL);
}
