/* The lookup rule `baseline`, as large unsigned networks search: it finds what there is in peace,
 * believes the first record, and loses a key to twenty identities of one address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/sim/scenario/keys.h"
#include "tests/support/small_world.h"

static skad_sim_scenario world_of(const char *without)
{
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_scenario scenario = test_small_world(200);
    scenario.group_bucket_max = 2;
    scenario.group_table_max = 10;
    scenario.group_path_max = 2;
    scenario.visited = true;
    assert_true(skad_sim_scenario_set(&scenario, "without", without, reason));
    return scenario;
}

static skad_sim_scenario baseline(void)
{
    return world_of("baseline");
}

static void in_peace_it_finds_what_there_is_with_fewer_requests(void **state)
{
    (void)state;
    skad_sim_scenario scenario = baseline();
    skad_sim_scenario ours = world_of("none");
    for (unsigned i = 0; i < 2; i++) {
        skad_sim_scenario *it = i == 0 ? &scenario : &ours;
        it->mutables = 3;
        it->get_every_ms = 500;
        it->duration_s = 30;
    }
    skad_sim_outcome outcome = test_run_world(&scenario);
    skad_sim_outcome usual = test_run_world(&ours);
    assert_int_equal(outcome.lookups.ended, 100);
    assert_int_equal(outcome.lookups.nearest, 100);
    assert_true(outcome.gets.ended > 40);
    assert_int_equal(outcome.gets.right, outcome.gets.ended);
    assert_true(outcome.gets.rpcs < usual.gets.rpcs);
}

/* Half of the nodes keep old editions: it takes the first one that it is given. */
static void it_believes_the_first_record(void **state)
{
    (void)state;
    skad_sim_scenario scenario = baseline();
    scenario.lookups = 0;
    scenario.mutables = 3;
    scenario.second_edition = true;
    scenario.get_every_ms = 500;
    scenario.duration_s = 60;
    scenario.adversary = SKAD_SIM_STALE;
    scenario.adversary_share = 0.5;
    skad_sim_outcome outcome = test_run_world(&scenario);
    print_message("%lu of %lu are stale\n", (unsigned long)outcome.gets.stale,
                  (unsigned long)outcome.gets.ended);
    assert_true(outcome.gets.stale * 5 > outcome.gets.ended);
    scenario.first_answers = false;
    scenario.closing_round = true;
    assert_int_equal(test_run_world(&scenario).gets.stale, 0);
}

static void twenty_identities_of_one_address_own_a_key(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        skad_sim_scenario rules[] = {baseline(), world_of("none")};
        for (unsigned i = 0; i < 2; i++) {
            rules[i].seed = seed;
            rules[i].lookups = 0;
            rules[i].capture = SKAD_SIM_VALUE;
            rules[i].adversary = SKAD_SIM_WITHHOLD;
            rules[i].placement = SKAD_SIM_NEAREST;
            rules[i].ground = 20;
            rules[i].adversary_subnets = 1;
            rules[i].adversary_hosts = 1;
            rules[i].get_every_ms = 200;
            rules[i].wait_s = 10;
            skad_sim_outcome outcome = test_run_world(&rules[i]);
            assert_true(outcome.captured.stored); /* the put says so */
            assert_int_equal(outcome.captured.holders > 0, i == 1);
            assert_int_equal(outcome.gets.right, i == 1 ? outcome.gets.ended : 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_peace_it_finds_what_there_is_with_fewer_requests),
        cmocka_unit_test(it_believes_the_first_record),
        cmocka_unit_test(twenty_identities_of_one_address_own_a_key),
    };
    return cmocka_run_group_tests_name("sim baseline", tests, NULL, NULL);
}
