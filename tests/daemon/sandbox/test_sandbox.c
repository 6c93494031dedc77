/* The sandbox, tried out in children: what is refused, what kills, what a daemon can still do. Each
 * child enters it, does one thing and tells by its exit code how that went. What there is to do is
 * in tests/support/sandbox_acts.h. */
#define _GNU_SOURCE /* syscall */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/keys.h"
#include "src/daemon/sandbox/sandbox.h"
#include "src/db/store_lmdb.h"
#include "tests/support/folder.h"
#include "tests/support/sandbox_acts.h"

typedef struct sandbox_case {
    const char *label;
    int (*act)(test_place *self);
    skad_sandbox wanted;
    int code;   /* what the child exits with; -1: it is killed by `signal` */
    int signal; /* 0: none */
} sandbox_case;

#define KILLED(what)                                                                               \
    {                                                                                              \
#what, test_act_##what, SKAD_SANDBOX_ON, -1, SIGSYS                                        \
    }
#define REFUSED(what)                                                                              \
    {                                                                                              \
#what, test_act_##what, SKAD_SANDBOX_ON, TEST_ACT_WAS_REFUSED, 0                           \
    }
#define ALLOWED(what)                                                                              \
    {                                                                                              \
#what, test_act_##what, SKAD_SANDBOX_ON, TEST_ACT_WENT_WELL, 0                             \
    }
#define LOGGED(what)                                                                               \
    {                                                                                              \
#what, test_act_##what, SKAD_SANDBOX_LOG, TEST_ACT_WENT_WELL, 0                            \
    }

static const sandbox_case cases[] = {
    ALLOWED(keep_files),
    ALLOWED(remove_control_socket),
    ALLOWED(send_to_itself),
    ALLOWED(run_threads),
    ALLOWED(resolve_localhost),
    ALLOWED(number_an_interface),
    ALLOWED(look_at_its_addresses),
    ALLOWED(set_up_descriptors),
    ALLOWED(answer_a_client),
    ALLOWED(store_and_close),
    ALLOWED(read_what_others_may),
    ALLOWED(has_few_descriptors),
    REFUSED(list_settings),
    REFUSED(read_outside),
    REFUSED(make_outside),
    REFUSED(remove_outside),
    REFUSED(list_outside),
    REFUSED(climb_out),
    REFUSED(reach_another_program),
    REFUSED(make_a_pair),
    REFUSED(control_a_device),
    REFUSED(signal_through_a_descriptor),
    REFUSED(command_a_descriptor),
    REFUSED(open_other_sockets),
    REFUSED(ask_about_itself),
    KILLED(become_another_program),
    KILLED(make_a_process),
    KILLED(trace),
    KILLED(open_a_raw_door),
    KILLED(write_and_execute),
    KILLED(make_executable),
    KILLED(raise_a_limit),
    KILLED(become_readable),
    KILLED(signal_its_parent),
    KILLED(leave_its_namespace),
    KILLED(make_a_folder),
    LOGGED(keep_files),
    LOGGED(read_outside),
    LOGGED(run_threads),
    LOGGED(reach_another_program),
    LOGGED(control_a_device),
    LOGGED(signal_through_a_descriptor),
    LOGGED(trace),
    LOGGED(make_a_process),
    {"a bug of ours", NULL, SKAD_SANDBOX_ON, -1, SIGABRT},
};

static bool open_store(test_place *self)
{
    static const uint8_t network[32] = {1};
    skad_store_lmdb_report report;
    char path[TEST_PLACE_PATH_BYTES + 16];
    (void)snprintf(path, sizeof path, "%s/records.db", self->dir);
    const skad_store_lmdb_config config = {
        .path = path,
        .network = network,
        .caps = {100, 1 << 20, 10, 1 << 16},
        .now_unix_s = TEST_PLACE_UNIX_S,
    };
    return skad_store_lmdb_open(&config, &self->store, &report) == SKAD_OK;
}

static int enter_and_act(test_place *self, const sandbox_case *one)
{
    const skad_sandbox_config config = {
        .wanted = one->wanted,
        .dir = self->dir,
        .control_path = self->control,
        .log = skad_log_stderr(SKAD_LOG_NOTHING),
    };
    skad_sandbox_guard_secrets();
    if (!open_store(self)) {
        return TEST_ACT_FAILED_OTHERWISE;
    }
    if (skad_sandbox_enter(&config) != one->wanted) {
        return TEST_ACT_HAS_NO_SANDBOX;
    }
    if (one->act == NULL) {
        abort();
    }
    return one->act(self);
}

static int in_child(test_place *self, const sandbox_case *one)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        _exit(enter_and_act(self, one));
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
}

