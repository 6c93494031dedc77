/* What a verified message and a silence change: the table, checks, who is pinged, who is blamed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "proto/address.h"
#include "src/core/node/parts.h"
#include "src/core/rpc/request.h"
#include "tests/support/fixture.h"

static test_fixture fixture;
static test_remote *who;   /* a peer that we know */
static test_remote *other; /* another one */

static int begin(void **state)
{
    skad_profile profile = test_fixture_profile();
    (void)state;
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 4);
    who = &fixture.remotes[0];
    other = &fixture.remotes[1];
    skad_node_tick(fixture.node, fixture.now);
    (void)test_fixture_drain(&fixture);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

/* A PING of ours to a peer, which may be answered later. What else would go out is lost. */
static skad_datagram ping(const test_remote *remote)
{
    skad_datagram request;
    (void)test_fixture_drain(&fixture);
    assert_true(skad_request_ping(fixture.node, &remote->identity.id, &remote->address,
                                  SKAD_PURPOSE_CHECK));
    assert_true(skad_node_poll_datagram(fixture.node, &request));
    return request;
}

/* `code` is NONE for a PONG, else that of an ERROR. */
static void answer_ping(const test_remote *from, const skad_datagram *request, skad_error_code code)
{
    skad_message answer = {
        .kind = code == SKAD_ERROR_NONE ? SKAD_KIND_PONG : SKAD_KIND_ERROR,
        .u.reply.observed = {.family = SKAD_FAMILY_IPV4, .port = 77, .ip = {8, 8, 4, 4}}};
    skad_datagram reply;
    answer.u.reply.u.error.code = code;
    test_fixture_answer(&fixture, from, request, &answer, &reply);
    assert_int_equal(test_fixture_deliver(&fixture, &from->address, &reply), SKAD_VERDICT_ACCEPT);
}

static void pong(const test_remote *from, const skad_datagram *request)
{
    answer_ping(from, request, SKAD_ERROR_NONE);
}

/* Time passes without any other upkeep. */
static void pass(uint64_t us)
{
    for (unsigned i = 0; i < 2; i++) { /* the first tick may send again what was not answered */
        fixture.now.mono_us += us / 2;
        skad_node_tick(fixture.node, fixture.now);
        (void)test_fixture_drain(&fixture);
    }
}

static unsigned failures(const test_remote *of)
{
    return test_fixture_peer(&fixture, of)->failures;
}

static size_t ask(const test_remote *from, const skad_address *address, const skad_message *message)
{
    skad_datagram request;
    uint8_t token[SKAD_TOKEN_BYTES];
    test_fixture_token(&fixture, from, token);
    test_fixture_request(&fixture, from, message, token, &request);
    assert_int_equal(test_fixture_deliver(&fixture, address, &request), SKAD_VERDICT_ACCEPT);
    return test_fixture_drain(&fixture);
}

static void an_answer_makes_a_stranger_a_peer_with_its_token_and_our_address(void **state)
{
    (void)state;
    const test_remote *stranger = test_fixture_remote(&fixture);
    skad_node_stats stats;
    skad_datagram request = ping(stranger);
    assert_null(test_fixture_peer(&fixture, stranger));
    fixture.now.mono_us += 5000;
    pong(stranger, &request);
    const skad_peer *peer = test_fixture_peer(&fixture, stranger);
    assert_non_null(peer);
    assert_int_equal(peer->rtt.smoothed_us, 5000);
    assert_int_equal(*skad_node_parts_of(fixture.node).heard_us, fixture.now.mono_us);
    request = ping(stranger);
    skad_envelope envelope;
    skad_opened opened;
    test_fixture_open(&fixture, stranger, &request, NULL, &envelope, &opened);
    assert_non_null(envelope.token); /* that came with the answer */
    for (size_t i = 0; i < 4; i++) { /* they saw us elsewhere before */
        request = ping(&fixture.remotes[i]);
        pong(&fixture.remotes[i], &request);
    }
    skad_node_stats_get(fixture.node, fixture.now, &stats);
    assert_int_equal(stats.observed[0].port, 77);
}

