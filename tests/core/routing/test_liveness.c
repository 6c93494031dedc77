/* When the peers of a table are checked. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/base/instant.h"
#include "src/core/node/invariants.h"
#include "src/core/routing/liveness.h"
#include "tests/support/table_bench.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_bench_begin, test_bench_end)

static void whoever_is_known_for_long_is_checked_less_often(void **state)
{
    test_bench *made = *state;
    const uint64_t minute_us = 60 * SKAD_US_PER_S;
    const struct {
        uint64_t known_for_us;
        uint64_t next_in_us;
    } ages[] = {{10 * minute_us, 2 * minute_us},
                {16 * minute_us, 2 * minute_us},
                {40 * minute_us, 5 * minute_us},
                {120 * minute_us, 15 * minute_us},
                {100000 * minute_us, 15 * minute_us}};
    test_somebody who = test_bench_meet(made, TEST_BENCH_FAR);
    uint64_t met_us = made->now_us / SKAD_US_PER_S * SKAD_US_PER_S;
    for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
        made->now_us = met_us + ages[i].known_for_us;
        skad_table_answered(&made->table, &who.id, &who.address, 1000, made->now_us);
        assert_int_equal(test_bench_check_ms(made, &who),
                         skad_instant_at(made->now_us + ages[i].next_in_us).ms);
    }
}

static void where_peers_stay_a_newcomer_is_checked_rarely_too(void **state)
{
    test_bench *made = *state;
    const uint64_t minute_us = 60 * SKAD_US_PER_S;
    const struct {
        uint64_t mean_life_us;
        uint64_t next_in_us;
    } networks[] = {{10 * minute_us, 2 * minute_us},
                    {40 * minute_us, 5 * minute_us},
                    {UINT64_MAX, 15 * minute_us}};
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        skad_lifetimes_init(&made->table.peers.lifetimes, networks[i].mean_life_us);
        test_somebody who = test_bench_meet(made, TEST_BENCH_FAR);
        assert_int_equal(test_bench_check_ms(made, &who),
                         skad_instant_at(made->now_us + networks[i].next_in_us).ms);
    }
}

/* One lost packet is no death, and nobody dies twice. */
static void each_peer_that_falls_silent_counts_once(void **state)
{
    test_bench *made = *state;
    const skad_lifetimes *lives = &made->table.peers.lifetimes;
    test_somebody who = test_bench_meet(made, TEST_BENCH_FAR);
    uint32_t before = lives->ends;
    test_bench_fail(made, &who);
    test_bench_answer(made, &who);
    test_bench_fail(made, &who);
    assert_int_equal(lives->ends, before);
    test_bench_fail(made, &who);
    uint32_t after = lives->ends;
    assert_int_equal(after, before + 256);
    test_bench_fail(made, &who);
    test_bench_fail(made, &who);
    assert_int_equal(lives->ends, after);
}

/* What it answers in between shows that it lived, whoever asks it how often. */
static void the_time_between_answers_is_seen_once(void **state)
{
    test_bench *made = *state;
    const skad_lifetimes *lives = &made->table.peers.lifetimes;
    test_somebody who = test_bench_meet(made, TEST_BENCH_FAR);
    uint64_t met_us = made->now_us;
    assert_int_equal(lives->seen_ms, 0);
    for (unsigned i = 0; i < 100; i++) {
        made->now_us += i * SKAD_US_PER_S;
        test_bench_answer(made, &who);
        assert_int_equal(lives->seen_ms, (made->now_us - met_us) / SKAD_US_PER_MS);
    }
}

