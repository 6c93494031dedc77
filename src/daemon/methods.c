/* The methods that start something, and those that only look: status and table. */
#include "src/daemon/methods.h"

#include "src/daemon/results.h"
#include "src/daemon/table_result.h"

bool skad_method_is_operation(skad_control_method method)
{
    return method != SKAD_CONTROL_TABLE && method != SKAD_CONTROL_STATUS;
}

skad_status skad_method_start(const skad_method_context *context,
                              const skad_control_request *request, skad_time now, skad_op *op)
{
    skad_id key;

    switch (request->method) {
    case SKAD_CONTROL_PING:
        return skad_node_ping(context->node, &request->u.address, now, op);
    case SKAD_CONTROL_LOOKUP:
        return skad_node_lookup(context->node, &request->u.id, now, op);
    case SKAD_CONTROL_TRACE: {
        skad_status status = skad_node_lookup(context->node, &request->u.id, now, op);
        if (status == SKAD_OK) {
            skad_node_trace(context->node, *op);
        }
        return status;
    }
    case SKAD_CONTROL_PUT:
        return skad_node_put(context->node, request->u.value.data, request->u.value.len, now, op,
                             &key);
    case SKAD_CONTROL_GET:
        return skad_node_get(context->node, &request->u.id, now, op);
    case SKAD_CONTROL_TABLE:
    case SKAD_CONTROL_STATUS:
        break;
    }
    return SKAD_ERR_INPUT;
}

/* ---- Status ---- */

static void write_drops(const skad_node_stats *stats, skad_writer *writer)
{
    skad_result_key(writer, "drops");
    skad_write_map(writer, SKAD_VERDICT_COUNT - 1);
    for (size_t i = SKAD_VERDICT_ACCEPT + 1; i < SKAD_VERDICT_COUNT; i++) {
        skad_result_uint(writer, skad_verdict_name((skad_verdict)i), stats->verdicts[i]);
    }
}

static void write_requests(const skad_node_stats *stats, skad_writer *writer)
{
    static const char *const kinds[] = {"ping", "find_node", "find_value", "store", "announce"};
    size_t count = sizeof kinds / sizeof kinds[0];

    skad_result_key(writer, "requests");
    skad_write_map(writer, count);
    for (size_t i = 0; i < count; i++) {
        skad_result_uint(writer, kinds[i], stats->requests[i + 1]);
    }
}

static void write_store(const skad_store_fill *fill, skad_writer *writer)
{
    skad_result_key(writer, "store");
    skad_write_map(writer, 4);
    skad_result_uint(writer, "records", fill->records);
    skad_result_uint(writer, "records_max", fill->records_max);
    skad_result_uint(writer, "bytes", fill->bytes);
    skad_result_uint(writer, "bytes_max", fill->bytes_max);
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
    skad_result_uint(writer, "refusals", stats->refusals);
    skad_result_uint(writer, "timeouts", stats->timeouts);
    skad_result_uint(writer, "lookups", stats->lookups);
    skad_result_uint(writer, "faults", stats->faults);
    skad_result_uint(writer, "dismissed", stats->dismissed);
    skad_result_uint(writer, "lookups_dense", stats->lookups_dense);
    skad_result_uint(writer, "network_size", stats->network_size);
}
#define COUNTERS_COUNT 15

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

static void write_status(const skad_method_context *context, skad_time now, skad_writer *writer)
{
    skad_node_stats stats;
    skad_node_stats_get(context->node, now, &stats);

    skad_write_map(writer, 13 + SOCKETS_COUNT + COUNTERS_COUNT + 3);
    skad_result_id(writer, "id", skad_node_self(context->node));
    skad_result_str(writer, "version", SKAD_VERSION);
    skad_result_str(writer, "profile", context->profile->name);
    skad_result_uint(writer, "uptime_s", (now.mono_us - context->started_us) / SKAD_US_PER_S);
    skad_result_bool(writer, "joined", stats.joined);
    skad_result_uint(writer, "epoch", stats.epoch);
    skad_result_key(writer, "observed");
    skad_result_address_list(writer, stats.observed, 2);
    skad_result_uint(writer, "peers", stats.peers);
    skad_result_uint(writer, "peers_silent", stats.peers_silent);
    skad_result_uint(writer, "siblings", stats.siblings);
    skad_result_uint(writer, "buckets", stats.buckets);
    skad_result_uint(writer, "pending", stats.pending);
    skad_result_uint(writer, "operations", stats.operations);
    write_sockets(context, writer);
    write_counters(&stats, writer);
    write_requests(&stats, writer);
    write_drops(&stats, writer);
    write_store(&stats.store, writer);
}

void skad_method_answer(const skad_method_context *context, const skad_control_request *request,
                        skad_time now, skad_writer *writer)
{
    size_t start = writer->len;
    skad_control_write_result(writer, request->msgid);
    if (request->method == SKAD_CONTROL_STATUS) {
        write_status(context, now, writer);
    } else if (!skad_table_result(context, now, writer)) {
        writer->len = start;
        skad_control_write_error(writer, request->msgid, SKAD_CONTROL_ERROR_BUSY, "out of memory");
    }
}
