/* Identities, messages and flawed datagrams for tests of the wire. */
#include "tests/support/wire.h"

#include <string.h>

#include "crypto/assert.h"
#include "crypto/puzzle.h"
#include "proto/address.h"
#include "proto/profile.h"

const skad_kind skad_wire_kinds[SKAD_WIRE_KINDS] = {
    SKAD_KIND_PING,     SKAD_KIND_FIND_NODE, SKAD_KIND_FIND_VALUE, SKAD_KIND_STORE,
    SKAD_KIND_ANNOUNCE, SKAD_KIND_COMPARE,   SKAD_KIND_MATCH,      SKAD_KIND_PROBE,
    SKAD_KIND_CALL,     SKAD_KIND_INTRODUCE, SKAD_KIND_FORWARD,    SKAD_KIND_AUDIT,
    SKAD_KIND_PROVE,    SKAD_KIND_PONG,      SKAD_KIND_NODES,      SKAD_KIND_VALUE,
    SKAD_KIND_STORED,   SKAD_KIND_ANNOUNCED, SKAD_KIND_COMPARED,   SKAD_KIND_MATCHED,
    SKAD_KIND_PROBED,   SKAD_KIND_CALLED,    SKAD_KIND_INTRODUCED, SKAD_KIND_FORWARDED,
    SKAD_KIND_AUDITED,  SKAD_KIND_PROVEN,    SKAD_KIND_ERROR,
};

const char *skad_wire_kind_name(skad_kind kind)
{
    static const char *const names[SKAD_WIRE_KINDS] = {
        "PING",   "FIND_NODE",  "FIND_VALUE", "STORE",     "ANNOUNCE", "COMPARE", "MATCH",
        "PROBE",  "CALL",       "INTRODUCE",  "FORWARD",   "AUDIT",    "PROVE",   "PONG",
        "NODES",  "VALUE",      "STORED",     "ANNOUNCED", "COMPARED", "MATCHED", "PROBED",
        "CALLED", "INTRODUCED", "FORWARDED",  "AUDITED",   "PROVEN",   "ERROR",
    };
    for (size_t i = 0; i < SKAD_WIRE_KINDS; i++) {
        if (skad_wire_kinds[i] == kind) {
            return names[i];
        }
    }
    return "?";
}

void skad_wire_fill(uint8_t *out, size_t len, uint8_t first)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(first + i);
    }
}

/* Counts nonces up from zero; 2^6 are expected to do. */
static void solve(skad_identity *identity, uint32_t epoch)
{
    const skad_profile *profile = skad_profile_builtin("test");
    skad_puzzle_nonce nonce = {.epoch = epoch};

    for (uint32_t i = 0; !skad_puzzle_dynamic_ok(&identity->id, &nonce, profile->memory_kib,
                                                 profile->dynamic_bits);) {
        i++;
        nonce.bytes[6] = (uint8_t)(i >> 8);
        nonce.bytes[7] = (uint8_t)i;
    }
    identity->nonces[identity->nonces_count++] = nonce;
}

static void make_identity(uint8_t label, bool fit, skad_identity *out)
{
    const skad_profile *profile = skad_profile_builtin("test");
    uint8_t seed[32] = {label};

    skad_crypto_init();
    skad_status status = skad_identity_from_seed(seed, profile->memory_kib, out);
    while (status == SKAD_OK && skad_puzzle_static_ok(&out->id, profile->static_bits) != fit) {
        seed[31]++;
        status = skad_identity_from_seed(seed, profile->memory_kib, out);
    }
    SKAD_ASSERT(status == SKAD_OK);
    for (uint32_t epoch = SKAD_WIRE_EPOCH - 1; epoch <= SKAD_WIRE_EPOCH + 1; epoch++) {
        solve(out, epoch);
    }
}

void skad_wire_identity(uint8_t label, skad_identity *out)
{
    make_identity(label, true, out);
}

void skad_wire_identity_unfit(uint8_t label, skad_identity *out)
{
    make_identity(label, false, out);
}

static skad_span sample_record(void)
{
    /* [1, "a value"] */
    static const uint8_t record[] = {0x92, 0x01, 0xc4, 7, 'a', ' ', 'v', 'a', 'l', 'u', 'e'};
    return (skad_span){record, sizeof record};
}

static void address(const char *text, skad_address *out)
{
    SKAD_ASSERT(skad_address_parse(text, out));
}

