/* The routing table's promises, one by one. test_table_model.c holds it to all its rules at once.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "proto/address.h"
#include "src/core/distance.h"
#include "src/core/instant.h"
#include "src/core/invariants.h"
#include "src/core/table.h"
#include "tests/support/dice.h"

#define K        4
#define SIBLINGS 1 /* five in the list */
#define SLOTS    64
#define RTT_US   1000
#define FAR      0 /* leading bits that a peer of the farthest bucket shares with us */

typedef struct bench {
    skad_table table;
    skad_id self;
    test_dice dice;
    uint64_t now_us;
    uint32_t addresses;
} bench;

static int begin(void **state)
{
    static bench made;
    made = (bench){.dice = {42}, .now_us = SKAD_US_PER_S};
    made.self = test_dice_id(&made.dice);
    *state = &made;
    const skad_peers_plan plan = {.slots = SLOTS, .tokens = 2 * SLOTS};
    return skad_table_init(&made.table, &made.self, K, SIBLINGS * SKAD_SIBLINGS_ETA, &plan) ==
                   SKAD_OK
               ? 0
               : -1;
}

static int end(void **state)
{
    bench *made = *state;
    skad_table_free(&made->table);
    return 0;
}

typedef struct somebody {
    skad_id id;
    skad_address address;
} somebody;

static skad_peer_slot answer(bench *made, const somebody *who)
{
    made->now_us += SKAD_US_PER_S;
    return skad_table_answered(&made->table, &who->id, &who->address, RTT_US, made->now_us);
}

static void fail_request(bench *made, const somebody *who)
{
    made->now_us += SKAD_US_PER_S;
    skad_table_failed(&made->table, &who->id, &who->address, made->now_us);
}

/* A new peer that shares so many leading bits with us and has just answered. */
static somebody meet(bench *made, unsigned shared)
{
    somebody who = {.id = test_dice_id_near(&made->dice, &made->self, shared),
                    .address = test_dice_address(++made->addresses)};
    answer(made, &who);
    return who;
}

static const skad_peer *find(const bench *made, const somebody *who)
{
    skad_peer_slot slot = skad_peers_find(&made->table.peers, &who->id);
    return slot == SKAD_PEER_NONE ? NULL : &made->table.peers.peers[slot];
}

static skad_address route_of(const bench *made, const somebody *who, size_t route)
{
    const skad_peers *peers = &made->table.peers;
    return skad_route_address(peers, skad_peers_find(peers, &who->id), route);
}

/* When its liveness is due, in milliseconds. */
static uint32_t check_of(const bench *made, const somebody *who)
{
    return made->table.peers.checks_ms[skad_peers_find(&made->table.peers, &who->id)];
}

static bool in_bucket(const bench *made, const somebody *who)
{
    const skad_peer *peer = find(made, who);
    return peer != NULL && (peer->places & SKAD_PEER_IN_BUCKET) != 0;
}

/* Splits the farthest bucket off, fills the sibling list with peers much closer to us, and fills
 * the farthest bucket. */
static void fill(bench *made, somebody members[static K])
{
    for (unsigned i = 0; i < SIBLINGS * SKAD_SIBLINGS_ETA; i++) {
        meet(made, 20);
    }
    for (unsigned i = 0; i < K; i++) {
        members[i] = meet(made, FAR);
    }
}

static void a_full_bucket_keeps_its_members_and_caches_newcomers(void **state)
{
    bench *made = *state;
    somebody members[K];
    somebody newcomers[K];
    fill(made, members);
    for (unsigned i = 0; i < K; i++) {
        newcomers[i] = meet(made, FAR);
        assert_int_equal(find(made, &newcomers[i])->places, SKAD_PEER_IN_CACHE);
    }
    for (unsigned i = 0; i < K; i++) {
        assert_true(in_bucket(made, &members[i]));
    }
    somebody late = meet(made, FAR); /* the cache is full, too: its oldest gives way */
    assert_null(find(made, &newcomers[0]));
    assert_int_equal(find(made, &late)->places, SKAD_PEER_IN_CACHE);
}

