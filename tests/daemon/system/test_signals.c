/* What each signal does to a loop, and before the loop runs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <ev.h>
#include <pthread.h>
#include <stdbool.h>

#include "src/daemon/system/signals.h"

typedef struct desk {
    struct ev_loop *loop;
    skad_signals signals;
    unsigned refreshed;
    unsigned reported;
} desk;

static void on_refresh(void *user)
{
    ((desk *)user)->refreshed++;
}

static void on_report(void *user)
{
    ((desk *)user)->reported++;
}

static void open_desk(desk *self)
{
    *self = (desk){.loop = ev_loop_new(EVFLAG_AUTO)};
    skad_signals_start(&self->signals, self->loop);
    self->signals.user = self;
    self->signals.refresh = on_refresh;
    self->signals.report = on_report;
}

static void close_desk(desk *self)
{
    skad_signals_stop(&self->signals);
    ev_loop_destroy(self->loop);
}

/* Whether a turn of the loop ends it; a timer keeps it running otherwise. */
static bool ends_the_loop(desk *self)
{
    ev_timer keeps;
    ev_timer_init(&keeps, NULL, 3600., 0.);
    ev_timer_start(self->loop, &keeps);
    ev_run(self->loop, EVRUN_NOWAIT);
    ev_timer_stop(self->loop, &keeps);
    return skad_signals_ended_by(&self->signals) != 0;
}

static void signals_that_end_also_stop_what_is_done_before_the_loop_runs(void **state)
{
    (void)state;
    static const int ending[] = {SIGTERM, SIGINT, SIGQUIT, SIGALRM, SIGPWR, SIGXCPU};
    for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++) {
        desk self;
        open_desk(&self);
        assert_false(atomic_load(&self.signals.stop));
        assert_int_equal(skad_signals_ended_by(&self.signals), 0);
        assert_int_equal(raise(ending[i]), 0);
        assert_true(atomic_load(&self.signals.stop));
        assert_int_equal(skad_signals_ended_by(&self.signals), ending[i]);
        assert_true(ends_the_loop(&self));
        close_desk(&self);
    }
}

static void a_loop_that_runs_for_ever_ends(void **state)
{
    (void)state;
    desk self;
    ev_timer keeps;
    open_desk(&self);
    ev_timer_init(&keeps, NULL, 3600., 0.);
    ev_timer_start(self.loop, &keeps);
    assert_int_equal(raise(SIGTERM), 0);
    ev_run(self.loop, 0);
    ev_timer_stop(self.loop, &keeps);
    assert_string_equal(skad_signals_name(skad_signals_ended_by(&self.signals)), "SIGTERM");
    close_desk(&self);
}

static void a_hangup_refreshes_and_a_users_signal_reports(void **state)
{
    (void)state;
    desk self;
    open_desk(&self);
    assert_int_equal(raise(SIGHUP), 0);
    assert_false(ends_the_loop(&self));
    assert_int_equal(self.refreshed, 1);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_false(ends_the_loop(&self));
    assert_int_equal(raise(SIGUSR2), 0);
    assert_false(ends_the_loop(&self));
    assert_int_equal(self.reported, 2);
    assert_int_equal(self.refreshed, 1);
    assert_false(atomic_load(&self.signals.stop));
    close_desk(&self);
}

static void a_hangup_ends_what_has_nothing_to_refresh(void **state)
{
    (void)state;
    desk self;
    open_desk(&self);
    self.signals.refresh = NULL;
    assert_int_equal(raise(SIGHUP), 0);
    assert_true(ends_the_loop(&self));
    close_desk(&self);
}

static void signals_of_failed_calls_do_nothing(void **state)
{
    (void)state;
    static const int ignored[] = {SIGPIPE, SIGXFSZ, SIGTTIN, SIGTTOU};
    desk self;
    open_desk(&self);
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
        assert_int_equal(raise(ignored[i]), 0);
        assert_false(ends_the_loop(&self));
    }
    assert_int_equal(self.refreshed + self.reported, 0);
    close_desk(&self);
}

static void a_parent_that_left_signals_blocked_or_ignored_does_no_harm(void **state)
{
    (void)state;
    desk self;
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &term, NULL), 0);
    (void)signal(SIGTERM, SIG_IGN);
    open_desk(&self);
    assert_int_equal(raise(SIGTERM), 0);
    assert_true(ends_the_loop(&self));
    close_desk(&self);
    assert_ptr_equal(signal(SIGTERM, SIG_DFL), SIG_IGN); /* as it was before */
}

static void other_signals_have_no_name(void **state)
{
    (void)state;
    assert_string_equal(skad_signals_name(SIGSEGV), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_that_end_also_stop_what_is_done_before_the_loop_runs),
        cmocka_unit_test(a_loop_that_runs_for_ever_ends),
        cmocka_unit_test(a_hangup_refreshes_and_a_users_signal_reports),
        cmocka_unit_test(a_hangup_ends_what_has_nothing_to_refresh),
        cmocka_unit_test(signals_of_failed_calls_do_nothing),
        cmocka_unit_test(a_parent_that_left_signals_blocked_or_ignored_does_no_harm),
        cmocka_unit_test(other_signals_have_no_name),
    };
    return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}
