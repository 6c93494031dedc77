/* The tree of a table: which lines it has, and that it stays within a screen. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/commands/table_tree.h"
#include "src/daemon/control/results.h"
#include "tests/support/result.h"

#define ROWS_MAX 2048
#define K        16

typedef struct peer {
    unsigned order;
    unsigned failures;
    bool sibling;
    bool replacement;
    bool long_address;
} peer;

static peer rows[ROWS_MAX];
static size_t count;
static char *drawn;

static int begin(void **state)
{
    (void)state;
    count = 0;
    drawn = NULL;
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(drawn);
    return 0;
}

static peer *add(unsigned order, size_t peers)
{
    for (size_t i = 0; i < peers; i++) {
        assert_true(count < ROWS_MAX);
        rows[count++] = (peer){.order = order};
    }
    return &rows[count - peers];
}

/* The ID begins with the row's number. */
static void write_row(const peer *row, size_t number, skad_writer *writer)
{
    const skad_id id = {{(uint8_t)(number >> 8), (uint8_t)number}};
    skad_address address = {SKAD_FAMILY_IPV4, 4700, {192, 0, 2, 1}};
    if (row->long_address) {
        address = (skad_address){.family = SKAD_FAMILY_IPV6, .port = UINT16_MAX};
        memset(address.ip, 0xfe, sizeof address.ip);
    }
    skad_write_map(writer, 7);
    skad_result_id(writer, "id", &id);
    skad_result_key(writer, "addresses");
    skad_result_address_list(writer, &address, 1);
    skad_result_uint(writer, "order", row->order);
    skad_result_bool(writer, "sibling", row->sibling);
    skad_result_bool(writer, "replacement", row->replacement);
    skad_result_uint(writer, "failures", row->failures);
    skad_result_uint(writer, "rtt_us", row->long_address ? 999900 : 850);
}

/* Draws the rows in a node of this depth; `total` rows are said to be there. */
static const char *draw(unsigned depth, size_t k, size_t total)
{
    const skad_id self = {{0xab, 0xcd}};
    size_t len = 0;
    skad_writer *writer = test_result_begin();
    skad_result_map(writer, 9);
    skad_result_id(writer, "self", &self);
    skad_result_uint(writer, "depth", depth);
    skad_result_uint(writer, "population", 41);
    skad_result_uint(writer, "connected", 39);
    skad_result_uint(writer, "connected_depth", 3);
    skad_result_key(writer, "reachability");
    skad_write_map(writer, 2);
    skad_result_str(writer, "ipv4", "yes");
    skad_result_str(writer, "ipv6", "no");
    skad_result_uint(writer, "k", k);
    skad_result_uint(writer, "total", total);
    skad_result_key(writer, "rows");
    skad_write_array(writer, count);
    for (size_t i = 0; i < count; i++) {
        write_row(&rows[i], i, writer);
    }
    free(drawn);
    FILE *out = open_memstream(&drawn, &len);
    assert_non_null(out);
    skad_table_tree_write(out, test_result_end());
    assert_int_equal(fclose(out), 0);
    return drawn;
}

static const char *draw_all(unsigned depth)
{
    return draw(depth, K, count);
}

static void expect_line(const char *text, const char *line)
{
    const size_t len = strlen(line);
    const char *at = text;
    while (at != NULL && (strncmp(at, line, len) != 0 || at[len] != '\n')) {
        at = strchr(at, '\n');
        at = at == NULL ? NULL : at + 1;
    }
    if (at == NULL) {
        fail_msg("no line '%s' in:\n%s", line, text);
    }
}

/* Lines of the drawing, none wider than a terminal; all of it is printable. */
static size_t lines_of(const char *text)
{
    size_t lines = 0;
    size_t width = 0;
    for (; *text != 0; text++) {
        if (*text == '\n') {
            lines++;
            width = 0;
            continue;
        }
        assert_in_range(*text, ' ', '~');
        width++;
        assert_true(width <= 80);
    }
    return lines;
}

static void an_empty_table_has_an_empty_neighbourhood(void **state)
{
    (void)state;
    const char *text = draw_all(0);
    expect_line(text, "node abcd00000000, reached by strangers: ipv4 yes, ipv6 no");
    expect_line(text, "population 41, connected 39 (#), failing 2 (x)");
    expect_line(text, "depth 0, connected depth 3");
    expect_line(text, "order     of k = 16 places   known  connected  failing  waiting");
    expect_line(text, "`- 0+     neighbourhood          0          0        0        0  few");
    assert_int_equal(lines_of(text), 6);
}

static void a_single_peer_is_a_neighbour_of_depth_0(void **state)
{
    (void)state;
    add(7, 1);
    const char *text = draw_all(0);
    expect_line(text, "`- 0+     neighbourhood          1          1        0        0  few");
    expect_line(text, "  `- 7   # 000000000000   850 us 192.0.2.1:4700");
    assert_int_equal(lines_of(text), 7);
}

static void orders_before_the_region_are_summed_up(void **state)
{
    (void)state;
    add(0, K);
    add(0, 3)[1].replacement = true;
    add(1, 10)[4].failures = 1;
    peer *both = add(1, 1);
    both->replacement = true;
    both->sibling = true;
    add(2, K / 4 - 1);
    add(3, 3)->failures = 2;
    const char *text = draw_all(3);
    expect_line(text, "+- 0      [################]    19         18        0        1  saturated");
    expect_line(text, "+- 1      [##########x.....]    11         10        1        0");
    expect_line(text, "+- 2      [###.............]     3          3        0        0  few");
    expect_line(text, "`- 3+     neighbourhood          3          2        1        0  few");
    expect_line(text, "  +- 3   x 002100000000   850 us 192.0.2.1:4700");
    expect_line(text, "  `- 3   # 002300000000   850 us 192.0.2.1:4700");
    assert_int_equal(lines_of(text), 12);
}

