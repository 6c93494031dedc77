/* The vectors of datagrams that must be accepted: a hello and its answer, one of each kind, a
 * batch. */
#include <string.h>

#include "crypto/assert.h"
#include "crypto/merkle.h"
#include "proto/statement.h"
#include "skad/record.h"
#include "tests/support/vectors.h"
#include "tests/support/vectors_identities.h"
#include "tests/support/wire.h"

static void write_envelope(skad_json *json, const skad_vector_identities *self,
                           const char *description, const skad_draft *draft,
                           const uint8_t *request_digest)
{
    skad_envelope envelope;
    uint8_t root[SKAD_HASH_BYTES];

    SKAD_ASSERT(skad_envelope_decode(draft->bytes + SKAD_TAG_BYTES,
                                     (size_t)(draft->len - SKAD_TAG_BYTES),
                                     &envelope) == SKAD_VERDICT_ACCEPT);
    skad_envelope_root(draft->digest, envelope.index, envelope.path, envelope.depth, root);
    skad_json_object(json, NULL);
    skad_json_text(json, "description", description);
    skad_json_hex(json, "sender_seed", self->sealer.identity->secret_key, 32);
    skad_json_hex(json, "sender_public_key", envelope.public_key, SKAD_PUBLIC_KEY_BYTES);
    skad_json_hex(json, "sender_id", self->sealer.identity->id.bytes, SKAD_ID_BYTES);
    skad_json_hex(json, "recipient", draft->recipient.bytes, SKAD_ID_BYTES);
    skad_json_hex(json, "request_digest", request_digest,
                  request_digest == NULL ? 0 : SKAD_HASH_BYTES);
    skad_json_uint(json, "kind", draft->bytes[SKAD_TAG_BYTES + 2]); /* its mark included */
    skad_json_text(json, "kind_name", skad_wire_kind_name(envelope.kind));
    skad_json_hex(json, "rpc_id", envelope.rpc_id, SKAD_RPC_ID_BYTES);
    skad_json_hex(json, "id", envelope.id == NULL ? NULL : envelope.id->bytes,
                  envelope.id == NULL ? 0 : SKAD_ID_BYTES);
    skad_json_uint(json, "epoch", envelope.nonce.epoch);
    skad_json_hex(json, "nonce", envelope.nonce.bytes, SKAD_NONCE_BYTES);
    skad_json_hex(json, "token", envelope.token, envelope.token == NULL ? 0 : SKAD_TOKEN_BYTES);
    skad_json_hex(json, "body", envelope.body.data, envelope.body.len);
    skad_json_hex(json, "signed_part", envelope.signed_part.data, envelope.signed_part.len);
    skad_json_hex(json, "digest", draft->digest, SKAD_HASH_BYTES);
    skad_json_uint(json, "index", envelope.index);
    skad_json_hex(json, "path", envelope.path, envelope.depth * SKAD_HASH_BYTES);
    skad_json_hex(json, "root", root, SKAD_HASH_BYTES);
    skad_json_hex(json, "signature", envelope.signature, SKAD_SIGNATURE_BYTES);
    skad_json_hex(json, "tag", draft->bytes, SKAD_TAG_BYTES);
    skad_json_uint(json, "datagram_bytes", draft->len);
    skad_json_hex(json, "datagram", draft->bytes, draft->len);
    skad_json_object_end(json);
}

