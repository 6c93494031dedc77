/* IDs and addresses as text, for people and for files. */
#ifndef SKAD_TEXT_H
#define SKAD_TEXT_H

#include "skad/compiler.h"
#include "skad/types.h"

SKAD_BEGIN

#define SKAD_ADDRESS_TEXT_BYTES 56 /* "[" + 45 + "]:" + 5 + zero, rounded up */
#define SKAD_ID_TEXT_BYTES      65 /* 64 hex digits and a zero */

/* Parses "192.0.2.1:4000" or "[2001:db8::1]:4000". Numeric only; a port is required and may be 0.
 * An IPv4-mapped IPv6 address becomes IPv4. Returns false when the text is anything else. */
bool skad_address_parse(const char *text, skad_address *out);
/* Writes the same, zero-terminated; "-" for an address of family NONE. */
void skad_address_format(const skad_address *address,
                         char out[SKAD_AT_LEAST(SKAD_ADDRESS_TEXT_BYTES)]);

/* Parses an ID, a key or a public key: 64 hex digits, either case. */
bool skad_id_parse(const char *text, skad_id *out);
/* Writes it in lower case, zero-terminated. */
void skad_id_format(const skad_id *id, char out[SKAD_AT_LEAST(SKAD_ID_TEXT_BYTES)]);

SKAD_END

#endif
