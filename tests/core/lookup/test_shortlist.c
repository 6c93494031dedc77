/* Shortlists: who stands on one and where, who gives way on a full one, and how many of an address
 * group may be asked. A node's number is its distance and its address (lookup_script.h). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/lookup/credit.h"
#include "src/core/lookup/shortlist.h"
#include "tests/support/lookup_script.h"

#define PATH 1

static int begin(void **state)
{
    *state = script_make(2, 1, 8, 4);
    return 0;
}

static int end(void **state)
{
    skad_lookup_free(*state);
    return 0;
}

/* A new candidate that stands on no list yet. */
static uint16_t make(skad_lookup *lookup, uint32_t number)
{
    const skad_contact contact = script_contact_of(number);
    const skad_candidate candidate = {.contact = contact, .address = contact.ipv4};
    uint16_t index = skad_candidates_add(&lookup->candidates, &candidate);
    assert_int_not_equal(index, SKAD_CANDIDATE_NONE);
    return index;
}

static uint16_t add(skad_lookup *lookup, uint32_t number)
{
    uint16_t index = make(lookup, number);
    skad_shortlist_add(lookup, PATH, index);
    return index;
}

static void set_state(skad_lookup *lookup, uint16_t index, skad_step_state state)
{
    lookup->candidates.all[index].state = (uint8_t)state;
}

static void assert_stand(const skad_lookup *lookup, const uint32_t *numbers, size_t count)
{
    assert_int_equal(lookup->lists[PATH].count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(script_number_of(lookup, lookup->lists[PATH].members[i]), numbers[i]);
    }
}

static void candidates_stand_in_the_order_of_their_distances_and_once(void **state)
{
    skad_lookup *lookup = *state;
    (void)add(lookup, 30);
    (void)add(lookup, 10);
    uint16_t index = add(lookup, 20);
    (void)add(lookup, 40);
    assert_stand(lookup, NUMBERS(10, 20, 30, 40));
    skad_shortlist_add(lookup, PATH, index);
    assert_stand(lookup, NUMBERS(10, 20, 30, 40));
    assert_int_equal(lookup->candidates.all[index].listed, 1U << PATH);
    skad_shortlist_add(lookup, 0, index); /* it may stand on another list as well */
    assert_int_equal(lookup->candidates.all[index].listed, 3);
    assert_int_equal(lookup->lists[0].count, 1);
}

/* Fills the list with the numbers from 100 on. */
static void fill(skad_lookup *lookup)
{
    for (uint32_t i = 0; i < SKAD_SHORTLIST_MAX; i++) {
        (void)add(lookup, 100 + i);
    }
    assert_int_equal(lookup->lists[PATH].count, SKAD_SHORTLIST_MAX);
}

#define LAST (100 + SKAD_SHORTLIST_MAX - 1)

static void on_a_full_list_the_farthest_gives_way_to_a_closer_one_only(void **state)
{
    skad_lookup *lookup = *state;
    fill(lookup);
    uint16_t farthest = script_index_of(lookup, LAST);
    skad_shortlist_add(lookup, 0, farthest);
    (void)add(lookup, LAST + 1);
    assert_true(script_on_list(lookup, PATH, LAST));
    assert_false(script_on_list(lookup, PATH, LAST + 1));
    (void)add(lookup, 99);
    assert_false(script_on_list(lookup, PATH, LAST));
    assert_int_equal(lookup->candidates.all[farthest].listed, 1); /* of the other list still */
    assert_int_equal(lookup->lists[PATH].count, SKAD_SHORTLIST_MAX);
    assert_int_equal(script_number_of(lookup, lookup->lists[PATH].members[0]), 99);
}

static void who_gives_way_leaves_its_index_to_others(void **state)
{
    skad_lookup *lookup = *state;
    fill(lookup);
    uint16_t farthest = script_index_of(lookup, LAST);
    (void)add(lookup, 99);
    assert_int_equal(make(lookup, 98), farthest);
}

