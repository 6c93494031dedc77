/* Small files: what is read, and what stays when one is made or replaced. Which system call may
 * fail is tested by test_identity_file_failures. */
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

#include "crypto/small_file.h"
#include "tests/support/folder.h"

#define OLD ((const uint8_t *)"old one")
#define NEW ((const uint8_t *)"new")

typedef skad_status (*writer)(const char *path, const uint8_t *data, size_t len);

static const writer WRITERS[] = {skad_small_file_create, skad_small_file_replace};
#define WRITERS_COUNT (sizeof WRITERS / sizeof WRITERS[0])

typedef struct folder {
    char dir[64];
    char path[96];
    char other[96];
    int next_fd;
} folder;

/* The descriptor that is opened next. */
static int next_fd(void)
{
    int fd = dup(STDIN_FILENO);
    assert_true(fd >= 0);
    close(fd);
    return fd;
}

static int set_up(void **state)
{
    static folder self;
    test_folder_make(self.dir, sizeof self.dir);
    (void)snprintf(self.path, sizeof self.path, "%s/file", self.dir);
    (void)snprintf(self.other, sizeof self.other, "%s/other", self.dir);
    self.next_fd = next_fd();
    *state = &self;
    return 0;
}

static int tear_down(void **state)
{
    const folder *self = *state;
    assert_int_equal(next_fd(), self->next_fd); /* nothing was left open */
    (void)remove(self->path);
    (void)remove(self->other);
    return rmdir(self->dir);
}

static size_t files_in(const folder *self)
{
    size_t count = 0;
    DIR *dir = opendir(self->dir);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    closedir(dir);
    return count;
}

static void assert_holds(const char *path, const char *text)
{
    uint8_t bytes[16];
    size_t len = 0;
    int fd = skad_small_file_open(path);
    assert_true(fd >= 0);
    assert_true(skad_small_file_read(fd, bytes, sizeof bytes, &len));
    skad_small_file_close(fd);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(bytes, text, len);
}

/* ---- Writing ---- */

static void a_new_file_is_for_its_owner_only(void **state)
{
    const folder *self = *state;
    for (size_t i = 0; i < WRITERS_COUNT; i++) {
        struct stat about;
        assert_int_equal(WRITERS[i](self->path, NEW, 3), SKAD_OK);
        assert_int_equal(stat(self->path, &about), 0);
        assert_int_equal(about.st_mode & 0777, 0600);
        assert_holds(self->path, "new");
        assert_int_equal(files_in(self), 1);
        assert_int_equal(unlink(self->path), 0);
    }
}

static void creating_never_replaces_what_is_there(void **state)
{
    const folder *self = *state;
    assert_int_equal(skad_small_file_create(self->path, OLD, 7), SKAD_OK);
    assert_int_equal(skad_small_file_create(self->path, NEW, 3), SKAD_ERR_EXISTS);
    assert_int_equal(errno, EEXIST);
    assert_holds(self->path, "old one");
    assert_int_equal(files_in(self), 1);
}

