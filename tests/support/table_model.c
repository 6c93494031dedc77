#include "tests/support/table_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/address.h"
#include "src/core/distance.h"
#include "src/core/instant.h"
#include "src/core/invariants.h"
#include "src/core/table.h"
#include "tests/support/dice.h"

#define IDENTITIES_MAX 300
#define NOBODY         IDENTITIES_MAX

/* Numbers of identities, in an order. */
typedef struct run {
    size_t at[IDENTITIES_MAX];
    size_t count;
} run;

typedef struct figure {
    skad_id id;
    uint32_t verified[2]; /* numbers of addresses; 0: none */
    unsigned blamed[2];   /* failures of each endpoint */
    unsigned failures;
    uint64_t known_us;
    uint64_t seen_us;
    uint64_t check_us;
    bool pressing; /* that check is not planned anew */
} figure;

struct test_table_model {
    skad_id self;
    size_t k;
    size_t siblings_max;
    size_t slots;
    size_t identities;
    figure figures[IDENTITIES_MAX];
    run members[SKAD_BUCKETS_MAX];
    run caches[SKAD_BUCKETS_MAX];
    run siblings;
    size_t buckets_count;
    uint64_t lived_ms; /* for which peers were seen to live */
    uint64_t ends;     /* who fell silent meanwhile, in 256ths */
    skad_table table;  /* what is tested */
    test_chooser chooser;
    uint64_t now_us;
};

typedef test_table_model model;

static uint64_t choose(model *self, uint64_t bound)
{
    return self->chooser.below(self->chooser.user, bound);
}

/* An ID that shares exactly `shared` leading bits with our own; the rest is drawn from a number. */
static skad_id id_near(model *self, unsigned shared)
{
    test_dice dice = {choose(self, UINT32_MAX)};
    return test_dice_id_near(&dice, &self->self, shared);
}

/* ---- Runs ---- */

static size_t run_find(const run *self, size_t number)
{
    size_t at = 0;
    while (at < self->count && self->at[at] != number) {
        at++;
    }
    return at;
}

static bool run_has(const run *self, size_t number)
{
    return run_find(self, number) < self->count;
}

static void run_drop(run *self, size_t number)
{
    size_t at = run_find(self, number);
    if (at == self->count) {
        return;
    }
    self->count--;
    for (; at < self->count; at++) {
        self->at[at] = self->at[at + 1];
    }
}

static void run_push(run *self, size_t number)
{
    self->at[self->count++] = number;
}

/* ---- The rules ---- */

static size_t bucket_of(const model *self, size_t number)
{
    size_t shared = skad_common_prefix(&self->self, &self->figures[number].id);
    return shared < self->buckets_count ? shared : self->buckets_count - 1;
}

static bool known(const model *self, size_t number)
{
    size_t bucket = bucket_of(self, number);
    return run_has(&self->members[bucket], number) || run_has(&self->caches[bucket], number) ||
           run_has(&self->siblings, number);
}

static bool waits(const model *self, size_t number)
{
    size_t bucket = bucket_of(self, number);
    return run_has(&self->caches[bucket], number) && !run_has(&self->siblings, number);
}

/* The millisecond at which 32 bits come round stands for no time at all: the next one is taken. */
static void check_at(figure *who, uint64_t us)
{
    uint64_t whole_us = us / SKAD_US_PER_MS * SKAD_US_PER_MS;
    who->check_us = skad_instant_ms(us) == 0 ? whole_us + SKAD_US_PER_MS : whole_us;
    who->pressing = false;
}

/* Half of it is forgotten beyond 32 hours and beyond 256 who left. */
static void forget_half(model *self)
{
    if (self->lived_ms > UINT64_C(32) * 3600 * 1000 || self->ends > UINT64_C(256) * 256) {
        self->lived_ms /= 2;
        self->ends /= 2;
    }
}

static void lived(model *self, const figure *who)
{
    uint64_t ms = self->now_us / SKAD_US_PER_MS - who->seen_us / SKAD_US_PER_MS;
    self->lived_ms += ms < UINT64_C(30) * 60 * 1000 ? ms : UINT64_C(30) * 60 * 1000;
    forget_half(self);
}

static void ended(model *self)
{
    self->ends += 256;
    forget_half(self);
}

