/* Which candidate a lookup asks next, and for which it waits (lookup_script.h). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/core/lookup/choice.h"
#include "src/core/lookup/credit.h"
#include "src/core/lookup/lookup.h"
#include "src/core/lookup/nearest.h"
#include "src/core/lookup/region.h"
#include "src/core/routing/distance.h"
#include "tests/support/lookup_script.h"
#include "tests/support/prng.h"

static void a_path_on_its_way_asks_two_and_all_when_it_has_arrived(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(1, 1, 8, 4);
    script_seed(lookup, NUMBERS(1000));
    script_assert_asks(lookup, NUMBERS(1000));
    script_answer(lookup, 1000, NUMBERS(100, 200, 300, 400));
    script_assert_asks(lookup, NUMBERS(100, 200)); /* closer than what has answered */
    script_answer(lookup, 200, NUMBERS(50, 60, 100, 300));
    script_assert_asks(lookup, NUMBERS(50)); /* one more on its way */
    assert_false(skad_choice_path_over(lookup, 0));
    script_answer(lookup, 50, NUMBERS(60, 100, 300, 400));
    script_assert_asks(lookup, NUMBERS(60, 300, 400)); /* none is left that is closer */
    assert_true(skad_choice_path_over(lookup, 0));     /* the closing round awaits them */
    skad_lookup_free(lookup);
}

/* Its names are left to the closing round. */
static void the_lookup_does_not_wait_for_a_path_that_was_led_to_the_silent(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(1, 1, 8, 4);
    script_seed(lookup, NUMBERS(1000, 2000));
    script_assert_asks(lookup, NUMBERS(1000));
    skad_lookup_slow(lookup, script_index_of(lookup, 1000));
    assert_false(skad_choice_path_over(lookup, 0)); /* none has answered it */
    script_assert_asks(lookup, NUMBERS(2000));
    script_answer(lookup, 2000, NUMBERS(1, 2, 3, 4));
    script_assert_asks(lookup, NUMBERS(1, 2));
    assert_false(skad_choice_path_over(lookup, 0));
    skad_lookup_slow(lookup, script_index_of(lookup, 1));
    assert_true(skad_choice_path_over(lookup, 0));
    skad_lookup_free(lookup);
}

/* The four that are wanted have answered. Two others are closer, if they exist: one that a node
 * names whose names have answered, and one of a node whose names have not. */
static void the_closing_round_waits_for_no_doubtful_name(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(1, 4, 8, 4);
    script_seed(lookup, NUMBERS(10, 20, 30, 40));
    script_assert_asks(lookup, NUMBERS(10, 20, 30, 40));
    script_answer(lookup, 10, NUMBERS(20, 30, 40));
    script_answer(lookup, 20, NULL, 0);
    script_answer(lookup, 30, NULL, 0);
    script_answer(lookup, 40, NUMBERS(5));
    script_assert_asks(lookup, NUMBERS(5));
    assert_false(skad_lookup_done(lookup));
    assert_int_equal(lookup->phase, SKAD_LOOKUP_CLOSING);
    const uint64_t twentieth = UINT64_C(20) << 32;
    lookup->radius = twentieth - 1; /* 40 is farther than twice that: they may be closer to us */
    assert_false(skad_choice_closing_over(lookup));
    lookup->radius = twentieth;
    assert_true(skad_choice_closing_over(lookup));
    script_hear(lookup, 10, 5);
    skad_credit_weigh(lookup);
    assert_false(skad_choice_closing_over(lookup));
    skad_lookup_free(lookup);
}

/* Each node names the next closer one, and the first, all in one /24. */
static void the_closing_round_waits_for_none_whose_address_group_has_had_its_share(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(1, 1, 8, 4);
    lookup->group_path_max = 2;
    lookup->group_max = 3;
    script_seed(lookup, NUMBERS(100));
    for (uint32_t number = 100; number > 97; number--) {
        skad_contact next = script_contact_of(number - 1);
        next.ipv4 = script_contact_of(100).ipv4;
        next.ipv4.port = (uint16_t)number;
        script_assert_asks(lookup, NUMBERS(number));
        script_answer(lookup, number, NUMBERS(100));
        skad_lookup_heard(lookup, script_index_of(lookup, number), &next, &next.ipv4);
    }
    script_assert_asks(lookup, NULL, 0);
    assert_true(skad_credit_pending(lookup, script_index_of(lookup, 97)));
    assert_true(skad_lookup_done(lookup));
    skad_lookup_free(lookup);
}

