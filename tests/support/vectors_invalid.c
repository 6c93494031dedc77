/* The vectors of datagrams that must be dropped, each with one flaw and the reason that it gets. */
#include <string.h>

#include "crypto/assert.h"
#include "crypto/puzzle.h"
#include "tests/support/vectors.h"
#include "tests/support/vectors_dropped.h"
#include "tests/support/vectors_identities.h"
#include "tests/support/vectors_spell.h"
#include "tests/support/wire.h"

typedef enum flaw {
    FLAW_RECIPIENT,
    FLAW_VERSION,
    FLAW_VERSION_ELEMENTS,
    FLAW_VERSION_NESTED,
    FLAW_NESTED,
    FLAW_VALUES,
    FLAW_ELEMENTS,
    FLAW_KIND_UNKNOWN,
    FLAW_RPC_ID,
    FLAW_PUBLIC_KEY,
    FLAW_ID_BYTES,
    FLAW_ID_NONE,
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
    FLAW_EPOCH_EARLY,
    FLAW_STATIC,
    FLAW_IDENTITY,
    FLAW_DYNAMIC,
    FLAW_NONCE_EPOCH,
    FLAW_NONCE_KEY,
    FLAW_NONCE_MEMORY,
    FLAW_SIGNATURE_KEY,
    FLAW_SIGNATURE_NETWORK,
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
    [FLAW_VERSION_ELEMENTS] = {"version 2 with 14 elements", SKAD_VERDICT_VERSION},
    [FLAW_VERSION_NESTED] = {"version 2 with arrays nested 4 deep", SKAD_VERDICT_VERSION},
    [FLAW_NESTED] = {"version 2 with arrays nested 5 deep", SKAD_VERDICT_STRUCTURE},
    [FLAW_VALUES] = {"version 2 with 33 msgpack values", SKAD_VERDICT_STRUCTURE},
    [FLAW_ELEMENTS] = {"14 elements, the last one nil", SKAD_VERDICT_STRUCTURE},
    [FLAW_KIND_UNKNOWN] = {"kind 14", SKAD_VERDICT_KIND},
    [FLAW_RPC_ID] = {"RPC ID of 7 bytes", SKAD_VERDICT_STRUCTURE},
    [FLAW_PUBLIC_KEY] = {"public key of 31 bytes", SKAD_VERDICT_STRUCTURE},
    [FLAW_ID_BYTES] = {"ID of 31 bytes", SKAD_VERDICT_STRUCTURE},
    [FLAW_ID_NONE] = {"a request without an ID", SKAD_VERDICT_STRUCTURE},
    [FLAW_EPOCH_RANGE] = {"epoch 2^32", SKAD_VERDICT_STRUCTURE},
    [FLAW_NONCE_BYTES] = {"nonce of 7 bytes", SKAD_VERDICT_STRUCTURE},
    [FLAW_TOKEN] = {"token of 15 bytes", SKAD_VERDICT_STRUCTURE},
    [FLAW_BODY_EMPTY] = {"empty body", SKAD_VERDICT_STRUCTURE},
    [FLAW_PADDING] = {"padding whose last byte is not zero", SKAD_VERDICT_STRUCTURE},
    [FLAW_PADDING_LONG] = {"513 bytes of padding", SKAD_VERDICT_STRUCTURE},
    [FLAW_INDEX] = {"index 2 with a path of one step", SKAD_VERDICT_STRUCTURE},
    [FLAW_INDEX_ALONE] = {"index 16 without a path", SKAD_VERDICT_STRUCTURE},
    [FLAW_PATH] = {"path of 33 bytes", SKAD_VERDICT_STRUCTURE},
    [FLAW_PATH_LONG] = {"path of five steps", SKAD_VERDICT_STRUCTURE},
    [FLAW_SIGNATURE_BYTES] = {"signature of 63 bytes", SKAD_VERDICT_STRUCTURE},
    [FLAW_AFTER] = {"a byte after the envelope", SKAD_VERDICT_STRUCTURE},
    [FLAW_SELF] = {"signed with the receiver's key", SKAD_VERDICT_SELF},
    [FLAW_EPOCH] = {"nonce of an epoch two away", SKAD_VERDICT_EPOCH},
    [FLAW_EPOCH_EARLY] = {"nonce of the next epoch, thirteen days early", SKAD_VERDICT_EPOCH},
    [FLAW_STATIC] = {"static puzzle not solved", SKAD_VERDICT_STATIC},
    [FLAW_IDENTITY] = {"ID of another key", SKAD_VERDICT_IDENTITY},
    [FLAW_DYNAMIC] = {"dynamic puzzle not solved", SKAD_VERDICT_DYNAMIC},
    [FLAW_NONCE_EPOCH] = {"nonce of another epoch", SKAD_VERDICT_DYNAMIC},
    [FLAW_NONCE_KEY] = {"nonce of another key", SKAD_VERDICT_DYNAMIC},
    [FLAW_NONCE_MEMORY] = {"nonce solved with 16 KiB instead of 8", SKAD_VERDICT_DYNAMIC},
    [FLAW_SIGNATURE_KEY] = {"signed with another key", SKAD_VERDICT_SIGNATURE},
    [FLAW_SIGNATURE_NETWORK] = {"signed for another network", SKAD_VERDICT_SIGNATURE},
    [FLAW_BODY] = {"PING with an element", SKAD_VERDICT_BODY},
    [FLAW_BODY_FORM] = {"body whose array header is longer than needed", SKAD_VERDICT_BODY},
};

