/* What peers can make a node believe about itself, by lies, by silence and by where they stand. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/node/state.h"
#include "src/core/upkeep/join.h"
#include "src/core/upkeep/reachability.h"
#include "tests/support/fixture.h"

static test_fixture fixture;
static skad_kind answer_kind; /* of each helper */
static unsigned probed;

/* Helpers say that some stranger calls, and none does. */
static bool lie(test_fixture *self, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    (void)self;
    (void)who;
    if (request->kind == SKAD_KIND_PROBE) {
        probed++;
        answer->kind = answer_kind;
        if (answer_kind == SKAD_KIND_PROBED) {
            answer->u.reply.u.probed.caller = (skad_address){SKAD_FAMILY_IPV4, 4700, {99, 1, 2, 3}};
        } else {
            answer->u.reply.u.error.code = SKAD_ERROR_BUSY;
        }
    }
    return true;
}

/* A node that has to find out by itself, and knows peers in so many groups. */
static void begin(size_t groups)
{
    skad_profile profile = test_fixture_profile();
    profile.group_table_max = 200;
    profile.group_bucket_max = 200;
    test_fixture_init(&fixture, &profile);
    for (size_t i = 0; i < 12; i++) {
        test_remote *made = test_fixture_remote(&fixture);
        made->address.ip[1] = (uint8_t)(1 + i % groups);
        test_fixture_knock(&fixture, made);
        test_fixture_run(&fixture, SKAD_US_PER_S);
    }
    test_fixture_run(&fixture, 30 * SKAD_US_PER_S);
    fixture.node->role = SKAD_ROLE_AUTO;
    assert_int_equal(skad_reachability_init(fixture.node), SKAD_OK);
    for (size_t i = 0; i < fixture.remotes_count; i++) {
        skad_contacted_note(&fixture.node->contacted, &fixture.remotes[i].address,
                            fixture.now.mono_us);
    }
    fixture.script = lie;
    answer_kind = SKAD_KIND_PROBED;
    probed = 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static const skad_reach_family *ipv4(void)
{
    return &fixture.node->reachability.families[0];
}

/* A request of a stranger from an address. */
static void knock_from(uint8_t a, uint8_t b, uint8_t c)
{
    test_remote *who = test_fixture_remote(&fixture);
    const uint8_t ip[] = {a, b, c, 9};
    memcpy(who->address.ip, ip, sizeof ip);
    test_fixture_knock(&fixture, who);
}

static void liars_of_two_groups_have_no_say(void **state)
{
    (void)state;
    begin(2);
    test_fixture_run(&fixture, 3600 * SKAD_US_PER_S);
    assert_true(probed >= 2);
    assert_int_equal(ipv4()->verdict, SKAD_REACH_UNKNOWN);
}

static void three_groups_of_liars_decide_about_a_node_that_knows_nothing(void **state)
{
    (void)state;
    begin(3);
    test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
    assert_int_equal(ipv4()->verdict, SKAD_REACH_NO);
    assert_int_equal(fixture.node->env.clients, SKAD_FAMILY_IPV4);
    knock_from(88, 1, 1); /* evidence twice undoes it */
    assert_int_equal(ipv4()->verdict, SKAD_REACH_NO);
    knock_from(88, 2, 1);
    assert_int_equal(ipv4()->verdict, SKAD_REACH_YES);
    assert_int_equal(fixture.node->env.clients, 0);
}

static void a_node_that_was_reached_takes_five_groups_and_time(void **state)
{
    (void)state;
    for (size_t groups = 3; groups <= 5; groups += 2) { /* and that of the stranger */
        begin(groups);
        knock_from(88, 1, 1);
        assert_int_equal(ipv4()->verdict, SKAD_REACH_YES);
        test_fixture_run(&fixture, 600 * SKAD_US_PER_S);
        assert_int_equal(ipv4()->verdict, SKAD_REACH_YES);
        test_fixture_run(&fixture, 3600 * SKAD_US_PER_S);
        assert_int_equal(ipv4()->verdict, groups == 3 ? SKAD_REACH_YES : SKAD_REACH_NO);
        if (groups == 3) {
            test_fixture_free(&fixture);
        }
    }
}

static void refusals_are_no_failures_and_are_not_asked_for_without_end(void **state)
{
    (void)state;
    begin(12);
    answer_kind = SKAD_KIND_ERROR;
    test_fixture_run(&fixture, 3600 * SKAD_US_PER_S);
    assert_int_equal(ipv4()->verdict, SKAD_REACH_UNKNOWN);
    assert_true(probed >= 10 && probed <= 100);
}

/* A neighbour behind the same NAT or firewall gets in without passing it. */
static void a_neighbour_is_no_stranger(void **state)
{
    (void)state;
    begin(12);
    skad_node *node = fixture.node;
    const skad_address own = {SKAD_FAMILY_IPV4, 4700, {77, 7, 7, 7}};
    for (size_t i = 0; i < node->table.peers.high_water; i++) {
        const skad_peer *peer = &node->table.peers.peers[i];
        const skad_ballot ballot = {.voter = &peer->id,
                                    .from = &fixture.remotes[i].address,
                                    .observed = &own,
                                    .known = peer->first_seen};
        skad_observed_vote(&node->observed, &ballot, fixture.now.mono_us);
    }
    knock_from(77, 7, 7);
    assert_int_equal(ipv4()->verdict, SKAD_REACH_UNKNOWN);
    knock_from(77, 7, 8);
    assert_int_equal(ipv4()->verdict, SKAD_REACH_YES);
}

/* After a restart the NAT may be open towards peers that the node knew before. */
static void peers_that_are_joined_through_are_no_strangers(void **state)
{
    (void)state;
    begin(12);
    const skad_contact known = {.id = {{1}}, .ipv4 = {SKAD_FAMILY_IPV4, 4700, {66, 1, 1, 9}}};
    const skad_address other = {SKAD_FAMILY_IPV4, 4700, {66, 2, 1, 9}};
    assert_int_equal(skad_join_greet(fixture.node, &known, 1), SKAD_OK);
    assert_int_equal(skad_join_through(fixture.node, &other, 1), SKAD_OK);
    knock_from(66, 1, 1);
    knock_from(66, 2, 1);
    assert_int_equal(ipv4()->verdict, SKAD_REACH_UNKNOWN);
    knock_from(66, 3, 1);
    assert_int_equal(ipv4()->verdict, SKAD_REACH_YES);
}

/* All have become clients, by an outage or a lie: none is left to ask. */
static void without_any_helper_a_verdict_is_void(void **state)
{
    (void)state;
    begin(3);
    test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
    assert_int_equal(ipv4()->verdict, SKAD_REACH_NO);
    for (size_t i = 0; i < fixture.remotes_count; i++) {
        (void)skad_table_unlist(&fixture.node->table, &fixture.remotes[i].identity.id,
                                &fixture.remotes[i].address, fixture.now.mono_us);
    }
    test_fixture_run(&fixture, SKAD_REACH_ALONE_US / 2);
    assert_int_equal(ipv4()->verdict, SKAD_REACH_NO);
    test_fixture_run(&fixture, SKAD_REACH_ALONE_US);
    assert_int_equal(ipv4()->verdict, SKAD_REACH_UNKNOWN);
    assert_int_equal(fixture.node->env.clients, 0);
}

/* A call comes before the answer that announces it. Other requests must not make the node forget.
 */
static void a_flood_does_not_hide_a_call(void **state)
{
    (void)state;
    begin(12);
    skad_node *node = fixture.node;
    const skad_pending_rpc rpc = {
        .address = fixture.remotes[0].address, .owner = 7, .sent_us = fixture.now.mono_us};
    skad_message answer = {.kind = SKAD_KIND_PROBED};
    answer.u.reply.u.probed.caller = fixture.remotes[1].address;
    node->env.now = fixture.now;
    skad_reachability_heard(node, &fixture.remotes[1].address);
    for (size_t i = 0; i < SKAD_REACH_HEARD; i++) {
        skad_reachability_heard(node, &fixture.remotes[2].address);
    }
    skad_reachability_answered(node, &rpc, &answer);
    assert_int_equal(ipv4()->call_until_us, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EACH(name) cmocka_unit_test_teardown(name, end)
        EACH(liars_of_two_groups_have_no_say),
        EACH(three_groups_of_liars_decide_about_a_node_that_knows_nothing),
        EACH(a_node_that_was_reached_takes_five_groups_and_time),
        EACH(refusals_are_no_failures_and_are_not_asked_for_without_end),
        EACH(a_neighbour_is_no_stranger),
        EACH(peers_that_are_joined_through_are_no_strangers),
        EACH(without_any_helper_a_verdict_is_void),
        EACH(a_flood_does_not_hide_a_call),
#undef EACH
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
