#include "tests/support/failing_allocation.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

static _Thread_local size_t left; /* until one fails; 0: none is to fail */
static _Thread_local bool failed;
static atomic_long held;

/* The linker's names; nothing else calls them. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *data, size_t size);
void *__real_reallocarray(void *data, size_t number, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *data);
void *__real_skad_secret_alloc(size_t size, bool *locked);
void __real_skad_secret_free(void *secret, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *data, size_t size);
void *__wrap_reallocarray(void *data, size_t number, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *data);
void *__wrap_skad_secret_alloc(size_t size, bool *locked);
void __wrap_skad_secret_free(void *secret, size_t size);

void test_allocation_fail(size_t nth)
{
    left = nth;
    failed = false;
}

bool test_allocation_failed(void)
{
    left = 0;
    return failed;
}

long test_allocations_held(void)
{
    return atomic_load(&held);
}

static bool fails_now(void)
{
    if (left > 0 && --left == 0) {
        failed = true;
        return true;
    }
    return false;
}

static void *count(void *data)
{
    atomic_fetch_add(&held, data != NULL);
    return data;
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : count(__real_malloc(size));
}

void *__wrap_calloc(size_t number, size_t size)
{
    return fails_now() ? NULL : count(__real_calloc(number, size));
}

void *__wrap_realloc(void *data, size_t size)
{
    if (fails_now()) {
        return NULL;
    }
    bool is_new = data == NULL;
    void *moved = __real_realloc(data, size);
    return is_new ? count(moved) : moved;
}

void *__wrap_reallocarray(void *data, size_t number, size_t size)
{
    if (fails_now()) {
        return NULL;
    }
    bool is_new = data == NULL;
    void *moved = __real_reallocarray(data, number, size);
    return is_new ? count(moved) : moved;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails_now() ? NULL : count(__real_aligned_alloc(alignment, size));
}

char *__wrap_strdup(const char *text)
{
    return fails_now() ? NULL : count(__real_strdup(text));
}

void __wrap_free(void *data)
{
    atomic_fetch_sub(&held, data != NULL);
    __real_free(data);
}

void *__wrap_skad_secret_alloc(size_t size, bool *locked)
{
    return fails_now() ? NULL : count(__real_skad_secret_alloc(size, locked));
}

void __wrap_skad_secret_free(void *secret, size_t size)
{
    atomic_fetch_sub(&held, secret != NULL);
    __real_skad_secret_free(secret, size);
}
