#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "src/sim/program/jobs.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/sim/base/memory.h"
#include "src/sim/report/progress.h"

#define PARALLEL_MAX 256
#define WAIT_NS      250000000 /* between two looks at how far all are, while none ends */

/* The part of one experiment that all processes see. */
typedef struct shared_job {
    _Atomic double simulated_s;
    _Atomic double total_s;
    _Atomic double events;
    skad_sim_outcome outcome;
    bool done; /* written before its process ends */
} shared_job;

typedef struct running {
    const skad_sim_jobs *jobs;
    shared_job *shared; /* by experiment */
    pid_t children[PARALLEL_MAX];
    size_t numbers[PARALLEL_MAX]; /* which experiment each child runs */
    unsigned children_count;
    size_t *numbers_to_run;
    size_t count; /* of them */
    size_t begun;
    size_t ended;
    bool stop_told;
    skad_sim_progress progress;
} running;

static volatile sig_atomic_t stop_flag;

static void on_signal(int signal)
{
    (void)signal;
    stop_flag = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

/* The signal of an ended child. It is blocked, so that the end of a child waits for us. */
static sigset_t child_signal(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    return set;
}

/* ---- In the child ---- */

static void on_progress(const skad_sim_tick *tick, void *user)
{
    shared_job *job = user;
    atomic_store_explicit(&job->simulated_s, tick->simulated_s, memory_order_relaxed);
    atomic_store_explicit(&job->total_s, tick->total_s, memory_order_relaxed);
    atomic_store_explicit(&job->events, (double)tick->events, memory_order_relaxed);
}

/* The report's `user` is the caller's, the progress's is ours: this struct passes on both. */
typedef struct child {
    const skad_sim_jobs *jobs;
    shared_job *job;
    size_t number;
} child;

static void child_progress(const skad_sim_tick *tick, void *user)
{
    on_progress(tick, ((child *)user)->job);
}

static bool child_report(const skad_sim_outcome *so_far, void *user)
{
    const child *self = user;
    return self->jobs->report(self->number, so_far, self->jobs->user);
}

static void child_trace(const skad_sim_traced *lookup, void *user)
{
    const child *self = user;
    self->jobs->trace(self->number, lookup, self->jobs->user);
}

static void run_child(const skad_sim_jobs *jobs, size_t number, shared_job *job)
{
    child self = {jobs, job, number};
    const skad_sim_watch watch = {
        .stop = &stop_flag,
        .progress = child_progress,
        .report = jobs->report != NULL ? child_report : NULL,
        .trace = jobs->trace != NULL ? child_trace : NULL,
        .user = &self,
    };
    if (jobs->build_only) {
        skad_sim_experiment_build(&jobs->scenarios[number], &job->outcome);
    } else {
        skad_sim_experiment(&jobs->scenarios[number], &watch, &job->outcome);
    }
    job->done = true;
}

/* ---- In the parent ---- */

/* Passes a signal on to the children, because only Ctrl-C reaches all processes by itself. */
static void hand_on_stop(running *self)
{
    if (stop_flag != 0 && !self->stop_told) {
        self->stop_told = true;
        for (unsigned i = 0; i < self->children_count; i++) {
            (void)kill(self->children[i], SIGTERM);
        }
    }
}

static bool begin_next(running *self)
{
    size_t number = self->numbers_to_run[self->begun];
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* without us its results are lost */
        run_child(self->jobs, number, &self->shared[number]);
        _exit(EXIT_SUCCESS);
    }
    if (pid < 0) {
        return false;
    }
    self->children[self->children_count] = pid;
    self->numbers[self->children_count++] = number;
    self->begun++;
    return true;
}

static void take_outcome(running *self, size_t number, int status)
{
    skad_sim_outcome *out = &self->jobs->outcomes[number];
    if (self->shared[number].done) {
        *out = self->shared[number].outcome;
    } else {
        out->failed = true;
        if (WIFSIGNALED(status)) {
            (void)snprintf(out->reason, sizeof out->reason, "its process was ended by signal %d",
                           WTERMSIG(status));
        } else {
            (void)snprintf(out->reason, sizeof out->reason, "its process failed");
        }
    }
    self->ended++;
    if (self->jobs->ended != NULL) {
        self->jobs->ended(number, out, self->jobs->user);
    }
}

static void reap(running *self)
{
    for (unsigned i = 0; i < self->children_count;) {
        int status = 0;
        pid_t pid = waitpid(self->children[i], &status, WNOHANG);
        if (pid == 0 || (pid < 0 && errno == EINTR)) {
            i++;
            continue;
        }
        take_outcome(self, self->numbers[i], status);
        self->children_count--;
        self->children[i] = self->children[self->children_count];
        self->numbers[i] = self->numbers[self->children_count];
    }
}

static void show(running *self)
{
    skad_sim_progress_reading reading = {.experiments = self->count};
    for (size_t i = 0; i < self->begun; i++) {
        shared_job *job = &self->shared[self->numbers_to_run[i]];
        double total_s = atomic_load_explicit(&job->total_s, memory_order_relaxed);
        double simulated_s = atomic_load_explicit(&job->simulated_s, memory_order_relaxed);
        reading.events += atomic_load_explicit(&job->events, memory_order_relaxed);
        reading.simulated_s += simulated_s;
        if (job->done) {
            reading.done += 1;
        } else if (total_s > 0) {
            reading.done += simulated_s / total_s;
        }
    }
    skad_sim_progress_show(&self->progress, &reading);
}

static unsigned parallel(const skad_sim_jobs *jobs)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned wanted =
        jobs->parallel > 0 ? jobs->parallel : (unsigned)(processors > 0 ? processors : 1);
    return wanted < PARALLEL_MAX ? wanted : PARALLEL_MAX;
}

static void run_all(running *self)
{
    static const struct timespec wait = {.tv_nsec = WAIT_NS};
    const sigset_t ends = child_signal();
    unsigned at_once = parallel(self->jobs);
    while (self->children_count > 0 || (self->begun < self->count && stop_flag == 0)) {
        while (self->children_count < at_once && self->begun < self->count && stop_flag == 0 &&
               begin_next(self)) {
        }
        if (self->children_count == 0) {
            return; /* no process can be had */
        }
        size_t ended = self->ended;
        reap(self);
        if (self->ended == ended) {
            (void)sigtimedwait(&ends, NULL, &wait);
            hand_on_stop(self);
            show(self);
        }
    }
}

bool skad_sim_jobs_run(skad_sim_jobs *jobs)
{
    running *self = skad_sim_alloc(1, sizeof *self);
    size_t bytes = jobs->count * sizeof(shared_job);
    bool good = true;
    self->jobs = jobs;
    self->shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    (void)skad_sim_must(self->shared == MAP_FAILED ? NULL : self->shared);
    self->numbers_to_run = skad_sim_alloc(jobs->count, sizeof *self->numbers_to_run);
    for (size_t i = 0; i < jobs->count; i++) {
        if (jobs->skip == NULL || !jobs->skip[i]) {
            jobs->outcomes[i] = (skad_sim_outcome){.incomplete = true};
            self->numbers_to_run[self->count++] = i;
        }
    }
    catch_signals();
    skad_sim_progress_begin(&self->progress, !jobs->quiet);
    run_all(self);
    skad_sim_progress_end(&self->progress);
    for (size_t i = 0; i < jobs->count; i++) {
        good = good && !jobs->outcomes[i].failed;
    }
    (void)munmap(self->shared, bytes);
    free(self->numbers_to_run);
    free(self);
    return good;
}
