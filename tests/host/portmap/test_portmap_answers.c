/* The machine renews, and meets gateways that answer late, twice, with another version, with a
 * lifetime of zero, or with garbage. Time is an argument. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/portmap_run.h"

#define S   SKAD_US_PER_S
#define run test_portmap_run

/* ---- Renewal ---- */

/* RFC 6887, section 11.2.1: between 1/2 and 5/8, 3/4 and 13/16, 7/8 and 29/32..., 4 s apart. */
static void renewals_come_at_the_points_of_the_rfc(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        (void)test_portmap_begin(NULL);
        run.random = round * 0x9e3779b97f4a7c15ULL;
        test_portmap_by_pcp(3600);
        const uint64_t mapped_us = run.now_us;
        uint64_t before_us = run.now_us;
        for (unsigned k = 1; run.machine.state == SKAD_PORTMAP_MAPPED; k++) {
            run.random = run.random * 6364136223846793005U + 1442695040888963407U;
            test_portmap_until_sent();
            const uint64_t left_us = k < 20 ? 3600 * S >> k : 0;
            if (left_us > 8 * S) {
                assert_in_range(run.now_us - mapped_us, 3600 * S - left_us,
                                3600 * S - left_us + left_us / 4);
            }
            assert_true(run.now_us - before_us >= 4 * S ||
                        run.machine.state == SKAD_PORTMAP_ASKING);
            before_us = run.now_us;
            assert_true(k < 16);
        }
        /* No answer: its life is over, and all begins anew. */
        assert_int_equal(run.now_us - mapped_us, 3600 * S);
        assert_int_equal(run.machine.state, SKAD_PORTMAP_ASKING);
        assert_true(test_portmap_sent_pcp());
    }
}

static void an_answer_to_a_late_renewal_keeps_the_mapping(void **state)
{
    (void)state;
    test_portmap_by_pcp(3600);
    for (unsigned i = 0; i < 4; i++) {
        test_portmap_until_sent();
    }
    TEST_PORTMAP_TAKEN(test_pcp(0, 3600));
    assert_int_equal(skad_portmap_left_s(&run.machine, run.now_us), 3600);
}

static void an_error_at_a_renewal_leaves_the_mapping_its_life(void **state)
{
    (void)state;
    test_portmap_by_pcp(3600);
    test_portmap_until_sent();
    TEST_PORTMAP_TAKEN(test_pcp(SKAD_PORTMAP_NO_RESOURCES, 0));
    assert_int_equal(run.machine.state, SKAD_PORTMAP_MAPPED);
    assert_int_equal(run.machine.trouble, SKAD_PORTMAP_RESOURCES);
    static const test_portmap_datagram other = {.bytes = {0, 0x81, 0, 1}, .len = 8};
    test_portmap_until_sent();
    TEST_PORTMAP_TAKEN(other);
    assert_int_equal(run.machine.state, SKAD_PORTMAP_MAPPED);
    test_portmap_until_sent();
    TEST_PORTMAP_TAKEN(test_pcp(0, 3600));
    assert_int_equal(run.machine.trouble, SKAD_PORTMAP_FINE);
}

static void a_renewal_is_hurried_once_a_minute(void **state)
{
    (void)state;
    test_portmap_by_pcp(3600);
    const uint64_t mapped_us = run.now_us;
    for (unsigned i = 1; i <= 3; i++) {
        skad_portmap_hurry(&run.machine, run.now_us);
        test_portmap_until_sent();
        assert_int_equal(run.now_us - mapped_us, i * 60 * S);
        TEST_PORTMAP_TAKEN(test_pcp(0, 3600));
    }
    run.now_us += 100 * S;
    skad_portmap_hurry(&run.machine, run.now_us);
    assert_int_equal(skad_portmap_deadline(&run.machine), run.now_us);
}

/* ---- Epochs ---- */

