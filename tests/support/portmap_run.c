#include "tests/support/portmap_run.h"

#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#define S   SKAD_US_PER_S
#define run test_portmap_run

const skad_address TEST_PORTMAP_GATEWAY = {.family = 1, .port = 5351, .ip = {192, 168, 7, 1}};
static const skad_address GATEWAY6 = {.family = 2, .port = 5351, .ip = {0xfe, 0x80, [15] = 1}};
static const skad_address OURS = {.family = 1, .port = 4700, .ip = {192, 168, 7, 2}};
const skad_address TEST_PORTMAP_OURS6 = {.family = 2, .port = 4700, .ip = {0x2a, 2, [15] = 2}};
const uint8_t TEST_PORTMAP_NONCE[SKAD_PORTMAP_NONCE_BYTES] = {7, 7, 7, 1, 2, 3, 4, 5, 6, 9, 9, 9};

test_portmap_state test_portmap_run;

int test_portmap_begin(void **state)
{
    (void)state;
    run.now_us = 1000 * S;
    run.random = 0;
    run.epoch_base_s = 50000;
    skad_portmap_init(&run.machine, &TEST_PORTMAP_GATEWAY, &OURS, TEST_PORTMAP_NONCE, run.now_us);
    return 0;
}

void test_portmap_begin_ipv6(void)
{
    skad_portmap_init(&run.machine, &GATEWAY6, &TEST_PORTMAP_OURS6, TEST_PORTMAP_NONCE, run.now_us);
}

void test_portmap_next(void)
{
    const uint64_t due_us = skad_portmap_deadline(&run.machine);
    run.now_us = due_us > run.now_us ? due_us : run.now_us;
    run.request_len = skad_portmap_tick(&run.machine, run.now_us, run.random, run.request);
}

void test_portmap_until_sent(void)
{
    do {
        test_portmap_next();
    } while (run.request_len == 0);
}

bool test_portmap_sent_pcp(void)
{
    return run.request_len == 60 && run.request[0] == 2;
}

void test_portmap_put(uint8_t *out, size_t bytes, uint32_t value)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    }
}

static uint32_t epoch(void)
{
    return run.epoch_base_s + (uint32_t)(run.now_us / S);
}

test_portmap_datagram test_pcp(uint8_t result, uint32_t lifetime_s)
{
    test_portmap_datagram out = {.len = 60};
    skad_portmap_wish wish = {.internal = run.machine.internal};
    memcpy(wish.nonce, TEST_PORTMAP_NONCE, sizeof wish.nonce);
    (void)skad_portmap_write(SKAD_PORTMAP_PCP_MAP, &wish, out.bytes);
    memset(out.bytes + 8, 0, 16);
    out.bytes[1] = 0x81;
    out.bytes[3] = result;
    test_portmap_put(out.bytes + 4, 4, lifetime_s);
    test_portmap_put(out.bytes + 8, 4, epoch());
    test_portmap_put(out.bytes + 42, 2, 4701);
    if (run.machine.internal.family == SKAD_FAMILY_IPV4) {
        memcpy(out.bytes + 54, "\xff\xff\x51\x02\x45\x01", 6);
    } else {
        memcpy(out.bytes + 44, run.machine.internal.ip, 16);
    }
    return out;
}

test_portmap_datagram test_pmp_address(uint8_t result)
{
    test_portmap_datagram out = {.bytes = {0, 0x80, 0, result, [8] = 81, 2, 69, 1},
                                 .len = result == 0 ? 12 : 8};
    test_portmap_put(out.bytes + 4, 4, epoch());
    return out;
}

test_portmap_datagram test_pmp_map(uint8_t result, uint32_t lifetime_s)
{
    test_portmap_datagram out = {.bytes = {0, 0x81, 0, result}, .len = 16};
    test_portmap_put(out.bytes + 4, 4, epoch());
    test_portmap_put(out.bytes + 8, 2, 4700);
    test_portmap_put(out.bytes + 10, 2, 4701);
    test_portmap_put(out.bytes + 12, 4, lifetime_s);
    return out;
}

skad_portmap_verdict test_portmap_give(test_portmap_datagram one)
{
    return skad_portmap_receive(&run.machine, &run.machine.gateway, one.bytes, one.len, run.now_us,
                                run.random);
}

void test_portmap_by_pcp(uint32_t lifetime_s)
{
    test_portmap_until_sent();
    assert_true(test_portmap_sent_pcp());
    TEST_PORTMAP_TAKEN(test_pcp(0, lifetime_s));
    assert_int_equal(run.machine.state, SKAD_PORTMAP_MAPPED);
}

void test_portmap_fall_back(void)
{
    static const test_portmap_datagram other = {.bytes = {0, 0x81, 0, 1}, .len = 8};
    test_portmap_until_sent();
    TEST_PORTMAP_TAKEN(other);
    test_portmap_until_sent();
    assert_int_equal(run.request_len, 2);
}

void test_portmap_by_pmp(void)
{
    test_portmap_fall_back();
    TEST_PORTMAP_TAKEN(test_pmp_address(0));
    test_portmap_until_sent();
    assert_int_equal(run.request_len, 12);
    TEST_PORTMAP_TAKEN(test_pmp_map(0, 3600));
    assert_int_equal(run.machine.state, SKAD_PORTMAP_MAPPED);
}
