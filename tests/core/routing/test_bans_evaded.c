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

/* Sends pings with a wrong signature and a valid token from addresses by turns, a thousand a second
 * for half a minute. Returns how many were verified. */
static uint64_t verified_by_turns(const skad_address *addresses, unsigned count)
{
    test_remote who = *test_fixture_remote(&fixture);
    const skad_message ping = {.kind = SKAD_KIND_PING};
    const uint64_t before = verifications();
    for (unsigned i = 0; i < 30000; i++) {
        uint8_t token[SKAD_TOKEN_BYTES];
        skad_datagram request;
        who.address = addresses[i % count];
        test_fixture_token(&fixture, &who, token);
        test_fixture_request(&fixture, &who, &ping, token, &request);
        request.bytes[request.len - 1] ^= 1;
        test_fixture_retag(&fixture, request.bytes, request.len);
        (void)test_fixture_deliver(&fixture, &who.address, &request);
        (void)test_fixture_drain(&fixture);
        fixture.now.mono_us += SKAD_US_PER_MS;
    }
    return verifications() - before;
}

/* The n-th /64 of a /56, or of those behind it. */
static skad_address in_subnet(unsigned n)
{
    return (skad_address){.family = SKAD_FAMILY_IPV6,
                          .port = 4000,
                          .ip = {0x2a, 1, 4, 0xf8, 0, 1, (uint8_t)(n >> 8), (uint8_t)n, 1}};
}

#define TURNS 128 /* twice as many as are counted at once */

static void addresses_used_by_turns_are_checked_as_rarely_as_strangers(void **state)
{
    (void)state;
    skad_address addresses[TURNS];
    for (unsigned i = 0; i < TURNS; i++) {
        addresses[i] = (skad_address){
            .family = SKAD_FAMILY_IPV4, .port = 4000, .ip = {8, 1, 1, (uint8_t)(i + 1)}};
    }
    /* The first comes under suspicion after 64 * 128 strikes, each further one after 128. */
    assert_in_range(verified_by_turns(addresses, TURNS), 1,
                    (SKAD_STRIKES_SOURCES + TURNS) * SKAD_STRIKES_ADDRESS_MAX);
    /* A stranger's rate for a /24 is a hundred a second; a few come after the others. New IDs
     * change nothing. */
    for (unsigned round = 0; round < 5; round++) {
        assert_in_range(verified_by_turns(addresses, TURNS), 1, 30 * 100 + 10 * 128);
    }
}

static void the_networks_of_a_customer_are_checked_as_rarely_as_strangers(void **state)
{
    (void)state;
    skad_address addresses[TURNS];
    for (unsigned i = 0; i < TURNS; i++) {
        addresses[i] = in_subnet(i);
    }
    assert_in_range(verified_by_turns(addresses, TURNS), SKAD_STRIKES_SUBNET_MAX,
                    SKAD_STRIKES_SUBNET_MAX + 200 + 30 * 100);
}

static void strike(const skad_address *address, unsigned times)
{
    skad_bans *bans = skad_node_parts_of(fixture.node).bans;
    for (unsigned i = 0; i < times; i++) {
        skad_address from = *address;
        const skad_id id = {{3, (uint8_t)(i >> 8), (uint8_t)i}};
        from.port = (uint16_t)(1000 + i);
        skad_bans_strike(bans, &id, &from, SKAD_BAN_SIGNATURES, fixture.now.mono_us);
    }
}

static bool is_suspect(const skad_address *address)
{
    return skad_bans_suspect(skad_node_parts_of(fixture.node).bans, address, fixture.now.mono_us);
}

static void it_takes_eight_networks_to_put_a_customer_under_suspicion(void **state)
{
    (void)state;
    const skad_address neighbour = in_subnet(200);
    const skad_address elsewhere = in_subnet(256 + 200);
    strike(&(skad_address){.family = SKAD_FAMILY_IPV4, .port = 1, .ip = {8, 1, 1, 1}},
           2 * SKAD_STRIKES_SUBNET_MAX);
    assert_false(
        is_suspect(&(skad_address){.family = SKAD_FAMILY_IPV4, .port = 1, .ip = {8, 1, 1, 2}}));
    for (unsigned i = 0; i < 8; i++) {
        const skad_address network = in_subnet(i);
        assert_false(is_suspect(&neighbour));
        strike(&network, 2 * SKAD_STRIKES_ADDRESS_MAX);
        assert_true(is_suspect(&network));
    }
    assert_true(is_suspect(&neighbour));
    assert_false(is_suspect(&elsewhere));
    fixture.now.mono_us += SKAD_STRIKES_BAN_S * SKAD_US_PER_S;
    assert_false(is_suspect(&neighbour));
}

