/* What bench_compare measures: its samples and costs, and the report of them. */
#ifndef SKAD_BENCH_COMPARE_CONTEST_H
#define SKAD_BENCH_COMPARE_CONTEST_H

#include <stddef.h>

#include "bench/compare_side.h"
#include "crypto/random.h"

#define COMPARE_SIDES_MAX 2 /* skad first */

/* What an operation costs all nodes of a side together, or what a second of quiet does. */
typedef struct compare_cost {
    double requests;
    double datagrams;
    double signatures;
    double verifications;
    double cpu_ms;
} compare_cost;

/* All operations of one kind and side. */
typedef struct compare_sample {
    double *ms;
    size_t count; /* fewer than were wanted where some had nothing to find */
    size_t failed;
    compare_cost each;
} compare_sample;

/* What one operation stored, for another to find. */
typedef struct compare_stored {
    uint8_t value[COMPARE_VALUE_BYTES];
    uint8_t key[COMPARE_KEY_BYTES];
    bool done;
} compare_stored;

typedef struct compare_contest {
    size_t operations; /* of each kind and side */
    size_t sides_count;
    compare_process sides[COMPARE_SIDES_MAX];
    compare_cost idle[COMPARE_SIDES_MAX];         /* a second */
    compare_stored *stored[COMPARE_SIDES_MAX][2]; /* by put and by publish */
    compare_sample samples[COMPARE_SIDES_MAX][COMPARE_ACTS];
    skad_random random;
} compare_contest;

/* Prints all that was measured; measures what signatures cost on this machine meanwhile. */
void compare_report(compare_contest *self);

#endif
