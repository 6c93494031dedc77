/* Invariants of a store: see invariants.h. tests/node/test_invariants.c breaks each of them. */
#include <string.h>

#include "src/core/node/invariants.h"
#include "src/core/storage/key_places.h"
#include "src/core/storage/store_shares.h"

#define PLACES_MAX (SKAD_KEY_PLACES_MAX + SKAD_KEY_GONE_MAX)

static bool keeps_to_caps(const skad_store_totals *fill)
{
    return fill->records <= fill->records_max && fill->bytes <= fill->bytes_max &&
           fill->cached <= fill->records && fill->cached_bytes <= fill->bytes &&
           fill->published <= fill->published_max &&
           fill->published_bytes <= fill->published_bytes_max;
}

/* Whether the group that a record is charged to, and those around it, have no more than their
 * shares. */
static bool within_shares(const skad_store *store, const skad_store_totals *fill, uint64_t group)
{
    const uint64_t bytes_min = (uint64_t)SKAD_SHARE_RECORDS * SKAD_RECORD_BYTES_MAX;
    for (unsigned level = 0; level < SKAD_GROUP_LEVELS; level++) {
        unsigned times = skad_group_factor(group, level);
        uint8_t owner[32];
        skad_store_usage usage;
        if (times == 0) {
            continue;
        }
        skad_store_group_owner(skad_group_around(group, level), owner);
        store->ops->usage(store->self, SKAD_OWNER_GROUP, owner, &usage);
        if (usage.records >
                skad_share_of(fill->records_max, SKAD_SHARE_GROUP, times, SKAD_SHARE_RECORDS) ||
            usage.bytes > skad_share_of(fill->bytes_max, SKAD_SHARE_GROUP, times, bytes_min)) {
            return false;
        }
    }
    return true;
}

/* Whether no group has more living announcements of a key than its part. */
static bool within_parts(const skad_store_place *places, size_t count, uint64_t now_unix_s)
{
    for (size_t i = 0; i < count; i++) {
        for (unsigned level = 0; places[i].group != 0 && level < SKAD_GROUP_LEVELS; level++) {
            size_t max =
                (size_t)SKAD_KEY_PLACES_GROUP_MAX * skad_group_factor(places[i].group, level);
            uint64_t group = skad_group_around(places[i].group, level);
            size_t living = 0;
            for (size_t j = 0; max != 0 && j < count; j++) {
                living += places[j].expires_unix_s > now_unix_s &&
                          skad_group_around(places[j].group, level) == group;
            }
            if (living > max) {
                return false;
            }
        }
    }
    return true;
}

static const char *key_broken(const skad_store *store, const skad_id *key, bool limited,
                              uint64_t now_unix_s)
{
    skad_store_place places[PLACES_MAX];
    size_t count =
        store->ops->survey(store->self, key, SKAD_RECORD_ANNOUNCEMENT, places, PLACES_MAX);
    if (count > SKAD_KEY_PLACES_MAX) {
        return "no key has more announcements than places";
    }
    return limited && !within_parts(places, count, now_unix_s)
               ? "no address group has more places of a key than its part"
               : NULL;
}

const char *skad_store_broken(const skad_store *store, const skad_profile *profile,
                              uint64_t now_unix_s)
{
    const bool limited = profile->group_table_max != 0;
    const char *broken = NULL;
    skad_store_name from = {.type = 0};
    skad_store_name before = {.type = 0};
    skad_store_record record;
    skad_store_totals fill;
    store->ops->totals(store->self, &fill);
    if (!keeps_to_caps(&fill)) {
        return "the store keeps to its caps";
    }
    while (broken == NULL && store->ops->next(store->self, SKAD_STORE_REPLICAS, &from, &record)) {
        bool same_key = record.name.type == before.type &&
                        memcmp(&record.name.key, &before.key, sizeof before.key) == 0;
        before = record.name;
        if (limited && record.group != 0 && !within_shares(store, &fill, record.group)) {
            return "no address group holds more than its share";
        }
        if (record.name.type == SKAD_RECORD_ANNOUNCEMENT && !same_key) {
            broken = key_broken(store, &before.key, limited, now_unix_s);
        }
    }
    return broken;
}
