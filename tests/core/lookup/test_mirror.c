/* The mirrored path: when there is one, what it looks for, whom it asks, and who is asked for the
 * key in the end. The target is zero, so a number is a distance (lookup_script.h). A region of
 * eight bits reaches to 0x01000000, and what is drawn outside lies behind that, up to 0x80000000.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/lookup/mirror.h"
#include "src/core/lookup/outside.h"
#include "tests/support/lookup_script.h"
#include "tests/support/prng.h"

#define BITS   8
#define REGION 0x01000000U

static skad_random randomness;

static skad_lookup *make(uint8_t paths, uint8_t bits, bool for_record)
{
    static const uint8_t seed[SKAD_SEED_BYTES] = {7};
    skad_lookup *lookup = script_make(paths, 1, 8, 4);
    skad_random_init(&randomness, seed);
    lookup->random = &randomness;
    lookup->for_record = for_record;
    lookup->region_bits = bits;
    skad_mirror_begin(lookup);
    skad_outside_drawn(lookup); /* it has no contacts there (test_outside.c) */
    return lookup;
}

static uint32_t prefix_of(const skad_id *id)
{
    return (uint32_t)id->bytes[0] << 24 | (uint32_t)id->bytes[1] << 16 |
           (uint32_t)id->bytes[2] << 8 | id->bytes[3];
}

