/* Our own contacts outside of a region: how far, who asks them, and what is done with the names
 * that only they give. The target is zero, so a number is a distance (lookup_script.h); the region
 * of eight bits reaches to 0x01000000. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/lookup/credit.h"
#include "src/core/lookup/outside.h"
#include "src/core/lookup/strata.h"
#include "tests/support/lookup_script.h"

#define BITS   8
#define REGION 0x01000000U
#define FAR    0x40000000U

static skad_random randomness;

/* A put or get with one path and no mirrored one, whose four closest have answered. */
static skad_lookup *make(bool for_put)
{
    static const uint8_t seed[SKAD_SEED_BYTES] = {9};
    skad_lookup *lookup = script_make(1, 4, 8, 4);
    skad_random_init(&randomness, seed);
    lookup->random = &randomness;
    lookup->for_record = true;
    lookup->for_put = for_put;
    lookup->region_bits = BITS;
    lookup->width = (uint64_t)REGION << 32;
    script_seed(lookup, NUMBERS(1, 2, 3, 4));
    return lookup;
}

static bool add(skad_lookup *lookup, uint32_t number)
{
    const skad_contact contact = script_contact_of(number);
    return skad_outside_add(lookup, &contact, &contact.ipv4, NULL);
}

/* Ends the paths of a put, and gives it contacts outside. */
static void close_paths(skad_lookup *lookup)
{
    lookup->phase = SKAD_LOOKUP_CLOSING;
    lookup->paths = 0;                  /* all lists are the closing round's, */
    lookup->mirror = 2 * lookup->width; /* and a mirrored path was one of them */
}

static void places_are_one_to_six_bits_farther_than_the_region(void **state)
{
    (void)state;
    static const struct {
        uint8_t bits;
        unsigned least;
        uint64_t depths;
    } cases[] = {{1, 1, 1},        {3, 1, 7}, {6, 1, 0x3f}, {8, 1, 0xfc},
                 {20, 1, 0xfc000}, {3, 2, 3}, {8, 2, 0x7e}};
    skad_lookup *lookup = make(true);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t depths = 0;
        lookup->region_bits = cases[i].bits;
        for (unsigned draws = 0; draws < 200; draws++) {
            depths |= UINT64_C(1) << skad_outside_depth(lookup, cases[i].least);
        }
        assert_int_equal(depths, cases[i].depths);
    }
    skad_lookup_free(lookup);
}

static void each_depth_has_its_turn(void **state)
{
    (void)state;
    skad_lookup *lookup = make(true);
    uint8_t depths[SKAD_OUTSIDE_MAX];
    uint8_t first = 0;
    bool differs = false;
    for (unsigned draws = 0; draws < 20; draws++) {
        unsigned met = 0;
        assert_int_equal(skad_outside_depths(lookup, depths), SKAD_OUTSIDE_MAX);
        for (size_t i = 0; i < SKAD_OUTSIDE_MAX; i++) {
            met |= 1U << depths[i];
        }
        assert_int_equal(met, 0xfc); /* two to seven of eight */
        differs = differs || (draws > 0 && depths[0] != first);
        first = depths[0];
    }
    assert_true(differs);
    lookup->region_bits = 2;
    unsigned of_each[2] = {0};
    (void)skad_outside_depths(lookup, depths);
    for (size_t i = 0; i < SKAD_OUTSIDE_MAX; i++) {
        assert_in_range(depths[i], 0, 1);
        of_each[depths[i]]++;
    }
    assert_int_equal(of_each[0], 3);
    lookup->region_bits = 0;
    assert_int_equal(skad_outside_depths(lookup, depths), 0);
    skad_lookup_free(lookup);
}

static void they_are_due_once_for_a_put_or_get(void **state)
{
    (void)state;
    for (unsigned is_put = 0; is_put < 2; is_put++) {
        skad_lookup *lookup = make(is_put == 1);
        assert_false(skad_outside_due(lookup)); /* the paths are not over */
        close_paths(lookup);
        assert_true(skad_outside_due(lookup));
        assert_false(skad_outside_over(lookup, skad_outside_share(lookup)));
        skad_outside_drawn(lookup);
        assert_false(skad_outside_due(lookup));
        assert_true(skad_outside_over(lookup, skad_outside_share(lookup)));
        lookup->outside_drawn = false;
        lookup->for_record = false; /* a lookup for nodes */
        assert_false(skad_outside_due(lookup));
        assert_true(skad_outside_over(lookup, skad_outside_share(lookup)));
        lookup->for_record = true;
        lookup->mirror = 0; /* a network of few regions */
        assert_false(skad_outside_due(lookup));
        skad_lookup_free(lookup);
    }
}

