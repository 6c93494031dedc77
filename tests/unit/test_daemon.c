/* A daemon in this process, and clients of every manner at its control socket. The loop is turned
 * by hand until what is awaited has come. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "crypto/keys.h"
#include "proto/address.h"
#include "src/cli/answer.h"
#include "src/daemon/clock.h"
#include "src/daemon/control.h"
#include "src/daemon/control_listen.h"
#include "src/daemon/daemon.h"

#define IN_BYTES  (4U << 20)
#define ITEMS_MAX 65536

/* Requests as they are on the wire: [0, 5, "status", []] and so on. */
static const uint8_t STATUS[] = {0x94, 0, 5, 0xa6, 's', 't', 'a', 't', 'u', 's', 0x90};
static const uint8_t TABLE[] = {0x94, 0, 6, 0xa5, 't', 'a', 'b', 'l', 'e', 0x90};
static const uint8_t PUT[] = {0x94, 0, 7, 0xa3, 'p', 'u', 't', 0x91, 0xc4, 3, 'a', 'b', 'c'};
static const uint8_t EMPTY_PUT[] = {0x94, 0, 8, 0xa3, 'p', 'u', 't', 0x91, 0xc4, 0};
static const uint8_t NO_METHOD[] = {0x94, 0, 9, 0xa1, 'x', 0x90};

typedef struct house {
    char dir[64];
    char path[128];
    struct ev_loop *loop;
    skad_daemon *daemon;
    uint8_t *in; /* what a client has read */
    skad_item *items;
} house;

static bool identify(void *user, skad_identity *out, skad_failure *failure)
{
    (void)user;
    (void)failure;
    const skad_solve_options options = {.threads = 1};
    const skad_profile *profile = skad_profile_builtin("test");
    uint32_t epoch = skad_profile_epoch(profile, skad_clock_now().unix_s);
    return skad_identity_generate(profile, epoch, &options, out) == SKAD_OK;
}

static int set_up(void **state)
{
    house *self = calloc(1, sizeof *self);
    const skad_address listen = {.family = SKAD_FAMILY_IPV4, .ip = {127, 0, 0, 1}};
    skad_failure failure = {""};

    skad_crypto_init();
    (void)snprintf(self->dir, sizeof self->dir, "/tmp/skad-test-XXXXXX");
    assert_non_null(mkdtemp(self->dir));
    (void)snprintf(self->path, sizeof self->path, "%s/control.sock", self->dir);
    self->loop = ev_loop_new(EVFLAG_AUTO);
    self->in = malloc(IN_BYTES);
    self->items = calloc(ITEMS_MAX, sizeof *self->items);
    const skad_daemon_config config = {
        .loop = self->loop,
        .profile = skad_profile_builtin("test"),
        .identify = identify,
        .control_path = self->path,
        .listen = &listen,
        .listen_count = 1,
        .log = SKAD_LOG_NOTHING,
    };
    if (!skad_daemon_new(&config, &self->daemon, &failure)) {
        fail_msg("%s", failure.text);
    }
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    house *self = *state;
    skad_daemon_free(self->daemon);
    ev_loop_destroy(self->loop);
    assert_int_equal(rmdir(self->dir), 0); /* the socket is gone */
    free(self->in);
    free(self->items);
    free(self);
    return 0;
}

/* ---- A client ---- */

static int dial(const house *self)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    memcpy(name.sun_path, self->path, strlen(self->path));
    assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

static void send_bytes(int fd, const void *bytes, size_t len)
{
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
}

/* Turns the loop until the client has `count` answers or the daemon has hung up; returns how many
 * whole answers there are, the last of them in *last. */
static size_t read_answers(house *self, int fd, size_t count, skad_answer *last)
{
    size_t len = 0;
    size_t at = 0;
    size_t answers = 0;
    while (answers < count) {
        ssize_t got = recv(fd, self->in + len, IN_BYTES - len, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN)) {
            break;
        }
        if (got < 0) {
            ev_run(self->loop, EVRUN_ONCE);
            continue;
        }
        len += (size_t)got;
        size_t items = 0;
        size_t consumed = 0;
        while (at < len && skad_cut(self->in + at, len - at, SKAD_CUT_LENIENT, self->items,
                                    ITEMS_MAX, &items, &consumed) == SKAD_CUT_OK) {
            at += consumed;
            answers++;
            *last = (skad_answer){self->items, self->items + items};
        }
    }
    return answers;
}

static void assert_error(skad_answer answer, const char *code)
{
    skad_span text = skad_answer_bytes(skad_answer_at(answer, 2), "code");
    assert_int_equal(text.len, strlen(code));
    assert_memory_equal(text.data, code, text.len);
    assert_int_equal(skad_answer_at(answer, 3).item->type, SKAD_ITEM_NIL);
}

static uint64_t msgid_of(skad_answer answer)
{
    return skad_answer_at(answer, 1).item->u.number;
}

