/* What a node sends when the kernel takes nothing, or refuses it; with workers, and by both
 * families. The linker hands the sending to this test. */
#define _GNU_SOURCE /* sendmmsg */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "proto/address.h"
#include "src/core/node/parts.h"
#include "src/daemon/system/log.h"
#include "src/host/net/udp_endpoints.h"
#include "tests/support/fixture.h"
#include "tests/support/ipv6.h"
#include "tests/support/log_lines.h"
#include "tests/support/turns.h"

#define INLETS 4

typedef struct bench {
    test_fixture fixture;
    skad_loop *loop;
    skad_udp_endpoints endpoints;
    skad_udp_socket peer;
} bench;

/* ---- A kernel ---- */

int __real_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);

static int kernel_error; /* why it takes nothing; 0: it takes all */
static size_t kernel_took;

int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    if (kernel_error != 0) {
        errno = kernel_error;
        return -1;
    }
    int sent = __real_sendmmsg(fd, messages, count, flags);
    kernel_took += sent > 0 ? (size_t)sent : 0;
    return sent;
}

static const skad_address loopback = {.family = SKAD_FAMILY_IPV4, .ip = {127, 0, 0, 1}};

static int begin_with(void **state, size_t peer_sockets)
{
    static bench made;
    skad_failure failure;
    memset(&made, 0, sizeof made);
    kernel_error = 0;
    kernel_took = 0;
    test_fixture_init(&made.fixture, skad_profile_builtin("test"));
    made.loop = test_loop_new();
    assert_non_null(made.loop);
    assert_true(
        skad_udp_endpoints_open(&made.endpoints, made.loop, &loopback, 1, peer_sockets, &failure));
    assert_true(skad_udp_open(&loopback, &made.peer, NULL, &failure));
    assert_int_equal(
        skad_udp_endpoints_start(&made.endpoints, made.fixture.node, &made.fixture.now, 0),
        SKAD_OK);
    *state = &made;
    return 0;
}

static int begin(void **state)
{
    return begin_with(state, INLETS);
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

/* ---- A kernel that does not take what is sent ---- */

static void ask_often(const bench *made, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        skad_op op;
        assert_int_equal(
            skad_node_ping(made->fixture.node, &made->peer.bound, made->fixture.now, &op), SKAD_OK);
    }
}

static size_t waiting_at_node(const bench *made)
{
    return skad_node_parts_of(made->fixture.node).outbox->count;
}

static void what_the_kernel_does_not_take_now_leaves_later(void **state)
{
    bench *made = *state;
    skad_udp_socket *socket = &made->endpoints.sockets[0];
    const skad_udp_endpoint *endpoint = &made->endpoints.endpoints[0];
    kernel_error = EAGAIN;
    ask_often(made, 100);
    skad_udp_endpoints_send(&made->endpoints);
    assert_int_equal(socket->out_count, 64); /* a batch; the others stay with the node */
    assert_int_equal(waiting_at_node(made), 36);
    assert_true(endpoint->watch.blocked);
    assert_true(socket->counters.congestion > 0);
    skad_udp_endpoints_send(&made->endpoints);
    assert_int_equal(waiting_at_node(made), 36);
    test_loop_turn(made->loop);
    assert_true(endpoint->watch.blocked); /* it is still full */
    kernel_error = 0;
    test_loop_turn(made->loop);
    assert_int_equal(socket->out_count, 0);
    assert_int_equal(kernel_took, 64);
    assert_false(endpoint->watch.blocked);
    skad_udp_endpoints_send(&made->endpoints);
    assert_int_equal(kernel_took, 100);
    assert_int_equal(waiting_at_node(made), 0);
    assert_int_equal(socket->counters.refused, 0);
}

