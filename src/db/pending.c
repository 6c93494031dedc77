#include "src/db/pending.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"

#define CACHED 2 /* index of the total of cached copies */

static int compare(const uint8_t a[static SKAD_DB_ROW_KEY_BYTES], skad_span b)
{
    const size_t len = b.len < SKAD_DB_ROW_KEY_BYTES ? b.len : SKAD_DB_ROW_KEY_BYTES;
    const int order = memcmp(a, b.data, len);
    return order != 0 ? order : (SKAD_DB_ROW_KEY_BYTES > b.len) - (SKAD_DB_ROW_KEY_BYTES < b.len);
}

void skad_db_pending_free(skad_db_pending *self)
{
    while (self->first != NULL) {
        skad_db_write *write = self->first;
        self->first = write->next;
        free(write);
    }
    free(self->all);
    *self = (skad_db_pending){0};
}

bool skad_db_pending_has_room(const skad_db_pending *self, size_t writes)
{
    return self->writes + writes <= SKAD_DB_PENDING_MAX && self->bytes < SKAD_DB_PENDING_BYTES_MAX;
}

/* ---- The index ---- */

size_t skad_db_pending_at(const skad_db_pending *self, skad_span key)
{
    size_t low = 0;
    size_t high = self->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare(self->all[middle].latest->key, key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static skad_db_overlaid *find(const skad_db_pending *self, const uint8_t *key)
{
    const skad_span span = {key, SKAD_DB_ROW_KEY_BYTES};
    const size_t at = skad_db_pending_at(self, span);
    return at < self->count && compare(self->all[at].latest->key, span) == 0 ? &self->all[at]
                                                                             : NULL;
}

const skad_db_overlaid *skad_db_pending_find(const skad_db_pending *self,
                                             const uint8_t key[static SKAD_DB_ROW_KEY_BYTES])
{
    return find(self, key);
}

static bool grow(skad_db_pending *self)
{
    if (self->count < self->cap) {
        return true;
    }
    const size_t cap = self->cap == 0 ? 64 : 2 * self->cap;
    skad_db_overlaid *grown = realloc(self->all, cap * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    self->all = grown;
    self->cap = cap;
    return true;
}

static void insert(skad_db_pending *self, skad_db_write *write, const skad_store_record *base)
{
    const size_t at = skad_db_pending_at(self, (skad_span){write->key, sizeof write->key});
    memmove(&self->all[at + 1], &self->all[at], (self->count - at) * sizeof *self->all);
    self->all[at] = (skad_db_overlaid){.latest = write, .has_base = base != NULL};
    if (base != NULL) {
        self->all[at].base = *base;
        self->all[at].base.data = NULL;
    }
    self->count++;
}

static void take_out(skad_db_pending *self, skad_db_overlaid *entry)
{
    const size_t at = (size_t)(entry - self->all);
    self->count--;
    memmove(entry, entry + 1, (self->count - at) * sizeof *entry);
}

/* ---- Writes ---- */

skad_status skad_db_pending_add(skad_db_pending *self, uint64_t ticket,
                                const uint8_t key[static SKAD_DB_ROW_KEY_BYTES],
                                const skad_store_record *record, skad_span row,
                                const skad_store_record *base)
{
    skad_db_write *write = malloc(sizeof *write + row.len);
    if (write == NULL || !grow(self)) {
        free(write);
        return SKAD_ERR_MEMORY;
    }
    *write = (skad_db_write){.ticket = ticket, .put = record != NULL, .row_len = row.len};
    memcpy(write->key, key, sizeof write->key);
    if (record != NULL) {
        memcpy(write->row, row.data, row.len);
        write->record = *record;
        write->record.data = write->row + SKAD_DB_ROW_HEADER_BYTES;
    }
    bool is_key = skad_db_row_key_read((skad_span){write->key, sizeof write->key}, &write->section,
                                       &write->record.name);
    SKAD_ASSERT(is_key);
    skad_db_overlaid *entry = find(self, write->key);
    if (entry == NULL) {
        insert(self, write, base);
    } else {
        write->before = entry->latest;
        entry->latest = write;
    }
    if (self->last == NULL) {
        self->first = write;
    } else {
        self->last->next = write;
    }
    self->last = write;
    self->writes++;
    self->bytes += row.len;
    return SKAD_OK;
}

/* The write is no longer the latest of its name: `before` is, or what the database has. */
static void forget(skad_db_pending *self, const skad_db_write *write, skad_db_write *before)
{
    skad_db_overlaid *entry = find(self, write->key);
    SKAD_ASSERT(entry != NULL && entry->latest == write);
    if (before != NULL) {
        entry->latest = before;
    } else {
        take_out(self, entry);
    }
}

void skad_db_pending_undo(skad_db_pending *self, uint64_t ticket)
{
    skad_db_write *unit[SKAD_DB_UNIT_MAX] = {NULL};
    size_t count = 0;
    skad_db_write *kept = NULL;
    skad_db_write *write = self->first;
    for (; write != NULL && write->ticket != ticket; write = write->next) {
        kept = write;
    }
    for (; write != NULL; write = write->next) {
        SKAD_ASSERT(write->ticket == ticket && count < SKAD_DB_UNIT_MAX);
        unit[count++] = write;
    }
    while (count > 0) { /* backwards: a name may come twice */
        write = unit[--count];
        forget(self, write, write->before);
        self->writes--;
        self->bytes -= write->row_len;
        free(write);
    }
    if (kept == NULL) {
        self->first = NULL;
    } else {
        kept->next = NULL;
    }
    self->last = kept;
}

/* The write after this one of the same name must not refer to it any more. */
static void part(const skad_db_overlaid *entry, const skad_db_write *write)
{
    skad_db_write *later = entry->latest;
    while (later != NULL && later->before != write) {
        later = later->before;
    }
    if (later != NULL) {
        later->before = NULL;
    }
}

void skad_db_pending_settle(skad_db_pending *self, bool done)
{
    skad_db_write *write = self->first;
    SKAD_ASSERT(write != NULL && write->before == NULL);
    skad_db_overlaid *entry = find(self, write->key);
    SKAD_ASSERT(entry != NULL);
    if (entry->latest == write) {
        take_out(self, entry);
    } else {
        part(entry, write);
        if (done) {
            entry->has_base = write->put;
            entry->base = write->record;
            entry->base.data = NULL;
        }
    }
    self->first = write->next;
    self->last = self->first == NULL ? NULL : self->last;
    self->writes--;
    self->bytes -= write->row_len;
    free(write);
}

/* ---- Sums ---- */

static void count_one(skad_store_usage *sum, const skad_store_record *record, bool added)
{
    sum->records += added ? 1 : UINT64_MAX;
    sum->bytes += added ? record->len : 0U - (uint64_t)record->len;
}

static void count_owned(const skad_store_record *record, bool added, const uint8_t *counter,
                        skad_store_usage *sum)
{
    uint8_t owners[SKAD_STORE_OWNERS_MAX][SKAD_DB_COUNTER_KEY_BYTES];
    const size_t owners_count = skad_db_owners(record, owners);
    for (size_t i = 0; i < owners_count; i++) {
        if (memcmp(owners[i], counter, SKAD_DB_COUNTER_KEY_BYTES) == 0) {
            count_one(sum, record, added);
        }
    }
}

void skad_db_pending_usage(const skad_db_pending *self,
                           const uint8_t counter[static SKAD_DB_COUNTER_KEY_BYTES],
                           skad_store_usage *sum)
{
    for (size_t i = 0; i < self->count; i++) {
        const skad_db_overlaid *entry = &self->all[i];
        if (entry->latest->section != SKAD_STORE_REPLICAS) {
            break; /* publications come last, and have no owners */
        }
        if (entry->has_base) {
            count_owned(&entry->base, false, counter, sum);
        }
        if (entry->latest->put) {
            count_owned(&entry->latest->record, true, counter, sum);
        }
    }
}

static void count_total(skad_store_usage sums[static 3], skad_store_section section,
                        const skad_store_record *record, bool added)
{
    count_one(&sums[section], record, added);
    if (section == SKAD_STORE_REPLICAS && record->cached) {
        count_one(&sums[CACHED], record, added);
    }
}

void skad_db_pending_totals(const skad_db_pending *self, skad_store_usage sums[static 3])
{
    for (size_t i = 0; i < self->count; i++) {
        const skad_db_overlaid *entry = &self->all[i];
        if (entry->has_base) {
            count_total(sums, entry->latest->section, &entry->base, false);
        }
        if (entry->latest->put) {
            count_total(sums, entry->latest->section, &entry->latest->record, true);
        }
    }
}

const skad_db_write *skad_db_pending_first(const skad_db_pending *self, bool cached,
                                           uint64_t until_unix_s)
{
    const skad_db_write *first = NULL;
    for (size_t i = 0; i < self->count; i++) {
        const skad_db_write *write = self->all[i].latest;
        if (write->section == SKAD_STORE_REPLICAS && write->put && write->record.cached == cached &&
            write->record.expires_unix_s <= until_unix_s &&
            (first == NULL || write->record.expires_unix_s < first->record.expires_unix_s)) {
            first = write;
        }
    }
    return first;
}
