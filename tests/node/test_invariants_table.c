/* The bounds of the routing table's invariants: what just keeps one is sound, and what is one
 * beyond breaks exactly that one. test_invariants.c breaks those that need a whole node. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/node/invariants.h"
#include "src/core/routing/distance.h"
#include "tests/support/table_bench.h"

#define MEMBERS TEST_BENCH_K

/* Everything is full: five siblings, the farthest bucket, and its cache, which came last. */
static void fill(test_bench *bench)
{
    test_somebody members[MEMBERS];
    test_bench_fill(bench, members);
    for (unsigned i = 0; i < MEMBERS; i++) {
        test_bench_meet(bench, TEST_BENCH_FAR);
    }
    assert_int_equal(bench->table.buckets[0].cache_count, MEMBERS);
}

static skad_peer *at(test_bench *bench, skad_peer_slot slot)
{
    return &bench->table.peers.peers[slot];
}
static skad_peer_slot member_slot(test_bench *bench, size_t i)
{
    return skad_table_members(&bench->table, 0)[i];
}
static skad_peer *member(test_bench *bench, size_t i)
{
    return at(bench, member_slot(bench, i));
}
static skad_peer_slot *cache(test_bench *bench)
{
    return skad_table_cache(&bench->table, 0);
}
static void rename_peer(test_bench *bench, skad_peer_slot slot, const skad_id *id)
{
    at(bench, slot)->id = *id;
    bench->table.peers.prefixes[slot] = (uint32_t)(skad_id_prefix(id) >> 32);
}

/* ---- Buckets ---- */

static void leave_all_full(test_bench *bench)
{
    assert_int_equal(bench->table.siblings_count, bench->table.siblings_max);
}
static void overfill_a_cache(test_bench *bench)
{
    bench->table.buckets[0].cache_count++;
}
static void overfill_the_last_bucket(test_bench *bench)
{
    bench->table.buckets[bench->table.buckets_count - 1].members_count = MEMBERS + 1;
}
/* A peer behind all slots that were ever taken, as good as the one whose place it takes. */
static void name_a_slot_never_taken(test_bench *bench)
{
    uint16_t high_water = bench->table.peers.high_water;
    bench->table.peers.peers[high_water] = *member(bench, 0);
    skad_table_members(&bench->table, 0)[0] = high_water;
}
static void forget_a_replacement(test_bench *bench)
{
    at(bench, cache(bench)[3])->roles = SKAD_PEER_IN_SIBLINGS;
}
static void replace_twice(test_bench *bench)
{
    cache(bench)[3] = cache(bench)[2];
}
static void replace_out_of_range(test_bench *bench)
{
    skad_id near = test_prng_id_near(&bench->prng, &bench->self, 30);
    rename_peer(bench, cache(bench)[3], &near);
}
static void shuffle_replacements(test_bench *bench)
{
    skad_peer_slot last = cache(bench)[3];
    cache(bench)[3] = cache(bench)[2];
    cache(bench)[2] = last;
}
static void replace_in_one_second(test_bench *bench)
{
    at(bench, cache(bench)[3])->first_seen = at(bench, cache(bench)[2])->first_seen;
}
static void be_its_own_replacement(test_bench *bench)
{
    member(bench, 0)->roles |= SKAD_PEER_IN_CACHE;
}

/* ---- Siblings ---- */

static void have_too_many_siblings(test_bench *bench)
{
    bench->table.siblings_max--;
}
static void forget_a_sibling(test_bench *bench)
{
    at(bench, bench->table.siblings[4])->roles = SKAD_PEER_IN_BUCKET;
}
static void list_a_sibling_twice(test_bench *bench)
{
    bench->table.siblings[4] = bench->table.siblings[3];
}
static void have_equal_siblings(test_bench *bench)
{
    rename_peer(bench, bench->table.siblings[4], &at(bench, bench->table.siblings[3])->id);
}
static void be_our_own_sibling(test_bench *bench)
{
    test_bench_meet(bench, 40); /* in the last bucket */
    rename_peer(bench, bench->table.siblings[0], &bench->self);
}

/* ---- Caps ---- */

static void fill_all_memory(test_bench *bench)
{
    bench->table.peers.capacity = bench->table.peers.high_water;
    bench->table.peers.limit = bench->table.peers.high_water;
}
static void exceed_the_memory(test_bench *bench)
{
    bench->table.peers.capacity = bench->table.peers.high_water - 1;
}
static void exceed_the_limit(test_bench *bench)
{
    bench->table.peers.limit = bench->table.peers.high_water - 1;
}
static void have_no_bucket(test_bench *bench)
{
    bench->table.buckets_count = 0;
}
static void have_too_many_buckets(test_bench *bench)
{
    bench->table.buckets_count = SKAD_BUCKETS_MAX + 1;
}

/* ---- Peers ---- */

