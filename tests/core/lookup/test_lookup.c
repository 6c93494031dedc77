/* A lookup as a machine: it is told scripted answers, and asked whom it wants to ask next. The
 * target is the all-zero ID, so node number n is simply at distance n. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/core/lookup/credit.h"
#include "src/core/lookup/lookup.h"
#include "src/core/lookup/nearest.h"
#include "src/core/lookup/region.h"
#include "src/core/routing/distance.h"
#include "tests/support/lookup_script.h"
#include "tests/support/prng.h"

static void seeds_are_dealt_to_the_paths_in_turn_and_the_rest_to_the_closing_round(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(4, 1, 8, 4);
    script_seed(lookup, NUMBERS(10, 20, 30, 40, 50, 60, 70, 80, 90, 100));
    for (uint8_t path = 0; path < 4; path++) {
        assert_int_equal(lookup->lists[path].count, 2);
        assert_true(script_on_list(lookup, path, 10U + path * 10U));
        assert_true(script_on_list(lookup, path, 50U + path * 10U));
    }
    assert_int_equal(lookup->lists[4].count, 2);
    assert_true(script_on_list(lookup, 4, 90) && script_on_list(lookup, 4, 100));
    skad_lookup_free(lookup);
}

static void a_node_is_asked_by_the_path_that_claims_it_first_and_never_again(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(2, 1, 4, 2);
    script_seed(lookup, NUMBERS(10, 20));
    script_assert_asks(lookup, NUMBERS(10, 20));
    script_answer(lookup, 10, NUMBERS(5, 20));
    script_answer(lookup, 20, NUMBERS(5, 10));
    script_assert_asks(lookup, NUMBERS(5));
    script_answer(lookup, 5, NUMBERS(10, 20));
    script_assert_asks(lookup, NULL, 0);
    assert_true(skad_lookup_done(lookup));
    assert_int_equal(lookup->rpcs, 3);
    skad_lookup_free(lookup);
}

static void we_never_ask_ourselves(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(1, 1, 4, 2);
    skad_contact self = {.id = script_self, .ipv4 = test_prng_address(1)};
    skad_lookup_seed(lookup, 0, &self, &self.ipv4, NULL);
    assert_int_equal(lookup->candidates.high_water, 0);
    script_seed(lookup, NUMBERS(10));
    script_assert_asks(lookup, NUMBERS(10));
    script_answer(lookup, 10, NULL, 0);
    skad_lookup_heard(lookup, script_index_of(lookup, 10), &self, &self.ipv4);
    script_assert_asks(lookup, NULL, 0);
    assert_true(skad_lookup_done(lookup));
    skad_lookup_free(lookup);
}

static void a_flood_of_invented_names_spoils_only_the_path_that_asked_the_liar(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(4, 1, 8, 4);
    script_seed(lookup, NUMBERS(1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007));
    script_assert_asks(lookup, NUMBERS(1000, 1001, 1002, 1003));
    script_answer(lookup, 1000, NULL, 0);
    for (uint32_t i = 0; i < 500; i++) {
        script_hear(lookup, 1000, 600 - i);
    }
    assert_int_equal(lookup->lists[0].count, SKAD_SHORTLIST_MAX);
    assert_true(script_on_list(lookup, 0, 1000)); /* what has answered stays */
    for (uint8_t path = 1; path < 4; path++) {
        assert_int_equal(lookup->lists[path].count, 2);
        assert_true(script_on_list(lookup, path, 1000U + path) &&
                    script_on_list(lookup, path, 1004U + path));
    }
    assert_in_range(lookup->candidates.high_water, 1, lookup->candidates.limit);
    script_answer(lookup, 1001, NULL, 0);
    /* The closest inventions, and path 1 goes its way. */
    script_assert_asks(lookup, NUMBERS(101, 102, 1005));
    skad_lookup_free(lookup);
}