/* A hello from identity 1 and the PONG of identity 2: the whole exchange of a first contact. */
static void write_exchange(skad_json *json, const skad_vector_identities *self)
{
    static const skad_id nobody;
    skad_vector_identities answering = *self;
    skad_draft hello;
    skad_draft pong;
    skad_draft *one = &hello;

    skad_vector_draft(self, SKAD_KIND_PING, &nobody, NULL, NULL, &hello);
    skad_seal(&self->sealer, &one, 1);
    write_envelope(json, self, "hello: PING to whoever is there", &hello, NULL);
    answering.sealer.identity = &self->receiver;
    answering.sealer.nonce = skad_identity_nonce(&self->receiver, SKAD_WIRE_EPOCH);
    answering.to_hello = true;
    skad_vector_draft(&answering, SKAD_KIND_PONG, &self->sender.id, hello.digest, SKAD_VECTOR_TOKEN,
                      &pong);
    one = &pong;
    skad_seal(&answering.sealer, &one, 1);
    write_envelope(json, &answering, "PONG to that hello", &pong, hello.digest);
}

/* A mutable record to replace what the holder has, kept for the shortest time. */
static void write_store_with_cas(skad_json *json, const skad_vector_identities *self)
{
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    skad_identity publisher;
    skad_message store = {.kind = SKAD_KIND_STORE};
    skad_draft draft;
    skad_draft *one = &draft;

    skad_wire_identity(4, &publisher);
    size_t len = skad_record_encode_mutable(
        skad_wire_publisher(&publisher), (skad_span){(const uint8_t *)"salt", 4}, 8, 1790000000,
        (skad_span){(const uint8_t *)"newer", 5}, record, sizeof record);
    store.u.store.record = (skad_span){record, len};
    store.u.store.has_cas = true;
    store.u.store.cas = 7;
    store.u.store.life_s = 1;
    skad_vector_draft_message(self, &store, &self->receiver.id, NULL, SKAD_VECTOR_TOKEN, &draft);
    skad_seal(&self->sealer, &one, 1);
    write_envelope(json, self, "STORE with cas and the shortest life_s", &draft, NULL);
}

/* One of each body with the element that is left out elsewhere. */
static void write_pages(skad_json *json, const skad_vector_identities *self)
{
    skad_message find;
    skad_message value;
    skad_draft draft;
    skad_draft *one = &draft;

    skad_wire_message(SKAD_KIND_FIND_VALUE, &find);
    find.u.find_value.type = SKAD_RECORD_ANNOUNCEMENT;
    find.u.find_value.has_from = true;
    skad_wire_fill(find.u.find_value.from, SKAD_PUBLIC_KEY_BYTES, 0x80);
    skad_vector_draft_message(self, &find, &self->receiver.id, NULL, SKAD_VECTOR_TOKEN, &draft);
    skad_seal(&self->sealer, &one, 1);
    write_envelope(json, self, "FIND_VALUE from a publisher on", &draft, NULL);
    skad_wire_message(SKAD_KIND_VALUE, &value);
    value.u.reply.u.value.total = 200;
    skad_vector_draft_message(self, &value, &self->receiver.id, self->request_digest,
                              SKAD_VECTOR_TOKEN, &draft);
    skad_seal(&self->sealer, &one, 1);
    write_envelope(json, self, "VALUE of one of 200 records", &draft, self->request_digest);
}

/* A FORWARD that stores, and the answer to one that asks for nodes: the statement of a
 * third node, which was the last of the chain. */
static void write_forwarding(skad_json *json, const skad_vector_identities *self)
{
    uint8_t subject[SKAD_HASH_BYTES];
    uint8_t bytes[SKAD_STATEMENT_BYTES_MAX];
    skad_message message;
    skad_draft draft;
    skad_draft *one = &draft;

    skad_wire_message(SKAD_KIND_FORWARD, &message);
    skad_statement_subject(&message.u.forward, subject);
    const skad_statement stated = {.aim = SKAD_FORWARD_NODES, .unix_s = SKAD_WIRE_UNIX_S};
    const size_t len =
        skad_statement_encode(skad_wire_publisher(&self->other), subject, &stated, bytes);
    skad_wire_forward_store(&message);
    skad_vector_draft_message(self, &message, &self->receiver.id, NULL, SKAD_VECTOR_TOKEN, &draft);
    skad_seal(&self->sealer, &one, 1);
    write_envelope(json, self, "FORWARD to store a record", &draft, NULL);
    skad_wire_message(SKAD_KIND_FORWARDED, &message);
    message.u.reply.u.forwarded.record = (skad_span){NULL, 0};
    message.u.reply.u.forwarded.statement = (skad_span){bytes, len};
    skad_vector_draft_message(self, &message, &self->receiver.id, self->request_digest,
                              SKAD_VECTOR_TOKEN, &draft);
    skad_seal(&self->sealer, &one, 1);
    write_envelope(json, self, "FORWARDED with a statement", &draft, self->request_digest);
}

