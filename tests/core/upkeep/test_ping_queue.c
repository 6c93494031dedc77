/* Pings of peers that asked us something and are not known yet: at what rate they leave, whom they
 * go to, and whom not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/node/parts.h"
#include "src/core/upkeep/ping_queue.h"
#include "tests/support/failing_allocation.h"
#include "tests/support/fixture.h"
#include "tests/support/prng.h"

/* ---- The queue ---- */

static test_fixture alone; /* knows nobody, so that it pings anybody */

static int begin(void **state)
{
    skad_profile profile = test_fixture_profile();
    (void)state;
    test_fixture_init(&alone, &profile);
    skad_node_tick(alone.node, alone.now);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_allocation_fail(0);
    test_fixture_free(&alone);
    return 0;
}

static void consider_at(uint32_t number, const skad_address *address, bool validated)
{
    const skad_ping_target target = {.id = {{(uint8_t)(number >> 8), (uint8_t)number, 1}},
                                     .address = *address,
                                     .validated = validated};
    skad_ping_queue_consider(alone.node, &target);
}

static void consider(uint32_t number)
{
    const skad_address address = test_prng_address(number);
    consider_at(number, &address, true);
}

static uint64_t waiting(void)
{
    skad_usage caps[SKAD_CAP_COUNT];
    skad_node_caps(alone.node, alone.now, caps);
    return caps[SKAD_CAP_UNVERIFIED].used;
}

/* Ticks once, so much later; returns how many pings left. */
static size_t tick(uint64_t later_us)
{
    alone.now.mono_us += later_us;
    skad_node_tick(alone.node, alone.now);
    return test_fixture_drain(&alone);
}

static void sixty_four_may_wait_and_each_of_them_once(void **state)
{
    (void)state;
    consider(1);
    consider(1);
    assert_int_equal(waiting(), 1);
    for (uint32_t number = 1; number <= 64; number++) {
        consider(number);
    }
    assert_int_equal(waiting(), 64);
    consider(65);
    assert_int_equal(waiting(), 64);
}

static void one_ping_leaves_every_twenty_milliseconds(void **state)
{
    (void)state;
    const skad_ping_queue *queue = skad_node_parts_of(alone.node).ping_queue;
    assert_true(skad_ping_queue_deadline(queue) == UINT64_MAX);
    for (uint32_t number = 1; number <= 3; number++) {
        consider(number);
    }
    assert_int_equal(tick(0), 1);
    assert_int_equal(skad_ping_queue_deadline(queue), alone.now.mono_us + 20000);
    assert_int_equal(tick(0), 0);
    assert_int_equal(tick(19999), 0);
    assert_int_equal(tick(1), 1);
    consider(4);
    consider(5);
    assert_int_equal(tick(SKAD_US_PER_S), 1);
    assert_int_equal(tick(0), 0); /* what was not used is not saved */
    assert_int_equal(tick(20000), 1);
    assert_int_equal(tick(20000), 1);
    assert_int_equal(waiting(), 0);
    assert_true(skad_ping_queue_deadline(queue) == UINT64_MAX);
}

/* A quarter of what operations may have under way. A target is given up after three seconds. */
static void twenty_four_may_be_awaited_at_once(void **state)
{
    (void)state;
    size_t sent = 0;
    for (uint32_t number = 1; number <= 64; number++) {
        consider(number);
    }
    for (unsigned i = 0; i < 100; i++) {
        sent += tick(20000);
    }
    assert_int_equal(sent, 24);
    assert_int_equal(waiting(), 64 - 24);
    (void)tick(SKAD_US_PER_S + 20000); /* the first was asked three seconds ago */
    assert_in_range(waiting(), 64 - 24 - 2, 64 - 24 - 1);
}

static void without_memory_a_target_is_ignored_and_the_next_is_not(void **state)
{
    (void)state;
    skad_ping_queue *queue = skad_node_parts_of(alone.node).ping_queue;
    skad_ping_queue_free(queue);
    test_allocation_fail(1);
    assert_int_equal(skad_ping_queue_init(queue, 0, false), SKAD_ERR_MEMORY);
    skad_ping_queue_free(queue);
    assert_int_equal(skad_ping_queue_init(queue, 0, true), SKAD_OK);
    test_allocation_fail(1);
    consider(1);
    assert_true(test_allocation_failed());
    assert_int_equal(waiting(), 0);
    for (uint32_t number = 1; number <= 65; number++) {
        consider(number);
    }
    assert_int_equal(waiting(), 64);
}

