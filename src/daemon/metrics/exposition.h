/* The text format of Prometheus, version 0.0.4: families of samples in a fixed buffer. What does
 * not fit sets `overflow`; check once, at the end. */
#ifndef SKAD_DAEMON_METRICS_EXPOSITION_H
#define SKAD_DAEMON_METRICS_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/daemon/health/histogram.h"

typedef struct skad_exposition {
    char *text; /* ended by a zero byte */
    size_t cap;
    size_t len;
    bool overflow;
    const char *name; /* of the family */
} skad_exposition;

void skad_exposition_init(skad_exposition *self, char *text, size_t cap);

/* Begins a family: its name, and a sentence about it without a backslash or a line break. */
void skad_exposition_counter(skad_exposition *self, const char *name, const char *help);
void skad_exposition_gauge(skad_exposition *self, const char *name, const char *help);

/* Adds a sample of the family; label NULL: without one. The value of the label is escaped. */
void skad_exposition_uint(skad_exposition *self, const char *label, const char *label_value,
                          uint64_t value);
void skad_exposition_double(skad_exposition *self, const char *label, const char *label_value,
                            double value);

/* A counter or a gauge with a single sample. */
void skad_exposition_count_of(skad_exposition *self, const char *name, const char *help,
                              uint64_t value);
void skad_exposition_gauge_of(skad_exposition *self, const char *name, const char *help,
                              uint64_t value);

/* Begins a family of histograms, in seconds, and adds one. */
void skad_exposition_histograms(skad_exposition *self, const char *name, const char *help);
void skad_exposition_histogram(skad_exposition *self, const char *label, const char *label_value,
                               const skad_histogram *histogram);

#endif
