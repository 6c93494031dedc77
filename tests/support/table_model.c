#include "tests/support/table_model.h"
#include "tests/support/identities.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/address.h"
#include "src/core/base/instant.h"
#include "src/core/node/invariants.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/table.h"
#include "tests/support/plain_table.h"
#include "tests/support/prng.h"

struct test_table_model {
    test_plain_table plain;
    skad_table table; /* what is tested */
    test_chooser chooser;
};

typedef test_table_model model;

static uint64_t choose(model *self, uint64_t bound)
{
    return self->chooser.below(self->chooser.user, bound);
}

/* An ID that shares exactly `shared` leading bits with our own; the rest is drawn from a number. */
static skad_id id_near(model *self, unsigned shared)
{
    test_prng prng = {choose(self, UINT32_MAX)};
    return test_prng_id_near(&prng, &self->plain.self, shared);
}

/* The oldest peer of a bucket that has no place but in its cache. */
static size_t oldest_replacement(const model *self, size_t bucket)
{
    const test_plain_run *cache = &self->plain.caches[bucket];
    for (size_t i = 0; i < cache->count; i++) {
        if (!test_plain_run_has(&self->plain.siblings, cache->at[i])) {
            return cache->at[i];
        }
    }
    return TEST_PLAIN_NOBODY;
}

/* The pool is full: some bucket's oldest replacement has given way, which one is the table's
 * choice. When two are gone, the one in the newcomer's own bucket left its full cache. */
static bool room_was_made(model *self, size_t newcomer)
{
    size_t gone = TEST_PLAIN_NOBODY;
    size_t spare = 0;
    for (size_t bucket = 0; bucket < self->plain.buckets_count; bucket++) {
        size_t oldest = oldest_replacement(self, bucket);
        spare += oldest != TEST_PLAIN_NOBODY;
        if (oldest != TEST_PLAIN_NOBODY &&
            skad_peers_find(&self->table.peers, &self->plain.figures[oldest].id) ==
                SKAD_PEER_NONE &&
            (gone == TEST_PLAIN_NOBODY || bucket != test_plain_bucket_of(&self->plain, newcomer))) {
            gone = oldest;
        }
    }
    assert_true((gone == TEST_PLAIN_NOBODY) == (spare == 0));
    if (gone != TEST_PLAIN_NOBODY) {
        test_plain_forget(&self->plain, gone);
    }
    return gone != TEST_PLAIN_NOBODY;
}

/* ---- Steps, taken by both ---- */

static skad_address address_of(uint32_t number)
{
    skad_address address = test_prng_address(number);
    if (number % 4 == 3) {
        address.family = SKAD_FAMILY_IPV6;
    }
    return address;
}

/* Mostly the address that the peer is known at. */
static uint32_t some_address(model *self, size_t number)
{
    uint32_t usual = (uint32_t)(16 * (number + 1));
    return choose(self, 8) == 0 ? usual + (uint32_t)choose(self, 8) : usual;
}

static void step_answered(model *self, size_t number)
{
    test_plain_figure *who = &self->plain.figures[number];
    uint32_t address_number = some_address(self, number);
    skad_address address = address_of(address_number);
    size_t family = skad_endpoint_index(&address);
    uint32_t *verified = &who->verified[family];
    bool is_new = !test_plain_known(&self->plain, number);
    bool full = test_plain_known_count(&self->plain) == self->plain.slots;
    skad_peer_slot slot =
        skad_table_answered(&self->table, &who->id, &address, 1000, self->plain.now_us);
    if (is_new) {
        *who = (test_plain_figure){.id = who->id, .first_seen_us = self->plain.now_us};
        if (full && !room_was_made(self, number)) {
            assert_int_equal(slot, SKAD_PEER_NONE);
            return;
        }
    }
    assert_true(slot != SKAD_PEER_NONE);
    if (*verified != 0 && *verified != address_number && who->blamed[family] == 0) {
        return;
    }
    *verified = address_number;
    who->blamed[family] = 0;
    who->failures = 0;
    if (!is_new) {
        test_plain_lived(&self->plain, who);
    }
    who->last_seen_us = self->plain.now_us;
    if (is_new) {
        test_plain_settle(&self->plain, number);
        test_plain_check_at(who, self->plain.now_us + test_plain_interval_us(&self->plain, who));
        return;
    }
    test_plain_run *members = &self->plain.members[test_plain_bucket_of(&self->plain, number)];
    if (test_plain_run_has(members, number)) {
        test_plain_run_drop(members, number);
        test_plain_run_push(members, number);
    }
    test_plain_join_siblings(&self->plain, number);
    test_plain_check_at(who, self->plain.now_us + test_plain_interval_us(&self->plain, who));
}