/* One contact with both families, one with each alone. */
static size_t sample_contacts(skad_contact *out)
{
    memset(out, 0, 3 * sizeof *out);
    for (uint8_t i = 0; i < 3; i++) {
        skad_wire_fill(out[i].id.bytes, SKAD_ID_BYTES, (uint8_t)(0x10 * (i + 1)));
    }
    address("192.0.2.1:4001", &out[0].ipv4);
    address("[2001:db8::1]:4001", &out[0].ipv6);
    address("192.0.2.2:4002", &out[1].ipv4);
    address("[2001:db8::3]:4003", &out[2].ipv6);
    return 3;
}

static void sample_request(skad_message *out)
{
    if (out->kind == SKAD_KIND_FIND_NODE) {
        skad_wire_fill(out->u.find_node.target.bytes, SKAD_ID_BYTES, 0x40);
        out->u.find_node.want = SKAD_FAMILIES_ALL;
    } else if (out->kind == SKAD_KIND_FIND_VALUE) {
        skad_wire_fill(out->u.find_value.key.bytes, SKAD_ID_BYTES, 0x60);
        out->u.find_value.want = SKAD_FAMILY_IPV4;
        out->u.find_value.type = SKAD_RECORD_IMMUTABLE;
    } else if (out->kind == SKAD_KIND_STORE) {
        out->u.store.record = sample_record();
        out->u.store.life_s = 86400;
    } else if (out->kind == SKAD_KIND_ANNOUNCE) {
        out->u.announce.record = sample_record();
    } else if (out->kind == SKAD_KIND_COMPARE) {
        static uint8_t held[3 * SKAD_COMPARE_ITEM_BYTES];
        skad_wire_fill(held, sizeof held, 0x20);
        out->u.compare.held = (skad_span){held, sizeof held};
    } else if (out->kind == SKAD_KIND_MATCH) {
        static uint8_t digests[SKAD_MATCH_BYTES];
        skad_wire_fill(digests, sizeof digests, 0x30);
        out->u.match.bits = 7;
        out->u.match.digests = (skad_span){digests, sizeof digests};
    } else if (out->kind == SKAD_KIND_CALL) {
        skad_wire_fill(out->u.call.id.bytes, SKAD_ID_BYTES, 0x50);
        address("198.51.100.9:4009", &out->u.call.endpoint);
    } else if (out->kind == SKAD_KIND_INTRODUCE) {
        skad_wire_fill(out->u.introduce.id.bytes, SKAD_ID_BYTES, 0x70);
    } else if (out->kind == SKAD_KIND_FORWARD) {
        skad_wire_fill(out->u.forward.target.bytes, SKAD_ID_BYTES, 0x90);
        out->u.forward.aim = SKAD_FORWARD_NODES;
        out->u.forward.want = SKAD_FAMILIES_ALL;
        out->u.forward.budget = 24;
        out->u.forward.life_ms = 5000;
    } else if (out->kind == SKAD_KIND_AUDIT) {
        static uint8_t challenge[SKAD_AUDIT_CHALLENGE_BYTES];
        skad_wire_fill(challenge, sizeof challenge, 0x80);
        out->u.audit.round = 3000000;
        out->u.audit.challenge = (skad_span){challenge, sizeof challenge};
    } else if (out->kind == SKAD_KIND_PROVE) {
        static uint8_t points[2 * SKAD_AUDIT_POINT_BYTES];
        skad_wire_fill(points, sizeof points, 0x90);
        out->u.prove.round = 3000000;
        out->u.prove.points = (skad_span){points, sizeof points};
    }
}

static void sample_audit(skad_message *out)
{
    static uint8_t commitment[SKAD_AUDIT_COMMITMENT_BYTES];
    static uint8_t openings[2 * SKAD_AUDIT_OPENING_BYTES];
    static uint8_t signature[SKAD_SIGNATURE_BYTES];
    skad_wire_fill(commitment, sizeof commitment, 0x03);
    if (out->kind == SKAD_KIND_AUDITED) {
        out->u.reply.u.audited.commitment = (skad_span){commitment, sizeof commitment};
        return;
    }
    skad_wire_fill(openings, sizeof openings, 0x10);
    skad_wire_fill(signature, sizeof signature, 0x20);
    out->u.reply.u.proven.commitment = (skad_span){commitment, sizeof commitment};
    out->u.reply.u.proven.openings = (skad_span){openings, sizeof openings};
    out->u.reply.u.proven.signature = (skad_span){signature, sizeof signature};
}

