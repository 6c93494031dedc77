/* The machine asks, falls back, waits, and ends. Time is an argument. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/portmap_run.h"

#define S   SKAD_US_PER_S
#define run test_portmap_run

/* ---- Asking ---- */

static void a_mapping_is_asked_for_at_once_and_held(void **state)
{
    (void)state;
    test_portmap_next();
    assert_int_equal(run.now_us, 1000 * S);
    assert_true(test_portmap_sent_pcp());
    assert_memory_equal(run.request + 42, "\x12\x5c", 2); /* our port is suggested */
    TEST_PORTMAP_TAKEN(test_pcp(0, 3600));
    assert_int_equal(run.machine.state, SKAD_PORTMAP_MAPPED);
    assert_true(run.machine.by_pcp);
    assert_int_equal(run.machine.external.port, 4701);
    assert_memory_equal(run.machine.external.ip, "\x51\x02\x45\x01", 4);
    assert_int_equal(skad_portmap_left_s(&run.machine, run.now_us), 3600);
    assert_int_equal(skad_portmap_left_s(&run.machine, run.now_us + 3000 * S), 600);
    assert_int_equal(skad_portmap_left_s(&run.machine, run.now_us + 3600 * S), 0);
}

static void a_pinhole_is_for_our_own_address(void **state)
{
    (void)state;
    test_portmap_begin_ipv6();
    test_portmap_by_pcp(3600);
    assert_memory_equal(run.request + 8, TEST_PORTMAP_OURS6.ip, 16);
    assert_int_equal(run.machine.external.family, SKAD_FAMILY_IPV6);
    assert_memory_equal(run.machine.external.ip, TEST_PORTMAP_OURS6.ip, 16);
}

/* RT of RFC 6887, section 8.1.1: (1 + RAND) * 3 s, then (1 + RAND) * 2 * RT; RAND within a tenth.
 */
static void pcp_is_sent_again_as_the_rfc_says(void **state)
{
    (void)state;
    for (run.random = 0; run.random < 40; run.random++) {
        uint64_t before_us = run.now_us;
        uint64_t rt_us = 3 * S;
        test_portmap_begin_ipv6();
        for (unsigned i = 0; i < 5; i++) {
            run.random = run.random * 6364136223846793005U + 1442695040888963407U;
            test_portmap_next();
            assert_true(test_portmap_sent_pcp());
            if (i > 0) {
                assert_in_range(run.now_us - before_us, rt_us * 9 / 10, rt_us * 11 / 10);
                rt_us = 2 * (run.now_us - before_us);
            }
            before_us = run.now_us;
        }
        run.random %= 40;
    }
}

/* RFC 6886, section 3.1: 250 ms, doubling, nine times. */
static void silence_leads_to_nat_pmp_and_then_to_a_pause(void **state)
{
    (void)state;
    uint64_t before_us = 0;
    for (unsigned i = 0; i < 3; i++) {
        test_portmap_until_sent();
        assert_true(test_portmap_sent_pcp());
    }
    for (unsigned i = 0; i < 9; i++) {
        test_portmap_until_sent();
        assert_int_equal(run.request_len, 2);
        if (i > 0) {
            assert_int_equal(run.now_us - before_us, 250000ULL << (i - 1));
        }
        before_us = run.now_us;
    }
    assert_int_equal(run.machine.state, SKAD_PORTMAP_ASKING);
    test_portmap_next();
    assert_int_equal(run.request_len, 0);
    assert_int_equal(run.machine.state, SKAD_PORTMAP_WAITING);
    assert_int_equal(run.machine.trouble, SKAD_PORTMAP_SILENT);
    test_portmap_until_sent();
    assert_true(test_portmap_sent_pcp()); /* from the beginning */
}

/* However long a gateway is silent or refuses: fewer and fewer datagrams, an hour apart in the end.
 */
