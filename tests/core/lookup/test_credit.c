/* Which names are credible: those of nodes that name others which answer. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/lookup/credit.h"
#include "tests/support/lookup_script.h"

#define NAMER 1000

static int begin(void **state)
{
    *state = script_make(1, 1, 8, 4);
    return 0;
}

static int end(void **state)
{
    skad_lookup_free(*state);
    return 0;
}

/* Puts a candidate on the path's list, in a state as if it had been asked. */
static uint16_t add(skad_lookup *lookup, uint32_t number, skad_step_state state)
{
    const skad_contact contact = script_contact_of(number);
    const skad_candidate candidate = {
        .contact = contact,
        .address = contact.ipv4,
        .listed = 1,
        .state = (uint8_t)state,
        .tries = state != SKAD_STEP_HEARD,
        .order = lookup->asked_count,
    };
    uint16_t index = skad_candidates_add(&lookup->candidates, &candidate);
    assert_int_not_equal(index, SKAD_CANDIDATE_NONE);
    if (state != SKAD_STEP_HEARD) {
        lookup->asked[lookup->asked_count++] = index;
    }
    return index;
}

static uint16_t add_named(skad_lookup *lookup, uint32_t number, skad_step_state state,
                          uint16_t namer)
{
    uint16_t index = add(lookup, number, state);
    skad_credit_named(lookup, index, namer);
    return index;
}

static bool credible(skad_lookup *lookup, uint16_t index)
{
    lookup->weighed = false;
    skad_credit_weigh(lookup);
    return skad_credit_given(lookup, index);
}

/* Two others have answered, closer than the namer, and name none of its names. */
static uint16_t add_namer(skad_lookup *lookup)
{
    (void)add(lookup, 1, SKAD_STEP_ANSWERED);
    (void)add(lookup, 2, SKAD_STEP_ANSWERED);
    return add(lookup, NAMER, SKAD_STEP_ANSWERED);
}

static void a_node_has_three_of_its_names_asked_before_one_has_answered(void **state)
{
    skad_lookup *lookup = *state;
    uint16_t namer = add_namer(lookup);
    uint16_t last = add_named(lookup, 100, SKAD_STEP_HEARD, namer);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(credible(lookup, last));
        uint16_t next = add_named(lookup, 10 + i, SKAD_STEP_ASKED, namer);
        lookup->weighed = false;
        skad_credit_weigh(lookup);
        skad_credit_asked(lookup, next);
    }
    assert_false(credible(lookup, last));
    assert_true(skad_credit_pending(lookup, last)); /* the three may yet answer */
    assert_false(skad_credit_lost(lookup, namer));
}

static void three_silent_names_end_the_credit_and_a_late_answer_gives_it_back(void **state)
{
    skad_lookup *lookup = *state;
    uint16_t namer = add_namer(lookup);
    uint16_t last = add_named(lookup, 100, SKAD_STEP_HEARD, namer);
    uint16_t first = add_named(lookup, 10, SKAD_STEP_SLOW, namer);
    (void)add_named(lookup, 11, SKAD_STEP_SLOW, namer);
    assert_true(credible(lookup, last));
    (void)add_named(lookup, 12, SKAD_STEP_FAILED, namer);
    assert_false(credible(lookup, last));
    assert_false(skad_credit_pending(lookup, last));
    assert_true(skad_credit_lost(lookup, namer));
    lookup->candidates.all[first].state = SKAD_STEP_ANSWERED;
    assert_true(credible(lookup, last));
}

static void a_name_that_answers_makes_up_for_two(void **state)
{
    skad_lookup *lookup = *state;
    uint16_t namer = add_namer(lookup);
    uint16_t last = add_named(lookup, 100, SKAD_STEP_HEARD, namer);
    (void)add_named(lookup, 10, SKAD_STEP_ANSWERED, namer);
    for (uint32_t i = 0; i < 5; i++) {
        assert_true(credible(lookup, last));
        (void)add_named(lookup, 11 + i, SKAD_STEP_SLOW, namer);
    }
    assert_false(credible(lookup, last));
}

static void one_credible_namer_is_enough(void **state)
{
    skad_lookup *lookup = *state;
    uint16_t liar = add_namer(lookup);
    uint16_t other = add(lookup, NAMER + 1, SKAD_STEP_ANSWERED);
    uint16_t name = add_named(lookup, 100, SKAD_STEP_HEARD, liar);
    for (uint32_t i = 0; i < 3; i++) {
        (void)add_named(lookup, 10 + i, SKAD_STEP_SLOW, liar);
    }
    assert_false(credible(lookup, name));
    skad_credit_named(lookup, name, other);
    assert_true(credible(lookup, name));
    assert_int_equal(skad_credit_support(lookup, name), 2);
    assert_true(skad_credit_names(lookup, other, name) && skad_credit_names(lookup, liar, name));
    assert_false(skad_credit_names(lookup, name, name));
}

