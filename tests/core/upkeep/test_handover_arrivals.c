/* Peers that arrive, or begin anew: which of them are served, and which give way. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "src/core/upkeep/handover.h"
#include "tests/support/handover_script.h"

static int begin_among_few(void **state)
{
    (void)state;
    return handover_begin_with(16, 2);
}

static int begin_among_a_score(void **state)
{
    (void)state;
    return handover_begin_with(16, 20);
}

static void sixteen_newcomers_are_served_by_a_walk_and_the_rest_is_counted(void **state)
{
    (void)state;
    skad_node_tick(handover_fixture.node, handover_fixture.now);
    for (uint8_t i = 0; i < 18; i++) {
        handover_comes(&handover_fixture.remotes[i], 7);
        handover_comes(&handover_fixture.remotes[i], 7); /* the same one again */
    }
    assert_int_equal(handover_stats().replicas_shed, 4);
    assert_int_equal(skad_node_parts_of(handover_fixture.node).handover->arrived_count, 16);
}

/* Sixteen neighbours begin anew every two minutes; a node that came once is served all the same. */
static void who_was_served_last_gives_way_to_who_was_not(void **state)
{
    (void)state;
    const skad_handover_state *handover = skad_node_parts_of(handover_fixture.node).handover;
    skad_node_tick(handover_fixture.node, handover_fixture.now);
    for (unsigned walk = 0; walk < 3; walk++) {
        for (unsigned i = 0; i < 16; i++) {
            handover_comes(&handover_fixture.remotes[i], (uint8_t)(7 + walk));
        }
        assert_int_equal(handover->arrived_count, 16);
        if (walk < 2) {
            test_fixture_run(&handover_fixture, 120 * SKAD_US_PER_S); /* they are served */
            assert_int_equal(handover->arrived_count, 0);
        }
    }
    const skad_id *newcomers[] = {&handover_fixture.remotes[18].identity.id,
                                  &handover_fixture.remotes[17].identity.id};
    for (unsigned i = 0; i < 2; i++) {
        handover_comes(&handover_fixture.remotes[18 - i], 7);
        handover_comes(&handover_fixture.remotes[18 - i], 7); /* it has one place */
    }
    handover_comes(&handover_fixture.remotes[0], 20);
    unsigned places[2] = {0};
    for (size_t i = 0; i < handover->arrived_count; i++) {
        for (unsigned j = 0; j < 2; j++) {
            places[j] += skad_id_equal(&handover->arrived[i], newcomers[j]);
        }
    }
    assert_int_equal(places[0], 1);
    assert_int_equal(places[1], 1);
    assert_int_equal(handover->arrived_count, 16);
    assert_int_equal(handover_stats().replicas_shed, 3);
}

static void a_restart_is_suspected_every_two_minutes(void **state)
{
    (void)state;
    const test_remote *who = &handover_fixture.remotes[0];
    const skad_id *id = &who->identity.id;
    const skad_id nobody = {{9}};
    skad_node_tick(handover_fixture.node, handover_fixture.now);
    assert_false(skad_handover_suspect(handover_fixture.node, &nobody, &who->address));
    assert_false(
        skad_handover_suspect(handover_fixture.node, id, &handover_fixture.remotes[1].address));
    assert_true(skad_handover_suspect(handover_fixture.node, id, &who->address));
    assert_false(skad_handover_suspect(handover_fixture.node, id, &who->address));
    skad_env *env = skad_node_parts_of(handover_fixture.node).env;
    env->now.mono_us += 120 * SKAD_US_PER_S - 1;
    assert_false(skad_handover_suspect(handover_fixture.node, id, &who->address));
    env->now.mono_us += 1;
    assert_true(skad_handover_suspect(handover_fixture.node, id, &who->address));
    skad_peers *peers = &skad_node_parts_of(handover_fixture.node).table->peers;
    env->now.mono_us += 120 * SKAD_US_PER_S;
    skad_peers_set_failures(peers, skad_peers_find(peers, id), 2);
    assert_false(
        skad_handover_suspect(handover_fixture.node, id, &who->address)); /* it is silent */
    skad_peers_set_failures(peers, skad_peers_find(peers, id), 0);
}