/* Elements that the envelope does not have. */
static void apply_to_shape(flaw which, skad_wire_craft *craft)
{
    static const uint8_t nils[] = {0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
                                   0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0};
    static const uint8_t nested[] = {0x91, 0x91, 0x91, 0x90};
    static const struct {
        flaw which;
        uint64_t version;
        size_t elements;
        skad_span after;
    } shapes[] = {
        {FLAW_VERSION, 2, 13, {NULL, 0}},
        {FLAW_VERSION_ELEMENTS, 2, 14, {nils, 1}},
        {FLAW_VERSION_NESTED, 2, 14, {nested + 1, 3}},
        {FLAW_NESTED, 2, 14, {nested, 4}},
        {FLAW_VALUES, 2, 32, {nils, 19}},
        {FLAW_ELEMENTS, 1, 14, {nils, 1}},
        {FLAW_AFTER, 1, 13, {nils, 1}},
    };

    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (shapes[i].which == which) {
            craft->version = shapes[i].version;
            craft->elements = shapes[i].elements;
            craft->after = shapes[i].after;
        }
    }
}

static void apply_to_fields(flaw which, skad_wire_craft *craft)
{
    static const uint8_t zeros[5 * SKAD_HASH_BYTES];

    craft->kind = which == FLAW_KIND_UNKNOWN ? 14 : craft->kind;
    craft->rpc_id.len -= which == FLAW_RPC_ID;
    craft->public_key.len -= which == FLAW_PUBLIC_KEY;
    craft->id.len -= which == FLAW_ID_BYTES;
    craft->id.len = which == FLAW_ID_NONE ? 0 : craft->id.len;
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
        craft->index = which == FLAW_INDEX ? 2 : SKAD_MERKLE_LEAVES_MAX;
        craft->path = (skad_span){zeros, which == FLAW_INDEX ? SKAD_HASH_BYTES : 0};
    }
    if (which == FLAW_PATH || which == FLAW_PATH_LONG) {
        craft->path = (skad_span){zeros, which == FLAW_PATH ? SKAD_HASH_BYTES + 1 : sizeof zeros};
    }
}

