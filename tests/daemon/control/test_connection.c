/* The buffers of a connection, at a pair of sockets. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/daemon/control/connection.h"

#define MIB (1U << 20)

typedef struct desk {
    skad_connection client;
    int other; /* the client's end */
} desk;

static int begin(void **state)
{
    static desk made;
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
        return -1;
    }
    skad_connection_init(&made.client, fds[0]);
    made.other = fds[1];
    *state = &made;
    return 0;
}

static int end(void **state)
{
    desk *self = *state;
    skad_connection_close(&self->client);
    if (self->other >= 0) {
        close(self->other);
    }
    return 0;
}

static void what_comes_is_kept_until_it_is_consumed(void **state)
{
    desk *self = *state;
    assert_int_equal(send(self->other, "abcdef", 6, 0), 6);
    skad_connection_receive(&self->client);
    skad_connection_receive(&self->client); /* nothing more is there */
    assert_int_equal(self->client.in_len, 6);
    assert_memory_equal(self->client.in, "abcdef", 6);
    assert_false(self->client.ended || self->client.broken);
    skad_connection_consume(&self->client, 2);
    assert_int_equal(self->client.in_len, 4);
    assert_memory_equal(self->client.in, "cdef", 4);
    assert_int_equal(send(self->other, "gh", 2, 0), 2);
    skad_connection_receive(&self->client);
    assert_memory_equal(self->client.in, "cdefgh", 6);
    skad_connection_consume(&self->client, 6);
    assert_int_equal(self->client.in_len, 0);
}

static void no_more_is_read_than_there_is_room_for(void **state)
{
    desk *self = *state;
    static const uint8_t bytes[5000];
    assert_int_equal(send(self->other, bytes, sizeof bytes, 0), sizeof bytes);
    for (unsigned i = 0; i < 3; i++) {
        skad_connection_receive(&self->client);
    }
    assert_int_equal(self->client.in_len, 4096);
    assert_false(self->client.ended || self->client.broken);
    skad_connection_consume(&self->client, 4096);
    skad_connection_receive(&self->client);
    assert_int_equal(self->client.in_len, 5000 - 4096);
}

static void who_sends_no_more_may_still_read(void **state)
{
    desk *self = *state;
    char bytes[8];
    assert_int_equal(send(self->other, "a", 1, 0), 1);
    assert_int_equal(shutdown(self->other, SHUT_WR), 0);
    skad_connection_receive(&self->client);
    assert_false(self->client.ended);
    skad_connection_receive(&self->client);
    assert_true(self->client.ended);
    assert_false(self->client.broken);
    assert_int_equal(self->client.in_len, 1);
    skad_connection_send(&self->client, (const uint8_t *)"xyz", 3);
    assert_int_equal(recv(self->other, bytes, sizeof bytes, 0), 3);
}

static void who_hangs_up_is_gone(void **state)
{
    desk *self = *state;
    close(self->other);
    self->other = -1;
    skad_connection_receive(&self->client);
    assert_true(self->client.ended);
    assert_true(self->client.broken);
}

/* Its own data unread, it resets the connection. */
static void a_reset_breaks_the_connection(void **state)
{
    desk *self = *state;
    skad_connection_send(&self->client, (const uint8_t *)"xyz", 3);
    close(self->other);
    self->other = -1;
    skad_connection_receive(&self->client);
    assert_true(self->client.broken);
}

static void sending_to_who_is_gone_breaks_the_connection(void **state)
{
    desk *self = *state;
    close(self->other);
    self->other = -1;
    assert_false(self->client.broken);
    skad_connection_send(&self->client, (const uint8_t *)"xyz", 3);
    assert_true(self->client.broken);
    size_t unsent = skad_connection_unsent(&self->client);
    skad_connection_send(&self->client, (const uint8_t *)"xyz", 3); /* no more is kept */
    assert_int_equal(skad_connection_unsent(&self->client), unsent);
}

/* Fills the socket, so that all that is sent from now on waits. */
static void stuff(desk *self)
{
    static const uint8_t bytes[4096];
    while (skad_connection_unsent(&self->client) == 0) {
        skad_connection_send(&self->client, bytes, sizeof bytes);
    }
}

/* Reads until nothing is left on either side; counts the bytes. */
static size_t read_all(desk *self, uint8_t *last)
{
    static uint8_t bytes[65536];
    size_t sum = 0;
    for (;;) {
        ssize_t got = recv(self->other, bytes, sizeof bytes, 0);
        if (got > 0) {
            sum += (size_t)got;
            *last = bytes[got - 1];
        } else if (skad_connection_unsent(&self->client) > 0) {
            skad_connection_flush(&self->client);
        } else {
            return sum;
        }
    }
}

static void what_the_socket_does_not_take_waits_in_order(void **state)
{
    desk *self = *state;
    uint8_t last = 0;
    uint8_t bytes[1000];
    stuff(self);
    (void)read_all(self, &last);
    assert_null(self->client.out); /* what was sent takes no memory */
    assert_int_equal(self->client.out_cap + self->client.out_len + self->client.out_sent, 0);
    stuff(self);
    size_t before = skad_connection_unsent(&self->client);
    for (uint8_t i = 1; i <= 100; i++) {
        memset(bytes, i, sizeof bytes);
        skad_connection_send(&self->client, bytes, sizeof bytes);
    }
    assert_int_equal(skad_connection_unsent(&self->client), before + 100 * sizeof bytes);
    assert_true(read_all(self, &last) > 100 * sizeof bytes);
    assert_int_equal(last, 100);
    assert_false(self->client.broken);
}

static void at_most_a_mebibyte_waits(void **state)
{
    desk *self = *state;
    static uint8_t bytes[MIB];
    stuff(self);
    size_t unsent = skad_connection_unsent(&self->client);
    skad_connection_send(&self->client, bytes, MIB - unsent);
    assert_false(self->client.broken);
    assert_int_equal(skad_connection_unsent(&self->client), MIB);
    skad_connection_send(&self->client, bytes, 1);
    assert_true(self->client.broken);
    assert_int_equal(skad_connection_unsent(&self->client), MIB);
    skad_connection_receive(&self->client);
    skad_connection_flush(&self->client); /* nothing is sent any more */
    assert_int_equal(skad_connection_unsent(&self->client), MIB);
}

/* What was sent already makes room, although the buffer is not empty. */
static void room_that_became_free_is_used(void **state)
{
    desk *self = *state;
    static uint8_t bytes[MIB];
    stuff(self);
    skad_connection_send(&self->client, bytes, MIB - skad_connection_unsent(&self->client));
    assert_true(recv(self->other, bytes, 65536, 0) > 0);
    skad_connection_flush(&self->client);
    size_t unsent = skad_connection_unsent(&self->client);
    assert_true(unsent < MIB);
    skad_connection_send(&self->client, bytes, MIB - unsent);
    assert_false(self->client.broken);
}

#define AT_DESK(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_DESK(what_comes_is_kept_until_it_is_consumed),
        AT_DESK(no_more_is_read_than_there_is_room_for),
        AT_DESK(who_sends_no_more_may_still_read),
        AT_DESK(who_hangs_up_is_gone),
        AT_DESK(a_reset_breaks_the_connection),
        AT_DESK(sending_to_who_is_gone_breaks_the_connection),
        AT_DESK(what_the_socket_does_not_take_waits_in_order),
        AT_DESK(at_most_a_mebibyte_waits),
        AT_DESK(room_that_became_free_is_used),
    };
    return cmocka_run_group_tests_name("connection", tests, NULL, NULL);
}
