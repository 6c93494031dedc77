#include "src/core/lookup/collect.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "src/core/routing/distance.h"

skad_collection *skad_collection_new(skad_record_type type, const skad_id *key,
                                     const skad_network_id *network)
{
    skad_collection *collection = calloc(1, sizeof *collection);
    if (collection == NULL) {
        return NULL;
    }
    collection->type = type;
    collection->key = *key;
    collection->network = *network;
    if (type == SKAD_RECORD_ANNOUNCEMENT) {
        collection->announced = calloc(SKAD_PROVIDERS_MAX, sizeof *collection->announced);
        collection->providers = calloc(SKAD_PROVIDERS_MAX, sizeof *collection->providers);
        collection->pagers = calloc(SKAD_PAGERS_MAX, sizeof *collection->pagers);
        if (collection->announced == NULL || collection->providers == NULL ||
            collection->pagers == NULL) {
            skad_collection_free(collection);
            return NULL;
        }
    }
    return collection;
}

void skad_collection_free(skad_collection *collection)
{
    if (collection != NULL) {
        free(collection->announced);
        free(collection->pagers);
        free(collection->providers);
        free(collection);
    }
}

bool skad_collection_found(const skad_collection *collection)
{
    return collection->best_len > 0 || collection->announced_count > 0;
}

static uint64_t fingerprint_of(skad_span value)
{
    uint8_t hash[SKAD_HASH_BYTES];
    uint64_t fingerprint = 0;
    skad_hash_one(SKAD_HASH_VALUE, value.data, value.len, hash);
    memcpy(&fingerprint, hash, sizeof fingerprint);
    return fingerprint;
}

/* ---- Taking answers ---- */

/* Whether a record is what was asked for. The node that gives it can see that for itself. */
static bool fits(const skad_collection *collection, const skad_record *record)
{
    return record->type == collection->type && skad_id_equal(&record->key, &collection->key);
}

/* Whether a record has expired by our clock. */
static bool expired(const skad_record *record, uint64_t now_unix_s)
{
    return record->type != SKAD_RECORD_IMMUTABLE && record->expiry_unix_s <= now_unix_s;
}

/* Whether these very bytes were verified before. */
static bool known(const skad_collection *collection, skad_span bytes)
{
    if (collection->best_len == bytes.len && memcmp(collection->best, bytes.data, bytes.len) == 0) {
        return true;
    }
    for (size_t i = 0; i < collection->announced_count; i++) {
        const skad_announced *announced = &collection->announced[i];
        if (announced->len == bytes.len && memcmp(announced->bytes, bytes.data, bytes.len) == 0) {
            return true;
        }
    }
    return false;
}

static bool authentic(const skad_collection *collection, const skad_record *record, skad_span bytes,
                      uint64_t *verifications)
{
    if (record->type == SKAD_RECORD_IMMUTABLE || known(collection, bytes)) {
        return true;
    }
    (*verifications)++;
    return skad_record_verify(record, &collection->network);
}

static void take_best(skad_collection *collection, const skad_record *record, skad_span bytes,
                      const skad_given *given)
{
    bool none = collection->best_len == 0;
    bool equal = !none && given->sequence == collection->sequence;
    bool same = equal && given->fingerprint == collection->fingerprint;
    bool higher = none || given->sequence > collection->sequence;
    bool replaces = higher || (same && record->expiry_unix_s > collection->expiry_unix_s) ||
                    (equal && given->fingerprint > collection->fingerprint);
    if (higher) {
        collection->conflict = false;
    } else if (equal && !same) {
        collection->conflict = true;
    }
    if (replaces) {
        memcpy(collection->best, bytes.data, bytes.len);
        collection->best_len = bytes.len;
        collection->sequence = given->sequence;
        collection->fingerprint = given->fingerprint;
        collection->expiry_unix_s = record->expiry_unix_s;
    }
}

static void keep_announced(skad_announced *slot, skad_span bytes)
{
    SKAD_ASSERT(bytes.len <= sizeof slot->bytes);
    memcpy(slot->bytes, bytes.data, bytes.len);
    slot->len = (uint16_t)bytes.len;
}

/* Keeps one announcement for each publisher: the one with the highest sequence, and of the same
 * sequence the one with the later expiry. When there is no room, each publisher that was met is as
 * likely to stay as any other (reservoir sampling). */
