/* The storage interface in memory: sorted arrays of pointers (sorted.h).
 *
 *    sections   the records by name
 *    by_expiry  the records held by (cached, expiry, name); sweeping and making room take from
 *               the front of a half
 *    shares     how much of the section of replicas each owner has, by (kind, owner)
 *
 * put allocates all the memory that it needs before it changes anything. */
#include "skad/store.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "skad/record.h"
#include "src/core/storage/sorted.h"

#define OWNER_NAME_BYTES 33 /* kind, owner */

/* The most records that are dropped to make room for one: one for its slot, one for each of its
 * bytes. */
#define VICTIMS_MAX ((size_t)SKAD_STORED_BYTES_MAX + 1)

_Static_assert(sizeof(skad_store_name) == SKAD_ID_BYTES + 1 + SKAD_PUBLIC_KEY_BYTES, "no padding");

typedef struct entry {
    skad_store_record record; /* data points to bytes */
    uint8_t bytes[];
} entry;

typedef struct share {
    uint8_t name[OWNER_NAME_BYTES];
    skad_store_usage used; /* the entry goes when there are no records */
} share;

typedef struct memory_store {
    skad_sorted sections[2];
    skad_sorted by_expiry;
    skad_sorted shares;
    skad_store_usage totals[2];
    skad_store_usage cached;
    skad_store_caps caps;
} memory_store;

/* ---- Orders ---- */

static int compare_names(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(skad_store_name)); /* the first member of records and entries */
}

static int compare_expiries(const void *a, const void *b)
{
    const skad_store_record *left = a;
    const skad_store_record *right = b;
    if (left->cached != right->cached) {
        return left->cached ? 1 : -1;
    }
    if (left->expires_unix_s != right->expires_unix_s) {
        return left->expires_unix_s > right->expires_unix_s ? 1 : -1;
    }
    return compare_names(a, b);
}

static int compare_shares(const void *a, const void *b)
{
    return memcmp(a, b, OWNER_NAME_BYTES); /* the first member */
}

/* ---- Shares ---- */

static void name_owner(skad_store_owner kind, const uint8_t owner[static 32],
                       uint8_t out[static OWNER_NAME_BYTES])
{
    out[0] = (uint8_t)kind;
    memcpy(out + 1, owner, OWNER_NAME_BYTES - 1);
}

static size_t owners_of(const skad_store_record *record,
                        uint8_t out[SKAD_STORE_OWNERS_MAX][OWNER_NAME_BYTES])
{
    uint64_t groups[SKAD_GROUP_LEVELS];
    unsigned count = skad_groups_of(record->group, groups);
    for (unsigned i = 0; i < count; i++) {
        uint8_t owner[32];
        skad_store_group_owner(groups[i], owner);
        name_owner(SKAD_OWNER_GROUP, owner, out[i]);
    }
    if (record->name.type != SKAD_RECORD_IMMUTABLE) {
        name_owner(SKAD_OWNER_PUBLISHER, record->name.publisher, out[count++]);
    }
    return count;
}

static bool charge_owner(skad_sorted *shares, const uint8_t name[static OWNER_NAME_BYTES],
                         size_t len)
{
    share *mine = skad_sorted_find(shares, name);
    if (mine == NULL) {
        mine = skad_sorted_reserve(shares) ? calloc(1, sizeof *mine) : NULL;
        if (mine == NULL) {
            return false;
        }
        memcpy(mine->name, name, OWNER_NAME_BYTES);
        skad_sorted_insert(shares, mine);
    }
    mine->used.records++;
    mine->used.bytes += len;
    return true;
}

static void discharge_owner(skad_sorted *shares, const uint8_t name[static OWNER_NAME_BYTES],
                            size_t len)
{
    share *mine = skad_sorted_find(shares, name);
    SKAD_ASSERT(mine != NULL);
    mine->used.records--;
    mine->used.bytes -= len;
    if (mine->used.records == 0) {
        skad_sorted_remove(shares, mine);
        free(mine);
    }
}

