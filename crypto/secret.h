/* Memory for secrets. It has pages of its own, which stay out of core dumps and, as far as the
 * system allows, out of swap, and which are wiped when they are freed.
 *
 * Each allocation takes whole pages, so it is for few and long-lived secrets. Pages of several
 * allocations lie side by side and count as one mapping, so that thousands of nodes in one process
 * are no problem. The system bounds how much one process may lock (RLIMIT_MEMLOCK). */
#ifndef SKAD_CRYPTO_SECRET_H
#define SKAD_CRYPTO_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Allocates zeroed memory for `size` bytes, at least 1, aligned for anything; NULL when there is
 * none. Memory that cannot be locked is returned all the same: *locked says whether it is; it may
 * be NULL. */
void *skad_secret_alloc(size_t size, bool *locked);

/* Wipes and frees the memory; `size` is that of the allocation. NULL is allowed. */
void skad_secret_free(void *secret, size_t size);

#endif
