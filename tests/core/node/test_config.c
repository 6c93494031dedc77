/* The ranges of a configuration that tests/node/test_node_config.c does not go through with whole
 * nodes: watches, rates, and a simulator's tuning; and that all defaults are within them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "proto/profile.h"
#include "skad/simulator.h"
#include "src/core/node/config.h"

static skad_node_config config_of(const char *profile)
{
    skad_node_config config = {.profile = *skad_profile_builtin(profile),
                               .families = SKAD_FAMILIES_ALL};
    skad_node_limits_default(&config.limits);
    skad_node_rates_default(&config.profile, &config.rates);
    return config;
}

static void the_defaults_of_each_profile_are_within_the_ranges(void **state)
{
    (void)state;
    const skad_node_config open_net = config_of("public");
    const skad_node_config test_net = config_of("test");
    assert_true(skad_config_valid(&open_net));
    assert_true(skad_config_valid(&test_net));
    assert_int_equal(open_net.rates.unvalidated_all.per_s, 1000);
    assert_int_equal(open_net.rates.validated_all.per_s, 6000);
    assert_int_equal(test_net.rates.cells, 0); /* without limits */
}

static void watches_are_a_thousand_and_twenty_four_at_most_and_may_be_none(void **state)
{
    (void)state;
    skad_node_config config = config_of("test");
    config.limits.watches = 0;
    assert_true(skad_config_valid(&config));
    config.limits.watches = 1024;
    assert_true(skad_config_valid(&config));
    config.limits.watches = 1025;
    assert_false(skad_config_valid(&config));
}

static void cells_of_rates_are_a_power_of_two(void **state)
{
    static const struct {
        uint32_t cells;
        bool valid;
    } cases[] = {{0, true},        {1, false},        {2, false},
                 {8192, true},     {8191, false},     {8193, false},
                 {1U << 20, true}, {1U << 21, false}, {3U << 10, false}};
    (void)state;
    skad_node_config config = config_of("public");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        config.rates.cells = cases[i].cells;
        if (skad_config_valid(&config) != cases[i].valid) {
            fail_msg("%u cells", cases[i].cells);
        }
    }
}

static void a_tuning_is_held_to_what_a_lookup_can_do(void **state)
{
    static const struct {
        uint16_t factor;
        uint16_t contacts;
        uint16_t requests;
        bool valid;
    } cases[] = {
        {5, 16, 384, true}, {0, 1, 1, true},     {6, 16, 384, false}, {5, 17, 384, false},
        {5, 0, 384, false}, {5, 16, 385, false}, {5, 16, 0, false},
    };
    (void)state;
    skad_node_config config = config_of("test");
    skad_node_tuning tuning;
    skad_simulator_config simulator = {.tuning = &tuning};
    config.simulator = &simulator;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_node_tuning_default(&tuning);
        assert_true(skad_config_valid(&config));
        tuning.sibling_factor = (uint8_t)cases[i].factor;
        tuning.answer_contacts = (uint8_t)cases[i].contacts;
        tuning.lookup_requests = cases[i].requests;
        if (skad_config_valid(&config) != cases[i].valid) {
            fail_msg("case %zu", i);
        }
    }
    simulator.tuning = NULL; /* then it is the default */
    assert_true(skad_config_valid(&config));
}

static void a_node_sends_on_one_family_at_least(void **state)
{
    (void)state;
    skad_node_config config = config_of("test");
    for (unsigned families = 0; families <= 4; families++) {
        config.families = families;
        assert_int_equal(skad_config_valid(&config), families >= 1 && families <= 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_of_each_profile_are_within_the_ranges),
        cmocka_unit_test(watches_are_a_thousand_and_twenty_four_at_most_and_may_be_none),
        cmocka_unit_test(cells_of_rates_are_a_power_of_two),
        cmocka_unit_test(a_tuning_is_held_to_what_a_lookup_can_do),
        cmocka_unit_test(a_node_sends_on_one_family_at_least),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
