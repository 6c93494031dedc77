/* The text format of Prometheus, version 0.0.4. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "src/daemon/metrics/exposition.h"

static void families_and_samples_have_their_lines(void **state)
{
    (void)state;
    char text[1024];
    skad_exposition self;
    skad_exposition_init(&self, text, sizeof text);
    skad_exposition_count_of(&self, "a_total", "All a.", UINT64_MAX);
    skad_exposition_gauge_of(&self, "b", "Now.", 0);
    skad_exposition_counter(&self, "c_total", "By kind.");
    skad_exposition_uint(&self, "kind", "x", 1);
    skad_exposition_uint(&self, "kind", "y\"\\\nz", 2);
    skad_exposition_gauge(&self, "d_ratio", "A part.");
    skad_exposition_double(&self, NULL, NULL, 0.25);
    assert_false(self.overflow);
    assert_int_equal(self.len, strlen(text));
    assert_string_equal(text, "# HELP a_total All a.\n# TYPE a_total counter\n"
                              "a_total 18446744073709551615\n"
                              "# HELP b Now.\n# TYPE b gauge\nb 0\n"
                              "# HELP c_total By kind.\n# TYPE c_total counter\n"
                              "c_total{kind=\"x\"} 1\nc_total{kind=\"y\\\"\\\\\\nz\"} 2\n"
                              "# HELP d_ratio A part.\n# TYPE d_ratio gauge\nd_ratio 0.25\n");
}

static void a_histogram_adds_up(void **state)
{
    (void)state;
    char text[4096];
    skad_exposition self;
    skad_histogram histogram = {0};
    skad_histogram_add(&histogram, 50);
    skad_histogram_add(&histogram, 700);
    skad_histogram_add(&histogram, 90000000);
    skad_exposition_init(&self, text, sizeof text);
    skad_exposition_histograms(&self, "h_seconds", "How long.");
    skad_exposition_histogram(&self, "op", "get", &histogram);
    skad_exposition_histogram(&self, NULL, NULL, &histogram);
    assert_non_null(strstr(text, "# TYPE h_seconds histogram\n"
                                 "h_seconds_bucket{op=\"get\",le=\"0.0001\"} 1\n"
                                 "h_seconds_bucket{op=\"get\",le=\"0.0005\"} 1\n"
                                 "h_seconds_bucket{op=\"get\",le=\"0.001\"} 2\n"));
    assert_non_null(strstr(text, "h_seconds_bucket{op=\"get\",le=\"60\"} 2\n"
                                 "h_seconds_bucket{op=\"get\",le=\"+Inf\"} 3\n"
                                 "h_seconds_sum{op=\"get\"} 90.000750\n"
                                 "h_seconds_count{op=\"get\"} 3\n"));
    assert_non_null(strstr(text, "h_seconds_bucket{le=\"+Inf\"} 3\n"
                                 "h_seconds_sum 90.000750\nh_seconds_count 3\n"));
}

static void what_does_not_fit_is_told_and_overruns_nothing(void **state)
{
    (void)state;
    char text[64];
    for (size_t cap = 1; cap <= sizeof text; cap++) {
        skad_exposition self;
        memset(text, '!', sizeof text);
        skad_exposition_init(&self, text, cap);
        skad_exposition_count_of(&self, "a_total", "All a.", 12);
        assert_int_equal(self.overflow, cap <= strlen("# HELP a_total All a.\n"
                                                      "# TYPE a_total counter\na_total 12\n"));
        assert_true(self.len < cap && text[self.len] == 0);
        for (size_t i = cap; i < sizeof text; i++) {
            assert_int_equal(text[i], '!');
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_and_samples_have_their_lines),
        cmocka_unit_test(a_histogram_adds_up),
        cmocka_unit_test(what_does_not_fit_is_told_and_overruns_nothing),
    };
    return cmocka_run_group_tests_name("exposition", tests, NULL, NULL);
}
