/* Random steps over a store, each checked in full against a plain list that follows the rules of
 * skad/store.h in the most naive way. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/support/prng.h"
#include "tests/support/store_suite.h"

#define SEED       31
#define STEPS      4000
#define KEYS       5
#define TYPES      3
#define PUBLISHERS 3
#define PLACES     (KEYS * TYPES * PUBLISHERS)
#define DATA_MAX   60

static const skad_store_caps caps = {14, 400, 7, 150};

typedef struct model_record {
    bool there;
    skad_store_record record;
    uint8_t data[DATA_MAX];
} model_record;

/* By section, then in the order of names. */
typedef struct model {
    model_record sections[2][PLACES];
} model;

static skad_store_usage total(const model *self, size_t section)
{
    skad_store_usage sum = {0};
    for (size_t i = 0; i < PLACES; i++) {
        if (self->sections[section][i].there) {
            sum.records++;
            sum.bytes += self->sections[section][i].record.len;
        }
    }
    return sum;
}

/* Of the records that are cached, or are not, the one nearest to its expiry. */
static model_record *first_of(model *self, bool cached)
{
    model_record *first = NULL;
    for (size_t i = 0; i < PLACES; i++) {
        model_record *here = &self->sections[SKAD_STORE_REPLICAS][i];
        if (here->there && here->record.cached == cached &&
            (first == NULL || here->record.expires_unix_s < first->record.expires_unix_s)) {
            first = here;
        }
    }
    return first;
}

/* What has to go first to make room for a record. */
static model_record *first_victim(model *self, const skad_store_record *added, uint64_t now_s)
{
    model_record *owed = first_of(self, false);
    if (owed != NULL && owed->record.expires_unix_s <= now_s) {
        return owed;
    }
    model_record *copy = first_of(self, true);
    bool gives_way = copy != NULL && (copy->record.expires_unix_s <= now_s || !added->cached ||
                                      copy->record.expires_unix_s < added->expires_unix_s);
    return gives_way ? copy : NULL;
}

static skad_status model_put(model *self, skad_store_section section, size_t place,
                             const model_record *added, uint64_t now_s)
{
    const uint64_t records_max =
        section == SKAD_STORE_REPLICAS ? caps.records_max : caps.published_max;
    const uint64_t bytes_max =
        section == SKAD_STORE_REPLICAS ? caps.bytes_max : caps.published_bytes_max;
    model after = *self;
    after.sections[section][place].there = false;
    for (;;) {
        const skad_store_usage sum = total(&after, section);
        if (sum.records + 1 <= records_max && sum.bytes + added->record.len <= bytes_max) {
            break;
        }
        model_record *victim =
            section == SKAD_STORE_REPLICAS ? first_victim(&after, &added->record, now_s) : NULL;
        if (victim == NULL) {
            return SKAD_ERR_FULL;
        }
        victim->there = false;
    }
    *self = after;
    self->sections[section][place] = *added;
    return SKAD_OK;
}

static skad_store_name name_of(size_t place)
{
    skad_store_name name = {.key = {{(uint8_t)(place / (TYPES * PUBLISHERS))}},
                            .type = (uint8_t)(1 + place / PUBLISHERS % TYPES)};
    name.publisher[3] = (uint8_t)(place % PUBLISHERS);
    return name;
}

/* ---- Steps ---- */

/* Two of one /16, and us. */
static const uint64_t groups[] = {0, 0x01080102, 0x01080103};

static void step_put(const skad_store *store, model *self, test_prng *prng, uint64_t now_s)
{
    const skad_store_section section =
        test_prng_below(prng, 3) == 0 ? SKAD_STORE_PUBLICATIONS : SKAD_STORE_REPLICAS;
    const size_t place = (size_t)test_prng_below(prng, PLACES);
    model_record added = {.there = true};
    for (size_t i = 0; i < DATA_MAX; i++) {
        added.data[i] = (uint8_t)test_prng_next(prng);
    }
    added.record = (skad_store_record){.name = name_of(place),
                                       .sequence = test_prng_next(prng),
                                       .stored_unix_s = now_s,
                                       .expires_unix_s = now_s + test_prng_below(prng, 80),
                                       .group = groups[test_prng_below(prng, 3)],
                                       .cached = test_prng_below(prng, 2) == 0,
                                       .data = added.data,
                                       .len = 1 + (size_t)test_prng_below(prng, DATA_MAX)};
    skad_status wanted = model_put(self, section, place, &added, now_s);
    assert_int_equal(store->ops->put(store->self, section, &added.record, now_s), wanted);
}

static void step_drop(const skad_store *store, model *self, test_prng *prng)
{
    const skad_store_section section =
        test_prng_below(prng, 2) == 0 ? SKAD_STORE_PUBLICATIONS : SKAD_STORE_REPLICAS;
    const size_t place = (size_t)test_prng_below(prng, PLACES);
    const skad_store_name name = name_of(place);
    model_record *here = &self->sections[section][place];
    assert_int_equal(store->ops->drop(store->self, section, &name),
                     here->there ? SKAD_OK : SKAD_ERR_MISSING);
    here->there = false;
}

static void step_sweep(const skad_store *store, model *self, test_prng *prng, uint64_t now_s)
{
    size_t expired = 0;
    for (size_t i = 0; i < PLACES; i++) {
        model_record *here = &self->sections[SKAD_STORE_REPLICAS][i];
        if (here->there && here->record.expires_unix_s <= now_s) {
            here->there = false;
            expired++;
        }
    }
    const size_t limit = 1 + (size_t)test_prng_below(prng, 6);
    size_t dropped;
    while ((dropped = store->ops->sweep(store->self, now_s, limit)) > 0) {
        assert_in_range(dropped, 1, limit);
        assert_in_range(dropped, 1, expired);
        expired -= dropped;
    }
    assert_int_equal(expired, 0);
}

