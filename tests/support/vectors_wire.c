/* The vectors of whole datagrams: one of each kind, a hello, a batch, and many that must be
 * dropped. Identity 1 sends, identity 2 receives. */
#include <string.h>

#include "crypto/assert.h"
#include "crypto/merkle.h"
#include "proto/seal.h"
#include "tests/support/vectors.h"
#include "tests/support/wire.h"

static const uint8_t RPC_ID[SKAD_RPC_ID_BYTES] = {0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7};
static const uint8_t TOKEN[SKAD_TOKEN_BYTES] = "0123456789abcdef";

typedef struct cast {
    skad_identity sender;
    skad_identity receiver;
    uint8_t network_key[SKAD_HASH_BYTES];
    uint8_t request_digest[SKAD_HASH_BYTES]; /* what the replies answer */
    skad_sealer sealer;
} cast;

static void cast_init(cast *self)
{
    skad_wire_identity(1, &self->sender);
    skad_wire_identity(2, &self->receiver);
    skad_wire_network_key(self->network_key);
    skad_wire_fill(self->request_digest, SKAD_HASH_BYTES, 0x90);
    self->sealer = (skad_sealer){
        .identity = &self->sender,
        .nonce = skad_identity_nonce(&self->sender, SKAD_WIRE_EPOCH),
        .network_key = self->network_key,
    };
}

