/* What the sandbox comes to where parts of it do not work. The linker hands its steps to this test,
 * and nothing of it comes into force. */
#define _GNU_SOURCE /* __rlimit_resource_t */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "src/daemon/sandbox/sandbox.h"
#include "src/daemon/sandbox/sandbox_calls.h"
#include "src/daemon/sandbox/sandbox_files.h"
#include "tests/support/log_lines.h"

bool __wrap_skad_sandbox_close_files(const skad_sandbox_config *config);
int __wrap_skad_sandbox_close_calls(bool log_only);
int __wrap_prctl(int option, ...);
int __wrap_setrlimit(__rlimit_resource_t resource, const struct rlimit *limit);
int __wrap_getrlimit(__rlimit_resource_t resource, struct rlimit *limit);

static struct {
    bool has_files;
    bool has_calls;
    bool has_privileges;
    unsigned closed_files;
    unsigned closed_calls;
    bool logs;
    bool gave_up_privileges;
    bool undumpable;
    struct rlimit limits[16];
} kernel;

bool __wrap_skad_sandbox_close_files(const skad_sandbox_config *config)
{
    assert_string_equal(config->dir, "the folder");
    assert_string_equal(config->control_path, "the socket");
    assert_true(kernel.gave_up_privileges);
    kernel.closed_files++;
    errno = EOPNOTSUPP;
    return kernel.has_files;
}

int __wrap_skad_sandbox_close_calls(bool log_only)
{
    assert_true(kernel.gave_up_privileges);
    kernel.closed_calls++;
    kernel.logs = log_only;
    return kernel.has_calls ? 0 : EINVAL;
}

int __wrap_prctl(int option, ...)
{
    va_list arguments;
    va_start(arguments, option);
    long value = va_arg(arguments, long);
    va_end(arguments);
    kernel.gave_up_privileges |= option == PR_SET_NO_NEW_PRIVS && value == 1;
    kernel.undumpable |= option == PR_SET_DUMPABLE && value == 0;
    errno = ENOSYS;
    return kernel.has_privileges ? 0 : -1;
}

int __wrap_getrlimit(__rlimit_resource_t resource, struct rlimit *limit)
{
    *limit = kernel.limits[resource];
    return 0;
}

int __wrap_setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
    kernel.limits[resource] = *limit;
    return 0;
}

static void make_kernel(bool files, bool calls, bool privileges)
{
    memset(&kernel, 0, sizeof kernel);
    kernel.has_files = files;
    kernel.has_calls = calls;
    kernel.has_privileges = privileges;
}

static const char NO_FILES[] = " warning: sandbox: files are not closed off";
static const char NO_CALLS[] = " warning: sandbox: system calls are not closed off";
static const char NONE[] = " warning: sandbox: this kernel has none: ";

static void what_works_is_used_and_what_does_not_is_told(void **state)
{
    (void)state;
    static const struct {
        skad_sandbox wanted;
        bool files;
        bool calls;
        bool privileges;
        skad_sandbox got;
        const char *lines[2]; /* NULL: none */
    } cases[] = {
        {SKAD_SANDBOX_ON, true, true, true, SKAD_SANDBOX_ON, {NULL}},
        {SKAD_SANDBOX_ON, false, true, true, SKAD_SANDBOX_PARTIAL, {NO_FILES}},
        {SKAD_SANDBOX_ON, true, false, true, SKAD_SANDBOX_PARTIAL, {NO_CALLS}},
        {SKAD_SANDBOX_ON, false, false, true, SKAD_SANDBOX_OFF, {NO_FILES, NO_CALLS}},
        {SKAD_SANDBOX_ON, true, true, false, SKAD_SANDBOX_OFF, {NONE}},
        {SKAD_SANDBOX_LOG, true, true, true, SKAD_SANDBOX_LOG, {NULL}},
        {SKAD_SANDBOX_LOG, true, false, true, SKAD_SANDBOX_OFF, {NO_CALLS}},
        {SKAD_SANDBOX_LOG, true, true, false, SKAD_SANDBOX_OFF, {NONE}},
        {SKAD_SANDBOX_OFF, true, true, true, SKAD_SANDBOX_OFF, {NULL}},
    };
    static test_log log;
    if (!skad_sandbox_built()) {
        skip();
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const skad_sandbox_config config = {.wanted = cases[i].wanted,
                                            .dir = "the folder",
                                            .control_path = "the socket",
                                            .log = skad_log_stderr(SKAD_LOG_INFO)};
        make_kernel(cases[i].files, cases[i].calls, cases[i].privileges);
        test_log_begin(&log);
        skad_sandbox got = skad_sandbox_enter(&config);
        test_log_end(&log);
        assert_int_equal(got, cases[i].got);
        size_t lines = 0;
        for (size_t j = 0; j < 2 && cases[i].lines[j] != NULL; j++) {
            assert_int_equal(test_log_count(&log, cases[i].lines[j]), 1);
            lines++;
        }
        assert_int_equal(test_log_count(&log, ""), lines);
        bool begun = cases[i].wanted != SKAD_SANDBOX_OFF && cases[i].privileges;
        assert_int_equal(kernel.closed_calls, begun);
        assert_int_equal(kernel.closed_files, begun && cases[i].wanted == SKAD_SANDBOX_ON);
        assert_int_equal(kernel.logs, begun && cases[i].wanted == SKAD_SANDBOX_LOG);
    }
}

static void descriptors_are_limited_and_never_raised(void **state)
{
    (void)state;
    const skad_sandbox_config config = {.wanted = SKAD_SANDBOX_ON,
                                        .dir = "the folder",
                                        .control_path = "the socket",
                                        .log = skad_log_stderr(SKAD_LOG_NOTHING)};
    static const struct {
        rlim_t cur;
        rlim_t max;
        rlim_t cur_after;
        rlim_t max_after;
    } cases[] = {
        {100, 200, 100, 200},
        {1024, 1048576, 256, 256},
        {65536, RLIM_INFINITY, 256, 256},
    };
    if (!skad_sandbox_built()) {
        skip();
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_kernel(true, true, true);
        kernel.limits[RLIMIT_NOFILE] = (struct rlimit){cases[i].cur, cases[i].max};
        assert_int_equal(skad_sandbox_enter(&config), SKAD_SANDBOX_ON);
        assert_int_equal(kernel.limits[RLIMIT_NOFILE].rlim_cur, cases[i].cur_after);
        assert_int_equal(kernel.limits[RLIMIT_NOFILE].rlim_max, cases[i].max_after);
    }
}

static void secrets_are_in_no_dump_and_for_no_debugger(void **state)
{
    (void)state;
    if (!skad_sandbox_built()) {
        skip();
    }
    make_kernel(true, true, true);
    kernel.limits[RLIMIT_CORE] = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
    skad_sandbox_guard_secrets();
    assert_int_equal(kernel.limits[RLIMIT_CORE].rlim_cur, 0);
    assert_int_equal(kernel.limits[RLIMIT_CORE].rlim_max, 0);
    assert_true(kernel.undumpable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_works_is_used_and_what_does_not_is_told),
        cmocka_unit_test(descriptors_are_limited_and_never_raised),
        cmocka_unit_test(secrets_are_in_no_dump_and_for_no_debugger),
    };
    return cmocka_run_group_tests_name("sandbox_enter", tests, NULL, NULL);
}
