/* The node tells only that something is out of its limits, so the limits are looked at once more
 * here, in the order of the parameters. */
#include "src/daemon/control/input_blame.h"

#include "skad/records.h"

#define LIVES_MAX    2
#define LIFE_DIVISOR 6 /* one that is kept lives at least a sixth of a record life */

static bool is_longer(skad_span span, size_t max)
{
    return span.len > max;
}

static bool is_life_wrong(const skad_method_context *context, const skad_control_request *request)
{
    const uint64_t life_s = context->profile->record_life_s;
    return request->life_s != 0 && (request->life_s > LIVES_MAX * life_s ||
                                    (request->keep && request->life_s < life_s / LIFE_DIVISOR));
}

static const char *of_signed(const skad_method_context *context,
                             const skad_control_request *request)
{
    if (request->method == SKAD_CONTROL_PUBLISH) {
        return is_longer(request->value, SKAD_MUTABLE_VALUE_BYTES_MAX) ? "value"
               : is_longer(request->salt, SKAD_SALT_BYTES_MAX)         ? "salt"
               : is_life_wrong(context, request)                       ? "life_s"
                                                                       : NULL;
    }
    return is_longer(request->value, SKAD_METADATA_BYTES_MAX) ? "metadata"
           : is_life_wrong(context, request)                  ? "life_s"
                                                              : NULL;
}

static const char *of_watch(const skad_control_request *request)
{
    return is_longer(request->salt, SKAD_SALT_BYTES_MAX) ? "salt"
           : request->every_s < SKAD_WATCH_S_MIN         ? "every_s"
                                                         : NULL;
}

static const char *find(const skad_method_context *context, const skad_control_request *request)
{
    if (request->method == SKAD_CONTROL_PING) {
        return "address";
    }
    const bool forwarded = request->forward && (request->keep || request->has_cas);
    if (request->method == SKAD_CONTROL_PUT) {
        return forwarded ? "keep" : "value";
    }
    if (request->method == SKAD_CONTROL_STORE) {
        if (forwarded && request->keep) {
            return "keep";
        }
        return request->has_cas ? "cas" : "record";
    }
    if (request->method == SKAD_CONTROL_PUBLISH || request->method == SKAD_CONTROL_ANNOUNCE) {
        return of_signed(context, request);
    }
    if (request->method == SKAD_CONTROL_RESOLVE) {
        return "salt";
    }
    if (request->method == SKAD_CONTROL_WATCH_RECORD ||
        request->method == SKAD_CONTROL_WATCH_PROVIDERS) {
        return of_watch(request);
    }
    return NULL;
}

skad_control_blame skad_input_blame(const skad_method_context *context,
                                    const skad_control_request *request, skad_status status)
{
    const char *name = status == SKAD_ERR_INPUT     ? find(context, request)
                       : status == SKAD_ERR_FORMAT  ? "record"
                       : status == SKAD_ERR_MISSING ? "endpoint"
                                                    : NULL;
    return name != NULL ? skad_control_blame_of(request->method, name)
                        : (skad_control_blame){NULL, 0, NULL, NULL};
}
