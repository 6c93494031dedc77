/* Each hash begins with a letter that says what it is for (proto/PROTOCOL.md, "Audits"). */
#include "proto/audit.h"

#include <string.h>

#include "crypto/assert.h"

#define INDEX_BYTES  2
#define INDEX_NONE   0xffffU
#define NUMBER_BYTES 8
#define PARTS_MAX    12

typedef struct hasher {
    skad_span parts[PARTS_MAX];
    size_t count;
    uint8_t letter;
    uint8_t numbers[4][NUMBER_BYTES]; /* big-endian */
    size_t numbers_count;
} hasher;

static void add(hasher *self, const void *data, size_t len)
{
    SKAD_ASSERT(self->count < PARTS_MAX);
    self->parts[self->count++] = (skad_span){data, len};
}

static void begin(hasher *self, char letter)
{
    self->count = 0;
    self->numbers_count = 0;
    self->letter = (uint8_t)letter;
    add(self, &self->letter, 1);
}

static void write_number(uint8_t *out, size_t bytes, uint64_t number)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(number >> (8 * (bytes - 1 - i)));
    }
}

static void add_number(hasher *self, uint64_t number)
{
    uint8_t *bytes = self->numbers[self->numbers_count++];
    write_number(bytes, NUMBER_BYTES, number);
    add(self, bytes, NUMBER_BYTES);
}

static void finish(hasher *self, uint8_t *out, size_t bytes)
{
    skad_hash(SKAD_HASH_AUDIT, NULL, self->parts, self->count, out, bytes);
}

static void begin_round(hasher *self, char letter, const skad_audit_round *round)
{
    begin(self, letter);
    add(self, round->network.bytes, sizeof round->network.bytes);
    add_number(self, round->period_s);
    add_number(self, round->number);
}

/* ---- The draw ---- */

void skad_audit_anchor(const skad_audit_round *round, skad_id *out)
{
    hasher hash;
    begin_round(&hash, 'a', round);
    finish(&hash, out->bytes, sizeof out->bytes);
}

void skad_audit_key(const skad_audit_round *round, skad_id *out)
{
    hasher hash;
    begin_round(&hash, 'k', round);
    finish(&hash, out->bytes, sizeof out->bytes);
}

void skad_audit_lot(const skad_audit_round *round, const skad_id *id,
                    uint8_t out[static SKAD_AUDIT_LOT_BYTES])
{
    hasher hash;
    begin_round(&hash, 'l', round);
    add(&hash, id->bytes, sizeof id->bytes);
    finish(&hash, out, SKAD_AUDIT_LOT_BYTES);
}

void skad_audit_start(const skad_audit_case *of, const skad_id *anchor, unsigned bits, skad_id *out)
{
    hasher hash;
    begin(&hash, 's');
    add(&hash, of->challenge, sizeof of->challenge);
    add(&hash, of->prover, sizeof of->prover);
    finish(&hash, out->bytes, sizeof out->bytes);
    memcpy(out->bytes, anchor->bytes, bits / 8);
    if (bits % 8 != 0) {
        const uint8_t region = (uint8_t)(0xff00U >> (bits % 8));
        out->bytes[bits / 8] =
            (uint8_t)((anchor->bytes[bits / 8] & region) | (out->bytes[bits / 8] & ~region));
    }
}

/* ---- Leaves ---- */

static const uint8_t no_publisher[SKAD_PUBLIC_KEY_BYTES];

/* Adds the name of a record and its edition. */
static void add_edition(hasher *self, const skad_record *record, const uint8_t *type)
{
    const bool immutable = record->type == SKAD_RECORD_IMMUTABLE;
    add(self, record->key.bytes, sizeof record->key.bytes);
    add(self, type, 1);
    add(self, immutable ? no_publisher : record->publisher, SKAD_PUBLIC_KEY_BYTES);
    add_number(self, immutable ? 0 : record->sequence);
}

