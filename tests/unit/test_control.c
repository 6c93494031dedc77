/* Messages of the control socket: what is a request, what is not, and what leaves. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "proto/address.h"
#include "proto/control.h"

#define KEY_TEXT "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

/* [type, msgid, method, params...] with plain text parameters. */
typedef struct read_case {
    const char *label;
    uint64_t type;
    uint64_t msgid;
    const char *method;
    size_t params_count;
    const char *params[2];
    skad_control_cut expected;
} read_case;

static const read_case cases[] = {
    {"a ping", 0, 7, "ping", 1, {"127.0.0.1:4700"}, SKAD_CONTROL_REQUEST},
    {"a ping over IPv6", 0, 7, "ping", 1, {"[::1]:4700"}, SKAD_CONTROL_REQUEST},
    {"a lookup", 0, 0, "lookup", 1, {KEY_TEXT}, SKAD_CONTROL_REQUEST},
    {"a get", 0, UINT32_MAX, "get", 1, {KEY_TEXT}, SKAD_CONTROL_REQUEST},
    {"a put of a text", 0, 7, "put", 1, {"hello"}, SKAD_CONTROL_REQUEST},
    {"a table", 0, 7, "table", 0, {NULL}, SKAD_CONTROL_REQUEST},
    {"a status", 0, 7, "status", 0, {NULL}, SKAD_CONTROL_REQUEST},
    {"an unknown method", 0, 7, "stop", 0, {NULL}, SKAD_CONTROL_NO_METHOD},
    {"the start of a method", 0, 7, "pin", 1, {"127.0.0.1:4700"}, SKAD_CONTROL_NO_METHOD},
    {"no address", 0, 7, "ping", 1, {"localhost:4700"}, SKAD_CONTROL_WRONG_PARAMS},
    {"an empty address", 0, 7, "ping", 1, {""}, SKAD_CONTROL_WRONG_PARAMS},
    {"an address too long to be one",
     0,
     7,
     "ping",
     1,
     {KEY_TEXT KEY_TEXT},
     SKAD_CONTROL_WRONG_PARAMS},
    {"a short ID", 0, 7, "lookup", 1, {"0011"}, SKAD_CONTROL_WRONG_PARAMS},
    {"a parameter too few", 0, 7, "get", 0, {NULL}, SKAD_CONTROL_WRONG_PARAMS},
    {"a parameter too many", 0, 7, "get", 2, {KEY_TEXT, KEY_TEXT}, SKAD_CONTROL_WRONG_PARAMS},
    {"a parameter where none is due", 0, 7, "status", 1, {"x"}, SKAD_CONTROL_WRONG_PARAMS},
    {"a response", 1, 7, "ping", 1, {"127.0.0.1:4700"}, SKAD_CONTROL_RUBBISH},
    {"a type that does not exist", 3, 7, "ping", 1, {"127.0.0.1:4700"}, SKAD_CONTROL_RUBBISH},
    {"a msgid beyond 32 bits", 0, 1ULL << 32, "table", 0, {NULL}, SKAD_CONTROL_RUBBISH},
};

static size_t encode(const read_case *one, uint8_t *out, size_t cap)
{
    skad_writer writer;
    skad_writer_init(&writer, out, cap);
    skad_write_array(&writer, 4);
    skad_write_uint(&writer, one->type);
    skad_write_uint(&writer, one->msgid);
    skad_write_str(&writer, one->method);
    skad_write_array(&writer, one->params_count);
    for (size_t i = 0; i < one->params_count; i++) {
        skad_write_str(&writer, one->params[i]);
    }
    assert_false(writer.overflow);
    return writer.len;
}

static void requests_are_told_from_what_is_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[512];
        skad_control_request request;
        bool known = false;
        size_t consumed = 0;
        size_t len = encode(&cases[i], bytes, sizeof bytes);
        skad_control_cut cut = skad_control_read(bytes, len, &request, &known, &consumed);
        if (cut != cases[i].expected) {
            fail_msg("%s: %d instead of %d", cases[i].label, cut, cases[i].expected);
        }
        if (cut != SKAD_CONTROL_RUBBISH) {
            assert_int_equal(consumed, len);
            assert_int_equal(request.msgid, cases[i].msgid);
            assert_true(known);
        }
    }
}

