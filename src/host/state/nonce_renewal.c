/* Renews the dynamic puzzle's nonce. The thread that solves it gets only public data: node ID and
 * profile; another one writes the file, and wipes its copy of the identity. */
#include "src/host/state/nonce_renewal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/secret.h"
#include "src/host/system/task.h"

typedef struct puzzle {
    skad_id id;
    skad_profile profile;
    uint32_t epoch;
    unsigned percent;
    skad_status status;
    skad_puzzle_nonce nonce;
} puzzle;

struct skad_nonce_renewal {
    skad_nonce_renewal_config config;
    skad_identity identity;
    char *path;
    skad_task *task; /* the running one, or NULL */
};

/* ---- Solving with a share of a processor ---- */

#define SLICE_S  0.5        /* of work, at least, before a rest */
#define BLINK_NS 100000000L /* how soon a rest ends when the task is to stop */
#define NS_PER_S 1e9

typedef struct slice {
    const atomic_bool *stop; /* the task's */
    bool rests;              /* after some work */
    atomic_bool over;
    double worked_s;
} slice;

static void on_progress(const skad_progress *progress, void *user)
{
    slice *self = user;
    self->worked_s = progress->elapsed_s;
    if ((self->rests && progress->elapsed_s >= SLICE_S) || atomic_load(self->stop)) {
        atomic_store(&self->over, true);
    }
}

static void rest(double seconds, const atomic_bool *stop)
{
    const struct timespec blink = {.tv_nsec = BLINK_NS};
    const double blinks = seconds * NS_PER_S / BLINK_NS;
    for (uint64_t i = 0; (double)i < blinks && !atomic_load(stop); i++) {
        (void)nanosleep(&blink, NULL);
    }
}

/* One thread: a node that renews still serves the network, and has weeks of time. A puzzle has no
 * memory, so that nothing is lost where it is taken up again after a rest. */
static void run_puzzle(void *data, const atomic_bool *stop)
{
    puzzle *work = data;
    slice now = {.stop = stop, .rests = work->percent > 0 && work->percent < 100};
    const skad_solve_options options = {
        .threads = 1,
        .background = true, /* of the lowest priority: a node that renews still serves */
        .stop = &now.over,
        .progress = on_progress,
        .user = &now,
    };
    do {
        atomic_store(&now.over, false);
        work->status =
            skad_puzzle_solve(&work->id, &work->profile, work->epoch, &options, &work->nonce);
        if (work->status == SKAD_ERR_STOPPED && now.rests) {
            rest(now.worked_s * (100 - work->percent) / work->percent, stop);
        }
    } while (work->status == SKAD_ERR_STOPPED && !atomic_load(stop));
}

/* ---- Keeping ---- */

typedef struct update {
    skad_identity *identity; /* in secret memory; the thread gives it back */
    char path[PATH_MAX];
    skad_status status;
    int error;
} update;

static void write_file(void *data, const atomic_bool *stop)
{
    (void)stop;
    update *work = data;
    work->status = skad_identity_update(work->path, work->identity);
    work->error = errno;
    skad_secret_free(work->identity, sizeof *work->identity);
    work->identity = NULL;
}

static void finish_update(void *user, void *data)
{
    skad_nonce_renewal *renewal = user;
    const update *work = data;
    renewal->task = NULL;
    if (work->status != SKAD_OK) {
        skad_log(renewal->config.log, SKAD_LOG_WARNING,
                 "cannot keep the new nonce in %s (%s): it will be solved again at the next start",
                 renewal->path,
                 work->status == SKAD_ERR_IO ? strerror(work->error)
                                             : skad_status_text(work->status));
    }
}

static bool start_update(skad_nonce_renewal *renewal, update *work)
{
    int printed = snprintf(work->path, sizeof work->path, "%s", renewal->path);
    work->identity = skad_secret_alloc(sizeof *work->identity, NULL);
    if (work->identity == NULL || printed < 0 || (size_t)printed >= sizeof work->path) {
        return false;
    }
    *work->identity = renewal->identity;
    const skad_task_work task = {
        .run = write_file, .finish = finish_update, .user = renewal, .data = work};
    return skad_task_start(renewal->config.loop, &task, &renewal->task) == SKAD_OK;
}

/* Has a thread write the file: a slow disk takes seconds for it. */
static void keep(skad_nonce_renewal *renewal)
{
    if (renewal->path == NULL) {
        return;
    }
    update *work = calloc(1, sizeof *work);
    if (work != NULL && start_update(renewal, work)) {
        return;
    }
    if (work != NULL) {
        skad_secret_free(work->identity, sizeof *work->identity);
        free(work);
    }
    skad_log(renewal->config.log, SKAD_LOG_WARNING,
             "no memory to keep the new nonce in %s: it will be solved again at the next start",
             renewal->path);
}

/* ---- Solving ---- */

static void finish_puzzle(void *user, void *data)
{
    skad_nonce_renewal *renewal = user;
    const puzzle *work = data;

    renewal->task = NULL;
    skad_status status = work->status;
    if (status == SKAD_OK) {
        status = skad_identity_add_nonce(&renewal->identity, renewal->config.profile, &work->nonce);
    }
    if (status == SKAD_OK) {
        status = skad_node_add_nonce(renewal->config.node, &work->nonce);
    }
    if (status != SKAD_OK) {
        skad_log(renewal->config.log, SKAD_LOG_ERROR, "puzzle of epoch %u not solved: %s",
                 work->epoch, skad_status_text(status));
        return;
    }
    skad_log(renewal->config.log, SKAD_LOG_INFO, "puzzle of epoch %u solved", work->epoch);
    keep(renewal);
}

skad_status skad_nonce_renewal_new(const skad_nonce_renewal_config *config,
                                   skad_nonce_renewal **out)
{
    skad_nonce_renewal *renewal = skad_secret_alloc(sizeof *renewal, NULL);
    char *path = config->path == NULL ? NULL : strdup(config->path);
    if (renewal == NULL || (config->path != NULL && path == NULL)) {
        skad_secret_free(renewal, sizeof *renewal);
        free(path);
        return SKAD_ERR_MEMORY;
    }
    renewal->config = *config;
    renewal->identity = *config->identity;
    renewal->path = path;
    *out = renewal;
    return SKAD_OK;
}

void skad_nonce_renewal_free(skad_nonce_renewal *renewal)
{
    if (renewal == NULL) {
        return;
    }
    skad_task_abandon(renewal->task);
    free(renewal->path);
    skad_secret_free(renewal, sizeof *renewal);
}

void skad_nonce_renewal_start(skad_nonce_renewal *renewal, uint32_t epoch)
{
    if (renewal->task != NULL) {
        return;
    }
    puzzle *work = calloc(1, sizeof *work);
    if (work != NULL) {
        work->id = renewal->identity.id;
        work->profile = *renewal->config.profile;
        work->epoch = epoch;
        work->percent = renewal->config.percent;
        skad_task_work task = {
            .run = run_puzzle, .finish = finish_puzzle, .user = renewal, .data = work};
        if (skad_task_start(renewal->config.loop, &task, &renewal->task) == SKAD_OK) {
            skad_log(renewal->config.log, SKAD_LOG_INFO, "solving the puzzle of epoch %u", epoch);
            return;
        }
        free(work);
    }
    skad_log(renewal->config.log, SKAD_LOG_ERROR, "no memory to solve the puzzle of epoch %u",
             epoch);
}

bool skad_nonce_renewal_has(const skad_nonce_renewal *renewal, uint32_t epoch)
{
    return skad_identity_nonce(&renewal->identity, epoch) != NULL;
}
