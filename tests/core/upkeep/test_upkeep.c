/* Whom a node asks unasked: liveness checks and pings of strangers, where something is in the way.
 * test_refresh.c has its looks for others. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/node/invariants.h"
#include "src/core/node/parts.h"
#include "src/core/rpc/ask.h"
#include "src/core/upkeep/ping_queue.h"
#include "src/core/upkeep/refresh.h"
#include "tests/support/stage.h"

/* Found by fuzzing: without room for the only peer's ping, nobody was ever checked again. */
static void a_check_without_room_is_made_up_for(void **state)
{
    (void)state;
    static test_stage stage;
    skad_profile profile = test_stage_profile();
    test_stage_init(&stage, &profile);
    test_stage_populate(&stage, 1);
    skad_node *node = stage.node;
    skad_pending *pending = skad_node_parts_of(node).pending;
    const skad_pending roomy = *pending;
    pending->free_count = 0; /* as if all slots were taken */
    pending->fresh = pending->slots;
    stage.now.mono_us += 2 * SKAD_CHECK_INTERVAL_US;
    skad_node_tick(node, stage.now);
    *pending = roomy;
    assert_int_equal(test_stage_drain(&stage), 0);
    assert_null(skad_node_broken(node, stage.now));
    test_stage_run(&stage, 2 * SKAD_CHECK_INTERVAL_US);
    assert_true(stage.strangers[0].asked > 0);
    test_stage_free(&stage);
}

static unsigned asked_in_all(const test_stage *stage)
{
    unsigned asked = 0;
    for (size_t i = 0; i < stage->strangers_count; i++) {
        asked += stage->strangers[i].asked;
    }
    return asked;
}

static bool nobody_answers(test_stage *stage, test_stranger *who, const skad_message *request,
                           skad_message *answer)
{
    (void)stage;
    (void)who;
    (void)request;
    (void)answer;
    return false;
}

/* However few they are, and however long they are known: silence is to mean something. */
static void peers_known_for_long_are_asked_rarely_but_somebody_always_is(void **state)
{
    (void)state;
    static test_stage stage;
    static const size_t counts[] = {1, 2, 7, 40};
    skad_profile profile = test_stage_profile();
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        test_stage_init(&stage, &profile);
        test_stage_populate(&stage, counts[i]);
        test_stage_run(&stage, 3600 * SKAD_US_PER_S);
        unsigned before = asked_in_all(&stage);
        for (unsigned minute = 0; minute < 240; minute++) {
            test_stage_run(&stage, 60 * SKAD_US_PER_S);
            assert_in_range(stage.now.mono_us - *skad_node_parts_of(stage.node).heard_us, 0,
                            SKAD_CHECK_INTERVAL_US + SKAD_US_PER_S);
        }
        unsigned refreshed = 6 * 4 * (unsigned)counts[i]; /* at most, by lookups */
        assert_in_range(asked_in_all(&stage) - before, 4 * 4 * counts[i],
                        4 * 4 * counts[i] + 4 * 30 + refreshed);
        test_stage_free(&stage);
    }
}

static bool one_does_not_answer(test_stage *stage, test_stranger *who, const skad_message *request,
                                skad_message *answer)
{
    (void)request;
    (void)answer;
    return who != stage->user;
}

/* Two peers of the same age, one of which asks us something each minute. */
static void who_asks_us_is_checked_half_as_often(void **state)
{
    (void)state;
    static test_stage stage;
    skad_profile profile = test_stage_profile();
    test_stage_init(&stage, &profile);
    test_stage_populate(&stage, 20);
    test_stranger *quiet = &stage.strangers[7];
    test_stranger *asks = &stage.strangers[8];
    test_stage_run(&stage, 600 * SKAD_US_PER_S);
    unsigned quiet_before = quiet->asked;
    unsigned asks_before = asks->asked;
    for (unsigned minute = 0; minute < 240; minute++) {
        test_stage_knock(&stage, asks);
        test_stage_run(&stage, 60 * SKAD_US_PER_S);
        assert_true(skad_peers_lives(
            &skad_node_parts_of(stage.node).table->peers,
            skad_peers_find(&skad_node_parts_of(stage.node).table->peers, &asks->identity.id)));
    }
    assert_in_range(quiet->asked - quiet_before, 15, 30);
    assert_in_range(asks->asked - asks_before, 5, (quiet->asked - quiet_before) / 2 + 2);
    stage.script = one_does_not_answer;
    stage.user = asks;
    for (unsigned minute = 0; minute < 40; minute++) {
        test_stage_knock(&stage, asks);
        test_stage_run(&stage, 60 * SKAD_US_PER_S);
    }
    assert_false(skad_peers_lives(
        &skad_node_parts_of(stage.node).table->peers,
        skad_peers_find(&skad_node_parts_of(stage.node).table->peers, &asks->identity.id)));
    test_stage_free(&stage);
}

