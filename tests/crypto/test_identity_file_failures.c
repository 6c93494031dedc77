/* Each system call that reads or writes an identity file fails once, or is interrupted: what was
 * there stays, or what is new is whole; nothing is left beside it, and the reason is told. The
 * linker hands the calls to the functions here (tests/CMakeLists.txt). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "skad/identity.h"
#include "tests/support/folder.h"
#include "tests/support/wire.h"

static size_t left; /* calls until one fails; 0: none is to fail */
static int reason;
static bool failed;
static bool writes_nothing; /* and says that it did not fail */

/* The linker's names; nothing else calls them. */
ssize_t __real_read(int fd, void *data, size_t len);
ssize_t __real_write(int fd, const void *data, size_t len);
int __real_fsync(int fd);
int __real_fstat(int fd, struct stat *about);
int __real_rename(const char *from, const char *to);
int __real_link(const char *from, const char *to);
ssize_t __wrap_read(int fd, void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
int __wrap_fsync(int fd);
int __wrap_fstat(int fd, struct stat *about);
int __wrap_rename(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);

static bool fails_now(void)
{
    if (left > 0 && --left == 0) {
        failed = true;
        errno = reason;
        return true;
    }
    return false;
}

ssize_t __wrap_read(int fd, void *data, size_t len)
{
    return fails_now() ? -1 : __real_read(fd, data, len);
}

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    return writes_nothing ? 0 : fails_now() ? -1 : __real_write(fd, data, len);
}

static char synced[PATH_MAX]; /* what was synced last */

int __wrap_fsync(int fd)
{
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, synced, sizeof synced - 1);
    synced[len < 0 ? 0 : len] = '\0';
    return fails_now() ? -1 : __real_fsync(fd);
}

int __wrap_fstat(int fd, struct stat *about)
{
    return fails_now() ? -1 : __real_fstat(fd, about);
}

int __wrap_rename(const char *from, const char *to)
{
    return fails_now() ? -1 : __real_rename(from, to);
}

int __wrap_link(const char *from, const char *to)
{
    return fails_now() ? -1 : __real_link(from, to);
}

/* ---- A folder with an identity file ---- */

typedef struct desk {
    char dir[64];
    char path[96];
    char other[96];
    skad_identity identity; /* of the file, with other nonces than it has */
} desk;

static int set_up(void **state)
{
    static desk self;
    skad_wire_identity(1, &self.identity);
    test_folder_make(self.dir, sizeof self.dir);
    (void)snprintf(self.path, sizeof self.path, "%s/identity", self.dir);
    (void)snprintf(self.other, sizeof self.other, "%s/other", self.dir);
    self.identity.nonces_count = 1;
    assert_int_equal(skad_identity_create(self.path, &self.identity), SKAD_OK);
    self.identity.nonces_count = 3;
    *state = &self;
    return 0;
}

static int tear_down(void **state)
{
    const desk *self = *state;
    (void)unlink(self->path);
    return rmdir(self->dir);
}

static size_t files_in(const char *dir)
{
    size_t count = 0;
    DIR *folder = opendir(dir);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    closedir(folder);
    return count;
}

static size_t nonces_of(const char *path)
{
    skad_identity held;
    assert_int_equal(skad_identity_load(path, &held), SKAD_OK);
    size_t count = held.nonces_count;
    skad_identity_wipe(&held);
    return count;
}

static skad_status load(const desk *self)
{
    skad_identity held;
    skad_status status = skad_identity_load(self->path, &held);
    assert_int_equal(held.nonces_count, status == SKAD_OK ? 1 : 0); /* whole, or wiped */
    skad_identity_wipe(&held);
    return status;
}

static skad_status create(const desk *self)
{
    return skad_identity_create(self->other, &self->identity);
}

static skad_status update(const desk *self)
{
    return skad_identity_update(self->path, &self->identity);
}

