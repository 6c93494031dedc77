/* Which bytes of a file a request wants: the header Range (RFC 9110, section 14). */
#ifndef SKAD_GATEWAY_HTTP_RANGE_H
#define SKAD_GATEWAY_HTTP_RANGE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum skad_range_kind {
    SKAD_RANGE_WHOLE,  /* no range, or one that a server has to ignore: several, other units */
    SKAD_RANGE_PART,   /* 206 */
    SKAD_RANGE_BEHIND, /* 416: it begins behind the end */
} skad_range_kind;

typedef struct skad_range {
    uint64_t first;
    uint64_t length;
} skad_range;

/* `header` may be NULL. *out is set in any case: the whole file unless PART. */
skad_range_kind skad_range_read(const char *header, uint64_t size, skad_range *out);

#endif
