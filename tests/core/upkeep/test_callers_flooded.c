/* Calls and introductions as a flood: what many requesters bring about together, at which nodes,
 * and what is left for an honest one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "proto/address.h"
#include "src/core/node/parts.h"
#include "src/core/rpc/request.h"
#include "src/core/upkeep/callers.h"
#include "tests/support/fixture.h"

static test_fixture fixture;
static test_remote attacker; /* one identity, at any address */

static int begin(void **state)
{
    skad_profile profile = test_fixture_profile();
    (void)state;
    profile.group_table_max = 200;
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 20);
    attacker = *test_fixture_remote(&fixture);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

/* What went out after a request. */
typedef struct sent {
    unsigned requests; /* of the node's own, */
    size_t bytes;
    skad_datagram last; /* and the last of them */
    size_t asked_bytes;
} sent;

static sent ask(const test_remote *who, const skad_message *message)
{
    sent out = {.requests = 0};
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_datagram request;
    skad_datagram datagram;
    (void)test_fixture_drain(&fixture);
    test_fixture_token(&fixture, who, token);
    test_fixture_request(&fixture, who, message, token, &request);
    out.asked_bytes = request.len;
    assert_int_equal(test_fixture_deliver(&fixture, &who->address, &request), SKAD_VERDICT_ACCEPT);
    while (skad_node_poll_datagram(fixture.node, &datagram)) {
        if (datagram.request) {
            out.requests++;
            out.bytes += datagram.len;
            out.last = datagram;
        }
    }
    return out;
}

/* The attacker in a group of its own: n-th of a /16, or of an IPv6 /48. */
static const test_remote *attacker_in(unsigned wide, unsigned n, skad_family family)
{
    const uint8_t w = (uint8_t)wide;
    const uint8_t narrow = (uint8_t)n;
    attacker.address =
        family == SKAD_FAMILY_IPV4
            ? (skad_address){SKAD_FAMILY_IPV4, 4000, {20, w, narrow, 7}}
            : (skad_address){SKAD_FAMILY_IPV6, 4000, {0x20, 0x01, 0x0d, 0xb9, 0, w, narrow}};
    return &attacker;
}

static const test_remote *attacker_of(unsigned wide)
{
    return attacker_in(wide, 1, SKAD_FAMILY_IPV4);
}

static void pass(uint64_t us)
{
    fixture.now.mono_us += us;
    skad_node_tick(fixture.node, fixture.now);
}

static skad_message introduce_to(const test_remote *who)
{
    skad_message message = {.kind = SKAD_KIND_INTRODUCE};
    message.u.introduce.id = who->identity.id;
    return message;
}

static skad_message call_for(const test_remote *who)
{
    skad_message message = {.kind = SKAD_KIND_CALL};
    message.u.call.id = who->identity.id;
    message.u.call.endpoint = who->address;
    return message;
}

/* An asker that is refused everywhere, since it is called too often, has all helpers of a guarded
 * node ask it nevertheless. That must not use up what the helpers may ask for others. */
static void one_that_is_called_too_often_costs_its_helpers_nothing(void **state)
{
    (void)state;
    const test_remote *helper = &fixture.remotes[5];
    const test_remote *honest = test_fixture_remote(&fixture);
    const skad_message bad = call_for(attacker_of(1));
    const skad_message good = call_for(honest);
    unsigned served = 0;
    for (unsigned s = 0; s < 60; s++) {
        (void)ask(helper, &bad);
        (void)ask(helper, &bad);
        served += s % 6 == 5 && ask(helper, &good).requests == 1;
        pass(SKAD_US_PER_S);
    }
    print_message("one attacker is called for twice a second: %u of 10 others are called\n",
                  served);
    assert_int_equal(served, 10);
}

/* The peer that is named is behind a NAT, perhaps: its helpers alone reach it, so they must not
 * carry a flood. */
static void a_peer_that_is_named_is_not_flooded(void **state)
{
    (void)state;
    const skad_message introduce = introduce_to(&fixture.remotes[3]);
    unsigned calls[2] = {0, 0};
    for (unsigned many = 0; many < 2; many++) {
        for (unsigned s = 0; s < 60; s++) {
            for (unsigned i = 0; i < 64; i++) {
                calls[many] += ask(attacker_of(many * i), &introduce).requests;
            }
            pass(SKAD_US_PER_S);
        }
    }
    print_message("in 60 s a peer is called %u times for one group, %u times for 64\n", calls[0],
                  calls[1]);
    assert_int_equal(calls[0], 4 + 60 / 5);
    assert_in_range(calls[1], 120, 40 + 2 * 60);
}

