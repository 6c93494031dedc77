/* A node at its port: a peer that it asks something is heard by a peer socket from then on, one
 * that it only answers is not. Over loopback, which delivers before a send returns; nothing depends
 * on time. */
#define _GNU_SOURCE /* mmsghdr */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "proto/address.h"
#include "src/core/node/parts.h"
#include "src/daemon/system/log.h"
#include "src/host/net/udp_endpoints.h"
#include "tests/support/fixture.h"
#include "tests/support/ipv6.h"
#include "tests/support/turns.h"

#define INLETS 4

typedef struct bench {
    test_fixture fixture;
    skad_loop *loop;
    skad_udp_endpoints endpoints;
    skad_udp_socket peer;
} bench;

static const skad_address loopback = {.family = SKAD_FAMILY_IPV4, .ip = {127, 0, 0, 1}};
static const skad_address everywhere = {.family = SKAD_FAMILY_IPV4};

static int begin_with(void **state, const skad_address *listen, size_t count, size_t peer_sockets)
{
    static bench made;
    skad_failure failure;
    memset(&made, 0, sizeof made);
    test_fixture_init(&made.fixture, skad_profile_builtin("test"));
    made.loop = test_loop_new();
    assert_non_null(made.loop);
    assert_true(
        skad_udp_endpoints_open(&made.endpoints, made.loop, listen, count, peer_sockets, &failure));
    assert_true(skad_udp_open(&loopback, &made.peer, NULL, &failure));
    assert_int_equal(
        skad_udp_endpoints_start(&made.endpoints, made.fixture.node, &made.fixture.now, 0),
        SKAD_OK);
    *state = &made;
    return 0;
}

static int begin(void **state)
{
    return begin_with(state, &loopback, 1, INLETS);
}

static int begin_everywhere(void **state)
{
    return begin_with(state, &everywhere, 1, INLETS);
}

static int begin_without_peer_sockets(void **state)
{
    return begin_with(state, &loopback, 1, 0);
}

static int end(void **state)
{
    bench *made = *state;
    skad_udp_endpoints_close(&made->endpoints);
    skad_udp_close(&made->peer);
    skad_loop_free(made->loop);
    test_fixture_free(&made->fixture);
    return 0;
}

static bool has_peer_socket(const bench *made)
{
    const skad_peer_sockets *peer_sockets = &made->endpoints.endpoints[0].peer_sockets;
    for (size_t i = 0; i < peer_sockets->count; i++) {
        if (skad_address_equal(&peer_sockets->each[i].peer, &made->peer.bound)) {
            return true;
        }
    }
    return false;
}

static uint64_t received_by_node(const bench *made)
{
    skad_node_stats stats;
    skad_node_stats_get(made->fixture.node, made->fixture.now, &stats);
    return stats.received;
}

/* The peer sends a datagram, and the node is given its turn. */
static void send_from_peer_to(bench *made, const skad_datagram *datagram, const skad_address *to)
{
    skad_datagram *place = skad_udp_reserve(&made->peer);
    *place = *datagram;
    place->to = *to;
    place->local = (skad_local){0};
    skad_udp_commit(&made->peer);
    assert_true(skad_udp_flush(&made->peer));
    test_loop_turn(made->loop);
}

static void send_from_peer(bench *made, const skad_datagram *datagram)
{
    send_from_peer_to(made, datagram, &made->endpoints.sockets[0].bound);
}

/* Listening everywhere, a machine may have more addresses than one. */
static void an_answer_leaves_from_the_address_that_was_asked(void **state)
{
    bench *made = *state;
    const test_remote *who = test_fixture_remote(&made->fixture);
    for (uint8_t last = 1; last <= 3; last++) {
        skad_udp_received received[SKAD_UDP_BATCH];
        skad_datagram request;
        skad_address asked = loopback;
        asked.ip[3] = last;
        asked.port = made->endpoints.sockets[0].bound.port;
        test_fixture_request(&made->fixture, who, &(skad_message){.kind = SKAD_KIND_PING}, NULL,
                             &request);
        send_from_peer_to(made, &request, &asked);
        skad_udp_endpoints_send(&made->endpoints);
        assert_int_equal(skad_udp_receive(&made->peer, received), 1);
        assert_memory_equal(&received[0].from, &asked, sizeof asked);
    }
}