static void a_silent_member_gives_way_to_the_replacement_known_longest(void **state)
{
    bench *made = *state;
    somebody members[K];
    fill(made, members);
    somebody older = meet(made, FAR);
    somebody newer = meet(made, FAR);
    fail_request(made, &members[2]);
    assert_true(in_bucket(made, &members[2])); /* one lost packet must not be enough */
    fail_request(made, &members[2]);
    assert_null(find(made, &members[2]));
    assert_true(in_bucket(made, &older));
    assert_int_equal(find(made, &newer)->places, SKAD_PEER_IN_CACHE);
}

static void of_replacements_known_equally_long_the_fastest_moves_up(void **state)
{
    bench *made = *state;
    somebody members[K];
    fill(made, members);
    static const uint64_t rtts[] = {3000, 1000, 2000};
    somebody waiting[3];
    for (size_t i = 0; i < 3; i++) {
        waiting[i] = (somebody){.id = test_dice_id_near(&made->dice, &made->self, FAR),
                                .address = test_dice_address((uint32_t)(7000 + i))};
        skad_table_answered(&made->table, &waiting[i].id, &waiting[i].address, rtts[i],
                            made->now_us);
    }
    fail_request(made, &members[0]);
    fail_request(made, &members[0]);
    assert_true(in_bucket(made, &waiting[1]));
    assert_false(in_bucket(made, &waiting[0]));
    assert_false(in_bucket(made, &waiting[2]));
}

static void three_bad_answers_cost_a_peer_its_place(void **state)
{
    bench *made = *state;
    somebody who = meet(made, FAR);
    assert_false(skad_table_fault(&made->table, &who.id, made->now_us));
    answer(made, &who); /* a good one does not make up for it */
    assert_false(skad_table_fault(&made->table, &who.id, made->now_us));
    assert_true(skad_table_fault(&made->table, &who.id, made->now_us));
    assert_null(find(made, &who));
    assert_false(skad_table_fault(&made->table, &who.id, made->now_us));
    answer(made, &who); /* it may come in anew */
    assert_int_equal(find(made, &who)->annex, SKAD_PEER_NONE);
}

static void a_silent_member_without_a_replacement_stays_unused_until_it_answers(void **state)
{
    bench *made = *state;
    somebody members[K];
    fill(made, members);
    size_t living = skad_table_living(&made->table);
    fail_request(made, &members[0]);
    assert_int_equal(skad_table_living(&made->table), living);
    fail_request(made, &members[0]);
    assert_int_equal(skad_table_living(&made->table), living - 1);
    assert_true(in_bucket(made, &members[0]));
    answer(made, &members[0]);
    assert_int_equal(skad_table_living(&made->table), living);
}

static void a_newcomer_takes_the_place_of_a_silent_member_at_once(void **state)
{
    bench *made = *state;
    somebody members[K];
    fill(made, members);
    fail_request(made, &members[1]);
    fail_request(made, &members[1]);
    somebody newcomer = meet(made, FAR);
    assert_true(in_bucket(made, &newcomer));
    assert_null(find(made, &members[1]));
}

static void a_peer_that_stays_silent_is_asked_less_and_less_and_then_goes(void **state)
{
    bench *made = *state;
    somebody who = meet(made, FAR);
    uint64_t wait_us = 0;
    for (unsigned i = 1; i < SKAD_TABLE_FAILURES_MAX; i++) {
        fail_request(made, &who);
        uint64_t next_us = check_of(made, &who) * SKAD_US_PER_MS - made->now_us;
        assert_true(next_us > wait_us);
        wait_us = next_us;
    }
    fail_request(made, &who);
    assert_null(find(made, &who));
    assert_int_equal(made->table.peers.count, 0);
}