static void who_waits_is_checked_rarely_but_soon_when_it_moves_up(void **state)
{
    test_bench *made = *state;
    test_somebody members[TEST_BENCH_K];
    test_bench_fill(made, members);
    for (unsigned i = 0; i < TEST_BENCH_SIBLINGS * SKAD_SIBLINGS_ETA; i++) {
        test_bench_meet(made, 40); /* whoever is in the cache is no sibling */
    }
    test_somebody waiting = test_bench_meet(made, TEST_BENCH_FAR);
    assert_int_equal(test_bench_find(made, &waiting)->roles, SKAD_PEER_IN_CACHE);
    assert_int_equal(test_bench_check_ms(made, &waiting),
                     skad_instant_at(made->now_us + SKAD_CHECK_INTERVAL_MAX_US).ms);
    made->now_us += 5 * SKAD_US_PER_S;
    test_bench_fail(made, &members[0]);
    test_bench_fail(made, &members[0]);
    assert_true(test_bench_in_bucket(made, &waiting));
    assert_int_equal(test_bench_check_ms(made, &waiting),
                     skad_instant_at(made->now_us + SKAD_CHECK_INTERVAL_US).ms);
}

static void request_of(test_bench *made, const test_somebody *who)
{
    skad_liveness_put_off(&made->table.peers, skad_peers_find(&made->table.peers, &who->id),
                          made->now_us);
}

/* Its requests show that it lives, but not for ever that we reach it. */
static void whoever_asks_us_is_asked_half_as_often(void **state)
{
    test_bench *made = *state;
    test_somebody who = test_bench_meet(made, TEST_BENCH_FAR);
    made->now_us += SKAD_CHECK_INTERVAL_US;
    test_bench_answer(made, &who);
    uint64_t answered_us = made->now_us;
    for (unsigned second = 0; second <= 110; second += 10) {
        made->now_us = answered_us + second * SKAD_US_PER_S;
        request_of(made, &who);
        assert_int_equal(test_bench_check_ms(made, &who),
                         skad_instant_at(made->now_us + SKAD_CHECK_INTERVAL_US).ms);
    }
    for (unsigned second = 120; second < 300; second += 10) {
        made->now_us = answered_us + second * SKAD_US_PER_S;
        request_of(made, &who);
        assert_int_equal(test_bench_check_ms(made, &who),
                         skad_instant_at(answered_us + 2 * SKAD_CHECK_INTERVAL_US).ms);
    }
    test_bench_answer(made, &who);
    request_of(made, &who);
    assert_int_equal(test_bench_check_ms(made, &who),
                     skad_instant_at(made->now_us + SKAD_CHECK_INTERVAL_US).ms);
}

/* Until it was reached once of our own accord, and as soon as it was not. */
static void whoever_asks_but_does_not_answer_is_checked_all_the_same(void **state)
{
    test_bench *made = *state;
    test_somebody who = test_bench_meet(made, TEST_BENCH_FAR);
    made->now_us += SKAD_CHECK_INTERVAL_US / 2;
    test_bench_answer(made, &who);
    uint32_t due_ms = test_bench_check_ms(made, &who);
    made->now_us += SKAD_CHECK_INTERVAL_US / 2;
    request_of(made, &who);
    assert_int_equal(test_bench_check_ms(made, &who), due_ms);
    made->now_us += SKAD_CHECK_INTERVAL_US / 2;
    test_bench_answer(made, &who);
    test_bench_fail(made, &who);
    due_ms = test_bench_check_ms(made, &who);
    request_of(made, &who);
    assert_int_equal(test_bench_check_ms(made, &who), due_ms);
}

/* Found by a simulated network: all that lived asked a node so often that it checked nobody but the
 * dead, and took itself for alone. */
static void a_witness_is_asked_however_often_it_asks(void **state)
{
    test_bench *made = *state;
    test_somebody quiet = test_bench_meet(made, TEST_BENCH_FAR);
    test_somebody asks = test_bench_meet(made, TEST_BENCH_FAR);
    made->now_us += SKAD_CHECK_INTERVAL_US;
    test_bench_answer(made, &asks); /* proven */
    uint64_t again_us = made->now_us + 30 * SKAD_US_PER_S;
    skad_liveness_unheard(&made->table.peers, &quiet.id, again_us);
    assert_int_equal(test_bench_check_ms(made, &asks), skad_instant_at(again_us).ms);
    request_of(made, &asks);
    assert_int_equal(test_bench_check_ms(made, &asks), skad_instant_at(again_us).ms);
}

