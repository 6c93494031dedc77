/* Claiming the file of a database, and moving another one out of the way. Locking and waiting are
 * what the test says they are. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "src/db/claim.h"
#include "tests/support/folder.h"

int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left);

/* ---- A system ---- */

static struct {
    unsigned refusals; /* so many attempts to lock fail */
    int error;         /* with this */
    unsigned attempts;
    unsigned naps;
    void (*meanwhile)(void); /* what another process does right before the lock is ours */
} kernel;

int __wrap_flock(int fd, int operation)
{
    assert_int_equal(operation, LOCK_EX | LOCK_NB);
    if (kernel.attempts++ < kernel.refusals) {
        errno = kernel.error;
        return -1;
    }
    if (kernel.meanwhile != NULL) {
        kernel.meanwhile();
    }
    return __real_flock(fd, operation);
}

int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left)
{
    (void)left;
    assert_int_equal(wanted->tv_sec, 0);
    assert_int_equal(wanted->tv_nsec, 10000000);
    kernel.naps++;
    errno = EINTR; /* whatever it says */
    return -1;
}

static char dir[64];
static char path[100];

static int begin(void **state)
{
    (void)state;
    test_folder_make(dir, sizeof dir);
    (void)snprintf(path, sizeof path, "%s/file", dir);
    memset(&kernel, 0, sizeof kernel);
    return 0;
}

static int end(void **state)
{
    (void)state;
    (void)remove(path);
    return rmdir(dir);
}

static void write_file(const char *name, size_t len)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "0123456789", len), len);
    assert_int_equal(close(fd), 0);
}

/* ---- Claiming ---- */

