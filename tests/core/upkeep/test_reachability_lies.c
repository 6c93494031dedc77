/* What peers can make a node believe about itself, by lies, by silence and by where they stand. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/upkeep/reachability.h"
#include "tests/support/fixture.h"
#include "tests/support/prng.h"

#define PEERS 12

static test_fixture fixture;
static skad_kind answer_kind; /* of each helper */
static unsigned probed;
static unsigned flood; /* requests that hide an honest call, which comes first */

/* Helpers say that some stranger calls, and none does. */
static bool lie(test_fixture *self, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    if (request->kind == SKAD_KIND_PROBE) {
        probed++;
        answer->kind = answer_kind;
        if (answer_kind == SKAD_KIND_PROBED) {
            const test_remote *caller = &self->remotes[who == &self->remotes[1] ? 0 : 1];
            answer->u.reply.u.probed.caller =
                flood > 0 ? caller->address : (skad_address){SKAD_FAMILY_IPV4, 4700, {99, 1, 2, 3}};
            for (unsigned i = 0; i < flood; i++) {
                test_fixture_knock(self, i == 0 ? caller : &self->remotes[2]);
            }
        } else {
            answer->u.reply.u.error.code = SKAD_ERROR_BUSY;
        }
    }
    return true;
}

static uint8_t verdict(void)
{
    return test_fixture_stats(&fixture).reach[0];
}

/* A node that has to find out by itself, and knows peers in so many groups. */
static void begin(size_t groups)
{
    skad_profile profile = test_fixture_profile();
    profile.group_table_max = 200;
    profile.group_bucket_max = 200;
    test_fixture_role = SKAD_ROLE_AUTO;
    test_fixture_init(&fixture, &profile);
    test_fixture_role = SKAD_ROLE_SERVER;
    fixture.script = lie;
    answer_kind = SKAD_KIND_ERROR; /* until all have come */
    flood = 0;
    skad_address addresses[PEERS];
    for (size_t i = 0; i < PEERS; i++) {
        test_remote *made = test_fixture_remote(&fixture);
        made->address.ip[1] = (uint8_t)(1 + i % groups);
        addresses[i] = made->address;
    }
    assert_int_equal(skad_node_join(fixture.node, addresses, PEERS, fixture.now), SKAD_OK);
    test_fixture_run(&fixture, 30 * SKAD_US_PER_S);
    assert_int_equal(test_fixture_stats(&fixture).peers, PEERS);
    assert_int_equal(verdict(), SKAD_REACH_UNKNOWN);
    answer_kind = SKAD_KIND_PROBED;
    probed = 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
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
    assert_int_equal(verdict(), SKAD_REACH_UNKNOWN);
}

static void three_groups_of_liars_decide_about_a_node_that_knows_nothing(void **state)
{
    (void)state;
    begin(3);
    test_fixture_run(&fixture, 180 * SKAD_US_PER_S);
    assert_int_equal(verdict(), SKAD_REACH_NO);
    assert_int_equal(test_fixture_stats(&fixture).clients, SKAD_FAMILY_IPV4);
    knock_from(88, 1, 1); /* evidence twice undoes it */
    assert_int_equal(verdict(), SKAD_REACH_NO);
    knock_from(88, 2, 1);
    assert_int_equal(verdict(), SKAD_REACH_YES);
    assert_int_equal(test_fixture_stats(&fixture).clients, 0);
}

