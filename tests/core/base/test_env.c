/* Hours that follow the life of records, and delays that are drawn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/profile.h"
#include "src/core/base/env.h"

static skad_env make(uint32_t record_life_s)
{
    static const uint8_t seed[SKAD_SEED_BYTES] = {3};
    skad_env env;
    memset(&env, 0, sizeof env);
    env.profile = *skad_profile_builtin("test");
    env.profile.record_life_s = record_life_s;
    skad_random_init(&env.random, seed);
    return env;
}

static void an_hour_is_a_24th_of_a_life_and_a_second_at_least(void **state)
{
    (void)state;
    static const struct {
        uint32_t life_s;
        uint64_t hour_us;
    } cases[] = {{86400, 3600000000}, {7 * 86400, 25200000000}, {24, 1000000}, {1, 1000000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_env env = make(cases[i].life_s);
        assert_int_equal(skad_env_hour_us(&env), cases[i].hour_us);
    }
}

/* Both ends of the range are reached within a hundredth by ten thousand draws. */
static void delays_spread_over_their_whole_range(void **state)
{
    (void)state;
    skad_env env = make(86400);
    uint64_t about[2] = {UINT64_MAX, 0};
    uint64_t least[2] = {UINT64_MAX, 0};
    for (size_t i = 0; i < 10000; i++) {
        uint64_t a = skad_env_about_us(&env, 4000);
        uint64_t l = skad_env_at_least_us(&env, 4000);
        about[0] = a < about[0] ? a : about[0];
        about[1] = a > about[1] ? a : about[1];
        least[0] = l < least[0] ? l : least[0];
        least[1] = l > least[1] ? l : least[1];
    }
    assert_in_range(about[0], 3000, 3010);
    assert_in_range(about[1], 4990, 4999);
    assert_in_range(least[0], 4000, 4010);
    assert_in_range(least[1], 4990, 4999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_hour_is_a_24th_of_a_life_and_a_second_at_least),
        cmocka_unit_test(delays_spread_over_their_whole_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
