/* The loop of `skad run`, and its signals. */
#include "src/daemon/app/foreground.h"

#include <signal.h>

#include <ev.h>

#include "src/daemon/system/log_thread.h"
#include "src/daemon/system/signals.h"

bool skad_run_foreground(skad_daemon_config *config, skad_failure *failure)
{
    skad_daemon *daemon = NULL;
    skad_signals signals;
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    if (loop == NULL) {
        return skad_fail(failure, "cannot make an event loop");
    }
    config->loop = loop;
    bool ok = skad_daemon_new(config, &daemon, failure);
    if (ok) {
        /* Not earlier: while the first puzzle is solved the loop does not run, and a signal shall
         * end the process at once. */
        skad_signals_start(&signals, loop);
        (void)skad_log_thread_start();
        ev_run(loop, 0);
        skad_log(config->log, SKAD_LOG_INFO, "stopping on %s",
                 signals.caught == SIGINT ? "SIGINT" : "SIGTERM");
        skad_daemon_free(daemon);
        skad_signals_stop(&signals, loop);
    }
    ev_loop_destroy(loop);
    skad_log_thread_stop();
    return ok;
}
