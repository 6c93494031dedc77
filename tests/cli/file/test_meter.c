/* The line that tells how far a transfer is, and how fast it is. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "skad/types.h"
#include "src/cli/file/meter.h"

typedef struct line_case {
    const char *label;
    skad_meter_reading reading;
    double rate;
    size_t width;
    const char *expected;
} line_case;

static const line_case lines[] = {
    {"nothing known", {0, 0, 0}, 0, 80, "stored 0 B"},
    {"no total", {12345678, 0, 12345678}, 1.5e6, 80, "stored 12.3 MB  1.5 MB/s"},
    {"a third of it",
     {1000000, 3000000, 1000000},
     1e5,
     80,
     "stored 1.0 MB of 3.0 MB  33 %  [#######--------------]  100.0 kB/s  21.0 s left"},
    {"the same in a narrower window",
     {1000000, 3000000, 1000000},
     1e5,
     67,
     "stored 1.0 MB of 3.0 MB  33 %  [##------]  100.0 kB/s  21.0 s left"},
    {"no room for a bar",
     {1000000, 3000000, 1000000},
     1e5,
     66,
     "stored 1.0 MB of 3.0 MB  33 %  100.0 kB/s  21.0 s left"},
    {"no room for the time",
     {1000000, 3000000, 1000000},
     1e5,
     50,
     "stored 1.0 MB of 3.0 MB  33 %  100.0 kB/s"},
    {"no room for the rate", {1000000, 3000000, 1000000}, 1e5, 40, "stored 1.0 MB of 3.0 MB  33 %"},
    {"no room for anything", {1000000, 3000000, 1000000}, 1e5, 10, "stored 1."},
    {"no window at all", {1000000, 3000000, 1000000}, 1e5, 0, ""},
    {"a wide window",
     {3000000, 3000000, 0},
     0,
     500,
     "stored 3.0 MB of 3.0 MB 100 %  [##############################]"},
    {"more than was said",
     {4000000, 3000000, 0},
     1e5,
     45,
     "stored 4.0 MB of 3.0 MB 133 %  100.0 kB/s"},
    {"ages to go",
     {1, 21870000000000, 1},
     0.5,
     60,
     "stored 1 B of 21.9 TB   0 %  [---------------------]  0 B/s"},
};

static void a_line_says_what_fits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[SKAD_METER_LINE_BYTES];
        skad_meter_line("stored", &lines[i].reading, lines[i].rate, lines[i].width, text);
        if (strcmp(text, lines[i].expected) != 0) {
            fail_msg("%s: '%s'", lines[i].label, text);
        }
    }
}

static void no_line_is_as_wide_as_the_terminal(void **state)
{
    (void)state;
    const skad_meter_reading reading = {.done = 123456789, .total = 987654321, .moved = 5};
    for (size_t width = 1; width < 300; width++) {
        char text[SKAD_METER_LINE_BYTES];
        skad_meter_line("fetched", &reading, 1e6, width, text);
        assert_true(strlen(text) < width);
    }
}

static void the_rate_is_that_of_the_last_seconds(void **state)
{
    (void)state;
    skad_meter meter = {.what = "stored"};
    uint64_t moved = 0;
    assert_true(skad_meter_rate(&meter, 0, 0) == 0);
    /* A minute at 1000 bytes a second, then ten seconds at 5000. */
    for (uint64_t at = 100; at <= 60000; at += 100) {
        moved += 100;
        double rate = skad_meter_rate(&meter, at * SKAD_US_PER_MS, moved);
        assert_true(rate > 999 && rate < 1001);
    }
    double rate = 0;
    for (uint64_t at = 60100; at <= 70000; at += 100) {
        moved += 500;
        rate = skad_meter_rate(&meter, at * SKAD_US_PER_MS, moved);
    }
    assert_true(rate > 4999 && rate < 5001);
}

static void what_stands_still_has_no_rate(void **state)
{
    (void)state;
    skad_meter meter = {.what = "stored"};
    double rate = 1;
    for (uint64_t at = 0; at <= 10000; at += 100) {
        rate = skad_meter_rate(&meter, at * SKAD_US_PER_MS, at < 100 ? 0 : 7777);
    }
    assert_true(rate == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_says_what_fits),
        cmocka_unit_test(no_line_is_as_wide_as_the_terminal),
        cmocka_unit_test(the_rate_is_that_of_the_last_seconds),
        cmocka_unit_test(what_stands_still_has_no_rate),
    };
    return cmocka_run_group_tests_name("meter", tests, NULL, NULL);
}
