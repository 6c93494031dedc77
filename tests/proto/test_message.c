/* Bodies: each kind both ways, each limit from both sides, and how a reply is cut to its room. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "proto/address.h"
#include "proto/writer.h"
#include "tests/support/wire.h"

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

/* A body written element by element. */
typedef enum piece_kind { END, ARRAY, UINT, BIN, ZEROS, NIL, ADDRESS } piece_kind;

typedef struct piece {
    piece_kind kind;
    uint64_t number; /* count, value or length */
} piece;

typedef struct body_case {
    const char *label;
    skad_kind kind;
    bool valid;
    piece pieces[12];
} body_case;

#define A(n)                                                                                       \
    {                                                                                              \
        ARRAY, n                                                                                   \
    }
#define U(n)                                                                                       \
    {                                                                                              \
        UINT, n                                                                                    \
    }
#define B(n)                                                                                       \
    {                                                                                              \
        BIN, n                                                                                     \
    }
#define N                                                                                          \
    {                                                                                              \
        NIL, 0                                                                                     \
    }
#define SEEN                                                                                       \
    {                                                                                              \
        ADDRESS, 0                                                                                 \
    }
#define V4                                                                                         \
    {                                                                                              \
        BIN, SKAD_ADDRESS4_BYTES                                                                   \
    }
#define V6                                                                                         \
    {                                                                                              \
        BIN, SKAD_ADDRESS6_BYTES                                                                   \
    }