static void every_prefix_of_a_request_wants_more(void **state)
{
    (void)state;
    uint8_t bytes[512];
    size_t len = encode(&cases[0], bytes, sizeof bytes);
    for (size_t i = 0; i < len; i++) {
        skad_control_request request;
        bool known = false;
        size_t consumed = 0;
        assert_int_equal(skad_control_read(bytes, i, &request, &known, &consumed),
                         SKAD_CONTROL_MORE);
    }
}

static void a_notification_is_taken_and_ignored(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x93, 0x02, 0xa4, 'p', 'i', 'n', 'g', 0x90, 0x94};
    skad_control_request request;
    bool known = false;
    size_t consumed = 0;
    assert_int_equal(skad_control_read(bytes, sizeof bytes, &request, &known, &consumed),
                     SKAD_CONTROL_IGNORED);
    assert_int_equal(consumed, sizeof bytes - 1);
}

static void ids_are_taken_as_raw_bytes_too(void **state)
{
    (void)state;
    uint8_t bytes[128];
    uint8_t raw[SKAD_ID_BYTES + 1];
    memset(raw, 0xab, sizeof raw);
    for (size_t len = SKAD_ID_BYTES - 1; len <= SKAD_ID_BYTES + 1; len++) {
        skad_writer writer;
        skad_control_request request;
        bool known = false;
        size_t consumed = 0;
        skad_writer_init(&writer, bytes, sizeof bytes);
        skad_write_array(&writer, 4);
        skad_write_uint(&writer, 0);
        skad_write_uint(&writer, 1);
        skad_write_str(&writer, "get");
        skad_write_array(&writer, 1);
        skad_write_bin(&writer, raw, len);
        skad_control_cut cut = skad_control_read(bytes, writer.len, &request, &known, &consumed);
        assert_int_equal(cut,
                         len == SKAD_ID_BYTES ? SKAD_CONTROL_REQUEST : SKAD_CONTROL_WRONG_PARAMS);
        if (cut == SKAD_CONTROL_REQUEST) {
            assert_memory_equal(request.u.id.bytes, raw, SKAD_ID_BYTES);
        }
    }
}

/* A put whose value announces 65535 bytes, of which only the first arrive. */
static void a_request_over_4096_bytes_is_refused_with_its_msgid(void **state)
{
    (void)state;
    static const uint8_t head[] = {0x94, 0x00, 0xcd, 0x12, 0x34, 0xa3, 'p',
                                   'u',  't',  0x91, 0xc5, 0xff, 0xff};
    uint8_t bytes[SKAD_CONTROL_REQUEST_BYTES_MAX + 100] = {0};
    skad_control_request request;
    bool known = false;
    size_t consumed = 0;

    memcpy(bytes, head, sizeof head);
    assert_int_equal(
        skad_control_read(bytes, SKAD_CONTROL_REQUEST_BYTES_MAX - 1, &request, &known, &consumed),
        SKAD_CONTROL_MORE);
    for (size_t len = SKAD_CONTROL_REQUEST_BYTES_MAX; len <= sizeof bytes; len += 100) {
        assert_int_equal(skad_control_read(bytes, len, &request, &known, &consumed),
                         SKAD_CONTROL_RUBBISH);
        assert_true(known);
        assert_int_equal(request.msgid, 0x1234);
    }
}

typedef struct rubbish_case {
    const char *label;
    size_t len;
    uint8_t bytes[16];
    bool msgid_known;
} rubbish_case;

