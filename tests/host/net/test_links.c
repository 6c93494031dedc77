/* Which addresses are on a link. tests/e2e/world/test_local_discovery.sh has real ones. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "proto/address.h"
#include "src/host/net/links.h"

static skad_address parse(const char *text)
{
    skad_address address;
    assert_true(skad_address_parse(text, &address));
    return address;
}

static skad_links made(void)
{
    skad_links links = {.count = 5};
    links.all[0] = (skad_link){2, parse("10.1.2.3:1"), 24};
    links.all[1] = (skad_link){2, parse("[fe80::1]:1"), 64};
    links.all[2] = (skad_link){2, parse("[fd00:1::1]:1"), 64};
    links.all[3] = (skad_link){3, parse("8.8.4.4:1"), 24};
    links.all[4] = (skad_link){3, parse("192.168.7.1:1"), 30};
    return links;
}

static void only_private_neighbours_are_on_a_link(void **state)
{
    static const struct {
        const char *address;
        uint32_t interface;
        bool on;
    } cases[] = {
        {"10.1.2.200:4700", 2, true},       {"10.1.3.1:4700", 2, false},
        {"10.1.2.200:4700", 3, false},      {"8.8.4.5:4700", 3, false}, /* public */
        {"192.168.7.2:4700", 3, true},      {"192.168.7.4:4700", 3, false},
        {"[fe80::77]:4700", 2, true},       {"[fe80::77]:4700", 3, false},
        {"[fd00:1::9]:4700", 2, true},      {"[fd00:2::9]:4700", 2, false},
        {"[2001:db9::1]:4700", 2, false},   {"127.0.0.1:4700", 2, false},
        {"239.255.115.107:4700", 2, false}, {"[ff02::1]:4700", 2, false},
    };
    const skad_links links = made();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const skad_address address = parse(cases[i].address);
        if (skad_links_hold(&links, cases[i].interface, &address) != cases[i].on) {
            fail_msg("%s at %u", cases[i].address, (unsigned)cases[i].interface);
        }
    }
}

static void an_address_for_all_links_is_better_than_a_link_local_one(void **state)
{
    const skad_links links = made();
    (void)state;
    assert_ptr_equal(skad_links_best(&links, 2, SKAD_FAMILY_IPV6), &links.all[2].address);
    assert_ptr_equal(skad_links_best(&links, 2, SKAD_FAMILY_IPV4), &links.all[0].address);
    assert_ptr_equal(skad_links_best(&links, 3, SKAD_FAMILY_IPV4), &links.all[4].address);
    assert_null(skad_links_best(&links, 3, SKAD_FAMILY_IPV6));
}

static void reading_leaves_loopback_out(void **state)
{
    const skad_address loopback = parse("127.0.0.1:1");
    skad_links links;
    (void)state;
    skad_links_read(&links);
    assert_in_range(links.count, 0, SKAD_LINKS_MAX);
    for (size_t i = 0; i < links.count; i++) {
        assert_int_not_equal(links.all[i].interface, 0);
        assert_int_not_equal(links.all[i].address.ip[0], loopback.ip[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_private_neighbours_are_on_a_link),
        cmocka_unit_test(an_address_for_all_links_is_better_than_a_link_local_one),
        cmocka_unit_test(reading_leaves_loopback_out),
    };
    return cmocka_run_group_tests_name("links", tests, NULL, NULL);
}