static void a_check_that_is_not_due_is_made_when_anybody_will_do(void **state)
{
    test_bench *made = *state;
    assert_int_equal(skad_liveness_due(&made->table.peers, made->now_us, true), SKAD_PEER_NONE);
    test_somebody first = test_bench_meet(made, TEST_BENCH_FAR);
    test_somebody second = test_bench_meet(made, TEST_BENCH_FAR);
    uint64_t second_us = test_bench_check_ms(made, &second) * SKAD_US_PER_MS;
    skad_peer_slot slot = skad_liveness_due(&made->table.peers, made->now_us, true);
    assert_ptr_equal(&made->table.peers.peers[slot], test_bench_find(made, &first));
    assert_int_equal(made->table.peers.due_us, second_us);
}

static void a_silence_that_may_be_our_own_harms_nobody(void **state)
{
    test_bench *made = *state;
    test_somebody quiet = test_bench_meet(made, TEST_BENCH_FAR);
    test_somebody other = test_bench_meet(made, TEST_BENCH_FAR);
    test_somebody latest = test_bench_meet(made, TEST_BENCH_FAR);
    uint64_t again_us = made->now_us + 7 * SKAD_US_PER_MS;
    uint32_t usual_ms = test_bench_check_ms(made, &other);
    for (unsigned i = 0; i < 20; i++) {
        skad_liveness_unheard(&made->table.peers, &quiet.id, again_us);
    }
    assert_int_equal(test_bench_find(made, &quiet)->failures, 0);
    assert_int_equal(test_bench_check_ms(made, &quiet), skad_instant_at(again_us).ms);
    assert_int_equal(test_bench_check_ms(made, &latest),
                     skad_instant_at(again_us).ms); /* checked along with it */
    assert_int_equal(test_bench_check_ms(made, &other), usual_ms);
}

/* At the same time as the next of those who answer, but not before a second and not after fifteen.
 */
static void who_was_silent_is_asked_again_beside_one_who_answers(void **state)
{
    test_bench *made = *state;
    skad_peers *peers = &made->table.peers;
    test_somebody quiet = test_bench_meet(made, TEST_BENCH_FAR);
    test_somebody unresponsive = test_bench_meet(made, TEST_BENCH_FAR);
    test_somebody other = test_bench_meet(made, TEST_BENCH_FAR);
    skad_peer_slot slot = skad_peers_find(peers, &quiet.id);
    const struct {
        uint64_t other_in_ms;
        uint64_t quiet_in_ms;
    } cases[] = {{999, 1000}, {1000, 1000}, {1001, 1001}, {15000, 15000}, {15001, 1000}};
    test_bench_fail(made, &unresponsive);
    uint64_t now_us = made->now_us;
    skad_peers_check_at(peers, skad_peers_find(peers, &unresponsive.id),
                        now_us + 2 * SKAD_US_PER_S);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_peers_check_at(peers, skad_peers_find(peers, &other.id),
                            now_us + cases[i].other_in_ms * SKAD_US_PER_MS);
        skad_liveness_again(peers, slot, now_us);
        assert_int_equal(test_bench_check_ms(made, &quiet),
                         skad_instant_at(now_us + cases[i].quiet_in_ms * SKAD_US_PER_MS).ms);
    }
}

static void checks_come_in_the_order_in_which_they_are_due(void **state)
{
    test_bench *made = *state;
    assert_int_equal(skad_liveness_due(&made->table.peers, UINT64_MAX, false), SKAD_PEER_NONE);
    assert_int_equal(made->table.peers.due_us, UINT64_MAX);
    test_somebody first = test_bench_meet(made, TEST_BENCH_FAR);
    test_somebody second = test_bench_meet(made, TEST_BENCH_FAR);
    test_somebody third = test_bench_meet(made, TEST_BENCH_FAR);
    test_bench_answer(made, &first); /* heard again: now it comes last */
    const test_somebody *order[] = {&second, &third, &first};
    for (size_t i = 0; i < 3; i++) {
        uint64_t due_us = test_bench_check_ms(made, order[i]) * SKAD_US_PER_MS;
        assert_int_equal(skad_liveness_due(&made->table.peers, due_us - 1, false), SKAD_PEER_NONE);
        assert_int_equal(made->table.peers.due_us, due_us);
        skad_peer_slot slot = skad_liveness_due(&made->table.peers, due_us, false);
        assert_ptr_equal(&made->table.peers.peers[slot], test_bench_find(made, order[i]));
        assert_int_equal(test_bench_check_ms(made, order[i]) * SKAD_US_PER_MS,
                         due_us + SKAD_CHECK_INTERVAL_US);
    }
}