static void a_bin_of_silent_peers_is_not_praised(void **state)
{
    (void)state;
    peer *silent = add(0, K);
    for (size_t i = 0; i < K; i++) {
        silent[i].failures = 2;
    }
    expect_line(draw_all(1),
                "+- 0      [xxxxxxxxxxxxxxxx]    16          0       16        0  few");
}

static void a_bin_of_k_peers_is_saturated_though_one_fails(void **state)
{
    (void)state;
    add(0, K)->failures = 1;
    add(1, K - 1);
    const char *text = draw_all(2);
    expect_line(text, "+- 0      [###############x]    16         15        1        0  saturated");
    expect_line(text, "+- 1      [###############.]    15         15        0        0");
}

static void empty_orders_share_a_line(void **state)
{
    (void)state;
    add(3, K);
    add(5, 1);
    const char *text = draw_all(10);
    expect_line(text, "+- 0-2: no peer");
    expect_line(text, "+- 4      [................]     0          0        0        0  few");
    expect_line(text, "+- 6-9: no peer");
    assert_int_equal(lines_of(text), 11);
}

static void neighbours_come_by_order_and_replacements_are_counted_only(void **state)
{
    (void)state;
    add(4, 1);
    add(9, 1);
    add(4, 1);
    add(8, 2)->replacement = true;
    const char *text = draw_all(4);
    expect_line(text, "`- 4+     neighbourhood          5          4        0        1");
    const char *first = strstr(text, "  +- 4   # 0000");
    const char *second = strstr(text, "  +- 4   # 0002");
    const char *third = strstr(text, "  +- 8   # 0004");
    const char *last = strstr(text, "  `- 9   # 0001");
    assert_true(first != NULL && first < second && second < third && third < last);
    assert_null(strstr(text, "# 0003"));
}

static void of_a_crowd_the_nearest_are_listed(void **state)
{
    (void)state;
    add(2, 40);
    add(5, 40);
    add(3, 40);
    const char *text = draw_all(2);
    expect_line(text, "`- 2+     neighbourhood        120        120        0        0");
    expect_line(text, "  +- 72 that are farther: 'skad table --contacts' lists all");
    assert_null(strstr(text, "- 2   #"));
    assert_null(strstr(text, "- 3   # 006f")); /* the 32nd of order 3 */
    assert_non_null(strstr(text, "- 3   # 0070"));
    assert_non_null(strstr(text, "- 3   # 0077"));
    assert_non_null(strstr(text, "- 5   # 0028"));
    assert_non_null(strstr(text, "`- 5   # 004f"));
    assert_int_equal(lines_of(text), 6 + 1 + 1 + SKAD_TABLE_TREE_NEIGHBOURS);
}

/* A full bin at each order that an ID of 256 bits allows, as no table has them. */
static void full_bins_of_all_256_orders_fit_80_columns(void **state)
{
    (void)state;
    for (unsigned order = 0; order < 256; order++) {
        peer *made = add(order, ROWS_MAX / 256);
        for (size_t i = 0; i < ROWS_MAX / 256; i++) {
            made[i].long_address = true;
        }
    }
    const char *text = draw(250, 8, 4096);
    expect_line(text, "order     of k = 8 places    known  connected  failing  waiting");
    expect_line(text, "+- 249    [########]             8          8        0        0  saturated");
    expect_line(text,
                "  `- 255 # 07ff00000000 999.9 ms [fefe:fefe:fefe:fefe:fefe:fefe:fefe:fefe]:65535");
    expect_line(text, "2048 contacts more than the node tells");
    assert_int_equal(lines_of(text), 6 + 250 + SKAD_TABLE_TREE_NEIGHBOURS + 1);
}

static void the_largest_buckets_are_drawn_in_sixteenths(void **state)
{
    (void)state;
    add(0, 20)->failures = 1;
    add(1, 1);
    const char *text = draw(2, 40, count);
    expect_line(text, "+- 0      [########........]    20         19        1        0");
    expect_line(text, "+- 1      [#...............]     1          1        0        0  few");
}

static void an_answer_of_nonsense_is_drawn_as_nothing(void **state)
{
    (void)state;
    add(UINT32_MAX, 1);
    assert_int_equal(lines_of(draw(UINT32_MAX, 0, 0)), 8);
    size_t len = 0;
    free(drawn);
    skad_write_nil(test_result_begin());
    FILE *out = open_memstream(&drawn, &len);
    assert_non_null(out);
    skad_table_tree_write(out, test_result_end());
    assert_int_equal(fclose(out), 0);
    assert_int_equal(lines_of(drawn), 6);
}

#define DRAWN(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DRAWN(an_empty_table_has_an_empty_neighbourhood),
        DRAWN(a_single_peer_is_a_neighbour_of_depth_0),
        DRAWN(orders_before_the_region_are_summed_up),
        DRAWN(a_bin_of_silent_peers_is_not_praised),
        DRAWN(a_bin_of_k_peers_is_saturated_though_one_fails),
        DRAWN(empty_orders_share_a_line),
        DRAWN(neighbours_come_by_order_and_replacements_are_counted_only),
        DRAWN(of_a_crowd_the_nearest_are_listed),
        DRAWN(full_bins_of_all_256_orders_fit_80_columns),
        DRAWN(the_largest_buckets_are_drawn_in_sixteenths),
        DRAWN(an_answer_of_nonsense_is_drawn_as_nothing),
    };
    return cmocka_run_group_tests_name("table_tree", tests, NULL, NULL);
}
