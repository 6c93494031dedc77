/* SIGTERM and SIGINT end a loop. SIGPIPE is ignored: writing to a closed connection is an error,
 * and must not end the process. */
#ifndef SKAD_DAEMON_SYSTEM_SIGNALS_H
#define SKAD_DAEMON_SYSTEM_SIGNALS_H

#include <ev.h>

typedef struct skad_signals {
    ev_signal term;
    ev_signal interrupt;
    int caught; /* the one that ended the loop; 0: none so far */
} skad_signals;

void skad_signals_start(skad_signals *signals, struct ev_loop *loop);
void skad_signals_stop(skad_signals *signals, struct ev_loop *loop);

#endif
