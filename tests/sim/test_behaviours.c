/* The list of behaviours: names and mixtures, what a scenario has to know of them, and how the
 * adversaries of a world are dealt to the parts of a mixture. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/sim/scenario/keys.h"
#include "src/sim/scenario/sweep.h"
#include "src/sim/world/leagues.h"
#include "tests/support/small_world.h"

static uint64_t number_of(const char *name)
{
    char reason[SKAD_SIM_REASON_BYTES];
    uint64_t number = 0;
    if (!skad_sim_behaviour_find(name, &number, reason)) {
        fail_msg("%s", reason);
    }
    return number;
}

static void a_file_is_a_behaviour_of_its_name(void **state)
{
    (void)state;
    for (uint64_t number = 0; number < SKAD_SIM_BUILT_IN; number++) {
        const skad_sim_behaviour *one = skad_sim_behaviour_at(number);
        skad_sim_part parts[SKAD_SIM_PARTS_MAX];
        assert_int_equal(number_of(one->name), number);
        assert_true(strlen(one->about) > 10 && strchr(one->about, '\n') == NULL);
        assert_int_equal(skad_sim_behaviour_parts(number, parts), 1);
        assert_ptr_equal(parts[0].of, one);
    }
    assert_int_equal(number_of("half-true"), SKAD_SIM_HALF_TRUE);
}

static void traits_are_those_of_the_functions(void **state)
{
    (void)state;
    for (uint64_t number = 1; number < SKAD_SIM_BUILT_IN; number++) {
        const skad_sim_behaviour *one = skad_sim_behaviour_at(number);
        const skad_adversary *kind = (const skad_adversary *)(const void *)one;
        bool answers = kind->name != NULL || kind->asked != NULL || kind->departs != NULL ||
                       kind->passes != NULL;
        print_message("%s\n", one->name);
        assert_int_equal(one->abi, SKAD_ADVERSARY_ABI);
        assert_int_equal((one->traits & (SKAD_SIM_LIES | SKAD_SIM_WATCHES)) != 0, answers);
        assert_int_equal((one->traits & SKAD_SIM_SENDS) != 0, kind->turn != NULL);
    }
}

static void a_mixture_is_a_behaviour_too(void **state)
{
    (void)state;
    uint64_t mixed = number_of("drop:0.25,flood:0.75");
    skad_sim_part parts[SKAD_SIM_PARTS_MAX];
    assert_int_equal(number_of("drop:0.25,flood:0.75"), mixed);
    assert_int_not_equal(number_of("flood:0.75,drop:0.25"), mixed);
    assert_int_equal(skad_sim_behaviour_parts(mixed, parts), 2);
    assert_ptr_equal(parts[1].of, skad_sim_behaviour_at(SKAD_SIM_FLOOD));
    assert_true(parts[1].share > 0.74 && parts[1].share < 0.76);
    skad_sim_scenario scenario = test_small_world(100);
    scenario.adversary = mixed;
    assert_true(skad_sim_scenario_lies(&scenario));
    assert_true(skad_sim_scenario_attacks(&scenario));
    assert_false(skad_sim_scenario_has(&scenario, SKAD_SIM_ABSENT));
}

static void parts_of_a_mixture_have_phases(void **state)
{
    (void)state;
    skad_sim_part parts[SKAD_SIM_PARTS_MAX];
    uint64_t mixed = number_of("drop:0.25@30-60.5,flood:0.25@45,collude:0.5");
    assert_int_equal(skad_sim_behaviour_parts(mixed, parts), 3);
    assert_true(parts[0].from_s == 30 && parts[0].until_s == 60.5);
    assert_true(parts[1].from_s == 45 && parts[1].until_s <= 0);
    assert_true(parts[2].from_s <= 0 && parts[2].until_s <= 0);
}

static void what_is_no_mixture_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *reason;
    } rows[] = {
        {"bribe", "there is no behaviour 'bribe'"},
        {"./mine.so", "there is no behaviour './mine.so'"}, /* nothing loads them in this test */
        {"drop:0.5,bribe:0.5", "there is no behaviour 'bribe'"},
        {"drop:0.5,collude:0.4", "is no mixture"},
        {"drop:0.5,collude:0.6", "is no mixture"},
        {"drop:1.5,collude:-0.5", "is no mixture"},
        {"drop:0.5,collude", "is no mixture"},
        {"drop:1,", "is no mixture"},
        {":1", "is no mixture"},
        {"drop:x", "is no mixture"},
        {"drop:1@", "is no mixture"},
        {"drop:1@-3", "is no mixture"},
        {"drop:1@30-20", "is no mixture"},
        {"drop:1@30-", "is no mixture"},
        {"drop:1@30x", "is no mixture"},
        {"none:0.5,drop:0.5", "is no mixture"},
        {"drop:.1,drop:.1,drop:.1,drop:.1,drop:.1,drop:.1,drop:.1,drop:.1,drop:.2",
         "is no mixture"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char reason[SKAD_SIM_REASON_BYTES] = "";
        uint64_t number = 0;
        print_message("%s\n", rows[i].text);
        assert_false(skad_sim_behaviour_find(rows[i].text, &number, reason));
        assert_non_null(strstr(reason, rows[i].reason));
    }
}