/* When the checks of a round began, and how long the shortest rest was before one. */
typedef struct rounds {
    uint64_t began_us;
    uint64_t rest_us;
    unsigned checks;
    unsigned count;
} rounds;

static bool count_rounds(test_stage *stage, test_stranger *who, const skad_message *request,
                         skad_message *answer)
{
    (void)who;
    (void)answer;
    rounds *counts = stage->user;
    uint64_t since_us = stage->now.mono_us - counts->began_us;
    if (request->kind != SKAD_KIND_PING) {
        return true;
    }
    counts->checks++;
    if (since_us > SKAD_US_PER_MS) { /* a microsecond for each answer before */
        counts->began_us = stage->now.mono_us;
        counts->rest_us = since_us < counts->rest_us ? since_us : counts->rest_us;
        counts->count++;
    }
    return true;
}

static void checks_come_in_rounds(void **state)
{
    (void)state;
    static test_stage stage;
    skad_profile profile = test_stage_profile();
    test_stage_init(&stage, &profile);
    for (size_t i = 0; i < TEST_STRANGERS_MAX; i++) {
        test_stage_knock(&stage, test_stage_stranger(&stage));
        test_stage_run(&stage, 1357 * SKAD_US_PER_MS);
    }
    test_stage_run(&stage, 100 * SKAD_US_PER_S); /* until nobody is new */
    rounds counts = {.rest_us = UINT64_MAX};
    stage.script = count_rounds;
    stage.user = &counts;
    test_stage_run(&stage, 3600 * SKAD_US_PER_S);
    assert_in_range(counts.rest_us, SKAD_CHECK_REST_US, SKAD_CHECK_INTERVAL_MAX_US);
    assert_in_range(counts.count, 1, counts.checks / 2);
    assert_in_range(skad_node_parts_of(stage.node).table->peers.silent, 0, 0);
    test_stage_free(&stage);
}

static void a_network_that_is_gone_is_asked_no_more_than_a_young_one(void **state)
{
    (void)state;
    static test_stage stage;
    skad_profile profile = test_stage_profile();
    test_stage_init(&stage, &profile);
    test_stage_populate(&stage, 40);
    test_stage_run(&stage, 3600 * SKAD_US_PER_S);
    stage.script = nobody_answers;
    test_stage_run(&stage, 1800 * SKAD_US_PER_S);
    unsigned before = asked_in_all(&stage);
    test_stage_run(&stage, 3600 * SKAD_US_PER_S);
    assert_in_range(asked_in_all(&stage) - before, 30, 40 * 30 + 2 * 30);
    assert_null(skad_node_broken(stage.node, stage.now));
    test_stage_free(&stage);
}

/* ---- Silence ---- */

/* Whose network ends in the middle of its checks blames each peer for a first silence at most. */
static void of_a_network_that_ends_no_peer_becomes_silent(void **state)
{
    (void)state;
    static test_stage stage;
    skad_profile profile = test_stage_profile();
    test_stage_init(&stage, &profile);
    for (size_t i = 0; i < 60; i++) { /* at no time is nobody's check due soon */
        test_stage_knock(&stage, test_stage_stranger(&stage));
        test_stage_run(&stage, 15 * SKAD_US_PER_S);
    }
    unsigned blamed = 0;
    for (unsigned outage = 0; outage < 20; outage++) {
        stage.script = NULL;
        test_stage_run(&stage, (300 + outage) * SKAD_US_PER_S);
        stage.script = nobody_answers;
        test_stage_run(&stage, 60 * SKAD_US_PER_S);
        for (size_t i = 0; i < stage.strangers_count; i++) {
            const skad_peer *peer = test_stage_peer(&stage, &stage.strangers[i]);
            assert_non_null(peer);
            assert_in_range(peer->failures, 0, SKAD_PEER_FAILURES_SILENT - 1);
            blamed += peer->failures;
        }
    }
    assert_true(blamed > 0); /* or nothing was tried */
    test_stage_free(&stage);
}

