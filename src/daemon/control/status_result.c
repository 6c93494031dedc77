/* Writing the status. docs/control.md lists the keys; they are stable. */
#include "src/daemon/control/status_result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/ballot.h"
#include "skad/audit.h"
#include "skad/version.h"
#include "src/daemon/control/bucket_counts.h"
#include "src/daemon/control/control.h"
#include "src/daemon/control/forwarding_result.h"
#include "src/daemon/control/refusals.h"
#include "src/daemon/control/results.h"
#include "src/daemon/system/log_thread.h"

static void write_drops(const skad_node_stats *stats, uint64_t queue_full, skad_writer *writer)
{
    skad_result_key(writer, "drops");
    skad_write_map(writer, SKAD_VERDICT_COUNT - 1 + 1);
    for (size_t i = SKAD_VERDICT_ACCEPT + 1; i < SKAD_VERDICT_COUNT; i++) {
        skad_result_uint(writer, skad_verdict_name((skad_verdict)i), stats->verdicts[i]);
    }
    skad_result_uint(writer, "queue", queue_full);
}

static void write_requests(const skad_node_stats *stats, skad_writer *writer)
{
    static const char *const kinds[] = {"ping",    "find_node", "find_value", "store", "announce",
                                        "compare", "match",     "probe",      "call",  "introduce",
                                        "forward", "audit",     "prove"};
    size_t count = sizeof kinds / sizeof kinds[0];

    skad_result_key(writer, "requests");
    skad_write_map(writer, count);
    for (size_t i = 0; i < count; i++) {
        skad_result_uint(writer, kinds[i], stats->requests[i + 1]);
    }
}

/* By the wire's error codes; 0 stands for any other. */
static void write_refused(const skad_node_stats *stats, skad_writer *writer)
{
    skad_result_key(writer, "refused");
    skad_write_map(writer, SKAD_REFUSALS);
    for (size_t i = 0; i < SKAD_REFUSALS; i++) {
        skad_result_uint(writer, skad_refusals_name(i), stats->refused[i]);
    }
}

static void write_store(const skad_store_totals *totals, skad_writer *writer)
{
    skad_result_key(writer, "store");
    skad_write_map(writer, 12);
    skad_result_uint(writer, "records", totals->records);
    skad_result_uint(writer, "records_max", totals->records_max);
    skad_result_uint(writer, "bytes", totals->bytes);
    skad_result_uint(writer, "bytes_max", totals->bytes_max);
    skad_result_uint(writer, "cached", totals->cached);
    skad_result_uint(writer, "published", totals->published);
    skad_result_uint(writer, "published_max", totals->published_max);
    skad_result_uint(writer, "published_bytes", totals->published_bytes);
    skad_result_uint(writer, "published_bytes_max", totals->published_bytes_max);
    skad_result_uint(writer, "waiting", totals->waiting);
    skad_result_uint(writer, "failures", totals->failures);
    skad_result_key(writer, "error");
    if (totals->error == 0) {
        skad_write_nil(writer);
    } else {
        skad_write_str(writer, strerror(totals->error));
    }
}

/* Which points to join through cannot be used, and why: "NAME:PORT: why". */
static void write_unusable(const skad_joining *joining, skad_writer *writer)
{
    skad_join_flaw flaws[SKAD_JOIN_POINTS_MAX];
    size_t count = joining == NULL ? 0
                                   : skad_resolver_flaws(*joining->config.resolver, flaws,
                                                         SKAD_JOIN_POINTS_MAX);
    skad_result_key(writer, "unusable");
    skad_write_array(writer, count);
    for (size_t i = 0; i < count; i++) {
        char text[sizeof flaws[i].place + 128];
        (void)snprintf(text, sizeof text, "%.*s: %.120s", (int)sizeof flaws[i].place,
                       flaws[i].place, flaws[i].why);
        skad_write_str(writer, text);
    }
}

static void write_join(const skad_joining *joining, bool joined, skad_writer *writer)
{
    char reason[SKAD_JOINING_TEXT_BYTES] = "";
    const skad_joining_state state = joining != NULL ? skad_joining_look(joining, reason)
                                     : joined        ? SKAD_JOINING_JOINED
                                                     : SKAD_JOINING_TRYING;
    skad_result_key(writer, "join");
    skad_write_map(writer, 3);
    skad_result_str(writer, "state", skad_joining_name(state));
    skad_result_str_or_nil(writer, "reason", reason[0] != 0 ? reason : NULL);
    write_unusable(joining, writer);
}

