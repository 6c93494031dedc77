/* A folder of its own for a test, below TMPDIR, or /tmp. */
#ifndef SKAD_TESTS_FOLDER_H
#define SKAD_TESTS_FOLDER_H

#include <stddef.h>

/* Makes it and writes its path, of which at least 64 bytes fit `out`. */
void test_folder_make(char *out, size_t cap);

#endif
