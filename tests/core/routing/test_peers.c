/* The pool of verified peers: slots taken and given back. test_closest.c finds the closest. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "proto/address.h"
#include "src/core/routing/endpoints.h"
#include "tests/support/prng.h"

#define SLOTS 100
#define SEED  17

static int begin(void **state)
{
    static skad_peers peers;
    *state = &peers;
    const skad_peers_plan plan = {.limit = SLOTS, .tokens = 2 * SLOTS};
    return skad_peers_init(&peers, &plan) == SKAD_OK ? 0 : -1;
}

static int begin_with_lazy_allocation(void **state)
{
    static skad_peers peers;
    *state = &peers;
    const skad_peers_plan plan = {.limit = SLOTS, .tokens = 2 * SLOTS, .lazy_allocation = true};
    return skad_peers_init(&peers, &plan) == SKAD_OK ? 0 : -1;
}

static int end(void **state)
{
    skad_peers_free(*state);
    return 0;
}

/* A peer in a bucket with an IPv4 endpoint. */
static skad_peer *add(skad_peers *peers, const skad_id *id)
{
    skad_peer_slot slot = skad_peers_take(peers, id);
    assert_true(slot != SKAD_PEER_NONE);
    peers->peers[slot].roles = SKAD_PEER_IN_BUCKET;
    const skad_address address = test_prng_address(slot);
    assert_true(skad_endpoint_set(peers, slot, &address));
    return &peers->peers[slot];
}

static void remove_peer(skad_peers *peers, skad_peer_slot slot)
{
    peers->peers[slot].roles = 0;
    skad_peers_release(peers, slot);
}

static void a_taken_peer_is_found_until_it_is_released(void **state)
{
    skad_peers *peers = *state;
    test_prng prng = {SEED};
    skad_id id = test_prng_id(&prng);
    assert_int_equal(skad_peers_find(peers, &id), SKAD_PEER_NONE);
    add(peers, &id);
    skad_peer_slot slot = skad_peers_find(peers, &id);
    assert_int_equal(slot, 0);
    assert_int_equal(peers->count, 1);
    skad_peers_release(peers, slot); /* it still has a role */
    assert_int_equal(skad_peers_find(peers, &id), slot);
    remove_peer(peers, slot);
    assert_int_equal(skad_peers_find(peers, &id), SKAD_PEER_NONE);
    assert_int_equal(peers->count, 0);
}

static void ids_with_the_same_first_half_are_told_apart(void **state)
{
    skad_peers *peers = *state;
    test_prng prng = {SEED};
    skad_id a = test_prng_id(&prng);
    skad_id b = a;
    b.bytes[31] ^= 1;
    add(peers, &a);
    assert_int_equal(skad_peers_find(peers, &b), SKAD_PEER_NONE);
    add(peers, &b);
    assert_int_equal(skad_peers_find(peers, &a), 0);
    assert_int_equal(skad_peers_find(peers, &b), 1);
}

static void a_full_pool_refuses_and_low_slots_are_taken_first(void **state)
{
    skad_peers *peers = *state;
    test_prng prng = {SEED};
    for (size_t i = 0; i < SLOTS; i++) {
        skad_id id = test_prng_id(&prng);
        add(peers, &id);
    }
    skad_id late = test_prng_id(&prng);
    assert_int_equal(skad_peers_take(peers, &late), SKAD_PEER_NONE);
    assert_int_equal(peers->count, SLOTS);
    remove_peer(peers, 30);
    remove_peer(peers, 12);
    assert_int_equal(skad_peers_take(peers, &late), 12);
}