/* Together with the next of those who answer, if that is soon. */
static void check_again(model *self, test_plain_figure *who)
{
    uint64_t now_us = self->plain.now_us / SKAD_US_PER_MS * SKAD_US_PER_MS;
    uint64_t next_us = now_us + SKAD_CHECK_TOGETHER_US + 1;
    test_plain_figure *beside = NULL;
    for (size_t i = 0; i < self->plain.identities; i++) {
        test_plain_figure *other = &self->plain.figures[i];
        if (other != who && test_plain_known(&self->plain, i) && other->failures == 0 &&
            other->check_us >= now_us + SKAD_CHECK_RETRY_US && other->check_us < next_us) {
            next_us = other->check_us;
            beside = other;
        }
    }
    test_plain_check_at(who, beside != NULL ? next_us : self->plain.now_us + SKAD_CHECK_RETRY_US);
    who->pressing = true;
    if (beside != NULL) {
        beside->pressing = true;
    }
}

static void step_failed(model *self, size_t number)
{
    test_plain_figure *who = &self->plain.figures[number];
    uint32_t address_number = some_address(self, number);
    skad_address address = address_of(address_number);
    skad_table_failed(&self->table, &who->id, &address, self->plain.now_us);
    if (!test_plain_known(&self->plain, number) ||
        who->verified[skad_endpoint_index(&address)] != address_number) {
        return;
    }
    size_t family = skad_endpoint_index(&address);
    check_again(self, who);
    who->blamed[family]++;
    if (who->verified[1 - family] != 0 && who->blamed[1 - family] < who->blamed[family]) {
        if (who->blamed[family] >= 2) {
            who->verified[family] = 0;
            who->blamed[family] = 0;
        }
        return;
    }
    who->failures++;
    if (who->failures == 2) {
        test_plain_ended(&self->plain);
    }
    size_t bucket = test_plain_bucket_of(&self->plain, number);
    bool replaceable = test_plain_run_has(&self->plain.caches[bucket], number) ||
                       self->plain.caches[bucket].count > 0;
    if (who->failures == SKAD_TABLE_FAILURES_MAX ||
        (test_plain_unresponsive(&self->plain, number) && replaceable)) {
        test_plain_forget(&self->plain, number);
        test_plain_promote(&self->plain, bucket);
    } else if (test_plain_unresponsive(&self->plain, number)) {
        test_plain_check_at(who, self->plain.now_us + skad_liveness_backoff_us(who->failures));
    }
}

/* Of two that were heard at the same instant it is the table's choice: the one in the lower slot.
 */
static bool heard_later(const model *self, const test_plain_figure *a, const test_plain_figure *b)
{
    if (a->last_seen_us != b->last_seen_us) {
        return a->last_seen_us > b->last_seen_us;
    }
    return skad_peers_find(&self->table.peers, &a->id) <
           skad_peers_find(&self->table.peers, &b->id);
}

static void step_unheard(model *self, size_t number)
{
    uint64_t again_us = self->plain.now_us + choose(self, 100000) * SKAD_US_PER_MS;
    skad_liveness_unheard(&self->table.peers, &self->plain.figures[number].id, again_us);
    if (!test_plain_known(&self->plain, number)) {
        return;
    }
    test_plain_figure *latest = NULL;
    for (size_t i = 0; i < self->plain.identities; i++) {
        if (i != number && test_plain_known(&self->plain, i) &&
            (latest == NULL || heard_later(self, &self->plain.figures[i], latest))) {
            latest = &self->plain.figures[i];
        }
    }
    test_plain_check_at(&self->plain.figures[number], again_us);
    self->plain.figures[number].pressing = true;
    if (latest != NULL && latest->check_us > again_us) {
        test_plain_check_at(latest, again_us);
    }
    if (latest != NULL) {
        latest->pressing = true;
    }
}

static size_t number_at(const model *self, skad_peer_slot slot)
{
    const skad_id *id = &self->table.peers.peers[slot].id;
    size_t number = 0;
    while (number < self->plain.identities && !skad_id_equal(&self->plain.figures[number].id, id)) {
        number++;
    }
    assert_true(number < self->plain.identities);
    return number;
}

