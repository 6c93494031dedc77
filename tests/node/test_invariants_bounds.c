/* The bounds of the invariants of a node's smaller parts: what just keeps one is sound, and what is
 * one beyond breaks exactly that one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/node/invariants.h"
#include "src/core/node/parts.h"
#include "src/core/rpc/request.h"
#include "tests/support/fixture.h"
#include "tests/support/tampering.h"

#define PART(node, name) (skad_node_parts_of(node).name)

static test_fixture fixture;

/* ---- Requests that wait ---- */

static void use_a_slot_too_high(skad_node *node)
{
    skad_pending *pending = PART(node, pending);
    size_t last = 0;
    for (size_t i = 0; i < pending->high_water; i++) {
        last = pending->due_us[i] != UINT64_MAX ? i : last;
    }
    pending->high_water = (uint16_t)last;
}
static void wait_in_a_far_slot(skad_node *node)
{
    PART(node, pending)->rpcs[0].rpc_id[0] ^= 1;
}
static void be_slow_too_soon(skad_node *node)
{
    PART(node, pending)->rpcs[0].slow = true;
    PART(node, pending)->rpcs[0].copies_left = 0;
}
static void send_it_again_without_end(skad_node *node)
{
    PART(node, pending)->rpcs[0].copies = SKAD_COPIES;
}
static void miscount_those_sent_again(skad_node *node)
{
    PART(node, pending)->repeated++;
}
static void be_over_too_soon(skad_node *node)
{
    PART(node, pending)->rpcs[0].over_us--;
}
static void be_overdue_too_soon(skad_node *node)
{
    PART(node, pending)->rpcs[0].overdue_us--;
}
static void be_overdue_too_late(skad_node *node)
{
    PART(node, pending)->rpcs[0].overdue_us = PART(node, pending)->rpcs[0].over_us + 1;
}
static void send_now(skad_node *node)
{
    skad_pending_rpc *rpc = &PART(node, pending)->rpcs[0];
    rpc->sent_us = PART(node, env)->now.mono_us;
    rpc->overdue_us = rpc->sent_us + SKAD_RTO_OVERDUE_FACTOR * (uint64_t)rpc->timeout_us;
    rpc->over_us = rpc->sent_us + skad_rtt_hard_us(rpc->timeout_us);
    rpc->copies_left = 0;
    PART(node, pending)->due_us[0] = rpc->sent_us + rpc->timeout_us;
}
static void send_in_the_future(skad_node *node)
{
    send_now(node);
    PART(node, pending)->rpcs[0].sent_us++;
    PART(node, pending)->rpcs[0].overdue_us++;
    PART(node, pending)->rpcs[0].over_us++;
    PART(node, pending)->due_us[0]++;
}
static void fill_all_of_pending(skad_node *node)
{
    skad_pending *pending = PART(node, pending);
    pending->capacity = pending->fresh;
    pending->limit = pending->fresh;
}
static void exceed_the_memory(skad_node *node)
{
    PART(node, pending)->capacity = (uint16_t)(PART(node, pending)->fresh - 1);
}
static void exceed_the_limit(skad_node *node)
{
    PART(node, pending)->limit = (uint16_t)(PART(node, pending)->capacity - 1);
}
static void exceed_the_fresh(skad_node *node)
{
    PART(node, pending)->high_water = (uint16_t)(PART(node, pending)->fresh + 1);
}

/* ---- The outbox ---- */

static skad_outgoing *queued(skad_node *node, size_t at)
{
    skad_outbox *outbox = PART(node, outbox);
    return &outbox->ring[(outbox->first + at) % outbox->limit];
}
static void fill_the_outbox(skad_node *node)
{
    PART(node, outbox)->count = PART(node, outbox)->limit;
    for (size_t i = 0; i < PART(node, outbox)->limit; i++) {
        PART(node, outbox)->ring[i].ready = false; /* as some that were sealed and sent are */
    }
}
static void begin_behind_the_outbox(skad_node *node)
{
    PART(node, outbox)->first = PART(node, outbox)->limit;
}
static void lend_all(skad_node *node)
{
    PART(node, outbox)->lent = PART(node, outbox)->count;
}
static void seal_what_is_here(skad_node *node)
{
    PART(node, outbox)->lent = 1;
    queued(node, 1)->ready = true;
}
static void seal_what_is_lent(skad_node *node)
{
    PART(node, outbox)->lent = 1;
    queued(node, 0)->ready = true;
}
static void seal_across_the_end(skad_node *node)
{
    PART(node, outbox)->first = PART(node, outbox)->limit - 1;
    PART(node, outbox)->count = 2;
    PART(node, outbox)->ring[0].ready = true;
}
static void draft_as_much_as_fits(skad_node *node)
{
    queued(node, 0)->draft.len = SKAD_DATAGRAM_BYTES_MAX;
}
static void draft_too_much(skad_node *node)
{
    queued(node, 0)->draft.len = SKAD_DATAGRAM_BYTES_MAX + 1;
}
static void lend_too_much(skad_node *node)
{
    draft_too_much(node);
    PART(node, outbox)->lent = 1;
}

