/* The elements of the bodies of AUDIT, PROVE and their replies, behind what message.c reads and
 * writes of every body. Tested by tests/proto/test_audit_body.c. */
#ifndef SKAD_PROTO_AUDIT_BODY_H
#define SKAD_PROTO_AUDIT_BODY_H

#include <stdbool.h>

#include "proto/message.h"
#include "proto/reader.h"
#include "proto/writer.h"

static inline bool skad_audit_body_is(skad_kind kind)
{
    return kind == SKAD_KIND_AUDIT || kind == SKAD_KIND_PROVE || kind == SKAD_KIND_AUDITED ||
           kind == SKAD_KIND_PROVEN;
}

/* Each for a message of one of these kinds; the reader fails where it is out of a limit. */
void skad_audit_body_write(skad_writer *writer, const skad_message *message);
void skad_audit_body_read(skad_reader *reader, skad_message *message);

#endif