static void have_an_unknown_family(test_bench *bench)
{
    member(bench, 0)->families |= SKAD_FAMILIES_ALL + 1;
}
static void have_ipv6_nowhere(test_bench *bench)
{
    member(bench, 0)->families |= SKAD_FAMILY_IPV6;
}
static void have_ipv6(test_bench *bench)
{
    have_ipv6_nowhere(bench);
    assert_non_null(skad_peers_cold_of(&bench->table.peers, member_slot(bench, 0)));
}
static void have_ipv6_where_nothing_is(test_bench *bench)
{
    have_ipv6(bench);
    member(bench, 0)->cold = bench->table.peers.colds_high_water;
}
static void fail_almost_too_often(test_bench *bench)
{
    bench->table.buckets[0].cache_count = 0;
    for (size_t i = 0; i < MEMBERS; i++) {
        at(bench, cache(bench)[i])->roles = 0;
        bench->table.peers.count--;
    }
    bench->table.peers.latest = SKAD_PEER_NONE;
    skad_peers_set_failures(&bench->table.peers, member_slot(bench, 0),
                            SKAD_TABLE_FAILURES_MAX - 1);
}
static void violate(test_bench *bench, uint8_t times)
{
    skad_peer_cold *cold = skad_peers_cold_of(&bench->table.peers, member_slot(bench, 0));
    assert_non_null(cold);
    cold->violations = times;
}
static void violate_almost_too_often(test_bench *bench)
{
    violate(bench, SKAD_TABLE_VIOLATIONS_MAX - 1);
}
static void violate_too_often(test_bench *bench)
{
    violate(bench, SKAD_TABLE_VIOLATIONS_MAX);
}
static void see_the_next_millisecond(test_bench *bench)
{
    at(bench, cache(bench)[3])->last_seen.ms++;
}
static void see_first_after_last(test_bench *bench)
{
    at(bench, cache(bench)[3])->first_seen.s++;
}
static void check_at_last(test_bench *bench)
{
    bench->table.peers.checks_ms[member_slot(bench, 0)] =
        skad_instant_at(bench->now_us + SKAD_CHECK_INTERVAL_MAX_US).ms;
}
static void check_too_late(test_bench *bench)
{
    check_at_last(bench);
    bench->table.peers.checks_ms[member_slot(bench, 0)]++;
}
static void be_due_for_the_first_check(test_bench *bench)
{
    skad_liveness_plan(&bench->table.peers, bench->now_us);
}
static void be_due_after_the_first_check(test_bench *bench)
{
    be_due_for_the_first_check(bench);
    bench->table.peers.due_us++;
}
static void meet_almost_again(test_bench *bench)
{
    skad_id id = member(bench, 0)->id;
    id.bytes[31] ^= 1;
    rename_peer(bench, member_slot(bench, 1), &id);
}
static void meet_again(test_bench *bench)
{
    rename_peer(bench, member_slot(bench, 1), &member(bench, 0)->id);
}
/* The newest peer is evicted; its slot is free and has all that is left of another peer. */
static void leave_a_trace(test_bench *bench)
{
    skad_peer_slot slot = cache(bench)[3];
    const skad_id id = at(bench, slot)->id;
    for (int i = 0; i < SKAD_TABLE_VIOLATIONS_MAX; i++) {
        skad_table_violation(&bench->table, &id, bench->now_us);
    }
    assert_int_equal(at(bench, slot)->roles, 0);
    rename_peer(bench, slot, &member(bench, 0)->id);
    memcpy(at(bench, slot)->ipv4, member(bench, 0)->ipv4, 4);
    at(bench, slot)->families = SKAD_FAMILY_IPV4;
}

/* ---- Counts ---- */

static void lose_a_member(test_bench *bench)
{
    test_bench_meet(bench, 5);
    bench->table.buckets[5].members_count--;
}
static void lose_a_replacement(test_bench *bench)
{
    bench->table.buckets[0].cache_count--;
}
static void look_for_the_latest(test_bench *bench)
{
    bench->table.peers.latest = SKAD_PEER_NONE;
}
static void mistake_the_latest(test_bench *bench)
{
    bench->table.peers.latest = member_slot(bench, 0);
}
static void have_the_latest_in_a_free_slot(test_bench *bench)
{
    skad_peer_slot slot = cache(bench)[3];
    leave_a_trace(bench);
    at(bench, slot)->last_seen = skad_instant_at(bench->now_us);
    bench->table.peers.latest = slot;
}
static void have_the_latest_nowhere(test_bench *bench)
{
    uint16_t high_water = bench->table.peers.high_water;
    *at(bench, high_water) = *at(bench, cache(bench)[3]);
    at(bench, high_water)->last_seen.ms++;
    bench->table.peers.latest = high_water;
}
static void remember_all_lifetimes(test_bench *bench)
{
    bench->table.peers.lifetimes.seen_ms = SKAD_LIFETIMES_SEEN_MS_MAX;
    bench->table.peers.lifetimes.ends = SKAD_LIFETIMES_ENDS_MAX * 256;
}
static void remember_a_longer_lifetime(test_bench *bench)
{
    bench->table.peers.lifetimes.seen_ms = SKAD_LIFETIMES_SEEN_MS_MAX + 1;
}
static void remember_an_end_more(test_bench *bench)
{
    bench->table.peers.lifetimes.ends = SKAD_LIFETIMES_ENDS_MAX * 256 + 1;
}
static void lose_all_but_replacements(test_bench *bench)
{
    for (skad_peer_slot i = 0; i < bench->table.peers.high_water; i++) {
        if ((at(bench, i)->roles & SKAD_PEER_USABLE_ROLES) != 0) {
            skad_peers_set_failures(&bench->table.peers, i, SKAD_UNRESPONSIVE_FAILURES);
        }
    }
}

