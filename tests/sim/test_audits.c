/* Liars in audits: each kind is denied the round or blamed, honest nodes are blamed for nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/sim/experiment/audits.h"
#include "src/sim/scenario/behaviours.h"
#include "tests/support/small_world.h"

#define ROUNDS 6

static skad_sim_audit_outcome out;

static void run(uint64_t behaviour, double share)
{
    skad_sim_scenario scenario = test_small_world(60);
    scenario.values =
        120; /* with few, one that stores a quarter may have all that it is asked for */
    scenario.warmup_s = 60;
    scenario.audit_period_s = 60;
    scenario.adversary = behaviour;
    scenario.adversary_share = share;
    scenario.invariants = true;
    skad_sim_audits(&scenario, ROUNDS, &out);
    if (out.failed) {
        fail_msg("%s", out.reason);
    }
    assert_int_equal(out.rounds, ROUNDS);
    assert_int_equal(out.honest.blamed, 0);
}

static void honest_nodes_win_every_round(void **state)
{
    (void)state;
    run(SKAD_SIM_HONEST, 0);
    assert_int_equal(out.decided, ROUNDS);
    assert_int_equal(out.honest.won, ROUNDS);
    assert_in_range(out.voters, 10 * ROUNDS, 19 * ROUNDS);
    assert_in_range(out.honest.denied, 0, out.honest.drawn / 10);
    assert_int_equal(out.liars.drawn, 0);
}

/* What each of them gets: denied at least so many of a hundred times that it is drawn, and blamed.
 */
static void liars_are_caught(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        uint64_t behaviour;
        unsigned denied;
        unsigned blamed;
    } cases[] = {
        {"empty", SKAD_SIM_AUDIT_EMPTY, 100, 70},      {"copy", SKAD_SIM_AUDIT_COPY, 100, 70},
        {"fetch", SKAD_SIM_AUDIT_FETCH, 100, 70},      {"sampled", SKAD_SIM_AUDIT_SAMPLED, 80, 0},
        {"withhold", SKAD_SIM_AUDIT_WITHHOLD, 100, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run(cases[i].behaviour, 0.2);
        print_message("%s: drawn %u, denied %u, blamed %u; honest denied %u of %u\n",
                      cases[i].label, (unsigned)out.liars.drawn, (unsigned)out.liars.denied,
                      (unsigned)out.liars.blamed, (unsigned)out.honest.denied,
                      (unsigned)out.honest.drawn);
        assert_in_range(out.liars.drawn, 4, 200);
        assert_in_range(100 * out.liars.denied, cases[i].denied * out.liars.drawn, UINT64_MAX);
        assert_in_range(100 * out.liars.blamed, cases[i].blamed * out.liars.drawn, UINT64_MAX);
        assert_true(cases[i].blamed > 0 || out.liars.blamed == 0); /* nothing contradicts */
        assert_int_equal(out.liars.won, 0);
        assert_in_range(out.honest.denied, 0, out.honest.drawn / 10);
    }
}

/* A fifth denies no honest node its round; most of all do, and blame none. */
static void sybils_outvote_by_majority_alone(void **state)
{
    (void)state;
    run(SKAD_SIM_AUDIT_OUTVOTE, 0.2);
    assert_in_range(out.honest.denied, 0, out.honest.drawn / 10);
    assert_int_equal(out.honest.won, out.decided - out.liars.won);
    run(SKAD_SIM_AUDIT_OUTVOTE, 0.7);
    assert_in_range(out.honest.denied, out.honest.drawn / 2, out.honest.drawn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_nodes_win_every_round),
        cmocka_unit_test(liars_are_caught),
        cmocka_unit_test(sybils_outvote_by_majority_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
