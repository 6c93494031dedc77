/* Tokens that peers granted us: how long one is shown, and who shares a place with whom. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/routing/peer_tokens.h"
#include "tests/support/failing_allocation.h"

#define PLACES  8
#define NOW_US  (5 * SKAD_US_PER_S)
#define SLOT_US (2400 * SKAD_US_PER_S) /* for how long a granter surely takes it */

static const uint8_t first[SKAD_TOKEN_BYTES] = {1, [15] = 11};
static const uint8_t second[SKAD_TOKEN_BYTES] = {2, [15] = 22};

static skad_peer_tokens tokens;

static int begin(void **state)
{
    (void)state;
    return skad_peer_tokens_init(&tokens, PLACES, false) == SKAD_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    test_allocation_fail(0);
    skad_peer_tokens_free(&tokens);
    return 0;
}

static void assert_shown(uint16_t endpoint, uint64_t now_us, const uint8_t *token)
{
    const uint8_t *shown = skad_peer_tokens_fresh(&tokens, endpoint, now_us);
    if (token == NULL) {
        assert_null(shown);
    } else {
        assert_non_null(shown);
        assert_memory_equal(shown, token, SKAD_TOKEN_BYTES);
    }
}

static void a_token_is_shown_for_one_slot_of_its_granter(void **state)
{
    (void)state;
    assert_shown(3, NOW_US, NULL);
    skad_peer_tokens_keep(&tokens, 3, first, NOW_US);
    assert_shown(3, NOW_US, first);
    assert_shown(3, NOW_US + SLOT_US - 1, first);
    assert_shown(3, NOW_US + SLOT_US, NULL);
}

static void a_later_token_replaces_the_earlier_and_lasts_anew(void **state)
{
    (void)state;
    skad_peer_tokens_keep(&tokens, 3, first, NOW_US);
    skad_peer_tokens_keep(&tokens, 3, second, NOW_US + SLOT_US / 2);
    assert_shown(3, NOW_US + SLOT_US, second);
    skad_peer_tokens_keep(&tokens, 3, second, NOW_US + SLOT_US); /* the same one again */
    assert_shown(3, NOW_US + 2 * SLOT_US - 1, second);
}

static void of_two_that_share_a_place_the_later_has_it(void **state)
{
    (void)state;
    skad_peer_tokens_keep(&tokens, 3, first, NOW_US);
    skad_peer_tokens_keep(&tokens, 3 + PLACES, second, NOW_US);
    assert_shown(3, NOW_US, NULL);
    assert_shown(3 + PLACES, NOW_US, second);
    skad_peer_tokens_forget(&tokens, 3); /* which has none any more */
    assert_shown(3 + PLACES, NOW_US, second);
}

static void a_forgotten_token_is_not_shown(void **state)
{
    (void)state;
    skad_peer_tokens_keep(&tokens, 3, first, NOW_US);
    skad_peer_tokens_keep(&tokens, 4, second, NOW_US);
    skad_peer_tokens_forget(&tokens, 3);
    skad_peer_tokens_forget(&tokens, 3);
    assert_shown(3, NOW_US, NULL);
    assert_shown(4, NOW_US, second);
}

/* An owner is a number plus one, so that a free place is nobody's. */
static void the_first_and_the_last_endpoint_are_like_any_other(void **state)
{
    (void)state;
    for (unsigned endpoint = 0; endpoint < 2 * PLACES; endpoint++) {
        assert_shown((uint16_t)endpoint, NOW_US, NULL);
    }
    skad_peer_tokens_keep(&tokens, 0, first, NOW_US);
    skad_peer_tokens_keep(&tokens, 65534, second, NOW_US);
    assert_shown(0, NOW_US, first);
    assert_shown(65534, NOW_US, second);
    assert_shown(65534 - PLACES, NOW_US, NULL);
}

static void the_turn_of_the_clock_makes_nothing_stale(void **state)
{
    (void)state;
    const uint64_t turn_us = (UINT64_C(1) << 32) * SKAD_US_PER_MS;
    skad_peer_tokens_keep(&tokens, 3, first, turn_us - SKAD_US_PER_S);
    assert_shown(3, turn_us + SKAD_US_PER_S, first);
    assert_shown(3, turn_us - SKAD_US_PER_S + SLOT_US, NULL);
}

