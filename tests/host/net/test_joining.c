/* What a node that has not joined says about it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "src/host/net/joining.h"

static const skad_address seed = {SKAD_FAMILY_IPV4, 4700, {45, 1, 1, 1}};

#define ASKS .found = {.places = 1, .usable = 1}, .address = &seed
#define FLAW .flaw = {.place = "seed.example.org:4700", .why = "Name or service not known"}

typedef struct joining_case {
    skad_joining_facts facts;
    const char *state;
    const char *text; /* a part of the sentence */
} joining_case;

static const joining_case cases[] = {
    {{.found = {.places = 0}}, "alone", "waits until others ask it"},
    {{.found = {.places = 0}, .greets = true}, "trying", "waits for the first answers"},
    {{.found = {.places = 1, .awaited = 1}}, "trying", "are being looked up"},
    {{.found = {.places = 1, .unresolved = 1}, FLAW},
     "unresolved",
     "seed.example.org:4700: Name or service not known"},
    {{.found = {.places = 2, .unresolved = 1, .awaited = 1}, FLAW}, "trying", "looked up"},
    {{.found = {.places = 2, .unresolved = 1, .skipped = 1}, FLAW}, "unusable", "can be used"},
    {{.found = {.places = 1, .awaited = 1, .waits = "slow.example.org"}, .late = true},
     "unresolved",
     "no name server has answered for slow.example.org yet"},
    {{.found = {.places = 2, .awaited = 1, .waits = "slow.example.org", .usable = 1},
      .address = &seed,
      .late = true},
     "trying",
     "first answers"},
    {{ASKS}, "trying", "first answers"},
    {{ASKS, .timeouts = 1}, "silent", "no answer from 45.1.1.1:4700:"},
    {{ASKS, .timeouts = 1, .unix_s = 1800000000}, "silent", "this one says 2027-01-15 08:00 UTC"},
    {{.found = {.places = 2, .usable = 4}, .address = &seed, .timeouts = 1},
     "silent",
     "45.1.1.1:4700 and the 3 other addresses of --join"},
    {{.greets = true, .timeouts = 1}, "silent", "no answer from the peers of its last run"},
    {{ASKS, .timeouts = 1, .refused = 1}, "refused", "nothing listens at 45.1.1.1:4700"},
    {{ASKS, .timeouts = 1, .from_itself = 1}, "itself", "45.1.1.1:4700 leads to this node"},
    {{ASKS, .timeouts = 1, .of_another_time = 1}, "clock", "which says 1970-01-01"},
    {{ASKS, .unsent = 1, .unsent_errno = ENETUNREACH}, "unreachable", "Network is unreachable"},
    {{.found = {.places = 1, .unresolved = 1}, FLAW, .unsent = 1}, "unresolved", "Check the names"},
};

static void each_reason_has_a_word_and_a_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[SKAD_JOINING_TEXT_BYTES];
        const char *name = skad_joining_name(skad_joining_judge(&cases[i].facts, text));
        if (strcmp(name, cases[i].state) != 0 || strstr(text, cases[i].text) == NULL) {
            fail_msg("case %zu: %s: %s", i, name, text);
        }
        assert_in_range(strlen(text), 1, SKAD_JOINING_TEXT_BYTES - 2); /* whole */
    }
}

static void a_node_that_has_joined_has_nothing_to_say(void **state)
{
    (void)state;
    const skad_joining_facts facts = {.joined = true, .refused = 3, .timeouts = 9};
    char text[SKAD_JOINING_TEXT_BYTES] = "left from before";
    assert_int_equal(skad_joining_judge(&facts, text), SKAD_JOINING_JOINED);
    assert_string_equal(text, "");
    assert_string_equal(skad_joining_name(SKAD_JOINING_JOINED), "joined");
}

static void the_longest_sentence_is_whole(void **state)
{
    (void)state;
    skad_joining_facts facts = {
        .found = {.places = 32, .usable = 32}, .timeouts = 1, .unix_s = 253402300799};
    const skad_address far = {
        SKAD_FAMILY_IPV6,
        65535,
        {0x20, 1, 0xdb, 8, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11}};
    char text[SKAD_JOINING_TEXT_BYTES];
    facts.address = &far;
    assert_int_equal(skad_joining_judge(&facts, text), SKAD_JOINING_SILENT);
    assert_non_null(strstr(text, "9999-12-31 23:59 UTC"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reason_has_a_word_and_a_sentence),
        cmocka_unit_test(a_node_that_has_joined_has_nothing_to_say),
        cmocka_unit_test(the_longest_sentence_is_whole),
    };
    return cmocka_run_group_tests_name("joining", tests, NULL, NULL);
}
