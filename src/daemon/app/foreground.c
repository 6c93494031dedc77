/* The loop of `skad run`, and its signals. */
#include "src/daemon/app/foreground.h"

#include <signal.h>

#include <ev.h>

#include "src/daemon/net/interfaces.h"
#include "src/daemon/system/log_thread.h"
#include "src/daemon/system/signals.h"

static void refresh(void *user)
{
    skad_daemon_refresh(user);
}

static void on_interfaces(void *user)
{
    skad_daemon_network_changed(user);
}

static void report(void *user)
{
    skad_daemon_report(user);
}

/* What a signal that ended the daemon means to whatever started it. */
static bool end_by(const skad_daemon_config *config, int number, skad_failure *failure)
{
    skad_log(config->log, SKAD_LOG_INFO, "stopping on %s", skad_signals_name(number));
    return number != SIGXCPU ||
           skad_fail(failure, "stopped, because its limit of processor time is used up: raise it "
                              "(ulimit -t, LimitCPU=)");
}

bool skad_run_foreground(const skad_daemon_config *wanted, skad_failure *failure)
{
    skad_daemon_config config = *wanted;
    skad_daemon *daemon = NULL;
    skad_signals signals;
    skad_interfaces interfaces;
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    if (loop == NULL) {
        return skad_fail(failure, "cannot make an event loop");
    }
    config.loop = loop;
    /* Before all that takes long: the first puzzle ends at once on a signal, also in process 1. */
    skad_signals_start(&signals, loop);
    config.stop = &signals.stop;
    bool ok = skad_daemon_new(&config, &daemon, failure);
    if (ok) {
        signals.user = daemon;
        signals.refresh = refresh;
        signals.report = report;
        (void)skad_log_thread_start();
        skad_interfaces_start(&interfaces, loop, on_interfaces, daemon);
        ev_run(loop, 0);
        skad_interfaces_stop(&interfaces);
    }
    const int number = skad_signals_ended_by(&signals);
    if (number != 0) {
        ok = end_by(&config, number, failure);
    }
    skad_daemon_free(daemon);
    skad_signals_stop(&signals);
    ev_loop_destroy(loop);
    skad_log_thread_stop();
    return ok;
}
