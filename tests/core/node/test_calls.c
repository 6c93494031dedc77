/* The public calls that ask a node to do something: what they hand on, and what they refuse. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "proto/address.h"
#include "skad/records.h"
#include "src/core/node/parts.h"
#include "tests/support/fixture.h"
#include "tests/support/prng.h"

static test_fixture fixture;

static int begin(void **state)
{
    skad_profile profile = test_fixture_profile();
    (void)state;
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 3);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static skad_ban ban_of(uint32_t number)
{
    return (skad_ban){.address = test_prng_address(number), .prefix_bits = 32};
}

static void bans_are_told_until_they_end_and_as_many_as_fit(void **state)
{
    (void)state;
    skad_ban bans[3] = {{0}};
    for (uint32_t number = 1; number <= 3; number++) {
        const skad_ban ban = ban_of(number);
        assert_int_equal(skad_node_ban(fixture.node, &ban, 10 * number, fixture.now), SKAD_OK);
    }
    bans[2].prefix_bits = 99;
    assert_int_equal(skad_node_bans(fixture.node, fixture.now, bans, 2), 3);
    assert_int_equal(bans[2].prefix_bits, 99);
    assert_int_equal(bans[0].reason, SKAD_BAN_OPERATOR);
    assert_int_equal(skad_node_bans(fixture.node, fixture.now, NULL, 0), 3);
    fixture.now.mono_us += 20 * SKAD_US_PER_S - 1;
    assert_int_equal(skad_node_bans(fixture.node, fixture.now, bans, 3), 2);
    fixture.now.mono_us += 1;
    assert_int_equal(skad_node_bans(fixture.node, fixture.now, bans, 3), 1);
    assert_int_equal(bans[0].until_us, fixture.now.mono_us + 10 * SKAD_US_PER_S);
}

static void the_same_ban_again_is_one_and_is_lifted_once(void **state)
{
    (void)state;
    const skad_ban ban = ban_of(1);
    const skad_ban wider = {.address = ban.address, .prefix_bits = 31};
    skad_ban told;
    assert_int_equal(skad_node_ban(fixture.node, &ban, 10, fixture.now), SKAD_OK);
    assert_int_equal(skad_node_ban(fixture.node, &ban, 50, fixture.now), SKAD_OK);
    assert_int_equal(skad_node_bans(fixture.node, fixture.now, &told, 1), 1);
    assert_int_equal(told.until_us, fixture.now.mono_us + 50 * SKAD_US_PER_S);
    assert_false(skad_node_unban(fixture.node, &wider)); /* not this very subject */
    assert_true(skad_node_unban(fixture.node, &ban));
    assert_false(skad_node_unban(fixture.node, &ban));
}

static void only_addresses_are_exempt_from_bans(void **state)
{
    (void)state;
    const skad_ban by_id = {.scope = SKAD_BAN_ID};
    const skad_ban prefix = ban_of(1);
    assert_int_equal(skad_node_allow(fixture.node, &by_id), SKAD_ERR_INPUT);
    assert_int_equal(skad_node_allow(fixture.node, &prefix), SKAD_OK);
}

static void a_cancelled_name_may_be_a_watchs_or_an_operations(void **state)
{
    (void)state;
    static const skad_id key = {{7}};
    skad_node_stats stats;
    skad_op watch;
    skad_op lookup;
    assert_int_equal(
        skad_node_watch(fixture.node, SKAD_RECORD_MUTABLE, &key, 60, fixture.now, &watch), SKAD_OK);
    assert_int_equal(skad_node_lookup(fixture.node, &key, fixture.now, &lookup), SKAD_OK);
    skad_node_cancel(fixture.node, watch);
    skad_node_stats_get(fixture.node, fixture.now, &stats);
    assert_int_equal(stats.watches, 0);
    assert_int_equal(stats.operations, 1);
    skad_node_cancel(fixture.node, lookup);
    skad_node_cancel(fixture.node, lookup);
    skad_node_cancel(fixture.node, 0);
    skad_node_stats_get(fixture.node, fixture.now, &stats);
    assert_int_equal(stats.operations, 0);
}

