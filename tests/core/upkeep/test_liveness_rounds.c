/* Liveness checks in rounds: how often peers are asked, and whom a silence counts against.
 * test_ping_queue.c has the pings of peers that are not known yet. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/node/invariants.h"
#include "src/core/node/parts.h"
#include "src/core/rpc/request.h"
#include "src/core/upkeep/liveness_rounds.h"
#include "tests/support/fixture.h"

/* Found by fuzzing: without room for the only peer's ping, nobody was ever checked again. */
static void a_check_without_room_is_made_up_for(void **state)
{
    (void)state;
    static test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 1);
    skad_node *node = fixture.node;
    skad_pending *pending = skad_node_parts_of(node).pending;
    const skad_pending roomy = *pending;
    pending->free_count = 0; /* as if all slots were taken */
    pending->fresh = pending->limit;
    fixture.now.mono_us += 2 * SKAD_CHECK_INTERVAL_US;
    skad_node_tick(node, fixture.now);
    *pending = roomy;
    assert_int_equal(test_fixture_drain(&fixture), 0);
    assert_null(skad_node_broken(node, fixture.now));
    test_fixture_run(&fixture, 2 * SKAD_CHECK_INTERVAL_US);
    assert_true(fixture.remotes[0].asked > 0);
    test_fixture_free(&fixture);
}

static unsigned asked_in_all(const test_fixture *fixture)
{
    unsigned asked = 0;
    for (size_t i = 0; i < fixture->remotes_count; i++) {
        asked += fixture->remotes[i].asked;
    }
    return asked;
}

static bool nobody_answers(test_fixture *fixture, test_remote *who, const skad_message *request,
                           skad_message *answer)
{
    (void)fixture;
    (void)who;
    (void)request;
    (void)answer;
    return false;
}

/* However few they are, and however long they are known: silence is to mean something. */
static void peers_known_for_long_are_asked_rarely_but_somebody_always_is(void **state)
{
    (void)state;
    static test_fixture fixture;
    static const size_t counts[] = {1, 2, 7, 40};
    skad_profile profile = test_fixture_profile();
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        test_fixture_init(&fixture, &profile);
        test_fixture_populate(&fixture, counts[i]);
        test_fixture_run(&fixture, 3600 * SKAD_US_PER_S);
        unsigned before = asked_in_all(&fixture);
        for (unsigned minute = 0; minute < 240; minute++) {
            test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
            assert_in_range(fixture.now.mono_us - *skad_node_parts_of(fixture.node).heard_us, 0,
                            SKAD_CHECK_INTERVAL_US + SKAD_US_PER_S);
        }
        unsigned refreshed = 6 * 4 * (unsigned)counts[i]; /* at most, by lookups */
        assert_in_range(asked_in_all(&fixture) - before, 4 * 4 * counts[i],
                        4 * 4 * counts[i] + 4 * 30 + refreshed);
        test_fixture_free(&fixture);
    }
}

static bool one_does_not_answer(test_fixture *fixture, test_remote *who,
                                const skad_message *request, skad_message *answer)
{
    (void)request;
    (void)answer;
    return who != fixture->user;
}

/* Two peers of the same age, one of which asks us something each minute. */
static void who_asks_us_is_checked_half_as_often(void **state)
{
    (void)state;
    static test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 20);
    skad_node_parts_of(fixture.node).refresh->visit_us = UINT64_MAX; /* a visit asks both */
    skad_node_parts_of(fixture.node).refresh->dispute_us = UINT64_MAX;
    skad_node_parts_of(fixture.node).handover->round_us = UINT64_MAX; /* so does matching */
    test_remote *quiet = &fixture.remotes[7];
    test_remote *asks = &fixture.remotes[8];
    test_fixture_run(&fixture, 600 * SKAD_US_PER_S);
    unsigned quiet_before = quiet->asked;
    unsigned asks_before = asks->asked;
    for (unsigned minute = 0; minute < 240; minute++) {
        test_fixture_knock(&fixture, asks);
        test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
        assert_true(skad_peers_alive(
            &skad_node_parts_of(fixture.node).table->peers,
            skad_peers_find(&skad_node_parts_of(fixture.node).table->peers, &asks->identity.id)));
    }
    assert_in_range(quiet->asked - quiet_before, 15, 30);
    assert_in_range(asks->asked - asks_before, 5, (quiet->asked - quiet_before) / 2 + 2);
    fixture.script = one_does_not_answer;
    fixture.user = asks;
    for (unsigned minute = 0; minute < 40; minute++) {
        test_fixture_knock(&fixture, asks);
        test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
    }
    assert_false(skad_peers_alive(
        &skad_node_parts_of(fixture.node).table->peers,
        skad_peers_find(&skad_node_parts_of(fixture.node).table->peers, &asks->identity.id)));
    test_fixture_free(&fixture);
}

