/* A sample of a region: where its points are, who joins which stratum, which nodes it asks, and
 * which should hold the record. The target is zero and the region shares eight bits with it, so the
 * stratum of a number is its third hexadecimal digit: 0x00S..... */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "crypto/random.h"
#include "src/core/lookup/outside.h"
#include "src/core/lookup/strata.h"
#include "src/core/routing/distance.h"
#include "tests/support/lookup_script.h"

#define BITS                8
#define IN(stratum, number) ((uint32_t)(stratum) << 20 | (uint32_t)(number))

static skad_random random_numbers;

static int begin(void **state)
{
    static const uint8_t seed[SKAD_SEED_BYTES] = {8};
    skad_lookup *lookup = script_make(1, 64, 64, 4);
    skad_random_init(&random_numbers, seed);
    lookup->random = &random_numbers;
    lookup->region_bits = BITS;
    lookup->dense = true;
    *state = lookup;
    return 0;
}

static int end(void **state)
{
    skad_lookup_free(*state);
    return 0;
}

static void sample(skad_lookup *lookup)
{
    assert_true(skad_strata_begin(lookup));
    lookup->phase = SKAD_LOOKUP_SAMPLING;
}

/* Our own contacts, all of which were asked and have answered. */
static void answered(skad_lookup *lookup, const uint32_t *numbers, size_t count)
{
    script_seed(lookup, numbers, count);
    for (size_t i = 0; i < count; i++) {
        uint32_t number = script_next(lookup);
        assert_int_not_equal(number, NOBODY);
        script_answer(lookup, number, NULL, 0);
    }
}

static void each_stratum_has_a_point_and_a_mirror_image_beside_the_region(void **state)
{
    skad_lookup *lookup = *state;
    sample(lookup);
    for (unsigned i = 0; i < SKAD_STRATA; i++) {
        const skad_id *point = &lookup->strata->all[i].point;
        const skad_id *mirror = &lookup->strata->all[SKAD_STRATA + i].point;
        assert_int_equal(point->bytes[0], 0);
        assert_int_equal(point->bytes[1] >> 4, i);
        assert_int_equal(mirror->bytes[0], i % 2 == 0 ? 0x01 : 0x02); /* one bit less, or two */
        assert_memory_equal(&point->bytes[1], &mirror->bytes[1], SKAD_ID_BYTES - 1);
        assert_true(i == 0 || point->bytes[2] != lookup->strata->all[i - 1].point.bytes[2] ||
                    point->bytes[3] != lookup->strata->all[i - 1].point.bytes[3]);
    }
}

static void who_is_known_joins_its_stratum_once_the_closest_to_the_point_first(void **state)
{
    skad_lookup *lookup = *state;
    answered(lookup, NUMBERS(IN(3, 1), IN(3, 0x80000), IN(3, 0xfffff), IN(5, 7), 0x01400000,
                             0x02500000, 0x01500000, 0x04500000));
    sample(lookup);
    static const struct {
        unsigned part;
        unsigned count;
    } parts[] = {{3, 3}, {5, 1}, {SKAD_STRATA + 4, 1}, {SKAD_STRATA + 5, 1}, {0, 0}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        assert_int_equal(lookup->strata->all[parts[i].part].count, parts[i].count);
    }
    const skad_stratum *third = &lookup->strata->all[3];
    for (size_t i = 0; i < 2; i++) {
        assert_true(skad_distance_compare(
                        &third->point, &lookup->candidates.all[third->members[i]].contact.id,
                        &lookup->candidates.all[third->members[i + 1]].contact.id) < 0);
    }
    skad_strata_heard(lookup, script_index_of(lookup, IN(3, 1)));
    assert_int_equal(third->count, 3);
}

/* Of twenty nodes in one stratum and three in another: as many as it wants of each, however many
 * stand close to the key. */
static void of_each_stratum_no_more_are_asked_than_its_share(void **state)
{
    static const struct {
        bool dense;
        unsigned of_crowd;
        unsigned of_few;
    } cases[] = {{true, SKAD_STRATUM_SHARE, 3}, {false, SKAD_STRATUM_LOOK, 2}};
    for (size_t i = 0; i < 2; i++) {
        skad_lookup *lookup = *state;
        uint32_t numbers[23];
        lookup->dense = cases[i].dense;
        for (uint32_t j = 0; j < 23; j++) {
            numbers[j] = j < 20 ? IN(0, j + 1) : IN(9, j + 1);
        }
        script_seed(lookup, numbers, 23);
        sample(lookup);
        skad_outside_drawn(lookup);
        lookup->strata->round = SKAD_STRATA_INSIDE;
        lookup->strata->asking = true;
        unsigned of_crowd = 0;
        unsigned of_few = 0;
        for (uint32_t number = script_next(lookup); number != NOBODY;
             number = script_next(lookup)) {
            of_crowd += number >> 20 == 0;
            of_few += number >> 20 == 9;
            script_answer(lookup, number, NULL, 0);
        }
        assert_int_equal(of_crowd, cases[i].of_crowd);
        assert_int_equal(of_few, cases[i].of_few);
        (void)end(state);
        (void)begin(state);
    }
}