static void behind_its_first_answer_a_path_waits_for_closer_ones(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(1, 1, 8, 4);
    script_seed(lookup, NUMBERS(1000));
    script_assert_asks(lookup, NUMBERS(1000));
    assert_false(skad_choice_path_over(lookup, 0));
    script_answer(lookup, 1000, NUMBERS(100));
    script_assert_asks(lookup, NUMBERS(100));
    assert_false(skad_choice_path_over(lookup, 0));
    skad_lookup_slow(lookup, script_index_of(lookup, 100));
    assert_true(skad_choice_path_over(lookup, 0)); /* but not for the silent */
    skad_lookup_free(lookup);
}

/* Two of the four closest name a dead node, at first, and then a third one does. */
static void the_closing_round_waits_for_the_slow_that_most_vouch_for(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(1, 4, 8, 4);
    script_seed(lookup, NUMBERS(10, 20, 30, 40));
    script_assert_asks(lookup, NUMBERS(10, 20, 30, 40));
    script_answer(lookup, 10, NUMBERS(5));
    script_answer(lookup, 20, NUMBERS(5));
    script_assert_asks(lookup, NUMBERS(5));
    skad_lookup_slow(lookup, script_index_of(lookup, 5));
    script_answer(lookup, 30, NULL, 0);
    script_answer(lookup, 40, NULL, 0);
    script_assert_asks(lookup, NULL, 0);
    assert_true(skad_choice_closing_over(lookup)); /* as if it was one */
    script_hear(lookup, 30, 5);
    skad_credit_weigh(lookup);
    assert_false(skad_lookup_done(lookup));
    assert_int_equal(lookup->phase, SKAD_LOOKUP_CLOSING);
    skad_lookup_overdue(lookup, script_index_of(lookup, 5));
    skad_credit_weigh(lookup);
    assert_true(skad_choice_closing_over(lookup));
    skad_lookup_free(lookup);
}

/* One node alone names six: three of them are asked at once, and the round waits for these, so that
 * the other three have their turn. */
static void the_closing_round_asks_the_names_of_one_node_by_and_by(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(1, 1, 8, 8);
    script_seed(lookup, NUMBERS(1000));
    script_assert_asks(lookup, NUMBERS(1000));
    lookup->phase = SKAD_LOOKUP_CLOSING;
    skad_lookup_answered(lookup, script_index_of(lookup, 1000), 1000);
    lookup->answered_count = lookup->siblings; /* others have answered, far away */
    for (uint32_t number = 1; number <= 6; number++) {
        script_hear(lookup, 1000, number);
    }
    script_assert_asks(lookup, NUMBERS(1, 2, 3));
    skad_lookup_slow(lookup, script_index_of(lookup, 1));
    skad_lookup_slow(lookup, script_index_of(lookup, 2));
    assert_false(skad_lookup_done(lookup));
    script_answer(lookup, 3, NULL, 0);
    script_assert_asks(lookup, NUMBERS(4, 5, 6));
    skad_lookup_free(lookup);
}

static void each_path_asks_its_closest_alpha_at_a_time(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(2, 1, 8, 4);
    script_seed(lookup, NUMBERS(10, 20, 30, 40, 50, 60));
    script_assert_asks(lookup, NUMBERS(10, 20));
    script_answer(lookup, 20, NUMBERS(7, 8, 9, 11));
    script_assert_asks(lookup, NUMBERS(7, 8)); /* twice as many where the way is known */
    skad_lookup_free(lookup);
    lookup = script_make(2, 2, 8, 4);
    script_seed(lookup, NUMBERS(10, 20, 30, 40, 50, 60));
    script_assert_asks(lookup, NUMBERS(10, 30, 20, 40));
    skad_lookup_free(lookup);
}

static void a_slow_node_is_overtaken_and_its_late_answer_counts(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(1, 1, 4, 2);
    script_seed(lookup, NUMBERS(10, 20));
    script_assert_asks(lookup, NUMBERS(10));
    skad_lookup_slow(lookup, script_index_of(lookup, 10));
    script_assert_asks(lookup, NUMBERS(20));
    script_answer(lookup, 20, NULL, 0);
    assert_false(skad_lookup_done(lookup)); /* the slow one is among the closest */
    script_answer(lookup, 10, NUMBERS(3));
    script_assert_asks(lookup, NUMBERS(3));
    script_answer(lookup, 3, NULL, 0);
    assert_true(skad_lookup_done(lookup));
    uint16_t indices[SKAD_K_MAX];
    assert_int_equal(skad_lookup_closest(lookup, lookup->siblings, indices), 2);
    assert_int_equal(script_number_of(lookup, indices[0]), 3);
    assert_int_equal(script_number_of(lookup, indices[1]), 10);
    skad_lookup_free(lookup);
}

