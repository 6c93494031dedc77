/* Allocations that fail when a test wants them to: the n-th of what skad asks for from now on,
 * once. A program that wants them is linked with skad_failing_allocation (tests/CMakeLists.txt),
 * which has the linker hand malloc and its siblings to this file. Only the calling thread's
 * allocations are counted and fail. */
#ifndef SKAD_TESTS_FAILING_ALLOCATION_H
#define SKAD_TESTS_FAILING_ALLOCATION_H

#include <stdbool.h>
#include <stddef.h>

/* The n-th allocation from now on fails; 0: none. */
void test_allocation_fail(size_t nth);

/* Whether it came to that, and no more fail. */
bool test_allocation_failed(void);

/* What is allocated and not freed, by all threads. */
long test_allocations_held(void);

#endif