static void write_counters(const skad_node_stats *stats, skad_writer *writer)
{
    skad_result_uint(writer, "received", stats->received);
    skad_result_uint(writer, "received_bytes", stats->received_bytes);
    skad_result_uint(writer, "accepted", stats->verdicts[SKAD_VERDICT_ACCEPT]);
    skad_result_uint(writer, "sent", stats->sent);
    skad_result_uint(writer, "sent_bytes", stats->sent_bytes);
    skad_result_uint(writer, "outbox_dropped", stats->outbox_dropped);
    skad_result_uint(writer, "signatures", stats->signatures);
    skad_result_uint(writer, "verifications", stats->verifications);
    skad_result_uint(writer, "identities_proven", stats->identities_proven);
    skad_result_uint(writer, "identities_refused", stats->identities_refused);
    skad_result_uint(writer, "hard_hashes", stats->hard_hashes);
    skad_result_uint(writer, "refusals", stats->refusals);
    skad_result_uint(writer, "timeouts", stats->timeouts);
    skad_result_uint(writer, "resent", stats->resent);
    skad_result_uint(writer, "lookups", stats->lookups);
    skad_result_uint(writer, "faults", stats->violations);
    skad_result_uint(writer, "dismissed", stats->dismissed);
    skad_result_uint(writer, "lookups_dense", stats->lookups_dense);
    skad_result_uint(writer, "renewed", stats->republished);
    skad_result_uint(writer, "offered", stats->offered);
    skad_result_uint(writer, "handed_over", stats->handed_over);
    skad_result_uint(writer, "cached", stats->cached);
    skad_result_uint(writer, "replicas_shed", stats->replicas_shed);
    skad_result_uint(writer, "disowned", stats->demoted);
    skad_result_uint(writer, "answers_shed", stats->answers_shed);
    skad_result_uint(writer, "network_size", stats->network_size);
}
#define COUNTERS_COUNT 26

/* Writes what lives at each proximity order: peers in use, of k places. Without memory it is nil.
 */
static void write_bins(const skad_method_context *context, skad_time now, size_t buckets,
                       skad_writer *writer)
{
    skad_bucket_counts counts = {0};
    const size_t total = skad_node_table(context->node, now, NULL, 0);
    skad_table_row *rows = calloc(total + 1, sizeof *rows);
    skad_result_key(writer, "bins");
    if (rows != NULL) {
        (void)skad_node_table(context->node, now, rows, total);
    }
    if (rows == NULL || skad_bucket_counts_take(rows, total, buckets, &counts) != SKAD_OK) {
        skad_write_nil(writer);
        free(rows);
        return;
    }
    skad_write_map(writer, counts.count);
    for (size_t i = 0; i < counts.count; i++) {
        char order[24];
        (void)snprintf(order, sizeof order, "%zu", i);
        skad_result_key(writer, order);
        skad_write_array(writer, 2);
        skad_write_uint(writer, counts.buckets[i].population);
        skad_write_uint(writer, context->profile->k);
    }
    free(rows);
}

static void write_sockets(const skad_method_context *context, skad_writer *writer)
{
    skad_address bound[2] = {{0}, {0}};
    uint64_t refused = 0;
    uint64_t congestion = 0;
    for (size_t i = 0; i < context->sockets_count; i++) {
        bound[i] = context->sockets[i].bound;
        refused += context->sockets[i].counters.refused;
        congestion += context->sockets[i].counters.congestion;
    }
    skad_result_key(writer, "listen");
    skad_result_address_list(writer, bound, 2);
    skad_result_uint(writer, "send_refused", refused);
    skad_result_uint(writer, "send_congestion", congestion);
}
#define SOCKETS_COUNT 3

static void write_workers(const skad_workers_stats *workers, skad_writer *writer)
{
    skad_result_uint(writer, "workers", workers->count);
    skad_result_uint(writer, "queue", workers->waiting);
    skad_result_uint(writer, "queue_max", workers->waiting_max);
}
#define WORKERS_COUNT 3