static void a_path_that_ran_dry_adopts_what_nobody_claimed(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(2, 1, 8, 2);
    script_seed(lookup, NUMBERS(10, 20, 30, 40, 50));
    script_assert_asks(lookup, NUMBERS(10, 20));
    script_fail_node(lookup, 20);
    script_assert_asks(lookup, NUMBERS(40));
    script_fail_node(lookup, 40);
    script_assert_asks(lookup,
                       NUMBERS(30)); /* path 0 is still waiting for 10; 30 was on its list */
    assert_int_equal(lookup->candidates.all[script_index_of(lookup, 30)].path, 1);
    script_answer(lookup, 30, NULL, 0);
    script_assert_asks(lookup, NULL, 0); /* it has had an answer: 50 is left to path 0 */
    skad_lookup_free(lookup);
}

/* Fills a path with names that do not exist; those asked stay silent. Returns how many were asked
 * before the path's honest candidate. */
static unsigned silent_before(skad_lookup *lookup, uint32_t honest)
{
    unsigned silent = 0;
    for (uint32_t asked = script_next(lookup); asked != NOBODY; asked = script_next(lookup)) {
        if (asked == honest) {
            return silent;
        }
        skad_lookup_slow(lookup, script_index_of(lookup, asked));
        silent++;
    }
    fail_msg("the honest candidate was not asked");
    return 0;
}

static void a_liar_has_three_of_its_inventions_asked(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(1, 1, 16, 2);
    script_seed(lookup, NUMBERS(1000, 2000, 3000, 4000));
    assert_int_equal(script_next(lookup), 1000);
    script_answer(lookup, 1000, NULL, 0);
    for (uint32_t i = 1; i <= 16; i++) {
        script_hear(lookup, 1000, i);
    }
    assert_int_equal(silent_before(lookup, 2000), 3);
    script_answer(lookup, 2000, NUMBERS(1500));
    script_assert_asks(lookup, NUMBERS(1500, 3000, 4000));
    skad_lookup_free(lookup);
}

static void names_without_credit_are_asked_where_too_few_nodes_answered(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(1, 1, 8, 4);
    script_seed(lookup, NUMBERS(1000));
    assert_int_equal(script_next(lookup), 1000);
    script_answer(lookup, 1000, NUMBERS(1, 2, 3, 4, 5)); /* three of them are dead */
    script_assert_asks(lookup, NUMBERS(1, 2));
    script_fail_node(lookup, 1);
    script_assert_asks(lookup, NUMBERS(3));
    script_fail_node(lookup, 2);
    script_fail_node(lookup, 3);
    assert_int_equal(script_next(lookup), NOBODY); /* the path ends */
    assert_false(skad_lookup_done(lookup));        /* the closing round begins */
    script_assert_asks(lookup, NUMBERS(4, 5));
    script_answer(lookup, 4, NULL, 0);
    script_answer(lookup, 5, NULL, 0);
    (void)script_explore(lookup);
    uint16_t indices[SKAD_K_MAX];
    assert_int_equal(skad_lookup_closest(lookup, 4, indices), 3);
    skad_lookup_free(lookup);
}

/* A put's lookup: its own contacts 10 to 80 have granted tokens. */
static skad_lookup *make_put(void)
{
    static const uint8_t token[SKAD_TOKEN_BYTES] = {1};
    skad_lookup *lookup = script_make(4, 1, 8, 6);
    lookup->for_put = true;
    for (uint32_t i = 0; i < 8; i++) {
        skad_contact contact = script_contact_of(10 * (i + 1));
        skad_lookup_seed(lookup, i, &contact, &contact.ipv4, token);
    }
    return lookup;
}