/* When the checks of a round began, and how long the shortest rest was before one. */
typedef struct rounds {
    uint64_t began_us;
    uint64_t idle_until_us;
    unsigned checks;
    unsigned count;
} rounds;

static bool count_rounds(test_fixture *fixture, test_remote *who, const skad_message *request,
                         skad_message *answer)
{
    (void)who;
    (void)answer;
    rounds *counts = fixture->user;
    uint64_t since_us = fixture->now.mono_us - counts->began_us;
    if (request->kind != SKAD_KIND_PING) {
        return true;
    }
    counts->checks++;
    if (since_us > SKAD_US_PER_MS) { /* a microsecond for each answer before */
        counts->began_us = fixture->now.mono_us;
        counts->idle_until_us = since_us < counts->idle_until_us ? since_us : counts->idle_until_us;
        counts->count++;
    }
    return true;
}

static void checks_come_in_rounds(void **state)
{
    (void)state;
    static test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    for (size_t i = 0; i < 256; i++) {
        test_fixture_knock(&fixture, test_fixture_remote(&fixture));
        test_fixture_run(&fixture, 1357 * SKAD_US_PER_MS);
    }
    test_fixture_run(&fixture, 100 * SKAD_US_PER_S); /* until nobody is new */
    rounds counts = {.idle_until_us = UINT64_MAX};
    fixture.script = count_rounds;
    fixture.user = &counts;
    test_fixture_run(&fixture, 3600 * SKAD_US_PER_S);
    assert_in_range(counts.idle_until_us, SKAD_CHECK_IDLE_US, SKAD_CHECK_INTERVAL_MAX_US);
    assert_in_range(counts.count, 1, counts.checks / 2);
    assert_in_range(skad_node_parts_of(fixture.node).table->peers.unresponsive, 0, 0);
    test_fixture_free(&fixture);
}

static void a_network_that_is_gone_is_asked_no_more_than_a_young_one(void **state)
{
    (void)state;
    static test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 40);
    test_fixture_run(&fixture, 3600 * SKAD_US_PER_S);
    fixture.script = nobody_answers;
    test_fixture_run(&fixture, 1800 * SKAD_US_PER_S);
    unsigned before = asked_in_all(&fixture);
    test_fixture_run(&fixture, 3600 * SKAD_US_PER_S);
    assert_in_range(asked_in_all(&fixture) - before, 30, 40 * 30 + 2 * 30);
    assert_null(skad_node_broken(fixture.node, fixture.now));
    test_fixture_free(&fixture);
}

/* ---- Silence ---- */

/* Whose network ends in the middle of its checks blames each peer for a first silence at most. */
static void of_a_network_that_ends_no_peer_becomes_silent(void **state)
{
    (void)state;
    static test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    for (size_t i = 0; i < 60; i++) { /* at no time is nobody's check due soon */
        test_fixture_knock(&fixture, test_fixture_remote(&fixture));
        test_fixture_run(&fixture, 15 * SKAD_US_PER_S);
    }
    unsigned blamed = 0;
    for (unsigned outage = 0; outage < 20; outage++) {
        fixture.script = NULL;
        test_fixture_run(&fixture, (300 + outage) * SKAD_US_PER_S);
        fixture.script = nobody_answers;
        test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
        for (size_t i = 0; i < fixture.remotes_count; i++) {
            const skad_peer *peer = test_fixture_peer(&fixture, &fixture.remotes[i]);
            assert_non_null(peer);
            assert_in_range(peer->failures, 0, SKAD_UNRESPONSIVE_FAILURES - 1);
            blamed += peer->failures;
        }
    }
    assert_true(blamed > 0); /* or nothing was tried */
    test_fixture_free(&fixture);
}

