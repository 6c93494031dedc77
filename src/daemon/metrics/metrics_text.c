/* Writing the families, each from the counter of the part that keeps it. */
#include "src/daemon/metrics/metrics_text.h"

#include <sys/resource.h>

#include "skad/version.h"
#include "src/daemon/control/control.h"
#include "src/daemon/control/refusals.h"
#include "src/daemon/system/log_thread.h"

#define count_of skad_exposition_count_of
#define gauge_of skad_exposition_gauge_of

static void write_node(const skad_method_context *context, const skad_node_stats *stats,
                       skad_time now, skad_exposition *out)
{
    skad_exposition_gauge(out, "skad_info", "Always 1; the label has the version.");
    skad_exposition_uint(out, "version", SKAD_VERSION, 1);
    skad_exposition_gauge(out, "skad_network", "Always 1; the label names the network profile.");
    skad_exposition_uint(out, "profile", context->profile->name, 1);
    gauge_of(out, "skad_uptime_seconds", "Seconds since the node was started.",
             (now.mono_us - context->started_us) / SKAD_US_PER_S);
    gauge_of(out, "skad_joined", "1 if the node is part of its network.", stats->joined);
    gauge_of(out, "skad_loaded", "1 if requests without a token get a challenge.", stats->loaded);
    gauge_of(out, "skad_twin", "1 if another node runs with the same identity.",
             stats->twin.family != SKAD_FAMILY_NONE);
    gauge_of(out, "skad_epoch", "The epoch of the dynamic puzzle.", stats->epoch);
    gauge_of(out, "skad_network_size_nodes", "Nodes of the network, estimated; 0 while unknown.",
             stats->network_size);
    skad_exposition_gauge(out, "skad_peers", "Contacts of the routing table.");
    skad_exposition_uint(out, "state", "responsive", stats->peers);
    skad_exposition_uint(out, "state", "silent", stats->peers_unresponsive);
    gauge_of(out, "skad_siblings", "The nearest nodes that the node knows.", stats->siblings);
    gauge_of(out, "skad_table_buckets", "Buckets of the routing table.", stats->buckets);
}

static void write_mapping(const skad_mapping *mapping, skad_exposition *out)
{
    static const char *const families[] = {"ipv4", "ipv6"};
    skad_exposition_gauge(out, "skad_port_mapped", "1 while a gateway lets the node's port in.");
    for (size_t i = 0; i < 2; i++) {
        skad_mapping_view view;
        skad_mapping_look_at(mapping, i, &view);
        skad_exposition_uint(out, "family", families[i], view.state == SKAD_MAPPING_MAPPED);
    }
}

static void write_health(const skad_method_context *context, skad_exposition *out)
{
    skad_health_report report;
    if (context->health == NULL) {
        return;
    }
    skad_health_judge(context->health, &report);
    gauge_of(out, "skad_health_verdict", "0 ok, 1 degraded, 2 failing: the worst of all checks.",
             report.verdict);
    skad_exposition_gauge(out, "skad_health_check", "0 ok, 1 degraded, 2 failing.");
    for (size_t i = 0; i < SKAD_HEALTH_CHECK_COUNT; i++) {
        skad_exposition_uint(out, "check", skad_health_check_name((skad_health_check)i),
                             report.checks[i].state);
    }
}

static void write_traffic(const skad_node_stats *stats, const skad_workers_stats *workers,
                          skad_exposition *out)
{
    count_of(out, "skad_received_datagrams_total", "Datagrams received.", stats->received);
    count_of(out, "skad_received_bytes_total", "Bytes received.", stats->received_bytes);
    count_of(out, "skad_accepted_datagrams_total", "Datagrams that the node acted on.",
             stats->verdicts[SKAD_VERDICT_ACCEPT]);
    skad_exposition_counter(out, "skad_dropped_datagrams_total", "Datagrams dropped, by reason.");
    for (size_t i = SKAD_VERDICT_ACCEPT + 1; i < SKAD_VERDICT_COUNT; i++) {
        skad_exposition_uint(out, "reason", skad_verdict_name((skad_verdict)i), stats->verdicts[i]);
    }
    skad_exposition_uint(out, "reason", "queue", workers->dropped);
    count_of(out, "skad_sent_datagrams_total", "Datagrams sent.", stats->sent);
    count_of(out, "skad_sent_bytes_total", "Bytes sent.", stats->sent_bytes);
    count_of(out, "skad_outbox_dropped_datagrams_total", "Datagrams that found no place to wait.",
             stats->outbox_dropped);
    count_of(out, "skad_shed_answers_total", "Answers not sent, for bandwidth.",
             stats->answers_shed);
}