static void a_gateway_that_lost_its_state_is_noticed(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        int64_t moved_s; /* of the gateway's clock, against ours */
        bool restarted;
    } cases[] = {
        {"as it should be", 0, false}, {"a bit slow", -100, false}, /* a sixteenth of half an hour
                                                                       is 112 s */
        {"a bit fast", 100, false},    {"back to nothing", -50000, true}, {"behind", -200, true},
        {"ahead", 200, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)test_portmap_begin(NULL);
        test_portmap_by_pcp(3600);
        test_portmap_until_sent();
        run.epoch_base_s = (uint32_t)((int64_t)run.epoch_base_s + cases[i].moved_s);
        TEST_PORTMAP_TAKEN(test_pcp(0, 3600));
        assert_int_equal(run.machine.state, SKAD_PORTMAP_MAPPED); /* it has just said so */
        if ((run.machine.restarts > 0) != cases[i].restarted) {
            fail_msg("%s", cases[i].label);
        }
    }
}

static void a_mapping_is_lost_with_the_state_of_its_gateway(void **state)
{
    (void)state;
    test_portmap_by_pmp();
    test_portmap_until_sent();
    run.epoch_base_s = 0;
    TEST_PORTMAP_TAKEN(test_pmp_address(0));
    assert_int_equal(run.machine.state, SKAD_PORTMAP_ASKING);
    test_portmap_next();
    assert_int_equal(run.request_len, 12); /* anew, at once */
    TEST_PORTMAP_TAKEN(test_pmp_map(0, 3600));
    assert_int_equal(run.machine.state, SKAD_PORTMAP_MAPPED);
    assert_int_equal(run.machine.restarts, 1);
    (void)test_portmap_begin(NULL);
    test_portmap_by_pcp(3600);
    test_portmap_until_sent();
    run.epoch_base_s = 0;
    TEST_PORTMAP_TAKEN(
        test_pcp(SKAD_PORTMAP_NETWORK_FAILURE, 0)); /* just booted: the old promise is void */
    assert_int_equal(run.machine.state, SKAD_PORTMAP_WAITING);
}

/* A clock that jumps in each answer costs no more requests than one that does not. */
static void a_gateway_that_restarts_all_the_time_causes_no_storm(void **state)
{
    (void)state;
    unsigned sent = 0;
    test_portmap_by_pmp();
    const uint64_t end_us = run.now_us + 24 * 3600 * S;
    while (run.now_us < end_us) {
        test_portmap_next();
        sent += run.request_len > 0;
        run.epoch_base_s = run.epoch_base_s == 0 ? 50000 : 0;
        if (run.request_len == 2) {
            TEST_PORTMAP_TAKEN(test_pmp_address(0));
        } else if (run.request_len == 12) {
            TEST_PORTMAP_TAKEN(test_pmp_map(0, SKAD_PORTMAP_LIFETIME_S_MIN));
        }
    }
    assert_in_range(sent, 100, 2 * 24 * 3600 / (SKAD_PORTMAP_LIFETIME_S_MIN / 2) + 10);
}

/* ---- What does not count ---- */

static void only_the_gateway_itself_is_heard(void **state)
{
    (void)state;
    test_portmap_until_sent();
    const test_portmap_datagram good = test_pcp(0, 3600);
    skad_address from = TEST_PORTMAP_GATEWAY;
    from.port = 5352;
    assert_int_equal(skad_portmap_receive(&run.machine, &from, good.bytes, good.len, run.now_us, 0),
                     SKAD_PORTMAP_DROP_SOURCE);
    from = TEST_PORTMAP_GATEWAY;
    from.ip[3] = 9; /* another gateway of this link */
    assert_int_equal(skad_portmap_receive(&run.machine, &from, good.bytes, good.len, run.now_us, 0),
                     SKAD_PORTMAP_DROP_SOURCE);
    from = TEST_PORTMAP_GATEWAY;
    from.family = SKAD_FAMILY_IPV6;
    assert_int_equal(skad_portmap_receive(&run.machine, &from, good.bytes, good.len, run.now_us, 0),
                     SKAD_PORTMAP_DROP_SOURCE);
    assert_int_equal(run.machine.state, SKAD_PORTMAP_ASKING);
    TEST_PORTMAP_TAKEN(good);
}

