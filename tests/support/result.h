/* What the daemon writes for a client, taken apart as the client does. */
#ifndef SKAD_TESTS_RESULT_H
#define SKAD_TESTS_RESULT_H

#include <stddef.h>
#include <stdint.h>

#include "proto/writer.h"
#include "src/client/answer.h"

typedef struct test_number {
    const char *key;
    uint64_t value;
} test_number;

/* An empty writer, of this file. */
skad_writer *test_result_begin(void);

/* What was written since, which must be one whole msgpack value and nothing after it; until the
 * next begin. */
skad_answer test_result_end(void);

/* These keys have these numbers (0 or 1 for a truth), this text, or nothing but nil. */
void test_result_expect(skad_answer map, const char *key, uint64_t value);
void test_result_expect_all(skad_answer map, const test_number *numbers, size_t count);
void test_result_expect_text(skad_answer value, const char *expected);
void test_result_expect_nil(skad_answer map, const char *key);

/* An answer to a request is an error of this code with this message. */
void test_result_expect_error(skad_answer answer, uint32_t msgid, const char *code,
                              const char *message);

#endif
