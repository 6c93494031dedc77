#include "proto/audit_body.h"

static void write_span(skad_writer *writer, skad_span span)
{
    skad_write_bin(writer, span.data, span.len);
}

static skad_span read_exact(skad_reader *reader, size_t bytes)
{
    return skad_read_bin(reader, bytes, bytes);
}

/* Reads one to SKAD_AUDIT_POINTS_MAX items of one size, in one bin. */
static skad_span read_items(skad_reader *reader, size_t item_bytes)
{
    const skad_span items = skad_read_bin(reader, item_bytes, SKAD_AUDIT_POINTS_MAX * item_bytes);
    reader->failed = reader->failed || items.len % item_bytes != 0;
    return items;
}

void skad_audit_body_write(skad_writer *writer, const skad_message *message)
{
    if (message->kind == SKAD_KIND_AUDIT) {
        skad_write_uint(writer, message->u.audit.round);
        write_span(writer, message->u.audit.challenge);
    } else if (message->kind == SKAD_KIND_PROVE) {
        skad_write_uint(writer, message->u.prove.round);
        write_span(writer, message->u.prove.points);
    } else if (message->kind == SKAD_KIND_AUDITED) {
        write_span(writer, message->u.reply.u.audited.commitment);
    } else {
        write_span(writer, message->u.reply.u.proven.commitment);
        write_span(writer, message->u.reply.u.proven.openings);
        write_span(writer, message->u.reply.u.proven.signature);
    }
}

void skad_audit_body_read(skad_reader *reader, skad_message *message)
{
    if (message->kind == SKAD_KIND_AUDIT) {
        message->u.audit.round = skad_read_uint(reader, UINT64_MAX);
        message->u.audit.challenge = read_exact(reader, SKAD_AUDIT_CHALLENGE_BYTES);
    } else if (message->kind == SKAD_KIND_PROVE) {
        message->u.prove.round = skad_read_uint(reader, UINT64_MAX);
        message->u.prove.points = read_items(reader, SKAD_AUDIT_POINT_BYTES);
    } else if (message->kind == SKAD_KIND_AUDITED) {
        message->u.reply.u.audited.commitment = read_exact(reader, SKAD_AUDIT_COMMITMENT_BYTES);
    } else {
        message->u.reply.u.proven.commitment = read_exact(reader, SKAD_AUDIT_COMMITMENT_BYTES);
        message->u.reply.u.proven.openings = read_items(reader, SKAD_AUDIT_OPENING_BYTES);
        message->u.reply.u.proven.signature = read_exact(reader, SKAD_SIGNATURE_BYTES);
    }
}
