/* Bytes from and to a gateway: as the RFCs have them, and of any other length and kind. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "src/host/portmap/trouble.h"
#include "src/host/portmap/wire.h"

static const skad_portmap_wish WISH = {
    .internal = {.family = SKAD_FAMILY_IPV4, .port = 0x125c, .ip = {192, 168, 7, 2}},
    .suggested = {.port = 0x125c},
    .lifetime_s = 3600,
    .nonce = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
};

/* RFC 6887, figures 2, 8 and 9. */
static void a_request_of_pcp_is_as_the_rfc_has_it(void **state)
{
    (void)state;
    static const uint8_t expected[60] = {
        2,  1,           0,    0,    0,    0,           0x0e, 0x10, [18] = 0xff, 0xff, 192, 168, 7,
        2,  [24] = 1,    2,    3,    4,    5,           6,    7,    8,           9,    10,  11,  12,
        17, [40] = 0x12, 0x5c, 0x12, 0x5c, [54] = 0xff, 0xff, 0,    0,           0,    0};
    uint8_t out[SKAD_PORTMAP_REQUEST_BYTES];
    assert_int_equal(skad_portmap_write(SKAD_PORTMAP_PCP_MAP, &WISH, out), 60);
    assert_memory_equal(out, expected, 60);
    skad_portmap_wish six = WISH;
    six.internal = (skad_address){.family = SKAD_FAMILY_IPV6, .port = 1, .ip = {0x2a, [15] = 9}};
    assert_int_equal(skad_portmap_write(SKAD_PORTMAP_PCP_MAP, &six, out), 60);
    assert_memory_equal(out + 8, six.internal.ip, 16);
    for (size_t i = 44; i < 60; i++) {
        assert_int_equal(out[i], 0); /* any address */
    }
}

/* RFC 6886, sections 3.2 and 3.3. */
static void requests_of_nat_pmp_are_as_the_rfc_has_them(void **state)
{
    (void)state;
    static const uint8_t expected[12] = {0, 1, 0, 0, 0x12, 0x5c, 0x12, 0x5c, 0, 0, 0x0e, 0x10};
    uint8_t out[SKAD_PORTMAP_REQUEST_BYTES];
    assert_int_equal(skad_portmap_write(SKAD_PORTMAP_PMP_MAP, &WISH, out), 12);
    assert_memory_equal(out, expected, 12);
    assert_int_equal(skad_portmap_write(SKAD_PORTMAP_PMP_ADDRESS, &WISH, out), 2);
    assert_memory_equal(out, "\0\0", 2);
}

/* What Debian's miniupnpd sent to a request for 192.168.7.2:4700. */
static const uint8_t PCP_ANSWER[60] = {2,    0x81,        0,    0,    0,           0,    0x02, 0x58,
                                       0,    1,           0x3d, 0xc1, [24] = 0xbc, 0xc1, 0x0d, 0xf0,
                                       0xcb, 0x0e,        0x90, 0xe3, 0x0f,        0xaf, 0xdc, 0xa7,
                                       0x11, [40] = 0x12, 0x5c, 0x12, 0x5c,        0,    0,    0,
                                       0,    0,           0,    0,    0,           0,    0,    0xff,
                                       0xff, 0x51,        0x02, 0x45, 0x01};

static void an_answer_of_pcp_is_read(void **state)
{
    (void)state;
    skad_portmap_answer answer;
    assert_int_equal(skad_portmap_answer_read(PCP_ANSWER, 60, &answer), SKAD_PORTMAP_READ);
    assert_int_equal(answer.kind, SKAD_PORTMAP_PCP_MAP);
    assert_int_equal(answer.lifetime_s, 600);
    assert_int_equal(answer.epoch_s, 81345);
    assert_int_equal(answer.protocol, 17);
    assert_int_equal(answer.internal_port, 4700);
    assert_memory_equal(answer.nonce, PCP_ANSWER + 24, 12);
    assert_int_equal(answer.external.family, SKAD_FAMILY_IPV4);
    assert_int_equal(answer.external.port, 4700);
    assert_memory_equal(answer.external.ip, PCP_ANSWER + 56, 4);
}

static void answers_of_nat_pmp_are_read(void **state)
{
    (void)state;
    static const uint8_t address[] = {0, 0x80, 0, 0, 0, 1, 0x3d, 0xc1, 0x51, 2, 0x45, 1};
    static const uint8_t map[] = {0,    0x81, 0,    0,    0, 1, 0x3d, 0xc1,
                                  0x12, 0x5d, 0x12, 0x5e, 0, 0, 2,    0x58};
    skad_portmap_answer answer;
    assert_int_equal(skad_portmap_answer_read(address, 12, &answer), SKAD_PORTMAP_READ);
    assert_int_equal(answer.kind, SKAD_PORTMAP_PMP_ADDRESS);
    assert_int_equal(answer.external.family, SKAD_FAMILY_IPV4);
    assert_memory_equal(answer.external.ip, address + 8, 4);
    assert_int_equal(skad_portmap_answer_read(map, 16, &answer), SKAD_PORTMAP_READ);
    assert_int_equal(answer.kind, SKAD_PORTMAP_PMP_MAP);
    assert_int_equal(answer.internal_port, 0x125d);
    assert_int_equal(answer.external.port, 0x125e);
    assert_int_equal(answer.lifetime_s, 600);
    assert_int_equal(answer.epoch_s, 81345);
}

