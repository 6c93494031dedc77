/* Targets of requests: paths and queries cut and decoded, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "src/gateway/http/target.h"

static void a_path_is_cut_into_its_segments(void **state)
{
    (void)state;
    skad_target target;
    skad_web_error error;
    assert_true(skad_target_read("/", &target, &error));
    assert_int_equal(target.segments, 0);
    assert_true(skad_target_read("/v1/val%75e/%7Eabc?x=1", &target, &error));
    assert_int_equal(target.segments, 3);
    assert_string_equal(target.segment[0], "v1");
    assert_string_equal(target.segment[1], "value");
    assert_string_equal(target.segment[2], "~abc");
    assert_int_equal(target.fields, 1);
}

static void a_query_has_any_bytes(void **state)
{
    (void)state;
    skad_target target;
    skad_web_error error;
    assert_true(skad_target_read("/a?salt=%00%ff+%2b&keep&empty=", &target, &error));
    const skad_span salt = skad_target_get(&target, "salt");
    assert_int_equal(salt.len, 4);
    assert_memory_equal(salt.data, "\0\xff +", 4);
    assert_non_null(skad_target_get(&target, "keep").data);
    assert_int_equal(skad_target_get(&target, "empty").len, 0);
    assert_null(skad_target_get(&target, "none").data);
}

static void what_reads_in_two_ways_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",          "v1",           "http://a/",
        "*",         "//",           "/a//b",
        "/a/",       "/..",          "/a/../b",
        "/%2e%2e/a", "/a%2fb",       "/a%00b",
        "/a%5cb",    "/a%",          "/a%2",
        "/a%2g",     "/a b",         "/a#b",
        "/\xc3",     "/a?=1",        "/a?b=1&b=2",
        "/a?%00=1",  "/a?b=%",       "/a?&",
        "/%20",      "/a/b/c/d/e/f", "/a?1&2&3&4&5&6&7&8&9",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        skad_target target;
        skad_web_error error;
        if (skad_target_read(wrong[i], &target, &error)) {
            fail_msg("'%s' was taken", wrong[i]);
        }
        assert_in_range(error.status, 400, 404);
    }
}

static void the_longest_target_fits_and_a_longer_one_does_not(void **state)
{
    (void)state;
    char raw[SKAD_TARGET_BYTES_MAX + 2];
    skad_target target;
    skad_web_error error;
    memset(raw, 'a', sizeof raw);
    memcpy(raw, "/a/a/a/a/a?b=1&c=1&d=1&e=1&f=1&g=1&h=1&", 39);
    raw[SKAD_TARGET_BYTES_MAX] = 0;
    assert_true(skad_target_read(raw, &target, &error));
    assert_true(target.used <= sizeof target.text);
    assert_int_equal(target.fields, 8);
    raw[SKAD_TARGET_BYTES_MAX] = 'a';
    raw[SKAD_TARGET_BYTES_MAX + 1] = 0;
    assert_false(skad_target_read(raw, &target, &error));
    assert_int_equal(error.status, 414);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_cut_into_its_segments),
        cmocka_unit_test(a_query_has_any_bytes),
        cmocka_unit_test(what_reads_in_two_ways_is_refused),
        cmocka_unit_test(the_longest_target_fits_and_a_longer_one_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
