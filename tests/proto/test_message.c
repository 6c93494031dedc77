/* Bodies: each kind both ways, caps of lists, and how a reply is cut to its room. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "proto/address.h"
#include "proto/writer.h"
#include "tests/support/wire.h"

#define REQUESTS 13 /* kinds of them; as many kinds answer them, besides ERROR */

static uint8_t body[2 * SKAD_BODY_BYTES_MAX];
static skad_message decoded;

static void each_kind_comes_back_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < SKAD_WIRE_KINDS; i++) {
        uint8_t again[SKAD_BODY_BYTES_MAX];
        skad_message message;
        skad_wire_message(skad_wire_kinds[i], &message);
        size_t len = skad_message_encode(&message, body, SKAD_BODY_BYTES_MAX);
        assert_true(len > 0);
        assert_true(skad_message_decode(message.kind, body, len, &decoded));
        assert_int_equal(decoded.kind, message.kind);
        assert_int_equal(skad_message_encode(&decoded, again, sizeof again), len);
        assert_memory_equal(again, body, len);
    }
}

static void fields_come_back_by_name(void **state)
{
    (void)state;
    skad_message message;

    skad_wire_message(SKAD_KIND_FIND_VALUE, &message);
    size_t len = skad_message_encode(&message, body, sizeof body);
    assert_true(skad_message_decode(message.kind, body, len, &decoded));
    assert_memory_equal(&decoded.u.find_value.key, &message.u.find_value.key, SKAD_ID_BYTES);
    assert_int_equal(decoded.u.find_value.want, SKAD_FAMILY_IPV4);
    assert_int_equal(decoded.u.find_value.type, SKAD_RECORD_IMMUTABLE);

    skad_wire_message(SKAD_KIND_VALUE, &message);
    len = skad_message_encode(&message, body, sizeof body);
    assert_true(skad_message_decode(message.kind, body, len, &decoded));
    assert_true(skad_address_equal(&decoded.u.reply.observed, &message.u.reply.observed));
    assert_int_equal(decoded.u.reply.u.value.records_count, 1);
    assert_int_equal(decoded.u.reply.u.value.contacts_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const skad_contact *a = &decoded.u.reply.u.value.contacts[i];
        const skad_contact *b = &message.u.reply.u.value.contacts[i];
        assert_memory_equal(&a->id, &b->id, SKAD_ID_BYTES);
        assert_true(skad_address_equal(&a->ipv4, &b->ipv4));
        assert_true(skad_address_equal(&a->ipv6, &b->ipv6));
    }

    message = (skad_message){.kind = SKAD_KIND_STORE};
    message.u.store.record = (skad_span){(const uint8_t *)"r", 1};
    message.u.store.has_cas = true;
    message.u.store.cas = UINT64_MAX;
    message.u.store.life_s = UINT32_MAX;
    len = skad_message_encode(&message, body, sizeof body);
    assert_true(skad_message_decode(message.kind, body, len, &decoded));
    assert_true(decoded.u.store.has_cas);
    assert_true(decoded.u.store.cas == UINT64_MAX);
    assert_true(decoded.u.store.life_s == UINT32_MAX);

    skad_wire_message(SKAD_KIND_STORE, &message);
    message.u.store.life_s = 1;
    len = skad_message_encode(&message, body, sizeof body);
    assert_true(skad_message_decode(message.kind, body, len, &decoded));
    assert_false(decoded.u.store.has_cas);
    assert_int_equal(decoded.u.store.cas, 0);
    assert_int_equal(decoded.u.store.life_s, 1);
}

static void every_prefix_and_every_addition_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SKAD_WIRE_KINDS; i++) {
        skad_message message;
        skad_wire_message(skad_wire_kinds[i], &message);
        size_t len = skad_message_encode(&message, body, sizeof body);
        for (size_t cut = 0; cut < len; cut++) {
            assert_false(skad_message_decode(message.kind, body, cut, &decoded));
        }
        body[len] = 0xc0;
        assert_false(skad_message_decode(message.kind, body, len + 1, &decoded));
    }
}