/* ---- Rings and queues ---- */

static void fill_the_events(skad_node *node)
{
    skad_event_ring *events = PART(node, events);
    events->limit = events->capacity;
    events->count = events->capacity;
    events->first = events->capacity - 1;
}
static void exceed_the_events(skad_node *node)
{
    PART(node, events)->limit = PART(node, events)->capacity - 1;
}
static void begin_behind_the_events(skad_node *node)
{
    PART(node, events)->count = 1;
    PART(node, events)->first = PART(node, events)->capacity;
}
static void have_no_events(skad_node *node)
{
    begin_behind_the_events(node);
    PART(node, events)->count = 0;
}
static void report_too_many(skad_node *node)
{
    PART(node, reports)->count = PART(node, operations)->taken + 1;
}
static void fill_the_ping_queue(skad_node *node)
{
    PART(node, ping_queue)->capacity = SKAD_PING_QUEUE_MAX;
    PART(node, ping_queue)->count = SKAD_PING_QUEUE_MAX;
    PART(node, ping_queue)->in_flight = SKAD_PING_QUEUE_IN_FLIGHT_MAX;
}
static void have_too_much_memory_for_pings(skad_node *node)
{
    PART(node, ping_queue)->capacity = SKAD_PING_QUEUE_MAX + 1;
}
static void await_too_many_pings(skad_node *node)
{
    PART(node, ping_queue)->in_flight = SKAD_PING_QUEUE_IN_FLIGHT_MAX + 1;
}
static void ban_all_that_fit(skad_node *node)
{
    PART(node, bans)->banned.count = SKAD_BANS_MAX;
    PART(node, bans)->allowed.count = SKAD_BANS_MAX;
}
static void ban_too_many(skad_node *node)
{
    PART(node, bans)->banned.count = SKAD_BANS_MAX + 1;
}
static void allow_too_many(skad_node *node)
{
    PART(node, bans)->allowed.count = SKAD_BANS_MAX + 1;
}
static void have_all_newcomers(skad_node *node)
{
    PART(node, handover)->arrived_count = SKAD_NEWCOMERS_MAX;
    PART(node, handover)->served_count = SKAD_NEWCOMERS_MAX;
}
static void have_an_arrival_more(skad_node *node)
{
    PART(node, handover)->arrived_count = SKAD_NEWCOMERS_MAX + 1;
}
static void serve_one_more(skad_node *node)
{
    PART(node, handover)->served_count = SKAD_NEWCOMERS_MAX + 1;
}
static void retry_all_that_fit(skad_node *node)
{
    PART(node, store_retries)->count = SKAD_STORE_RETRIES_MAX;
}
static void retry_now(skad_node *node)
{
    PART(node, join)->joined = true;
    PART(node, store_retries)->count = 1;
    PART(node, store_retries)->all[0].due_us = PART(node, env)->now.mono_us;
}

/* ---- Plans ---- */

static void miss_all_that_fit(skad_node *node)
{
    PART(node, recovery)->lost_count = SKAD_LOST_MAX;
    PART(node, recovery)->round_us = PART(node, env)->now.mono_us;
}
static void plan_without_a_loss(skad_node *node)
{
    PART(node, recovery)->round_us = PART(node, env)->now.mono_us + 1;
}
static void sweep_at_last(skad_node *node)
{
    PART(node, housekeeping)->sweep_us = PART(node, env)->now.mono_us + SKAD_SWEEP_INTERVAL_US;
}
static void sweep_too_late(skad_node *node)
{
    sweep_at_last(node);
    PART(node, housekeeping)->sweep_us++;
}