static void an_error_lists_a_stranger_only_where_it_asks_for_a_token(void **state)
{
    (void)state;
    const test_remote *busy = test_fixture_remote(&fixture);
    const test_remote *loaded = test_fixture_remote(&fixture);
    skad_datagram request = ping(busy);
    answer_ping(busy, &request, SKAD_ERROR_BUSY);
    assert_null(test_fixture_peer(&fixture, busy));
    request = ping(loaded);
    answer_ping(loaded, &request, SKAD_ERROR_TOKEN);
    assert_non_null(test_fixture_peer(&fixture, loaded));
}

static void an_error_shows_that_a_listed_peer_lives(void **state)
{
    (void)state;
    skad_table_failed(skad_node_parts_of(fixture.node).table, &who->identity.id, &who->address,
                      fixture.now.mono_us);
    assert_int_equal(failures(who), 1);
    skad_datagram request = ping(who);
    answer_ping(who, &request, SKAD_ERROR_BUSY);
    assert_int_equal(failures(who), 0);
}

static void a_request_makes_nobody_a_peer(void **state)
{
    (void)state;
    const test_remote *stranger = test_fixture_remote(&fixture);
    const skad_message message = {.kind = SKAD_KIND_PING};
    const uint64_t heard_us = *skad_node_parts_of(fixture.node).heard_us;
    (void)ask(stranger, &stranger->address, &message);
    assert_null(test_fixture_peer(&fixture, stranger));
    assert_int_equal(*skad_node_parts_of(fixture.node).heard_us, heard_us);
    skad_usage caps[SKAD_CAP_COUNT];
    skad_node_caps(fixture.node, fixture.now, caps);
    assert_int_equal(caps[SKAD_CAP_UNVERIFIED].used, 1); /* it waits for a ping */
}

/* Once for each silence, while another peer answers. */
static void a_silence_counts_where_another_was_heard_meanwhile(void **state)
{
    (void)state;
    skad_node_stats stats;
    skad_node_stats_get(fixture.node, fixture.now, &stats);
    const uint64_t timeouts = stats.timeouts;
    (void)ping(who);
    pass(10);
    const skad_datagram request = ping(other);
    pong(other, &request);
    pass(6 * SKAD_US_PER_S);
    assert_int_equal(failures(who), 1);
    skad_node_stats_get(fixture.node, fixture.now, &stats);
    assert_true(stats.timeouts > timeouts);
}

/* The second silence would decide: it is not believed unless our own network is up. */
static void the_silence_that_decides_needs_a_witness(void **state)
{
    (void)state;
    const skad_recovery_state *recovery = skad_node_parts_of(fixture.node).recovery;
    skad_peers *peers = &skad_node_parts_of(fixture.node).table->peers;
    skad_peers_set_failures(peers, skad_peers_find(peers, &who->identity.id), 1);
    pass(SKAD_US_PER_S);
    (void)ping(who);
    pass(6 * SKAD_US_PER_S);
    assert_int_equal(failures(who), 1);
    assert_int_equal(recovery->lost_count, 0);
    (void)ping(who);
    pass(10);
    const skad_datagram request = ping(other);
    pong(other, &request);
    pass(6 * SKAD_US_PER_S);
    assert_int_equal(failures(who), 2);
    assert_int_equal(recovery->lost_count, 1); /* a lost peer is remembered */
    assert_memory_equal(&recovery->lost[0].id, &who->identity.id, sizeof(skad_id));
}

/* For the first silence it is enough that our network was up shortly before, for the one that
 * decides it is not. */
