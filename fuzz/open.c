/* Whole datagrams, from the tag to the typed body, with a mutator that signs: it takes a datagram
 * apart, changes its fields or its body, and seals it again with a right tag and signature, so that
 * neither stops the fuzzer. It does so half of the time; otherwise it changes the raw bytes. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/open.h"
#include "tests/support/vectors_identities.h"
#include "tests/support/wire.h"

static const skad_vector_identities *identities(void)
{
    static skad_vector_identities self;
    static bool made;
    if (!made) {
        skad_vector_identities_init(&self);
        made = true;
    }
    return &self;
}

static void check_accepted(const skad_opened *opened, const uint8_t *datagram, size_t len)
{
    uint8_t again[SKAD_BODY_BYTES_MAX];
    skad_envelope envelope;
    skad_verdict verdict =
        skad_envelope_decode(datagram + SKAD_TAG_BYTES, len - SKAD_TAG_BYTES, &envelope);
    FUZZ_REQUIRE(verdict == SKAD_VERDICT_ACCEPT && envelope.kind == opened->message.kind);
    FUZZ_REQUIRE(opened->checked && opened->batched == (envelope.depth > 0));
    size_t written = skad_message_encode(&opened->message, again, sizeof again);
    FUZZ_REQUIRE(written == envelope.body.len && memcmp(again, envelope.body.data, written) == 0);
}

static void receive(const uint8_t *data, size_t len, const skad_open_awaited *awaited)
{
    skad_opened opened;
    skad_verdict verdict = skad_wire_receive(data, len, &identities()->receiver.id,
                                             SKAD_WIRE_UNIX_S, awaited, &opened);
    FUZZ_REQUIRE(verdict < SKAD_VERDICT_COUNT);
    if (verdict == SKAD_VERDICT_ACCEPT) {
        check_accepted(&opened, data, len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const skad_open_awaited awaited = {identities()->request_digest, &identities()->sender.id};
    receive(data, len, NULL);
    receive(data, len, &awaited);
    return 0;
}

/* ---- The mutator ---- */

/* The parts of a datagram, copied out of it. */
typedef struct datagram_parts {
    skad_wire_craft craft;
    uint8_t rpc_id[SKAD_RPC_ID_BYTES];
    uint8_t nonce[SKAD_NONCE_BYTES];
    uint8_t token[SKAD_TOKEN_BYTES];
    uint8_t body[SKAD_BODY_BYTES_MAX];
    uint8_t path[SKAD_MERKLE_DEPTH_MAX * SKAD_HASH_BYTES];
} datagram_parts;

/* Takes a datagram apart. One that does not decode is replaced by a plain message. */
static void take_apart(const uint8_t *data, size_t len, unsigned seed, datagram_parts *out)
{
    skad_envelope envelope;
    skad_message message;
    bool decodes = len > SKAD_TAG_BYTES &&
                   skad_envelope_decode(data + SKAD_TAG_BYTES, len - SKAD_TAG_BYTES, &envelope) ==
                       SKAD_VERDICT_ACCEPT;
    skad_kind kind = decodes ? envelope.kind : skad_wire_kinds[seed % SKAD_WIRE_KINDS];
    skad_span body = {out->body, 0};
    if (decodes) {
        body.len = envelope.body.len;
        memcpy(out->body, envelope.body.data, body.len);
    } else {
        skad_wire_message(kind, &message);
        body.len = skad_message_encode(&message, out->body, sizeof out->body);
    }
    skad_wire_craft_init(&out->craft, &identities()->sender, &identities()->receiver.id, kind,
                         body);
    memcpy(out->nonce, out->craft.nonce.data, sizeof out->nonce);
    out->craft.nonce.data = out->nonce;
    if (decodes) {
        memcpy(out->rpc_id, envelope.rpc_id, sizeof out->rpc_id);
        out->craft.rpc_id.data = out->rpc_id;
        if (envelope.token != NULL) {
            memcpy(out->token, envelope.token, sizeof out->token);
            out->craft.token = (skad_span){out->token, sizeof out->token};
        }
        if (envelope.depth > 0) {
            memcpy(out->path, envelope.path, envelope.depth * SKAD_HASH_BYTES);
        }
        out->craft.path = (skad_span){out->path, envelope.depth * SKAD_HASH_BYTES};
        out->craft.index = envelope.index;
    }
}

/* Changes one field to a value that a correct sender might, or might never, put there. */
static void change_field(datagram_parts *parts, unsigned seed)
{
    skad_wire_craft *craft = &parts->craft;
    switch (seed % 10) {
    case 0:
        craft->kind = seed / 10 % 34;
        break;
    case 1:
        craft->epoch = SKAD_WIRE_EPOCH - 2 + seed / 10 % 5;
        break;
    case 2:
        craft->nonce.len = LLVMFuzzerMutate(parts->nonce, craft->nonce.len, sizeof parts->nonce);
        break;
    case 3:
        craft->token.data = parts->token;
        craft->token.len = LLVMFuzzerMutate(parts->token, craft->token.len, sizeof parts->token);
        break;
    case 4:
        craft->pad_bytes = seed / 10 % (SKAD_PAD_BYTES_MAX + 2);
        craft->pad_last = seed / 10 % 7 == 0;
        break;
    case 5:
        craft->path = (skad_span){parts->path, seed / 10 % 3 * SKAD_HASH_BYTES};
        craft->index = seed / 100 % 5;
        break;
    case 6:
        craft->version = 1 + seed / 10 % 2;
        craft->elements = SKAD_ENVELOPE_ELEMENTS + seed / 100 % 2;
        break;
    case 7:
        memset(&craft->recipient, 0, seed / 10 % 2 * sizeof craft->recipient); /* a hello */
        break;
    case 8:
        craft->sender = seed / 10 % 2 ? &identities()->receiver : &identities()->sender;
        break;
    default:
        craft->signature_bytes = SKAD_SIGNATURE_BYTES - seed / 10 % 2;
        break;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t cap, unsigned seed)
{
    static datagram_parts parts;
    uint8_t written[2 * SKAD_DATAGRAM_BYTES_MAX];
    if (seed % 2 == 0) {
        return LLVMFuzzerMutate(data, len, cap);
    }
    seed /= 2;
    take_apart(data, len, seed, &parts);
    skad_wire_craft *craft = &parts.craft;
    unsigned what = seed % 4;
    seed /= 4;
    if (what != 0) {
        craft->body.len = LLVMFuzzerMutate(parts.body, craft->body.len, sizeof parts.body);
    } else {
        change_field(&parts, seed);
    }
    bool reply = skad_kind_is_reply((skad_kind)craft->kind);
    craft->request_digest = reply ? identities()->request_digest : NULL;
    size_t made = skad_wire_craft_write(craft, written, sizeof written);
    if (made > cap) {
        return len;
    }
    memcpy(data, written, made);
    return made;
}
