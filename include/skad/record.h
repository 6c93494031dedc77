/* Records: what the network stores. Each is one self-contained msgpack array that any node can
 * check, so holders need not be trusted. proto/PROTOCOL.md, "Records".
 *
 *    immutable     [1, value]
 *    mutable       [2, publisher, salt, sequence, expiry, value, signature]
 *    announcement  [3, key, publisher, sequence, expiry, endpoint, metadata, signature]
 *
 * The key of an immutable record is H(value), that of a mutable one H(publisher, salt); an
 * announcement states the key that it is for. */
#ifndef SKAD_RECORD_H
#define SKAD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/compiler.h"
#include "skad/identity.h"
#include "skad/types.h"

SKAD_BEGIN

#define SKAD_VALUE_BYTES_MAX         1000 /* immutable */
#define SKAD_MUTABLE_VALUE_BYTES_MAX 800
#define SKAD_SALT_BYTES_MAX          64
#define SKAD_METADATA_BYTES_MAX      128
#define SKAD_RECORD_BYTES_MAX        1005 /* encoded, of any type; proto/limits.h proves it */
#define SKAD_RECORD_DIGEST_BYTES     32

typedef enum skad_record_type {
    SKAD_RECORD_IMMUTABLE = 1,
    SKAD_RECORD_MUTABLE = 2,
    SKAD_RECORD_ANNOUNCEMENT = 3,
} skad_record_type;

typedef struct skad_record {
    skad_record_type type;
    skad_id key;              /* derived (immutable, mutable) or stated (announcement) */
    skad_span value;          /* immutable, mutable; for an announcement its metadata */
    const uint8_t *publisher; /* mutable, announcement: public key, 32 bytes */
    skad_span salt;           /* mutable */
    uint64_t sequence;        /* mutable, announcement */
    uint64_t expiry_unix_s;   /* mutable, announcement */
    skad_address endpoint;    /* announcement; family NONE: none given */
    const uint8_t *signature; /* mutable, announcement: 64 bytes */
    skad_span signed_part;    /* mutable, announcement: what the signature covers, besides the
                                 network */
} skad_record;

/* Decodes strictly; pointers borrow from `data`. Does not verify the signature. */
SKAD_MUST_CHECK bool skad_record_decode(const uint8_t *data, size_t len, skad_record *out);

/* Computes what the signature of a mutable record or an announcement covers. */
void skad_record_digest(const skad_record *record, const skad_network_id *network,
                        uint8_t out[SKAD_AT_LEAST(SKAD_RECORD_DIGEST_BYTES)]);

/* Whether the record's signature is its publisher's, and was made for this network. Always true for
 * an immutable record, whose key proves its value. Costs one signature check. */
SKAD_MUST_CHECK bool skad_record_verify(const skad_record *record, const skad_network_id *network);

/* Signs a record: an identity, and the network that the record is for. */
typedef struct skad_publisher {
    const skad_identity *identity;
    skad_network_id network;
} skad_publisher;

/* The encoders return the length written, or 0 when something is out of its limit or does
 * not fit. */
size_t skad_record_encode_immutable(const uint8_t *value, size_t len, uint8_t *out, size_t cap);
size_t skad_record_encode_mutable(skad_publisher publisher, skad_span salt, uint64_t sequence,
                                  uint64_t expiry_unix_s, skad_span value, uint8_t *out,
                                  size_t cap);
size_t skad_record_encode_announcement(skad_publisher publisher, const skad_id *key,
                                       uint64_t sequence, uint64_t expiry_unix_s,
                                       const skad_address *endpoint, skad_span metadata,
                                       uint8_t *out, size_t cap);

/* Computes the key of an immutable record (1..1000 bytes), and that of a mutable one (a salt of
 * 0..64 bytes). */
void skad_value_key(const uint8_t *value, size_t len, skad_id *out);
void skad_mutable_key(const uint8_t publisher[SKAD_AT_LEAST(SKAD_PUBLIC_KEY_BYTES)], skad_span salt,
                      skad_id *out);

SKAD_END

#endif
