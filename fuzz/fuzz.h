/* The code that all targets share. A target is one file that defines LLVMFuzzerTestOneInput, the
 * entry that libFuzzer and AFL++ know; replay.c runs the same file without any fuzzer.
 * docs/fuzzing.md explains how to add one. */
#ifndef SKAD_FUZZ_FUZZ_H
#define SKAD_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/assert.h"

/* libFuzzer's names. Returns 0; any failure ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Changes an input in place; returns its new length, at most `cap`. A target may define the first;
 * it then calls the second for the parts that need no special treatment. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t cap, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t cap);

/* A condition that must hold for any input. */
#define FUZZ_REQUIRE(condition) SKAD_ASSERT(condition)

/* Input as a source of choices: zeros follow its end, so every prefix of an input is an input. */
typedef struct fuzz_choices {
    const uint8_t *data;
    size_t len;
    size_t at;
} fuzz_choices;

static inline bool fuzz_over(const fuzz_choices *choices)
{
    return choices->at >= choices->len;
}

static inline uint8_t fuzz_byte(fuzz_choices *choices)
{
    return choices->at < choices->len ? choices->data[choices->at++] : 0;
}

static inline uint64_t fuzz_number(fuzz_choices *choices, unsigned bytes)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < bytes; i++) {
        number = number << 8 | fuzz_byte(choices);
    }
    return number;
}

/* 0..bound-1. */
static inline size_t fuzz_below(fuzz_choices *choices, size_t bound)
{
    return bound <= 256 ? fuzz_byte(choices) % bound : (size_t)fuzz_number(choices, 2) % bound;
}

static inline void fuzz_bytes(fuzz_choices *choices, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = fuzz_byte(choices);
    }
}

#endif