static void who_was_heard_before_is_a_witness_of_a_first_silence_only(void **state)
{
    (void)state;
    skad_peers *peers = &skad_node_parts_of(fixture.node).table->peers;
    const skad_peer_slot slots[] = {skad_peers_find(peers, &who->identity.id),
                                    skad_peers_find(peers, &fixture.remotes[2].identity.id)};
    skad_peers_set_failures(peers, slots[1], 1);
    const skad_datagram request = ping(other);
    pong(other, &request);
    pass(10);
    (void)ping(who);
    (void)ping(&fixture.remotes[2]);
    pass(6 * SKAD_US_PER_S);
    assert_int_equal(failures(who), 1);
    assert_int_equal(failures(&fixture.remotes[2]), 1);
}

static void nobody_is_blamed_for_a_hello(void **state)
{
    (void)state;
    assert_true(skad_request_ping(fixture.node, NULL, &who->address, SKAD_PURPOSE_HELLO));
    (void)test_fixture_drain(&fixture);
    pass(10);
    const skad_datagram request = ping(other);
    pong(other, &request);
    pass(4 * SKAD_US_PER_S);
    assert_int_equal(failures(who), 0);
}

/* Its request proves that it lives, at the address that is verified, and where we are among others.
 */
static void a_peer_that_asks_us_is_checked_later(void **state)
{
    (void)state;
    const skad_message message = {.kind = SKAD_KIND_PING};
    const skad_peers *peers = &skad_node_parts_of(fixture.node).table->peers;
    skad_peer_slot slot = skad_peers_find(peers, &who->identity.id);
    skad_address elsewhere = who->address;
    elsewhere.port++;
    test_fixture_run(&fixture, 600 * SKAD_US_PER_S);
    const uint32_t due_ms = peers->checks_ms[slot];
    (void)ask(who, &elsewhere, &message);
    assert_int_equal(peers->checks_ms[slot], due_ms);
    skad_node_parts_of(fixture.node).join->joined = false;
    (void)ask(who, &who->address, &message);
    assert_int_equal(peers->checks_ms[slot], due_ms);
    skad_node_parts_of(fixture.node).join->joined = true;
    (void)ask(who, &who->address, &message);
    assert_true(peers->checks_ms[slot] > due_ms);
}

/* It looks up its own ID, as one that begins does; the token that we have of it is of its former
 * life. */
static void a_sibling_that_begins_anew_is_pinged_at_once(void **state)
{
    (void)state;
    const skad_message own = {
        .kind = SKAD_KIND_FIND_NODE,
        .u.find_node = {.target = who->identity.id, .want = SKAD_FAMILIES_ALL}};
    const skad_message others = {
        .kind = SKAD_KIND_FIND_NODE,
        .u.find_node = {.target = other->identity.id, .want = SKAD_FAMILIES_ALL}};
    assert_int_equal(ask(who, &who->address, &others), 1);
    assert_int_equal(ask(who, &who->address, &own), 2);
    assert_int_equal(ask(who, &who->address, &own), 1); /* not for two minutes */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            an_answer_makes_a_stranger_a_peer_with_its_token_and_our_address, begin, end),
        cmocka_unit_test_setup_teardown(an_error_lists_a_stranger_only_where_it_asks_for_a_token,
                                        begin, end),
        cmocka_unit_test_setup_teardown(an_error_shows_that_a_listed_peer_lives, begin, end),
        cmocka_unit_test_setup_teardown(a_request_makes_nobody_a_peer, begin, end),
        cmocka_unit_test_setup_teardown(a_silence_counts_where_another_was_heard_meanwhile, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_silence_that_decides_needs_a_witness, begin, end),
        cmocka_unit_test_setup_teardown(who_was_heard_before_is_a_witness_of_a_first_silence_only,
                                        begin, end),
        cmocka_unit_test_setup_teardown(nobody_is_blamed_for_a_hello, begin, end),
        cmocka_unit_test_setup_teardown(a_peer_that_asks_us_is_checked_later, begin, end),
        cmocka_unit_test_setup_teardown(a_sibling_that_begins_anew_is_pinged_at_once, begin, end),
    };
    return cmocka_run_group_tests_name("handle", tests, NULL, NULL);
}
