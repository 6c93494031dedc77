#include "src/daemon/app/told.h"

#include <inttypes.h>

#include "crypto/keys.h"
#include "proto/address.h"
#include "src/daemon/system/notify.h"

#define CLOCK_SET_S 60 /* as src/core/upkeep/clock_watch.h has it */

void skad_told_started(skad_log_level log, const skad_told_start *start)
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

static void tell_twin(skad_log_level log, const skad_address *address)
{
    char text[SKAD_ADDRESS_TEXT_BYTES];
    skad_address_format(address, text);
    skad_log(log, SKAD_LOG_ERROR,
             "another node runs with the same identity, at %s: stop one of the two, and give it an "
             "identity of its own (move its file 'identity' away)",
             text);
}

static void tell_adopted(skad_log_level log, const skad_event *event)
{
    char key[SKAD_ID_TEXT_BYTES];
    skad_id_format(&event->u.adopted.key, key);
    skad_log(log, SKAD_LOG_WARNING,
             "the network has a newer edition of %s than this node: sequence %" PRIu64
             " is published from now on, not %" PRIu64
             "; was the folder restored from a backup, or is the identity in use elsewhere?",
             key, event->u.adopted.sequence, event->u.adopted.sequence_before);
}

void skad_told_event(skad_log_level log, const skad_event *event)
{
    if (event->kind == SKAD_EVENT_TWIN) {
        tell_twin(log, &event->u.twin);
    } else if (event->kind == SKAD_EVENT_ADOPTED) {
        tell_adopted(log, event);
    }
}

void skad_told_clock(skad_log_level log, skad_time before, skad_time now)
{
    const uint64_t passed_s = (now.mono_us - before.mono_us) / SKAD_US_PER_S;
    const uint64_t expected_s = before.unix_s + passed_s;
    const bool ahead = now.unix_s > expected_s;
    const uint64_t moved_s = ahead ? now.unix_s - expected_s : expected_s - now.unix_s;
    if (moved_s > CLOCK_SET_S) {
        skad_log(log, SKAD_LOG_WARNING,
                 "the clock was set %s by %" PRIu64
                 " s: publications are announced anew in the next minutes",
                 ahead ? "forward" : "back", moved_s);
    }
}

void skad_told_state(skad_log_level log, const skad_node *node, skad_time now, uint64_t started_us)
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
