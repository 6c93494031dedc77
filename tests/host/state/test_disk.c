/* Small files: what is read, what is refused, and what is moved out of the way. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "src/host/state/disk.h"
#include "tests/support/folder.h"

#define PATH_BYTES 200

typedef struct desk {
    char dir[64];
    char path[PATH_BYTES];
} desk;

static int begin(void **state)
{
    static desk made;
    test_folder_make(made.dir, sizeof made.dir);
    (void)snprintf(made.path, sizeof made.path, "%s/file", made.dir);
    *state = &made;
    return 0;
}

static int end(void **state)
{
    const desk *self = *state;
    (void)remove(self->path);
    return rmdir(self->dir);
}

static void write_file(const char *path, size_t len)
{
    static const char bytes[16] = "0123456789abcdef";
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    assert_int_equal(close(fd), 0);
}

static void a_file_is_read_up_to_its_bound(void **state)
{
    const desk *self = *state;
    uint8_t bytes[16];
    size_t len;
    for (size_t size = 0; size <= 10; size++) {
        write_file(self->path, size);
        len = 99;
        assert_int_equal(skad_disk_read(self->path, bytes, 9, &len),
                         size <= 9 ? SKAD_OK : SKAD_ERR_FORMAT);
        if (size <= 9) {
            assert_int_equal(len, size);
            assert_memory_equal(bytes, "0123456789abcdef", len);
        }
    }
}

static void make_nothing(const char *path)
{
    (void)path;
}

static void make_folder(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
}

static void make_link(const char *path)
{
    assert_int_equal(symlink("/dev/null", path), 0);
}

static void make_pipe(const char *path)
{
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void make_socket(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%.100s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    close(fd);
}

static void what_is_no_file_is_refused_by_its_kind(void **state)
{
    static const struct {
        const char *label;
        void (*make)(const char *path);
        skad_status status;
    } cases[] = {
        {"nothing", make_nothing, SKAD_ERR_MISSING}, {"a folder", make_folder, SKAD_ERR_FORMAT},
        {"a link", make_link, SKAD_ERR_FORMAT},      {"a pipe", make_pipe, SKAD_ERR_FORMAT},
        {"a socket", make_socket, SKAD_ERR_FORMAT},
    };
    const desk *self = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[16];
        size_t len;
        cases[i].make(self->path);
        skad_status status = skad_disk_read(self->path, bytes, sizeof bytes, &len);
        if (status != cases[i].status) {
            fail_msg("%s: %s", cases[i].label, skad_status_text(status));
        }
        (void)remove(self->path);
    }
}

static void other_failures_are_the_systems(void **state)
{
    const desk *self = *state;
    uint8_t bytes[16];
    size_t len;
    char path[PATH_BYTES + 300];
    (void)snprintf(path, sizeof path, "%s/%0300d", self->dir, 1);
    assert_int_equal(skad_disk_read(path, bytes, sizeof bytes, &len), SKAD_ERR_IO);
    assert_int_equal(errno, ENAMETOOLONG);
    write_file(self->path, 3);
    (void)snprintf(path, sizeof path, "%s/below", self->path);
    assert_int_equal(skad_disk_read(path, bytes, sizeof bytes, &len), SKAD_ERR_MISSING);
}

static void a_file_is_replaced_whole_and_private(void **state)
{
    const desk *self = *state;
    uint8_t bytes[16];
    size_t len;
    struct stat about;
    write_file(self->path, 9);
    assert_int_equal(skad_disk_replace(self->path, (const uint8_t *)"xy", 2), SKAD_OK);
    assert_int_equal(skad_disk_read(self->path, bytes, sizeof bytes, &len), SKAD_OK);
    assert_int_equal(len, 2);
    assert_memory_equal(bytes, "xy", 2);
    assert_int_equal(stat(self->path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    (void)unlink(self->path);
    make_folder(self->path);
    assert_int_equal(skad_disk_replace(self->path, (const uint8_t *)"xy", 2), SKAD_ERR_IO);
    /* The folder is empty in the end: no temporary file is left. */
}

static void nothing_that_was_set_aside_is_overwritten(void **state)
{
    const desk *self = *state;
    char names[102][PATH_BYTES];
    for (unsigned i = 0; i < 101; i++) {
        char expected[PATH_BYTES + 40];
        write_file(self->path, 1 + i % 9);
        skad_status status = skad_disk_set_aside(self->path, 77, names[i], sizeof names[i]);
        if (i == 100) { /* a hundred are enough */
            assert_int_equal(status, SKAD_ERR_IO);
            assert_int_equal(errno, EEXIST);
            break;
        }
        assert_int_equal(status, SKAD_OK);
        assert_int_not_equal(access(self->path, F_OK), 0);
        (void)snprintf(expected, sizeof expected, i == 0 ? "%s.bad-77" : "%s.bad-77-%u", self->path,
                       i);
        assert_string_equal(names[i], expected);
    }
    assert_int_equal(access(self->path, F_OK), 0);
    for (unsigned i = 0; i < 100; i++) {
        struct stat about;
        assert_int_equal(stat(names[i], &about), 0);
        assert_int_equal(about.st_size, 1 + i % 9);
        assert_int_equal(unlink(names[i]), 0);
    }
}

static void what_cannot_be_set_aside_stays(void **state)
{
    const desk *self = *state;
    char aside[PATH_BYTES];
    size_t needed = strlen(self->path) + strlen(".bad-77") + 1;
    assert_int_equal(skad_disk_set_aside(self->path, 77, aside, sizeof aside), SKAD_ERR_IO);
    assert_int_equal(errno, ENOENT);
    write_file(self->path, 3);
    assert_int_equal(skad_disk_set_aside(self->path, 77, aside, needed - 1), SKAD_ERR_IO);
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(access(self->path, F_OK), 0);
    assert_int_equal(skad_disk_set_aside(self->path, 77, aside, needed), SKAD_OK);
    assert_int_equal(unlink(aside), 0);
}

#define AT_DESK(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_DESK(a_file_is_read_up_to_its_bound),
        AT_DESK(what_is_no_file_is_refused_by_its_kind),
        AT_DESK(other_failures_are_the_systems),
        AT_DESK(a_file_is_replaced_whole_and_private),
        AT_DESK(nothing_that_was_set_aside_is_overwritten),
        AT_DESK(what_cannot_be_set_aside_stays),
    };
    return cmocka_run_group_tests_name("disk", tests, NULL, NULL);
}
