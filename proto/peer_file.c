/* [magic, version, profile hash, written, [contact, ...], [proof, ...], checksum]
 *
 * The checksum covers all bytes before its own element. Contacts are encoded as in a NODES reply,
 * without their marks. A proof is [public key, epoch, nonce], or [] where there is none; there is
 * one for each contact. Reading is as strict as of a datagram. What a proof says is believed,
 * though: it is what this node found out itself, and who may write the file may write the identity
 * beside it, too. */
#include "proto/peer_file.h"

#include <string.h>

#include "crypto/assert.h"
#include "crypto/hash.h"
#include "crypto/keys.h"
#include "proto/address.h"
#include "proto/reader.h"
#include "proto/writer.h"

#define VERSION        2 /* 1: without proofs */
#define ELEMENTS       7
#define CHECKSUM_BYTES SKAD_BIN8(SKAD_HASH_BYTES)
#define AT_MAGIC       3 /* after the headers of the array and of the magic */
#define AT_VERSION     (AT_MAGIC + SKAD_PEER_FILE_MAGIC_BYTES)
#define FIXARRAY_MASK  0xf0
#define FIXARRAY_MARK  0x90
#define BIN8_MARK      0xc4

/* The outer array and its elements, then each contact and each proof with its three items. */
#define ITEMS_MAX (1 + ELEMENTS + 2 * 4 * SKAD_PEER_FILE_CONTACTS_MAX)

static const uint8_t magic[SKAD_PEER_FILE_MAGIC_BYTES] = {'s', 'k', 'a', 'd', ' ', 'p',
                                                          'e', 'e', 'r', 's', '\n'};

static void write_contact(skad_writer *writer, const skad_contact *contact)
{
    bool has_ipv4 = contact->ipv4.family != SKAD_FAMILY_NONE;
    bool has_ipv6 = contact->ipv6.family != SKAD_FAMILY_NONE;

    SKAD_ASSERT(has_ipv4 || has_ipv6);
    skad_write_array(writer, has_ipv4 && has_ipv6 ? 3 : 2);
    skad_write_bin(writer, contact->id.bytes, SKAD_ID_BYTES);
    if (has_ipv4) {
        skad_write_address(writer, &contact->ipv4);
    }
    if (has_ipv6) {
        skad_write_address(writer, &contact->ipv6);
    }
}

static void write_proof(skad_writer *writer, const skad_peer_proof *proof)
{
    skad_write_array(writer, proof->known ? 3 : 0);
    if (proof->known) {
        skad_write_bin(writer, proof->public_key, SKAD_PUBLIC_KEY_BYTES);
        skad_write_uint(writer, proof->nonce.epoch);
        skad_write_bin(writer, proof->nonce.bytes, SKAD_NONCE_BYTES);
    }
}

size_t skad_peer_file_encode(const skad_peer_file *file,
                             const uint8_t profile_hash[static SKAD_HASH_BYTES],
                             uint8_t out[static SKAD_PEER_FILE_BYTES_MAX])
{
    uint8_t checksum[SKAD_HASH_BYTES];
    skad_writer writer;

    SKAD_ASSERT(file->count <= SKAD_PEER_FILE_CONTACTS_MAX);
    skad_writer_init(&writer, out, SKAD_PEER_FILE_BYTES_MAX);
    skad_write_array(&writer, ELEMENTS);
    skad_write_bin(&writer, magic, sizeof magic);
    skad_write_uint(&writer, VERSION);
    skad_write_bin(&writer, profile_hash, SKAD_HASH_BYTES);
    skad_write_uint(&writer, file->written_s);
    skad_write_array(&writer, file->count);
    for (size_t i = 0; i < file->count; i++) {
        write_contact(&writer, &file->contacts[i]);
    }
    skad_write_array(&writer, file->count);
    for (size_t i = 0; i < file->count; i++) {
        write_proof(&writer, &file->proofs[i]);
    }
    skad_hash_one(SKAD_HASH_FILE, out, writer.len, checksum);
    skad_write_bin(&writer, checksum, sizeof checksum);
    SKAD_ASSERT(!writer.overflow);
    return writer.len;
}

