/* Signed records made from the input: what was signed decodes and verifies; with any one byte
 * changed it does not. Signatures are modelled (tests/support/modelled_signatures.h), because this
 * does not test libsodium. */
#include <string.h>

#include "crypto/assert.h"
#include "fuzz/fuzz.h"
#include "proto/address.h"
#include "proto/limits.h"
#include "skad/record.h"

typedef struct signed_parts {
    bool mutable;
    uint64_t sequence;
    uint64_t expiry_unix_s;
    skad_id key;
    skad_address endpoint;
    uint8_t salt[SKAD_SALT_BYTES_MAX];
    size_t salt_len;
    uint8_t value[SKAD_MUTABLE_VALUE_BYTES_MAX];
    size_t value_len;
} signed_parts;

static void choose_parts(fuzz_choices *choices, signed_parts *out)
{
    *out = (signed_parts){.mutable = fuzz_byte(choices) % 2 != 0};
    out->sequence = fuzz_number(choices, 8);
    out->expiry_unix_s = fuzz_number(choices, 8);
    fuzz_bytes(choices, out->key.bytes, SKAD_ID_BYTES);
    uint8_t family = fuzz_byte(choices) % 3;
    if (family != SKAD_FAMILY_NONE) {
        out->endpoint.family = family;
        out->endpoint.port = (uint16_t)(1 + fuzz_number(choices, 2) % UINT16_MAX);
        fuzz_bytes(choices, out->endpoint.ip, family == SKAD_FAMILY_IPV4 ? 4 : 16);
        out->endpoint.ip[0] |= 0x20; /* never IPv4-mapped, which the wire writes as IPv4 */
    }
    out->salt_len = fuzz_below(choices, SKAD_SALT_BYTES_MAX + 1);
    fuzz_bytes(choices, out->salt, out->salt_len);
    out->value_len = fuzz_below(
        choices, (out->mutable ? SKAD_MUTABLE_VALUE_BYTES_MAX : SKAD_METADATA_BYTES_MAX) + 1);
    fuzz_bytes(choices, out->value, out->value_len);
}

static size_t encode(skad_publisher publisher, const signed_parts *parts, uint8_t *out)
{
    skad_span value = {parts->value, parts->value_len};
    if (parts->mutable) {
        return skad_record_encode_mutable(publisher, (skad_span){parts->salt, parts->salt_len},
                                          parts->sequence, parts->expiry_unix_s, value, out,
                                          SKAD_RECORD_BYTES_MAX);
    }
    return skad_record_encode_announcement(publisher, &parts->key, parts->sequence,
                                           parts->expiry_unix_s, &parts->endpoint, value, out,
                                           SKAD_RECORD_BYTES_MAX);
}

static bool equal(skad_span span, const uint8_t *bytes, size_t len)
{
    return span.len == len && (len == 0 || memcmp(span.data, bytes, len) == 0);
}

static void compare(const signed_parts *parts, const skad_record *record)
{
    FUZZ_REQUIRE(record->sequence == parts->sequence);
    FUZZ_REQUIRE(record->expiry_unix_s == parts->expiry_unix_s);
    FUZZ_REQUIRE(equal(record->value, parts->value, parts->value_len));
    if (parts->mutable) {
        FUZZ_REQUIRE(equal(record->salt, parts->salt, parts->salt_len));
    } else {
        FUZZ_REQUIRE(memcmp(&record->key, &parts->key, sizeof parts->key) == 0);
        FUZZ_REQUIRE(skad_address_equal(&record->endpoint, &parts->endpoint));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static skad_identity identity;
    static const skad_network_id network = {{1}};
    static const uint8_t seed[32] = {7};
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    signed_parts parts;
    skad_record record;
    fuzz_choices choices = {data, len, 0};
    if (identity.public_key[0] == 0) {
        SKAD_ASSERT(skad_identity_from_seed(seed, 0, &identity) == SKAD_OK);
    }
    uint16_t where = (uint16_t)fuzz_number(&choices, 2);
    uint8_t what = fuzz_byte(&choices);
    choose_parts(&choices, &parts);
    size_t written = encode((skad_publisher){&identity, network}, &parts, bytes);
    FUZZ_REQUIRE(written > 0 && written <= SKAD_RECORD_BYTES_MAX);
    FUZZ_REQUIRE(skad_record_decode(bytes, written, &record));
    compare(&parts, &record);
    FUZZ_REQUIRE(skad_record_verify(&record, &network));
    if (what != 0) {
        bytes[where % written] ^= what;
        FUZZ_REQUIRE(!skad_record_decode(bytes, written, &record) ||
                     !skad_record_verify(&record, &network) ||
                     record.type == SKAD_RECORD_IMMUTABLE);
    }
    return 0;
}