/* One line a minute says how many there were since the last. */
static void what_the_kernel_refuses_is_lost_and_told(void **state)
{
    static test_log log;
    static const struct {
        uint64_t after_s;
        size_t count;
        const char *line; /* NULL: none */
    } turns[] = {
        {0, 3, " warning: the system refused to send 3 datagrams: Operation not permitted"},
        {10, 2, NULL},
        {49, 1, NULL},
        {1, 4, " warning: the system refused to send 7 datagrams: Operation not permitted"},
        {60, 0, NULL},
    };
    bench *made = *state;
    uint64_t refused = 0;
    made->endpoints.log = skad_log_stderr(SKAD_LOG_INFO);
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
        made->fixture.now.mono_us += turns[i].after_s * SKAD_US_PER_S;
        kernel_error = EPERM;
        test_log_begin(&log);
        ask_often(made, turns[i].count);
        skad_udp_endpoints_send(&made->endpoints);
        test_log_end(&log);
        refused += turns[i].count;
        assert_int_equal(made->endpoints.sockets[0].counters.refused, refused);
        assert_int_equal(made->endpoints.sockets[0].out_count, 0);
        assert_int_equal(test_log_count(&log, ""), turns[i].line != NULL);
        if (turns[i].line != NULL) {
            assert_int_equal(test_log_count(&log, turns[i].line), 1);
        }
    }
}

static void with_workers_it_leaves_once_it_is_sealed(void **state)
{
    (void)state;
    static bench made;
    skad_failure failure;
    memset(&made, 0, sizeof made);
    kernel_error = 0;
    kernel_took = 0;
    test_fixture_init(&made.fixture, skad_profile_builtin("test"));
    made.loop = test_loop_new();
    assert_true(skad_udp_endpoints_open(&made.endpoints, made.loop, &loopback, 1, 0, &failure));
    assert_true(skad_udp_open(&loopback, &made.peer, NULL, &failure));
    assert_int_equal(
        skad_udp_endpoints_start(&made.endpoints, made.fixture.node, &made.fixture.now, 2),
        SKAD_OK);
    ask_often(&made, 3);
    skad_udp_endpoints_send(&made.endpoints);
    while (kernel_took < 3) {
        test_loop_wait(made.loop); /* until a worker wakes it */
        skad_udp_endpoints_send(&made.endpoints);
    }
    skad_udp_received received[SKAD_UDP_BATCH];
    assert_int_equal(skad_udp_receive(&made.peer, received), 3);
    skad_udp_endpoints_close(&made.endpoints);
    skad_udp_close(&made.peer);
    skad_loop_free(made.loop);
    test_fixture_free(&made.fixture);
}

static void each_family_leaves_by_its_own_socket(void **state)
{
    (void)state;
    static const skad_address both[2] = {{.family = SKAD_FAMILY_IPV6, .ip = {[15] = 1}},
                                         {.family = SKAD_FAMILY_IPV4, .ip = {127, 0, 0, 1}}};
    static bench made;
    skad_failure failure;
    if (!test_has_ipv6()) {
        skip();
    }
    memset(&made, 0, sizeof made);
    kernel_error = 0;
    test_fixture_init(&made.fixture, skad_profile_builtin("test"));
    made.loop = test_loop_new();
    assert_true(skad_udp_endpoints_open(&made.endpoints, made.loop, both, 2, 0, &failure));
    assert_int_equal(made.endpoints.families, SKAD_FAMILIES_ALL);
    assert_int_equal(
        skad_udp_endpoints_start(&made.endpoints, made.fixture.node, &made.fixture.now, 0),
        SKAD_OK);
    for (size_t i = 0; i < 2; i++) {
        skad_udp_received received[SKAD_UDP_BATCH];
        assert_true(skad_udp_open(&both[i], &made.peer, NULL, &failure));
        ask_often(&made, 3);
        skad_udp_endpoints_send(&made.endpoints);
        assert_int_equal(skad_udp_receive(&made.peer, received), 3);
        assert_true(skad_address_equal(&received[2].from, &made.endpoints.sockets[i].bound));
        skad_udp_close(&made.peer);
    }
    made.peer = (skad_udp_socket){.fd = -1};
    skad_udp_endpoints_close(&made.endpoints);
    skad_loop_free(made.loop);
    test_fixture_free(&made.fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_the_kernel_does_not_take_now_leaves_later, begin, end),
        cmocka_unit_test_setup_teardown(what_the_kernel_refuses_is_lost_and_told, begin, end),
        cmocka_unit_test(with_workers_it_leaves_once_it_is_sealed),
        cmocka_unit_test(each_family_leaves_by_its_own_socket),
    };
    return cmocka_run_group_tests_name("udp_endpoints_sending", tests, NULL, NULL);
}
