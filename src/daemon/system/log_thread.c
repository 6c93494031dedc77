/* One ring of lines, one lock that is never held while a line is written. */
#include "src/daemon/system/log_thread.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "src/daemon/system/log_format.h"

#define STOP_S 1

typedef enum phase {
    NONE,
    RUNS,
    STOPS, /* the thread ends when nothing waits */
    STUCK, /* it did not: lines are dropped from now on */
} phase;

typedef struct waiting_line {
    size_t len;
    char text[SKAD_LOG_LINE_BYTES];
} waiting_line;

/* The log is the process's, like stderr. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t work;
    pthread_cond_t over;
    phase phase;
    bool ended;
    waiting_line lines[SKAD_LOG_WAITING_MAX];
    size_t first;
    size_t count;
    uint64_t dropped;
    uint64_t told; /* of these, the log says so many */
} state = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .work = PTHREAD_COND_INITIALIZER,
           .over = PTHREAD_COND_INITIALIZER};

static void write_all(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t written = write(STDERR_FILENO, text, len);
        if (written <= 0) {
            return; /* if stderr itself is gone, there is no other place to report it */
        }
        text += written;
        len -= (size_t)written;
    }
}

static void tell_dropped(uint64_t count)
{
    char text[128];
    char line[256];
    (void)snprintf(
        text, sizeof text,
        "%" PRIu64 " lines of this log were dropped: nothing took them from this process", count);
    const size_t len = skad_log_format_line(skad_log_get_format(), SKAD_LOG_WARNING, time(NULL),
                                            text, line, sizeof line);
    write_all(line, len);
}

static void *run(void *unused)
{
    (void)unused;
    static waiting_line line;
    pthread_mutex_lock(&state.lock);
    while (state.count > 0 || state.phase == RUNS) {
        if (state.count == 0) {
            pthread_cond_wait(&state.work, &state.lock);
            continue;
        }
        const waiting_line *first = &state.lines[state.first];
        line.len = first->len;
        memcpy(line.text, first->text, first->len);
        const uint64_t untold = state.dropped - state.told;
        pthread_mutex_unlock(&state.lock);
        write_all(line.text, line.len);
        if (untold > 0) {
            tell_dropped(untold);
        }
        pthread_mutex_lock(&state.lock);
        state.told += untold;
        state.first = (state.first + 1) % SKAD_LOG_WAITING_MAX;
        state.count--;
    }
    state.ended = true;
    pthread_cond_broadcast(&state.over);
    pthread_mutex_unlock(&state.lock);
    return NULL;
}

/* Signals are the loop's business: a new thread takes none. */
static bool start_thread(void)
{
    sigset_t all;
    sigset_t before;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread, NULL, run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0) {
        pthread_detach(thread);
    }
    return error == 0;
}

bool skad_log_thread_start(void)
{
    pthread_mutex_lock(&state.lock);
    if (state.phase == NONE) {
        state.ended = false;
        state.phase = RUNS; /* before the thread looks */
        state.phase = start_thread() ? RUNS : NONE;
    }
    bool runs = state.phase == RUNS;
    pthread_mutex_unlock(&state.lock);
    return runs;
}

void skad_log_thread_stop(void)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STOP_S;
    pthread_mutex_lock(&state.lock);
    if (state.phase == RUNS) {
        state.phase = STOPS;
        pthread_cond_signal(&state.work);
        int waited = 0;
        while (!state.ended && waited == 0) {
            waited = pthread_cond_timedwait(&state.over, &state.lock, &until);
        }
        state.phase = state.ended ? NONE : STUCK;
    }
    pthread_mutex_unlock(&state.lock);
}

bool skad_log_thread_take(const char *line, size_t len)
{
    pthread_mutex_lock(&state.lock);
    const bool takes = state.phase != NONE;
    if (takes && (state.count == SKAD_LOG_WAITING_MAX || state.phase == STUCK)) {
        state.dropped++;
    } else if (takes) {
        waiting_line *last = &state.lines[(state.first + state.count++) % SKAD_LOG_WAITING_MAX];
        last->len = len < sizeof last->text ? len : sizeof last->text;
        memcpy(last->text, line, last->len);
        pthread_cond_signal(&state.work);
    }
    pthread_mutex_unlock(&state.lock);
    return takes;
}

uint64_t skad_log_dropped(void)
{
    pthread_mutex_lock(&state.lock);
    const uint64_t dropped = state.dropped;
    pthread_mutex_unlock(&state.lock);
    return dropped;
}
