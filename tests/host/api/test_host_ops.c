/* Arguments that operations refuse, each with a sentence that names it; and handles of nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "tests/support/hosts.h"

static skad_host host;

static int begin(void **state)
{
    (void)state;
    skad_host_config config;
    test_host_config(NULL, &config);
    return skad_host_open(&config, &host, NULL) == SKAD_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    return skad_host_close(host) == SKAD_OK ? 0 : -1;
}

static void expect_input(skad_status status, const char *text)
{
    assert_int_equal(status, SKAD_ERR_INPUT);
    assert_string_equal(skad_host_error(host), text);
}

static uint8_t bytes[2000];

static skad_span span(size_t len)
{
    return (skad_span){bytes, len};
}

static void arguments_out_of_range_are_named(void **state)
{
    (void)state;
    const skad_span hollow = {NULL, 1};
    const skad_id key = {{1}};
    expect_input(skad_host_put(host, bytes, 0, false, NULL, NULL),
                 "value: 0 bytes; 1 to 1000 are allowed");
    expect_input(skad_host_put(host, bytes, 1001, false, NULL, NULL),
                 "value: 1001 bytes; 1 to 1000 are allowed");
    expect_input(skad_host_put(host, NULL, 1, true, NULL, NULL), "value: NULL");
    expect_input(skad_host_get(host, NULL, NULL), "key: NULL");
    expect_input(skad_host_publish(host, span(65), bytes, 1, 1, false, NULL),
                 "salt: 65 bytes; 0 to 64 are allowed");
    expect_input(skad_host_publish(host, hollow, bytes, 1, 1, false, NULL), "salt: NULL");
    expect_input(skad_host_publish(host, span(0), bytes, 801, 1, false, NULL),
                 "value: 801 bytes; 0 to 800 are allowed");
    expect_input(skad_host_publish(host, span(0), NULL, 3, 1, false, NULL), "value: NULL");
    expect_input(skad_host_resolve(host, NULL, span(0), NULL), "publisher: NULL");
    expect_input(skad_host_resolve(host, bytes, span(65), NULL),
                 "salt: 65 bytes; 0 to 64 are allowed");
    expect_input(skad_host_announce(host, NULL, 1, span(0), false, NULL), "key: NULL");
    expect_input(skad_host_announce(host, &key, 1, span(129), false, NULL),
                 "metadata: 129 bytes; 0 to 128 are allowed");
    expect_input(skad_host_providers(host, NULL, NULL), "key: NULL");
    expect_input(skad_host_watch(host, NULL, span(0), 60, NULL), "publisher: NULL");
    expect_input(skad_host_watch(host, bytes, span(0), 4, NULL),
                 "every_s: 4; 5 or more are allowed");
    expect_input(skad_host_watch_providers(host, NULL, 60, NULL), "key: NULL");
    expect_input(skad_host_watch_providers(host, &key, 0, NULL),
                 "every_s: 0; 5 or more are allowed");
    expect_input(skad_host_wait(host, 0, 0, NULL), "out: NULL");
    expect_input(skad_host_run(host, NULL), "stop: NULL");
    assert_int_equal(skad_host_announce(host, &key, 1, span(0), false, NULL), SKAD_ERR_MISSING);
    assert_non_null(strstr(skad_host_error(host), "announce no port"));
}

static void too_many_operations_are_refused(void **state)
{
    (void)state;
    const skad_id key = {{2}};
    skad_event event;
    skad_op first;
    skad_op op;
    unsigned started = 1;
    assert_int_equal(skad_host_get(host, &key, &first), SKAD_OK);
    skad_status status = SKAD_OK;
    while (started < 10000 && (status = skad_host_get(host, &key, &op)) == SKAD_OK) {
        started++;
    }
    assert_int_equal(status, SKAD_ERR_FULL);
    assert_non_null(strstr(skad_host_error(host), "start it when one has ended"));
    assert_int_equal(skad_host_cancel(host, first), SKAD_OK);
    assert_int_equal(skad_host_get(host, &key, NULL), SKAD_OK);
    /* The node is alone, so all end at once; the one that was cancelled has no event. */
    assert_int_equal(skad_host_wait(host, op, 10000, &event), SKAD_OK);
    assert_int_equal(skad_host_wait(host, first, 0, &event), SKAD_ERR_TIMEOUT);
}

static void a_closed_handle_gets_a_named_error(void **state)
{
    (void)state;
    skad_host_config config;
    skad_host closed;
    skad_event event;
    skad_flag stop;
    const skad_id key = {{3}};
    atomic_init(&stop, true);
    test_host_config(NULL, &config);
    assert_int_equal(skad_host_open(&config, &closed, NULL), SKAD_OK);
    assert_int_equal(skad_host_close(closed), SKAD_OK);
    const skad_status all[] = {
        skad_host_close(closed),
        skad_host_step(closed),
        skad_host_wait(closed, 0, 0, &event),
        skad_host_wait_joined(closed, 0),
        skad_host_own(closed),
        skad_host_run(closed, &stop),
        skad_host_call(closed, NULL, NULL),
        skad_host_join(closed, NULL, 0),
        skad_host_put(closed, "x", 1, false, NULL, NULL),
        skad_host_get(closed, &key, NULL),
        skad_host_publish(closed, span(0), "x", 1, 1, false, NULL),
        skad_host_resolve(closed, bytes, span(0), NULL),
        skad_host_announce(closed, &key, 0, span(0), false, NULL),
        skad_host_providers(closed, &key, NULL),
        skad_host_watch(closed, bytes, span(0), 5, NULL),
        skad_host_watch_providers(closed, &key, 5, NULL),
        skad_host_cancel(closed, 1),
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(all[i], SKAD_ERR_CLOSED);
    }
    assert_int_equal(skad_host_fd(closed), -1);
    assert_true(skad_host_deadline_us(closed) == UINT64_MAX);
    assert_null(skad_host_node(closed));
    assert_int_equal(skad_host_now(closed).mono_us, 0);
    assert_int_equal(skad_host_address(closed, 0).family, SKAD_FAMILY_NONE);
    assert_int_equal(skad_host_address(host, 7).family, SKAD_FAMILY_NONE);
    assert_false(skad_host_poll_event(closed, &event));
    assert_false(skad_host_poll_event(host, NULL));
    assert_non_null(strstr(skad_host_error(closed), "closed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(arguments_out_of_range_are_named, begin, end),
        cmocka_unit_test_setup_teardown(too_many_operations_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_closed_handle_gets_a_named_error, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
