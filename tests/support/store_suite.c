/* What every store must do. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/support/store_suite.h"

#define NOW_S TEST_STORE_NOW_S

#define HELD      SKAD_STORE_REPLICAS
#define PUBLISHED SKAD_STORE_PUBLICATIONS

const skad_store_caps test_store_roomy = {1000, 100000, 1000, 100000};

/* ---- Shared ---- */

skad_store test_store_fresh(const test_store_factory *factory, const skad_store_caps *caps)
{
    factory->clear(factory->user);
    return factory->open(factory->user, caps);
}

void test_store_free(skad_store *store)
{
    store->ops->free(store->self);
    *store = (skad_store){0};
}

void test_store_reopen(const test_store_factory *factory, const skad_store_caps *caps,
                       skad_store *store)
{
    if (factory->lasting) {
        test_store_free(store);
        *store = factory->open(factory->user, caps);
    }
}

skad_store_record test_store_record(uint8_t key, uint8_t type, uint8_t publisher,
                                    const uint8_t *data, size_t len)
{
    skad_store_record record = {.name = {.key = {{key}}, .type = type},
                                .expires_unix_s = 2000000,
                                .data = data,
                                .len = len};
    if (type != 1) {
        record.name.publisher[0] = publisher;
    }
    return record;
}

void test_store_expect_equal(const skad_store_record *found, const skad_store_record *wanted)
{
    assert_memory_equal(&found->name, &wanted->name, sizeof found->name);
    assert_int_equal(found->sequence, wanted->sequence);
    assert_int_equal(found->stored_unix_s, wanted->stored_unix_s);
    assert_int_equal(found->expires_unix_s, wanted->expires_unix_s);
    assert_int_equal(found->group, wanted->group);
    assert_int_equal(found->cached, wanted->cached);
    assert_int_equal(found->len, wanted->len);
    assert_memory_equal(found->data, wanted->data, wanted->len);
}

skad_status test_store_put(const skad_store *store, skad_store_section section,
                           const skad_store_record *record)
{
    return store->ops->put(store->self, section, record, NOW_S);
}

static bool has(const skad_store *store, skad_store_section section, const skad_store_name *name)
{
    skad_store_record out;
    return store->ops->find(store->self, section, name, NOW_S, &out);
}

/* Behind its last field there may be padding, which holds anything. */
#define FILL_BYTES (offsetof(skad_store_totals, error) + sizeof(int))

static skad_store_totals usage_of(const skad_store *store)
{
    skad_store_totals totals;
    store->ops->totals(store->self, &totals);
    return totals;
}

/* ---- Going in and out ---- */

static void a_record_comes_back_as_it_went_in(void **state)
{
    static const size_t lengths[] = {1, 200, SKAD_STORED_BYTES_MAX};
    uint8_t data[SKAD_STORED_BYTES_MAX];
    uint8_t copy[SKAD_STORED_BYTES_MAX];
    skad_store store = test_store_fresh(*state, &test_store_roomy);
    for (int section = 0; section < 2; section++) {
        for (size_t i = 0; i < 3; i++) {
            for (size_t at = 0; at < sizeof data; at++) {
                copy[at] = data[at] = (uint8_t)(at * 7 + i);
            }
            skad_store_record record = test_store_record((uint8_t)i, 2, 5, data, lengths[i]);
            record.sequence = UINT64_MAX - i;
            record.stored_unix_s = 0x0102030405060708;
            record.expires_unix_s = i == 1 ? UINT64_MAX : NOW_S + 1;
            record.group = 0xf1f2f3f4f5f6f7f8;
            record.cached = i == 1;
            assert_int_equal(test_store_put(&store, (skad_store_section)section, &record), SKAD_OK);
            memset(data, 0, sizeof data); /* the store has its own copy */
            test_store_reopen(*state, &test_store_roomy, &store);
            skad_store_record out;
            assert_true(store.ops->find(store.self, (skad_store_section)section, &record.name,
                                        NOW_S, &out));
            record.data = copy;
            test_store_expect_equal(&out, &record);
        }
    }
    test_store_free(&store);
}

