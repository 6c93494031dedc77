/* A nonce is solved in a thread and kept in three places: the node, the identity file, the log. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/keys.h"
#include "src/daemon/system/log.h"
#include "src/host/state/nonce_renewal.h"
#include "tests/support/failing_allocation.h"
#include "tests/support/fixture.h"
#include "tests/support/folder.h"
#include "tests/support/log_lines.h"
#include "tests/support/turns.h"

typedef struct desk {
    char dir[64];
    char path[80];
    skad_loop *loop;
    skad_profile profile; /* of the puzzles that are solved */
    test_fixture fixture;
    uint32_t epoch; /* today's */
    skad_nonce_renewal *renewal;
    test_log log;
} desk;

static int set_up(void **state)
{
    desk *self = calloc(1, sizeof *self);
    test_folder_make(self->dir, sizeof self->dir);
    (void)snprintf(self->path, sizeof self->path, "%s/id", self->dir);
    self->loop = test_loop_new();
    self->profile = test_fixture_profile();
    test_fixture_init(&self->fixture, &self->profile);
    self->epoch = skad_profile_epoch(&self->profile, self->fixture.now.unix_s);
    assert_int_equal(skad_identity_create(self->path, &self->fixture.identity), SKAD_OK);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    desk *self = *state;
    skad_nonce_renewal_free(self->renewal);
    test_fixture_free(&self->fixture);
    skad_loop_free(self->loop);
    (void)unlink(self->path);
    assert_int_equal(rmdir(self->dir), 0);
    free(self);
    return 0;
}

static void open_renewal_with(desk *self, const char *path, unsigned percent)
{
    const skad_nonce_renewal_config config = {
        .loop = self->loop,
        .profile = &self->profile,
        .identity = &self->fixture.identity,
        .path = path,
        .node = self->fixture.node,
        .percent = percent,
        .log = skad_log_stderr(SKAD_LOG_INFO),
    };
    assert_int_equal(skad_nonce_renewal_new(&config, &self->renewal), SKAD_OK);
}

static void open_renewal(desk *self, const char *path)
{
    open_renewal_with(self, path, 0);
}

/* Starts and waits for the end, and reads along what is logged. */
static void renew(desk *self, uint32_t epoch)
{
    test_log_begin(&self->log);
    skad_nonce_renewal_start(self->renewal, epoch);
    test_loop_run(self->loop); /* ends when nothing is awaited any more */
    test_log_end(&self->log);
}

static bool file_has(const desk *self, uint32_t epoch)
{
    skad_identity kept;
    if (skad_identity_load(self->path, &kept) != SKAD_OK) {
        return false;
    }
    const skad_puzzle_nonce *nonce = skad_identity_nonce(&kept, epoch);
    return nonce != NULL;
}

/* The epoch whose nonce the node shows, a number of epochs from now. */
static uint32_t shown(desk *self, uint32_t epochs)
{
    test_exchange exchange;
    const test_remote *who = test_fixture_remote(&self->fixture);
    uint8_t token[SKAD_TOKEN_BYTES];
    test_fixture_token(&self->fixture, who, token);
    self->fixture.now.unix_s += (uint64_t)epochs * self->profile.epoch_s;
    skad_datagram request;
    skad_wire_craft craft = test_fixture_craft(&self->fixture, who, SKAD_KIND_PING,
                                               (skad_span){(const uint8_t *)"\x90", 1});
    craft.token = (skad_span){token, sizeof token};
    test_fixture_craft_write(&self->fixture, &craft, &request);
    exchange.request = request;
    test_fixture_exchange(&self->fixture, who, &who->address, &exchange);
    self->fixture.now.unix_s -= (uint64_t)epochs * self->profile.epoch_s;
    return exchange.envelope.nonce.epoch;
}

static void a_solved_nonce_is_kept_shown_and_told(void **state)
{
    desk *self = *state;
    char line[64];
    open_renewal(self, self->path);
    assert_int_equal(shown(self, 1), self->epoch); /* the one before, which peers accept */
    assert_false(file_has(self, self->epoch + 1));
    renew(self, self->epoch + 1);
    assert_true(file_has(self, self->epoch));
    assert_true(file_has(self, self->epoch + 1));
    assert_int_equal(shown(self, 0), self->epoch);
    assert_int_equal(shown(self, 1), self->epoch + 1);
    (void)snprintf(line, sizeof line, " info: solving the puzzle of epoch %u", self->epoch + 1);
    assert_int_equal(test_log_count(&self->log, line), 1);
    (void)snprintf(line, sizeof line, " info: puzzle of epoch %u solved", self->epoch + 1);
    assert_int_equal(test_log_count(&self->log, line), 1);
    assert_int_equal(test_log_count(&self->log, ""), 2);
}

/* It works for a while, rests for a while, and takes the puzzle up again. */
static void a_share_of_a_processor_solves_it_as_well(void **state)
{
    desk *self = *state;
    open_renewal_with(self, self->path, 50);
    renew(self, self->epoch + 1);
    assert_true(file_has(self, self->epoch + 1));
}

