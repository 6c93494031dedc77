/* Why holders refused, in words. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "proto/message.h"
#include "src/daemon/control/refusals.h"

typedef struct explain_case {
    const char *label;
    skad_put_report report;
    const char *expected;
} explain_case;

static const explain_case cases[] = {
    {"nobody there", {.holders = 0}, "there is no node that could hold it"},
    {"silence", {.holders = 16, .unresponsive = 16}, "none of the 16 holders answered in time"},
    {"two reasons",
     {.holders = 16,
      .refused = 16,
      .refusals = {[SKAD_ERROR_OLDER] = 14, [SKAD_ERROR_FULL] = 2},
      .sequence_seen = 9},
     "all 16 holders refused: 2 full (no room left), 14 older (they hold sequence 9)"},
    {"a sequence that nobody told",
     {.holders = 3, .refused = 3, .refusals = {[SKAD_ERROR_OLDER] = 3}},
     "all 3 holders refused: 3 older (they hold a newer one)"},
    {"some are silent",
     {.holders = 16,
      .refused = 4,
      .unresponsive = 12,
      .refusals = {[SKAD_ERROR_CAS] = 4},
      .sequence_seen = 7},
     "4 holders refused: 4 cas (they hold sequence 7); 12 did not answer"},
    {"a few took it",
     {.holders = 16,
      .stored = 4,
      .refused = 11,
      .unresponsive = 1,
      .refusals = {[SKAD_ERROR_OLDER] = 11},
      .sequence_seen = 7},
     "11 of 16 holders refused: 11 older (they hold sequence 7); 1 did not answer"},
    {"a cluster that took it",
     {.holders = 16, .stored = 15, .unresponsive = 1, .clustered = true, .strata = 2},
     "the 15 nodes that took it look as if they were made for this key: they are in 2 of 16 parts "
     "of its region; try again later, or through another node"},
    {"a reason of a later version",
     {.holders = 1, .refused = 1, .refusals = {1}},
     "the only holder refused: 1 unknown (for a reason that this version does not know)"},
};

static void a_put_that_nobody_took_tells_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_failure why;
        skad_refusals_explain(&cases[i].report, &why);
        if (strcmp(why.text, cases[i].expected) != 0) {
            fail_msg("%s: '%s'", cases[i].label, why.text);
        }
    }
}

static void every_code_has_words(void **state)
{
    (void)state;
    for (size_t code = 0; code < SKAD_REFUSALS; code++) {
        uint64_t refusals[SKAD_REFUSALS] = {0};
        skad_failure text;
        refusals[code] = 1;
        skad_refusals_list(refusals, 0, &text);
        assert_non_null(strstr(text.text, skad_refusals_name(code)));
        assert_null(strstr(text.text, "(null)"));
        assert_true(strlen(text.text) > strlen("1  ()") + 8);
    }
}

/* Whatever fits of all twelve at once. */
static void a_sentence_that_is_too_long_is_cut(void **state)
{
    (void)state;
    uint64_t refusals[SKAD_REFUSALS];
    skad_failure text;
    for (size_t code = 0; code < SKAD_REFUSALS; code++) {
        refusals[code] = UINT64_MAX;
    }
    skad_refusals_list(refusals, UINT64_MAX, &text);
    assert_int_equal(strlen(text.text), SKAD_FAILURE_BYTES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_put_that_nobody_took_tells_why),
        cmocka_unit_test(every_code_has_words),
        cmocka_unit_test(a_sentence_that_is_too_long_is_cut),
    };
    return cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}
