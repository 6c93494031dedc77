/* Writing JSON in one fixed layout, so that vector files can be compared byte for byte: two spaces
 * a level, one field a line, bytes as lower-case hex. */
#ifndef SKAD_TESTS_VECTOR_JSON_H
#define SKAD_TESTS_VECTOR_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct skad_json {
    FILE *out;
    int depth;
    bool first; /* nothing was written on this level yet */
} skad_json;

/* `key` is NULL for elements of an array. */
void skad_json_object(skad_json *self, const char *key);
void skad_json_object_end(skad_json *self);
void skad_json_array(skad_json *self, const char *key);
void skad_json_array_end(skad_json *self);
void skad_json_text(skad_json *self, const char *key, const char *text); /* needs no escapes */
void skad_json_uint(skad_json *self, const char *key, uint64_t value);
void skad_json_bool(skad_json *self, const char *key, bool value);
void skad_json_hex(skad_json *self, const char *key, const uint8_t *data, size_t len);

#endif