/* The same for one of two endpoints, lost by its second silence while the other lives. */
static void of_a_network_that_ends_no_endpoint_is_lost(void **state)
{
    (void)state;
    static test_stage stage;
    const skad_address second = {.family = SKAD_FAMILY_IPV6, .port = 4000, .ip = {0x2a}};
    skad_profile profile = test_stage_profile();
    test_stage_init(&stage, &profile);
    test_stage_populate(&stage, 30);
    skad_node *node = stage.node;
    const test_stranger *who = &stage.strangers[3];
    const skad_id *id = &who->identity.id;
    (void)skad_table_answered(skad_node_parts_of(node).table, id, &second, SKAD_US_PER_MS,
                              stage.now.mono_us);
    test_stage_run(&stage, 60 * SKAD_US_PER_S);
    assert_true(skad_ask_ping(node, &stage.strangers[5].identity.id, &stage.strangers[5].address,
                              SKAD_PURPOSE_CHECK));
    test_stage_run(&stage, SKAD_US_PER_S);
    assert_in_range(*skad_node_parts_of(node).heard_us, stage.now.mono_us - 2 * SKAD_US_PER_S,
                    stage.now.mono_us);
    stage.script = nobody_answers;
    skad_table_failed(skad_node_parts_of(node).table, id, &who->address, stage.now.mono_us);
    assert_true(skad_ask_ping(node, id, &who->address, SKAD_PURPOSE_CHECK));
    test_stage_run(&stage, 60 * SKAD_US_PER_S);
    assert_int_equal(test_stage_peer(&stage, who)->families, SKAD_FAMILIES_ALL);
    test_stage_free(&stage);
}

/* A dead peer among a few that answer costs one request for each silence that counts, and only the
 * one that decides is repeated until somebody else was heard meanwhile. */
static void a_dead_peer_is_found_out_by_few_requests(void **state)
{
    (void)state;
    static test_stage stage;
    skad_profile profile = test_stage_profile();
    test_stage_init(&stage, &profile);
    test_stage_populate(&stage, 60);
    test_stage_run(&stage, 600 * SKAD_US_PER_S);
    stage.script = one_does_not_answer;
    unsigned asked = 0;
    for (size_t i = 0; i < 20; i++) {
        test_stranger *dead = &stage.strangers[i];
        stage.user = dead;
        unsigned before = dead->asked;
        while (test_stage_peer(&stage, dead)->failures == 0) {
            test_stage_run(&stage, SKAD_US_PER_S);
        }
        asked += dead->asked - before;
        stage.user = NULL;
        test_stage_run(&stage, 60 * SKAD_US_PER_S);
    }
    assert_in_range(asked, 20, 40);
    test_stage_free(&stage);
}

/* ---- Strangers ---- */

static void a_stranger_is_pinged_once_at_a_time(void **state)
{
    (void)state;
    static test_stage stage;
    skad_profile profile = test_stage_profile();
    test_stage_init(&stage, &profile);
    test_stage_populate(&stage, 5);
    test_stranger *who = test_stage_stranger(&stage);
    stage.script = one_does_not_answer;
    stage.user = who;
    for (unsigned i = 0; i < 5; i++) {
        test_stage_knock(&stage, who);
        test_stage_run(&stage, 30 * SKAD_US_PER_MS);
    }
    assert_int_equal(who->asked, 1);
    test_stage_free(&stage);
}

static bool only_one_answers(test_stage *stage, test_stranger *who, const skad_message *request,
                             skad_message *answer)
{
    (void)request;
    (void)answer;
    return who == stage->user;
}

/* Those whom a joining node asked ping it in return: it knows them already. */
static void who_joins_pings_nobody_that_it_knows(void **state)
{
    (void)state;
    static test_stage stage;
    skad_profile profile = test_stage_profile();
    test_stage_init(&stage, &profile);
    test_stage_populate(&stage, 5);
    test_stranger *who = &stage.strangers[2];
    stage.script = only_one_answers;
    stage.user = who;
    skad_node_parts_of(stage.node).join->joined = false;
    skad_node_tick(stage.node, stage.now);
    test_stage_run(&stage, 100 * SKAD_US_PER_MS);
    unsigned before = who->asked;
    assert_true(before > 0);
    test_stage_knock(&stage, who);
    test_stage_run(&stage, 100 * SKAD_US_PER_MS);
    assert_true(skad_node_parts_of(stage.node).join->lookup != 0); /* which waits for the others */
    assert_int_equal(who->asked, before);
    test_stage_free(&stage);
}