static void a_put_stores_at_contacts_that_most_name_and_asks_them_nothing_else(void **state)
{
    (void)state;
    skad_lookup *lookup = make_put();
    skad_query query;
    script_assert_asks(lookup, NUMBERS(10, 20, 30, 40)); /* one a path */
    script_answer(lookup, 10, NUMBERS(20, 30, 40, 50, 60));
    script_assert_asks(lookup, NULL, 0); /* the others are left to the closing round */
    script_answer(lookup, 20, NUMBERS(10, 30, 40, 50, 60));
    script_answer(lookup, 30, NUMBERS(10, 20, 40, 50));
    script_answer(lookup, 40, NUMBERS(10, 20, 30));
    assert_false(skad_lookup_done(lookup));
    assert_int_equal(lookup->phase, SKAD_LOOKUP_CLOSING);
    assert_true(skad_lookup_next(lookup, &query));
    assert_int_equal(script_number_of(lookup, query.candidate), 50);
    assert_true(query.store); /* three of four name it */
    skad_lookup_unask(lookup, &query);
    assert_true(skad_lookup_next(lookup, &query) && query.store);
    assert_true(skad_lookup_next(lookup, &query));
    assert_int_equal(script_number_of(lookup, query.candidate), 60);
    assert_false(query.store); /* two of four do */
    assert_false(skad_lookup_next(lookup, &query));
    uint16_t sure[SKAD_K_MAX];
    assert_int_equal(skad_choice_sure(lookup, sure), 4);
    script_answer(lookup, 50, NULL, 0);
    script_answer(lookup, 60, NULL, 0);
    assert_int_equal(skad_choice_sure(lookup, sure), 6);
    skad_lookup_free(lookup);
}

/* The put goes on with each answer, before it asks for more. */
static void what_is_sure_counts_an_answer_that_has_just_come(void **state)
{
    (void)state;
    skad_lookup *lookup = make_put();
    script_assert_asks(lookup, NUMBERS(10, 20, 30, 40));
    script_answer(lookup, 10, NUMBERS(15));
    script_answer(lookup, 20, NUMBERS(15));
    script_answer(lookup, 30, NUMBERS(15));
    script_answer(lookup, 40, NULL, 0);
    assert_false(skad_lookup_done(lookup));
    script_assert_asks(lookup, NUMBERS(15));
    script_answer(lookup, 15, NULL, 0);
    assert_false(skad_lookup_done(lookup));
    script_assert_asks(lookup, NUMBERS(50));
    script_answer(lookup, 50, NUMBERS(12));
    script_assert_asks(lookup, NUMBERS(12));
    uint16_t sure[SKAD_K_MAX];
    assert_int_equal(skad_choice_sure(lookup, sure), 4); /* three of the closest six name 15, */
    script_answer(lookup, 12, NUMBERS(15));
    assert_int_equal(skad_choice_sure(lookup, sure), 5); /* then four of them */
    skad_lookup_free(lookup);
}

/* We are one of the six closest: the sixth of the others is not needed. */
static void a_put_counts_ourselves_among_the_closest(void **state)
{
    (void)state;
    skad_lookup *lookup = make_put();
    lookup->self = script_contact_of(15).id;
    script_assert_asks(lookup, NUMBERS(10, 20, 30, 40));
    for (uint32_t number = 10; number <= 40; number += 10) {
        script_answer(lookup, number, NUMBERS(10, 20, 30, 40, 50, 60));
    }
    assert_false(skad_lookup_done(lookup));
    skad_query query;
    assert_true(skad_lookup_next(lookup, &query) && query.store);
    assert_true(skad_lookup_next(lookup, &query));
    assert_int_equal(script_number_of(lookup, query.candidate), 60);
    assert_false(query.store);
    uint16_t sure[SKAD_K_MAX];
    assert_int_equal(skad_choice_sure(lookup, sure), 4);
    skad_lookup_free(lookup);
}

static void a_lookup_that_is_for_no_put_stores_nowhere(void **state)
{
    (void)state;
    skad_lookup *lookup = make_put();
    lookup->for_put = false;
    skad_query query;
    unsigned asked = 0;
    while (skad_lookup_next(lookup, &query)) {
        assert_false(query.store);
        script_answer(lookup, script_number_of(lookup, query.candidate),
                      NUMBERS(10, 20, 30, 40, 50, 60, 70, 80));
        asked++;
    }
    assert_int_equal(asked, 8);
    skad_lookup_free(lookup);
}

/* ---- What an experiment leaves out ---- */

