/* Single values in texts of a request: numbers, truths, bytes in hex. */
#ifndef SKAD_GATEWAY_HTTP_FIELD_H
#define SKAD_GATEWAY_HTTP_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"

/* Digits alone, up to `max`. */
bool skad_field_uint(skad_span text, uint64_t max, uint64_t *out);
/* "true" or "false". */
bool skad_field_bool(skad_span text, bool *out);
/* An even number of hex digits, as at most `cap` bytes. */
bool skad_field_hex(skad_span text, uint8_t *out, size_t cap, size_t *len);

#endif