static void who_has_answered_stays(void **state)
{
    skad_lookup *lookup = *state;
    fill(lookup);
    set_state(lookup, script_index_of(lookup, LAST), SKAD_STEP_ANSWERED);
    set_state(lookup, script_index_of(lookup, LAST - 1), SKAD_STEP_ANSWERED);
    (void)add(lookup, 99);
    assert_true(script_on_list(lookup, PATH, 99));
    assert_true(script_on_list(lookup, PATH, LAST));
    assert_true(script_on_list(lookup, PATH, LAST - 1));
    assert_false(script_on_list(lookup, PATH, LAST - 2));
    const skad_shortlist *list = &lookup->lists[PATH];
    for (size_t i = 1; i < list->count; i++) {
        assert_true(
            skad_candidates_closer(&lookup->candidates, list->members[i - 1], list->members[i]));
        set_state(lookup, list->members[i], SKAD_STEP_ANSWERED);
    }
    (void)add(lookup, 98); /* the first alone has not answered */
    assert_true(script_on_list(lookup, PATH, 98));
    assert_false(script_on_list(lookup, PATH, 99));
    set_state(lookup, script_index_of(lookup, 98), SKAD_STEP_ANSWERED);
    (void)add(lookup, LAST + 1);
    assert_true(script_on_list(lookup, PATH, LAST));
    (void)add(lookup, 97); /* where all have answered, the farthest gives way */
    assert_true(script_on_list(lookup, PATH, 97));
    assert_false(script_on_list(lookup, PATH, LAST));
}

/* ---- The closing round ---- */

#define CLOSING 2

static uint16_t add_to_closing(skad_lookup *lookup, uint32_t number, const uint16_t *namers,
                               size_t count)
{
    uint16_t index = make(lookup, number);
    for (size_t i = 0; i < count; i++) {
        skad_credit_named(lookup, index, namers[i]);
    }
    skad_shortlist_add(lookup, CLOSING, index);
    return index;
}

/* Makes some nodes that have answered; they stand on the path's list. */
static void make_namers(skad_lookup *lookup, uint16_t *namers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        namers[i] = add(lookup, 5000 + i);
        lookup->candidates.all[namers[i]].order = lookup->asked_count;
        lookup->asked[lookup->asked_count++] = namers[i];
        set_state(lookup, namers[i], SKAD_STEP_ANSWERED);
    }
}

static void what_many_name_displaces_the_inventions_of_few(void **state)
{
    skad_lookup *lookup = *state;
    uint16_t namers[8];
    make_namers(lookup, namers, 8);
    for (uint32_t i = 0; i < SKAD_SHORTLIST_MAX; i++) {
        (void)add_to_closing(lookup, 100 + i, &namers[i % 8], 1);
    }
    (void)add_to_closing(lookup, 1000, namers, 3);
    assert_true(script_on_list(lookup, CLOSING, 1000));
    assert_false(script_on_list(lookup, CLOSING, LAST)); /* of equals the farthest gives way */
    (void)add_to_closing(lookup, 2000, namers, 1);
    assert_false(script_on_list(lookup, CLOSING, 2000));
    (void)add_to_closing(lookup, 50, namers, 1);
    assert_true(script_on_list(lookup, CLOSING, 50));
    assert_true(script_on_list(lookup, CLOSING, 1000));
}

static void what_has_no_hope_left_gives_way_first(void **state)
{
    skad_lookup *lookup = *state;
    uint16_t namers[8];
    make_namers(lookup, namers, 8);
    for (uint32_t i = 0; i < SKAD_SHORTLIST_MAX; i++) {
        (void)add_to_closing(lookup, 100 + i, &namers[i % 8], i == 3 ? 2 : 1);
    }
    set_state(lookup, script_index_of(lookup, 103), SKAD_STEP_SLOW); /* named by most of all */
    (void)add_to_closing(lookup, 2000, namers, 1);
    assert_true(script_on_list(lookup, CLOSING, 2000));
    assert_false(script_on_list(lookup, CLOSING, 103));
}

static void the_closest_of_our_own_contacts_stand_by_whatever_is_named(void **state)
{
    skad_lookup *lookup = *state;
    uint16_t namers[8];
    make_namers(lookup, namers, 8);
    for (uint32_t i = 0; i < SKAD_SHORTLIST_MAX; i++) {
        uint16_t index = add_to_closing(lookup, 100000 + i, NULL, 0);
        lookup->candidates.all[index].ours = true;
    }
    for (uint32_t i = 0; i < 2 * SKAD_SHORTLIST_MAX; i++) {
        (void)add_to_closing(lookup, 100 + i, namers, 8);
    }
    for (uint32_t i = 0; i < SKAD_SHORTLIST_MAX; i++) {
        assert_int_equal(script_on_list(lookup, CLOSING, 100000 + i), i < lookup->siblings);
    }
}

/* Where the lookup has widened, no candidate behind as many as are wanted is needed, whichever name
 * it. */