static size_t sent_to_peer(bench *made)
{
    skad_udp_received received[SKAD_UDP_BATCH];
    skad_udp_endpoints_send(&made->endpoints);
    return skad_udp_receive(&made->peer, received);
}

static void ask(bench *made)
{
    skad_op op;
    assert_int_equal(skad_node_ping(made->fixture.node, &made->peer.bound, made->fixture.now, &op),
                     SKAD_OK);
    assert_int_equal(sent_to_peer(made), 1);
}

static void an_asked_peer_is_heard_by_a_peer_socket(void **state)
{
    bench *made = *state;
    const skad_datagram noise = {.len = 200};
    ask(made);
    assert_true(has_peer_socket(made));
    send_from_peer(made, &noise);
    assert_int_equal(received_by_node(made), 1);
}

static void who_is_answered_only_is_heard_at_the_port(void **state)
{
    bench *made = *state;
    const test_remote *who = test_fixture_remote(&made->fixture);
    skad_datagram request;
    test_fixture_request(&made->fixture, who, &(skad_message){.kind = SKAD_KIND_PING}, NULL,
                         &request);
    send_from_peer(made, &request);
    assert_int_equal(received_by_node(made), 1);
    assert_int_equal(sent_to_peer(made), 1);
    assert_false(has_peer_socket(made));
}

static void without_peer_sockets_all_is_heard_at_the_port(void **state)
{
    bench *made = *state;
    const skad_datagram noise = {.len = 200};
    ask(made);
    assert_false(has_peer_socket(made));
    send_from_peer(made, &noise);
    assert_int_equal(received_by_node(made), 1);
}

/* ---- A full send buffer ---- */

/* Loopback empties its buffers at once, so the call is made to say that one is full. */
static int full_fd = -1;

int __real_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);

int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    if (fd == full_fd) {
        errno = EAGAIN;
        return -1;
    }
    return __real_sendmmsg(fd, messages, count, flags);
}

static int begin_with_both_families(void **state)
{
    static const skad_address both[] = {
        {.family = SKAD_FAMILY_IPV6, .ip = {[15] = 1}},
        {.family = SKAD_FAMILY_IPV4, .ip = {127, 0, 0, 1}},
    };
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    struct sockaddr_storage name;
    bool has_ipv6 =
        bind(fd, (struct sockaddr *)&name, skad_address_to_sockaddr(&both[0], &name)) == 0;
    (void)close(fd);
    full_fd = -1;
    return begin_with(state, has_ipv6 ? both : &both[1], has_ipv6 ? 2 : 1, 0);
}

/* The node answers one more PING of the same stranger, wherever it comes from. */
static void have_answered(bench *made, const skad_address *from)
{
    skad_datagram request;
    if (made->fixture.remotes_count == 0) {
        (void)test_fixture_remote(&made->fixture);
    }
    test_fixture_request(&made->fixture, &made->fixture.remotes[0],
                         &(skad_message){.kind = SKAD_KIND_PING}, NULL, &request);
    assert_int_equal(
        skad_node_receive(made->fixture.node, request.bytes, request.len, from, made->fixture.now),
        SKAD_VERDICT_ACCEPT);
}

static size_t waiting_in_node(const bench *made)
{
    return skad_node_parts_of(made->fixture.node).outbox->count;
}

static void a_full_buffer_stops_its_own_family_only(void **state)
{
    bench *made = *state;
    const skad_address far = {.family = SKAD_FAMILY_IPV6, .port = 9, .ip = {[15] = 1}};
    skad_udp_socket *ipv6 = &made->endpoints.sockets[0];
    if (made->endpoints.count < 2) {
        skip();
    }
    full_fd = ipv6->fd;
    for (size_t i = 0; i < SKAD_UDP_WAITING + 3; i++) {
        have_answered(made, &far);
        if (i % 100 == 0) {
            have_answered(made, &made->peer.bound);
            assert_int_equal(sent_to_peer(made), 1);
        }
        skad_udp_endpoints_send(&made->endpoints);
    }
    assert_int_equal(ipv6->out_count, SKAD_UDP_WAITING);
    assert_int_equal(ipv6->counters.refused, 3); /* found no place */
    assert_int_equal(waiting_in_node(made), 0);
    full_fd = -1;
    test_loop_turn(made->loop); /* the loop sees that the buffer has room again */
    assert_int_equal(ipv6->out_count, 0);
}

