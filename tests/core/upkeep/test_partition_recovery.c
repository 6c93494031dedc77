/* Finding again whom we lost: who is remembered, when they are asked again, what begins when one of
 * them answers, and that nobody can make it more. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/base/instant.h"
#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "src/core/upkeep/partition_recovery.h"
#include "tests/support/fixture.h"
#include "tests/support/prng.h"

#define MINUTE_US (60 * SKAD_US_PER_S)
#define HOUR_US   (60 * MINUTE_US)
#define DAY_US    (24 * HOUR_US)
#define PEERS     12

/* Strangers from `silent_from` up to `silent_to` do not answer. Who is `guide` names `hidden`. */
typedef struct play {
    size_t silent_from;
    size_t silent_to;
    const test_remote *guide;
    const test_remote *hidden;
    unsigned asked_for_us; /* FIND_NODE for the node's own ID, at the guide */
} play;

static bool act(test_fixture *fixture, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    play *self = fixture->user;
    size_t index = (size_t)(who - fixture->remotes);
    if (index >= self->silent_from && index < self->silent_to) {
        return false;
    }
    if (who == self->guide && request->kind == SKAD_KIND_FIND_NODE &&
        skad_id_equal(&request->u.find_node.target, &fixture->identity.id)) {
        self->asked_for_us++;
        answer->u.reply.u.nodes.contacts[0] =
            (skad_contact){.id = self->hidden->identity.id, .ipv4 = self->hidden->address};
        answer->u.reply.u.nodes.contacts_count = 1;
    }
    return true;
}

static int begin(void **state)
{
    static test_fixture fixture;
    static play self;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, PEERS);
    self = (play){0};
    fixture.script = act;
    fixture.user = &self;
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    test_fixture_free(*state);
    return 0;
}

static uint64_t lookups(const test_fixture *fixture)
{
    skad_node_stats stats;
    skad_node_stats_get(fixture->node, fixture->now, &stats);
    return stats.lookups;
}

static bool known(const test_fixture *fixture, const test_remote *who)
{
    return skad_peers_find(&skad_node_parts_of(fixture->node).table->peers, &who->identity.id) !=
           SKAD_PEER_NONE;
}

/* Some fall silent and stay so until the table has forgotten them. */
static void lose(test_fixture *fixture, size_t count)
{
    play *self = fixture->user;
    self->silent_to = count;
    test_fixture_run(fixture, 2 * HOUR_US);
    for (size_t i = 0; i < count; i++) {
        assert_false(known(fixture, &fixture->remotes[i]));
    }
}

static void while_all_answer_nothing_is_planned(void **state)
{
    test_fixture *fixture = *state;
    test_fixture_run(fixture, 3 * HOUR_US);
    assert_true(skad_recovery_deadline(fixture->node) == UINT64_MAX);
    assert_int_equal(skad_node_parts_of(fixture->node).recovery->lost_count, 0);
}

static void who_fell_silent_is_asked_for_a_week_less_and_less_often(void **state)
{
    test_fixture *fixture = *state;
    lose(fixture, 2);
    fixture->remotes[0].asked = 0;
    test_fixture_run(fixture, 10 * HOUR_US);
    assert_in_range(fixture->remotes[0].asked, 7, 10); /* hourly by now, and up to a quarter more */
    test_fixture_run(fixture, 6 * DAY_US);
    assert_true(fixture->remotes[0].asked > 100);
    test_fixture_run(fixture, DAY_US);
    fixture->remotes[0].asked = 0;
    test_fixture_run(fixture, 5 * HOUR_US);
    assert_int_equal(fixture->remotes[0].asked, 0);
    assert_true(skad_recovery_deadline(fixture->node) == UINT64_MAX);
}

static void who_answers_again_is_a_peer_again_and_no_longer_missed(void **state)
{
    test_fixture *fixture = *state;
    lose(fixture, 2);
    ((play *)fixture->user)->silent_to = 0;
    test_fixture_run(fixture, 2 * HOUR_US + HOUR_US / 2);
    assert_true(known(fixture, &fixture->remotes[0]));
    assert_true(known(fixture, &fixture->remotes[1]));
    assert_int_equal(skad_node_parts_of(fixture->node).recovery->lost_count, 0);
    assert_true(skad_recovery_deadline(fixture->node) == UINT64_MAX);
}

/* The other side of a network that was parted: nobody here knows any of it, but one who is lost
 * does. */
