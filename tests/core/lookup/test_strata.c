/* The sample of a crowded region: where its points lie, which nodes it asks in which order, and
 * that a cluster gets no more than its share. The target is zero, so a number is a distance
 * (lookup_script.h). A region of eight bits reaches to 0x01000000; its strata are 0x00100000 wide.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/lookup/outside.h"
#include "src/core/lookup/strata.h"
#include "src/core/routing/distance.h"
#include "tests/support/lookup_script.h"
#include "tests/support/prng.h"

#define BITS    8
#define REGION  0x01000000U
#define STRATUM 0x00100000U

static skad_random randomness;

static skad_lookup *make(bool dense)
{
    static const uint8_t seed[SKAD_SEED_BYTES] = {7};
    skad_lookup *lookup = script_make(1, 1, 8, 4);
    skad_random_init(&randomness, seed);
    lookup->random = &randomness;
    lookup->for_record = true;
    lookup->region_bits = BITS;
    lookup->dense = dense;
    lookup->phase = SKAD_LOOKUP_CLOSING;
    return lookup;
}

static void begin(skad_lookup *lookup)
{
    assert_true(skad_strata_begin(lookup));
    lookup->phase = SKAD_LOOKUP_SAMPLING;
}

static uint32_t point_of(const skad_lookup *lookup, unsigned part)
{
    return (uint32_t)(skad_id_prefix(&lookup->strata->all[part].point) >> 32);
}

/* Adds a candidate that has answered before the sample begins. */
static void answered(skad_lookup *lookup, uint32_t number)
{
    script_seed(lookup, &number, 1);
    const uint16_t index = script_index_of(lookup, number);
    skad_candidate *candidate = &lookup->candidates.all[index];
    candidate->state = SKAD_STEP_ANSWERED;
    candidate->tries = 1;
    candidate->order = lookup->asked_count;
    lookup->asked[lookup->asked_count++] = index;
}

/* Adds one of our own contacts outside of the region. */
static void seed(skad_lookup *lookup, uint32_t number)
{
    const skad_contact contact = script_contact_of(number);
    assert_true(skad_outside_add(lookup, &contact, &contact.ipv4, NULL));
}

static void each_stratum_has_a_point_and_a_mirror_image(void **state)
{
    (void)state;
    skad_lookup *lookup = make(true);
    begin(lookup);
    for (unsigned i = 0; i < SKAD_STRATA; i++) {
        const uint32_t point = point_of(lookup, i);
        assert_int_equal(point / STRATUM, i);
        /* One bit less is shared with the target, or two. */
        assert_int_equal(point_of(lookup, SKAD_STRATA + i),
                         point ^ (i % 2 == 0 ? REGION : 2 * REGION));
    }
    skad_lookup_free(lookup);
}

static void a_whole_key_space_has_no_mirror_image(void **state)
{
    (void)state;
    skad_lookup *lookup = make(true);
    lookup->region_bits = 0;
    begin(lookup);
    for (unsigned i = 0; i < SKAD_STRATA; i++) {
        assert_int_equal(point_of(lookup, i) >> 28, i);
    }
    skad_outside_drawn(lookup);
    unsigned steps = 0;
    while (!skad_lookup_done(lookup)) { /* no node is known, and it ends */
        skad_query query;
        assert_false(skad_lookup_next(lookup, &query));
        assert_true(++steps < 12);
    }
    skad_lookup_free(lookup);
}

static size_t members(const skad_lookup *lookup, unsigned part)
{
    return lookup->strata->all[part].count;
}

static void candidates_lie_in_their_strata_the_closest_to_the_point_first(void **state)
{
    (void)state;
    skad_lookup *lookup = make(true);
    answered(lookup, 5 * STRATUM + 1);
    answered(lookup, 5 * STRATUM + 2);
    answered(lookup, 6 * STRATUM);
    answered(lookup, REGION + 4 * STRATUM);     /* of an even stratum's mirror image */
    answered(lookup, REGION + 5 * STRATUM);     /* of no odd one's */
    answered(lookup, 2 * REGION + 5 * STRATUM); /* but that is */
    answered(lookup, 8 * REGION);               /* in neither */
    begin(lookup);
    assert_int_equal(members(lookup, 5), 2);
    assert_int_equal(members(lookup, 6), 1);
    assert_int_equal(members(lookup, SKAD_STRATA + 4), 1);
    assert_int_equal(members(lookup, SKAD_STRATA + 5), 1);
    const skad_stratum *stratum = &lookup->strata->all[5];
    assert_true(skad_distance_compare(&stratum->point,
                                      &lookup->candidates.all[stratum->members[0]].contact.id,
                                      &lookup->candidates.all[stratum->members[1]].contact.id) < 0);
    skad_lookup_free(lookup);
}

static void name(skad_lookup *lookup, uint32_t namer, uint32_t number)
{
    const skad_contact contact = script_contact_of(number);
    skad_lookup_heard(lookup, script_index_of(lookup, namer), &contact, &contact.ipv4);
}

