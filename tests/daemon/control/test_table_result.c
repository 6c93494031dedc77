/* The routing table as a client sees it. The linker hands the questions to the node to this test,
 * which has a table of any size. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "src/daemon/control/table_result.h"
#include "tests/support/fixture.h"
#include "tests/support/result.h"

size_t __wrap_skad_node_table(const skad_node *node, skad_time now, skad_table_row *rows,
                              size_t rows_max);
void __wrap_skad_node_stats_get(const skad_node *node, skad_time now, skad_node_stats *out);

static size_t rows_count;
static skad_table_row first;
static bool all_as_first;

size_t __wrap_skad_node_table(const skad_node *node, skad_time now, skad_table_row *rows,
                              size_t rows_max)
{
    (void)node;
    (void)now;
    for (size_t i = 0; i < rows_count && i < rows_max; i++) {
        rows[i] = (skad_table_row){.bucket = 2, .first_seen_us = 500, .rtt_us = 10};
        rows[i].contact.ipv4 = (skad_address){SKAD_FAMILY_IPV4, 1, {8, 8, (uint8_t)i, 1}};
        if (i == 0 || all_as_first) {
            rows[i] = first;
        }
    }
    return rows_count;
}

void __wrap_skad_node_stats_get(const skad_node *node, skad_time now, skad_node_stats *out)
{
    (void)node;
    (void)now;
    *out = (skad_node_stats){.buckets = 3, .depth = 5, .neighbours = 14};
    out->reach[0] = SKAD_REACH_NO;
    out->reach[1] = SKAD_REACH_YES;
}

static test_fixture fixture;

static int begin(void **state)
{
    (void)state;
    const skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    fixture.profile.k = 4;
    first = (skad_table_row){.contact = {.id = {{0xab}},
                                         .ipv4 = {SKAD_FAMILY_IPV4, 5, {192, 0, 2, 1}},
                                         .ipv6 = {SKAD_FAMILY_IPV6, 6, {0x20, [15] = 1}}},
                             .order = 9,
                             .bucket = 1,
                             .sibling = true,
                             .failures = 3,
                             .rtt_us = 44,
                             .last_seen_us = 55,
                             .first_seen_us = 66};
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static skad_answer table(size_t rows)
{
    const skad_method_context context = {.node = fixture.node, .profile = &fixture.profile};
    rows_count = rows;
    assert_true(skad_table_result(&context, fixture.now, test_result_begin()));
    return test_result_end();
}

static void a_row_tells_all_of_a_peer(void **state)
{
    (void)state;
    static const test_number numbers[] = {{"order", 9},       {"bucket", 1},   {"sibling", 1},
                                          {"replacement", 0}, {"failures", 3}, {"rtt_us", 44},
                                          {"seen_us", 55},    {"known_us", 66}};
    skad_answer result = table(1);
    assert_int_equal(skad_answer_bytes(result, "self").len, 64);
    test_result_expect(result, "total", 1);
    skad_answer row = skad_answer_at(skad_answer_get(result, "rows"), 0);
    test_result_expect_all(row, numbers, sizeof numbers / sizeof numbers[0]);
    assert_memory_equal(skad_answer_bytes(row, "id").data, "ab00", 4);
    skad_answer addresses = skad_answer_get(row, "addresses");
    assert_int_equal(skad_answer_count(addresses), 2);
    test_result_expect_text(skad_answer_at(addresses, 0), "192.0.2.1:5");
    test_result_expect_text(skad_answer_at(addresses, 1), "[2000::1]:6");
    first.sibling = false;
    first.replacement = true;
    row = skad_answer_at(skad_answer_get(table(1), "rows"), 0);
    test_result_expect(row, "sibling", 0);
    test_result_expect(row, "replacement", 1);
}

static void bins_count_the_rows(void **state)
{
    (void)state;
    static const test_number empty[] = {
        {"bits", 0}, {"population", 0}, {"living", 0}, {"connected", 0}};
    static const test_number silent[] = {{"bits", 1},         {"population", 1}, {"living", 0},
                                         {"silent", 1},       {"groups", 2},     {"oldest_us", 66},
                                         {"replacements", 0}, {"connected", 0}};
    static const test_number living[] = {{"bits", 2},         {"population", 3}, {"living", 3},
                                         {"silent", 0},       {"groups", 3},     {"oldest_us", 500},
                                         {"replacements", 0}, {"rtt_us", 10},    {"connected", 3}};
    skad_answer result = table(4);
    test_result_expect(result, "k", 4);
    test_result_expect(result, "siblings", 1);
    test_result_expect(result, "depth", 5);
    test_result_expect(result, "neighbours", 14);
    skad_answer bins = skad_answer_get(result, "bins");
    assert_int_equal(skad_answer_count(bins), 3);
    test_result_expect_all(skad_answer_at(bins, 0), empty, 4);
    test_result_expect_all(skad_answer_at(bins, 1), silent, 8);
    test_result_expect_all(skad_answer_at(bins, 2), living, 9);
    assert_true(skad_answer_number(skad_answer_at(bins, 2), "saturation") == 0.75);
    bins = skad_answer_get(table(5), "bins"); /* four peers are in the last */
    assert_true(skad_answer_number(skad_answer_at(bins, 2), "saturation") == 1);
}