static void the_same_name_replaces_and_others_stand_beside(void **state)
{
    static const struct {
        const char *label;
        uint8_t key, type, publisher;
    } others[] = {{"key", 2, 3, 1}, {"type", 1, 2, 1}, {"publisher", 1, 3, 2}};
    skad_store store = test_store_fresh(*state, &test_store_roomy);
    skad_store_record record = test_store_record(1, 3, 1, (const uint8_t *)"one", 3);
    assert_int_equal(test_store_put(&store, HELD, &record), SKAD_OK);
    record.data = (const uint8_t *)"longer";
    record.len = 6;
    record.sequence = 8;
    record.expires_unix_s++;
    record.group = 5;
    record.cached = true;
    assert_int_equal(test_store_put(&store, HELD, &record), SKAD_OK);
    assert_int_equal(usage_of(&store).records, 1);
    assert_int_equal(usage_of(&store).bytes, 6);
    assert_int_equal(usage_of(&store).cached, 1);
    for (size_t i = 0; i < 3; i++) {
        skad_store_record other = test_store_record(others[i].key, others[i].type,
                                                    others[i].publisher, (const uint8_t *)"x", 1);
        if (test_store_put(&store, HELD, &other) != SKAD_OK || usage_of(&store).records != i + 2) {
            fail_msg("another %s is no other record", others[i].label);
        }
    }
    skad_store_record out;
    assert_true(store.ops->find(store.self, HELD, &record.name, NOW_S, &out));
    test_store_expect_equal(&out, &record);
    test_store_free(&store);
}

static void the_sections_do_not_see_each_other(void **state)
{
    skad_store store = test_store_fresh(*state, &test_store_roomy);
    const skad_store_record held = test_store_record(1, 1, 0, (const uint8_t *)"held", 4);
    const skad_store_record ours = test_store_record(1, 1, 0, (const uint8_t *)"published", 9);
    skad_store_record out[2];
    assert_int_equal(test_store_put(&store, PUBLISHED, &ours), SKAD_OK);
    assert_false(has(&store, HELD, &held.name));
    assert_int_equal(store.ops->list(store.self, &held.name.key, 1, 0, NOW_S, out, 2), 0);
    assert_int_equal(test_store_put(&store, HELD, &held), SKAD_OK);
    assert_true(store.ops->find(store.self, PUBLISHED, &ours.name, NOW_S, out));
    test_store_expect_equal(out, &ours);
    assert_int_equal(store.ops->list(store.self, &held.name.key, 1, 0, NOW_S, out, 2), 1);
    test_store_expect_equal(out, &held);
    skad_store_totals totals = usage_of(&store);
    assert_int_equal(totals.records, 1);
    assert_int_equal(totals.bytes, 4);
    assert_int_equal(totals.published, 1);
    assert_int_equal(totals.published_bytes, 9);
    assert_int_equal(store.ops->drop(store.self, HELD, &held.name), SKAD_OK);
    assert_int_equal(store.ops->drop(store.self, HELD, &held.name), SKAD_ERR_MISSING);
    assert_true(has(&store, PUBLISHED, &ours.name));
    assert_int_equal(store.ops->drop(store.self, PUBLISHED, &ours.name), SKAD_OK);
    assert_int_equal(store.ops->drop(store.self, PUBLISHED, &ours.name), SKAD_ERR_MISSING);
    assert_int_equal(usage_of(&store).published, 0);
    test_store_free(&store);
}