static const body_case CASES[] = {
    {"PING", SKAD_KIND_PING, true, {A(0)}},
    {"PING with an element", SKAD_KIND_PING, false, {A(1), N}},
    {"PING that is no array", SKAD_KIND_PING, false, {N}},
    {"FIND_NODE", SKAD_KIND_FIND_NODE, true, {A(2), B(32), U(1)}},
    {"FIND_NODE, want 3", SKAD_KIND_FIND_NODE, true, {A(2), B(32), U(3)}},
    {"FIND_NODE, want 0", SKAD_KIND_FIND_NODE, false, {A(2), B(32), U(0)}},
    {"FIND_NODE, want 4", SKAD_KIND_FIND_NODE, false, {A(2), B(32), U(4)}},
    {"FIND_NODE, target of 31", SKAD_KIND_FIND_NODE, false, {A(2), B(31), U(1)}},
    {"FIND_NODE, target of 33", SKAD_KIND_FIND_NODE, false, {A(2), B(33), U(1)}},
    {"FIND_NODE, one element", SKAD_KIND_FIND_NODE, false, {A(1), B(32)}},
    {"FIND_NODE, three elements", SKAD_KIND_FIND_NODE, false, {A(3), B(32), U(1), U(1)}},
    {"FIND_VALUE, type 3", SKAD_KIND_FIND_VALUE, true, {A(3), B(32), U(1), U(3)}},
    {"FIND_VALUE, type 0", SKAD_KIND_FIND_VALUE, false, {A(3), B(32), U(1), U(0)}},
    {"FIND_VALUE, type 4", SKAD_KIND_FIND_VALUE, false, {A(3), B(32), U(1), U(4)}},
    {"FIND_VALUE, want 0", SKAD_KIND_FIND_VALUE, false, {A(3), B(32), U(0), U(1)}},
    {"FIND_VALUE from a publisher", SKAD_KIND_FIND_VALUE, true, {A(4), B(32), U(1), U(3), B(32)}},
    {"FIND_VALUE, type 2, from one", SKAD_KIND_FIND_VALUE, false, {A(4), B(32), U(1), U(2), B(32)}},
    {"FIND_VALUE from a short one", SKAD_KIND_FIND_VALUE, false, {A(4), B(32), U(1), U(3), B(31)}},
    {"FIND_VALUE from nil", SKAD_KIND_FIND_VALUE, false, {A(4), B(32), U(1), U(3), N}},
    {"FIND_VALUE, five elements",
     SKAD_KIND_FIND_VALUE,
     false,
     {A(5), B(32), U(1), U(3), B(32), U(1)}},
    {"FIND_VALUE without type", SKAD_KIND_FIND_VALUE, false, {A(2), B(32), U(1)}},
    {"STORE", SKAD_KIND_STORE, true, {A(3), B(1), N, U(86400)}},
    {"STORE, largest",
     SKAD_KIND_STORE,
     true,
     {A(3), B(SKAD_RECORD_BYTES_MAX), U(UINT64_MAX), U(UINT32_MAX)}},
    {"STORE, too large", SKAD_KIND_STORE, false, {A(3), B(SKAD_RECORD_BYTES_MAX + 1), N, U(1)}},
    {"STORE of nothing", SKAD_KIND_STORE, false, {A(3), B(0), N, U(1)}},
    {"STORE, cas a bin", SKAD_KIND_STORE, false, {A(3), B(1), B(1), U(1)}},
    {"STORE without cas", SKAD_KIND_STORE, false, {A(2), B(1), U(1)}},
    {"STORE, life 1", SKAD_KIND_STORE, true, {A(3), B(1), U(0), U(1)}},
    {"STORE, life 0", SKAD_KIND_STORE, false, {A(3), B(1), N, U(0)}},
    {"STORE, life 2^32", SKAD_KIND_STORE, false, {A(3), B(1), N, U(4294967296)}},
    {"STORE, life 2^32+1", SKAD_KIND_STORE, false, {A(3), B(1), N, U(4294967297)}},
    {"STORE, life nil", SKAD_KIND_STORE, false, {A(3), B(1), N, N}},
    {"STORE without life", SKAD_KIND_STORE, false, {A(2), B(1), N}},
    {"STORE, four elements", SKAD_KIND_STORE, false, {A(4), B(1), N, U(1), U(1)}},
    {"ANNOUNCE", SKAD_KIND_ANNOUNCE, true, {A(1), B(1)}},
    {"ANNOUNCE of nothing", SKAD_KIND_ANNOUNCE, false, {A(1), B(0)}},
    {"ANNOUNCE, too large", SKAD_KIND_ANNOUNCE, false, {A(1), B(SKAD_RECORD_BYTES_MAX + 1)}},
    {"COMPARE of one", SKAD_KIND_COMPARE, true, {A(1), B(24)}},
    {"COMPARE of forty", SKAD_KIND_COMPARE, true, {A(1), B(960)}},
    {"COMPARE of forty-one", SKAD_KIND_COMPARE, false, {A(1), B(984)}},
    {"COMPARE of none", SKAD_KIND_COMPARE, false, {A(1), B(0)}},
    {"COMPARE of a part of one", SKAD_KIND_COMPARE, false, {A(1), B(23)}},
    {"COMPARE of one and a part", SKAD_KIND_COMPARE, false, {A(1), B(25)}},
    {"COMPARE of nil", SKAD_KIND_COMPARE, false, {A(1), N}},
    {"COMPARE, two elements", SKAD_KIND_COMPARE, false, {A(2), B(24), B(24)}},
    {"PROBE", SKAD_KIND_PROBE, true, {A(0)}},
    {"PROBE, one element", SKAD_KIND_PROBE, false, {A(1), U(0)}},
    {"CALL", SKAD_KIND_CALL, true, {A(2), B(32), SEEN}},
    {"CALL of a short ID", SKAD_KIND_CALL, false, {A(2), B(31), SEEN}},
    {"CALL of no endpoint", SKAD_KIND_CALL, false, {A(2), B(32), B(0)}},
    {"CALL without endpoint", SKAD_KIND_CALL, false, {A(1), B(32)}},
    {"INTRODUCE", SKAD_KIND_INTRODUCE, true, {A(1), B(32)}},
    {"INTRODUCE of a short ID", SKAD_KIND_INTRODUCE, false, {A(1), B(31)}},
    {"MATCH", SKAD_KIND_MATCH, true, {A(2), U(0), B(512)}},
    {"MATCH of 127 bits", SKAD_KIND_MATCH, true, {A(2), U(127), B(512)}},
    {"MATCH of 128 bits", SKAD_KIND_MATCH, false, {A(2), U(128), B(512)}},
    {"MATCH of too few digests", SKAD_KIND_MATCH, false, {A(2), U(7), B(504)}},
    {"MATCH of too many digests", SKAD_KIND_MATCH, false, {A(2), U(7), B(520)}},
    {"MATCH of nil", SKAD_KIND_MATCH, false, {A(2), U(7), N}},
    {"MATCH without bits", SKAD_KIND_MATCH, false, {A(1), B(512)}},
    {"MATCH, three elements", SKAD_KIND_MATCH, false, {A(3), U(7), B(512), U(1)}},
    {"PONG", SKAD_KIND_PONG, true, {A(1), SEEN}},
    {"PONG without address", SKAD_KIND_PONG, false, {A(1), B(0)}},
    {"PONG, address of 7", SKAD_KIND_PONG, false, {A(1), B(7)}},
    {"PONG, port 0", SKAD_KIND_PONG, false, {A(1), {ZEROS, SKAD_ADDRESS4_BYTES}}},
    {"NODES without contacts", SKAD_KIND_NODES, true, {A(2), SEEN, A(0)}},
    {"NODES, contact IPv4", SKAD_KIND_NODES, true, {A(2), SEEN, A(1), A(2), B(32), V4}},
    {"NODES, contact IPv6", SKAD_KIND_NODES, true, {A(2), SEEN, A(1), A(2), B(32), V6}},
    {"NODES, contact of both", SKAD_KIND_NODES, true, {A(2), SEEN, A(1), A(3), B(32), V4, V6}},
    {"NODES, IPv4 guarded", SKAD_KIND_NODES, true, {A(2), SEEN, A(1), A(3), B(32), V4, U(1)}},
    {"NODES, IPv6 guarded", SKAD_KIND_NODES, true, {A(2), SEEN, A(1), A(3), B(32), V6, U(2)}},
    {"NODES, guarded", SKAD_KIND_NODES, true, {A(2), SEEN, A(1), A(4), B(32), V4, V6, U(3)}},
    {"NODES, one is guarded", SKAD_KIND_NODES, true, {A(2), SEEN, A(1), A(4), B(32), V4, V6, U(2)}},
    {"NODES, none guarded", SKAD_KIND_NODES, false, {A(2), SEEN, A(1), A(3), B(32), V4, U(0)}},
    {"NODES, the other is", SKAD_KIND_NODES, false, {A(2), SEEN, A(1), A(3), B(32), V4, U(2)}},
    {"NODES, a third is", SKAD_KIND_NODES, false, {A(2), SEEN, A(1), A(4), B(32), V4, V6, U(4)}},
    {"NODES, it is twice", SKAD_KIND_NODES, false, {A(2), SEEN, A(1), A(4), B(32), V4, U(1), U(1)}},
    {"NODES, IPv6 last", SKAD_KIND_NODES, false, {A(2), SEEN, A(1), A(4), B(32), V4, U(1), V6}},
    {"NODES, families swapped", SKAD_KIND_NODES, false, {A(2), SEEN, A(1), A(3), B(32), V6, V4}},
    {"NODES, IPv4 twice", SKAD_KIND_NODES, false, {A(2), SEEN, A(1), A(3), B(32), V4, V4}},
    {"NODES, IPv6 twice", SKAD_KIND_NODES, false, {A(2), SEEN, A(1), A(3), B(32), V6, V6}},
    {"NODES, empty endpoint", SKAD_KIND_NODES, false, {A(2), SEEN, A(1), A(2), B(32), B(0)}},
    {"NODES, no endpoint", SKAD_KIND_NODES, false, {A(2), SEEN, A(1), A(1), B(32)}},
    {"NODES, short ID", SKAD_KIND_NODES, false, {A(2), SEEN, A(1), A(2), B(31), V4}},
    {"NODES, contacts missing", SKAD_KIND_NODES, false, {A(1), SEEN}},
    {"VALUE, nothing in it", SKAD_KIND_VALUE, true, {A(3), SEEN, A(0), A(0)}},
    {"VALUE, 3 records", SKAD_KIND_VALUE, true, {A(3), SEEN, A(3), B(1), B(1), B(1), A(0)}},
    {"VALUE of one of two", SKAD_KIND_VALUE, true, {A(4), SEEN, A(1), B(1), U(2), A(0)}},
    {"VALUE of none of one", SKAD_KIND_VALUE, true, {A(4), SEEN, A(0), U(1), A(0)}},
    {"VALUE, total 2^32-1", SKAD_KIND_VALUE, true, {A(4), SEEN, A(0), U(UINT32_MAX), A(0)}},
    {"VALUE, total 2^32", SKAD_KIND_VALUE, false, {A(4), SEEN, A(0), U(4294967296), A(0)}},
    {"VALUE of one of one", SKAD_KIND_VALUE, false, {A(4), SEEN, A(1), B(1), U(1), A(0)}},
    {"VALUE of none of none", SKAD_KIND_VALUE, false, {A(4), SEEN, A(0), U(0), A(0)}},
    {"VALUE, total nil", SKAD_KIND_VALUE, false, {A(4), SEEN, A(0), N, A(0)}},
    {"VALUE, five elements", SKAD_KIND_VALUE, false, {A(5), SEEN, A(0), U(1), A(0), A(0)}},
    {"VALUE, empty record", SKAD_KIND_VALUE, false, {A(3), SEEN, A(1), B(0), A(0)}},
    {"VALUE, contacts missing", SKAD_KIND_VALUE, false, {A(2), SEEN, A(0)}},
    {"STORED", SKAD_KIND_STORED, true, {A(2), SEEN, U(0)}},
    {"STORED, 2^32-1 s", SKAD_KIND_STORED, true, {A(2), SEEN, U(UINT32_MAX)}},
    {"STORED, 2^32 s", SKAD_KIND_STORED, false, {A(2), SEEN, U(4294967296)}},
    {"ANNOUNCED", SKAD_KIND_ANNOUNCED, true, {A(2), SEEN, U(60)}},
    {"COMPARED, eight bits", SKAD_KIND_COMPARED, true, {A(2), SEEN, B(1)}},
    {"COMPARED, forty bits", SKAD_KIND_COMPARED, true, {A(2), SEEN, B(5)}},
    {"COMPARED, no bits", SKAD_KIND_COMPARED, false, {A(2), SEEN, B(0)}},
    {"COMPARED, 48 bits", SKAD_KIND_COMPARED, false, {A(2), SEEN, B(6)}},
    {"COMPARED without bits", SKAD_KIND_COMPARED, false, {A(1), SEEN}},
    {"PROBED", SKAD_KIND_PROBED, true, {A(2), SEEN, SEEN}},
    {"PROBED without a caller", SKAD_KIND_PROBED, false, {A(1), SEEN}},
    {"PROBED with an empty caller", SKAD_KIND_PROBED, false, {A(2), SEEN, B(0)}},
    {"CALLED", SKAD_KIND_CALLED, true, {A(1), SEEN}},
    {"CALLED, two elements", SKAD_KIND_CALLED, false, {A(2), SEEN, U(0)}},
    {"INTRODUCED", SKAD_KIND_INTRODUCED, true, {A(1), SEEN}},
    {"INTRODUCED, two elements", SKAD_KIND_INTRODUCED, false, {A(2), SEEN, SEEN}},
    {"MATCHED", SKAD_KIND_MATCHED, true, {A(2), SEEN, U(0)}},
    {"MATCHED, all differ", SKAD_KIND_MATCHED, true, {A(2), SEEN, U(UINT64_MAX)}},
    {"MATCHED, a bin", SKAD_KIND_MATCHED, false, {A(2), SEEN, B(8)}},
    {"MATCHED without figure", SKAD_KIND_MATCHED, false, {A(1), SEEN}},
    {"ANNOUNCED, 2^32 s", SKAD_KIND_ANNOUNCED, false, {A(2), SEEN, U(4294967296)}},
    {"ERROR 1", SKAD_KIND_ERROR, true, {A(3), SEEN, U(1), U(0)}},
    {"ERROR of a later version", SKAD_KIND_ERROR, true, {A(3), SEEN, U(65535), U(UINT64_MAX)}},
    {"ERROR 0", SKAD_KIND_ERROR, false, {A(3), SEEN, U(0), U(0)}},
    {"ERROR 65536", SKAD_KIND_ERROR, false, {A(3), SEEN, U(65536), U(0)}},
    {"ERROR without detail", SKAD_KIND_ERROR, false, {A(2), SEEN, U(1)}},
};