static void no_more_than_six_are_kept_and_each_once(void **state)
{
    (void)state;
    skad_lookup *lookup = make(true);
    assert_int_equal(script_next(lookup), 1);
    assert_false(add(lookup, 1)); /* a path asked it */
    for (uint32_t i = 0; i < SKAD_OUTSIDE_MAX; i++) {
        assert_true(add(lookup, FAR + i));
        assert_false(add(lookup, FAR + i));
    }
    assert_false(add(lookup, FAR + SKAD_OUTSIDE_MAX));
    assert_int_equal(lookup->outside_count, SKAD_OUTSIDE_MAX);
    skad_lookup_free(lookup);
}

/* A node has a place among the closest once, however many addresses it has. */
static void who_has_answered_at_another_address_is_none_of_them(void **state)
{
    (void)state;
    skad_lookup *lookup = make(true);
    skad_contact contact = script_contact_of(1);
    contact.ipv4.port++;
    assert_int_equal(script_next(lookup), 1);
    script_answer(lookup, 1, NULL, 0);
    assert_false(skad_outside_add(lookup, &contact, &contact.ipv4, NULL));
    assert_int_equal(lookup->outside_count, 0);
    skad_lookup_free(lookup);
}

static void a_put_asks_four_and_waits_for_them(void **state)
{
    (void)state;
    skad_lookup *lookup = make(true);
    close_paths(lookup);
    for (uint32_t i = 0; i < SKAD_OUTSIDE_MAX; i++) {
        assert_true(add(lookup, FAR + i));
    }
    skad_outside_drawn(lookup);
    for (uint32_t i = 0; i < SKAD_OUTSIDE_ASKED; i++) {
        assert_int_equal(script_next(lookup), FAR + i);
        assert_false(skad_outside_over(lookup, SKAD_OUTSIDE_ASKED));
    }
    assert_int_equal(skad_outside_next(lookup, SKAD_OUTSIDE_ASKED), SKAD_CANDIDATE_NONE);
    for (uint32_t i = 0; i < SKAD_OUTSIDE_ASKED; i++) {
        assert_false(skad_outside_over(lookup, SKAD_OUTSIDE_ASKED));
        if (i == 0) {
            skad_lookup_slow(lookup, script_index_of(lookup, FAR));
        } else {
            skad_lookup_answered(lookup, script_index_of(lookup, FAR + i), 1000);
        }
    }
    assert_true(skad_outside_over(lookup, SKAD_OUTSIDE_ASKED));
    skad_lookup_free(lookup);
}

/* What the paths had not heard of, in the region: at most eight of it, and of one that names the
 * silent no more than its credit bears. */
static void what_only_they_name_in_the_region_is_asked(void **state)
{
    (void)state;
    skad_lookup *lookup = make(true);
    close_paths(lookup);
    assert_true(add(lookup, FAR));
    skad_outside_drawn(lookup);
    assert_int_equal(script_next(lookup), FAR);
    skad_lookup_answered(lookup, script_index_of(lookup, FAR), 1000);
    const uint16_t from = script_index_of(lookup, FAR);
    const uint32_t names[] = {4, REGION - 1, REGION, REGION - 2};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const skad_contact contact = script_contact_of(names[i]);
        skad_lookup_heard(lookup, from, &contact, &contact.ipv4);
    }
    assert_int_equal(lookup->unheard_count, 2); /* four was known, and REGION lies outside */
    assert_int_equal(script_number_of(lookup, lookup->unheard[0]), REGION - 1);
    assert_int_equal(script_number_of(lookup, lookup->unheard[1]), REGION - 2);
    assert_int_not_equal(skad_outside_next(lookup, SKAD_OUTSIDE_ASKED), SKAD_CANDIDATE_NONE);
    assert_false(skad_outside_over(lookup, SKAD_OUTSIDE_ASKED));
    for (uint32_t i = 0; i < 2 * SKAD_UNHEARD_MAX; i++) {
        const skad_contact contact = script_contact_of(0x00800000 + i);
        skad_lookup_heard(lookup, from, &contact, &contact.ipv4);
    }
    assert_int_equal(lookup->unheard_count, SKAD_UNHEARD_MAX);
    lookup->answered_count = lookup->siblings; /* before that all names are asked */
    skad_credit_weigh(lookup);
    unsigned asked = 0;
    uint16_t index = skad_outside_next(lookup, SKAD_OUTSIDE_ASKED);
    for (; index != SKAD_CANDIDATE_NONE && asked < 20; asked++) {
        assert_true(script_number_of(lookup, index) < REGION);
        lookup->candidates.all[index].state = SKAD_STEP_SLOW;
        lookup->candidates.all[index].tries = 1;
        lookup->asked[lookup->asked_count++] = index;
        lookup->weighed = false;
        skad_credit_weigh(lookup);
        index = skad_outside_next(lookup, SKAD_OUTSIDE_ASKED);
    }
    assert_in_range(asked, 1, SKAD_CREDIT_NAMES);
    assert_true(skad_outside_over(lookup, SKAD_OUTSIDE_ASKED));
    skad_lookup_free(lookup);
}

