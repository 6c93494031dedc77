/* The invariants see what they are there to see: each is broken once by hand, in a node that is
 * otherwise sound. That sound nodes keep them is asked after every run of a fixture or a network in
 * all other tests. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/base/instant.h"
#include "src/core/node/invariants.h"
#include "src/core/node/parts.h"
#include "tests/support/fixture.h"
#include "tests/support/tampering.h"

static skad_peer *member(skad_node *node, size_t at)
{
    return &skad_node_parts_of(node)
                .table->peers.peers[skad_table_members(skad_node_parts_of(node).table, 0)[at]];
}

/* The running lookup, and the operation that runs it. */
static skad_operation *running(skad_node *node)
{
    for (size_t i = 0; i < skad_node_parts_of(node).operations->count; i++) {
        skad_operation *operation = skad_node_parts_of(node).operations->slots[i].operation;
        if (operation != NULL && operation->stage == SKAD_STAGE_RUNNING) {
            return operation;
        }
    }
    fail_msg("nothing runs");
    return NULL;
}

static skad_lookup *lookup(skad_node *node)
{
    return running(node)->lookup;
}

/* ---- The table ---- */

static void overfill(skad_node *node)
{
    skad_node_parts_of(node).table->buckets[0].members_count =
        (uint8_t)(skad_node_parts_of(node).table->k + 1);
}
static void forget_a_place(skad_node *node)
{
    member(node, 0)->roles &= (uint8_t)~SKAD_PEER_IN_BUCKET;
}
static void stand_twice(skad_node *node)
{
    skad_table_members(skad_node_parts_of(node).table, 0)[1] =
        skad_table_members(skad_node_parts_of(node).table, 0)[0];
}
static void move_out_of_range(skad_node *node)
{
    member(node, 0)->id = skad_node_parts_of(node).table->self;
    member(node, 0)->id.bytes[31] ^= 1;
    skad_node_parts_of(node).table->buckets_count = 2;
}
static void replace_without_need(skad_node *node)
{
    skad_bucket *bucket = &skad_node_parts_of(node).table->buckets[0];
    skad_table_cache(skad_node_parts_of(node).table, 0)[bucket->cache_count++] =
        skad_table_members(skad_node_parts_of(node).table, 0)[--bucket->members_count];
    member(node, bucket->members_count)->roles ^= SKAD_PEER_IN_BUCKET | SKAD_PEER_IN_CACHE;
}
static void shuffle_siblings(skad_node *node)
{
    skad_peer_slot first = skad_node_parts_of(node).table->siblings[0];
    skad_node_parts_of(node).table->siblings[0] = skad_node_parts_of(node).table->siblings[1];
    skad_node_parts_of(node).table->siblings[1] = first;
}
static void drop_a_sibling(skad_node *node)
{
    skad_node_parts_of(node).table->siblings_count--;
}
static void miscount(skad_node *node)
{
    skad_node_parts_of(node).table->peers.count++;
}
static void meet_twice(skad_node *node)
{
    skad_peers *peers = &skad_node_parts_of(node).table->peers;
    size_t from = skad_table_members(skad_node_parts_of(node).table, 0)[0];
    size_t to = skad_node_parts_of(node).table->siblings[0] == from
                    ? skad_node_parts_of(node).table->siblings[1]
                    : skad_node_parts_of(node).table->siblings[0];
    peers->peers[to].id = peers->peers[from].id;
    peers->prefixes[to] = peers->prefixes[from];
    skad_node_parts_of(node).table->buckets[0].members_count = 0;
    skad_node_parts_of(node).table->siblings_count = 0;
}
static void lose_a_prefix(skad_node *node)
{
    skad_node_parts_of(node)
        .table->peers.prefixes[skad_table_members(skad_node_parts_of(node).table, 0)[0]] ^= 1;
}
static void lose_all_endpoints(skad_node *node)
{
    member(node, 0)->families = 0;
}
static void fail_for_ever(skad_node *node)
{
    member(node, 0)->failures = SKAD_TABLE_FAILURES_MAX;
}
static void miscount_the_unresponsive(skad_node *node)
{
    skad_node_parts_of(node).table->peers.unresponsive++;
}
static void see_the_future(skad_node *node)
{
    member(node, 0)->last_seen =
        skad_instant_at(skad_node_parts_of(node).env->now.mono_us + SKAD_US_PER_S * 3600);
}
static void overfill_an_address_group(skad_node *node)
{
    skad_node_parts_of(node).table->group_table_max = 2;
    for (size_t i = 0; i < 3; i++) {
        member(node, i)->ipv4[2] = 77;
    }
}