static size_t write_pieces(const piece *pieces, size_t count)
{
    static uint8_t bytes[2000];
    skad_writer writer;

    memset(bytes, 1, sizeof bytes);
    skad_writer_init(&writer, body, sizeof body);
    for (size_t i = 0; i < count && pieces[i].kind != END; i++) {
        if (pieces[i].kind == ARRAY) {
            skad_write_array(&writer, (size_t)pieces[i].number);
        } else if (pieces[i].kind == UINT) {
            skad_write_uint(&writer, pieces[i].number);
        } else if (pieces[i].kind == NIL) {
            skad_write_nil(&writer);
        } else if (pieces[i].kind == ADDRESS) {
            skad_write_bin(&writer, bytes, SKAD_ADDRESS4_BYTES);
        } else if (pieces[i].kind == ZEROS) {
            skad_write_zeros(&writer, (size_t)pieces[i].number);
        } else {
            skad_write_bin(&writer, bytes, (size_t)pieces[i].number);
        }
    }
    assert_false(writer.overflow);
    return writer.len;
}

static void each_element_has_its_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        size_t len = write_pieces(CASES[i].pieces, 12);
        if (skad_message_decode(CASES[i].kind, body, len, &decoded) != CASES[i].valid) {
            fail_msg("%s", CASES[i].label);
        }
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

