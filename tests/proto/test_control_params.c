/* Parameters of the control socket: which one is to blame when they are wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "proto/control_params.h"

/* A request of a method with the given parameters, which are msgpack already. */
static skad_control_cut read_request(const char *method, const char *params, size_t len,
                                     skad_control_request *out)
{
    static uint8_t bytes[512];
    skad_writer writer;
    bool known = false;
    size_t consumed = 0;
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_write_array(&writer, 4);
    skad_write_uint(&writer, 0);
    skad_write_uint(&writer, 7);
    skad_write_str(&writer, method);
    skad_write_raw(&writer, (const uint8_t *)params, len);
    return skad_control_read(bytes, writer.len, out, &known, &consumed);
}

static void the_parameter_that_is_to_blame_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        const char *method;
        const char *params;
        size_t len;
        const char *parameter; /* NULL: none */
        size_t index;
        bool missing;
    } cases[] = {
#define PARAMS(text) text, sizeof(text) - 1
        {"none at all", "put", PARAMS("\x90"), "value", 0, true},
        {"the second wrong", "put", PARAMS("\x92\xa1v\x01"), "keep", 1, false},
        {"the first wrong, and the second", "put", PARAMS("\x92\x01\x01"), "value", 0, false},
        {"nil where there is no default", "put", PARAMS("\x91\xc0"), "value", 0, false},
        {"a float for a number", "publish", PARAMS("\x93\xa1v\xc0\xca\0\0\0\0"), "sequence", 2,
         false},
        {"a negative number", "publish", PARAMS("\x93\xa1v\xc0\xff"), "sequence", 2, false},
        {"a list for a number", "publish", PARAMS("\x93\xa1v\xc0\x91\x01"), "sequence", 2, false},
        {"a map for a key", "get", PARAMS("\x91\x80"), "key", 0, false},
        {"chains beyond eight", "put", PARAMS("\x93\xa1v\xc2\x09"), "forward", 2, false},
        {"too many", "status", PARAMS("\x91\x01"), NULL, 0, false},
        {"no array", "status", PARAMS("\x01"), NULL, 0, false},
        {"a client's name with a zero", "hello", PARAMS("\x91\xa2x\0"), "client", 0, false},
        {"an API that is none", "hello", PARAMS("\x92\xc0\x00"), "api", 1, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_control_request request;
        const skad_control_cut cut =
            read_request(cases[i].method, cases[i].params, cases[i].len, &request);
        const char *parameter = request.blame.parameter;
        if (cut != SKAD_CONTROL_WRONG_PARAMS || request.missing != cases[i].missing ||
            (parameter == NULL) != (cases[i].parameter == NULL)) {
            fail_msg("%s: cut %d, blamed '%s'", cases[i].label, cut,
                     parameter != NULL ? parameter : "nothing");
        }
        if (parameter != NULL) {
            assert_string_equal(parameter, cases[i].parameter);
            assert_int_equal(request.blame.index, cases[i].index);
            assert_true(strlen(request.blame.expected) > 0);
        }
    }
}

static void a_name_of_a_client_has_at_most_128_bytes(void **state)
{
    (void)state;
    for (size_t len = 127; len <= 129; len++) {
        char params[3 + 129] = "\x91\xd9";
        skad_control_request request;
        params[2] = (char)len;
        memset(params + 3, 'n', len);
        assert_int_equal(read_request("hello", params, 3 + len, &request),
                         len <= 128 ? SKAD_CONTROL_REQUEST : SKAD_CONTROL_WRONG_PARAMS);
    }
}

static void the_requests_of_a_batch_are_read_one_by_one(void **state)
{
    (void)state;
    skad_control_request batch;
    skad_control_request one;
    static const char params[] = "\x93\x92\xa3get\x91\xa1k\x92\xa3put\x92\xa1v\xc3\x92\xa1x\x90";
    assert_int_equal(read_request("batch", params, sizeof params - 1, &batch),
                     SKAD_CONTROL_REQUEST);
    assert_int_equal(batch.batch, 3);
    assert_int_equal(skad_control_read_batched(batch.raw, 0, &one), SKAD_CONTROL_WRONG_PARAMS);
    assert_string_equal(one.blame.parameter, "key");
    assert_int_equal(skad_control_read_batched(batch.raw, 1, &one), SKAD_CONTROL_REQUEST);
    assert_int_equal(one.method, SKAD_CONTROL_PUT);
    assert_int_equal(one.value.len, 1);
    assert_true(one.keep);
    assert_int_equal(one.msgid, 0);
    assert_int_equal(skad_control_read_batched(batch.raw, 2, &one), SKAD_CONTROL_NO_METHOD);
}

/* What is no list of pairs is refused as a whole, by the place of the first that is none. */
static void what_is_no_batch_is_refused_by_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        const char *params;
        size_t len;
        size_t index;
        bool missing;
    } cases[] = {
        {"none at all", PARAMS("\x90"), 0, true},
        {"no pair", PARAMS("\x91\x01"), 0, false},
        {"a pair of three", PARAMS("\x91\x93\xa1x\x90\x90"), 0, false},
        {"no name", PARAMS("\x92\x92\xa1x\x90\x92\x01\x90"), 1, false},
        {"no parameters", PARAMS("\x91\x92\xa1x\x01"), 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_control_request request;
        const skad_control_cut cut = read_request("batch", cases[i].params, cases[i].len, &request);
        if (cut != SKAD_CONTROL_WRONG_PARAMS || request.blame.parameter == NULL ||
            request.blame.index != cases[i].index || request.missing != cases[i].missing) {
            fail_msg("%s", cases[i].label);
        }
    }
}

static void kinds_of_events_are_a_set(void **state)
{
    (void)state;
    skad_control_request request;
    assert_int_equal(read_request("subscribe_events", "\x90", 1, &request), SKAD_CONTROL_REQUEST);
    assert_int_equal(request.kinds, SKAD_CONTROL_KINDS_ALL);
    assert_int_equal(read_request("subscribe_events",
                                  PARAMS("\x91\x93\xa3"
                                         "ban\xa4lost\xa3"
                                         "ban"),
                                  &request),
                     SKAD_CONTROL_REQUEST);
    assert_int_equal(request.kinds, 1U << SKAD_CONTROL_KIND_BAN | 1U << SKAD_CONTROL_KIND_LOST);
    assert_int_equal(read_request("subscribe_events",
                                  PARAMS("\x91\x91\xa2"
                                         "ba"),
                                  &request),
                     SKAD_CONTROL_WRONG_PARAMS);
    assert_string_equal(request.blame.parameter, "kinds");
}

static void a_parameter_is_found_by_its_name(void **state)
{
    (void)state;
    const skad_control_blame salt = skad_control_blame_of(SKAD_CONTROL_WATCH_RECORD, "salt");
    assert_string_equal(salt.parameter, "salt");
    assert_int_equal(salt.index, 1);
    assert_string_equal(salt.expected, "0 to 64 bytes, binary or a string");
    assert_null(skad_control_blame_of(SKAD_CONTROL_STATUS, "salt").parameter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parameter_that_is_to_blame_is_named),
        cmocka_unit_test(a_name_of_a_client_has_at_most_128_bytes),
        cmocka_unit_test(the_requests_of_a_batch_are_read_one_by_one),
        cmocka_unit_test(what_is_no_batch_is_refused_by_its_place),
        cmocka_unit_test(kinds_of_events_are_a_set),
        cmocka_unit_test(a_parameter_is_found_by_its_name),
    };
    return cmocka_run_group_tests_name("control parameters", tests, NULL, NULL);
}