static void a_lookup_of_ourselves_begins_at_who_answers_again(void **state)
{
    test_fixture *fixture = *state;
    play *self = fixture->user;
    lose(fixture, 1);
    self->guide = &fixture->remotes[0];
    self->hidden = test_fixture_remote(fixture);
    self->silent_to = 0;
    test_fixture_run(fixture, HOUR_US + HOUR_US / 2);
    assert_true(self->asked_for_us > 0);
    assert_true(known(fixture, self->hidden));
}

static void a_living_peer_that_answers_begins_nothing(void **state)
{
    test_fixture *fixture = *state;
    skad_node *node = fixture->node;
    skad_node_parts_of(node).recovery->open = true;
    uint64_t before = lookups(fixture);
    const test_remote *who = &fixture->remotes[3];
    skad_recovery_answered(node, &who->identity.id, &who->address, true);
    assert_int_equal(lookups(fixture), before);
    for (unsigned i = 0; i < 10; i++) {
        skad_recovery_answered(node, &who->identity.id, &who->address, false);
    }
    assert_int_equal(lookups(fixture), before + 1);
}

/* Node after node joins through the same addresses: their answers are no signs of a split. */
static void the_answers_to_joining_begin_nothing(void **state)
{
    test_fixture *fixture = *state;
    uint64_t before = lookups(fixture);
    const test_remote *who = &fixture->remotes[3];
    skad_recovery_answered(fixture->node, &who->identity.id, &who->address, false);
    assert_int_equal(lookups(fixture), before);
}

/* Requests under way to whoever is there. */
static size_t hellos(skad_node *node)
{
    size_t count = 0;
    for (size_t i = 0; i < skad_node_parts_of(node).pending->high_water; i++) {
        const skad_pending_rpc *rpc = &skad_node_parts_of(node).pending->rpcs[i];
        count += skad_node_parts_of(node).pending->due_us[i] != UINT64_MAX &&
                 rpc->purpose == SKAD_PURPOSE_HELLO && !rpc->has_responder;
    }
    return count;
}

static size_t hellos_of_a_round(test_fixture *fixture, const skad_address *join_address)
{
    skad_node *node = fixture->node;
    const skad_id nobody = {{1}};
    const skad_address nowhere = test_prng_address(9999);
    assert_int_equal(skad_node_join(node, join_address, 1, fixture->now), SKAD_OK);
    skad_recovery_lost(node, &nobody, &nowhere, (skad_second){0});
    test_fixture_run(fixture, 0);
    assert_int_equal(hellos(node), 0);
    fixture->now.mono_us = skad_recovery_deadline(node);
    skad_node_parts_of(node).env->now = fixture->now;
    skad_recovery_tick(node);
    return hellos(node);
}

static void a_round_greets_a_join_address_where_nobody_is_known(void **state)
{
    test_fixture *fixture = *state;
    test_remote *bootstrap = test_fixture_remote(fixture);
    assert_int_equal(hellos_of_a_round(fixture, &bootstrap->address), 1);
    test_fixture_run(fixture, SKAD_US_PER_S);
    assert_true(bootstrap->asked > 1); /* and a lookup of ourselves begins there */
    assert_true(known(fixture, bootstrap));
}

static void a_join_address_where_a_peer_lives_is_let_be(void **state)
{
    test_fixture *fixture = *state;
    assert_int_equal(hellos_of_a_round(fixture, &fixture->remotes[5].address), 0);
}

static void those_known_for_longest_are_remembered(void **state)
{
    test_fixture *fixture = *state;
    skad_node *node = fixture->node;
    fixture->now.mono_us += 1000 * SKAD_US_PER_S;
    skad_node_tick(node, fixture->now);
    (void)test_fixture_drain(fixture);
    const skad_address nowhere = test_prng_address(9999);
    uint32_t now_s = skad_second_at(fixture->now.mono_us).s;
    for (uint8_t i = 0; i < 2 * SKAD_LOST_MAX; i++) {
        skad_id id = {{i}};
        uint32_t known_for_s = i < SKAD_LOST_MAX ? 500U + i : i % 2 == 0 ? 10 : 600;
        skad_recovery_lost(node, &id, &nowhere, (skad_second){now_s - known_for_s});
        skad_recovery_lost(node, &id, &nowhere, (skad_second){now_s - known_for_s});
    }
    assert_int_equal(skad_node_parts_of(node).recovery->lost_count, SKAD_LOST_MAX);
    size_t old = 0;
    for (size_t i = 0; i < SKAD_LOST_MAX; i++) {
        assert_true(skad_node_parts_of(node).recovery->lost[i].known_for_s >
                    500 + SKAD_LOST_MAX / 2 - 1);
        old += skad_node_parts_of(node).recovery->lost[i].known_for_s == 600;
    }
    assert_int_equal(old, SKAD_LOST_MAX / 2);
}