void skad_audit_point(const skad_record *record, uint8_t out[static SKAD_AUDIT_POINT_BYTES])
{
    const uint8_t type = (uint8_t)record->type;
    hasher hash;
    begin(&hash, 'p');
    add_edition(&hash, record, &type);
    memcpy(out, record->key.bytes, SKAD_AUDIT_POINT_BYTES / 2);
    finish(&hash, out + SKAD_AUDIT_POINT_BYTES / 2, SKAD_AUDIT_POINT_BYTES / 2);
}

void skad_audit_leaf(const skad_audit_case *of, const skad_record *record,
                     uint8_t out[static SKAD_AUDIT_LEAF_BYTES])
{
    const uint8_t type = (uint8_t)record->type;
    const uint8_t salt_len = (uint8_t)record->salt.len;
    uint8_t port[2];
    hasher hash;
    write_number(port, sizeof port, record->endpoint.port);
    skad_audit_point(record, out);
    begin(&hash, 'f');
    add(&hash, of->challenge, sizeof of->challenge);
    add(&hash, of->prover, sizeof of->prover);
    add_edition(&hash, record, &type);
    if (record->type == SKAD_RECORD_MUTABLE) {
        add(&hash, &salt_len, 1);
        add(&hash, record->salt.data, record->salt.len);
    } else if (record->type == SKAD_RECORD_ANNOUNCEMENT) {
        add(&hash, record->endpoint.ip, sizeof record->endpoint.ip);
        add(&hash, port, sizeof port);
    }
    add(&hash, record->value.data, record->value.len);
    finish(&hash, out + SKAD_AUDIT_POINT_BYTES, SKAD_AUDIT_LEAF_BYTES - SKAD_AUDIT_POINT_BYTES);
}

/* ---- The tree ---- */

typedef uint8_t node_hash[SKAD_AUDIT_HASH_BYTES];

static const node_hash nothing;

static void hash_leaf(const uint8_t *leaf, node_hash out)
{
    hasher hash;
    begin(&hash, 't');
    add(&hash, leaf, SKAD_AUDIT_LEAF_BYTES);
    finish(&hash, out, SKAD_AUDIT_HASH_BYTES);
}

/* A place without a leaf below it is zero. */
static void hash_branch(const node_hash left, const node_hash right, node_hash out)
{
    hasher hash;
    if (memcmp(left, nothing, sizeof nothing) == 0 && memcmp(right, nothing, sizeof nothing) == 0) {
        memset(out, 0, SKAD_AUDIT_HASH_BYTES);
        return;
    }
    begin(&hash, 'b');
    add(&hash, left, SKAD_AUDIT_HASH_BYTES);
    add(&hash, right, SKAD_AUDIT_HASH_BYTES);
    finish(&hash, out, SKAD_AUDIT_HASH_BYTES);
}

/* nodes[1] is the root, nodes[i]'s children are nodes[2i] and nodes[2i+1]. */
typedef struct tree {
    node_hash nodes[2 * SKAD_AUDIT_LEAVES_MAX];
} tree;

static void grow(tree *self, const skad_audit_leaves *leaves)
{
    SKAD_ASSERT(leaves->count <= SKAD_AUDIT_LEAVES_MAX);
    memset(self, 0, sizeof *self);
    for (size_t i = 0; i < leaves->count; i++) {
        hash_leaf(leaves->bytes[i], self->nodes[SKAD_AUDIT_LEAVES_MAX + i]);
    }
    for (size_t i = SKAD_AUDIT_LEAVES_MAX - 1; i >= 1; i--) {
        hash_branch(self->nodes[2 * i], self->nodes[2 * i + 1], self->nodes[i]);
    }
}

void skad_audit_root(const skad_audit_leaves *leaves, uint8_t out[static SKAD_AUDIT_HASH_BYTES])
{
    tree whole;
    grow(&whole, leaves);
    memcpy(out, whole.nodes[1], SKAD_AUDIT_HASH_BYTES);
}