static bool charge(memory_store *store, const skad_store_record *record)
{
    uint8_t owners[SKAD_STORE_OWNERS_MAX][OWNER_NAME_BYTES];
    size_t count = owners_of(record, owners);
    for (size_t i = 0; i < count; i++) {
        if (!charge_owner(&store->shares, owners[i], record->len)) {
            while (i-- > 0) {
                discharge_owner(&store->shares, owners[i], record->len);
            }
            return false;
        }
    }
    return true;
}

static void discharge(memory_store *store, const skad_store_record *record)
{
    uint8_t owners[SKAD_STORE_OWNERS_MAX][OWNER_NAME_BYTES];
    size_t count = owners_of(record, owners);
    for (size_t i = 0; i < count; i++) {
        discharge_owner(&store->shares, owners[i], record->len);
    }
}

/* ---- Changes ---- */

static size_t first_of_half(const memory_store *store, bool cached)
{
    const skad_store_record least = {.cached = cached};
    return skad_sorted_position(&store->by_expiry, &least);
}

static void erase(memory_store *store, skad_store_section section, entry *gone)
{
    skad_sorted_remove(&store->sections[section], gone);
    store->totals[section].records--;
    store->totals[section].bytes -= gone->record.len;
    if (section == SKAD_STORE_REPLICAS) {
        skad_sorted_remove(&store->by_expiry, gone);
        if (gone->record.cached) {
            store->cached.records--;
            store->cached.bytes -= gone->record.len;
        }
        discharge(store, &gone->record);
    }
    free(gone);
}

/* How many records have to go to make room for another one: so many from the front of each half. */
typedef struct victims {
    size_t owed; /* expired ones that are not cached */
    size_t cached;
} victims;

/* What a section would hold once a record was put and its victims were gone. */
typedef struct fill {
    uint64_t records, records_max;
    uint64_t bytes, bytes_max;
} fill;

static fill fill_with(const memory_store *store, skad_store_section section,
                      const skad_store_record *record, const entry *old)
{
    const skad_store_usage *total = &store->totals[section];
    bool held = section == SKAD_STORE_REPLICAS;
    return (fill){
        .records = total->records + (old == NULL),
        .records_max = held ? store->caps.records_max : store->caps.published_max,
        .bytes = total->bytes + record->len - (old == NULL ? 0 : old->record.len),
        .bytes_max = held ? store->caps.bytes_max : store->caps.published_bytes_max,
    };
}

static bool overflows(const fill *sum)
{
    return sum->records > sum->records_max || sum->bytes > sum->bytes_max;
}

/* Whether a record gives way to another one. */
static bool gives_way(const skad_store_record *record, const skad_store_record *to,
                      uint64_t now_unix_s)
{
    bool expired = record->expires_unix_s <= now_unix_s;
    return expired ||
           (record->cached && (!to->cached || record->expires_unix_s < to->expires_unix_s));
}

/* Counts the victims, which the old record of the same name is not; false if there is no room even
 * without them. */
static bool count_victims(const memory_store *store, fill sum, const skad_store_record *record,
                          const entry *old, uint64_t now_unix_s, victims *out)
{
    const skad_sorted *order = &store->by_expiry;
    *out = (victims){0};
    for (int half = 0; half < 2; half++) {
        size_t *count = half == 0 ? &out->owed : &out->cached;
        for (size_t at = half == 0 ? 0 : first_of_half(store, true);
             overflows(&sum) && at < order->count; at++) {
            const entry *victim = order->items[at];
            if (victim->record.cached != (half == 1) || out->owed + out->cached == VICTIMS_MAX ||
                !gives_way(&victim->record, record, now_unix_s)) {
                break;
            }
            if (victim != old) {
                sum.records--;
                sum.bytes -= victim->record.len;
                ++*count;
            }
        }
    }
    return !overflows(&sum);
}

static void erase_victims(memory_store *store, victims gone)
{
    for (; gone.owed > 0; gone.owed--) {
        erase(store, SKAD_STORE_REPLICAS, store->by_expiry.items[0]);
    }
    for (; gone.cached > 0; gone.cached--) {
        erase(store, SKAD_STORE_REPLICAS, store->by_expiry.items[first_of_half(store, true)]);
    }
}

