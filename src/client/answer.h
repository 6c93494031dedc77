/* A daemon's answer as parsed msgpack items, and functions that read it. Values that are missing or
 * have an unexpected type read as zero or as empty text, because the commands only print them. */
#ifndef SKAD_CLIENT_ANSWER_H
#define SKAD_CLIENT_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/reader.h"

#define SKAD_ANSWER_TEXT_BYTES 512

/* A value among the items: it and all that it contains, up to `end`. */
typedef struct skad_answer {
    const skad_item *item; /* NULL: there is none */
    const skad_item *end;
} skad_answer;

/* The item after a value and all that it contains; at most `end`. */
const skad_item *skad_answer_next(const skad_item *item, const skad_item *end);

/* A map's value by key; an array's or a map's parts by index (a map counts keys and values). */
skad_answer skad_answer_get(skad_answer map, const char *key);
skad_answer skad_answer_at(skad_answer list, size_t index);
size_t skad_answer_count(skad_answer list);

uint64_t skad_answer_uint(skad_answer map, const char *key);
double skad_answer_number(skad_answer map, const char *key); /* UINT or FLOAT */
bool skad_answer_bool(skad_answer map, const char *key);
skad_span skad_answer_bytes(skad_answer map, const char *key); /* STR or BIN */
/* The text of a STR, cut to the buffer, without control characters, so that another peer's text
 * never reaches the terminal unchanged. Empty for any other value. */
void skad_answer_line(skad_answer value, char *out, size_t cap);
/* The text of any plain value, cut to the buffer. */
void skad_answer_text(skad_answer value, char out[static SKAD_ANSWER_TEXT_BYTES]);

#endif
