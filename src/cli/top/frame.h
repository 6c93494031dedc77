/* One picture of `skad top`: lines of text from the daemon's answers. Rates come from the counters
 * of the picture before. It knows no terminal. */
#ifndef SKAD_CLI_TOP_FRAME_H
#define SKAD_CLI_TOP_FRAME_H

#include "src/client/answer.h"

#define SKAD_FRAME_LINES_MAX  64
#define SKAD_FRAME_LINE_BYTES 200
#define SKAD_FRAME_RATES      64

/* Counters of the picture before, in the order in which they are asked for. */
typedef struct skad_frame_rates {
    uint64_t at_us; /* monotonic; 0: there is no picture before */
    uint64_t values[SKAD_FRAME_RATES];
} skad_frame_rates;

typedef struct skad_frame {
    char lines[SKAD_FRAME_LINES_MAX][SKAD_FRAME_LINE_BYTES];
    size_t count;
    uint64_t now_us;
    const skad_frame_rates *before;
    skad_frame_rates rates; /* for the next picture */
    size_t next;            /* of the rates */
} skad_frame;

void skad_frame_begin(skad_frame *self, const skad_frame_rates *before, uint64_t now_us);

/* Each adds its part; the answer is not needed afterwards. */
void skad_frame_add_health(skad_frame *self, skad_answer health);
void skad_frame_add_status(skad_frame *self, skad_answer status);
void skad_frame_add_table(skad_frame *self, skad_answer table);

#endif
