/* What every store must do: shares of owners, and what gives way. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "tests/support/store_suite.h"

#define NOW_S TEST_STORE_NOW_S

#define HELD      SKAD_STORE_REPLICAS
#define PUBLISHED SKAD_STORE_PUBLICATIONS

static void expect_usage(const skad_store *store, skad_store_owner kind, const uint8_t *owner,
                         uint64_t records, uint64_t bytes)
{
    skad_store_usage usage = {77, 77};
    store->ops->usage(store->self, kind, owner, &usage);
    assert_int_equal(usage.records, records);
    assert_int_equal(usage.bytes, bytes);
}

/* ---- Usage ---- */

void usage_is_counted_by_publisher_and_group_whatever_happens(void **state)
{
    const skad_store_caps caps = {4, 100, 4, 100};
    static const uint8_t data[40] = {0};
    const uint8_t publisher[32] = {5};
    const uint8_t nobody[32] = {0};
    const uint8_t group[32] = {0, 0, 0, 0, 0, 0, 0, 4};
    skad_store store = test_store_fresh(*state, &caps);
    skad_store_record first = test_store_record(1, 3, 5, data, 10);
    skad_store_record second = test_store_record(1, 2, 6, data, 20);
    skad_store_record value = test_store_record(2, 1, 0, data, 30);
    first.group = 4;
    second.cached = true;
    second.expires_unix_s = NOW_S + 10;
    value.group = 4;
    assert_int_equal(test_store_put(&store, HELD, &first), SKAD_OK);
    assert_int_equal(test_store_put(&store, HELD, &second), SKAD_OK);
    assert_int_equal(test_store_put(&store, HELD, &value), SKAD_OK);
    assert_int_equal(test_store_put(&store, PUBLISHED, &first), SKAD_OK); /* does not count */
    test_store_reopen(*state, &caps, &store);
    expect_usage(&store, SKAD_OWNER_PUBLISHER, publisher, 1, 10);
    expect_usage(&store, SKAD_OWNER_PUBLISHER, nobody, 0, 0); /* immutable ones have none */
    expect_usage(&store, SKAD_OWNER_GROUP, group, 2, 40);
    expect_usage(&store, SKAD_OWNER_GROUP, nobody, 1, 20);

    first.group = 0; /* replaced by another group */
    first.len = 15;
    assert_int_equal(test_store_put(&store, HELD, &first), SKAD_OK);
    expect_usage(&store, SKAD_OWNER_PUBLISHER, publisher, 1, 15);
    expect_usage(&store, SKAD_OWNER_GROUP, group, 1, 30);
    expect_usage(&store, SKAD_OWNER_GROUP, nobody, 2, 35);

    value.len = 40; /* 15 + 20 + 40 */
    assert_int_equal(test_store_put(&store, HELD, &value), SKAD_OK);
    skad_store_record third = test_store_record(3, 1, 0, data, 40); /* the copy gives way */
    assert_int_equal(test_store_put(&store, HELD, &third), SKAD_OK);
    expect_usage(&store, SKAD_OWNER_PUBLISHER, second.name.publisher, 0, 0);
    expect_usage(&store, SKAD_OWNER_GROUP, nobody, 2, 55);

    third.len = 41; /* refused: nothing changes */
    third.group = 4;
    assert_int_equal(
        test_store_put(
            &store, HELD,
            &(skad_store_record){.name = {.key = {{9}}, .type = 1}, .data = data, .len = 40}),
        SKAD_ERR_FULL);
    expect_usage(&store, SKAD_OWNER_GROUP, nobody, 2, 55);

    assert_int_equal(store.ops->drop(store.self, HELD, &first.name), SKAD_OK);
    expect_usage(&store, SKAD_OWNER_PUBLISHER, publisher, 0, 0);
    assert_int_equal(store.ops->sweep(store.self, value.expires_unix_s, 10), 2);
    test_store_reopen(*state, &caps, &store);
    expect_usage(&store, SKAD_OWNER_GROUP, group, 0, 0);
    expect_usage(&store, SKAD_OWNER_GROUP, nobody, 0, 0);
    skad_store_totals totals;
    store.ops->totals(store.self, &totals);
    assert_int_equal(totals.records, 0);
    assert_int_equal(totals.published, 1);
    test_store_free(&store);
}

static void expect_groups(const skad_store *store, uint64_t group, uint64_t records)
{
    uint64_t groups[SKAD_GROUP_LEVELS];
    const unsigned count = skad_groups_of(group, groups);
    for (unsigned i = 0; i < count; i++) {
        uint8_t owner[32];
        skad_store_group_owner(groups[i], owner);
        expect_usage(store, SKAD_OWNER_GROUP, owner, records, 10 * records);
    }
}

