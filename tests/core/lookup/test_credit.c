/* Which names are credible: those of nodes that name others which answer. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/lookup/credit.h"
#include "tests/support/lookup_script.h"

static skad_candidates candidates;

static int begin(void **state)
{
    (void)state;
    return skad_candidates_init(&candidates, &script_target, 64, 64) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    skad_candidates_free(&candidates);
    return 0;
}

/* Adds a node by its number. */
static uint16_t add(uint32_t number)
{
    const skad_candidate candidate = {.contact = script_contact_of(number)};
    uint16_t index = skad_candidates_add(&candidates, &candidate);
    assert_int_not_equal(index, SKAD_CANDIDATE_NONE);
    candidates.all[index].listed = 1; /* it stays */
    return index;
}

static uint16_t add_named(uint32_t number, uint16_t namer)
{
    uint16_t index = add(number);
    skad_credit_named(&candidates, index, namer);
    return index;
}

static void five_silent_names_are_forgiven_and_the_sixth_is_not(void **state)
{
    (void)state;
    uint16_t namer = add(1000);
    uint16_t names[8];
    for (uint32_t i = 0; i < 8; i++) {
        names[i] = add_named(i, namer);
    }
    for (unsigned i = 0; i < 6; i++) {
        assert_true(skad_credit_given(&candidates, names[7]));
        skad_credit_silent(&candidates, names[i]);
        skad_credit_silent(&candidates, names[i]); /* a silence counts once */
    }
    assert_false(skad_credit_given(&candidates, names[7]));
}

static void a_name_that_answers_makes_up_for_two(void **state)
{
    (void)state;
    uint16_t namer = add(1000);
    uint16_t names[10];
    for (uint32_t i = 0; i < 10; i++) {
        names[i] = add_named(i, namer);
    }
    skad_credit_answered(&candidates, names[0]);
    for (unsigned i = 1; i <= 8; i++) {
        assert_true(skad_credit_given(&candidates, names[9]));
        skad_credit_silent(&candidates, names[i]);
    }
    assert_false(skad_credit_given(&candidates, names[9]));
}

static void a_late_answer_takes_the_silence_back(void **state)
{
    (void)state;
    uint16_t namer = add(1000);
    uint16_t names[7];
    for (uint32_t i = 0; i < 7; i++) {
        names[i] = add_named(i, namer);
    }
    for (unsigned i = 0; i < 6; i++) {
        skad_credit_silent(&candidates, names[i]);
    }
    assert_false(skad_credit_given(&candidates, names[6]));
    skad_credit_answered(&candidates, names[0]);
    assert_true(skad_credit_given(&candidates, names[6]));
    assert_int_equal(candidates.all[namer].named_silent, 5);
    assert_int_equal(candidates.all[namer].named_living, 1);
}

static void all_silences_can_be_taken_back_and_no_more(void **state)
{
    (void)state;
    uint16_t namer = add(1000);
    for (uint32_t i = 0; i < 2; i++) {
        uint16_t name = add_named(i, namer);
        skad_credit_silent(&candidates, name);
        assert_int_equal(candidates.all[namer].named_silent, 1);
        skad_credit_answered(&candidates, name);
        assert_int_equal(candidates.all[namer].named_silent, 0);
        skad_credit_answered(&candidates, name); /* it owes nothing any more */
        assert_int_equal(candidates.all[namer].named_silent, 0);
    }
}

/* A fifth one has no part in what the candidate does; the silence of one with four counts
 * against none of them. */
static void four_namers_are_noted(void **state)
{
    (void)state;
    uint16_t namers[5] = {add(1000), add(1001), add(1002), add(1003), add(1004)};
    uint16_t name = add(1);
    for (unsigned i = 0; i < 5; i++) {
        skad_credit_named(&candidates, name, namers[i]);
    }
    skad_credit_silent(&candidates, name);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(candidates.all[namers[i]].named_silent, 0);
        assert_int_equal(candidates.all[namers[i]].named_living, 0);
    }
    skad_credit_answered(&candidates, name);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(candidates.all[namers[i]].named_living, i < 4);
    }
    assert_int_equal(candidates.all[name].namers_count, 4);
}