typedef struct broken_case {
    const char *label;
    void (*tamper)(test_bench *bench);
    const char *broken; /* NULL: it is sound */
} broken_case;

static const broken_case CASES[] = {
    {"all full", leave_all_full, NULL},
    {"a cache", overfill_a_cache, "a bucket and its cache hold at most k each"},
    {"the last bucket", overfill_the_last_bucket, "a bucket and its cache hold at most k each"},
    {"no slot", name_a_slot_never_taken, "each entry of a bucket is one peer, marked as such"},
    {"not marked", forget_a_replacement, "each entry of a bucket is one peer, marked as such"},
    {"twice", replace_twice, "each entry of a bucket is one peer, marked as such"},
    {"out of range", replace_out_of_range, "a peer is in the bucket of its ID's range"},
    {"the newest before", shuffle_replacements, "a bucket's oldest replacement is first"},
    {"equally old", replace_in_one_second, NULL},
    {"both", be_its_own_replacement, "no peer is its own replacement"},
    {"a sibling more", have_too_many_siblings, "there are at most eta * s siblings"},
    {"a sibling unmarked", forget_a_sibling, "each sibling is one peer, marked as such"},
    {"a sibling twice", list_a_sibling_twice, "each sibling is one peer, marked as such"},
    {"equally near", have_equal_siblings, "siblings are in ascending distance"},
    {"ourselves", be_our_own_sibling, "we are not our own peer"},
    {"all memory", fill_all_memory, NULL},
    {"more than the memory", exceed_the_memory, "the table keeps to its caps"},
    {"more than the limit", exceed_the_limit, "the table keeps to its caps"},
    {"no bucket", have_no_bucket, "the table keeps to its caps"},
    {"a bucket more", have_too_many_buckets, "the table keeps to its caps"},
    {"a third family", have_an_unknown_family,
     "a peer has a verified endpoint, of each family at most one"},
    {"IPv6 nowhere", have_ipv6_nowhere,
     "a peer has a verified endpoint, of each family at most one"},
    {"IPv6", have_ipv6, NULL},
    {"IPv6 beyond all", have_ipv6_where_nothing_is,
     "a peer has a verified endpoint, of each family at most one"},
    {"seven failures", fail_almost_too_often, NULL},
    {"two violations", violate_almost_too_often, NULL},
    {"three violations", violate_too_often, "a peer that failed too often is evicted"},
    {"seen soon", see_the_next_millisecond,
     "a peer was last seen after it was first seen, and not in the future"},
    {"first seen later", see_first_after_last,
     "a peer was last seen after it was first seen, and not in the future"},
    {"at the longest interval", check_at_last, NULL},
    {"later", check_too_late, "a peer's next check is within the longest interval"},
    {"due for the check", be_due_for_the_first_check, NULL},
    {"due after it", be_due_after_the_first_check, "the deadline covers the next liveness check"},
    {"a similar ID", meet_almost_again, NULL},
    {"the same ID", meet_again, "no peer appears twice"},
    {"the same ID in a free slot", leave_a_trace, NULL},
    {"a member less", lose_a_member, "a peer that is marked with a role has it"},
    {"a replacement less", lose_a_replacement, "a peer that is marked with a role has it"},
    {"no latest", look_for_the_latest, NULL},
    {"an earlier one", mistake_the_latest, "the pool knows the peer that answered last"},
    {"in a free slot", have_the_latest_in_a_free_slot,
     "the pool knows the peer that answered last"},
    {"beyond all slots", have_the_latest_nowhere, "the pool knows the peer that answered last"},
    {"all lifetimes", remember_all_lifetimes, NULL},
    {"a longer one", remember_a_longer_lifetime, "observed lifetimes are forgotten by halves"},
    {"an end more", remember_an_end_more, "observed lifetimes are forgotten by halves"},
    {"replacements alone", lose_all_but_replacements,
     "replacements wait only behind responsive members"},
};

