/* Memory for secrets: pages of their own that stay out of core dumps and, as far as the system
 * allows, out of swap, and are wiped when they are given back.
 *
 * Each piece takes whole pages, so it is for few and long-lived secrets. Pages of several pieces
 * lie side by side and count as one mapping, so that thousands of nodes in one process are no
 * trouble; the system bounds what one process may lock (RLIMIT_MEMLOCK). */
#ifndef SKAD_CRYPTO_SECRET_H
#define SKAD_CRYPTO_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory for `size` bytes, at least 1, aligned for anything; NULL when there is none. What
 * cannot be locked is given all the same: *locked says which it is; it may be NULL. */
void *skad_secret_alloc(size_t size, bool *locked);

/* Wipes and gives back; `size` is that of the allocation. NULL is allowed. */
void skad_secret_free(void *secret, size_t size);

#endif