static void a_taken_slot_remembers_nothing_of_its_last_peer(void **state)
{
    skad_peers *peers = *state;
    test_prng prng = {SEED};
    skad_id old = test_prng_id(&prng);
    skad_peer *peer = add(peers, &old);
    skad_peers_set_failures(peers, 0, 3);
    assert_int_equal(peers->unresponsive, 1);
    peer->rtt.smoothed_us = 9;
    const skad_address ipv4 = skad_endpoint_address(peers, 0, 0);
    const skad_address ipv6 = {.family = SKAD_FAMILY_IPV6, .port = 1, .ip = {1}};
    const uint8_t token[SKAD_TOKEN_BYTES] = {7};
    assert_true(skad_endpoint_set(peers, 0, &ipv6));
    skad_endpoint_failed(peers, 0, 1);
    skad_peers_cold_of(peers, 0)->violations = 2;
    skad_endpoint_keep_token(peers, 0, &ipv4, token, 5000);
    skad_endpoint_keep_token(peers, 0, &ipv6, token, 5000);
    remove_peer(peers, 0);
    skad_id id = test_prng_id(&prng);
    assert_ptr_equal(add(peers, &id), peer);
    assert_int_equal(peer->failures, 0);
    assert_int_equal(peers->unresponsive, 0);
    assert_int_equal(peer->rtt.smoothed_us, 0);
    assert_null(skad_peers_cold(peers, 0));
    assert_null(skad_endpoint_token(peers, 0, 0, 5000));
    assert_null(skad_endpoint_token(peers, 0, 1, 5000));
    const skad_peer_cold *cold = skad_peers_cold_of(peers, 0);
    assert_int_equal(cold->violations, 0);
    assert_int_equal(cold->ipv6_failures, 0);
}

static void memory_comes_in_steps_where_it_is_to_be_saved(void **state)
{
    skad_peers *peers = *state;
    test_prng prng = {SEED};
    assert_int_equal(peers->capacity, 0);
    for (size_t i = 0; i < SLOTS; i++) {
        skad_id id = test_prng_id(&prng);
        assert_int_equal(skad_peers_find(peers, &id), SKAD_PEER_NONE);
        add(peers, &id);
        assert_in_range(peers->capacity, i + 1, i + 16);
        assert_int_equal(skad_peers_find(peers, &id), i);
    }
    skad_id late = test_prng_id(&prng);
    assert_int_equal(skad_peers_take(peers, &late), SKAD_PEER_NONE);
    assert_int_equal(peers->colds_capacity, 0);
    for (skad_peer_slot slot = 0; slot < SLOTS; slot++) {
        assert_non_null(skad_peers_cold_of(peers, slot));
    }
    assert_in_range(peers->colds_capacity, SLOTS, SLOTS + 16);
    assert_int_equal(skad_peers_reserve(peers, 10 * SLOTS), SKAD_OK); /* there are no more slots */
    assert_in_range(peers->capacity, SLOTS, SLOTS + 15);
}

static void a_token_is_shown_at_its_endpoint_while_it_is_fresh(void **state)
{
    skad_peers *peers = *state;
    test_prng prng = {SEED};
    for (size_t i = 0; i < 3; i++) {
        skad_id id = test_prng_id(&prng);
        add(peers, &id);
    }
    const uint8_t token[SKAD_TOKEN_BYTES] = {7};
    const skad_address own = skad_endpoint_address(peers, 1, 0);
    const skad_address other = test_prng_address(99);
    uint64_t now_us = (UINT64_C(1) << 32) * SKAD_US_PER_MS - SKAD_US_PER_S; /* soon it wraps */
    skad_endpoint_keep_token(peers, 1, &other, token, now_us);
    assert_null(skad_endpoint_token(peers, 1, 0, now_us));
    skad_endpoint_keep_token(peers, 1, &own, token, now_us);
    assert_memory_equal(skad_endpoint_token(peers, 1, 0, now_us), token, sizeof token);
    assert_null(skad_endpoint_token(peers, 0, 0, now_us));
    assert_null(skad_endpoint_token(peers, 1, 1, now_us));
    assert_non_null(skad_endpoint_token(peers, 1, 0, now_us + SKAD_TOKEN_SLOT_US - SKAD_US_PER_MS));
    assert_null(skad_endpoint_token(peers, 1, 0, now_us + SKAD_TOKEN_SLOT_US));
}