static void with_first_answers_three_of_the_closest_end_a_path(void **state)
{
    (void)state;
    for (unsigned for_put = 0; for_put < 2; for_put++) {
        skad_lookup *lookup = script_make(1, 4, 8, 4);
        lookup->first_answers = true;
        lookup->closing_round = false;
        lookup->for_put = for_put == 1;
        script_seed(lookup, NUMBERS(10, 20, 30, 40, 50));
        script_assert_asks(lookup, NUMBERS(10, 20, 30, 40));
        script_answer(lookup, 20, NULL, 0);
        script_assert_asks(lookup, NUMBERS(50));
        script_answer(lookup, 30, NULL, 0);
        script_answer(lookup, 40, NULL, 0);
        assert_false(skad_lookup_done(lookup)); /* a closer one is awaited, */
        skad_lookup_overdue(lookup, script_index_of(lookup, 10));
        /* but not for ever; a put wants the four that are to hold the record. */
        assert_int_equal(skad_lookup_done(lookup), for_put == 0);
        script_answer(lookup, 50, NULL, 0);
        assert_true(skad_lookup_done(lookup));
        skad_lookup_free(lookup);
    }
}

static void with_first_answers_all_names_are_believed(void **state)
{
    (void)state;
    for (unsigned believes = 0; believes < 2; believes++) {
        skad_lookup *lookup = script_make(1, 4, 8, 4);
        lookup->first_answers = believes == 1;
        script_seed(lookup, NUMBERS(1000, 2000));
        script_assert_asks(lookup, NUMBERS(1000, 2000));
        script_answer(lookup, 2000, NULL, 0);
        script_answer(lookup, 1000, NUMBERS(1, 2, 3, 4, 5, 6));
        unsigned asked = 0;
        while (script_next(lookup) != NOBODY) {
            asked++;
        }
        assert_int_equal(asked, believes == 1 ? 6 : 3);
        skad_lookup_free(lookup);
    }
}

static void without_a_closing_round_a_path_waits_for_its_own(void **state)
{
    (void)state;
    for (unsigned closes = 0; closes < 2; closes++) {
        skad_lookup *lookup = script_make(1, 4, 8, 4);
        lookup->closing_round = closes == 1;
        script_seed(lookup, NUMBERS(10, 20, 30));
        script_assert_asks(lookup, NUMBERS(10, 20, 30));
        script_answer(lookup, 20, NULL, 0);
        script_answer(lookup, 30, NULL, 0);
        assert_int_equal(skad_choice_path_over(lookup, 0), closes == 1);
        script_answer(lookup, 10, NULL, 0);
        assert_true(skad_choice_path_over(lookup, 0));
        skad_lookup_free(lookup);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_on_its_way_asks_two_and_all_when_it_has_arrived),
        cmocka_unit_test(the_lookup_does_not_wait_for_a_path_that_was_led_to_the_silent),
        cmocka_unit_test(the_closing_round_waits_for_no_doubtful_name),
        cmocka_unit_test(the_closing_round_waits_for_none_whose_address_group_has_had_its_share),
        cmocka_unit_test(behind_its_first_answer_a_path_waits_for_closer_ones),
        cmocka_unit_test(the_closing_round_waits_for_the_slow_that_most_vouch_for),
        cmocka_unit_test(the_closing_round_asks_the_names_of_one_node_by_and_by),
        cmocka_unit_test(each_path_asks_its_closest_alpha_at_a_time),
        cmocka_unit_test(a_slow_node_is_overtaken_and_its_late_answer_counts),
        cmocka_unit_test(a_path_that_ran_dry_adopts_what_nobody_claimed),
        cmocka_unit_test(a_liar_has_three_of_its_inventions_asked),
        cmocka_unit_test(names_without_credit_are_asked_where_too_few_nodes_answered),
        cmocka_unit_test(a_put_stores_at_contacts_that_most_name_and_asks_them_nothing_else),
        cmocka_unit_test(what_is_sure_counts_an_answer_that_has_just_come),
        cmocka_unit_test(a_put_counts_ourselves_among_the_closest),
        cmocka_unit_test(a_lookup_that_is_for_no_put_stores_nowhere),
        cmocka_unit_test(with_first_answers_three_of_the_closest_end_a_path),
        cmocka_unit_test(with_first_answers_all_names_are_believed),
        cmocka_unit_test(without_a_closing_round_a_path_waits_for_its_own),
    };
    return cmocka_run_group_tests_name("choice", tests, NULL, NULL);
}
