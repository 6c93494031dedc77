/* JSON by Jansson: strict, and no name twice. An object has members by table; any other is refused,
 * since a misspelt one would be passed over. */
#include "src/gateway/http/body.h"

#include <string.h>

#include <jansson.h>

#include "skad/records.h"
#include "skad/text.h"
#include "src/gateway/http/field.h"

typedef struct reading {
    skad_control_request *request;
    skad_body *kept;
    skad_web_error *error;
} reading;

/* ---- Members ---- */

static skad_span text_of(const json_t *value)
{
    return (skad_span){(const uint8_t *)json_string_value(value), json_string_length(value)};
}

/* A string as its bytes, kept beside the document, which goes. */
static bool keep_text(const json_t *value, uint8_t *to, size_t max, skad_span *out)
{
    if (!json_is_string(value) || json_string_length(value) > max) {
        return false;
    }
    memcpy(to, json_string_value(value), json_string_length(value));
    *out = (skad_span){to, json_string_length(value)};
    return true;
}

static size_t value_max(const reading *self)
{
    return self->request->method == SKAD_CONTROL_PUBLISH ? SKAD_MUTABLE_VALUE_BYTES_MAX
                                                         : SKAD_METADATA_BYTES_MAX;
}

static bool take_text(reading *self, const json_t *value)
{
    return self->request->value.data == NULL &&
           keep_text(value, self->kept->value, value_max(self), &self->request->value);
}

static bool take_hex(reading *self, const json_t *value)
{
    size_t len = 0;
    if (self->request->value.data != NULL || !json_is_string(value) ||
        !skad_field_hex(text_of(value), self->kept->value, value_max(self), &len)) {
        return false;
    }
    self->request->value = (skad_span){self->kept->value, len};
    return true;
}

static bool take_salt(reading *self, const json_t *value)
{
    return keep_text(value, self->kept->salt, SKAD_SALT_BYTES_MAX, &self->request->salt);
}

static bool take_uint(const json_t *value, uint64_t max, uint64_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uint64_t)json_integer_value(value) > max) {
        return false;
    }
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static bool take_sequence(reading *self, const json_t *value)
{
    self->request->auto_sequence = false;
    return take_uint(value, INT64_MAX, &self->request->sequence);
}

static bool take_cas(reading *self, const json_t *value)
{
    self->request->has_cas = true;
    return take_uint(value, INT64_MAX, &self->request->cas);
}

static bool take_life(reading *self, const json_t *value)
{
    uint64_t life_s = 0;
    const bool ok = take_uint(value, UINT32_MAX, &life_s) && life_s > 0;
    self->request->life_s = (uint32_t)life_s;
    return ok;
}

static bool take_keep(reading *self, const json_t *value)
{
    self->request->keep = json_is_true(value);
    return json_is_boolean(value);
}

/* A port stands for the node's own address. */
static bool take_endpoint(reading *self, const json_t *value)
{
    uint64_t port = 0;
    if (json_is_string(value)) {
        return strlen(json_string_value(value)) == json_string_length(value) &&
               skad_address_parse(json_string_value(value), &self->request->address) &&
               self->request->address.port != 0;
    }
    const bool ok = take_uint(value, UINT16_MAX, &port) && port > 0;
    self->request->address.port = (uint16_t)port;
    return ok;
}

typedef struct member {
    const char *name;
    bool (*take)(reading *self, const json_t *value);
    const char *expected;
} member;

static const member PUBLISH[] = {
    {"text", take_text, "a string of at most 800 bytes, and no value beside it"},
    {"value", take_hex, "hex digits of at most 800 bytes, and no text beside it"},
    {"salt", take_salt, "a string of at most 64 bytes"},
    {"sequence", take_sequence, "a number from 0 on; without it the node takes the next one"},
    {"cas", take_cas, "the sequence that is held now, 0 for none"},
    {"life_s", take_life, "seconds, 1 or more"},
    {"keep", take_keep, "true or false"},
    {NULL, NULL, NULL},
};

static const member ANNOUNCE[] = {
    {"endpoint", take_endpoint, "an address like 192.0.2.1:8080, or a port of this node"},
    {"metadata", take_text, "a string of at most 128 bytes"},
    {"life_s", take_life, "seconds, 1 or more"},
    {"keep", take_keep, "true or false"},
    {NULL, NULL, NULL},
};

/* ---- Objects ---- */

static bool take_member(reading *self, const member *members, const char *name, const json_t *value)
{
    for (; members->name != NULL; members++) {
        if (strcmp(members->name, name) == 0) {
            return members->take(self, value) ||
                   skad_web_blame(self->error, members->name, members->expected);
        }
    }
    return skad_web_refuse(self->error, 400, "params",
                           "the JSON has a member that this address does not take: "
                           "/v1/openapi.json lists all");
}

static bool take_object(reading *self, json_t *object)
{
    const bool publishes = self->request->method == SKAD_CONTROL_PUBLISH;
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        if (!take_member(self, publishes ? PUBLISH : ANNOUNCE, name, value)) {
            return false;
        }
    }
    if (publishes && self->request->value.data == NULL) {
        return skad_web_blame(self->error, "value",
                              "the record's bytes, in hex as value or as text");
    }
    return true;
}

static bool read_json(reading *self, skad_span body)
{
    json_error_t flaw;
    json_t *object = json_loadb((const char *)body.data, body.len,
                                JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &flaw);
    if (!json_is_object(object)) {
        json_decref(object);
        return skad_web_refuse(self->error, 400, "params",
                               "the body is no JSON object: send one with Content-Type "
                               "application/json");
    }
    const bool ok = take_object(self, object);
    json_decref(object);
    return ok;
}

bool skad_body_read(const skad_route *route, skad_span body, skad_body *kept,
                    skad_control_request *request, skad_web_error *error)
{
    reading self = {.request = request, .kept = kept, .error = error};
    if (body.len > skad_route_body_max(route)) {
        return skad_web_refuse(error, 413, "input", "the body has more than %zu bytes",
                               skad_route_body_max(route));
    }
    switch (route->body) {
    case SKAD_BODY_NONE:
    case SKAD_BODY_FILE:
        return true;
    case SKAD_BODY_BYTES:
        request->value = body;
        return body.len > 0 || skad_web_blame(error, "value", "a body of 1 to 1000 bytes");
    case SKAD_BODY_JSON:
        return read_json(&self, body);
    }
    return false;
}