/* A request that is sent again: the same signed part, another index, root and signature. */
static void write_copies(skad_json *json, const skad_vector_identities *self)
{
    for (uint8_t copy = 0; copy <= 2; copy++) {
        skad_draft draft;
        skad_draft *one = &draft;
        skad_vector_draft(self, SKAD_KIND_FIND_NODE, &self->receiver.id, NULL, SKAD_VECTOR_TOKEN,
                          &draft);
        draft.copy = copy;
        skad_seal(&self->sealer, &one, 1);
        write_envelope(json, self, copy == 0 ? "to be sent again" : "a copy of it", &draft, NULL);
    }
}

static void write_batch(skad_json *json, const skad_vector_identities *self)
{
    static const skad_kind kinds[] = {SKAD_KIND_NODES, SKAD_KIND_STORED, SKAD_KIND_ERROR};
    skad_draft drafts[3];
    skad_draft *batch[3];

    for (size_t i = 0; i < 3; i++) {
        skad_vector_draft(self, kinds[i], &self->receiver.id, self->request_digest,
                          SKAD_VECTOR_TOKEN, &drafts[i]);
        batch[i] = &drafts[i];
    }
    skad_seal(&self->sealer, batch, 3);
    for (size_t i = 0; i < 3; i++) {
        write_envelope(json, self, "one of three under one signature", &drafts[i],
                       self->request_digest);
    }
}

/* Signs and writes one datagram of an exchange; returns its digest in `out`. */
static void write_turn(skad_json *json, const skad_vector_identities *self, const char *description,
                       skad_draft_fields fields, uint8_t out[static SKAD_HASH_BYTES])
{
    skad_draft draft;
    skad_draft *one = &draft;

    fields.bytes_min =
        fields.request_digest == NULL && fields.token == NULL ? SKAD_FIRST_CONTACT_BYTES : 0;
    SKAD_ASSERT(skad_draft_write(&self->sealer, &fields, &draft) == SKAD_OK);
    skad_seal(&self->sealer, &one, 1);
    write_envelope(json, self, description, &draft, fields.request_digest);
    memcpy(out, draft.digest, SKAD_HASH_BYTES);
}

/* A STORE of identity 1 without a token, the ERROR of identity 2 that grants one, the STORE once
 * more with it, and STORED. */