static void unknown_kind_has_no_body(void **state)
{
    (void)state;
    body[0] = 0x90;
    assert_false(skad_message_decode((skad_kind)7, body, 1, &decoded));
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
            bool fits = i < 12 && (j == i + 12 || reply == SKAD_KIND_ERROR);
            assert_int_equal(skad_kind_answers(request, reply), fits);
        }
        assert_int_equal(skad_kind_is_request(skad_wire_kinds[i]), i < 12);
        assert_int_equal(skad_kind_is_reply(skad_wire_kinds[i]), i >= 12);
    }
    assert_false(skad_kind_is_reply((skad_kind)27));
    assert_false(skad_kind_is_request((skad_kind)0));
}

static void error_codes_have_stable_names(void **state)
{
    (void)state;
    static const char *const names[] = {"none",     "token",   "unsupported", "full",
                                        "invalid",  "expired", "too-far",     "older",
                                        "conflict", "cas",     "quota",       "busy"};
    for (unsigned code = 0; code < sizeof names / sizeof names[0]; code++) {
        assert_string_equal(skad_error_name((skad_error_code)code), names[code]);
    }
    assert_string_equal(skad_error_name((skad_error_code)12), "unknown");
    assert_string_equal(skad_error_name((skad_error_code)65535), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_comes_back_as_it_was),
        cmocka_unit_test(fields_come_back_by_name),
        cmocka_unit_test(every_prefix_and_every_addition_is_refused),
        cmocka_unit_test(each_element_has_its_limits),
        cmocka_unit_test(lists_have_their_caps),
        cmocka_unit_test(both_lists_may_be_full),
        cmocka_unit_test(what_is_optional_comes_back),
        cmocka_unit_test(unknown_kind_has_no_body),
        cmocka_unit_test(farthest_contacts_are_left_out_first),
        cmocka_unit_test(sixteenth_contact_pays_for_the_longer_header),
        cmocka_unit_test(records_are_never_left_out),
        cmocka_unit_test(replies_answer_their_request_only),
        cmocka_unit_test(error_codes_have_stable_names),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
