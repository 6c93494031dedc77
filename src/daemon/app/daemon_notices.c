/* What clients that subscribed to events are told of. What has no event of the node is found by
 * comparing samples, five seconds apart. */
#include <string.h>

#include "src/daemon/app/daemon_inside.h"

void skad_daemon_notice_event(skad_daemon *daemon, const skad_event *event)
{
    skad_notice notice = {.kind = SKAD_CONTROL_KIND_ISOLATED};
    if (event->kind == SKAD_EVENT_JOINED) {
        skad_node_stats stats;
        skad_node_stats_get(daemon->driver.node, *daemon->driver.now, &stats);
        notice = (skad_notice){.kind = SKAD_CONTROL_KIND_JOINED, .peers = stats.peers};
    } else if (event->kind == SKAD_EVENT_TWIN) {
        notice = (skad_notice){.kind = SKAD_CONTROL_KIND_TWIN, .twin = event->u.twin};
    }
    skad_control_tell(daemon->control, &notice);
}

static void tell_ban(void *user, const skad_ban *ban, bool began)
{
    skad_daemon *daemon = user;
    const skad_notice notice = {.kind = began ? SKAD_CONTROL_KIND_BAN : SKAD_CONTROL_KIND_UNBAN,
                                .ban = ban};
    skad_control_tell(daemon->control, &notice);
}

static void notice_bans(skad_daemon *daemon)
{
    skad_ban bans[SKAD_BAN_CHANGES_MAX];
    const size_t count =
        skad_node_bans(daemon->driver.node, *daemon->driver.now, bans, SKAD_BAN_CHANGES_MAX);
    skad_ban_changes_look(&daemon->noticed.bans, bans, count, tell_ban, daemon);
}

static void notice_store(skad_daemon *daemon, const skad_store_totals *store)
{
    const bool failing = store->error != 0;
    if (failing != daemon->noticed.store_failing) {
        const skad_notice notice = {
            .kind = failing ? SKAD_CONTROL_KIND_STORE_FAILURE : SKAD_CONTROL_KIND_STORE_RECOVERED,
            .error = strerror(store->error),
            .failures = store->failures,
        };
        daemon->noticed.store_failing = failing;
        skad_control_tell(daemon->control, &notice);
    }
}

void skad_daemon_notice_sample(skad_daemon *daemon, const skad_health_report *health,
                               const skad_node_stats *stats)
{
    if (health->verdict != daemon->noticed.verdict) {
        const skad_notice notice = {
            .kind = SKAD_CONTROL_KIND_HEALTH, .health = health, .before = daemon->noticed.verdict};
        daemon->noticed.verdict = health->verdict;
        skad_control_tell(daemon->control, &notice);
    }
    notice_store(daemon, &stats->store);
    notice_bans(daemon);
}

void skad_daemon_notice_reload(skad_daemon *daemon, const char *changed, const char *refused)
{
    const skad_notice notice = {
        .kind = SKAD_CONTROL_KIND_RELOAD, .changed = changed, .refused = refused};
    skad_control_tell(daemon->control, &notice);
}