static void an_answer_counts_once(void **state)
{
    (void)state;
    assert_int_equal(test_portmap_give(test_pcp(0, 3600)),
                     SKAD_PORTMAP_DROP_UNASKED); /* before anything was asked */
    test_portmap_by_pcp(3600);
    const uint64_t due_us = skad_portmap_deadline(&run.machine);
    run.now_us += 5 * S;
    assert_int_equal(test_portmap_give(test_pcp(0, 86400)), SKAD_PORTMAP_DROP_UNASKED);
    assert_int_equal(test_portmap_give(test_pcp(SKAD_PORTMAP_NOT_AUTHORIZED, 0)),
                     SKAD_PORTMAP_DROP_UNASKED);
    assert_int_equal(test_portmap_give(test_pmp_map(0, 3600)), SKAD_PORTMAP_DROP_UNASKED);
    static const test_portmap_datagram other = {.bytes = {0, 0x81, 0, 1}, .len = 8};
    assert_int_equal(test_portmap_give(other), SKAD_PORTMAP_DROP_UNASKED);
    assert_int_equal(run.machine.state, SKAD_PORTMAP_MAPPED);
    assert_int_equal(skad_portmap_deadline(&run.machine), due_us);
    assert_int_equal(skad_portmap_left_s(&run.machine, run.now_us), 3595);
}

/* After the node has given up: the mapping is there, and it is used. */
static void an_answer_may_come_late(void **state)
{
    (void)state;
    while (run.machine.state != SKAD_PORTMAP_WAITING) {
        test_portmap_next();
    }
    TEST_PORTMAP_TAKEN(test_pcp(0, 3600));
    assert_int_equal(run.machine.state, SKAD_PORTMAP_MAPPED);
    assert_int_equal(test_portmap_give(test_pmp_address(0)),
                     SKAD_PORTMAP_DROP_UNASKED); /* the other protocol is later still */
    (void)test_portmap_begin(NULL);
    while (run.machine.kind != SKAD_PORTMAP_PMP_ADDRESS) {
        test_portmap_next();
    }
    TEST_PORTMAP_TAKEN(test_pcp(0, 3600)); /* PCP, while NAT-PMP is asked */
    assert_true(run.machine.by_pcp);
    test_portmap_until_sent();
    assert_true(test_portmap_sent_pcp());
}

static void what_is_for_another_mapping_is_dropped(void **state)
{
    (void)state;
    test_portmap_until_sent();
    test_portmap_datagram bad = test_pcp(0, 3600);
    bad.bytes[24] ^= 1;
    assert_int_equal(test_portmap_give(bad), SKAD_PORTMAP_DROP_NONCE);
    bad = test_pcp(0, 3600);
    bad.bytes[36] = 6; /* TCP */
    assert_int_equal(test_portmap_give(bad), SKAD_PORTMAP_DROP_MAPPING);
    bad = test_pcp(0, 3600);
    bad.bytes[41] ^= 1;
    assert_int_equal(test_portmap_give(bad), SKAD_PORTMAP_DROP_MAPPING);
    bad = test_pcp(SKAD_PORTMAP_NOT_AUTHORIZED, 0);
    bad.bytes[35] ^= 0x80; /* errors, too, need the nonce */
    assert_int_equal(test_portmap_give(bad), SKAD_PORTMAP_DROP_NONCE);
    test_portmap_fall_back();
    TEST_PORTMAP_TAKEN(test_pmp_address(0));
    test_portmap_until_sent();
    bad = test_pmp_map(0, 3600);
    bad.bytes[9] ^= 1;
    assert_int_equal(test_portmap_give(bad), SKAD_PORTMAP_DROP_MAPPING);
    TEST_PORTMAP_TAKEN(test_pmp_map(0, 3600));
}

static void garbage_changes_nothing(void **state)
{
    (void)state;
    test_portmap_until_sent();
    const skad_portmap before = run.machine;
    uint64_t x = 88172645463325252ULL; /* xorshift: the same garbage each time */
    for (unsigned i = 0; i < 200000; i++) {
        test_portmap_datagram bad;
        for (size_t k = 0; k < sizeof bad.bytes; k++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            bad.bytes[k] = (uint8_t)x;
        }
        bad.len = x % (sizeof bad.bytes + 1);
        assert_int_not_equal(test_portmap_give(bad), SKAD_PORTMAP_TAKEN);
    }
    assert_memory_equal(&run.machine, &before, sizeof before);
}

