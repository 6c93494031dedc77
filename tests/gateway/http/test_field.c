/* Single values: numbers, truths, hex. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/gateway/http/field.h"

static skad_span span(const char *text)
{
    return (skad_span){(const uint8_t *)text, strlen(text)};
}

static void numbers_have_a_bound(void **state)
{
    (void)state;
    uint64_t number = 0;
    assert_true(skad_field_uint(span("0"), 0, &number));
    assert_true(skad_field_uint(span("18446744073709551615"), UINT64_MAX, &number));
    assert_true(number == UINT64_MAX);
    assert_false(skad_field_uint(span("18446744073709551616"), UINT64_MAX, &number));
    assert_true(skad_field_uint(span("19"), 19, &number));
    assert_false(skad_field_uint(span("20"), 19, &number));
    assert_false(skad_field_uint(span("5"), 3, &number));
    static const char *const wrong[] = {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "a"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(skad_field_uint(span(wrong[i]), UINT64_MAX, &number));
    }
}

static void truths_are_two_words(void **state)
{
    (void)state;
    bool truth = false;
    assert_true(skad_field_bool(span("true"), &truth) && truth);
    assert_true(skad_field_bool(span("false"), &truth) && !truth);
    assert_false(skad_field_bool(span(""), &truth));
    assert_false(skad_field_bool(span("True"), &truth));
    assert_false(skad_field_bool(span("1"), &truth));
}

static void hex_becomes_bytes_that_fit(void **state)
{
    (void)state;
    uint8_t bytes[2];
    size_t len = 9;
    assert_true(skad_field_hex(span("0fF0"), bytes, 2, &len));
    assert_int_equal(len, 2);
    assert_memory_equal(bytes, "\x0f\xf0", 2);
    assert_true(skad_field_hex(span(""), bytes, 2, &len) && len == 0);
    assert_false(skad_field_hex(span("0"), bytes, 2, &len));
    assert_false(skad_field_hex(span("0g"), bytes, 2, &len));
    assert_false(skad_field_hex(span("000000"), bytes, 2, &len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_a_bound),
        cmocka_unit_test(truths_are_two_words),
        cmocka_unit_test(hex_becomes_bytes_that_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
