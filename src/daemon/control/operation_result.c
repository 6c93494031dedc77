#include "src/daemon/control/operation_result.h"

#include "crypto/assert.h"
#include "src/daemon/control/records_result.h"
#include "src/daemon/control/results.h"

/* ---- Lookups ---- */

static const char *step_state_name(skad_step_state state)
{
    switch (state) {
    case SKAD_STEP_HEARD:
        return "heard";
    case SKAD_STEP_ASKED:
        return "asked";
    case SKAD_STEP_SLOW:
        return "slow";
    case SKAD_STEP_ANSWERED:
        return "answered";
    case SKAD_STEP_FAILED:
        return "failed";
    }
    return "unknown";
}

static void write_closest(const skad_contact *contact, skad_writer *writer)
{
    const skad_address addresses[] = {contact->ipv4, contact->ipv6};

    skad_write_map(writer, 2);
    skad_result_id(writer, "id", &contact->id);
    skad_result_key(writer, "addresses");
    skad_result_address_list(writer, addresses, 2);
}

/* The closing round belongs to no path: its steps have nil there. */
static void write_step(const skad_step *step, skad_writer *writer)
{
    skad_write_map(writer, 8);
    skad_result_id(writer, "id", &step->id);
    skad_result_address(writer, "address", &step->address);
    skad_result_str(writer, "state", step_state_name((skad_step_state)step->state));
    skad_result_key(writer, "path");
    if (step->path == SKAD_STEP_PATH_CLOSING) {
        skad_write_nil(writer);
    } else if (step->path == SKAD_STEP_PATH_REGION) {
        skad_write_str(writer, "region");
    } else {
        skad_write_uint(writer, step->path);
    }
    skad_result_uint(writer, "hop", step->hop);
    skad_result_bool(writer, "closest", step->closest);
    skad_result_bool(writer, "introduced", step->introduced);
    skad_result_uint(writer, "rtt_us", step->state == SKAD_STEP_ANSWERED ? step->rtt_us : 0);
}

void skad_step_notice(const skad_event *event, const skad_pending_call *call, skad_writer *writer)
{
    skad_control_write_notification(writer, "step", call->msgid);
    write_step(&event->u.step, writer);
}

static void write_lookup(const skad_lookup_report *report, skad_writer *writer)
{
    skad_result_map(writer, 9);
    skad_result_id(writer, "target", &report->target);
    skad_result_uint(writer, "duration_us", report->duration_us);
    skad_result_uint(writer, "rpcs", report->rpcs);
    skad_result_uint(writer, "paths", report->paths);
    skad_result_uint(writer, "paths_agreed", report->paths_agreed);
    skad_result_bool(writer, "dense", report->dense);
    skad_result_uint(writer, "network_size", report->network_size);
    skad_result_key(writer, "closest");
    skad_write_array(writer, report->closest_count);
    for (size_t i = 0; i < report->closest_count; i++) {
        write_closest(&report->closest[i], writer);
    }
    skad_result_key(writer, "steps");
    skad_write_array(writer, report->steps_count);
    for (size_t i = 0; i < report->steps_count; i++) {
        write_step(&report->steps[i], writer);
    }
}

/* ---- The others ---- */

static void write_ping(const skad_event *event, skad_writer *writer)
{
    skad_result_map(writer, 4);
    skad_result_id(writer, "id", &event->u.ping.id);
    skad_result_address(writer, "address", &event->u.ping.address);
    skad_result_address(writer, "observed", &event->u.ping.observed);
    skad_result_uint(writer, "rtt_us", event->u.ping.rtt_us);
}

/* An event without a result. */
static void write_error(const skad_event *event, uint32_t msgid, skad_writer *writer)
{
    if (event->kind == SKAD_EVENT_PUT) {
        skad_put_error(event, msgid, writer);
    } else if (event->kind == SKAD_EVENT_GET) {
        skad_get_error(event, msgid, writer);
    } else {
        skad_control_write_error(writer, msgid, SKAD_CONTROL_ERROR_TIMED_OUT,
                                 "no node answered in time");
    }
}

void skad_operation_result(const skad_event *event, const skad_pending_call *call,
                           skad_writer *writer)
{
    if (event->outcome != SKAD_OUTCOME_DONE) {
        write_error(event, call->msgid, writer);
        return;
    }
    skad_control_write_result(writer, call->msgid);
    switch (event->kind) {
    case SKAD_EVENT_PING:
        write_ping(event, writer);
        break;
    case SKAD_EVENT_LOOKUP:
        write_lookup(&event->u.lookup.report, writer);
        break;
    case SKAD_EVENT_PUT:
        skad_put_result(&event->u.put, call, writer);
        break;
    case SKAD_EVENT_GET:
        skad_get_result(&event->u.get, writer);
        break;
    case SKAD_EVENT_JOINED:
    case SKAD_EVENT_ISOLATED:
    case SKAD_EVENT_TWIN:
    case SKAD_EVENT_PUZZLE_NEEDED:
    case SKAD_EVENT_REACHABILITY:
    case SKAD_EVENT_STEP:
    case SKAD_EVENT_CHANGED:
    case SKAD_EVENT_ADOPTED:
        SKAD_ASSERT(false); /* these end no operation */
        break;
    }
}

void skad_change_notice(const skad_event *event, const skad_pending_call *call, skad_writer *writer)
{
    skad_control_write_notification(writer, "changed", call->msgid);
    skad_get_result(&event->u.get, writer);
}

void skad_watch_result(const skad_pending_call *call, skad_writer *writer)
{
    skad_control_write_result(writer, call->msgid);
    skad_result_map(writer, 1);
    skad_result_uint(writer, "changes", call->changes);
}
