/* The routing table counted bin by bin. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/daemon/control/bucket_counts.h"

#define K 4

static skad_table_row row(uint16_t bucket, uint8_t net, uint32_t rtt_us)
{
    return (skad_table_row){
        .bucket = bucket,
        .contact.ipv4 = {SKAD_FAMILY_IPV4, 4700, {198, 51, net, 1}},
        .rtt_us = rtt_us,
        .first_seen_us = rtt_us * 10,
    };
}

static void each_bucket_counts_its_own_peers(void **state)
{
    (void)state;
    skad_table_row rows[] = {row(0, 1, 5), row(0, 2, 9), row(2, 1, 3), row(2, 1, 4)};
    skad_bucket_counts buckets;
    rows[1].sibling = true;

    assert_int_equal(skad_bucket_counts_take(rows, 4, 3, &buckets), SKAD_OK);
    assert_int_equal(buckets.count, 3);
    assert_int_equal(buckets.siblings, 1);
    assert_int_equal(buckets.buckets[0].population, 2);
    assert_int_equal(buckets.buckets[1].population, 0);
    assert_int_equal(buckets.buckets[1].oldest_us, 0);
    assert_int_equal(buckets.buckets[2].population, 2);
    assert_int_equal(buckets.buckets[0].oldest_us, 90);
    assert_int_equal(buckets.buckets[2].oldest_us, 40);
}

static void the_silent_and_the_waiting_are_counted_apart(void **state)
{
    (void)state;
    skad_table_row rows[] = {row(0, 1, 5), row(0, 2, 9), row(0, 3, 1), row(0, 4, 2), row(0, 5, 3)};
    skad_bucket_counts buckets;
    rows[0].failures = 1; /* one lost packet is no silence */
    rows[1].failures = 2;
    rows[2].replacement = true;
    rows[3].replacement = true; /* a sibling is in use although its bucket is full */
    rows[3].sibling = true;

    assert_int_equal(skad_bucket_counts_take(rows, 5, 1, &buckets), SKAD_OK);
    assert_int_equal(buckets.buckets[0].population, 4);
    assert_int_equal(buckets.buckets[0].living, 3);
    assert_int_equal(buckets.buckets[0].connected, 2);
    assert_int_equal(buckets.buckets[0].unresponsive, 1);
    assert_int_equal(buckets.buckets[0].replacements, 1);
}

static void groups_are_different_prefixes_of_either_family(void **state)
{
    (void)state;
    skad_table_row rows[] = {row(0, 1, 1), row(0, 1, 1), row(0, 2, 1), row(0, 2, 1)};
    skad_bucket_counts buckets;
    rows[1].contact.ipv4.ip[3]++;
    rows[3].contact.ipv4.ip[3]++;
    rows[0].contact.ipv6 = (skad_address){SKAD_FAMILY_IPV6, 1, {0x20, 1, 0, 0, 0, 0, 7, 1}};
    rows[1].contact.ipv6 = (skad_address){SKAD_FAMILY_IPV6, 1, {0x20, 1, 0, 0, 0, 0, 7, 2}};
    rows[2].contact.ipv6 = (skad_address){SKAD_FAMILY_IPV6, 1, {0x20, 1, 0, 0, 0, 0, 8, 1}};

    assert_int_equal(skad_bucket_counts_take(rows, 4, 1, &buckets), SKAD_OK);
    assert_int_equal(buckets.buckets[0].groups, 4);
}

static void the_time_is_the_median_of_the_living_that_were_measured(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        uint32_t rtts_us[5];
        size_t count;
        uint32_t median_us;
    } cases[] = {
        {"none", {0}, 0, 0},          {"not measured", {0, 0}, 2, 0},
        {"one", {7}, 1, 7},           {"odd", {9, 1, 5}, 3, 5},
        {"even", {9, 1, 5, 6}, 4, 5}, {"some measured", {0, 8, 0, 3, 4}, 5, 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_table_row rows[6];
        skad_bucket_counts buckets;
        for (size_t j = 0; j < cases[i].count; j++) {
            rows[j] = row(0, 1, cases[i].rtts_us[j]);
        }
        rows[cases[i].count] = row(0, 1, 1000000);
        rows[cases[i].count].failures = 8;
        assert_int_equal(skad_bucket_counts_take(rows, cases[i].count + 1, 1, &buckets), SKAD_OK);
        if (buckets.buckets[0].rtt_us != cases[i].median_us) {
            fail_msg("%s: %u", cases[i].label, buckets.buckets[0].rtt_us);
        }
    }
}

static void saturation_goes_from_empty_to_full(void **state)
{
    (void)state;
    static const struct {
        uint16_t population;
        int percent;
    } cases[] = {{0, 0}, {1, 25}, {K, 100}, {K + 3, 100}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const skad_bucket_count bucket = {.population = cases[i].population};
        assert_int_equal((int)(skad_bucket_saturation(&bucket, K) * 100), cases[i].percent);
    }
}

static void an_empty_table_has_empty_buckets(void **state)
{
    (void)state;
    skad_bucket_counts buckets;
    assert_int_equal(skad_bucket_counts_take(NULL, 0, 1, &buckets), SKAD_OK);
    assert_int_equal(buckets.count, 1);
    assert_int_equal(buckets.buckets[0].population, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bucket_counts_its_own_peers),
        cmocka_unit_test(the_silent_and_the_waiting_are_counted_apart),
        cmocka_unit_test(groups_are_different_prefixes_of_either_family),
        cmocka_unit_test(the_time_is_the_median_of_the_living_that_were_measured),
        cmocka_unit_test(saturation_goes_from_empty_to_full),
        cmocka_unit_test(an_empty_table_has_empty_buckets),
    };
    return cmocka_run_group_tests_name("bucket_counts", tests, NULL, NULL);
}
