/* What identities cost: the arithmetic, the attacker of reference, and what is measured here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "src/cli/commands/price_rates.h"
#include "src/price/price.h"

static bool close_to(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fabs(b);
}

static void a_price_is_tries_over_rates(void **state)
{
    (void)state;
    const skad_price_terms terms = {.memory_kib = 1024, .static_bits = 10, .dynamic_bits = 3};
    const skad_price_rates rates = {100, 50, 1000, 500};
    /* 6 draws of 1024 tries and 2 nonces of 8. */
    skad_price price = skad_price_of(&terms, &rates, 6, 2);
    assert_true(close_to(price.tries, 6 * 1024 + 16));
    assert_true(close_to(price.core_hours, (61.44 + 0.32) / 3600));
    assert_true(close_to(price.gpu_hours, (6.144 + 0.032) / 3600));
    assert_true(close_to(price.identities, 2) && close_to(price.groups, 2));
    assert_true(close_to(skad_price_money(&price, 3600, 1e9), 61.76));
    assert_true(close_to(skad_price_money(&price, 1e9, 3600), 6.176));
}

/* A place of one Nth of the key space takes N draws, that of sixteen nodes a sixteenth of it. */
static void a_place_costs_what_is_searched_in_vain(void **state)
{
    (void)state;
    assert_true(close_to(skad_price_draws_near(64, 10000, 1), 640000));
    assert_true(close_to(skad_price_draws_near(64, 10000, 16), 40000));
    assert_true(close_to(skad_price_draws_near(64, 10, 16), 64));
}

/* The old scheme at 10,000 nodes: 64 identities cost about seven core-hours, and little on a GPU.
 */
static void plain_hashes_are_cheap(void **state)
{
    (void)state;
    const skad_price_terms terms = {.static_bits = 16, .dynamic_bits = 22};
    const skad_price_rates rates = skad_price_reference(&terms);
    skad_price price = skad_price_of(&terms, &rates, 640000, 64);
    assert_true(price.core_hours > 7 && price.core_hours < 7.5);
    assert_true(price.gpu_hours < 0.2);
}

static void memory_makes_tries_dear_in_proportion(void **state)
{
    (void)state;
    const skad_price_terms small = {.memory_kib = 128, .static_bits = 1};
    const skad_price_terms large = {.memory_kib = 1024, .static_bits = 1};
    const skad_price_rates fast = skad_price_reference(&small);
    const skad_price_rates slow = skad_price_reference(&large);
    assert_true(close_to(fast.static_core, 8 * slow.static_core));
    assert_true(close_to(fast.dynamic_gpu, 8 * slow.dynamic_gpu));
    assert_true(close_to(slow.static_core, 5948.0));
    assert_true(close_to(slow.static_core, slow.dynamic_core));
    assert_true(slow.static_gpu > 50 * slow.static_core &&
                slow.static_gpu < 1000 * slow.static_core);
}

static void this_machine_is_measured(void **state)
{
    (void)state;
    skad_price_rates rates = {0};
    skad_failure failure;
    assert_true(skad_price_measure(skad_profile_builtin("test"), 0.02, &rates, &failure));
    assert_true(rates.static_core > 1 && rates.dynamic_core > 1);
    skad_profile plain = *skad_profile_builtin("test");
    skad_price_rates quick = {0};
    plain.memory_kib = 0;
    assert_true(skad_price_measure(&plain, 0.02, &quick, &failure));
    assert_true(quick.dynamic_core > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_price_is_tries_over_rates),
        cmocka_unit_test(a_place_costs_what_is_searched_in_vain),
        cmocka_unit_test(plain_hashes_are_cheap),
        cmocka_unit_test(memory_makes_tries_dear_in_proportion),
        cmocka_unit_test(this_machine_is_measured),
    };
    return cmocka_run_group_tests_name("price", tests, NULL, NULL);
}