/* As honest nodes do whose neighbour has died: more than half of the closest name it. */
static void the_silence_of_one_that_most_vouch_for_counts_against_none(void **state)
{
    skad_lookup *lookup = *state;
    uint16_t namers[4];
    for (uint32_t i = 0; i < 4; i++) {
        namers[i] = add(lookup, NAMER + i, SKAD_STEP_ANSWERED);
    }
    uint16_t last = add_named(lookup, 100, SKAD_STEP_HEARD, namers[0]);
    for (uint32_t i = 0; i < 3; i++) {
        uint16_t dead = add_named(lookup, 10 + i, SKAD_STEP_SLOW, namers[0]);
        skad_credit_named(lookup, dead, namers[1]);
        assert_true(i == 2 || credible(lookup, last));
        assert_false(skad_credit_vouched(lookup, dead)); /* half of them is not enough */
    }
    assert_false(credible(lookup, last));
    for (uint32_t i = 0; i < 3; i++) {
        uint16_t dead = script_index_of(lookup, 10 + i);
        skad_credit_named(lookup, dead, namers[2]);
        skad_credit_weigh(lookup);
        assert_true(skad_credit_vouched(lookup, dead));
    }
    assert_true(credible(lookup, last));
}

/* A liar that repeats what all know earns nothing by it. */
static void what_most_vouch_for_is_no_merit(void **state)
{
    skad_lookup *lookup = *state;
    uint16_t namers[4];
    for (uint32_t i = 0; i < 4; i++) {
        namers[i] = add(lookup, NAMER + i, SKAD_STEP_ANSWERED);
    }
    uint16_t known = add(lookup, 2000, SKAD_STEP_ANSWERED);
    for (size_t j = 0; j < 4; j++) {
        skad_credit_named(lookup, known, namers[j]);
    }
    uint16_t last = add_named(lookup, 100, SKAD_STEP_HEARD, namers[0]);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(credible(lookup, last));
        (void)add_named(lookup, 10 + i, SKAD_STEP_SLOW, namers[0]);
    }
    assert_false(credible(lookup, last));
    assert_false(skad_credit_good(lookup, last));
    for (size_t j = 1; j < 4; j++) { /* what most name needs no credit */
        skad_credit_named(lookup, last, namers[j]);
    }
    assert_true(credible(lookup, last));
}

static void an_id_that_answered_elsewhere_counts_against_none(void **state)
{
    skad_lookup *lookup = *state;
    uint16_t namer = add_namer(lookup);
    uint16_t last = add_named(lookup, 100, SKAD_STEP_HEARD, namer);
    for (uint32_t i = 0; i < 4; i++) {
        uint16_t moot = add_named(lookup, 10 + i, SKAD_STEP_FAILED, namer);
        lookup->candidates.all[moot].moot = true;
    }
    assert_true(credible(lookup, last));
}

static void our_own_contacts_need_no_namer(void **state)
{
    skad_lookup *lookup = *state;
    uint16_t namer = add_namer(lookup);
    uint16_t ours = add_named(lookup, 100, SKAD_STEP_HEARD, namer);
    for (uint32_t i = 0; i < 3; i++) {
        (void)add_named(lookup, 10 + i, SKAD_STEP_SLOW, namer);
    }
    assert_false(credible(lookup, ours) || skad_credit_vouched(lookup, ours));
    lookup->candidates.all[ours].ours = true;
    assert_true(credible(lookup, ours) && skad_credit_vouched(lookup, ours));
}

/* As many as can be asked at all: the sets reach that far. */
static void the_last_of_all_that_are_asked_is_a_namer_as_well(void **state)
{
    skad_lookup *lookup = *state;
    uint16_t last = SKAD_CANDIDATE_NONE;
    for (uint32_t i = 0; i < SKAD_ASKED_MAX; i++) {
        last = add(lookup, NAMER + i, SKAD_STEP_ANSWERED);
    }
    uint16_t name = add_named(lookup, 10, SKAD_STEP_HEARD, last);
    assert_true(credible(lookup, name));
    assert_true(skad_credit_names(lookup, last, name));
    skad_credit_named(lookup, lookup->asked[0], last);
    assert_true(credible(lookup, name));
    assert_int_equal(lookup->candidates.all[last].named_living, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_node_has_three_of_its_names_asked_before_one_has_answered),
        TEST(three_silent_names_end_the_credit_and_a_late_answer_gives_it_back),
        TEST(a_name_that_answers_makes_up_for_two),
        TEST(one_credible_namer_is_enough),
        TEST(the_silence_of_one_that_most_vouch_for_counts_against_none),
        TEST(what_most_vouch_for_is_no_merit),
        TEST(an_id_that_answered_elsewhere_counts_against_none),
        TEST(our_own_contacts_need_no_namer),
        TEST(the_last_of_all_that_are_asked_is_a_namer_as_well),
    };
    return cmocka_run_group_tests_name("credit", tests, NULL, NULL);
}
