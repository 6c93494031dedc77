/* What each method asks of the node, and why the node may not do it. */
#include "src/daemon/control/methods.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "crypto/assert.h"
#include "skad/forward.h"
#include "skad/records.h"
#include "src/daemon/control/audit_result.h"
#include "src/daemon/control/ban_result.h"
#include "src/daemon/control/health_result.h"
#include "src/daemon/control/input_blame.h"
#include "src/daemon/control/results.h"
#include "src/daemon/control/section_result.h"
#include "src/daemon/control/status_result.h"
#include "src/daemon/control/table_result.h"
#include "src/host/system/failure.h"

#define LIVES_MAX      2
#define CLOCKS_DIVISOR 12

uint64_t skad_method_life_s(uint64_t record_life_s)
{
    return LIVES_MAX * record_life_s - record_life_s / CLOCKS_DIVISOR;
}

_Static_assert(SKAD_CONTROL_CHAINS_MAX == SKAD_FORWARD_CHAINS_MAX, "as the node takes");

/* ---- Starting ---- */

static uint32_t life_of(const skad_method_context *context, const skad_control_request *request)
{
    return request->life_s != 0 ? request->life_s
                                : (uint32_t)skad_method_life_s(context->profile->record_life_s);
}

static skad_status start_ping(const skad_method_context *context,
                              const skad_control_request *request, skad_time now, skad_op *op)
{
    return skad_node_ping(context->node, &request->address, now, op);
}

static skad_status start_lookup(const skad_method_context *context,
                                const skad_control_request *request, skad_time now, skad_op *op)
{
    return request->forward
               ? skad_node_forward_lookup(context->node, &request->id, request->chains, now, op)
               : skad_node_lookup(context->node, &request->id, now, op);
}

static skad_status start_trace(const skad_method_context *context,
                               const skad_control_request *request, skad_time now, skad_op *op)
{
    skad_status status = start_lookup(context, request, now, op);
    if (status == SKAD_OK) {
        skad_node_trace(context->node, *op);
    }
    return status;
}

/* Has a record stored by other nodes. The node does not announce it again, for then it would ask
 * the holders itself. */
static skad_status forward_store(const skad_method_context *context,
                                 const skad_control_request *request, skad_span record,
                                 skad_time now, skad_op *op)
{
    skad_id key;
    if (request->keep || request->has_cas) {
        return SKAD_ERR_INPUT;
    }
    return skad_node_forward_store(context->node, record.data, record.len, request->chains, now, op,
                                   &key);
}

/* Stores a value. A value that is to be kept is first encoded as a record. */
static skad_status start_put(const skad_method_context *context,
                             const skad_control_request *request, skad_time now, skad_op *op)
{
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    skad_id key;

    if (!request->keep && !request->forward) {
        return skad_node_put(context->node, request->value.data, request->value.len, now, op, &key);
    }
    size_t len = skad_record_encode_immutable(request->value.data, request->value.len, record,
                                              sizeof record);
    if (len == 0) {
        return SKAD_ERR_INPUT;
    }
    if (request->forward) {
        return forward_store(context, request, (skad_span){record, len}, now, op);
    }
    const skad_store_request store = {.record = record, .len = len, .keep = true};
    return skad_node_store(context->node, &store, now, op, &key);
}