/* ---- What waits ---- */

static void lose_a_slot(skad_node *node)
{
    skad_node_parts_of(node).pending->free_count--;
}
static void free_a_slot_twice(skad_node *node)
{
    skad_node_parts_of(node).pending->fresh++;
    skad_node_parts_of(node).pending->free_count++;
    skad_node_parts_of(node).pending->free_slots[0] = 0; /* which waits */
}
static void wait_for_no_reason(skad_node *node)
{
    skad_node_parts_of(node).pending->due_us[0]--;
}
/* Returns the first request that waits, of an operation; NULL: of any. */
static skad_pending_rpc *waiting(skad_node *node, const skad_operation *owner)
{
    skad_pending *pending = skad_node_parts_of(node).pending;
    const skad_operations *operations = skad_node_parts_of(node).operations;
    size_t slot = 0;
    while (pending->due_us[slot] == UINT64_MAX ||
           (owner != NULL && pending->rpcs[slot].owner != skad_operation_name(operations, owner))) {
        slot++;
    }
    return &pending->rpcs[slot];
}
static void wait_in_another_slot(skad_node *node)
{
    waiting(node, NULL)->rpc_id[1] ^= 1;
}
static void oversleep_a_check(skad_node *node)
{
    skad_node_parts_of(node).table->peers.due_us = UINT64_MAX;
}
static void oversleep_the_sweep(skad_node *node)
{
    skad_node_parts_of(node).housekeeping->sweep_us = UINT64_MAX;
}
static void overfill_the_outbox(skad_node *node)
{
    skad_node_parts_of(node).outbox->count = skad_node_parts_of(node).outbox->limit + 1;
}
static void lend_what_is_not_there(skad_node *node)
{
    skad_node_parts_of(node).outbox->lent = skad_node_parts_of(node).outbox->count + 1;
}
static void overfill_the_events(skad_node *node)
{
    skad_node_parts_of(node).events->count = skad_node_parts_of(node).events->capacity + 1;
}
static void overfill_the_store_retries(skad_node *node)
{
    skad_node_parts_of(node).store_retries->count = SKAD_STORE_RETRIES_MAX + 1;
}
static void overfill_the_missed(skad_node *node)
{
    skad_node_parts_of(node).recovery->lost_count = SKAD_LOST_MAX + 1;
}
static void miss_somebody_without_a_plan(skad_node *node)
{
    skad_node_parts_of(node).recovery->lost_count = 1;
}
static void overfill_the_unverified(skad_node *node)
{
    skad_node_parts_of(node).ping_queue->count = skad_node_parts_of(node).ping_queue->capacity + 1;
}

/* ---- Operations ---- */

static void miscount_operations(skad_node *node)
{
    skad_node_parts_of(node).operations->taken++;
}
static void await_nothing(skad_node *node)
{
    for (size_t i = 0; i < skad_node_parts_of(node).pending->high_water; i++) {
        skad_node_parts_of(node).pending->rpcs[i].owner = 0;
    }
}
static void await_somebody_else(skad_node *node)
{
    waiting(node, running(node))->step++;
}
static void never_end(skad_node *node)
{
    running(node)->deadline_us = UINT64_MAX;
}
static void take_a_record_along(skad_node *node)
{
    running(node)->kind = SKAD_OPERATION_PUT;
}
static void end_untold(skad_node *node)
{
    running(node)->stage = SKAD_STAGE_ENDED;
}
static void ask_twice(skad_node *node)
{
    lookup(node)->asked[1] = lookup(node)->asked[0];
}
static void ask_unseen(skad_node *node)
{
    lookup(node)->asked_count--;
}
static void ask_again_and_again(skad_node *node)
{
    lookup(node)->candidates.all[lookup(node)->asked[0]].tries = 3;
}
static void list_out_of_order(skad_node *node)
{
    skad_shortlist *list = &lookup(node)->lists[0];
    uint16_t first = list->members[0];
    list->members[0] = list->members[1];
    list->members[1] = first;
}
static void list_unknown(skad_node *node)
{
    lookup(node)->candidates.all[lookup(node)->lists[0].members[0]].listed = 0;
}
static void await_too_many(skad_node *node)
{
    lookup(node)->lists[0].waiting++;
}
static void stand_elsewhere(skad_node *node)
{
    lookup(node)->target.bytes[0] ^= 0x80;
}
static void await_a_region(skad_node *node)
{
    lookup(node)->region_waiting = 1;
}
static void ask_without_end(skad_node *node)
{
    lookup(node)->rpcs = SKAD_LOOKUP_RPCS_MAX + 1;
}