static skad_peer_slot due_now(test_bench *made)
{
    return skad_liveness_due(&made->table.peers, made->now_us, false);
}

/* Planned when nothing was known of how long peers stay, made when something is. */
static void a_check_waits_where_peers_turned_out_to_stay(void **state)
{
    test_bench *made = *state;
    skad_peers *peers = &made->table.peers;
    test_somebody first = test_bench_meet(made, TEST_BENCH_FAR);
    test_somebody second = test_bench_meet(made, TEST_BENCH_FAR);
    uint64_t met_us = made->now_us;
    made->now_us += SKAD_CHECK_INTERVAL_US;
    assert_ptr_equal(&peers->peers[due_now(made)], test_bench_find(made, &first));
    skad_lifetimes_init(&peers->lifetimes, 40 * 60 * SKAD_US_PER_S);
    assert_int_equal(skad_liveness_due(peers, made->now_us, false), SKAD_PEER_NONE);
    uint32_t at_ms = skad_instant_at(met_us + 5 * 60 * SKAD_US_PER_S).ms;
    assert_int_equal(test_bench_check_ms(made, &second), at_ms);
    uint64_t first_ms = test_bench_check_ms(made, &first); /* which was asked, and may answer */
    assert_int_equal(made->table.peers.due_us, first_ms * SKAD_US_PER_MS);
    /* An answer more is seconds more; then it is made. */
    test_bench_answer(made, &first);
    made->now_us = met_us + (5 * 60 + 10) * SKAD_US_PER_S;
    assert_ptr_equal(&peers->peers[due_now(made)], test_bench_find(made, &second));
}

static void for_less_than_a_minute_it_does_not_wait(void **state)
{
    test_bench *made = *state;
    skad_peers *peers = &made->table.peers;
    test_somebody who = test_bench_meet(made, TEST_BENCH_FAR);
    made->now_us += SKAD_CHECK_INTERVAL_US;
    uint64_t longer_us = SKAD_CHECK_INTERVAL_US + SKAD_CHECK_ANEW_US - SKAD_US_PER_MS;
    skad_lifetimes_init(&peers->lifetimes, SKAD_CHECK_LIFE_DIVISOR * longer_us);
    assert_ptr_equal(&peers->peers[due_now(made)], test_bench_find(made, &who));
}

/* Nor if it is to repeat a silence, or to be the witness of one. */
static void nor_after_a_silence(void **state)
{
    test_bench *made = *state;
    skad_peers *peers = &made->table.peers;
    skad_lifetimes_init(&peers->lifetimes, UINT64_MAX);
    test_somebody quiet = test_bench_meet(made, TEST_BENCH_FAR);
    test_somebody other = test_bench_meet(made, TEST_BENCH_FAR);
    skad_liveness_unheard(peers, &quiet.id, made->now_us + SKAD_US_PER_S);
    made->now_us += SKAD_US_PER_S;
    assert_ptr_equal(&peers->peers[due_now(made)], test_bench_find(made, &quiet));
    assert_ptr_equal(&peers->peers[due_now(made)], test_bench_find(made, &other));
    assert_int_equal(due_now(made), SKAD_PEER_NONE);
    /* Beside the next one whose check is due, which could wait otherwise. */
    skad_peer_slot beside = skad_peers_find(peers, &other.id);
    skad_peers_check_at(peers, beside, made->now_us + 7 * SKAD_US_PER_S);
    test_bench_fail(made, &quiet);
    made->now_us += 7 * SKAD_US_PER_S;
    assert_ptr_equal(&peers->peers[due_now(made)], test_bench_find(made, &quiet));
    assert_int_equal(due_now(made), beside);
    assert_int_equal(due_now(made), SKAD_PEER_NONE);
}

