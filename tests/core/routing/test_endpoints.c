/* A peer's endpoints: one of each family, each with its own failures and its own token. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "proto/address.h"
#include "src/core/routing/diversity.h"
#include "src/core/routing/endpoints.h"
#include "tests/support/failing_allocation.h"
#include "tests/support/prng.h"

#define PEERS  20
#define NOW_US (5 * SKAD_US_PER_S)

static const uint8_t token[SKAD_TOKEN_BYTES] = {7, 8, 9};
static const skad_address ipv6 = {
    .family = SKAD_FAMILY_IPV6, .port = 4000, .ip = {0x2a, 1, [15] = 9}};

static skad_peers peers;
static skad_address ipv4;
static skad_peer_slot slot;

static int begin_with(bool lazy_allocation)
{
    static const skad_id id = {{3}};
    const skad_peers_plan plan = {
        .limit = PEERS, .tokens = 2 * PEERS, .lazy_allocation = lazy_allocation};
    if (skad_peers_init(&peers, &plan) != SKAD_OK) {
        return -1;
    }
    ipv4 = test_prng_address(1);
    slot = skad_peers_take(&peers, &id);
    return slot == SKAD_PEER_NONE ? -1 : 0;
}

static int begin(void **state)
{
    (void)state;
    return begin_with(false);
}

static int begin_lazily(void **state)
{
    (void)state;
    return begin_with(true);
}

static int end(void **state)
{
    (void)state;
    test_allocation_fail(0);
    skad_peers_free(&peers);
    return 0;
}

static void assert_address(size_t endpoint, const skad_address *expected)
{
    const skad_address address = skad_endpoint_address(&peers, slot, endpoint);
    assert_true(skad_address_equal(&address, expected));
}

static void a_new_peer_has_no_endpoint(void **state)
{
    (void)state;
    const skad_address none = {0};
    skad_address chosen;
    assert_address(0, &none);
    assert_address(1, &none);
    assert_int_equal(skad_endpoint_group(&peers, slot, 0), 0);
    assert_int_equal(skad_endpoint_failures(&peers, slot, 1), 0);
    assert_false(skad_endpoint_choose(&peers, slot, SKAD_FAMILIES_ALL, &chosen));
    assert_false(skad_endpoint_is(&peers, slot, &none));
}

static void each_family_has_a_place_of_its_own(void **state)
{
    (void)state;
    assert_int_equal(skad_endpoint_index(&ipv4), 0);
    assert_int_equal(skad_endpoint_index(&ipv6), 1);
    assert_true(skad_endpoint_set(&peers, slot, &ipv4));
    assert_true(skad_endpoint_set(&peers, slot, &ipv6));
    assert_address(0, &ipv4);
    assert_address(1, &ipv6);
    assert_int_equal(skad_endpoint_group(&peers, slot, 0), skad_address_group(&ipv4));
    assert_int_equal(skad_endpoint_group(&peers, slot, 1), skad_address_group(&ipv6));
    skad_endpoint_clear(&peers, slot, 0);
    assert_false(skad_endpoint_is(&peers, slot, &ipv4));
    assert_address(1, &ipv6);
}

/* Whether an endpoint at an address is told apart from a group, as its own group tells. */
static void assert_apart(const skad_address *at, const skad_address *other, bool apart)
{
    const size_t family = skad_endpoint_index(other);
    assert_true(skad_endpoint_set(&peers, slot, at));
    assert_int_equal(skad_endpoint_apart(&peers, slot, family, skad_address_group(other)), apart);
}

static void what_differs_in_the_first_bits_is_apart_from_a_group(void **state)
{
    (void)state;
    static const size_t widest[] = {2, 4}; /* bytes: a /16, a /32 */
    const skad_address *own[] = {&ipv4, &ipv6};
    for (size_t i = 0; i < 2; i++) {
        assert_true(skad_endpoint_apart(&peers, slot, i, skad_address_group(own[i])));
        for (size_t byte = 0; byte < widest[i] + 2; byte++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                skad_address other = *own[i];
                other.ip[byte] ^= (uint8_t)(1U << bit);
                if (skad_address_group(&other) != 0) {
                    assert_apart(own[i], &other, byte < widest[i]);
                }
            }
        }
        assert_apart(own[i], own[i], false);
    }
}

static void only_the_very_address_is_the_verified_one(void **state)
{
    (void)state;
    const skad_address *own[] = {&ipv4, &ipv6};
    static const size_t last[] = {3, 15};
    for (size_t i = 0; i < 2; i++) {
        skad_address port = *own[i];
        skad_address host = *own[i];
        port.port++;
        host.ip[last[i]]++;
        assert_false(skad_endpoint_is(&peers, slot, own[i]));
        assert_true(skad_endpoint_set(&peers, slot, own[i]));
        assert_true(skad_endpoint_is(&peers, slot, own[i]));
        assert_false(skad_endpoint_is(&peers, slot, &port));
        assert_false(skad_endpoint_is(&peers, slot, &host));
    }
}

static void failures_are_counted_apart_and_never_come_round(void **state)
{
    (void)state;
    assert_true(skad_endpoint_set(&peers, slot, &ipv4));
    assert_true(skad_endpoint_set(&peers, slot, &ipv6));
    for (unsigned i = 0; i < 300; i++) {
        skad_endpoint_failed(&peers, slot, 1);
    }
    assert_int_equal(skad_endpoint_failures(&peers, slot, 1), 255);
    assert_int_equal(skad_endpoint_failures(&peers, slot, 0), 0);
    skad_endpoint_answered(&peers, slot, 1);
    assert_int_equal(skad_endpoint_failures(&peers, slot, 1), 0);
}