static void check(const char *label, const char *broken, const char *expected)
{
    if (broken == NULL ? expected != NULL : expected == NULL || strcmp(broken, expected) != 0) {
        fail_msg("%s: %s", label, broken == NULL ? "sound" : broken);
    }
}

static void each_bound_is_where_it_belongs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        void *made;
        assert_int_equal(test_bench_begin(&made), 0);
        test_bench *bench = made;
        fill(bench);
        CASES[i].tamper(bench);
        check(CASES[i].label, skad_table_broken(&bench->table, bench->now_us), CASES[i].broken);
        test_bench_end(&made);
    }
}

static void a_table_may_have_all_buckets(void **state)
{
    test_bench *bench = *state;
    bench->table.buckets_count = SKAD_BUCKETS_MAX;
    memset(bench->table.buckets, 0, SKAD_BUCKETS_MAX * sizeof *bench->table.buckets);
    check("all buckets", skad_table_broken(&bench->table, bench->now_us), NULL);
}

/* ---- Address groups ---- */

/* Gives each peer an address of a group of its own, but for so many members, which share one: an
 * IPv4 /24, an IPv4 /16, or an IPv6 /56. */
typedef enum group_width { GROUP_24, GROUP_16, GROUP_56 } group_width;

static void share_a_group(test_bench *bench, group_width width, size_t sharing)
{
    for (skad_peer_slot i = 0; i < bench->table.peers.high_water; i++) {
        at(bench, i)->ipv4[1] = (uint8_t)(100 + i);
    }
    for (size_t i = 0; i < sharing; i++) {
        skad_peer *peer = member(bench, i);
        if (width == GROUP_56) {
            peer->families |= SKAD_FAMILY_IPV6;
            skad_peer_cold *cold = skad_peers_cold_of(&bench->table.peers, member_slot(bench, i));
            assert_non_null(cold);
            memcpy(cold->ipv6, (const uint8_t[16]){0x2a, 0, 1}, 16);
        } else {
            peer->ipv4[1] = 99;
            peer->ipv4[2] = width == GROUP_24 ? 0 : (uint8_t)i;
        }
    }
}

static void quotas_are_of_the_table_and_of_each_bucket(void **state)
{
    static const char *const BROKEN = "an address group keeps to its share of the table";
    (void)state;
    static const struct {
        const char *label;
        group_width width;
        size_t sharing, table_max, bucket_max;
        bool broken;
    } cases[] = {
        {"no limit", GROUP_24, 4, 0, 0, false},
        {"as many as the table may", GROUP_24, 2, 2, 0, false},
        {"more than the table may", GROUP_24, 3, 2, 0, true},
        {"as many as a bucket may", GROUP_24, 2, 0, 2, false},
        {"more than a bucket may", GROUP_24, 3, 0, 2, true},
        {"four times as many of a /16", GROUP_16, 4, 1, 1, false},
        {"as many of a /56", GROUP_56, 2, 2, 0, false},
        {"more of a /56", GROUP_56, 3, 2, 0, true},
        {"more of a /56 than a bucket may", GROUP_56, 3, 0, 2, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        void *made;
        assert_int_equal(test_bench_begin(&made), 0);
        test_bench *bench = made;
        fill(bench);
        share_a_group(bench, cases[i].width, cases[i].sharing);
        bench->table.group_table_max = cases[i].table_max;
        bench->table.group_bucket_max = cases[i].bucket_max;
        check(cases[i].label, skad_table_broken(&bench->table, bench->now_us),
              cases[i].broken ? BROKEN : NULL);
        test_bench_end(&made);
    }
}

static void quotas_count_what_is_there(void **state)
{
    test_bench *bench = *state;
    fill(bench);
    share_a_group(bench, GROUP_24, 1);
    memcpy(at(bench, bench->table.siblings[0])->ipv4, member(bench, 0)->ipv4, 4);
    bench->table.group_bucket_max = 1;
    assert_null(skad_table_broken(&bench->table, bench->now_us)); /* in another bucket */
    bench->table.group_table_max = 2;
    leave_a_trace(bench); /* the third address is a free slot's */
    assert_null(skad_table_broken(&bench->table, bench->now_us));
    bench->table.group_table_max = 1;
    assert_non_null(skad_table_broken(&bench->table, bench->now_us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bound_is_where_it_belongs),
        cmocka_unit_test_setup_teardown(a_table_may_have_all_buckets, test_bench_begin,
                                        test_bench_end),
        cmocka_unit_test(quotas_are_of_the_table_and_of_each_bucket),
        cmocka_unit_test_setup_teardown(quotas_count_what_is_there, test_bench_begin,
                                        test_bench_end),
    };
    return cmocka_run_group_tests_name("invariants_table", tests, NULL, NULL);
}
