/* Taking the samples of src/daemon/health/health.h, and asking peers for signs of life. */
#include <stdlib.h>

#include "src/daemon/app/daemon_inside.h"
#include "src/daemon/app/told.h"

/* ---- Signs of life ---- */

/* Where a peer is; NULL: at no address that we can send to. */
static const skad_address *address_of(const skad_daemon *daemon, const skad_table_row *row)
{
    const skad_address *const both[] = {&row->contact.ipv4, &row->contact.ipv6};
    for (size_t i = 0; i < 2; i++) {
        if ((both[i]->family & daemon->driver.endpoints.families) != 0) {
            return both[i];
        }
    }
    return NULL;
}

static void probe(skad_daemon *daemon, const skad_table_row *rows, size_t rows_count, size_t wanted)
{
    skad_pulse *pulse = &daemon->pulse;
    for (size_t i = 0; i < rows_count && wanted > 0; i++) {
        const skad_table_row *row = &rows[pulse->next++ % rows_count];
        const skad_address *to = address_of(daemon, row);
        skad_op op;
        if (row->replacement || to == NULL ||
            skad_node_ping(daemon->driver.node, to, *daemon->driver.now, &op) != SKAD_OK) {
            continue;
        }
        pulse->asked[pulse->asked_next++ % SKAD_PULSE_ASKED] = op;
        pulse->probes++;
        pulse->probed_us = daemon->driver.now->mono_us;
        wanted--;
    }
}

bool skad_daemon_pulse_event(skad_daemon *daemon, const skad_event *event)
{
    skad_pulse *pulse = &daemon->pulse;
    for (size_t i = 0; i < SKAD_PULSE_ASKED; i++) {
        if (event->kind == SKAD_EVENT_PING && pulse->asked[i] == event->op && event->op != 0) {
            pulse->asked[i] = 0;
            if (event->outcome == SKAD_OUTCOME_DONE) {
                pulse->answered_us = daemon->driver.now->mono_us;
                pulse->probes = 0;
            }
            return true;
        }
    }
    if (event->kind != SKAD_EVENT_PING) {
        pulse->ended_well += event->outcome != SKAD_OUTCOME_TIMED_OUT;
        pulse->ended_badly += event->outcome == SKAD_OUTCOME_TIMED_OUT;
    }
    return false;
}

/* ---- Samples ---- */

/* When a peer answered last. */
static void look_for_answers(skad_pulse *pulse, const skad_table_row *rows, size_t count,
                             uint64_t now_us)
{
    for (size_t i = 0; i < count; i++) {
        const uint64_t answered_us =
            now_us > rows[i].last_seen_us ? now_us - rows[i].last_seen_us : 1;
        if (answered_us > pulse->answered_us) {
            pulse->answered_us = answered_us;
        }
    }
    if (pulse->answered_us > pulse->probed_us) {
        pulse->probes = 0;
    }
}

static void sample_queues(const skad_daemon *daemon, skad_health_sample *out)
{
    skad_workers_stats workers;
    skad_workers_stats_get(daemon->driver.endpoints.workers, &workers);
    out->queue_drops = workers.dropped;
    if (workers.waiting_max > 0) {
        out->queue_percent = (unsigned)(100 * workers.waiting / workers.waiting_max);
    }
    for (size_t i = 0; i < daemon->driver.endpoints.count; i++) {
        skad_udp_queue queue;
        if (skad_udp_queue_get(&daemon->driver.endpoints.sockets[i], &queue)) {
            out->queue_drops += queue.drops;
            out->queue_percent =
                queue.percent > out->queue_percent ? queue.percent : out->queue_percent;
        }
    }
}