/* Between two checks of somebody: an eighth of the time since it answered first, in whole seconds,
 * or of how long peers live, if that is more; from two minutes to fifteen; fifteen for whoever has
 * no place but in a cache. */
static uint64_t interval_us(const model *self, const figure *who)
{
    size_t number = (size_t)(who - self->figures);
    if (waits(self, number)) {
        return 15 * 60 * SKAD_US_PER_S;
    }
    uint64_t known_for_s = self->now_us / SKAD_US_PER_S - who->known_us / SKAD_US_PER_S;
    uint64_t age_us = known_for_s * SKAD_US_PER_S;
    uint64_t mean_us =
        self->ends > 0 ? self->lived_ms * 256 * SKAD_US_PER_MS / self->ends : UINT64_MAX;
    uint64_t us = (age_us > mean_us ? age_us : mean_us) / 8;
    uint64_t least_us = 2 * 60 * SKAD_US_PER_S;
    uint64_t most_us = 15 * 60 * SKAD_US_PER_S;
    return us < least_us ? least_us : us > most_us ? most_us : us;
}

static size_t known_count(const model *self)
{
    size_t count = 0;
    for (size_t i = 0; i < self->identities; i++) {
        count += known(self, i);
    }
    return count;
}

static bool silent(const model *self, size_t number)
{
    return self->figures[number].failures >= 2;
}

static void promote(model *self, size_t bucket)
{
    run *members = &self->members[bucket];
    run *cache = &self->caches[bucket];
    while (members->count < self->k && cache->count > 0) {
        size_t longest = 0;
        for (size_t i = 1; i < cache->count; i++) {
            if (self->figures[cache->at[i]].known_us / SKAD_US_PER_S <=
                self->figures[cache->at[longest]].known_us / SKAD_US_PER_S) {
                longest = i;
            }
        }
        size_t number = cache->at[longest];
        figure *who = &self->figures[number];
        uint64_t soon_us = self->now_us + 2 * 60 * SKAD_US_PER_S;
        run_drop(cache, number);
        run_push(members, number);
        if (who->check_us > soon_us) {
            check_at(who, soon_us);
        }
    }
}

static void forget(model *self, size_t number)
{
    size_t bucket = bucket_of(self, number);
    run_drop(&self->members[bucket], number);
    run_drop(&self->caches[bucket], number);
    run_drop(&self->siblings, number);
}

static void join_siblings(model *self, size_t number)
{
    run *siblings = &self->siblings;
    if (run_has(siblings, number)) {
        return;
    }
    size_t at = siblings->count++;
    while (at > 0 && skad_distance_compare(&self->self, &self->figures[number].id,
                                           &self->figures[siblings->at[at - 1]].id) < 0) {
        siblings->at[at] = siblings->at[at - 1];
        at--;
    }
    siblings->at[at] = number;
    if (siblings->count > self->siblings_max) {
        siblings->count--;
    }
}

static void split(model *self)
{
    size_t last = self->buckets_count++ - 1;
    run all = self->members[last];
    self->members[last].count = 0;
    assert_int_equal(self->caches[last].count, 0);
    for (size_t i = 0; i < all.count; i++) {
        run_push(&self->members[bucket_of(self, all.at[i])], all.at[i]);
    }
}

static void settle(model *self, size_t number)
{
    while (self->members[bucket_of(self, number)].count == self->k &&
           bucket_of(self, number) + 1 == self->buckets_count) {
        split(self);
    }
    run *members = &self->members[bucket_of(self, number)];
    run *cache = &self->caches[bucket_of(self, number)];
    size_t gone = NOBODY;
    for (size_t i = 0; members->count == self->k && gone == NOBODY && i < members->count; i++) {
        gone = silent(self, members->at[i]) ? members->at[i] : NOBODY;
    }
    if (gone != NOBODY) {
        forget(self, gone);
    }
    if (members->count < self->k) {
        run_push(members, number);
    } else {
        if (cache->count == self->k) {
            run_drop(cache, cache->at[0]);
        }
        run_push(cache, number);
    }
    join_siblings(self, number);
}

/* The oldest peer of a bucket that has no place but in its cache. */
static size_t oldest_replacement(const model *self, size_t bucket)
{
    const run *cache = &self->caches[bucket];
    for (size_t i = 0; i < cache->count; i++) {
        if (!run_has(&self->siblings, cache->at[i])) {
            return cache->at[i];
        }
    }
    return NOBODY;
}