/* While our own network is down nobody is blamed, and a peer may stay unheard for longer than
 * milliseconds can count in 32 bits. */
static void a_peer_that_was_heard_months_ago_does_not_seem_to_be_of_tomorrow(void **state)
{
    test_bench *made = *state;
    test_somebody quiet = test_bench_meet(made, 0);
    const uint64_t day_us = 86400 * SKAD_US_PER_S;
    for (int day = 0; day < 60; day++) {
        made->now_us += day_us;
        skad_peer_slot slot = skad_liveness_due(&made->table.peers, made->now_us, false);
        assert_int_not_equal(slot, SKAD_PEER_NONE);
        assert_null(skad_table_broken(&made->table, made->now_us));
        skad_liveness_unheard(&made->table.peers, &quiet.id, made->now_us + day_us / 2);
    }
}

/* Found by fuzzing: lookups without an answer put the checks off, and nobody looked at the time. */
static void nor_does_it_where_silences_put_its_checks_off(void **state)
{
    test_bench *made = *state;
    test_somebody quiet = test_bench_meet(made, 0);
    test_somebody other = test_bench_meet(made, 0);
    const uint64_t hour_us = 3600 * SKAD_US_PER_S;
    for (int hour = 0; hour < 60 * 24; hour++) {
        made->now_us += hour_us;
        const test_somebody *asked = hour % 2 == 0 ? &quiet : &other;
        skad_liveness_unheard(&made->table.peers, &asked->id, made->now_us + SKAD_US_PER_S);
        assert_null(skad_table_broken(&made->table, made->now_us));
    }
}

/* Found by fuzzing: the first of them that is checked again is kept from becoming too old to count,
 * and stood as heard after all others. */
static void of_peers_unheard_for_weeks_nobody_seems_the_latest(void **state)
{
    test_bench *made = *state;
    for (unsigned i = 0; i < 3; i++) {
        test_bench_meet(made, TEST_BENCH_FAR);
        made->now_us += 3600 * SKAD_US_PER_S;
    }
    made->now_us += 20 * UINT64_C(86400) * SKAD_US_PER_S;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_not_equal(skad_liveness_due(&made->table.peers, made->now_us, true),
                             SKAD_PEER_NONE);
        assert_null(skad_table_broken(&made->table, made->now_us));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whoever_is_known_for_long_is_checked_less_often),
        TEST(where_peers_stay_a_newcomer_is_checked_rarely_too),
        TEST(each_peer_that_falls_silent_counts_once),
        TEST(the_time_between_answers_is_seen_once),
        TEST(who_waits_is_checked_rarely_but_soon_when_it_moves_up),
        TEST(whoever_asks_us_is_asked_half_as_often),
        TEST(whoever_asks_but_does_not_answer_is_checked_all_the_same),
        TEST(a_witness_is_asked_however_often_it_asks),
        TEST(a_check_that_is_not_due_is_made_when_anybody_will_do),
        TEST(a_silence_that_may_be_our_own_harms_nobody),
        TEST(who_was_silent_is_asked_again_beside_one_who_answers),
        TEST(checks_come_in_the_order_in_which_they_are_due),
        TEST(a_check_waits_where_peers_turned_out_to_stay),
        TEST(for_less_than_a_minute_it_does_not_wait),
        TEST(nor_after_a_silence),
        TEST(a_peer_that_was_heard_months_ago_does_not_seem_to_be_of_tomorrow),
        TEST(nor_does_it_where_silences_put_its_checks_off),
        TEST(of_peers_unheard_for_weeks_nobody_seems_the_latest),
    };
    return cmocka_run_group_tests_name("liveness", tests, NULL, NULL);
}