static void write_store_exchange(skad_json *json, const skad_vector_identities *self)
{
    static const uint8_t first_id[SKAD_RPC_ID_BYTES] = {0xe0, 0xe1, 0xe2, 0xe3,
                                                        0xe4, 0xe5, 0xe6, 0xe7};
    static const uint8_t second_id[SKAD_RPC_ID_BYTES] = {0xd0, 0xd1, 0xd2, 0xd3,
                                                         0xd4, 0xd5, 0xd6, 0xd7};
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    uint8_t digest[SKAD_HASH_BYTES];
    skad_vector_identities holder = *self;
    skad_message store = {.kind = SKAD_KIND_STORE};
    skad_message error;
    skad_message stored;

    holder.sealer.identity = &self->receiver;
    holder.sealer.nonce = skad_identity_nonce(&self->receiver, SKAD_WIRE_EPOCH);
    size_t len = skad_record_encode_immutable((const uint8_t *)"hello", 5, record, sizeof record);
    store.u.store.record = (skad_span){record, len};
    store.u.store.life_s = 86400;
    skad_wire_message(SKAD_KIND_ERROR, &error);
    error.u.reply.u.error.code = SKAD_ERROR_TOKEN;
    error.u.reply.u.error.detail = 0;
    skad_wire_message(SKAD_KIND_STORED, &stored);
    stored.u.reply.u.stored.life_s = 86400;
    write_turn(
        json, self, "STORE without a token",
        (skad_draft_fields){.message = &store, .rpc_id = first_id, .recipient = &self->receiver.id},
        digest);
    write_turn(json, &holder, "ERROR 1 to that STORE, with a token",
               (skad_draft_fields){.message = &error,
                                   .rpc_id = first_id,
                                   .recipient = &self->sender.id,
                                   .request_digest = digest,
                                   .token = SKAD_VECTOR_TOKEN},
               digest);
    write_turn(json, self, "the STORE once more, with the token",
               (skad_draft_fields){.message = &store,
                                   .rpc_id = second_id,
                                   .recipient = &self->receiver.id,
                                   .token = SKAD_VECTOR_TOKEN},
               digest);
    write_turn(json, &holder, "STORED to that STORE",
               (skad_draft_fields){.message = &stored,
                                   .rpc_id = second_id,
                                   .recipient = &self->sender.id,
                                   .request_digest = digest,
                                   .token = SKAD_VECTOR_TOKEN},
               digest);
}

/* Datagrams of a node that cannot be reached, or only by those to which it has sent. */
static void write_marked(skad_json *json, skad_vector_identities *self, skad_mark mark,
                         const char *description)
{
    static const skad_kind kinds[] = {SKAD_KIND_PING, SKAD_KIND_PONG};
    self->mark = mark;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        skad_draft draft;
        skad_draft *one = &draft;
        const uint8_t *digest = skad_kind_is_reply(kinds[i]) ? self->request_digest : NULL;
        skad_vector_draft(self, kinds[i], &self->receiver.id, digest, SKAD_VECTOR_TOKEN, &draft);
        skad_seal(&self->sealer, &one, 1);
        write_envelope(json, self, description, &draft, digest);
    }
    self->mark = SKAD_MARK_NONE;
}

void skad_vectors_envelopes(skad_json *json)
{
    skad_vector_identities self;

    skad_vector_identities_init(&self);
    write_exchange(json, &self);
    for (size_t i = 0; i < SKAD_WIRE_KINDS; i++) {
        skad_kind kind = skad_wire_kinds[i];
        bool shows_token =
            skad_kind_is_reply(kind) || kind == SKAD_KIND_STORE || kind == SKAD_KIND_ANNOUNCE ||
            kind == SKAD_KIND_COMPARE || kind == SKAD_KIND_MATCH || kind == SKAD_KIND_PROBE ||
            kind == SKAD_KIND_CALL || kind == SKAD_KIND_INTRODUCE || kind == SKAD_KIND_FORWARD ||
            kind == SKAD_KIND_AUDIT || kind == SKAD_KIND_PROVE;
        skad_draft draft;
        skad_draft *one = &draft;
        const uint8_t *digest = skad_kind_is_reply(kind) ? self.request_digest : NULL;

        skad_vector_draft(&self, kind, &self.receiver.id, digest,
                          shows_token ? SKAD_VECTOR_TOKEN : NULL, &draft);
        skad_seal(&self.sealer, &one, 1);
        write_envelope(json, &self, "signed alone", &draft, digest);
    }
    write_store_with_cas(json, &self);
    write_pages(json, &self);
    write_forwarding(json, &self);
    write_batch(json, &self);
    write_copies(json, &self);
    write_marked(json, &self, SKAD_MARK_CLIENT, "of a client");
    write_marked(json, &self, SKAD_MARK_GUARDED, "of a guarded node");
    write_store_exchange(json, &self);
}