/* One that we know to be silent lately, or whose ID has answered at another address, is not asked
 * any more: a put that waited for it would wait until its deadline. */
static void what_is_not_asked_any_more_is_not_awaited(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        bool departed;
        bool moot;
        bool over;
    } cases[] = {{"to be asked", false, false, false},
                 {"silent lately", true, false, true},
                 {"answered elsewhere", false, true, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_lookup *lookup = make(true);
        close_paths(lookup);
        assert_true(add(lookup, FAR));
        skad_outside_drawn(lookup);
        assert_int_equal(script_next(lookup), FAR);
        script_answer(lookup, FAR, NUMBERS(REGION - 1));
        skad_candidate *named = &lookup->candidates.all[script_index_of(lookup, REGION - 1)];
        named->departed = cases[i].departed;
        named->moot = cases[i].moot;
        skad_credit_weigh(lookup);
        if (skad_outside_over(lookup, SKAD_OUTSIDE_ASKED) != cases[i].over) {
            fail_msg("%s", cases[i].label);
        }
        skad_lookup_free(lookup);
    }
}

/* They keep their places in memory, whatever the lists and the sample hold besides: each of them,
 * and each name that only they gave, may be another candidate than all of those. */
static void there_is_memory_for_them_beside_all_lists(void **state)
{
    (void)state;
    skad_lookup *lookup = make(true);
    const size_t lists = (size_t)(lookup->paths + 1) * SKAD_SHORTLIST_MAX;
    const size_t sample = (size_t)SKAD_PARTS * SKAD_STRATUM_MEMBERS;
    const size_t held = lists + SKAD_LOOKUP_RPCS_MAX + sample + SKAD_OUTSIDE_MAX + SKAD_UNHEARD_MAX;
    while (lookup->candidates.high_water < held) {
        const skad_contact contact = script_contact_of(FAR + lookup->candidates.high_water);
        const skad_candidate candidate = {.contact = contact, .address = contact.ipv4, .listed = 1};
        assert_int_not_equal(skad_candidates_add(&lookup->candidates, &candidate),
                             SKAD_CANDIDATE_NONE);
    }
    const skad_contact named = script_contact_of(5);
    assert_int_not_equal(
        skad_candidates_add(&lookup->candidates,
                            &(skad_candidate){.contact = named, .address = named.ipv4}),
        SKAD_CANDIDATE_NONE);
    skad_lookup_free(lookup);
}

static void names_of_other_nodes_are_none_of_theirs(void **state)
{
    (void)state;
    skad_lookup *lookup = make(true);
    assert_int_equal(script_next(lookup), 1);
    skad_lookup_answered(lookup, script_index_of(lookup, 1), 1000);
    skad_outside_named(lookup, script_index_of(lookup, 1), script_index_of(lookup, 2));
    assert_int_equal(lookup->unheard_count, 0);
    /* until it counts as one: a witness of the mirrored path */
    skad_outside_mark(lookup, script_index_of(lookup, 1));
    const skad_contact contact = script_contact_of(REGION - 1);
    skad_lookup_heard(lookup, script_index_of(lookup, 1), &contact, &contact.ipv4);
    assert_int_equal(lookup->unheard_count, 1);
    skad_lookup_free(lookup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_one_to_six_bits_farther_than_the_region),
        cmocka_unit_test(each_depth_has_its_turn),
        cmocka_unit_test(they_are_due_once_for_a_put_or_get),
        cmocka_unit_test(no_more_than_six_are_kept_and_each_once),
        cmocka_unit_test(who_has_answered_at_another_address_is_none_of_them),
        cmocka_unit_test(a_put_asks_four_and_waits_for_them),
        cmocka_unit_test(what_only_they_name_in_the_region_is_asked),
        cmocka_unit_test(what_is_not_asked_any_more_is_not_awaited),
        cmocka_unit_test(there_is_memory_for_them_beside_all_lists),
        cmocka_unit_test(names_of_other_nodes_are_none_of_theirs),
    };
    return cmocka_run_group_tests_name("outside", tests, NULL, NULL);
}