static void a_node_starts_with_the_nonce_that_was_kept(void **state)
{
    desk *self = *state;
    skad_identity kept;
    open_renewal(self, self->path);
    renew(self, self->epoch + 1);
    assert_int_equal(skad_identity_load(self->path, &kept), SKAD_OK);
    skad_node_config config = {.profile = self->profile,
                               .identity = &kept,
                               .store = self->fixture.store,
                               .families = SKAD_FAMILIES_ALL};
    skad_node_limits_default(&config.limits);
    skad_time then = self->fixture.now;
    skad_node *node = NULL;
    then.unix_s += self->profile.epoch_s;
    assert_int_equal(skad_node_new(&config, then, &node), SKAD_OK);
    skad_node_free(node);
    config.identity = &self->fixture.identity;
    assert_int_equal(skad_node_new(&config, then, &node), SKAD_ERR_PUZZLE);
}

static void one_epoch_is_solved_at_a_time_and_the_next_one_later(void **state)
{
    desk *self = *state;
    open_renewal(self, self->path);
    skad_nonce_renewal_start(self->renewal, self->epoch + 1);
    renew(self, self->epoch + 2); /* ignored */
    assert_true(file_has(self, self->epoch + 1));
    assert_false(file_has(self, self->epoch + 2));
    assert_int_equal(test_log_count(&self->log, "solving"), 0);
    renew(self, self->epoch + 2);
    assert_true(file_has(self, self->epoch + 2));
}

static void without_a_file_the_node_alone_has_the_nonce(void **state)
{
    desk *self = *state;
    open_renewal(self, NULL);
    renew(self, self->epoch + 1);
    assert_int_equal(shown(self, 1), self->epoch + 1);
    assert_false(file_has(self, self->epoch + 1));
    assert_int_equal(test_log_count(&self->log, ""), 2);
}

static void a_file_that_cannot_be_written_is_told_of(void **state)
{
    desk *self = *state;
    open_renewal(self, self->path);
    assert_int_equal(unlink(self->path), 0);
    renew(self, self->epoch + 1);
    assert_int_equal(shown(self, 1), self->epoch + 1);
    assert_int_equal(test_log_count(&self->log, " warning: cannot keep the new nonce in "), 1);
    assert_int_equal(test_log_count(&self->log, self->path), 1);
    assert_int_equal(test_log_count(&self->log, ""), 3);
}

/* The node accepts no nonce that does not solve its own puzzle, which is harder than this one. */
static void a_nonce_that_does_not_fit_is_told_of_and_not_kept(void **state)
{
    desk *self = *state;
    self->profile.dynamic_bits = 0;
    open_renewal(self, self->path);
    unsigned failed = 0;
    for (uint32_t i = 1; i <= 8 && failed == 0; i++) { /* one of 16 fits by chance, or fewer */
        renew(self, self->epoch + i);
        failed += test_log_count(&self->log, " error: puzzle of epoch ") == 1 &&
                  !file_has(self, self->epoch + i);
    }
    assert_int_equal(failed, 1);
}

static void a_puzzle_that_is_abandoned_is_stopped(void **state)
{
    desk *self = *state;
    self->profile.dynamic_bits = 255;
    open_renewal(self, self->path);
    skad_nonce_renewal_start(self->renewal, self->epoch + 1);
    skad_nonce_renewal_free(self->renewal);
    self->renewal = NULL;
    test_loop_run(self->loop); /* nothing is awaited */
    assert_false(file_has(self, self->epoch + 1));
    skad_nonce_renewal_free(NULL);
}

static void without_memory_it_is_told_and_asked_for_again(void **state)
{
    desk *self = *state;
    const skad_nonce_renewal_config config = {.loop = self->loop,
                                              .profile = &self->profile,
                                              .identity = &self->fixture.identity,
                                              .path = self->path,
                                              .node = self->fixture.node,
                                              .log = skad_log_stderr(SKAD_LOG_INFO)};
    for (size_t nth = 1; nth <= 2; nth++) { /* itself, and its path */
        long held = test_allocations_held();
        test_allocation_fail(nth);
        assert_int_equal(skad_nonce_renewal_new(&config, &self->renewal), SKAD_ERR_MEMORY);
        assert_true(test_allocation_failed());
        assert_int_equal(test_allocations_held(), held);
    }
    open_renewal(self, self->path);
    for (size_t nth = 1; nth <= 2; nth++) { /* the work, and its task */
        test_allocation_fail(nth);
        renew(self, self->epoch + 1);
        assert_true(test_allocation_failed());
        assert_int_equal(test_log_count(&self->log, " error: no memory to solve the puzzle of"), 1);
        assert_int_equal(test_log_count(&self->log, ""), 1);
        assert_false(file_has(self, self->epoch + 1));
    }
    renew(self, self->epoch + 1);
    assert_true(file_has(self, self->epoch + 1));
}

#define AT_DESK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    skad_crypto_init();
    const struct CMUnitTest tests[] = {
        AT_DESK(a_solved_nonce_is_kept_shown_and_told),
        AT_DESK(a_share_of_a_processor_solves_it_as_well),
        AT_DESK(a_node_starts_with_the_nonce_that_was_kept),
        AT_DESK(one_epoch_is_solved_at_a_time_and_the_next_one_later),
        AT_DESK(without_a_file_the_node_alone_has_the_nonce),
        AT_DESK(a_file_that_cannot_be_written_is_told_of),
        AT_DESK(a_nonce_that_does_not_fit_is_told_of_and_not_kept),
        AT_DESK(without_memory_it_is_told_and_asked_for_again),
        AT_DESK(a_puzzle_that_is_abandoned_is_stopped),
    };
    return cmocka_run_group_tests_name("nonce_renewal", tests, NULL, NULL);
}
