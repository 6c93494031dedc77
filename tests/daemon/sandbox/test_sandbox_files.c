/* The rules of files, as the kernel is told them: the linker hands system calls to this test, which
 * is a kernel with whatever version of landlock. The figures are those of linux/landlock.h. */
#define _GNU_SOURCE /* O_PATH */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/landlock.h>

#include "src/daemon/sandbox/sandbox_files.h"

#define RULES_MAX 64

/* Bits 0 to 12 are of the first version; renaming from folder to folder came with the second,
 * emptying files with the third. */
#define EXECUTE     0x1ULL
#define WRITE_FILE  0x2ULL
#define READ_FILE   0x4ULL
#define READ_DIR    0x8ULL
#define REMOVE_FILE 0x20ULL
#define MAKE_REG    0x100ULL
#define ALL_OF_V1   0x1fffULL
#define REFER       0x2000ULL
#define TRUNCATE    0x4000ULL

long __wrap_syscall(long number, ...);

typedef struct rule {
    char path[PATH_MAX];
    uint64_t rights;
} rule;

static struct {
    long version; /* negative: there is no landlock */
    bool refuses; /* the last step */
    uint64_t handled;
    rule rules[RULES_MAX];
    size_t rules_count;
    unsigned restricted;
    int ruleset;
} kernel;

static long add_rule(const struct landlock_path_beneath_attr *about)
{
    char link[64];
    assert_true(kernel.rules_count < RULES_MAX);
    rule *made = &kernel.rules[kernel.rules_count++];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", (int)about->parent_fd);
    ssize_t len = readlink(link, made->path, sizeof made->path - 1);
    assert_true(len > 0);
    made->path[len] = '\0';
    made->rights = about->allowed_access;
    return 0;
}

long __wrap_syscall(long number, ...)
{
    va_list arguments;
    va_start(arguments, number);
    long result = -1;
    if (number == SYS_landlock_create_ruleset) {
        const struct landlock_ruleset_attr *about =
            va_arg(arguments, const struct landlock_ruleset_attr *);
        if (about == NULL) {
            errno = EOPNOTSUPP;
            result = kernel.version;
        } else {
            kernel.handled = about->handled_access_fs;
            kernel.ruleset = open("/dev/null", O_RDONLY | O_CLOEXEC);
            result = kernel.ruleset;
        }
    } else if (number == SYS_landlock_add_rule) {
        assert_int_equal(va_arg(arguments, int), kernel.ruleset);
        assert_int_equal(va_arg(arguments, int), LANDLOCK_RULE_PATH_BENEATH);
        result = add_rule(va_arg(arguments, const struct landlock_path_beneath_attr *));
    } else if (number == SYS_landlock_restrict_self) {
        kernel.restricted++;
        errno = EPERM;
        result = kernel.refuses ? -1 : 0;
    }
    va_end(arguments);
    return result;
}

typedef struct place {
    char dir[64];
    char control[96];
} place;

static int set_up(void **state)
{
    static place made;
    const char *base = getenv("TMPDIR");
    char real[PATH_MAX];
    (void)snprintf(made.dir, sizeof made.dir, "%.40s/skad-test-XXXXXX",
                   realpath(base != NULL ? base : "/tmp", real));
    assert_non_null(mkdtemp(made.dir));
    (void)snprintf(made.control, sizeof made.control, "%s/run/control.sock", made.dir);
    memset(&kernel, 0, sizeof kernel);
    char run[96];
    (void)snprintf(run, sizeof run, "%s/run", made.dir);
    *state = &made;
    return mkdir(run, 0700);
}

static int tear_down(void **state)
{
    const place *self = *state;
    char run[96];
    (void)snprintf(run, sizeof run, "%s/run", self->dir);
    (void)rmdir(run);
    return rmdir(self->dir);
}

static bool close_files(const char *dir, const char *control, const char *settings)
{
    return skad_sandbox_close_files(
        &(skad_sandbox_config){.dir = dir, .control_path = control, .settings_path = settings});
}

static uint64_t rights_of(const char *path)
{
    for (size_t i = 0; i < kernel.rules_count; i++) {
        if (strcmp(kernel.rules[i].path, path) == 0) {
            return kernel.rules[i].rights;
        }
    }
    return 0;
}

/* A bare chroot has no /sys, and what is missing has no rule. */
static uint64_t where_it_is(const char *path, uint64_t rights)
{
    return access(path, F_OK) == 0 ? rights : 0;
}

static void each_version_is_asked_for_all_that_it_can_refuse(void **state)
{
    static const struct {
        long version;
        uint64_t handled;
        uint64_t of_dir; /* what a node may do in its folder */
    } cases[] = {
        {1, ALL_OF_V1, WRITE_FILE | READ_FILE | READ_DIR | REMOVE_FILE | MAKE_REG},
        {2, ALL_OF_V1 | REFER, WRITE_FILE | READ_FILE | READ_DIR | REMOVE_FILE | MAKE_REG},
        {3, ALL_OF_V1 | REFER | TRUNCATE,
         WRITE_FILE | READ_FILE | READ_DIR | REMOVE_FILE | MAKE_REG | TRUNCATE},
        {9, ALL_OF_V1 | REFER | TRUNCATE,
         WRITE_FILE | READ_FILE | READ_DIR | REMOVE_FILE | MAKE_REG | TRUNCATE},
    };
    const place *self = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(&kernel, 0, sizeof kernel);
        kernel.version = cases[i].version;
        assert_true(close_files(self->dir, self->control, NULL));
        assert_int_equal(kernel.handled, cases[i].handled);
        assert_int_equal(rights_of(self->dir), cases[i].of_dir);
        assert_int_equal(kernel.restricted, 1);
    }
}

