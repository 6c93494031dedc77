/* The invariants see what they are there to see: each is broken once by hand, in a node that is
 * otherwise sound. That sound nodes keep them is asked after every run of a fixture or a network in
 * all other tests. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/core/base/instant.h"
#include "src/core/node/invariants.h"
#include "src/core/node/parts.h"
#include "tests/support/fixture.h"

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
static void wait_in_another_slot(skad_node *node)
{
    skad_node_parts_of(node).pending->rpcs[0].rpc_id[1] ^= 1;
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
    skad_node_parts_of(node).pending->rpcs[0].step++;
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

typedef struct broken_case {
    const char *name; /* of the invariant */
    void (*tamper)(skad_node *node);
} broken_case;

static const broken_case CASES[] = {
    {"a bucket and its cache hold at most k each", overfill},
    {"each entry of a bucket is one peer, marked as such", forget_a_place},
    {"each entry of a bucket is one peer, marked as such", stand_twice},
    {"a peer is in the bucket of its ID's range", move_out_of_range},
    {"replacements wait behind a full bucket only", replace_without_need},
    {"siblings are in ascending distance", shuffle_siblings},
    {"a peer that is marked with a role has it", drop_a_sibling},
    {"the pool counts its peers", miscount},
    {"the pool counts its unresponsive peers", miscount_the_unresponsive},
    {"no peer appears twice", meet_twice},
    {"the prefix beside a peer is its ID's", lose_a_prefix},
    {"a peer has a verified endpoint, of each family at most one", lose_all_endpoints},
    {"a peer that failed too often is evicted", fail_for_ever},
    {"a peer was last seen after it was first seen, and not in the future", see_the_future},
    {"an address group keeps to its share of the table", overfill_an_address_group},
    {"the free list holds all free slots", lose_a_slot},
    {"the free list holds each free slot once", free_a_slot_twice},
    {"a request waits for its next timeout", wait_for_no_reason},
    {"an RPC id carries its slot", wait_in_another_slot},
    {"the deadline covers the next liveness check", oversleep_a_check},
    {"the store is swept in time", oversleep_the_sweep},
    {"the outbox keeps to its caps", overfill_the_outbox},
    {"the outbox keeps to its caps", lend_what_is_not_there},
    {"the events keep to their cap", overfill_the_events},
    {"the ping queue keeps to its cap", overfill_the_unverified},
    {"store retries keep to their cap", overfill_the_store_retries},
    {"the list of lost peers keeps to its cap", overfill_the_missed},
    {"a round of recovery is planned while a peer is lost", miss_somebody_without_a_plan},
    {"operations are counted", miscount_operations},
    {"an operation waits for something", await_nothing},
    {"a candidate that is asked is awaited, once", await_somebody_else},
    {"an operation ends in time", never_end},
    {"an operation has what its kind needs, and no more", take_a_record_along},
    {"an ended operation is reported once", end_untold},
    {"a node is asked on one path only", ask_twice},
    {"each candidate that was asked is remembered", ask_unseen},
    {"a candidate is asked at most twice, and not before its state says so", ask_again_and_again},
    {"a shortlist is in ascending distance", list_out_of_order},
    {"a candidate on a shortlist is marked as listed", list_unknown},
    {"a path counts the candidates that it waits for", await_too_many},
    {"a candidate has its distance", stand_elsewhere},
    {"a region awaits no more candidates than were asked", await_a_region},
    {"a lookup keeps to its caps", ask_without_end},
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

/* All memory that a case tampers with, put back byte for byte after each: what was tampered with
 * must not be used to free anything. */
#define PIECES 12

typedef struct snapshot {
    struct {
        void *at;
        size_t len;
        uint8_t *bytes;
    } pieces[PIECES];
    size_t count;
} snapshot;

static void save(snapshot *sound, void *at, size_t len)
{
    assert_in_range(sound->count, 0, PIECES - 1);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    memcpy(bytes, at, len);
    sound->pieces[sound->count].at = at;
    sound->pieces[sound->count].len = len;
    sound->pieces[sound->count].bytes = bytes;
    sound->count++;
}

static void save_all(snapshot *sound, skad_node *node)
{
    skad_lookup *found = lookup(node);
    save(sound, node, skad_node_parts_of(node).bytes);
    save(sound, skad_node_parts_of(node).table->peers.peers,
         skad_node_parts_of(node).table->peers.limit * sizeof(skad_peer));
    save(sound, skad_node_parts_of(node).table->peers.prefixes,
         skad_node_parts_of(node).table->peers.limit * sizeof(uint32_t));
    save(sound, skad_node_parts_of(node).table->buckets,
         skad_node_parts_of(node).table->buckets_capacity * sizeof(skad_bucket));
    save(sound, skad_node_parts_of(node).table->runs,
         2 * skad_node_parts_of(node).table->k * skad_node_parts_of(node).table->buckets_capacity *
             sizeof(skad_peer_slot));
    save(sound, skad_node_parts_of(node).pending->rpcs,
         skad_node_parts_of(node).pending->limit * sizeof(skad_pending_rpc));
    save(sound, skad_node_parts_of(node).pending->due_us,
         skad_node_parts_of(node).pending->limit * sizeof(uint64_t));
    save(sound, skad_node_parts_of(node).pending->free_slots,
         skad_node_parts_of(node).pending->limit * sizeof(uint16_t));
    save(sound, running(node), sizeof(skad_operation));
    save(sound, found, sizeof *found);
    save(sound, found->candidates.all, found->candidates.capacity * sizeof(skad_candidate));
}

static void restore(const snapshot *sound)
{
    for (size_t i = 0; i < sound->count; i++) {
        memcpy(sound->pieces[i].at, sound->pieces[i].bytes, sound->pieces[i].len);
    }
}

static void discard(snapshot *sound)
{
    for (size_t i = 0; i < sound->count; i++) {
        free(sound->pieces[i].bytes);
    }
}

static void each_broken_invariant_is_named(void **state)
{
    (void)state;
    static test_fixture fixture;
    snapshot sound = {0};
    prepare(&fixture);
    save_all(&sound, fixture.node);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        assert_null(skad_node_broken(fixture.node, fixture.now));
        CASES[i].tamper(fixture.node);
        const char *broken = skad_node_broken(fixture.node, fixture.now);
        if (broken == NULL) {
            fail_msg("not seen: %s", CASES[i].name);
        }
        assert_string_equal(broken, CASES[i].name);
        restore(&sound);
    }
    discard(&sound);
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

/* A store takes what it is given: so many records of one key and type from groups in turn. */
static skad_store store_of(uint8_t type, unsigned count, unsigned groups, uint64_t expires_unix_s)
{
    static const skad_store_caps caps = {1000, 100000, 1, 1};
    skad_store store;
    assert_int_equal(skad_store_memory_new(&caps, &store), SKAD_OK);
    for (unsigned i = 0; i < count; i++) {
        const skad_store_record record = {
            .name = {.key = {{7}}, .type = type, .publisher = {(uint8_t)i, (uint8_t)(i >> 8)}},
            .expires_unix_s = expires_unix_s,
            .group = 0x01080000 + (uint64_t)(i % groups) * 0x10000, /* each of another /16 */
            .data = (const uint8_t *)"x",
            .len = 1};
        assert_int_equal(store.ops->put(store.self, SKAD_STORE_REPLICAS, &record, 0), SKAD_OK);
    }
    return store;
}

static void a_store_beyond_its_quotas_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        uint8_t type;
        unsigned count, groups;
        uint8_t limit;
        uint64_t expires_unix_s;
        const char *broken;
    } cases[] = {
        {"a sixteenth", 2, 62, 1, 10, 100, NULL},
        {"more", 2, 63, 1, 10, 100, "no address group holds more than its share"},
        {"where groups do not count", 2, 63, 1, 0, 100, NULL},
        {"expired ones use room", 2, 63, 1, 10, 1, "no address group holds more than its share"},
        {"sixteen places", 3, 16, 1, 10, 100, NULL},
        {"more", 3, 17, 1, 10, 100, "no address group has more places of a key than its part"},
        {"expired", 3, 17, 1, 10, 1, NULL},
        {"all places", 3, 256, 16, 10, 100, NULL},
        {"all, and one more", 3, 257, 20, 10, 100, "no key has more announcements than places"},
        {"also expired", 3, 257, 20, 10, 1, "no key has more announcements than places"},
        {"other types need none", 2, 257, 20, 10, 100, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_profile profile = test_fixture_profile();
        skad_store store =
            store_of(cases[i].type, cases[i].count, cases[i].groups, cases[i].expires_unix_s);
        profile.group_table_max = cases[i].limit;
        const char *broken = skad_store_broken(&store, &profile, 50);
        if (broken == NULL ? cases[i].broken != NULL
                           : cases[i].broken == NULL || strcmp(broken, cases[i].broken) != 0) {
            fail_msg("%s: %s", cases[i].label, broken == NULL ? "sound" : broken);
        }
        store.ops->free(store.self);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_broken_invariant_is_named),
        cmocka_unit_test(time_that_runs_back_is_named),
        cmocka_unit_test(a_store_beyond_its_quotas_is_named),
    };
    return cmocka_run_group_tests_name("invariants", tests, NULL, NULL);
}
