/* What a service manager is told: over a socket that stands in for it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "src/daemon/system/notify.h"
#include "tests/support/folder.h"

typedef struct manager {
    char dir[64];
    char path[96];
    int fd;
    char got[2 * SKAD_NOTIFY_BYTES_MAX];
} manager;

static int begin(void **state)
{
    static manager self;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    test_folder_make(self.dir, sizeof self.dir);
    (void)snprintf(self.path, sizeof self.path, "%s/notify", self.dir);
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%s", self.path);
    self.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    *state = &self;
    return bind(self.fd, (const struct sockaddr *)&name, sizeof name);
}

static int end(void **state)
{
    manager *self = *state;
    skad_notify_close();
    (void)close(self->fd);
    (void)unlink(self->path);
    return rmdir(self->dir);
}

/* The next message; empty if there is none. */
static const char *next(manager *self)
{
    const ssize_t got = recv(self->fd, self->got, sizeof self->got - 1, 0);
    self->got[got > 0 ? got : 0] = '\0';
    return self->got;
}

static bool open_at(const char *path, const char *pid, const char *period)
{
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    assert_int_equal(pid == NULL ? unsetenv("WATCHDOG_PID") : setenv("WATCHDOG_PID", pid, 1), 0);
    assert_int_equal(
        period == NULL ? unsetenv("WATCHDOG_USEC") : setenv("WATCHDOG_USEC", period, 1), 0);
    return skad_notify_open();
}

static void a_manager_gets_messages_and_no_child_finds_it(void **state)
{
    manager *self = *state;
    assert_true(open_at(self->path, NULL, NULL));
    assert_null(getenv("NOTIFY_SOCKET"));
    skad_notify("READY=%d", 1);
    assert_string_equal(next(self), "READY=1");
    skad_notify_extend(30, "a reason");
    assert_string_equal(next(self), "EXTEND_TIMEOUT_USEC=30000000\nSTATUS=a reason");
    assert_string_equal(next(self), "");
}

static void a_status_is_sent_when_it_changes(void **state)
{
    manager *self = *state;
    assert_true(open_at(self->path, NULL, NULL));
    skad_notify_status("%u peers", 3U);
    skad_notify_status("%u peers", 3U);
    skad_notify_status("%u peers", 4U);
    assert_string_equal(next(self), "STATUS=3 peers");
    assert_string_equal(next(self), "STATUS=4 peers");
    assert_string_equal(next(self), "");
}

static void without_a_manager_nothing_happens(void **state)
{
    manager *self = *state;
    static const char *const nowhere[] = {"", "/", "notify", "vsock:2:1234", "/no/such/socket"};
    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
        assert_false(open_at(nowhere[i], NULL, "1000000"));
        assert_true(skad_notify_watchdog_s() <= 0);
        skad_notify("READY=1");
        skad_notify_status("none");
    }
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    assert_false(skad_notify_open());
    assert_string_equal(next(self), "");
}

static void an_abstract_socket_will_do(void **state)
{
    manager *self = *state;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    char text[64];
    (void)snprintf(text, sizeof text, "@skad-test-%d", (int)getpid());
    memcpy(name.sun_path + 1, text + 1, strlen(text) - 1);
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&name,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(text))),
                     0);
    assert_true(open_at(text, NULL, NULL));
    skad_notify("STOPPING=1");
    assert_int_equal(recv(fd, self->got, sizeof self->got, 0), strlen("STOPPING=1"));
    (void)close(fd);
}

static void the_watchdog_may_be_meant_for_another_process(void **state)
{
    manager *self = *state;
    char pid[16];
    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    const struct {
        const char *pid;
        const char *period;
        bool wanted;
    } rows[] = {
        {pid, "20000000", true}, {NULL, "20000000", true}, {"1", "20000000", false},
        {pid, NULL, false},      {pid, "soon", false},     {pid, "20s", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(open_at(self->path, rows[i].pid, rows[i].period));
        const double period_s = skad_notify_watchdog_s();
        assert_true(rows[i].wanted ? period_s > 19.9 && period_s < 20.1 : period_s <= 0);
        assert_null(getenv("WATCHDOG_USEC"));
    }
}

/* A manager that reads nothing must not stop us; a message that is too long is cut. */
static void nothing_waits_for_the_manager(void **state)
{
    manager *self = *state;
    char text[2 * SKAD_NOTIFY_BYTES_MAX];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_true(open_at(self->path, NULL, NULL));
    for (unsigned i = 0; i < 10000; i++) {
        skad_notify("%s", text);
    }
    assert_int_equal(strlen(next(self)), SKAD_NOTIFY_BYTES_MAX - 1);
}

#define OWN_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_TEST(a_manager_gets_messages_and_no_child_finds_it),
        OWN_TEST(a_status_is_sent_when_it_changes),
        OWN_TEST(without_a_manager_nothing_happens),
        OWN_TEST(an_abstract_socket_will_do),
        OWN_TEST(the_watchdog_may_be_meant_for_another_process),
        OWN_TEST(nothing_waits_for_the_manager),
    };
    return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