/* ---- Watches ---- */

static skad_watched *watched(skad_node *node)
{
    return PART(node, watches)->slots[0];
}
static void know_all_that_fit(skad_node *node)
{
    watched(node)->known_count = SKAD_WATCH_KNOWN_MAX;
}
static void know_one_more(skad_node *node)
{
    watched(node)->known_count = SKAD_WATCH_KNOWN_MAX + 1;
}
static void watch_at_last(skad_node *node)
{
    watched(node)->due_us = PART(node, env)->now.mono_us + watched(node)->every_us;
}
static void watch_too_late(skad_node *node)
{
    watch_at_last(node);
    watched(node)->due_us++;
}
static void miscount_watches(skad_node *node)
{
    PART(node, watches)->taken++;
}

static const test_tampering CASES[] = {
    BREAKS("an RPC id carries its slot", use_a_slot_too_high),
    BREAKS("an RPC id carries its slot", wait_in_a_far_slot),
    BREAKS("a request waits for its next timeout", be_slow_too_soon),
    BREAKS("a request is sent again so often, and then is over", send_it_again_without_end),
    BREAKS("a request is sent again so often, and then is over", be_over_too_soon),
    BREAKS("a request is overdue before it is over", be_overdue_too_soon),
    BREAKS("a request is overdue before it is over", be_overdue_too_late),
    BREAKS("the requests that were sent again are counted", miscount_those_sent_again),
    KEEPS(send_now),
    BREAKS("no request was sent in the future", send_in_the_future),
    KEEPS(fill_all_of_pending),
    BREAKS("pending requests keep to their cap", exceed_the_memory),
    BREAKS("pending requests keep to their cap", exceed_the_limit),
    BREAKS("pending requests keep to their cap", exceed_the_fresh),
    KEEPS(fill_the_outbox),
    BREAKS("the outbox keeps to its caps", begin_behind_the_outbox),
    KEEPS(lend_all),
    BREAKS("a sealed draft was lent before", seal_what_is_here),
    KEEPS(seal_what_is_lent),
    BREAKS("a sealed draft was lent before", seal_across_the_end),
    KEEPS(draft_as_much_as_fits),
    BREAKS("a draft fits a datagram", draft_too_much),
    KEEPS(lend_too_much),
    KEEPS(fill_the_events),
    BREAKS("the events keep to their cap", exceed_the_events),
    BREAKS("the events keep to their cap", begin_behind_the_events),
    KEEPS(have_no_events),
    BREAKS("no more operations have ended than there are", report_too_many),
    KEEPS(fill_the_ping_queue),
    BREAKS("the ping queue keeps to its cap", have_too_much_memory_for_pings),
    BREAKS("the ping queue keeps to its cap", await_too_many_pings),
    KEEPS(ban_all_that_fit),
    BREAKS("bans keep to their cap", ban_too_many),
    BREAKS("bans keep to their cap", allow_too_many),
    KEEPS(have_all_newcomers),
    BREAKS("newcomers keep to their cap", have_an_arrival_more),
    BREAKS("newcomers keep to their cap", serve_one_more),
    KEEPS(retry_now),
    KEEPS(miss_all_that_fit),
    BREAKS("a round of recovery is planned while a peer is lost", plan_without_a_loss),
    KEEPS(sweep_at_last),
    BREAKS("the store is swept in time", sweep_too_late),
    KEEPS(know_all_that_fit),
    BREAKS("a watch's next get is within its interval", know_one_more),
    KEEPS(watch_at_last),
    BREAKS("a watch's next get is within its interval", watch_too_late),
    BREAKS("watches are counted", miscount_watches),
};

static int begin(void **state)
{
    (void)state;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 10);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static void each_bound_is_where_it_belongs(void **state)
{
    (void)state;
    skad_op op;
    const skad_id target = {{0x12}};
    assert_int_equal(
        skad_node_watch(fixture.node, SKAD_RECORD_ANNOUNCEMENT, &target, 60, fixture.now, &op),
        SKAD_OK);
    assert_int_equal(skad_node_lookup(fixture.node, &target, fixture.now, &op), SKAD_OK);
    test_tamper(fixture.node, CASES, sizeof CASES / sizeof CASES[0], fixture.now);
}

