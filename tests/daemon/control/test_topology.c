/* Peers in use, connected ones, and up to which proximity order they are enough. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/daemon/control/topology.h"

#define K        16
#define ROWS_MAX 4096

static skad_table_row rows[ROWS_MAX];
static size_t count;

static int begin(void **state)
{
    (void)state;
    count = 0;
    return 0;
}

static skad_table_row *add(uint16_t order, size_t peers)
{
    for (size_t i = 0; i < peers; i++) {
        assert_true(count < ROWS_MAX);
        rows[count++] = (skad_table_row){.order = order, .bucket = order};
    }
    return &rows[count - peers];
}

static skad_topology topology(unsigned region_bits)
{
    skad_topology out;
    skad_topology_take(rows, count, K, region_bits, &out);
    return out;
}

static void an_empty_table_has_nothing(void **state)
{
    (void)state;
    skad_topology out;
    skad_topology_take(NULL, 0, K, 0, &out);
    assert_int_equal(out.population, 0);
    assert_int_equal(out.connected, 0);
    assert_int_equal(out.connected_depth, 0);
    assert_int_equal(topology(60).connected_depth, 0);
}

static void one_peer_makes_no_depth(void **state)
{
    (void)state;
    static const uint16_t orders[] = {0, 1, 63, 255, 256};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        count = 0;
        add(orders[i], 1);
        assert_int_equal(topology(60).population, 1);
        assert_int_equal(topology(60).connected, 1);
        assert_int_equal(topology(60).connected_depth, 0);
    }
}

static void who_left_a_request_unanswered_is_not_connected(void **state)
{
    (void)state;
    static const uint8_t failures[] = {0, 1, 2, 3, 127};
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        add(0, 1)->failures = failures[i];
    }
    assert_int_equal(topology(0).population, 5);
    assert_int_equal(topology(0).connected, 1);
}

static void replacements_are_not_in_use_unless_they_are_siblings(void **state)
{
    (void)state;
    add(0, 1)->replacement = true;
    assert_int_equal(topology(0).population, 0);
    assert_int_equal(topology(0).connected, 0);
    add(3, 1)->sibling = true;
    skad_table_row *both = add(3, 1);
    both->sibling = true;
    both->replacement = true;
    assert_int_equal(topology(0).population, 2);
    assert_int_equal(topology(0).connected, 2);
}

static void full_bins_reach_to_our_region_and_no_farther(void **state)
{
    (void)state;
    for (uint16_t order = 0; order < 8; order++) {
        add(order, K);
    }
    for (unsigned bits = 0; bits <= 7; bits++) {
        assert_int_equal(topology(bits).connected_depth, bits);
    }
    assert_int_equal(topology(60).connected_depth, 7); /* beyond are no neighbours */
    assert_int_equal(topology(3).population, 8 * K);
    assert_int_equal(topology(3).connected, 8 * K);
}

static void a_quarter_of_k_is_enough_and_one_less_is_a_gap(void **state)
{
    (void)state;
    add(0, K);
    skad_table_row *few = add(1, K / 4);
    add(2, K);
    add(3, K);
    assert_int_equal(topology(3).connected_depth, 3);
    few->failures = 1;
    assert_int_equal(topology(3).connected_depth, 1);
    few->failures = 0;
    few->replacement = true;
    assert_int_equal(topology(3).connected_depth, 1);
    count = 0;
    add(1, K);
    add(2, K);
    assert_int_equal(topology(2).connected_depth, 0); /* the first is empty */
}

static void three_connected_peers_are_a_neighbourhood(void **state)
{
    (void)state;
    add(0, K);
    add(1, K);
    add(2, K);
    skad_table_row *near = add(9, 3);
    assert_int_equal(topology(3).connected_depth, 3);
    near->failures = 1;
    assert_int_equal(topology(3).connected_depth, 2);
}

static void enough_is_never_nothing(void **state)
{
    (void)state;
    static const struct {
        size_t k;
        size_t enough;
    } cases[] = {{0, 1}, {1, 1}, {3, 1}, {4, 1}, {7, 1}, {8, 2}, {16, 4}, {20, 5}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(skad_topology_enough(cases[i].k), cases[i].enough);
    }
}

/* As no table has them: a full bin at each order that an ID of 256 bits allows. */
static void bins_of_all_256_orders_are_counted(void **state)
{
    (void)state;
    for (uint16_t order = 0; order < 256; order++) {
        add(order, K);
    }
    assert_int_equal(topology(60).population, 256 * K);
    assert_int_equal(topology(60).connected_depth, 60);
    assert_int_equal(topology(255).connected_depth, 255);
    assert_int_equal(topology(256).connected_depth, 255); /* only our own ID is there */
    rows[254 * K].failures = 1;
    assert_int_equal(topology(256).connected_depth, 255);
    for (size_t i = 0; i < K; i++) {
        rows[254 * K + i].failures = 1;
    }
    assert_int_equal(topology(256).connected_depth, 254);
    assert_int_equal(topology(256).connected, 255 * K);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_empty_table_has_nothing, begin),
        cmocka_unit_test_setup(one_peer_makes_no_depth, begin),
        cmocka_unit_test_setup(who_left_a_request_unanswered_is_not_connected, begin),
        cmocka_unit_test_setup(replacements_are_not_in_use_unless_they_are_siblings, begin),
        cmocka_unit_test_setup(full_bins_reach_to_our_region_and_no_farther, begin),
        cmocka_unit_test_setup(a_quarter_of_k_is_enough_and_one_less_is_a_gap, begin),
        cmocka_unit_test_setup(three_connected_peers_are_a_neighbourhood, begin),
        cmocka_unit_test_setup(enough_is_never_nothing, begin),
        cmocka_unit_test_setup(bins_of_all_256_orders_are_counted, begin),
    };
    return cmocka_run_group_tests_name("topology", tests, NULL, NULL);
}