static bool hangs_up(house *self, int fd)
{
    skad_answer last;
    return read_answers(self, fd, SIZE_MAX, &last) == 0;
}

/* Any client is served as ever. */
static void assert_healthy(house *self)
{
    skad_answer answer;
    int fd = dial(self);
    send_bytes(fd, STATUS, sizeof STATUS);
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    assert_int_equal(msgid_of(answer), 5);
    assert_int_equal(skad_answer_bytes(skad_answer_at(answer, 3), "id").len, 64);
    close(fd);
}

static uint64_t operations_of_node(house *self)
{
    skad_answer answer;
    int fd = dial(self);
    send_bytes(fd, STATUS, sizeof STATUS);
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    close(fd);
    return skad_answer_uint(skad_answer_at(answer, 3), "operations");
}

/* ---- Tests ---- */

static void requests_get_their_answers(void **state)
{
    house *self = *state;
    skad_answer answer;
    int fd = dial(self);

    send_bytes(fd, TABLE, sizeof TABLE);
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    assert_int_equal(msgid_of(answer), 6);
    assert_int_equal(skad_answer_count(skad_answer_get(skad_answer_at(answer, 3), "rows")), 0);

    send_bytes(fd, PUT, sizeof PUT);
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    assert_int_equal(msgid_of(answer), 7);
    assert_int_equal(skad_answer_uint(skad_answer_at(answer, 3), "stored"), 1); /* by itself */

    send_bytes(fd, EMPTY_PUT, sizeof EMPTY_PUT);
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    assert_int_equal(msgid_of(answer), 8);
    assert_error(answer, "input");

    send_bytes(fd, NO_METHOD, sizeof NO_METHOD);
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    assert_int_equal(msgid_of(answer), 9);
    assert_error(answer, "method");
    close(fd);
}

static void a_request_may_come_byte_by_byte(void **state)
{
    house *self = *state;
    skad_answer answer;
    int fd = dial(self);
    for (size_t i = 0; i < sizeof STATUS; i++) {
        send_bytes(fd, &STATUS[i], 1);
        ev_run(self->loop, EVRUN_NOWAIT);
    }
    assert_int_equal(read_answers(self, fd, 1, &answer), 1);
    assert_int_equal(msgid_of(answer), 5);
    close(fd);
}

static void rubbish_ends_the_connection_and_nothing_else(void **state)
{
    house *self = *state;
    static const uint8_t nonsense[] = {0xc1, 0xff, 0x00};
    int idle = dial(self);
    int fd = dial(self);
    send_bytes(fd, nonsense, sizeof nonsense);
    assert_true(hangs_up(self, fd));
    close(fd);
    assert_healthy(self);
    skad_answer answer;
    send_bytes(idle, STATUS, sizeof STATUS);
    assert_int_equal(read_answers(self, idle, 1, &answer), 1);
    close(idle);
}

static void a_request_that_is_too_long_is_answered_and_ends_the_connection(void **state)
{
    house *self = *state;
    static const uint8_t head[] = {0x94, 0, 42, 0xa3, 'p', 'u', 't', 0x91, 0xc5, 0x20, 0};
    uint8_t bytes[5000] = {0};
    skad_answer answer;
    int fd = dial(self);
    memcpy(bytes, head, sizeof head);
    send_bytes(fd, bytes, sizeof bytes);
    assert_int_equal(read_answers(self, fd, SIZE_MAX, &answer), 1);
    assert_int_equal(msgid_of(answer), 42);
    assert_error(answer, "params");
    close(fd);
    assert_healthy(self);
}

/* 200 puts at once are more than one client may have in flight, and more than the node takes. */
static void more_requests_than_there_is_room_for_wait_their_turn(void **state)
{
    house *self = *state;
    skad_answer answer;
    int fd = dial(self);
    for (size_t i = 0; i < 200; i++) {
        send_bytes(fd, PUT, sizeof PUT);
    }
    assert_int_equal(read_answers(self, fd, 200, &answer), 200);
    assert_int_equal(skad_answer_uint(skad_answer_at(answer, 3), "stored"), 1);
    close(fd);
}

/* [0, 0, "ping", ["127.0.0.1:9"]]: nobody is there, so it takes its time. */
static void send_slow_ping(int fd)
{
    static const uint8_t ping[] = {0x94, 0,   0,   0xa4, 'p', 'i', 'n', 'g', 0x91, 0xab, '1',
                                   '2',  '7', '.', '0',  '.', '0', '.', '1', ':',  '9'};
    send_bytes(fd, ping, sizeof ping);
}

static void a_half_closed_client_still_gets_its_answers(void **state)
{
    house *self = *state;
    skad_answer answer;
    int fd = dial(self);
    send_bytes(fd, STATUS, sizeof STATUS);
    send_slow_ping(fd);
    shutdown(fd, SHUT_WR);
    assert_int_equal(read_answers(self, fd, SIZE_MAX, &answer), 2); /* and then it is hung up */
    assert_error(answer, "timed_out");
    close(fd);
}

