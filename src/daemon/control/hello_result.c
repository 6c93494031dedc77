/* docs/control.md lists the keys; they are stable. */
#include "src/daemon/control/hello_result.h"

#include <inttypes.h>

#include "skad/record.h"
#include "skad/version.h"
#include "src/daemon/control/connection.h"
#include "src/daemon/control/control.h"
#include "src/daemon/control/results.h"
#include "src/host/system/failure.h"

static const skad_control_method METHODS[] = {
#define METHOD(name, text) SKAD_CONTROL_##name,
    SKAD_CONTROL_METHODS(METHOD)
#undef METHOD
};
#define METHODS_COUNT (sizeof METHODS / sizeof METHODS[0])

static bool is_taken(skad_control_method method, bool monitors)
{
    return !monitors || skad_method_only_reads(method);
}

static void write_methods(bool monitors, skad_writer *writer)
{
    size_t count = 0;
    for (size_t i = 0; i < METHODS_COUNT; i++) {
        count += is_taken(METHODS[i], monitors);
    }
    skad_result_key(writer, "methods");
    skad_write_array(writer, count);
    for (size_t i = 0; i < METHODS_COUNT; i++) {
        if (is_taken(METHODS[i], monitors)) {
            skad_write_str(writer, skad_control_method_name(METHODS[i]));
        }
    }
}

static void write_limits(skad_writer *writer)
{
    static const struct {
        const char *name;
        uint64_t value;
    } limits[] = {
        {"request_bytes", SKAD_CONTROL_REQUEST_BYTES_MAX},
        {"operations", SKAD_CONTROL_CLIENT_OPERATIONS_MAX},
        {"watches", SKAD_CONTROL_CLIENT_WATCHES_MAX},
        {"subscriptions", SKAD_CONTROL_CLIENT_SUBSCRIPTIONS_MAX},
        {"files", SKAD_CONTROL_CLIENT_FILES_MAX},
        {"unread_bytes", SKAD_CONNECTION_OUT_BYTES_MAX},
        {"value_bytes", SKAD_VALUE_BYTES_MAX},
        {"mutable_bytes", SKAD_MUTABLE_VALUE_BYTES_MAX},
        {"salt_bytes", SKAD_SALT_BYTES_MAX},
        {"metadata_bytes", SKAD_METADATA_BYTES_MAX},
        {"chunk_bytes", SKAD_CONTROL_CHUNK_BYTES_MAX},
        {"batch", SKAD_CONTROL_BATCH_MAX},
    };
    const size_t count = sizeof limits / sizeof limits[0];
    skad_result_key(writer, "limits");
    skad_write_map(writer, count);
    for (size_t i = 0; i < count; i++) {
        skad_result_uint(writer, limits[i].name, limits[i].value);
    }
}

void skad_hello_answer(const skad_method_context *context, const skad_control_request *request,
                       bool monitors, skad_writer *writer)
{
    if (request->api != SKAD_CONTROL_API) {
        const skad_control_blame blame = skad_control_blame_of(SKAD_CONTROL_HELLO, "api");
        skad_failure why;
        (void)skad_fail(&why,
                        "this node speaks API %u of the control protocol, the client asks for "
                        "%" PRIu64 ": take a client and a node of the same API",
                        SKAD_CONTROL_API, request->api);
        skad_control_write_blame(writer, request->msgid, SKAD_CONTROL_ERROR_VERSION, why.text,
                                 &blame);
        return;
    }
    skad_control_write_result(writer, request->msgid);
    skad_result_map(writer, 9);
    skad_result_uint(writer, "minor", SKAD_CONTROL_MINOR);
    skad_result_str(writer, "version", SKAD_VERSION);
    skad_result_str(writer, "socket", monitors ? "monitor" : "control");
    write_methods(monitors, writer);
    skad_result_str(writer, "profile", context->profile->name);
    skad_result_public_key(writer, "network_id", skad_node_network(context->node)->bytes);
    skad_result_id(writer, "id", skad_node_self(context->node));
    skad_result_public_key(writer, "public_key", skad_node_public_key(context->node));
    write_limits(writer);
}