void skad_audit_open(const skad_audit_leaves *leaves,
                     const uint8_t point[static SKAD_AUDIT_POINT_BYTES],
                     uint8_t out[static SKAD_AUDIT_OPENING_BYTES])
{
    tree whole;
    size_t at = 0;
    while (at < leaves->count && memcmp(leaves->bytes[at], point, SKAD_AUDIT_POINT_BYTES) != 0) {
        at++;
    }
    memset(out, 0, SKAD_AUDIT_OPENING_BYTES);
    if (at == leaves->count) {
        write_number(out, INDEX_BYTES, INDEX_NONE);
        return;
    }
    grow(&whole, leaves);
    write_number(out, INDEX_BYTES, at);
    memcpy(out + INDEX_BYTES, leaves->bytes[at], SKAD_AUDIT_LEAF_BYTES);
    uint8_t *path = out + INDEX_BYTES + SKAD_AUDIT_LEAF_BYTES;
    for (size_t place = SKAD_AUDIT_LEAVES_MAX + at; place > 1; place /= 2) {
        memcpy(path, whole.nodes[place ^ 1], SKAD_AUDIT_HASH_BYTES);
        path += SKAD_AUDIT_HASH_BYTES;
    }
}

const uint8_t *skad_audit_opening_leaf(const uint8_t *opening)
{
    return opening + INDEX_BYTES;
}

static bool is_zero(const uint8_t *data, size_t len)
{
    size_t at = 0;
    while (at < len && data[at] == 0) {
        at++;
    }
    return at == len;
}

skad_audit_opened skad_audit_opening_check(const uint8_t opening[static SKAD_AUDIT_OPENING_BYTES],
                                           const uint8_t point[static SKAD_AUDIT_POINT_BYTES],
                                           const uint8_t root[static SKAD_AUDIT_HASH_BYTES])
{
    const unsigned index = (unsigned)opening[0] << 8 | opening[1];
    const uint8_t *leaf = skad_audit_opening_leaf(opening);
    const uint8_t *path = leaf + SKAD_AUDIT_LEAF_BYTES;
    node_hash here;
    if (index == INDEX_NONE) {
        return is_zero(leaf, SKAD_AUDIT_OPENING_BYTES - INDEX_BYTES) ? SKAD_AUDIT_OPENED_NOTHING
                                                                     : SKAD_AUDIT_OPENED_WRONG;
    }
    if (index >= SKAD_AUDIT_LEAVES_MAX || memcmp(leaf, point, SKAD_AUDIT_POINT_BYTES) != 0) {
        return SKAD_AUDIT_OPENED_WRONG;
    }
    hash_leaf(leaf, here);
    for (size_t level = 0; level < SKAD_AUDIT_DEPTH; level++) {
        const uint8_t *sibling = path + level * SKAD_AUDIT_HASH_BYTES;
        const bool right = (index >> level & 1U) != 0;
        node_hash above;
        hash_branch(right ? sibling : here, right ? here : sibling, above);
        memcpy(here, above, sizeof here);
    }
    return memcmp(here, root, sizeof here) == 0 ? SKAD_AUDIT_OPENED_LEAF : SKAD_AUDIT_OPENED_WRONG;
}

/* ---- Signed words ---- */

static void commitment_digest(const skad_audit_case *of, const skad_audit_commitment *commitment,
                              uint8_t out[static SKAD_HASH_BYTES])
{
    hasher hash;
    begin_round(&hash, 'c', &of->round);
    add(&hash, of->prover, sizeof of->prover);
    add(&hash, of->verifier.bytes, sizeof of->verifier.bytes);
    add(&hash, of->challenge, sizeof of->challenge);
    add(&hash, &commitment->bits, 1);
    add_number(&hash, commitment->count);
    add(&hash, commitment->root, sizeof commitment->root);
    finish(&hash, out, SKAD_HASH_BYTES);
}

