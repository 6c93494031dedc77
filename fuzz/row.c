/* Rows as a database file may have them: a byte, how long the key is, then the key, then the value.
 * An accepted row gives the same bytes when it is written again; a right checksum covers each byte
 * of key and value. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "src/db/row.h"

#define CHECKSUM_BYTES 8

/* In memory of its own, so that reading beyond it is noticed. */
static uint8_t *copy(const uint8_t *bytes, size_t len)
{
    uint8_t *out = malloc(len + (len == 0));
    FUZZ_REQUIRE(out != NULL);
    memcpy(out, bytes, len);
    return out;
}

static void check_owners(const skad_store_record *record)
{
    uint8_t owners[SKAD_STORE_OWNERS_MAX][SKAD_DB_COUNTER_KEY_BYTES];
    const size_t count = skad_db_owners(record, owners);
    FUZZ_REQUIRE(count >= 1 && count <= SKAD_STORE_OWNERS_MAX);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            FUZZ_REQUIRE(memcmp(owners[i], owners[j], sizeof owners[i]) !=
                         0); /* no record is counted twice */
        }
    }
}

/* Checks that the place of a record in the order by expiry names the record. */
static void check_place(const skad_store_record *record)
{
    uint8_t place[SKAD_DB_EXPIRY_KEY_BYTES];
    skad_store_record read;
    skad_db_expiry_key(record, place);
    FUZZ_REQUIRE(skad_db_expiry_key_read((skad_span){place, sizeof place}, &read));
    FUZZ_REQUIRE(read.cached == record->cached && read.expires_unix_s == record->expires_unix_s &&
                 memcmp(&read.name, &record->name, sizeof read.name) == 0);
}

static void check_record(skad_span key, skad_span row)
{
    skad_store_record record;
    skad_store_section section;
    skad_store_name name;
    uint8_t key_again[SKAD_DB_ROW_KEY_BYTES];
    uint8_t again[SKAD_DB_ROW_BYTES_MAX];
    const bool is_key = skad_db_row_key_read(key, &section, &name);
    if (is_key) {
        skad_db_row_key(section, &name, key_again);
        FUZZ_REQUIRE(key.len == sizeof key_again && memcmp(key_again, key.data, key.len) == 0);
    }
    if (!skad_db_row_read(key, row, &record)) {
        return;
    }
    FUZZ_REQUIRE(is_key && memcmp(&record.name, &name, sizeof name) == 0);
    FUZZ_REQUIRE(record.data + record.len == row.data + row.len);
    const size_t written = skad_db_row(key_again, &record, again);
    FUZZ_REQUIRE(written == row.len && memcmp(again + CHECKSUM_BYTES, row.data + CHECKSUM_BYTES,
                                              row.len - CHECKSUM_BYTES) == 0);
    FUZZ_REQUIRE(skad_db_row_intact(key, row) == (memcmp(again, row.data, CHECKSUM_BYTES) == 0));
    FUZZ_REQUIRE(skad_db_row_intact(key, (skad_span){again, written}));
    check_owners(&record);
    check_place(&record);
    /* Change one byte of the key or of the row; the row decides which. */
    const size_t at = (row.data[0] | (size_t)row.data[1] << 8) % (sizeof key_again + written);
    uint8_t *changed = at < sizeof key_again ? &key_again[at] : &again[at - sizeof key_again];
    *changed ^= (uint8_t)(row.data[2] | 1);
    FUZZ_REQUIRE(
        !skad_db_row_intact((skad_span){key_again, sizeof key_again}, (skad_span){again, written}));
}

static void check_rest(skad_span key, skad_span value)
{
    skad_store_record place;
    uint8_t place_again[SKAD_DB_EXPIRY_KEY_BYTES];
    uint8_t counter_again[SKAD_DB_COUNTER_BYTES];
    if (skad_db_expiry_key_read(key, &place)) {
        skad_db_expiry_key(&place, place_again);
        FUZZ_REQUIRE(key.len == sizeof place_again && memcmp(place_again, key.data, key.len) == 0);
        FUZZ_REQUIRE(place.len == 0 && place.sequence == 0 && place.group == 0);
    }
    const skad_store_usage usage = skad_db_counter_read(value);
    skad_db_counter(&usage, counter_again);
    FUZZ_REQUIRE(value.len == sizeof counter_again
                     ? memcmp(counter_again, value.data, value.len) == 0
                     : usage.records == 0 && usage.bytes == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0) {
        return 0;
    }
    const size_t key_len = data[0] < len ? data[0] : len - 1;
    uint8_t *key = copy(data + 1, key_len);
    uint8_t *value = copy(data + 1 + key_len, len - 1 - key_len);
    check_record((skad_span){key, key_len}, (skad_span){value, len - 1 - key_len});
    check_rest((skad_span){key, key_len}, (skad_span){value, len - 1 - key_len});
    free(key);
    free(value);
    return 0;
}
