/* The three steps of a datagram taken apart: what changes between them, and what is counted when.
 * tests/node/test_hostile.c has each reason to drop one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/inbound/receive.h"
#include "src/core/node/parts.h"
#include "src/core/rpc/request.h"
#include "tests/support/fixture.h"

static test_fixture fixture;
static test_remote *who;

static int begin(void **state)
{
    skad_profile profile = test_fixture_profile();
    (void)state;
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 3);
    who = &fixture.remotes[0];
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static skad_node_stats stats(void)
{
    skad_node_stats out;
    skad_node_stats_get(fixture.node, fixture.now, &out);
    return out;
}

static uint64_t judged(void)
{
    const skad_node_stats now = stats();
    uint64_t sum = 0;
    for (size_t i = 0; i < SKAD_VERDICT_COUNT; i++) {
        sum += now.verdicts[i];
    }
    return sum;
}

static skad_datagram ping(void)
{
    skad_datagram datagram;
    test_fixture_request(&fixture, who, &(skad_message){.kind = SKAD_KIND_PING}, NULL, &datagram);
    return datagram;
}

static skad_verdict prefilter(const skad_datagram *datagram, skad_inbound *inbound)
{
    *inbound =
        (skad_inbound){.datagram = datagram->bytes, .len = datagram->len, .from = who->address};
    return skad_receive_prefilter(fixture.node, inbound, fixture.now);
}

static void open_it(skad_inbound *inbound)
{
    skad_receive_open(inbound, skad_node_parts_of(fixture.node).roots);
}

static skad_verdict handle(skad_inbound *inbound)
{
    return skad_receive_handle(fixture.node, inbound, fixture.now);
}

/* A PING of ours to it and its answer. */
static skad_datagram answered_ping(void)
{
    skad_datagram request;
    skad_datagram reply;
    skad_node_tick(fixture.node, fixture.now);
    (void)test_fixture_drain(&fixture);
    assert_true(
        skad_request_ping(fixture.node, &who->identity.id, &who->address, SKAD_PURPOSE_CHECK));
    assert_true(skad_node_poll_datagram(fixture.node, &request));
    const skad_message pong = {.kind = SKAD_KIND_PONG, .u.reply.observed = who->address};
    test_fixture_answer(&fixture, who, &request, &pong, &reply);
    return reply;
}

static void a_datagram_is_counted_when_it_comes_and_judged_once(void **state)
{
    (void)state;
    const skad_node_stats before = stats();
    const uint64_t judged_before = judged();
    const skad_datagram datagram = ping();
    skad_inbound inbound;
    assert_int_equal(prefilter(&datagram, &inbound), SKAD_VERDICT_ACCEPT);
    assert_int_equal(stats().received, before.received + 1);
    assert_int_equal(stats().received_bytes, before.received_bytes + datagram.len);
    assert_int_equal(judged(), judged_before);
    open_it(&inbound);
    assert_int_equal(judged(), judged_before);
    assert_int_equal(test_fixture_drain(&fixture), 0); /* nothing has happened yet */
    assert_int_equal(handle(&inbound), SKAD_VERDICT_ACCEPT);
    assert_int_equal(judged(), judged_before + 1);
    assert_int_equal(stats().verdicts[SKAD_VERDICT_ACCEPT],
                     before.verdicts[SKAD_VERDICT_ACCEPT] + 1);
    assert_int_equal(stats().verifications, before.verifications + 1);
    assert_int_equal(test_fixture_drain(&fixture), 1);
}

static void what_the_prefilter_drops_is_judged_there(void **state)
{
    (void)state;
    const uint64_t judged_before = judged();
    const uint64_t tags = stats().verdicts[SKAD_VERDICT_TAG];
    skad_datagram datagram = ping();
    skad_inbound inbound;
    datagram.bytes[0] ^= 1;
    assert_int_equal(prefilter(&datagram, &inbound), SKAD_VERDICT_TAG);
    assert_int_equal(judged(), judged_before + 1);
    assert_int_equal(stats().verdicts[SKAD_VERDICT_TAG], tags + 1);
}

