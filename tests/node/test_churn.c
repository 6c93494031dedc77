/* Records in a small network whose nodes come and go (support/churn.h); bench/churn.c is the large
 * one. Signatures are modelled, the rest is the real core. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "tests/support/churn.h"
#include "tests/support/identities.h"

#define MINUTE (60 * SKAD_US_PER_S)
#define HOUR   (60 * MINUTE)
#define STABLE 0 /* the node that never leaves, and through which all join */

static test_churn_plan plan_of(uint64_t seed, uint64_t uptime_us)
{
    print_message("seed %u\n", (unsigned)seed);
    return (test_churn_plan){.profile = *test_plain_profile(),
                             .nodes = 60,
                             .seed = seed,
                             .uptime_us = uptime_us,
                             .get_interval_us = 6 * SKAD_US_PER_S};
}

static void publish(test_churn *churn, size_t publisher, size_t immutables, size_t mutables,
                    bool keep)
{
    test_churn_publish(churn, &(test_churn_batch){.publisher = publisher,
                                                  .type = SKAD_RECORD_IMMUTABLE,
                                                  .count = immutables,
                                                  .keep = keep});
    test_churn_publish(churn, &(test_churn_batch){.publisher = publisher,
                                                  .type = SKAD_RECORD_MUTABLE,
                                                  .count = mutables,
                                                  .keep = keep});
}

static void say(const test_churn *churn)
{
    const test_churn_tally *tally = &churn->tally;
    print_message("%u gets, %u right, %u missed, %u lost, %u silent; %u departures\n",
                  (unsigned)tally->gets, (unsigned)tally->right, (unsigned)tally->missed,
                  (unsigned)tally->lost, (unsigned)tally->timed_out, (unsigned)tally->departures);
}

/* Asks for so long, and expects 99 of 100 answers to be right and none to be wrong. */
static void expect_found(test_churn *churn, uint64_t duration_us)
{
    churn->tally = (test_churn_tally){0};
    test_churn_run(churn, duration_us, true);
    say(churn);
    assert_true(churn->tally.gets * 6 * SKAD_US_PER_S * 10 >= duration_us * 9);
    assert_true(churn->tally.right * 100 >= churn->tally.gets * 99);
    assert_int_equal(churn->tally.wrong, 0);
}

/* A node that leaves and never comes back. */
static void leave_for_ever(test_churn *churn, size_t index)
{
    test_churn_leave(churn, index);
    churn->peers[index].change_us = UINT64_MAX;
}

static void gets_succeed_while_nodes_come_and_go(void **state)
{
    (void)state;
    test_churn_plan plan = plan_of(1, 10 * MINUTE);
    test_churn *churn = test_churn_new(&plan);
    publish(churn, STABLE, 10, 3, true);
    test_churn_run(churn, 10 * MINUTE, false);
    expect_found(churn, HOUR);
    assert_true(churn->tally.departures > 100);
    test_churn_free(churn);
}

static void values_outlive_their_publisher_by_handover(void **state)
{
    (void)state;
    test_churn_plan plan = plan_of(2, 10 * MINUTE);
    test_churn *churn = test_churn_new(&plan);
    size_t publisher = 1;
    while (churn->network.nodes[publisher].dead) {
        publisher++;
    }
    publish(churn, publisher, 10, 3, false);
    leave_for_ever(churn, publisher);
    test_churn_run(churn, 4 * HOUR, false);
    assert_true(churn->tally.departures > 400);
    expect_found(churn, 30 * MINUTE);
    test_churn_free(churn);
}

static void returning_nodes_that_kept_their_store_do_no_harm(void **state)
{
    (void)state;
    test_churn_plan plan = plan_of(3, 10 * MINUTE);
    plan.keeps_store = true;
    test_churn *churn = test_churn_new(&plan);
    publish(churn, STABLE, 10, 3, true);
    test_churn_run(churn, 10 * MINUTE, false);
    expect_found(churn, HOUR);
    test_churn_free(churn);
}

