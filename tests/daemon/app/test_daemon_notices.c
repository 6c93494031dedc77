/* What subscribers are told of samples: each change once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/daemon/app/daemon_inside.h"
#include "src/daemon/control/control_inside.h"
#include "tests/support/control.h"
#include "tests/support/file_client.h"

static test_file_client client;
static skad_health_report health;
static skad_node_stats stats;

static int begin(void **state)
{
    if (test_control_begin(state) != 0) {
        return -1;
    }
    test_control *self = *state;
    uint8_t bytes[512];
    test_file_client_open(self, &client);
    skad_writer writer = test_control_request(bytes, 7, "subscribe_events", 0);
    test_control_send_request(client.fd, &writer);
    for (int i = 0; i < 1000 && self->daemon->control->subscriptions_count == 0; i++) {
        ev_run(self->loop, EVRUN_NOWAIT);
    }
    assert_int_equal(self->daemon->control->subscriptions_count, 1);
    memset(&self->daemon->noticed, 0, sizeof self->daemon->noticed);
    memset(&health, 0, sizeof health);
    memset(&stats, 0, sizeof stats);
    return 0;
}

static int end(void **state)
{
    test_file_client_close(&client);
    return test_control_end(state);
}

static void sample(const test_control *self)
{
    skad_daemon_notice_sample(self->daemon, &health, &stats);
}

/* The next event that is of this test's making: the daemon's own health may change meanwhile. */
static skad_answer next_of(const char *kind)
{
    test_file_message message;
    char text[32];
    do {
        test_file_client_next(&client, &message);
        assert_string_equal(message.name, "event");
        skad_answer_line(skad_answer_get(message.value, "kind"), text, sizeof text);
    } while (strcmp(text, kind) != 0);
    return message.value;
}

static uint64_t told(const test_control *self)
{
    return self->daemon->control->subscriptions[0].told;
}

static void a_verdict_that_changes_is_told_once(void **state)
{
    test_control *self = *state;
    const uint64_t before = told(self);
    char text[32];
    sample(self);
    assert_int_equal(told(self), before);
    health.verdict = SKAD_HEALTH_FAILING;
    health.checks[0].state = SKAD_HEALTH_FAILING;
    (void)strcpy(health.checks[0].text, "no peer answers");
    sample(self);
    sample(self);
    assert_int_equal(told(self), before + 1);
    skad_answer event = next_of("health");
    skad_answer_line(skad_answer_get(event, "verdict"), text, sizeof text);
    assert_string_equal(text, "failing");
    skad_answer_line(skad_answer_get(event, "before"), text, sizeof text);
    assert_string_equal(text, "ok");
    assert_int_equal(skad_answer_count(skad_answer_get(event, "reasons")), 1);
    health.verdict = SKAD_HEALTH_OK;
    sample(self);
    assert_int_equal(told(self), before + 2);
}

static void a_store_that_fails_and_recovers_is_told_each_time(void **state)
{
    test_control *self = *state;
    const uint64_t before = told(self);
    char text[64];
    stats.store.error = ENOSPC;
    stats.store.failures = 3;
    sample(self);
    sample(self);
    skad_answer event = next_of("store_failure");
    skad_answer_line(skad_answer_get(event, "error"), text, sizeof text);
    assert_string_equal(text, strerror(ENOSPC));
    assert_int_equal(skad_answer_uint(event, "failures"), 3);
    stats.store.error = 0;
    sample(self);
    assert_int_equal(skad_answer_uint(next_of("store_recovered"), "failures"), 3);
    assert_int_equal(told(self), before + 2);
}

static void bans_are_told_when_they_begin_and_end(void **state)
{
    test_control *self = *state;
    const skad_ban ban = {.scope = SKAD_BAN_PREFIX,
                          .address = {.family = SKAD_FAMILY_IPV4, .ip = {192, 0, 2, 0}},
                          .prefix_bits = 24};
    char text[64];
    skad_node *node = self->daemon->driver.node;
    assert_int_equal(skad_node_ban(node, &ban, 60, *self->daemon->driver.now), SKAD_OK);
    sample(self);
    sample(self);
    skad_answer_line(skad_answer_get(next_of("ban"), "subject"), text, sizeof text);
    assert_string_equal(text, "192.0.2.0/24");
    assert_true(skad_node_unban(node, &ban));
    const uint64_t before = told(self);
    sample(self);
    assert_int_equal(told(self), before + 1);
    (void)next_of("unban");
}

static void what_the_node_and_the_configuration_do_is_told(void **state)
{
    test_control *self = *state;
    char text[64];
    skad_daemon_notice_event(self->daemon, &(skad_event){.kind = SKAD_EVENT_JOINED});
    assert_int_equal(skad_answer_uint(next_of("joined"), "peers"), 0);
    const skad_event twin = {
        .kind = SKAD_EVENT_TWIN,
        .u.twin = {.family = SKAD_FAMILY_IPV4, .ip = {192, 0, 2, 1}, .port = 80}};
    skad_daemon_notice_event(self->daemon, &twin);
    skad_answer_line(skad_answer_get(next_of("twin"), "address"), text, sizeof text);
    assert_string_equal(text, "192.0.2.1:80");
    skad_daemon_notice_reload(self->daemon, NULL, "line 3: no such key");
    skad_answer_line(skad_answer_get(next_of("reload"), "refused"), text, sizeof text);
    assert_string_equal(text, "line 3: no such key");
}

#define AT_DAEMON(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_DAEMON(a_verdict_that_changes_is_told_once),
        AT_DAEMON(a_store_that_fails_and_recovers_is_told_each_time),
        AT_DAEMON(bans_are_told_when_they_begin_and_end),
        AT_DAEMON(what_the_node_and_the_configuration_do_is_told),
    };
    return cmocka_run_group_tests_name("notices of the daemon", tests, NULL, NULL);
}
