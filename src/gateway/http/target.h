/* The target of a request (RFC 9112, section 3.2.1, origin form): a path cut into its segments, and
 * a query cut into its fields, both percent-decoded. What could be read in two ways is refused, so
 * that no two programs on the way take it for two things. */
#ifndef SKAD_GATEWAY_HTTP_TARGET_H
#define SKAD_GATEWAY_HTTP_TARGET_H

#include "src/gateway/http/web_error.h"

#define SKAD_TARGET_BYTES_MAX    2048
#define SKAD_TARGET_SEGMENTS_MAX 5
#define SKAD_TARGET_FIELDS_MAX   8

typedef struct skad_target_field {
    const char *name;
    skad_span value; /* any bytes */
} skad_target_field;

typedef struct skad_target {
    size_t segments; /* 0: the root */
    const char *segment[SKAD_TARGET_SEGMENTS_MAX];
    size_t fields;
    skad_target_field field[SKAD_TARGET_FIELDS_MAX];
    char text[SKAD_TARGET_BYTES_MAX + SKAD_TARGET_SEGMENTS_MAX + 2 * SKAD_TARGET_FIELDS_MAX];
    size_t used; /* of text; the pointers above lead into it */
} skad_target;

/* Reads a target as it was sent. The result must stay where it is. */
bool skad_target_read(const char *raw, skad_target *out, skad_web_error *error);

/* The value of a field; data NULL where there is none of this name. */
skad_span skad_target_get(const skad_target *target, const char *name);

#endif
