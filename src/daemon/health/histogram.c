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

static skad_histogram *histogram_of(skad_durations *self, skad_event_kind kind)
{
    if (kind == SKAD_EVENT_LOOKUP) {
        return &self->lookup;
    }
    if (kind == SKAD_EVENT_GET) {
        return &self->get;
    }
    return kind == SKAD_EVENT_PUT ? &self->put : &self->ping;
}

void skad_durations_add(skad_durations *self, skad_event_kind kind, uint64_t duration_us)
{
    if (self != NULL) {
        skad_histogram_add(histogram_of(self, kind), duration_us);
    }
}