/* A nonce that solves the puzzle of another epoch, key or memory, and not this one. */
static void apply_to_nonce(flaw which, const skad_vector_identities *self, skad_wire_craft *craft)
{
    static uint8_t with_more_memory[SKAD_NONCE_BYTES];
    skad_puzzle_nonce nonce = {.epoch = SKAD_WIRE_EPOCH};

    if (which == FLAW_NONCE_EPOCH) {
        const skad_puzzle_nonce *before = skad_identity_nonce(&self->sender, SKAD_WIRE_EPOCH - 1);
        craft->nonce = (skad_span){before->bytes, SKAD_NONCE_BYTES};
    } else if (which == FLAW_NONCE_KEY) {
        const skad_puzzle_nonce *theirs = skad_identity_nonce(&self->other, SKAD_WIRE_EPOCH);
        craft->nonce = (skad_span){theirs->bytes, SKAD_NONCE_BYTES};
    } else if (which == FLAW_NONCE_MEMORY) {
        while (!skad_puzzle_dynamic_ok(&self->sender.id, &nonce, 16, 6) ||
               skad_puzzle_dynamic_ok(&self->sender.id, &nonce, 8, 6)) {
            nonce.bytes[7]++;
            nonce.bytes[6] = (uint8_t)(nonce.bytes[6] + (nonce.bytes[7] == 0));
        }
        memcpy(with_more_memory, nonce.bytes, sizeof with_more_memory);
        craft->nonce = (skad_span){with_more_memory, SKAD_NONCE_BYTES};
    }
}

static void apply_to_sender(flaw which, const skad_vector_identities *self,
                            const skad_identity *unfit, skad_wire_craft *craft)
{
    static const uint8_t wrong_nonce[SKAD_NONCE_BYTES] = {0xff, 0xff, 0xff, 0xff,
                                                          0xff, 0xff, 0xff, 0xff};
    static const uint8_t other_network[SKAD_HASH_BYTES] = {1};
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
    } else if (which == FLAW_EPOCH_EARLY) {
        const skad_puzzle_nonce *next = skad_identity_nonce(&self->sender, SKAD_WIRE_EPOCH + 1);
        craft->epoch = next->epoch;
        craft->nonce = (skad_span){next->bytes, SKAD_NONCE_BYTES};
    } else if (which == FLAW_IDENTITY) {
        craft->id = (skad_span){self->other.id.bytes, SKAD_ID_BYTES};
    } else if (which == FLAW_DYNAMIC) {
        craft->nonce = (skad_span){wrong_nonce, sizeof wrong_nonce};
    } else if (which == FLAW_SIGNATURE_KEY) {
        craft->sender = &self->receiver;
    } else if (which == FLAW_SIGNATURE_NETWORK) {
        craft->network_key = other_network;
    } else if (which == FLAW_BODY) {
        craft->body = (skad_span){one_element, sizeof one_element};
    } else if (which == FLAW_BODY_FORM) {
        craft->body = (skad_span){long_header, sizeof long_header};
    }
}

static void write_flaws(skad_json *json, const skad_vector_identities *self)
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
        apply_to_shape(which, &craft);
        apply_to_fields(which, &craft);
        apply_to_sender(which, self, &unfit, &craft);
        apply_to_nonce(which, self, &craft);
        size_t len = skad_wire_craft_write(&craft, datagram, sizeof datagram);
        skad_vector_dropped_write(json,
                                  &(skad_vector_dropped){.description = FLAWS[which].description,
                                                         .verdict = FLAWS[which].verdict,
                                                         .self = &self->receiver.id},
                                  datagram, len);
    }
}

/* A PONG that is correct in itself, and receivers that await another one. */
static void write_replies(skad_json *json, const skad_vector_identities *self)
{
    const skad_vector_dropped cases[] = {
        {"a reply to nothing", SKAD_VERDICT_UNSOLICITED, &self->receiver.id, NULL, NULL},
        {"a reply by someone else than was asked", SKAD_VERDICT_IDENTITY, &self->receiver.id,
         self->request_digest, &self->other.id},
        {"a reply without an ID to a hello", SKAD_VERDICT_IDENTITY, &self->receiver.id,
         self->request_digest, NULL},
        {"a reply to another request", SKAD_VERDICT_SIGNATURE, &self->receiver.id,
         self->network_key, &self->sender.id},
    };
    skad_draft draft;
    skad_draft *one = &draft;

    skad_vector_draft(self, SKAD_KIND_PONG, &self->receiver.id, self->request_digest,
                      SKAD_VECTOR_TOKEN, &draft);
    skad_seal(&self->sealer, &one, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_vector_dropped_write(json, &cases[i], draft.bytes, draft.len);
    }
}

