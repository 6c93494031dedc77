/* How long things took, counted in fixed buckets: as Prometheus sums and compares them over many
 * nodes. */
#ifndef SKAD_DAEMON_HEALTH_HISTOGRAM_H
#define SKAD_DAEMON_HEALTH_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"

#define SKAD_HISTOGRAM_BUCKETS 16

/* The upper bounds in microseconds, inclusive; the last one is UINT64_MAX. They suit a turn of the
 * loop as well as a lookup. */
extern const uint64_t SKAD_HISTOGRAM_BOUNDS_US[SKAD_HISTOGRAM_BUCKETS];

typedef struct skad_histogram {
    uint64_t counts[SKAD_HISTOGRAM_BUCKETS]; /* each without those of the buckets before */
    uint64_t count;
    uint64_t sum_us;
} skad_histogram;

void skad_histogram_add(skad_histogram *self, uint64_t duration_us);

/* What a daemon measures. */
typedef struct skad_durations {
    skad_histogram turn; /* of the loop: from the clocks to the last datagram sent */
    /* Operations that clients of the control socket began, whatever came of them. */
    skad_histogram lookup;
    skad_histogram get;
    skad_histogram put;
    skad_histogram ping;
} skad_durations;

/* Adds to the one for operations of a kind; does nothing without `self`. */
void skad_durations_add(skad_durations *self, skad_event_kind kind, uint64_t duration_us);

#endif