/* Whatever others do, one strike puts no address under suspicion unless 64 times as many as that
 * takes come within a minute; without one it never is. */
static void who_makes_a_mistake_in_a_flood_is_hardly_suspected(void **state)
{
    (void)state;
    const skad_address honest = test_prng_address(1);
    const unsigned enough = SKAD_STRIKES_SOURCES * (SKAD_STRIKES_ADDRESS_MAX - 1);
    for (unsigned minute = 0; minute < 2; minute++) {
        for (unsigned i = 0; i < enough - SKAD_STRIKES_SOURCES; i++) {
            const skad_address other = test_prng_address(100 + i);
            strike(&other, 1);
            assert_false(is_suspect(&other));
        }
        strike(&honest, 1);
        assert_false(is_suspect(&honest));
        fixture.now.mono_us += SKAD_STRIKES_US; /* then all counts begin anew */
    }
    for (unsigned i = 0; i < 2 * enough; i++) {
        const skad_address other = test_prng_address(100 + i);
        strike(&other, 1);
    }
    assert_false(is_suspect(&honest));
}

static void no_peer_is_banned_for_strikes_of_others(void **state)
{
    (void)state;
    skad_bans *bans = skad_node_parts_of(fixture.node).bans;
    for (unsigned i = 0; i < 8 * SKAD_STRIKES_SOURCES; i++) {
        const skad_id id = {{4, (uint8_t)(i >> 8), (uint8_t)i}};
        const skad_address address = test_prng_address(100 + i);
        for (unsigned k = 1; k < SKAD_STRIKES_MAX; k++) {
            skad_bans_strike(bans, &id, &address, SKAD_BAN_SIGNATURES, fixture.now.mono_us);
        }
        assert_null(skad_bans_find(bans, &id, &address, fixture.now.mono_us));
    }
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

/* IDs are free, so bans of peers are as well. */
static void bans_of_peers_and_suspicions_do_not_push_out_each_other(void **state)
{
    (void)state;
    skad_bans *bans = skad_node_parts_of(fixture.node).bans;
    unsigned suspects = 0;
    unsigned banned = 0;
    for (unsigned scope = 0; scope < 2; scope++) {
        for (uint32_t i = 0; i < 2 * SKAD_BANS_MAX; i++) {
            const skad_ban own = {.scope = scope == 0 ? SKAD_BAN_PREFIX : SKAD_BAN_PEER,
                                  .id = {{(uint8_t)(i >> 8), (uint8_t)i}},
                                  .address = test_prng_address(100 + i),
                                  .prefix_bits = scope == 0 ? 32 : 0,
                                  .reason = SKAD_BAN_SIGNATURES,
                                  .until_us = fixture.now.mono_us + 600 * SKAD_US_PER_S + i};
            assert_int_equal(skad_bans_add(bans, &own, fixture.now.mono_us), SKAD_OK);
        }
    }
    for (uint32_t i = 0; i < 2 * SKAD_BANS_MAX; i++) {
        const skad_id id = {{(uint8_t)(i >> 8), (uint8_t)i}};
        const skad_address address = test_prng_address(100 + i);
        suspects += is_suspect(&address);
        banned += skad_bans_find(bans, &id, &address, fixture.now.mono_us) != NULL;
    }
    assert_int_equal(suspects, SKAD_BANS_MAX / 2);
    assert_int_equal(banned, SKAD_BANS_MAX / 2);
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
        cmocka_unit_test_setup_teardown(addresses_used_by_turns_are_checked_as_rarely_as_strangers,
                                        begin, end),
        cmocka_unit_test_setup_teardown(
            the_networks_of_a_customer_are_checked_as_rarely_as_strangers, begin, end),
        cmocka_unit_test_setup_teardown(it_takes_eight_networks_to_put_a_customer_under_suspicion,
                                        begin, end),
        cmocka_unit_test_setup_teardown(who_makes_a_mistake_in_a_flood_is_hardly_suspected, begin,
                                        end),
        cmocka_unit_test_setup_teardown(no_peer_is_banned_for_strikes_of_others, begin, end),
        cmocka_unit_test_setup_teardown(the_address_with_the_fewest_strikes_makes_room, begin, end),
        cmocka_unit_test_setup_teardown(a_ban_by_hand_gives_way_to_one_by_hand_only, begin, end),
        cmocka_unit_test_setup_teardown(bans_of_peers_and_suspicions_do_not_push_out_each_other,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_neighbour_that_lost_its_token_gets_another, begin, end),
    };
    return cmocka_run_group_tests_name("bans_evaded", tests, NULL, NULL);
}