static bool one_does_not_answer(test_fixture *fixture, test_remote *who,
                                const skad_message *request, skad_message *answer)
{
    (void)request;
    (void)answer;
    return who != fixture->user;
}

static unsigned asked_in_all(const test_fixture *fixture)
{
    unsigned asked = 0;
    for (size_t i = 0; i < fixture->remotes_count; i++) {
        asked += fixture->remotes[i].asked;
    }
    return asked;
}

/* ---- Whom the table has a place for ---- */

static void an_unverified_peer_is_pinged_once_at_a_time(void **state)
{
    (void)state;
    static test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 5);
    test_remote *who = test_fixture_remote(&fixture);
    fixture.script = one_does_not_answer;
    fixture.user = who;
    for (unsigned i = 0; i < 5; i++) {
        test_fixture_knock(&fixture, who);
        test_fixture_run(&fixture, 30 * SKAD_US_PER_MS);
    }
    assert_int_equal(who->asked, 1);
    test_fixture_free(&fixture);
}

static bool only_one_answers(test_fixture *fixture, test_remote *who, const skad_message *request,
                             skad_message *answer)
{
    (void)request;
    (void)answer;
    return who == fixture->user;
}

/* Those whom a joining node asked ping it in return: it knows them already. */
static void who_joins_pings_nobody_that_it_knows(void **state)
{
    (void)state;
    static test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 5);
    test_remote *who = &fixture.remotes[2];
    fixture.script = only_one_answers;
    fixture.user = who;
    skad_node_parts_of(fixture.node).join->joined = false;
    skad_node_tick(fixture.node, fixture.now);
    test_fixture_run(&fixture, 20 * SKAD_US_PER_MS);
    unsigned before = who->asked;
    assert_true(before > 0);
    test_fixture_knock(&fixture, who);
    test_fixture_run(&fixture, 20 * SKAD_US_PER_MS);
    assert_true(skad_node_parts_of(fixture.node).join->lookup !=
                0); /* which waits for the others */
    assert_int_equal(who->asked, before);
    test_fixture_free(&fixture);
}

/* ---- A table full of the dead ---- */

static bool the_first_are_dead(test_fixture *fixture, test_remote *who, const skad_message *request,
                               skad_message *answer)
{
    (void)request;
    (void)answer;
    return (size_t)(who - fixture->remotes) >= *(size_t *)fixture->user;
}

/* Forty peers in buckets of two, all of whom died while nobody else was there to be heard. */
static void begin_among_the_dead(test_fixture *fixture, size_t *dead)
{
    skad_profile profile = test_fixture_profile();
    profile.k = 2;
    profile.siblings = 2;
    test_fixture_init(fixture, &profile);
    for (size_t i = 0; i < 40; i++) {
        (void)test_fixture_remote(fixture);
    }
    *dead = 0;
    fixture->script = the_first_are_dead;
    fixture->user = dead;
    for (size_t i = 0; i < 40; i++) {
        test_fixture_knock(fixture, &fixture->remotes[i]);
        test_fixture_run(fixture, SKAD_US_PER_S);
    }
    *dead = 40;
    test_fixture_run(fixture, 1200 * SKAD_US_PER_S);
    assert_false(skad_node_parts_of(fixture->node).join->joined);
}

/* Somebody whom the table has no place for: its farthest bucket and cache are full. */
static test_remote *remote_far_away(test_fixture *fixture)
{
    for (;;) {
        test_remote *who = test_fixture_remote(fixture);
        if (skad_table_bucket_of(skad_node_parts_of(fixture->node).table, &who->identity.id) == 0) {
            assert_false(skad_table_wants(skad_node_parts_of(fixture->node).table,
                                          &who->identity.id, &who->address));
            return who;
        }
    }
}

/* Found by fuzzing: of 27 nodes two were left after a crash. One had joined through the other,
 * which had its table full of the dead, was never punished for its silence, and never asked it. */
static void a_table_full_of_the_dead_opens_to_who_knocks(void **state)
{
    (void)state;
    static test_fixture fixture;
    size_t dead;
    begin_among_the_dead(&fixture, &dead);
    test_remote *who = remote_far_away(&fixture);
    for (unsigned i = 0; i < 5 && !skad_node_parts_of(fixture.node).join->joined; i++) {
        test_fixture_knock(&fixture, who);
        test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
    }
    assert_true(skad_node_parts_of(fixture.node).join->joined);
    assert_int_not_equal(
        skad_peers_find(&skad_node_parts_of(fixture.node).table->peers, &who->identity.id),
        SKAD_PEER_NONE);
    test_fixture_free(&fixture);
}