static const rubbish_case rubbish[] = {
    {"a reserved byte", 1, {0xc1}, false},
    {"HTTP", 5, {'G', 'E', 'T', ' ', '/'}, false},
    {"an empty array", 1, {0x90}, false},
    {"a map", 1, {0x80}, false},
    {"nil", 1, {0xc0}, false},
    {"a request whose params are an extension",
     10,
     {0x94, 0, 5, 0xa3, 'g', 'e', 't', 0xd4, 1, 2},
     true},
    {"a reserved byte within a request", 4, {0x94, 0, 9, 0xc1}, true},
    {"a reserved byte within a response", 4, {0x94, 1, 9, 0xc1}, false},
    {"a negative msgid", 4, {0x94, 0, 0xff, 0xc1}, false},
};

static void rubbish_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rubbish / sizeof rubbish[0]; i++) {
        skad_control_request request;
        bool known = false;
        size_t consumed = 0;
        skad_control_cut cut =
            skad_control_read(rubbish[i].bytes, rubbish[i].len, &request, &known, &consumed);
        if (cut != SKAD_CONTROL_RUBBISH || known != rubbish[i].msgid_known) {
            fail_msg("%s: %d, msgid %d", rubbish[i].label, cut, known);
        }
    }
}

static void what_a_client_writes_a_daemon_reads(void **state)
{
    (void)state;
    static const uint8_t value[] = {1, 2, 3};
    skad_control_request requests[] = {
        {.msgid = 1, .method = SKAD_CONTROL_PING},
        {.msgid = 2, .method = SKAD_CONTROL_LOOKUP},
        {.msgid = 3, .method = SKAD_CONTROL_PUT, .u.value = {value, sizeof value}},
        {.msgid = 4, .method = SKAD_CONTROL_GET},
        {.msgid = 5, .method = SKAD_CONTROL_TABLE},
        {.msgid = UINT32_MAX, .method = SKAD_CONTROL_STATUS},
    };
    assert_true(skad_address_parse("[2001:db8::1]:9", &requests[0].u.address));
    memset(&requests[1].u.id, 0x11, sizeof requests[1].u.id);
    memset(&requests[3].u.id, 0xee, sizeof requests[3].u.id);

    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        uint8_t bytes[256];
        skad_writer writer;
        skad_control_request back;
        bool known = false;
        size_t consumed = 0;
        skad_writer_init(&writer, bytes, sizeof bytes);
        skad_control_write_request(&writer, &requests[i]);
        assert_int_equal(skad_control_read(bytes, writer.len, &back, &known, &consumed),
                         SKAD_CONTROL_REQUEST);
        assert_int_equal(back.msgid, requests[i].msgid);
        assert_int_equal(back.method, requests[i].method);
        if (back.method == SKAD_CONTROL_PUT) {
            assert_int_equal(back.u.value.len, sizeof value);
            assert_memory_equal(back.u.value.data, value, sizeof value);
        } else {
            assert_memory_equal(&back.u.id, &requests[i].u.id, sizeof back.u.id);
        }
    }
}

static void an_error_is_a_map_of_code_and_message(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0x94, 1,   3,   0x82, 0xa4, 'c',  'o', 'd', 'e',
                                       0xa4, 'b', 'u', 's',  'y',  0xa7, 'm', 'e', 's',
                                       's',  'a', 'g', 'e',  0xa2, 'n',  'o', 0xc0};
    uint8_t bytes[64];
    skad_writer writer;
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_control_write_error(&writer, 3, SKAD_CONTROL_ERROR_BUSY, "no");
    assert_int_equal(writer.len, sizeof expected);
    assert_memory_equal(bytes, expected, sizeof expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_told_from_what_is_none),
        cmocka_unit_test(every_prefix_of_a_request_wants_more),
        cmocka_unit_test(a_notification_is_taken_and_ignored),
        cmocka_unit_test(ids_are_taken_as_raw_bytes_too),
        cmocka_unit_test(a_request_over_4096_bytes_is_refused_with_its_msgid),
        cmocka_unit_test(rubbish_is_refused),
        cmocka_unit_test(what_a_client_writes_a_daemon_reads),
        cmocka_unit_test(an_error_is_a_map_of_code_and_message),
    };
    return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
