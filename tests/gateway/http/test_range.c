/* Ranges of bytes (RFC 9110, section 14): parts, ends, and what a server has to ignore. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/gateway/http/range.h"

typedef struct range_case {
    const char *header;
    uint64_t size;
    skad_range_kind kind;
    uint64_t first;
    uint64_t length;
} range_case;

static void a_header_makes_a_range(void **state)
{
    (void)state;
    static const range_case cases[] = {
        {NULL, 10, SKAD_RANGE_WHOLE, 0, 10},
        {"bytes=0-0", 10, SKAD_RANGE_PART, 0, 1},
        {"BYTES=2-4", 10, SKAD_RANGE_PART, 2, 3},
        {"bytes=2-", 10, SKAD_RANGE_PART, 2, 8},
        {"bytes=2-99", 10, SKAD_RANGE_PART, 2, 8},
        {"bytes=9-9", 10, SKAD_RANGE_PART, 9, 1},
        {"bytes=0-18446744073709551615", 10, SKAD_RANGE_PART, 0, 10},
        {"bytes=-3", 10, SKAD_RANGE_PART, 7, 3},
        {"bytes=-99", 10, SKAD_RANGE_PART, 0, 10},
        {"bytes=-99999999999999999999999", 10, SKAD_RANGE_PART, 0, 10},
        {"bytes=10-", 10, SKAD_RANGE_BEHIND, 0, 10},
        {"bytes=99999999999999999999999-", 10, SKAD_RANGE_BEHIND, 0, 10},
        {"bytes=0-", 0, SKAD_RANGE_BEHIND, 0, 0},
        {"bytes=-0", 10, SKAD_RANGE_BEHIND, 0, 10},
        {"bytes=-1", 0, SKAD_RANGE_BEHIND, 0, 0},
        {"bytes=4-2", 10, SKAD_RANGE_WHOLE, 0, 10},
        {"bytes=0-1,3-4", 10, SKAD_RANGE_WHOLE, 0, 10},
        {"bytes=", 10, SKAD_RANGE_WHOLE, 0, 10},
        {"bytes=-", 10, SKAD_RANGE_WHOLE, 0, 10},
        {"bytes=a-b", 10, SKAD_RANGE_WHOLE, 0, 10},
        {"bytes=1-2x", 10, SKAD_RANGE_WHOLE, 0, 10},
        {"bytes 1-2", 10, SKAD_RANGE_WHOLE, 0, 10},
        {"lines=1-2", 10, SKAD_RANGE_WHOLE, 0, 10},
        {"", 10, SKAD_RANGE_WHOLE, 0, 10},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_range range = {77, 77};
        const skad_range_kind kind = skad_range_read(cases[i].header, cases[i].size, &range);
        if (kind != cases[i].kind || range.first != cases[i].first ||
            range.length != cases[i].length) {
            fail_msg("%s: kind %d, %d from %d", cases[i].header, (int)kind, (int)range.length,
                     (int)range.first);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_makes_a_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