static entry *copy_record(const skad_store_record *record)
{
    entry *copy = malloc(sizeof *copy + record->len);
    if (copy != NULL) {
        copy->record = *record;
        memcpy(copy->bytes, record->data, record->len);
        copy->record.data = copy->bytes;
    }
    return copy;
}

static skad_status memory_put(void *self, skad_store_section section,
                              const skad_store_record *record, uint64_t now_unix_s)
{
    memory_store *store = self;
    SKAD_ASSERT(record->len > 0 && record->len <= SKAD_STORED_BYTES_MAX);
    bool held = section == SKAD_STORE_REPLICAS;
    entry *old = skad_sorted_find(&store->sections[section], &record->name);
    fill sum = fill_with(store, section, record, old);
    victims gone = {0};
    if (held ? !count_victims(store, sum, record, old, now_unix_s, &gone) : overflows(&sum)) {
        return SKAD_ERR_FULL;
    }
    entry *added = copy_record(record); /* first, since data may belong to what is dropped */
    if (added == NULL || !skad_sorted_reserve(&store->sections[section]) ||
        (held && (!skad_sorted_reserve(&store->by_expiry) || !charge(store, &added->record)))) {
        free(added);
        return SKAD_ERR_MEMORY;
    }
    if (old != NULL) {
        erase(store, section, old);
    }
    erase_victims(store, gone);
    skad_sorted_insert(&store->sections[section], added);
    store->totals[section].records++;
    store->totals[section].bytes += added->record.len;
    if (held) {
        skad_sorted_insert(&store->by_expiry, added);
        if (added->record.cached) {
            store->cached.records++;
            store->cached.bytes += added->record.len;
        }
    }
    return SKAD_OK;
}

static skad_status memory_drop(void *self, skad_store_section section, const skad_store_name *name)
{
    memory_store *store = self;
    entry *gone = skad_sorted_find(&store->sections[section], name);
    if (gone == NULL) {
        return SKAD_ERR_MISSING;
    }
    erase(store, section, gone);
    return SKAD_OK;
}

static size_t memory_sweep(void *self, uint64_t now_unix_s, size_t limit)
{
    memory_store *store = self;
    size_t dropped = 0;
    for (int half = 0; half < 2; half++) {
        for (; dropped < limit; dropped++) {
            size_t at = first_of_half(store, half == 1);
            entry *first = at < store->by_expiry.count ? store->by_expiry.items[at] : NULL;
            if (first == NULL || first->record.expires_unix_s > now_unix_s) {
                break;
            }
            erase(store, SKAD_STORE_REPLICAS, first);
        }
    }
    return dropped;
}

/* ---- Queries ---- */

static bool memory_find(void *self, skad_store_section section, const skad_store_name *name,
                        uint64_t now_unix_s, skad_store_record *out)
{
    const memory_store *store = self;
    const entry *found = skad_sorted_find(&store->sections[section], name);
    if (found == NULL || found->record.expires_unix_s <= now_unix_s) {
        return false;
    }
    *out = found->record;
    return true;
}

static size_t memory_list(void *self, const skad_id *key, uint8_t type, uint64_t draw,
                          uint64_t now_unix_s, skad_store_record *out, size_t max)
{
    const memory_store *store = self;
    const skad_sorted *held = &store->sections[SKAD_STORE_REPLICAS];
    const skad_store_name least = {.key = *key, .type = type};
    const size_t begin = skad_sorted_position(held, &least);
    size_t end = begin;
    size_t living = 0;
    for (; end < held->count; end++) {
        const entry *here = held->items[end];
        if (memcmp(&here->record.name, &least, offsetof(skad_store_name, publisher)) != 0) {
            break;
        }
        living += here->record.expires_unix_s > now_unix_s;
    }
    if (living == 0) {
        return 0;
    }
    size_t skip = (size_t)(draw % living);
    size_t count = living < max ? living : max;
    for (size_t i = begin, listed = 0; listed < count; i = i + 1 == end ? begin : i + 1) {
        const entry *here = held->items[i];
        if (here->record.expires_unix_s <= now_unix_s) {
            continue;
        }
        if (skip > 0) {
            skip--;
        } else {
            out[listed++] = here->record;
        }
    }
    return count;
}