static void one_credible_namer_is_enough(void **state)
{
    (void)state;
    uint16_t liar = add(1000);
    uint16_t honest = add(2000);
    for (uint32_t i = 0; i < 6; i++) {
        skad_credit_silent(&candidates, add_named(i, liar));
    }
    uint16_t name = add_named(10, liar);
    assert_false(skad_credit_given(&candidates, name));
    skad_credit_named(&candidates, name, honest);
    assert_true(skad_credit_given(&candidates, name));
}

/* Three of them do. Where four name it, the silent node was there, as far as can be told. */
static void a_silence_counts_against_up_to_three_namers(void **state)
{
    (void)state;
    uint16_t namers[4] = {add(1000), add(1001), add(1002), add(1003)};
    uint16_t names[7];
    for (uint32_t i = 0; i < 7; i++) {
        names[i] = add(i);
        for (unsigned namer = 0; namer < 3; namer++) {
            skad_credit_named(&candidates, names[i], namers[namer]);
            skad_credit_named(&candidates, names[i], namers[namer]); /* which counts once */
        }
    }
    for (unsigned i = 0; i < 6; i++) {
        skad_credit_silent(&candidates, names[i]);
    }
    assert_false(skad_credit_given(&candidates, names[6]));
    skad_credit_named(&candidates, names[0], namers[3]); /* a fourth speaks for the first */
    for (unsigned namer = 0; namer < 4; namer++) {
        assert_int_equal(candidates.all[namers[namer]].named_silent, namer < 3 ? 5 : 0);
    }
    assert_true(skad_credit_given(&candidates, names[6]));
    skad_credit_answered(&candidates, names[0]);
    assert_int_equal(candidates.all[namers[0]].named_silent, 5);
}

static void what_is_silent_already_counts_against_a_later_namer(void **state)
{
    (void)state;
    uint16_t first = add(1000);
    uint16_t second = add(2000);
    for (uint32_t i = 0; i < 6; i++) {
        uint16_t name = add_named(i, first);
        skad_credit_silent(&candidates, name);
        skad_credit_named(&candidates, name, second);
    }
    assert_false(skad_credit_given(&candidates, add_named(10, second)));
    uint16_t third = add(3000);
    uint16_t living = add_named(20, first);
    candidates.all[living].state = SKAD_STEP_ANSWERED;
    skad_credit_answered(&candidates, living);
    skad_credit_named(&candidates, living, third);
    assert_int_equal(candidates.all[third].named_living, 1);
}

static void our_own_contacts_need_no_namer(void **state)
{
    (void)state;
    uint16_t liar = add(1000);
    for (uint32_t i = 0; i < 6; i++) {
        skad_credit_silent(&candidates, add_named(i, liar));
    }
    uint16_t ours = add_named(10, liar);
    candidates.all[ours].ours = true;
    assert_true(skad_credit_given(&candidates, ours));
    assert_true(skad_credit_given(&candidates, add(11)));
}

static void counters_stay_within_their_range(void **state)
{
    (void)state;
    uint16_t namer = add(1000);
    candidates.all[namer].named_silent = 255;
    candidates.all[namer].named_living = 255;
    skad_credit_silent(&candidates, add_named(1, namer));
    skad_credit_answered(&candidates, add_named(2, namer));
    assert_int_equal(candidates.all[namer].named_silent, 255);
    assert_int_equal(candidates.all[namer].named_living, 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(five_silent_names_are_forgiven_and_the_sixth_is_not, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_name_that_answers_makes_up_for_two, begin, end),
        cmocka_unit_test_setup_teardown(a_late_answer_takes_the_silence_back, begin, end),
        cmocka_unit_test_setup_teardown(all_silences_can_be_taken_back_and_no_more, begin, end),
        cmocka_unit_test_setup_teardown(four_namers_are_noted, begin, end),
        cmocka_unit_test_setup_teardown(one_credible_namer_is_enough, begin, end),
        cmocka_unit_test_setup_teardown(a_silence_counts_against_up_to_three_namers, begin, end),
        cmocka_unit_test_setup_teardown(what_is_silent_already_counts_against_a_later_namer, begin,
                                        end),
        cmocka_unit_test_setup_teardown(our_own_contacts_need_no_namer, begin, end),
        cmocka_unit_test_setup_teardown(counters_stay_within_their_range, begin, end),
    };
    return cmocka_run_group_tests_name("credit", tests, NULL, NULL);
}