static void a_suspected_peer_is_served_once_for_each_token_that_it_grants(void **state)
{
    (void)state;
    const test_remote *who = &handover_fixture.remotes[0];
    skad_handover_state *handover = skad_node_parts_of(handover_fixture.node).handover;
    skad_peers *peers = &skad_node_parts_of(handover_fixture.node).table->peers;
    skad_peer_slot slot = skad_peers_find(peers, &who->identity.id);
    const uint8_t next[SKAD_TOKEN_BYTES] = {99};
    handover_hold_some();
    test_fixture_run(&handover_fixture, 30 * SKAD_US_PER_S);
    handover_walk_for(who);
    assert_int_equal(handover_stats().handed_over, HANDOVER_RECORDS_HELD);
    const uint8_t same[SKAD_TOKEN_BYTES] = {handover_counts.life, 1}; /* its answers had another */
    skad_endpoint_keep_token(peers, slot, &who->address, same, handover_fixture.now.mono_us);
    handover_fixture.now.unix_s += 700; /* the fixture's wall clock stood while it ran */
    handover_fixture.now.mono_us += 600 * SKAD_US_PER_S;
    skad_node_parts_of(handover_fixture.node).env->now = handover_fixture.now;
    const skad_id missed = {{7, 7}};
    (void)handover_hold(&missed); /* it was cut off, unnoticed */
    assert_true(skad_handover_suspect(handover_fixture.node, &who->identity.id, &who->address));
    skad_handover_arrived(handover_fixture.node, slot,
                          &who->address); /* the same process answers */
    assert_false(skad_handover_suspects(handover_fixture.node, slot));
    test_fixture_run(&handover_fixture, 10 * SKAD_US_PER_S);
    assert_int_equal(handover_stats().handed_over, HANDOVER_RECORDS_HELD + 1);
    assert_int_equal(handover->arrived_count, 0);
    skad_endpoint_keep_token(peers, slot, &who->address, next, handover_fixture.now.mono_us);
    skad_node_parts_of(handover_fixture.node).env->now.mono_us += 120 * SKAD_US_PER_S;
    assert_true(skad_handover_suspect(handover_fixture.node, &who->identity.id, &who->address));
    skad_handover_arrived(handover_fixture.node, slot, &who->address); /* another one does */
    assert_int_equal(handover->arrived_count, 1);
}

/* It may have missed records while it was cut off; of those that it was given before it has no
 * need, however often it falls silent. */
static void a_peer_that_was_silent_is_served_what_it_missed(void **state)
{
    (void)state;
    const test_remote *who = &handover_fixture.remotes[0];
    const skad_handover_state *handover = skad_node_parts_of(handover_fixture.node).handover;
    handover_hold_some();
    test_fixture_run(&handover_fixture, 300 * SKAD_US_PER_S); /* longer than is taken for missed */
    handover_walk_for(who);
    handover_fixture.now.mono_us += 600 * SKAD_US_PER_S;
    test_fixture_run(&handover_fixture, 60 * SKAD_US_PER_S); /* it joined anew, and has settled */
    const uint64_t handed = handover_stats().handed_over;
    for (unsigned times = 0; times < 4; times++) {
        handover_comes(who, handover_counts.life);
        assert_int_equal(handover->arrived_count, 1);
        test_fixture_run(&handover_fixture, 10 * SKAD_US_PER_S);
        assert_int_equal(handover_stats().handed_over, handed);
    }
    const skad_id missed = {{7, 7}};
    (void)handover_hold(&missed);
    handover_comes(who, handover_counts.life);
    test_fixture_run(&handover_fixture, 10 * SKAD_US_PER_S);
    assert_int_equal(handover_stats().handed_over, handed + 1);
}

static bool is_silent(test_fixture *made, test_remote *who, const skad_message *request,
                      skad_message *answer)
{
    (void)made;
    (void)request;
    (void)answer;
    return who != handover_counts.newcomer;
}

/* A newcomer comes back that fell silent while it was served. Returns how many records it is given
 * then. */
static uint64_t handed_after_a_silence(const test_remote *who)
{
    const test_script script = handover_fixture.script;
    skad_peers *peers = &skad_node_parts_of(handover_fixture.node).table->peers;
    const uint64_t before = handover_stats().handed_over;
    handover_fixture.script = is_silent;
    handover_comes(who, 1);
    test_fixture_run(&handover_fixture, 30 * SKAD_US_PER_S);
    assert_int_equal(handover_stats().handed_over, before);
    handover_fixture.script = script;
    skad_peers_set_failures(peers, skad_peers_find(peers, &who->identity.id), 0);
    handover_comes(who, 1);
    test_fixture_run(&handover_fixture, 10 * SKAD_US_PER_S);
    return handover_stats().handed_over - before;
}

static void who_fell_silent_while_it_was_served_is_served_all_once_more(void **state)
{
    (void)state;
    const test_remote *who = &handover_fixture.remotes[0];
    handover_counts.newcomer = who;
    handover_hold_some();
    test_fixture_run(&handover_fixture, 300 * SKAD_US_PER_S); /* longer than is taken for missed */
    assert_int_equal(handed_after_a_silence(who), HANDOVER_RECORDS_HELD);
    assert_int_equal(handed_after_a_silence(who), 0); /* it does so again */
    assert_int_equal(handed_after_a_silence(who), 0);
}

/* A peer asks for its own neighbourhood. Returns how many records it is handed. */
static unsigned handed_for_own_lookup(const test_remote *who, const uint8_t *token)
{
    skad_message message;
    skad_datagram request;
    message.kind = SKAD_KIND_FIND_NODE;
    message.u.find_node.target = who->identity.id;
    message.u.find_node.want = SKAD_FAMILIES_ALL;
    handover_counts = (handover_play){.newcomer = &handover_fixture.remotes[0]};
    test_fixture_request(&handover_fixture, who, &message, token, &request);
    assert_int_equal(test_fixture_deliver(&handover_fixture, &who->address, &request),
                     SKAD_VERDICT_ACCEPT);
    test_fixture_run(&handover_fixture, 125 * SKAD_US_PER_S);
    return handover_counts.handed;
}

