/* The bodies of AUDIT, PROVE and their replies: each limit, from both sides. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "proto/message.h"
#include "proto/writer.h"
#include "tests/support/wire.h"

#define NONE   SIZE_MAX /* an element that is not there; a number in place of a bin */
#define NUMBER (SIZE_MAX - 1)

/* Bins of so many bytes behind the round of a request, or the address of a reply. */
typedef struct body_case {
    const char *label;
    skad_kind kind;
    bool fits;
    size_t bins[3];
} body_case;

static const body_case cases[] = {
    {"AUDIT", SKAD_KIND_AUDIT, true, {16, NONE, NONE}},
    {"AUDIT of a short challenge", SKAD_KIND_AUDIT, false, {15, NONE, NONE}},
    {"AUDIT of a long challenge", SKAD_KIND_AUDIT, false, {17, NONE, NONE}},
    {"AUDIT without challenge", SKAD_KIND_AUDIT, false, {NONE, NONE, NONE}},
    {"AUDIT of a number", SKAD_KIND_AUDIT, false, {NUMBER, NONE, NONE}},
    {"AUDIT, three elements", SKAD_KIND_AUDIT, false, {16, 16, NONE}},
    {"PROVE of one", SKAD_KIND_PROVE, true, {16, NONE, NONE}},
    {"PROVE of four", SKAD_KIND_PROVE, true, {64, NONE, NONE}},
    {"PROVE of five", SKAD_KIND_PROVE, false, {80, NONE, NONE}},
    {"PROVE of none", SKAD_KIND_PROVE, false, {0, NONE, NONE}},
    {"PROVE of one and a part", SKAD_KIND_PROVE, false, {17, NONE, NONE}},
    {"PROVE without points", SKAD_KIND_PROVE, false, {NONE, NONE, NONE}},
    {"AUDITED", SKAD_KIND_AUDITED, true, {83, NONE, NONE}},
    {"AUDITED, a byte less", SKAD_KIND_AUDITED, false, {82, NONE, NONE}},
    {"AUDITED, a byte more", SKAD_KIND_AUDITED, false, {84, NONE, NONE}},
    {"AUDITED of nothing", SKAD_KIND_AUDITED, false, {NONE, NONE, NONE}},
    {"PROVEN of one", SKAD_KIND_PROVEN, true, {83, 162, 64}},
    {"PROVEN of four", SKAD_KIND_PROVEN, true, {83, 648, 64}},
    {"PROVEN of five", SKAD_KIND_PROVEN, false, {83, 810, 64}},
    {"PROVEN of none", SKAD_KIND_PROVEN, false, {83, 0, 64}},
    {"PROVEN of a part", SKAD_KIND_PROVEN, false, {83, 161, 64}},
    {"PROVEN, short commitment", SKAD_KIND_PROVEN, false, {82, 162, 64}},
    {"PROVEN, short signature", SKAD_KIND_PROVEN, false, {83, 162, 63}},
    {"PROVEN without signature", SKAD_KIND_PROVEN, false, {83, 162, NONE}},
};

static void each_body_keeps_to_its_limits(void **state)
{
    (void)state;
    static const uint8_t bytes[1000];
    const skad_address seen = {SKAD_FAMILY_IPV4, 5, {20, 1, 2, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t body[1100];
        skad_writer writer;
        skad_message message;
        size_t bins = 0;
        while (bins < 3 && cases[i].bins[bins] != NONE) {
            bins++;
        }
        skad_writer_init(&writer, body, sizeof body);
        skad_write_array(&writer, 1 + bins);
        if (skad_kind_is_request(cases[i].kind)) {
            skad_write_uint(&writer, UINT64_MAX);
        } else {
            uint8_t endpoint[SKAD_ADDRESS4_BYTES] = {seen.ip[0], 1, 2, 3, 0, 5};
            skad_write_bin(&writer, endpoint, sizeof endpoint);
        }
        for (size_t j = 0; j < bins; j++) {
            if (cases[i].bins[j] == NUMBER) {
                skad_write_uint(&writer, 16);
            } else {
                skad_write_bin(&writer, bytes, cases[i].bins[j]);
            }
        }
        print_message("%s\n", cases[i].label);
        assert_int_equal(skad_message_decode(cases[i].kind, body, writer.len, &message),
                         cases[i].fits);
    }
}

static void bodies_go_both_ways(void **state)
{
    (void)state;
    static const skad_kind kinds[] = {SKAD_KIND_AUDIT, SKAD_KIND_PROVE, SKAD_KIND_AUDITED,
                                      SKAD_KIND_PROVEN};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        uint8_t body[SKAD_BODY_BYTES_MAX];
        uint8_t again[SKAD_BODY_BYTES_MAX];
        skad_message message;
        skad_message read;
        skad_wire_message(kinds[i], &message);
        const size_t len = skad_message_encode(&message, body, sizeof body);
        assert_true(len > 0);
        assert_true(skad_message_decode(kinds[i], body, len, &read));
        assert_int_equal(skad_message_encode(&read, again, sizeof again), len);
        assert_memory_equal(body, again, len);
        assert_int_equal(skad_message_encode(&message, body, len - 1), 0);
        for (size_t cut = 0; cut < len; cut++) {
            assert_false(skad_message_decode(kinds[i], body, cut, &read));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_body_keeps_to_its_limits),
        cmocka_unit_test(bodies_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