/* Writes a cap as a list of two: what is in use, and the bound. For a rate the bound is a burst,
 * and a third element says how much comes back in a second. */
static void write_cap(const char *name, const skad_usage *totals, bool rate, skad_writer *writer)
{
    skad_result_key(writer, name);
    skad_write_array(writer, rate ? 3 : 2);
    skad_write_uint(writer, totals->used);
    skad_write_uint(writer, totals->max);
    if (rate) {
        skad_write_uint(writer, totals->per_s);
    }
}

static void write_caps(const skad_method_context *context, const skad_workers_stats *workers,
                       skad_time now, skad_writer *writer)
{
    const skad_usage clients = {.used = skad_control_clients(context->control),
                                .max = SKAD_CONTROL_CLIENTS_MAX};
    const skad_usage queue = {.used = workers->waiting, .max = workers->waiting_max};
    skad_usage fills[SKAD_CAP_COUNT];
    skad_node_caps(context->node, now, fills);
    skad_result_key(writer, "caps");
    skad_write_map(writer, 2 + SKAD_CAP_COUNT);
    write_cap("clients", &clients, false, writer);
    write_cap("queue", &queue, false, writer);
    for (size_t i = 0; i < SKAD_CAP_COUNT; i++) {
        write_cap(skad_cap_name((skad_cap)i), &fills[i], i >= SKAD_CAP_FIRST_RATE, writer);
    }
}

/* By family, whether strangers reach the node, and what it is to them. */
static void write_reach(const skad_node_stats *stats, skad_writer *writer)
{
    static const char *const families[] = {"ipv4", "ipv6"};
    skad_result_key(writer, "reach");
    skad_write_map(writer, 2);
    for (unsigned i = 0; i < 2; i++) {
        skad_result_key(writer, families[i]);
        skad_write_map(writer, 3);
        skad_result_str(writer, "reached", skad_result_reach_name(stats->reach[i]));
        skad_result_str(writer, "role", (stats->clients & (1U << i)) != 0 ? "client" : "server");
        skad_result_bool(writer, "guarded", (stats->guarded & (1U << i)) != 0);
    }
}

static void write_mapping_view(const skad_mapping_view *view, skad_writer *writer)
{
    skad_write_map(writer, 6);
    skad_result_str(writer, "state", skad_mapping_state_name(view->state));
    skad_result_str_or_nil(writer, "protocol", view->protocol);
    skad_result_address_or_nil(writer, "gateway", &view->gateway);
    skad_result_address_or_nil(writer, "external", &view->external);
    skad_result_uint(writer, "lifetime_s", view->lifetime_s);
    skad_result_str_or_nil(writer, "reason", view->reason[0] != 0 ? view->reason : NULL);
}

/* By family, whether the gateway lets the node's port in. */
static void write_mapping(const skad_mapping *mapping, skad_writer *writer)
{
    static const char *const families[] = {"ipv4", "ipv6"};
    skad_result_key(writer, "mapping");
    skad_write_map(writer, 2);
    for (unsigned i = 0; i < 2; i++) {
        skad_mapping_view view;
        skad_mapping_look_at(mapping, i, &view);
        skad_result_key(writer, families[i]);
        write_mapping_view(&view, writer);
    }
}

/* Whether the node looks for others on its links, and what came of it. */
static void write_local(const skad_local_discovery *local, skad_writer *writer)
{
    static const skad_local_discovery off = {.on = false};
    const skad_local_counters *counters = &(local == NULL ? &off : local)->counters;
    skad_result_key(writer, "local_discovery");
    skad_write_map(writer, 6);
    skad_result_bool(writer, "on", local != NULL && local->on);
    skad_result_uint(writer, "announced", counters->announced);
    skad_result_uint(writer, "refused", counters->refused);
    skad_result_uint(writer, "heard", counters->heard);
    skad_result_uint(writer, "dropped", counters->dropped);
    skad_result_uint(writer, "asked", counters->asked);
}

