/* Envelopes without their tag: an accepted one gives the same bytes when it is written again. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/envelope.h"

/* The length of the padding. Its bytes are all zero, so it is what the other elements leave. */
static size_t padding(const skad_envelope *envelope)
{
    uint8_t bytes[SKAD_ENVELOPE_BYTES_MAX];
    skad_writer writer;
    skad_envelope_fields fields = {.kind = envelope->kind,
                                   .mark = envelope->mark,
                                   .rpc_id = envelope->rpc_id,
                                   .public_key = envelope->public_key,
                                   .id = envelope->id,
                                   .nonce = &envelope->nonce,
                                   .token = envelope->token,
                                   .body = envelope->body};
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_envelope_write_signed_part(&writer, &fields);
    FUZZ_REQUIRE(!writer.overflow && writer.len <= envelope->signed_part.len);
    size_t more = envelope->signed_part.len - writer.len;
    return more > UINT8_MAX ? more - 1 : more; /* the longer header is one more byte */
}

static void write_again(const uint8_t *data, size_t len, const skad_envelope *envelope)
{
    uint8_t bytes[SKAD_ENVELOPE_BYTES_MAX];
    skad_writer writer;
    skad_envelope_fields fields = {.kind = envelope->kind,
                                   .mark = envelope->mark,
                                   .rpc_id = envelope->rpc_id,
                                   .public_key = envelope->public_key,
                                   .id = envelope->id,
                                   .nonce = &envelope->nonce,
                                   .token = envelope->token,
                                   .body = envelope->body,
                                   .pad_bytes = padding(envelope)};
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_envelope_write_signed_part(&writer, &fields);
    FUZZ_REQUIRE(writer.len == envelope->signed_part.len);
    skad_envelope_write_proof(&writer, envelope->index, envelope->path, envelope->depth,
                              envelope->signature);
    FUZZ_REQUIRE(!writer.overflow && writer.len == len && memcmp(bytes, data, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    skad_envelope envelope;
    skad_verdict verdict = skad_envelope_decode(data, len, &envelope);
    if (verdict == SKAD_VERDICT_ACCEPT) {
        FUZZ_REQUIRE(envelope.depth <= SKAD_MERKLE_DEPTH_MAX);
        FUZZ_REQUIRE(envelope.depth == 0 ? envelope.index < SKAD_MERKLE_LEAVES_MAX
                                         : envelope.index >> envelope.depth == 0);
        FUZZ_REQUIRE(envelope.id != NULL || skad_kind_is_reply(envelope.kind));
        FUZZ_REQUIRE(skad_kind_is_request(envelope.kind) != skad_kind_is_reply(envelope.kind));
        write_again(data, len, &envelope);
    } else {
        FUZZ_REQUIRE(verdict == SKAD_VERDICT_STRUCTURE || verdict == SKAD_VERDICT_VERSION ||
                     verdict == SKAD_VERDICT_KIND);
    }
    return 0;
}