static void a_failure_at_another_address_of_the_same_key_harms_nobody(void **state)
{
    bench *made = *state;
    somebody who = meet(made, FAR);
    const skad_peer before = *find(made, &who);
    somebody elsewhere = who;
    elsewhere.address.port++;
    somebody other_family = who;
    other_family.address.family = SKAD_FAMILY_IPV6;
    for (unsigned i = 0; i < 2 * SKAD_TABLE_FAILURES_MAX; i++) {
        fail_request(made, &elsewhere);
        fail_request(made, &other_family);
    }
    assert_memory_equal(find(made, &who), &before, sizeof before);
}

static void an_answer_from_another_address_does_not_move_a_living_peer(void **state)
{
    bench *made = *state;
    somebody who = meet(made, FAR);
    somebody moved = who;
    moved.address = test_dice_address(9999);
    const skad_peer before = *find(made, &who);
    answer(made, &moved);
    assert_memory_equal(find(made, &who), &before, sizeof before);
    fail_request(made, &who); /* now it may have moved */
    answer(made, &moved);
    skad_address now_at = route_of(made, &who, 0);
    assert_true(skad_address_equal(&now_at, &moved.address));
    assert_int_equal(find(made, &who)->failures, 0);
}

static void a_peer_of_both_families_lives_as_long_as_one_answers(void **state)
{
    bench *made = *state;
    somebody who = meet(made, FAR);
    somebody ipv6 = who;
    assert_true(skad_address_parse("[2a00::1]:4000", &ipv6.address));
    answer(made, &ipv6);
    for (unsigned i = 0; i < SKAD_TABLE_FAILURES_MAX; i++) {
        fail_request(made, &who); /* IPv4 is gone */
        answer(made, &ipv6);
        assert_false(skad_peer_silent(find(made, &who)));
    }
    assert_int_equal(route_of(made, &who, 0).family, SKAD_FAMILY_NONE);
    skad_address chosen;
    skad_peer_slot slot = skad_peers_find(&made->table.peers, &who.id);
    assert_true(skad_route_choose(&made->table.peers, slot, SKAD_FAMILIES_ALL, &chosen));
    assert_true(skad_address_equal(&chosen, &ipv6.address));
}

static void a_peer_of_both_families_that_is_dead_falls_silent(void **state)
{
    bench *made = *state;
    somebody who = meet(made, FAR);
    somebody ipv6 = who;
    assert_true(skad_address_parse("[2a00::1]:4000", &ipv6.address));
    answer(made, &ipv6);
    unsigned requests = 0;
    while (!skad_peer_silent(find(made, &who))) {
        somebody asked = who;
        skad_peer_slot slot = skad_peers_find(&made->table.peers, &who.id);
        assert_true(skad_route_choose(&made->table.peers, slot, SKAD_FAMILIES_ALL, &asked.address));
        fail_request(made, &asked);
        requests++;
        assert_in_range(requests, 1, 2 * SKAD_PEER_FAILURES_SILENT);
    }
    assert_int_equal(requests, 2 * SKAD_PEER_FAILURES_SILENT);
}

static void a_move_forgets_the_token_of_the_old_address(void **state)
{
    bench *made = *state;
    somebody who = meet(made, FAR);
    skad_peer_slot slot = skad_peers_find(&made->table.peers, &who.id);
    const uint8_t token[SKAD_TOKEN_BYTES] = {1};
    skad_route_keep_token(&made->table.peers, slot, &who.address, token, made->now_us);
    answer(made, &who);
    assert_non_null(skad_route_token(&made->table.peers, slot, 0, made->now_us));
    fail_request(made, &who);
    who.address = test_dice_address(9999);
    answer(made, &who);
    assert_null(skad_route_token(&made->table.peers, slot, 0, made->now_us));
}