static void a_shortlist_keeps_the_closest_in_order_and_the_farthest_gives_way(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(1, 1, 4, 2);
    script_seed(lookup, NUMBERS(5000));
    assert_int_equal(script_next(lookup), 5000);
    script_answer(lookup, 5000, NULL, 0);
    test_prng prng = {5};
    for (unsigned i = 0; i < 400; i++) {
        script_hear(lookup, 5000, (uint32_t)(1 + test_prng_below(&prng, 1000)));
    }
    const skad_shortlist *list = &lookup->lists[0];
    assert_int_equal(list->count, SKAD_SHORTLIST_MAX);
    for (size_t i = 1; i < list->count; i++) {
        assert_true(script_number_of(lookup, list->members[i - 1]) <
                    script_number_of(lookup, list->members[i]));
    }
    assert_true(script_on_list(lookup, 0, 5000)); /* what has answered stays */
    uint32_t farthest = script_number_of(lookup, list->members[list->count - 2]);
    script_hear(lookup, 5000, farthest + 1);
    assert_false(script_on_list(lookup, 0, farthest + 1));
    script_hear(lookup, 5000, 0);
    assert_true(script_on_list(lookup, 0, 0));
    assert_false(script_on_list(lookup, 0, farthest));
    skad_lookup_free(lookup);
}

static void a_liar_that_never_ends_is_ended_by_the_cap(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(4, 1, 16, 16);
    script_seed(lookup, NUMBERS(1U << 30, 1U << 29, 1U << 28, 1U << 27));
    uint32_t invented = 1U << 26;
    uint32_t asked;
    while (!skad_lookup_done(lookup)) {
        assert_in_range(lookup->rpcs, 0, SKAD_LOOKUP_RPCS_MAX - 1);
        while ((asked = script_next(lookup)) != NOBODY) {
            script_answer(lookup, asked, NULL, 0);
            for (unsigned i = 0; i < 16; i++) {
                script_hear(lookup, asked, --invented);
            }
        }
    }
    assert_int_equal(lookup->rpcs, SKAD_LOOKUP_RPCS_MAX);
    skad_lookup_free(lookup);
}

static void the_cap_ends_a_lookup_that_only_meets_the_dead(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(4, 1, 16, 16);
    script_seed(lookup, NUMBERS(9000001, 9000002, 9000003, 9000004));
    uint32_t dead = 9000000;
    uint32_t asked;
    unsigned turns = 0;
    while (!skad_lookup_done(lookup) && turns++ < 1000) {
        while ((asked = script_next(lookup)) != NOBODY) {
            if (asked > 9000000) {
                script_answer(lookup, asked, NULL, 0);
                for (unsigned i = 0; i < 100; i++) {
                    script_hear(lookup, asked, dead--);
                }
            } else {
                script_fail_node(lookup, asked);
            }
        }
    }
    assert_true(skad_lookup_done(lookup));
    assert_in_range(lookup->rpcs, 4, SKAD_LOOKUP_RPCS_MAX);
    skad_lookup_free(lookup);
}

static void the_closing_round_asks_the_seeds_that_stood_by(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(2, 1, 4, 3);
    script_seed(lookup, NUMBERS(10, 20, 30, 40, 50, 60, 70, 80));
    static const uint32_t dead[] = {10, 20, 30, 40};
    script_assert_asks(lookup, dead, 2);
    script_fail_node(lookup, 10);
    script_fail_node(lookup, 20);
    script_assert_asks(lookup, dead + 2, 2);
    script_fail_node(lookup, 30);
    script_fail_node(lookup, 40);
    script_assert_asks(lookup, NULL, 0);
    assert_false(skad_lookup_done(lookup));
    assert_int_equal(lookup->phase, SKAD_LOOKUP_CLOSING);
    script_assert_asks(lookup, NUMBERS(50, 60, 70)); /* as many as are wanted at once */
    script_fail_node(lookup, 50);
    script_answer(lookup, 60, NUMBERS(5));
    script_assert_asks(lookup, NUMBERS(5));
    script_answer(lookup, 5, NULL, 0);
    script_answer(lookup, 70, NULL, 0);
    assert_in_range(script_explore(lookup), 1, SKAD_LOOKUP_RPCS_MAX);
    assert_true(skad_lookup_done(lookup)); /* three have answered: 80 is not needed */
    assert_int_equal(lookup->candidates.all[script_index_of(lookup, 60)].path, lookup->paths);
    skad_lookup_free(lookup);
}

