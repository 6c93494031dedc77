/* What is done once a minute: expired records leave, and the next epoch's nonce is asked for. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/node/parts.h"
#include "src/core/upkeep/housekeeping.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#define EPOCH_S 1209600U /* two weeks */
#define AHEAD_S 120960U  /* 1.4 days */

static test_fixture fixture;

/* So long nothing is swept after a start. */
static void run_a_quarter_of_an_hour(void)
{
    for (unsigned minute = 0; minute < 15; minute++) {
        fixture.now.mono_us += 60 * SKAD_US_PER_S;
        fixture.now.unix_s = TEST_UNIX_S; /* as the tests count from there */
        skad_node_tick(fixture.node, fixture.now);
    }
}

static int begin(void **state)
{
    skad_profile profile = test_fixture_profile();
    (void)state;
    test_fixture_init(&fixture, &profile);
    run_a_quarter_of_an_hour();
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static void put(uint8_t number, uint64_t expires_unix_s)
{
    static const uint8_t data[] = {1};
    const skad_store_record row = {.name = {.key = {{number}}, .type = SKAD_RECORD_IMMUTABLE},
                                   .expires_unix_s = expires_unix_s,
                                   .data = data,
                                   .len = sizeof data};
    assert_int_equal(
        fixture.store.ops->put(fixture.store.self, SKAD_STORE_REPLICAS, &row, TEST_UNIX_S),
        SKAD_OK);
}

static uint64_t held(void)
{
    skad_store_totals totals;
    fixture.store.ops->totals(fixture.store.self, &totals);
    return totals.records;
}

/* A minute later, at this wall-clock time. */
static void tick_at(uint64_t unix_s)
{
    fixture.now.mono_us += 60 * SKAD_US_PER_S;
    fixture.now.unix_s = unix_s;
    skad_node_tick(fixture.node, fixture.now);
}

/* The epoch whose nonce was asked for; 0: none. */
static uint32_t asked_for(void)
{
    skad_event event;
    uint32_t epoch = 0;
    while (skad_node_poll_event(fixture.node, &event)) {
        assert_int_equal(event.kind, SKAD_EVENT_PUZZLE_NEEDED);
        assert_int_equal(epoch, 0);
        epoch = event.u.epoch;
    }
    return epoch;
}

static void expired_records_leave_within_a_minute(void **state)
{
    (void)state;
    put(1, TEST_UNIX_S + 10);
    put(2, TEST_UNIX_S + 1000);
    fixture.now.unix_s = TEST_UNIX_S + 10;
    fixture.now.mono_us += 60 * SKAD_US_PER_S - 1;
    skad_node_tick(fixture.node, fixture.now);
    assert_int_equal(held(), 2);
    fixture.now.mono_us += 1;
    assert_true(skad_node_deadline(fixture.node) <= fixture.now.mono_us);
    skad_node_tick(fixture.node, fixture.now);
    assert_int_equal(held(), 1);
    put(3, TEST_UNIX_S + 10); /* it waits for the next minute */
    skad_node_tick(fixture.node, fixture.now);
    assert_int_equal(held(), 2);
    tick_at(TEST_UNIX_S + 10);
    assert_int_equal(held(), 1);
}

/* The store of a fixture has 64 places; this one has room for a thousand. */
static void a_sweep_goes_on_while_there_is_something_to_sweep(void **state)
{
    (void)state;
    static const skad_store_caps caps = {1000, 1000, 1, 1};
    const skad_node_rates rates = {0};
    const uint64_t limit = SKAD_SWEEP_RECORDS_MAX;
    skad_profile profile = fixture.profile;
    skad_store store;
    test_fixture_free(&fixture);
    assert_int_equal(skad_store_memory_new(&caps, &store), SKAD_OK);
    test_fixture_init_on(&fixture, &profile, &rates, store);
    run_a_quarter_of_an_hour();
    for (unsigned i = 0; i < 3 * limit; i++) {
        const skad_store_record row = {
            .name = {.key = {{(uint8_t)i, (uint8_t)(i >> 8)}}, .type = SKAD_RECORD_IMMUTABLE},
            .expires_unix_s = TEST_UNIX_S + (i < 2 * limit + 1 ? 10 : 100000),
            .data = (const uint8_t *)"x",
            .len = 1};
        assert_int_equal(store.ops->put(store.self, SKAD_STORE_REPLICAS, &row, TEST_UNIX_S),
                         SKAD_OK);
    }
    tick_at(TEST_UNIX_S + 70);
    assert_int_equal(held(), 2 * limit);
    for (unsigned turn = 0; turn < 2; turn++) {
        assert_in_range(skad_node_deadline(fixture.node), fixture.now.mono_us,
                        fixture.now.mono_us + SKAD_SWEEP_AGAIN_US);
        fixture.now.mono_us += SKAD_SWEEP_AGAIN_US;
        skad_node_tick(fixture.node, fixture.now);
    }
    assert_int_equal(held(), limit - 1); /* all that had expired are gone */
    skad_housekeeping *housekeeping = skad_node_parts_of(fixture.node).housekeeping;
    assert_int_equal(housekeeping->sweep_us, fixture.now.mono_us + SKAD_SWEEP_INTERVAL_US);
}

static void the_next_nonce_is_asked_for_when_a_tenth_of_the_epoch_is_left(void **state)
{
    (void)state;
    const uint32_t epoch = (uint32_t)(TEST_UNIX_S / EPOCH_S);
    const uint64_t ends = (epoch + UINT64_C(1)) * EPOCH_S;
    tick_at(ends - AHEAD_S - 1);
    assert_int_equal(asked_for(), 0);
    tick_at(ends - AHEAD_S);
    assert_int_equal(asked_for(), epoch + 1);
    tick_at(ends - AHEAD_S + 60);
    assert_int_equal(asked_for(), 0); /* once */
}

static void a_nonce_that_is_there_is_not_asked_for(void **state)
{
    (void)state;
    const uint32_t epoch = (uint32_t)(TEST_UNIX_S / EPOCH_S);
    const skad_puzzle_nonce next = test_nonce(&fixture.profile, &fixture.identity.id, epoch + 1);
    assert_int_equal(skad_node_add_nonce(fixture.node, &next), SKAD_OK);
    tick_at((epoch + UINT64_C(1)) * EPOCH_S - 1);
    assert_int_equal(asked_for(), 0);
    tick_at((epoch + UINT64_C(1)) * EPOCH_S);
    assert_int_equal(asked_for(), 0);
}

/* After a long sleep, or a jump of the wall clock. */
static void in_an_epoch_without_a_nonce_its_own_is_asked_for(void **state)
{
    (void)state;
    const uint32_t epoch = (uint32_t)(TEST_UNIX_S / EPOCH_S);
    tick_at((epoch + UINT64_C(5)) * EPOCH_S);
    assert_int_equal(asked_for(), epoch + 5);
    tick_at((epoch + UINT64_C(6)) * EPOCH_S - 1); /* this one still, not the next one ahead */
    assert_int_equal(asked_for(), 0);
    tick_at((epoch + UINT64_C(6)) * EPOCH_S);
    assert_int_equal(asked_for(), epoch + 6);
}

static void a_nonce_that_does_not_come_is_asked_for_every_ten_minutes(void **state)
{
    (void)state;
    const uint32_t epoch = (uint32_t)(TEST_UNIX_S / EPOCH_S);
    const uint64_t next_s = (epoch + UINT64_C(1)) * EPOCH_S;
    unsigned asked = 0;
    tick_at(next_s); /* the clock jumps; the solver is busy */
    assert_int_equal(asked_for(), epoch + 1);
    for (unsigned minute = 1; minute <= 30; minute++) {
        tick_at(next_s + 60 * minute);
        asked += asked_for() == epoch + 1;
    }
    assert_int_equal(asked, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(expired_records_leave_within_a_minute, begin, end),
        cmocka_unit_test_setup_teardown(a_sweep_goes_on_while_there_is_something_to_sweep, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            the_next_nonce_is_asked_for_when_a_tenth_of_the_epoch_is_left, begin, end),
        cmocka_unit_test_setup_teardown(a_nonce_that_is_there_is_not_asked_for, begin, end),
        cmocka_unit_test_setup_teardown(in_an_epoch_without_a_nonce_its_own_is_asked_for, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_nonce_that_does_not_come_is_asked_for_every_ten_minutes,
                                        begin, end),
    };
    return cmocka_run_group_tests_name("housekeeping", tests, NULL, NULL);
}
