/* Encoding, decoding and verifying of records. The signed part of a record extends from its array
 * header to just before the signature, which is always the last element. */
#include "skad/record.h"

#include <string.h>

#include "proto/address.h"
#include "proto/limits.h"

#define IMMUTABLE_ELEMENTS    2
#define MUTABLE_ELEMENTS      7
#define ANNOUNCEMENT_ELEMENTS 8
#define RECORD_ITEMS_MAX      (1 + ANNOUNCEMENT_ELEMENTS)

#define SIGNATURE_ELEMENT_BYTES SKAD_BIN8(SKAD_SIGNATURE_BYTES)

static const uint8_t *read_exact(skad_reader *reader, size_t exact)
{
    return skad_read_bin(reader, exact, exact).data;
}

static void decode_mutable(skad_reader *reader, skad_record *out)
{
    out->publisher = read_exact(reader, SKAD_PUBLIC_KEY_BYTES);
    out->salt = skad_read_bin(reader, 0, SKAD_SALT_BYTES_MAX);
    out->sequence = skad_read_uint(reader, UINT64_MAX);
    out->expiry_unix_s = skad_read_uint(reader, UINT64_MAX);
    out->value = skad_read_bin(reader, 0, SKAD_MUTABLE_VALUE_BYTES_MAX);
    out->signature = read_exact(reader, SKAD_SIGNATURE_BYTES);
}

static void decode_announcement(skad_reader *reader, skad_record *out)
{
    skad_read_bytes(reader, out->key.bytes, SKAD_ID_BYTES);
    out->publisher = read_exact(reader, SKAD_PUBLIC_KEY_BYTES);
    out->sequence = skad_read_uint(reader, UINT64_MAX);
    out->expiry_unix_s = skad_read_uint(reader, UINT64_MAX);
    skad_read_address(reader, true, &out->endpoint);
    out->value = skad_read_bin(reader, 0, SKAD_METADATA_BYTES_MAX);
    out->signature = read_exact(reader, SKAD_SIGNATURE_BYTES);
}

/* Reads the elements. Returns false when the type is unknown or something is out of its limit. */
static bool decode_elements(skad_reader *reader, skad_record *out)
{
    size_t elements = skad_read_array(reader, IMMUTABLE_ELEMENTS, ANNOUNCEMENT_ELEMENTS);

    out->type = (skad_record_type)skad_read_uint(reader, SKAD_RECORD_ANNOUNCEMENT);
    if (out->type == SKAD_RECORD_IMMUTABLE && elements == IMMUTABLE_ELEMENTS) {
        out->value = skad_read_bin(reader, 1, SKAD_VALUE_BYTES_MAX);
    } else if (out->type == SKAD_RECORD_MUTABLE && elements == MUTABLE_ELEMENTS) {
        decode_mutable(reader, out);
    } else if (out->type == SKAD_RECORD_ANNOUNCEMENT && elements == ANNOUNCEMENT_ELEMENTS) {
        decode_announcement(reader, out);
    } else {
        return false;
    }
    return skad_reader_done(reader);
}

bool skad_record_decode(const uint8_t *data, size_t len, skad_record *out)
{
    skad_item items[RECORD_ITEMS_MAX];
    size_t count;
    size_t consumed;
    skad_reader reader;

    if (len > SKAD_RECORD_BYTES_MAX || skad_cut(data, len, SKAD_CUT_STRICT, items, RECORD_ITEMS_MAX,
                                                &count, &consumed) != SKAD_CUT_OK) {
        return false;
    }
    memset(out, 0, sizeof *out);
    skad_reader_init(&reader, items, count);
    if (!decode_elements(&reader, out)) {
        return false;
    }
    if (out->type == SKAD_RECORD_IMMUTABLE) {
        skad_value_key(out->value.data, out->value.len, &out->key);
        return true;
    }
    if (out->type == SKAD_RECORD_MUTABLE) {
        skad_mutable_key(out->publisher, out->salt, &out->key);
    }
    out->signed_part = (skad_span){data, len - SIGNATURE_ELEMENT_BYTES};
    return true;
}

/* Computes the digest that a record's signature is over. */
static void digest_of(skad_record_type type, const skad_network_id *network, skad_span signed_part,
                      uint8_t out[static SKAD_HASH_BYTES])
{
    const skad_span parts[] = {{network->bytes, sizeof network->bytes}, signed_part};
    skad_hash(type == SKAD_RECORD_MUTABLE ? SKAD_HASH_RECORD : SKAD_HASH_ANNOUNCE, NULL, parts, 2,
              out, SKAD_HASH_BYTES);
}

