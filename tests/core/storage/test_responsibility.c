/* Who is responsible for a key, and how long the others keep a copy. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/storage/responsibility.h"
#include "tests/support/prng.h"

#define DAY_S    86400U
#define SIBLINGS 2

static skad_table table;
static skad_profile profile;
static test_prng prng;

static int begin(void **state)
{
    (void)state;
    prng = (test_prng){42};
    profile = (skad_profile){.siblings = SIBLINGS, .k = 16, .record_life_s = DAY_S};
    const skad_peers_plan plan = {.limit = 256};
    const skad_id self = test_prng_id(&prng);
    return skad_table_init(&table, &self, 16, 5 * SIBLINGS, &plan) == SKAD_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    skad_table_free(&table);
    return 0;
}

/* A living peer that shares so many bits with the key. */
static skad_id meet_near(const skad_id *key, unsigned shared)
{
    static uint32_t addresses;
    const skad_id id = test_prng_id_near(&prng, key, shared);
    const skad_address address = test_prng_address(++addresses);
    assert_int_not_equal(skad_table_answered(&table, &id, &address, 1000, SKAD_US_PER_S),
                         SKAD_PEER_NONE);
    return id;
}

/* By the rule without regions, unless a test says otherwise. */
static bool neighbourhoods;
static skad_responsibility responsibility_of(const skad_id *key)
{
    return skad_responsibility_of(&table, &profile, key, neighbourhoods);
}

static void the_rank_is_how_many_living_peers_are_closer(void **state)
{
    (void)state;
    const skad_id key = test_prng_id_near(&prng, &table.self, 10);
    assert_int_equal(responsibility_of(&key).rank, 0);
    meet_near(&key, 9); /* farther than we are */
    const skad_id closer = meet_near(&key, 11);
    skad_responsibility responsibility = responsibility_of(&key);
    assert_int_equal(responsibility.rank, 1);
    assert_int_equal(responsibility.holders, SIBLINGS);
    assert_true(skad_is_responsible(&responsibility));
    meet_near(&key, 11);
    responsibility = responsibility_of(&key);
    assert_int_equal(responsibility.rank, 2);
    assert_false(skad_is_responsible(&responsibility));
    skad_peers_set_failures(&table.peers, skad_peers_find(&table.peers, &closer), 2);
    responsibility = responsibility_of(&key);
    assert_int_equal(responsibility.rank, 1); /* the silent hold nothing */
}

static void the_holders_keep_a_record_for_its_whole_life(void **state)
{
    (void)state;
    for (size_t rank = 0; rank < 16; rank++) {
        const skad_responsibility responsibility = {.rank = rank, .holders = 16};
        assert_int_equal(skad_responsibility_life_s(&responsibility, &profile), DAY_S);
    }
}

/* Four more closer nodes halve it, and a minute is the least. */
static void those_behind_keep_it_the_shorter_the_farther(void **state)
{
    static const struct {
        size_t rank;
        uint32_t life_s;
    } cases[] = {{16, 43200}, {19, 43200}, {20, 21600}, {23, 21600}, {24, 10800},
                 {48, 168},   {52, 84},    {56, 60},    {64, 60}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const skad_responsibility responsibility = {.rank = cases[i].rank, .holders = 16};
        assert_int_equal(skad_responsibility_life_s(&responsibility, &profile), cases[i].life_s);
    }
}

static void no_copy_lives_longer_than_the_record_would(void **state)
{
    (void)state;
    const skad_responsibility far = {.rank = 64, .holders = 16};
    const skad_responsibility next = {.rank = 16, .holders = 16};
    profile.record_life_s = 30;
    assert_int_equal(skad_responsibility_life_s(&far, &profile), 30);
    assert_int_equal(skad_responsibility_life_s(&next, &profile), 30);
    profile.record_life_s = 200;
    assert_int_equal(skad_responsibility_life_s(&next, &profile), 100);
}

/* Our own two closest share ten bits with us, so two that share 40 with a key are no chance. */
static void where_the_closest_stand_too_dense_those_behind_are_responsible_too(void **state)
{
    (void)state;
    const skad_id key = test_prng_id_near(&prng, &table.self, 0);
    for (unsigned i = 0; i < 10; i++) {
        meet_near(&table.self, 10);
    }
    meet_near(&key, 11);
    meet_near(&key, 11);
    assert_int_equal(responsibility_of(&key).holders, SIBLINGS);
    for (unsigned i = 0; i < SIBLINGS; i++) {
        meet_near(&key, 40);
    }
    skad_responsibility responsibility = responsibility_of(&key);
    assert_int_equal(responsibility.holders, 48);
    assert_true(responsibility.rank >= SIBLINGS);
    assert_true(skad_is_responsible(&responsibility));
}

/* Our two closest share ten bits with us: a region that holds two nodes is of ten or eleven bits.
 */
static void in_its_own_region_a_node_is_responsible_whoever_is_closer(void **state)
{
    (void)state;
    neighbourhoods = true;
    for (unsigned i = 0; i < 10; i++) {
        meet_near(&table.self, 10);
    }
    for (unsigned sixteenth = 0; sixteenth < SKAD_PLACES; sixteenth++) { /* elsewhere it is alike */
        const skad_id target = {{(uint8_t)(sixteenth << 4)}};
        skad_places_visited(&table.places, &table.self, &target, UINT64_C(1) << 53);
    }
    const unsigned bits = skad_responsibility_bits(&table, &profile);
    assert_in_range(bits, 10, 14);
    const skad_id inside = test_prng_id_near(&prng, &table.self, bits);
    const skad_id outside = test_prng_id_near(&prng, &table.self, bits - 1);
    for (unsigned i = 0; i < 4 * SIBLINGS; i++) {
        meet_near(&inside, 40);
        meet_near(&outside, 40);
    }
    skad_responsibility responsibility = responsibility_of(&inside);
    assert_true(responsibility.rank >= SIBLINGS);
    assert_true(responsibility.region);
    assert_true(skad_is_responsible(&responsibility));
    assert_int_equal(skad_responsibility_life_s(&responsibility, &profile), DAY_S);
    responsibility = responsibility_of(&outside);
    assert_false(responsibility.region);
    assert_false(skad_is_responsible(&responsibility));
    neighbourhoods = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_rank_is_how_many_living_peers_are_closer, begin, end),
        cmocka_unit_test_setup_teardown(the_holders_keep_a_record_for_its_whole_life, begin, end),
        cmocka_unit_test_setup_teardown(those_behind_keep_it_the_shorter_the_farther, begin, end),
        cmocka_unit_test_setup_teardown(no_copy_lives_longer_than_the_record_would, begin, end),
        cmocka_unit_test_setup_teardown(
            where_the_closest_stand_too_dense_those_behind_are_responsible_too, begin, end),
        cmocka_unit_test_setup_teardown(in_its_own_region_a_node_is_responsible_whoever_is_closer,
                                        begin, end),
    };
    return cmocka_run_group_tests_name("responsibility", tests, NULL, NULL);
}
