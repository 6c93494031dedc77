/* The control socket's file, and who accepts at it. The pause of an acceptor ends when the test
 * says so. */
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
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "src/daemon/control/acceptor.h"
#include "src/daemon/control/control_listen.h"
#include "tests/support/folder.h"
#include "tests/support/manual_ev_timers.h"

#define BACKLOG 16

typedef struct desk {
    char dir[64];
    char path[200];
    int fd;
    int clients[BACKLOG + 8];
    size_t clients_count;
    unsigned accepted;
    skad_failure failure;
} desk;

static int begin(void **state)
{
    static desk made;
    made = (desk){.fd = -1};
    test_folder_make(made.dir, sizeof made.dir);
    (void)snprintf(made.path, sizeof made.path, "%s/control.sock", made.dir);
    *state = &made;
    return 0;
}

static int end(void **state)
{
    desk *self = *state;
    for (size_t i = 0; i < self->clients_count; i++) {
        close(self->clients[i]);
    }
    if (self->fd >= 0) {
        close(self->fd);
    }
    (void)unlink(self->path);
    return rmdir(self->dir);
}

static void listen_there(desk *self)
{
    if (!skad_control_listen(self->path, &self->fd, &self->failure)) {
        fail_msg("%s", self->failure.text);
    }
}

static bool dial(desk *self)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%.100s", self->path);
    if (connect(fd, (struct sockaddr *)&name, sizeof name) != 0) {
        close(fd);
        return false;
    }
    self->clients[self->clients_count++] = fd;
    return true;
}

/* ---- The file ---- */

static void the_file_is_the_owners_alone_whatever_the_umask(void **state)
{
    desk *self = *state;
    struct stat info;
    mode_t before = umask(0);
    listen_there(self);
    assert_int_equal(umask(before), 0); /* as it was */
    assert_int_equal(stat(self->path, &info), 0);
    assert_true(S_ISSOCK(info.st_mode));
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_true((fcntl(self->fd, F_GETFD) & FD_CLOEXEC) != 0);
    assert_true((fcntl(self->fd, F_GETFL) & O_NONBLOCK) != 0);
}

static void a_place_may_let_others_in(void **state)
{
    desk *self = *state;
    static const mode_t modes[] = {0600, 0660, 0666};
    skad_control_place place = {.path = self->path, .has_group = true, .group = getegid()};
    struct stat info;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        place.mode = modes[i];
        assert_true(skad_control_listen_at(&place, &self->fd, &self->failure));
        assert_int_equal(stat(self->path, &info), 0);
        assert_int_equal(info.st_mode & 0777, modes[i]);
        assert_int_equal(info.st_gid, getegid());
        close(self->fd);
        self->fd = -1;
    }
}

static void modes_are_three(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "600", "0640", "0777", "06600", "rw"};
    mode_t mode = 0;
    assert_true(skad_control_mode_parse("0600", &mode));
    assert_true(skad_control_mode_parse("0660", &mode));
    assert_int_equal(mode, 0660);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(skad_control_mode_parse(wrong[i], &mode));
    }
}

static void a_check_tells_the_same_and_changes_nothing(void **state)
{
    desk *self = *state;
    char saved[sizeof self->path];
    struct stat info;
    memcpy(saved, self->path, sizeof saved);
    assert_true(
        skad_control_listen_check(&(skad_control_place){.path = self->path}, &self->failure));
    assert_int_not_equal(lstat(self->path, &info), 0);
    (void)snprintf(self->path, sizeof self->path, "%s/none/control.sock", self->dir);
    assert_false(
        skad_control_listen_check(&(skad_control_place){.path = self->path}, &self->failure));
    assert_non_null(strstr(self->failure.text, "its folder does not exist"));
    memset(self->path, 'x', sizeof self->path - 1);
    assert_false(
        skad_control_listen_check(&(skad_control_place){.path = self->path}, &self->failure));
    assert_non_null(strstr(self->failure.text, "choose a shorter one with --socket"));
    memcpy(self->path, saved, sizeof saved);
    listen_there(self);
    assert_false(
        skad_control_listen_check(&(skad_control_place){.path = self->path}, &self->failure));
    assert_non_null(strstr(self->failure.text, "another daemon is using"));
    close(self->fd);
    self->fd = -1;
    assert_true(skad_control_listen_check(&(skad_control_place){.path = self->path},
                                          &self->failure)); /* stale */
    assert_int_equal(lstat(self->path, &info), 0);
}

