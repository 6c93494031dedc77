/* Store retries: publications that are under-replicated, since no node near their key took them.
 *
 * On a bad link a put may end with holders that are not the closest: they accept the record, but
 * say how long they mean to keep it, and a node that knows s living nodes closer to the key grants
 * half of a life at most (responsibility.h). A get will not ask them. So what was announced, and
 * was granted more than that by no holder at all, is announced once more every few minutes until it
 * is where it belongs. A refusal counts, too: that holder was reached. One honest holder among the
 * closest is enough to be content; if all of them are liars, that costs us SKAD_STORE_RETRY_DIVISOR
 * puts an hour, of SKAD_STORE_RETRIES_MAX publications at most. */
#ifndef SKAD_STORAGE_STORE_RETRIES_H
#define SKAD_STORAGE_STORE_RETRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/store.h"
#include "src/core/base/env.h"

#define SKAD_STORE_RETRY_DIVISOR 16 /* of an hour: the pause before it is tried again */

#define SKAD_STORE_RETRIES_MAX 16 /* more are left to their hourly turn */

/* A publication that was announced, but not to where it belongs. */
typedef struct skad_store_retry {
    skad_store_name name;
    uint64_t due_us; /* when it is announced again */
} skad_store_retry;

typedef struct skad_store_retries {
    skad_store_retry *all; /* SKAD_STORE_RETRIES_MAX; lazy_allocation: NULL until there is one */
    size_t count;
} skad_store_retries;

/* `later`: memory comes with the first publication. */
SKAD_MUST_CHECK skad_status skad_store_retries_init(skad_store_retries *state, bool later);
void skad_store_retries_free(skad_store_retries *state);

/* A publication was announced to holders that are not responsible for it: it is to be tried again.
 * Without room or memory it is left to its hourly turn. */
void skad_store_retries_note(skad_store_retries *state, skad_env *env, const skad_store_name *name);

/* The next one whose time has come: copied out, and put off. False: none. */
bool skad_store_retries_due(skad_store_retries *state, skad_env *env, skad_store_name *out);

/* It is where it belongs, or was withdrawn: forgets it. */
void skad_store_retries_drop(skad_store_retries *state, const skad_store_name *name);

/* When the next one is due, UINT64_MAX if there is none. */
uint64_t skad_store_retries_deadline(const skad_store_retries *state);

#endif