/* Whatever became of it, files are whole and nothing lies beside them; then all is as before. */
static void look_around(const desk *self, bool done)
{
    bool made = access(self->other, F_OK) == 0;
    assert_int_equal(files_in(self->dir), 1 + made);
    if (made) {
        assert_int_equal(nonces_of(self->other), 3);
        assert_int_equal(unlink(self->other), 0);
    }
    size_t nonces = nonces_of(self->path);
    assert_true(nonces == 1 || nonces == 3);
    if (nonces == 3) {
        skad_identity before = self->identity;
        before.nonces_count = 1;
        assert_int_equal(skad_identity_update(self->path, &before), SKAD_OK);
        skad_identity_wipe(&before);
    }
    assert_true(!done || made || nonces == 3);
}

typedef struct failing_case {
    const char *label;
    skad_status (*act)(const desk *self);
    bool writes;
} failing_case;

/* Returns in how many places it can fail. */
static size_t fail_each(const desk *self, const failing_case *c, size_t *survived)
{
    size_t nth = 0;
    *survived = 0;
    do {
        left = ++nth;
        failed = false;
        skad_status status = c->act(self);
        int told = errno;
        left = 0;
        assert_true(status == SKAD_OK || status == SKAD_ERR_IO);
        assert_true(status == SKAD_OK || told == reason);
        assert_true(failed || status == SKAD_OK);
        look_around(self, c->writes && status == SKAD_OK);
        *survived += failed && status == SKAD_OK;
    } while (failed);
    return nth - 1;
}

static const failing_case CASES[] = {
    {"load", load, false}, {"create", create, true}, {"update", update, true}};

static void a_failing_call_leaves_whole_files(void **state)
{
    reason = EIO;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        size_t survived;
        size_t places = fail_each(*state, &CASES[i], &survived);
        print_message("%s: %zu calls\n", CASES[i].label, places);
        assert_in_range(places, 3, 20);
        assert_int_equal(survived, 0);
    }
}

static void an_interrupted_read_or_write_goes_on(void **state)
{
    reason = EINTR;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        size_t survived;
        (void)fail_each(*state, &CASES[i], &survived);
        assert_true(survived >= 1);
    }
}

static void a_write_that_takes_no_byte_is_a_failure(void **state)
{
    const desk *self = *state;
    writes_nothing = true;
    skad_status created = create(self);
    int told = errno;
    skad_status updated = update(self);
    writes_nothing = false;
    assert_int_equal(created, SKAD_ERR_IO);
    assert_int_equal(told, EIO);
    assert_int_equal(updated, SKAD_ERR_IO);
    look_around(self, false);
    assert_int_equal(nonces_of(self->path), 1);
}

static void a_folder_that_cannot_be_synced_does(void **state)
{
    reason = EINVAL;
    size_t survived;
    (void)fail_each(*state, &CASES[1], &survived);
    assert_int_equal(survived, 1);
}

/* Otherwise the new name may be lost with the power. */
static void the_folder_of_the_file_is_synced_last(void **state)
{
    const desk *self = *state;
    char real[PATH_MAX];
    char here[PATH_MAX];
    assert_non_null(realpath(self->dir, real));
    assert_int_equal(skad_identity_create(self->other, &self->identity), SKAD_OK);
    assert_string_equal(synced, real);
    assert_int_equal(unlink(self->other), 0);
    synced[0] = '\0';
    assert_int_equal(skad_identity_update(self->path, &self->identity), SKAD_OK);
    assert_string_equal(synced, real);
    assert_non_null(getcwd(here, sizeof here)); /* a path without a folder */
    assert_int_equal(chdir(self->dir), 0);
    assert_int_equal(skad_identity_update("identity", &self->identity), SKAD_OK);
    assert_int_equal(chdir(here), 0);
    assert_string_equal(synced, real);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_folder_of_the_file_is_synced_last, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failing_call_leaves_whole_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_interrupted_read_or_write_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_write_that_takes_no_byte_is_a_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_synced_does, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("identity_file_failures", tests, NULL, NULL);
}