/* Where others answer, nobody is asked who would get no place. */
static void who_knocks_at_a_joined_node_has_nobody_asked(void **state)
{
    (void)state;
    static test_fixture fixture;
    size_t dead;
    begin_among_the_dead(&fixture, &dead);
    skad_node_parts_of(fixture.node).join->joined = true;
    *skad_node_parts_of(fixture.node).heard_us = fixture.now.mono_us;
    skad_node_parts_of(fixture.node).handover->round_us = UINT64_MAX; /* it asks nobody, either */
    test_remote *who = remote_far_away(&fixture);
    unsigned before = asked_in_all(&fixture);
    test_fixture_knock(&fixture, who);
    test_fixture_run(&fixture, 30 * SKAD_US_PER_MS);
    assert_int_equal(asked_in_all(&fixture), before);
    test_fixture_free(&fixture);
}

/* ---- Shares of the queue ---- */

/* A node in a network that limits address groups. */
static int begin_limited(void **state)
{
    skad_profile profile = test_fixture_profile();
    (void)state;
    profile.group_bucket_max = 2;
    profile.group_table_max = 10;
    profile.group_path_max = 2;
    test_fixture_init(&alone, &profile);
    skad_node_tick(alone.node, alone.now);
    return 0;
}

static skad_address host(uint8_t wide, uint8_t subnet, uint8_t last)
{
    return (skad_address){.family = SKAD_FAMILY_IPV4, .port = 4000, .ip = {20, wide, subnet, last}};
}

static void of_an_address_group_few_wait_at_once(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 128; i++) { /* of one address, one /24, and one /16 */
        const skad_address same = host(1, 1, 1);
        const skad_address subnet = host(2, 1, i);
        const skad_address wide = host(3, i, 1);
        consider_at(i, &same, true);
        consider_at(1000U + i, &subnet, true);
        consider_at(2000U + i, &wide, true);
    }
    assert_int_equal(waiting(), 1 + 1 + 4);
    assert_int_equal(tick(20000), 1); /* it counts while it is awaited */
    const skad_address same = host(1, 1, 1);
    consider_at(999, &same, true);
    assert_int_equal(waiting(), 1 + 4);
}

static void without_a_token_half_as_many_are_awaited(void **state)
{
    (void)state;
    size_t sent = 0;
    for (uint32_t number = 1; number <= 40; number++) {
        const skad_address address = test_prng_address(number);
        consider_at(number, &address, false);
    }
    for (unsigned i = 0; i < 60; i++) {
        sent += tick(20000);
    }
    assert_int_equal(sent, 12);
    for (uint32_t number = 101; number <= 120; number++) {
        consider(number);
    }
    for (unsigned i = 0; i < 40; i++) {
        sent += tick(20000);
    }
    assert_int_equal(sent, 24);
}

/* Returns where the next ping goes. */
static skad_address next_ping(void)
{
    skad_datagram ping;
    alone.now.mono_us += 20000;
    skad_node_tick(alone.node, alone.now);
    assert_true(skad_node_poll_datagram(alone.node, &ping));
    return ping.to;
}

static void a_peer_with_a_token_goes_first(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 8; i++) {
        const skad_address address = host((uint8_t)(10 + i), 1, 1);
        consider_at(i, &address, i == 5);
    }
    assert_int_equal(next_ping().ip[1], 15);
    assert_int_equal(next_ping().ip[1], 10);
}

/* The queue is full of one sender's requests, each from the address of another peer. */
static void what_a_spoofed_source_may_block_is_no_peer_with_a_token(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 100; i++) {
        const skad_address spoofed = host(i, 1, 1);
        consider_at(i, &spoofed, false);
    }
    assert_int_equal(waiting(), 64);
    const skad_address honest = host(7, 1, 2);
    consider_at(500, &honest, true);
    assert_int_equal(waiting(), 64);
    const skad_address to = next_ping();
    assert_int_equal(to.ip[1], 7);
    assert_int_equal(to.ip[3], 2);
}

