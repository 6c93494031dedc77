/* The question for a route: it waits for nothing, whatever this machine has. tests/e2e/world has
 * machines with gateways. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <string.h>

#include "src/host/net/uplink.h"

static size_t descriptors(void)
{
    size_t count = 0;
    DIR *all = opendir("/proc/self/fd");
    assert_non_null(all);
    while (readdir(all) != NULL) {
        count++;
    }
    closedir(all);
    return count;
}

static void a_route_has_a_gateway_and_our_address_or_there_is_none(void **state)
{
    (void)state;
    const size_t before = descriptors();
    for (uint8_t family = SKAD_FAMILY_IPV4; family <= SKAD_FAMILY_IPV6; family++) {
        const skad_address any = {.family = family, .port = 4700};
        skad_uplink route;
        if (skad_uplink_find(&any, &route)) {
            assert_int_equal(route.gateway.family, family);
            assert_int_equal(route.source.family, family);
            assert_int_equal(route.source.port, 0);
            assert_int_not_equal(route.interface, 0);
        }
    }
    assert_int_equal(descriptors(), before);
}

static void an_address_that_is_not_ours_has_no_route(void **state)
{
    (void)state;
    const skad_address other = {.family = SKAD_FAMILY_IPV4, .port = 1, .ip = {203, 0, 113, 77}};
    skad_uplink route;
    assert_false(skad_uplink_find(&other, &route));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_has_a_gateway_and_our_address_or_there_is_none),
        cmocka_unit_test(an_address_that_is_not_ours_has_no_route),
    };
    return cmocka_run_group_tests_name("uplink", tests, NULL, NULL);
}