static void pauses_grow_to_an_hour(void **state)
{
    (void)state;
    uint64_t before_us = 0;
    for (unsigned i = 0; i < 12; i++) {
        run.random = i * 12345678901U;
        test_portmap_until_sent();
        const uint64_t expected_us = i == 0 ? 0 : (i > 6 ? 3600 : 60ULL << (i - 1)) * S;
        if (i > 0) {
            assert_in_range(run.now_us - before_us, expected_us * 9 / 10, expected_us * 11 / 10);
        }
        before_us = run.now_us;
        TEST_PORTMAP_TAKEN(test_pcp(SKAD_PORTMAP_NOT_AUTHORIZED, 0));
        assert_int_equal(run.machine.trouble, SKAD_PORTMAP_REFUSED);
    }
}

static void a_mapping_ends_the_growth_of_pauses(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        test_portmap_until_sent();
        TEST_PORTMAP_TAKEN(test_pcp(SKAD_PORTMAP_NO_RESOURCES, 0));
    }
    test_portmap_by_pcp(3600);
    assert_int_equal(run.machine.trouble, SKAD_PORTMAP_FINE);
    run.now_us += 3600 * S;
    test_portmap_until_sent();
    const uint64_t before_us = run.now_us;
    TEST_PORTMAP_TAKEN(test_pcp(SKAD_PORTMAP_NO_RESOURCES, 0));
    test_portmap_until_sent();
    assert_in_range(run.now_us - before_us, 54 * S, 66 * S);
}

static void an_errors_life_is_waited_for_within_bounds(void **state)
{
    (void)state;
    static const struct {
        uint32_t said_s;
        uint64_t min_s;
        uint64_t max_s;
    } cases[] = {{0, 54, 66}, {30, 54, 66}, {600, 600, 600}, {UINT32_MAX, 1800, 1800}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)test_portmap_begin(NULL);
        test_portmap_until_sent();
        const uint64_t before_us = run.now_us;
        TEST_PORTMAP_TAKEN(test_pcp(SKAD_PORTMAP_NETWORK_FAILURE, cases[i].said_s));
        test_portmap_until_sent();
        assert_in_range(run.now_us - before_us, cases[i].min_s * S, cases[i].max_s * S);
    }
}

static void each_error_is_a_trouble_of_its_own(void **state)
{
    (void)state;
    static const struct {
        uint8_t result;
        skad_portmap_trouble trouble;
    } cases[] = {
        {SKAD_PORTMAP_NOT_AUTHORIZED, SKAD_PORTMAP_REFUSED},
        {3, SKAD_PORTMAP_NONSENSE}, /* MALFORMED_REQUEST: it is not */
        {SKAD_PORTMAP_UNSUPP_OPCODE, SKAD_PORTMAP_UNSUPPORTED},
        {SKAD_PORTMAP_UNSUPP_PROTOCOL, SKAD_PORTMAP_UNSUPPORTED},
        {SKAD_PORTMAP_NETWORK_FAILURE, SKAD_PORTMAP_NETWORK},
        {SKAD_PORTMAP_NO_RESOURCES, SKAD_PORTMAP_RESOURCES},
        {SKAD_PORTMAP_USER_EX_QUOTA, SKAD_PORTMAP_QUOTA},
        {SKAD_PORTMAP_CANNOT_PROVIDE_EXTERNAL, SKAD_PORTMAP_EXTERNAL},
        {SKAD_PORTMAP_ADDRESS_MISMATCH, SKAD_PORTMAP_BETWEEN},
        {200, SKAD_PORTMAP_NONSENSE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)test_portmap_begin(NULL);
        test_portmap_until_sent();
        TEST_PORTMAP_TAKEN(test_pcp(cases[i].result, 0));
        assert_int_equal(run.machine.state, SKAD_PORTMAP_WAITING);
        assert_int_equal(run.machine.trouble, cases[i].trouble);
    }
}

