/* Lists of contacts in bodies. proto/PROTOCOL.md, "Bodies". Their tests are
 * tests/proto/test_bodies.c and test_message.c. */
#ifndef SKAD_PROTO_CONTACTS_H
#define SKAD_PROTO_CONTACTS_H

#include <stddef.h>

#include "proto/limits.h"
#include "proto/reader.h"
#include "proto/writer.h"
#include "skad/types.h"

/* Writes as many contacts, at most SKAD_CONTACTS_MAX, as fit into the room that the writer has
 * left, the nearest first. */
void skad_write_contacts(skad_writer *writer, const skad_contact *contacts, size_t count);

/* Reads a list; returns how many there are. */
size_t skad_read_contacts(skad_reader *reader, skad_contact out[static SKAD_CONTACTS_MAX]);

#endif
