/* Counting. */
#include "src/daemon/health/histogram.h"

const uint64_t SKAD_HISTOGRAM_BOUNDS_US[SKAD_HISTOGRAM_BUCKETS] = {
    100,    500,     1000,    5000,    10000,    50000,    100000,   250000,
    500000, 1000000, 2500000, 5000000, 10000000, 30000000, 60000000, UINT64_MAX};

void skad_histogram_add(skad_histogram *self, uint64_t duration_us)
{
    size_t i = 0;
    while (duration_us > SKAD_HISTOGRAM_BOUNDS_US[i]) {
        i++;
    }
    self->counts[i]++;
    self->count++;
    self->sum_us += duration_us;
}
