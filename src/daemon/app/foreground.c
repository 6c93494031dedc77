/* The loop of `skad run`, and its signals. */
#include "src/daemon/app/foreground.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

#include <ev.h>

#include "src/daemon/system/log_thread.h"
#include "src/daemon/system/notify.h"
#include "src/daemon/system/signals.h"
#include "src/host/system/clock.h"
#include "src/host/system/task.h"

/* How often memory is given back, the first time at once: what the start needed. */
#define SPARE_S 60.

typedef struct session {
    struct ev_loop *loop;
    skad_daemon *daemon;
    ev_timer spare;
    const skad_reload *reload;
    skad_task *reading; /* NULL: no configuration is being read */
    bool once_more;     /* another SIGHUP came meanwhile: the files may have changed again */
} session;

/* ---- Reloading ---- */

static void begin_reload(session *self);

static void on_read(void *user, void *data)
{
    session *self = user;
    self->reading = NULL;
    self->reload->apply(self->reload->user, data, self->daemon);
    skad_notify("READY=1");
    if (self->once_more) {
        self->once_more = false;
        begin_reload(self);
    }
}

/* A thread reads the files, since a disk may be slow; what they say is taken over on the loop, all
 * at once. */
static void begin_reload(session *self)
{
    skad_notify("RELOADING=1\nMONOTONIC_USEC=%" PRIu64, skad_clock_awake_us());
    if (self->reading != NULL) {
        self->once_more = true;
        return;
    }
    const skad_task_work work = {
        .run = self->reload->read,
        .finish = on_read,
        .drop = self->reload->drop,
        .user = self,
        .data = self->reload->begin(self->reload->user),
    };
    if (work.data == NULL ||
        skad_task_start(skad_daemon_loop(self->daemon), &work, &self->reading) != SKAD_OK) {
        free(work.data);
        skad_log(skad_log_stderr(SKAD_LOG_INFO), SKAD_LOG_ERROR,
                 "no memory to read the configuration: the old one stays");
        skad_notify("READY=1");
    }
}

/* ---- Signals ---- */

static void refresh(void *user)
{
    session *self = user;
    if (self->reload != NULL) {
        begin_reload(self);
    }
    skad_daemon_refresh(self->daemon);
}

static void report(void *user)
{
    const session *self = user;
    skad_daemon_report(self->daemon);
}

static void on_spare(struct ev_loop *loop, ev_timer *watcher, int revents)
{
    (void)loop;
    (void)revents;
    skad_daemon_spare(watcher->data);
}

/* What a signal that ended the daemon means to whatever started it. */
static bool end_by(const skad_daemon_config *config, int number, skad_failure *failure)
{
    skad_log(config->log, SKAD_LOG_INFO, "stopping on %s", skad_signals_name(number));
    return number != SIGXCPU ||
           skad_fail(failure, "stopped, because its limit of processor time is used up: raise it "
                              "(ulimit -t, LimitCPU=)");
}

bool skad_run_foreground(const skad_daemon_config *wanted, const skad_reload *reload,
                         skad_failure *failure)
{
    skad_daemon_config config = *wanted;
    session self = {.reload = reload};
    skad_signals signals;
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    if (loop == NULL) {
        return skad_fail(failure, "cannot make an event loop");
    }
    config.loop = loop;
    config.interfaces = true;
    self.loop = loop;
    /* Before all that takes long: the first puzzle ends at once on a signal, also in process 1. */
    skad_signals_start(&signals, loop);
    config.stop = &signals.stop;
    (void)skad_notify_open();
    bool ok = skad_daemon_new(&config, &self.daemon, failure);
    if (ok) {
        signals.user = &self;
        signals.refresh = refresh;
        signals.report = report;
        (void)skad_log_thread_start();
        ev_timer_init(&self.spare, on_spare, 0., SPARE_S);
        self.spare.data = self.daemon;
        ev_timer_start(loop, &self.spare);
        skad_notify("READY=1");
        ev_run(loop, 0);
        ev_timer_stop(loop, &self.spare);
    }
    skad_notify("STOPPING=1\nSTATUS=%s", ok ? "stopping" : failure->text);
    const int number = skad_signals_ended_by(&signals);
    if (number != 0) {
        ok = end_by(&config, number, failure);
    }
    skad_task_abandon(self.reading);
    skad_daemon_free(self.daemon);
    skad_signals_stop(&signals);
    ev_loop_destroy(loop);
    skad_log_thread_stop();
    skad_notify_close();
    return ok;
}
