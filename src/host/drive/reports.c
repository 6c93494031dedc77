#include "src/host/drive/reports.h"

#include <inttypes.h>

#include "crypto/keys.h"
#include "proto/address.h"
#include "skad/node.h"

#define CLOCK_SET_S 60 /* as src/core/upkeep/clock_watch.h has it */

static void tell_twin(skad_log_to log, const skad_address *address)
{
    char text[SKAD_ADDRESS_TEXT_BYTES];
    skad_address_format(address, text);
    skad_log(log, SKAD_LOG_ERROR,
             "another node runs with the same identity, at %s: stop one of the two, and give it an "
             "identity of its own (move its file 'identity' away)",
             text);
}

static void tell_adopted(skad_log_to log, const skad_event *event)
{
    char key[SKAD_ID_TEXT_BYTES];
    skad_id_format(&event->u.adopted.key, key);
    skad_log(log, SKAD_LOG_WARNING,
             "the network has a newer edition of %s than this node: sequence %" PRIu64
             " is published from now on, not %" PRIu64
             "; was the folder restored from a backup, or is the identity in use elsewhere?",
             key, event->u.adopted.sequence, event->u.adopted.sequence_before);
}

static void tell_reach(skad_log_to log, const skad_event *event)
{
    const char *family = event->u.reachability.family == SKAD_FAMILY_IPV4 ? "IPv4" : "IPv6";
    const bool client = event->u.reachability.role == SKAD_ROLE_CLIENT;
    if (event->u.reachability.verdict == SKAD_REACH_YES) {
        skad_log(log, SKAD_LOG_INFO, "strangers reach this node by %s", family);
    } else if (event->u.reachability.verdict == SKAD_REACH_UNKNOWN) {
        skad_log(log, SKAD_LOG_INFO,
                 "whether strangers reach this node by %s is not known any more: it moved, or no "
                 "node is left to ask; it is a %s meanwhile",
                 family, client ? "client" : "server");
    } else {
        skad_log(log, SKAD_LOG_WARNING,
                 "no stranger reaches this node by %s, so a NAT or a firewall is in between: %s; "
                 "let UDP datagrams to its port in",
                 family,
                 client ? "it asks, but holds nothing for others"
                        : "as a server it has to be introduced to others");
    }
}

void skad_report_event(skad_log_to log, const skad_event *event)
{
    if (event->kind == SKAD_EVENT_TWIN) {
        tell_twin(log, &event->u.twin);
    } else if (event->kind == SKAD_EVENT_ADOPTED) {
        tell_adopted(log, event);
    } else if (event->kind == SKAD_EVENT_REACHABILITY) {
        tell_reach(log, event);
    }
}

void skad_report_clock(skad_log_to log, skad_time before, skad_time now)
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