/* A name may have an address that may not be contacted beside good ones. */
static void a_node_joins_only_through_addresses_that_may_be_contacted(void **state)
{
    (void)state;
    const skad_join_state *join = skad_node_parts_of(fixture.node).join;
    const skad_address addresses[] = {{.family = SKAD_FAMILY_IPV4, .port = 1, .ip = {10, 1}},
                                      test_prng_address(900),
                                      {.family = SKAD_FAMILY_IPV4, .port = 0, .ip = {9, 9}}};
    assert_int_equal(skad_node_join(fixture.node, addresses, 3, fixture.now), SKAD_OK);
    assert_int_equal(join->addresses_count, 1);
    assert_true(skad_address_equal(&join->addresses[0], &addresses[1]));
    assert_int_equal(skad_node_join(fixture.node, addresses, 1, fixture.now), SKAD_ERR_INPUT);
    assert_int_equal(skad_node_join(fixture.node, &addresses[2], 1, fixture.now), SKAD_ERR_INPUT);
    assert_int_equal(join->addresses_count, 1); /* as before */
    assert_int_equal(skad_node_join(fixture.node, NULL, 0, fixture.now), SKAD_OK);
    assert_int_equal(join->addresses_count, 0);
}

static void thirty_two_addresses_to_join_through_are_used(void **state)
{
    (void)state;
    skad_address addresses[40];
    for (uint32_t i = 0; i < 40; i++) {
        addresses[i] = test_prng_address(900 + i);
    }
    assert_int_equal(skad_node_join(fixture.node, addresses, 40, fixture.now), SKAD_OK);
    assert_int_equal(skad_node_parts_of(fixture.node).join->addresses_count, 32);
}

static void those_greeted_that_may_not_be_contacted_are_skipped(void **state)
{
    (void)state;
    const test_remote *who = test_fixture_remote(&fixture);
    const skad_contact contacts[] = {
        {.id = {{1}}, .ipv4 = {.family = SKAD_FAMILY_IPV4, .port = 1, .ip = {10, 1}}},
        {.id = who->identity.id, .ipv4 = who->address}};
    skad_node_tick(fixture.node, fixture.now);
    (void)test_fixture_drain(&fixture);
    assert_int_equal(skad_node_greet(fixture.node, contacts, 1, fixture.now), SKAD_OK);
    assert_int_equal(test_fixture_drain(&fixture), 0);
    assert_int_equal(skad_node_greet(fixture.node, contacts, 2, fixture.now), SKAD_OK);
    test_fixture_run(&fixture, SKAD_US_PER_S);
    assert_int_equal(who->asked, 1);
    assert_non_null(test_fixture_peer(&fixture, who));
}

static void no_more_than_a_hundred_and_twenty_eight_are_greeted(void **state)
{
    (void)state;
    skad_contact contacts[200];
    for (uint32_t i = 0; i < 200; i++) {
        contacts[i] = (skad_contact){.id = {{(uint8_t)i, 9}}, .ipv4 = test_prng_address(900 + i)};
    }
    skad_node_tick(fixture.node, fixture.now);
    (void)test_fixture_drain(&fixture);
    assert_int_equal(skad_node_greet(fixture.node, contacts, 200, fixture.now), SKAD_OK);
    assert_int_equal(test_fixture_drain(&fixture), 128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bans_are_told_until_they_end_and_as_many_as_fit, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_same_ban_again_is_one_and_is_lifted_once, begin, end),
        cmocka_unit_test_setup_teardown(only_addresses_are_exempt_from_bans, begin, end),
        cmocka_unit_test_setup_teardown(a_cancelled_name_may_be_a_watchs_or_an_operations, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_node_joins_only_through_addresses_that_may_be_contacted,
                                        begin, end),
        cmocka_unit_test_setup_teardown(thirty_two_addresses_to_join_through_are_used, begin, end),
        cmocka_unit_test_setup_teardown(those_greeted_that_may_not_be_contacted_are_skipped, begin,
                                        end),
        cmocka_unit_test_setup_teardown(no_more_than_a_hundred_and_twenty_eight_are_greeted, begin,
                                        end),
    };
    return cmocka_run_group_tests_name("calls", tests, NULL, NULL);
}
