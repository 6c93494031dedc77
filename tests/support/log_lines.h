/* What is logged while a test listens: the lines on stderr. */
#ifndef SKAD_TESTS_LOG_LINES_H
#define SKAD_TESTS_LOG_LINES_H

#include <stddef.h>

#define TEST_LOG_BYTES_MAX 65536

typedef struct test_log {
    int stderr_fd; /* what stderr was before */
    int file_fd;
    char text[TEST_LOG_BYTES_MAX]; /* what was logged, once the listening has ended */
} test_log;

/* Until the end, lines go to the test and not to the terminal. */
void test_log_begin(test_log *self);
void test_log_end(test_log *self);

/* How many lines contain a text, "" for all; after the end. */
size_t test_log_count(const test_log *self, const char *text);

#endif
