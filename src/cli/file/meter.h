/* The progress of a transfer: one line on a terminal that is redrawn at most ten times a second. If
 * stderr is not a terminal nothing is written. The text of the line and the rate are computed by
 * pure functions. */
#ifndef SKAD_CLI_FILE_METER_H
#define SKAD_CLI_FILE_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SKAD_METER_SAMPLES    16
#define SKAD_METER_SPACING_US 250000ULL /* so that the rate is that of the last four seconds */
#define SKAD_METER_DRAW_US    100000ULL
#define SKAD_METER_LINE_BYTES 256

typedef struct skad_meter_reading {
    uint64_t done;  /* bytes that are where they belong */
    uint64_t total; /* 0 while unknown */
    uint64_t moved; /* of those done, what this run has transferred: the rest was there before */
} skad_meter_reading;

typedef struct skad_meter_sample {
    uint64_t at_us;
    uint64_t moved;
} skad_meter_sample;

typedef struct skad_meter {
    const char *what; /* "stored", "fetched" */
    bool shown;
    bool drawn;
    uint64_t drawn_us;
    skad_meter_sample samples[SKAD_METER_SAMPLES]; /* a ring */
    size_t samples_count;                          /* ever taken */
} skad_meter;

void skad_meter_begin(skad_meter *meter, const char *what);

/* Draws the line unless it was drawn just now. */
void skad_meter_show(skad_meter *meter, const skad_meter_reading *reading);

/* Removes the line. */
void skad_meter_end(skad_meter *meter);

/* Bytes a second over the last few seconds; 0 while unknown. It remembers each reading. */
double skad_meter_rate(skad_meter *meter, uint64_t now_us, uint64_t moved);

/* The line, shorter than `width` columns: parts that do not fit are left out, first the bar, then
 * the time left, then the rate. */
void skad_meter_line(const char *what, const skad_meter_reading *reading, double rate, size_t width,
                     char out[static SKAD_METER_LINE_BYTES]);

#endif
