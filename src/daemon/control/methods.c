/* What each method asks of the node, and why the node may not do it. */
#include "src/daemon/control/methods.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "skad/records.h"
#include "src/daemon/control/ban_result.h"
#include "src/daemon/control/results.h"
#include "src/daemon/control/shelf_result.h"
#include "src/daemon/control/status_result.h"
#include "src/daemon/control/table_result.h"
#include "src/daemon/system/failure.h"

/* What we sign lives as long as holders allow, less two hours of a day: they judge it by their own
 * clocks. */
#define LIVES_MAX      2
#define CLOCKS_DIVISOR 12

skad_method_manner skad_method_manner_of(skad_control_method method)
{
    switch (method) {
    case SKAD_CONTROL_PING:
    case SKAD_CONTROL_LOOKUP:
    case SKAD_CONTROL_TRACE:
    case SKAD_CONTROL_PUT:
    case SKAD_CONTROL_STORE:
    case SKAD_CONTROL_PUBLISH:
    case SKAD_CONTROL_ANNOUNCE:
    case SKAD_CONTROL_GET:
    case SKAD_CONTROL_RESOLVE:
    case SKAD_CONTROL_PROVIDERS:
        return SKAD_METHOD_OPERATION;
    case SKAD_CONTROL_WATCH_RECORD:
    case SKAD_CONTROL_WATCH_PROVIDERS:
        return SKAD_METHOD_WATCH;
    case SKAD_CONTROL_UNWATCH:
        return SKAD_METHOD_UNWATCH;
    case SKAD_CONTROL_WITHDRAW:
    case SKAD_CONTROL_RECORDS:
    case SKAD_CONTROL_BANS:
    case SKAD_CONTROL_BAN:
    case SKAD_CONTROL_UNBAN:
    case SKAD_CONTROL_ALLOW:
    case SKAD_CONTROL_TABLE:
    case SKAD_CONTROL_STATUS:
        break;
    }
    return SKAD_METHOD_AT_ONCE;
}

/* ---- Starting ---- */

static uint32_t life_of(const skad_method_context *context, const skad_control_request *request)
{
    if (request->life_s != 0) {
        return request->life_s;
    }
    uint32_t day_s = context->profile->record_life_s;
    return LIVES_MAX * day_s - day_s / CLOCKS_DIVISOR;
}

static skad_status start_trace(const skad_method_context *context, const skad_id *target,
                               skad_time now, skad_op *op)
{
    skad_status status = skad_node_lookup(context->node, target, now, op);
    if (status == SKAD_OK) {
        skad_node_trace(context->node, *op);
    }
    return status;
}

/* A value that is to be kept is stored as the record that it is. */
static skad_status start_put(const skad_method_context *context,
                             const skad_control_request *request, skad_time now, skad_op *op)
{
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    skad_id key;

    if (!request->keep) {
        return skad_node_put(context->node, request->value.data, request->value.len, now, op, &key);
    }
    size_t len = skad_record_encode_immutable(request->value.data, request->value.len, record,
                                              sizeof record);
    if (len == 0) {
        return SKAD_ERR_INPUT;
    }
    const skad_store_request store = {.record = record, .len = len, .keep = true};
    return skad_node_store(context->node, &store, now, op, &key);
}

static skad_status start_store(const skad_method_context *context,
                               const skad_control_request *request, skad_time now, skad_op *op)
{
    skad_id key;
    const skad_store_request store = {
        .record = request->value.data,
        .len = request->value.len,
        .has_cas = request->has_cas,
        .cas = request->cas,
        .keep = request->keep,
    };
    return skad_node_store(context->node, &store, now, op, &key);
}

static skad_status start_publish(const skad_method_context *context,
                                 const skad_control_request *request, skad_time now, skad_op *op)
{
    skad_id key;
    const skad_publish_request publish = {
        .salt = request->salt,
        .value = request->value,
        .sequence = request->sequence,
        .life_s = life_of(context, request),
        .has_cas = request->has_cas,
        .cas = request->cas,
        .keep = request->keep,
    };
    return skad_node_publish(context->node, &publish, now, op, &key);
}