static uint64_t next_check_us(const model *self)
{
    uint64_t next_us = UINT64_MAX;
    for (size_t i = 0; i < self->plain.identities; i++) {
        const test_plain_figure *who = &self->plain.figures[i];
        if (test_plain_known(&self->plain, i) && who->check_us < next_us) {
            next_us = who->check_us;
        }
    }
    return next_us;
}

/* Whose check is due first; of two it is the table's choice: the one in the lower slot. */
static test_plain_figure *first_due(model *self)
{
    test_plain_figure *first = NULL;
    for (size_t i = 0; i < self->plain.identities; i++) {
        test_plain_figure *who = &self->plain.figures[i];
        if (!test_plain_known(&self->plain, i) || who->check_us > self->plain.now_us) {
            continue;
        }
        bool tie = first != NULL && who->check_us == first->check_us;
        if (first == NULL || who->check_us < first->check_us ||
            (tie && skad_peers_find(&self->table.peers, &who->id) <
                        skad_peers_find(&self->table.peers, &first->id))) {
            first = who;
        }
    }
    return first;
}

/* Whether a check would be planned for later today. */
static bool can_wait(const model *self, const test_plain_figure *who, uint64_t *until_us)
{
    *until_us = who->last_seen_us / SKAD_US_PER_MS * SKAD_US_PER_MS +
                test_plain_interval_us(&self->plain, who);
    return who->failures == 0 && !who->pressing &&
           *until_us >= self->plain.now_us + SKAD_CHECK_ANEW_US;
}

static void step_check(model *self)
{
    uint64_t until_us;
    test_plain_figure *due = first_due(self);
    while (due != NULL && can_wait(self, due, &until_us)) {
        test_plain_check_at(due, until_us);
        due = first_due(self);
    }
    skad_peer_slot slot = skad_liveness_due(&self->table.peers, self->plain.now_us, false);
    assert_int_equal(slot != SKAD_PEER_NONE, due != NULL);
    if (due != NULL) {
        assert_ptr_equal(&self->plain.figures[number_at(self, slot)], due);
        test_plain_check_at(due, self->plain.now_us + test_plain_interval_us(&self->plain, due));
    }
    assert_int_equal(self->table.peers.due_us, next_check_us(self));
}

/* ---- Comparison ---- */

static void compare_run(const model *self, const test_plain_run *expected,
                        const skad_peer_slot *slots, size_t count, skad_peer_role role)
{
    assert_int_equal(count, expected->count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(number_at(self, slots[i]), expected->at[i]);
        assert_true((self->table.peers.peers[slots[i]].roles & role) != 0);
    }
}

static void compare_figure(const model *self, size_t number)
{
    const test_plain_figure *who = &self->plain.figures[number];
    skad_peer_slot slot = skad_peers_find(&self->table.peers, &who->id);
    assert_int_equal(slot != SKAD_PEER_NONE, test_plain_known(&self->plain, number));
    if (slot == SKAD_PEER_NONE) {
        return;
    }
    const skad_peer *peer = &self->table.peers.peers[slot];
    size_t bucket = test_plain_bucket_of(&self->plain, number);
    unsigned roles =
        (test_plain_run_has(&self->plain.members[bucket], number) ? SKAD_PEER_IN_BUCKET : 0) |
        (test_plain_run_has(&self->plain.caches[bucket], number) ? SKAD_PEER_IN_CACHE : 0) |
        (test_plain_run_has(&self->plain.siblings, number) ? SKAD_PEER_IN_SIBLINGS : 0);
    assert_int_equal(peer->roles, roles);
    assert_int_equal(peer->failures, who->failures);
    assert_int_equal(peer->last_seen.ms, skad_instant_at(who->last_seen_us).ms);
    assert_int_equal(self->table.peers.checks_ms[slot], skad_instant_at(who->check_us).ms);
    assert_int_equal(peer->pressing, who->pressing);
    for (size_t family = 0; family < 2; family++) {
        skad_address expected = {0};
        if (who->verified[family] != 0) {
            expected = address_of(who->verified[family]);
        }
        skad_address verified = skad_endpoint_address(&self->table.peers, slot, family);
        assert_true(skad_address_equal(&verified, &expected));
    }
}

