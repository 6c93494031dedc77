/* "Did you mean": which of some words is nearest to one that does not exist. */
#ifndef SKAD_CLI_BASE_SUGGESTION_H
#define SKAD_CLI_BASE_SUGGESTION_H

#include <stdbool.h>
#include <stddef.h>

#define SKAD_SUGGESTION_BYTES_MAX 40 /* longer words are near to none */

typedef struct skad_suggestion {
    char asked[SKAD_SUGGESTION_BYTES_MAX + 1]; /* empty: near to none */
    const char *best;                          /* NULL: none so far */
    unsigned cost;
} skad_suggestion;

void skad_suggestion_begin(skad_suggestion *self, const char *asked, size_t len);

/* Considers a word: one of which the other is the beginning, or that is at most a third of its
 * letters away (inserted, left out, changed or swapped with its neighbour). Of equal ones the first
 * stays. */
void skad_suggestion_try(skad_suggestion *self, const char *word);

#endif