static void failures_are_told_in_words(void **state)
{
    desk *self = *state;
    char saved[sizeof self->path];
    memcpy(saved, self->path, sizeof saved);
    (void)snprintf(self->path, sizeof self->path, "%s/none/control.sock", self->dir);
    assert_false(skad_control_listen(self->path, &self->fd, &self->failure));
    assert_non_null(strstr(self->failure.text, "its folder does not exist"));
    (void)snprintf(self->path, sizeof self->path, "%s/control.sock/x", self->dir);
    int file = open(saved, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(file);
    assert_false(skad_control_listen(self->path, &self->fd, &self->failure));
    assert_non_null(strstr(self->failure.text, "cannot look at"));
    memcpy(self->path, saved, sizeof saved);
    assert_false(skad_control_listen(self->path, &self->fd, &self->failure));
    assert_non_null(strstr(self->failure.text, "is not a socket"));
    self->fd = -1;
}

static void without_descriptors_there_is_no_socket(void **state)
{
    desk *self = *state;
    struct rlimit usual;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    struct rlimit none = {.rlim_cur = 3, .rlim_max = usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    bool listens = skad_control_listen(self->path, &self->fd, &self->failure);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_false(listens);
    assert_non_null(strstr(self->failure.text, "cannot make a socket: "));
}

static void a_path_has_at_most_107_bytes(void **state)
{
    desk *self = *state;
    size_t len = strlen(self->dir);
    memcpy(self->path, self->dir, len);
    memset(self->path + len, 'a', sizeof self->path - len);
    self->path[len] = '/';
    self->path[108] = '\0';
    assert_false(skad_control_listen(self->path, &self->fd, &self->failure));
    assert_non_null(strstr(self->failure.text, "is longer than 107 bytes"));
    self->fd = -1;
    self->path[107] = '\0';
    listen_there(self);
}

/* A process that listens and is too busy to accept is no dead one. */
static void a_full_queue_is_in_use(void **state)
{
    desk *self = *state;
    int other = -1;
    listen_there(self);
    while (self->clients_count < BACKLOG + 4 && dial(self)) {
    }
    assert_int_equal(self->clients_count, BACKLOG + 1); /* Linux takes one more than asked for */
    assert_false(skad_control_listen(self->path, &other, &self->failure));
    assert_non_null(strstr(self->failure.text, "another daemon is using"));
    assert_int_equal(access(self->path, F_OK), 0);
}

static void a_dead_daemons_socket_is_taken_over(void **state)
{
    desk *self = *state;
    listen_there(self);
    close(self->fd);
    listen_there(self);
    assert_true(dial(self));
}

/* ---- Accepting ---- */

static void accepted(void *user, int fd)
{
    desk *self = user;
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    self->accepted++;
    close(fd);
}

static void all_that_wait_are_accepted_sixteen_a_turn(void **state)
{
    desk *self = *state;
    listen_there(self);
    skad_acceptor acceptor = {
        .loop = ev_loop_new(EVFLAG_AUTO), .fd = self->fd, .accepted = accepted, .user = self};
    skad_acceptor_start(&acceptor);
    while (self->clients_count < BACKLOG + 4 && dial(self)) {
    }
    ev_run(acceptor.loop, EVRUN_NOWAIT);
    assert_int_equal(self->accepted, 16);
    ev_run(acceptor.loop, EVRUN_NOWAIT);
    assert_int_equal(self->accepted, 17);
    ev_run(acceptor.loop, EVRUN_NOWAIT);
    assert_int_equal(self->accepted, 17);
    assert_int_equal(test_ev_timers_running(), 0);
    skad_acceptor_stop(&acceptor);
    self->fd = -1;
    assert_false(dial(self));
    ev_loop_destroy(acceptor.loop);
}

/* Out of descriptors, it pauses for a second, and goes on. */
static void an_acceptor_without_descriptors_pauses(void **state)
{
    desk *self = *state;
    struct rlimit usual;
    listen_there(self);
    skad_acceptor acceptor = {
        .loop = ev_loop_new(EVFLAG_AUTO), .fd = self->fd, .accepted = accepted, .user = self};
    skad_acceptor_start(&acceptor);
    ev_run(acceptor.loop, EVRUN_NOWAIT); /* the loop opens what it needs */
    assert_true(dial(self));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    struct rlimit none = {.rlim_cur = 3, .rlim_max = usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    ev_run(acceptor.loop, EVRUN_NOWAIT);
    assert_int_equal(test_ev_timers_of(1), 1);
    ev_run(acceptor.loop, EVRUN_NOWAIT); /* it does not look again */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    ev_run(acceptor.loop, EVRUN_NOWAIT);
    assert_int_equal(self->accepted, 0);
    assert_int_equal(test_ev_timers_running(), 1);
    test_ev_timers_fire(acceptor.loop, 1);
    ev_run(acceptor.loop, EVRUN_NOWAIT);
    assert_int_equal(self->accepted, 1);
    assert_int_equal(test_ev_timers_running(), 0);
    skad_acceptor_stop(&acceptor);
    self->fd = -1;
    ev_loop_destroy(acceptor.loop);
}

#define AT_DESK(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_DESK(the_file_is_the_owners_alone_whatever_the_umask),
        AT_DESK(a_place_may_let_others_in),
        AT_DESK(modes_are_three),
        AT_DESK(a_check_tells_the_same_and_changes_nothing),
        AT_DESK(failures_are_told_in_words),
        AT_DESK(without_descriptors_there_is_no_socket),
        AT_DESK(a_path_has_at_most_107_bytes),
        AT_DESK(a_full_queue_is_in_use),
        AT_DESK(a_dead_daemons_socket_is_taken_over),
        AT_DESK(all_that_wait_are_accepted_sixteen_a_turn),
        AT_DESK(an_acceptor_without_descriptors_pauses),
    };
    return cmocka_run_group_tests_name("control_listen", tests, NULL, NULL);
}