static void write_sockets(const skad_method_context *context, const skad_workers_stats *workers,
                          skad_exposition *out)
{
    uint64_t refused = 0;
    uint64_t congestion = 0;
    uint64_t drops = 0;
    unsigned percent = 0;
    for (size_t i = 0; i < context->sockets_count; i++) {
        skad_udp_queue queue = {0};
        (void)skad_udp_queue_get(&context->sockets[i], &queue);
        refused += context->sockets[i].counters.refused;
        congestion += context->sockets[i].counters.congestion;
        drops += queue.drops;
        percent = queue.percent > percent ? queue.percent : percent;
    }
    count_of(out, "skad_send_refused_datagrams_total", "Datagrams that the system did not send.",
             refused);
    count_of(out, "skad_send_congestion_total", "Times that a send buffer was full.", congestion);
    count_of(out, "skad_kernel_dropped_datagrams_total",
             "Datagrams that the kernel dropped, since the queue of a port was full.", drops);
    skad_exposition_gauge(out, "skad_kernel_queue_ratio", "How full the fullest such queue is.");
    skad_exposition_double(out, NULL, NULL, percent / 100.0);
    gauge_of(out, "skad_workers", "Threads that check and make signatures.", workers->count);
    gauge_of(out, "skad_workers_waiting_datagrams", "Datagrams that are with the workers.",
             workers->waiting);
}

static void write_requests(const skad_method_context *context, const skad_node_stats *stats,
                           skad_exposition *out)
{
    static const char *const kinds[] = {"ping",    "find_node", "find_value", "store", "announce",
                                        "compare", "match",     "probe",      "call",  "introduce",
                                        "forward", "audit",     "prove"};
    uint64_t families[2] = {0};
    if (context->endpoints != NULL) {
        skad_udp_endpoints_requests(context->endpoints, families);
    }
    skad_exposition_counter(out, "skad_received_requests_total",
                            "Requests accepted, by address family.");
    skad_exposition_uint(out, "family", "ipv4", families[0]);
    skad_exposition_uint(out, "family", "ipv6", families[1]);
    skad_exposition_counter(out, "skad_answered_requests_total", "Requests answered, by kind.");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        skad_exposition_uint(out, "kind", kinds[i], stats->requests[i + 1]);
    }
    skad_exposition_counter(out, "skad_refused_requests_total",
                            "Requests answered with an error, by its code.");
    for (size_t i = 0; i < SKAD_REFUSALS; i++) {
        skad_exposition_uint(out, "error", skad_refusals_name(i), stats->refused[i]);
    }
}

static void write_forwarding(const skad_node_stats *stats, skad_exposition *out)
{
    count_of(out, "skad_relayed_total", "FORWARDs of neighbours answered with a result.",
             stats->relayed);
    count_of(out, "skad_relay_requests_total", "Requests sent for neighbours.",
             stats->relay_requests);
    count_of(out, "skad_relays_late_total", "FORWARDs of neighbours that had no result in time.",
             stats->relays_late);
    count_of(out, "skad_relay_copies_total", "Copies kept of values that passed by.",
             stats->relay_copies);
}

static void write_work(const skad_node_stats *stats, skad_exposition *out)
{
    count_of(out, "skad_signatures_total", "Signatures made.", stats->signatures);
    count_of(out, "skad_verifications_total", "Signatures checked.", stats->verifications);
    count_of(out, "skad_identities_proven_total", "Identities of nodes proven by hard hashes.",
             stats->identities_proven);
    count_of(out, "skad_identities_refused_total",
             "Proofs of identities refused for lack of budget.", stats->identities_refused);
    count_of(out, "skad_hard_hashes_total", "Memory-hard hashes computed for proofs.",
             stats->hard_hashes);
    count_of(out, "skad_timeouts_total", "Requests of ours that were not answered.",
             stats->timeouts);
    count_of(out, "skad_resent_requests_total", "Copies of requests that were not answered yet.",
             stats->resent);
    count_of(out, "skad_lookups_total", "Lookups, the node's own included.", stats->lookups);
    count_of(out, "skad_dense_lookups_total",
             "Lookups that met a suspiciously dense neighbourhood.", stats->lookups_dense);
    count_of(out, "skad_faults_total", "Parts of answers that break the replier's duties.",
             stats->violations);
    count_of(out, "skad_dismissed_peers_total", "Peers evicted for that.", stats->dismissed);
    count_of(out, "skad_renewed_publications_total", "Publications announced again.",
             stats->republished);
    count_of(out, "skad_offered_records_total", "Records named to new neighbours.", stats->offered);
    count_of(out, "skad_handed_over_records_total", "Records sent to new neighbours.",
             stats->handed_over);
    count_of(out, "skad_cached_copies_total", "Copies left with others after a get.",
             stats->cached);
    count_of(out, "skad_shed_replicas_total", "Records not handed over or left, for lack of room.",
             stats->replicas_shed);
    count_of(out, "skad_disowned_records_total", "Records whose life was cut: others are closer.",
             stats->demoted);
}