static void what_the_store_lends_may_be_put_again(void **state)
{
    const skad_store_caps tight = {3, 100, 1, 100};
    skad_store store = test_store_fresh(*state, &tight);
    skad_store_record copy = test_store_record(1, 2, 1, (const uint8_t *)"a copy", 6);
    copy.cached = true;
    assert_int_equal(test_store_put(&store, HELD, &copy), SKAD_OK);
    for (uint8_t key = 2; key < 4; key++) {
        const skad_store_record responsible =
            test_store_record(key, 1, 0, (const uint8_t *)"owed", 4);
        assert_int_equal(test_store_put(&store, HELD, &responsible), SKAD_OK);
    }
    skad_store_record out;
    assert_true(store.ops->find(store.self, HELD, &copy.name, NOW_S, &out));
    out.stored_unix_s = 9; /* of the same name: what lends the bytes goes */
    assert_int_equal(test_store_put(&store, HELD, &out), SKAD_OK);
    assert_true(store.ops->find(store.self, HELD, &copy.name, NOW_S, &out));
    copy.stored_unix_s = 9;
    test_store_expect_equal(&out, &copy);
    out.name.key.bytes[0] = 9; /* of another: what lends the bytes gives way */
    out.cached = false;
    assert_int_equal(test_store_put(&store, HELD, &out), SKAD_OK);
    assert_false(has(&store, HELD, &copy.name));
    copy.name.key.bytes[0] = 9;
    copy.cached = false;
    assert_true(store.ops->find(store.self, HELD, &copy.name, NOW_S, &out));
    test_store_expect_equal(&out, &copy);
    test_store_free(&store);
}

/* ---- Expiry ---- */

static void a_record_is_gone_in_the_second_in_which_it_expires(void **state)
{
    skad_store store = test_store_fresh(*state, &test_store_roomy);
    skad_store_record record = test_store_record(1, 3, 1, (const uint8_t *)"a", 1);
    skad_store_record out;
    const uint64_t end_s = record.expires_unix_s;
    assert_int_equal(test_store_put(&store, HELD, &record), SKAD_OK);
    assert_int_equal(test_store_put(&store, PUBLISHED, &record), SKAD_OK);
    for (int section = 0; section < 2; section++) {
        const skad_store_section here = (skad_store_section)section;
        assert_true(store.ops->find(store.self, here, &record.name, end_s - 1, &out));
        assert_false(store.ops->find(store.self, here, &record.name, end_s, &out));
        skad_store_name from = {0};
        assert_true(store.ops->next(store.self, here, &from, &out)); /* expired or not */
        assert_false(store.ops->next(store.self, here, &from, &out));
    }
    assert_int_equal(store.ops->list(store.self, &record.name.key, 3, 0, end_s - 1, &out, 1), 1);
    assert_int_equal(store.ops->list(store.self, &record.name.key, 3, 0, end_s, &out, 1), 0);
    record.expires_unix_s = UINT64_MAX;
    assert_int_equal(test_store_put(&store, HELD, &record), SKAD_OK);
    assert_true(store.ops->find(store.self, HELD, &record.name, UINT64_MAX - 1, &out));
    assert_int_equal(store.ops->sweep(store.self, UINT64_MAX - 1, 9), 0);
    test_store_free(&store);
}

static void a_sweep_drops_expired_replicas_up_to_its_limit(void **state)
{
    skad_store store = test_store_fresh(*state, &test_store_roomy);
    for (uint8_t key = 0; key < 100; key++) {
        skad_store_record record = test_store_record(key, 1, 0, &key, 1);
        record.expires_unix_s = NOW_S + (key * 37U) % 100;
        record.cached = key % 3 == 0;
        assert_int_equal(test_store_put(&store, HELD, &record), SKAD_OK);
        assert_int_equal(test_store_put(&store, PUBLISHED, &record), SKAD_OK);
    }
    assert_int_equal(store.ops->sweep(store.self, NOW_S - 1, 100), 0);
    assert_int_equal(store.ops->sweep(store.self, NOW_S + 49, 0), 0);
    for (uint64_t left = 50; left > 0; left -= left < 7 ? left : 7) {
        assert_int_equal(usage_of(&store).records, 50 + left);
        assert_int_equal(store.ops->sweep(store.self, NOW_S + 49, 7), left < 7 ? left : 7);
    }
    assert_int_equal(store.ops->sweep(store.self, NOW_S + 49, 7), 0);
    test_store_reopen(*state, &test_store_roomy, &store);
    skad_store_totals totals = usage_of(&store);
    assert_int_equal(totals.records, 50);
    assert_int_equal(totals.bytes, 50);
    assert_int_equal(totals.published, 100);
    skad_store_name from = {0};
    skad_store_record out;
    uint64_t cached = 0;
    while (store.ops->next(store.self, HELD, &from, &out)) {
        assert_true(out.expires_unix_s > NOW_S + 49);
        cached += out.cached;
    }
    assert_int_equal(totals.cached, cached);
    test_store_free(&store);
}

