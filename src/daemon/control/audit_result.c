#include "src/daemon/control/audit_result.h"

#include <string.h>

#include "skad/audit.h"
#include "skad/records.h"
#include "src/daemon/control/results.h"

#define OUT_TENTHS 7 /* of a period: by then ballots are announced */

/* The last round whose ballots are out. */
static uint64_t last_round(uint64_t period_s, uint64_t unix_s)
{
    const uint64_t round = unix_s / period_s;
    return round - (unix_s % period_s < period_s / 10 * OUT_TENTHS);
}

skad_status skad_audit_ask(const skad_method_context *context, const skad_control_request *request,
                           skad_time now, skad_op *op)
{
    skad_node_audit audit;
    skad_id key;
    skad_node_audit_get(context->node, &audit);
    if (audit.period_s == 0) {
        return SKAD_ERR_INPUT;
    }
    const uint64_t round =
        request->auto_sequence ? last_round(audit.period_s, now.unix_s) : request->sequence;
    skad_node_audit_key(context->node, round, &key);
    return skad_node_get(context->node, SKAD_RECORD_ANNOUNCEMENT, &key, now, op);
}

/* The round that has a key: the one that was asked for, or one of now. */
static uint64_t round_of(const skad_method_context *context, const skad_id *key, uint64_t asked,
                         uint64_t now)
{
    for (uint64_t round = now + 1; round + 2 > now; round--) {
        skad_id its;
        skad_node_audit_key(context->node, round, &its);
        if (memcmp(&its, key, sizeof its) == 0) {
            return round;
        }
    }
    return asked;
}

void skad_audit_result(const skad_method_context *context, const skad_event *event,
                       const skad_pending_call *call, skad_writer *writer)
{
    const skad_get_report *report = &event->u.get;
    const skad_network_id *network = skad_node_network(context->node);
    skad_node_audit audit;
    skad_id id;
    skad_node_audit_get(context->node, &audit);
    skad_control_write_result(writer, call->msgid);
    skad_result_map(writer, 8);
    skad_result_uint(writer, "round", round_of(context, &report->key, call->sequence, audit.round));
    skad_result_uint(writer, "period_s", audit.period_s);
    skad_result_id(writer, "key", &report->key);
    memcpy(id.bytes, network->bytes, sizeof id.bytes);
    skad_result_id(writer, "network_id", &id);
    skad_result_uint(writer, "static_bits", context->profile->static_bits);
    skad_result_uint(writer, "memory_kib", context->profile->memory_kib);
    skad_result_uint(writer, "total", report->providers_total);
    skad_result_key(writer, "ballots");
    skad_write_array(writer, report->providers_count);
    for (size_t i = 0; i < report->providers_count; i++) {
        uint8_t record[SKAD_RECORD_BYTES_MAX];
        skad_write_bin(writer, record, skad_node_provider_record(context->node, i, record));
    }
}
