/* Peer sockets over loopback: whose datagrams come by them, whose do not, and that no other process
 * gets in at the port. Loopback delivers before a send returns, so nothing depends on time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/address.h"
#include "src/host/net/peer_sockets.h"
#include "tests/support/turns.h"

#define SOCKETS       4
#define RECEIVED_MAX  64
#define FLOOD         2000      /* datagrams, more than fit the port's queue */
#define QUEUE_BYTES   (1 << 16) /* of the port */
#define FLOODED_BYTES 1000      /* of each of them */

typedef struct bench {
    skad_loop *loop;
    skad_udp_socket port;
    skad_peer_sockets peer_sockets;
    skad_udp_socket peers[SOCKETS + 1];
    size_t received_count;
    uint8_t received[RECEIVED_MAX]; /* first bytes of what came by peer sockets */
} bench;

static skad_address address_of(const char *text)
{
    skad_address address;
    assert_true(skad_address_parse(text, &address));
    return address;
}

static void open_at(const char *text, skad_udp_socket *out)
{
    skad_failure failure;
    const skad_address listen = address_of(text);
    if (!skad_udp_open(&listen, out, NULL, &failure)) {
        fail_msg("%s", failure.text);
    }
}

static void on_received(void *user, const skad_udp_received *one)
{
    bench *self = user;
    assert_in_range(self->received_count, 0, RECEIVED_MAX - 1);
    self->received[self->received_count++] = one->bytes[0];
}

static void begin_at(bench *self, const char *port, const char *peer)
{
    memset(self, 0, sizeof *self);
    self->loop = test_loop_new();
    assert_non_null(self->loop);
    open_at(port, &self->port);
    for (size_t i = 0; i <= SOCKETS; i++) {
        open_at(peer, &self->peers[i]);
    }
    skad_peer_sockets_open(&self->peer_sockets, &self->port, SOCKETS);
    assert_int_equal(self->peer_sockets.count, SOCKETS);
    skad_peer_sockets_start(&self->peer_sockets, self->loop, on_received, self);
}

static int begin(void **state)
{
    static bench made;
    begin_at(&made, "127.0.0.1:0", "127.0.0.1:0");
    *state = &made;
    return 0;
}

static int end(void **state)
{
    bench *self = *state;
    skad_peer_sockets_close(&self->peer_sockets);
    for (size_t i = 0; i <= SOCKETS; i++) {
        skad_udp_close(&self->peers[i]);
    }
    skad_udp_close(&self->port);
    skad_loop_free(self->loop);
    return 0;
}

static void send_to(skad_udp_socket *from, const skad_address *to, uint8_t fill, size_t len)
{
    skad_datagram *datagram = skad_udp_reserve(from);
    assert_non_null(datagram);
    datagram->to = *to;
    datagram->len = len;
    memset(datagram->bytes, fill, len);
    skad_udp_commit(from);
    assert_true(skad_udp_flush(from));
}

/* One byte from a peer; whether it came by a peer socket, else it must have come by the port. */
static bool comes_by_peer_socket(bench *self, size_t peer, uint8_t byte)
{
    skad_udp_received received[SKAD_UDP_BATCH];
    size_t before = self->received_count;
    send_to(&self->peers[peer], &self->port.bound, byte, 1);
    test_loop_turn(self->loop);
    size_t by_port = skad_udp_receive(&self->port, received);
    size_t by_peer_socket = self->received_count - before;
    assert_int_equal(by_port + by_peer_socket, 1);
    assert_int_equal(by_port == 1 ? received[0].bytes[0] : self->received[before], byte);
    return by_peer_socket == 1;
}

static void asked_peers_come_by_their_sockets_and_others_by_the_port(void **state)
{
    bench *self = *state;
    assert_false(comes_by_peer_socket(self, 0, 1));
    skad_peer_sockets_expect(&self->peer_sockets, &self->peers[0].bound);
    assert_true(comes_by_peer_socket(self, 0, 2));
    assert_false(comes_by_peer_socket(self, 1, 3));
    skad_peer_sockets_expect(&self->peer_sockets, &self->peers[1].bound);
    assert_true(comes_by_peer_socket(self, 0, 4));
    assert_true(comes_by_peer_socket(self, 1, 5));
}

static void an_answer_comes_although_the_port_is_full(void **state)
{
    bench *self = *state;
    const int bytes = QUEUE_BYTES;
    skad_udp_received received[SKAD_UDP_BATCH];
    assert_int_equal(setsockopt(self->port.fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes), 0);
    skad_peer_sockets_expect(&self->peer_sockets, &self->peers[0].bound);
    for (unsigned i = 0; i < FLOOD; i++) {
        send_to(&self->peers[1], &self->port.bound, 1, FLOODED_BYTES);
    }
    send_to(&self->peers[0], &self->port.bound, 2, 1);
    test_loop_turn(self->loop);
    assert_int_equal(self->received_count, 1);
    assert_int_equal(self->received[0], 2);
    size_t flood = 0;
    for (size_t count = SKAD_UDP_BATCH; count == SKAD_UDP_BATCH; flood += count) {
        count = skad_udp_receive(&self->port, received);
    }
    assert_in_range(flood, 1, FLOOD - 1); /* it was full */
}

static void a_socket_is_taken_from_the_peer_asked_longest_ago(void **state)
{
    bench *self = *state;
    for (size_t i = 0; i < SOCKETS; i++) {
        skad_peer_sockets_expect(&self->peer_sockets, &self->peers[i].bound);
    }
    skad_peer_sockets_expect(&self->peer_sockets, &self->peers[0].bound);       /* again */
    skad_peer_sockets_expect(&self->peer_sockets, &self->peers[SOCKETS].bound); /* instead of 1 */
    for (size_t i = 0; i <= SOCKETS; i++) {
        assert_true(comes_by_peer_socket(self, i, (uint8_t)i) == (i != 1));
    }
    skad_peer_sockets_expect(&self->peer_sockets, &self->peers[1].bound); /* instead of 2 */
    assert_true(comes_by_peer_socket(self, 1, 10));
    assert_false(comes_by_peer_socket(self, 2, 11));
}

