/* Clients of every manner at the control socket of a daemon. */
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

#include "proto/address.h"
#include "src/daemon/control/control.h"
#include "src/daemon/control/control_listen.h"
#include "src/host/system/clock.h"
#include "tests/support/control.h"
#include "tests/support/ipv6.h"

/* Requests as they are on the wire: [0, 5, "status", []] and so on. */
static const uint8_t STATUS[] = {0x94, 0, 5, 0xa6, 's', 't', 'a', 't', 'u', 's', 0x90};
static const uint8_t TABLE[] = {0x94, 0, 6, 0xa5, 't', 'a', 'b', 'l', 'e', 0x90};
static const uint8_t PUT[] = {0x94, 0, 7, 0xa3, 'p', 'u', 't', 0x91, 0xc4, 3, 'a', 'b', 'c'};
static const uint8_t EMPTY_PUT[] = {0x94, 0, 8, 0xa3, 'p', 'u', 't', 0x91, 0xc4, 0};
static const uint8_t NO_METHOD[] = {0x94, 0, 9, 0xa1, 'x', 0x90};

static void requests_get_their_answers(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    int fd = test_control_dial(self);

    test_control_send(fd, TABLE, sizeof TABLE);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    assert_int_equal(test_control_msgid(answer), 6);
    assert_int_equal(skad_answer_count(skad_answer_get(skad_answer_at(answer, 3), "rows")), 0);

    test_control_send(fd, PUT, sizeof PUT);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    assert_int_equal(test_control_msgid(answer), 7);
    assert_int_equal(skad_answer_uint(skad_answer_at(answer, 3), "stored"), 1); /* by itself */

    test_control_send(fd, EMPTY_PUT, sizeof EMPTY_PUT);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    assert_int_equal(test_control_msgid(answer), 8);
    test_control_expect_error(answer, "input");

    test_control_send(fd, NO_METHOD, sizeof NO_METHOD);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    assert_int_equal(test_control_msgid(answer), 9);
    test_control_expect_error(answer, "method");
    close(fd);
}

static void a_request_may_come_byte_by_byte(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    int fd = test_control_dial(self);
    for (size_t i = 0; i < sizeof STATUS; i++) {
        test_control_send(fd, &STATUS[i], 1);
        ev_run(self->loop, EVRUN_NOWAIT);
    }
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    assert_int_equal(test_control_msgid(answer), 5);
    close(fd);
}

static void rubbish_ends_the_connection_and_nothing_else(void **state)
{
    test_control *self = *state;
    static const uint8_t nonsense[] = {0xc1, 0xff, 0x00};
    int idle = test_control_dial(self);
    int fd = test_control_dial(self);
    test_control_send(fd, nonsense, sizeof nonsense);
    assert_true(test_control_hangs_up(self, fd));
    close(fd);
    test_control_expect_healthy(self);
    skad_answer answer;
    test_control_send(idle, STATUS, sizeof STATUS);
    assert_int_equal(test_control_read(self, idle, 1, &answer), 1);
    close(idle);
}

static void a_request_that_is_too_long_is_answered_and_ends_the_connection(void **state)
{
    test_control *self = *state;
    static const uint8_t head[] = {0x94, 0, 42, 0xa3, 'p', 'u', 't', 0x91, 0xc5, 0x20, 0};
    uint8_t bytes[5000] = {0};
    skad_answer answer;
    int fd = test_control_dial(self);
    memcpy(bytes, head, sizeof head);
    test_control_send(fd, bytes, sizeof bytes);
    assert_int_equal(test_control_read(self, fd, SIZE_MAX, &answer), 1);
    assert_int_equal(test_control_msgid(answer), 42);
    test_control_expect_error(answer, "params");
    close(fd);
    test_control_expect_healthy(self);
}

/* 4096 bytes are a request, if not one that can be served; 4097 are none. */
static void a_request_has_at_most_4096_bytes(void **state)
{
    test_control *self = *state;
    static const uint8_t head[] = {0x94, 0, 42, 0xa3, 'p', 'u', 't', 0x91, 0xc5};
    for (size_t len = 4096; len <= 4097; len++) {
        uint8_t bytes[4097] = {0};
        size_t value = len - sizeof head - 2;
        skad_answer answer;
        int fd = test_control_dial(self);
        memcpy(bytes, head, sizeof head);
        bytes[sizeof head] = (uint8_t)(value >> 8);
        bytes[sizeof head + 1] = (uint8_t)value;
        test_control_send(fd, bytes, len);
        assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
        assert_int_equal(test_control_msgid(answer), 42);
        if (len == 4096) {
            test_control_expect_error(answer, "input");
            test_control_send(fd, STATUS, sizeof STATUS);
            assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
        } else {
            test_control_expect_error(answer, "params");
            assert_true(test_control_hangs_up(self, fd));
        }
        close(fd);
    }
}

