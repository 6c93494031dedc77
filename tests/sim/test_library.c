/* The library of attacks: each one is a scenario that makes sense, with each defence off; names and
 * tables agree; what is set later wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "src/sim/report/measures.h"
#include "src/sim/scenario/keys.h"
#include "src/sim/scenario/library.h"

static char reason[SKAD_SIM_REASON_BYTES];

/* Calls for each name of "a|b|c". */
static size_t each(const char *names, void (*call)(const char *name, size_t number))
{
    size_t count = 0;
    while (*names != 0) {
        char name[64];
        const size_t len = strcspn(names, "|");
        assert_true(len < sizeof name);
        memcpy(name, names, len);
        name[len] = 0;
        call(name, count++);
        names += len + (names[len] == '|');
    }
    return count;
}

static const char *attack_name;

static void with_one_off(const char *defence, size_t number)
{
    (void)number;
    skad_sim_scenario scenario;
    skad_sim_scenario_default(&scenario);
    scenario.values = 3;
    scenario.get_every_ms = 1000;
    assert_true(skad_sim_scenario_set(&scenario, "attack", attack_name, reason));
    assert_true(skad_sim_scenario_set(&scenario, "without", defence, reason));
    if (!skad_sim_scenario_check(&scenario, reason)) {
        fail_msg("%s without %s: %s", attack_name, defence, reason);
    }
}

static void with_each_off(const char *attack, size_t number)
{
    assert_int_equal(skad_sim_attack_find(attack), number);
    attack_name = attack;
    assert_int_equal(each(SKAD_SIM_DEFENCES, with_one_off), 10);
}

static void every_attack_makes_sense_without_every_defence(void **state)
{
    (void)state;
    assert_int_equal(each(SKAD_SIM_ATTACKS, with_each_off), 37);
}

static void a_defence_is_off_and_later_keys_win(void **state)
{
    (void)state;
    skad_sim_scenario scenario;
    skad_sim_scenario_default(&scenario);
    scenario.group_table_max = 10;
    assert_true(skad_sim_scenario_set(&scenario, "without", "groups", reason));
    assert_int_equal(scenario.group_table_max, 0);
    assert_int_equal(scenario.paths, 4);
    assert_true(skad_sim_scenario_set(&scenario, "without", "all", reason));
    assert_int_equal(scenario.paths, 1);
    assert_false(scenario.closing_round || scenario.neighbourhoods || scenario.neighbourhood_check);
    assert_true(skad_sim_scenario_set(&scenario, "attack", "crowd", reason));
    assert_int_equal(scenario.adversary, SKAD_SIM_COLLUDE);
    assert_true(skad_sim_scenario_set(&scenario, "adversary", "drop", reason));
    assert_int_equal(scenario.adversary, SKAD_SIM_DROP);
    assert_false(skad_sim_scenario_set(&scenario, "attack", "no-such", reason));
}

static void attacks_have_aims(void **state)
{
    (void)state;
    assert_int_equal(skad_sim_attack_measure(skad_sim_attack_find("collude")),
                     SKAD_SIM_LOOKUP_SUCCESS);
    assert_int_equal(skad_sim_attack_measure(skad_sim_attack_find("crowd")), SKAD_SIM_GET_SUCCESS);
    assert_int_equal(skad_sim_attack_measure(skad_sim_attack_find("graveyard-key")),
                     SKAD_SIM_PUT_SUCCESS);
    assert_int_equal(skad_sim_attack_find("no-such"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_attack_makes_sense_without_every_defence),
        cmocka_unit_test(a_defence_is_off_and_later_keys_win),
        cmocka_unit_test(attacks_have_aims),
    };
    return cmocka_run_group_tests_name("sim library", tests, NULL, NULL);
}
