/* Records of all types, as they come out of a message: an accepted record keeps to the limits, and
 * an immutable one gives the same bytes when it is encoded again. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/limits.h"
#include "skad/record.h"

static void check_span(const uint8_t *data, size_t len, skad_span span, size_t max)
{
    FUZZ_REQUIRE(span.len <= max);
    FUZZ_REQUIRE(span.len == 0 || (span.data >= data && span.data + span.len <= data + len));
}

static void check_immutable(const uint8_t *data, size_t len, const skad_record *record)
{
    uint8_t again[SKAD_RECORD_BYTES_MAX];
    skad_id key;
    const skad_network_id network = {{1}};
    check_span(data, len, record->value, SKAD_VALUE_BYTES_MAX);
    FUZZ_REQUIRE(skad_record_encode_immutable(record->value.data, record->value.len, again,
                                              sizeof again) == len);
    FUZZ_REQUIRE(memcmp(again, data, len) == 0);
    skad_value_key(record->value.data, record->value.len, &key);
    FUZZ_REQUIRE(memcmp(&key, &record->key, sizeof key) == 0);
    FUZZ_REQUIRE(record->publisher == NULL && skad_record_verify(record, &network));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    skad_record record;
    if (!skad_record_decode(data, len, &record)) {
        return 0;
    }
    switch (record.type) {
    case SKAD_RECORD_IMMUTABLE:
        check_immutable(data, len, &record);
        break;
    case SKAD_RECORD_MUTABLE:
        check_span(data, len, record.value, SKAD_MUTABLE_VALUE_BYTES_MAX);
        check_span(data, len, record.salt, SKAD_SALT_BYTES_MAX);
        FUZZ_REQUIRE(record.publisher != NULL && record.signature != NULL);
        break;
    case SKAD_RECORD_ANNOUNCEMENT:
        check_span(data, len, record.value, SKAD_METADATA_BYTES_MAX);
        FUZZ_REQUIRE(record.publisher != NULL && record.signature != NULL);
        FUZZ_REQUIRE(record.endpoint.family == SKAD_FAMILY_NONE || record.endpoint.port != 0);
        break;
    }
    return 0;
}
