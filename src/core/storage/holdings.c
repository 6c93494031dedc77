#include "src/core/storage/holdings.h"

#include <stdbool.h>
#include <string.h>

#include "crypto/assert.h"
#include "src/core/storage/key_places.h"

#define PREFIX_BYTES   8  /* of the key */
#define NAME_BYTES     14 /* the prefix and the hash of the name */
#define LIFE_BYTES     2
#define LIFE_UNIT_S    60
#define SEQUENCE_BYTES 8
#define OF_A_KEY_MAX   (SKAD_KEY_PLACES_MAX + 4) /* announcements, and records of other types */
_Static_assert(NAME_BYTES + LIFE_BYTES + SEQUENCE_BYTES == SKAD_COMPARE_ITEM_BYTES, "a print");

static void write_number(uint8_t *out, size_t bytes, uint64_t number)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(number >> (8 * (bytes - 1 - i)));
    }
}

static unsigned life_of(const uint8_t *print)
{
    return (unsigned)print[NAME_BYTES] << 8 | print[NAME_BYTES + 1];
}

void skad_holdings_print(const skad_store_name *name, uint64_t sequence, uint64_t life_s,
                         uint8_t out[static SKAD_COMPARE_ITEM_BYTES])
{
    const skad_span parts[] = {{name->key.bytes, SKAD_ID_BYTES},
                               {&name->type, 1},
                               {name->publisher, SKAD_PUBLIC_KEY_BYTES}};
    uint8_t hash[8];
    uint64_t minutes = life_s / LIFE_UNIT_S;
    skad_hash(SKAD_HASH_HELD, NULL, parts, 3, hash, sizeof hash);
    memcpy(out, name->key.bytes, PREFIX_BYTES);
    memcpy(out + PREFIX_BYTES, hash, NAME_BYTES - PREFIX_BYTES);
    write_number(out + NAME_BYTES, LIFE_BYTES, minutes < UINT16_MAX ? minutes : UINT16_MAX);
    write_number(out + NAME_BYTES + LIFE_BYTES, SEQUENCE_BYTES, sequence);
}

/* What we hold under one beginning of keys. */
typedef struct shelf {
    uint8_t prefix[PREFIX_BYTES];
    size_t count;
    uint8_t prints[OF_A_KEY_MAX][SKAD_COMPARE_ITEM_BYTES];
} shelf;

static void read_shelf(const skad_store *store, const uint8_t *prefix, uint64_t now_unix_s,
                       size_t *budget, shelf *out)
{
    skad_store_name from = {0};
    skad_store_record record;
    memcpy(out->prefix, prefix, PREFIX_BYTES);
    memcpy(from.key.bytes, prefix, PREFIX_BYTES);
    out->count = 0;
    while (*budget > 0 && out->count < OF_A_KEY_MAX &&
           store->ops->next(store->self, SKAD_STORE_REPLICAS, &from, &record)) {
        --*budget;
        if (memcmp(record.name.key.bytes, prefix, PREFIX_BYTES) != 0) {
            return;
        }
        if (!record.cached && record.expires_unix_s > now_unix_s) {
            skad_holdings_print(&record.name, record.sequence, record.expires_unix_s - now_unix_s,
                                out->prints[out->count++]);
        }
    }
}

/* Whether we have the record of a print, or a later one, for long enough. Numbers are big-endian.
 */
static bool has(const shelf *held, const uint8_t *print)
{
    for (size_t i = 0; i < held->count; i++) {
        const uint8_t *ours = held->prints[i];
        int later =
            memcmp(ours + NAME_BYTES + LIFE_BYTES, print + NAME_BYTES + LIFE_BYTES, SEQUENCE_BYTES);
        if (memcmp(ours, print, NAME_BYTES) == 0 &&
            (later > 0 || (later == 0 && 8 * life_of(ours) >= 7 * life_of(print)))) {
            return true;
        }
    }
    return false;
}

void skad_holdings_lacking(const skad_store *store, skad_span prints, uint64_t now_unix_s,
                           uint8_t out[static SKAD_COMPARED_BYTES_MAX])
{
    size_t count = prints.len / SKAD_COMPARE_ITEM_BYTES;
    size_t budget = SKAD_HOLDINGS_READ_MAX;
    shelf held;
    SKAD_ASSERT(count >= 1 && count <= SKAD_COMPARE_MAX);
    memset(out, 0, SKAD_COMPARED_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *print = prints.data + i * SKAD_COMPARE_ITEM_BYTES;
        if (i == 0 || memcmp(held.prefix, print, PREFIX_BYTES) != 0) {
            read_shelf(store, print, now_unix_s, &budget, &held);
        }
        if (!has(&held, print)) {
            out[i / 8] |= (uint8_t)(1U << (i % 8));
        }
    }
}
