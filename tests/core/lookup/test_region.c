/* How a lookup widens, region by region: when there is need, whom it asks for what, and when it has
 * had enough. The target is zero, so region b holds the numbers whose highest bit is bit b. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/lookup/region.h"
#include "tests/support/lookup_script.h"

static skad_lookup *make(void)
{
    return script_make(1, 1, 4, 2);
}

static bool lives(uint32_t number, const uint32_t *living, size_t count)
{
    size_t i = 0;
    while (i < count && living[i] != number) {
        i++;
    }
    return i < count;
}

/* Asks all contacts, of whom the living answer, until it is done or widens. */
static void play(skad_lookup *lookup, const uint32_t *living, size_t living_count,
                 const uint32_t *dead, size_t dead_count)
{
    script_seed(lookup, living, living_count);
    script_seed(lookup, dead, dead_count);
    while (!skad_lookup_done(lookup) && lookup->phase != SKAD_LOOKUP_WIDENING) {
        uint32_t number = script_next(lookup);
        if (number != NOBODY && lives(number, living, living_count)) {
            script_answer(lookup, number, NULL, 0);
        } else if (number != NOBODY) {
            script_fail_node(lookup, number);
        }
    }
}

/* Who is asked next for the current region. */
static uint32_t next_of_region(skad_lookup *lookup, skad_query *query)
{
    assert_true(skad_regions_next(lookup, query));
    assert_true(query->region);
    return script_number_of(lookup, query->candidate);
}

static void without_a_death_among_the_closest_there_is_no_need(void **state)
{
    (void)state;
    skad_lookup *lookup = make();
    script_seed(lookup, NUMBERS(11, 40));
    assert_int_equal(script_next(lookup), 11);
    skad_lookup_slow(lookup, script_index_of(lookup, 11));
    assert_int_equal(script_next(lookup), 40);
    script_fail_node(lookup, 40); /* farther than any that is wanted */
    script_answer(lookup, 11, NUMBERS(4, 9, 10));
    play(lookup, NUMBERS(4, 9, 10), NULL, 0);
    assert_int_equal(lookup->phase, SKAD_LOOKUP_DONE);
    skad_lookup_free(lookup);
}

static void a_death_before_the_last_one_wanted_makes_it_widen(void **state)
{
    (void)state;
    skad_lookup *lookup = make();
    play(lookup, NUMBERS(4, 40), NUMBERS(9, 41));
    assert_int_equal(lookup->phase, SKAD_LOOKUP_WIDENING);
    skad_lookup_free(lookup);
}

static void a_node_that_is_not_to_check_its_neighbourhood_does_not(void **state)
{
    (void)state;
    skad_lookup *lookup = make();
    lookup->neighbourhood_check = false;
    play(lookup, NUMBERS(4, 40), NUMBERS(9, 41));
    assert_int_equal(lookup->phase, SKAD_LOOKUP_DONE);
    skad_lookup_free(lookup);
}

static void where_all_are_dead_nobody_can_be_asked(void **state)
{
    (void)state;
    skad_lookup *lookup = make();
    play(lookup, NULL, 0, NUMBERS(4, 9, 40, 41));
    assert_int_equal(lookup->phase, SKAD_LOOKUP_DONE);
    skad_lookup_free(lookup);
}

/* Fewer candidates than one answer names have no nodes behind them that went unnamed. */
static void of_fewer_than_an_answer_names_nothing_is_hidden(void **state)
{
    (void)state;
    skad_lookup *lookup = make();
    play(lookup, NUMBERS(4, 40), NUMBERS(9));
    assert_int_equal(lookup->phase, SKAD_LOOKUP_DONE);
    skad_lookup_free(lookup);
}

/* Region 28 holds 8 to 15: the target with that bit flipped is 8. */
static void the_three_answered_that_are_closest_to_a_region_are_asked_for_it(void **state)
{
    (void)state;
    skad_lookup *lookup = make();
    static const uint32_t asked[] = {13, 14, 15}; /* at 5, 6 and 7 of it; 4 is at 12 */
    skad_query query;
    lookup->wanted = 4; /* the last of them is in region 28, as is the fourth candidate */
    play(lookup, NUMBERS(4, 13, 14, 15), NUMBERS(9));
    assert_int_equal(lookup->phase, SKAD_LOOKUP_WIDENING);
    assert_int_equal(lookup->region, 28);
    uint16_t rpcs = lookup->rpcs;
    for (size_t i = 0; i < 3; i++) {
        assert_false(skad_regions_explored(lookup));
        assert_int_equal(next_of_region(lookup, &query), asked[i]);
        assert_int_equal(query.target.bytes[3], 8);
    }
    assert_false(skad_regions_next(lookup, &query));
    assert_int_equal(lookup->rpcs, rpcs + 3);
    for (size_t i = 0; i < 3; i++) {
        assert_false(skad_regions_explored(lookup)); /* until all were heard or were slow */
        skad_regions_over(lookup);
    }
    assert_true(skad_regions_explored(lookup));
    assert_false(skad_regions_widen(lookup)); /* farther out nobody wanted can be */
    skad_lookup_free(lookup);
}

