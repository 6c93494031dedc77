/* The fixed JSON layout of the vector files. */
#include "tests/support/vector_json.h"

#include <inttypes.h>

static void lead(skad_json *self, const char *key)
{
    if (self->depth > 0) {
        fprintf(self->out, "%s\n%*s", self->first ? "" : ",", 2 * self->depth, "");
    }
    if (key != NULL) {
        fprintf(self->out, "\"%s\": ", key);
    }
    self->first = false;
}

static void open_level(skad_json *self, const char *key, char bracket)
{
    lead(self, key);
    fputc(bracket, self->out);
    self->depth++;
    self->first = true;
}

static void close_level(skad_json *self, char bracket)
{
    self->depth--;
    if (!self->first) {
        fprintf(self->out, "\n%*s", 2 * self->depth, "");
    }
    fputc(bracket, self->out);
    self->first = false;
    if (self->depth == 0) {
        fputc('\n', self->out);
    }
}

void skad_json_object(skad_json *self, const char *key)
{
    open_level(self, key, '{');
}

void skad_json_object_end(skad_json *self)
{
    close_level(self, '}');
}

void skad_json_array(skad_json *self, const char *key)
{
    open_level(self, key, '[');
}

void skad_json_array_end(skad_json *self)
{
    close_level(self, ']');
}

void skad_json_text(skad_json *self, const char *key, const char *text)
{
    lead(self, key);
    fprintf(self->out, "\"%s\"", text);
}

void skad_json_uint(skad_json *self, const char *key, uint64_t value)
{
    lead(self, key);
    fprintf(self->out, "%" PRIu64, value);
}

void skad_json_bool(skad_json *self, const char *key, bool value)
{
    lead(self, key);
    fputs(value ? "true" : "false", self->out);
}

void skad_json_hex(skad_json *self, const char *key, const uint8_t *data, size_t len)
{
    lead(self, key);
    fputc('"', self->out);
    for (size_t i = 0; i < len; i++) {
        fprintf(self->out, "%02x", data[i]);
    }
    fputc('"', self->out);
}