/* Nothing but the node's own folder can be written, and in the control socket's folder files can
 * be removed. */
static void all_else_is_read_only(void **state)
{
    const place *self = *state;
    char run[96];
    (void)snprintf(run, sizeof run, "%s/run", self->dir);
    kernel.version = 3;
    assert_true(close_files(self->dir, self->control, NULL));
    for (size_t i = 0; i < kernel.rules_count; i++) {
        const rule *one = &kernel.rules[i];
        if (strcmp(one->path, self->dir) == 0) {
            continue;
        }
        if (strcmp(one->path, run) == 0) {
            assert_int_equal(one->rights, REMOVE_FILE);
        } else if ((one->rights & ~(READ_FILE | READ_DIR)) != 0) {
            fail_msg("%s: rights %llx", one->path, (unsigned long long)one->rights);
        }
    }
    /* A file cannot be listed, and the kernel refuses a rule that says so. */
    assert_int_equal(rights_of("/proc/stat"), where_it_is("/proc/stat", READ_FILE));
    assert_int_equal(rights_of("/dev/urandom"), where_it_is("/dev/urandom", READ_FILE));
    assert_int_equal(rights_of("/sys/devices/system/cpu"),
                     where_it_is("/sys/devices/system/cpu", READ_FILE | READ_DIR));
    assert_int_equal(rights_of("/etc"), READ_FILE); /* its files, replaced ones too, but no list */
    assert_int_equal(rights_of("/etc/hosts"), 0);
    assert_int_equal(rights_of("/run"), 0);
    assert_int_equal(rights_of("/"), 0);
}

/* As a gateway, which has no folder and removes no socket. */
static void without_a_folder_nothing_can_be_changed_anywhere(void **state)
{
    (void)state;
    kernel.version = 3;
    assert_true(close_files(NULL, NULL, NULL));
    assert_int_equal(kernel.restricted, 1);
    assert_true(kernel.rules_count > 0);
    for (size_t i = 0; i < kernel.rules_count; i++) {
        assert_int_equal(kernel.rules[i].rights & ~(READ_FILE | READ_DIR), 0);
    }
}

static void a_kernel_without_landlock_is_told(void **state)
{
    const place *self = *state;
    kernel.version = -1;
    assert_false(close_files(self->dir, self->control, NULL));
    assert_int_equal(errno, EOPNOTSUPP);
    assert_int_equal(kernel.restricted, 0);
}

static void rules_that_do_not_come_into_force_are_told(void **state)
{
    const place *self = *state;
    kernel.version = 3;
    kernel.refuses = true;
    assert_false(close_files(self->dir, self->control, NULL));
    assert_int_equal(errno, EPERM);
    assert_int_equal(fcntl(kernel.ruleset, F_GETFD), -1); /* it is closed */
}

static void a_folder_that_does_not_exist_yet_is_left_out(void **state)
{
    const place *self = *state;
    char missing[128];
    (void)snprintf(missing, sizeof missing, "%s/none/control.sock", self->dir);
    kernel.version = 1;
    assert_true(close_files(self->dir, missing, NULL));
    assert_int_equal(kernel.restricted, 1);
}

static void a_control_socket_without_folder_lies_in_the_working_one(void **state)
{
    const place *self = *state;
    char here[PATH_MAX];
    kernel.version = 1;
    assert_non_null(getcwd(here, sizeof here));
    assert_true(close_files(self->dir, "control.sock", NULL));
    assert_int_equal(rights_of(here), REMOVE_FILE);
    memset(&kernel, 0, sizeof kernel);
    kernel.version = 1;
    assert_true(close_files(self->dir, "/control.sock", NULL));
    assert_int_equal(rights_of("/"), REMOVE_FILE);
}

static void the_folder_of_the_configuration_may_be_read(void **state)
{
    const place *self = *state;
    char path[128];
    char folder[128];
    (void)snprintf(path, sizeof path, "%s/run/skad.conf", self->dir);
    (void)snprintf(folder, sizeof folder, "%s/run", self->dir);
    kernel.version = 1;
    assert_true(close_files(self->dir, "/control.sock", path));
    assert_int_equal(rights_of(folder), READ_FILE | READ_DIR);
    memset(&kernel, 0, sizeof kernel);
    kernel.version = 1; /* a home is not the configuration's own */
    assert_int_equal(setenv("HOME", folder, 1), 0);
    assert_true(close_files(self->dir, "/control.sock", path));
    for (size_t i = 0; i < kernel.rules_count; i++) {
        assert_string_not_equal(kernel.rules[i].path, folder);
    }
    memset(&kernel, 0, sizeof kernel);
    kernel.version = 1;
    assert_true(close_files(self->dir, self->control, "/etc/no/such/folder/skad.conf"));
    assert_int_equal(kernel.restricted, 1);
}

#define AT_PLACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_PLACE(each_version_is_asked_for_all_that_it_can_refuse),
        AT_PLACE(all_else_is_read_only),
        AT_PLACE(without_a_folder_nothing_can_be_changed_anywhere),
        AT_PLACE(a_kernel_without_landlock_is_told),
        AT_PLACE(rules_that_do_not_come_into_force_are_told),
        AT_PLACE(a_folder_that_does_not_exist_yet_is_left_out),
        AT_PLACE(the_folder_of_the_configuration_may_be_read),
        AT_PLACE(a_control_socket_without_folder_lies_in_the_working_one),
    };
    return cmocka_run_group_tests_name("sandbox_files", tests, NULL, NULL);
}
