/* Feeding the service manager's watchdog. Its timer belongs to the loop, so a loop that hangs feeds
 * nothing; nor does one that leaves what comes in at its ports (src/host/net/drain.h). */
#include "src/daemon/app/daemon_inside.h"
#include "src/daemon/system/notify.h"

#define FEEDS 4 /* within the manager's time: two looks find a stuck port, well before it is up */

static void on_feed(struct ev_loop *loop, ev_timer *watcher, int revents)
{
    (void)loop;
    (void)revents;
    skad_daemon *daemon = watcher->data;
    if (skad_drain_look(&daemon->drain, &daemon->driver.endpoints)) {
        skad_notify("WATCHDOG=1");
    } else {
        uint64_t held;
        if (skad_log_limit_pass(&daemon->stuck, daemon->driver.now->mono_us, &held)) {
            skad_log(daemon->config.log, SKAD_LOG_ERROR,
                     "datagrams wait at the port and are not taken: the watchdog gets no sign of "
                     "life");
        }
    }
}

void skad_daemon_watchdog_start(skad_daemon *daemon)
{
    const double period_s = skad_notify_watchdog_s() / FEEDS;
    ev_timer_init(&daemon->watchdog, on_feed, 0., period_s);
    daemon->watchdog.data = daemon;
    if (period_s > 0) {
        ev_timer_start(daemon->config.loop, &daemon->watchdog);
    }
}

void skad_daemon_watchdog_stop(skad_daemon *daemon)
{
    ev_timer_stop(daemon->config.loop, &daemon->watchdog);
}