static void a_group_that_is_silent_goes_last_until_it_answers(void **state)
{
    (void)state;
    const skad_address dead = host(1, 1, 1);
    consider_at(1, &dead, true);
    assert_int_equal(tick(20000), 1);
    assert_int_equal(tick(4 * SKAD_US_PER_S), 0); /* it is given up */
    consider_at(2, &dead, true);
    for (uint8_t i = 2; i < 5; i++) {
        const skad_address address = host(i, 1, 1);
        consider_at(i + 10U, &address, i == 2);
    }
    assert_int_equal(next_ping().ip[1], 2);
    assert_int_equal(next_ping().ip[1], 3);
    assert_int_equal(next_ping().ip[1], 4);
    assert_int_equal(next_ping().ip[1], 1);
    skad_ping_queue_settled(alone.node, &dead, true);
    consider_at(3, &dead, true);
    const skad_address other = host(5, 1, 1);
    consider_at(20, &other, true);
    assert_int_equal(next_ping().ip[1], 1);
}

static void the_largest_user_of_a_full_queue_gives_way(void **state)
{
    (void)state;
    const skad_ping_queue *queue = skad_node_parts_of(alone.node).ping_queue;
    for (uint8_t i = 0; i < 64; i++) { /* four /24s each of sixteen /16s */
        const skad_address address = host(i / 4, i % 4, 1);
        consider_at(i, &address, true);
    }
    assert_int_equal(waiting(), 64);
    for (uint8_t i = 0; i < 30; i++) {
        const skad_address honest = host((uint8_t)(100 + i), 1, 1);
        consider_at(500U + i, &honest, true);
    }
    assert_int_equal(waiting(), 64);
    size_t honest = 0;
    for (size_t i = 0; i < queue->count; i++) {
        honest += queue->targets[i].address.ip[1] >= 100;
    }
    assert_int_equal(honest, 30);
}

/* Four /24s of a /16 that never answer, again and again; then a newcomer of the same /16. */
static void silent_groups_take_no_place_from_others(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        for (uint8_t i = 0; i < 4; i++) {
            const skad_address dead = host(1, i, 1);
            consider_at(100 * round + i, &dead, true);
        }
        for (unsigned i = 0; i < 8; i++) {
            (void)tick(20000);
        }
        const skad_address honest = host(1, (uint8_t)(50 + round), 1);
        consider_at(1000 + round, &honest, true);
        assert_int_equal(waiting(), round > 0);
        (void)tick(4 * SKAD_US_PER_S); /* those that were pinged are given up */
    }
}

static void a_peer_with_a_token_takes_its_own_place_without_one(void **state)
{
    (void)state;
    const skad_ping_queue *queue = skad_node_parts_of(alone.node).ping_queue;
    const skad_address spoofed = test_prng_address(1);
    const skad_address own = test_prng_address(2);
    consider_at(5, &spoofed, false);
    consider_at(5, &own, true);
    consider_at(5, &spoofed, false);
    assert_int_equal(queue->count, 1);
    assert_true(queue->targets[0].validated);
    assert_memory_equal(&queue->targets[0].address, &own, sizeof own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sixty_four_may_wait_and_each_of_them_once, begin, end),
        cmocka_unit_test_setup_teardown(one_ping_leaves_every_twenty_milliseconds, begin, end),
        cmocka_unit_test_setup_teardown(twenty_four_may_be_awaited_at_once, begin, end),
        cmocka_unit_test_setup_teardown(without_memory_a_target_is_ignored_and_the_next_is_not,
                                        begin, end),
        cmocka_unit_test(an_unverified_peer_is_pinged_once_at_a_time),
        cmocka_unit_test(who_joins_pings_nobody_that_it_knows),
        cmocka_unit_test(a_table_full_of_the_dead_opens_to_who_knocks),
        cmocka_unit_test(who_knocks_at_a_joined_node_has_nobody_asked),
        cmocka_unit_test_setup_teardown(of_an_address_group_few_wait_at_once, begin_limited, end),
        cmocka_unit_test_setup_teardown(without_a_token_half_as_many_are_awaited, begin, end),
        cmocka_unit_test_setup_teardown(a_peer_with_a_token_goes_first, begin_limited, end),
        cmocka_unit_test_setup_teardown(what_a_spoofed_source_may_block_is_no_peer_with_a_token,
                                        begin_limited, end),
        cmocka_unit_test_setup_teardown(a_group_that_is_silent_goes_last_until_it_answers,
                                        begin_limited, end),
        cmocka_unit_test_setup_teardown(the_largest_user_of_a_full_queue_gives_way, begin_limited,
                                        end),
        cmocka_unit_test_setup_teardown(silent_groups_take_no_place_from_others, begin_limited,
                                        end),
        cmocka_unit_test_setup_teardown(a_peer_with_a_token_takes_its_own_place_without_one, begin,
                                        end),
    };
    return cmocka_run_group_tests_name("ping_queue", tests, NULL, NULL);
}