/* The same for one of two endpoints, lost by its second silence while the other lives. */
static void of_a_network_that_ends_no_endpoint_is_lost(void **state)
{
    (void)state;
    static test_fixture fixture;
    const skad_address second = {.family = SKAD_FAMILY_IPV6, .port = 4000, .ip = {0x2a}};
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 30);
    skad_node *node = fixture.node;
    const test_remote *who = &fixture.remotes[3];
    const skad_id *id = &who->identity.id;
    (void)skad_table_answered(skad_node_parts_of(node).table, id, &second, SKAD_US_PER_MS,
                              fixture.now.mono_us);
    test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
    assert_true(skad_request_ping(node, &fixture.remotes[5].identity.id,
                                  &fixture.remotes[5].address, SKAD_PURPOSE_CHECK));
    test_fixture_run(&fixture, SKAD_US_PER_S);
    assert_in_range(*skad_node_parts_of(node).heard_us, fixture.now.mono_us - 2 * SKAD_US_PER_S,
                    fixture.now.mono_us);
    fixture.script = nobody_answers;
    skad_table_failed(skad_node_parts_of(node).table, id, &who->address, fixture.now.mono_us);
    assert_true(skad_request_ping(node, id, &who->address, SKAD_PURPOSE_CHECK));
    test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
    assert_int_equal(test_fixture_peer(&fixture, who)->families, SKAD_FAMILIES_ALL);
    test_fixture_free(&fixture);
}

/* A dead peer among a few that answer costs one request, and its copies, for each silence that
 * counts, and only the one that decides is repeated until another peer was heard meanwhile. */
static void a_dead_peer_is_found_out_by_few_requests(void **state)
{
    (void)state;
    static test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 60);
    test_fixture_run(&fixture, 600 * SKAD_US_PER_S);
    fixture.script = one_does_not_answer;
    unsigned asked = 0;
    for (size_t i = 0; i < 20; i++) {
        test_remote *dead = &fixture.remotes[i];
        fixture.user = dead;
        unsigned before = dead->asked;
        while (test_fixture_peer(&fixture, dead)->failures == 0) {
            test_fixture_run(&fixture, SKAD_US_PER_S);
        }
        asked += dead->asked - before;
        fixture.user = NULL;
        test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
    }
    assert_in_range(asked, 3 * 20, 3 * 40);
    test_fixture_free(&fixture);
}

/* ---- Whom not ---- */

static test_fixture fixture;