/* The silent are none of the sample. */
static void for_one_that_is_silent_another_is_asked(void **state)
{
    skad_lookup *lookup = *state;
    lookup->dense = false;
    script_seed(lookup, NUMBERS(IN(6, 1), IN(6, 2), IN(6, 3), IN(6, 4)));
    sample(lookup);
    skad_outside_drawn(lookup);
    lookup->strata->round = SKAD_STRATA_INSIDE;
    lookup->strata->asking = true;
    const uint32_t first = script_next(lookup);
    const uint32_t second = script_next(lookup);
    assert_int_not_equal(second, NOBODY);
    assert_int_equal(script_next(lookup), NOBODY);
    script_fail_node(lookup, first);
    assert_int_not_equal(script_next(lookup), NOBODY);
    assert_int_equal(script_next(lookup), NOBODY);
}

/* The points of the mirror images, twice, of the closest outside; then those of the strata, of one
 * inside, one just outside, and one farther; then once more inside. */
static void points_are_asked_for_from_outside_inwards(void **state)
{
    skad_lookup *lookup = *state;
    answered(lookup, NUMBERS(IN(4, 1), 0x01000001, 0x10000001));
    sample(lookup);
    assert_false(skad_strata_over(lookup)); /* our contacts outside are not known yet */
    skad_outside_drawn(lookup);
    static const unsigned queries[] = {SKAD_STRATA, SKAD_STRATA, 3 * SKAD_STRATA, SKAD_STRATA};
    for (size_t round = 0; round < 4; round++) {
        unsigned count = 0;
        skad_query query;
        while (!skad_strata_over(lookup) && lookup->strata->asking) { /* no member is left to ask */
        }
        while (skad_lookup_next(lookup, &query)) {
            const unsigned part = query.part - 1U;
            assert_true(query.region);
            assert_int_equal(part >= SKAD_STRATA, round < 2);
            assert_memory_equal(&query.target, &lookup->strata->all[part].point,
                                sizeof query.target);
            if (round < 2) {
                assert_int_not_equal(script_number_of(lookup, query.candidate), IN(4, 1));
            }
            skad_strata_point_over(lookup);
            count++;
        }
        assert_int_equal(count, queries[round]);
    }
    while (!skad_strata_over(lookup)) {
    }
    assert_int_equal(lookup->strata->round, SKAD_STRATA_OVER);
}

static void a_request_that_could_not_be_sent_comes_again(void **state)
{
    skad_lookup *lookup = *state;
    skad_query first;
    skad_query again;
    answered(lookup, NUMBERS(0x01000001));
    sample(lookup);
    skad_outside_drawn(lookup);
    while (!skad_strata_over(lookup) && lookup->strata->asking) {
    }
    assert_true(skad_strata_next_point(lookup, &first));
    skad_strata_unask(lookup);
    assert_true(skad_strata_next_point(lookup, &again));
    assert_int_equal(again.part, first.part);
    assert_int_equal(again.candidate, first.candidate);
}

/* Six at most, which are asked first, though they lie in no stratum. */
static void our_contacts_outside_are_asked_first(void **state)
{
    skad_lookup *lookup = *state;
    static const uint8_t token[SKAD_TOKEN_BYTES] = {5};
    sample(lookup);
    for (uint32_t i = 0; i < SKAD_OUTSIDE_MAX + 1; i++) {
        const skad_contact contact = script_contact_of(0x40000000 + i);
        assert_int_equal(skad_outside_add(lookup, &contact, &contact.ipv4, i == 0 ? token : NULL),
                         i < SKAD_OUTSIDE_MAX);
    }
    skad_outside_drawn(lookup);
    assert_int_equal(lookup->outside_count, SKAD_OUTSIDE_MAX);
    for (uint32_t i = 0; i < SKAD_OUTSIDE_MAX; i++) {
        assert_int_equal(script_next(lookup), 0x40000000 + i);
        assert_int_equal(lookup->candidates.all[script_index_of(lookup, 0x40000000 + i)].has_token,
                         i == 0);
    }
    assert_int_equal(script_next(lookup), NOBODY);
    assert_false(skad_strata_over(lookup)); /* it waits for them */
}

/* The s closest first, then one of each stratum, and again. */
static void holders_are_the_closest_and_those_of_all_strata_in_turn(void **state)
{
    skad_lookup *lookup = *state;
    uint16_t indices[16];
    answered(lookup, NUMBERS(1, 2, 3, 4, 5, 6, IN(7, 1), IN(7, 2), IN(12, 1), 0x01000000));
    assert_int_equal(skad_strata_holders(lookup, 16, indices), 4);
    sample(lookup);
    const size_t count = skad_strata_holders(lookup, 16, indices);
    assert_int_equal(count, 9); /* all but the one outside */
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(script_number_of(lookup, indices[i]), i + 1);
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(indices[i], indices[j]);
        }
    }
    assert_int_equal(skad_strata_spread(lookup, indices, 4), 1);
    assert_int_equal(skad_strata_spread(lookup, indices, count), 3);
    assert_int_equal(skad_strata_holders(lookup, 6, indices), 6);
    assert_in_range(skad_strata_spread(lookup, indices, 6), 2, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_stratum_has_a_point_and_a_mirror_image_beside_the_region),
        TEST(who_is_known_joins_its_stratum_once_the_closest_to_the_point_first),
        TEST(of_each_stratum_no_more_are_asked_than_its_share),
        TEST(for_one_that_is_silent_another_is_asked),
        TEST(points_are_asked_for_from_outside_inwards),
        TEST(a_request_that_could_not_be_sent_comes_again),
        TEST(our_contacts_outside_are_asked_first),
        TEST(holders_are_the_closest_and_those_of_all_strata_in_turn),
    };
    return cmocka_run_group_tests_name("strata", tests, NULL, NULL);
}
