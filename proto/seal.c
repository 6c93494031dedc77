/* Drafts and their sealing. A draft's buffer has the layout of the datagram from the start: room
 * for the tag, the signed part, and the proof behind it once the batch's depth is known. */
#include "proto/seal.h"

#include <string.h>

#include "crypto/assert.h"
#include "crypto/keys.h"

static bool id_is_zero(const skad_id *id)
{
    static const skad_id zero;
    return memcmp(id->bytes, zero.bytes, SKAD_ID_BYTES) == 0;
}

static size_t bin_bytes(size_t len)
{
    return len <= UINT8_MAX ? SKAD_BIN8(len) : SKAD_BIN16(len);
}

/* Returns the most that a BIN may hold so that, header included, it takes at most `room` bytes. */
static size_t bin_room(size_t room)
{
    if (room < SKAD_BIN8(0)) {
        return 0;
    }
    return room > SKAD_BIN8(UINT8_MAX) ? room - SKAD_BIN16(0) : room - SKAD_BIN8(0);
}

static size_t uint32_bytes(uint32_t value)
{
    if (value < 0x80) {
        return 1;
    }
    return value <= UINT8_MAX ? 2 : value <= UINT16_MAX ? 3 : 5;
}

/* Whether a datagram says whose it is. The requester of an answer knows that, unless it said hello
 * to whichever node is there. */
static bool names_self(const skad_draft_fields *fields)
{
    return fields->request_digest == NULL || fields->to_hello;
}

/* Returns the length of the datagram sealed alone, without its body's and padding's BINs. */
static size_t frame_bytes(const skad_draft_fields *fields, uint32_t epoch)
{
    return SKAD_TAG_BYTES + SKAD_FIXARRAY + 2 * SKAD_FIXINT + SKAD_BIN8(SKAD_RPC_ID_BYTES) +
           SKAD_BIN8(SKAD_PUBLIC_KEY_BYTES) +
           SKAD_BIN8(names_self(fields) ? (size_t)SKAD_ID_BYTES : 0) + uint32_bytes(epoch) +
           SKAD_BIN8(SKAD_NONCE_BYTES) +
           (fields->token == NULL ? SKAD_BIN8(0) : SKAD_BIN8(SKAD_TOKEN_BYTES)) +
           SKAD_PROOF_BYTES(0);
}

/* Returns the padding that brings a datagram of `bytes` bytes, with an empty padding counted in, to
 * at least `bytes_min`: to exactly that, or to one more where the padding's header grows. */
static size_t padding_for(size_t bytes, size_t bytes_min)
{
    if (bytes >= bytes_min) {
        return 0;
    }
    size_t missing = bytes_min - bytes;
    return missing > (size_t)UINT8_MAX + 1 ? missing - 1 : missing;
}

skad_status skad_draft_write(const skad_sealer *sealer, const skad_draft_fields *fields,
                             skad_draft *out)
{
    bool hello = id_is_zero(fields->recipient);
    size_t bytes_min = hello ? SKAD_FIRST_CONTACT_BYTES : fields->bytes_min;
    size_t bytes_max = fields->bytes_max == 0 ? SKAD_DATAGRAM_BYTES_MAX : fields->bytes_max;
    size_t frame = frame_bytes(fields, sealer->nonce->epoch) + SKAD_BIN8(0);
    uint8_t body[SKAD_BODY_BYTES_MAX];
    skad_writer writer;

    if (hello) {
        bytes_max = SKAD_FIRST_CONTACT_BYTES;
    }
    if (bytes_max > SKAD_DATAGRAM_BYTES_MAX || bytes_max < frame) {
        return SKAD_ERR_INPUT;
    }
    size_t room = bin_room(bytes_max - frame);
    size_t body_len =
        skad_message_encode(fields->message, body, room < sizeof body ? room : sizeof body);
    size_t pad_bytes = padding_for(frame + bin_bytes(body_len), bytes_min);
    if (body_len == 0 || pad_bytes > SKAD_PAD_BYTES_MAX ||
        frame - SKAD_BIN8(0) + bin_bytes(body_len) + bin_bytes(pad_bytes) > bytes_max) {
        return SKAD_ERR_INPUT;
    }
    skad_writer_init(&writer, out->bytes + SKAD_TAG_BYTES, sizeof out->bytes - SKAD_TAG_BYTES);
    skad_envelope_write_signed_part(&writer,
                                    &(skad_envelope_fields){
                                        .kind = fields->message->kind,
                                        .mark = fields->mark,
                                        .rpc_id = fields->rpc_id,
                                        .public_key = sealer->identity->public_key,
                                        .id = names_self(fields) ? &sealer->identity->id : NULL,
                                        .nonce = sealer->nonce,
                                        .token = fields->token,
                                        .body = {body, body_len},
                                        .pad_bytes = pad_bytes,
                                    });
    SKAD_ASSERT(!writer.overflow && fields->copy < SKAD_MERKLE_LEAVES_MAX);
    out->len = (uint16_t)(SKAD_TAG_BYTES + writer.len);
    out->bytes_max = (uint16_t)bytes_max;
    out->sealed = false;
    out->request = fields->request_digest == NULL;
    out->copy = fields->copy;
    out->recipient = *fields->recipient;
    skad_envelope_digest(sealer->network_key, fields->recipient, fields->request_digest,
                         (skad_span){writer.data, writer.len}, out->digest);
    return SKAD_OK;
}

