/* Endpoints as text (skad/text.h), as bytes on the wire, and whether packets may be sent to them.
 */
#ifndef SKAD_PROTO_ADDRESS_H
#define SKAD_PROTO_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/reader.h"
#include "proto/writer.h"
#include "skad/text.h"
#include "skad/types.h"

bool skad_address_equal(const skad_address *a, const skad_address *b);

/* Writes or reads a BIN of 6 (IPv4) or 18 bytes (IPv6): ip, then the port big-endian. Port 0,
 * IPv4-mapped IPv6 and other lengths fail the reader. An absent address is an empty BIN where
 * `optional`. */
void skad_write_address(skad_writer *writer, const skad_address *address);
void skad_read_address(skad_reader *reader, bool optional, skad_address *out);

/* Whether packets may be sent to the address. Never port 0, nor any special range of RFC 6890 and
 * its registries (unspecified, multicast, broadcast, documentation, ...), except that loopback,
 * private, carrier-grade NAT, link-local and unique local addresses pass where allow_private. */
bool skad_address_routable(const skad_address *address, bool allow_private);

/* Returns the contact's endpoint to use, given the families that we can send on: the first that is
 * routable, IPv4 first, since nearly all have it; NULL if it has none that we can use. */
const skad_address *skad_contact_endpoint(const skad_contact *contact, unsigned families,
                                          bool allow_private);

#endif
