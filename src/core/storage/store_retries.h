/* Store retries: publications that are under-replicated, because no node near their key took them.
 *
 * On a bad link a put may end with holders that are not the closest. They accept the record, but
 * say how long they mean to keep it, and a node that knows s living nodes closer to the key grants
 * half of a life at most (responsibility.h). A get will not ask them. So an announced record that
 * no holder granted more than that is announced again every few minutes, until a responsible node
 * has it. A refusal counts, too: that holder was reached. One honest holder among the closest is
 * enough. If all of them are liars, that costs us SKAD_STORE_RETRY_DIVISOR puts an hour, of
 * SKAD_STORE_RETRIES_MAX publications at most. */
#ifndef SKAD_STORAGE_STORE_RETRIES_H
#define SKAD_STORAGE_STORE_RETRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/store.h"
#include "src/core/base/env.h"

#define SKAD_STORE_RETRY_DIVISOR 16 /* of an hour: the pause before the next try */

#define SKAD_STORE_RETRIES_MAX 16 /* more wait for their hourly turn */

/* A publication that was announced, but not to a responsible node. */
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

/* A publication was announced to holders that are not responsible for it: notes it for a retry.
 * Without room or memory it waits for its hourly turn. */
void skad_store_retries_note(skad_store_retries *state, skad_env *env, const skad_store_name *name);

/* Copies out the next publication that is due and postpones it. False: none is due. */
bool skad_store_retries_due(skad_store_retries *state, skad_env *env, skad_store_name *out);

/* Forgets a publication: a responsible node has it, or it was withdrawn. */
void skad_store_retries_drop(skad_store_retries *state, const skad_store_name *name);

/* Returns when the next one is due; UINT64_MAX if there is none. */
uint64_t skad_store_retries_deadline(const skad_store_retries *state);

#endif