static void a_wide_group_leaves_others_room(void **state)
{
    (void)state;
    const test_remote *honest = test_fixture_remote(&fixture);
    for (unsigned family = SKAD_FAMILY_IPV4; family <= SKAD_FAMILY_IPV6; family++) {
        unsigned served = 0;
        for (unsigned i = 0; i < 600; i++) {
            for (unsigned j = 0; j < 4; j++) {
                const skad_message introduce = introduce_to(&fixture.remotes[j]);
                (void)ask(attacker_in(1, (4 * i + j) % 64, (skad_family)family), &introduce);
            }
            const skad_message introduce = introduce_to(&fixture.remotes[3]);
            served += i % 50 == 0 && ask(honest, &introduce).requests == 1;
            pass(SKAD_US_PER_S / 10);
        }
        print_message("64 groups of one IPv%u block ask: %u of 12 others are served\n",
                      family == SKAD_FAMILY_IPV4 ? 4U : 6U, served);
        assert_int_equal(served, 12);
        pass(60 * SKAD_US_PER_S);
    }
}

/* So many helpers in as many groups name addresses of one block. */
static void a_wide_victim_is_pinged_seldom(void **state)
{
    (void)state;
    unsigned pings = 0;
    for (unsigned i = 0; i < 2400; i++) {
        test_remote victim = attacker;
        victim.address = (skad_address){SKAD_FAMILY_IPV4, 4000, {50, 1, (uint8_t)i, 7}};
        const skad_message call = call_for(&victim);
        pings += ask(attacker_of(i % 64), &call).requests;
        pass(SKAD_US_PER_S / 40);
    }
    print_message("in 60 s a /16 is pinged %u times\n", pings);
    assert_in_range(pings, 40, 16 + 4 * 60 / 5);
}

/* Peers that are silent keep what was asked of them waiting. Our own requests have to fit beside
 * (SKAD_IN_FLIGHT_MAX). */
static void calls_that_wait_leave_room_for_our_own_requests(void **state)
{
    (void)state;
    const skad_pending *pending = skad_node_parts_of(fixture.node).pending;
    for (unsigned i = 0; i < 256; i++) {
        const skad_message introduce = introduce_to(&fixture.remotes[i % 20]);
        (void)ask(attacker_of(i % 64), &introduce);
    }
    print_message("%zu wait\n", skad_pending_fresh_count(pending));
    assert_int_equal(skad_pending_count_of(pending, SKAD_PURPOSE_CALL), SKAD_CALLERS_WAITING);
    assert_true(skad_pending_fresh_count(pending) <= SKAD_IN_FLIGHT_MAX / 2);
}

static void ban(const skad_ban *wanted)
{
    assert_int_equal(skad_node_ban(fixture.node, wanted, 600, fixture.now), SKAD_OK);
}

static void what_is_banned_does_not_call_and_is_not_called(void **state)
{
    (void)state;
    static const skad_message probe = {.kind = SKAD_KIND_PROBE};
    const test_remote *victim = test_fixture_remote(&fixture);
    const skad_message introduce = introduce_to(&fixture.remotes[3]);
    const skad_message call = call_for(victim);
    assert_int_equal(ask(attacker_of(1), &introduce).requests, 1);
    assert_int_equal(ask(attacker_of(1), &call).requests, 1);
    ban(&(skad_ban){.scope = SKAD_BAN_PREFIX, .address = victim->address, .prefix_bits = 32});
    assert_int_equal(ask(attacker_of(1), &call).requests, 0);
    unsigned called = 0;
    for (size_t i = 0; i < TEST_PEERS; i++) { /* all but one */
        if (i != 7) {
            ban(&(skad_ban){.scope = SKAD_BAN_ID, .id = fixture.remotes[i].identity.id});
        }
    }
    assert_int_equal(ask(attacker_of(1), &introduce).requests, 0);
    for (unsigned i = 0; i < 40; i++) {
        const sent got = ask(attacker_of(i), &probe);
        called += got.requests;
        assert_true(got.requests == 0 ||
                    skad_address_equal(&got.last.to, &fixture.remotes[7].address));
        pass(5 * SKAD_US_PER_S);
    }
    assert_true(called > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EACH(name) cmocka_unit_test_setup_teardown(name, begin, end)
        EACH(one_that_is_called_too_often_costs_its_helpers_nothing),
        EACH(a_peer_that_is_named_is_not_flooded),
        EACH(a_wide_group_leaves_others_room),
        EACH(a_wide_victim_is_pinged_seldom),
        EACH(what_is_banned_does_not_call_and_is_not_called),
        EACH(calls_that_wait_leave_room_for_our_own_requests),
#undef EACH
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
