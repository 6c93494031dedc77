#include "tests/support/vectors_dropped.h"

#include "crypto/hash.h"

void skad_vector_dropped_write(skad_json *json, const skad_vector_dropped *self,
                               const uint8_t *datagram, size_t len)
{
    skad_json_object(json, NULL);
    skad_json_text(json, "description", self->description);
    skad_json_hex(json, "receiver", self->self->bytes, SKAD_ID_BYTES);
    skad_json_hex(json, "request_digest", self->request_digest,
                  self->request_digest == NULL ? 0 : SKAD_HASH_BYTES);
    skad_json_hex(json, "responder", self->responder == NULL ? NULL : self->responder->bytes,
                  self->responder == NULL ? 0 : SKAD_ID_BYTES);
    skad_json_text(json, "verdict", skad_verdict_name(self->verdict));
    skad_json_hex(json, "datagram", datagram, len);
    skad_json_object_end(json);
}
