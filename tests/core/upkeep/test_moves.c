/* Addresses that change: what a node does when it moved, and when a peer did.
 * tests/e2e/world/test_addresses.sh has whole daemons whose machines move. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "proto/address.h"
#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/endpoints.h"
#include "src/core/upkeep/moves.h"
#include "tests/support/fixture.h"

static test_fixture fixture;

#define PEERS 40

/* What the remote peers do, and what they were sent. */
typedef struct play {
    unsigned pings;    /* since the last look */
    unsigned shown;    /* of these, with a token */
    bool silent;       /* all of them */
    size_t silent_one; /* only this one; PEERS: none */
    skad_address ours; /* where they say that we are; NONE: they say anything */
} play;

static play acts;

static bool act(test_fixture *made, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    acts.pings += request->kind == SKAD_KIND_PING;
    if (acts.ours.family != SKAD_FAMILY_NONE) {
        answer->u.reply.observed = acts.ours;
    }
    return !acts.silent && (size_t)(who - made->remotes) != acts.silent_one;
}

static int begin(void **state)
{
    (void)state;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, PEERS);
    acts = (play){.silent_one = PEERS};
    fixture.script = act;
    test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
    assert_true(test_fixture_stats(&fixture).joined);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static skad_peers *peers(void)
{
    return &skad_node_parts_of(fixture.node).table->peers;
}

static bool has_token(size_t remote)
{
    const skad_peer_slot slot = skad_peers_find(peers(), &fixture.remotes[remote].identity.id);
    return slot != SKAD_PEER_NONE &&
           skad_endpoint_token(peers(), slot, 0, fixture.now.mono_us) != NULL;
}

static size_t count_tokens(void)
{
    size_t count = 0;
    for (size_t i = 0; i < PEERS; i++) {
        count += has_token(i);
    }
    return count;
}

static bool next_event(skad_event_kind kind)
{
    skad_event event;
    bool found = false;
    while (skad_node_poll_event(fixture.node, &event)) {
        found |= event.kind == kind;
    }
    return found;
}

/* ---- We moved ---- */

static void tokens_of_the_old_address_are_shown_no_more(void **state)
{
    (void)state;
    assert_true(count_tokens() > PEERS / 2);
    skad_node_moved(fixture.node, SKAD_FAMILY_IPV4, fixture.now);
    assert_int_equal(count_tokens(), 0);
}

static void another_family_is_left_alone(void **state)
{
    (void)state;
    const size_t before = count_tokens();
    (void)test_fixture_drain(&fixture);
    skad_node_moved(fixture.node, SKAD_FAMILY_IPV6, fixture.now);
    skad_node_moved(fixture.node, 0, fixture.now);
    assert_int_equal(count_tokens(), before);
    assert_int_equal(test_fixture_drain(&fixture), 0);
}

/* Some at once, the rest within a second; and each a second time, with the token that its answer
 * granted. */
static void all_peers_are_checked(void **state)
{
    (void)state;
    const size_t known = test_fixture_stats(&fixture).peers;
    (void)test_fixture_drain(&fixture);
    skad_node_moved(fixture.node, SKAD_FAMILY_IPV4, fixture.now);
    acts.pings = 0;
    test_fixture_play(&fixture);
    assert_in_range(acts.pings, SKAD_MOVES_AT_ONCE, 2 * SKAD_MOVES_AT_ONCE);
    test_fixture_run(&fixture, 15 * SKAD_US_PER_S);
    assert_in_range(acts.pings, known + SKAD_MOVES_AT_ONCE, 2 * known); /* as there is room */
    assert_true(count_tokens() > PEERS / 2);
    assert_true(test_fixture_stats(&fixture).joined);
    assert_false(next_event(SKAD_EVENT_ISOLATED));
}

static void a_node_that_hears_nothing_after_a_move_joins_anew(void **state)
{
    (void)state;
    (void)next_event(SKAD_EVENT_JOINED);
    acts.silent = true;
    skad_node_moved(fixture.node, SKAD_FAMILY_IPV4, fixture.now);
    test_fixture_run(&fixture, SKAD_MOVES_PATIENCE_US - SKAD_US_PER_S);
    assert_true(test_fixture_stats(&fixture).joined);
    test_fixture_run(&fixture, 2 * SKAD_US_PER_S);
    assert_false(test_fixture_stats(&fixture).joined);
    assert_true(next_event(SKAD_EVENT_ISOLATED));
    assert_int_equal(skad_node_parts_of(fixture.node).join->lookup, 0); /* it asks no old peers */
    acts.silent = false;
    assert_int_equal(skad_node_join(fixture.node, &fixture.remotes[0].address, 1, fixture.now),
                     SKAD_OK);
    test_fixture_run(&fixture, 10 * SKAD_US_PER_S);
    assert_true(test_fixture_stats(&fixture).joined);
    assert_true(next_event(SKAD_EVENT_JOINED));
}