static void a_bin_names_its_peers_in_use(void **state)
{
    (void)state;
    skad_answer bins = skad_answer_get(table(4), "bins");
    assert_int_equal(skad_answer_count(skad_answer_get(skad_answer_at(bins, 0), "peers")), 0);
    skad_answer peers = skad_answer_get(skad_answer_at(bins, 1), "peers");
    assert_int_equal(skad_answer_count(peers), 1);
    test_result_expect_text(skad_answer_at(peers, 0),
                            "ab00000000000000000000000000000000000000000000000000000000000000");
    assert_int_equal(skad_answer_count(skad_answer_get(skad_answer_at(bins, 2), "peers")), 3);
    first.sibling = false;
    first.replacement = true;
    bins = skad_answer_get(table(4), "bins");
    assert_int_equal(skad_answer_count(skad_answer_get(skad_answer_at(bins, 1), "peers")), 0);
}

static void all_bins_together_are_the_topology(void **state)
{
    (void)state;
    static const test_number numbers[] = {
        {"population", 4}, {"connected", 3}, {"connected_depth", 0}, {"depth", 5}};
    skad_answer result = table(4);
    test_result_expect_all(result, numbers, sizeof numbers / sizeof numbers[0]);
    skad_answer reachability = skad_answer_get(result, "reachability");
    test_result_expect_text(skad_answer_get(reachability, "ipv4"), "no");
    test_result_expect_text(skad_answer_get(reachability, "ipv6"), "yes");
}

/* Rows and names of as many bytes as there can be. */
static void the_largest_table_fits_a_response(void **state)
{
    (void)state;
    first.last_seen_us = first.first_seen_us = UINT64_MAX;
    first.rtt_us = UINT32_MAX;
    first.order = first.bucket = 1;
    first.contact.ipv4 = (skad_address){SKAD_FAMILY_IPV4, UINT16_MAX, {255, 255, 255, 255}};
    first.contact.ipv6 = (skad_address){.family = SKAD_FAMILY_IPV6, .port = UINT16_MAX};
    memset(first.contact.ipv6.ip, 0xfe, sizeof first.contact.ipv6.ip);
    all_as_first = true;
    skad_answer result = table(4096);
    all_as_first = false;
    test_result_expect(result, "population", 4096);
    skad_answer bin = skad_answer_at(skad_answer_get(result, "bins"), 1);
    test_result_expect(bin, "population", 4096);
    assert_int_equal(skad_answer_count(skad_answer_get(bin, "peers")), 2048);
    assert_int_equal(skad_answer_count(skad_answer_get(result, "rows")), 2048);
}

static void at_most_2048_rows_are_told(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 2047, 2048, 2049, 3000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        skad_answer result = table(counts[i]);
        test_result_expect(result, "total", counts[i]);
        assert_int_equal(skad_answer_count(skad_answer_get(result, "rows")),
                         counts[i] < 2048 ? counts[i] : 2048);
    }
}

#define AT_NODE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_NODE(a_row_tells_all_of_a_peer),         AT_NODE(bins_count_the_rows),
        AT_NODE(a_bin_names_its_peers_in_use),      AT_NODE(all_bins_together_are_the_topology),
        AT_NODE(the_largest_table_fits_a_response), AT_NODE(at_most_2048_rows_are_told),
    };
    return cmocka_run_group_tests_name("table_result", tests, NULL, NULL);
}