static void take_sample(skad_daemon *daemon, size_t peers, skad_health_sample *out)
{
    const skad_pulse *pulse = &daemon->pulse;
    char reason[SKAD_JOINING_TEXT_BYTES];
    skad_node_stats stats;
    skad_node_stats_get(daemon->driver.node, *daemon->driver.now, &stats);
    *out = (skad_health_sample){
        .mono_us = daemon->driver.now->mono_us,
        .unix_s = daemon->driver.now->unix_s,
        .joined = stats.joined,
        .joining = skad_joining_look(&daemon->driver.joining, reason),
        .peers = (uint16_t)peers,
        .answered_us = pulse->answered_us,
        .probes = pulse->probes,
        .families = daemon->driver.endpoints.families,
        .ended_well = pulse->ended_well,
        .ended_badly = pulse->ended_badly,
        .store_error = stats.store.error,
        .store_waiting = stats.store.waiting,
        .accepted = stats.verdicts[SKAD_VERDICT_ACCEPT],
        .of_other_epochs = stats.verdicts[SKAD_VERDICT_EPOCH],
        .nonce_now = skad_nonce_renewal_has(daemon->driver.renewal, stats.epoch),
        .nonce_next = skad_nonce_renewal_has(daemon->driver.renewal, stats.epoch + 1),
        .epoch_s = daemon->driver.profile.epoch_s,
        .address_known = stats.observed[0].family != SKAD_FAMILY_NONE ||
                         stats.observed[1].family != SKAD_FAMILY_NONE,
        .twin = stats.twin.family != SKAD_FAMILY_NONE,
    };
    skad_udp_endpoints_requests(&daemon->driver.endpoints, out->requests);
    sample_queues(daemon, out);
}

#define BANS_MAX 256 /* as src/core has it */

/* Those that the node made itself. */
static uint64_t count_bans(const skad_daemon *daemon)
{
    static skad_ban bans[BANS_MAX]; /* one loop at a time looks at it */
    uint64_t own = 0;
    const size_t count = skad_node_bans(daemon->driver.node, *daemon->driver.now, bans, BANS_MAX);
    for (size_t i = 0; i < count && i < BANS_MAX; i++) {
        own += bans[i].reason != SKAD_BAN_OPERATOR;
    }
    return own;
}

static void tell_changes(skad_daemon *daemon)
{
    skad_node_stats stats;
    skad_health_report report;
    skad_node_stats_get(daemon->driver.node, *daemon->driver.now, &stats);
    skad_health_judge(&daemon->pulse.health, &report);
    const skad_changes_sample sample = {
        .mono_us = daemon->driver.now->mono_us,
        .health = &report,
        .loaded = stats.loaded,
        .bans = count_bans(daemon),
    };
    if (skad_changes_look(&daemon->changed, daemon->config.log, &sample)) {
        skad_daemon_report(daemon);
    }
    skad_told_manager(&report, &stats);
    skad_daemon_notice_sample(daemon, &report, &stats);
}

static void on_pulse(struct ev_loop *loop, ev_timer *watcher, int revents)
{
    (void)loop;
    (void)revents;
    skad_daemon *daemon = watcher->data;
    skad_pulse *pulse = &daemon->pulse;
    const size_t count = skad_node_table(daemon->driver.node, *daemon->driver.now, NULL, 0);
    skad_table_row *rows = count == 0 ? NULL : calloc(count, sizeof *rows);
    skad_health_sample sample;
    if (rows != NULL) {
        (void)skad_node_table(daemon->driver.node, *daemon->driver.now, rows, count);
        look_for_answers(pulse, rows, count, daemon->driver.now->mono_us);
    }
    take_sample(daemon, count, &sample);
    skad_health_add(&pulse->health, &sample);
    tell_changes(daemon);
    if (rows != NULL) {
        probe(daemon, rows, count, skad_health_probes_due(&sample, pulse->probed_us));
    }
    free(rows);
}

void skad_daemon_pulse_start(skad_daemon *daemon)
{
    skad_pulse *pulse = &daemon->pulse;
    ev_timer_init(&pulse->timer, on_pulse, 0., SKAD_HEALTH_SAMPLE_S);
    pulse->timer.data = daemon;
    ev_timer_start(daemon->config.loop, &pulse->timer);
}

void skad_daemon_pulse_stop(skad_daemon *daemon)
{
    ev_timer_stop(daemon->config.loop, &daemon->pulse.timer);
}