static void step_list(const skad_store *store, const model *self, test_prng *prng, uint64_t now_s)
{
    const size_t first = (size_t)test_prng_below(prng, KEYS * TYPES) * PUBLISHERS;
    const skad_store_name name = name_of(first);
    const uint64_t draw = test_prng_next(prng);
    const size_t max = (size_t)test_prng_below(prng, PUBLISHERS + 2);
    const model_record *living[PUBLISHERS];
    skad_store_record out[PUBLISHERS + 2];
    size_t count = 0;
    for (size_t i = first; i < first + PUBLISHERS; i++) {
        const model_record *here = &self->sections[SKAD_STORE_REPLICAS][i];
        if (here->there && here->record.expires_unix_s > now_s) {
            living[count++] = here;
        }
    }
    size_t listed = store->ops->list(store->self, &name.key, name.type, draw, now_s, out, max);
    assert_int_equal(listed, max < count ? max : count);
    for (size_t i = 0; i < listed; i++) {
        const model_record *wanted = living[(draw % count + i) % count];
        skad_store_record record = wanted->record;
        record.data = wanted->data;
        test_store_expect_equal(&out[i], &record);
    }
}

/* ---- Comparing ---- */

static void compare_section(const skad_store *store, const model *self, skad_store_section section,
                            uint64_t now_s)
{
    skad_store_name from = {0};
    skad_store_record out;
    for (size_t i = 0; i < PLACES; i++) {
        const model_record *here = &self->sections[section][i];
        const skad_store_name name = name_of(i);
        const bool found = store->ops->find(store->self, section, &name, now_s, &out);
        assert_int_equal(found, here->there && here->record.expires_unix_s > now_s);
        if (here->there) {
            skad_store_record record = here->record;
            record.data = here->data;
            assert_true(store->ops->next(store->self, section, &from, &out));
            test_store_expect_equal(&out, &record);
        }
    }
    assert_false(store->ops->next(store->self, section, &from, &out));
}

static void compare_usage(const skad_store *store, const model *self, skad_store_owner kind,
                          uint64_t number)
{
    uint8_t owner[32] = {0};
    skad_store_usage sum = {0};
    skad_store_usage usage;
    if (kind == SKAD_OWNER_GROUP) {
        skad_store_group_owner(number, owner);
    } else {
        owner[3] = (uint8_t)number;
    }
    for (size_t i = 0; i < PLACES; i++) {
        const model_record *here = &self->sections[SKAD_STORE_REPLICAS][i];
        const uint64_t group = here->record.group;
        const bool theirs =
            kind == SKAD_OWNER_GROUP
                ? group == number || (number != 0 && skad_group_around(group, 1) == number)
                : here->record.name.type != 1 && here->record.name.publisher[3] == number;
        if (here->there && theirs) {
            sum.records++;
            sum.bytes += here->record.len;
        }
    }
    store->ops->usage(store->self, kind, owner, &usage);
    assert_int_equal(usage.records, sum.records);
    assert_int_equal(usage.bytes, sum.bytes);
}

static void compare(const skad_store *store, const model *self, uint64_t now_s)
{
    skad_store_totals totals;
    store->ops->totals(store->self, &totals);
    const skad_store_usage held = total(self, SKAD_STORE_REPLICAS);
    const skad_store_usage published = total(self, SKAD_STORE_PUBLICATIONS);
    skad_store_usage cached = {0};
    for (size_t i = 0; i < PLACES; i++) {
        const model_record *here = &self->sections[SKAD_STORE_REPLICAS][i];
        if (here->there && here->record.cached) {
            cached.records++;
            cached.bytes += here->record.len;
        }
    }
    assert_int_equal(totals.records, held.records);
    assert_int_equal(totals.bytes, held.bytes);
    assert_int_equal(totals.published, published.records);
    assert_int_equal(totals.published_bytes, published.bytes);
    assert_int_equal(totals.cached, cached.records);
    assert_int_equal(totals.cached_bytes, cached.bytes);
    compare_section(store, self, SKAD_STORE_REPLICAS, now_s);
    compare_section(store, self, SKAD_STORE_PUBLICATIONS, now_s);
    for (unsigned number = 0; number < PUBLISHERS; number++) {
        compare_usage(store, self, SKAD_OWNER_PUBLISHER, number);
        compare_usage(store, self, SKAD_OWNER_GROUP, groups[number]);
    }
    compare_usage(store, self, SKAD_OWNER_GROUP, 0x010801);
}

void random_steps_agree_with_a_plain_list(void **state)
{
    const test_store_factory *factory = *state;
    print_message("seed %d\n", SEED);
    test_prng prng = {SEED};
    static model self;
    uint64_t now_s = 1000000;
    self = (model){0};
    skad_store store = test_store_fresh(factory, &caps);
    for (unsigned step = 0; step < STEPS; step++) {
        switch (test_prng_below(&prng, 12)) {
        case 0:
            step_sweep(&store, &self, &prng, now_s);
            break;
        case 1:
        case 2:
            step_drop(&store, &self, &prng);
            break;
        case 3:
        case 4:
            step_list(&store, &self, &prng, now_s);
            break;
        default:
            step_put(&store, &self, &prng, now_s);
        }
        if (step % 200 == 0) {
            test_store_reopen(factory, &caps, &store);
        }
        now_s += test_prng_below(&prng, 3);
        compare(&store, &self, now_s);
    }
    test_store_free(&store);
}