static void replacing_takes_the_place_of_what_is_there(void **state)
{
    const folder *self = *state;
    assert_int_equal(skad_small_file_create(self->path, OLD, 7), SKAD_OK);
    assert_int_equal(chmod(self->path, 0644), 0);
    assert_int_equal(skad_small_file_replace(self->path, NEW, 3), SKAD_OK);
    struct stat about;
    assert_int_equal(stat(self->path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_holds(self->path, "new");
    assert_int_equal(files_in(self), 1);
}

static void a_link_is_replaced_and_its_target_stays(void **state)
{
    const folder *self = *state;
    assert_int_equal(skad_small_file_create(self->other, OLD, 7), SKAD_OK);
    assert_int_equal(symlink(self->other, self->path), 0);
    assert_int_equal(skad_small_file_create(self->path, NEW, 3), SKAD_ERR_EXISTS);
    assert_int_equal(skad_small_file_replace(self->path, NEW, 3), SKAD_OK);
    assert_holds(self->path, "new");
    assert_holds(self->other, "old one");
}

static void nothing_is_left_when_the_name_cannot_be_had(void **state)
{
    const folder *self = *state;
    assert_int_equal(mkdir(self->path, 0700), 0); /* rename refuses to replace a folder */
    assert_int_equal(skad_small_file_replace(self->path, NEW, 3), SKAD_ERR_IO);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(skad_small_file_create(self->path, NEW, 3), SKAD_ERR_EXISTS);
    assert_int_equal(files_in(self), 1);
}

static void a_missing_folder_is_told_from_other_failures(void **state)
{
    const folder *self = *state;
    char below[128];
    char inside[128];
    char long_path[PATH_MAX + 1];
    (void)snprintf(below, sizeof below, "%s/nothing/file", self->dir);
    (void)snprintf(inside, sizeof inside, "%s/file", self->other);
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(skad_small_file_create(self->other, OLD, 7), SKAD_OK);
    for (size_t i = 0; i < WRITERS_COUNT; i++) {
        assert_int_equal(WRITERS[i](below, NEW, 3), SKAD_ERR_MISSING);
        assert_int_equal(errno, ENOENT);
        assert_int_equal(WRITERS[i](inside, NEW, 3), SKAD_ERR_MISSING);
        assert_int_equal(errno, ENOTDIR);
        assert_int_equal(WRITERS[i](long_path, NEW, 3), SKAD_ERR_IO);
        assert_int_equal(errno, ENAMETOOLONG);
    }
    assert_int_equal(files_in(self), 1);
}

static void a_name_without_a_folder_is_of_the_working_folder(void **state)
{
    const folder *self = *state;
    char before[PATH_MAX];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(self->dir), 0);
    skad_status status = skad_small_file_create("file", NEW, 3);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(status, SKAD_OK);
    assert_holds(self->path, "new");
}

/* ---- Reading ---- */

static void a_file_is_read_up_to_the_bound(void **state)
{
    const folder *self = *state;
    uint8_t bytes[8] = {0};
    size_t len = 99;
    assert_int_equal(skad_small_file_create(self->path, OLD, 7), SKAD_OK);
    int fd = skad_small_file_open(self->path);
    assert_true(skad_small_file_read(fd, bytes, 3, &len));
    assert_int_equal(len, 3);
    assert_memory_equal(bytes, "old\0\0\0\0\0", sizeof bytes);
    assert_true(skad_small_file_read(fd, bytes, sizeof bytes, &len)); /* goes on from there */
    assert_int_equal(len, 4);
    assert_true(skad_small_file_read(fd, bytes, sizeof bytes, &len));
    assert_int_equal(len, 0);
    skad_small_file_close(fd);
    assert_false(skad_small_file_read(fd, bytes, sizeof bytes, &len));
    assert_int_equal(errno, EBADF);
}

static void a_link_is_not_followed_and_a_pipe_not_waited_for(void **state)
{
    const folder *self = *state;
    assert_int_equal(mkfifo(self->path, 0600), 0);
    int fd = skad_small_file_open(self->path);
    assert_true(fd >= 0);
    skad_small_file_close(fd);
    assert_int_equal(symlink(self->path, self->other), 0);
    assert_int_equal(skad_small_file_open(self->other), -1);
    assert_int_equal(errno, ELOOP);
}

static void closing_keeps_errno(void **state)
{
    (void)state;
    errno = EDOM;
    skad_small_file_close(-1);
    assert_int_equal(errno, EDOM);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_new_file_is_for_its_owner_only),
        IN_FOLDER(creating_never_replaces_what_is_there),
        IN_FOLDER(replacing_takes_the_place_of_what_is_there),
        IN_FOLDER(a_link_is_replaced_and_its_target_stays),
        IN_FOLDER(nothing_is_left_when_the_name_cannot_be_had),
        IN_FOLDER(a_missing_folder_is_told_from_other_failures),
        IN_FOLDER(a_name_without_a_folder_is_of_the_working_folder),
        IN_FOLDER(a_file_is_read_up_to_the_bound),
        IN_FOLDER(a_link_is_not_followed_and_a_pipe_not_waited_for),
        cmocka_unit_test(closing_keeps_errno),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
