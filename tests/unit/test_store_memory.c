/* The store in memory, against a plain list that follows the same rules. Its table is kept small,
 * so that many records share a place and erasing has to move others up. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "skad/store.h"
#include "tests/support/dice.h"

#define SEED        23
#define RECORDS_MAX 24
#define BYTES_MAX   1500
#define NOW_S       1000000ULL

static const uint8_t hash_key[16] = {1, 2, 3};

static skad_store make(size_t records_max, size_t bytes_max)
{
    skad_store store;
    assert_int_equal(skad_store_memory_new(records_max, bytes_max, hash_key, &store), SKAD_OK);
    return store;
}

static skad_store_record record_of(uint8_t key, uint8_t type, uint8_t publisher,
                                   const uint8_t *data, size_t len)
{
    return (skad_store_record){.key = {{key}},
                               .type = type,
                               .publisher = {publisher},
                               .sequence = key,
                               .expires_unix_s = NOW_S + 100,
                               .data = data,
                               .len = len};
}

static skad_status put(const skad_store *store, const skad_store_record *record)
{
    return store->ops->put(store->self, record, NOW_S);
}

static bool get(const skad_store *store, uint8_t key, uint8_t type, size_t index,
                skad_store_record *out)
{
    skad_id id = {{key}};
    return store->ops->get(store->self, &id, type, index, NOW_S, out);
}

static skad_store_fill fill_of(const skad_store *store)
{
    skad_store_fill fill;
    store->ops->fill(store->self, &fill);
    return fill;
}

static void a_record_comes_back_as_it_went_in(void **state)
{
    (void)state;
    skad_store store = make(4, 5000);
    uint8_t data[SKAD_STORED_BYTES_MAX];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 7);
    }
    skad_store_record record = record_of(9, 2, 5, data, sizeof data);
    assert_int_equal(put(&store, &record), SKAD_OK);
    uint8_t copy[sizeof data];
    memcpy(copy, data, sizeof data);
    memset(data, 0, sizeof data); /* the store has its own copy */
    skad_store_record out;
    assert_true(get(&store, 9, 2, 0, &out));
    assert_int_equal(out.len, sizeof copy);
    assert_memory_equal(out.data, copy, sizeof copy);
    assert_int_equal(out.sequence, 9);
    assert_int_equal(out.publisher[0], 5);
    assert_int_equal(out.expires_unix_s, NOW_S + 100);
    assert_false(get(&store, 9, 2, 1, &out));
    assert_false(get(&store, 9, 1, 0, &out));
    assert_false(get(&store, 8, 2, 0, &out));
    store.ops->free(store.self);
}

static void the_same_key_type_and_publisher_replace_and_others_stand_beside(void **state)
{
    (void)state;
    skad_store store = make(8, 5000);
    skad_store_record out;
    const skad_store_record first = record_of(1, 3, 1, (const uint8_t *)"one", 3);
    const skad_store_record again = record_of(1, 3, 1, (const uint8_t *)"longer", 6);
    const skad_store_record other = record_of(1, 3, 2, (const uint8_t *)"two", 3);
    assert_int_equal(put(&store, &first), SKAD_OK);
    assert_int_equal(put(&store, &again), SKAD_OK);
    assert_int_equal(fill_of(&store).records, 1);
    assert_int_equal(fill_of(&store).bytes, 6);
    assert_true(get(&store, 1, 3, 0, &out));
    assert_memory_equal(out.data, "longer", 6);
    assert_int_equal(put(&store, &other), SKAD_OK);
    assert_int_equal(fill_of(&store).records, 2);
    assert_true(get(&store, 1, 3, 1, &out));
    assert_false(get(&store, 1, 3, 2, &out));
    store.ops->free(store.self);
}

static void a_full_store_refuses_new_records_and_still_replaces_old_ones(void **state)
{
    (void)state;
    skad_store store = make(2, 5000);
    skad_store_record record = record_of(1, 1, 0, (const uint8_t *)"a", 1);
    assert_int_equal(put(&store, &record), SKAD_OK);
    record = record_of(2, 1, 0, (const uint8_t *)"b", 1);
    assert_int_equal(put(&store, &record), SKAD_OK);
    record = record_of(3, 1, 0, (const uint8_t *)"c", 1);
    assert_int_equal(put(&store, &record), SKAD_ERR_FULL);
    record = record_of(1, 1, 0, (const uint8_t *)"A", 1);
    assert_int_equal(put(&store, &record), SKAD_OK);
    skad_store_record out;
    assert_false(get(&store, 3, 1, 0, &out));
    assert_true(get(&store, 1, 1, 0, &out));
    assert_memory_equal(out.data, "A", 1);
    store.ops->free(store.self);
}