static size_t memory_survey(void *self, const skad_id *key, uint8_t type, skad_store_place *out,
                            size_t max)
{
    const memory_store *store = self;
    const skad_sorted *held = &store->sections[SKAD_STORE_REPLICAS];
    const skad_store_name least = {.key = *key, .type = type};
    size_t count = 0;
    for (size_t at = skad_sorted_position(held, &least); at < held->count && count < max; at++) {
        const skad_store_record *here = &((const entry *)held->items[at])->record;
        if (memcmp(&here->name, &least, offsetof(skad_store_name, publisher)) != 0) {
            break;
        }
        memcpy(out[count].publisher, here->name.publisher, sizeof out->publisher);
        out[count].group = here->group;
        out[count++].expires_unix_s = here->expires_unix_s;
    }
    return count;
}

/* Advances a name by one, as a number. */
static void move_behind(skad_store_name *name)
{
    uint8_t *bytes = (uint8_t *)name;
    for (size_t i = sizeof *name; i > 0 && ++bytes[i - 1] == 0; i--) {
    }
}

static bool memory_next(void *self, skad_store_section section, skad_store_name *from,
                        skad_store_record *out)
{
    const memory_store *store = self;
    size_t at = skad_sorted_position(&store->sections[section], from);
    if (at == store->sections[section].count) {
        return false;
    }
    const entry *found = store->sections[section].items[at];
    *out = found->record;
    *from = found->record.name;
    move_behind(from);
    return true;
}

static void memory_usage(void *self, skad_store_owner kind, const uint8_t owner[static 32],
                         skad_store_usage *out)
{
    const memory_store *store = self;
    uint8_t name[OWNER_NAME_BYTES];
    name_owner(kind, owner, name);
    const share *found = skad_sorted_find(&store->shares, name);
    *out = (skad_store_usage){0};
    if (found != NULL) {
        *out = found->used;
    }
}

static void memory_totals(void *self, skad_store_totals *out)
{
    const memory_store *store = self;
    const skad_store_usage *held = &store->totals[SKAD_STORE_REPLICAS];
    const skad_store_usage *published = &store->totals[SKAD_STORE_PUBLICATIONS];
    *out = (skad_store_totals){
        .records = held->records,
        .records_max = store->caps.records_max,
        .bytes = held->bytes,
        .bytes_max = store->caps.bytes_max,
        .cached = store->cached.records,
        .cached_bytes = store->cached.bytes,
        .published = published->records,
        .published_max = store->caps.published_max,
        .published_bytes = published->bytes,
        .published_bytes_max = store->caps.published_bytes_max,
    };
}

/* ---- Life cycle ---- */

static void free_items(skad_sorted *array)
{
    for (size_t i = 0; i < array->count; i++) {
        free(array->items[i]);
    }
    free(array->items);
}

static void memory_free(void *self)
{
    memory_store *store = self;
    if (store == NULL) {
        return;
    }
    free_items(&store->sections[SKAD_STORE_REPLICAS]);
    free_items(&store->sections[SKAD_STORE_PUBLICATIONS]);
    free_items(&store->shares);
    free(store->by_expiry.items);
    free(store);
}

static const skad_store_ops memory_ops = {
    .put = memory_put,
    .find = memory_find,
    .list = memory_list,
    .survey = memory_survey,
    .next = memory_next,
    .drop = memory_drop,
    .usage = memory_usage,
    .sweep = memory_sweep,
    .totals = memory_totals,
    .free = memory_free,
};

skad_status skad_store_memory_new(const skad_store_caps *caps, skad_store *out)
{
    if (caps->records_max == 0 || caps->bytes_max == 0 || caps->published_max == 0 ||
        caps->published_bytes_max == 0) {
        return SKAD_ERR_INPUT;
    }
    memory_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return SKAD_ERR_MEMORY;
    }
    store->sections[SKAD_STORE_REPLICAS].compare = compare_names;
    store->sections[SKAD_STORE_PUBLICATIONS].compare = compare_names;
    store->by_expiry.compare = compare_expiries;
    store->shares.compare = compare_shares;
    store->caps = *caps;
    *out = (skad_store){.ops = &memory_ops, .self = store};
    return SKAD_OK;
}
