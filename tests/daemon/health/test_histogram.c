/* Durations in buckets. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/daemon/health/histogram.h"

static void each_duration_is_in_the_first_bucket_that_holds_it(void **state)
{
    (void)state;
    skad_histogram self = {0};
    uint64_t sum_us = 0;
    for (size_t i = 0; i + 1 < SKAD_HISTOGRAM_BUCKETS; i++) {
        const uint64_t bound_us = SKAD_HISTOGRAM_BOUNDS_US[i];
        assert_true(bound_us < SKAD_HISTOGRAM_BOUNDS_US[i + 1]);
        skad_histogram_add(&self, bound_us);
        skad_histogram_add(&self, bound_us + 1);
        sum_us += 2 * bound_us + 1;
    }
    skad_histogram_add(&self, 0);
    assert_int_equal(self.counts[0], 2);
    for (size_t i = 1; i + 1 < SKAD_HISTOGRAM_BUCKETS; i++) {
        assert_int_equal(self.counts[i], 2);
    }
    assert_int_equal(self.counts[SKAD_HISTOGRAM_BUCKETS - 1], 1);
    assert_int_equal(self.count, 2 * SKAD_HISTOGRAM_BUCKETS - 1);
    assert_int_equal(self.sum_us, sum_us);
    assert_true(SKAD_HISTOGRAM_BOUNDS_US[SKAD_HISTOGRAM_BUCKETS - 1] == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_duration_is_in_the_first_bucket_that_holds_it),
    };
    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