/* The pool is full: some bucket's oldest replacement has given way, which one is the table's
 * choice. When two are gone, the one in the newcomer's own bucket left its full cache. */
static bool room_was_made(model *self, size_t newcomer)
{
    size_t gone = NOBODY;
    size_t spare = 0;
    for (size_t bucket = 0; bucket < self->buckets_count; bucket++) {
        size_t oldest = oldest_replacement(self, bucket);
        spare += oldest != NOBODY;
        if (oldest != NOBODY &&
            skad_peers_find(&self->table.peers, &self->figures[oldest].id) == SKAD_PEER_NONE &&
            (gone == NOBODY || bucket != bucket_of(self, newcomer))) {
            gone = oldest;
        }
    }
    assert_true((gone == NOBODY) == (spare == 0));
    if (gone != NOBODY) {
        forget(self, gone);
    }
    return gone != NOBODY;
}

/* ---- Steps, taken by both ---- */

static skad_address address_of(uint32_t number)
{
    skad_address address = test_dice_address(number);
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
    figure *who = &self->figures[number];
    uint32_t address_number = some_address(self, number);
    skad_address address = address_of(address_number);
    size_t family = skad_route_index(&address);
    uint32_t *verified = &who->verified[family];
    bool is_new = !known(self, number);
    bool full = known_count(self) == self->slots;
    skad_peer_slot slot = skad_table_answered(&self->table, &who->id, &address, 1000, self->now_us);
    if (is_new) {
        *who = (figure){.id = who->id, .known_us = self->now_us};
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
        lived(self, who);
    }
    who->seen_us = self->now_us;
    if (is_new) {
        settle(self, number);
        check_at(who, self->now_us + interval_us(self, who));
        return;
    }
    run *members = &self->members[bucket_of(self, number)];
    if (run_has(members, number)) {
        run_drop(members, number);
        run_push(members, number);
    }
    join_siblings(self, number);
    check_at(who, self->now_us + interval_us(self, who));
}

/* Together with the next of those who answer, if that is soon. */
static void check_again(model *self, figure *who)
{
    uint64_t now_us = self->now_us / SKAD_US_PER_MS * SKAD_US_PER_MS;
    uint64_t next_us = now_us + SKAD_CHECK_TOGETHER_US + 1;
    figure *beside = NULL;
    for (size_t i = 0; i < self->identities; i++) {
        figure *other = &self->figures[i];
        if (other != who && known(self, i) && other->failures == 0 &&
            other->check_us >= now_us + SKAD_CHECK_RETRY_US && other->check_us < next_us) {
            next_us = other->check_us;
            beside = other;
        }
    }
    check_at(who, beside != NULL ? next_us : self->now_us + SKAD_CHECK_RETRY_US);
    who->pressing = true;
    if (beside != NULL) {
        beside->pressing = true;
    }
}

static void step_failed(model *self, size_t number)
{
    figure *who = &self->figures[number];
    uint32_t address_number = some_address(self, number);
    skad_address address = address_of(address_number);
    skad_table_failed(&self->table, &who->id, &address, self->now_us);
    if (!known(self, number) || who->verified[skad_route_index(&address)] != address_number) {
        return;
    }
    size_t family = skad_route_index(&address);
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
        ended(self);
    }
    size_t bucket = bucket_of(self, number);
    bool replaceable = run_has(&self->caches[bucket], number) || self->caches[bucket].count > 0;
    if (who->failures == SKAD_TABLE_FAILURES_MAX || (silent(self, number) && replaceable)) {
        forget(self, number);
        promote(self, bucket);
    } else if (silent(self, number)) {
        check_at(who, self->now_us + (SKAD_CHECK_BACKOFF_US << (who->failures - 1)));
    }
}

/* Of two that were heard at the same instant it is the table's choice: the one in the lower slot.
 */
static bool heard_later(const model *self, const figure *a, const figure *b)
{
    if (a->seen_us != b->seen_us) {
        return a->seen_us > b->seen_us;
    }
    return skad_peers_find(&self->table.peers, &a->id) <
           skad_peers_find(&self->table.peers, &b->id);
}