static void without_places_nothing_is_kept(void **state)
{
    (void)state;
    skad_peer_tokens_free(&tokens);
    assert_int_equal(skad_peer_tokens_init(&tokens, 0, false), SKAD_OK);
    skad_peer_tokens_keep(&tokens, 3, first, NOW_US);
    assert_shown(3, NOW_US, NULL);
    skad_peer_tokens_forget(&tokens, 3);
}

static void without_memory_a_token_is_lost_and_the_next_is_not(void **state)
{
    (void)state;
    skad_peer_tokens_free(&tokens);
    assert_int_equal(skad_peer_tokens_init(&tokens, PLACES, true), SKAD_OK);
    skad_peer_tokens_forget(&tokens, 3);
    assert_shown(3, NOW_US, NULL);
    test_allocation_fail(1);
    skad_peer_tokens_keep(&tokens, 3, first, NOW_US);
    assert_true(test_allocation_failed());
    assert_shown(3, NOW_US, NULL);
    skad_peer_tokens_keep(&tokens, 3, second, NOW_US);
    assert_shown(3, NOW_US, second);
}

static void lazy_places_come_in_steps_and_keep_what_they_have(void **state)
{
    (void)state;
    skad_peer_tokens_free(&tokens);
    assert_int_equal(skad_peer_tokens_init(&tokens, 100, true), SKAD_OK);
    assert_int_equal(tokens.capacity, 0);
    skad_peer_tokens_keep(&tokens, 3, first, NOW_US);
    assert_int_equal(tokens.capacity, 16);
    assert_shown(99, NOW_US, NULL);
    skad_peer_tokens_forget(&tokens, 99);
    assert_int_equal(tokens.capacity, 16);
    skad_peer_tokens_keep(&tokens, 199, second, NOW_US);
    assert_int_equal(tokens.capacity, 100);
    assert_shown(3, NOW_US, first);
    assert_shown(199, NOW_US, second);
    assert_shown(99, NOW_US, NULL);
    test_allocation_fail(1);
    skad_peer_tokens_keep(&tokens, 50, first, NOW_US);
    assert_false(test_allocation_failed());
    assert_shown(50, NOW_US, first);
}

static void places_without_memory_are_refused(void **state)
{
    (void)state;
    skad_peer_tokens none;
    test_allocation_fail(1);
    assert_int_equal(skad_peer_tokens_init(&none, PLACES, false), SKAD_ERR_MEMORY);
    skad_peer_tokens_free(&none);
}

static void one_that_did_not_help_is_remembered_but_not_shown(void **state)
{
    (void)state;
    uint32_t print;
    memcpy(&print, first, sizeof print);
    assert_int_equal(skad_peer_tokens_print(&tokens, 3), 0);
    skad_peer_tokens_keep(&tokens, 3, first, NOW_US);
    assert_int_equal(skad_peer_tokens_print(&tokens, 3), print);
    skad_peer_tokens_distrust(&tokens, 3, NOW_US + 5);
    assert_shown(3, NOW_US + 5, NULL);
    assert_shown(3, NOW_US + SLOT_US, NULL);
    assert_int_equal(skad_peer_tokens_print(&tokens, 3), print);
    skad_peer_tokens_keep(&tokens, 3, first, NOW_US + 6); /* granted again */
    assert_shown(3, NOW_US + 6, first);
    skad_peer_tokens_forget(&tokens, 3);
    assert_int_equal(skad_peer_tokens_print(&tokens, 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_token_is_shown_for_one_slot_of_its_granter, begin, end),
        cmocka_unit_test_setup_teardown(a_later_token_replaces_the_earlier_and_lasts_anew, begin,
                                        end),
        cmocka_unit_test_setup_teardown(of_two_that_share_a_place_the_later_has_it, begin, end),
        cmocka_unit_test_setup_teardown(a_forgotten_token_is_not_shown, begin, end),
        cmocka_unit_test_setup_teardown(the_first_and_the_last_endpoint_are_like_any_other, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_turn_of_the_clock_makes_nothing_stale, begin, end),
        cmocka_unit_test_setup_teardown(without_places_nothing_is_kept, begin, end),
        cmocka_unit_test_setup_teardown(without_memory_a_token_is_lost_and_the_next_is_not, begin,
                                        end),
        cmocka_unit_test_setup_teardown(lazy_places_come_in_steps_and_keep_what_they_have, begin,
                                        end),
        cmocka_unit_test(places_without_memory_are_refused),
        cmocka_unit_test_setup_teardown(one_that_did_not_help_is_remembered_but_not_shown, begin,
                                        end),
    };
    return cmocka_run_group_tests_name("peer_tokens", tests, NULL, NULL);
}
