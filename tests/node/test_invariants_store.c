/* The invariants of a store, and their bounds. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/node/invariants.h"
#include "tests/support/fixture.h"

#define NOW_UNIX_S 50

#define SHARE  "no address group holds more than its share"
#define PART   "no address group has more places of a key than its part"
#define PLACES "no key has more announcements than places"

#define OF_ANOTHER_16 0x100U
#define OF_ANOTHER_24 1U

static void check(const char *label, const char *broken, const char *expected)
{
    if (broken == NULL ? expected != NULL : expected == NULL || strcmp(broken, expected) != 0) {
        fail_msg("%s: %s", label, broken == NULL ? "sound" : broken);
    }
}

/* Records of one key and type from groups in turn. */
typedef struct filling {
    uint8_t key, type;
    unsigned count, groups;
    uint64_t first, step; /* from one group to the next */
    uint64_t expires_unix_s;
    size_t len;
} filling;

static skad_store make_store(void)
{
    static const skad_store_caps caps = {1000, 100000, 1, 1};
    skad_store store;
    assert_int_equal(skad_store_memory_new(&caps, &store), SKAD_OK);
    return store;
}

static void fill(skad_store *store, const filling *what)
{
    static const uint8_t data[SKAD_RECORD_BYTES_MAX] = {'x'};
    for (unsigned i = 0; i < what->count; i++) {
        const skad_store_record record = {.name = {.key = {{what->key}},
                                                   .type = what->type,
                                                   .publisher = {(uint8_t)i, (uint8_t)(i >> 8)}},
                                          .expires_unix_s = what->expires_unix_s,
                                          .group = what->first + i % what->groups * what->step,
                                          .data = data,
                                          .len = what->len};
        assert_int_equal(store->ops->put(store->self, SKAD_STORE_REPLICAS, &record, 0), SKAD_OK);
    }
}

static const char *broken_in(skad_store *store, uint8_t limit)
{
    skad_profile profile = test_fixture_profile();
    profile.group_table_max = limit;
    return skad_store_broken(store, &profile, NOW_UNIX_S);
}

static void a_store_beyond_its_quotas_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        uint8_t type;
        unsigned count, groups;
        uint64_t step;
        uint8_t limit;
        uint64_t expires_unix_s;
        size_t len;
        const char *broken;
    } cases[] = {
        {"a sixteenth", 2, 62, 1, 0, 10, 100, 1, NULL},
        {"more", 2, 63, 1, 0, 10, 100, 1, SHARE},
        {"where groups do not count", 2, 63, 1, 0, 0, 100, 1, NULL},
        {"expired ones use room", 2, 63, 1, 0, 10, 1, 1, SHARE},
        {"a quarter of a /16", 2, 248, 5, OF_ANOTHER_24, 10, 100, 1, NULL},
        {"more of a /16", 2, 249, 5, OF_ANOTHER_24, 10, 100, 1, SHARE},
        {"eight of the longest", 2, 8, 1, 0, 10, 100, SKAD_RECORD_BYTES_MAX, NULL},
        {"nine of the longest", 2, 9, 1, 0, 10, 100, SKAD_RECORD_BYTES_MAX, SHARE},
        {"sixteen places", 3, 16, 1, 0, 10, 100, 1, NULL},
        {"more", 3, 17, 1, 0, 10, 100, 1, PART},
        {"more, where groups do not count", 3, 17, 1, 0, 0, 100, 1, NULL},
        {"expired", 3, 17, 1, 0, 10, 1, 1, NULL},
        {"expired now", 3, 17, 1, 0, 10, NOW_UNIX_S, 1, NULL},
        {"a second of life", 3, 17, 1, 0, 10, NOW_UNIX_S + 1, 1, PART},
        {"64 places of a /16", 3, 64, 5, OF_ANOTHER_24, 10, 100, 1, NULL},
        {"65 places of a /16", 3, 65, 5, OF_ANOTHER_24, 10, 100, 1, PART},
        {"all places", 3, 256, 16, OF_ANOTHER_16, 10, 100, 1, NULL},
        {"all, and one more", 3, 257, 20, OF_ANOTHER_16, 10, 100, 1, PLACES},
        {"also expired", 3, 257, 20, OF_ANOTHER_16, 10, 1, 1, PLACES},
        {"also without limits", 3, 257, 20, OF_ANOTHER_16, 0, 100, 1, PLACES},
        {"other types need none", 2, 257, 20, OF_ANOTHER_16, 10, 100, 1, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const filling what = {7,          cases[i].type, cases[i].count,          cases[i].groups,
                              0x01080000, cases[i].step, cases[i].expires_unix_s, cases[i].len};
        skad_store store = make_store();
        fill(&store, &what);
        check(cases[i].label, broken_in(&store, cases[i].limit), cases[i].broken);
        store.ops->free(store.self);
    }
}

static void our_own_records_have_no_quota(void **state)
{
    (void)state;
    skad_store store = make_store();
    fill(&store, &(filling){7, 2, 63, 1, 0, 0, 100, 1});
    fill(&store, &(filling){7, 3, 65, 1, 0, 0, 100, 1});
    check("ours", broken_in(&store, 10), NULL);
    store.ops->free(store.self);
}

/* What came before under another key, or of another type, hides no key. */
static void each_key_is_looked_at(void **state)
{
    (void)state;
    static const filling before[] = {
        {7, 2, 1, 1, 0x01080000, 0, 100, 1},
        {6, 3, 1, 1, 0x01080000, 0, 100, 1},
        {6, 2, 1, 1, 0x01080000, 0, 100, 1},
    };
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        skad_store store = make_store();
        fill(&store, &before[i]);
        fill(&store, &(filling){7, 3, 17, 1, 0x01080000, 0, 100, 1});
        check("the second", broken_in(&store, 10), PART);
        store.ops->free(store.self);
    }
}

/* ---- Caps ---- */

static skad_store_totals told;

static void tell(void *self, skad_store_totals *out)
{
    (void)self;
    *out = told;
}

static void each_cap_is_where_it_belongs(void **state)
{
    (void)state;
    static const skad_store_totals full = {.records = 10,
                                           .records_max = 10,
                                           .bytes = 20,
                                           .bytes_max = 20,
                                           .cached = 10,
                                           .published = 30,
                                           .published_max = 30,
                                           .published_bytes = 40,
                                           .published_bytes_max = 40};
    uint64_t *const more[] = {&told.records, &told.bytes, &told.cached, &told.published,
                              &told.published_bytes};
    skad_store store = make_store();
    skad_store_ops ops = *store.ops;
    ops.totals = tell;
    const skad_store telling = {&ops, store.self};
    const skad_profile profile = test_fixture_profile();
    told = full;
    assert_null(skad_store_broken(&telling, &profile, NOW_UNIX_S));
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        told = full;
        ++*more[i];
        assert_string_equal(skad_store_broken(&telling, &profile, NOW_UNIX_S),
                            "the store keeps to its caps");
    }
    store.ops->free(store.self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_beyond_its_quotas_is_named),
        cmocka_unit_test(our_own_records_have_no_quota),
        cmocka_unit_test(each_key_is_looked_at),
        cmocka_unit_test(each_cap_is_where_it_belongs),
    };
    return cmocka_run_group_tests_name("invariants_store", tests, NULL, NULL);
}