static bool is_member(const skad_lookup *lookup, unsigned part, uint32_t number)
{
    const skad_stratum *stratum = &lookup->strata->all[part];
    const uint16_t index = script_index_of(lookup, number);
    for (size_t i = 0; i < stratum->count; i++) {
        if (stratum->members[i] == index) {
            return true;
        }
    }
    return false;
}

/* A liar that is asked for a point sees it, and invents names that are closer than any node. */
static void invented_names_displace_neither_those_of_others_nor_what_has_answered(void **state)
{
    (void)state;
    const uint32_t liar = 8 * REGION;
    const uint32_t namer = 9 * REGION;
    skad_lookup *lookup = make(true);
    answered(lookup, liar);
    answered(lookup, namer);
    answered(lookup, 5 * STRATUM);
    begin(lookup);
    const uint32_t point = point_of(lookup, 5);
    const uint32_t far = (point ^ (STRATUM / 2)) & ~0xffU;
    for (uint32_t i = 0; i < 4; i++) {
        name(lookup, namer, far + i);
    }
    for (uint32_t i = 1; i <= 3 * SKAD_STRATUM_MEMBERS; i++) {
        name(lookup, liar, point ^ i);
    }
    assert_int_equal(members(lookup, 5), SKAD_STRATUM_MEMBERS);
    assert_true(is_member(lookup, 5, 5 * STRATUM));
    for (uint32_t i = 0; i < 4; i++) {
        assert_true(is_member(lookup, 5, far + i));
    }
    skad_lookup_free(lookup);
}

/* Four have answered, at their usual distance; one of them names others near the target that are
 * silent. Returns the share of the sample that follows; 0: there is none. */
static unsigned share_after_silent_names(uint32_t count)
{
    skad_lookup *lookup = make(false);
    lookup->neighbourhood_check = true;
    lookup->radius = (uint64_t)REGION << 32;
    for (uint32_t i = 1; i <= 4; i++) {
        answered(lookup, REGION - i);
    }
    for (uint32_t i = 1; i <= count; i++) {
        name(lookup, REGION - 1, i);
    }
    while (!skad_lookup_done(lookup) && lookup->phase == SKAD_LOOKUP_CLOSING) {
        skad_query query;
        assert_true(skad_lookup_next(lookup, &query));
        skad_lookup_failed(lookup, query.candidate);
    }
    const unsigned share = lookup->strata == NULL ? 0 : lookup->strata->share;
    skad_lookup_free(lookup);
    return share;
}

/* Where liars keep those from answering that stand dense, density tells nothing. */
static void a_lookup_that_silent_names_mislead_samples_the_region(void **state)
{
    (void)state;
    assert_int_equal(share_after_silent_names(0), 0);
    assert_int_equal(share_after_silent_names(1), 0);
    assert_int_equal(share_after_silent_names(8), SKAD_STRATUM_SHARE);
}

/* However many there are at one place, they have the places of one stratum. */
static void a_cluster_takes_the_places_of_one_stratum(void **state)
{
    (void)state;
    skad_lookup *lookup = make(true);
    for (uint32_t i = 0; i < 40; i++) {
        answered(lookup, 3 * STRATUM + i);
    }
    for (uint32_t i = 0; i < SKAD_STRATA; i++) {
        answered(lookup, i * STRATUM + STRATUM / 2);
    }
    begin(lookup);
    uint16_t holders[64];
    assert_int_equal(members(lookup, 3), SKAD_STRATUM_MEMBERS);
    const size_t count = skad_strata_holders(lookup, 64, holders);
    size_t elsewhere = 0;
    for (size_t i = 0; i < count; i++) {
        elsewhere += script_number_of(lookup, holders[i]) / STRATUM != 3;
    }
    assert_int_equal(elsewhere, SKAD_STRATA - 1);
    assert_int_equal(skad_strata_spread(lookup, holders, count), SKAD_STRATA);
    skad_lookup_free(lookup);
}

static void what_is_asked_follows_the_rounds(void **state)
{
    (void)state;
    skad_lookup *lookup = make(true);
    skad_query query;
    answered(lookup, 1);
    begin(lookup);
    assert_false(skad_lookup_next(lookup, &query)); /* until our contacts outside are known */
    assert_false(skad_lookup_done(lookup));
    seed(lookup, REGION + 1);
    seed(lookup, 2 * REGION + 1);
    skad_outside_drawn(lookup);
    for (uint32_t i = 1; i <= 2; i++) { /* they are asked for the target first */
        assert_true(skad_lookup_next(lookup, &query));
        assert_false(query.region);
        assert_int_equal(script_number_of(lookup, query.candidate), i * REGION + 1);
    }
    assert_false(skad_lookup_next(lookup, &query));
    assert_false(skad_lookup_done(lookup)); /* until both have answered */
    skad_lookup_answered(lookup, script_index_of(lookup, REGION + 1), 1000);
    skad_lookup_answered(lookup, script_index_of(lookup, 2 * REGION + 1), 1000);

    for (unsigned round = 0; round < 2; round++) { /* mirror images: one request each, twice */
        assert_false(skad_lookup_done(lookup));
        for (unsigned i = 0; i < SKAD_STRATA; i++) {
            assert_true(skad_lookup_next(lookup, &query));
            assert_int_equal(query.part, SKAD_STRATA + i + 1);
            skad_lookup_elsewhere_over(lookup, query.part);
        }
        assert_false(skad_lookup_next(lookup, &query));
        assert_false(skad_lookup_done(lookup)); /* no node was named there */
    }
    /* The strata: the closest inside, just outside, and farther. */
    assert_false(skad_lookup_done(lookup));
    for (unsigned i = 0; i < SKAD_STRATA; i++) {
        static const uint32_t expected[] = {1, REGION + 1, 2 * REGION + 1};
        for (unsigned j = 0; j < SKAD_STRATUM_ASKED; j++) {
            assert_true(skad_lookup_next(lookup, &query));
            assert_int_equal(query.part, i + 1);
            assert_int_equal(script_number_of(lookup, query.candidate), expected[j]);
            assert_memory_equal(query.target.bytes, lookup->strata->all[i].point.bytes,
                                SKAD_ID_BYTES);
            skad_lookup_elsewhere_over(lookup, query.part);
        }
    }
    skad_lookup_free(lookup);
}