static void while_all_buffers_are_full_the_node_keeps_its_datagrams(void **state)
{
    bench *made = *state;
    full_fd = made->endpoints.sockets[0].fd;
    have_answered(made, &made->peer.bound);
    assert_int_equal(sent_to_peer(made), 0);
    have_answered(made, &made->peer.bound);
    assert_int_equal(sent_to_peer(made), 0);
    assert_int_equal(waiting_in_node(made), 1);
    full_fd = -1;
    test_loop_turn(made->loop);
    assert_int_equal(sent_to_peer(made), 2);
    assert_int_equal(waiting_in_node(made), 0);
}

/* ---- Opening ---- */

bool __real_skad_udp_open_at(const skad_address *listen, uint32_t interface, skad_udp_socket *out,
                             bool *unsupported, skad_failure *failure);
bool __wrap_skad_udp_open_at(const skad_address *listen, uint32_t interface, skad_udp_socket *out,
                             bool *unsupported, skad_failure *failure);

static unsigned closed_families; /* which no socket can be bound in, */
static bool family_unsupported;  /* since the machine does not have them */

bool __wrap_skad_udp_open_at(const skad_address *listen, uint32_t interface, skad_udp_socket *out,
                             bool *unsupported, skad_failure *failure)
{
    if ((listen->family & closed_families) != 0) {
        *unsupported = family_unsupported;
        return skad_fail(failure, "closed");
    }
    skad_address anywhere = *listen;
    anywhere.port = 0; /* the usual port may be taken */
    return __real_skad_udp_open_at(&anywhere, interface, out, unsupported, failure);
}

/* A family may be missing where another one is there; a port that is taken never is. */
static void a_family_may_be_missing_beside_another_one(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        unsigned closed;
        bool unsupported;
        size_t asked;
        size_t opened; /* 0: it fails */
    } cases[] = {
        {"no IPv6", SKAD_FAMILY_IPV6, true, 0, 1},
        {"IPv6 is taken", SKAD_FAMILY_IPV6, false, 0, 0},
        {"neither", SKAD_FAMILIES_ALL, true, 0, 0},
        {"asked for, and missing", SKAD_FAMILY_IPV4, true, 1, 0},
        {"asked for, and taken", SKAD_FAMILY_IPV4, false, 1, 0},
        {"both asked for, one missing", SKAD_FAMILY_IPV6, true, 2, 1},
        {"both asked for, the first missing", SKAD_FAMILY_IPV4, true, 2, 1},
        {"both asked for, one taken", SKAD_FAMILY_IPV6, false, 2, 0},
        {"both asked for, both missing", SKAD_FAMILIES_ALL, true, 2, 0},
    };
    const skad_address both[] = {loopback, {.family = SKAD_FAMILY_IPV6, .ip = {[15] = 1}}};
    if (!test_has_ipv6()) {
        skip();
    }
    skad_loop *loop = test_loop_new();
    assert_non_null(loop);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static skad_udp_endpoints endpoints;
        skad_failure failure;
        memset(&endpoints, 0, sizeof endpoints);
        closed_families = cases[i].closed;
        family_unsupported = cases[i].unsupported;
        endpoints.log = skad_log_stderr(SKAD_LOG_NOTHING);
        bool opened = skad_udp_endpoints_open(&endpoints, loop, both, cases[i].asked, 0, &failure);
        if (opened != (cases[i].opened > 0) || (opened && endpoints.count != cases[i].opened)) {
            fail_msg("%s", cases[i].label);
        }
        skad_udp_endpoints_close(&endpoints);
    }
    closed_families = 0;
    skad_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_asked_peer_is_heard_by_a_peer_socket, begin, end),
        cmocka_unit_test_setup_teardown(who_is_answered_only_is_heard_at_the_port, begin, end),
        cmocka_unit_test_setup_teardown(an_answer_leaves_from_the_address_that_was_asked,
                                        begin_everywhere, end),
        cmocka_unit_test_setup_teardown(without_peer_sockets_all_is_heard_at_the_port,
                                        begin_without_peer_sockets, end),
        cmocka_unit_test_setup_teardown(a_full_buffer_stops_its_own_family_only,
                                        begin_with_both_families, end),
        cmocka_unit_test_setup_teardown(while_all_buffers_are_full_the_node_keeps_its_datagrams,
                                        begin_without_peer_sockets, end),
        cmocka_unit_test(a_family_may_be_missing_beside_another_one),
    };
    return cmocka_run_group_tests_name("udp_endpoints", tests, NULL, NULL);
}