static void a_file_is_made_private_and_told_empty(void **state)
{
    (void)state;
    struct stat about;
    int fd = -1;
    bool is_empty = false;
    assert_int_equal(skad_db_claim(path, &fd, &is_empty), SKAD_OK);
    assert_true(is_empty);
    assert_int_equal(fstat(fd, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    close(fd);
    write_file(path, 1);
    assert_int_equal(skad_db_claim(path, &fd, &is_empty), SKAD_OK);
    assert_false(is_empty);
    close(fd);
}

static void a_lock_is_awaited_for_ten_tries(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        unsigned refusals;
        int error;
        unsigned naps;
        skad_status status;
    } cases[] = {
        {"at once", 0, 0, 0, SKAD_OK},
        {"later", 9, EWOULDBLOCK, 9, SKAD_OK},
        {"never", 10, EWOULDBLOCK, 10, SKAD_ERR_EXISTS},
        {"after signals", 9, EINTR, 9, SKAD_OK},
        {"signals without end", 10, EINTR, 10, SKAD_ERR_EXISTS},
        {"no locks to be had", 1, ENOLCK, 0, SKAD_ERR_IO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int fd = -2;
        bool is_empty;
        memset(&kernel, 0, sizeof kernel);
        kernel.refusals = cases[i].refusals;
        kernel.error = cases[i].error;
        errno = 0;
        skad_status status = skad_db_claim(path, &fd, &is_empty);
        if (status != cases[i].status || kernel.naps != cases[i].naps) {
            fail_msg("%s: %s after %u naps", cases[i].label, skad_status_text(status), kernel.naps);
        }
        if (status == SKAD_OK) {
            close(fd);
        } else {
            assert_int_equal(fd, -1);
            assert_int_equal(errno, cases[i].error == EINTR ? EWOULDBLOCK : cases[i].error);
        }
    }
}

static void another_process_makes_a_new_file(void)
{
    char aside[120];
    (void)snprintf(aside, sizeof aside, "%s.other", path);
    assert_int_equal(rename(path, aside), 0);
    write_file(path, 1);
    assert_int_equal(unlink(aside), 0);
}

static void another_process_removes_the_file(void)
{
    assert_int_equal(unlink(path), 0);
}

static void a_file_that_was_replaced_meanwhile_is_not_ours(void **state)
{
    (void)state;
    int fd = -2;
    bool is_empty;
    kernel.meanwhile = another_process_makes_a_new_file;
    assert_int_equal(skad_db_claim(path, &fd, &is_empty), SKAD_ERR_EXISTS);
    assert_int_equal(fd, -1);
    kernel.meanwhile = another_process_removes_the_file;
    assert_int_equal(skad_db_claim(path, &fd, &is_empty), SKAD_ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(fd, -1);
}

static void what_is_no_file_is_told_by_its_kind(void **state)
{
    (void)state;
    int fd = -2;
    bool is_empty;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(skad_db_claim(path, &fd, &is_empty), SKAD_ERR_FORMAT);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_int_equal(skad_db_claim(path, &fd, &is_empty), SKAD_ERR_FORMAT);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(skad_db_claim(path, &fd, &is_empty), SKAD_ERR_FORMAT);
    assert_int_equal(fd, -1);
    assert_int_equal(unlink(path), 0);
    int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    assert_int_equal(bind(listening, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(skad_db_claim(path, &fd, &is_empty), SKAD_ERR_FORMAT);
    close(listening);
    assert_int_equal(skad_db_claim("/proc/none/file", &fd, &is_empty), SKAD_ERR_IO);
    assert_int_equal(kernel.attempts, 0);
}

/* ---- Setting aside ---- */

static void nothing_that_was_set_aside_is_overwritten(void **state)
{
    (void)state;
    char names[101][120];
    char lock[120];
    (void)snprintf(lock, sizeof lock, "%s-lock", path);
    for (unsigned i = 0; i <= 100; i++) {
        char expected[140];
        write_file(path, 1 + i % 9);
        write_file(lock, 0);
        skad_status status = skad_db_set_aside(path, 77, names[i], sizeof names[i]);
        if (i == 100) { /* a hundred are enough */
            assert_int_equal(status, SKAD_ERR_IO);
            assert_int_equal(errno, EEXIST);
            break;
        }
        assert_int_equal(status, SKAD_OK);
        (void)snprintf(expected, sizeof expected, i == 0 ? "%s.aside-77" : "%s.aside-77-%u", path,
                       i);
        assert_string_equal(names[i], expected);
        assert_int_not_equal(access(path, F_OK), 0);
        assert_int_not_equal(access(lock, F_OK), 0);
    }
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(unlink(lock), 0); /* all is as it was */
    for (unsigned i = 0; i < 100; i++) {
        struct stat about;
        assert_int_equal(stat(names[i], &about), 0);
        assert_int_equal(about.st_size, 1 + i % 9);
        assert_int_equal(unlink(names[i]), 0);
    }
}

static void what_cannot_be_set_aside_stays(void **state)
{
    (void)state;
    static char long_path[PATH_MAX];
    char aside[PATH_MAX];
    size_t needed = strlen(path) + strlen(".aside-77") + 1;
    assert_int_equal(skad_db_set_aside(path, 77, aside, sizeof aside), SKAD_ERR_IO);
    assert_int_equal(errno, ENOENT);
    write_file(path, 3);
    errno = 0;
    assert_int_equal(skad_db_set_aside(path, 77, aside, needed - 1), SKAD_ERR_IO);
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(access(path, F_OK), 0);
    memset(long_path, 'a', sizeof long_path - 5); /* "-lock" does not fit behind it */
    errno = 0;
    assert_int_equal(skad_db_set_aside(long_path, 77, aside, sizeof aside), SKAD_ERR_IO);
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(skad_db_set_aside(path, 77, aside, needed), SKAD_OK);
    assert_int_equal(unlink(aside), 0);
}

#define AT_PATH(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_PATH(a_file_is_made_private_and_told_empty),
        AT_PATH(a_lock_is_awaited_for_ten_tries),
        AT_PATH(a_file_that_was_replaced_meanwhile_is_not_ours),
        AT_PATH(what_is_no_file_is_told_by_its_kind),
        AT_PATH(nothing_that_was_set_aside_is_overwritten),
        AT_PATH(what_cannot_be_set_aside_stays),
    };
    return cmocka_run_group_tests_name("claim", tests, NULL, NULL);
}
