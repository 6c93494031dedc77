/* Balances: what is owed, what time forgives, which neighbour is doubted, and whose account goes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/forward/balance.h"

#define SECOND SKAD_US_PER_S

static skad_balances balances;

static skad_id id_of(uint32_t number)
{
    return (skad_id){{(uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number, 1}};
}

static int end(void **state)
{
    (void)state;
    skad_balances_free(&balances);
    return 0;
}

/* Charges one at a time; returns how many went. */
static unsigned charge_all(const skad_id *id, uint64_t now_us)
{
    unsigned count = 0;
    while (skad_balance_charge(&balances, id, 1, now_us)) {
        count++;
    }
    return count;
}

static void a_neighbour_may_owe_so_much(void **state)
{
    (void)state;
    const skad_id id = id_of(1);
    assert_int_equal(charge_all(&id, 0), SKAD_BALANCE_DEBT_MAX);
    assert_false(skad_balance_charge(&balances, &id, 1, SECOND / 5));
    const skad_id other = id_of(2);
    assert_true(skad_balance_charge(&balances, &other, 1, 0));
}

static void time_forgives(void **state)
{
    (void)state;
    const skad_id id = id_of(1);
    (void)charge_all(&id, 0);
    assert_int_equal(charge_all(&id, 10 * SECOND), 10 * SKAD_BALANCE_FORGIVEN_PER_S);
    assert_int_equal(charge_all(&id, 1000 * SECOND), SKAD_BALANCE_DEBT_MAX);
}

/* Many small waits are worth as much as a long one. */
static void no_fraction_is_lost(void **state)
{
    (void)state;
    const skad_id id = id_of(1);
    (void)charge_all(&id, 0);
    unsigned count = 0;
    for (unsigned i = 1; i <= 100; i++) {
        count += charge_all(&id, i * SECOND / 10);
    }
    assert_int_equal(count, 10 * SKAD_BALANCE_FORGIVEN_PER_S);
}

static void what_it_does_for_us_counts(void **state)
{
    (void)state;
    const skad_id id = id_of(1);
    for (unsigned i = 0; i < 1000; i++) {
        skad_balance_credit(&balances, &id, 1, 0);
    }
    assert_int_equal(charge_all(&id, 0), 2 * SKAD_BALANCE_DEBT_MAX);
}

static void a_debt_of_ours_fades_too(void **state)
{
    (void)state;
    const skad_id id = id_of(1);
    skad_balance_credit(&balances, &id, 100, 0);
    assert_int_equal(charge_all(&id, 1000 * SECOND), SKAD_BALANCE_DEBT_MAX);
}

/* What we ask for neighbours leaves half to us. */
static void a_debt_of_ours_strains(void **state)
{
    (void)state;
    const skad_id id = id_of(1);
    assert_false(skad_balance_strained(&balances, &id, 0));
    skad_balance_credit(&balances, &id, SKAD_BALANCE_DEBT_RELAYED - 1, 0);
    assert_false(skad_balance_strained(&balances, &id, 0));
    skad_balance_credit(&balances, &id, 1, 0);
    assert_true(skad_balance_strained(&balances, &id, 0));
    assert_false(skad_balance_strained(&balances, &id, SECOND));
}

static void silence_is_doubted_until_it_ends(void **state)
{
    (void)state;
    const skad_id id = id_of(1);
    assert_false(skad_balance_doubted(&balances, &id, 0));
    skad_balance_silent(&balances, &id, 0);
    assert_false(skad_balance_doubted(&balances, &id, 0)); /* one may be a lost datagram */
    skad_balance_silent(&balances, &id, SECOND);
    assert_true(skad_balance_doubted(&balances, &id, 2 * SECOND));
    assert_false(skad_balance_doubted(&balances, &id, (SKAD_BALANCE_SILENT_S + 1) * SECOND));
    skad_balance_silent(&balances, &id, 700 * SECOND);
    assert_true(skad_balance_doubted(&balances, &id, 700 * SECOND));
    skad_balance_credit(&balances, &id, 1, 701 * SECOND);
    assert_false(skad_balance_doubted(&balances, &id, 701 * SECOND));
}

/* A flood of IDs takes the accounts that say least, not those that owe much. */
static void a_debtor_keeps_its_account(void **state)
{
    (void)state;
    const skad_id id = id_of(1);
    (void)charge_all(&id, 0);
    for (uint32_t i = 0; i < 4 * SKAD_BALANCES_MAX; i++) {
        const skad_id other = id_of(100 + i);
        assert_true(skad_balance_charge(&balances, &other, 1, 0));
    }
    assert_false(skad_balance_charge(&balances, &id, 1, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_neighbour_may_owe_so_much, end),
        cmocka_unit_test_teardown(time_forgives, end),
        cmocka_unit_test_teardown(no_fraction_is_lost, end),
        cmocka_unit_test_teardown(what_it_does_for_us_counts, end),
        cmocka_unit_test_teardown(a_debt_of_ours_fades_too, end),
        cmocka_unit_test_teardown(a_debt_of_ours_strains, end),
        cmocka_unit_test_teardown(silence_is_doubted_until_it_ends, end),
        cmocka_unit_test_teardown(a_debtor_keeps_its_account, end),
    };
    return cmocka_run_group_tests_name("balance", tests, NULL, NULL);
}