static skad_status start_announce(const skad_method_context *context,
                                  const skad_control_request *request, skad_time now, skad_op *op)
{
    const skad_announce_request announce = {
        .key = request->id,
        .endpoint = request->address,
        .metadata = request->value,
        .life_s = life_of(context, request),
        .keep = request->keep,
    };
    return skad_node_announce(context->node, &announce, now, op);
}

/* The key of the record that a request names by its publisher and salt. */
static bool record_key(const skad_control_request *request, skad_id *key)
{
    if (request->salt.len > SKAD_SALT_BYTES_MAX) {
        return false;
    }
    skad_mutable_key(request->id.bytes, request->salt, key);
    return true;
}

static skad_status start_watch(const skad_method_context *context,
                               const skad_control_request *request, skad_time now, skad_op *op)
{
    skad_id key = request->id;
    skad_record_type type = SKAD_RECORD_ANNOUNCEMENT;
    if (request->method == SKAD_CONTROL_WATCH_RECORD) {
        type = SKAD_RECORD_MUTABLE;
        if (!record_key(request, &key)) {
            return SKAD_ERR_INPUT;
        }
    }
    return skad_node_watch(context->node, type, &key, request->every_s, now, op);
}

skad_status skad_method_start(const skad_method_context *context,
                              const skad_control_request *request, skad_time now, skad_op *op)
{
    skad_node *node = context->node;
    skad_id key;

    switch (request->method) {
    case SKAD_CONTROL_PING:
        return skad_node_ping(node, &request->address, now, op);
    case SKAD_CONTROL_LOOKUP:
        return skad_node_lookup(node, &request->id, now, op);
    case SKAD_CONTROL_TRACE:
        return start_trace(context, &request->id, now, op);
    case SKAD_CONTROL_PUT:
        return start_put(context, request, now, op);
    case SKAD_CONTROL_STORE:
        return start_store(context, request, now, op);
    case SKAD_CONTROL_PUBLISH:
        return start_publish(context, request, now, op);
    case SKAD_CONTROL_ANNOUNCE:
        return start_announce(context, request, now, op);
    case SKAD_CONTROL_GET:
        return skad_node_get(node, SKAD_RECORD_IMMUTABLE, &request->id, now, op);
    case SKAD_CONTROL_RESOLVE:
        return record_key(request, &key) ? skad_node_get(node, SKAD_RECORD_MUTABLE, &key, now, op)
                                         : SKAD_ERR_INPUT;
    case SKAD_CONTROL_PROVIDERS:
        return skad_node_get(node, SKAD_RECORD_ANNOUNCEMENT, &request->id, now, op);
    case SKAD_CONTROL_WATCH_RECORD:
    case SKAD_CONTROL_WATCH_PROVIDERS:
        return start_watch(context, request, now, op);
    case SKAD_CONTROL_UNWATCH:
    case SKAD_CONTROL_WITHDRAW:
    case SKAD_CONTROL_RECORDS:
    case SKAD_CONTROL_BANS:
    case SKAD_CONTROL_BAN:
    case SKAD_CONTROL_UNBAN:
    case SKAD_CONTROL_ALLOW:
    case SKAD_CONTROL_TABLE:
    case SKAD_CONTROL_STATUS:
        break;
    }
    return SKAD_ERR_INPUT;
}

/* ---- Not starting ---- */