static void compare(const model *self)
{
    const skad_table *table = &self->table;
    assert_int_equal(table->buckets_count, self->plain.buckets_count);
    for (size_t i = 0; i < self->plain.buckets_count; i++) {
        const skad_bucket *bucket = &table->buckets[i];
        assert_in_range(bucket->members_count, 0, self->plain.k);
        assert_in_range(bucket->cache_count, 0, self->plain.k);
        compare_run(self, &self->plain.members[i], skad_table_members(table, i),
                    bucket->members_count, SKAD_PEER_IN_BUCKET);
        compare_run(self, &self->plain.caches[i], skad_table_cache(table, i), bucket->cache_count,
                    SKAD_PEER_IN_CACHE);
    }
    compare_run(self, &self->plain.siblings, table->siblings, table->siblings_count,
                SKAD_PEER_IN_SIBLINGS);
    for (size_t i = 0; i < self->plain.identities; i++) {
        compare_figure(self, i);
    }
    assert_int_equal(table->peers.count, test_plain_known_count(&self->plain));
    assert_in_range(table->peers.count, 0, self->plain.slots);
}

/* The closest usable peers, found by looking for the next closer one over and over. */
static void compare_closest(model *self)
{
    skad_id target = id_near(self, (unsigned)choose(self, 30));
    skad_peer_slot slots[SKAD_K_MAX];
    size_t count =
        skad_peers_closest(&self->table.peers, &target, SKAD_FAMILIES_ALL, NULL, SKAD_K_MAX, slots);
    test_plain_run left = {0};
    for (size_t i = 0; i < self->plain.identities; i++) {
        bool usable =
            test_plain_run_has(&self->plain.members[test_plain_bucket_of(&self->plain, i)], i) ||
            test_plain_run_has(&self->plain.siblings, i);
        if (usable && !test_plain_unresponsive(&self->plain, i)) {
            test_plain_run_push(&left, i);
        }
    }
    assert_int_equal(skad_table_living(&self->table), left.count);
    assert_int_equal(count, left.count < SKAD_K_MAX ? left.count : SKAD_K_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t best = left.at[0];
        for (size_t j = 1; j < left.count; j++) {
            best = skad_distance_compare(&target, &self->plain.figures[left.at[j]].id,
                                         &self->plain.figures[best].id) < 0
                       ? left.at[j]
                       : best;
        }
        assert_int_equal(number_at(self, slots[i]), best);
        test_plain_run_drop(&left, best);
    }
}

/* ---- Driving ---- */

test_table_model *test_table_model_new(const test_table_shape *shape, test_chooser chooser)
{
    model *self = calloc(1, sizeof *self);
    assert_non_null(self);
    test_prng prng = {shape->seed};
    self->chooser = chooser;
    self->plain.self = test_prng_id(&prng);
    self->plain.k = shape->k;
    self->plain.siblings_max = shape->siblings * SKAD_SIBLINGS_ETA;
    self->plain.slots = shape->slots;
    self->plain.buckets_count = 1;
    self->plain.identities = shape->identities < TEST_PLAIN_IDENTITIES_MAX
                                 ? shape->identities
                                 : TEST_PLAIN_IDENTITIES_MAX;
    for (size_t i = 0; i < self->plain.identities; i++) {
        unsigned shared = (unsigned)test_prng_below(&prng, shape->shared_max);
        self->plain.figures[i].id = test_prng_id_near(&prng, &self->plain.self, shared);
    }
    /* Soon the table's milliseconds come round. */
    self->plain.now_us = ((UINT64_C(1) << 32) - 100000) * SKAD_US_PER_MS;
    const skad_peers_plan plan = {.limit = (uint16_t)shape->slots,
                                  .tokens = (uint16_t)shape->slots,
                                  .lazy_allocation = shape->lazy_allocation};
    assert_int_equal(
        skad_table_init(&self->table, &self->plain.self, shape->k, self->plain.siblings_max, &plan),
        SKAD_OK);
    self->plain.ends = 256;
    self->plain.lived_ms = UINT64_C(16) * 60 * 1000; /* sixteen minutes, to begin with */
    return self;
}

void test_table_model_step(test_table_model *self, unsigned failing)
{
    self->plain.now_us += choose(self, 2000) * SKAD_US_PER_MS;
    size_t number = (size_t)choose(self, self->plain.identities);
    uint64_t what = choose(self, 10);
    if (what < failing) {
        step_failed(self, number);
    } else if (what == 8) {
        step_unheard(self, number);
    } else if (what == 9) {
        step_check(self);
    } else {
        step_answered(self, number);
    }
    compare(self);
    compare_closest(self);
    const char *broken = skad_table_broken(&self->table, self->plain.now_us);
    if (broken != NULL) {
        fail_msg("%s", broken);
    }
}

void test_table_model_free(test_table_model *self)
{
    skad_table_free(&self->table);
    free(self);
}
