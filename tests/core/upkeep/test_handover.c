/* Records that move as nodes come: who is handed what, who is not, and what becomes of a record
 * that others are closer to. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "src/core/upkeep/handover.h"
#include "tests/support/fixture.h"
#include "tests/support/prng.h"

#define DAY_S   86400U
#define RECORDS 12

static test_fixture fixture;

/* Who was sent copies, and how many. */
typedef struct play {
    const test_remote *newcomer;
    unsigned handed;
    unsigned to_others;
    uint8_t life;    /* of the peer that arrives */
    uint32_t life_s; /* of the last one */
} play;

static play counts;

static bool act(test_fixture *made, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    (void)made;
    if (request->kind == SKAD_KIND_STORE) {
        counts.handed += who == counts.newcomer;
        counts.to_others += who != counts.newcomer;
        counts.life_s = request->u.store.life_s;
        answer->u.reply.u.stored.life_s = request->u.store.life_s;
    }
    return true;
}

static int begin_with(uint8_t siblings, size_t peers)
{
    skad_profile profile = test_fixture_profile();
    profile.siblings = siblings;
    test_fixture_init_roomy(&fixture, &profile);
    test_fixture_populate(&fixture, peers);
    counts = (play){0};
    fixture.script = act;
    return 0;
}

static int begin_among_few(void **state)
{
    (void)state;
    return begin_with(16, 2);
}

static int begin_among_many(void **state)
{
    (void)state;
    return begin_with(16, 15);
}

static int begin_among_a_score(void **state)
{
    (void)state;
    return begin_with(16, 20);
}