static void each_family_has_an_endpoint_of_its_own(void **state)
{
    bench *made = *state;
    somebody who = meet(made, FAR);
    somebody also = who;
    also.address.family = SKAD_FAMILY_IPV6;
    skad_peer_slot slot = answer(made, &also);
    skad_contact contact;
    skad_table_contact(&made->table, slot, &contact);
    assert_true(skad_id_equal(&contact.id, &who.id));
    assert_true(skad_address_equal(&contact.ipv4, &who.address));
    assert_true(skad_address_equal(&contact.ipv6, &also.address));
    assert_int_equal(made->table.peers.count, 1);
}

static void only_the_bucket_that_covers_our_own_id_splits(void **state)
{
    bench *made = *state;
    for (unsigned i = 0; i < 3 * K; i++) {
        meet(made, FAR);
    }
    assert_int_equal(made->table.buckets_count, 2); /* once off ours, the far one never again */
    assert_int_equal(made->table.buckets[0].members_count, K);
    assert_int_equal(made->table.buckets[0].cache_count, K);
    for (unsigned i = 0; i < K; i++) {
        meet(made, 7);
    }
    assert_int_equal(made->table.buckets_count, 2);
    meet(made, 7);
    assert_int_equal(made->table.buckets_count, 9); /* as deep as those five share bits, and one */
    for (unsigned i = 1; i < 7; i++) {
        assert_int_equal(made->table.buckets[i].members_count, 0);
    }
    assert_int_equal(made->table.buckets[7].members_count, K);
    assert_int_equal(made->table.buckets[8].members_count, 0);
}

static void the_deepest_bucket_splits_no_further_and_caches_instead(void **state)
{
    bench *made = *state;
    for (unsigned i = 0; i < K + 2; i++) {
        meet(made, SKAD_BUCKETS_MAX + 10);
    }
    const skad_bucket *deepest = &made->table.buckets[SKAD_BUCKETS_MAX - 1];
    assert_int_equal(made->table.buckets_count, SKAD_BUCKETS_MAX);
    assert_int_equal(deepest->members_count, K);
    assert_int_equal(deepest->cache_count, 2);
}

static void we_never_enter_our_own_table(void **state)
{
    bench *made = *state;
    somebody ourselves = {.id = made->self, .address = test_dice_address(1)};
    assert_int_equal(answer(made, &ourselves), SKAD_PEER_NONE);
    assert_false(skad_table_wants(&made->table, &made->self, &ourselves.address));
    assert_int_equal(made->table.peers.count, 0);
}

static void a_flood_of_identities_neither_bursts_the_pool_nor_displaces_siblings(void **state)
{
    bench *made = *state;
    somebody siblings[SIBLINGS * SKAD_SIBLINGS_ETA];
    for (unsigned i = 0; i < SIBLINGS * SKAD_SIBLINGS_ETA; i++) {
        siblings[i] = meet(made, 40 + i);
    }
    somebody members[K];
    for (unsigned i = 0; i < K; i++) {
        members[i] = meet(made, FAR);
    }
    for (unsigned i = 0; i < 10000; i++) {
        meet(made, (unsigned)test_dice_below(&made->dice, 30));
        assert_in_range(made->table.peers.count, 1, SLOTS);
    }
    for (unsigned i = 0; i < SIBLINGS * SKAD_SIBLINGS_ETA; i++) {
        assert_true((find(made, &siblings[i])->places & SKAD_PEER_IN_SIBLINGS) != 0);
    }
    for (unsigned i = 0; i < K; i++) {
        assert_true(in_bucket(made, &members[i]));
    }
}

static void siblings_are_the_closest_in_order_whatever_their_bucket_holds(void **state)
{
    bench *made = *state;
    static const unsigned shared[] = {9, 9, 9, 9, 9, 9, 9, 12, 3};
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        meet(made, shared[i]);
    }
    assert_int_equal(made->table.siblings_count, SIBLINGS * SKAD_SIBLINGS_ETA);
    const skad_peer *peers = made->table.peers.peers;
    const skad_peer_slot *siblings = made->table.siblings;
    assert_int_equal(skad_common_prefix(&made->self, &peers[siblings[0]].id), 12);
    for (size_t i = 1; i < made->table.siblings_count; i++) {
        assert_int_equal(skad_common_prefix(&made->self, &peers[siblings[i]].id), 9);
        assert_true(skad_distance_compare(&made->self, &peers[siblings[i - 1]].id,
                                          &peers[siblings[i]].id) < 0);
    }
}