/* Each length up to the longest datagram: one of each kind is right. */
static void short_and_long_datagrams_are_refused(void **state)
{
    (void)state;
    static uint8_t bytes[2000];
    skad_portmap_answer answer;
    memcpy(bytes, PCP_ANSWER, sizeof PCP_ANSWER);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        /* More than 60 bytes: options, which may be there and are passed over. */
        const bool right = len >= 60 && len <= 1100 && len % 4 == 0;
        assert_int_equal(skad_portmap_answer_read(bytes, len, &answer),
                         right ? SKAD_PORTMAP_READ : SKAD_PORTMAP_READ_SIZE);
    }
    for (uint8_t opcode = 0x80; opcode <= 0x81; opcode++) {
        memset(bytes, 0, sizeof bytes);
        bytes[1] = opcode;
        for (size_t len = 0; len <= sizeof bytes; len++) {
            const bool right = len == (opcode == 0x80 ? 12 : 16);
            bytes[3] = 0;
            assert_int_equal(skad_portmap_answer_read(bytes, len, &answer),
                             right ? SKAD_PORTMAP_READ : SKAD_PORTMAP_READ_SIZE);
            bytes[3] = 2; /* an error may lack what was asked for */
            const bool error = len >= 8 && len <= (opcode == 0x80 ? 12 : 16);
            assert_int_equal(skad_portmap_answer_read(bytes, len, &answer),
                             error ? SKAD_PORTMAP_READ : SKAD_PORTMAP_READ_SIZE);
        }
    }
}

static void requests_and_other_opcodes_are_no_answers(void **state)
{
    (void)state;
    uint8_t bytes[60];
    skad_portmap_answer answer;
    for (unsigned version = 0; version < 256; version++) {
        for (unsigned opcode = 0; opcode < 256; opcode++) {
            memcpy(bytes, PCP_ANSWER, sizeof bytes);
            bytes[0] = (uint8_t)version;
            bytes[1] = (uint8_t)opcode;
            const skad_portmap_read read = skad_portmap_answer_read(bytes, 60, &answer);
            const bool right = version == 2 && opcode == 0x81;
            const bool sized = version == 0 && (opcode == 0x80 || opcode == 0x81);
            assert_int_equal(read, opcode < 0x80 ? SKAD_PORTMAP_READ_REQUEST
                                   : right       ? SKAD_PORTMAP_READ
                                   : sized       ? SKAD_PORTMAP_READ_SIZE
                                                 : SKAD_PORTMAP_READ_UNKNOWN);
        }
    }
}

static void another_version_is_told_by_an_answer_of_any_version(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[24];
        size_t len;
        bool other;
    } cases[] = {
        {{0, 0x81, 0, 1}, 8, true}, /* NAT-PMP (RFC 6886, section 3.5) */
        {{0, 0x80, 0, 1}, 12, true},  {{1, 0x81, 0, 1}, 24, true},
        {{2, 0x80, 0, 1}, 24, true}, /* PCP, to NAT-PMP */
        {{3, 0x81, 0, 1}, 24, true},  {{0, 0x81, 0, 1}, 7, false},
        {{3, 0x81, 0, 1}, 20, false}, {{3, 0x81, 0, 1}, 23, false},
        {{3, 0x82, 0, 1}, 24, false}, /* to another request */
        {{3, 0x81, 1, 1}, 24, false}, {{3, 0x81, 0, 2}, 24, false},
        {{3, 0x01, 0, 1}, 24, false}, /* a request */
    };
    skad_portmap_answer answer;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const skad_portmap_read read =
            skad_portmap_answer_read(cases[i].bytes, cases[i].len, &answer);
        assert_int_equal(read == SKAD_PORTMAP_READ, cases[i].other);
        assert_int_equal(answer.other_version, cases[i].other);
    }
    static const uint8_t strange[] = {0, 0x80, 1, 1, 0, 0, 0, 0};
    assert_int_equal(skad_portmap_answer_read(strange, 8, &answer), SKAD_PORTMAP_READ);
    assert_false(answer.other_version);
    assert_int_equal(answer.result, SKAD_PORTMAP_STRANGE);
}

/* Each result ends in a trouble with a sentence that says what to do. */
static void each_error_has_a_name_and_a_sentence(void **state)
{
    (void)state;
    bool seen[SKAD_PORTMAP_TROUBLES] = {
        [SKAD_PORTMAP_FINE] = true, [SKAD_PORTMAP_SILENT] = true, [SKAD_PORTMAP_LIFETIME] = true};
    for (unsigned result = 1; result < 256; result++) {
        seen[skad_portmap_trouble_of((uint8_t)result)] = true;
    }
    for (unsigned i = 0; i < SKAD_PORTMAP_TROUBLES; i++) {
        assert_true(seen[i]);
        assert_true(strlen(skad_portmap_trouble_name((skad_portmap_trouble)i)) > 3);
        assert_int_equal(strchr(skad_portmap_trouble_text((skad_portmap_trouble)i), ':') != NULL,
                         i != SKAD_PORTMAP_FINE);
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(skad_portmap_trouble_text((skad_portmap_trouble)i),
                                    skad_portmap_trouble_text((skad_portmap_trouble)k));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_of_pcp_is_as_the_rfc_has_it),
        cmocka_unit_test(requests_of_nat_pmp_are_as_the_rfc_has_them),
        cmocka_unit_test(an_answer_of_pcp_is_read),
        cmocka_unit_test(answers_of_nat_pmp_are_read),
        cmocka_unit_test(short_and_long_datagrams_are_refused),
        cmocka_unit_test(requests_and_other_opcodes_are_no_answers),
        cmocka_unit_test(another_version_is_told_by_an_answer_of_any_version),
        cmocka_unit_test(each_error_has_a_name_and_a_sentence),
    };
    return cmocka_run_group_tests_name("portmap_wire", tests, NULL, NULL);
}
