/* A network in one process, and one daemon in the foreground, until a signal ends them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/keys.h"
#include "proto/address.h"
#include "proto/profile.h"
#include "src/daemon/app/foreground.h"
#include "src/daemon/app/testnet.h"
#include "src/daemon/system/signals.h"
#include "src/host/system/clock.h"
#include "tests/support/daemon_process.h"
#include "tests/support/failing_allocation.h"
#include "tests/support/folder.h"
#include "tests/support/log_lines.h"

#define NODES 5

void __real_skad_signals_start(skad_signals *signals, struct ev_loop *loop);
void __wrap_skad_signals_start(skad_signals *signals, struct ev_loop *loop);

static int at_once; /* a signal that comes as soon as it is awaited; 0: none */

void __wrap_skad_signals_start(skad_signals *signals, struct ev_loop *loop)
{
    __real_skad_signals_start(signals, loop);
    if (at_once != 0) {
        assert_int_equal(raise(at_once), 0);
    }
}

typedef struct desk {
    char dir[64];
    skad_testnet_config config;
    skad_failure failure;
    unsigned nodes;
    unsigned ready;
    uint16_t first_port;
    bool named_right;
} desk;

static void on_node(void *user, const char *address, const char *control_path)
{
    desk *self = user;
    skad_address parsed;
    char expected[100];
    (void)snprintf(expected, sizeof expected, "%s/node-%u.sock", self->dir, self->nodes);
    assert_true(skad_address_parse(address, &parsed));
    self->first_port = self->nodes == 0 ? parsed.port : self->first_port;
    self->named_right =
        self->named_right && strcmp(control_path, expected) == 0 &&
        access(control_path, F_OK) == 0 && parsed.ip[0] == 127 &&
        (self->config.base_port == 0 || parsed.port == self->config.base_port + self->nodes);
    self->nodes++;
}

static void on_ready(void *user)
{
    desk *self = user;
    self->ready++;
    assert_int_equal(raise(SIGTERM), 0);
}

static int begin(void **state)
{
    static desk made;
    made = (desk){.named_right = true};
    test_folder_make(made.dir, sizeof made.dir);
    made.config = (skad_testnet_config){.nodes = NODES,
                                        .profile = skad_profile_builtin("test"),
                                        .dir = made.dir,
                                        .node = on_node,
                                        .ready = on_ready,
                                        .user = &made};
    at_once = 0;
    *state = &made;
    return 0;
}

static int end(void **state)
{
    const desk *self = *state;
    daemon_remove_dir(self->dir);
    return access(self->dir, F_OK) == 0 ? -1 : 0;
}

static unsigned files_in(const char *dir, const char *ending)
{
    unsigned count = 0;
    DIR *folder = opendir(dir);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        const char *dot = strrchr(entry->d_name, '.');
        count += dot != NULL && strcmp(dot, ending) == 0;
    }
    closedir(folder);
    return count;
}

static void must_run(desk *self)
{
    if (!skad_testnet_run(&self->config, &self->failure)) {
        fail_msg("%s", self->failure.text);
    }
}

static void all_nodes_join_and_a_signal_ends_them(void **state)
{
    desk *self = *state;
    must_run(self);
    assert_int_equal(self->nodes, NODES);
    assert_int_equal(self->ready, 1);
    assert_true(self->named_right);
    assert_int_equal(rmdir(self->dir), 0); /* nothing was left */
}

static void nodes_that_are_kept_come_back(void **state)
{
    desk *self = *state;
    self->config.keep = true;
    for (unsigned run = 1; run <= 2; run++) {
        self->nodes = 0;
        must_run(self);
        assert_int_equal(self->nodes, NODES);
        assert_int_equal(self->ready, run);
        assert_int_equal(files_in(self->dir, ".identity"), NODES);
        assert_int_equal(files_in(self->dir, ".peers"), NODES);
        assert_int_equal(files_in(self->dir, ".db"), NODES);
        assert_int_equal(files_in(self->dir, ".sock"), 0);
    }
}