static skad_sign_purpose purpose_of(skad_record_type type)
{
    return type == SKAD_RECORD_MUTABLE ? SKAD_SIGN_RECORD : SKAD_SIGN_ANNOUNCE;
}

void skad_record_digest(const skad_record *record, const skad_network_id *network,
                        uint8_t out[static SKAD_RECORD_DIGEST_BYTES])
{
    digest_of(record->type, network, record->signed_part, out);
}

bool skad_record_verify(const skad_record *record, const skad_network_id *network)
{
    uint8_t digest[SKAD_HASH_BYTES];

    if (record->type == SKAD_RECORD_IMMUTABLE) {
        return true;
    }
    skad_record_digest(record, network, digest);
    return skad_verify(purpose_of(record->type), digest, record->publisher, record->signature);
}

size_t skad_record_encode_immutable(const uint8_t *value, size_t len, uint8_t *out, size_t cap)
{
    skad_writer writer;

    if (len < 1 || len > SKAD_VALUE_BYTES_MAX) {
        return 0;
    }
    skad_writer_init(&writer, out, cap);
    skad_write_array(&writer, IMMUTABLE_ELEMENTS);
    skad_write_uint(&writer, SKAD_RECORD_IMMUTABLE);
    skad_write_bin(&writer, value, len);
    return writer.overflow ? 0 : writer.len;
}

/* Appends the signature over the bytes written so far. */
static size_t finish_signed(skad_writer *writer, skad_record_type type,
                            const skad_publisher *publisher)
{
    uint8_t digest[SKAD_HASH_BYTES];
    uint8_t signature[SKAD_SIGNATURE_BYTES];

    if (writer->overflow) {
        return 0;
    }
    digest_of(type, &publisher->network, (skad_span){writer->data, writer->len}, digest);
    skad_sign(purpose_of(type), digest, publisher->identity->secret_key, signature);
    skad_write_bin(writer, signature, sizeof signature);
    return writer->overflow ? 0 : writer->len;
}

size_t skad_record_encode_mutable(skad_publisher publisher, skad_span salt, uint64_t sequence,
                                  uint64_t expiry_unix_s, skad_span value, uint8_t *out, size_t cap)
{
    skad_writer writer;

    if (salt.len > SKAD_SALT_BYTES_MAX || value.len > SKAD_MUTABLE_VALUE_BYTES_MAX) {
        return 0;
    }
    skad_writer_init(&writer, out, cap);
    skad_write_array(&writer, MUTABLE_ELEMENTS);
    skad_write_uint(&writer, SKAD_RECORD_MUTABLE);
    skad_write_bin(&writer, publisher.identity->public_key, SKAD_PUBLIC_KEY_BYTES);
    skad_write_bin(&writer, salt.data, salt.len);
    skad_write_uint(&writer, sequence);
    skad_write_uint(&writer, expiry_unix_s);
    skad_write_bin(&writer, value.data, value.len);
    return finish_signed(&writer, SKAD_RECORD_MUTABLE, &publisher);
}

size_t skad_record_encode_announcement(skad_publisher publisher, const skad_id *key,
                                       uint64_t sequence, uint64_t expiry_unix_s,
                                       const skad_address *endpoint, skad_span metadata,
                                       uint8_t *out, size_t cap)
{
    skad_writer writer;

    if (metadata.len > SKAD_METADATA_BYTES_MAX ||
        (endpoint->family != SKAD_FAMILY_NONE && endpoint->port == 0)) {
        return 0;
    }
    skad_writer_init(&writer, out, cap);
    skad_write_array(&writer, ANNOUNCEMENT_ELEMENTS);
    skad_write_uint(&writer, SKAD_RECORD_ANNOUNCEMENT);
    skad_write_bin(&writer, key->bytes, SKAD_ID_BYTES);
    skad_write_bin(&writer, publisher.identity->public_key, SKAD_PUBLIC_KEY_BYTES);
    skad_write_uint(&writer, sequence);
    skad_write_uint(&writer, expiry_unix_s);
    skad_write_address(&writer, endpoint);
    skad_write_bin(&writer, metadata.data, metadata.len);
    return finish_signed(&writer, SKAD_RECORD_ANNOUNCEMENT, &publisher);
}

void skad_value_key(const uint8_t *value, size_t len, skad_id *out)
{
    skad_hash_one(SKAD_HASH_VALUE, value, len, out->bytes);
}

void skad_mutable_key(const uint8_t publisher[static SKAD_PUBLIC_KEY_BYTES], skad_span salt,
                      skad_id *out)
{
    const skad_span parts[] = {{publisher, SKAD_PUBLIC_KEY_BYTES}, salt};
    skad_hash(SKAD_HASH_MUTABLE, NULL, parts, 2, out->bytes, SKAD_ID_BYTES);
}