/* As a second node would; and as a program that does not mind sharing. */
static void nobody_else_is_let_in_at_the_port(void **state)
{
    bench *self = *state;
    const int on = 1;
    struct sockaddr_storage name;
    skad_udp_socket second;
    skad_failure failure;
    assert_false(skad_udp_open(&self->port.bound, &second, NULL, &failure));
    assert_non_null(strstr(failure.text, "in use by another program"));
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    socklen_t len = skad_address_to_sockaddr(&self->port.bound, &name);
    assert_int_not_equal(bind(fd, (struct sockaddr *)&name, len), 0);
    close(fd);
}

/* The kernel has a word about a peer that is not there, and tells it by the peer socket. */
static void a_peer_that_is_not_there_does_no_harm(void **state)
{
    bench *self = *state;
    const skad_address peer = self->peers[0].bound;
    skad_udp_close(&self->peers[0]);
    for (uint8_t i = 0; i < 3; i++) {
        skad_peer_sockets_expect(&self->peer_sockets, &peer);
        send_to(&self->port, &peer, 0, 1);
        test_loop_turn(self->loop);
    }
    assert_int_equal(self->port.counters.refused, 0);
    assert_int_equal(self->received_count, 0);
    char text[SKAD_ADDRESS_TEXT_BYTES];
    skad_address_format(&peer, text);
    open_at(text, &self->peers[0]);
    assert_true(comes_by_peer_socket(self, 0, 1));
}

/* Broadcast needs an option that is not set. */
static void a_peer_that_cannot_be_connected_to_leaves_the_port_alone(void **state)
{
    bench *self = *state;
    const skad_address broadcast = address_of("255.255.255.255:9");
    for (size_t i = 0; i < SOCKETS; i++) {
        skad_peer_sockets_expect(&self->peer_sockets, &broadcast);
        assert_false(comes_by_peer_socket(self, 0, (uint8_t)i));
    }
    skad_peer_sockets_expect(&self->peer_sockets, &self->peers[0].bound);
    assert_true(comes_by_peer_socket(self, 0, SOCKETS));
}

static void without_peer_sockets_all_comes_by_the_port(void **state)
{
    bench *self = *state;
    skad_peer_sockets_close(&self->peer_sockets);
    skad_peer_sockets_open(&self->peer_sockets, &self->port, 0);
    skad_peer_sockets_expect(&self->peer_sockets, &self->peers[0].bound);
    assert_false(comes_by_peer_socket(self, 0, 1));
}

/* A port for all addresses answers each peer from the one by which it is reached. */
static void a_port_for_all_addresses_has_peer_sockets_too(void **state)
{
    (void)state;
    bench self;
    void *made = &self;
    begin_at(&self, "0.0.0.0:0", "127.0.0.1:0");
    skad_udp_socket other;
    open_at("127.9.9.9:0", &other);
    skad_udp_close(&self.peers[1]);
    self.peers[1] = other;
    const uint16_t port = self.port.bound.port;
    self.port.bound = address_of("127.0.0.1:1");
    self.port.bound.port = port;
    for (size_t i = 0; i <= SOCKETS; i++) { /* the first peer socket serves two */
        assert_false(comes_by_peer_socket(&self, i, 1));
        skad_peer_sockets_expect(&self.peer_sockets, &self.peers[i].bound);
        assert_true(comes_by_peer_socket(&self, i, 2));
    }
    (void)end(&made);
}

static void ipv6_has_peer_sockets_too(void **state)
{
    (void)state;
    bench self;
    void *made = &self;
    skad_udp_socket probe;
    skad_failure failure;
    const skad_address loopback = address_of("[::1]:0");
    if (!skad_udp_open(&loopback, &probe, NULL, &failure)) {
        skip(); /* a machine without IPv6 */
    }
    skad_udp_close(&probe);
    begin_at(&self, "[::]:0", "[::1]:0");
    self.port.bound.ip[15] = 1;
    for (size_t i = 0; i <= SOCKETS; i++) {
        assert_false(comes_by_peer_socket(&self, i, 1));
        skad_peer_sockets_expect(&self.peer_sockets, &self.peers[i].bound);
        assert_true(comes_by_peer_socket(&self, i, 2));
    }
    (void)end(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(asked_peers_come_by_their_sockets_and_others_by_the_port,
                                        begin, end),
        cmocka_unit_test_setup_teardown(an_answer_comes_although_the_port_is_full, begin, end),
        cmocka_unit_test_setup_teardown(a_socket_is_taken_from_the_peer_asked_longest_ago, begin,
                                        end),
        cmocka_unit_test_setup_teardown(nobody_else_is_let_in_at_the_port, begin, end),
        cmocka_unit_test_setup_teardown(a_peer_that_is_not_there_does_no_harm, begin, end),
        cmocka_unit_test_setup_teardown(a_peer_that_cannot_be_connected_to_leaves_the_port_alone,
                                        begin, end),
        cmocka_unit_test_setup_teardown(without_peer_sockets_all_comes_by_the_port, begin, end),
        cmocka_unit_test(a_port_for_all_addresses_has_peer_sockets_too),
        cmocka_unit_test(ipv6_has_peer_sockets_too),
    };
    return cmocka_run_group_tests_name("peer_sockets", tests, NULL, NULL);
}
