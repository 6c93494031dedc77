/* The radii of places elsewhere: which targets count, and how far liars can move the median. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <math.h>

#include "src/core/routing/places.h"
#include "tests/support/prng.h"

#define SEED 5
#define S    16
#define SIZE 1000 /* nodes of a network */

static const skad_id self = {{0x3a}};

static skad_id in_sixteenth(unsigned sixteenth)
{
    return (skad_id){{(uint8_t)(sixteenth << 4 | 7)}};
}

static void visit(skad_places *places, unsigned sixteenth, uint64_t distance)
{
    const skad_id target = in_sixteenth(sixteenth);
    skad_places_visited(places, &self, &target, distance);
}

static void the_median_is_the_lower_of_two_and_counts_our_own(void **state)
{
    (void)state;
    skad_places places = {0};
    assert_int_equal(skad_places_median(&places, 0), 0);
    assert_int_equal(skad_places_median(&places, 70), 70);
    visit(&places, 0, 50);
    assert_int_equal(skad_places_median(&places, 0), 50);
    assert_int_equal(skad_places_median(&places, 70), 50);
    visit(&places, 15, 90);
    assert_int_equal(skad_places_median(&places, 70), 70);
    visit(&places, 9, 0); /* as close as can be, which is not unknown */
    assert_int_equal(skad_places_median(&places, 70), 50);
    visit(&places, 9, 100); /* the last visit counts */
    visit(&places, 8, 101);
    assert_int_equal(skad_places_median(&places, 70), 90);
}

static void what_lies_in_our_own_sixteenth_does_not_count(void **state)
{
    (void)state;
    skad_places places = {0};
    visit(&places, 3, 1);
    assert_int_equal(skad_places_median(&places, 0), 0);
}

static void a_round_comes_to_each_sixteenth_but_our_own(void **state)
{
    (void)state;
    for (unsigned own = 0; own < SKAD_PLACES; own++) {
        const skad_id id = in_sixteenth(own);
        uint8_t sixteenth = 11;
        unsigned visited = 0;
        for (unsigned i = 0; i < SKAD_PLACES - 1; i++) {
            sixteenth = skad_places_after(sixteenth, &id);
            assert_true(sixteenth < SKAD_PLACES);
            visited |= 1U << sixteenth;
        }
        assert_int_equal(visited, 0xffff ^ 1U << own);
    }
}

/* ---- Liars ---- */

/* A radius of S nodes in a network of SIZE: a sum of S exponential steps. */
static uint64_t draw_radius(test_prng *prng, double size)
{
    double steps = 0;
    for (int i = 0; i < S; i++) {
        steps -= log(((double)test_prng_next(prng) + 1) * 0x1p-64);
    }
    return (uint64_t)(steps / size * 0x1p64);
}

static void visit_all(skad_places *places, test_prng *prng)
{
    for (unsigned i = 0; i < SKAD_PLACES; i++) {
        visit(places, i, draw_radius(prng, SIZE));
    }
}

/* Seven of sixteen places, whatever they say, move the median no farther than honest ones reach. */
static void a_minority_cannot_move_the_median_far(void **state)
{
    (void)state;
    static const uint64_t lies[] = {1, UINT64_MAX};
    const double usual = (double)S / SIZE * 0x1p64;
    test_prng prng = {SEED};
    double least = 1;
    double most = 1;
    for (unsigned world = 0; world < 2000; world++) {
        skad_places places = {0};
        visit_all(&places, &prng);
        uint64_t own = draw_radius(&prng, SIZE);
        for (unsigned i = 0; i < 7; i++) {
            visit(&places, 4 + i, lies[world % 2]);
        }
        double median = (double)skad_places_median(&places, own) / usual;
        least = fmin(least, median);
        most = fmax(most, median);
    }
    print_message("seed %d: medians of 0.%02.0f to %.2f of what is usual\n", SEED, 100 * least,
                  most);
    assert_true(least > 0.3);
    assert_true(most < 2.5);
}

static void a_majority_can(void **state)
{
    (void)state;
    test_prng prng = {SEED};
    skad_places places = {0};
    visit_all(&places, &prng);
    for (unsigned i = 0; i < 8; i++) {
        visit(&places, 4 + i, 1);
    }
    assert_int_equal(skad_places_median(&places, draw_radius(&prng, SIZE)), 1);
}

/* How often a honest neighbourhood lies within an eighth of the median: in the network in which the
 * places were visited, and when it has grown since. */
static unsigned alarms(double growth, unsigned tries)
{
    test_prng prng = {SEED};
    unsigned count = 0;
    skad_places places = {0};
    for (unsigned i = 0; i < tries; i++) {
        if (i % 100 == 0) {
            visit_all(&places, &prng);
        }
        uint64_t median = skad_places_median(&places, draw_radius(&prng, SIZE));
        count += draw_radius(&prng, growth * SIZE) < median / 8;
    }
    return count;
}

static void what_is_old_alarms_nobody_until_the_network_has_doubled(void **state)
{
    (void)state;
    unsigned now = alarms(1, 200000);
    unsigned later = alarms(1.5, 200000);
    unsigned doubled = alarms(2, 200000);
    print_message("seed %d: %u, %u and %u of 200000 in one, one and a half, two times the size\n",
                  SEED, now, later, doubled);
    assert_int_equal(now, 0);
    assert_in_range(later, 0, 1);
    assert_in_range(doubled, 0, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_median_is_the_lower_of_two_and_counts_our_own),
        cmocka_unit_test(what_lies_in_our_own_sixteenth_does_not_count),
        cmocka_unit_test(a_round_comes_to_each_sixteenth_but_our_own),
        cmocka_unit_test(a_minority_cannot_move_the_median_far),
        cmocka_unit_test(a_majority_can),
        cmocka_unit_test(what_is_old_alarms_nobody_until_the_network_has_doubled),
    };
    return cmocka_run_group_tests_name("places", tests, NULL, NULL);
}
