/* What signals do to a process with a loop. docs/operating.md tells operators.
 *
 *   TERM INT QUIT ALRM PWR XCPU   the loop ends, or what is done before it runs
 *   HUP                           what the system may have changed is looked at anew
 *   USR1 USR2                     the state is logged
 *   PIPE XFSZ TTIN TTOU           nothing: the call that failed tells it
 *
 * All others do what the system does with them: TSTP and STOP stop the process until CONT.
 *
 * Handlers are installed before anything that takes long, because process 1 of a container gets no
 * signal that it does not handle. Until the loop runs, only `stop` tells of a signal that ends it.
 */
#ifndef SKAD_DAEMON_SYSTEM_SIGNALS_H
#define SKAD_DAEMON_SYSTEM_SIGNALS_H

#include <signal.h>
#include <stdatomic.h>

#include <ev.h>

#define SKAD_SIGNALS_MAX 16

typedef struct skad_signals {
    atomic_bool stop; /* one that ends came; for skad_solve_options.stop */
    /* Hooks, called on the loop. May be set after the start. */
    void (*refresh)(void *user); /* for HUP; NULL: it ends the loop */
    void (*report)(void *user);  /* for USR1 and USR2; NULL: nothing */
    void *user;

    struct ev_loop *loop; /* the rest is for signals.c */
    ev_async arrived;
    atomic_int caught[SKAD_SIGNALS_MAX]; /* how often; by place in its table */
    struct sigaction before[SKAD_SIGNALS_MAX];
} skad_signals;

/* Installs the handlers. One at a time in a process. */
void skad_signals_start(skad_signals *signals, struct ev_loop *loop);
/* Puts back what was before. */
void skad_signals_stop(skad_signals *signals);

/* The signal that ended the loop, or is about to; 0: none so far. */
int skad_signals_ended_by(const skad_signals *signals);
/* "SIGTERM"; "?" for one that is not in the table above. */
const char *skad_signals_name(int number);

/* For commands without a loop: has signals end process 1 as they end any other. Does nothing in
 * another process. */
void skad_signals_end_process_1(void);

#endif