static const test_tampering CASES[] = {
    BREAKS("a bucket and its cache hold at most k each", overfill),
    BREAKS("each entry of a bucket is one peer, marked as such", forget_a_place),
    BREAKS("each entry of a bucket is one peer, marked as such", stand_twice),
    BREAKS("a peer is in the bucket of its ID's range", move_out_of_range),
    BREAKS("replacements wait behind a full bucket only", replace_without_need),
    BREAKS("siblings are in ascending distance", shuffle_siblings),
    BREAKS("a peer that is marked with a role has it", drop_a_sibling),
    BREAKS("the pool counts its peers", miscount),
    BREAKS("the pool counts its unresponsive peers", miscount_the_unresponsive),
    BREAKS("no peer appears twice", meet_twice),
    BREAKS("the prefix beside a peer is its ID's", lose_a_prefix),
    BREAKS("a peer has a verified endpoint, of each family at most one", lose_all_endpoints),
    BREAKS("a peer that failed too often is evicted", fail_for_ever),
    BREAKS("a peer was last seen after it was first seen, and not in the future", see_the_future),
    BREAKS("an address group keeps to its share of the table", overfill_an_address_group),
    BREAKS("the free list holds all free slots", lose_a_slot),
    BREAKS("the free list holds each free slot once", free_a_slot_twice),
    BREAKS("a request waits for its next timeout", wait_for_no_reason),
    BREAKS("an RPC id carries its slot", wait_in_another_slot),
    BREAKS("the deadline covers the next liveness check", oversleep_a_check),
    BREAKS("the store is swept in time", oversleep_the_sweep),
    BREAKS("the outbox keeps to its caps", overfill_the_outbox),
    BREAKS("the outbox keeps to its caps", lend_what_is_not_there),
    BREAKS("the events keep to their cap", overfill_the_events),
    BREAKS("the ping queue keeps to its cap", overfill_the_unverified),
    BREAKS("store retries keep to their cap", overfill_the_store_retries),
    BREAKS("the list of lost peers keeps to its cap", overfill_the_missed),
    BREAKS("a round of recovery is planned while a peer is lost", miss_somebody_without_a_plan),
    BREAKS("operations are counted", miscount_operations),
    BREAKS("an operation waits for something", await_nothing),
    BREAKS("a candidate that is asked is awaited, once", await_somebody_else),
    BREAKS("an operation ends in time", never_end),
    BREAKS("an operation has what its kind needs, and no more", take_a_record_along),
    BREAKS("an ended operation is reported once", end_untold),
    BREAKS("a node is asked on one path only", ask_twice),
    BREAKS("each candidate that was asked is remembered", ask_unseen),
    BREAKS("a candidate is asked at most twice, and not before its state says so",
           ask_again_and_again),
    BREAKS("a shortlist is in ascending distance", list_out_of_order),
    BREAKS("a candidate on a shortlist is marked as listed", list_unknown),
    BREAKS("a path counts the candidates that it waits for", await_too_many),
    BREAKS("a candidate has its distance", stand_elsewhere),
    BREAKS("a region awaits no more candidates than were asked", await_a_region),
    BREAKS("a lookup keeps to its caps", ask_without_end),
};

/* A node that knows ten others and has just begun a lookup. */
static void prepare(test_fixture *fixture)
{
    skad_profile profile = test_fixture_profile();
    test_fixture_init(fixture, &profile);
    test_fixture_populate(fixture, 10);
    skad_op op;
    const skad_id target = {{0x12}};
    assert_int_equal(skad_node_lookup(fixture->node, &target, fixture->now, &op), SKAD_OK);
}

static void each_broken_invariant_is_named(void **state)
{
    (void)state;
    static test_fixture fixture;
    prepare(&fixture);
    test_tamper(fixture.node, CASES, sizeof CASES / sizeof CASES[0], fixture.now);
    test_fixture_free(&fixture);
}

static void time_that_runs_back_is_named(void **state)
{
    (void)state;
    static test_fixture fixture;
    prepare(&fixture);
    skad_time before = {.mono_us = fixture.now.mono_us - 1, .unix_s = fixture.now.unix_s};
    assert_string_equal(skad_node_broken(fixture.node, before), "time does not run back");
    test_fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_broken_invariant_is_named),
        cmocka_unit_test(time_that_runs_back_is_named),
    };
    return cmocka_run_group_tests_name("invariants", tests, NULL, NULL);
}
