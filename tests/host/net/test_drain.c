/* Whether ports are drained, over loopback; no time is involved. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "src/host/net/drain.h"
#include "tests/support/fixture.h"
#include "tests/support/turns.h"

#define FLOOD (2 * SKAD_UDP_BATCH)

typedef struct bench {
    test_fixture fixture;
    skad_loop *loop;
    skad_udp_endpoints endpoints;
    skad_udp_socket peer;
    skad_drain drain;
} bench;

static int begin(void **state)
{
    static bench made;
    static const skad_address loopback = {.family = SKAD_FAMILY_IPV4, .ip = {127, 0, 0, 1}};
    skad_failure failure;
    memset(&made, 0, sizeof made);
    test_fixture_init(&made.fixture, skad_profile_builtin("test"));
    made.loop = test_loop_new();
    assert_non_null(made.loop);
    assert_true(skad_udp_endpoints_open(&made.endpoints, made.loop, &loopback, 1, 0, &failure));
    assert_true(skad_udp_open(&loopback, &made.peer, NULL, &failure));
    assert_int_equal(
        skad_udp_endpoints_start(&made.endpoints, made.fixture.node, &made.fixture.now, 0),
        SKAD_OK);
    *state = &made;
    return 0;
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

static void send_noise(bench *made, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        skad_datagram *place = skad_udp_reserve(&made->peer);
        assert_non_null(place);
        memset(place, 0, sizeof *place);
        place->len = 100;
        place->to = made->endpoints.sockets[0].bound;
        skad_udp_commit(&made->peer);
        assert_true(skad_udp_flush(&made->peer));
    }
}

static bool look(bench *made)
{
    return skad_drain_look(&made->drain, &made->endpoints);
}

static void an_idle_port_is_drained(void **state)
{
    bench *made = *state;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(look(made));
    }
}

/* What came just now may wait. */
static void a_port_is_stuck_at_the_second_look(void **state)
{
    bench *made = *state;
    send_noise(made, 1);
    assert_true(look(made));
    assert_false(look(made));
    test_loop_turn(made->loop);
    assert_true(look(made));
    assert_true(look(made));
}

/* There is always more, but some of it is taken in each turn. */
static void a_flooded_port_is_not_stuck(void **state)
{
    bench *made = *state;
    for (unsigned i = 0; i < 5; i++) {
        send_noise(made, FLOOD);
        assert_true(look(made));
        test_loop_turn(made->loop);
    }
}

/* The loop turns, but nothing reads the port. */
static void a_loop_that_reads_no_port_is_found(void **state)
{
    bench *made = *state;
    skad_watch_stop(made->loop, &made->endpoints.endpoints[0].watch);
    send_noise(made, 1);
    assert_true(look(made));
    test_loop_turn(made->loop);
    assert_false(look(made));
}

#define OWN_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_TEST(an_idle_port_is_drained),
        OWN_TEST(a_port_is_stuck_at_the_second_look),
        OWN_TEST(a_flooded_port_is_not_stuck),
        OWN_TEST(a_loop_that_reads_no_port_is_found),
    };
    return cmocka_run_group_tests_name("drain", tests, NULL, NULL);
}