/* What a method's parameters have to be, where the node would not take them. */
static const char *limits_of(skad_control_method method)
{
    switch (method) {
    case SKAD_CONTROL_PING:
        return "this address may not be contacted in this network profile";
    case SKAD_CONTROL_PUT:
        return "a value has 1 to 1000 bytes";
    case SKAD_CONTROL_STORE:
        return "only a record with a sequence can be compared, and it must not have expired";
    case SKAD_CONTROL_PUBLISH:
        return "a value has at most 800 bytes, a salt at most 64; a record lives at most two days "
               "of "
               "the network (its record_life_s), and one that is kept at least a sixth of one";
    case SKAD_CONTROL_ANNOUNCE:
        return "metadata have at most 128 bytes; an announcement lives at most two days of the "
               "network (its record_life_s), and one that is kept at least a sixth of one";
    case SKAD_CONTROL_RESOLVE:
        return "a salt has at most 64 bytes";
    case SKAD_CONTROL_WATCH_RECORD:
    case SKAD_CONTROL_WATCH_PROVIDERS:
        return "a watch looks every 5 seconds or less often, and a salt has at most 64 bytes";
    case SKAD_CONTROL_LOOKUP:
    case SKAD_CONTROL_TRACE:
    case SKAD_CONTROL_GET:
    case SKAD_CONTROL_PROVIDERS:
    case SKAD_CONTROL_UNWATCH:
    case SKAD_CONTROL_WITHDRAW:
    case SKAD_CONTROL_RECORDS:
    case SKAD_CONTROL_BANS:
    case SKAD_CONTROL_BAN:
    case SKAD_CONTROL_UNBAN:
    case SKAD_CONTROL_ALLOW:
    case SKAD_CONTROL_TABLE:
    case SKAD_CONTROL_STATUS:
        break;
    }
    return "the node cannot take these parameters";
}

void skad_method_refuse(const skad_control_request *request, skad_status status,
                        skad_writer *writer)
{
    skad_failure why;
    skad_control_error error = SKAD_CONTROL_ERROR_INPUT;
    if (status == SKAD_ERR_INPUT) {
        (void)skad_fail(&why, "%s", limits_of(request->method));
    } else if (status == SKAD_ERR_FORMAT) {
        (void)skad_fail(&why, "these bytes are no record, or its signature is wrong");
    } else if (status == SKAD_ERR_MISSING) {
        (void)skad_fail(&why, "no peer has told us our own address yet: name it, or wait until "
                              "the node has joined");
    } else if (status == SKAD_ERR_IO) {
        error = SKAD_CONTROL_ERROR_STORAGE;
        (void)skad_fail(&why, "it cannot be kept, since the node's store refuses writes: %s",
                        strerror(errno));
    } else {
        error = SKAD_CONTROL_ERROR_BUSY;
        (void)skad_fail(&why, "%s", skad_status_text(status));
    }
    skad_control_write_error(writer, request->msgid, error, why.text);
}

/* ---- Answered at once ---- */

static void withdraw(const skad_method_context *context, const skad_id *key, skad_writer *writer)
{
    skad_write_map(writer, 1);
    skad_result_uint(writer, "withdrawn", skad_node_withdraw(context->node, key, 0));
}

static bool about_bans(skad_control_method method)
{
    return method == SKAD_CONTROL_BANS || method == SKAD_CONTROL_BAN ||
           method == SKAD_CONTROL_UNBAN || method == SKAD_CONTROL_ALLOW;
}

void skad_method_answer(const skad_method_context *context, const skad_control_request *request,
                        skad_time now, skad_writer *writer)
{
    size_t start = writer->len;
    if (about_bans(request->method)) {
        skad_ban_answer(context, request, now, writer);
        return;
    }
    skad_control_write_result(writer, request->msgid);
    if (request->method == SKAD_CONTROL_STATUS) {
        skad_status_result(context, now, writer);
    } else if (request->method == SKAD_CONTROL_WITHDRAW) {
        withdraw(context, &request->id, writer);
    } else if (request->method == SKAD_CONTROL_RECORDS) {
        if (!skad_shelf_result(context, request, now, writer)) {
            writer->len = start;
            skad_control_write_error(writer, request->msgid, SKAD_CONTROL_ERROR_STORAGE,
                                     "the store cannot be read");
        }
    } else if (!skad_table_result(context, now, writer)) {
        writer->len = start;
        skad_control_write_error(writer, request->msgid, SKAD_CONTROL_ERROR_BUSY, "out of memory");
    }
}