/* A list of `count` equal elements after the address, and what follows it. */
static size_t write_list(skad_kind kind, size_t count, bool of_contacts)
{
    static const uint8_t bytes[32] = {1, 1, 1, 1, 1, 1};
    skad_writer writer;

    skad_writer_init(&writer, body, sizeof body);
    skad_write_array(&writer, kind == SKAD_KIND_NODES ? 2 : 3);
    skad_write_bin(&writer, bytes, SKAD_ADDRESS4_BYTES);
    skad_write_array(&writer, count);
    for (size_t i = 0; i < count; i++) {
        if (of_contacts) {
            skad_write_array(&writer, 2);
            skad_write_bin(&writer, bytes, SKAD_ID_BYTES);
        }
        skad_write_bin(&writer, bytes, SKAD_ADDRESS4_BYTES);
    }
    if (kind == SKAD_KIND_VALUE) {
        skad_write_array(&writer, 0);
    }
    return writer.len;
}

static void lists_have_their_caps(void **state)
{
    (void)state;
    size_t len = write_list(SKAD_KIND_NODES, SKAD_CONTACTS_MAX, true);
    assert_true(skad_message_decode(SKAD_KIND_NODES, body, len, &decoded));
    assert_int_equal(decoded.u.reply.u.nodes.contacts_count, SKAD_CONTACTS_MAX);
    len = write_list(SKAD_KIND_NODES, SKAD_CONTACTS_MAX + 1, true);
    assert_false(skad_message_decode(SKAD_KIND_NODES, body, len, &decoded));
    len = write_list(SKAD_KIND_VALUE, SKAD_RECORDS_MAX, false);
    assert_true(skad_message_decode(SKAD_KIND_VALUE, body, len, &decoded));
    len = write_list(SKAD_KIND_VALUE, SKAD_RECORDS_MAX + 1, false);
    assert_false(skad_message_decode(SKAD_KIND_VALUE, body, len, &decoded));
}

/* 8 records of a byte and 16 contacts of both families are 1045 bytes: allowed, so they decode. */
static void both_lists_may_be_full(void **state)
{
    (void)state;
    skad_message message = {.kind = SKAD_KIND_VALUE};

    assert_true(skad_address_parse("192.0.2.1:1", &message.u.reply.observed));
    message.u.reply.u.value.records_count = SKAD_RECORDS_MAX;
    for (size_t i = 0; i < SKAD_RECORDS_MAX; i++) {
        message.u.reply.u.value.records[i] = (skad_span){(const uint8_t *)"r", 1};
    }
    message.u.reply.u.value.contacts_count = SKAD_CONTACTS_MAX;
    for (size_t i = 0; i < SKAD_CONTACTS_MAX; i++) {
        message.u.reply.u.value.contacts[i].ipv4 = message.u.reply.observed;
        assert_true(
            skad_address_parse("[2001:db8::1]:1", &message.u.reply.u.value.contacts[i].ipv6));
    }
    size_t len = skad_message_encode(&message, body, SKAD_BODY_BYTES_MAX);
    assert_int_equal(len, 1045);
    assert_true(skad_message_decode(SKAD_KIND_VALUE, body, len, &decoded));
    assert_int_equal(decoded.u.reply.u.value.contacts_count, SKAD_CONTACTS_MAX);
}

static void what_is_optional_comes_back(void **state)
{
    (void)state;
    skad_message message = {.kind = SKAD_KIND_FIND_VALUE};
    message.u.find_value.want = SKAD_FAMILIES_ALL;
    message.u.find_value.type = SKAD_RECORD_ANNOUNCEMENT;
    message.u.find_value.has_from = true;
    memset(message.u.find_value.from, 0xab, SKAD_PUBLIC_KEY_BYTES);
    size_t len = skad_message_encode(&message, body, SKAD_BODY_BYTES_MAX);
    assert_true(skad_message_decode(SKAD_KIND_FIND_VALUE, body, len, &decoded));
    assert_true(decoded.u.find_value.has_from);
    assert_memory_equal(decoded.u.find_value.from, message.u.find_value.from,
                        SKAD_PUBLIC_KEY_BYTES);
    skad_wire_message(SKAD_KIND_VALUE, &message);
    message.u.reply.u.value.total = 70000;
    len = skad_message_encode(&message, body, SKAD_BODY_BYTES_MAX);
    assert_true(skad_message_decode(SKAD_KIND_VALUE, body, len, &decoded));
    assert_int_equal(decoded.u.reply.u.value.total, 70000);
    assert_int_equal(decoded.u.reply.u.value.contacts_count, 3);
    message.u.reply.u.value.total = 0;
    len = skad_message_encode(&message, body, SKAD_BODY_BYTES_MAX);
    assert_true(skad_message_decode(SKAD_KIND_VALUE, body, len, &decoded));
    assert_int_equal(decoded.u.reply.u.value.total, 0);
}