/* Runs a sample whose nodes outside name `named`, and counts how many of these are asked. */
static size_t asked_of(skad_lookup *lookup, const uint32_t *named, size_t count)
{
    skad_query query;
    size_t asked = 0;
    answered(lookup, 2 * REGION + 1);
    begin(lookup);
    skad_outside_drawn(lookup);
    for (size_t i = 0; i < count; i++) {
        script_hear(lookup, 2 * REGION + 1, named[i]);
    }
    while (!skad_lookup_done(lookup)) {
        while (skad_lookup_next(lookup, &query)) {
            if (query.region) {
                skad_lookup_elsewhere_over(lookup, query.part);
            } else {
                asked++;
                skad_lookup_answered(lookup, query.candidate, 1000);
            }
        }
    }
    return asked;
}

static void a_stratum_has_its_share_asked_and_no_more(void **state)
{
    (void)state;
    uint32_t named[12];
    for (uint32_t i = 0; i < 12; i++) {
        named[i] = 7 * STRATUM + i * 1000;
    }
    skad_lookup *lookup = make(true);
    assert_int_equal(asked_of(lookup, named, 12), SKAD_STRATUM_SHARE);
    skad_lookup_free(lookup);
    lookup = make(false); /* where it may be chance */
    assert_int_equal(asked_of(lookup, named, 12), SKAD_STRATUM_LOOK);
    skad_lookup_free(lookup);
}

static void a_sample_keeps_to_the_requests_of_a_lookup(void **state)
{
    (void)state;
    skad_lookup *lookup = make(true);
    uint32_t named[SKAD_STRATA * 12];
    for (uint32_t i = 0; i < SKAD_STRATA * 12; i++) {
        named[i] = i % SKAD_STRATA * STRATUM + i / SKAD_STRATA * 1000;
    }
    lookup->rpcs_max = 40;
    assert_true(asked_of(lookup, named, SKAD_STRATA * 12) < 40);
    assert_int_equal(lookup->rpcs, 40);
    skad_lookup_free(lookup);
}

/* A full stratum keeps those that answered, and forgets those that were silent. */
static void the_silent_give_way_to_the_named(void **state)
{
    (void)state;
    skad_lookup *lookup = make(true);
    answered(lookup, 2 * REGION + 1);
    begin(lookup);
    const uint32_t point = point_of(lookup, 3);
    for (uint32_t i = 0; i < SKAD_STRATUM_MEMBERS; i++) {
        script_hear(lookup, 2 * REGION + 1, point ^ (i + 1));
        lookup->candidates.all[script_index_of(lookup, point ^ (i + 1))].state = SKAD_STEP_FAILED;
    }
    assert_int_equal(members(lookup, 3), SKAD_STRATUM_MEMBERS);
    const uint32_t farther = 3 * STRATUM + (point ^ 0x80000) % STRATUM;
    script_hear(lookup, 2 * REGION + 1, farther);
    const skad_stratum *stratum = &lookup->strata->all[3];
    assert_int_equal(stratum->count, SKAD_STRATUM_MEMBERS);
    assert_int_equal(script_number_of(lookup, stratum->members[SKAD_STRATUM_MEMBERS - 1]), farther);
    skad_lookup_free(lookup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_stratum_has_a_point_and_a_mirror_image),
        cmocka_unit_test(a_whole_key_space_has_no_mirror_image),
        cmocka_unit_test(candidates_lie_in_their_strata_the_closest_to_the_point_first),
        cmocka_unit_test(invented_names_displace_neither_those_of_others_nor_what_has_answered),
        cmocka_unit_test(a_lookup_that_silent_names_mislead_samples_the_region),
        cmocka_unit_test(a_cluster_takes_the_places_of_one_stratum),
        cmocka_unit_test(what_is_asked_follows_the_rounds),
        cmocka_unit_test(a_stratum_has_its_share_asked_and_no_more),
        cmocka_unit_test(a_sample_keeps_to_the_requests_of_a_lookup),
        cmocka_unit_test(the_silent_give_way_to_the_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