static void operations_of_a_client_that_hangs_up_are_cancelled(void **state)
{
    house *self = *state;
    int fd = dial(self);
    for (int i = 0; i < 10; i++) {
        send_slow_ping(fd);
    }
    while (operations_of_node(self) < 10) {
        ev_run(self->loop, EVRUN_NOWAIT);
    }
    close(fd);
    /* The hang-up is seen before the next status: pings would last for seconds. */
    ev_run(self->loop, EVRUN_ONCE);
    assert_int_equal(operations_of_node(self), 0);
}

static void a_client_beyond_the_64th_is_told_so(void **state)
{
    house *self = *state;
    int fds[SKAD_CONTROL_CLIENTS_MAX];
    skad_answer answer;
    for (size_t i = 0; i < SKAD_CONTROL_CLIENTS_MAX; i++) {
        fds[i] = dial(self);
        ev_run(self->loop, EVRUN_ONCE);
    }
    int extra = dial(self);
    assert_int_equal(read_answers(self, extra, SIZE_MAX, &answer), 1);
    assert_error(answer, "busy");
    close(extra);
    close(fds[10]);
    ev_run(self->loop, EVRUN_ONCE);
    assert_healthy(self);
    for (size_t i = 0; i < SKAD_CONTROL_CLIENTS_MAX; i++) {
        if (i != 10) {
            close(fds[i]);
        }
    }
}

/* A client that asks on and on and never reads: its requests stay with it once 256 KiB wait. */
static void a_client_that_does_not_read_stops_being_read(void **state)
{
    house *self = *state;
    int fd = dial(self);
    size_t sent = 0;
    size_t refused = 0;
    while (refused < 100) {
        ssize_t now = send(fd, STATUS, sizeof STATUS, MSG_NOSIGNAL);
        if (now == (ssize_t)sizeof STATUS) {
            sent++;
            refused = 0;
        } else {
            assert_int_equal(now, -1); /* whole or not at all: the request is that small */
            assert_int_equal(errno, EAGAIN);
            refused++;
        }
        ev_run(self->loop, EVRUN_NOWAIT);
        assert_true(sent < 100000);
    }
    assert_healthy(self);
    skad_answer answer;
    assert_int_equal(read_answers(self, fd, sent, &answer), sent); /* none is lost */
    close(fd);
}

static void the_socket_belongs_to_its_owner(void **state)
{
    house *self = *state;
    struct stat info;
    assert_int_equal(stat(self->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void a_socket_in_use_is_not_taken_over(void **state)
{
    house *self = *state;
    skad_failure failure = {""};
    int fd = -1;
    assert_false(skad_control_listen(self->path, &fd, &failure));
    assert_non_null(strstr(failure.text, "another daemon is using"));
    assert_healthy(self);
}

static void a_socket_of_a_dead_daemon_is_taken_over(void **state)
{
    house *self = *state;
    skad_failure failure = {""};
    char path[sizeof self->path + 8];
    int dead = -1;
    int fd = -1;
    (void)snprintf(path, sizeof path, "%s.dead", self->path);
    assert_true(skad_control_listen(path, &dead, &failure));
    close(dead); /* and leaves the file */
    assert_true(skad_control_listen(path, &fd, &failure));
    close(fd);
    assert_int_equal(unlink(path), 0);
}

static void other_files_are_never_taken_for_sockets(void **state)
{
    house *self = *state;
    skad_failure failure = {""};
    char path[sizeof self->path + 8];
    int fd = -1;
    (void)snprintf(path, sizeof path, "%s.file", self->path);
    int file = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(file >= 0);
    close(file);
    assert_false(skad_control_listen(path, &fd, &failure));
    assert_non_null(strstr(failure.text, "is no socket"));
    assert_int_equal(unlink(path), 0); /* it is still there */
}

#define WITH_DAEMON(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DAEMON(requests_get_their_answers),
        WITH_DAEMON(a_request_may_come_byte_by_byte),
        WITH_DAEMON(rubbish_ends_the_connection_and_nothing_else),
        WITH_DAEMON(a_request_that_is_too_long_is_answered_and_ends_the_connection),
        WITH_DAEMON(a_half_closed_client_still_gets_its_answers),
        WITH_DAEMON(more_requests_than_there_is_room_for_wait_their_turn),
        WITH_DAEMON(operations_of_a_client_that_hangs_up_are_cancelled),
        WITH_DAEMON(a_client_beyond_the_64th_is_told_so),
        WITH_DAEMON(a_client_that_does_not_read_stops_being_read),
        WITH_DAEMON(the_socket_belongs_to_its_owner),
        WITH_DAEMON(a_socket_in_use_is_not_taken_over),
        WITH_DAEMON(a_socket_of_a_dead_daemon_is_taken_over),
        WITH_DAEMON(other_files_are_never_taken_for_sockets),
    };
    return cmocka_run_group_tests_name("daemon", tests, NULL, NULL);
}