static void write_store(const skad_store_totals *store, skad_exposition *out)
{
    gauge_of(out, "skad_store_records", "Records held for the network.", store->records);
    gauge_of(out, "skad_store_max_records", "The most that are held.", store->records_max);
    gauge_of(out, "skad_store_bytes", "Bytes of the records held.", store->bytes);
    gauge_of(out, "skad_store_max_bytes", "The most that are held.", store->bytes_max);
    gauge_of(out, "skad_store_cached_records", "Copies among them that others are responsible for.",
             store->cached);
    gauge_of(out, "skad_published_records", "Records that the node publishes.", store->published);
    gauge_of(out, "skad_published_bytes", "Bytes of these.", store->published_bytes);
    gauge_of(out, "skad_store_waiting_writes", "Writes that do not last yet.", store->waiting);
    gauge_of(out, "skad_store_writable", "0 if the last write failed, for instance on a full disk.",
             store->error == 0);
    count_of(out, "skad_store_failed_writes_total", "Writes that the system refused.",
             store->failures);
}

static void write_caps(const skad_method_context *context, skad_time now, skad_exposition *out)
{
    skad_usage fills[SKAD_CAP_COUNT];
    skad_node_caps(context->node, now, fills);
    skad_exposition_gauge(out, "skad_cap_used", "How much of a bounded resource is in use.");
    skad_exposition_uint(out, "cap", "clients", skad_control_clients(context->control));
    for (size_t i = 0; i < SKAD_CAP_COUNT; i++) {
        skad_exposition_uint(out, "cap", skad_cap_name((skad_cap)i), fills[i].used);
    }
    skad_exposition_gauge(out, "skad_cap_limit", "Its bound; of a rate, a burst; 0: none.");
    skad_exposition_uint(out, "cap", "clients", SKAD_CONTROL_CLIENTS_MAX);
    for (size_t i = 0; i < SKAD_CAP_COUNT; i++) {
        skad_exposition_uint(out, "cap", skad_cap_name((skad_cap)i), fills[i].max);
    }
}

static void write_durations(const skad_durations *durations, skad_exposition *out)
{
    if (durations == NULL) {
        return;
    }
    skad_exposition_histograms(out, "skad_operation_duration_seconds",
                               "Operations that programs asked for, whatever came of them.");
    skad_exposition_histogram(out, "operation", "lookup", &durations->lookup);
    skad_exposition_histogram(out, "operation", "get", &durations->get);
    skad_exposition_histogram(out, "operation", "put", &durations->put);
    skad_exposition_histogram(out, "operation", "ping", &durations->ping);
    skad_exposition_histograms(out, "skad_loop_turn_duration_seconds",
                               "Turns of the loop, from the clocks to the last datagram sent.");
    skad_exposition_histogram(out, NULL, NULL, &durations->turn);
}

static void write_process(skad_exposition *out)
{
    struct rusage usage;
    count_of(out, "skad_log_dropped_lines_total", "Lines of the log that nothing took.",
             skad_log_dropped());
    if (getrusage(RUSAGE_SELF, &usage) != 0) {
        return;
    }
    skad_exposition_counter(out, "process_cpu_seconds_total", "Processor time used.");
    skad_exposition_double(out, NULL, NULL,
                           (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
                               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    gauge_of(out, "skad_process_peak_memory_bytes", "The most memory that was resident.",
             (uint64_t)usage.ru_maxrss * 1024);
}

void skad_metrics_text(const skad_method_context *context, skad_time now, skad_exposition *out)
{
    skad_node_stats stats;
    skad_workers_stats workers;
    skad_node_stats_get(context->node, now, &stats);
    skad_workers_stats_get(context->workers, &workers);
    write_node(context, &stats, now, out);
    write_mapping(context->mapping, out);
    write_health(context, out);
    write_traffic(&stats, &workers, out);
    write_sockets(context, &workers, out);
    write_requests(context, &stats, out);
    write_work(&stats, out);
    write_forwarding(&stats, out);
    write_store(&stats.store, out);
    write_caps(context, now, out);
    write_durations(context->durations, out);
    write_process(out);
}