static void a_port_that_is_not_to_be_had_is_not_suggested_again(void **state)
{
    (void)state;
    test_portmap_until_sent();
    TEST_PORTMAP_TAKEN(test_pcp(SKAD_PORTMAP_CANNOT_PROVIDE_EXTERNAL, 0));
    test_portmap_until_sent();
    assert_memory_equal(run.request + 42, "\0\0", 2);
    TEST_PORTMAP_TAKEN(test_pcp(0, 3600));
    test_portmap_until_sent();
    assert_memory_equal(run.request + 42, "\x12\x5d", 2); /* the one that we have */
}

/* ---- NAT-PMP ---- */

static void another_version_leads_to_nat_pmp_at_once(void **state)
{
    (void)state;
    static const test_portmap_datagram answers[] = {
        {.bytes = {0, 0x81, 0, 1}, .len = 8},
        {.bytes = {1, 0x81, 0, 1}, .len = 24},
        {.bytes = {2, 0x81, 0, 1}, .len = 60},
        {.bytes = {3, 0x81, 0, 1}, .len = 24},
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        (void)test_portmap_begin(NULL);
        test_portmap_until_sent();
        TEST_PORTMAP_TAKEN(answers[i]);
        test_portmap_next();
        assert_int_equal(run.now_us, 1000 * S);
        assert_int_equal(run.request_len, 2);
        /* It knows neither. */
        TEST_PORTMAP_TAKEN(answers[i]);
        assert_int_equal(run.machine.state, SKAD_PORTMAP_WAITING);
        assert_int_equal(run.machine.trouble, SKAD_PORTMAP_VERSION);
    }
    (void)test_portmap_begin(NULL);
    test_portmap_begin_ipv6(); /* NAT-PMP has no pinholes */
    test_portmap_until_sent();
    TEST_PORTMAP_TAKEN(answers[0]);
    assert_int_equal(run.machine.trouble, SKAD_PORTMAP_VERSION);
    test_portmap_until_sent();
    assert_true(test_portmap_sent_pcp());
}

static void nat_pmp_maps_in_two_steps(void **state)
{
    (void)state;
    test_portmap_by_pmp();
    assert_false(run.machine.by_pcp);
    assert_int_equal(run.machine.external.port, 4701);
    assert_memory_equal(run.machine.external.ip, "\x51\x02\x45\x01", 4);
    assert_int_equal(skad_portmap_left_s(&run.machine, run.now_us), 3600);
}

static void nat_pmp_is_renewed_in_two_steps(void **state)
{
    (void)state;
    test_portmap_by_pmp();
    for (unsigned i = 0; i < 5; i++) {
        const uint64_t mapped_us = run.now_us;
        test_portmap_until_sent();
        assert_int_equal(run.request_len, 2);
        assert_in_range(run.now_us - mapped_us, 1800 * S, 2250 * S);
        TEST_PORTMAP_TAKEN(test_pmp_address(0));
        test_portmap_until_sent();
        assert_int_equal(run.request_len, 12);
        assert_memory_equal(run.request + 6, "\x12\x5d", 2);
        TEST_PORTMAP_TAKEN(test_pmp_map(0, 3600));
        assert_int_equal(skad_portmap_left_s(&run.machine, run.now_us), 3600);
    }
}

static void errors_of_nat_pmp_have_the_names_of_pcp(void **state)
{
    (void)state;
    static const skad_portmap_trouble troubles[] = {
        SKAD_PORTMAP_REFUSED, SKAD_PORTMAP_NETWORK, SKAD_PORTMAP_RESOURCES,
        SKAD_PORTMAP_UNSUPPORTED, SKAD_PORTMAP_NONSENSE};
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++) {
        for (unsigned step = 0; step < 2; step++) {
            (void)test_portmap_begin(NULL);
            test_portmap_fall_back();
            if (step == 1) {
                TEST_PORTMAP_TAKEN(test_pmp_address(0));
                test_portmap_until_sent();
            }
            TEST_PORTMAP_TAKEN(step == 0 ? test_pmp_address((uint8_t)(2 + i))
                                         : test_pmp_map((uint8_t)(2 + i), 3600));
            assert_int_equal(run.machine.state, SKAD_PORTMAP_WAITING);
            assert_int_equal(run.machine.trouble, troubles[i]);
        }
    }
}

