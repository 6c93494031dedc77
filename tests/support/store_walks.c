/* What every store must do: lists and walks. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "tests/support/store_suite.h"

#define NOW_S TEST_STORE_NOW_S

#define HELD      SKAD_STORE_REPLICAS
#define PUBLISHED SKAD_STORE_PUBLICATIONS

#define LISTED 5

/* Living records 1..5 of key 7 and type 3, dead ones between them, and neighbours of all kinds. */
static void fill_for_lists(const skad_store *store)
{
    for (uint8_t publisher = 0; publisher <= 2 * LISTED; publisher++) {
        skad_store_record record = test_store_record(7, 3, publisher, &publisher, 1);
        record.expires_unix_s = publisher % 2 == 1 ? NOW_S + 1 : NOW_S;
        assert_int_equal(test_store_put(store, HELD, &record), SKAD_OK);
    }
    const skad_store_record neighbours[] = {
        test_store_record(6, 3, 1, (const uint8_t *)"x", 1),
        test_store_record(7, 1, 0, (const uint8_t *)"x", 1),
        test_store_record(7, 2, 255, (const uint8_t *)"x", 1),
        test_store_record(8, 1, 0, (const uint8_t *)"x", 1),
    };
    for (size_t i = 0; i < sizeof neighbours / sizeof neighbours[0]; i++) {
        assert_int_equal(test_store_put(store, HELD, &neighbours[i]), SKAD_OK);
    }
}

void a_list_begins_at_the_draw_and_wraps_around(void **state)
{
    skad_store store = test_store_fresh(*state, &test_store_roomy);
    const skad_id key = {{7}};
    skad_store_record out[LISTED + 2];
    fill_for_lists(&store);
    for (uint64_t draw = 0; draw < 3 * LISTED; draw++) {
        for (size_t max = 0; max < LISTED + 2; max++) {
            size_t count = store.ops->list(store.self, &key, 3, draw, NOW_S, out, max);
            assert_int_equal(count, max < LISTED ? max : LISTED);
            for (size_t i = 0; i < count; i++) {
                uint64_t wanted = 1 + 2 * ((draw + i) % LISTED);
                assert_int_equal(out[i].name.publisher[0], wanted);
                assert_int_equal(out[i].data[0], wanted);
            }
        }
    }
    assert_int_equal(store.ops->list(store.self, &key, 3, UINT64_MAX, NOW_S, out, 1), 1);
    assert_int_equal(out[0].name.publisher[0], 1 + 2 * (UINT64_MAX % LISTED));
    test_store_free(&store);
}

void each_record_is_as_likely_to_be_listed_as_any_other(void **state)
{
    skad_store store = test_store_fresh(*state, &test_store_roomy);
    const skad_id key = {{7}};
    fill_for_lists(&store);
    for (size_t max = 1; max <= LISTED; max++) {
        size_t listed[2 * LISTED + 1] = {0};
        for (uint64_t draw = 0; draw < LISTED; draw++) {
            skad_store_record out[LISTED];
            size_t count = store.ops->list(store.self, &key, 3, draw, NOW_S, out, max);
            for (size_t i = 0; i < count; i++) {
                listed[out[i].name.publisher[0]]++;
            }
        }
        for (size_t i = 0; i <= 2 * LISTED; i++) {
            assert_int_equal(listed[i], i % 2 == 1 ? max : 0);
        }
    }
    test_store_free(&store);
}

void a_survey_tells_of_each_record_of_a_key_and_type(void **state)
{
    skad_store store = test_store_fresh(*state, &test_store_roomy);
    const skad_id key = {{7}};
    skad_store_place out[2 * LISTED + 2];
    fill_for_lists(&store);
    for (uint8_t publisher = 0; publisher <= 2 * LISTED; publisher++) {
        skad_store_record record = test_store_record(7, 3, publisher, &publisher, 1);
        record.group = 1000 + publisher;
        record.expires_unix_s = publisher % 2 == 1 ? NOW_S + 1 : NOW_S;
        assert_int_equal(test_store_put(&store, HELD, &record), SKAD_OK);
    }
    for (size_t max = 0; max < 2 * LISTED + 2; max++) {
        size_t count = store.ops->survey(store.self, &key, 3, out, max);
        assert_int_equal(count, max < 2 * LISTED + 1 ? max : 2 * LISTED + 1);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(out[i].publisher[0], i);
            assert_int_equal(out[i].group, 1000 + i);
            assert_int_equal(out[i].expires_unix_s, i % 2 == 1 ? NOW_S + 1 : NOW_S);
        }
    }
    assert_int_equal(store.ops->survey(store.self, &(skad_id){{9}}, 3, out, 1), 0);
    test_store_free(&store);
}

void a_walk_meets_every_record_once_in_the_order_of_names(void **state)
{
    skad_store store = test_store_fresh(*state, &test_store_roomy);
    for (unsigned i = 0; i < 120; i++) {
        uint8_t mixed = (uint8_t)(i * 7 % 120); /* put in another order than they are met in */
        skad_store_record record =
            test_store_record(mixed / 12, (uint8_t)(2 + mixed / 6 % 2), mixed % 6, &mixed, 1);
        record.name.publisher[31] = mixed % 2 == 0 ? 255 : 0; /* the next name carries */
        assert_int_equal(test_store_put(&store, i % 2 == 0 ? HELD : PUBLISHED, &record), SKAD_OK);
    }
    size_t met = 0;
    for (int section = 0; section < 2; section++) {
        skad_store_name from = {0};
        skad_store_name before = {0};
        skad_store_record out;
        while (store.ops->next(store.self, (skad_store_section)section, &from, &out)) {
            assert_true(memcmp(&before, &out.name, sizeof before) < 0);
            assert_true(memcmp(&out.name, &from, sizeof from) < 0);
            before = out.name;
            met++;
        }
    }
    assert_int_equal(met, 120);
    test_store_free(&store);
}

void a_walk_goes_on_while_records_come_and_go(void **state)
{
    skad_store store = test_store_fresh(*state, &test_store_roomy);
    for (uint8_t key = 0; key < 100; key++) {
        const skad_store_record record = test_store_record(key, 1, 0, &key, 1);
        assert_int_equal(test_store_put(&store, HELD, &record), SKAD_OK);
    }
    skad_store_name from = {0};
    skad_store_record out;
    size_t met = 0;
    while (store.ops->next(store.self, HELD, &from, &out)) {
        const skad_store_name name = out.name;
        assert_int_equal(name.key.bytes[0], met);
        /* Each moves to the other section. */
        const skad_store_record moved = test_store_record(name.key.bytes[0], 1, 0, out.data, 1);
        assert_int_equal(test_store_put(&store, PUBLISHED, &moved), SKAD_OK);
        assert_int_equal(store.ops->drop(store.self, HELD, &name), SKAD_OK);
        met++;
    }
    assert_int_equal(met, 100);
    skad_store_totals totals;
    store.ops->totals(store.self, &totals);
    assert_int_equal(totals.records, 0);
    assert_int_equal(totals.published, 100);
    test_store_free(&store);
}
