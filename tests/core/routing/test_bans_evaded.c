/* Attempts to get round bans: by ports and IDs, which are free, and by filling the list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/core/node/parts.h"
#include "src/core/routing/bans.h"
#include "tests/support/fixture.h"
#include "tests/support/prng.h"

static test_fixture fixture;

/* A node with the rates of the public network. */
static int begin(void **state)
{
    skad_profile profile = test_fixture_profile();
    skad_node_rates rates;
    (void)state;
    profile.limit_rates = true;
    skad_node_rates_default(&profile, &rates);
    test_fixture_init_rated(&fixture, &profile, &rates);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static uint64_t verifications(void)
{
    skad_node_stats stats;
    skad_node_stats_get(fixture.node, fixture.now, &stats);
    return stats.verifications;
}

/* Sends pings with a wrong signature and a valid token from so many ports of one address, a hundred
 * a second for a minute. Returns how many were verified. */
static uint64_t verified_from_ports(unsigned ports)
{
    test_remote who = *test_fixture_remote(&fixture);
    const skad_message ping = {.kind = SKAD_KIND_PING};
    const uint64_t before = verifications();
    for (unsigned i = 0; i < 6000; i++) {
        uint8_t token[SKAD_TOKEN_BYTES];
        skad_datagram request;
        who.address.port = (uint16_t)(10000 + i % ports);
        test_fixture_token(&fixture, &who, token);
        test_fixture_request(&fixture, &who, &ping, token, &request);
        request.bytes[request.len - 1] ^= 1;
        test_fixture_retag(&fixture, request.bytes, request.len);
        (void)test_fixture_deliver(&fixture, &who.address, &request);
        (void)test_fixture_drain(&fixture);
        fixture.now.mono_us += 10 * SKAD_US_PER_MS;
    }
    return verifications() - before;
}

static void many_ports_of_an_address_are_checked_as_rarely_as_a_stranger(void **state)
{
    (void)state;
    assert_int_equal(verified_from_ports(1), 16);
    /* 128 strikes, then twenty a second and a burst of forty. */
    assert_in_range(verified_from_ports(65), 128, 128 + 40 + 60 * 20);
}

/* Other sources' strikes do not push out those of an address that has many. */
static void the_address_with_the_fewest_strikes_makes_room(void **state)
{
    (void)state;
    skad_bans *bans = skad_node_parts_of(fixture.node).bans;
    const skad_address busy = test_prng_address(1);
    for (uint32_t i = 0; i < SKAD_STRIKES_ADDRESS_MAX; i++) {
        skad_address from = busy;
        const skad_id id = {{1, (uint8_t)i}};
        from.port = (uint16_t)(1000 + i);
        assert_false(skad_bans_suspect(bans, &busy, fixture.now.mono_us));
        skad_bans_strike(bans, &id, &from, SKAD_BAN_SIGNATURES, fixture.now.mono_us);
        for (uint32_t other = 0; other < 3; other++) {
            const skad_address elsewhere = test_prng_address(100 + 3 * i + other);
            skad_bans_strike(bans, &id, &elsewhere, SKAD_BAN_SIGNATURES, fixture.now.mono_us);
        }
    }
    assert_true(skad_bans_suspect(bans, &busy, fixture.now.mono_us));
}

/* However many peers the node itself bans. */
static void a_ban_by_hand_gives_way_to_one_by_hand_only(void **state)
{
    (void)state;
    skad_bans *bans = skad_node_parts_of(fixture.node).bans;
    const skad_address mine = test_prng_address(1);
    const skad_ban by_hand = {.address = mine, .prefix_bits = 32};
    assert_int_equal(skad_node_ban(fixture.node, &by_hand, 10, fixture.now), SKAD_OK);
    for (uint32_t i = 0; i < 2 * SKAD_BANS_MAX; i++) {
        const skad_ban own = {.scope = SKAD_BAN_PEER,
                              .id = {{(uint8_t)(i >> 8), (uint8_t)i}},
                              .address = test_prng_address(100 + i),
                              .reason = SKAD_BAN_SIGNATURES,
                              .until_us = fixture.now.mono_us + 600 * SKAD_US_PER_S};
        assert_int_equal(skad_bans_add(bans, &own, fixture.now.mono_us), SKAD_OK);
    }
    assert_non_null(skad_bans_find(bans, NULL, &mine, fixture.now.mono_us));
    for (uint32_t i = 0; i < SKAD_BANS_MAX; i++) {
        const skad_ban more = {.address = test_prng_address(1000 + i), .prefix_bits = 32};
        assert_int_equal(skad_node_ban(fixture.node, &more, 100, fixture.now), SKAD_OK);
    }
    assert_null(skad_bans_find(bans, NULL, &mine, fixture.now.mono_us)); /* it ended first */
    const skad_ban own = {.scope = SKAD_BAN_PEER,
                          .address = mine,
                          .reason = SKAD_BAN_SIGNATURES,
                          .until_us = fixture.now.mono_us + 600 * SKAD_US_PER_S};
    assert_int_equal(skad_bans_add(bans, &own, fixture.now.mono_us), SKAD_ERR_FULL);
}

/* A neighbour of an attacker on one address loses datagrams now and then, and its token with them.
 */
static void a_neighbour_that_lost_its_token_gets_another(void **state)
{
    (void)state;
    const test_remote *honest = test_fixture_remote(&fixture);
    const skad_message ping = {.kind = SKAD_KIND_PING};
    skad_bans *bans = skad_node_parts_of(fixture.node).bans;
    for (uint32_t i = 0; i < SKAD_STRIKES_ADDRESS_MAX; i++) {
        skad_address from = honest->address;
        const skad_id id = {{2, (uint8_t)i}};
        from.port = (uint16_t)(1000 + i);
        skad_bans_strike(bans, &id, &from, SKAD_BAN_SIGNATURES, fixture.now.mono_us);
    }
    skad_datagram request;
    test_fixture_request(&fixture, honest, &ping, NULL, &request);
    assert_int_equal(test_fixture_deliver(&fixture, &honest->address, &request),
                     SKAD_VERDICT_CHALLENGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            many_ports_of_an_address_are_checked_as_rarely_as_a_stranger, begin, end),
        cmocka_unit_test_setup_teardown(the_address_with_the_fewest_strikes_makes_room, begin, end),
        cmocka_unit_test_setup_teardown(a_ban_by_hand_gives_way_to_one_by_hand_only, begin, end),
        cmocka_unit_test_setup_teardown(a_neighbour_that_lost_its_token_gets_another, begin, end),
    };
    return cmocka_run_group_tests_name("bans_evaded", tests, NULL, NULL);
}