static int begin_of_two_holders(void **state)
{
    (void)state;
    return begin_with(2, 12);
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

/* We hold a record under this key, as if it had been brought now. */
static skad_store_name hold(const skad_id *key)
{
    static const uint8_t value[] = {1, 2, 3};
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    const skad_store_record row = {
        .name = {.key = *key, .type = SKAD_RECORD_IMMUTABLE},
        .stored_unix_s = fixture.now.unix_s,
        .expires_unix_s = fixture.now.unix_s + DAY_S,
        .data = bytes,
        .len = skad_record_encode_immutable(value, sizeof value, bytes, sizeof bytes)};
    assert_int_equal(
        fixture.store.ops->put(fixture.store.self, SKAD_STORE_REPLICAS, &row, fixture.now.unix_s),
        SKAD_OK);
    return row.name;
}

static void hold_some(void)
{
    test_prng prng = {3};
    for (unsigned i = 0; i < RECORDS; i++) {
        const skad_id key = test_prng_id(&prng);
        (void)hold(&key);
    }
}

/* So many that have ended, so that none is handed over. */
static void hold_many(unsigned count)
{
    static const uint8_t value[] = {1};
    test_prng prng = {4};
    for (unsigned i = 0; i < count; i++) {
        const skad_store_record row = {
            .name = {.key = test_prng_id(&prng), .type = SKAD_RECORD_IMMUTABLE},
            .stored_unix_s = fixture.now.unix_s,
            .expires_unix_s = fixture.now.unix_s,
            .data = value,
            .len = sizeof value};
        assert_int_equal(fixture.store.ops->put(fixture.store.self, SKAD_STORE_REPLICAS, &row,
                                                fixture.now.unix_s - 1),
                         SKAD_OK);
    }
}

static test_remote *arrive(void)
{
    test_remote *who = test_fixture_remote(&fixture);
    counts.newcomer = who;
    test_fixture_knock(&fixture, who);
    test_fixture_run(&fixture, 10 * SKAD_US_PER_S);
    return who;
}

static skad_node_stats stats(void)
{
    skad_node_stats out;
    skad_node_stats_get(fixture.node, fixture.now, &out);
    return out;
}

static void a_newcomer_is_handed_what_it_should_hold_and_once(void **state)
{
    (void)state;
    hold_some();
    test_remote *who = arrive();
    assert_int_equal(counts.handed, RECORDS);
    assert_int_equal(counts.to_others, 0);
    assert_in_range(counts.life_s, DAY_S - 60, DAY_S); /* what is left of it */
    assert_int_equal(stats().handed_over, RECORDS);
    test_fixture_knock(&fixture, who);
    test_fixture_run(&fixture, 10 * SKAD_US_PER_S);
    assert_int_equal(counts.handed, RECORDS);
}

/* Sixteen should hold each, three of whom send it: of twelve records a few are ours to send. */
static void among_many_only_some_records_are_ours_to_send(void **state)
{
    (void)state;
    hold_some();
    (void)arrive();
    assert_in_range(counts.handed, 1, RECORDS / 2);
    assert_int_equal(counts.to_others, 0);
}

static void to_who_has_just_come_itself_nobody_arrives(void **state)
{
    (void)state;
    hold_some();
    skad_node_parts_of(fixture.node).join->joined_us = fixture.now.mono_us;
    (void)arrive(); /* within the ten seconds in which it settles */
    assert_int_equal(counts.handed, 0);
    (void)arrive();
    assert_in_range(counts.handed, 1, RECORDS); /* three of four hold each */
}

/* A peer that we know arrives. It grants us the token that it makes in that life of its. */
static void comes(const test_remote *who, uint8_t life)
{
    const uint8_t token[SKAD_TOKEN_BYTES] = {life, 1};
    skad_peers *peers = &skad_node_parts_of(fixture.node).table->peers;
    skad_peer_slot slot = skad_peers_find(peers, &who->identity.id);
    assert_int_not_equal(slot, SKAD_PEER_NONE);
    skad_endpoint_keep_token(peers, slot, &who->address, token, fixture.now.mono_us);
    skad_handover_arrived(fixture.node, slot);
}

/* A peer that we know counts as arrived; its walk is over after five seconds. */
static void walk_for(const test_remote *who)
{
    counts.newcomer = who;
    skad_node_tick(fixture.node, fixture.now);
    comes(who, ++counts.life);
    for (unsigned i = 0; i < 50; i++) {
        fixture.now.mono_us += 100 * SKAD_US_PER_MS;
        skad_node_tick(fixture.node, fixture.now);
        (void)test_fixture_drain(&fixture);
    }
}

static void what_has_ended_is_not_handed_over(void **state)
{
    (void)state;
    hold_some();
    walk_for(&fixture.remotes[0]);
    assert_int_equal(stats().handed_over, RECORDS);
    fixture.now.unix_s += DAY_S;
    hold_some(); /* these live */
    skad_store_totals totals;
    fixture.now.unix_s += DAY_S - 3600;
    walk_for(&fixture.remotes[1]);
    assert_int_equal(stats().handed_over, 2 * RECORDS);
    fixture.now.unix_s += 3600;
    walk_for(&fixture.remotes[0]);
    assert_int_equal(stats().handed_over, 2 * RECORDS);
    fixture.store.ops->totals(fixture.store.self, &totals);
    assert_int_equal(totals.records, RECORDS); /* the sweep has not come yet */
}

static void sixteen_newcomers_are_served_by_a_walk_and_the_rest_is_counted(void **state)
{
    (void)state;
    skad_node_tick(fixture.node, fixture.now);
    for (uint8_t i = 0; i < 18; i++) {
        comes(&fixture.remotes[i], 7);
        comes(&fixture.remotes[i], 7); /* the same one again */
    }
    assert_int_equal(stats().replicas_shed, 4);
    assert_int_equal(skad_node_parts_of(fixture.node).handover->arrived_count, 16);
}

/* Sixteen neighbours begin anew every two minutes; a node that came once is served all the same. */
static void who_was_served_last_gives_way_to_who_was_not(void **state)
{
    (void)state;
    const skad_handover_state *handover = skad_node_parts_of(fixture.node).handover;
    skad_node_tick(fixture.node, fixture.now);
    for (unsigned walk = 0; walk < 3; walk++) {
        for (unsigned i = 0; i < 16; i++) {
            comes(&fixture.remotes[i], (uint8_t)(7 + walk));
        }
        assert_int_equal(handover->arrived_count, 16);
        if (walk < 2) {
            test_fixture_run(&fixture, 120 * SKAD_US_PER_S); /* they are served */
            assert_int_equal(handover->arrived_count, 0);
        }
    }
    const skad_id *newcomers[] = {&fixture.remotes[18].identity.id,
                                  &fixture.remotes[17].identity.id};
    for (unsigned i = 0; i < 2; i++) {
        comes(&fixture.remotes[18 - i], 7);
        comes(&fixture.remotes[18 - i], 7); /* it has one place */
    }
    comes(&fixture.remotes[0], 20);
    unsigned places[2] = {0};
    for (size_t i = 0; i < handover->arrived_count; i++) {
        for (unsigned j = 0; j < 2; j++) {
            places[j] += skad_id_equal(&handover->arrived[i], newcomers[j]);
        }
    }
    assert_int_equal(places[0], 1);
    assert_int_equal(places[1], 1);
    assert_int_equal(handover->arrived_count, 16);
    assert_int_equal(stats().replicas_shed, 3);
}

/* A walk begins two to four seconds after the first arrived, so that many are served by one. */
static void a_walk_waits_a_few_seconds(void **state)
{
    (void)state;
    skad_node_tick(fixture.node, fixture.now);
    comes(&fixture.remotes[0], 7);
    assert_in_range(skad_handover_deadline(fixture.node), fixture.now.mono_us + 2 * SKAD_US_PER_S,
                    fixture.now.mono_us + 4 * SKAD_US_PER_S);
}

/* Newcomers who keep coming neither put the walk off nor begin it anew; those that come during a
 * walk are served by the next. */
static void later_newcomers_change_no_plan(void **state)
{
    (void)state;
    skad_env *env = skad_node_parts_of(fixture.node).env;
    const skad_handover_state *handover = skad_node_parts_of(fixture.node).handover;
    const test_remote *who = fixture.remotes;
    skad_node_tick(fixture.node, fixture.now);
    comes(&who[0], 7);
    const uint64_t planned_us = skad_handover_deadline(fixture.node);
    env->now.mono_us += SKAD_US_PER_S;
    comes(&who[1], 7);
    assert_int_equal(skad_handover_deadline(fixture.node), planned_us);
    hold_many(129);
    env->now.mono_us = planned_us;
    skad_handover_tick(fixture.node);
    assert_true(handover->walking);
    const uint64_t step_us = skad_handover_deadline(fixture.node);
    assert_int_equal(step_us, planned_us + 50 * SKAD_US_PER_MS);
    comes(&who[2], 7);
    assert_int_equal(skad_handover_deadline(fixture.node), step_us);
    env->now.mono_us = step_us;
    skad_handover_tick(fixture.node);
    assert_false(handover->walking);
    assert_int_equal(handover->arrived_count, 1);
    assert_int_equal(skad_handover_deadline(fixture.node), step_us + 2 * SKAD_US_PER_S);
}

/* 128 records are examined in a step, so 256 take two, and a third finds the end. */
static void a_step_examines_128_records(void **state)
{
    (void)state;
    skad_env *env = skad_node_parts_of(fixture.node).env;
    const skad_handover_state *handover = skad_node_parts_of(fixture.node).handover;
    skad_node_tick(fixture.node, fixture.now);
    comes(&fixture.remotes[0], 7);
    hold_many(256);
    for (unsigned i = 0; i < 3; i++) {
        env->now.mono_us = skad_handover_deadline(fixture.node);
        skad_handover_tick(fixture.node);
        assert_int_equal(handover->walking, i < 2);
    }
}

static void a_restart_is_suspected_every_two_minutes(void **state)
{
    (void)state;
    const test_remote *who = &fixture.remotes[0];
    const skad_id *id = &who->identity.id;
    const skad_id nobody = {{9}};
    skad_node_tick(fixture.node, fixture.now);
    assert_false(skad_handover_suspect(fixture.node, &nobody, &who->address));
    assert_false(skad_handover_suspect(fixture.node, id, &fixture.remotes[1].address));
    assert_true(skad_handover_suspect(fixture.node, id, &who->address));
    assert_false(skad_handover_suspect(fixture.node, id, &who->address));
    skad_env *env = skad_node_parts_of(fixture.node).env;
    env->now.mono_us += 120 * SKAD_US_PER_S - 1;
    assert_false(skad_handover_suspect(fixture.node, id, &who->address));
    env->now.mono_us += 1;
    assert_true(skad_handover_suspect(fixture.node, id, &who->address));
    skad_peers *peers = &skad_node_parts_of(fixture.node).table->peers;
    env->now.mono_us += 120 * SKAD_US_PER_S;
    skad_peers_set_failures(peers, skad_peers_find(peers, id), 2);
    assert_false(skad_handover_suspect(fixture.node, id, &who->address)); /* it is silent */
    skad_peers_set_failures(peers, skad_peers_find(peers, id), 0);
}

static void a_suspected_peer_is_served_once_for_each_token_that_it_grants(void **state)
{
    (void)state;
    const test_remote *who = &fixture.remotes[0];
    skad_handover_state *handover = skad_node_parts_of(fixture.node).handover;
    skad_peers *peers = &skad_node_parts_of(fixture.node).table->peers;
    skad_peer_slot slot = skad_peers_find(peers, &who->identity.id);
    const uint8_t next[SKAD_TOKEN_BYTES] = {99};
    hold_some();
    test_fixture_run(&fixture, 30 * SKAD_US_PER_S);
    walk_for(who);
    assert_int_equal(stats().handed_over, RECORDS);
    assert_true(skad_handover_suspect(fixture.node, &who->identity.id, &who->address));
    skad_handover_settle(fixture.node, slot, &who->address); /* the same process answers */
    assert_int_equal(handover->arrived_count, 0);
    assert_false(skad_handover_suspects(fixture.node, slot));
    skad_endpoint_keep_token(peers, slot, &who->address, next, fixture.now.mono_us);
    skad_node_parts_of(fixture.node).env->now.mono_us += 120 * SKAD_US_PER_S;
    assert_true(skad_handover_suspect(fixture.node, &who->identity.id, &who->address));
    skad_handover_settle(fixture.node, slot, &who->address); /* another one does */
    assert_int_equal(handover->arrived_count, 1);
}

/* It may have missed records while it was cut off. */
static void a_peer_that_was_silent_is_served_whatever_its_token(void **state)
{
    (void)state;
    const test_remote *who = &fixture.remotes[0];
    hold_some();
    test_fixture_run(&fixture, 30 * SKAD_US_PER_S);
    walk_for(who);
    comes(who, counts.life);
    assert_int_equal(skad_node_parts_of(fixture.node).handover->arrived_count, 1);
}

/* A peer asks for its own neighbourhood. Returns how many records it is handed. */
static unsigned handed_for_own_lookup(const test_remote *who, const uint8_t *token)
{
    skad_message message;
    skad_datagram request;
    message.kind = SKAD_KIND_FIND_NODE;
    message.u.find_node.target = who->identity.id;
    message.u.find_node.want = SKAD_FAMILIES_ALL;
    counts = (play){.newcomer = &fixture.remotes[0]};
    test_fixture_request(&fixture, who, &message, token, &request);
    assert_int_equal(test_fixture_deliver(&fixture, &who->address, &request), SKAD_VERDICT_ACCEPT);
    test_fixture_run(&fixture, 125 * SKAD_US_PER_S);
    return counts.handed;
}

/* Such a request can be sent from its sender's address by any node that overheard it. */
static void without_a_token_no_record_is_sent(void **state)
{
    (void)state;
    const test_remote *who = &fixture.remotes[0];
    uint8_t token[SKAD_TOKEN_BYTES];
    hold_some();
    test_fixture_run(&fixture, 30 * SKAD_US_PER_S);
    test_fixture_token(&fixture, who, token);
    assert_int_equal(handed_for_own_lookup(who, NULL), 0);
    assert_int_equal(handed_for_own_lookup(who, token), RECORDS);
    assert_int_equal(handed_for_own_lookup(who, token), 0); /* it is still the same process */
}

/* ---- Records that are not ours ---- */

/* A key that so many peers are closer to than we are, or fewer. */
static skad_id key_of(bool ours)
{
    skad_id key = ours ? fixture.identity.id : fixture.remotes[0].identity.id;
    for (;; key.bytes[SKAD_ID_BYTES - 1]++) {
        size_t closer = 0;
        for (size_t i = 0; i < fixture.remotes_count; i++) {
            closer += skad_distance_compare(&key, &fixture.remotes[i].identity.id,
                                            &fixture.identity.id) < 0;
        }
        if (ours ? closer < 2 : closer >= 2) {
            return key;
        }
        key.bytes[0]++;
    }
}

static void what_others_are_closer_to_is_kept_for_two_more_hours(void **state)
{
    (void)state;
    const skad_id theirs = key_of(false);
    const skad_id own = key_of(true);
    const skad_store_name far = hold(&theirs);
    const skad_store_name near = hold(&own);
    const uint64_t brought = fixture.now.unix_s;
    skad_store_record row;
    test_fixture_run(&fixture, 75 * 60 * SKAD_US_PER_S); /* a round, at least once */
    assert_true(fixture.store.ops->find(fixture.store.self, SKAD_STORE_REPLICAS, &far,
                                        fixture.now.unix_s, &row));
    assert_true(row.cached);
    assert_int_equal(row.expires_unix_s, brought + 7200);
    assert_int_equal(stats().demoted, 1); /* once, however many rounds there are */
    assert_true(fixture.store.ops->find(fixture.store.self, SKAD_STORE_REPLICAS, &near,
                                        fixture.now.unix_s, &row));
    assert_false(row.cached);
    assert_int_equal(row.expires_unix_s, brought + DAY_S);
}

/* A key that exactly two peers are closer to than we are. *closer: one of the two; *other: a peer
 * that is not. */
static skad_id key_behind_two(const test_remote **closer, const test_remote **other)
{
    skad_id key = fixture.identity.id;
    for (;; key.bytes[0]++) {
        size_t count = 0;
        for (size_t i = 0; i < fixture.remotes_count; i++) {
            const test_remote *who = &fixture.remotes[i];
            bool is_closer =
                skad_distance_compare(&key, &who->identity.id, &fixture.identity.id) < 0;
            *(is_closer ? closer : other) = who;
            count += is_closer;
        }
        if (count == 2) {
            return key;
        }
    }
}

static void a_holder_that_a_newcomer_displaces_hands_over(void **state)
{
    (void)state;
    const test_remote *closer = NULL;
    const test_remote *other = NULL;
    const skad_id key = key_behind_two(&closer, &other);
    (void)hold(&key);
    walk_for(other);
    assert_int_equal(stats().handed_over, 0);
    walk_for(closer);
    assert_int_equal(stats().handed_over, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_newcomer_is_handed_what_it_should_hold_and_once,
                                        begin_among_few, end),
        cmocka_unit_test_setup_teardown(among_many_only_some_records_are_ours_to_send,
                                        begin_among_many, end),
        cmocka_unit_test_setup_teardown(to_who_has_just_come_itself_nobody_arrives, begin_among_few,
                                        end),
        cmocka_unit_test_setup_teardown(what_has_ended_is_not_handed_over, begin_among_few, end),
        cmocka_unit_test_setup_teardown(who_was_served_last_gives_way_to_who_was_not,
                                        begin_among_a_score, end),
        cmocka_unit_test_setup_teardown(
            sixteen_newcomers_are_served_by_a_walk_and_the_rest_is_counted, begin_among_a_score,
            end),
        cmocka_unit_test_setup_teardown(a_walk_waits_a_few_seconds, begin_among_few, end),
        cmocka_unit_test_setup_teardown(later_newcomers_change_no_plan, begin_among_a_score, end),
        cmocka_unit_test_setup_teardown(a_step_examines_128_records, begin_among_few, end),
        cmocka_unit_test_setup_teardown(a_restart_is_suspected_every_two_minutes, begin_among_few,
                                        end),
        cmocka_unit_test_setup_teardown(
            a_suspected_peer_is_served_once_for_each_token_that_it_grants, begin_among_few, end),
        cmocka_unit_test_setup_teardown(a_peer_that_was_silent_is_served_whatever_its_token,
                                        begin_among_few, end),
        cmocka_unit_test_setup_teardown(without_a_token_no_record_is_sent, begin_among_few, end),
        cmocka_unit_test_setup_teardown(what_others_are_closer_to_is_kept_for_two_more_hours,
                                        begin_of_two_holders, end),
        cmocka_unit_test_setup_teardown(a_holder_that_a_newcomer_displaces_hands_over,
                                        begin_of_two_holders, end),
    };
    return cmocka_run_group_tests_name("handover", tests, NULL, NULL);
}