static void a_node_that_was_reached_takes_five_groups_and_time(void **state)
{
    (void)state;
    for (size_t groups = 3; groups <= 5; groups += 2) { /* and that of the stranger */
        begin(groups);
        knock_from(88, 1, 1);
        assert_int_equal(verdict(), SKAD_REACH_YES);
        test_fixture_run(&fixture, 600 * SKAD_US_PER_S);
        assert_int_equal(verdict(), SKAD_REACH_YES);
        test_fixture_run(&fixture, 3600 * SKAD_US_PER_S);
        assert_int_equal(verdict(), groups == 3 ? SKAD_REACH_YES : SKAD_REACH_NO);
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
    assert_int_equal(verdict(), SKAD_REACH_UNKNOWN);
    assert_true(probed >= 10 && probed <= 100);
}

/* A neighbour behind the same NAT or firewall gets in without passing it. */
static void a_neighbour_is_no_stranger(void **state)
{
    (void)state;
    begin(12);
    const skad_address own = test_prng_address(1); /* as all peers say */
    test_remote *neighbour = test_fixture_remote(&fixture);
    neighbour->address = own;
    neighbour->address.ip[3] ^= 1;
    test_fixture_knock(&fixture, neighbour);
    assert_int_equal(verdict(), SKAD_REACH_UNKNOWN);
    knock_from(77, 7, 8);
    assert_int_equal(verdict(), SKAD_REACH_YES);
}

/* After a restart the NAT may be open towards peers that the node knew before. */
static void peers_that_are_joined_through_are_no_strangers(void **state)
{
    (void)state;
    begin(12);
    const skad_address known = {SKAD_FAMILY_IPV4, 4700, {66, 2, 1, 9}};
    assert_int_equal(skad_node_join(fixture.node, &known, 1, fixture.now), SKAD_OK);
    knock_from(66, 2, 1);
    assert_int_equal(verdict(), SKAD_REACH_UNKNOWN);
    knock_from(66, 3, 1);
    assert_int_equal(verdict(), SKAD_REACH_YES);
}

/* What the node sends is lost. */
static void run_in_silence(unsigned seconds)
{
    for (unsigned i = 0; i < seconds; i++) {
        fixture.now.mono_us += SKAD_US_PER_S;
        skad_node_tick(fixture.node, fixture.now);
        (void)test_fixture_drain(&fixture);
    }
}

/* All have become clients, by an outage or a lie, or are gone: none is left to ask. */
/* The role that the last event names. */
static skad_role told_role(skad_reach verdict)
{
    skad_event event;
    skad_event last = {0};
    while (skad_node_poll_event(fixture.node, &event)) {
        last = event.kind == SKAD_EVENT_REACHABILITY ? event : last;
    }
    assert_int_equal(last.kind, SKAD_EVENT_REACHABILITY);
    assert_int_equal(last.u.reachability.verdict, verdict);
    return (skad_role)last.u.reachability.role;
}

static void without_any_helper_a_verdict_is_void(void **state)
{
    (void)state;
    begin(3);
    test_fixture_run(&fixture, 180 * SKAD_US_PER_S);
    assert_int_equal(verdict(), SKAD_REACH_NO);
    assert_int_equal(told_role(SKAD_REACH_NO), SKAD_ROLE_CLIENT);
    run_in_silence(600);
    assert_int_equal(verdict(), SKAD_REACH_NO);
    run_in_silence(2 * 3600);
    assert_int_equal(verdict(), SKAD_REACH_UNKNOWN);
    assert_int_equal(told_role(SKAD_REACH_UNKNOWN), SKAD_ROLE_SERVER);
    assert_int_equal(test_fixture_stats(&fixture).clients, 0);
}

/* A call comes before the answer that announces it. Other requests must not make the node forget.
 */
static void a_flood_does_not_hide_a_call(void **state)
{
    (void)state;
    begin(12);
    flood = 1 + SKAD_REACH_HEARD;
    test_fixture_run(&fixture, 1800 * SKAD_US_PER_S);
    assert_true(probed >= 3);
    assert_int_equal(verdict(), SKAD_REACH_UNKNOWN);
}

/* A gateway may say that it lets us in, and then not, without end. */
static void to_be_told_without_end_brings_a_probe_in_two_seconds(void **state)
{
    (void)state;
    static const uint64_t pauses_us[] = {SKAD_US_PER_S / 10, 60 * SKAD_US_PER_S};
    static const unsigned at_most[] = {600 / 2 + 1, 10 * (SKAD_REACH_AGAIN + 3)};
    for (unsigned i = 0; i < 4; i++) {
        begin(12);
        if (i / 2 == 1) {
            test_fixture_run(&fixture, 300 * SKAD_US_PER_S);
            assert_int_equal(verdict(), SKAD_REACH_NO);
        }
        answer_kind = SKAD_KIND_ERROR;
        probed = 0;
        const uint64_t began_us = fixture.now.mono_us;
        while (fixture.now.mono_us - began_us < 600 * SKAD_US_PER_S) {
            skad_node_reach_again(fixture.node, SKAD_FAMILY_IPV4, fixture.now);
            test_fixture_run(&fixture, pauses_us[i % 2]);
        }
        print_message("told every %.1f s, %s: %u probes in ten minutes\n",
                      (double)pauses_us[i % 2] / SKAD_US_PER_S,
                      i / 2 == 1 ? "unreachable" : "unknown", probed);
        assert_in_range(probed, 50, at_most[i % 2]);
        if (i < 3) {
            test_fixture_free(&fixture);
        }
    }
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
        EACH(to_be_told_without_end_brings_a_probe_in_two_seconds),
#undef EACH
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
