#include "tests/support/plain_table.h"
#include "tests/support/identities.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/core/base/instant.h"
#include "src/core/routing/distance.h"

/* ---- Runs ---- */

static size_t run_find(const test_plain_run *self, size_t number)
{
    size_t at = 0;
    while (at < self->count && self->at[at] != number) {
        at++;
    }
    return at;
}

bool test_plain_run_has(const test_plain_run *self, size_t number)
{
    return run_find(self, number) < self->count;
}

void test_plain_run_drop(test_plain_run *self, size_t number)
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

void test_plain_run_push(test_plain_run *self, size_t number)
{
    self->at[self->count++] = number;
}

/* ---- The rules ---- */

size_t test_plain_bucket_of(const test_plain_table *self, size_t number)
{
    size_t shared = skad_common_prefix(&self->self, &self->figures[number].id);
    return shared < self->buckets_count ? shared : self->buckets_count - 1;
}

bool test_plain_known(const test_plain_table *self, size_t number)
{
    size_t bucket = test_plain_bucket_of(self, number);
    return test_plain_run_has(&self->members[bucket], number) ||
           test_plain_run_has(&self->caches[bucket], number) ||
           test_plain_run_has(&self->siblings, number);
}

static bool waits(const test_plain_table *self, size_t number)
{
    size_t bucket = test_plain_bucket_of(self, number);
    return test_plain_run_has(&self->caches[bucket], number) &&
           !test_plain_run_has(&self->siblings, number);
}

/* The millisecond at which 32 bits come round stands for no time at all: the next one is taken. */
void test_plain_check_at(test_plain_figure *who, uint64_t us)
{
    uint64_t whole_us = us / SKAD_US_PER_MS * SKAD_US_PER_MS;
    who->check_us = skad_instant_at(us).ms == 0 ? whole_us + SKAD_US_PER_MS : whole_us;
    who->pressing = false;
}

/* Half of it is forgotten beyond 32 hours and beyond 256 who left. */
static void forget_half(test_plain_table *self)
{
    if (self->lived_ms > UINT64_C(32) * 3600 * 1000 || self->ends > UINT64_C(256) * 256) {
        self->lived_ms /= 2;
        self->ends /= 2;
    }
}

void test_plain_lived(test_plain_table *self, const test_plain_figure *who)
{
    uint64_t ms = self->now_us / SKAD_US_PER_MS - who->last_seen_us / SKAD_US_PER_MS;
    self->lived_ms += ms < UINT64_C(30) * 60 * 1000 ? ms : UINT64_C(30) * 60 * 1000;
    forget_half(self);
}

void test_plain_ended(test_plain_table *self)
{
    self->ends += 256;
    forget_half(self);
}

/* Between two checks of somebody: an eighth of the time since it answered first, in whole seconds,
 * or of how long peers live, if that is more; from two minutes to fifteen; fifteen for whoever has
 * no place but in a cache. */
uint64_t test_plain_interval_us(const test_plain_table *self, const test_plain_figure *who)
{
    size_t number = (size_t)(who - self->figures);
    if (waits(self, number)) {
        return 15 * 60 * SKAD_US_PER_S;
    }
    uint64_t known_for_s = self->now_us / SKAD_US_PER_S - who->first_seen_us / SKAD_US_PER_S;
    uint64_t age_us = known_for_s * SKAD_US_PER_S;
    uint64_t mean_us =
        self->ends > 0 ? self->lived_ms * 256 * SKAD_US_PER_MS / self->ends : UINT64_MAX;
    uint64_t us = (age_us > mean_us ? age_us : mean_us) / 8;
    uint64_t least_us = 2 * 60 * SKAD_US_PER_S;
    uint64_t most_us = 15 * 60 * SKAD_US_PER_S;
    return us < least_us ? least_us : us > most_us ? most_us : us;
}

size_t test_plain_known_count(const test_plain_table *self)
{
    size_t count = 0;
    for (size_t i = 0; i < self->identities; i++) {
        count += test_plain_known(self, i);
    }
    return count;
}

bool test_plain_unresponsive(const test_plain_table *self, size_t number)
{
    return self->figures[number].failures >= 2;
}

void test_plain_promote(test_plain_table *self, size_t bucket)
{
    test_plain_run *members = &self->members[bucket];
    test_plain_run *cache = &self->caches[bucket];
    while (members->count < self->k && cache->count > 0) {
        size_t longest = 0;
        for (size_t i = 1; i < cache->count; i++) {
            if (self->figures[cache->at[i]].first_seen_us / SKAD_US_PER_S <=
                self->figures[cache->at[longest]].first_seen_us / SKAD_US_PER_S) {
                longest = i;
            }
        }
        size_t number = cache->at[longest];
        test_plain_figure *who = &self->figures[number];
        uint64_t soon_us = self->now_us + 2 * 60 * SKAD_US_PER_S;
        test_plain_run_drop(cache, number);
        test_plain_run_push(members, number);
        if (who->check_us > soon_us) {
            test_plain_check_at(who, soon_us);
        }
    }
}

void test_plain_forget(test_plain_table *self, size_t number)
{
    size_t bucket = test_plain_bucket_of(self, number);
    test_plain_run_drop(&self->members[bucket], number);
    test_plain_run_drop(&self->caches[bucket], number);
    test_plain_run_drop(&self->siblings, number);
}

void test_plain_join_siblings(test_plain_table *self, size_t number)
{
    test_plain_run *siblings = &self->siblings;
    if (test_plain_run_has(siblings, number)) {
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

static void split(test_plain_table *self)
{
    size_t last = self->buckets_count++ - 1;
    test_plain_run all = self->members[last];
    self->members[last].count = 0;
    assert_int_equal(self->caches[last].count, 0);
    for (size_t i = 0; i < all.count; i++) {
        test_plain_run_push(&self->members[test_plain_bucket_of(self, all.at[i])], all.at[i]);
    }
}

void test_plain_settle(test_plain_table *self, size_t number)
{
    while (self->members[test_plain_bucket_of(self, number)].count == self->k &&
           test_plain_bucket_of(self, number) + 1 == self->buckets_count) {
        split(self);
    }
    test_plain_run *members = &self->members[test_plain_bucket_of(self, number)];
    test_plain_run *cache = &self->caches[test_plain_bucket_of(self, number)];
    size_t gone = TEST_PLAIN_NOBODY;
    for (size_t i = 0; members->count == self->k && gone == TEST_PLAIN_NOBODY && i < members->count;
         i++) {
        gone = test_plain_unresponsive(self, members->at[i]) ? members->at[i] : TEST_PLAIN_NOBODY;
    }
    if (gone != TEST_PLAIN_NOBODY) {
        test_plain_forget(self, gone);
    }
    if (members->count < self->k) {
        test_plain_run_push(members, number);
    } else {
        if (cache->count == self->k) {
            test_plain_run_drop(cache, cache->at[0]);
        }
        test_plain_run_push(cache, number);
    }
    test_plain_join_siblings(self, number);
}
