/* The store in memory: the suite of all stores, and how it is made. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "tests/support/failing_allocation.h"
#include "tests/support/store_suite.h"

static skad_store open_store(void *user, const skad_store_caps *caps)
{
    (void)user;
    skad_store store;
    assert_int_equal(skad_store_memory_new(caps, &store), SKAD_OK);
    return store;
}

static void clear_store(void *user)
{
    (void)user;
}

static void caps_of_zero_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        skad_store_caps caps;
    } cases[] = {
        {"no records", {0, 1, 1, 1}},
        {"no bytes", {1, 0, 1, 1}},
        {"none published", {1, 1, 0, 1}},
        {"no bytes published", {1, 1, 1, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_store store;
        if (skad_store_memory_new(&cases[i].caps, &store) != SKAD_ERR_INPUT) {
            fail_msg("%s", cases[i].label);
        }
    }
}

static void large_caps_cost_nothing_by_themselves(void **state)
{
    (void)state;
    const skad_store_caps boundless = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    skad_store store;
    assert_int_equal(skad_store_memory_new(&boundless, &store), SKAD_OK);
    const skad_store_record record = test_store_record(1, 1, 0, (const uint8_t *)"a", 1);
    assert_int_equal(store.ops->put(store.self, SKAD_STORE_REPLICAS, &record, 0), SKAD_OK);
    test_store_free(&store);
}

/* A record has up to three owners, and memory may end at any of them. */
static void a_record_without_memory_is_counted_nowhere(void **state)
{
    (void)state;
    const skad_store_caps caps = {10, 1000, 10, 1000};
    skad_store store = open_store(NULL, &caps);
    skad_store_record record = test_store_record(1, 2, 9, (const uint8_t *)"bb", 2);
    record.group = 7;
    skad_store_record before = record;
    before.name.publisher[0] = 8;
    before.group = 6;
    assert_int_equal(store.ops->put(store.self, SKAD_STORE_REPLICAS, &before, 0), SKAD_OK);
    const uint8_t group[32] = {[7] = 7};
    for (size_t nth = 1;; nth++) {
        skad_store_usage publisher;
        skad_store_usage of_group;
        test_allocation_fail(nth);
        skad_status status = store.ops->put(store.self, SKAD_STORE_REPLICAS, &record, 0);
        bool failed = test_allocation_failed();
        store.ops->usage(store.self, SKAD_OWNER_PUBLISHER, record.name.publisher, &publisher);
        store.ops->usage(store.self, SKAD_OWNER_GROUP, group, &of_group);
        assert_int_equal(status, failed ? SKAD_ERR_MEMORY : SKAD_OK);
        assert_int_equal(publisher.records, failed ? 0 : 1);
        assert_int_equal(of_group.records, failed ? 0 : 1);
        if (!failed) {
            assert_true(nth > 3);
            break;
        }
    }
    test_store_free(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(caps_of_zero_are_refused),
        cmocka_unit_test(a_record_without_memory_is_counted_nowhere),
        cmocka_unit_test(large_caps_cost_nothing_by_themselves),
    };
    test_store_factory factory = {.open = open_store, .clear = clear_store};
    int failed = test_store_suite("store_memory", &factory);
    return failed + cmocka_run_group_tests_name("store_memory's own", tests, NULL, NULL);
}
