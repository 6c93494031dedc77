/* The vote on our own address. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "proto/address.h"
#include "src/core/routing/observed.h"
#include "tests/support/prng.h"

static skad_id voter(uint8_t number)
{
    return (skad_id){{number, 1}};
}

static void vote(skad_observed *observed, uint8_t number, uint32_t address_number)
{
    skad_id id = voter(number);
    skad_address address = test_prng_address(address_number);
    skad_observed_vote(observed, &id, 0, &address);
}

static void assert_agreed(const skad_observed *observed, uint32_t address_number)
{
    skad_address expected = test_prng_address(address_number);
    skad_address agreed = skad_observed_address(observed, 0);
    assert_true(skad_address_equal(&agreed, &expected));
}

static void nothing_is_known_before_two_agree(void **state)
{
    (void)state;
    skad_observed observed;
    assert_int_equal(skad_observed_init(&observed, false), SKAD_OK);
    assert_int_equal(skad_observed_address(&observed, 0).family, SKAD_FAMILY_NONE);
    vote(&observed, 1, 7);
    vote(&observed, 2, 8);
    assert_int_equal(skad_observed_address(&observed, 0).family, SKAD_FAMILY_NONE);
    vote(&observed, 3, 8);
    assert_agreed(&observed, 8);
    skad_observed_free(&observed);
}

static void one_voter_has_one_vote_however_often_it_speaks(void **state)
{
    (void)state;
    skad_observed observed;
    assert_int_equal(skad_observed_init(&observed, false), SKAD_OK);
    for (unsigned i = 0; i < 20; i++) {
        vote(&observed, 1, 7);
    }
    assert_int_equal(skad_observed_address(&observed, 0).family, SKAD_FAMILY_NONE);
    vote(&observed, 2, 9);
    vote(&observed, 1, 9); /* it changed its mind */
    assert_agreed(&observed, 9);
    skad_observed_free(&observed);
}

static void the_majority_wins(void **state)
{
    (void)state;
    skad_observed observed;
    assert_int_equal(skad_observed_init(&observed, false), SKAD_OK);
    for (uint8_t i = 0; i < 3; i++) {
        vote(&observed, i, 66);
    }
    for (uint8_t i = 3; i < SKAD_OBSERVED_VOTES; i++) {
        vote(&observed, i, 5);
    }
    assert_agreed(&observed, 5);
    skad_observed_free(&observed);
}

static void old_votes_give_way_so_that_a_move_is_noticed(void **state)
{
    (void)state;
    skad_observed observed;
    assert_int_equal(skad_observed_init(&observed, false), SKAD_OK);
    for (uint8_t i = 0; i < SKAD_OBSERVED_VOTES; i++) {
        vote(&observed, i, 1);
    }
    for (uint8_t i = 0; i < SKAD_OBSERVED_VOTES; i++) {
        vote(&observed, (uint8_t)(100 + i), 2);
    }
    assert_agreed(&observed, 2);
    skad_observed_free(&observed);
}

static void one_subnet_has_one_vote(void **state)
{
    (void)state;
    skad_observed observed;
    assert_int_equal(skad_observed_init(&observed, false), SKAD_OK);
    skad_address lie = test_prng_address(66);
    for (uint8_t i = 1; i <= 5; i++) {
        skad_id id = voter(i);
        skad_observed_vote(&observed, &id, 1, &lie);
    }
    assert_int_equal(skad_observed_address(&observed, 0).family, SKAD_FAMILY_NONE);
    skad_id other = voter(9);
    skad_observed_vote(&observed, &other, 2, &lie);
    assert_agreed(&observed, 66);
    skad_observed_free(&observed);
}

static void families_are_counted_apart(void **state)
{
    (void)state;
    skad_observed observed;
    assert_int_equal(skad_observed_init(&observed, false), SKAD_OK);
    skad_address ipv6 = {.family = SKAD_FAMILY_IPV6, .port = 4000, .ip = {0x20, 0x01, 1, 2}};
    skad_id first = voter(1);
    skad_id second = voter(2);
    vote(&observed, 1, 7);
    skad_observed_vote(&observed, &first, 0, &ipv6);
    assert_int_equal(skad_observed_address(&observed, 0).family, SKAD_FAMILY_NONE);
    assert_int_equal(skad_observed_address(&observed, 1).family, SKAD_FAMILY_NONE);
    skad_observed_vote(&observed, &second, 0, &ipv6);
    skad_address agreed = skad_observed_address(&observed, 1);
    assert_true(skad_address_equal(&agreed, &ipv6));
    assert_int_equal(skad_observed_address(&observed, 0).family, SKAD_FAMILY_NONE);
    skad_observed_free(&observed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_before_two_agree),
        cmocka_unit_test(one_voter_has_one_vote_however_often_it_speaks),
        cmocka_unit_test(the_majority_wins),
        cmocka_unit_test(old_votes_give_way_so_that_a_move_is_noticed),
        cmocka_unit_test(one_subnet_has_one_vote),
        cmocka_unit_test(families_are_counted_apart),
    };
    return cmocka_run_group_tests_name("observed", tests, NULL, NULL);
}