static void step_unheard(model *self, size_t number)
{
    uint64_t again_us = self->now_us + choose(self, 100000) * SKAD_US_PER_MS;
    skad_liveness_unheard(&self->table.peers, &self->figures[number].id, again_us);
    if (!known(self, number)) {
        return;
    }
    figure *latest = NULL;
    for (size_t i = 0; i < self->identities; i++) {
        if (i != number && known(self, i) &&
            (latest == NULL || heard_later(self, &self->figures[i], latest))) {
            latest = &self->figures[i];
        }
    }
    check_at(&self->figures[number], again_us);
    self->figures[number].pressing = true;
    if (latest != NULL && latest->check_us > again_us) {
        check_at(latest, again_us);
    }
    if (latest != NULL) {
        latest->pressing = true;
    }
}

static size_t number_at(const model *self, skad_peer_slot slot)
{
    const skad_id *id = &self->table.peers.peers[slot].id;
    size_t number = 0;
    while (number < self->identities && !skad_id_equal(&self->figures[number].id, id)) {
        number++;
    }
    assert_true(number < self->identities);
    return number;
}

static uint64_t next_check_us(const model *self, const figure *except)
{
    uint64_t next_us = UINT64_MAX;
    for (size_t i = 0; i < self->identities; i++) {
        const figure *who = &self->figures[i];
        if (who != except && known(self, i) && who->check_us < next_us) {
            next_us = who->check_us;
        }
    }
    return next_us;
}