static void dead_nodes_among_the_closest_widen_the_lookup_region_by_region(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(1, 4, 4, 2);
    script_seed(lookup,
                NUMBERS(2, 3, 4, 9)); /* the fourth closest shares 28 bits with the target */
    script_assert_asks(lookup, NUMBERS(2, 3, 4, 9));
    script_fail_node(lookup, 2);
    script_fail_node(lookup, 4);
    script_answer(lookup, 3, NULL, 0);
    script_answer(lookup, 9, NULL, 0);
    assert_false(skad_lookup_done(lookup));
    assert_int_equal(lookup->phase, SKAD_LOOKUP_WIDENING);
    skad_query query;
    assert_true(skad_lookup_next(lookup, &query));
    assert_true(query.region);
    assert_int_equal(script_number_of(lookup, query.candidate),
                     9); /* it is the closest to 8 that lives */
    assert_int_equal(skad_id_prefix(&query.target) >> 32, 8);
    skad_lookup_unask(lookup, &query);
    assert_true(skad_lookup_next(lookup, &query));
    script_hear(lookup, 9, 8); /* named by nobody before */
    skad_regions_over(lookup);
    assert_int_equal(script_explore(lookup), 1);
    script_assert_asks(lookup, NUMBERS(8));
    script_answer(lookup, 8, NULL, 0);
    assert_int_equal(script_explore(lookup), 0);
    uint16_t indices[SKAD_K_MAX];
    assert_int_equal(skad_lookup_closest(lookup, lookup->siblings, indices), 2);
    assert_int_equal(script_number_of(lookup, indices[1]), 8);
    skad_lookup_free(lookup);
}

static void a_lookup_of_the_only_node_a_bucket_holds_widens_within_the_key_space(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(1, 2, 1, 1);
    script_seed(lookup, NUMBERS(0)); /* the target itself */
    script_assert_asks(lookup, NUMBERS(0));
    static const uint32_t more[] = {1};
    script_hear(lookup, 0, more[0]);
    script_fail_node(lookup, 0);
    script_assert_asks(lookup, more, 1);
    script_answer(lookup, 1, NULL, 0);
    assert_false(skad_lookup_done(lookup));
    assert_int_equal(lookup->phase, SKAD_LOOKUP_WIDENING);
    assert_int_equal(lookup->region, SKAD_ID_BITS - 1);
    script_explore(lookup);
    assert_true(skad_lookup_done(lookup));
    skad_lookup_free(lookup);
}

/* Names a node at a wrong address. */
static void hear_lie(skad_lookup *lookup, uint32_t from, uint32_t number, uint32_t address)
{
    skad_contact lie = script_contact_of(number);
    lie.ipv4 = test_prng_address(address);
    skad_lookup_heard(lookup, script_index_of(lookup, from), &lie, &lie.ipv4);
}

/* Returns the index of a node at the address where it truly is. */
static uint16_t true_index(const skad_lookup *lookup, uint32_t number)
{
    const skad_contact truth = script_contact_of(number);
    uint16_t index = skad_candidates_find(&lookup->candidates, &truth.id, &truth.ipv4);
    assert_int_not_equal(index, SKAD_CANDIDATE_NONE);
    return index;
}

static void a_node_named_at_two_addresses_is_asked_at_both(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(2, 1, 4, 2);
    script_seed(lookup, NUMBERS(10, 20));
    script_assert_asks(lookup, NUMBERS(10, 20));
    script_answer(lookup, 10, NULL, 0);
    hear_lie(lookup, 10, 5, 666);
    script_assert_asks(lookup, NUMBERS(5));
    script_answer(lookup, 20, NUMBERS(5));
    script_assert_asks(lookup, NUMBERS(5)); /* the path of 20 loses nothing by the lie */
    assert_int_equal(lookup->rpcs, 4);
    assert_int_equal(lookup->asked_count, 4);
    uint16_t truth = true_index(lookup, 5);
    skad_lookup_answered(lookup, truth, 1000);
    uint16_t lie = script_index_of(lookup, 5);
    assert_true(lie != truth && lookup->candidates.all[lie].moot);
    assert_false(skad_lookup_awaits(lookup, lie));
    skad_lookup_failed(lookup, lie); /* as its timeouts do */
    hear_lie(lookup, 20, 5, 777);    /* where it has answered, no other address counts */
    script_assert_asks(lookup, NULL, 0);
    uint16_t indices[SKAD_K_MAX];
    assert_int_equal(skad_lookup_closest(lookup, 4, indices), 3);
    assert_int_equal(indices[0], truth);
    assert_true(skad_lookup_done(lookup));
    skad_lookup_free(lookup);
}

