/* One detached thread for each task. The loop or the thread frees the task, whichever comes last;
 * the lock decides which, and keeps the loop alive while the thread wakes it. */
#include "src/host/system/task.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

struct skad_task {
    skad_task_work work;
    skad_loop *loop;
    skad_wake done;
    atomic_bool stop;
    pthread_mutex_t lock;
    bool ended;     /* under lock */
    bool abandoned; /* under lock */
};

static void destroy(skad_task *task)
{
    pthread_mutex_destroy(&task->lock);
    if (task->work.drop != NULL && task->work.data != NULL) {
        task->work.drop(task->work.data);
    }
    free(task->work.data);
    free(task);
}

static void *thread_main(void *argument)
{
    skad_task *task = argument;
    task->work.run(task->work.data, &task->stop);

    pthread_mutex_lock(&task->lock);
    task->ended = true;
    bool last = task->abandoned;
    if (!last) {
        skad_wake_ring(task->loop, &task->done);
    }
    pthread_mutex_unlock(&task->lock);
    if (last) {
        destroy(task);
    }
    return NULL;
}

static void on_done(void *user)
{
    skad_task *task = user;
    skad_wake_stop(task->loop, &task->done);
    /* The thread still holds the lock when it wakes us; once we have the lock it is done. */
    pthread_mutex_lock(&task->lock);
    pthread_mutex_unlock(&task->lock);
    task->work.finish(task->work.user, task->work.data);
    destroy(task);
}

/* Signals are the loop's business: a new thread takes none. */
static int start_thread(skad_task *task)
{
    sigset_t all;
    sigset_t before;
    pthread_t thread;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread, NULL, thread_main, task);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0) {
        pthread_detach(thread);
    }
    return error;
}

skad_status skad_task_start(skad_loop *loop, const skad_task_work *work, skad_task **out)
{
    skad_task *task = calloc(1, sizeof *task);
    if (task == NULL) {
        return SKAD_ERR_MEMORY;
    }
    task->work = *work;
    task->loop = loop;
    atomic_init(&task->stop, false);
    pthread_mutex_init(&task->lock, NULL);
    task->done = (skad_wake){.woken = on_done, .user = task};
    skad_wake_start(loop, &task->done);
    if (start_thread(task) != 0) {
        skad_wake_stop(loop, &task->done);
        task->work.data = NULL;
        destroy(task);
        return SKAD_ERR_MEMORY;
    }
    *out = task;
    return SKAD_OK;
}

void skad_task_abandon(skad_task *task)
{
    if (task == NULL) {
        return;
    }
    atomic_store(&task->stop, true);
    skad_wake_stop(task->loop, &task->done);
    pthread_mutex_lock(&task->lock);
    task->abandoned = true;
    bool last = task->ended;
    pthread_mutex_unlock(&task->lock);
    if (last) {
        destroy(task);
    }
}