/* Whose check is due first; of two it is the table's choice: the one in the lower slot. */
static figure *first_due(model *self)
{
    figure *first = NULL;
    for (size_t i = 0; i < self->identities; i++) {
        figure *who = &self->figures[i];
        if (!known(self, i) || who->check_us > self->now_us) {
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
static bool can_wait(const model *self, const figure *who, uint64_t *until_us)
{
    *until_us = who->seen_us / SKAD_US_PER_MS * SKAD_US_PER_MS + interval_us(self, who);
    return who->failures == 0 && !who->pressing && *until_us >= self->now_us + SKAD_CHECK_ANEW_US;
}

static void step_check(model *self)
{
    uint64_t next_us;
    uint64_t until_us;
    figure *due = first_due(self);
    while (due != NULL && can_wait(self, due, &until_us)) {
        check_at(due, until_us);
        due = first_due(self);
    }
    uint64_t expected_us = next_check_us(self, due);
    skad_peer_slot slot = skad_liveness_due(&self->table.peers, self->now_us, false, &next_us);
    assert_int_equal(next_us, expected_us);
    assert_int_equal(slot != SKAD_PEER_NONE, due != NULL);
    if (due != NULL) {
        assert_ptr_equal(&self->figures[number_at(self, slot)], due);
        check_at(due, self->now_us + interval_us(self, due));
    }
}

/* ---- Comparison ---- */

static void compare_run(const model *self, const run *expected, const skad_peer_slot *slots,
                        size_t count, skad_peer_place place)
{
    assert_int_equal(count, expected->count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(number_at(self, slots[i]), expected->at[i]);
        assert_true((self->table.peers.peers[slots[i]].places & place) != 0);
    }
}

static void compare_figure(const model *self, size_t number)
{
    const figure *who = &self->figures[number];
    skad_peer_slot slot = skad_peers_find(&self->table.peers, &who->id);
    assert_int_equal(slot != SKAD_PEER_NONE, known(self, number));
    if (slot == SKAD_PEER_NONE) {
        return;
    }
    const skad_peer *peer = &self->table.peers.peers[slot];
    size_t bucket = bucket_of(self, number);
    unsigned places = (run_has(&self->members[bucket], number) ? SKAD_PEER_IN_BUCKET : 0) |
                      (run_has(&self->caches[bucket], number) ? SKAD_PEER_IN_CACHE : 0) |
                      (run_has(&self->siblings, number) ? SKAD_PEER_IN_SIBLINGS : 0);
    assert_int_equal(peer->places, places);
    assert_int_equal(peer->failures, who->failures);
    assert_int_equal(peer->seen_ms, skad_instant_ms(who->seen_us));
    assert_int_equal(self->table.peers.checks_ms[slot], skad_instant_ms(who->check_us));
    assert_int_equal(peer->pressing, who->pressing);
    for (size_t family = 0; family < 2; family++) {
        skad_address expected = {0};
        if (who->verified[family] != 0) {
            expected = address_of(who->verified[family]);
        }
        skad_address verified = skad_route_address(&self->table.peers, slot, family);
        assert_true(skad_address_equal(&verified, &expected));
    }
}

static void compare(const model *self)
{
    const skad_table *table = &self->table;
    assert_int_equal(table->buckets_count, self->buckets_count);
    for (size_t i = 0; i < self->buckets_count; i++) {
        const skad_bucket *bucket = &table->buckets[i];
        assert_in_range(bucket->members_count, 0, self->k);
        assert_in_range(bucket->cache_count, 0, self->k);
        compare_run(self, &self->members[i], skad_table_members(table, i), bucket->members_count,
                    SKAD_PEER_IN_BUCKET);
        compare_run(self, &self->caches[i], skad_table_cache(table, i), bucket->cache_count,
                    SKAD_PEER_IN_CACHE);
    }
    compare_run(self, &self->siblings, table->siblings, table->siblings_count,
                SKAD_PEER_IN_SIBLINGS);
    for (size_t i = 0; i < self->identities; i++) {
        compare_figure(self, i);
    }
    assert_int_equal(table->peers.count, known_count(self));
    assert_in_range(table->peers.count, 0, self->slots);
}

/* The closest usable peers, found by looking for the next closer one over and over. */
static void compare_closest(model *self)
{
    skad_id target = id_near(self, (unsigned)choose(self, 30));
    skad_peer_slot slots[SKAD_K_MAX];
    size_t count =
        skad_peers_closest(&self->table.peers, &target, SKAD_FAMILIES_ALL, NULL, SKAD_K_MAX, slots);
    run left = {0};
    for (size_t i = 0; i < self->identities; i++) {
        bool usable = run_has(&self->members[bucket_of(self, i)], i) || run_has(&self->siblings, i);
        if (usable && !silent(self, i)) {
            run_push(&left, i);
        }
    }
    assert_int_equal(skad_table_living(&self->table), left.count);
    assert_int_equal(count, left.count < SKAD_K_MAX ? left.count : SKAD_K_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t best = left.at[0];
        for (size_t j = 1; j < left.count; j++) {
            best = skad_distance_compare(&target, &self->figures[left.at[j]].id,
                                         &self->figures[best].id) < 0
                       ? left.at[j]
                       : best;
        }
        assert_int_equal(number_at(self, slots[i]), best);
        run_drop(&left, best);
    }
}

/* ---- Driving ---- */

test_table_model *test_table_model_new(const test_table_shape *shape, test_chooser chooser)
{
    model *self = calloc(1, sizeof *self);
    assert_non_null(self);
    test_dice dice = {shape->seed};
    self->chooser = chooser;
    self->self = test_dice_id(&dice);
    self->k = shape->k;
    self->siblings_max = shape->siblings * SKAD_SIBLINGS_ETA;
    self->slots = shape->slots;
    self->buckets_count = 1;
    self->identities = shape->identities < IDENTITIES_MAX ? shape->identities : IDENTITIES_MAX;
    for (size_t i = 0; i < self->identities; i++) {
        unsigned shared = (unsigned)test_dice_below(&dice, shape->shared_max);
        self->figures[i].id = test_dice_id_near(&dice, &self->self, shared);
    }
    /* Soon the table's milliseconds come round. */
    self->now_us = ((UINT64_C(1) << 32) - 100000) * SKAD_US_PER_MS;
    const skad_peers_plan plan = {
        .slots = (uint16_t)shape->slots, .tokens = (uint16_t)shape->slots, .frugal = shape->frugal};
    assert_int_equal(
        skad_table_init(&self->table, &self->self, shape->k, self->siblings_max, &plan), SKAD_OK);
    self->ends = 256;
    self->lived_ms = UINT64_C(16) * 60 * 1000; /* sixteen minutes, to begin with */
    return self;
}

void test_table_model_step(test_table_model *self, unsigned failing)
{
    self->now_us += choose(self, 2000) * SKAD_US_PER_MS;
    size_t number = (size_t)choose(self, self->identities);
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
    const char *broken = skad_table_broken(&self->table, self->now_us);
    if (broken != NULL) {
        fail_msg("%s", broken);
    }
}

void test_table_model_free(test_table_model *self)
{
    skad_table_free(&self->table);
    free(self);
}