static void a_list_is_a_sweep_and_shares_make_a_mixture(void **state)
{
    (void)state;
    skad_sim_sweep sweep = {0};
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_row_text row;
    skad_sim_scenario_default(&sweep.base);
    assert_true(skad_sim_sweep_set(&sweep, "adversary", "drop,collude", reason));
    assert_int_equal(skad_sim_sweep_count(&sweep), 2);
    assert_true(skad_sim_sweep_set(&sweep, "adversary", "drop:0.5,collude:0.5", reason));
    assert_int_equal(skad_sim_sweep_count(&sweep), 1);
    assert_true(skad_sim_scenario_row(&sweep.base, skad_sim_scenario_find("adversary"), &row));
    assert_string_equal(row.value, "drop:0.5,collude:0.5");
    skad_sim_sweep_free(&sweep);
}

/* Of any stretch of numbers each part has its share, give or take one. */
static void adversaries_are_dealt_by_share(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(100);
    char reason[SKAD_SIM_REASON_BYTES];
    skad_world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    scenario.adversary = number_of("drop:0.5,collude:0.3,squat:0.2");
    scenario.adversary_share = 0.4;
    assert_true(skad_world_init(world, &scenario, reason));
    const skad_leagues *leagues = world->leagues;
    assert_int_equal(leagues->count, 3);
    assert_int_equal(leagues->all[0].count, 20);
    assert_int_equal(leagues->all[1].count, 12);
    assert_int_equal(leagues->all[2].count, 8);
    unsigned among_ten = 0;
    for (uint32_t i = 0; i < 10; i++) {
        among_ten += leagues->league_of[i] == 0;
    }
    assert_int_equal(among_ten, 5);
    skad_world_free(world);
    free(world);
}

/* A mixture does both kinds of harm: what drops does not answer, what floods is counted. */
static void both_parts_of_a_mixture_act(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(200);
    skad_sim_outcome honest = test_run_world(&scenario);
    scenario.adversary_share = 0.3;
    scenario.adversary = number_of("drop:0.5,flood:0.5");
    scenario.attack_rate = 100;
    scenario.duration_s = 60;
    skad_sim_outcome mixed = test_run_world(&scenario);
    scenario.adversary = SKAD_SIM_DROP;
    skad_sim_outcome dropped = test_run_world(&scenario);
    print_message("RPCs %lu, %lu in peace; sent %lu, %lu with drops alone\n",
                  (unsigned long)mixed.lookups.rpcs, (unsigned long)honest.lookups.rpcs,
                  (unsigned long)mixed.counters.sent, (unsigned long)dropped.counters.sent);
    assert_true(mixed.lookups.rpcs > honest.lookups.rpcs);
    assert_true(mixed.lookups.rpcs < dropped.lookups.rpcs);
    assert_int_equal(mixed.lookups.ended, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_a_behaviour_of_its_name),
        cmocka_unit_test(traits_are_those_of_the_functions),
        cmocka_unit_test(a_mixture_is_a_behaviour_too),
        cmocka_unit_test(parts_of_a_mixture_have_phases),
        cmocka_unit_test(what_is_no_mixture_is_refused),
        cmocka_unit_test(a_list_is_a_sweep_and_shares_make_a_mixture),
        cmocka_unit_test(adversaries_are_dealt_by_share),
        cmocka_unit_test(both_parts_of_a_mixture_act),
    };
    return cmocka_run_group_tests_name("sim behaviours", tests, NULL, NULL);
}
