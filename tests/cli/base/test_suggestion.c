/* "Did you mean". */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "src/cli/base/suggestion.h"

static const char *nearest(const char *asked)
{
    static const char *const words[] = {"dir",   "profile", "sandbox", "listen",
                                        "store", "workers", "join",    "max-bytes"};
    skad_suggestion self;
    skad_suggestion_begin(&self, asked, strlen(asked));
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        skad_suggestion_try(&self, words[i]);
    }
    return self.best;
}

static void a_slip_of_the_fingers_finds_its_word(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"profiel", "profile"}, {"prof", "profile"},       {"profiles", "profile"},
        {"listne", "listen"},   {"wrokers", "workers"},    {"sotre", "store"},
        {"sandbx", "sandbox"},  {"maxbytes", "max-bytes"}, {"jion", "join"},
        {"dirr", "dir"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *found = nearest(cases[i][0]);
        if (found == NULL || strcmp(found, cases[i][1]) != 0) {
            fail_msg("%s: %s", cases[i][0], found == NULL ? "none" : found);
        }
    }
}

static void another_word_is_near_to_none(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",    "x", "banana", "p", "xyz", "a-word-that-is-much-longer-than-any-word-of-ours-may-be",
        "elif"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *found = nearest(cases[i]);
        if (found != NULL) {
            fail_msg("%s: %s", cases[i], found);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slip_of_the_fingers_finds_its_word),
        cmocka_unit_test(another_word_is_near_to_none),
    };
    return cmocka_run_group_tests_name("suggestion", tests, NULL, NULL);
}
