/* Subscriptions at the control socket of a daemon: to events and to the status. Its timers go off
 * when the test says so. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/daemon/app/daemon_inside.h"
#include "src/daemon/control/control_inside.h"
#include "tests/support/control.h"
#include "tests/support/manual_ev_timers.h"
#include "tests/support/result.h"

/* How many times the status was made. */
static size_t made;

void __real_skad_status_result(const skad_method_context *context, skad_time now,
                               skad_writer *writer);
void __wrap_skad_status_result(const skad_method_context *context, skad_time now,
                               skad_writer *writer);

void __wrap_skad_status_result(const skad_method_context *context, skad_time now,
                               skad_writer *writer)
{
    made++;
    __real_skad_status_result(context, now, writer);
}

static void subscribe(int fd, uint64_t msgid, const char *kind)
{
    uint8_t bytes[512];
    skad_writer writer = test_control_request(bytes, msgid, "subscribe_events", kind != NULL);
    if (kind != NULL) {
        skad_write_array(&writer, 1);
        skad_write_str(&writer, kind);
    }
    test_control_send_request(fd, &writer);
}

/* Until the daemon has taken what was sent. */
static void await_subscriptions(const test_control *self, size_t count)
{
    for (int i = 0; i < 1000 && self->daemon->control->subscriptions_count != count; i++) {
        ev_run(self->loop, EVRUN_NOWAIT);
    }
    assert_int_equal(self->daemon->control->subscriptions_count, count);
}

static void tell_reload(const test_control *self, const char *changed)
{
    skad_daemon_notice_reload(self->daemon, changed, NULL);
}

/* [2, name, [msgid, value]]: the value. */
static skad_answer notice(skad_answer message, const char *name, uint64_t msgid)
{
    assert_int_equal(skad_answer_at(message, 0).item->u.number, 2);
    test_result_expect_text(skad_answer_at(message, 1), name);
    skad_answer params = skad_answer_at(message, 2);
    assert_int_equal(skad_answer_at(params, 0).item->u.number, msgid);
    return skad_answer_at(params, 1);
}

static void events_are_told_until_the_subscription_ends(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    int fd = test_control_dial(self);
    subscribe(fd, 7, NULL);
    await_subscriptions(self, 1);
    tell_reload(self, "join, log-level");
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    skad_answer event = notice(answer, "event", 7);
    test_result_expect_text(skad_answer_get(event, "kind"), "reload");
    test_result_expect_text(skad_answer_get(event, "changed"), "join, log-level");
    assert_true(skad_answer_uint(event, "unix_s") > 0);

    test_control_send_number(fd, 8, "unsubscribe", 7);
    assert_int_equal(test_control_read(self, fd, 2, &answer), 2); /* it, and the subscription */
    assert_int_equal(test_control_msgid(answer), 8);
    assert_int_equal(skad_answer_at(answer, 3).item->u.number, 1);
    tell_reload(self, "");
    test_control_send_number(fd, 9, "unsubscribe", 7);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1); /* and no event before it */
    assert_int_equal(test_control_msgid(answer), 9);
    assert_int_equal(skad_answer_at(answer, 3).item->u.number, 0);
    close(fd);
}

static void only_the_kinds_that_were_asked_for_are_told(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    int fd = test_control_dial(self);
    subscribe(fd, 7, "isolated");
    await_subscriptions(self, 1);
    tell_reload(self, "");
    skad_daemon_notice_event(self->daemon, &(skad_event){.kind = SKAD_EVENT_ISOLATED});
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    test_result_expect_text(skad_answer_get(notice(answer, "event", 7), "kind"), "isolated");
    subscribe(fd, 8, "isolate");
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    test_control_expect_error(answer, "params");
    close(fd);
}

/* The count of a subscription is in its response, whichever way it ends. */
static void half_a_farewell_ends_it_with_an_answer(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    int fd = test_control_dial(self);
    subscribe(fd, 7, NULL);
    await_subscriptions(self, 1);
    tell_reload(self, "");
    tell_reload(self, "");
    assert_int_equal(test_control_read(self, fd, 2, &answer), 2);
    shutdown(fd, SHUT_WR);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    assert_int_equal(test_control_msgid(answer), 7);
    assert_int_equal(skad_answer_uint(skad_answer_at(answer, 3), "events"), 2);
    assert_true(test_control_hangs_up(self, fd));
    assert_int_equal(self->daemon->control->subscriptions_count, 0);
    close(fd);
}

