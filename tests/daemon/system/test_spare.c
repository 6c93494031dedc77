/* What the start of a process needed is given back, and what is still needed stays. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/daemon/system/spare.h"

#define BLOCKS      4096
#define BLOCK_BYTES 2048

/* Resident kilobytes of this process: `VmRSS`, `RssFile`. */
static unsigned long resident(const char *what)
{
    unsigned long kilobytes = 0;
    char line[128];
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, what, strlen(what)) == 0) {
            kilobytes = strtoul(line + strlen(what) + 1, NULL, 10);
        }
    }
    (void)fclose(file);
    return kilobytes;
}

/* The last block pins the top of the heap, so free alone gives nothing back. */
static void freed_memory_goes_back_and_the_rest_stays(void **state)
{
    static uint8_t *blocks[BLOCKS];
    (void)state;
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(BLOCK_BYTES);
        assert_non_null(blocks[i]);
        memset(blocks[i], (int)(i % 251), BLOCK_BYTES);
    }
    for (size_t i = 0; i + 1 < BLOCKS; i++) {
        free(blocks[i]);
    }
    unsigned long before = resident("RssAnon");
    skad_spare_memory();
    unsigned long after = resident("RssAnon");
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        assert_int_equal(blocks[BLOCKS - 1][i], (BLOCKS - 1) % 251);
    }
    free(blocks[BLOCKS - 1]);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    (void)before; /* their allocators keep what is freed */
    (void)after;
#else
    assert_true(after + (uint64_t)BLOCKS * BLOCK_BYTES / 1024 / 2 < before);
#endif
}

static void pages_of_programs_are_read_again_when_needed(void **state)
{
    (void)state;
    unsigned long before = resident("RssFile");
    skad_spare_memory();
    unsigned long after = resident("RssFile");
    assert_true(after < before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(freed_memory_goes_back_and_the_rest_stays),
        cmocka_unit_test(pages_of_programs_are_read_again_when_needed),
    };
    return cmocka_run_group_tests_name("spare", tests, NULL, NULL);
}
