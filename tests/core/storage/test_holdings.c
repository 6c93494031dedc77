/* What is lacking of what another node names: prints against a store. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/storage/holdings.h"

#define NOW_S  1000000U
#define LIFE_S 86400U

static skad_store store;

static int begin(void **state)
{
    static const skad_store_caps caps = {1000, 1000000, 10, 10000};
    (void)state;
    return skad_store_memory_new(&caps, &store) == SKAD_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    store.ops->free(store.self);
    return 0;
}

static skad_store_record record_of(uint8_t key, uint8_t type, uint8_t publisher)
{
    return (skad_store_record){.name = {.key = {{key}}, .type = type, .publisher = {publisher}},
                               .sequence = type == 1 ? 0 : 5,
                               .stored_unix_s = NOW_S,
                               .expires_unix_s = NOW_S + LIFE_S,
                               .data = (const uint8_t *)"x",
                               .len = 1};
}

static void hold(const skad_store_record *record)
{
    assert_int_equal(store.ops->put(store.self, SKAD_STORE_REPLICAS, record, NOW_S), SKAD_OK);
}

static bool lacks(const skad_store_record *record, uint64_t sequence, uint64_t life_s)
{
    uint8_t print[SKAD_COMPARE_ITEM_BYTES];
    uint8_t lacking[SKAD_COMPARED_BYTES_MAX];
    skad_holdings_print(&record->name, sequence, life_s, print);
    skad_holdings_lacking(&store, (skad_span){print, sizeof print}, NOW_S, lacking);
    assert_int_equal(lacking[0] & 0xfe, 0);
    return lacking[0] == 1;
}

static void a_record_is_lacking_unless_it_is_held_for_as_long(void **state)
{
    (void)state;
    const skad_store_record one = record_of(1, 2, 3);
    assert_true(lacks(&one, 5, LIFE_S));
    hold(&one);
    assert_false(lacks(&one, 5, LIFE_S));
    assert_false(lacks(&one, 4, LIFE_S)); /* we have a later one */
    assert_true(lacks(&one, 6, LIFE_S));
    assert_false(lacks(&one, 5, 1));
    assert_false(lacks(&one, 5, (uint64_t)LIFE_S * 8 / 7));
    assert_true(lacks(&one, 5, (uint64_t)LIFE_S * 8 / 7 + 120));
    assert_false(lacks(&one, 4, 10 * (uint64_t)LIFE_S)); /* an older one lives as long as it will */
}

static void each_part_of_the_name_counts(void **state)
{
    (void)state;
    const skad_store_record held = record_of(1, 3, 3);
    const skad_store_record others[] = {record_of(2, 3, 3), record_of(1, 2, 3), record_of(1, 3, 4)};
    skad_store_record behind = held;
    behind.name.key.bytes[31] ^= 1; /* the same beginning of the key */
    hold(&held);
    for (size_t i = 0; i < 3; i++) {
        assert_true(lacks(&others[i], 5, LIFE_S));
    }
    assert_true(lacks(&behind, 5, LIFE_S));
}

static void cached_and_expired_copies_do_not_count(void **state)
{
    (void)state;
    skad_store_record cached = record_of(1, 1, 0);
    skad_store_record expired = record_of(2, 1, 0);
    cached.cached = true;
    expired.expires_unix_s = NOW_S;
    hold(&cached);
    assert_int_equal(store.ops->put(store.self, SKAD_STORE_REPLICAS, &expired, NOW_S - 1), SKAD_OK);
    assert_true(lacks(&cached, 0, 60));
    assert_true(lacks(&expired, 0, 60));
}

/* Every third of forty is held; the bits say which are not. */
static void a_bit_stands_for_each_print(void **state)
{
    (void)state;
    uint8_t prints[SKAD_COMPARE_MAX][SKAD_COMPARE_ITEM_BYTES];
    uint8_t lacking[SKAD_COMPARED_BYTES_MAX];
    for (uint8_t i = 0; i < SKAD_COMPARE_MAX; i++) {
        const skad_store_record one = record_of((uint8_t)(i / 2), 3, (uint8_t)(i % 2 + 1));
        skad_holdings_print(&one.name, 5, LIFE_S, prints[i]);
        if (i % 3 == 0) {
            hold(&one);
        }
    }
    skad_holdings_lacking(&store, (skad_span){prints[0], sizeof prints}, NOW_S, lacking);
    for (size_t i = 0; i < SKAD_COMPARE_MAX; i++) {
        assert_int_equal(lacking[i / 8] >> (i % 8) & 1, i % 3 != 0);
    }
}

/* Two keys that are full of announcements are more than is read for one question: what was not
 * reached is said to be lacking, and comes once more at worst. */
static void no_question_reads_the_store_without_end(void **state)
{
    (void)state;
    uint8_t prints[3][SKAD_COMPARE_ITEM_BYTES];
    uint8_t lacking[SKAD_COMPARED_BYTES_MAX];
    for (uint8_t key = 1; key <= 3; key++) {
        for (unsigned i = 0; i < 255; i++) {
            const skad_store_record one = record_of(key, 3, (uint8_t)i);
            hold(&one);
        }
        const skad_store_record last = record_of(key, 3, 254);
        skad_holdings_print(&last.name, 5, LIFE_S, prints[key - 1]);
    }
    skad_holdings_lacking(&store, (skad_span){prints[0], sizeof prints}, NOW_S, lacking);
    assert_int_equal(lacking[0], 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_record_is_lacking_unless_it_is_held_for_as_long, begin,
                                        end),
        cmocka_unit_test_setup_teardown(each_part_of_the_name_counts, begin, end),
        cmocka_unit_test_setup_teardown(cached_and_expired_copies_do_not_count, begin, end),
        cmocka_unit_test_setup_teardown(a_bit_stands_for_each_print, begin, end),
        cmocka_unit_test_setup_teardown(no_question_reads_the_store_without_end, begin, end),
    };
    return cmocka_run_group_tests_name("holdings", tests, NULL, NULL);
}