static void a_stranger_is_wanted_only_where_it_would_get_a_good_place(void **state)
{
    bench *made = *state;
    somebody members[K];
    fill(made, members);
    skad_address address = test_dice_address(777);
    skad_id far = test_dice_id_near(&made->dice, &made->self, FAR);
    skad_id near = test_dice_id_near(&made->dice, &made->self, 30);
    assert_true(skad_table_wants(&made->table, &far, &address)); /* the cache has room */
    for (unsigned i = 0; i < K; i++) {
        meet(made, FAR);
    }
    assert_false(skad_table_wants(&made->table, &far, &address));
    assert_true(skad_table_wants(&made->table, &near, &address));
    assert_false(skad_table_wants(&made->table, &members[0].id, &members[0].address));
    assert_false(skad_table_wants(&made->table, &members[0].id, &address)); /* it lives */
    fail_request(made, &members[0]);
    assert_true(skad_table_wants(&made->table, &members[0].id, &address)); /* it may have moved */
}

/* In a table that is full a cache grows only at the cost of another: as long as it stays smaller.
 */
static void the_caches_of_a_full_table_come_to_be_of_one_size_and_rest(void **state)
{
    bench *made = *state;
    const unsigned buckets = 12; /* which want more than there are slots */
    for (unsigned i = 0; i < buckets * 2 * K; i++) {
        meet(made, i / (2 * K));
    }
    assert_int_equal(made->table.peers.count, SLOTS);
    for (unsigned i = 0; i < 10 * SLOTS; i++) {
        somebody who = {.id = test_dice_id_near(&made->dice, &made->self, i % buckets),
                        .address = test_dice_address(5000 + i)};
        if (skad_table_wants(&made->table, &who.id, &who.address)) {
            answer(made, &who);
        }
    }
    size_t least = K;
    size_t most = 0;
    for (unsigned i = 0; i + 2 < buckets; i++) { /* behind them is who is always wanted */
        skad_id id = test_dice_id_near(&made->dice, &made->self, i);
        skad_address address = test_dice_address(4000 + i);
        assert_false(skad_table_wants(&made->table, &id, &address));
        size_t count = made->table.buckets[i].cache_count;
        least = count < least ? count : least;
        most = count > most ? count : most;
    }
    assert_in_range(most, 1, K - 1);
    assert_in_range(most - least, 0, 1);
}

/* Full of members and siblings: whoever is asked could not be let in, however welcome. */
static void a_table_without_room_wants_nobody(void **state)
{
    bench *made = *state;
    for (unsigned i = 0; i < SLOTS; i++) {
        meet(made, i / K); /* as many as each bucket takes */
    }
    assert_int_equal(made->table.peers.count, SLOTS);
    somebody near = {.id = test_dice_id_near(&made->dice, &made->self, 40),
                     .address = test_dice_address(7777)};
    assert_false(skad_table_wants(&made->table, &near.id, &near.address));
    assert_int_equal(answer(made, &near), SKAD_PEER_NONE);
}

static void whoever_is_known_for_long_is_checked_less_often(void **state)
{
    bench *made = *state;
    const uint64_t minute_us = 60 * SKAD_US_PER_S;
    const struct {
        uint64_t known_for_us;
        uint64_t next_in_us;
    } ages[] = {{10 * minute_us, 2 * minute_us},
                {16 * minute_us, 2 * minute_us},
                {40 * minute_us, 5 * minute_us},
                {120 * minute_us, 15 * minute_us},
                {100000 * minute_us, 15 * minute_us}};
    somebody who = meet(made, FAR);
    uint64_t met_us = made->now_us / SKAD_US_PER_S * SKAD_US_PER_S;
    for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
        made->now_us = met_us + ages[i].known_for_us;
        skad_table_answered(&made->table, &who.id, &who.address, 1000, made->now_us);
        assert_int_equal(check_of(made, &who), skad_instant_ms(made->now_us + ages[i].next_in_us));
    }
}