static skad_status start_store(const skad_method_context *context,
                               const skad_control_request *request, skad_time now, skad_op *op)
{
    skad_id key;
    if (request->forward) {
        return forward_store(context, request, request->value, now, op);
    }
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

static skad_status get(const skad_method_context *context, const skad_control_request *request,
                       skad_record_type type, const skad_id *key, skad_time now, skad_op *op)
{
    return request->forward
               ? skad_node_forward_get(context->node, type, key, request->chains, now, op)
               : skad_node_get(context->node, type, key, now, op);
}

static skad_status start_get(const skad_method_context *context,
                             const skad_control_request *request, skad_time now, skad_op *op)
{
    return get(context, request, SKAD_RECORD_IMMUTABLE, &request->id, now, op);
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

static skad_status start_resolve(const skad_method_context *context,
                                 const skad_control_request *request, skad_time now, skad_op *op)
{
    skad_id key;
    return record_key(request, &key) ? get(context, request, SKAD_RECORD_MUTABLE, &key, now, op)
                                     : SKAD_ERR_INPUT;
}

static skad_status start_providers(const skad_method_context *context,
                                   const skad_control_request *request, skad_time now, skad_op *op)
{
    return skad_node_get(context->node, SKAD_RECORD_ANNOUNCEMENT, &request->id, now, op);
}

static skad_status watch_record(const skad_method_context *context,
                                const skad_control_request *request, skad_time now, skad_op *op)
{
    skad_id key;
    return record_key(request, &key) ? skad_node_watch(context->node, SKAD_RECORD_MUTABLE, &key,
                                                       request->every_s, now, op)
                                     : SKAD_ERR_INPUT;
}

static skad_status watch_providers(const skad_method_context *context,
                                   const skad_control_request *request, skad_time now, skad_op *op)
{
    return skad_node_watch(context->node, SKAD_RECORD_ANNOUNCEMENT, &request->id, request->every_s,
                           now, op);
}

/* ---- Answered at once ---- */

static void answer_withdraw(const skad_method_context *context, const skad_control_request *request,
                            skad_time now, skad_writer *writer)
{
    (void)now;
    skad_control_write_result(writer, request->msgid);
    skad_result_map(writer, 1);
    skad_result_uint(writer, "withdrawn", skad_node_withdraw(context->node, &request->id, 0));
}

static void answer_records(const skad_method_context *context, const skad_control_request *request,
                           skad_time now, skad_writer *writer)
{
    size_t start = writer->len;
    skad_control_write_result(writer, request->msgid);
    if (!skad_section_result(context, request, now, writer)) {
        writer->len = start;
        skad_control_write_error(writer, request->msgid, SKAD_CONTROL_ERROR_STORAGE,
                                 "the store cannot be read");
    }
}

static void answer_table(const skad_method_context *context, const skad_control_request *request,
                         skad_time now, skad_writer *writer)
{
    size_t start = writer->len;
    skad_control_write_result(writer, request->msgid);
    if (!skad_table_result(context, now, writer)) {
        writer->len = start;
        skad_control_write_error(writer, request->msgid, SKAD_CONTROL_ERROR_BUSY, "out of memory");
    }
}

static void answer_health(const skad_method_context *context, const skad_control_request *request,
                          skad_time now, skad_writer *writer)
{
    (void)now;
    skad_control_write_result(writer, request->msgid);
    skad_health_result(context->health, writer);
}

static void answer_status(const skad_method_context *context, const skad_control_request *request,
                          skad_time now, skad_writer *writer)
{
    skad_control_write_result(writer, request->msgid);
    skad_status_result(context, now, writer);
}

/* ---- The table ---- */

/* Describes a method. A method that is answered at once has `answer`; an operation or a watch has
 * `start`. */
typedef struct method_row {
    skad_method_manner manner;
    skad_status (*start)(const skad_method_context *context, const skad_control_request *request,
                         skad_time now, skad_op *op);
    void (*answer)(const skad_method_context *context, const skad_control_request *request,
                   skad_time now, skad_writer *writer);
    const char *limits; /* the rules for its parameters; NULL: none */
    bool only_reads;
} method_row;

#define WATCH_LIMITS "a watch looks every 5 seconds or less often, and a salt has at most 64 bytes"

static const method_row METHODS[] = {
    [SKAD_CONTROL_HELLO] = {SKAD_METHOD_AT_ONCE, .only_reads = true}, /* knows its socket */
    [SKAD_CONTROL_PING] = {SKAD_METHOD_OPERATION, .start = start_ping,
                           .limits = "this address may not be contacted in this network profile"},
    [SKAD_CONTROL_LOOKUP] = {SKAD_METHOD_OPERATION, .start = start_lookup},
    [SKAD_CONTROL_TRACE] = {SKAD_METHOD_OPERATION, .start = start_trace},
    [SKAD_CONTROL_PUT] = {SKAD_METHOD_OPERATION, .start = start_put,
                          .limits = "a value has 1 to 1000 bytes"},
    [SKAD_CONTROL_STORE] = {SKAD_METHOD_OPERATION, .start = start_store,
                            .limits =
                                "only a record with a sequence can be compared, and it must not "
                                "have expired"},
    [SKAD_CONTROL_PUBLISH] =
        {SKAD_METHOD_OPERATION, .start = start_publish,
         .limits = "a value has at most 800 bytes, a salt at most 64; a record lives "
                   "at most two days of the network (its record_life_s), and one "
                   "that is kept at least a sixth of one"},
    [SKAD_CONTROL_ANNOUNCE] = {SKAD_METHOD_OPERATION, .start = start_announce,
                               .limits =
                                   "metadata have at most 128 bytes; an announcement lives at most "
                                   "two days of the network (its record_life_s), and one that is "
                                   "kept at least a sixth of one"},
    [SKAD_CONTROL_GET] = {SKAD_METHOD_OPERATION, .start = start_get},
    [SKAD_CONTROL_RESOLVE] = {SKAD_METHOD_OPERATION, .start = start_resolve,
                              .limits = "a salt has at most 64 bytes"},
    [SKAD_CONTROL_PROVIDERS] = {SKAD_METHOD_OPERATION, .start = start_providers},
    [SKAD_CONTROL_AUDIT] = {SKAD_METHOD_OPERATION, .start = skad_audit_ask,
                            .limits = "this node takes no part in audits (option `audits`)"},
    [SKAD_CONTROL_WATCH_RECORD] = {SKAD_METHOD_WATCH, .start = watch_record,
                                   .limits = WATCH_LIMITS},
    [SKAD_CONTROL_WATCH_PROVIDERS] = {SKAD_METHOD_WATCH, .start = watch_providers,
                                      .limits = WATCH_LIMITS},
    [SKAD_CONTROL_UNWATCH] = {.manner = SKAD_METHOD_UNWATCH},
    [SKAD_CONTROL_SUBSCRIBE_EVENTS] = {.manner = SKAD_METHOD_SUBSCRIPTION, .only_reads = true},
    [SKAD_CONTROL_SUBSCRIBE_STATUS] = {.manner = SKAD_METHOD_SUBSCRIPTION, .only_reads = true},
    [SKAD_CONTROL_UNSUBSCRIBE] = {.manner = SKAD_METHOD_UNSUBSCRIBE, .only_reads = true},
    [SKAD_CONTROL_BATCH] = {.manner = SKAD_METHOD_BATCH, .only_reads = true}, /* each by itself */
    [SKAD_CONTROL_PUT_FILE] = {.manner = SKAD_METHOD_UPLOAD},
    [SKAD_CONTROL_GET_FILE] = {.manner = SKAD_METHOD_DOWNLOAD},
    [SKAD_CONTROL_ABORT] = {.manner = SKAD_METHOD_ABORT},
    [SKAD_CONTROL_WITHDRAW] = {SKAD_METHOD_AT_ONCE, .answer = answer_withdraw},
    [SKAD_CONTROL_RECORDS] = {SKAD_METHOD_AT_ONCE, .answer = answer_records, .only_reads = true},
    [SKAD_CONTROL_BANS] = {SKAD_METHOD_AT_ONCE, .answer = skad_ban_answer, .only_reads = true},
    [SKAD_CONTROL_BAN] = {SKAD_METHOD_AT_ONCE, .answer = skad_ban_answer},
    [SKAD_CONTROL_UNBAN] = {SKAD_METHOD_AT_ONCE, .answer = skad_ban_answer},
    [SKAD_CONTROL_ALLOW] = {SKAD_METHOD_AT_ONCE, .answer = skad_ban_answer},
    [SKAD_CONTROL_TABLE] = {SKAD_METHOD_AT_ONCE, .answer = answer_table, .only_reads = true},
    [SKAD_CONTROL_HEALTH] = {SKAD_METHOD_AT_ONCE, .answer = answer_health, .only_reads = true},
    [SKAD_CONTROL_STATUS] = {SKAD_METHOD_AT_ONCE, .answer = answer_status, .only_reads = true},
};

#define COUNTED(name, text) METHOD_##name,
enum { SKAD_CONTROL_METHODS(COUNTED) METHODS_COUNT };
_Static_assert(sizeof METHODS / sizeof METHODS[0] == METHODS_COUNT,
               "a row for the last method, too");

skad_method_manner skad_method_manner_of(skad_control_method method)
{
    return METHODS[method].manner;
}

bool skad_method_only_reads(skad_control_method method)
{
    return METHODS[method].only_reads;
}

skad_status skad_method_start(const skad_method_context *context,
                              const skad_control_request *request, skad_time now, skad_op *op)
{
    SKAD_ASSERT(METHODS[request->method].start != NULL);
    return METHODS[request->method].start(context, request, now, op);
}

void skad_method_answer(const skad_method_context *context, const skad_control_request *request,
                        skad_time now, skad_writer *writer)
{
    SKAD_ASSERT(METHODS[request->method].answer != NULL);
    METHODS[request->method].answer(context, request, now, writer);
}

/* ---- Not starting ---- */

static const char *limits_of(const skad_control_request *request)
{
    return request->forward && (request->keep || request->has_cas)
               ? "what other nodes store for this one is neither announced again nor compared: "
                 "leave out keep and cas"
               : METHODS[request->method].limits;
}

void skad_method_refuse(const skad_method_context *context, const skad_control_request *request,
                        skad_status status, skad_writer *writer)
{
    skad_failure why;
    const skad_control_blame blame = skad_input_blame(context, request, status);
    skad_control_error error = SKAD_CONTROL_ERROR_INPUT;
    if (status == SKAD_ERR_INPUT) {
        const char *limits = limits_of(request);
        (void)skad_fail(&why, "%s",
                        limits != NULL ? limits : "the node cannot take these parameters");
    } else if (status == SKAD_ERR_FORMAT) {
        (void)skad_fail(&why, "these bytes are not a record, or its signature is wrong");
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
    skad_control_write_blame(writer, request->msgid, error, why.text, &blame);
}

void skad_method_refuse_params(const skad_control_request *request, skad_writer *writer)
{
    skad_failure why;
    const char *method = skad_control_method_name(request->method);
    const skad_control_blame *blame = &request->blame;
    if (blame->parameter != NULL) {
        (void)skad_fail(&why, "%s parameter '%s' of '%s': expected %s",
                        request->missing ? "there is no" : "wrong", blame->parameter, method,
                        blame->expected);
    } else {
        (void)skad_fail(&why,
                        "these are not the parameters of '%s': expected an array of at most %zu",
                        method, request->params_max);
    }
    skad_control_write_blame(writer, request->msgid, SKAD_CONTROL_ERROR_PARAMS, why.text, blame);
}