/* A node that has not joined announces nothing again, so no deadline covers that. */
static void retries_wait_until_a_node_has_joined(void **state)
{
    (void)state;
    static const test_tampering cases[] = {KEEPS(retry_all_that_fit)};
    PART(fixture.node, join)->joined = false;
    test_tamper(fixture.node, cases, 1, fixture.now);
}

/* ---- The table of requests by itself ---- */

#define REQUESTS 300 /* more than a byte counts */

static void open_all(skad_pending *pending, const skad_pending_rpc **all)
{
    skad_random random;
    assert_int_equal(skad_pending_init(pending, REQUESTS, false), SKAD_OK);
    skad_random_init(&random, (const uint8_t[SKAD_SEED_BYTES]){1});
    for (size_t i = 0; i < REQUESTS; i++) {
        all[i] = skad_pending_open(pending, &random, SKAD_US_PER_S, 0);
        assert_non_null(all[i]);
    }
}

static void all_requests_may_wait(void **state)
{
    (void)state;
    skad_pending pending;
    const skad_pending_rpc *all[REQUESTS];
    skad_pending_rpc out;
    open_all(&pending, all);
    assert_null(skad_pending_broken(&pending, 0));
    assert_int_equal(skad_pending_expire(&pending, SKAD_US_PER_S, &out), SKAD_TIMEOUT_SOFT);
    assert_null(skad_pending_broken(&pending, SKAD_US_PER_S)); /* one is slow */
    skad_pending_free(&pending);
}

static void all_requests_may_be_over(void **state)
{
    static const char *const TWICE = "the free list holds each free slot once";
    (void)state;
    skad_pending pending;
    const skad_pending_rpc *all[REQUESTS];
    open_all(&pending, all);
    for (size_t i = 0; i < REQUESTS; i++) {
        skad_pending_close(&pending, all[i]);
    }
    assert_null(skad_pending_broken(&pending, 0));
    uint16_t first = pending.free_slots[0];
    pending.free_slots[0] = pending.free_slots[REQUESTS - 1];
    assert_string_equal(skad_pending_broken(&pending, 0), TWICE);
    pending.free_slots[0] = pending.fresh;
    assert_string_equal(skad_pending_broken(&pending, 0), TWICE);
    pending.free_slots[0] = first;
    assert_null(skad_pending_broken(&pending, 0));
    skad_pending_free(&pending);
}

/* All its copies were sent, and then its responder called us: one more leaves, and no other. */
static void a_hurried_request_has_one_more_copy(void **state)
{
    (void)state;
    skad_pending pending;
    const skad_pending_rpc *all[REQUESTS];
    skad_pending_rpc out;
    open_all(&pending, all);
    skad_pending_rpc *rpc = &pending.rpcs[0];
    rpc->purpose = SKAD_PURPOSE_LOOKUP;
    skad_pending_resend(&pending, rpc, SKAD_US_PER_MS, SKAD_COPIES);
    uint64_t now_us = 0;
    while (rpc->copies < SKAD_COPIES) {
        now_us = skad_pending_deadline(&pending);
        assert_int_not_equal(skad_pending_expire(&pending, now_us, &out), SKAD_TIMEOUT_NONE);
    }
    for (unsigned i = 0; i < 2; i++) {
        skad_pending_hurry(&pending, &rpc->responder, &rpc->address, now_us);
        while (skad_pending_expire(&pending, now_us, &out) != SKAD_TIMEOUT_NONE) {
        }
        assert_int_equal(rpc->copies, SKAD_COPIES + 1);
        assert_int_equal(rpc->copies_left, 0);
        assert_null(skad_pending_broken(&pending, now_us));
    }
    rpc->copies_left = 1;
    assert_non_null(skad_pending_broken(&pending, now_us));
    skad_pending_free(&pending);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_bound_is_where_it_belongs, begin, end),
        cmocka_unit_test_setup_teardown(retries_wait_until_a_node_has_joined, begin, end),
        cmocka_unit_test(all_requests_may_wait),
        cmocka_unit_test(all_requests_may_be_over),
        cmocka_unit_test(a_hurried_request_has_one_more_copy),
    };
    return cmocka_run_group_tests_name("invariants_bounds", tests, NULL, NULL);
}
