/* Encodes and decodes rows. */
#include "src/db/row.h"

#include <string.h>

#include "crypto/assert.h"
#include "crypto/hash.h"
#include "skad/record.h"

#define CHECKSUM_BYTES 8

/* Offsets in a row. */
#define AT_SEQUENCE 8
#define AT_STORED   16
#define AT_EXPIRES  24
#define AT_GROUP    32
#define AT_FLAGS    40

#define FLAG_CACHED 1U

static void write_u64(uint8_t *out, uint64_t number)
{
    for (size_t i = 0; i < 8; i++) {
        out[i] = (uint8_t)(number >> (56 - 8 * i));
    }
}

static uint64_t read_u64(const uint8_t *in)
{
    uint64_t number = 0;
    for (size_t i = 0; i < 8; i++) {
        number = number << 8 | in[i];
    }
    return number;
}

/* ---- Records ---- */

void skad_db_row_key(skad_store_section section, const skad_store_name *name,
                     uint8_t out[static SKAD_DB_ROW_KEY_BYTES])
{
    out[0] = (uint8_t)section;
    memcpy(out + 1, name, SKAD_DB_NAME_BYTES);
}

bool skad_db_row_key_read(skad_span key, skad_store_section *section, skad_store_name *name)
{
    if (key.len != SKAD_DB_ROW_KEY_BYTES || key.data[0] > SKAD_STORE_PUBLICATIONS) {
        return false;
    }
    *section = key.data[0] == SKAD_STORE_REPLICAS ? SKAD_STORE_REPLICAS : SKAD_STORE_PUBLICATIONS;
    memcpy(name, key.data + 1, SKAD_DB_NAME_BYTES);
    return true;
}

static void checksum(skad_span key, skad_span row, uint8_t out[static CHECKSUM_BYTES])
{
    const skad_span parts[] = {key, {row.data + CHECKSUM_BYTES, row.len - CHECKSUM_BYTES}};
    skad_hash(SKAD_HASH_FILE, NULL, parts, 2, out, CHECKSUM_BYTES);
}

size_t skad_db_row(const uint8_t key[static SKAD_DB_ROW_KEY_BYTES], const skad_store_record *record,
                   uint8_t out[static SKAD_DB_ROW_BYTES_MAX])
{
    SKAD_ASSERT(record->len > 0 && record->len <= SKAD_STORED_BYTES_MAX);
    size_t len = SKAD_DB_ROW_HEADER_BYTES + record->len;
    write_u64(out + AT_SEQUENCE, record->sequence);
    write_u64(out + AT_STORED, record->stored_unix_s);
    write_u64(out + AT_EXPIRES, record->expires_unix_s);
    write_u64(out + AT_GROUP, record->group);
    out[AT_FLAGS] = record->cached ? FLAG_CACHED : 0;
    memcpy(out + SKAD_DB_ROW_HEADER_BYTES, record->data, record->len);
    checksum((skad_span){key, SKAD_DB_ROW_KEY_BYTES}, (skad_span){out, len}, out);
    return len;
}

bool skad_db_row_read(skad_span key, skad_span row, skad_store_record *out)
{
    skad_store_section section;
    if (!skad_db_row_key_read(key, &section, &out->name) || row.len <= SKAD_DB_ROW_HEADER_BYTES ||
        row.len > SKAD_DB_ROW_BYTES_MAX || row.data[AT_FLAGS] > FLAG_CACHED) {
        return false;
    }
    out->sequence = read_u64(row.data + AT_SEQUENCE);
    out->stored_unix_s = read_u64(row.data + AT_STORED);
    out->expires_unix_s = read_u64(row.data + AT_EXPIRES);
    out->group = read_u64(row.data + AT_GROUP);
    out->cached = row.data[AT_FLAGS] == FLAG_CACHED;
    out->data = row.data + SKAD_DB_ROW_HEADER_BYTES;
    out->len = row.len - SKAD_DB_ROW_HEADER_BYTES;
    return true;
}

bool skad_db_row_intact(skad_span key, skad_span row)
{
    uint8_t right[CHECKSUM_BYTES];
    checksum(key, row, right);
    return memcmp(right, row.data, sizeof right) == 0;
}

/* ---- Order by expiry ---- */

void skad_db_expiry_key(const skad_store_record *record,
                        uint8_t out[static SKAD_DB_EXPIRY_KEY_BYTES])
{
    out[0] = record->cached;
    write_u64(out + 1, record->expires_unix_s);
    memcpy(out + 9, &record->name, SKAD_DB_NAME_BYTES);
}

bool skad_db_expiry_key_read(skad_span key, skad_store_record *out)
{
    if (key.len != SKAD_DB_EXPIRY_KEY_BYTES || key.data[0] > 1) {
        return false;
    }
    *out =
        (skad_store_record){.cached = key.data[0] == 1, .expires_unix_s = read_u64(key.data + 1)};
    memcpy(&out->name, key.data + 9, SKAD_DB_NAME_BYTES);
    return true;
}

/* ---- Counters ---- */

void skad_db_counter_key(unsigned kind, const uint8_t owner[static 32],
                         uint8_t out[static SKAD_DB_COUNTER_KEY_BYTES])
{
    out[0] = (uint8_t)kind;
    memcpy(out + 1, owner, SKAD_DB_COUNTER_KEY_BYTES - 1);
}

size_t skad_db_owners(const skad_store_record *record,
                      uint8_t out[SKAD_STORE_OWNERS_MAX][SKAD_DB_COUNTER_KEY_BYTES])
{
    uint64_t groups[SKAD_GROUP_LEVELS];
    unsigned count = skad_groups_of(record->group, groups);
    for (unsigned i = 0; i < count; i++) {
        uint8_t owner[32];
        skad_store_group_owner(groups[i], owner);
        skad_db_counter_key(SKAD_OWNER_GROUP, owner, out[i]);
    }
    if (record->name.type != SKAD_RECORD_IMMUTABLE) {
        skad_db_counter_key(SKAD_OWNER_PUBLISHER, record->name.publisher, out[count++]);
    }
    return count;
}

void skad_db_counter(const skad_store_usage *usage, uint8_t out[static SKAD_DB_COUNTER_BYTES])
{
    write_u64(out, usage->records);
    write_u64(out + 8, usage->bytes);
}

skad_store_usage skad_db_counter_read(skad_span counter)
{
    if (counter.len != SKAD_DB_COUNTER_BYTES) {
        return (skad_store_usage){0};
    }
    return (skad_store_usage){.records = read_u64(counter.data),
                              .bytes = read_u64(counter.data + 8)};
}