/* What the node says and hears in storage audits. */
static void write_audits(const skad_node *node, skad_writer *writer)
{
    static const char *const refusals[] = {"past", "coming", "not_ours", "contradicting",
                                           "no_place"};
    skad_node_audit audit;
    skad_node_audit_get(node, &audit);
    skad_result_key(writer, "audits");
    skad_write_map(writer, 12);
    skad_result_uint(writer, "period_s", audit.period_s);
    skad_result_uint(writer, "round", audit.round);
    skad_result_bool(writer, "plays", audit.plays);
    skad_result_uint(writer, "players", audit.players);
    skad_result_uint(writer, "played", audit.played);
    skad_result_uint(writer, "ballots", audit.ballots);
    skad_result_uint(writer, "committed", audit.committed);
    skad_result_uint(writer, "revealed", audit.revealed);
    skad_result_uint(writer, "lacking", audit.lacking);
    skad_result_uint(writer, "invalid", audit.invalid);
    skad_result_key(writer, "verdicts");
    skad_write_map(writer, SKAD_AUDIT_VERDICTS);
    for (unsigned i = 0; i < SKAD_AUDIT_VERDICTS; i++) {
        skad_result_uint(writer, skad_audit_verdict_name((skad_audit_verdict)i), audit.verdicts[i]);
    }
    skad_result_key(writer, "refused");
    skad_write_map(writer, SKAD_AUDIT_REFUSALS);
    for (unsigned i = 0; i < SKAD_AUDIT_REFUSALS; i++) {
        skad_result_uint(writer, refusals[i], audit.refused[i]);
    }
}

void skad_status_result(const skad_method_context *context, skad_time now, skad_writer *writer)
{
    skad_node_stats stats;
    skad_workers_stats workers;
    skad_node_stats_get(context->node, now, &stats);
    skad_workers_stats_get(context->workers, &workers);

    skad_result_map(writer, 31 + SOCKETS_COUNT + WORKERS_COUNT + COUNTERS_COUNT + 5);
    skad_result_id(writer, "id", skad_node_self(context->node));
    skad_result_public_key(writer, "public_key", skad_node_public_key(context->node));
    skad_result_str(writer, "version", SKAD_VERSION);
    skad_result_str(writer, "profile", context->profile->name);
    skad_result_public_key(writer, "network_id", skad_node_network(context->node)->bytes);
    skad_result_uint(writer, "record_life_s", context->profile->record_life_s);
    skad_result_str(writer, "sandbox", skad_sandbox_name(context->sandbox));
    skad_result_bool(writer, "secrets_locked", stats.secrets_locked);
    skad_result_uint(writer, "uptime_s", (now.mono_us - context->started_us) / SKAD_US_PER_S);
    skad_result_bool(writer, "joined", stats.joined);
    write_join(context->joining, stats.joined, writer);
    skad_result_bool(writer, "loaded", stats.loaded);
    skad_result_uint(writer, "epoch", stats.epoch);
    skad_result_key(writer, "observed");
    skad_result_address_list(writer, stats.observed, 2);
    skad_result_address_or_nil(writer, "twin", &stats.twin);
    write_reach(&stats, writer);
    write_mapping(context->mapping, writer);
    write_local(context->local, writer);
    skad_result_key(writer, "forwarding");
    skad_forwarding_result(context->node, &stats, now, writer);
    write_audits(context->node, writer);
    skad_result_uint(writer, "peers", stats.peers);
    skad_result_uint(writer, "peers_silent", stats.peers_unresponsive);
    skad_result_uint(writer, "siblings", stats.siblings);
    skad_result_uint(writer, "buckets", stats.buckets);
    skad_result_uint(writer, "depth", stats.depth);
    skad_result_uint(writer, "neighbours", stats.neighbours);
    write_bins(context, now, stats.buckets, writer);
    skad_result_uint(writer, "pending", stats.pending);
    skad_result_uint(writer, "operations", stats.operations);
    skad_result_uint(writer, "watches", stats.watches);
    skad_result_uint(writer, "log_dropped", skad_log_dropped());
    write_sockets(context, writer);
    write_workers(&workers, writer);
    write_counters(&stats, writer);
    write_requests(&stats, writer);
    write_refused(&stats, writer);
    write_drops(&stats, workers.dropped, writer);
    write_caps(context, &workers, now, writer);
    write_store(&stats.store, writer);
}