/* Both copies passed the prefilter before either was handled. */
static void of_two_copies_on_the_way_one_is_handled(void **state)
{
    (void)state;
    const skad_datagram datagram = ping();
    skad_inbound first;
    skad_inbound second;
    assert_int_equal(prefilter(&datagram, &first), SKAD_VERDICT_ACCEPT);
    assert_int_equal(prefilter(&datagram, &second), SKAD_VERDICT_ACCEPT);
    open_it(&first);
    open_it(&second);
    assert_int_equal(handle(&second), SKAD_VERDICT_ACCEPT);
    assert_int_equal(handle(&first), SKAD_VERDICT_DUPLICATE);
    assert_int_equal(test_fixture_drain(&fixture), 1);
    assert_int_equal(prefilter(&datagram, &first), SKAD_VERDICT_DUPLICATE);
}

static void a_reply_whose_request_timed_out_on_the_way_is_unsolicited(void **state)
{
    (void)state;
    const skad_datagram reply = answered_ping();
    skad_inbound inbound;
    assert_int_equal(prefilter(&reply, &inbound), SKAD_VERDICT_ACCEPT);
    open_it(&inbound);
    assert_int_equal(inbound.verdict, SKAD_VERDICT_ACCEPT);
    for (unsigned i = 0; i < 2; i++) { /* the first tick sends it again */
        fixture.now.mono_us += 6 * SKAD_US_PER_S;
        skad_node_tick(fixture.node, fixture.now);
    }
    assert_int_equal(handle(&inbound), SKAD_VERDICT_UNSOLICITED);
}

/* The slot is taken by another request, with another id, meanwhile. */
static void nor_does_it_answer_the_next_request_in_its_slot(void **state)
{
    (void)state;
    const skad_datagram reply = answered_ping();
    skad_pending *pending = skad_node_parts_of(fixture.node).pending;
    skad_inbound inbound;
    assert_int_equal(prefilter(&reply, &inbound), SKAD_VERDICT_ACCEPT);
    open_it(&inbound);
    const skad_pending_rpc *rpc =
        skad_pending_match(pending, inbound.envelope.rpc_id, &who->address, inbound.envelope.kind);
    assert_non_null(rpc);
    skad_pending_close(pending, rpc);
    assert_true(
        skad_request_ping(fixture.node, &who->identity.id, &who->address, SKAD_PURPOSE_CHECK));
    assert_int_equal(handle(&inbound), SKAD_VERDICT_UNSOLICITED);
    assert_int_equal(skad_pending_count(pending), 1);
}

static void a_wrong_signature_costs_a_check_and_does_nothing(void **state)
{
    (void)state;
    skad_datagram datagram = ping();
    const uint64_t checks = stats().verifications;
    skad_inbound inbound;
    datagram.bytes[datagram.len - 1] ^= 1;
    test_fixture_retag(&fixture, datagram.bytes, datagram.len);
    assert_int_equal(prefilter(&datagram, &inbound), SKAD_VERDICT_ACCEPT);
    open_it(&inbound);
    assert_int_equal(handle(&inbound), SKAD_VERDICT_SIGNATURE);
    assert_int_equal(stats().verifications, checks + 1);
    assert_int_equal(test_fixture_drain(&fixture), 0);
    assert_int_equal(prefilter(&datagram, &inbound), SKAD_VERDICT_ACCEPT); /* not remembered */
}

static void a_banned_identity_is_kept_out_before_it_costs_a_check(void **state)
{
    (void)state;
    const skad_ban ban = {.scope = SKAD_BAN_ID, .id = who->identity.id};
    const skad_datagram datagram = ping();
    skad_inbound inbound;
    assert_int_equal(skad_node_ban(fixture.node, &ban, 10, fixture.now), SKAD_OK);
    assert_int_equal(prefilter(&datagram, &inbound), SKAD_VERDICT_BANNED);
    fixture.now.mono_us += 10 * SKAD_US_PER_S;
    assert_int_equal(prefilter(&datagram, &inbound), SKAD_VERDICT_ACCEPT);
}

