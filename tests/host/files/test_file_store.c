/* Files cut into trees while they come: the same tree as the plainest way makes, in any pieces. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "src/host/files/file_store.h"
#include "tests/support/file_records.h"

static skad_file_store store;

static const skad_put_report REPORT = {
    .holders = 16, .wanted = 16, .stored = 15, .unresponsive = 1, .kept = true};

/* Puts what waits, as far as the window lets, and answers so many of those on their way. */
static void put_some(test_file_records *records, size_t *on_their_way, size_t bytes[],
                     size_t answers)
{
    skad_file_record record;
    while (skad_file_store_next(&store, &record)) {
        test_file_records_put(records, record.value, record.len);
        assert_true(*on_their_way < SKAD_FILE_STORE_WINDOW);
        bytes[(*on_their_way)++] = record.bytes;
        skad_file_store_sent(&store);
    }
    for (; answers > 0 && *on_their_way > 0; answers--) {
        skad_file_store_put(&store, bytes[--*on_their_way], &REPORT);
    }
}

/* Gives a file in chunks of so many bytes; the root that comes out. */
static skad_id store_file(const uint8_t *data, size_t len, size_t chunk, test_file_records *records)
{
    size_t on_their_way = 0;
    size_t bytes[SKAD_FILE_STORE_WINDOW];
    memset(&store, 0, sizeof store);
    for (size_t at = 0; at < len;) {
        const size_t some = len - at < chunk ? len - at : chunk;
        at += skad_file_store_take(&store, data + at, some);
        put_some(records, &on_their_way, bytes, 3);
    }
    skad_file_store_end(&store);
    assert_false(skad_file_store_is_done(&store));
    while (!skad_file_store_is_done(&store)) {
        put_some(records, &on_their_way, bytes, 1);
    }
    assert_true(store.rooted);
    assert_int_equal(store.taken, len);
    assert_int_equal(store.totals.bytes, len);
    return store.root;
}

static void a_file_of_any_size_and_pieces_makes_the_plain_tree(void **state)
{
    (void)state;
    static const size_t sizes[] = {0,     1,     991,   992,   993,    999,    1000,   1001,
                                   29999, 30000, 30001, 31000, 899999, 900000, 900001, 931001};
    static const size_t chunks[] = {1, 7, 1000, 4000, 65536};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *data = test_file_bytes(sizes[i]);
        test_file_records plain = {0};
        const skad_id expected = test_file_plain(&plain, data, sizes[i]);
        for (size_t c = 0; c < sizeof chunks / sizeof chunks[0]; c++) {
            test_file_records records = {0};
            const skad_id root = store_file(data, sizes[i], chunks[c], &records);
            if (memcmp(&root, &expected, sizeof root) != 0 || records.count != plain.count) {
                fail_msg("%zu bytes by %zu: another tree", sizes[i], chunks[c]);
            }
            assert_int_equal(store.totals.records, plain.count);
            test_file_records_free(&records);
        }
        test_file_records_free(&plain);
        free(data);
    }
}

/* Nothing is answered: what is taken is bounded. */
static void without_answers_only_a_window_is_taken(void **state)
{
    (void)state;
    static uint8_t data[1000000];
    skad_file_record record;
    size_t sent = 0;
    size_t at = 0;
    size_t some;
    memset(&store, 0, sizeof store);
    do {
        some = skad_file_store_take(&store, data + at, sizeof data - at);
        at += some;
        for (; skad_file_store_next(&store, &record); sent++) {
            skad_file_store_sent(&store);
        }
    } while (some > 0);
    assert_int_equal(sent, SKAD_FILE_STORE_WINDOW);
    assert_in_range(at, 16000, 18000);
}

static void what_holders_said_is_added_up_and_the_worst_is_told(void **state)
{
    (void)state;
    static const uint8_t data[2500] = {1};
    static const skad_put_report reports[] = {
        {.holders = 16, .wanted = 16, .stored = 16, .kept = true},
        {.holders = 15,
         .wanted = 16,
         .stored = 9,
         .refused = 4,
         .unresponsive = 2,
         .refusals = {[3] = 4}},
        {.holders = 1, .wanted = 2, .stored = 10, .alone = true, .dense = true},
        {.holders = 16, .wanted = 16, .stored = 16, .refused = 1, .refusals = {[3] = 1}},
    };
    memset(&store, 0, sizeof store);
    size_t sent = 0;
    size_t at = 0;
    while (!skad_file_store_is_done(&store)) {
        skad_file_record record;
        at += at < sizeof data ? skad_file_store_take(&store, data + at, sizeof data - at) : 0;
        if (at == sizeof data && !store.ended) {
            skad_file_store_end(&store);
        }
        while (skad_file_store_next(&store, &record)) {
            skad_file_store_sent(&store);
            skad_file_store_put(&store, record.bytes, &reports[sent++]);
        }
    }
    assert_int_equal(sent, 4);
    assert_int_equal(store.totals.stored_min, 9);
    assert_int_equal(store.totals.asked_min, 15);
    assert_int_equal(store.totals.wanted_min, 16);
    assert_int_equal(store.totals.refused, 5);
    assert_int_equal(store.totals.refusals[3], 5);
    assert_int_equal(store.totals.unresponsive, 2);
    assert_int_equal(store.totals.alone, 1);
    assert_int_equal(store.totals.dense, 1);
    assert_int_equal(store.totals.kept, 1);
}

static void what_is_only_hashed_has_the_same_key(void **state)
{
    (void)state;
    const size_t len = 931001;
    uint8_t *data = test_file_bytes(len);
    test_file_records plain = {0};
    const skad_id expected = test_file_plain(&plain, data, len);
    skad_file_record record;
    memset(&store, 0, sizeof store);
    size_t at = skad_file_store_take(&store, data, len);
    assert_true(at < len);
    assert_true(skad_file_store_next(&store, &record));
    skad_file_store_sent(&store);
    skad_file_store_only_hash(&store);
    assert_false(skad_file_store_next(&store, &record));
    while (at < len) {
        const size_t some = skad_file_store_take(&store, data + at, len - at);
        assert_true(some > 0);
        at += some;
    }
    skad_file_store_end(&store);
    assert_true(store.rooted);
    assert_memory_equal(&store.root, &expected, sizeof expected);
    assert_false(skad_file_store_is_done(&store));
    test_file_records_free(&plain);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_any_size_and_pieces_makes_the_plain_tree),
        cmocka_unit_test(without_answers_only_a_window_is_taken),
        cmocka_unit_test(what_holders_said_is_added_up_and_the_worst_is_told),
        cmocka_unit_test(what_is_only_hashed_has_the_same_key),
    };
    return cmocka_run_group_tests_name("storing files", tests, NULL, NULL);
}