/* A node that was silent lately is asked last; if it is guarded, its silence says nothing. A liar
 * must not hide a guarded node by naming it without that, before a truthful node does or after. */
static void one_that_calls_a_silent_node_guarded_is_enough_for_it_to_be_asked(void **state)
{
    (void)state;
    for (unsigned truthful = 0; truthful <= 2; truthful++) { /* which of two; or none */
        skad_lookup *lookup = script_make(1, 2, 4, 2);
        script_seed(lookup, NUMBERS(10, 20));
        script_assert_asks(lookup, NUMBERS(10, 20));
        for (unsigned i = 0; i < 2; i++) {
            const uint32_t namer = 10 * (i + 1);
            skad_contact named = script_contact_of(5);
            named.guarded = i == truthful ? SKAD_FAMILY_IPV4 : 0;
            skad_lookup_answered(lookup, script_index_of(lookup, namer), 1000);
            skad_lookup_heard(lookup, script_index_of(lookup, namer), &named, &named.ipv4);
            skad_lookup_departed(lookup, &named.id, &named.ipv4);
        }
        const uint16_t index = script_index_of(lookup, 5);
        assert_int_equal(lookup->candidates.all[index].departed, truthful == 2);
        for (unsigned i = 0; i < 2; i++) { /* only that one can introduce us */
            assert_int_equal(
                skad_credit_names_guarded(lookup, script_index_of(lookup, 10 * (i + 1)), index),
                i == truthful);
        }
        skad_lookup_free(lookup);
    }
}

static void a_node_is_asked_at_one_address_for_each_that_names_it(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(1, 1, 4, 2);
    script_seed(lookup, NUMBERS(10, 20));
    script_assert_asks(lookup, NUMBERS(10));
    script_answer(lookup, 10, NULL, 0);
    hear_lie(lookup, 10, 5, 666);
    hear_lie(lookup, 10, 5, 777);
    script_hear(lookup, 10, 5);
    script_assert_asks(lookup, NUMBERS(5, 20));
    assert_int_equal(lookup->candidates.high_water, 3);
    skad_lookup_free(lookup);
}

static void what_has_answered_is_not_heard_of_at_another_address(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(2, 1, 4, 2);
    script_seed(lookup, NUMBERS(10, 20));
    script_assert_asks(lookup, NUMBERS(10, 20));
    script_answer(lookup, 10, NUMBERS(5));
    script_assert_asks(lookup, NUMBERS(5));
    script_answer(lookup, 5, NULL, 0);
    script_answer(lookup, 20, NULL, 0);
    hear_lie(lookup, 20, 5, 666);
    script_assert_asks(lookup, NULL, 0);
    assert_int_equal(lookup->candidates.high_water, 3);
    assert_true(skad_lookup_done(lookup));
    skad_lookup_free(lookup);
}

static void what_a_slow_path_names_late_belongs_to_the_union(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(2, 1, 4, 2);
    script_seed(lookup, NUMBERS(10, 20));
    script_assert_asks(lookup, NUMBERS(10, 20));
    skad_lookup_slow(lookup, script_index_of(lookup, 10));
    script_answer(lookup, 20, NULL, 0);
    script_assert_asks(lookup, NULL, 0);
    assert_false(skad_lookup_done(lookup));
    assert_int_equal(lookup->phase, SKAD_LOOKUP_CLOSING);
    script_answer(lookup, 10, NUMBERS(5));
    script_assert_asks(lookup, NUMBERS(5));
    skad_lookup_free(lookup);
}

static void agreement_counts_the_paths_that_knew_the_closest_by_themselves(void **state)
{
    (void)state;
    for (uint8_t knowing = 1; knowing <= 3; knowing++) {
        skad_lookup *lookup = script_make(3, 1, 3, 3);
        script_seed(lookup, NUMBERS(10, 20, 30));
        script_assert_asks(lookup, NUMBERS(10, 20, 30));
        assert_int_equal(skad_lookup_agreement(lookup), 0);
        for (uint32_t path = 0; path < 3; path++) {
            script_answer(lookup, 10 + 10 * path, NUMBERS(path < knowing ? 5 : 6));
        }
        uint32_t asked;
        while (!skad_lookup_done(lookup)) {
            while ((asked = script_next(lookup)) != NOBODY) {
                script_answer(lookup, asked, NULL, 0);
            }
        }
        assert_int_equal(skad_lookup_agreement(lookup), knowing);
        skad_lookup_free(lookup);
    }
}