/* One node answered, whose names are all silent. Where another has, it is not asked for regions;
 * here there is no other. */
static void a_node_without_credit_is_asked_for_a_region_if_no_other_can_be(void **state)
{
    (void)state;
    for (unsigned others = 0; others < 2; others++) {
        skad_lookup *lookup = script_make(1, 2, 4, 2);
        lookup->wanted = 8;
        script_seed(lookup, NUMBERS(100, 200));
        script_assert_asks(lookup, NUMBERS(100, 200));
        script_answer(lookup, 100, NUMBERS(1, 2, 3));
        if (others > 0) {
            script_answer(lookup, 200, NULL, 0);
        } else {
            script_fail_node(lookup, 200);
        }
        while (lookup->phase != SKAD_LOOKUP_WIDENING) {
            uint32_t number = script_next(lookup);
            if (number != NOBODY) {
                script_fail_node(lookup, number);
            }
            assert_false(skad_lookup_done(lookup));
        }
        skad_query query;
        assert_int_equal(next_of_region(lookup, &query), others > 0 ? 200 : 100);
        assert_int_equal(lookup->region_count, 1);
        skad_lookup_free(lookup);
    }
}

static void regions_are_explored_outwards_as_far_as_the_last_one_wanted(void **state)
{
    (void)state;
    static const int regions[] = {28, 27, 26}; /* of the fourth closest, 9, to that of 40 */
    skad_lookup *lookup = make();
    skad_query query;
    play(lookup, NUMBERS(4, 40), NUMBERS(5, 6, 9));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(lookup->phase, SKAD_LOOKUP_WIDENING);
        assert_int_equal(lookup->region, regions[i]);
        size_t queries = 0;
        while (skad_regions_next(lookup, &query)) {
            skad_regions_over(lookup);
            queries++;
        }
        assert_int_equal(queries, 2); /* all who live */
        assert_int_equal(skad_lookup_done(lookup), i == 2);
    }
    skad_lookup_free(lookup);
}

static void who_could_not_be_asked_is_asked_again(void **state)
{
    (void)state;
    skad_lookup *lookup = make();
    skad_query query;
    play(lookup, NUMBERS(4, 40), NUMBERS(9, 41));
    uint32_t first = next_of_region(lookup, &query);
    skad_regions_unask(lookup);
    assert_false(skad_regions_explored(lookup));
    assert_int_equal(next_of_region(lookup, &query), first);
    assert_int_not_equal(next_of_region(lookup, &query), first);
    skad_regions_over(lookup);
    skad_regions_over(lookup);
    assert_true(skad_regions_explored(lookup)); /* two were asked, not three */
    skad_lookup_free(lookup);
}

static void a_lookup_that_may_ask_no_more_does_not_widen(void **state)
{
    (void)state;
    skad_lookup *lookup = make();
    play(lookup, NUMBERS(4, 40), NUMBERS(5, 6, 9));
    assert_int_equal(lookup->phase, SKAD_LOOKUP_WIDENING);
    assert_false(skad_regions_explored(lookup));
    lookup->rpcs_max = lookup->rpcs;
    assert_true(skad_regions_explored(lookup));
    assert_false(skad_regions_widen(lookup));
    skad_lookup_free(lookup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_death_among_the_closest_there_is_no_need),
        cmocka_unit_test(a_death_before_the_last_one_wanted_makes_it_widen),
        cmocka_unit_test(of_fewer_than_an_answer_names_nothing_is_hidden),
        cmocka_unit_test(a_node_that_is_not_to_check_its_neighbourhood_does_not),
        cmocka_unit_test(where_all_are_dead_nobody_can_be_asked),
        cmocka_unit_test(the_three_answered_that_are_closest_to_a_region_are_asked_for_it),
        cmocka_unit_test(a_node_without_credit_is_asked_for_a_region_if_no_other_can_be),
        cmocka_unit_test(regions_are_explored_outwards_as_far_as_the_last_one_wanted),
        cmocka_unit_test(who_could_not_be_asked_is_asked_again),
        cmocka_unit_test(a_lookup_that_may_ask_no_more_does_not_widen),
    };
    return cmocka_run_group_tests_name("region", tests, NULL, NULL);
}