/* ---- A table full of the dead ---- */

static bool the_first_are_dead(test_stage *stage, test_stranger *who, const skad_message *request,
                               skad_message *answer)
{
    (void)request;
    (void)answer;
    return (size_t)(who - stage->strangers) >= *(size_t *)stage->user;
}

/* Forty peers in buckets of two, all of whom died while nobody else was there to be heard. */
static void begin_among_the_dead(test_stage *stage, size_t *dead)
{
    skad_profile profile = test_stage_profile();
    profile.k = 2;
    profile.siblings = 2;
    test_stage_init(stage, &profile);
    for (size_t i = 0; i < 40; i++) {
        (void)test_stage_stranger(stage);
    }
    *dead = 0;
    stage->script = the_first_are_dead;
    stage->user = dead;
    for (size_t i = 0; i < 40; i++) {
        test_stage_knock(stage, &stage->strangers[i]);
        test_stage_run(stage, SKAD_US_PER_S);
    }
    *dead = 40;
    test_stage_run(stage, 1200 * SKAD_US_PER_S);
    assert_false(skad_node_parts_of(stage->node).join->joined);
}

/* Somebody whom the table has no place for: its farthest bucket and cache are full. */
static test_stranger *stranger_far_away(test_stage *stage)
{
    for (;;) {
        test_stranger *who = test_stage_stranger(stage);
        if (skad_table_bucket_of(skad_node_parts_of(stage->node).table, &who->identity.id) == 0) {
            assert_false(skad_table_wants(skad_node_parts_of(stage->node).table, &who->identity.id,
                                          &who->address));
            return who;
        }
    }
}

/* Found by fuzzing: of 27 nodes two were left after a crash. One had joined through the other,
 * which had its table full of the dead, was never punished for its silence, and never asked it. */
static void a_table_full_of_the_dead_opens_to_who_knocks(void **state)
{
    (void)state;
    static test_stage stage;
    size_t dead;
    begin_among_the_dead(&stage, &dead);
    test_stranger *who = stranger_far_away(&stage);
    for (unsigned i = 0; i < 5 && !skad_node_parts_of(stage.node).join->joined; i++) {
        test_stage_knock(&stage, who);
        test_stage_run(&stage, 60 * SKAD_US_PER_S);
    }
    assert_true(skad_node_parts_of(stage.node).join->joined);
    assert_int_not_equal(
        skad_peers_find(&skad_node_parts_of(stage.node).table->peers, &who->identity.id),
        SKAD_PEER_NONE);
    test_stage_free(&stage);
}

/* Where others answer, nobody is asked who would get no place. */
static void who_knocks_at_a_joined_node_has_nobody_asked(void **state)
{
    (void)state;
    static test_stage stage;
    size_t dead;
    begin_among_the_dead(&stage, &dead);
    skad_node_parts_of(stage.node).join->joined = true;
    *skad_node_parts_of(stage.node).heard_us = stage.now.mono_us;
    test_stranger *who = stranger_far_away(&stage);
    unsigned before = asked_in_all(&stage);
    test_stage_knock(&stage, who);
    test_stage_run(&stage, 30 * SKAD_US_PER_MS);
    assert_int_equal(asked_in_all(&stage), before);
    test_stage_free(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_without_room_is_made_up_for),
        cmocka_unit_test(peers_known_for_long_are_asked_rarely_but_somebody_always_is),
        cmocka_unit_test(who_asks_us_is_checked_half_as_often),
        cmocka_unit_test(checks_come_in_rounds),
        cmocka_unit_test(a_network_that_is_gone_is_asked_no_more_than_a_young_one),
        cmocka_unit_test(of_a_network_that_ends_no_peer_becomes_silent),
        cmocka_unit_test(of_a_network_that_ends_no_endpoint_is_lost),
        cmocka_unit_test(a_dead_peer_is_found_out_by_few_requests),
        cmocka_unit_test(a_stranger_is_pinged_once_at_a_time),
        cmocka_unit_test(who_joins_pings_nobody_that_it_knows),
        cmocka_unit_test(a_table_full_of_the_dead_opens_to_who_knocks),
        cmocka_unit_test(who_knocks_at_a_joined_node_has_nobody_asked),
    };
    return cmocka_run_group_tests_name("upkeep", tests, NULL, NULL);
}