static void join_addresses_are_greeted_at_once(void **state)
{
    static const skad_address nowhere = {.family = SKAD_FAMILY_IPV4, .port = 1, .ip = {9, 9, 9, 9}};
    (void)state;
    skad_datagram datagram;
    bool greeted = false;
    assert_int_equal(skad_node_join(fixture.node, &nowhere, 1, fixture.now), SKAD_OK);
    (void)test_fixture_drain(&fixture);
    skad_node_moved(fixture.node, SKAD_FAMILY_IPV4, fixture.now);
    while (skad_node_poll_datagram(fixture.node, &datagram)) {
        greeted |= skad_address_equal(&datagram.to, &nowhere);
    }
    assert_true(greeted);
}

/* ---- What peers say ---- */

static skad_address named(uint8_t last)
{
    return (skad_address){.family = SKAD_FAMILY_IPV4, .port = 4700, .ip = {8, 100, 100, last}};
}

static bool agreed(uint8_t last)
{
    const skad_address want = named(last);
    const skad_node_stats stats = test_fixture_stats(&fixture);
    return skad_address_equal(&stats.observed[0], &want);
}

static void hear(uint8_t last)
{
    acts.ours = named(last);
    skad_node_moved(fixture.node, SKAD_FAMILY_IPV4, fixture.now);
    test_fixture_run(&fixture, 5 * SKAD_US_PER_S);
    assert_true(agreed(last));
}

static void an_old_address_is_agreed_about_no_longer(void **state)
{
    (void)state;
    hear(1);
    skad_node_moved(fixture.node, SKAD_FAMILY_IPV4, fixture.now);
    assert_int_equal(test_fixture_stats(&fixture).observed[0].family, SKAD_FAMILY_NONE);
    hear(2);
}

/* Where the driver cannot tell: the checks of two minutes bring what peers see. */
static void peers_that_agree_about_another_address_show_a_move(void **state)
{
    (void)state;
    hear(1);
    acts.ours = named(2);
    acts.pings = 0;
    test_fixture_run(&fixture, 900 * SKAD_US_PER_S);
    assert_true(agreed(2));
    assert_true(skad_node_parts_of(fixture.node).moves->observed_us != 0);
}

/* A line with two ways out: peers see now the one, now the other. */
static void peers_that_differ_all_the_time_drive_little(void **state)
{
    (void)state;
    hear(1);
    const uint64_t began_us = fixture.now.mono_us;
    skad_moves *moves = skad_node_parts_of(fixture.node).moves;
    unsigned moved = 0;
    uint64_t before_us = moves->observed_us;
    for (unsigned i = 0; i < 3000; i++) {
        const skad_address seen = named((uint8_t)(1 + i % 2));
        for (size_t j = 0; j < SKAD_OBSERVED_VOTES; j++) {
            skad_vote *vote = &skad_node_parts_of(fixture.node).observed->votes[0][j];
            vote->address = seen;
            vote->cast = skad_second_at(fixture.now.mono_us);
        }
        ((skad_moves *)moves)->own[0] = named((uint8_t)(2 - i % 2));
        test_fixture_knock(&fixture, &fixture.remotes[i % PEERS]);
        acts.ours = seen;
        test_fixture_run(&fixture, 100 * SKAD_US_PER_MS);
        moved += moves->observed_us != before_us;
        before_us = moves->observed_us;
    }
    const uint64_t passed_us = fixture.now.mono_us - began_us;
    assert_in_range(moved, 1, passed_us / SKAD_MOVES_AGAIN_US + 1);
}

/* ---- A peer moved ---- */

static const skad_address new_home = {
    .family = SKAD_FAMILY_IPV4, .port = 4711, .ip = {8, 77, 77, 77}};

static bool is_known_at(size_t remote, const skad_address *address)
{
    const skad_peer_slot slot = skad_peers_find(peers(), &fixture.remotes[remote].identity.id);
    return slot != SKAD_PEER_NONE && skad_endpoint_is(peers(), slot, address);
}

