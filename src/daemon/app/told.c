#include "src/daemon/app/told.h"

#include "crypto/keys.h"
#include "proto/address.h"
#include "src/daemon/system/notify.h"

void skad_told_started(skad_log_to log, const skad_told_start *start)
{
    char text[SKAD_ID_TEXT_BYTES > SKAD_ADDRESS_TEXT_BYTES ? SKAD_ID_TEXT_BYTES
                                                           : SKAD_ADDRESS_TEXT_BYTES];
    skad_id_format(skad_node_self(start->node), text);
    skad_log(log, SKAD_LOG_INFO, "node %s in the network '%s'", text, start->network);
    for (size_t i = 0; i < start->endpoints->count; i++) {
        skad_address_format(&start->endpoints->sockets[i].bound, text);
        skad_log(log, SKAD_LOG_INFO, "listening on %s", text);
    }
    skad_log(log, SKAD_LOG_INFO, "control socket %s", start->control_path);
    skad_log(log, SKAD_LOG_INFO, "sandbox %s", skad_sandbox_name(start->sandbox));
}

void skad_told_state(skad_log_to log, const skad_node *node, skad_time now, uint64_t started_us)
{
    skad_node_stats stats;
    skad_node_stats_get(node, now, &stats);
    skad_log(log, SKAD_LOG_INFO, "%s, %u peers, %llu records held, up for %llu s",
             stats.joined ? "joined" : "not joined", stats.peers,
             (unsigned long long)stats.store.records,
             (unsigned long long)((now.mono_us - started_us) / SKAD_US_PER_S));
}

void skad_told_manager(const skad_health_report *report, const skad_node_stats *stats)
{
    skad_health_check worst;
    const char *joined = stats->joined ? "joined" : "not joined";
    if (skad_health_worst(report, &worst)) {
        skad_notify_status("%s: %s: %s; %s, %u peers", skad_health_verdict_name(report->verdict),
                           skad_health_check_name(worst), report->checks[worst].text, joined,
                           stats->peers);
    } else {
        skad_notify_status("ok; %s, %u peers, %llu records held", joined, stats->peers,
                           (unsigned long long)stats->store.records);
    }
}
