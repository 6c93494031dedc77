/* Publications that nobody near their key took.
 *
 * On a bad link a put may end with holders that are not the closest: they accept the record, but
 * say how long they mean to keep it, and whoever knows s living nodes closer to the key grants half
 * of a life at most (duty.h). Nobody who looks for it will ask them. So what was announced, and was
 * granted more than that by no holder at all, is announced once more every few minutes until it is
 * where it belongs. Who refuses it counts, too: he was reached. One honest holder among the closest
 * is enough to be content; if all of them are liars, that costs us SKAD_MISPLACED_DIVISOR puts an
 * hour, of SKAD_MISPLACED_MAX publications at most. */
#ifndef SKAD_STORAGE_MISPLACED_H
#define SKAD_STORAGE_MISPLACED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/store.h"
#include "src/core/base/env.h"

#define SKAD_MISPLACED_DIVISOR 16 /* of an hour: the pause before it is tried again */

#define SKAD_MISPLACED_MAX 16 /* more are left to their hourly turn */

/* A publication that was announced, but not to where it belongs. */
typedef struct skad_misplaced {
    skad_store_name name;
    uint64_t due_us; /* when it is announced again */
} skad_misplaced;

typedef struct skad_misplaced_state {
    skad_misplaced *all; /* SKAD_MISPLACED_MAX; frugal: NULL until there is one */
    size_t count;
} skad_misplaced_state;

/* `later`: memory comes with the first publication. */
SKAD_MUST_CHECK skad_status skad_misplaced_init(skad_misplaced_state *state, bool later);
void skad_misplaced_free(skad_misplaced_state *state);

/* A publication was announced to holders that do not owe it: it is to be tried again. Without room
 * or memory it is left to its hourly turn. */
void skad_misplaced_note(skad_misplaced_state *state, skad_env *env, const skad_store_name *name);

/* The next one whose time has come: copied out, and put off. False: none. */
bool skad_misplaced_due(skad_misplaced_state *state, skad_env *env, skad_store_name *out);

/* It is where it belongs, or was withdrawn: forgets it. */
void skad_misplaced_drop(skad_misplaced_state *state, const skad_store_name *name);

/* When the next one is due, UINT64_MAX if there is none. */
uint64_t skad_misplaced_deadline(const skad_misplaced_state *state);

#endif