static void the_one_that_failed_less_is_chosen_and_ipv4_of_two_alike(void **state)
{
    static const struct {
        const char *label;
        unsigned ipv4_failures;
        unsigned ipv6_failures;
        unsigned families;
        uint8_t chosen;
    } cases[] = {
        {"alike", 0, 0, SKAD_FAMILIES_ALL, SKAD_FAMILY_IPV4},
        {"alike after a failure", 1, 1, SKAD_FAMILIES_ALL, SKAD_FAMILY_IPV4},
        {"IPv6 did better", 1, 0, SKAD_FAMILIES_ALL, SKAD_FAMILY_IPV6},
        {"IPv4 did better", 1, 2, SKAD_FAMILIES_ALL, SKAD_FAMILY_IPV4},
        {"we have only IPv4", 9, 0, SKAD_FAMILY_IPV4, SKAD_FAMILY_IPV4},
        {"we have only IPv6", 0, 9, SKAD_FAMILY_IPV6, SKAD_FAMILY_IPV6},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_address chosen = {0};
        assert_true(skad_endpoint_set(&peers, slot, &ipv4));
        assert_true(skad_endpoint_set(&peers, slot, &ipv6));
        for (unsigned n = 0; n < cases[i].ipv4_failures; n++) {
            skad_endpoint_failed(&peers, slot, 0);
        }
        for (unsigned n = 0; n < cases[i].ipv6_failures; n++) {
            skad_endpoint_failed(&peers, slot, 1);
        }
        if (!skad_endpoint_choose(&peers, slot, cases[i].families, &chosen) ||
            chosen.family != cases[i].chosen) {
            fail_msg("%s", cases[i].label);
        }
    }
}

static void an_endpoint_begins_without_failures_or_token(void **state)
{
    (void)state;
    skad_address moved = ipv4;
    moved.ip[3]++;
    assert_true(skad_endpoint_set(&peers, slot, &ipv4));
    skad_endpoint_failed(&peers, slot, 0);
    skad_endpoint_keep_token(&peers, slot, &ipv4, token, NOW_US);
    assert_non_null(skad_endpoint_token(&peers, slot, 0, NOW_US));
    assert_true(skad_endpoint_set(&peers, slot, &moved));
    assert_address(0, &moved);
    assert_int_equal(skad_endpoint_failures(&peers, slot, 0), 0);
    assert_null(skad_endpoint_token(&peers, slot, 0, NOW_US));
}

static void a_token_is_kept_for_the_verified_address_alone(void **state)
{
    (void)state;
    skad_address other = ipv6;
    other.port++;
    assert_true(skad_endpoint_set(&peers, slot, &ipv4));
    assert_true(skad_endpoint_set(&peers, slot, &ipv6));
    skad_endpoint_keep_token(&peers, slot, &other, token, NOW_US);
    assert_null(skad_endpoint_token(&peers, slot, 1, NOW_US));
    skad_endpoint_keep_token(&peers, slot, &ipv6, token, NOW_US);
    assert_null(skad_endpoint_token(&peers, slot, 0, NOW_US));
    assert_memory_equal(skad_endpoint_token(&peers, slot, 1, NOW_US), token, sizeof token);
    skad_endpoint_clear(&peers, slot, 1);
    assert_true(skad_endpoint_set(&peers, slot, &ipv6));
    assert_null(skad_endpoint_token(&peers, slot, 1, NOW_US));
}

/* IPv6 stands in the cold fields, for which there is none. */
static void without_memory_a_peer_keeps_what_it_has(void **state)
{
    (void)state;
    assert_true(skad_endpoint_set(&peers, slot, &ipv4));
    test_allocation_fail(1);
    assert_false(skad_endpoint_set(&peers, slot, &ipv6));
    assert_true(test_allocation_failed());
    assert_false(skad_endpoint_is(&peers, slot, &ipv6));
    assert_address(0, &ipv4);
    assert_true(skad_endpoint_set(&peers, slot, &ipv6));
    assert_address(1, &ipv6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_peer_has_no_endpoint, begin, end),
        cmocka_unit_test_setup_teardown(each_family_has_a_place_of_its_own, begin, end),
        cmocka_unit_test_setup_teardown(what_differs_in_the_first_bits_is_apart_from_a_group, begin,
                                        end),
        cmocka_unit_test_setup_teardown(only_the_very_address_is_the_verified_one, begin, end),
        cmocka_unit_test_setup_teardown(failures_are_counted_apart_and_never_come_round, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_one_that_failed_less_is_chosen_and_ipv4_of_two_alike,
                                        begin, end),
        cmocka_unit_test_setup_teardown(an_endpoint_begins_without_failures_or_token, begin, end),
        cmocka_unit_test_setup_teardown(a_token_is_kept_for_the_verified_address_alone, begin, end),
        cmocka_unit_test_setup_teardown(without_memory_a_peer_keeps_what_it_has, begin_lazily, end),
    };
    return cmocka_run_group_tests_name("endpoints", tests, NULL, NULL);
}