/* Such a request can be sent from its sender's address by any node that overheard it. */
static void without_a_token_no_record_is_sent(void **state)
{
    (void)state;
    const test_remote *who = &handover_fixture.remotes[0];
    uint8_t token[SKAD_TOKEN_BYTES];
    handover_hold_some();
    test_fixture_run(&handover_fixture, 30 * SKAD_US_PER_S);
    test_fixture_token(&handover_fixture, who, token);
    assert_int_equal(handed_for_own_lookup(who, NULL), 0);
    assert_int_equal(handed_for_own_lookup(who, token), HANDOVER_RECORDS_HELD);
    handover_fixture.now.unix_s += 600;
    assert_int_equal(handed_for_own_lookup(who, token), 0); /* it is still the same process */
}

/* Ticks, a step of a walk apart, until the node walks, or does so no more. */
static void tick_until(bool walking)
{
    const skad_handover_state *handover = skad_node_parts_of(handover_fixture.node).handover;
    for (unsigned i = 0; handover->walking != walking && i < 200; i++) {
        handover_fixture.now.mono_us += SKAD_HANDOVER_STEP_US;
        skad_node_tick(handover_fixture.node, handover_fixture.now);
        (void)test_fixture_drain(&handover_fixture);
    }
    assert_int_equal(handover->walking, walking);
}

/* With lazy allocation the lists are freed with the last walk, and not before. */
static void the_lists_last_as_long_as_a_newcomer_waits(void **state)
{
    (void)state;
    const skad_handover_state *handover = skad_node_parts_of(handover_fixture.node).handover;
    *skad_node_parts_of(handover_fixture.node).lazy_allocation = true;
    skad_node_tick(handover_fixture.node, handover_fixture.now);
    handover_hold_many(3 * SKAD_HANDOVER_RECORDS); /* a walk of some steps */
    handover_comes(&handover_fixture.remotes[0], 7);
    tick_until(true);
    handover_comes(&handover_fixture.remotes[1], 7);
    tick_until(false);
    assert_int_equal(handover->arrived_count, 1);
    assert_non_null(handover->arrived);
    assert_int_equal(handover->step_us, handover_fixture.now.mono_us + SKAD_HANDOVER_DELAY_US);
    tick_until(true);
    assert_int_equal(handover->served_count, 1);
    tick_until(false);
    assert_null(handover->arrived);
    assert_int_equal(handover->step_us, UINT64_MAX);
    handover_comes(&handover_fixture.remotes[1], 8);
    assert_int_equal(handover->arrived_count, 1);
}

/* While a walk is under way, nothing but its next step is due. */
static void the_deadline_is_that_of_the_next_step_or_walk(void **state)
{
    (void)state;
    const skad_node_parts parts = skad_node_parts_of(handover_fixture.node);
    parts.handover->round_us = 500;
    parts.handover->step_us = UINT64_MAX;
    assert_int_equal(skad_handover_deadline(handover_fixture.node), 500);
    parts.handover->step_us = 400;
    assert_int_equal(skad_handover_deadline(handover_fixture.node), 400);
    parts.handover->step_us = 600;
    assert_int_equal(skad_handover_deadline(handover_fixture.node), 500);
    parts.handover->walking = true;
    assert_int_equal(skad_handover_deadline(handover_fixture.node), 600);
    parts.join->joined = false;
    assert_int_equal(skad_handover_deadline(handover_fixture.node), UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            sixteen_newcomers_are_served_by_a_walk_and_the_rest_is_counted, begin_among_a_score,
            handover_end),
        cmocka_unit_test_setup_teardown(who_was_served_last_gives_way_to_who_was_not,
                                        begin_among_a_score, handover_end),
        cmocka_unit_test_setup_teardown(a_restart_is_suspected_every_two_minutes, begin_among_few,
                                        handover_end),
        cmocka_unit_test_setup_teardown(
            a_suspected_peer_is_served_once_for_each_token_that_it_grants, begin_among_few,
            handover_end),
        cmocka_unit_test_setup_teardown(a_peer_that_was_silent_is_served_what_it_missed,
                                        begin_among_few, handover_end),
        cmocka_unit_test_setup_teardown(who_fell_silent_while_it_was_served_is_served_all_once_more,
                                        begin_among_few, handover_end),
        cmocka_unit_test_setup_teardown(without_a_token_no_record_is_sent, begin_among_few,
                                        handover_end),
        cmocka_unit_test_setup_teardown(the_deadline_is_that_of_the_next_step_or_walk,
                                        begin_among_few, handover_end),
        cmocka_unit_test_setup_teardown(the_lists_last_as_long_as_a_newcomer_waits, begin_among_few,
                                        handover_end),
    };
    return cmocka_run_group_tests_name("handover_arrivals", tests, NULL, NULL);
}
