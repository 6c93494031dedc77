/* Records of files, by key: what a network would hold, for tests of files as trees. */
#ifndef SKAD_TESTS_FILE_RECORDS_H
#define SKAD_TESTS_FILE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/tree.h"

typedef struct test_file_record {
    skad_id key;
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    size_t len;
} test_file_record;

typedef struct test_file_records {
    test_file_record *entries;
    size_t count;
} test_file_records;

void test_file_records_free(test_file_records *self);
void test_file_records_put(test_file_records *self, const uint8_t *value, size_t len);
/* The record of a key; NULL: there is none. */
test_file_record *test_file_records_find(const test_file_records *self, const skad_id *key);

/* Bytes of a file in which no two pieces are alike. */
uint8_t *test_file_bytes(size_t len);

/* Stores a file in the plainest way, recursively and whole; returns the key of its root. */
skad_id test_file_plain(test_file_records *self, const uint8_t *data, size_t len);

#endif