static void who_waits_is_checked_rarely_but_soon_when_it_moves_up(void **state)
{
    bench *made = *state;
    somebody members[K];
    fill(made, members);
    for (unsigned i = 0; i < SIBLINGS * SKAD_SIBLINGS_ETA; i++) {
        meet(made, 40); /* whoever is in the cache is no sibling */
    }
    somebody waiting = meet(made, FAR);
    assert_int_equal(find(made, &waiting)->places, SKAD_PEER_IN_CACHE);
    assert_int_equal(check_of(made, &waiting),
                     skad_instant_ms(made->now_us + SKAD_CHECK_INTERVAL_MAX_US));
    made->now_us += 5 * SKAD_US_PER_S;
    fail_request(made, &members[0]);
    fail_request(made, &members[0]);
    assert_true(in_bucket(made, &waiting));
    assert_int_equal(check_of(made, &waiting),
                     skad_instant_ms(made->now_us + SKAD_CHECK_INTERVAL_US));
}

static void a_check_that_is_not_due_is_made_when_anybody_will_do(void **state)
{
    bench *made = *state;
    uint64_t next_us;
    assert_int_equal(skad_liveness_due(&made->table.peers, made->now_us, true, &next_us),
                     SKAD_PEER_NONE);
    somebody first = meet(made, FAR);
    somebody second = meet(made, FAR);
    uint64_t second_us = check_of(made, &second) * SKAD_US_PER_MS;
    skad_peer_slot slot = skad_liveness_due(&made->table.peers, made->now_us, true, &next_us);
    assert_ptr_equal(&made->table.peers.peers[slot], find(made, &first));
    assert_int_equal(next_us, second_us);
}

static void a_silence_that_may_be_our_own_harms_nobody(void **state)
{
    bench *made = *state;
    somebody quiet = meet(made, FAR);
    somebody other = meet(made, FAR);
    somebody latest = meet(made, FAR);
    uint64_t again_us = made->now_us + 7 * SKAD_US_PER_MS;
    uint32_t usual_ms = check_of(made, &other);
    for (unsigned i = 0; i < 20; i++) {
        skad_liveness_unheard(&made->table.peers, &quiet.id, again_us);
    }
    assert_int_equal(find(made, &quiet)->failures, 0);
    assert_int_equal(check_of(made, &quiet), skad_instant_ms(again_us));
    assert_int_equal(check_of(made, &latest),
                     skad_instant_ms(again_us)); /* checked along with it */
    assert_int_equal(check_of(made, &other), usual_ms);
}

