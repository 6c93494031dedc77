#include "tests/support/folder.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/assert.h"

void test_folder_make(char *out, size_t cap)
{
    const char *base = getenv("TMPDIR");
    int len = snprintf(out, cap, "%s/skad-test-XXXXXX", base != NULL ? base : "/tmp");
    SKAD_ASSERT(len > 0 && (size_t)len < cap);
    const char *made = mkdtemp(out);
    SKAD_ASSERT(made != NULL);
}
