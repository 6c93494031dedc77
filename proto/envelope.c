/* The envelope: its decoding, its encoding, and the digest that its signature leads to.
 *
 * Strict decoding makes its layout arithmetic: index is below 16 and takes one byte, and path and
 * signature have headers of two bytes. So the proof's size follows from the depth alone, and the
 * signed part is everything before it. */
#include "proto/envelope.h"

#include <string.h>

#include "proto/reader.h"

/* A few more than our own version needs, so that the envelope of a later version with more elements
 * is not taken for noise. */
#define ENVELOPE_ITEMS_MAX 32

_Static_assert(SKAD_MERKLE_LEAVES_MAX <= 128, "index fits a byte");
_Static_assert(SKAD_MERKLE_DEPTH_MAX *SKAD_HASH_BYTES <= UINT8_MAX, "path has a short header");

static bool all_zero(skad_span bytes)
{
    uint8_t any = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        any |= bytes.data[i];
    }
    return any == 0;
}

/* Reads index, path and signature: they say which leaf of which tree was signed. With an empty path
 * the index numbers copies. */
static void read_proof(skad_reader *reader, skad_envelope *out)
{
    out->index = (size_t)skad_read_uint(reader, SKAD_MERKLE_LEAVES_MAX - 1);
    skad_span path = skad_read_bin(reader, 0, (size_t)SKAD_MERKLE_DEPTH_MAX * SKAD_HASH_BYTES);
    out->path = path.data;
    out->depth = path.len / SKAD_HASH_BYTES;
    out->signature = skad_read_bin(reader, SKAD_SIGNATURE_BYTES, SKAD_SIGNATURE_BYTES).data;
    if (path.len % SKAD_HASH_BYTES != 0 ||
        (out->depth > 0 && out->index >= (size_t)1 << out->depth)) {
        reader->failed = true;
    }
}

/* Reads the elements after version and kind. */
static void read_elements(skad_reader *reader, skad_envelope *out)
{
    out->rpc_id = skad_read_bin(reader, SKAD_RPC_ID_BYTES, SKAD_RPC_ID_BYTES).data;
    out->public_key = skad_read_bin(reader, SKAD_PUBLIC_KEY_BYTES, SKAD_PUBLIC_KEY_BYTES).data;
    skad_span id = skad_read_bin(reader, 0, SKAD_ID_BYTES);
    out->id = id.len == 0 ? NULL : (const skad_id *)(const void *)id.data; /* bytes alone */
    out->nonce.epoch = (uint32_t)skad_read_uint(reader, UINT32_MAX);
    skad_read_bytes(reader, out->nonce.bytes, SKAD_NONCE_BYTES);
    skad_span token = skad_read_bin(reader, 0, SKAD_TOKEN_BYTES);
    out->token = token.data;
    out->body = skad_read_bin(reader, 1, SKAD_BODY_BYTES_MAX);
    skad_span padding = skad_read_bin(reader, 0, SKAD_PAD_BYTES_MAX);
    read_proof(reader, out);
    if ((id.len != 0 && id.len != SKAD_ID_BYTES) ||
        (token.len != 0 && token.len != SKAD_TOKEN_BYTES) || !all_zero(padding)) {
        reader->failed = true;
    }
}

static const uint8_t MARKS[] = {
    [SKAD_MARK_NONE] = 0,
    [SKAD_MARK_CLIENT] = SKAD_KIND_CLIENT,
    [SKAD_MARK_GUARDED] = SKAD_KIND_GUARDED,
};

/* Takes the mark off a kind. With both there is no such kind. */
static skad_mark take_mark(uint64_t *kind)
{
    switch (*kind & (SKAD_KIND_CLIENT | SKAD_KIND_GUARDED)) {
    case SKAD_KIND_CLIENT:
        *kind -= SKAD_KIND_CLIENT;
        return SKAD_MARK_CLIENT;
    case SKAD_KIND_GUARDED:
        *kind -= SKAD_KIND_GUARDED;
        return SKAD_MARK_GUARDED;
    default:
        return SKAD_MARK_NONE;
    }
}

skad_verdict skad_envelope_decode(const uint8_t *data, size_t len, skad_envelope *out)
{
    skad_item items[ENVELOPE_ITEMS_MAX];
    size_t count;
    size_t consumed;
    skad_reader reader;

    if (len > SKAD_ENVELOPE_BYTES_MAX ||
        skad_cut(data, len, SKAD_CUT_STRICT, items, ENVELOPE_ITEMS_MAX, &count, &consumed) !=
            SKAD_CUT_OK) {
        return SKAD_VERDICT_STRUCTURE;
    }
    skad_reader_init(&reader, items, count);
    size_t elements = skad_read_array(&reader, 1, ENVELOPE_ITEMS_MAX);
    uint64_t version = skad_read_uint(&reader, UINT64_MAX);
    if (!reader.failed && version != SKAD_PROTOCOL_VERSION) {
        return SKAD_VERDICT_VERSION;
    }
    uint64_t kind = skad_read_uint(&reader, UINT64_MAX);
    read_elements(&reader, out);
    if (!skad_reader_done(&reader) || elements != SKAD_ENVELOPE_ELEMENTS) {
        return SKAD_VERDICT_STRUCTURE;
    }
    out->signed_part = (skad_span){data, len - SKAD_PROOF_BYTES(out->depth)};
    out->mark = take_mark(&kind);
    out->kind = (skad_kind)kind;
    if (kind > SKAD_KIND_ERROR ||
        !(skad_kind_is_request(out->kind) || skad_kind_is_reply(out->kind))) {
        return SKAD_VERDICT_KIND;
    }
    if (skad_kind_is_request(out->kind) && out->id == NULL) {
        return SKAD_VERDICT_STRUCTURE;
    }
    return SKAD_VERDICT_ACCEPT;
}