static void bytes_are_capped_to_the_last_one(void **state)
{
    (void)state;
    static const uint8_t data[20] = {0};
    skad_store store = make(10, 20);
    skad_store_record record = record_of(1, 1, 0, data, 12);
    assert_int_equal(put(&store, &record), SKAD_OK);
    record = record_of(2, 1, 0, data, 9);
    assert_int_equal(put(&store, &record), SKAD_ERR_FULL);
    record.len = 8;
    assert_int_equal(put(&store, &record), SKAD_OK);
    assert_int_equal(fill_of(&store).bytes, 20);
    record.len = 9; /* a replacement counts by its difference */
    assert_int_equal(put(&store, &record), SKAD_ERR_FULL);
    record = record_of(1, 1, 0, data, 11);
    assert_int_equal(put(&store, &record), SKAD_OK);
    record = record_of(2, 1, 0, data, 9);
    assert_int_equal(put(&store, &record), SKAD_OK);
    store.ops->free(store.self);
}

static void a_record_is_gone_in_the_second_in_which_it_expires(void **state)
{
    (void)state;
    skad_store store = make(4, 100);
    skad_store_record record = record_of(1, 1, 0, (const uint8_t *)"a", 1);
    skad_store_record out;
    assert_int_equal(put(&store, &record), SKAD_OK);
    assert_true(store.ops->get(store.self, &record.key, 1, 0, record.expires_unix_s - 1, &out));
    assert_false(store.ops->get(store.self, &record.key, 1, 0, record.expires_unix_s, &out));
    assert_int_equal(store.ops->sweep(store.self, record.expires_unix_s - 1, 10), 0);
    assert_int_equal(fill_of(&store).records, 1);
    assert_int_equal(store.ops->sweep(store.self, record.expires_unix_s, 10), 1);
    assert_int_equal(fill_of(&store).records, 0);
    assert_int_equal(fill_of(&store).bytes, 0);
    store.ops->free(store.self);
}

static void a_sweep_drops_no_more_than_it_may_and_goes_on_where_it_stopped(void **state)
{
    (void)state;
    skad_store store = make(100, 1000);
    for (uint8_t key = 0; key < 100; key++) {
        skad_store_record record = record_of(key, 1, 0, &key, 1);
        assert_int_equal(put(&store, &record), SKAD_OK);
    }
    size_t left = 100;
    for (unsigned round = 0; round < 300 && left > 0; round++) {
        size_t dropped = store.ops->sweep(store.self, NOW_S + 1000, 3);
        assert_in_range(dropped, 0, 3);
        left -= dropped;
        assert_int_equal(fill_of(&store).records, left);
    }
    assert_int_equal(left, 0);
    store.ops->free(store.self);
}

static void caps_of_zero_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        size_t records_max;
        size_t bytes_max;
    } cases[] = {
        {"no records", 0, 1}, {"no bytes", 1, 0}, {"more than memory could hold", SIZE_MAX, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_store store;
        if (skad_store_memory_new(cases[i].records_max, cases[i].bytes_max, hash_key, &store) !=
            SKAD_ERR_INPUT) {
            fail_msg("%s", cases[i].label);
        }
    }
}

/* ---- The model ---- */

typedef struct model_entry {
    bool used;
    uint8_t key;
    uint8_t type;
    uint8_t publisher;
    uint64_t expires_unix_s;
    uint8_t content; /* every byte of the data */
    size_t len;
} model_entry;

#define KEYS       20
#define TYPES      2
#define PUBLISHERS 2
#define ENTRIES    (KEYS * TYPES * PUBLISHERS)

typedef struct model {
    model_entry entries[ENTRIES];
    skad_store_fill fill;
} model;

static model_entry *model_at(model *self, uint8_t key, uint8_t type, uint8_t publisher)
{
    return &self->entries[((size_t)key * TYPES + type) * PUBLISHERS + publisher];
}