static void what_is_closer_than_the_last_one_wanted_has_a_place(void **state)
{
    skad_lookup *lookup = *state;
    uint16_t namers[8];
    make_namers(lookup, namers, 8);
    for (uint32_t i = 0; i < SKAD_SHORTLIST_MAX; i++) {
        uint16_t index = add_to_closing(lookup, 100 + i, namers, 8);
        set_state(lookup, index, i < lookup->wanted ? SKAD_STEP_ANSWERED : SKAD_STEP_HEARD);
    }
    (void)add_to_closing(lookup, 101 + SKAD_SHORTLIST_MAX, namers, 8);
    assert_false(script_on_list(lookup, CLOSING, 101 + SKAD_SHORTLIST_MAX));
    (void)add_to_closing(lookup, 50, namers, 1);
    assert_false(script_on_list(lookup, CLOSING, 50)); /* fewer name it than any other */
    lookup->region = 30;
    (void)add_to_closing(lookup, 51, namers, 1);
    assert_true(script_on_list(lookup, CLOSING, 51));
    assert_false(script_on_list(lookup, CLOSING, LAST));
}

/* ---- Address groups ---- */

#define OF_ANOTHER_24 0x100U
#define OF_ANOTHER_16 0x10000U

static void a_group_has_its_share_of_a_path(void **state)
{
    skad_lookup *lookup = *state;
    const skad_shortlist *list = &lookup->lists[PATH];
    lookup->group_path_max = 2;
    uint16_t first = add(lookup, 1);
    (void)add(lookup, 2);
    (void)add(lookup, 3);
    (void)add(lookup, OF_ANOTHER_24);
    assert_false(skad_shortlist_surplus(lookup, list, 1)); /* those behind it do not count */
    assert_true(skad_shortlist_surplus(lookup, list, 2));
    assert_false(skad_shortlist_surplus(lookup, list, 3));
    set_state(lookup, first, SKAD_STEP_FAILED);
    assert_false(skad_shortlist_surplus(lookup, list, 2));
    set_state(lookup, first, SKAD_STEP_SLOW); /* nor is a slow one waited for */
    assert_false(skad_shortlist_surplus(lookup, list, 2));
    set_state(lookup, first, SKAD_STEP_ASKED);
    assert_true(skad_shortlist_surplus(lookup, list, 2));
    lookup->group_path_max = 0;
    assert_false(skad_shortlist_surplus(lookup, list, 2));
}

static void ask(skad_lookup *lookup, uint16_t index)
{
    lookup->asked[lookup->asked_count++] = index;
    set_state(lookup, index, SKAD_STEP_ASKED);
}

static void a_group_has_its_share_of_a_lookup(void **state)
{
    skad_lookup *lookup = *state;
    lookup->group_max = 2;
    uint16_t first = add(lookup, 1);
    uint16_t second = add(lookup, 2);
    uint16_t third = add(lookup, 3);
    uint16_t apart = add(lookup, OF_ANOTHER_16);
    ask(lookup, first);
    assert_true(skad_shortlist_group_has_room(lookup, third));
    ask(lookup, second);
    assert_false(skad_shortlist_group_has_room(lookup, third));
    assert_true(skad_shortlist_group_has_room(lookup, apart));
    set_state(lookup, first, SKAD_STEP_FAILED);
    assert_true(skad_shortlist_group_has_room(lookup, third));
    set_state(lookup, first, SKAD_STEP_SLOW);
    assert_true(skad_shortlist_group_has_room(lookup, third));
    set_state(lookup, first, SKAD_STEP_ANSWERED);
    assert_false(skad_shortlist_group_has_room(lookup, third));
    lookup->group_max = 0;
    assert_true(skad_shortlist_group_has_room(lookup, third));
}

#define WITH_A_LOOKUP(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_A_LOOKUP(candidates_stand_in_the_order_of_their_distances_and_once),
        WITH_A_LOOKUP(on_a_full_list_the_farthest_gives_way_to_a_closer_one_only),
        WITH_A_LOOKUP(who_gives_way_leaves_its_index_to_others),
        WITH_A_LOOKUP(who_has_answered_stays),
        WITH_A_LOOKUP(what_many_name_displaces_the_inventions_of_few),
        WITH_A_LOOKUP(what_has_no_hope_left_gives_way_first),
        WITH_A_LOOKUP(the_closest_of_our_own_contacts_stand_by_whatever_is_named),
        WITH_A_LOOKUP(what_is_closer_than_the_last_one_wanted_has_a_place),
        WITH_A_LOOKUP(a_group_has_its_share_of_a_path),
        WITH_A_LOOKUP(a_group_has_its_share_of_a_lookup),
    };
    return cmocka_run_group_tests_name("shortlist", tests, NULL, NULL);
}