/* ---- Caps ---- */

static void caps_hold_in_each_section_to_the_last_record_and_byte(void **state)
{
    static const uint8_t data[40] = {0};
    const skad_store_caps caps = {3, 20, 2, 30};
    static const struct {
        const char *label;
        int section;
        uint8_t key;
        size_t len;
        skad_status status;
    } steps[] = {
        {"first", 0, 1, 12, SKAD_OK},
        {"one byte too many", 0, 2, 9, SKAD_ERR_FULL},
        {"to the last byte", 0, 2, 8, SKAD_OK},
        {"a replacement counts by its difference", 0, 2, 9, SKAD_ERR_FULL},
        {"a shorter one", 0, 1, 10, SKAD_OK},
        {"now there is room", 0, 2, 9, SKAD_OK},
        {"to the last record", 0, 3, 1, SKAD_OK},
        {"a shorter one again", 0, 1, 1, SKAD_OK},
        {"one record too many", 0, 4, 1, SKAD_ERR_FULL},
        {"replaced in a full section", 0, 3, 2, SKAD_OK},
        {"published to the last byte", 1, 1, 30, SKAD_OK},
        {"published, one byte too many", 1, 2, 1, SKAD_ERR_FULL},
        {"published and shorter", 1, 1, 1, SKAD_OK},
        {"published to the last record", 1, 2, 1, SKAD_OK},
        {"published, one record too many", 1, 3, 1, SKAD_ERR_FULL},
    };
    skad_store store = test_store_fresh(*state, &caps);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        skad_store_totals before = usage_of(&store);
        skad_store_record record = test_store_record(steps[i].key, 1, 0, data, steps[i].len);
        skad_status status = test_store_put(&store, (skad_store_section)steps[i].section, &record);
        skad_store_totals after = usage_of(&store);
        before.waiting = after.waiting = 0; /* what was put before may last meanwhile */
        if (status != steps[i].status ||
            (status != SKAD_OK && memcmp(&before, &after, FILL_BYTES) != 0)) {
            fail_msg("%s: status %d", steps[i].label, status);
        }
    }
    const skad_store_totals totals = usage_of(&store);
    assert_int_equal(totals.records, 3);
    assert_int_equal(totals.records_max, 3);
    assert_int_equal(totals.bytes, 12);
    assert_int_equal(totals.bytes_max, 20);
    assert_int_equal(totals.published, 2);
    assert_int_equal(totals.published_max, 2);
    assert_int_equal(totals.published_bytes, 2);
    assert_int_equal(totals.published_bytes_max, 30);
    assert_int_equal(totals.failures, 0);
    assert_int_equal(totals.error, 0);
    test_store_free(&store);
}

/* Held are, of ten bytes each: A, for which the node is responsible, and the copies B, C and D,
 * which expire after 100, 200 and 300 seconds. That is all there is room for. */
