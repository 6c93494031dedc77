/* Reads a target in one pass. Each decoded part ends in a zero; a segment has none inside. */
#include "src/gateway/http/target.h"

#include <string.h>

typedef struct reading {
    const char *next; /* of the raw text */
    skad_target *out;
    skad_web_error *error;
} reading;

static bool refuse(reading *self, const char *why)
{
    (void)skad_web_refuse(self->error, 400, "params", "the address of the request %s", why);
    return false;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes up to one of the stops or the end; *part and *len are what it became. */
static bool decode(reading *self, const char *stops, bool plus, skad_span *part)
{
    skad_target *out = self->out;
    char *begin = out->text + out->used;
    char *to = begin;
    while (*self->next != 0 && strchr(stops, *self->next) == NULL) {
        char c = *self->next++;
        if (c <= ' ' || c >= 0x7f || c == '#') {
            return refuse(self, "has a character that must be percent-encoded");
        }
        if (c == '%') {
            const int high = digit_of(self->next[0]);
            const int low = high < 0 ? -1 : digit_of(self->next[1]);
            if (low < 0) {
                return refuse(self, "has a % without two hex digits behind it");
            }
            c = (char)(high * 16 + low);
            self->next += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        *to++ = c;
    }
    *part = (skad_span){(const uint8_t *)begin, (size_t)(to - begin)};
    *to = 0;
    out->used += part->len + 1;
    return true;
}

/* A segment is a name: nothing that a file system or another server reads as more. */
static bool is_name(skad_span part)
{
    for (size_t i = 0; i < part.len; i++) {
        if (part.data[i] <= ' ' || part.data[i] >= 0x7f || part.data[i] == '/' ||
            part.data[i] == '\\') {
            return false;
        }
    }
    return part.len > 0 && !(part.data[0] == '.' && (part.len == 1 || part.data[1] == '.'));
}

static bool read_path(reading *self)
{
    skad_target *out = self->out;
    self->next++; /* the first slash */
    if (*self->next == 0 || *self->next == '?') {
        return true;
    }
    for (;;) {
        skad_span part;
        if (!decode(self, "/?", false, &part)) {
            return false;
        }
        if (!is_name(part)) {
            return refuse(self, "has an empty or strange part between its slashes");
        }
        if (out->segments == SKAD_TARGET_SEGMENTS_MAX) {
            return skad_web_refuse(self->error, 404, "method", "there is nothing at this address");
        }
        out->segment[out->segments++] = (const char *)part.data;
        if (*self->next != '/') {
            return true;
        }
        self->next++;
    }
}

static bool read_field(reading *self)
{
    skad_target *out = self->out;
    skad_span name;
    skad_span value = {(const uint8_t *)"", 0};
    if (!decode(self, "=&", true, &name)) {
        return false;
    }
    if (*self->next == '=') {
        self->next++;
        if (!decode(self, "&", true, &value)) {
            return false;
        }
    }
    if (name.len == 0 || strlen((const char *)name.data) != name.len) {
        return refuse(self, "has a parameter without a name");
    }
    if (skad_target_get(out, (const char *)name.data).data != NULL) {
        return refuse(self, "has a parameter twice");
    }
    if (out->fields == SKAD_TARGET_FIELDS_MAX) {
        return refuse(self, "has too many parameters");
    }
    out->field[out->fields++] = (skad_target_field){(const char *)name.data, value};
    return true;
}

bool skad_target_read(const char *raw, skad_target *out, skad_web_error *error)
{
    reading self = {.next = raw, .out = out, .error = error};
    out->segments = 0;
    out->fields = 0;
    out->used = 0;
    if (strnlen(raw, SKAD_TARGET_BYTES_MAX + 1) > SKAD_TARGET_BYTES_MAX) {
        return skad_web_refuse(error, 414, "params", "the address has more than %d bytes",
                               SKAD_TARGET_BYTES_MAX);
    }
    if (raw[0] != '/') {
        return refuse(&self, "does not begin with a slash");
    }
    if (!read_path(&self)) {
        return false;
    }
    while (*self.next != 0) {
        self.next++; /* '?' or '&' */
        if (!read_field(&self)) {
            return false;
        }
    }
    return true;
}

skad_span skad_target_get(const skad_target *target, const char *name)
{
    for (size_t i = 0; i < target->fields; i++) {
        if (strcmp(target->field[i].name, name) == 0) {
            return target->field[i].value;
        }
    }
    return (skad_span){NULL, 0};
}