static void random_put(const skad_store *store, model *self, test_dice *dice, uint64_t now_s)
{
    uint8_t data[100];
    model_entry entry = {.used = true,
                         .key = (uint8_t)test_dice_below(dice, KEYS),
                         .type = (uint8_t)test_dice_below(dice, TYPES),
                         .publisher = (uint8_t)test_dice_below(dice, PUBLISHERS),
                         .expires_unix_s = now_s + test_dice_below(dice, 60),
                         .content = (uint8_t)test_dice_draw(dice),
                         .len = 1 + test_dice_below(dice, sizeof data)};
    memset(data, entry.content, sizeof data);
    skad_store_record record = record_of(entry.key, entry.type, entry.publisher, data, entry.len);
    record.expires_unix_s = entry.expires_unix_s;
    model_entry *old = model_at(self, entry.key, entry.type, entry.publisher);
    size_t old_len = old->used ? old->len : 0;
    bool fits = (old->used || self->fill.records < RECORDS_MAX) &&
                self->fill.bytes - old_len + entry.len <= BYTES_MAX;
    assert_int_equal(store->ops->put(store->self, &record, now_s), fits ? SKAD_OK : SKAD_ERR_FULL);
    if (fits) {
        self->fill.records += !old->used;
        self->fill.bytes += entry.len - old_len;
        *old = entry;
    }
}

/* Sweeps until nothing is left to drop; then exactly the expired records must be gone. */
static void sweep_all(const skad_store *store, model *self, test_dice *dice, uint64_t now_s)
{
    size_t expired = 0;
    for (size_t i = 0; i < ENTRIES; i++) {
        model_entry *entry = &self->entries[i];
        if (entry->used && entry->expires_unix_s <= now_s) {
            expired++;
            self->fill.records--;
            self->fill.bytes -= entry->len;
            entry->used = false;
        }
    }
    size_t limit = 4 + test_dice_below(dice, 30); /* 4 * 16 places are the whole table */
    size_t dropped;
    while ((dropped = store->ops->sweep(store->self, now_s, limit)) > 0) {
        assert_in_range(dropped, 1, limit);
        assert_in_range(expired, dropped, ENTRIES);
        expired -= dropped;
    }
    assert_int_equal(expired, 0);
}

/* Each living record of the model is under its key, once, and nothing else is. */
static void compare(const skad_store *store, model *self, uint64_t now_s)
{
    skad_store_fill fill = fill_of(store);
    assert_int_equal(fill.records, self->fill.records);
    assert_int_equal(fill.bytes, self->fill.bytes);
    assert_int_equal(fill.records_max, RECORDS_MAX);
    assert_int_equal(fill.bytes_max, BYTES_MAX);
    for (uint8_t key = 0; key < KEYS; key++) {
        for (uint8_t type = 0; type < TYPES; type++) {
            skad_id id = {{key}};
            bool seen[PUBLISHERS] = {false};
            size_t count = 0;
            skad_store_record out;
            while (store->ops->get(store->self, &id, type, count, now_s, &out)) {
                const model_entry *entry = model_at(self, key, type, out.publisher[0]);
                assert_true(entry->used && entry->expires_unix_s > now_s);
                assert_false(seen[out.publisher[0]]);
                seen[out.publisher[0]] = true;
                assert_int_equal(out.len, entry->len);
                assert_int_equal(out.data[0], entry->content);
                assert_int_equal(out.data[out.len - 1], entry->content);
                count++;
            }
            for (uint8_t publisher = 0; publisher < PUBLISHERS; publisher++) {
                const model_entry *entry = model_at(self, key, type, publisher);
                assert_int_equal(seen[publisher], entry->used && entry->expires_unix_s > now_s);
            }
        }
    }
}

static void ten_thousand_random_steps_agree_with_a_plain_list(void **state)
{
    (void)state;
    print_message("seed %d\n", SEED);
    test_dice dice = {SEED};
    skad_store store = make(RECORDS_MAX, BYTES_MAX);
    model self = {0};
    uint64_t now_s = NOW_S;
    for (unsigned step = 0; step < 10000; step++) {
        if (test_dice_below(&dice, 10) > 0) {
            random_put(&store, &self, &dice, now_s);
        } else {
            sweep_all(&store, &self, &dice, now_s);
        }
        now_s += test_dice_below(&dice, 3);
        compare(&store, &self, now_s);
    }
    store.ops->free(store.self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_comes_back_as_it_went_in),
        cmocka_unit_test(the_same_key_type_and_publisher_replace_and_others_stand_beside),
        cmocka_unit_test(a_full_store_refuses_new_records_and_still_replaces_old_ones),
        cmocka_unit_test(bytes_are_capped_to_the_last_one),
        cmocka_unit_test(a_record_is_gone_in_the_second_in_which_it_expires),
        cmocka_unit_test(a_sweep_drops_no_more_than_it_may_and_goes_on_where_it_stopped),
        cmocka_unit_test(caps_of_zero_are_refused),
        cmocka_unit_test(ten_thousand_random_steps_agree_with_a_plain_list),
    };
    return cmocka_run_group_tests_name("store_memory", tests, NULL, NULL);
}