static void checks_come_in_the_order_in_which_they_are_due(void **state)
{
    bench *made = *state;
    uint64_t next_us;
    assert_int_equal(skad_liveness_due(&made->table.peers, UINT64_MAX, false, &next_us),
                     SKAD_PEER_NONE);
    assert_int_equal(next_us, UINT64_MAX);
    somebody first = meet(made, FAR);
    somebody second = meet(made, FAR);
    somebody third = meet(made, FAR);
    answer(made, &first); /* heard again: now it comes last */
    const somebody *order[] = {&second, &third, &first};
    for (size_t i = 0; i < 3; i++) {
        uint64_t due_us = check_of(made, order[i]) * SKAD_US_PER_MS;
        assert_int_equal(skad_liveness_due(&made->table.peers, due_us - 1, false, &next_us),
                         SKAD_PEER_NONE);
        assert_int_equal(next_us, due_us);
        skad_peer_slot slot = skad_liveness_due(&made->table.peers, due_us, false, &next_us);
        assert_ptr_equal(&made->table.peers.peers[slot], find(made, order[i]));
        assert_int_equal(check_of(made, order[i]) * SKAD_US_PER_MS,
                         due_us + SKAD_CHECK_INTERVAL_US);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

/* While our own network is down nobody is blamed, and a peer may stay unheard for longer than
 * milliseconds can count in 32 bits. */
static void a_peer_that_was_heard_months_ago_does_not_seem_to_be_of_tomorrow(void **state)
{
    bench *made = *state;
    somebody quiet = meet(made, 0);
    const uint64_t day_us = 86400 * SKAD_US_PER_S;
    for (int day = 0; day < 60; day++) {
        uint64_t next_us;
        made->now_us += day_us;
        skad_peer_slot slot = skad_liveness_due(&made->table.peers, made->now_us, false, &next_us);
        assert_int_not_equal(slot, SKAD_PEER_NONE);
        assert_null(skad_table_broken(&made->table, made->now_us));
        skad_liveness_unheard(&made->table.peers, &quiet.id, made->now_us + day_us / 2);
    }
}

/* Found by fuzzing: lookups without an answer put the checks off, and nobody looked at the time. */
static void nor_does_it_where_silences_put_its_checks_off(void **state)
{
    bench *made = *state;
    somebody quiet = meet(made, 0);
    somebody other = meet(made, 0);
    const uint64_t hour_us = 3600 * SKAD_US_PER_S;
    for (int hour = 0; hour < 60 * 24; hour++) {
        made->now_us += hour_us;
        const somebody *asked = hour % 2 == 0 ? &quiet : &other;
        skad_liveness_unheard(&made->table.peers, &asked->id, made->now_us + SKAD_US_PER_S);
        assert_null(skad_table_broken(&made->table, made->now_us));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_full_bucket_keeps_its_members_and_caches_newcomers),
        TEST(a_silent_member_gives_way_to_the_replacement_known_longest),
        TEST(of_replacements_known_equally_long_the_fastest_moves_up),
        TEST(three_bad_answers_cost_a_peer_its_place),
        TEST(a_silent_member_without_a_replacement_stays_unused_until_it_answers),
        TEST(a_newcomer_takes_the_place_of_a_silent_member_at_once),
        TEST(a_peer_that_stays_silent_is_asked_less_and_less_and_then_goes),
        TEST(a_failure_at_another_address_of_the_same_key_harms_nobody),
        TEST(an_answer_from_another_address_does_not_move_a_living_peer),
        TEST(a_peer_of_both_families_lives_as_long_as_one_answers),
        TEST(a_peer_of_both_families_that_is_dead_falls_silent),
        TEST(a_move_forgets_the_token_of_the_old_address),
        TEST(each_family_has_an_endpoint_of_its_own),
        TEST(only_the_bucket_that_covers_our_own_id_splits),
        TEST(the_deepest_bucket_splits_no_further_and_caches_instead),
        TEST(we_never_enter_our_own_table),
        TEST(a_flood_of_identities_neither_bursts_the_pool_nor_displaces_siblings),
        TEST(siblings_are_the_closest_in_order_whatever_their_bucket_holds),
        TEST(a_stranger_is_wanted_only_where_it_would_get_a_good_place),
        TEST(the_caches_of_a_full_table_come_to_be_of_one_size_and_rest),
        TEST(a_table_without_room_wants_nobody),
        TEST(whoever_is_known_for_long_is_checked_less_often),
        TEST(who_waits_is_checked_rarely_but_soon_when_it_moves_up),
        TEST(a_check_that_is_not_due_is_made_when_anybody_will_do),
        TEST(a_silence_that_may_be_our_own_harms_nobody),
        TEST(checks_come_in_the_order_in_which_they_are_due),
        TEST(a_peer_that_was_heard_months_ago_does_not_seem_to_be_of_tomorrow),
        TEST(nor_does_it_where_silences_put_its_checks_off),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
