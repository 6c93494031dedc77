/* The storage interface in memory: an open-addressing hash table of records, linear probing, places
 * found under a secret SipHash key. A full store refuses; what it has accepted stays until it
 * expires. */
#include "skad/store.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"

typedef struct entry {
    skad_store_record record; /* data points to bytes */
    uint8_t *bytes;           /* owned; NULL marks an empty place */
} entry;

typedef struct memory_store {
    entry *entries;
    size_t mask; /* places - 1; at least twice records_max, so that probing stays short */
    size_t sweep_at;
    uint8_t hash_key[SKAD_TABLE_KEY_BYTES];
    skad_store_fill fill;
} memory_store;

static size_t home(const memory_store *store, const skad_id *key)
{
    return (size_t)skad_table_hash(store->hash_key, key->bytes, sizeof key->bytes) & store->mask;
}

static bool same_slot(const skad_store_record *a, const skad_store_record *b)
{
    return a->type == b->type && memcmp(&a->key, &b->key, sizeof a->key) == 0 &&
           memcmp(a->publisher, b->publisher, sizeof a->publisher) == 0;
}

/* Empties a place and moves up what probing would no longer reach. */
static void erase(memory_store *store, size_t at)
{
    store->fill.records--;
    store->fill.bytes -= store->entries[at].record.len;
    free(store->entries[at].bytes);
    size_t hole = at;
    for (size_t i = (at + 1) & store->mask; store->entries[i].bytes != NULL;
         i = (i + 1) & store->mask) {
        size_t from_home = (i - home(store, &store->entries[i].record.key)) & store->mask;
        if (from_home >= ((i - hole) & store->mask)) {
            store->entries[hole] = store->entries[i];
            hole = i;
        }
    }
    store->entries[hole] = (entry){0};
}

static skad_status memory_put(void *self, const skad_store_record *record, uint64_t now_unix_s)
{
    memory_store *store = self;
    (void)now_unix_s;
    size_t at = home(store, &record->key);
    while (store->entries[at].bytes != NULL && !same_slot(&store->entries[at].record, record)) {
        at = (at + 1) & store->mask;
    }
    const skad_store_record *old = &store->entries[at].record;
    size_t old_len = old->data != NULL ? old->len : 0;
    if ((old->data == NULL && store->fill.records == store->fill.records_max) ||
        store->fill.bytes - old_len + record->len > store->fill.bytes_max) {
        return SKAD_ERR_FULL;
    }
    uint8_t *copy = malloc(record->len);
    if (copy == NULL) {
        return SKAD_ERR_MEMORY;
    }
    memcpy(copy, record->data, record->len);
    store->fill.records += old->data == NULL;
    store->fill.bytes += record->len - old_len;
    free(store->entries[at].bytes);
    store->entries[at] = (entry){.record = *record, .bytes = copy};
    store->entries[at].record.data = copy;
    return SKAD_OK;
}

static bool memory_get(void *self, const skad_id *key, uint8_t type, size_t index,
                       uint64_t now_unix_s, skad_store_record *out)
{
    const memory_store *store = self;
    for (size_t at = home(store, key); store->entries[at].bytes != NULL;
         at = (at + 1) & store->mask) {
        const skad_store_record *record = &store->entries[at].record;
        if (record->type != type || memcmp(&record->key, key, sizeof *key) != 0 ||
            record->expires_unix_s <= now_unix_s) {
            continue;
        }
        if (index == 0) {
            *out = *record;
            return true;
        }
        index--;
    }
    return false;
}

/* Walks on from where the last sweep stopped, over at most sixteen places for each record that it
 * may drop, so that its cost is bounded whatever the table holds. */
static size_t memory_sweep(void *self, uint64_t now_unix_s, size_t limit)
{
    memory_store *store = self;
    size_t dropped = 0;
    size_t looked_max = limit * 16 < store->mask + 1 ? limit * 16 : store->mask + 1;
    for (size_t looked = 0; looked < looked_max && dropped < limit; looked++) {
        const skad_store_record *record = &store->entries[store->sweep_at].record;
        if (record->data != NULL && record->expires_unix_s <= now_unix_s) {
            erase(store, store->sweep_at); /* another record may have moved here: look again */
            dropped++;
        } else {
            store->sweep_at = (store->sweep_at + 1) & store->mask;
        }
    }
    return dropped;
}

static void memory_fill(void *self, skad_store_fill *out)
{
    const memory_store *store = self;
    *out = store->fill;
}

static void memory_free(void *self)
{
    memory_store *store = self;
    if (store == NULL) {
        return;
    }
    for (size_t i = 0; i <= store->mask; i++) {
        free(store->entries[i].bytes);
    }
    free(store->entries);
    free(store);
}

static const skad_store_ops memory_ops = {
    .put = memory_put,
    .get = memory_get,
    .sweep = memory_sweep,
    .fill = memory_fill,
    .free = memory_free,
};

skad_status skad_store_memory_new(size_t records_max, size_t bytes_max,
                                  const uint8_t hash_key[static 16], skad_store *out)
{
    if (records_max == 0 || bytes_max == 0 || records_max > SIZE_MAX / 4 / sizeof(entry)) {
        return SKAD_ERR_INPUT;
    }
    size_t places = 4;
    while (places < 2 * records_max) {
        places *= 2;
    }
    memory_store *store = calloc(1, sizeof *store);
    entry *entries = calloc(places, sizeof *entries);
    if (store == NULL || entries == NULL) {
        free(store);
        free(entries);
        return SKAD_ERR_MEMORY;
    }
    store->entries = entries;
    store->mask = places - 1;
    memcpy(store->hash_key, hash_key, sizeof store->hash_key);
    store->fill.records_max = records_max;
    store->fill.bytes_max = bytes_max;
    *out = (skad_store){.ops = &memory_ops, .self = store};
    return SKAD_OK;
}
