/* The distance of Damerau and Levenshtein, in its form for neighbours that are swapped once. */
#include "src/cli/base/suggestion.h"

#include <string.h>

static unsigned min(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned rows[3][SKAD_SUGGESTION_BYTES_MAX + 1]; /* of i - 2, i - 1 and i, in turn */
    for (size_t j = 0; j <= b_len; j++) {
        rows[0][j] = (unsigned)j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *two_above = rows[(i + 1) % 3];
        unsigned *here = rows[i % 3];
        here[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            here[j] = min(min(above[j], here[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                here[j] = min(here[j], two_above[j - 2] + 1);
            }
        }
    }
    return rows[a_len % 3][b_len];
}

void skad_suggestion_begin(skad_suggestion *self, const char *asked, size_t len)
{
    memset(self, 0, sizeof *self);
    if (len <= SKAD_SUGGESTION_BYTES_MAX) {
        memcpy(self->asked, asked, len);
    }
}

void skad_suggestion_try(skad_suggestion *self, const char *word)
{
    const size_t asked_len = strlen(self->asked);
    const size_t word_len = strlen(word);
    if (asked_len == 0 || word_len > SKAD_SUGGESTION_BYTES_MAX) {
        return;
    }
    const size_t shorter = asked_len < word_len ? asked_len : word_len;
    const bool begins = shorter >= 2 && memcmp(self->asked, word, shorter) == 0;
    const unsigned cost = begins ? 0 : distance(self->asked, asked_len, word, word_len);
    const unsigned cost_max = (unsigned)(asked_len > word_len ? asked_len : word_len) / 3;
    if (cost <= cost_max && (self->best == NULL || cost < self->cost)) {
        self->best = word;
        self->cost = cost;
    }
}
