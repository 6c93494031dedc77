/* What reports say that an adversary pays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "src/sim/report/prices.h"

static skad_sim_scenario hostile(void)
{
    skad_sim_scenario scenario;
    skad_sim_scenario_default(&scenario);
    scenario.nodes = 100;
    scenario.adversary = SKAD_SIM_COLLUDE;
    scenario.adversary_share = 0.1;
    scenario.static_bits = 20;
    scenario.dynamic_bits = 22;
    scenario.memory_kib = 256;
    return scenario;
}

static void both_puzzles_are_paid_for_each_identity(void **state)
{
    (void)state;
    const skad_sim_scenario scenario = hostile();
    const skad_price price = skad_sim_price_of(&scenario, 30);
    assert_true(fabs(price.identities - 10) < 0.01);
    assert_true(fabs(price.tries - (30 * exp2(20) + 10 * exp2(22))) < 1);
    assert_true(price.core_hours > 0.5 && price.core_hours < 2); /* 73 million tries, 23,792/s */
    assert_true(skad_sim_dollars(&price) > 0);
    assert_true(skad_sim_dollars(&price) <= price.core_hours * SKAD_PRICE_CORE_HOUR);
}

static void address_groups_are_those_that_they_share(void **state)
{
    (void)state;
    skad_sim_scenario scenario = hostile();
    assert_true(fabs(skad_sim_price_of(&scenario, 10).groups - 10) < 0.01);
    scenario.adversary_subnets = 3;
    assert_true(fabs(skad_sim_price_of(&scenario, 10).groups - 3) < 0.01);
    scenario.adversary_subnets = 50;
    assert_true(fabs(skad_sim_price_of(&scenario, 10).groups - 10) < 0.01);
    scenario.adversary_subnets = 0;
    scenario.adversary_allocation = 48;
    assert_true(fabs(skad_sim_price_of(&scenario, 10).groups - 1) < 0.01);
}

static void without_adversaries_there_is_no_price(void **state)
{
    (void)state;
    skad_sim_scenario scenario = hostile();
    scenario.adversary = SKAD_SIM_HONEST;
    const skad_price price = skad_sim_price_of(&scenario, 0);
    assert_true(price.identities < 1 && price.core_hours <= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_puzzles_are_paid_for_each_identity),
        cmocka_unit_test(address_groups_are_those_that_they_share),
        cmocka_unit_test(without_adversaries_there_is_no_price),
    };
    return cmocka_run_group_tests_name("sim prices", tests, NULL, NULL);
}