/* The peer that we pinged sends rubbish under its RPC id; then it answers after all. */
static void forty_thousand_wrong_answers_cost_a_hundred_checks(void **state)
{
    (void)state;
    const skad_datagram reply = answered_ping();
    const uint64_t checks = stats().verifications;
    for (unsigned i = 0; i < 40000; i++) {
        skad_datagram wrong = reply;
        skad_inbound inbound;
        wrong.bytes[wrong.len - 1 - i % 32] ^= (uint8_t)(1 + i % 255);
        test_fixture_retag(&fixture, wrong.bytes, wrong.len);
        if (prefilter(&wrong, &inbound) == SKAD_VERDICT_ACCEPT) {
            open_it(&inbound);
            assert_int_equal(handle(&inbound), SKAD_VERDICT_SIGNATURE);
        }
    }
    assert_in_range(stats().verifications, checks + 100, checks + 110);
    assert_int_equal(stats().verdicts[SKAD_VERDICT_RATE], 40000 - 104);
    assert_int_equal(skad_node_bans(fixture.node, fixture.now, NULL, 0), 0);
    skad_inbound inbound;
    fixture.now.mono_us += 100 * SKAD_US_PER_MS;
    assert_int_equal(prefilter(&reply, &inbound), SKAD_VERDICT_ACCEPT);
    open_it(&inbound);
    assert_int_equal(handle(&inbound), SKAD_VERDICT_ACCEPT);
}

/* What the node asks by itself leaves as routing chooses. */
static void an_answer_leaves_from_where_its_request_came_to(void **state)
{
    (void)state;
    static const skad_local locals[] = {
        {.family = SKAD_FAMILY_IPV4, .ip = {192, 0, 2, 1}},
        {.family = SKAD_FAMILY_IPV6, .ip = {0xfe, 0x80, [15] = 1}, .interface = 3},
        {.family = SKAD_FAMILY_NONE},
    };
    skad_datagram requests[3];
    skad_datagram sent;
    for (size_t i = 0; i < 3; i++) {
        requests[i] = ping();
        assert_int_equal(skad_node_receive_at(fixture.node, requests[i].bytes, requests[i].len,
                                              &who->address, &locals[i], fixture.now),
                         SKAD_VERDICT_ACCEPT);
        assert_true(
            skad_request_ping(fixture.node, &who->identity.id, &who->address, SKAD_PURPOSE_CHECK));
    }
    for (size_t i = 0; i < 3; i++) {
        assert_true(skad_node_poll_datagram(fixture.node, &sent));
        assert_false(sent.request);
        assert_memory_equal(&sent.local, &locals[i], sizeof locals[i]);
        assert_true(skad_node_poll_datagram(fixture.node, &sent));
        assert_true(sent.request);
        assert_int_equal(sent.local.family, SKAD_FAMILY_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_datagram_is_counted_when_it_comes_and_judged_once, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_the_prefilter_drops_is_judged_there, begin, end),
        cmocka_unit_test_setup_teardown(of_two_copies_on_the_way_one_is_handled, begin, end),
        cmocka_unit_test_setup_teardown(a_reply_whose_request_timed_out_on_the_way_is_unsolicited,
                                        begin, end),
        cmocka_unit_test_setup_teardown(nor_does_it_answer_the_next_request_in_its_slot, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_wrong_signature_costs_a_check_and_does_nothing, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_banned_identity_is_kept_out_before_it_costs_a_check,
                                        begin, end),
        cmocka_unit_test_setup_teardown(forty_thousand_wrong_answers_cost_a_hundred_checks, begin,
                                        end),
        cmocka_unit_test_setup_teardown(an_answer_leaves_from_where_its_request_came_to, begin,
                                        end),
    };
    return cmocka_run_group_tests_name("receive", tests, NULL, NULL);
}
