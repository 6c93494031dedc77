/* Records listed page by page, over a store in memory. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "skad/record.h"
#include "src/daemon/control/section_result.h"
#include "tests/support/result.h"

#define NOW 1000U

static skad_store store;

static int begin(void **state)
{
    static const skad_store_caps caps = {2000, 1 << 20, 2000, 1 << 20};
    (void)state;
    return skad_store_memory_new(&caps, &store) == SKAD_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    store.ops->free(store.self);
    return 0;
}

static void put(skad_store_section section, const skad_store_record *record)
{
    assert_int_equal(store.ops->put(store.self, section, record, 1), SKAD_OK);
}

static skad_answer page(const skad_control_request *request)
{
    const skad_method_context context = {.store = store};
    const skad_time now = {.unix_s = NOW};
    assert_true(skad_section_result(&context, request, now, test_result_begin()));
    return test_result_end();
}

static void a_record_tells_all_but_its_content(void **state)
{
    (void)state;
    static const uint8_t data[] = {1, 2, 3};
    static const struct {
        skad_record_type type;
        const char *name;
        uint64_t stored_unix_s;
        uint64_t stored_s;
        uint64_t expires_unix_s;
        uint64_t expires_s;
        bool cached;
    } cases[] = {
        {SKAD_RECORD_IMMUTABLE, "value", NOW - 5, 5, NOW + 7, 7, false},
        {SKAD_RECORD_MUTABLE, "record", NOW, 0, NOW, 0, true},
        {SKAD_RECORD_ANNOUNCEMENT, "announcement", NOW + 9, 0, NOW - 9, 0, false},
        {(skad_record_type)9, "unknown", NOW - 1, 1, NOW + 1, 1, false},
        {(skad_record_type)0, "unknown", NOW - 1, 1, UINT64_MAX, UINT64_MAX, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const skad_control_request request = {.max = 10};
        skad_store_record record = {.name = {.key = {{0xab}}, .type = (uint8_t)cases[i].type},
                                    .cached = cases[i].cached,
                                    .sequence = 77,
                                    .stored_unix_s = cases[i].stored_unix_s,
                                    .expires_unix_s = cases[i].expires_unix_s,
                                    .data = data,
                                    .len = 3};
        record.name.publisher[0] = 0xcd;
        put(SKAD_STORE_REPLICAS, &record);
        skad_answer records = skad_answer_get(page(&request), "records");
        assert_int_equal(skad_answer_count(records), 1);
        skad_answer one = skad_answer_at(records, 0);
        assert_memory_equal(skad_answer_bytes(one, "key").data, "ab00", 4);
        test_result_expect_text(skad_answer_get(one, "type"), cases[i].name);
        test_result_expect(one, "bytes", 3);
        test_result_expect(one, "sequence", 77);
        test_result_expect(one, "stored_s", cases[i].stored_s);
        test_result_expect(one, "cached", cases[i].cached);
        if (cases[i].expires_s == UINT64_MAX) {
            test_result_expect_nil(one, "expires_s");
        } else {
            test_result_expect(one, "expires_s", cases[i].expires_s);
        }
        if (cases[i].type == SKAD_RECORD_IMMUTABLE) {
            test_result_expect_nil(one, "publisher");
        } else {
            assert_memory_equal(skad_answer_bytes(one, "publisher").data, "cd00", 4);
        }
        assert_int_equal(store.ops->drop(store.self, SKAD_STORE_REPLICAS, &record.name), SKAD_OK);
    }
}

static void fill(skad_store_section section, uint8_t count)
{
    static const uint8_t data[] = {1};
    for (uint8_t i = 0; i < count; i++) {
        skad_store_record record = {
            .name = {.key = {{(uint8_t)(i / 4)}}, .type = (uint8_t)(1 + i / 2 % 2)},
            .expires_unix_s = NOW + 1,
            .sequence = 100U + i,
            .data = data,
            .len = 1};
        record.name.publisher[31] = i;
        put(section, &record);
    }
}

/* Pages of any size meet every record once, in the same order. */
static void pages_follow_each_other_without_gap(void **state)
{
    (void)state;
    enum { RECORDS = 20 };
    fill(SKAD_STORE_PUBLICATIONS, RECORDS);
    for (uint32_t max = 1; max <= RECORDS + 1; max++) {
        skad_control_request request = {.published = true, .max = max};
        size_t met = 0;
        do {
            skad_answer result = page(&request);
            skad_answer records = skad_answer_get(result, "records");
            assert_true(skad_answer_count(records) <= max);
            for (size_t i = 0; i < skad_answer_count(records); i++) {
                test_result_expect(skad_answer_at(records, i), "sequence", 100 + met++);
            }
            skad_span next = skad_answer_bytes(result, "next");
            request.has_cursor = next.len > 0;
            if (request.has_cursor) {
                assert_int_equal(skad_answer_count(records), max);
                assert_int_equal(next.len, 65);
                memcpy(request.cursor, next.data, 65);
            }
        } while (request.has_cursor);
        assert_int_equal(met, RECORDS);
    }
}

static void each_section_is_listed_by_itself(void **state)
{
    (void)state;
    fill(SKAD_STORE_PUBLICATIONS, 3);
    fill(SKAD_STORE_REPLICAS, 5);
    skad_control_request request = {.published = true, .max = 100};
    assert_int_equal(skad_answer_count(skad_answer_get(page(&request), "records")), 3);
    request.published = false;
    skad_answer result = page(&request);
    assert_int_equal(skad_answer_count(skad_answer_get(result, "records")), 5);
    test_result_expect_nil(result, "next");
}

#define AT_STORE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_STORE(a_record_tells_all_but_its_content),
        AT_STORE(pages_follow_each_other_without_gap),
        AT_STORE(each_section_is_listed_by_itself),
    };
    return cmocka_run_group_tests_name("section_result", tests, NULL, NULL);
}