static void only_records_of_networks_with_regions_have_one(void **state)
{
    static const struct {
        uint8_t paths;
        uint8_t bits;
        bool for_record;
        bool has;
    } cases[] = {{2, BITS, true, true},   {1, BITS, true, false}, {2, 2, true, false},
                 {2, BITS, false, false}, {4, 3, true, true},     {8, 60, true, true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_lookup *lookup = make(cases[i].paths, cases[i].bits, cases[i].for_record);
        const uint8_t last = (uint8_t)(cases[i].paths - 1);
        assert_int_equal(skad_mirror_is(lookup, last), cases[i].has);
        for (uint8_t path = 0; path < last; path++) {
            assert_false(skad_mirror_is(lookup, path));
        }
        assert_false(skad_mirror_is(lookup, cases[i].paths)); /* the closing round */
        skad_lookup_free(lookup);
    }
}

/* How many bits are shared with the target is drawn anew for each lookup: six to one of eight. */
static void it_looks_for_a_point_outside_of_the_region(void **state)
{
    (void)state;
    uint32_t before = 0;
    unsigned depths = 0;
    for (unsigned i = 0; i < 60; i++) {
        skad_lookup *lookup = make(2, BITS, true);
        skad_mirror_begin(lookup);
        for (unsigned draws = 0; draws < i; draws++) {
            skad_mirror_begin(lookup);
        }
        const skad_id point = skad_mirror_target(lookup, 1);
        const skad_id target = skad_mirror_target(lookup, 0);
        assert_in_range(prefix_of(&point), 2 * REGION, 128 * REGION - 1);
        depths |= 1U << __builtin_clz(prefix_of(&point));
        assert_int_equal(prefix_of(&target), 0);
        assert_int_not_equal(prefix_of(&point), before);
        before = prefix_of(&point);
        skad_lookup_free(lookup);
    }
    assert_int_equal(depths, 0x7e);
}

static void it_asks_nobody_in_the_region_and_two_at_most(void **state)
{
    (void)state;
    skad_lookup *lookup = make(2, BITS, true);
    const skad_id point = skad_mirror_target(lookup, 1);
    const uint32_t near = prefix_of(&point);
    skad_query query;
    /* Contacts are dealt in turn: the second of two paths has every second one. */
    script_seed(lookup, NUMBERS(5, 6, 7, near ^ 1, 8, near ^ 0x10, 9, near ^ 0x100));
    uint32_t asked[2] = {0};
    size_t mirrored = 0;
    while (skad_lookup_next(lookup, &query)) {
        if (query.mirrored) {
            assert_memory_equal(query.target.bytes, point.bytes, SKAD_ID_BYTES);
            assert_true(mirrored < 2);
            asked[mirrored++] = script_number_of(lookup, query.candidate);
            skad_lookup_answered(lookup, query.candidate, 1000);
        }
    }
    assert_int_equal(mirrored, 2);
    assert_int_equal(asked[0], near ^ 1); /* the closest to the point first; 6 is of the region */
    assert_int_equal(asked[1], near ^ 0x10);
    skad_lookup_free(lookup);
}

static void a_list_of_the_mirrored_path_is_in_the_order_of_its_point(void **state)
{
    (void)state;
    skad_lookup *lookup = make(2, BITS, true);
    const skad_id point = skad_mirror_target(lookup, 1);
    const uint32_t near = prefix_of(&point);
    script_seed(lookup, NUMBERS(1, near ^ 2, 3, near ^ 1));
    const skad_shortlist *list = &lookup->lists[1];
    assert_int_equal(list->count, 2);
    assert_int_equal(script_number_of(lookup, list->members[0]), near ^ 1);
    assert_true(skad_mirror_closer(lookup, 1, list->members[0], list->members[1]));
    assert_false(skad_mirror_closer(lookup, 1, list->members[1], list->members[0]));
    skad_lookup_free(lookup);
}

/* The closest to the point, and of the others the closest to the key. */
static void those_that_answered_are_asked_for_the_key(void **state)
{
    (void)state;
    skad_lookup *lookup = make(2, BITS, true);
    const skad_id point = skad_mirror_target(lookup, 1);
    const uint32_t near = prefix_of(&point);
    skad_query query;
    lookup->found = true;
    script_seed(lookup, NUMBERS(5, near ^ 1, 6, 2 * REGION));
    while (skad_lookup_next(lookup, &query)) {
        skad_lookup_answered(lookup, query.candidate, 1000);
    }
    assert_false(skad_lookup_done(lookup));
    assert_int_equal(lookup->phase, SKAD_LOOKUP_CLOSING);
    assert_int_equal(lookup->witnesses_count, 2);
    assert_false(skad_mirror_done(lookup));
    for (size_t i = 0; i < 2; i++) {
        assert_true(skad_lookup_next(lookup, &query));
        assert_true(query.region);
        assert_int_equal(query.part, SKAD_PART_KEY);
        assert_int_equal(prefix_of(&query.target), 0);
        assert_int_equal(script_number_of(lookup, query.candidate), i == 0 ? near ^ 1 : 2 * REGION);
    }
    assert_false(skad_lookup_done(lookup)); /* until both were heard or were slow */
    skad_lookup_elsewhere_over(lookup, SKAD_PART_KEY);
    assert_false(skad_lookup_done(lookup));
    skad_lookup_elsewhere_over(lookup, SKAD_PART_KEY);
    assert_true(skad_lookup_done(lookup));
    skad_lookup_free(lookup);
}

static void a_witness_that_could_not_be_asked_is_asked_again(void **state)
{
    (void)state;
    skad_lookup *lookup = make(2, BITS, true);
    const skad_id point = skad_mirror_target(lookup, 1);
    skad_query query;
    script_seed(lookup, NUMBERS(5, prefix_of(&point) ^ 1));
    while (skad_lookup_next(lookup, &query)) {
        skad_lookup_answered(lookup, query.candidate, 1000);
    }
    assert_false(skad_lookup_done(lookup));
    const uint16_t before = lookup->rpcs;
    assert_true(skad_lookup_next(lookup, &query));
    skad_lookup_unask(lookup, &query);
    assert_int_equal(lookup->rpcs, before);
    assert_false(skad_lookup_done(lookup));
    assert_true(skad_lookup_next(lookup, &query));
    assert_int_equal(query.part, SKAD_PART_KEY);
    skad_lookup_elsewhere_over(lookup, query.part);
    assert_true(skad_lookup_done(lookup));
    skad_lookup_free(lookup);
}

/* A path that has nobody outside to ask leaves the region to the others. */
static void it_adopts_nobody(void **state)
{
    (void)state;
    skad_lookup *lookup = make(2, BITS, true);
    skad_query query;
    script_seed(lookup, NUMBERS(5, 6, 7, 8));
    while (skad_lookup_next(lookup, &query)) {
        assert_false(query.mirrored);
        skad_lookup_answered(lookup, query.candidate, 1000);
    }
    assert_int_equal(lookup->witnesses_count, 0);
    skad_lookup_free(lookup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_records_of_networks_with_regions_have_one),
        cmocka_unit_test(it_looks_for_a_point_outside_of_the_region),
        cmocka_unit_test(it_asks_nobody_in_the_region_and_two_at_most),
        cmocka_unit_test(a_list_of_the_mirrored_path_is_in_the_order_of_its_point),
        cmocka_unit_test(those_that_answered_are_asked_for_the_key),
        cmocka_unit_test(a_witness_that_could_not_be_asked_is_asked_again),
        cmocka_unit_test(it_adopts_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