static void take_announcement(skad_collection *collection, const skad_record *record,
                              skad_span bytes, skad_random *random)
{
    for (size_t i = 0; i < collection->announced_count; i++) {
        skad_announced *announced = &collection->announced[i];
        skad_record other;
        bool decodes = skad_record_decode(announced->bytes, announced->len, &other);
        SKAD_ASSERT(decodes);
        if (memcmp(other.publisher, record->publisher, SKAD_PUBLIC_KEY_BYTES) == 0) {
            if (record->sequence > other.sequence ||
                (record->sequence == other.sequence &&
                 record->expiry_unix_s > other.expiry_unix_s)) {
                keep_announced(announced, bytes);
            }
            return;
        }
    }
    collection->met++;
    if (collection->announced_count < SKAD_PROVIDERS_MAX) {
        keep_announced(&collection->announced[collection->announced_count++], bytes);
        return;
    }
    uint64_t at = skad_random_below(random, collection->met);
    if (at < SKAD_PROVIDERS_MAX) {
        keep_announced(&collection->announced[at], bytes);
    }
}

/* ---- More than fits one answer ---- */

skad_pager *skad_collection_pager(const skad_collection *collection, uint16_t candidate)
{
    for (size_t i = 0; i < collection->pagers_count; i++) {
        if (collection->pagers[i].candidate == candidate) {
            return &collection->pagers[i];
        }
    }
    return NULL;
}

bool skad_collection_lacks(const skad_collection *collection, const skad_pager *pager)
{
    uint32_t wanted = pager->total < SKAD_PROVIDERS_MAX ? pager->total : SKAD_PROVIDERS_MAX;
    return !pager->over && !pager->asked && collection->met < wanted;
}

/* Finds the publisher behind another one, as numbers. */
static void publisher_behind(const uint8_t publisher[static SKAD_PUBLIC_KEY_BYTES],
                             uint8_t out[static SKAD_PUBLIC_KEY_BYTES])
{
    memcpy(out, publisher, SKAD_PUBLIC_KEY_BYTES);
    for (size_t i = SKAD_PUBLIC_KEY_BYTES; i > 0 && ++out[i - 1] == 0; i--) {
    }
}

/* Notes how far a holder has come, whose answers go round all that it has. */
static void turn_page(skad_collection *collection, const skad_get_answer *answer,
                      const uint8_t *last_publisher)
{
    skad_pager *pager = skad_collection_pager(collection, answer->candidate);
    if (collection->pagers == NULL || (pager == NULL && answer->total <= answer->count)) {
        return;
    }
    if (pager == NULL && collection->pagers_count == SKAD_PAGERS_MAX) {
        return;
    }
    if (pager == NULL) {
        pager = &collection->pagers[collection->pagers_count++];
        *pager = (skad_pager){.candidate = answer->candidate, .total = answer->total};
    }
    pager->asked = false;
    pager->pages++;
    pager->given += (uint32_t)answer->count;
    pager->over =
        last_publisher == NULL || pager->given >= pager->total || pager->pages == SKAD_PAGES_MAX;
    if (last_publisher != NULL) {
        publisher_behind(last_publisher, pager->from);
    }
}

/* Adds what a node gave to what it gave before. */
static void note_given(skad_collection *collection, const skad_given *given)
{
    for (size_t i = 0; i < collection->given_count; i++) {
        skad_given *before = &collection->given[i];
        if (before->candidate == given->candidate && given->candidate != SKAD_CANDIDATE_OURSELVES) {
            before->invalid |= given->invalid;
            before->record |= given->record;
            return;
        }
    }
    collection->given[collection->given_count++] = *given;
}

size_t skad_collection_take(skad_collection *collection, const skad_get_answer *answer,
                            uint64_t now_unix_s, skad_random *random, uint64_t *verifications)
{
    const bool again = skad_collection_pager(collection, answer->candidate) != NULL;
    if (collection->given_count == SKAD_GIVEN_MAX && !again) {
        return 0;
    }
    skad_given given = {.candidate = answer->candidate,
                        .total = answer->total > 0 ? answer->total : (uint32_t)answer->count};
    uint8_t last[SKAD_PUBLIC_KEY_BYTES];
    bool any = false;
    bool found = skad_collection_found(collection);
    size_t bad = 0;
    for (size_t i = 0; i < answer->count; i++) {
        skad_span bytes = answer->records[i];
        skad_record record;
        if (!skad_record_decode(bytes.data, bytes.len, &record) || !fits(collection, &record)) {
            bad++;
            continue;
        }
        if (record.type == SKAD_RECORD_ANNOUNCEMENT) {
            memcpy(last, record.publisher, sizeof last);
            any = true;
        }
        if (expired(&record, now_unix_s)) {
            continue; /* as if it had none */
        }
        if (!authentic(collection, &record, bytes, verifications)) {
            given.invalid = true;
            continue;
        }
        given.record = true;
        given.sequence = record.sequence;
        if (record.type == SKAD_RECORD_ANNOUNCEMENT) {
            take_announcement(collection, &record, bytes, random);
        } else {
            given.fingerprint = fingerprint_of(record.value);
            take_best(collection, &record, bytes, &given);
        }
    }
    given.invalid = given.invalid || bad > 0;
    note_given(collection, &given);
    turn_page(collection, answer, any ? last : NULL);
    if (!found && skad_collection_found(collection)) {
        collection->holder = *answer->from;
    }
    return bad;
}

