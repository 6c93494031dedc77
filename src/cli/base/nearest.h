/* "Did you mean": which of some words is nearest to one that does not exist. */
#ifndef SKAD_CLI_BASE_NEAREST_H
#define SKAD_CLI_BASE_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

#define SKAD_NEAREST_BYTES_MAX 40 /* longer words are near to none */

typedef struct skad_nearest {
    char asked[SKAD_NEAREST_BYTES_MAX + 1]; /* empty: near to none */
    const char *best;                       /* NULL: none so far */
    unsigned cost;
} skad_nearest;

void skad_nearest_begin(skad_nearest *self, const char *asked, size_t len);

/* Considers a word: one of which the other is the beginning, or that is at most a third of its
 * letters away (inserted, left out, changed or swapped with its neighbour). Of equal ones the first
 * stays. */
void skad_nearest_try(skad_nearest *self, const char *word);

#endif
