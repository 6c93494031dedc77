/* Work that would block the loop, in a thread of its own: solving a puzzle, asking for names.
 *
 *   start -> thread: run(data, stop) -> loop: finish(user, data), free(data)
 *        \-> abandon: stop is raised; the thread ends when it can and frees its data, unseen
 *
 * Abandoning never waits, so that a slow name server does not delay the end of a daemon. */
#ifndef SKAD_HOST_SYSTEM_TASK_H
#define SKAD_HOST_SYSTEM_TASK_H

#include <stdatomic.h>

#include "skad/status.h"
#include "src/host/loop/loop.h"

typedef struct skad_task skad_task;

typedef struct skad_task_work {
    void (*run)(void *data, const atomic_bool *stop); /* in the thread; touches only data */
    void (*finish)(void *user, void *data);           /* on the loop, unless abandoned */
    void (*drop)(
        void *data); /* frees what data points to, at the end, in any thread; may be NULL */
    void *user;
    void *data; /* malloc'ed; belongs to the task from a successful start on */
} skad_task_work;

/* Errors: SKAD_ERR_MEMORY (no thread); then data stays the caller's. The task is gone once finish
 * was called. */
SKAD_MUST_CHECK skad_status skad_task_start(skad_loop *loop, const skad_task_work *work,
                                            skad_task **out);
/* NULL is allowed. */
void skad_task_abandon(skad_task *task);

#endif