/* Returns how many bytes an epoch takes, given the first of them: the shortest form of
 * an integer. */
static size_t epoch_bytes(uint8_t first)
{
    switch (first) {
    case 0xcc:
        return 2;
    case 0xcd:
        return 3;
    case 0xce:
        return SKAD_UINT32_BYTES_MAX;
    default:
        return SKAD_FIXINT;
    }
}

bool skad_envelope_glance_at(const uint8_t *data, size_t len, skad_envelope_glance *out)
{
    const size_t kind = SKAD_FIXARRAY + SKAD_FIXINT;
    const size_t id =
        kind + SKAD_FIXINT + SKAD_BIN8(SKAD_RPC_ID_BYTES) + SKAD_BIN8(SKAD_PUBLIC_KEY_BYTES);
    const uint8_t bin8 = 0xc4;
    if (len <= id + SKAD_BIN8(0)) {
        return false;
    }
    const size_t epoch = id + SKAD_BIN8((size_t)data[id + 1]);
    if (len <= epoch) {
        return false;
    }
    const size_t token = epoch + epoch_bytes(data[epoch]) + SKAD_BIN8(SKAD_NONCE_BYTES);
    if (len <= token + 1 || data[0] != (0x90 | SKAD_ENVELOPE_ELEMENTS) || data[token] != bin8) {
        return false;
    }
    out->kind = data[kind] & (uint8_t) ~(SKAD_KIND_CLIENT | SKAD_KIND_GUARDED);
    out->token = data[token + 1] != 0;
    return true;
}

void skad_envelope_write_signed_part(skad_writer *writer, const skad_envelope_fields *fields)
{
    skad_write_array(writer, SKAD_ENVELOPE_ELEMENTS);
    skad_write_uint(writer, SKAD_PROTOCOL_VERSION);
    skad_write_uint(writer, (unsigned)fields->kind + MARKS[fields->mark]);
    skad_write_bin(writer, fields->rpc_id, SKAD_RPC_ID_BYTES);
    skad_write_bin(writer, fields->public_key, SKAD_PUBLIC_KEY_BYTES);
    skad_write_bin(writer, fields->id == NULL ? NULL : fields->id->bytes,
                   fields->id == NULL ? 0 : SKAD_ID_BYTES);
    skad_write_uint(writer, fields->nonce->epoch);
    skad_write_bin(writer, fields->nonce->bytes, SKAD_NONCE_BYTES);
    skad_write_bin(writer, fields->token, fields->token == NULL ? 0 : SKAD_TOKEN_BYTES);
    skad_write_bin(writer, fields->body.data, fields->body.len);
    skad_write_zeros(writer, fields->pad_bytes);
}

void skad_envelope_write_proof(skad_writer *writer, size_t index, const uint8_t *path, size_t depth,
                               const uint8_t signature[static SKAD_SIGNATURE_BYTES])
{
    skad_write_uint(writer, index);
    skad_write_bin(writer, path, depth * SKAD_HASH_BYTES);
    skad_write_bin(writer, signature, SKAD_SIGNATURE_BYTES);
}

void skad_envelope_digest(const uint8_t network_key[static SKAD_HASH_BYTES],
                          const skad_id *recipient, const uint8_t *request_digest,
                          skad_span signed_part, uint8_t out[static SKAD_HASH_BYTES])
{
    static const uint8_t no_request[SKAD_HASH_BYTES];
    const skad_span parts[] = {
        {recipient->bytes, SKAD_ID_BYTES},
        {request_digest != NULL ? request_digest : no_request, SKAD_HASH_BYTES},
        signed_part,
    };
    skad_hash(SKAD_HASH_LEAF, network_key, parts, 3, out, SKAD_HASH_BYTES);
}

void skad_envelope_copy_leaf(uint8_t copy, uint8_t out[static SKAD_HASH_BYTES])
{
    memset(out, 0, SKAD_HASH_BYTES);
    out[SKAD_HASH_BYTES - 1] = copy;
}

void skad_envelope_root(const uint8_t digest[static SKAD_HASH_BYTES], size_t index,
                        const uint8_t *path, size_t depth, uint8_t root[static SKAD_HASH_BYTES])
{
    uint8_t leaf[SKAD_HASH_BYTES];
    if (depth > 0 || index == 0) {
        skad_merkle_climb(digest, index, path, depth, root);
        return;
    }
    skad_envelope_copy_leaf((uint8_t)index, leaf);
    skad_merkle_climb(digest, 1, leaf, 1, root);
}
