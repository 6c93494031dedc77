/* A node at its port: a peer that it asks something is heard by a peer socket from then on, one
 * that it only answers is not. Over loopback, which delivers before a send returns; nothing depends
 * on time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "proto/address.h"
#include "src/daemon/net/udp_endpoints.h"
#include "tests/support/fixture.h"

#define INLETS 4

typedef struct bench {
    test_fixture fixture;
    struct ev_loop *loop;
    skad_udp_endpoints endpoints;
    skad_udp_socket peer;
} bench;

static const skad_address loopback = {.family = SKAD_FAMILY_IPV4, .ip = {127, 0, 0, 1}};
static const skad_address everywhere = {.family = SKAD_FAMILY_IPV4};

static int begin_with(void **state, const skad_address *listen, size_t peer_sockets)
{
    static bench made;
    skad_failure failure;
    memset(&made, 0, sizeof made);
    test_fixture_init(&made.fixture, skad_profile_builtin("test"));
    made.loop = ev_loop_new(EVFLAG_AUTO);
    assert_non_null(made.loop);
    assert_true(
        skad_udp_endpoints_open(&made.endpoints, made.loop, listen, 1, peer_sockets, &failure));
    assert_true(skad_udp_open(&loopback, &made.peer, NULL, &failure));
    assert_int_equal(
        skad_udp_endpoints_start(&made.endpoints, made.fixture.node, &made.fixture.now, 0),
        SKAD_OK);
    *state = &made;
    return 0;
}

static int begin(void **state)
{
    return begin_with(state, &loopback, INLETS);
}

static int begin_everywhere(void **state)
{
    return begin_with(state, &everywhere, INLETS);
}

static int begin_without_peer_sockets(void **state)
{
    return begin_with(state, &loopback, 0);
}

static int end(void **state)
{
    bench *made = *state;
    skad_udp_endpoints_close(&made->endpoints);
    skad_udp_close(&made->peer);
    ev_loop_destroy(made->loop);
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
    ev_run(made->loop, EVRUN_NOWAIT);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_asked_peer_is_heard_by_a_peer_socket, begin, end),
        cmocka_unit_test_setup_teardown(who_is_answered_only_is_heard_at_the_port, begin, end),
        cmocka_unit_test_setup_teardown(an_answer_leaves_from_the_address_that_was_asked,
                                        begin_everywhere, end),
        cmocka_unit_test_setup_teardown(without_peer_sockets_all_is_heard_at_the_port,
                                        begin_without_peer_sockets, end),
    };
    return cmocka_run_group_tests_name("udp_endpoints", tests, NULL, NULL);
}
