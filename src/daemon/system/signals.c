/* Handlers only count, raise `stop` and wake the loop; on_arrived acts on the loop. The handler has
 * no argument of its own, so the structure that it serves is static. */
#include "src/daemon/system/signals.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

typedef enum effect { END, REFRESH, REPORT, IGNORE } effect;

static const struct {
    int number;
    effect effect;
    const char *name;
} table[] = {
    {SIGTERM, END, "SIGTERM"},    {SIGINT, END, "SIGINT"},      {SIGQUIT, END, "SIGQUIT"},
    {SIGALRM, END, "SIGALRM"}, /* an alarm outlives exec: a parent's way to limit the time */
    {SIGPWR, END, "SIGPWR"},   /* how some container managers stop process 1 */
    {SIGXCPU, END, "SIGXCPU"}, /* the limit of processor time: SIGKILL follows at the hard one */
    {SIGHUP, REFRESH, "SIGHUP"},  {SIGUSR1, REPORT, "SIGUSR1"}, {SIGUSR2, REPORT, "SIGUSR2"},
    {SIGPIPE, IGNORE, "SIGPIPE"}, /* a closed connection */
    {SIGXFSZ, IGNORE, "SIGXFSZ"}, /* the limit of a file's size */
    {SIGTTIN, IGNORE, "SIGTTIN"}, /* a terminal that belongs to another job */
    {SIGTTOU, IGNORE, "SIGTTOU"},
};
#define TABLE_COUNT (sizeof table / sizeof table[0])

_Static_assert(TABLE_COUNT <= SKAD_SIGNALS_MAX, "each has a counter");
_Static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_POINTER_LOCK_FREE == 2, "fit for handlers");

static skad_signals *_Atomic receiver;

static bool ends(const skad_signals *signals, size_t i)
{
    return table[i].effect == END || (table[i].effect == REFRESH && signals->refresh == NULL);
}

static void on_signal(int number)
{
    skad_signals *signals = atomic_load(&receiver);
    for (size_t i = 0; signals != NULL && i < TABLE_COUNT; i++) {
        if (table[i].number == number) {
            atomic_fetch_add(&signals->caught[i], 1);
            if (table[i].effect == END) {
                atomic_store(&signals->stop, true);
            }
            ev_async_send(signals->loop, &signals->arrived); /* safe here, says ev(3) */
        }
    }
}

static bool take(skad_signals *signals, effect wanted)
{
    bool came = false;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        came = (table[i].effect == wanted && atomic_exchange(&signals->caught[i], 0) > 0) || came;
    }
    return came;
}

static void on_arrived(struct ev_loop *loop, ev_async *watcher, int revents)
{
    (void)revents;
    skad_signals *signals = watcher->data;
    if (skad_signals_ended_by(signals) != 0) {
        ev_break(loop, EVBREAK_ALL);
        return;
    }
    if (take(signals, REFRESH)) {
        signals->refresh(signals->user);
    }
    if (take(signals, REPORT) && signals->report != NULL) {
        signals->report(signals->user);
    }
}

/* A parent may have left signals blocked. */
static void unblock_all(void)
{
    sigset_t ours;
    sigemptyset(&ours);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        sigaddset(&ours, table[i].number);
    }
    pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
}

void skad_signals_start(skad_signals *signals, struct ev_loop *loop)
{
    memset(signals, 0, sizeof *signals);
    signals->loop = loop;
    ev_async_init(&signals->arrived, on_arrived);
    signals->arrived.data = signals;
    ev_async_start(loop, &signals->arrived);
    ev_unref(loop); /* a loop does not run for the sake of signals */
    atomic_store(&receiver, signals);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        struct sigaction action = {.sa_flags = SA_RESTART};
        action.sa_handler = table[i].effect == IGNORE ? SIG_IGN : on_signal;
        sigfillset(&action.sa_mask);
        (void)sigaction(table[i].number, &action, &signals->before[i]);
    }
    unblock_all();
}

void skad_signals_stop(skad_signals *signals)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        (void)sigaction(table[i].number, &signals->before[i], NULL);
    }
    atomic_store(&receiver, NULL);
    ev_ref(signals->loop);
    ev_async_stop(signals->loop, &signals->arrived);
}

int skad_signals_ended_by(const skad_signals *signals)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (ends(signals, i) && atomic_load(&signals->caught[i]) > 0) {
            return table[i].number;
        }
    }
    return 0;
}

const char *skad_signals_name(int number)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (table[i].number == number) {
            return table[i].name;
        }
    }
    return "?";
}

/* ---- Process 1 without a loop ---- */

#define EXIT_OF_SIGNALS 128 /* as shells tell it */

static void end_process(int number)
{
    _exit(EXIT_OF_SIGNALS + number);
}

void skad_signals_end_process_1(void)
{
    static const int deadly[] = {SIGTERM, SIGINT, SIGQUIT, SIGALRM, SIGPWR, SIGXCPU, SIGHUP};
    if (getpid() == 1) {
        for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++) {
            (void)signal(deadly[i], end_process);
        }
    }
}