/* Of many at once each may be a sign of a split. */
static void a_mass_timeout_makes_rounds_frequent_again(void **state)
{
    test_fixture *fixture = *state;
    play *self = fixture->user;
    skad_recovery_state *recovery = skad_node_parts_of(fixture->node).recovery;
    self->silent_to = 1; /* one is none */
    test_fixture_run(fixture, 2 * HOUR_US);
    assert_true(recovery->pause_us == SKAD_RECOVERY_PAUSE_US_MAX);
    self->silent_to = PEERS / 2;
    uint64_t deadline_us = fixture->now.mono_us + 2 * SKAD_MASS_TIMEOUT_US;
    while (recovery->pause_us == SKAD_RECOVERY_PAUSE_US_MAX && fixture->now.mono_us < deadline_us) {
        test_fixture_run(fixture, SKAD_US_PER_S);
    }
    assert_true(recovery->pause_us == SKAD_RECOVERY_PAUSE_US_MIN);
    assert_in_range(skad_recovery_deadline(fixture->node) - fixture->now.mono_us, 1,
                    SKAD_RECOVERY_PAUSE_US_MIN * 5 / 4);
}

/* A network whose peers always come and go is not split each time. */
static void a_steady_coming_and_going_is_no_mass_timeout(void **state)
{
    test_fixture *fixture = *state;
    skad_node *node = fixture->node;
    const skad_address nowhere = test_prng_address(9999);
    unsigned mass_timeouts = 0;
    for (unsigned i = 0; i < 4 * PEERS; i++) { /* as many as there are in a quarter of an hour */
        const skad_id id = {{(uint8_t)i}};
        skad_node_parts_of(node).recovery->pause_us = SKAD_RECOVERY_PAUSE_US_MAX;
        skad_recovery_lost(node, &id, &nowhere, (skad_second){0});
        mass_timeouts += skad_node_parts_of(node).recovery->pause_us == SKAD_RECOVERY_PAUSE_US_MIN;
        fixture->now.mono_us += SKAD_MASS_TIMEOUT_US / PEERS;
        skad_node_parts_of(node).env->now = fixture->now;
    }
    assert_int_equal(mass_timeouts, 1); /* the first, before it was known how things are here */
}

/* Peers that fall silent and return as they like do not drive us. */
static void rounds_are_a_minute_apart_whoever_falls_silent(void **state)
{
    test_fixture *fixture = *state;
    skad_node *node = fixture->node;
    const skad_address nowhere = test_prng_address(9999);
    uint64_t before = lookups(fixture);
    for (unsigned second = 0; second < 3600; second++) {
        skad_id id = {{(uint8_t)second, (uint8_t)(second >> 8)}};
        test_fixture_run(fixture, SKAD_US_PER_S);
        skad_node_parts_of(node).recovery->window_us =
            UINT64_MAX; /* as if each were a mass timeout */
        skad_node_parts_of(node).recovery->mass_timeout = false;
        skad_node_parts_of(node).recovery->fell_before = 0;
        skad_node_parts_of(node).recovery->fell = PEERS;
        skad_recovery_lost(node, &id, &nowhere, (skad_second){0});
    }
    assert_in_range(lookups(fixture) - before, 20, 60 * 2 + 10); /* refreshes included */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(while_all_answer_nothing_is_planned, begin, end),
        cmocka_unit_test_setup_teardown(who_fell_silent_is_asked_for_a_week_less_and_less_often,
                                        begin, end),
        cmocka_unit_test_setup_teardown(who_answers_again_is_a_peer_again_and_no_longer_missed,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_lookup_of_ourselves_begins_at_who_answers_again, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_living_peer_that_answers_begins_nothing, begin, end),
        cmocka_unit_test_setup_teardown(the_answers_to_joining_begin_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_round_greets_a_join_address_where_nobody_is_known, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_join_address_where_a_peer_lives_is_let_be, begin, end),
        cmocka_unit_test_setup_teardown(those_known_for_longest_are_remembered, begin, end),
        cmocka_unit_test_setup_teardown(a_mass_timeout_makes_rounds_frequent_again, begin, end),
        cmocka_unit_test_setup_teardown(a_steady_coming_and_going_is_no_mass_timeout, begin, end),
        cmocka_unit_test_setup_teardown(rounds_are_a_minute_apart_whoever_falls_silent, begin, end),
    };
    return cmocka_run_group_tests_name("partition_recovery", tests, NULL, NULL);
}