static void read_contact(skad_reader *reader, skad_contact *out)
{
    size_t elements = skad_read_array(reader, 2, 3);
    skad_address first;

    *out = (skad_contact){0};
    skad_read_bytes(reader, out->id.bytes, SKAD_ID_BYTES);
    skad_read_address(reader, false, &first);
    if (first.family == SKAD_FAMILY_IPV6) {
        out->ipv6 = first;
        reader->failed = reader->failed || elements != 2;
        return;
    }
    out->ipv4 = first;
    if (elements == 3) {
        skad_read_address(reader, false, &out->ipv6);
        reader->failed = reader->failed || out->ipv6.family != SKAD_FAMILY_IPV6;
    }
}

static void read_proof(skad_reader *reader, skad_peer_proof *out)
{
    size_t elements = skad_read_array(reader, 0, 3);
    *out = (skad_peer_proof){.known = elements == 3};
    if (out->known) {
        skad_read_bytes(reader, out->public_key, sizeof out->public_key);
        out->nonce.epoch = (uint32_t)skad_read_uint(reader, UINT32_MAX);
        skad_read_bytes(reader, out->nonce.bytes, sizeof out->nonce.bytes);
    }
    reader->failed = reader->failed || (elements != 0 && elements != 3);
}

/* Checks the version before the rest is decoded, since another version may have other bounds. */
static skad_status check_front(const uint8_t *data, size_t len)
{
    if (len <= AT_VERSION || (data[0] & FIXARRAY_MASK) != FIXARRAY_MARK || data[1] != BIN8_MARK ||
        data[2] != sizeof magic || memcmp(data + AT_MAGIC, magic, sizeof magic) != 0) {
        return SKAD_ERR_FORMAT;
    }
    return data[AT_VERSION] == VERSION ? SKAD_OK : SKAD_ERR_VERSION;
}

static bool checksum_fits(const uint8_t *data, size_t len)
{
    uint8_t checksum[SKAD_HASH_BYTES];
    if (len < AT_VERSION + CHECKSUM_BYTES) {
        return false;
    }
    skad_hash_one(SKAD_HASH_FILE, data, len - CHECKSUM_BYTES, checksum);
    return skad_equal(checksum, data + len - sizeof checksum, sizeof checksum);
}

static bool decode_items(skad_reader *reader, uint8_t profile_hash[static SKAD_HASH_BYTES],
                         skad_peer_file *out)
{
    uint8_t checksum[SKAD_HASH_BYTES];

    skad_read_array(reader, ELEMENTS, ELEMENTS);
    skad_read_bin(reader, sizeof magic, sizeof magic);
    skad_read_uint(reader, VERSION);
    skad_read_bytes(reader, profile_hash, SKAD_HASH_BYTES);
    out->written_s = skad_read_uint(reader, UINT64_MAX);
    out->count = skad_read_array(reader, 0, SKAD_PEER_FILE_CONTACTS_MAX);
    for (size_t i = 0; i < out->count && !reader->failed; i++) {
        read_contact(reader, &out->contacts[i]);
    }
    skad_read_array(reader, out->count, out->count);
    for (size_t i = 0; i < out->count && !reader->failed; i++) {
        read_proof(reader, &out->proofs[i]);
    }
    skad_read_bytes(reader, checksum, sizeof checksum);
    return skad_reader_done(reader);
}

skad_status skad_peer_file_decode(const uint8_t *data, size_t len,
                                  const uint8_t profile_hash[static SKAD_HASH_BYTES],
                                  skad_peer_file *out)
{
    skad_item items[ITEMS_MAX];
    uint8_t written_hash[SKAD_HASH_BYTES];
    size_t count;
    size_t consumed;
    skad_reader reader;

    out->count = 0;
    skad_status status = check_front(data, len);
    if (status != SKAD_OK) {
        return status;
    }
    if (len > SKAD_PEER_FILE_BYTES_MAX || !checksum_fits(data, len) ||
        skad_cut(data, len, SKAD_CUT_STRICT, items, ITEMS_MAX, &count, &consumed) != SKAD_CUT_OK) {
        return SKAD_ERR_FORMAT;
    }
    skad_reader_init(&reader, items, count);
    if (!decode_items(&reader, written_hash, out)) {
        out->count = 0;
        return SKAD_ERR_FORMAT;
    }
    if (!skad_equal(written_hash, profile_hash, SKAD_HASH_BYTES)) {
        out->count = 0;
        return SKAD_ERR_INPUT;
    }
    return SKAD_OK;
}