/* What other programs of the user have. */
static void open_door(test_place *self)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int len = snprintf(name.sun_path, sizeof name.sun_path, "%.90s/outside/door", self->base);
    assert_true(len > 0 && (size_t)len < sizeof name.sun_path);
    self->door_name = name;
    self->door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    self->client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(self->door, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(listen(self->door, 8), 0);
    assert_int_equal(connect(self->client, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(send(self->client, "x", 1, 0), 1);
}

static int make_place(void **state)
{
    test_place *made = calloc(1, sizeof *made);
    assert_non_null(made);
    test_folder_make(made->base, sizeof made->base);
    (void)snprintf(made->dir, sizeof made->dir, "%s/node", made->base);
    (void)snprintf(made->outside, sizeof made->outside, "%s/outside", made->base);
    (void)snprintf(made->run, sizeof made->run, "%s/run", made->base);
    (void)snprintf(made->inside_file, sizeof made->inside_file, "%s/node/file", made->base);
    (void)snprintf(made->outside_file, sizeof made->outside_file, "%s/outside/file", made->base);
    (void)snprintf(made->control, sizeof made->control, "%s/run/control.sock", made->base);
    assert_int_equal(mkdir(made->dir, 0700), 0);
    assert_int_equal(mkdir(made->outside, 0700), 0);
    assert_int_equal(mkdir(made->run, 0700), 0);
    open_door(made);
    *state = made;
    return 0;
}

static int remove_place(void **state)
{
    test_place *self = *state;
    /* Files before their folders. */
    const char *const names[] = {"node/records.db",
                                 "node/records.db-lock",
                                 "node/file",
                                 "node/folder",
                                 "node",
                                 "outside/file",
                                 "outside/new",
                                 "outside/door",
                                 "outside",
                                 "run/control.sock",
                                 "run"};
    char path[TEST_PLACE_PATH_BYTES];
    (void)close(self->door);
    (void)close(self->client);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", self->base, names[i]);
        (void)remove(path);
    }
    int left = rmdir(self->base);
    free(self);
    return left;
}

/* Asked in another way than the sandbox does it, so that one which fails is not taken for one that
 * is not to be had. */
static bool kernel_has_one(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0UL, 1UL) > 0 &&
           prctl(PR_GET_SECCOMP, 0L, 0L, 0L, 0L) >= 0;
}

static void check_case(test_place *self, const sandbox_case *one)
{
    make_file(self->outside_file);
    make_file(self->control);
    int status = in_child(self, one);
    if (WIFEXITED(status) && WEXITSTATUS(status) == TEST_ACT_HAS_NO_SANDBOX && !kernel_has_one()) {
        print_message("%s: this kernel has no such sandbox\n", one->label);
        skip();
    }
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    int killed_by = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (code != one->code || killed_by != one->signal) {
        fail_msg("%s (%s): exit code %d instead of %d, signal %d instead of %d", one->label,
                 skad_sandbox_name(one->wanted), code, one->code, killed_by, one->signal);
    }
}

static void a_daemon_can_do_its_work_and_nothing_else(void **state)
{
    if (!skad_sandbox_built()) {
        skip();
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_case(*state, &cases[i]);
    }
}

static void secrets_are_guarded_and_privileges_given_up(void **state)
{
    static const sandbox_case look = LOGGED(look_at_guards);
    if (!skad_sandbox_built()) {
        skip();
    }
    check_case(*state, &look);
}

static void nothing_changes_where_it_is_off(void **state)
{
    static const sandbox_case free_cases[] = {
        {"read_outside", test_act_read_outside, SKAD_SANDBOX_OFF, TEST_ACT_WENT_WELL, 0},
        {"make_a_process", test_act_make_a_process, SKAD_SANDBOX_OFF, TEST_ACT_WENT_WELL, 0},
    };
    for (size_t i = 0; i < sizeof free_cases / sizeof free_cases[0]; i++) {
        check_case(*state, &free_cases[i]);
    }
}

static void three_of_its_names_can_be_asked_for(void **state)
{
    (void)state;
    skad_sandbox sandbox = SKAD_SANDBOX_OFF;
    assert_true(skad_sandbox_parse("on", &sandbox));
    assert_int_equal(sandbox, SKAD_SANDBOX_ON);
    assert_true(skad_sandbox_parse("log", &sandbox));
    assert_int_equal(sandbox, SKAD_SANDBOX_LOG);
    assert_true(skad_sandbox_parse("off", &sandbox));
    assert_int_equal(sandbox, SKAD_SANDBOX_OFF);
    assert_false(skad_sandbox_parse("partial", &sandbox));
    assert_false(skad_sandbox_parse("", &sandbox));
    assert_string_equal(skad_sandbox_name(SKAD_SANDBOX_PARTIAL), "partial");
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(a_daemon_can_do_its_work_and_nothing_else),
        IN_PLACE(secrets_are_guarded_and_privileges_given_up),
        IN_PLACE(nothing_changes_where_it_is_off),
        cmocka_unit_test(three_of_its_names_can_be_asked_for),
    };
    skad_crypto_init();
    return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
