/* The indices of a lookup's candidates. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/lookup/candidates.h"
#include "src/core/routing/distance.h"

#define LIMIT 300

static const skad_id target = {{0x5a, 0x11}};

/* An ID at a distance of this number, shifted to the 64th bit, with another last byte. */
static skad_candidate candidate_at(uint64_t distance, uint8_t last)
{
    skad_candidate candidate = {.contact.id = target};
    for (size_t i = 0; i < 8; i++) {
        candidate.contact.id.bytes[i] ^= (uint8_t)(distance >> (56 - 8 * i));
    }
    candidate.contact.id.bytes[SKAD_ID_BYTES - 1] ^= last;
    return candidate;
}

static int set_up(void **state)
{
    static skad_candidates candidates;
    *state = &candidates;
    return skad_candidates_init(&candidates, &target, LIMIT, 1) ? 0 : -1;
}

static int tear_down(void **state)
{
    skad_candidates_free(*state);
    return 0;
}

static uint16_t add(skad_candidates *candidates, uint64_t distance, uint8_t last)
{
    const skad_candidate candidate = candidate_at(distance, last);
    return skad_candidates_add(candidates, &candidate);
}

/* As one that a shortlist names. */
static uint16_t keep(skad_candidates *candidates, uint64_t distance, uint8_t last)
{
    uint16_t index = add(candidates, distance, last);
    candidates->all[index].listed = 1;
    return index;
}

static uint16_t find(const skad_candidates *candidates, uint64_t distance, uint8_t last)
{
    const skad_candidate candidate = candidate_at(distance, last);
    return skad_candidates_find(candidates, &candidate.contact.id, &candidate.address);
}

static void who_is_listed_or_asked_is_found_however_many_come(void **state)
{
    skad_candidates *candidates = *state;
    for (uint64_t i = 0; i < LIMIT; i++) {
        uint16_t index = add(candidates, i * i, 0);
        assert_int_equal(index, i);
        if (i % 2 == 0) {
            candidates->all[index].listed = 1;
        } else {
            candidates->all[index].tries = 1;
        }
    }
    assert_int_equal(candidates->high_water, LIMIT);
    for (uint64_t i = 0; i < LIMIT; i++) {
        assert_int_equal(find(candidates, i * i, 0), i);
        assert_int_equal(find(candidates, i * i, 1), SKAD_CANDIDATE_NONE);
    }
}

/* IDs are free to invent as far as a name in an answer goes. */
static void ids_of_one_chain_are_told_apart(void **state)
{
    skad_candidates *candidates = *state;
    for (uint64_t i = 0; i < LIMIT; i++) {
        (void)keep(candidates, SKAD_CANDIDATE_CHAINS * (i / 4), (uint8_t)(i % 4));
    }
    for (uint64_t i = 0; i < LIMIT; i++) {
        assert_int_equal(find(candidates, SKAD_CANDIDATE_CHAINS * (i / 4), (uint8_t)(i % 4)), i);
    }
}

static void whoever_nobody_needs_gives_way_and_is_forgotten(void **state)
{
    skad_candidates *candidates = *state;
    for (uint64_t i = 0; i < 10; i++) {
        (void)keep(candidates, i, 0);
    }
    candidates->all[7].listed = 0;
    skad_candidates_spare(candidates, 7);
    candidates->all[3].listed = 0;
    skad_candidates_spare(candidates, 3);
    candidates->all[5].listed = 0;
    candidates->all[5].tries = 1; /* was asked */
    skad_candidates_spare(candidates, 5);
    assert_int_equal(find(candidates, 3, 0), 3); /* until somebody takes the index */
    for (uint64_t i = 0; i < 3; i++) {
        static const uint16_t indices[] = {3, 7, 10};
        assert_int_equal(keep(candidates, 100 + i, 0), indices[i]);
    }
    assert_int_equal(find(candidates, 3, 0), SKAD_CANDIDATE_NONE);
    assert_int_equal(find(candidates, 7, 0), SKAD_CANDIDATE_NONE);
    assert_int_equal(find(candidates, 5, 0), 5);
    assert_int_equal(find(candidates, 101, 0), 7);
}

/* An answer that names a thousand IDs, of which no list takes one. */
static void invented_ones_take_turns_at_one_index(void **state)
{
    skad_candidates *candidates = *state;
    (void)keep(candidates, 1, 0);
    for (uint64_t i = 0; i < 1000; i++) {
        uint16_t index = add(candidates, 1000 + i, 0);
        assert_int_equal(index, 1);
        skad_candidates_spare(candidates, index);
    }
    assert_int_equal(candidates->high_water, 2);
    assert_int_equal(find(candidates, 1, 0), 0);
    assert_int_equal(find(candidates, 1999, 0), 1);
    assert_int_equal(find(candidates, 1998, 0), SKAD_CANDIDATE_NONE);
}

static void closer_is_decided_by_the_whole_id(void **state)
{
    skad_candidates *candidates = *state;
    static const struct {
        uint64_t distance;
        uint8_t last;
    } ascending[] = {{0, 0}, {0, 9}, {1, 0}, {1, 1}, {UINT64_MAX, 0}, {UINT64_MAX, 255}};
    const uint16_t count = sizeof ascending / sizeof ascending[0];
    for (uint16_t i = 0; i < count; i++) {
        (void)keep(candidates, ascending[i].distance, ascending[i].last);
    }
    for (uint16_t a = 0; a < count; a++) {
        for (uint16_t b = 0; b < count; b++) {
            assert_int_equal(skad_candidates_closer(candidates, a, b), a < b);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_is_listed_or_asked_is_found_however_many_come),
        TEST(ids_of_one_chain_are_told_apart),
        TEST(whoever_nobody_needs_gives_way_and_is_forgotten),
        TEST(invented_ones_take_turns_at_one_index),
        TEST(closer_is_decided_by_the_whole_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