static void an_unasked_node_is_asked_again_as_if_nothing_had_been(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(1, 1, 4, 2);
    script_seed(lookup, NUMBERS(10, 20));
    skad_query query;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(skad_lookup_next(lookup, &query));
        assert_int_equal(script_number_of(lookup, query.candidate), 10);
        assert_int_equal(lookup->rpcs, 1);
        skad_lookup_unask(lookup, &query);
        assert_int_equal(lookup->rpcs, 0);
        assert_int_equal(lookup->lists[0].waiting, 0);
    }
    assert_false(skad_lookup_done(lookup));
    skad_lookup_free(lookup);
}

static void a_finished_lookup_asks_nobody(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(2, 1, 4, 2);
    script_seed(lookup, NUMBERS(10, 20, 30));
    assert_int_equal(script_next(lookup), 10);
    skad_lookup_finish(lookup);
    assert_int_equal(script_next(lookup), NOBODY);
    assert_true(skad_lookup_done(lookup));
    skad_lookup_free(lookup);
}

static void a_lookup_without_contacts_is_done_at_once(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(4, 1, 8, 4);
    uint16_t indices[SKAD_K_MAX];
    assert_int_equal(script_next(lookup), NOBODY);
    assert_true(skad_lookup_done(lookup));
    assert_int_equal(skad_lookup_closest(lookup, SKAD_K_MAX, indices), 0);
    assert_int_equal(skad_lookup_agreement(lookup), 0);
    skad_lookup_free(lookup);
}

static void hops_count_the_answers_between_us_and_the_first_mention(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(1, 1, 4, 2);
    script_seed(lookup, NUMBERS(1000));
    uint32_t number = 1000;
    for (unsigned hop = 0; hop < 6; hop++) {
        assert_int_equal(script_next(lookup), number);
        assert_int_equal(lookup->candidates.all[script_index_of(lookup, number)].hop, hop);
        script_answer(lookup, number, NUMBERS(number - 100, 1000));
        number -= 100;
    }
    skad_lookup_free(lookup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_are_dealt_to_the_paths_in_turn_and_the_rest_to_the_closing_round),
        cmocka_unit_test(a_node_is_asked_by_the_path_that_claims_it_first_and_never_again),
        cmocka_unit_test(we_never_ask_ourselves),
        cmocka_unit_test(a_flood_of_invented_names_spoils_only_the_path_that_asked_the_liar),
        cmocka_unit_test(a_shortlist_keeps_the_closest_in_order_and_the_farthest_gives_way),
        cmocka_unit_test(a_liar_that_never_ends_is_ended_by_the_cap),
        cmocka_unit_test(the_cap_ends_a_lookup_that_only_meets_the_dead),
        cmocka_unit_test(the_closing_round_asks_the_seeds_that_stood_by),
        cmocka_unit_test(what_a_slow_path_names_late_belongs_to_the_union),
        cmocka_unit_test(agreement_counts_the_paths_that_knew_the_closest_by_themselves),
        cmocka_unit_test(an_unasked_node_is_asked_again_as_if_nothing_had_been),
        cmocka_unit_test(dead_nodes_among_the_closest_widen_the_lookup_region_by_region),
        cmocka_unit_test(a_lookup_of_the_only_node_a_bucket_holds_widens_within_the_key_space),
        cmocka_unit_test(a_node_named_at_two_addresses_is_asked_at_both),
        cmocka_unit_test(one_that_calls_a_silent_node_guarded_is_enough_for_it_to_be_asked),
        cmocka_unit_test(a_node_is_asked_at_one_address_for_each_that_names_it),
        cmocka_unit_test(what_has_answered_is_not_heard_of_at_another_address),
        cmocka_unit_test(a_finished_lookup_asks_nobody),
        cmocka_unit_test(a_lookup_without_contacts_is_done_at_once),
        cmocka_unit_test(hops_count_the_answers_between_us_and_the_first_mention),
    };
    return cmocka_run_group_tests_name("lookup", tests, NULL, NULL);
}