static void ports_follow_the_first(void **state)
{
    desk *self = *state;
    self->config.nodes = 2;
    self->config.base_port = daemon_free_port();
    bool ran = skad_testnet_run(&self->config, &self->failure);
    if (!ran) { /* the port behind it is taken by another program */
        assert_non_null(strstr(self->failure.text, "is in use by another program"));
        skip();
    }
    assert_int_equal(self->first_port, self->config.base_port);
    assert_true(self->named_right);
}

static void a_node_that_cannot_start_ends_all(void **state)
{
    desk *self = *state;
    char missing[100];
    (void)snprintf(missing, sizeof missing, "%s/none", self->dir);
    self->config.dir = missing;
    assert_false(skad_testnet_run(&self->config, &self->failure));
    assert_non_null(strstr(self->failure.text, "its folder does not exist"));
    assert_int_equal(self->nodes, 0);
}

static void without_memory_no_node_starts(void **state)
{
    desk *self = *state;
    test_allocation_fail(1);
    assert_false(skad_testnet_run(&self->config, &self->failure));
    assert_true(test_allocation_failed());
    assert_string_equal(self->failure.text, "out of memory");
    assert_int_equal(self->nodes, 0);
}

/* ---- In the foreground ---- */

static bool identify(void *user, const atomic_bool *stop, skad_identity *out, skad_failure *failure)
{
    (void)stop;
    (void)user;
    (void)failure;
    const skad_solve_options options = {.threads = 1};
    const skad_profile *profile = skad_profile_builtin("test");
    uint32_t epoch = skad_profile_epoch(profile, skad_clock_now().unix_s);
    return skad_identity_generate(profile, epoch, &options, out) == SKAD_OK;
}

static bool identify_fails(void *user, const atomic_bool *stop, skad_identity *out,
                           skad_failure *failure)
{
    (void)stop;
    (void)user;
    (void)out;
    return skad_fail(failure, "no identity");
}

static void a_signal_ends_a_daemon_and_is_named(void **state)
{
    static const struct {
        int signal;
        const char *line;
    } cases[] = {{SIGINT, " info: stopping on SIGINT"}, {SIGTERM, " info: stopping on SIGTERM"}};
    static test_log log;
    desk *self = *state;
    const skad_address listen = {.family = SKAD_FAMILY_IPV4, .ip = {127, 0, 0, 1}};
    char control[100];
    (void)snprintf(control, sizeof control, "%s/control.sock", self->dir);
    skad_daemon_config config = {.profile = skad_profile_builtin("test"),
                                 .identify = identify,
                                 .control_path = control,
                                 .listen = &listen,
                                 .listen_count = 1,
                                 .log = skad_log_stderr(SKAD_LOG_INFO)};
    for (size_t i = 0; i < 2; i++) {
        at_once = cases[i].signal;
        test_log_begin(&log);
        bool ran = skad_run_foreground(&config, NULL, &self->failure);
        test_log_end(&log);
        assert_true(ran);
        assert_int_equal(test_log_count(&log, cases[i].line), 1);
        assert_int_equal(test_log_count(&log, " info: listening on 127.0.0.1:"), 1);
        assert_int_equal(test_log_count(&log, control), 1);
        assert_int_not_equal(access(control, F_OK), 0);
    }
    at_once = 0;
    config.identify = identify_fails;
    assert_false(skad_run_foreground(&config, NULL, &self->failure));
    assert_string_equal(self->failure.text, "no identity");
}

#define AT_DESK(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    skad_crypto_init();
    const struct CMUnitTest tests[] = {
        AT_DESK(all_nodes_join_and_a_signal_ends_them),
        AT_DESK(nodes_that_are_kept_come_back),
        AT_DESK(ports_follow_the_first),
        AT_DESK(a_node_that_cannot_start_ends_all),
        AT_DESK(without_memory_no_node_starts),
        AT_DESK(a_signal_ends_a_daemon_and_is_named),
    };
    return cmocka_run_group_tests_name("testnet", tests, NULL, NULL);
}
