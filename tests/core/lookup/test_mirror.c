/* The mirrored path of a put or get: when there is one, where it looks, and whom it has asked for
 * the key. The target is zero, so where the region shares eight bits, a number below 0x01000000
 * lies in it, and one from 0x02000000 to 0x03ffffff shares two bits less. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "crypto/random.h"
#include "src/core/lookup/mirror.h"
#include "src/core/routing/distance.h"
#include "tests/support/lookup_script.h"

#define PATHS 2
#define LAST  (PATHS - 1)
#define BITS  8

static skad_random random_numbers;

static int begin(void **state)
{
    static const uint8_t seed[SKAD_SEED_BYTES] = {7};
    skad_lookup *lookup = script_make(PATHS, 4, 8, 4);
    skad_random_init(&random_numbers, seed);
    lookup->random = &random_numbers;
    lookup->for_record = true;
    lookup->region_bits = BITS;
    *state = lookup;
    return 0;
}

static int end(void **state)
{
    skad_lookup_free(*state);
    return 0;
}

static void a_put_or_get_has_one_unless_the_network_is_small(void **state)
{
    static const struct {
        const char *label;
        bool for_record;
        uint8_t paths;
        uint8_t bits;
        bool mirrored;
    } cases[] = {
        {"usual", true, 2, 8, true},          {"of three bits", true, 2, 3, true},
        {"of two bits", true, 2, 2, false},   {"a lookup for nodes", false, 2, 8, false},
        {"a single path", true, 1, 8, false},
    };
    skad_lookup *lookup = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lookup->mirror = 0;
        lookup->for_record = cases[i].for_record;
        lookup->paths = cases[i].paths;
        lookup->region_bits = cases[i].bits;
        skad_mirror_begin(lookup);
        if (skad_mirror_is(lookup, (uint8_t)(cases[i].paths - 1)) != cases[i].mirrored) {
            fail_msg("%s", cases[i].label);
        }
    }
    lookup->paths = PATHS;
}

static void its_point_shares_two_bits_less_with_the_key_and_is_drawn(void **state)
{
    skad_lookup *lookup = *state;
    unsigned halves = 0;
    for (unsigned i = 0; i < 100; i++) {
        skad_mirror_begin(lookup);
        assert_false(skad_mirror_is(lookup, 0));
        const skad_id first = skad_mirror_target(lookup, 0);
        const skad_id last = skad_mirror_target(lookup, LAST);
        assert_memory_equal(&first, &lookup->target, sizeof first);
        assert_int_equal(skad_common_prefix(&last, &lookup->target), BITS - 2);
        halves += last.bytes[0] & 1U;
    }
    assert_in_range(halves, 30, 70);
}

static void it_measures_from_its_point_and_leaves_the_region_to_others(void **state)
{
    skad_lookup *lookup = *state;
    skad_mirror_begin(lookup);
    lookup->mirror = UINT64_C(0x02800000) << 32;
    script_seed(lookup, NUMBERS(0x00ffffff, 0x01000000, 0x02800001, 0x02800002));
    const uint16_t inside = script_index_of(lookup, 0x00ffffff);
    const uint16_t outside = script_index_of(lookup, 0x01000000);
    const uint16_t near = script_index_of(lookup, 0x02800001);
    const uint16_t farther = script_index_of(lookup, 0x02800002);
    assert_true(skad_mirror_leaves(lookup, LAST, inside));
    assert_false(skad_mirror_leaves(lookup, LAST, outside));
    assert_false(skad_mirror_leaves(lookup, 0, inside));
    assert_true(skad_mirror_closer(lookup, LAST, near, farther));
    assert_true(skad_mirror_closer(lookup, LAST, farther, outside));
    assert_false(skad_mirror_closer(lookup, LAST, outside, near));
    assert_true(skad_mirror_closer(lookup, 0, outside, near));
    assert_false(script_on_list(lookup, LAST, 0x00ffffff));
}

static void the_closest_to_its_point_and_to_the_key_are_asked_for_the_key(void **state)
{
    skad_lookup *lookup = *state;
    skad_query query;
    skad_mirror_begin(lookup);
    lookup->mirror = UINT64_C(0x02800000) << 32;
    /* Every second contact is dealt to the last path. */
    script_seed(lookup, NUMBERS(1, 0x02800001, 2, 0x02c00000, 3, 0x02000009, 4, 0x02800003));
    static const uint32_t beside[] = {0x02800001, 0x02c00000, 0x02000009, 0x02800003};
    for (size_t i = 0; i < 4; i++) { /* the first would be the closest to the point */
        skad_candidate *candidate = &lookup->candidates.all[script_index_of(lookup, beside[i])];
        candidate->state = i == 0 ? SKAD_STEP_FAILED : SKAD_STEP_ANSWERED;
        candidate->path = LAST;
    }
    const uint16_t rpcs = lookup->rpcs;
    skad_mirror_end(lookup);
    assert_false(skad_mirror_done(lookup));
    assert_true(skad_mirror_next(lookup, &query));
    assert_int_equal(script_number_of(lookup, query.candidate), 0x02800003);
    assert_true(query.region);
    assert_int_equal(query.part, SKAD_PART_KEY);
    assert_memory_equal(&query.target, &lookup->target, sizeof query.target);
    skad_mirror_unask(lookup); /* there was no room to send */
    assert_true(skad_mirror_next(lookup, &query));
    assert_int_equal(script_number_of(lookup, query.candidate), 0x02800003);
    assert_true(skad_mirror_next(lookup, &query));
    assert_int_equal(script_number_of(lookup, query.candidate), 0x02000009);
    assert_false(skad_mirror_next(lookup, &query));
    assert_in_range(lookup->rpcs - rpcs, 2, 3);
    skad_mirror_over(lookup);
    assert_false(skad_mirror_done(lookup));
    skad_mirror_over(lookup);
    assert_true(skad_mirror_done(lookup));
}

static void where_none_on_it_answered_there_is_none_to_ask(void **state)
{
    skad_lookup *lookup = *state;
    skad_query query;
    skad_mirror_begin(lookup);
    script_seed(lookup, NUMBERS(1, 0x02800001));
    script_assert_asks(lookup, NUMBERS(1, 0x02800001));
    script_answer(lookup, 1, NULL, 0);
    script_fail_node(lookup, 0x02800001);
    skad_mirror_end(lookup);
    assert_false(skad_mirror_next(lookup, &query));
    assert_true(skad_mirror_done(lookup));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_put_or_get_has_one_unless_the_network_is_small),
        TEST(its_point_shares_two_bits_less_with_the_key_and_is_drawn),
        TEST(it_measures_from_its_point_and_leaves_the_region_to_others),
        TEST(the_closest_to_its_point_and_to_the_key_are_asked_for_the_key),
        TEST(where_none_on_it_answered_there_is_none_to_ask),
    };
    return cmocka_run_group_tests_name("mirror", tests, NULL, NULL);
}
