/* The detector of Sridhar et al.: chance passes it, a crowd does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "src/core/routing/distance.h"
#include "src/sim/base/prng.h"
#include "src/sim/experiment/divergence.h"

#define K     20
#define NODES 4000

static const skad_id target;

static int by_distance(const void *a, const void *b)
{
    const skad_contact *one = a;
    const skad_contact *other = b;
    return skad_distance_compare(&target, &one->id, &other->id);
}

/* The closest of so many random nodes, of which the first `ground` are within the distance of the
 * first honest one on average. */
static double drawn(uint64_t seed, size_t ground)
{
    static skad_contact nodes[NODES];
    skad_prng prng;
    skad_prng_init(&prng, seed, SKAD_PRNG_WORK);
    for (size_t i = 0; i < NODES; i++) {
        nodes[i] = (skad_contact){.id = skad_prng_id(&prng)};
        if (i < ground) {
            nodes[i].id.bytes[0] = 0;
            nodes[i].id.bytes[1] &= 0xf; /* twelve bits: one of 4,096 */
        }
    }
    qsort(nodes, NODES, sizeof nodes[0], by_distance);
    return skad_sim_divergence(&target, nodes, K, NODES);
}

static void chance_stays_below_the_threshold(void **state)
{
    (void)state;
    unsigned alarms = 0;
    double sum = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        const double divergence = drawn(seed, 0);
        alarms += divergence > SKAD_SIM_DIVERGENCE_THRESHOLD;
        sum += divergence;
    }
    print_message("%u alarms of 100; mean %.2f\n", alarms, sum / 100);
    assert_true(alarms <= 3);
    assert_true(sum > 0);
}

static void a_crowd_as_large_as_the_sample_is_noticed(void **state)
{
    (void)state;
    unsigned alarms = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        alarms += drawn(seed, K) > SKAD_SIM_DIVERGENCE_THRESHOLD;
    }
    print_message("%u alarms of 100\n", alarms);
    assert_true(alarms >= 97);
}

static void what_is_not_known_is_no_alarm(void **state)
{
    (void)state;
    const skad_contact one = {.id = target};
    assert_true(skad_sim_divergence(&target, &one, 0, NODES) <= 0);
    assert_true(skad_sim_divergence(&target, &one, 1, 0) <= 0);
    assert_true(skad_sim_divergence(&target, &one, 1, NODES) > 1); /* 64 bits shared by one */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chance_stays_below_the_threshold),
        cmocka_unit_test(a_crowd_as_large_as_the_sample_is_noticed),
        cmocka_unit_test(what_is_not_known_is_no_alarm),
    };
    return cmocka_run_group_tests_name("sim divergence", tests, NULL, NULL);
}