static void useless_mappings_are_troubles(void **state)
{
    (void)state;
    static const uint32_t lives[] = {0, 1, SKAD_PORTMAP_LIFETIME_S_MIN - 1};
    for (size_t i = 0; i < sizeof lives / sizeof lives[0]; i++) {
        (void)test_portmap_begin(NULL);
        test_portmap_until_sent();
        TEST_PORTMAP_TAKEN(test_pcp(0, lives[i]));
        assert_int_equal(run.machine.state, SKAD_PORTMAP_WAITING);
        assert_int_equal(run.machine.trouble, SKAD_PORTMAP_LIFETIME);
    }
    (void)test_portmap_begin(NULL);
    test_portmap_until_sent();
    test_portmap_datagram bad = test_pcp(0, 3600);
    test_portmap_put(bad.bytes + 42, 2, 0); /* no port */
    TEST_PORTMAP_TAKEN(bad);
    assert_int_equal(run.machine.trouble, SKAD_PORTMAP_NONSENSE);
    test_portmap_until_sent();
    bad = test_pcp(0, 3600);
    memset(bad.bytes + 44, 0x20, 16); /* IPv6 for IPv4 */
    TEST_PORTMAP_TAKEN(bad);
    assert_int_equal(run.machine.trouble, SKAD_PORTMAP_NONSENSE);
    test_portmap_until_sent();
    bad = test_pcp(0, 3600);
    memset(bad.bytes + 56, 0, 4); /* 0.0.0.0 */
    TEST_PORTMAP_TAKEN(bad);
    assert_int_equal(run.machine.trouble, SKAD_PORTMAP_NONSENSE);
    test_portmap_by_pcp(3600);
    test_portmap_until_sent();
    TEST_PORTMAP_TAKEN(test_pcp(0, 0)); /* at a renewal: the mapping is gone */
    assert_int_equal(run.machine.state, SKAD_PORTMAP_WAITING);
}

static void a_huge_life_is_a_day(void **state)
{
    (void)state;
    test_portmap_by_pcp(UINT32_MAX);
    assert_int_equal(skad_portmap_left_s(&run.machine, run.now_us), 86400);
    const uint64_t mapped_us = run.now_us;
    test_portmap_until_sent();
    assert_in_range(run.now_us - mapped_us, 43200 * S, 54000 * S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(renewals_come_at_the_points_of_the_rfc, test_portmap_begin),
        cmocka_unit_test_setup(an_answer_to_a_late_renewal_keeps_the_mapping, test_portmap_begin),
        cmocka_unit_test_setup(an_error_at_a_renewal_leaves_the_mapping_its_life,
                               test_portmap_begin),
        cmocka_unit_test_setup(a_renewal_is_hurried_once_a_minute, test_portmap_begin),
        cmocka_unit_test_setup(a_gateway_that_lost_its_state_is_noticed, test_portmap_begin),
        cmocka_unit_test_setup(a_mapping_is_lost_with_the_state_of_its_gateway, test_portmap_begin),
        cmocka_unit_test_setup(a_gateway_that_restarts_all_the_time_causes_no_storm,
                               test_portmap_begin),
        cmocka_unit_test_setup(only_the_gateway_itself_is_heard, test_portmap_begin),
        cmocka_unit_test_setup(an_answer_counts_once, test_portmap_begin),
        cmocka_unit_test_setup(an_answer_may_come_late, test_portmap_begin),
        cmocka_unit_test_setup(what_is_for_another_mapping_is_dropped, test_portmap_begin),
        cmocka_unit_test_setup(garbage_changes_nothing, test_portmap_begin),
        cmocka_unit_test_setup(useless_mappings_are_troubles, test_portmap_begin),
        cmocka_unit_test_setup(a_huge_life_is_a_day, test_portmap_begin),
    };
    return cmocka_run_group_tests_name("portmap_answers", tests, NULL, NULL);
}