static void write_envelope(skad_json *json, const cast *self, const char *description,
                           const skad_draft *draft, const uint8_t *request_digest)
{
    skad_envelope envelope;
    uint8_t root[SKAD_HASH_BYTES];

    SKAD_ASSERT(skad_envelope_decode(draft->bytes + SKAD_TAG_BYTES,
                                     (size_t)(draft->len - SKAD_TAG_BYTES),
                                     &envelope) == SKAD_VERDICT_ACCEPT);
    skad_merkle_climb(draft->digest, envelope.index, envelope.path, envelope.depth, root);
    skad_json_object(json, NULL);
    skad_json_text(json, "description", description);
    skad_json_hex(json, "sender_seed", self->sealer.identity->secret_key, 32);
    skad_json_hex(json, "sender_public_key", envelope.public_key, SKAD_PUBLIC_KEY_BYTES);
    skad_json_hex(json, "sender_id", self->sealer.identity->id.bytes, SKAD_ID_BYTES);
    skad_json_hex(json, "recipient", draft->recipient.bytes, SKAD_ID_BYTES);
    skad_json_hex(json, "request_digest", request_digest,
                  request_digest == NULL ? 0 : SKAD_HASH_BYTES);
    skad_json_uint(json, "kind", envelope.kind);
    skad_json_text(json, "kind_name", skad_wire_kind_name(envelope.kind));
    skad_json_hex(json, "rpc_id", envelope.rpc_id, SKAD_RPC_ID_BYTES);
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

static void draft_kind(const cast *self, skad_kind kind, const skad_id *recipient,
                       const uint8_t *request_digest, const uint8_t *token, skad_draft *out)
{
    skad_message message;

    skad_wire_message(kind, &message);
    SKAD_ASSERT(
        skad_draft_write(
            &self->sealer,
            &(skad_draft_fields){
                .message = &message,
                .rpc_id = RPC_ID,
                .recipient = recipient,
                .request_digest = request_digest,
                .token = token,
                .bytes_min = request_digest == NULL && token == NULL ? SKAD_FIRST_CONTACT_BYTES : 0,
            },
            out) == SKAD_OK);
}

/* A hello from identity 1 and the PONG of identity 2: the whole exchange of a first contact. */
static void write_exchange(skad_json *json, const cast *self)
{
    static const skad_id nobody;
    cast answering = *self;
    skad_draft hello;
    skad_draft pong;
    skad_draft *one = &hello;

    draft_kind(self, SKAD_KIND_PING, &nobody, NULL, NULL, &hello);
    skad_seal(&self->sealer, &one, 1);
    write_envelope(json, self, "hello: PING to whoever is there", &hello, NULL);
    answering.sealer.identity = &self->receiver;
    answering.sealer.nonce = skad_identity_nonce(&self->receiver, SKAD_WIRE_EPOCH);
    draft_kind(&answering, SKAD_KIND_PONG, &self->sender.id, hello.digest, TOKEN, &pong);
    one = &pong;
    skad_seal(&answering.sealer, &one, 1);
    write_envelope(json, &answering, "PONG to that hello", &pong, hello.digest);
}

static void write_batch(skad_json *json, const cast *self)
{
    static const skad_kind kinds[] = {SKAD_KIND_NODES, SKAD_KIND_STORED, SKAD_KIND_ERROR};
    skad_draft drafts[3];
    skad_draft *batch[3];

    for (size_t i = 0; i < 3; i++) {
        draft_kind(self, kinds[i], &self->receiver.id, self->request_digest, TOKEN, &drafts[i]);
        batch[i] = &drafts[i];
    }
    skad_seal(&self->sealer, batch, 3);
    for (size_t i = 0; i < 3; i++) {
        write_envelope(json, self, "one of three under one signature", &drafts[i],
                       self->request_digest);
    }
}

void skad_vectors_envelopes(skad_json *json)
{
    cast self;

    cast_init(&self);
    write_exchange(json, &self);
    for (size_t i = 0; i < SKAD_WIRE_KINDS; i++) {
        skad_kind kind = skad_wire_kinds[i];
        bool shows_token =
            skad_kind_is_reply(kind) || kind == SKAD_KIND_STORE || kind == SKAD_KIND_ANNOUNCE;
        skad_draft draft;
        skad_draft *one = &draft;
        const uint8_t *digest = skad_kind_is_reply(kind) ? self.request_digest : NULL;

        draft_kind(&self, kind, &self.receiver.id, digest, shows_token ? TOKEN : NULL, &draft);
        skad_seal(&self.sealer, &one, 1);
        write_envelope(json, &self, "signed alone", &draft, digest);
    }
    write_batch(json, &self);
}

/* What the receiver of an invalid datagram knows. */
typedef struct invalid_case {
    const char *description;
    skad_verdict verdict;
    const skad_id *self;
    const uint8_t *request_digest;
    const skad_id *responder;
} invalid_case;

static void write_invalid(skad_json *json, const invalid_case *self, const uint8_t *datagram,
                          size_t len)
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

typedef enum flaw {
    FLAW_RECIPIENT,
    FLAW_VERSION,
    FLAW_ELEMENTS,
    FLAW_KIND_UNKNOWN,
    FLAW_RPC_ID,
    FLAW_PUBLIC_KEY,
    FLAW_EPOCH_RANGE,
    FLAW_NONCE_BYTES,
    FLAW_TOKEN,
    FLAW_BODY_EMPTY,
    FLAW_PADDING,
    FLAW_PADDING_LONG,
    FLAW_INDEX,
    FLAW_INDEX_ALONE,
    FLAW_PATH,
    FLAW_PATH_LONG,
    FLAW_SIGNATURE_BYTES,
    FLAW_AFTER,
    FLAW_SELF,
    FLAW_EPOCH,
    FLAW_STATIC,
    FLAW_DYNAMIC,
    FLAW_SIGNATURE_KEY,
    FLAW_BODY,
    FLAW_BODY_FORM,
    FLAW_COUNT
} flaw;

static const struct {
    const char *description;
    skad_verdict verdict;
} FLAWS[FLAW_COUNT] = {
    [FLAW_RECIPIENT] = {"made for another recipient", SKAD_VERDICT_TAG},
    [FLAW_VERSION] = {"version 2", SKAD_VERDICT_VERSION},
    [FLAW_ELEMENTS] = {"13 elements, the last one nil", SKAD_VERDICT_STRUCTURE},
    [FLAW_KIND_UNKNOWN] = {"kind 6", SKAD_VERDICT_KIND},
    [FLAW_RPC_ID] = {"RPC ID of 7 bytes", SKAD_VERDICT_STRUCTURE},
    [FLAW_PUBLIC_KEY] = {"public key of 31 bytes", SKAD_VERDICT_STRUCTURE},
    [FLAW_EPOCH_RANGE] = {"epoch 2^32", SKAD_VERDICT_STRUCTURE},
    [FLAW_NONCE_BYTES] = {"nonce of 7 bytes", SKAD_VERDICT_STRUCTURE},
    [FLAW_TOKEN] = {"token of 15 bytes", SKAD_VERDICT_STRUCTURE},
    [FLAW_BODY_EMPTY] = {"empty body", SKAD_VERDICT_STRUCTURE},
    [FLAW_PADDING] = {"padding whose last byte is not zero", SKAD_VERDICT_STRUCTURE},
    [FLAW_PADDING_LONG] = {"513 bytes of padding", SKAD_VERDICT_STRUCTURE},
    [FLAW_INDEX] = {"index 2 with a path of one step", SKAD_VERDICT_STRUCTURE},
    [FLAW_INDEX_ALONE] = {"index 1 without a path", SKAD_VERDICT_STRUCTURE},
    [FLAW_PATH] = {"path of 33 bytes", SKAD_VERDICT_STRUCTURE},
    [FLAW_PATH_LONG] = {"path of five steps", SKAD_VERDICT_STRUCTURE},
    [FLAW_SIGNATURE_BYTES] = {"signature of 63 bytes", SKAD_VERDICT_STRUCTURE},
    [FLAW_AFTER] = {"a byte after the envelope", SKAD_VERDICT_STRUCTURE},
    [FLAW_SELF] = {"signed with the receiver's key", SKAD_VERDICT_SELF},
    [FLAW_EPOCH] = {"nonce of an epoch two away", SKAD_VERDICT_EPOCH},
    [FLAW_STATIC] = {"static puzzle not solved", SKAD_VERDICT_STATIC},
    [FLAW_DYNAMIC] = {"dynamic puzzle not solved", SKAD_VERDICT_DYNAMIC},
    [FLAW_SIGNATURE_KEY] = {"signed with another key", SKAD_VERDICT_SIGNATURE},
    [FLAW_BODY] = {"PING with an element", SKAD_VERDICT_BODY},
    [FLAW_BODY_FORM] = {"body whose array header is longer than needed", SKAD_VERDICT_BODY},
};

static void apply_to_fields(flaw which, skad_wire_craft *craft)
{
    static const uint8_t zeros[5 * SKAD_HASH_BYTES];
    static const uint8_t nil = 0xc0;

    craft->version = which == FLAW_VERSION ? 2 : craft->version;
    craft->kind = which == FLAW_KIND_UNKNOWN ? 6 : craft->kind;
    craft->rpc_id.len -= which == FLAW_RPC_ID;
    craft->public_key.len -= which == FLAW_PUBLIC_KEY;
    craft->epoch = which == FLAW_EPOCH_RANGE ? 4294967296 : craft->epoch;
    craft->nonce.len -= which == FLAW_NONCE_BYTES;
    craft->body.len = which == FLAW_BODY_EMPTY ? 0 : craft->body.len;
    craft->signature_bytes -= which == FLAW_SIGNATURE_BYTES;
    if (which == FLAW_TOKEN) {
        craft->token = (skad_span){zeros, 15};
    }
    if (which == FLAW_PADDING || which == FLAW_PADDING_LONG) {
        craft->pad_bytes = which == FLAW_PADDING ? 100 : SKAD_PAD_BYTES_MAX + 1;
        craft->pad_last = which == FLAW_PADDING;
    }
    if (which == FLAW_INDEX || which == FLAW_INDEX_ALONE) {
        craft->index = which == FLAW_INDEX ? 2 : 1;
        craft->path = (skad_span){zeros, which == FLAW_INDEX ? SKAD_HASH_BYTES : 0};
    }
    if (which == FLAW_PATH || which == FLAW_PATH_LONG) {
        craft->path = (skad_span){zeros, which == FLAW_PATH ? SKAD_HASH_BYTES + 1 : sizeof zeros};
    }
    if (which == FLAW_ELEMENTS || which == FLAW_AFTER) {
        craft->elements += which == FLAW_ELEMENTS;
        craft->after = (skad_span){&nil, 1};
    }
}

static void apply_to_sender(flaw which, const cast *self, const skad_identity *unfit,
                            skad_wire_craft *craft)
{
    static const uint8_t wrong_nonce[SKAD_NONCE_BYTES] = {0xff, 0xff, 0xff, 0xff,
                                                          0xff, 0xff, 0xff, 0xff};
    static const uint8_t one_element[] = {0x91, 0xc0};
    static const uint8_t long_header[] = {0xdc, 0x00, 0x00};
    const skad_span body = craft->body;

    if (which == FLAW_SELF) {
        skad_wire_craft_init(craft, &self->receiver, &self->receiver.id, SKAD_KIND_PING, body);
    } else if (which == FLAW_STATIC) {
        skad_wire_craft_init(craft, unfit, &self->receiver.id, SKAD_KIND_PING, body);
    } else if (which == FLAW_RECIPIENT) {
        skad_wire_fill(craft->recipient.bytes, SKAD_ID_BYTES, 1);
    } else if (which == FLAW_EPOCH) {
        craft->epoch = SKAD_WIRE_EPOCH + 2;
    } else if (which == FLAW_DYNAMIC) {
        craft->nonce = (skad_span){wrong_nonce, sizeof wrong_nonce};
    } else if (which == FLAW_SIGNATURE_KEY) {
        craft->sender = &self->receiver;
    } else if (which == FLAW_BODY) {
        craft->body = (skad_span){one_element, sizeof one_element};
    } else if (which == FLAW_BODY_FORM) {
        craft->body = (skad_span){long_header, sizeof long_header};
    }
}

static void write_flaws(skad_json *json, const cast *self)
{
    static const uint8_t ping[] = {0x90};
    uint8_t datagram[2 * SKAD_DATAGRAM_BYTES_MAX];
    skad_identity unfit;

    skad_wire_identity_unfit(3, &unfit);
    for (flaw which = 0; which < FLAW_COUNT; which++) {
        skad_wire_craft craft;
        skad_wire_craft_init(&craft, &self->sender, &self->receiver.id, SKAD_KIND_PING,
                             (skad_span){ping, sizeof ping});
        craft.pad_bytes = 8; /* above the least size, whatever gets shorter */
        apply_to_fields(which, &craft);
        apply_to_sender(which, self, &unfit, &craft);
        size_t len = skad_wire_craft_write(&craft, datagram, sizeof datagram);
        write_invalid(json,
                      &(invalid_case){.description = FLAWS[which].description,
                                      .verdict = FLAWS[which].verdict,
                                      .self = &self->receiver.id},
                      datagram, len);
    }
}

/* A PONG that is correct in itself, and receivers that await another one. */
static void write_replies(skad_json *json, const cast *self)
{
    const invalid_case cases[] = {
        {"a reply to nothing", SKAD_VERDICT_UNAWAITED, &self->receiver.id, NULL, NULL},
        {"a reply by someone else than was asked", SKAD_VERDICT_IDENTITY, &self->receiver.id,
         self->request_digest, &self->receiver.id},
        {"a reply to another request", SKAD_VERDICT_SIGNATURE, &self->receiver.id,
         self->network_key, &self->sender.id},
    };
    skad_draft draft;
    skad_draft *one = &draft;

    draft_kind(self, SKAD_KIND_PONG, &self->receiver.id, self->request_digest, TOKEN, &draft);
    skad_seal(&self->sealer, &one, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_invalid(json, &cases[i], draft.bytes, draft.len);
    }
}

/* A hello of another kind or length. */
static void write_hellos(skad_json *json, const cast *self)
{
    static const skad_id nobody;
    uint8_t datagram[SKAD_DATAGRAM_BYTES_MAX];
    uint8_t body[SKAD_BODY_BYTES_MAX];
    skad_message message;
    skad_wire_craft craft;

    skad_wire_message(SKAD_KIND_FIND_NODE, &message);
    size_t body_len = skad_message_encode(&message, body, sizeof body);
    skad_wire_craft_init(&craft, &self->sender, &nobody, SKAD_KIND_FIND_NODE,
                         (skad_span){body, body_len});
    size_t bare = skad_wire_craft_write(&craft, datagram, sizeof datagram);
    craft.pad_bytes = SKAD_FIRST_CONTACT_BYTES - bare;
    size_t len = skad_wire_craft_write(&craft, datagram, sizeof datagram);
    SKAD_ASSERT(len == SKAD_FIRST_CONTACT_BYTES);
    write_invalid(json,
                  &(invalid_case){"hello that is not a PING", SKAD_VERDICT_KIND, &self->receiver.id,
                                  NULL, NULL},
                  datagram, len);
    skad_wire_craft_init(&craft, &self->sender, &nobody, SKAD_KIND_PING,
                         (skad_span){(const uint8_t *)"\x90", 1});
    craft.pad_bytes = 100;
    len = skad_wire_craft_write(&craft, datagram, sizeof datagram);
    write_invalid(json,
                  &(invalid_case){"hello of another length than 411", SKAD_VERDICT_TAG,
                                  &self->receiver.id, NULL, NULL},
                  datagram, len);
}

/* S + L, which other verifiers take for S (RFC 8032, section 5.1.7, forbids it). */
static void malleate(uint8_t *signature)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                      0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    unsigned carry = 0;

    for (size_t i = 0; i < sizeof order; i++) {
        carry += (unsigned)signature[32 + i] + order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* Correct datagrams of which something was changed afterwards by one who knows the network key. */
static void write_tampered(skad_json *json, const cast *self)
{
    static const struct {
        const char *description;
        skad_verdict verdict;
        size_t at; /* within the envelope */
        size_t cut;
        uint8_t with[5];
        size_t with_len;
    } cases[] = {
        {"envelope with array 16", SKAD_VERDICT_STRUCTURE, 0, 1, {0xdc, 0, 12}, 3},
        {"envelope that claims 2^28 elements",
         SKAD_VERDICT_STRUCTURE,
         0,
         1,
         {0xdd, 0x10, 0, 0, 0},
         5},
        {"version in two bytes", SKAD_VERDICT_STRUCTURE, 1, 1, {0xcc, 1}, 2},
        {"version as signed integer", SKAD_VERDICT_STRUCTURE, 1, 1, {0xd0, 1}, 2},
        {"kind in three bytes", SKAD_VERDICT_STRUCTURE, 2, 1, {0xcd, 0, 1}, 3},
        {"RPC ID with bin 16", SKAD_VERDICT_STRUCTURE, 3, 2, {0xc5, 0, 8}, 3},
        {"RPC ID as str 8", SKAD_VERDICT_STRUCTURE, 3, 1, {0xd9}, 1},
        {"epoch as int 16, as long as uint 16", SKAD_VERDICT_STRUCTURE, 47, 1, {0xd1}, 1},
        {"another RPC ID than was signed", SKAD_VERDICT_SIGNATURE, 5, 1, {0}, 1},
        {"another kind than was signed", SKAD_VERDICT_SIGNATURE, 2, 1, {2}, 1},
    };
    uint8_t datagram[SKAD_DATAGRAM_BYTES_MAX];
    skad_draft draft;
    skad_draft *one = &draft;
    invalid_case outcome = {.self = &self->receiver.id};

    draft_kind(self, SKAD_KIND_PING, &self->receiver.id, NULL, TOKEN, &draft);
    skad_seal(&self->sealer, &one, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t head = SKAD_TAG_BYTES + cases[i].at;
        size_t rest = draft.len - head - cases[i].cut;
        memcpy(datagram, draft.bytes, head);
        memcpy(datagram + head, cases[i].with, cases[i].with_len);
        memcpy(datagram + head + cases[i].with_len, draft.bytes + head + cases[i].cut, rest);
        size_t len = head + cases[i].with_len + rest;
        skad_wire_retag(datagram, len, &self->receiver.id);
        outcome.description = cases[i].description;
        outcome.verdict = cases[i].verdict;
        write_invalid(json, &outcome, datagram, len);
    }
    memcpy(datagram, draft.bytes, draft.len);
    datagram[SKAD_TAG_BYTES - 1] ^= 1;
    outcome.description = "a bit of the tag's second half changed";
    outcome.verdict = SKAD_VERDICT_TAG;
    write_invalid(json, &outcome, datagram, draft.len);
    memcpy(datagram, draft.bytes, draft.len);
    malleate(datagram + draft.len - SKAD_SIGNATURE_BYTES);
    skad_wire_retag(datagram, draft.len, &self->receiver.id);
    outcome.description = "signature with S + L instead of S";
    outcome.verdict = SKAD_VERDICT_SIGNATURE;
    write_invalid(json, &outcome, datagram, draft.len);
}

/* The last of a batch of three, whose path leads elsewhere. */
static void write_lost_path(skad_json *json, const cast *self)
{
    skad_draft drafts[3];
    skad_draft *batch[3];

    for (size_t i = 0; i < 3; i++) {
        draft_kind(self, SKAD_KIND_PING, &self->receiver.id, NULL, TOKEN, &drafts[i]);
        batch[i] = &drafts[i];
    }
    skad_seal(&self->sealer, batch, 3);
    drafts[2].bytes[drafts[2].len - SKAD_PROOF_BYTES(0)] ^= 1;
    skad_wire_retag(drafts[2].bytes, drafts[2].len, &self->receiver.id);
    write_invalid(json,
                  &(invalid_case){.description = "a bit of the path changed",
                                  .verdict = SKAD_VERDICT_SIGNATURE,
                                  .self = &self->receiver.id},
                  drafts[2].bytes, drafts[2].len);
}

void skad_vectors_invalid(skad_json *json)
{
    uint8_t noise[SKAD_DATAGRAM_BYTES_MAX + 1];
    cast self;

    cast_init(&self);
    skad_wire_fill(noise, sizeof noise, 0);
    write_invalid(json,
                  &(invalid_case){"too short", SKAD_VERDICT_SIZE, &self.receiver.id, NULL, NULL},
                  noise, SKAD_DATAGRAM_BYTES_MIN - 1);
    write_invalid(json,
                  &(invalid_case){"too long", SKAD_VERDICT_SIZE, &self.receiver.id, NULL, NULL},
                  noise, sizeof noise);
    write_invalid(json, &(invalid_case){"noise", SKAD_VERDICT_TAG, &self.receiver.id, NULL, NULL},
                  noise, SKAD_DATAGRAM_BYTES_MIN);
    write_flaws(json, &self);
    write_replies(json, &self);
    write_hellos(json, &self);
    write_tampered(json, &self);
    write_lost_path(json, &self);
}
