#include "tests/support/file_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "skad/record.h"
#include "tests/support/prng.h"

#define RECORDS_MAX 8192 /* a power of two: places by the first bytes of the key */

static size_t place_of(const test_file_records *self, const skad_id *key)
{
    size_t at = ((size_t)key->bytes[0] << 8 | key->bytes[1]) % RECORDS_MAX;
    while (self->entries[at].len > 0 && memcmp(&self->entries[at].key, key, sizeof *key) != 0) {
        at = (at + 1) % RECORDS_MAX;
    }
    return at;
}

void test_file_records_free(test_file_records *self)
{
    free(self->entries);
    *self = (test_file_records){NULL, 0};
}

void test_file_records_put(test_file_records *self, const uint8_t *value, size_t len)
{
    skad_id key;
    if (self->entries == NULL) {
        self->entries = calloc(RECORDS_MAX, sizeof *self->entries);
        assert_non_null(self->entries);
    }
    skad_value_key(value, len, &key);
    test_file_record *record = &self->entries[place_of(self, &key)];
    self->count += record->len == 0;
    assert_in_range(self->count, 1, RECORDS_MAX - 1);
    record->key = key;
    record->len = len;
    memcpy(record->value, value, len);
}

test_file_record *test_file_records_find(const test_file_records *self, const skad_id *key)
{
    test_file_record *record = &self->entries[place_of(self, key)];
    return record->len > 0 ? record : NULL;
}

uint8_t *test_file_bytes(size_t len)
{
    uint8_t *bytes = malloc(len + 1);
    test_prng dice = {len};
    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)test_prng_next(&dice);
    }
    return bytes;
}

/* A node and all below it. */
static skad_id plain_node(test_file_records *self, unsigned level, const uint8_t *data, size_t len)
{
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    skad_id keys[SKAD_TREE_FANOUT];
    skad_id key;
    size_t count = 0;
    if (level == 0) {
        test_file_records_put(self, data, len);
        skad_value_key(data, len, &key);
        return key;
    }
    const size_t each = (size_t)skad_tree_capacity(level - 1);
    for (size_t at = 0; at < len; at += each) {
        keys[count++] = plain_node(self, level - 1, data + at, len - at < each ? len - at : each);
    }
    const size_t encoded = skad_tree_encode_node(level, len, keys, count, value, sizeof value);
    assert_true(encoded > 0);
    test_file_records_put(self, value, encoded);
    skad_value_key(value, encoded, &key);
    return key;
}

skad_id test_file_plain(test_file_records *self, const uint8_t *data, size_t len)
{
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    skad_id key;
    const unsigned level = skad_tree_level(len);
    if (level > 0) {
        return plain_node(self, level, data, len);
    }
    const size_t encoded = skad_tree_encode_inline(data, len, value, sizeof value);
    test_file_records_put(self, value, encoded);
    skad_value_key(value, encoded, &key);
    return key;
}