/* ---- Reporting ---- */

const skad_given *skad_collection_given(const skad_collection *collection, uint16_t candidate)
{
    for (size_t i = 0; i < collection->given_count; i++) {
        if (collection->given[i].candidate == candidate) {
            return &collection->given[i];
        }
    }
    return NULL;
}

bool skad_collection_agrees(const skad_collection *collection, const skad_given *given)
{
    return given->record && (collection->type == SKAD_RECORD_ANNOUNCEMENT ||
                             (given->sequence == collection->sequence &&
                              given->fingerprint == collection->fingerprint));
}

static void report_best(const skad_collection *collection, skad_get_report *out)
{
    skad_record record;
    if (collection->best_len == 0 ||
        !skad_record_decode(collection->best, collection->best_len, &record)) {
        return;
    }
    out->value = record.value.data;
    out->len = record.value.len;
    out->publisher = record.publisher;
    out->sequence = record.sequence;
    out->expiry_unix_s = record.expiry_unix_s;
    out->conflict = collection->conflict;
}

/* Returns how many providers there seem to be: what at least half of the nodes that gave some say,
 * but no fewer than are returned. A liar that names another number is outvoted. */
static uint32_t count_providers(const skad_collection *collection)
{
    uint32_t totals[SKAD_GIVEN_MAX]; /* descending */
    size_t count = 0;
    for (size_t i = 0; i < collection->given_count; i++) {
        const skad_given *given = &collection->given[i];
        if (!given->record) {
            continue;
        }
        size_t at = count++;
        while (at > 0 && totals[at - 1] < given->total) {
            totals[at] = totals[at - 1];
            at--;
        }
        totals[at] = given->total;
    }
    uint32_t median = count == 0 ? 0 : totals[(count - 1) / 2];
    uint32_t known = (uint32_t)collection->announced_count;
    return median > known ? median : known;
}

static void report_providers(skad_collection *collection, skad_get_report *out)
{
    for (size_t i = 0; i < collection->announced_count; i++) {
        const skad_announced *announced = &collection->announced[i];
        skad_provider *provider = &collection->providers[i];
        skad_record record;
        bool decodes = skad_record_decode(announced->bytes, announced->len, &record);
        SKAD_ASSERT(decodes);
        memcpy(provider->publisher, record.publisher, sizeof provider->publisher);
        provider->sequence = record.sequence;
        provider->expiry_unix_s = record.expiry_unix_s;
        provider->endpoint = record.endpoint;
        provider->metadata = record.value.data;
        provider->metadata_len = record.value.len;
    }
    out->providers = collection->providers;
    out->providers_count = collection->announced_count;
    out->providers_total = count_providers(collection);
}

void skad_collection_report(skad_collection *collection, skad_get_report *out)
{
    *out = (skad_get_report){
        .type = collection->type,
        .key = collection->key,
        .holder = collection->holder,
    };
    if (collection->type == SKAD_RECORD_ANNOUNCEMENT) {
        report_providers(collection, out);
    } else {
        report_best(collection, out);
    }
}

/* Returns a fingerprint of publisher and sequence. A renewal with a later expiry is the same
 * announcement. */
static uint64_t print_announced(const skad_announced *announced)
{
    skad_record record;
    bool decodes = skad_record_decode(announced->bytes, announced->len, &record);
    SKAD_ASSERT(decodes);
    return fingerprint_of((skad_span){record.publisher, SKAD_PUBLIC_KEY_BYTES}) ^ record.sequence;
}

size_t skad_collection_fingerprints(const skad_collection *collection,
                                    uint64_t out[static SKAD_PROVIDERS_MAX])
{
    if (collection->best_len > 0) {
        out[0] = collection->fingerprint ^ collection->sequence;
        return 1;
    }
    for (size_t i = 0; i < collection->announced_count; i++) {
        out[i] = print_announced(&collection->announced[i]);
    }
    return collection->announced_count;
}