static int begin(void **state)
{
    skad_profile profile = test_fixture_profile();
    (void)state;
    test_fixture_init(&fixture, &profile);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static void without_peers_nothing_is_due(void **state)
{
    (void)state;
    assert_true(skad_liveness_rounds_deadline(fixture.node) == UINT64_MAX);
    test_fixture_populate(&fixture, 1);
    assert_true(skad_liveness_rounds_deadline(fixture.node) < UINT64_MAX);
}

static void a_banned_peer_is_not_asked_and_counts_as_silent(void **state)
{
    (void)state;
    test_fixture_populate(&fixture, 5);
    const test_remote *banned = &fixture.remotes[3];
    const skad_ban ban = {.scope = SKAD_BAN_ID, .id = banned->identity.id};
    assert_int_equal(skad_node_ban(fixture.node, &ban, 86400, fixture.now), SKAD_OK);
    test_fixture_run(&fixture, 1800 * SKAD_US_PER_S);
    assert_int_equal(banned->asked, 0);
    const skad_peer *peer = test_fixture_peer(&fixture, banned);
    assert_true(peer == NULL || skad_peer_unresponsive(peer));
    assert_false(skad_peer_unresponsive(test_fixture_peer(&fixture, &fixture.remotes[2])));
}

/* Found by a review: the check of a banned peer was put off until its ban was over, again and
 * again. */
static void a_silent_peer_keeps_no_place_by_earning_bans(void **state)
{
    (void)state;
    test_fixture_populate(&fixture, 12);
    fixture.script = one_does_not_answer;
    fixture.user = &fixture.remotes[3];
    for (unsigned minute = 0; minute < 120; minute++) {
        const skad_ban ban = {.scope = SKAD_BAN_ID,
                              .id = fixture.remotes[3].identity.id,
                              .reason = SKAD_BAN_SIGNATURES,
                              .until_us = fixture.now.mono_us + 600 * SKAD_US_PER_S};
        assert_int_equal(
            skad_bans_add(skad_node_parts_of(fixture.node).bans, &ban, fixture.now.mono_us),
            SKAD_OK);
        test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
    }
    const skad_peer *peer = test_fixture_peer(&fixture, &fixture.remotes[3]);
    assert_true(peer == NULL || skad_peer_unresponsive(peer));
    const skad_peer *other = test_fixture_peer(&fixture, &fixture.remotes[4]);
    assert_false(skad_peer_unresponsive(other));
}

/* Keeps out all but the last two peers for some time from now on. */
static void keep_out(skad_ban_reason reason, uint64_t for_s)
{
    for (size_t i = 0; i + 2 < fixture.remotes_count; i++) {
        const skad_ban ban = {.scope = SKAD_BAN_ID,
                              .id = fixture.remotes[i].identity.id,
                              .reason = reason,
                              .until_us = fixture.now.mono_us + for_s * SKAD_US_PER_S};
        assert_int_equal(
            skad_bans_add(skad_node_parts_of(fixture.node).bans, &ban, fixture.now.mono_us),
            SKAD_OK);
    }
}

/* Found by the simulator: an attacker that got itself banned was the first in turn, twice in a row,
 * so its victim asked no peer for five minutes and took itself for isolated. */
static void of_many_banned_peers_none_hides_the_others(void **state)
{
    static const struct {
        skad_ban_reason reason;
        uint64_t for_s;
    } cases[] = {{SKAD_BAN_SIGNATURES, 1},
                 {SKAD_BAN_SIGNATURES, 130},
                 {SKAD_BAN_SIGNATURES, 86400},
                 {SKAD_BAN_OPERATOR, 86400}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin(state);
        test_fixture_populate(&fixture, 12);
        test_fixture_run(&fixture, 3600 * SKAD_US_PER_S);
        for (unsigned minute = 0; minute < 240; minute++) {
            keep_out(cases[i].reason, cases[i].for_s);
            test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
            assert_in_range(fixture.now.mono_us - *skad_node_parts_of(fixture.node).heard_us, 0,
                            SKAD_CHECK_INTERVAL_US + SKAD_US_PER_S);
        }
        assert_null(skad_node_broken(fixture.node, fixture.now));
        end(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_silent_peer_keeps_no_place_by_earning_bans, begin, end),
        cmocka_unit_test(of_many_banned_peers_none_hides_the_others),
        cmocka_unit_test(a_check_without_room_is_made_up_for),
        cmocka_unit_test(peers_known_for_long_are_asked_rarely_but_somebody_always_is),
        cmocka_unit_test(who_asks_us_is_checked_half_as_often),
        cmocka_unit_test(checks_come_in_rounds),
        cmocka_unit_test(a_network_that_is_gone_is_asked_no_more_than_a_young_one),
        cmocka_unit_test(of_a_network_that_ends_no_peer_becomes_silent),
        cmocka_unit_test(of_a_network_that_ends_no_endpoint_is_lost),
        cmocka_unit_test(a_dead_peer_is_found_out_by_few_requests),
        cmocka_unit_test_setup_teardown(without_peers_nothing_is_due, begin, end),
        cmocka_unit_test_setup_teardown(a_banned_peer_is_not_asked_and_counts_as_silent, begin,
                                        end),
    };
    return cmocka_run_group_tests_name("liveness_rounds", tests, NULL, NULL);
}