size_t skad_seal_batch_size(const skad_draft *const *drafts, size_t count)
{
    SKAD_ASSERT(count >= 1);
    size_t slack = (size_t)(drafts[0]->bytes_max - drafts[0]->len); /* of the tightest draft */
    size_t size = 1;
    size_t extra = drafts[0]->copy > 0; /* leaf for the number of a copy */

    while (size < count && size + extra < SKAD_MERKLE_LEAVES_MAX) {
        size_t next = (size_t)(drafts[size]->bytes_max - drafts[size]->len);
        slack = next < slack ? next : slack;
        extra = extra > 0 || drafts[size]->copy > 0;
        if (size + 1 + extra > SKAD_MERKLE_LEAVES_MAX ||
            slack < SKAD_PROOF_BYTES(skad_merkle_depth(size + 1 + extra))) {
            break;
        }
        size++;
    }
    return size;
}

/* Fills in the leaves of a batch. Returns the place of the first draft. */
static size_t fill_leaves(skad_draft *const *drafts, size_t count,
                          uint8_t leaves[SKAD_MERKLE_LEAVES_MAX][SKAD_HASH_BYTES])
{
    uint8_t copy = 0;
    for (size_t i = 0; i < count; i++) {
        copy = drafts[i]->copy > copy ? drafts[i]->copy : copy;
    }
    size_t first = copy > 0;
    SKAD_ASSERT(count >= 1 && first + count <= SKAD_MERKLE_LEAVES_MAX);
    skad_envelope_copy_leaf(copy, leaves[0]);
    for (size_t i = 0; i < count; i++) {
        memcpy(leaves[first + i], drafts[i]->digest, SKAD_HASH_BYTES);
    }
    return first;
}

void skad_seal(const skad_sealer *sealer, skad_draft *const *drafts, size_t count)
{
    uint8_t leaves[SKAD_MERKLE_LEAVES_MAX][SKAD_HASH_BYTES];
    uint8_t path[SKAD_MERKLE_DEPTH_MAX * SKAD_HASH_BYTES];
    uint8_t signature[SKAD_SIGNATURE_BYTES];
    skad_merkle tree;

    size_t first = fill_leaves(drafts, count, leaves);
    const bool lone_copy = count == 1 && first == 1;
    /* C17 adds const to the elements of an array only by a cast. */
    skad_merkle_build(&tree, (const uint8_t(*)[SKAD_HASH_BYTES])leaves, first + count);
    skad_sign(SKAD_SIGN_DATAGRAM, skad_merkle_root(&tree), sealer->identity->secret_key, signature);
    for (size_t i = 0; i < count; i++) {
        skad_draft *draft = drafts[i];
        skad_writer writer;

        SKAD_ASSERT(!draft->sealed);
        skad_merkle_path(&tree, first + i, path);
        skad_writer_init(&writer, draft->bytes + draft->len,
                         (size_t)(draft->bytes_max - draft->len));
        if (lone_copy) { /* its path follows from its number */
            skad_envelope_write_proof(&writer, draft->copy, NULL, 0, signature);
        } else {
            skad_envelope_write_proof(&writer, first + i, path, tree.depth, signature);
        }
        SKAD_ASSERT(!writer.overflow);
        draft->len = (uint16_t)(draft->len + writer.len);
        skad_tag_make(sealer->network_key, &draft->recipient, draft->bytes + SKAD_TAG_BYTES,
                      (size_t)(draft->len - SKAD_TAG_BYTES), draft->bytes);
        draft->sealed = true;
    }
}
