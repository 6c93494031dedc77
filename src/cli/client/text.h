/* Pieces of text that a person reads: IDs in short, times with a unit that suits them. */
#ifndef SKAD_CLI_CLIENT_TEXT_H
#define SKAD_CLI_CLIENT_TEXT_H

#include <stdint.h>

#include "src/client/answer.h"

#define SKAD_TEXT_BYTES 32

/* The first 12 digits of an ID: enough to tell the nodes of any network apart by eye. */
void skad_text_short_id(skad_answer map, const char *key, char out[static SKAD_TEXT_BYTES]);

/* "850 us", "12.3 ms", "4.2 s", "3 min", "5 h", "12 d"; "-" for 0. */
void skad_text_duration(uint64_t us, char out[static SKAD_TEXT_BYTES]);

/* The text of a map's value; see skad_answer_text. */
void skad_text_of(skad_answer map, const char *key, char out[static SKAD_ANSWER_TEXT_BYTES]);

/* A list of plain values, separated by blanks; "-" when it is empty. */
void skad_text_list(skad_answer list, char out[static SKAD_ANSWER_TEXT_BYTES]);

/* Writes bytes as one line: printable ASCII as it is, a backslash twice, all others as \xNN; bytes
 * that do not fit are left out and replaced with "...". */
void skad_text_escape(skad_span bytes, char *out, size_t cap);

/* "850 B", "12.3 kB", "4.0 MB", "1.25 GB": powers of 1000. */
void skad_text_bytes(uint64_t bytes, char out[static SKAD_TEXT_BYTES]);

#endif
