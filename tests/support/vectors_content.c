/* The vectors of what the network stores: records and the nodes of file trees. */
#include <string.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "proto/tree.h"
#include "skad/record.h"
#include "tests/support/vectors.h"
#include "tests/support/wire.h"

/* Writes an encoded record with what a reader has to make of it. */
static void write_record(skad_json *json, const char *description, const uint8_t *data, size_t len)
{
    skad_record record;
    char endpoint[SKAD_ADDRESS_TEXT_BYTES];

    SKAD_ASSERT(skad_record_decode(data, len, &record));
    bool is_signed = record.type != SKAD_RECORD_IMMUTABLE;
    skad_json_object(json, NULL);
    skad_json_text(json, "description", description);
    skad_json_uint(json, "type", record.type);
    skad_json_hex(json, "key", record.key.bytes, SKAD_ID_BYTES);
    skad_json_hex(json, "value", record.value.data, record.value.len);
    if (is_signed) {
        skad_json_hex(json, "publisher", record.publisher, SKAD_PUBLIC_KEY_BYTES);
        skad_json_uint(json, "sequence", record.sequence);
        skad_json_uint(json, "expiry_unix_s", record.expiry_unix_s);
    }
    if (record.type == SKAD_RECORD_MUTABLE) {
        skad_json_hex(json, "salt", record.salt.data, record.salt.len);
    }
    if (record.type == SKAD_RECORD_ANNOUNCEMENT) {
        skad_address_format(&record.endpoint, endpoint);
        skad_json_text(json, "endpoint", endpoint);
    }
    if (is_signed) {
        skad_publisher publisher = skad_wire_publisher(NULL);
        uint8_t digest[SKAD_RECORD_DIGEST_BYTES];
        skad_record_digest(&record, &publisher.network, digest);
        skad_json_hex(json, "digest", digest, sizeof digest);
        skad_json_hex(json, "signature", record.signature, SKAD_SIGNATURE_BYTES);
    }
    skad_json_hex(json, "record", data, len);
    skad_json_object_end(json);
}

static void write_immutables(skad_json *json)
{
    static const struct {
        const char *description;
        size_t len;
    } cases[] = {
        {"immutable, smallest", 1},
        {"immutable, 256 bytes", 256},
        {"immutable, largest", SKAD_VALUE_BYTES_MAX},
    };
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    uint8_t record[SKAD_RECORD_BYTES_MAX];

    skad_wire_fill(value, sizeof value, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = skad_record_encode_immutable(value, cases[i].len, record, sizeof record);
        write_record(json, cases[i].description, record, len);
    }
}

static void write_mutables(skad_json *json, const skad_identity *publisher)
{
    static const struct {
        const char *description;
        size_t salt_bytes;
        uint64_t sequence;
        size_t value_bytes;
    } cases[] = {
        {"mutable, without salt and value", 0, 0, 0},
        {"mutable", 4, 7, 20},
        {"mutable, largest salt and value", SKAD_SALT_BYTES_MAX, 4294967296,
         SKAD_MUTABLE_VALUE_BYTES_MAX},
    };
    uint8_t value[SKAD_MUTABLE_VALUE_BYTES_MAX];
    uint8_t record[SKAD_RECORD_BYTES_MAX];

    skad_wire_fill(value, sizeof value, 0x20);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = skad_record_encode_mutable(
            skad_wire_publisher(publisher), (skad_span){value, cases[i].salt_bytes},
            cases[i].sequence, 1790000000, (skad_span){value, cases[i].value_bytes}, record,
            sizeof record);
        write_record(json, cases[i].description, record, len);
    }
}

static void write_announcements(skad_json *json, const skad_identity *publisher)
{
    static const struct {
        const char *description;
        const char *endpoint;
        size_t metadata_bytes;
    } cases[] = {
        {"announcement without endpoint", NULL, 0},
        {"announcement, IPv4", "192.0.2.9:9000", 5},
        {"announcement, IPv6, largest metadata", "[2001:db8::9]:9000", SKAD_METADATA_BYTES_MAX},
    };
    uint8_t metadata[SKAD_METADATA_BYTES_MAX];
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    skad_id key;

    skad_wire_fill(metadata, sizeof metadata, 0x30);
    skad_wire_fill(key.bytes, SKAD_ID_BYTES, 0xc0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_address endpoint = {0};
        if (cases[i].endpoint != NULL) {
            SKAD_ASSERT(skad_address_parse(cases[i].endpoint, &endpoint));
        }
        size_t len = skad_record_encode_announcement(
            skad_wire_publisher(publisher), &key, 3, 1790000000, &endpoint,
            (skad_span){metadata, cases[i].metadata_bytes}, record, sizeof record);
        write_record(json, cases[i].description, record, len);
    }
}

void skad_vectors_records(skad_json *json)
{
    skad_identity publisher;

    skad_wire_identity(4, &publisher);
    write_immutables(json);
    write_mutables(json, &publisher);
    write_announcements(json, &publisher);
}

static void write_node(skad_json *json, const char *description, unsigned level, uint64_t size,
                       skad_span node)
{
    skad_id key;

    skad_value_key(node.data, node.len, &key);
    skad_json_object(json, NULL);
    skad_json_text(json, "description", description);
    skad_json_uint(json, "level", level);
    skad_json_uint(json, "size", size);
    skad_json_uint(json, "keys", level == 0 ? 0 : skad_tree_keys(level, size));
    skad_json_hex(json, "node", node.data, node.len);
    skad_json_hex(json, "key", key.bytes, SKAD_ID_BYTES);
    skad_json_object_end(json);
}

void skad_vectors_trees(skad_json *json)
{
    static const struct {
        const char *description;
        uint64_t size;
    } cases[] = {
        {"root of an empty file", 0},
        {"root that holds its file, largest", SKAD_TREE_INLINE_BYTES_MAX},
        {"root over one piece", SKAD_TREE_INLINE_BYTES_MAX + 1},
        {"root over two pieces, the last of one byte", SKAD_PIECE_BYTES + 1},
        {"root of level 1, full", 30000},
        {"root of level 2, smallest", 30001},
        {"root of level 7, the largest file", SKAD_FILE_BYTES_MAX},
    };
    uint8_t data[SKAD_TREE_INLINE_BYTES_MAX];
    uint8_t node[SKAD_VALUE_BYTES_MAX];
    skad_id keys[SKAD_TREE_FANOUT];

    skad_wire_fill(data, sizeof data, 0);
    for (uint8_t i = 0; i < SKAD_TREE_FANOUT; i++) {
        skad_wire_fill(keys[i].bytes, SKAD_ID_BYTES, i);
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t size = cases[i].size;
        unsigned level = skad_tree_level(size);
        size_t len = level == 0
                         ? skad_tree_encode_inline(data, (size_t)size, node, sizeof node)
                         : skad_tree_encode_node(level, size, keys, skad_tree_keys(level, size),
                                                 node, sizeof node);
        write_node(json, cases[i].description, level, size, (skad_span){node, len});
    }
}