static size_t count_held(const test_churn *churn)
{
    size_t held = 0;
    for (size_t i = 0; i < churn->values_count; i++) {
        held += test_churn_holders(churn, &churn->values[i]) > 0;
    }
    return held;
}

/* A life of three hours does for a day. */
static void handing_over_makes_nothing_immortal(void **state)
{
    (void)state;
    test_churn_plan plan = plan_of(4, 10 * MINUTE);
    plan.profile.record_life_s = 3 * 3600;
    test_churn *churn = test_churn_new(&plan);
    publish(churn, STABLE, 20, 0, false);
    test_churn_run(churn, 3 * HOUR - 5 * MINUTE, false);
    assert_true(count_held(churn) >= 19);
    test_churn_run(churn, 10 * MINUTE, false);
    assert_int_equal(count_held(churn), 0);
    test_churn_free(churn);
}

/* ---- A publisher with publications ---- */

#define PUBLICATIONS 40
#define PUBLISHED_BY 1

static test_churn *network_with_publications(uint64_t seed)
{
    test_churn_plan plan = plan_of(seed, 0);
    plan.keeps_store = true;
    test_churn *churn = test_churn_new(&plan);
    publish(churn, PUBLISHED_BY, PUBLICATIONS, 0, true);
    return churn;
}

/* STOREs that others got within so long after the publisher was down for a while. */
static uint64_t stores_after_absence(test_churn *churn, uint64_t absence_us, uint64_t duration_us)
{
    test_churn_leave(churn, PUBLISHED_BY);
    test_churn_run(churn, absence_us, false);
    uint64_t before = test_churn_stores(churn, PUBLISHED_BY);
    test_churn_come(churn, PUBLISHED_BY);
    test_churn_run(churn, duration_us, false);
    uint64_t stores = test_churn_stores(churn, PUBLISHED_BY) - before;
    print_message("%u STOREs in %u minutes\n", (unsigned)stores, (unsigned)(duration_us / MINUTE));
    return stores;
}

static void quick_restart_announces_nothing_anew(void **state)
{
    (void)state;
    test_churn *churn = network_with_publications(5);
    assert_true(test_churn_stores(churn, PUBLISHED_BY) >= (uint64_t)PUBLICATIONS * 15);
    assert_int_equal(stores_after_absence(churn, MINUTE, 5 * MINUTE), 0);
    test_churn_free(churn);
}

static void restart_after_hours_announces_all_at_an_even_pace(void **state)
{
    (void)state;
    test_churn *churn = network_with_publications(6);
    uint64_t first = stores_after_absence(churn, 2 * HOUR, 2 * MINUTE);
    assert_true(first > 0);
    assert_true(first <=
                (uint64_t)PUBLICATIONS * 16 * 2 / 5); /* two of ten minutes, and some chance */
    uint64_t before = test_churn_stores(churn, PUBLISHED_BY);
    test_churn_run(churn, 13 * MINUTE, false);
    uint64_t rest = test_churn_stores(churn, PUBLISHED_BY) - before;
    print_message("%u more in 13 minutes\n", (unsigned)rest);
    assert_true(first + rest >= (uint64_t)PUBLICATIONS * 15);
    assert_true(first + rest <= (uint64_t)PUBLICATIONS * 16 * 3 / 2);
    test_churn_free(churn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gets_succeed_while_nodes_come_and_go),
        cmocka_unit_test(values_outlive_their_publisher_by_handover),
        cmocka_unit_test(returning_nodes_that_kept_their_store_do_no_harm),
        cmocka_unit_test(handing_over_makes_nothing_immortal),
        cmocka_unit_test(quick_restart_announces_nothing_anew),
        cmocka_unit_test(restart_after_hours_announces_all_at_an_even_pace),
    };
    return cmocka_run_group_tests_name("churn", tests, NULL, NULL);
}
