/* What the start of a process needed is given back, and what is still needed stays. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "src/host/system/spare.h"
#include "tests/support/resident.h"

#define BLOCKS      4096
#define BLOCK_BYTES 2048

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
    unsigned long before = test_resident_kib("RssAnon");
    skad_spare_memory();
    unsigned long after = test_resident_kib("RssAnon");
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
    unsigned long before = test_resident_kib("RssFile");
    skad_spare_memory();
    unsigned long after = test_resident_kib("RssFile");
    assert_true(after < before);
}

static void only_whole_pages_of_a_block_are_cleared(void **state)
{
    enum { PAGE = 4096, BYTES = 8 * PAGE };
    uint8_t *block = aligned_alloc(PAGE, BYTES);
    (void)state;
    assert_non_null(block);
    memset(block, 7, BYTES);
    skad_spare_pages(block + 100, 4 * PAGE); /* its whole pages: 1 to 3 */
    for (size_t i = 0; i < BYTES; i++) {
        assert_int_equal(block[i], i >= PAGE && i < 4 * PAGE ? 0 : 7);
    }
    skad_spare_pages(block + 4 * PAGE + 1, PAGE); /* none */
    assert_int_equal(block[5 * PAGE], 7);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(freed_memory_goes_back_and_the_rest_stays),
        cmocka_unit_test(only_whole_pages_of_a_block_are_cleared),
        cmocka_unit_test(pages_of_programs_are_read_again_when_needed),
    };
    return cmocka_run_group_tests_name("spare", tests, NULL, NULL);
}