/* A peer asks from another address, with a token of that one or without. */
static void ask_from(size_t remote, const skad_address *address, bool shows_token)
{
    test_remote moved = fixture.remotes[remote];
    const skad_message ping = {.kind = SKAD_KIND_PING};
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_datagram request;
    moved.address = *address;
    test_fixture_token(&fixture, &moved, token);
    test_fixture_request(&fixture, &moved, &ping, shows_token ? token : NULL, &request);
    assert_int_equal(test_fixture_deliver(&fixture, address, &request), SKAD_VERDICT_ACCEPT);
}

/* How many datagrams the node sends to an address now; all are thrown away. */
static size_t sent_to(const skad_address *address)
{
    skad_datagram datagram;
    size_t count = 0;
    while (skad_node_poll_datagram(fixture.node, &datagram)) {
        count += datagram.request && skad_address_equal(&datagram.to, address);
    }
    return count;
}

static void a_peer_that_moved_is_known_at_its_new_address_within_seconds(void **state)
{
    (void)state;
    const skad_address old = fixture.remotes[0].address;
    assert_true(is_known_at(0, &old));
    fixture.remotes[0].address = new_home; /* the old one is silent from now on */
    ask_from(0, &new_home, true);
    assert_true(is_known_at(0, &old)); /* not by asking alone */
    test_fixture_run(&fixture, 8 * SKAD_US_PER_S);
    assert_true(is_known_at(0, &new_home));
}

static void a_peer_that_still_answers_keeps_its_address(void **state)
{
    (void)state;
    const skad_address old = fixture.remotes[0].address;
    ask_from(0, &new_home, true);
    test_fixture_run(&fixture, 8 * SKAD_US_PER_S);
    assert_true(is_known_at(0, &old));
}

/* Otherwise any sender could have us ping any peer, and a victim. */
static void without_a_token_nothing_is_checked(void **state)
{
    (void)state;
    (void)test_fixture_drain(&fixture);
    ask_from(0, &new_home, false);
    assert_int_equal(sent_to(&fixture.remotes[0].address), 0);
}

static void a_peer_that_asks_again_and_again_drives_one_check_in_ten_seconds(void **state)
{
    (void)state;
    const skad_address old = fixture.remotes[0].address;
    size_t checks = 0;
    (void)test_fixture_drain(&fixture);
    for (unsigned i = 0; i < 20; i++) {
        ask_from(0, &new_home, true);
        checks += sent_to(&old);
        fixture.now.mono_us += 400 * SKAD_US_PER_MS;
    }
    assert_int_equal(checks, 1);
    fixture.now.mono_us += SKAD_MOVES_SUSPECT_US;
    skad_node_tick(fixture.node, fixture.now);
}

/* It moves on before the first check has timed out, and once more right after. */
static void a_peer_that_moves_again_and_again_is_found(void **state)
{
    (void)state;
    skad_address home = new_home;
    for (uint8_t i = 1; i <= 3; i++) {
        home.ip[3] = i;
        fixture.remotes[0].address = home;
        ask_from(0, &home, true);
        home.ip[2] = i;
        fixture.remotes[0].address = home;
        ask_from(0, &home, true);
        test_fixture_run(&fixture, 4 * SKAD_US_PER_S);
        assert_true(is_known_at(0, &home));
    }
}

/* More peers at once than are remembered: the others are found by their next request. */
static void many_that_move_take_no_more_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < PEERS; i++) {
        skad_address home = new_home;
        home.ip[1] = (uint8_t)(100 + i);
        ask_from(i, &home, true);
    }
    assert_true(PEERS > SKAD_MOVES_SUSPECTS);
    assert_true(skad_node_parts_of(fixture.node).moves->next < SKAD_MOVES_SUSPECTS);
    test_fixture_run(&fixture, 20 * SKAD_US_PER_S);
    assert_true(test_fixture_stats(&fixture).joined);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tokens_of_the_old_address_are_shown_no_more),
        TEST(another_family_is_left_alone),
        TEST(all_peers_are_checked),
        TEST(a_node_that_hears_nothing_after_a_move_joins_anew),
        TEST(join_addresses_are_greeted_at_once),
        TEST(an_old_address_is_agreed_about_no_longer),
        TEST(peers_that_agree_about_another_address_show_a_move),
        TEST(peers_that_differ_all_the_time_drive_little),
        TEST(a_peer_that_moved_is_known_at_its_new_address_within_seconds),
        TEST(a_peer_that_still_answers_keeps_its_address),
        TEST(without_a_token_nothing_is_checked),
        TEST(a_peer_that_asks_again_and_again_drives_one_check_in_ten_seconds),
        TEST(a_peer_that_moves_again_and_again_is_found),
        TEST(many_that_move_take_no_more_memory),
    };
    return cmocka_run_group_tests_name("moves", tests, NULL, NULL);
}
