/* The bytes of answers that may be sent in a second, and what is refused beyond them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/rpc/answer_budget.h"

#define NOW_US (5 * SKAD_US_PER_S)

static void answers_fit_until_the_burst_is_spent_and_the_rest_is_counted(void **state)
{
    (void)state;
    skad_answer_budget budget = {.rate = {.per_s = 1000, .burst = 2000}};
    assert_true(skad_answer_budget_allows(&budget, 1232, true, NOW_US));
    assert_true(skad_answer_budget_allows(&budget, 768, true, NOW_US));
    assert_int_equal(budget.shed, 0);
    assert_false(skad_answer_budget_allows(&budget, 1, true, NOW_US));
    assert_false(skad_answer_budget_allows(&budget, 1232, true, NOW_US));
    assert_int_equal(budget.shed, 2);
}

static void what_is_refused_spends_nothing(void **state)
{
    (void)state;
    skad_answer_budget budget = {.rate = {.per_s = 1000, .burst = 1000}};
    assert_true(skad_answer_budget_allows(&budget, 1000, true, NOW_US));
    for (unsigned i = 0; i < 100; i++) {
        assert_false(skad_answer_budget_allows(&budget, 1232, true, NOW_US));
    }
    assert_true(skad_answer_budget_allows(&budget, 1000, true, NOW_US + SKAD_US_PER_S));
    assert_int_equal(budget.shed, 100);
}

static void without_a_rate_nothing_is_shed(void **state)
{
    (void)state;
    skad_answer_budget budget = {0};
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(skad_answer_budget_allows(&budget, 1232, true, NOW_US));
    }
    assert_int_equal(budget.shed, 0);
}

static void what_may_be_spoofed_has_half_of_the_budget(void **state)
{
    (void)state;
    skad_answer_budget budget = {.rate = {.per_s = 1000, .burst = 2000}};
    assert_true(skad_answer_budget_allows(&budget, 1000, false, NOW_US));
    assert_true(
        skad_answer_budget_allows(&budget, 1, false, NOW_US)); /* the half is not exceeded */
    assert_false(skad_answer_budget_allows(&budget, 1, false, NOW_US));
    assert_true(skad_answer_budget_allows(&budget, 999, true, NOW_US));
    assert_false(skad_answer_budget_allows(&budget, 1, true, NOW_US));
    assert_false(skad_answer_budget_allows(&budget, 1, false, NOW_US + 999 * SKAD_US_PER_MS));
    assert_true(skad_answer_budget_allows(&budget, 1, false, NOW_US + 1000 * SKAD_US_PER_MS));
    assert_int_equal(budget.shed, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_fit_until_the_burst_is_spent_and_the_rest_is_counted),
        cmocka_unit_test(what_is_refused_spends_nothing),
        cmocka_unit_test(without_a_rate_nothing_is_shed),
        cmocka_unit_test(what_may_be_spoofed_has_half_of_the_budget),
    };
    return cmocka_run_group_tests_name("answer_budget", tests, NULL, NULL);
}
