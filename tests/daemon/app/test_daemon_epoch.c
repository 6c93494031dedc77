/* A daemon over the end of an epoch. Its clocks show what the test says. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "skad/identity.h"
#include "src/host/system/clock.h"
#include "tests/support/control.h"
#include "tests/support/log_lines.h"

#define EPOCH_S (14ULL * 86400) /* of the profile "test" */
#define EPOCH   700U

skad_time __wrap_skad_clock_now(void);

static skad_time shown;

skad_time __wrap_skad_clock_now(void)
{
    shown.mono_us++;
    return shown;
}

static int begin(void **state)
{
    shown = (skad_time){.mono_us = SKAD_US_PER_S, .unix_s = EPOCH * EPOCH_S + EPOCH_S / 2};
    return test_control_begin_kept(state);
}

static bool file_has(const test_control *self, uint32_t epoch)
{
    skad_identity kept;
    return skad_identity_load(self->identity, &kept) == SKAD_OK &&
           skad_identity_nonce(&kept, epoch) != NULL;
}

static void pass(test_control *self, uint64_t seconds)
{
    shown.unix_s += seconds;
    shown.mono_us += seconds * SKAD_US_PER_S;
    /* Each status turns the loop; the node is asked what is due at each turn. */
    (void)test_control_status(self, "epoch");
    (void)test_control_status(self, "epoch");
}

static void await_nonce(test_control *self, uint32_t epoch)
{
    for (unsigned turns = 0; turns < 100000 && !file_has(self, epoch); turns++) {
        (void)test_control_status(self, "epoch");
    }
    assert_true(file_has(self, epoch));
}

/* In the last tenth of an epoch, the puzzle of the next one is solved, kept and told. */
static void the_next_puzzle_is_solved_before_its_epoch_begins(void **state)
{
    static test_log log;
    test_control *self = *state;
    assert_int_equal(test_control_status(self, "epoch"), EPOCH);
    pass(self, EPOCH_S * 2 / 5 - 3600);
    assert_false(file_has(self, EPOCH + 1));
    test_log_begin(&log);
    pass(self, 7200);
    await_nonce(self, EPOCH + 1);
    test_log_end(&log);
    assert_int_equal(test_log_count(&log, "solving the puzzle of epoch 701"), 1);
    assert_int_equal(test_log_count(&log, "puzzle of epoch 701 solved"), 1);
    assert_int_equal(test_control_status(self, "epoch"), EPOCH);
    pass(self, EPOCH_S / 10);
    assert_int_equal(test_control_status(self, "epoch"), EPOCH + 1);
    assert_false(file_has(self, EPOCH + 2));
}

/* As after a machine has slept for long. */
static void a_puzzle_that_was_missed_is_solved_late(void **state)
{
    test_control *self = *state;
    pass(self, 3 * EPOCH_S);
    assert_int_equal(test_control_status(self, "epoch"), EPOCH + 3);
    await_nonce(self, EPOCH + 3);
    assert_false(file_has(self, EPOCH + 1));
}

#define WITH_DAEMON(name) cmocka_unit_test_setup_teardown(name, begin, test_control_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DAEMON(the_next_puzzle_is_solved_before_its_epoch_begins),
        WITH_DAEMON(a_puzzle_that_was_missed_is_solved_late),
    };
    return cmocka_run_group_tests_name("daemon over an epoch", tests, NULL, NULL);
}