static void a_gateway_without_an_address_has_no_network(void **state)
{
    (void)state;
    test_portmap_fall_back();
    test_portmap_datagram zero = test_pmp_address(0);
    memset(zero.bytes + 8, 0, 4);
    TEST_PORTMAP_TAKEN(zero);
    assert_int_equal(run.machine.trouble, SKAD_PORTMAP_NETWORK);
}

/* ---- The end ---- */

static void a_mapping_is_removed_by_one_datagram(void **state)
{
    (void)state;
    uint8_t out[SKAD_PORTMAP_REQUEST_BYTES];
    assert_int_equal(skad_portmap_farewell(&run.machine, out), 0); /* nothing was asked for */
    test_portmap_by_pcp(3600);
    assert_int_equal(skad_portmap_farewell(&run.machine, out), 60);
    assert_memory_equal(out + 4, "\0\0\0\0", 4);
    assert_memory_equal(out + 24, TEST_PORTMAP_NONCE, sizeof TEST_PORTMAP_NONCE);
    assert_memory_equal(out + 40, "\x12\x5c\0\0", 4);
    (void)test_portmap_begin(NULL);
    test_portmap_until_sent(); /* it may exist, only the answer is missing */
    assert_int_equal(skad_portmap_farewell(&run.machine, out), 60);
    (void)test_portmap_begin(NULL);
    test_portmap_by_pmp();
    assert_int_equal(skad_portmap_farewell(&run.machine, out), 12);
    assert_memory_equal(out + 4, "\x12\x5c\0\0\0\0\0\0", 8);
}

static void verdicts_have_names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SKAD_PORTMAP_VERDICTS; i++) {
        assert_true(strlen(skad_portmap_verdict_name((skad_portmap_verdict)i)) > 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_mapping_is_asked_for_at_once_and_held, test_portmap_begin),
        cmocka_unit_test_setup(a_pinhole_is_for_our_own_address, test_portmap_begin),
        cmocka_unit_test_setup(pcp_is_sent_again_as_the_rfc_says, test_portmap_begin),
        cmocka_unit_test_setup(silence_leads_to_nat_pmp_and_then_to_a_pause, test_portmap_begin),
        cmocka_unit_test_setup(pauses_grow_to_an_hour, test_portmap_begin),
        cmocka_unit_test_setup(a_mapping_ends_the_growth_of_pauses, test_portmap_begin),
        cmocka_unit_test_setup(an_errors_life_is_waited_for_within_bounds, test_portmap_begin),
        cmocka_unit_test_setup(each_error_is_a_trouble_of_its_own, test_portmap_begin),
        cmocka_unit_test_setup(a_port_that_is_not_to_be_had_is_not_suggested_again,
                               test_portmap_begin),
        cmocka_unit_test_setup(another_version_leads_to_nat_pmp_at_once, test_portmap_begin),
        cmocka_unit_test_setup(nat_pmp_maps_in_two_steps, test_portmap_begin),
        cmocka_unit_test_setup(nat_pmp_is_renewed_in_two_steps, test_portmap_begin),
        cmocka_unit_test_setup(errors_of_nat_pmp_have_the_names_of_pcp, test_portmap_begin),
        cmocka_unit_test_setup(a_gateway_without_an_address_has_no_network, test_portmap_begin),
        cmocka_unit_test_setup(a_mapping_is_removed_by_one_datagram, test_portmap_begin),
        cmocka_unit_test_setup(verdicts_have_names, test_portmap_begin),
    };
    return cmocka_run_group_tests_name("portmap", tests, NULL, NULL);
}
