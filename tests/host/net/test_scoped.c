/* Addresses with and without an interface. The loopback interface is there on any machine. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <net/if.h>
#include <string.h>

#include "src/host/net/scoped.h"

typedef struct scoped_case {
    const char *text;
    skad_scoped_outcome outcome;
    bool scoped;
    const char *why; /* part of it */
} scoped_case;

static const scoped_case cases[] = {
    {"127.0.0.1:4700", SKAD_SCOPED_FINE, false, NULL},
    {"[2001:db8::1]:4700", SKAD_SCOPED_FINE, false, NULL},
    {"[fe80::1%lo]:4700", SKAD_SCOPED_FINE, true, NULL},
    {"[febf::1%lo]:4700", SKAD_SCOPED_FINE, true, NULL},
    {"[fe80::1]:4700", SKAD_SCOPED_REFUSED, false, "needs its interface, as in [fe80::1%eth0]"},
    {"[fe80::1%nowhere]:1", SKAD_SCOPED_REFUSED, false, "no network interface 'nowhere'"},
    {"[fe80::1%]:1", SKAD_SCOPED_REFUSED, false, "no network interface ''"},
    {"[fe80::1%0]:1", SKAD_SCOPED_REFUSED, false, "no network interface '0'"},
    {"[fe80::1%4294967297]:1", SKAD_SCOPED_REFUSED, false, "no network interface '4294967297'"},
    {"[fd00::1%lo]:1", SKAD_SCOPED_REFUSED, false, "only link-local addresses"},
    {"[fec0::1%lo]:1", SKAD_SCOPED_REFUSED, false, "only link-local addresses"},
    {"fe80::1%lo", SKAD_SCOPED_NO_ADDRESS, false, NULL},
    {"[fe80::1%lo:4700", SKAD_SCOPED_NO_ADDRESS, false, NULL},
    {"[%lo]:4700", SKAD_SCOPED_NO_ADDRESS, false, NULL},
    {"node.example.org:4700", SKAD_SCOPED_NO_ADDRESS, false, NULL},
};

static void an_interface_is_there_where_it_is_needed_and_nowhere_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_scoped scoped;
        skad_failure failure = {""};
        if (skad_scoped_parse(cases[i].text, &scoped, &failure) != cases[i].outcome) {
            fail_msg("%s: %s", cases[i].text, failure.text);
        }
        if (cases[i].outcome == SKAD_SCOPED_FINE) {
            assert_int_equal(scoped.interface, cases[i].scoped ? if_nametoindex("lo") : 0);
        } else if (cases[i].why != NULL && strstr(failure.text, cases[i].why) == NULL) {
            fail_msg("%s: %s", cases[i].text, failure.text);
        }
    }
}

static void a_long_text_is_no_address(void **state)
{
    (void)state;
    char text[300];
    skad_scoped scoped;
    skad_failure failure;
    memset(text, 'a', sizeof text);
    memcpy(text, "[fe80::1%", 9);
    memcpy(text + sizeof text - 4, "]:1", 4);
    assert_int_equal(skad_scoped_parse(text, &scoped, &failure), SKAD_SCOPED_NO_ADDRESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interface_is_there_where_it_is_needed_and_nowhere_else),
        cmocka_unit_test(a_long_text_is_no_address),
    };
    return cmocka_run_group_tests_name("scoped", tests, NULL, NULL);
}