/* A hello of another kind or length. */
static void write_hellos(skad_json *json, const skad_vector_identities *self)
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
    skad_vector_dropped_write(json,
                              &(skad_vector_dropped){"hello that is not a PING", SKAD_VERDICT_KIND,
                                                     &self->receiver.id, NULL, NULL},
                              datagram, len);
    skad_wire_craft_init(&craft, &self->sender, &nobody, SKAD_KIND_PING,
                         (skad_span){(const uint8_t *)"\x90", 1});
    craft.pad_bytes = 100;
    len = skad_wire_craft_write(&craft, datagram, sizeof datagram);
    skad_vector_dropped_write(json,
                              &(skad_vector_dropped){"hello of another length than 411",
                                                     SKAD_VERDICT_TAG, &self->receiver.id, NULL,
                                                     NULL},
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
static void write_tampered(skad_json *json, const skad_vector_identities *self)
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
    skad_vector_dropped outcome = {.self = &self->receiver.id};

    skad_vector_draft(self, SKAD_KIND_PING, &self->receiver.id, NULL, SKAD_VECTOR_TOKEN, &draft);
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
        skad_vector_dropped_write(json, &outcome, datagram, len);
    }
    memcpy(datagram, draft.bytes, draft.len);
    datagram[SKAD_TAG_BYTES - 1] ^= 1;
    outcome.description = "a bit of the tag's second half changed";
    outcome.verdict = SKAD_VERDICT_TAG;
    skad_vector_dropped_write(json, &outcome, datagram, draft.len);
    memcpy(datagram, draft.bytes, draft.len);
    malleate(datagram + draft.len - SKAD_SIGNATURE_BYTES);
    skad_wire_retag(datagram, draft.len, &self->receiver.id);
    outcome.description = "signature with S + L instead of S";
    outcome.verdict = SKAD_VERDICT_SIGNATURE;
    skad_vector_dropped_write(json, &outcome, datagram, draft.len);
}

/* The last of a batch of three, whose path leads elsewhere. */
static void write_lost_path(skad_json *json, const skad_vector_identities *self)
{
    skad_draft drafts[3];
    skad_draft *batch[3];

    for (size_t i = 0; i < 3; i++) {
        skad_vector_draft(self, SKAD_KIND_PING, &self->receiver.id, NULL, SKAD_VECTOR_TOKEN,
                          &drafts[i]);
        batch[i] = &drafts[i];
    }
    skad_seal(&self->sealer, batch, 3);
    drafts[2].bytes[drafts[2].len - SKAD_PROOF_BYTES(0)] ^= 1;
    skad_wire_retag(drafts[2].bytes, drafts[2].len, &self->receiver.id);
    skad_vector_dropped_write(json,
                              &(skad_vector_dropped){.description = "a bit of the path changed",
                                                     .verdict = SKAD_VERDICT_SIGNATURE,
                                                     .self = &self->receiver.id},
                              drafts[2].bytes, drafts[2].len);
}

void skad_vectors_invalid(skad_json *json)
{
    uint8_t noise[SKAD_DATAGRAM_BYTES_MAX + 1];
    skad_vector_identities self;

    skad_vector_identities_init(&self);
    skad_wire_fill(noise, sizeof noise, 0);
    skad_vector_dropped_write(
        json, &(skad_vector_dropped){"too short", SKAD_VERDICT_SIZE, &self.receiver.id, NULL, NULL},
        noise, SKAD_DATAGRAM_BYTES_MIN - 1);
    skad_vector_dropped_write(
        json, &(skad_vector_dropped){"too long", SKAD_VERDICT_SIZE, &self.receiver.id, NULL, NULL},
        noise, sizeof noise);
    skad_vector_dropped_write(
        json, &(skad_vector_dropped){"noise", SKAD_VERDICT_TAG, &self.receiver.id, NULL, NULL},
        noise, SKAD_DATAGRAM_BYTES_MIN);
    write_flaws(json, &self);
    write_replies(json, &self);
    skad_vectors_bodies(json, &self);
    write_hellos(json, &self);
    write_tampered(json, &self);
    write_lost_path(json, &self);
}
