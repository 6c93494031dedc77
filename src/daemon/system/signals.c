/* Signals on a loop. */
#include "src/daemon/system/signals.h"

#include <signal.h>

static void on_signal(struct ev_loop *loop, ev_signal *watcher, int revents)
{
    (void)revents;
    skad_signals *signals = watcher->data;
    signals->caught = watcher->signum;
    ev_break(loop, EVBREAK_ALL);
}

void skad_signals_start(skad_signals *signals, struct ev_loop *loop)
{
    (void)signal(SIGPIPE, SIG_IGN);
    signals->caught = 0;
    ev_signal_init(&signals->term, on_signal, SIGTERM);
    ev_signal_init(&signals->interrupt, on_signal, SIGINT);
    signals->term.data = signals;
    signals->interrupt.data = signals;
    ev_signal_start(loop, &signals->term);
    ev_signal_start(loop, &signals->interrupt);
}

void skad_signals_stop(skad_signals *signals, struct ev_loop *loop)
{
    ev_signal_stop(loop, &signals->term);
    ev_signal_stop(loop, &signals->interrupt);
}