void skad_wire_message(skad_kind kind, skad_message *out)
{
    memset(out, 0, sizeof *out);
    out->kind = kind;
    if (skad_kind_is_request(kind)) {
        sample_request(out);
        return;
    }
    address("198.51.100.7:4000", &out->u.reply.observed);
    if (kind == SKAD_KIND_NODES) {
        out->u.reply.u.nodes.contacts_count = sample_contacts(out->u.reply.u.nodes.contacts);
    } else if (kind == SKAD_KIND_VALUE) {
        out->u.reply.u.value.records_count = 1;
        out->u.reply.u.value.records[0] = sample_record();
        out->u.reply.u.value.contacts_count = sample_contacts(out->u.reply.u.value.contacts);
    } else if (kind == SKAD_KIND_COMPARED) {
        static const uint8_t lacking[] = {5};
        out->u.reply.u.compared.lacking = (skad_span){lacking, sizeof lacking};
    } else if (kind == SKAD_KIND_MATCHED) {
        out->u.reply.u.matched.differs = UINT64_C(0x8000000000000001);
    } else if (kind == SKAD_KIND_ERROR) {
        out->u.reply.u.error.code = SKAD_ERROR_TOKEN;
    } else if (kind == SKAD_KIND_FORWARDED) {
        out->u.reply.u.forwarded.record = sample_record();
    } else if (kind == SKAD_KIND_PROBED) {
        address("[2001:db8::9]:4009", &out->u.reply.u.probed.caller);
    } else if (kind == SKAD_KIND_AUDITED || kind == SKAD_KIND_PROVEN) {
        sample_audit(out);
    } else if (kind != SKAD_KIND_PONG && kind != SKAD_KIND_CALLED && kind != SKAD_KIND_INTRODUCED) {
        out->u.reply.u.stored.life_s = 86400;
    }
}

void skad_wire_forward_store(skad_message *out)
{
    static const uint8_t value[] = {'a', ' ', 'v', 'a', 'l', 'u', 'e'}; /* of the sample record */
    skad_wire_message(SKAD_KIND_FORWARD, out);
    skad_value_key(value, sizeof value, &out->u.forward.target);
    out->u.forward.aim = SKAD_FORWARD_STORE;
    out->u.forward.record = sample_record();
}

skad_publisher test_publisher(const skad_profile *profile, const skad_identity *identity)
{
    skad_publisher publisher = {.identity = identity};
    skad_profile_network_id(profile, &publisher.network);
    return publisher;
}

skad_publisher skad_wire_publisher(const skad_identity *identity)
{
    return test_publisher(skad_profile_builtin("test"), identity);
}

void skad_wire_network_key(uint8_t out[static SKAD_HASH_BYTES])
{
    skad_profile_network_key(skad_profile_builtin("test"), out);
}

void skad_wire_craft_init(skad_wire_craft *self, const skad_identity *sender,
                          const skad_id *recipient, skad_kind kind, skad_span body)
{
    static const uint8_t rpc_id[SKAD_RPC_ID_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8};
    const skad_puzzle_nonce *nonce = skad_identity_nonce(sender, SKAD_WIRE_EPOCH);

    *self = (skad_wire_craft){
        .sender = sender,
        .recipient = *recipient,
        .elements = SKAD_ENVELOPE_ELEMENTS,
        .version = SKAD_PROTOCOL_VERSION,
        .kind = kind,
        .rpc_id = {rpc_id, sizeof rpc_id},
        .public_key = {sender->public_key, SKAD_PUBLIC_KEY_BYTES},
        .id = {sender->id.bytes, skad_kind_is_request(kind) ? SKAD_ID_BYTES : 0},
        .epoch = nonce->epoch,
        .nonce = {nonce->bytes, SKAD_NONCE_BYTES},
        .body = body,
        .signature_bytes = SKAD_SIGNATURE_BYTES,
    };
}

static void write_span(skad_writer *writer, skad_span span)
{
    skad_write_bin(writer, span.data, span.len);
}