static void copies_give_way_by_the_rule(void **state)
{
    static const uint8_t data[64] = {0};
    static const struct {
        const char *label;
        char name;
        bool cached;
        uint64_t life_s;
        size_t len;
        skad_status status;
        const char *after; /* who is there afterwards */
    } cases[] = {
        {"one that we owe replaces the copy nearest to its expiry", 'X', false, 1, 10, SKAD_OK,
         "ACDX"},
        {"it takes several when it is long", 'X', false, 1, 20, SKAD_OK, "ADX"},
        {"it takes all of them", 'X', false, 1, 30, SKAD_OK, "AX"},
        {"it takes none when all are too few", 'X', false, 1, 31, SKAD_ERR_FULL, "ABCD"},
        {"a copy replaces what expires before it", 'X', true, 150, 10, SKAD_OK, "ACDX"},
        {"but not what expires with it", 'X', true, 100, 10, SKAD_ERR_FULL, "ABCD"},
        {"a copy takes several that expire before it", 'X', true, 201, 20, SKAD_OK, "ADX"},
        {"but none when the next one does not", 'X', true, 300, 30, SKAD_ERR_FULL, "ABCD"},
        {"a copy never takes the place of one that we owe", 'X', true, 1000, 31, SKAD_ERR_FULL,
         "ABCD"},
        {"a replacement of the same length takes no room", 'A', false, 1, 10, SKAD_OK, "ABCD"},
        {"a copy that we come to owe takes no room", 'C', false, 1, 10, SKAD_OK, "ABCD"},
        {"a longer replacement takes room of others", 'A', false, 1, 20, SKAD_OK, "ACD"},
        {"a replaced copy gives up its own bytes first", 'B', false, 1, 30, SKAD_OK, "AB"},
        {"a longer copy takes what expires before it", 'C', true, 150, 20, SKAD_OK, "ACD"},
        {"and stays as it was when there is nothing", 'C', true, 100, 20, SKAD_ERR_FULL, "ABCD"},
        {"a copy that would expire at once takes nothing", 'X', true, 0, 10, SKAD_ERR_FULL, "ABCD"},
    };
    const skad_store_caps caps = {4, 40, 1, 1};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_store store = test_store_fresh(*state, &caps);
        for (char name = 'A'; name <= 'D'; name++) {
            skad_store_record record = test_store_record((uint8_t)('Z' - name), 1, 0, data, 10);
            record.cached = name != 'A';
            record.expires_unix_s = NOW_S + 100 * (uint64_t)(name - 'A');
            record.expires_unix_s += name == 'A' ? 1 : 0; /* the first to expire of all */
            assert_int_equal(test_store_put(&store, HELD, &record), SKAD_OK);
        }
        skad_store_record record =
            test_store_record((uint8_t)('Z' - cases[i].name), 1, 0, data, cases[i].len);
        record.cached = cases[i].cached;
        record.expires_unix_s = cases[i].life_s == 0 ? 0 : NOW_S + cases[i].life_s;
        skad_status status = test_store_put(&store, HELD, &record);
        test_store_reopen(*state, &caps, &store);
        char after[8] = "";
        for (char name = 'A'; name <= 'X'; name++) {
            const skad_store_record asked = test_store_record((uint8_t)('Z' - name), 1, 0, data, 1);
            if (has(&store, HELD, &asked.name)) {
                strncat(after, &name, 1);
            }
        }
        if (strcmp(after, cases[i].after) != 0 || status != cases[i].status ||
            usage_of(&store).records != strlen(cases[i].after)) {
            fail_msg("%s: status %d, %s are there", cases[i].label, status, after);
        }
        test_store_free(&store);
    }
}

int test_store_suite(const char *name, test_store_factory *factory)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_comes_back_as_it_went_in),
        cmocka_unit_test(the_same_name_replaces_and_others_stand_beside),
        cmocka_unit_test(the_sections_do_not_see_each_other),
        cmocka_unit_test(what_the_store_lends_may_be_put_again),
        cmocka_unit_test(a_record_is_gone_in_the_second_in_which_it_expires),
        cmocka_unit_test(a_sweep_drops_expired_replicas_up_to_its_limit),
        cmocka_unit_test(a_list_begins_at_the_draw_and_wraps_around),
        cmocka_unit_test(each_record_is_as_likely_to_be_listed_as_any_other),
        cmocka_unit_test(a_survey_tells_of_each_record_of_a_key_and_type),
        cmocka_unit_test(a_walk_meets_every_record_once_in_the_order_of_names),
        cmocka_unit_test(a_walk_goes_on_while_records_come_and_go),
        cmocka_unit_test(caps_hold_in_each_section_to_the_last_record_and_byte),
        cmocka_unit_test(copies_give_way_by_the_rule),
        cmocka_unit_test(usage_is_counted_by_publisher_and_group_whatever_happens),
        cmocka_unit_test(a_record_counts_for_the_wider_groups_around_its_own),
        cmocka_unit_test(expired_records_give_way_first),
        cmocka_unit_test(a_put_drops_no_more_than_is_in_its_way),
        cmocka_unit_test(random_steps_agree_with_a_plain_list),
    };
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        tests[i].initial_state = factory;
    }
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
