/* Whether a machine has moved. tests/e2e/world/test_addresses.sh moves some. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "proto/address.h"
#include "src/host/net/sources.h"

static skad_address parse(const char *text)
{
    skad_address address;
    assert_true(skad_address_parse(text, &address));
    return address;
}

/* Nothing moves in this test, so no family has another source. */
static void a_machine_that_stays_has_not_moved(void **state)
{
    const skad_contact peers[] = {
        {.ipv4 = parse("127.0.0.1:4700"), .ipv6 = parse("[::1]:4700")},
        {.ipv4 = parse("127.0.0.2:4700")},
    };
    skad_sources sources;
    (void)state;
    skad_sources_begin(&sources);
    assert_int_equal(sources.count[0], 1);
    assert_int_equal(skad_sources_changed(&sources), 0);
    skad_sources_note(&sources, peers, 2);
    assert_int_equal(sources.count[0], 3);
    assert_int_equal(skad_sources_changed(&sources), 0);
    sources.all[0][1].from = parse("127.0.0.9:1"); /* as if it had been so */
    assert_int_equal(skad_sources_changed(&sources), SKAD_FAMILY_IPV4);
    assert_int_equal(skad_sources_changed(&sources), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_machine_that_stays_has_not_moved)};
    return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