/* The target of a FORWARD that stores is not sent: it is the key of its record. */
static void what_is_forwarded_comes_back(void **state)
{
    (void)state;
    skad_message message;
    skad_wire_message(SKAD_KIND_FORWARD, &message);
    message.u.forward.aim = SKAD_FORWARD_MUTABLE;
    message.u.forward.want = SKAD_FAMILY_IPV6;
    message.u.forward.budget = SKAD_FORWARD_BUDGET_MAX;
    message.u.forward.life_ms = SKAD_FORWARD_LIFE_MS_MAX;
    size_t len = skad_message_encode(&message, body, SKAD_BODY_BYTES_MAX);
    assert_true(skad_message_decode(SKAD_KIND_FORWARD, body, len, &decoded));
    assert_memory_equal(&decoded.u.forward.target, &message.u.forward.target, SKAD_ID_BYTES);
    assert_int_equal(decoded.u.forward.aim, SKAD_FORWARD_MUTABLE);
    assert_int_equal(decoded.u.forward.want, SKAD_FAMILY_IPV6);
    assert_int_equal(decoded.u.forward.budget, SKAD_FORWARD_BUDGET_MAX);
    assert_int_equal(decoded.u.forward.life_ms, SKAD_FORWARD_LIFE_MS_MAX);
    assert_int_equal(decoded.u.forward.record.len, 0);

    skad_wire_forward_store(&message);
    const skad_id key = message.u.forward.target;
    message.u.forward.target = (skad_id){{0}};
    len = skad_message_encode(&message, body, SKAD_BODY_BYTES_MAX);
    assert_true(skad_message_decode(SKAD_KIND_FORWARD, body, len, &decoded));
    assert_memory_equal(&decoded.u.forward.target, &key, SKAD_ID_BYTES);
    assert_int_equal(decoded.u.forward.record.len, message.u.forward.record.len);
    assert_memory_equal(decoded.u.forward.record.data, message.u.forward.record.data,
                        message.u.forward.record.len);

    skad_wire_message(SKAD_KIND_FORWARDED, &message);
    message.u.reply.u.forwarded.statement = message.u.reply.u.forwarded.record;
    message.u.reply.u.forwarded.record = (skad_span){NULL, 0};
    len = skad_message_encode(&message, body, SKAD_BODY_BYTES_MAX);
    assert_true(skad_message_decode(SKAD_KIND_FORWARDED, body, len, &decoded));
    assert_int_equal(decoded.u.reply.u.forwarded.record.len, 0);
    assert_int_equal(decoded.u.reply.u.forwarded.statement.len,
                     message.u.reply.u.forwarded.statement.len);
}

static void unknown_kind_has_no_body(void **state)
{
    (void)state;
    body[0] = 0x90;
    assert_false(skad_message_decode((skad_kind)12, body, 1, &decoded));
}

static void farthest_contacts_are_left_out_first(void **state)
{
    (void)state;
    skad_message message;
    skad_wire_message(SKAD_KIND_NODES, &message);
    size_t full = skad_message_encode(&message, body, sizeof body);
    size_t bare = 0;

    for (size_t cap = full; cap > 0; cap--) {
        size_t len = skad_message_encode(&message, body, cap);
        assert_true(len <= cap);
        if (len == 0) {
            bare = cap + 1;
            break;
        }
        assert_true(skad_message_decode(SKAD_KIND_NODES, body, len, &decoded));
        for (size_t i = 0; i < decoded.u.reply.u.nodes.contacts_count; i++) {
            assert_memory_equal(&decoded.u.reply.u.nodes.contacts[i].id,
                                &message.u.reply.u.nodes.contacts[i].id, SKAD_ID_BYTES);
        }
    }
    assert_int_equal(bare, 1 + 2 + SKAD_ADDRESS4_BYTES + 1);
    assert_int_equal(message.u.reply.u.nodes.contacts_count, 3);
}