/* The root that the craft's index and path lead to, as far as they make sense. */
static void craft_sign(const skad_wire_craft *self, skad_span signed_part, uint8_t *signature)
{
    uint8_t digest[SKAD_HASH_BYTES];
    uint8_t root[SKAD_HASH_BYTES];
    size_t depth = self->path.len / SKAD_HASH_BYTES;

    if (depth > SKAD_MERKLE_DEPTH_MAX) {
        depth = SKAD_MERKLE_DEPTH_MAX;
    }
    uint8_t network_key[SKAD_HASH_BYTES];
    skad_wire_network_key(network_key);
    skad_envelope_digest(self->network_key != NULL ? self->network_key : network_key,
                         &self->recipient, self->request_digest, signed_part, digest);
    const size_t leaves = depth == 0 ? SKAD_MERKLE_LEAVES_MAX : (size_t)1 << depth;
    skad_envelope_root(digest, (size_t)self->index & (leaves - 1), self->path.data, depth, root);
    skad_sign(SKAD_SIGN_DATAGRAM, root, self->sender->secret_key, signature);
}

size_t skad_wire_craft_write(const skad_wire_craft *self, uint8_t *out, size_t cap)
{
    uint8_t signature[SKAD_SIGNATURE_BYTES + 1] = {0};
    skad_writer writer;

    skad_writer_init(&writer, out + SKAD_TAG_BYTES, cap - SKAD_TAG_BYTES);
    skad_write_array(&writer, self->elements);
    skad_write_uint(&writer, self->version);
    skad_write_uint(&writer, self->kind);
    write_span(&writer, self->rpc_id);
    write_span(&writer, self->public_key);
    write_span(&writer, self->id);
    skad_write_uint(&writer, self->epoch);
    write_span(&writer, self->nonce);
    write_span(&writer, self->token);
    write_span(&writer, self->body);
    skad_write_zeros(&writer, self->pad_bytes);
    if (self->pad_bytes > 0) {
        writer.data[writer.len - 1] = self->pad_last;
    }
    craft_sign(self, (skad_span){writer.data, writer.len}, signature);
    skad_write_uint(&writer, self->index);
    write_span(&writer, self->path);
    skad_write_bin(&writer, signature, self->signature_bytes);
    skad_write_raw(&writer, self->after.data, self->after.len);
    SKAD_ASSERT(!writer.overflow);
    skad_wire_retag(out, SKAD_TAG_BYTES + writer.len, &self->recipient);
    return SKAD_TAG_BYTES + writer.len;
}

void skad_wire_retag(uint8_t *datagram, size_t len, const skad_id *recipient)
{
    uint8_t key[SKAD_HASH_BYTES];

    skad_wire_network_key(key);
    skad_tag_make(key, recipient, datagram + SKAD_TAG_BYTES, len - SKAD_TAG_BYTES, datagram);
}

static bool tag_ok(const uint8_t *datagram, size_t len, const skad_id *recipient)
{
    uint8_t key[SKAD_HASH_BYTES];

    skad_wire_network_key(key);
    return skad_tag_ok(key, recipient, datagram + SKAD_TAG_BYTES, len - SKAD_TAG_BYTES, datagram);
}

skad_verdict skad_wire_receive(const uint8_t *datagram, size_t len, const skad_id *self,
                               uint64_t unix_s, const skad_open_awaited *awaited,
                               skad_opened *opened)
{
    static const skad_id nobody;
    uint8_t network_key[SKAD_HASH_BYTES];
    skad_wire_network_key(network_key);
    const skad_open_context context = {.profile = skad_profile_builtin("test"),
                                       .unix_s = unix_s,
                                       .prove = true,
                                       .self = *self,
                                       .network_key = network_key};
    skad_envelope envelope;

    if (len < SKAD_DATAGRAM_BYTES_MIN || len > SKAD_DATAGRAM_BYTES_MAX) {
        return SKAD_VERDICT_SIZE;
    }
    bool hello = false;
    if (!tag_ok(datagram, len, self)) {
        hello = len == SKAD_FIRST_CONTACT_BYTES && tag_ok(datagram, len, &nobody);
        if (!hello) {
            return SKAD_VERDICT_TAG;
        }
    }
    skad_verdict verdict =
        skad_envelope_decode(datagram + SKAD_TAG_BYTES, len - SKAD_TAG_BYTES, &envelope);
    if (verdict != SKAD_VERDICT_ACCEPT) {
        return verdict;
    }
    /* A node notices its own key before it looks up which request a reply answers. */
    skad_id owner;
    skad_status status = skad_node_id(envelope.public_key, context.profile->memory_kib, &owner);
    SKAD_ASSERT(status == SKAD_OK);
    bool fits = !hello || envelope.kind == SKAD_KIND_PING;
    if (fits && memcmp(&owner, self, SKAD_ID_BYTES) == 0) {
        return SKAD_VERDICT_SELF;
    }
    return skad_open(&context, &envelope, hello, awaited, opened);
}