static void the_ninth_of_a_client_is_refused(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    int fd = test_control_dial(self);
    for (uint64_t i = 0; i < 9; i++) {
        subscribe(fd, i, NULL);
    }
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    assert_int_equal(test_control_msgid(answer), 8);
    test_control_expect_error(answer, "busy");
    int other = test_control_dial(self);
    subscribe(other, 1, NULL);
    await_subscriptions(self, 9);
    close(fd);
    close(other);
    test_control_expect_healthy(self);
    await_subscriptions(self, 0);
}

/* Some 100 bytes each, and none of them is read: the buffers are full at some time. */
static void a_client_that_does_not_read_is_told_how_much_it_missed(void **state)
{
    test_control *self = *state;
    static const size_t told = 20000;
    uint64_t events = 0;
    uint64_t lost = 0;
    int fd = test_control_dial(self);
    subscribe(fd, 7, NULL);
    await_subscriptions(self, 1);
    for (size_t i = 0; i < told; i++) {
        tell_reload(self, "a long list of settings that have changed in the configuration");
    }
    assert_true(self->daemon->control->subscriptions[0].lost > 0);
    while (lost == 0) {
        skad_answer answer;
        (void)test_control_read(self, fd, 1, &answer);
        lost = skad_answer_uint(notice(answer, "event", 7), "count");
    }
    events = self->daemon->control->subscriptions[0].told;
    assert_int_equal(events - 1 + lost, told); /* the event `lost` is one itself */
    assert_int_equal(self->daemon->control->subscriptions[0].lost, 0);
    close(fd);
}

/* ---- The status ---- */

static void the_status_comes_at_once_and_then_every_so_often(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    const size_t timers = test_ev_timers_of(1.0);
    int fd = test_control_dial(self);
    test_control_send_number(fd, 7, "subscribe_status", 2);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    assert_true(skad_answer_uint(notice(answer, "status", 7), "api") == 1);
    assert_int_equal(test_ev_timers_of(1.0), timers + 1);

    /* too early */
    test_ev_timers_fire(self->loop, 1.0);
    assert_int_equal(self->daemon->control->subscriptions[0].told, 1);
    self->daemon->control->subscriptions[0].due_us -= 2 * SKAD_US_PER_S; /* later */
    test_ev_timers_fire(self->loop, 1.0);
    assert_int_equal(self->daemon->control->subscriptions[0].told, 2);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    (void)notice(answer, "status", 7);

    test_control_send_number(fd, 8, "unsubscribe", 7);
    assert_int_equal(test_control_read(self, fd, 2, &answer), 2);
    assert_int_equal(test_ev_timers_of(1.0), timers); /* no timer without need */
    close(fd);
}

/* Making it looks at the whole routing table. */
static void one_status_is_made_for_all_that_are_due(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    int fds[5];
    for (size_t i = 0; i < 5; i++) {
        fds[i] = test_control_dial(self);
        test_control_send_number(fds[i], i, "subscribe_status", 2);
        assert_int_equal(test_control_read(self, fds[i], 1, &answer), 1);
        self->daemon->control->subscriptions[i].due_us = 0;
    }
    made = 0;
    test_ev_timers_fire(self->loop, 1.0);
    assert_int_equal(made, 1);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(test_control_read(self, fds[i], 1, &answer), 1);
        assert_int_equal(skad_answer_bytes(notice(answer, "status", i), "id").len, 64);
        close(fds[i]);
    }
}

static void a_period_is_between_a_second_and_an_hour(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    int fd = test_control_dial(self);
    static const uint64_t wrong[] = {0, 3601};
    for (size_t i = 0; i < 2; i++) {
        test_control_send_number(fd, 7, "subscribe_status", wrong[i]);
        assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
        test_control_expect_error(answer, "params");
    }
    close(fd);
}

#define AT_DAEMON(test) cmocka_unit_test_setup_teardown(test, test_control_begin, test_control_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_DAEMON(events_are_told_until_the_subscription_ends),
        AT_DAEMON(only_the_kinds_that_were_asked_for_are_told),
        AT_DAEMON(half_a_farewell_ends_it_with_an_answer),
        AT_DAEMON(the_ninth_of_a_client_is_refused),
        AT_DAEMON(a_client_that_does_not_read_is_told_how_much_it_missed),
        AT_DAEMON(the_status_comes_at_once_and_then_every_so_often),
        AT_DAEMON(one_status_is_made_for_all_that_are_due),
        AT_DAEMON(a_period_is_between_a_second_and_an_hour),
    };
    return cmocka_run_group_tests_name("subscriptions", tests, NULL, NULL);
}
