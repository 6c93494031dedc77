/* Pings that keep the ways to a guarded node open: to whom, how many, and whose they cannot be. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "src/core/upkeep/keepalive.h"
#include "tests/support/fixture.h"

#define PEERS 48

static test_fixture fixture;

static int by_distance(const void *a, const void *b)
{
    const test_remote *const *one = a;
    const test_remote *const *other = b;
    return skad_distance_compare(&fixture.identity.id, &(*one)->identity.id,
                                 &(*other)->identity.id);
}

/* A guarded node, whose `near` nearest peers are all in few groups: so many in each. */
static void begin(size_t near, size_t in_each, test_remote *sorted[PEERS])
{
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    for (size_t i = 0; i < PEERS; i++) {
        sorted[i] = test_fixture_remote(&fixture);
    }
    qsort(sorted, PEERS, sizeof sorted[0], by_distance);
    for (size_t i = 0; i < PEERS; i++) {
        const size_t group = i < near ? i / in_each : near + i;
        sorted[i]->address =
            (skad_address){SKAD_FAMILY_IPV4, 4000, {(uint8_t)(20 + group), 1, 1, (uint8_t)(1 + i)}};
        test_fixture_knock(&fixture, sorted[i]);
        test_fixture_run(&fixture, SKAD_US_PER_S);
    }
    test_fixture_run(&fixture, 30 * SKAD_US_PER_S);
    assert_int_equal(test_fixture_stats(&fixture).peers, PEERS);
    skad_env *env = skad_node_parts_of(fixture.node).env;
    env->guarded = SKAD_FAMILY_IPV4;
    env->profile.group_bucket_max = 2;
    env->profile.group_table_max = 10;
}

static void end(void)
{
    test_fixture_free(&fixture);
}

/* Runs for ten rounds; returns how many requests were sent. */
static unsigned count(unsigned asked[PEERS], test_remote *sorted[PEERS])
{
    unsigned sum = 0;
    for (size_t i = 0; i < PEERS; i++) {
        sorted[i]->asked = 0;
    }
    test_fixture_run(&fixture, 10 * SKAD_KEEPALIVE_US);
    for (size_t i = 0; i < PEERS; i++) {
        asked[i] = sorted[i]->asked;
        sum += asked[i];
    }
    return sum;
}

static void the_nearest_twenty_are_pinged_each_round(void **state)
{
    (void)state;
    test_remote *sorted[PEERS];
    unsigned asked[PEERS];
    begin(0, 1, sorted);
    const unsigned sum = count(asked, sorted);
    for (size_t i = 0; i < SKAD_KEEPALIVE_PEERS; i++) {
        assert_in_range(asked[i], 9, 12);
    }
    for (size_t i = SKAD_KEEPALIVE_PEERS; i < PEERS; i++) {
        assert_in_range(asked[i], 0, 4); /* as any peer is */
    }
    print_message("%u pings in %u s\n", sum, (unsigned)(10 * SKAD_KEEPALIVE_US / SKAD_US_PER_S));
    end();
}

/* IDs near a node's are to be had. If those that stand there are of two groups, the ways of all
 * others must not close: they could introduce no stranger. */
static void two_groups_do_not_have_all_places(void **state)
{
    (void)state;
    test_remote *sorted[PEERS];
    unsigned asked[PEERS];
    begin(20, 10, sorted);
    (void)count(asked, sorted);
    unsigned others = 0;
    for (size_t i = 20; i < PEERS; i++) {
        others += asked[i] >= 9;
    }
    print_message("of 20 places others have %u\n", others);
    assert_int_equal(others, SKAD_KEEPALIVE_PEERS - 4);
    end();
}

static bool is_silent(test_fixture *self, test_remote *who, const skad_message *request,
                      skad_message *answer)
{
    (void)self;
    (void)request;
    (void)answer;
    return who != self->user;
}

/* One that does not answer any more is given up as any peer, and others move up. */
static void a_silent_one_is_pinged_no_more(void **state)
{
    (void)state;
    test_remote *sorted[PEERS];
    unsigned asked[PEERS];
    begin(0, 1, sorted);
    fixture.script = is_silent;
    fixture.user = sorted[3];
    (void)count(asked, sorted);
    print_message("a silent one gets %u datagrams\n", asked[3]);
    assert_in_range(asked[3], 2, 12);
    assert_in_range(asked[SKAD_KEEPALIVE_PEERS], 8, 12);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_twenty_are_pinged_each_round),
        cmocka_unit_test(two_groups_do_not_have_all_places),
        cmocka_unit_test(a_silent_one_is_pinged_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