static void sixteenth_contact_pays_for_the_longer_header(void **state)
{
    (void)state;
    skad_message message = {.kind = SKAD_KIND_NODES};
    assert_true(skad_address_parse("192.0.2.1:1", &message.u.reply.observed));
    message.u.reply.u.nodes.contacts_count = SKAD_CONTACTS_MAX;
    for (size_t i = 0; i < SKAD_CONTACTS_MAX; i++) {
        message.u.reply.u.nodes.contacts[i].ipv4 = message.u.reply.observed;
    }
    const size_t contact = 1 + 34 + 8;
    const size_t all = 1 + 8 + 3 + SKAD_CONTACTS_MAX * contact;
    assert_int_equal(skad_message_encode(&message, body, all), all);
    assert_int_equal(skad_message_encode(&message, body, all - 1), all - 2 - contact);
}

static void records_are_never_left_out(void **state)
{
    (void)state;
    skad_message message;
    skad_wire_message(SKAD_KIND_VALUE, &message);
    message.u.reply.u.value.contacts_count = 0;
    size_t without = skad_message_encode(&message, body, sizeof body);
    message.u.reply.u.value.contacts_count = 3;
    assert_int_equal(skad_message_encode(&message, body, without), without);
    assert_int_equal(skad_message_encode(&message, body, without - 1), 0);
}

static void replies_answer_their_request_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < SKAD_WIRE_KINDS; i++) {
        for (size_t j = 0; j < SKAD_WIRE_KINDS; j++) {
            skad_kind request = skad_wire_kinds[i];
            skad_kind reply = skad_wire_kinds[j];
            bool fits = i < REQUESTS && (j == i + REQUESTS || reply == SKAD_KIND_ERROR);
            assert_int_equal(skad_kind_answers(request, reply), fits);
        }
        assert_int_equal(skad_kind_is_request(skad_wire_kinds[i]), i < REQUESTS);
        assert_int_equal(skad_kind_is_reply(skad_wire_kinds[i]), i >= REQUESTS);
    }
    assert_false(skad_kind_is_reply((skad_kind)16));
    assert_false(skad_kind_is_reply((skad_kind)30));
    assert_false(skad_kind_is_request((skad_kind)14));
    assert_false(skad_kind_is_request((skad_kind)0));
}

static void error_codes_have_stable_names(void **state)
{
    (void)state;
    static const char *const names[] = {"none",    "token",   "unsupported", "full",     "invalid",
                                        "expired", "too-far", "older",       "conflict", "cas",
                                        "quota",   "busy",    "unreached",   "loop",     "late"};
    for (unsigned code = 0; code < sizeof names / sizeof names[0]; code++) {
        assert_string_equal(skad_error_name((skad_error_code)code), names[code]);
    }
    assert_string_equal(skad_error_name((skad_error_code)15), "unknown");
    assert_string_equal(skad_error_name((skad_error_code)65535), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_comes_back_as_it_was),
        cmocka_unit_test(fields_come_back_by_name),
        cmocka_unit_test(every_prefix_and_every_addition_is_refused),
        cmocka_unit_test(lists_have_their_caps),
        cmocka_unit_test(both_lists_may_be_full),
        cmocka_unit_test(what_is_optional_comes_back),
        cmocka_unit_test(what_is_forwarded_comes_back),
        cmocka_unit_test(unknown_kind_has_no_body),
        cmocka_unit_test(farthest_contacts_are_left_out_first),
        cmocka_unit_test(sixteenth_contact_pays_for_the_longer_header),
        cmocka_unit_test(records_are_never_left_out),
        cmocka_unit_test(replies_answer_their_request_only),
        cmocka_unit_test(error_codes_have_stable_names),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
