/* How full a node says it is, and that it stays below what it says it has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "skad/records.h"
#include "tests/support/fixture.h"
#include "tests/support/prng.h"

static const skad_node_rates rates = {
    .unvalidated = {{1000, 1000}, {0}, {0}},
    .unvalidated_all = {1000, 500},
    .validated = {{1000, 1000}, {0}, {0}},
    .validated_all = {2000, 600},
    .identities = {{1000, 1000}, {0}, {0}},
    .identities_all = {1000, 100},
    .answer_bytes = {10000, 20000},
    .cells = 256,
};

static int begin(void **state)
{
    static test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    profile.memory_kib = 8; /* or no identity would be remembered */
    test_fixture_init_rated(&fixture, &profile, &rates);
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    test_fixture_free(*state);
    return 0;
}

static skad_usage usage_of(const test_fixture *fixture, skad_cap cap)
{
    skad_usage fills[SKAD_CAP_COUNT];
    skad_node_caps(fixture->node, fixture->now, fills);
    return fills[cap];
}

static void assert_usage(const test_fixture *fixture, skad_cap cap, uint64_t used, uint64_t max)
{
    const skad_usage usage = usage_of(fixture, cap);
    if (usage.used != used || usage.max != max) {
        fail_msg("%s: %llu of %llu, not %llu of %llu", skad_cap_name(cap),
                 (unsigned long long)usage.used, (unsigned long long)usage.max,
                 (unsigned long long)used, (unsigned long long)max);
    }
}

static void ping(test_fixture *fixture, const test_remote *who, const uint8_t *token)
{
    skad_datagram request;
    test_fixture_request(fixture, who, &(skad_message){.kind = SKAD_KIND_PING}, token, &request);
    assert_int_equal(test_fixture_deliver(fixture, &who->address, &request), SKAD_VERDICT_ACCEPT);
}

static void a_new_node_is_empty_but_has_room(void **state)
{
    test_fixture *fixture = *state;
    skad_usage fills[SKAD_CAP_COUNT];
    skad_node_caps(fixture->node, fixture->now, fills);
    for (size_t i = 0; i < SKAD_CAP_COUNT; i++) {
        assert_int_equal(fills[i].used, 0);
        assert_true(fills[i].max > 0);
        assert_true((fills[i].per_s > 0) == (i >= SKAD_CAP_FIRST_RATE));
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(skad_cap_name((skad_cap)i), skad_cap_name((skad_cap)j));
        }
    }
}

static void without_rates_there_is_no_limit(void **state)
{
    (void)state;
    test_fixture fixture;
    const skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    for (size_t i = SKAD_CAP_FIRST_RATE; i < SKAD_CAP_COUNT; i++) {
        const skad_usage usage = usage_of(&fixture, (skad_cap)i);
        assert_int_equal(usage.used | usage.max | usage.per_s, 0);
    }
    test_fixture_free(&fixture);
}

static void each_thing_is_counted(void **state)
{
    test_fixture *fixture = *state;
    skad_node_limits limits;
    skad_node_limits_default(&limits);
    test_fixture_populate(fixture, 5);
    (void)test_fixture_drain(fixture);
    assert_usage(fixture, SKAD_CAP_PEERS, 5, limits.peers);
    assert_usage(fixture, SKAD_CAP_EVENTS, 1, limits.events); /* joined */
    const skad_id target = {{1}};
    skad_op op;
    assert_int_equal(skad_node_ping(fixture->node, &fixture->remotes[0].address, fixture->now, &op),
                     SKAD_OK);
    assert_usage(fixture, SKAD_CAP_OPERATIONS, 1, limits.operations);
    assert_usage(fixture, SKAD_CAP_PENDING, 1, limits.pending);
    assert_usage(fixture, SKAD_CAP_OUTBOX, 1, limits.outbox);
    assert_int_equal(
        skad_node_watch(fixture->node, SKAD_RECORD_MUTABLE, &target, 60, fixture->now, &op),
        SKAD_OK);
    assert_usage(fixture, SKAD_CAP_WATCHES, 1, limits.watches);
}

static void an_unverified_peer_with_a_token_waits_for_a_ping(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint8_t token[SKAD_TOKEN_BYTES];
    test_fixture_token(fixture, who, token);
    const uint64_t most = usage_of(fixture, SKAD_CAP_UNVERIFIED).max;
    ping(fixture, who, token);
    assert_usage(fixture, SKAD_CAP_UNVERIFIED, 1, most);
}

static void bans_count_until_they_end(void **state)
{
    test_fixture *fixture = *state;
    const uint64_t most = usage_of(fixture, SKAD_CAP_BANS).max;
    skad_ban subject = {.address = test_prng_address(1), .prefix_bits = 32};
    assert_int_equal(skad_node_ban(fixture->node, &subject, 10, fixture->now), SKAD_OK);
    assert_usage(fixture, SKAD_CAP_BANS, 1, most);
    assert_int_equal(skad_node_allow(fixture->node, &subject), SKAD_OK);
    assert_usage(fixture, SKAD_CAP_ALLOWED, 1, most);
    fixture->now.mono_us += 10 * SKAD_US_PER_S;
    assert_usage(fixture, SKAD_CAP_BANS, 0, most);
}

static void a_rate_tells_what_is_used_of_a_burst(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint8_t token[SKAD_TOKEN_BYTES];
    test_fixture_token(fixture, who, token);
    for (unsigned i = 0; i < 100; i++) {
        ping(fixture, who, NULL);
        ping(fixture, who, token);
        ping(fixture, who, token);
        (void)test_fixture_drain(fixture);
    }
    assert_usage(fixture, SKAD_CAP_CHECKS_UNVALIDATED, 100, 500);
    assert_usage(fixture, SKAD_CAP_CHECKS_VALIDATED, 200, 600);
    assert_int_equal(usage_of(fixture, SKAD_CAP_CHECKS_VALIDATED).per_s, 2000);
    const uint64_t bytes = usage_of(fixture, SKAD_CAP_ANSWER_BYTES).used;
    assert_in_range(bytes, 20000, 20300); /* one answer beyond the burst at most */
    fixture->now.mono_us += 50 * SKAD_US_PER_MS;
    assert_usage(fixture, SKAD_CAP_CHECKS_UNVALIDATED, 50, 500);
    assert_usage(fixture, SKAD_CAP_CHECKS_VALIDATED, 100, 600);
    assert_usage(fixture, SKAD_CAP_ANSWER_BYTES, bytes - 500, 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_node_is_empty_but_has_room, begin, end),
        cmocka_unit_test(without_rates_there_is_no_limit),
        cmocka_unit_test_setup_teardown(each_thing_is_counted, begin, end),
        cmocka_unit_test_setup_teardown(an_unverified_peer_with_a_token_waits_for_a_ping, begin,
                                        end),
        cmocka_unit_test_setup_teardown(bans_count_until_they_end, begin, end),
        cmocka_unit_test_setup_teardown(a_rate_tells_what_is_used_of_a_burst, begin, end),
    };
    return cmocka_run_group_tests_name("caps", tests, NULL, NULL);
}
