/* Reading the vector files (vector_json.h) back: the fields of one vector after the other, from the
 * array "vectors" and then from "invalid". Fields of nested arrays are not told apart. */
#ifndef SKAD_TESTS_VECTOR_READER_H
#define SKAD_TESTS_VECTOR_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEST_VECTOR_FIELDS_MAX 40

typedef struct test_vector {
    bool invalid; /* of the array "invalid" */
    size_t count;
    struct {
        const char *key;
        const char *value; /* without quotes */
    } fields[TEST_VECTOR_FIELDS_MAX];
} test_vector;

typedef struct test_vectors {
    char *text;
    char *at;
    bool invalid;
} test_vectors;

/* `name` is relative to the root of the source tree. */
FILE *test_open_source(const char *source_dir, const char *name);

/* Reads a file to its end, closes it, and appends a zero. Free it. */
char *test_read_whole(FILE *file, size_t *len);

/* Opens tests/vectors/NAME. */
void test_vectors_open(test_vectors *self, const char *source_dir, const char *name);

/* Takes the next vector; false, and everything is released, when there is none. */
bool test_vectors_next(test_vectors *self, test_vector *out);

bool test_vector_has(const test_vector *self, const char *key);
/* Empty where the vector has no such field; so are the bytes, and numbers are 0. */
const char *test_vector_text(const test_vector *self, const char *key);
uint64_t test_vector_uint(const test_vector *self, const char *key);
bool test_vector_bool(const test_vector *self, const char *key);
/* Returns how many bytes there are; fails the test beyond `cap`. */
size_t test_vector_hex(const test_vector *self, const char *key, uint8_t *out, size_t cap);

#endif