/* Records of 8.1.2/24 and 8.1.3/24, and of a00:1:100/56, a00:1:200/56 and a00:2:100/56. */
void a_record_counts_for_the_wider_groups_around_its_own(void **state)
{
    static const uint8_t data[10] = {0};
    static const uint64_t groups[] = {0x01080102, 0x01080103, 0x020a000001010000,
                                      0x020a000001020000, 0x020a000002010000};
    static const struct {
        unsigned levels;
        uint64_t wider[2];
        uint64_t records[2];
    } cases[] = {
        {2, {0x010801, 0}, {2, 0}},
        {2, {0x010801, 0}, {2, 0}},
        {3, {0x020a0000010100, 0x020a000001}, {1, 2}},
        {3, {0x020a0000010200, 0x020a000001}, {1, 2}},
        {3, {0x020a0000020100, 0x020a000002}, {1, 1}},
    };
    skad_store store = test_store_fresh(*state, &test_store_roomy);
    for (uint8_t i = 0; i < 5; i++) {
        skad_store_record record = test_store_record(i, 1, 0, data, sizeof data);
        record.group = groups[i];
        assert_int_equal(test_store_put(&store, HELD, &record), SKAD_OK);
    }
    test_store_reopen(*state, &test_store_roomy, &store);
    for (unsigned i = 0; i < 5; i++) {
        uint64_t around[SKAD_GROUP_LEVELS];
        assert_int_equal(skad_groups_of(groups[i], around), cases[i].levels);
        for (unsigned level = 1; level < cases[i].levels; level++) {
            uint8_t owner[32];
            assert_int_equal(around[level], cases[i].wider[level - 1]);
            skad_store_group_owner(around[level], owner);
            expect_usage(&store, SKAD_OWNER_GROUP, owner, cases[i].records[level - 1],
                         10 * cases[i].records[level - 1]);
        }
    }
    for (uint8_t i = 0; i < 5; i++) {
        const skad_store_record record = test_store_record(i, 1, 0, data, sizeof data);
        assert_int_equal(store.ops->drop(store.self, HELD, &record.name), SKAD_OK);
    }
    for (unsigned i = 0; i < 5; i++) {
        expect_groups(&store, groups[i], 0);
    }
    test_store_free(&store);
}

/* ---- What gives way ---- */

static bool holds(const skad_store *store, uint8_t key)
{
    static const uint8_t data[1] = {0};
    const skad_store_record asked = test_store_record(key, 1, 0, data, 1);
    skad_store_record out;
    return store->ops->find(store->self, HELD, &asked.name, 0, &out);
}

/* The store is full of one record that is owed and one copy, both expired, and one of each that
 * live. */
void expired_records_give_way_first(void **state)
{
    static const uint8_t data[10] = {0};
    static const struct {
        const char *label;
        bool cached;
        uint64_t life_s;
        size_t len;
        skad_status status;
        bool after[4]; /* which are left */
    } cases[] = {
        {"one that is owed", false, 5, 10, SKAD_OK, {false, true, true, true}},
        {"twice as long", false, 5, 20, SKAD_OK, {false, false, true, true}},
        {"longer still", false, 5, 30, SKAD_OK, {false, false, true, false}},
        {"too long", false, 5, 31, SKAD_ERR_FULL, {true, true, true, true}},
        {"a copy", true, 5, 20, SKAD_OK, {false, false, true, true}},
        {"a copy that is too long", true, 5, 21, SKAD_ERR_FULL, {true, true, true, true}},
        {"a longer copy that lives longer", true, 500, 30, SKAD_OK, {false, false, true, false}},
    };
    static const uint8_t bytes[31] = {0};
    const skad_store_caps caps = {4, 40, 1, 1};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_store store = test_store_fresh(*state, &caps);
        for (uint8_t key = 0; key < 4; key++) {
            skad_store_record record = test_store_record(key, 1, 0, data, sizeof data);
            record.expires_unix_s = key < 2 ? NOW_S - key : NOW_S + 100;
            record.cached = key % 2 == 1;
            assert_int_equal(store.ops->put(store.self, HELD, &record, NOW_S - 100), SKAD_OK);
        }
        skad_store_record added = test_store_record(9, 1, 0, bytes, cases[i].len);
        added.cached = cases[i].cached;
        added.expires_unix_s = NOW_S + cases[i].life_s;
        bool right = test_store_put(&store, HELD, &added) == cases[i].status &&
                     holds(&store, 9) == (cases[i].status == SKAD_OK);
        for (uint8_t key = 0; key < 4; key++) {
            right = right && holds(&store, key) == cases[i].after[key];
        }
        if (!right) {
            fail_msg("%s", cases[i].label);
        }
        test_store_free(&store);
    }
}

/* A store that was off for a day takes a record at once, without the work of a sweep. */
void a_put_drops_no_more_than_is_in_its_way(void **state)
{
    static const uint8_t data[10] = {0};
    const skad_store_caps caps = {100, 1000, 1, 1};
    skad_store store = test_store_fresh(*state, &caps);
    for (uint8_t key = 0; key < 100; key++) {
        const skad_store_record record = test_store_record(key, 1, 0, data, sizeof data);
        assert_int_equal(test_store_put(&store, HELD, &record), SKAD_OK);
    }
    test_store_reopen(*state, &caps, &store);
    skad_store_record added = test_store_record(200, 1, 0, data, sizeof data);
    added.expires_unix_s += 86400;
    assert_int_equal(store.ops->put(store.self, HELD, &added, 2000000), SKAD_OK);
    skad_store_totals totals;
    store.ops->totals(store.self, &totals);
    assert_int_equal(totals.records, 100);
    assert_true(holds(&store, 200));
    test_store_free(&store);
}