void skad_audit_commit(const skad_audit_case *of, skad_audit_commitment *commitment,
                       const uint8_t secret_key[static SKAD_SECRET_KEY_BYTES])
{
    uint8_t digest[SKAD_HASH_BYTES];
    commitment_digest(of, commitment, digest);
    skad_sign(SKAD_SIGN_AUDIT, digest, secret_key, commitment->signature);
}

void skad_audit_commitment_write(const skad_audit_commitment *commitment,
                                 uint8_t out[static SKAD_AUDIT_COMMITMENT_BYTES])
{
    out[0] = commitment->bits;
    write_number(out + 1, 2, commitment->count);
    memcpy(out + 3, commitment->root, SKAD_AUDIT_HASH_BYTES);
    memcpy(out + 3 + SKAD_AUDIT_HASH_BYTES, commitment->signature, SKAD_SIGNATURE_BYTES);
}

bool skad_audit_commitment_read(const skad_audit_case *of,
                                const uint8_t bytes[static SKAD_AUDIT_COMMITMENT_BYTES],
                                skad_audit_commitment *out)
{
    uint8_t digest[SKAD_HASH_BYTES];
    out->bits = bytes[0];
    out->count = (uint16_t)((unsigned)bytes[1] << 8 | bytes[2]);
    memcpy(out->root, bytes + 3, SKAD_AUDIT_HASH_BYTES);
    memcpy(out->signature, bytes + 3 + SKAD_AUDIT_HASH_BYTES, SKAD_SIGNATURE_BYTES);
    commitment_digest(of, out, digest);
    return out->bits <= SKAD_AUDIT_BITS_MAX && out->count <= SKAD_AUDIT_LEAVES_MAX &&
           skad_verify(SKAD_SIGN_AUDIT, digest, of->prover, out->signature);
}

void skad_audit_reveal_of(const uint8_t *points, size_t count, const uint8_t *openings,
                          skad_audit_reveal *out)
{
    SKAD_ASSERT(count >= 1 && count <= SKAD_AUDIT_POINTS_MAX);
    out->count = (uint8_t)count;
    out->points = points;
    for (size_t i = 0; i < count; i++) {
        hasher hash;
        begin(&hash, 'o');
        add(&hash, openings + i * SKAD_AUDIT_OPENING_BYTES, SKAD_AUDIT_OPENING_BYTES);
        finish(&hash, &out->hashes[i * SKAD_HASH_BYTES], SKAD_HASH_BYTES);
    }
}

static void reveal_digest(const skad_audit_case *of, const skad_audit_commitment *commitment,
                          const skad_audit_reveal *reveal, uint8_t out[static SKAD_HASH_BYTES])
{
    uint8_t committed[SKAD_HASH_BYTES];
    hasher hash;
    commitment_digest(of, commitment, committed);
    begin(&hash, 'r');
    add(&hash, committed, sizeof committed);
    add(&hash, &reveal->count, 1);
    add(&hash, reveal->points, (size_t)reveal->count * SKAD_AUDIT_POINT_BYTES);
    add(&hash, reveal->hashes, (size_t)reveal->count * SKAD_HASH_BYTES);
    finish(&hash, out, SKAD_HASH_BYTES);
}

void skad_audit_reveal_sign(const skad_audit_case *of, const skad_audit_commitment *commitment,
                            const skad_audit_reveal *reveal,
                            const uint8_t secret_key[static SKAD_SECRET_KEY_BYTES],
                            uint8_t signature[static SKAD_SIGNATURE_BYTES])
{
    uint8_t digest[SKAD_HASH_BYTES];
    reveal_digest(of, commitment, reveal, digest);
    skad_sign(SKAD_SIGN_AUDIT, digest, secret_key, signature);
}

bool skad_audit_reveal_verify(const skad_audit_case *of, const skad_audit_commitment *commitment,
                              const skad_audit_reveal *reveal, const uint8_t *signature)
{
    uint8_t digest[SKAD_HASH_BYTES];
    reveal_digest(of, commitment, reveal, digest);
    return skad_verify(SKAD_SIGN_AUDIT, digest, of->prover, signature);
}
