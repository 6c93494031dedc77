#include "tests/support/arrival.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/address.h"
#include "src/core/routing/distance.h"
#include "tests/support/prng.h"

static const uint8_t empty_array[] = {0x90};

static test_remote *remote_at(test_fixture *fixture, const skad_address *address)
{
    size_t i = 0;
    while (!skad_address_equal(&fixture->remotes[i].address, address)) {
        i++;
        assert_true(i < fixture->remotes_count);
    }
    return &fixture->remotes[i];
}

int test_arrivals_begin(void **state)
{
    test_arrivals *made = calloc(1, sizeof *made);
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&made->fixture, &profile);
    test_fixture_populate(&made->fixture, TEST_PEERS);
    made->remote = test_fixture_remote(&made->fixture);
    skad_event joined;
    assert_true(skad_node_poll_event(made->fixture.node, &joined));
    skad_op op;
    skad_id target = {{0}};
    assert_int_equal(skad_node_lookup(made->fixture.node, &target, made->fixture.now, &op),
                     SKAD_OK);
    assert_true(skad_node_poll_datagram(made->fixture.node, &made->asked));
    test_fixture_drain(&made->fixture);
    made->peer = remote_at(&made->fixture, &made->asked.to);
    assert_int_equal(
        skad_node_ping(made->fixture.node, &made->peer->address, made->fixture.now, &op), SKAD_OK);
    assert_true(skad_node_poll_datagram(made->fixture.node, &made->hello));
    *state = made;
    return 0;
}

int test_arrivals_end(void **state)
{
    test_arrivals *made = *state;
    test_fixture_free(&made->fixture);
    free(made);
    return 0;
}

/* ---- Everything a node shows of itself ---- */

typedef struct portrait {
    skad_node_stats stats;
    skad_table_row rows[2 * TEST_PEERS];
    size_t rows_count;
    uint64_t deadline_us;
} portrait;

static void take_portrait(const test_arrivals *made, portrait *out)
{
    skad_node_stats_get(made->fixture.node, made->fixture.now, &out->stats);
    out->rows_count =
        skad_node_table(made->fixture.node, made->fixture.now, out->rows, 2 * TEST_PEERS);
    out->deadline_us = skad_node_deadline(made->fixture.node);
}

static bool rows_equal(const skad_table_row *a, const skad_table_row *b)
{
    return skad_id_equal(&a->contact.id, &b->contact.id) &&
           skad_address_equal(&a->contact.ipv4, &b->contact.ipv4) &&
           skad_address_equal(&a->contact.ipv6, &b->contact.ipv6) && a->bucket == b->bucket &&
           a->sibling == b->sibling && a->replacement == b->replacement &&
           a->failures == b->failures && a->rtt_us == b->rtt_us &&
           a->last_seen_us == b->last_seen_us && a->first_seen_us == b->first_seen_us;
}

static bool stats_equal(const skad_node_stats *a, const skad_node_stats *b)
{
    const skad_store_totals *fill = &a->store;
    return a->received == b->received && a->received_bytes == b->received_bytes &&
           memcmp(a->verdicts, b->verdicts, sizeof a->verdicts) == 0 && a->sent == b->sent &&
           a->sent_bytes == b->sent_bytes && a->outbox_dropped == b->outbox_dropped &&
           a->signatures == b->signatures && a->verifications == b->verifications &&
           memcmp(a->requests, b->requests, sizeof a->requests) == 0 &&
           a->refusals == b->refusals && a->timeouts == b->timeouts && a->lookups == b->lookups &&
           a->peers == b->peers && a->peers_unresponsive == b->peers_unresponsive &&
           a->siblings == b->siblings && a->buckets == b->buckets && a->pending == b->pending &&
           a->operations == b->operations && a->joined == b->joined &&
           skad_address_equal(&a->observed[0], &b->observed[0]) &&
           skad_address_equal(&a->observed[1], &b->observed[1]) &&
           fill->records == b->store.records && fill->bytes == b->store.bytes &&
           a->epoch == b->epoch;
}

/* Whether the signature has been checked when a datagram is dropped for a reason. */
static bool after_signature(skad_verdict verdict)
{
    return verdict == SKAD_VERDICT_SIGNATURE || verdict == SKAD_VERDICT_BODY ||
           verdict == SKAD_VERDICT_IDENTITY || verdict == SKAD_VERDICT_DYNAMIC;
}

void test_assert_dropped(test_arrivals *made, const char *label, const test_arrival *what,
                         skad_verdict expected)
{
    portrait before;
    portrait after;
    take_portrait(made, &before);
    skad_verdict verdict = skad_node_receive(made->fixture.node, what->bytes, what->len,
                                             &what->from, made->fixture.now);
    if (verdict != expected) {
        fail_msg("%s: %s, not %s", label, skad_verdict_name(verdict), skad_verdict_name(expected));
    }
    take_portrait(made, &after);
    before.stats.received++;
    before.stats.received_bytes += what->len;
    before.stats.verdicts[expected]++;
    before.stats.verifications += after_signature(expected);
    if (expected == SKAD_VERDICT_SELF) { /* one a second has a check: src/core/rpc/twin.h */
        before.stats.verifications = after.stats.verifications;
    }
    bool same = stats_equal(&before.stats, &after.stats) && before.rows_count == after.rows_count &&
                before.deadline_us == after.deadline_us;
    for (size_t i = 0; same && i < before.rows_count; i++) {
        same = rows_equal(&before.rows[i], &after.rows[i]);
    }
    skad_event event;
    if (!same || test_fixture_drain(&made->fixture) > 0 ||
        skad_node_poll_event(made->fixture.node, &event)) {
        fail_msg("%s: the node has changed", label);
    }
}

/* ---- Correct datagrams to start from ---- */

void test_arrival_of(const skad_datagram *datagram, const skad_address *from, test_arrival *out)
{
    memset(out->bytes, 0, sizeof out->bytes);
    memcpy(out->bytes, datagram->bytes, datagram->len);
    out->len = datagram->len;
    out->from = *from;
}

void test_arrival_request(test_arrivals *made, skad_kind kind, test_arrival *out)
{
    skad_message message;
    skad_datagram datagram;
    skad_wire_message(kind, &message);
    test_fixture_request(&made->fixture, made->remote, &message, NULL, &datagram);
    test_arrival_of(&datagram, &made->remote->address, out);
}

void test_arrival_answer(test_arrivals *made, const test_remote *who, test_arrival *out)
{
    skad_message message = {.kind = SKAD_KIND_NODES};
    message.u.reply.observed = test_prng_address(1);
    skad_datagram datagram;
    test_fixture_answer(&made->fixture, who, &made->asked, &message, &datagram);
    test_arrival_of(&datagram, &made->peer->address, out);
}

void test_arrival_craft(test_arrivals *made, const skad_wire_craft *wanted, test_arrival *out)
{
    skad_datagram datagram;
    test_fixture_craft_write(&made->fixture, wanted, &datagram);
    test_arrival_of(&datagram, &made->remote->address, out);
}

skad_wire_craft test_arrival_ping(test_arrivals *made)
{
    return test_fixture_craft(&made->fixture, made->remote, SKAD_KIND_PING,
                              (skad_span){empty_array, sizeof empty_array});
}