/* 200 puts at once are more than one client may have in flight, and more than the node takes. */
static void more_requests_than_there_is_room_for_wait_their_turn(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    int fd = test_control_dial(self);
    for (size_t i = 0; i < 200; i++) {
        test_control_send(fd, PUT, sizeof PUT);
    }
    assert_int_equal(test_control_read(self, fd, 200, &answer), 200);
    assert_int_equal(skad_answer_uint(skad_answer_at(answer, 3), "stored"), 1);
    close(fd);
}

/* How many answers have come so far, of which each has as many bytes. */
static size_t answers_waiting(int fd, size_t answer_bytes)
{
    static uint8_t bytes[1 << 18];
    ssize_t got = recv(fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    return got <= 0 ? 0 : (size_t)got / answer_bytes;
}

/* Thirty in one piece: the loop takes four in a turn, and then looks at its ports. */
static void a_client_in_a_hurry_leaves_the_loop_to_others(void **state)
{
    test_control *self = *state;
    static const uint8_t bans[] = {0x94, 0, 1, 0xa4, 'b', 'a', 'n', 's', 0x90};
    uint8_t all[30 * sizeof bans];
    uint8_t one[4096];
    skad_answer answer;
    int fd = test_control_dial(self);
    test_control_send(fd, bans, sizeof bans);
    ssize_t bytes = -1;
    while (bytes <= 0) {
        ev_run(self->loop, EVRUN_NOWAIT);
        bytes = recv(fd, one, sizeof one, MSG_DONTWAIT);
    }
    for (size_t i = 0; i < 30; i++) {
        memcpy(all + i * sizeof bans, bans, sizeof bans);
    }
    test_control_send(fd, all, sizeof all);
    for (size_t turn = 1; turn <= 5; turn++) {
        ev_run(self->loop, EVRUN_NOWAIT);
        assert_in_range(answers_waiting(fd, (size_t)bytes), 1, 4 * turn);
    }
    assert_int_equal(test_control_read(self, fd, 30, &answer), 30);
    test_control_send(fd, bans, sizeof bans);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    close(fd);
}

/* [0, 0, "ping", ["127.0.0.1:9"]]: nobody is there, so it takes its time. */
static void send_slow_ping(int fd)
{
    static const uint8_t ping[] = {0x94, 0,   0,   0xa4, 'p', 'i', 'n', 'g', 0x91, 0xab, '1',
                                   '2',  '7', '.', '0',  '.', '0', '.', '1', ':',  '9'};
    test_control_send(fd, ping, sizeof ping);
}

/* Only for room is waited. */
static void what_cannot_start_is_told_at_once_while_others_run(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    int fd = test_control_dial(self);
    send_slow_ping(fd);
    test_control_send(fd, EMPTY_PUT, sizeof EMPTY_PUT);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    assert_int_equal(test_control_msgid(answer), 8);
    test_control_expect_error(answer, "input");
    close(fd);
}

static void a_half_closed_client_still_gets_its_answers(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    int fd = test_control_dial(self);
    test_control_send(fd, STATUS, sizeof STATUS);
    send_slow_ping(fd);
    shutdown(fd, SHUT_WR);
    assert_int_equal(test_control_read(self, fd, SIZE_MAX, &answer),
                     2); /* and then it is hung up */
    test_control_expect_error(answer, "timed_out");
    close(fd);
}

static void operations_of_a_client_that_hangs_up_are_cancelled(void **state)
{
    test_control *self = *state;
    int fd = test_control_dial(self);
    for (int i = 0; i < 10; i++) {
        send_slow_ping(fd);
    }
    test_control_await_status(self, "operations", 10);
    close(fd);
    /* The hang-up is seen before the next status: pings would last for seconds. */
    ev_run(self->loop, EVRUN_ONCE);
    assert_int_equal(test_control_status(self, "operations"), 0);
}

static void a_client_beyond_the_64th_is_told_so(void **state)
{
    test_control *self = *state;
    int fds[64];
    skad_answer answer;
    for (size_t i = 0; i < 64; i++) {
        fds[i] = test_control_dial(self);
        ev_run(self->loop, EVRUN_ONCE);
    }
    uint8_t bytes[512];
    skad_writer request = test_control_request(bytes, 64, "status", 0);
    test_control_send_request(fds[63], &request);
    assert_int_equal(test_control_read(self, fds[63], 1, &answer), 1);
    assert_int_equal(test_control_msgid(answer), 64); /* the last one is served */
    int extra = test_control_dial(self);
    assert_int_equal(test_control_read(self, extra, SIZE_MAX, &answer), 1);
    test_control_expect_error(answer, "busy");
    close(extra);
    close(fds[10]);
    ev_run(self->loop, EVRUN_ONCE);
    test_control_expect_healthy(self);
    for (size_t i = 0; i < 64; i++) {
        if (i != 10) {
            close(fds[i]);
        }
    }
}

/* A client that asks on and on and never reads: its requests stay with it once 256 KiB wait. */
static void a_client_that_does_not_read_stops_being_read(void **state)
{
    test_control *self = *state;
    int fd = test_control_dial(self);
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
    test_control_expect_healthy(self);
    skad_answer answer;
    assert_int_equal(test_control_read(self, fd, sent, &answer), sent); /* none is lost */
    close(fd);
}

static void the_sockets_of_both_families_are_told(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    char text[SKAD_ANSWER_TEXT_BYTES];
    if (!test_has_ipv6()) {
        skip();
    }
    int fd = test_control_dial(self);
    test_control_send(fd, STATUS, sizeof STATUS);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    skad_answer listen = skad_answer_get(skad_answer_at(answer, 3), "listen");
    assert_int_equal(skad_answer_count(listen), 2);
    skad_answer_text(skad_answer_at(listen, 0), text);
    assert_memory_equal(text, "127.0.0.1:", 10);
    skad_answer_text(skad_answer_at(listen, 1), text);
    assert_memory_equal(text, "[::1]:", 6);
    close(fd);
}

static void clients_are_hung_up_when_the_daemon_ends(void **state)
{
    test_control *self = *state;
    int idle = test_control_dial(self);
    int busy = test_control_dial(self);
    char byte;
    send_slow_ping(busy);
    test_control_expect_healthy(self);
    skad_daemon_free(self->daemon);
    self->daemon = NULL;
    assert_int_equal(recv(idle, &byte, 1, 0), 0);
    assert_int_equal(recv(busy, &byte, 1, 0), 0);
    close(idle);
    close(busy);
}

static void the_socket_belongs_to_its_owner(void **state)
{
    test_control *self = *state;
    struct stat info;
    assert_int_equal(stat(self->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void a_socket_in_use_is_not_taken_over(void **state)
{
    test_control *self = *state;
    skad_failure failure = {""};
    int fd = -1;
    assert_false(skad_control_listen(self->path, &fd, &failure));
    assert_non_null(strstr(failure.text, "another daemon is using"));
    test_control_expect_healthy(self);
}

static void a_socket_of_a_dead_daemon_is_taken_over(void **state)
{
    test_control *self = *state;
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
    test_control *self = *state;
    skad_failure failure = {""};
    char path[sizeof self->path + 8];
    int fd = -1;
    (void)snprintf(path, sizeof path, "%s.file", self->path);
    int file = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(file >= 0);
    close(file);
    assert_false(skad_control_listen(path, &fd, &failure));
    assert_non_null(strstr(failure.text, "is not a socket"));
    assert_int_equal(unlink(path), 0); /* it is still there */
}

#define WITH_DAEMON(name)                                                                          \
    cmocka_unit_test_setup_teardown(name, test_control_begin, test_control_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DAEMON(requests_get_their_answers),
        WITH_DAEMON(a_request_may_come_byte_by_byte),
        WITH_DAEMON(rubbish_ends_the_connection_and_nothing_else),
        WITH_DAEMON(a_request_that_is_too_long_is_answered_and_ends_the_connection),
        WITH_DAEMON(a_request_has_at_most_4096_bytes),
        WITH_DAEMON(more_requests_than_there_is_room_for_wait_their_turn),
        WITH_DAEMON(a_client_in_a_hurry_leaves_the_loop_to_others),
        WITH_DAEMON(what_cannot_start_is_told_at_once_while_others_run),
        WITH_DAEMON(a_half_closed_client_still_gets_its_answers),
        WITH_DAEMON(operations_of_a_client_that_hangs_up_are_cancelled),
        WITH_DAEMON(a_client_beyond_the_64th_is_told_so),
        WITH_DAEMON(a_client_that_does_not_read_stops_being_read),
        cmocka_unit_test_setup_teardown(the_sockets_of_both_families_are_told,
                                        test_control_begin_with_ipv6, test_control_end),
        WITH_DAEMON(clients_are_hung_up_when_the_daemon_ends),
        WITH_DAEMON(the_socket_belongs_to_its_owner),
        WITH_DAEMON(a_socket_in_use_is_not_taken_over),
        WITH_DAEMON(a_socket_of_a_dead_daemon_is_taken_over),
        WITH_DAEMON(other_files_are_never_taken_for_sockets),
    };
    return cmocka_run_group_tests_name("daemon", tests, NULL, NULL);
}