static void with_few_places_the_latest_tokens_stay(void **state)
{
    (void)state;
    skad_peers peers;
    test_prng prng = {SEED};
    const skad_peers_plan plan = {.limit = SLOTS, .tokens = 4};
    const skad_peers_plan none = {.limit = SLOTS};
    const uint8_t token[SKAD_TOKEN_BYTES] = {7};
    assert_int_equal(skad_peers_init(&peers, &plan), SKAD_OK);
    for (skad_peer_slot slot = 0; slot < 6; slot++) {
        skad_id id = test_prng_id(&prng);
        add(&peers, &id);
        const skad_address address = skad_endpoint_address(&peers, slot, 0);
        skad_endpoint_keep_token(&peers, slot, &address, token, 1000);
    }
    assert_null(skad_endpoint_token(&peers, 0, 0, 1000)); /* of the fifth now */
    assert_null(skad_endpoint_token(&peers, 1, 0, 1000));
    for (skad_peer_slot slot = 2; slot < 6; slot++) {
        assert_non_null(skad_endpoint_token(&peers, slot, 0, 1000));
    }
    skad_peers_free(&peers);
    assert_int_equal(skad_peers_init(&peers, &none), SKAD_OK);
    skad_id id = test_prng_id(&prng);
    add(&peers, &id);
    const skad_address address = skad_endpoint_address(&peers, 0, 0);
    skad_endpoint_keep_token(&peers, 0, &address, token, 1000);
    assert_null(skad_endpoint_token(&peers, 0, 0, 1000));
    skad_peers_free(&peers);
}

static void one_failure_is_not_silence_and_two_are(void **state)
{
    (void)state;
    skad_peer peer = {.failures = SKAD_UNRESPONSIVE_FAILURES - 1};
    assert_int_equal(SKAD_UNRESPONSIVE_FAILURES, 2);
    assert_false(skad_peer_unresponsive(&peer));
    peer.failures++;
    assert_true(skad_peer_unresponsive(&peer));
}

static void the_endpoint_is_one_that_we_can_send_on_and_ipv4_first(void **state)
{
    skad_peers *peers = *state;
    test_prng prng = {SEED};
    skad_id id = test_prng_id(&prng);
    const skad_address ipv4 = test_prng_address(1);
    const skad_address ipv6 = {.family = SKAD_FAMILY_IPV6, .port = 1, .ip = {1, [15] = 9}};
    skad_address chosen;
    skad_peer_slot slot = skad_peers_take(peers, &id);
    assert_false(skad_endpoint_choose(peers, slot, SKAD_FAMILIES_ALL, &chosen));
    assert_true(skad_endpoint_set(peers, slot, &ipv6));
    assert_true(skad_endpoint_choose(peers, slot, SKAD_FAMILIES_ALL, &chosen));
    assert_true(skad_address_equal(&chosen, &ipv6));
    assert_false(skad_endpoint_choose(peers, slot, SKAD_FAMILY_IPV4, &chosen));
    assert_true(skad_endpoint_set(peers, slot, &ipv4));
    assert_true(skad_endpoint_choose(peers, slot, SKAD_FAMILIES_ALL, &chosen));
    assert_true(skad_address_equal(&chosen, &ipv4));
    assert_true(skad_endpoint_choose(peers, slot, SKAD_FAMILY_IPV6, &chosen));
    assert_true(skad_address_equal(&chosen, &ipv6));
    skad_endpoint_failed(peers, slot, 0);
    assert_true(skad_endpoint_choose(peers, slot, SKAD_FAMILIES_ALL, &chosen));
    assert_true(skad_address_equal(&chosen, &ipv6)); /* it has failed less */
    skad_endpoint_failed(peers, slot, 1);
    assert_true(skad_endpoint_choose(peers, slot, SKAD_FAMILIES_ALL, &chosen));
    assert_true(skad_address_equal(&chosen, &ipv4));
    skad_endpoint_clear(peers, slot, 0);
    assert_false(skad_endpoint_is(peers, slot, &ipv4));
    assert_true(skad_endpoint_is(peers, slot, &ipv6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_taken_peer_is_found_until_it_is_released, begin, end),
        cmocka_unit_test_setup_teardown(ids_with_the_same_first_half_are_told_apart, begin, end),
        cmocka_unit_test_setup_teardown(a_full_pool_refuses_and_low_slots_are_taken_first, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_taken_slot_remembers_nothing_of_its_last_peer, begin,
                                        end),
        cmocka_unit_test(one_failure_is_not_silence_and_two_are),
        cmocka_unit_test_setup_teardown(the_endpoint_is_one_that_we_can_send_on_and_ipv4_first,
                                        begin, end),
        cmocka_unit_test_setup_teardown(memory_comes_in_steps_where_it_is_to_be_saved,
                                        begin_with_lazy_allocation, end),
        cmocka_unit_test_setup_teardown(a_token_is_shown_at_its_endpoint_while_it_is_fresh, begin,
                                        end),
        cmocka_unit_test(with_few_places_the_latest_tokens_stay),
    };
    return cmocka_run_group_tests_name("peers", tests, NULL, NULL);
}
