/* Bodies: each element of each kind has its limits, from both sides. */
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

/* A body written element by element. VALUE is an immutable record with so many bytes of value,
 * ANNOUNCEMENT and MUTABLE ones of these types. */
typedef enum piece_kind {
    END,
    ARRAY,
    UINT,
    BIN,
    ZEROS,
    NIL,
    ADDRESS,
    VALUE,
    MUTABLE,
    ANNOUNCEMENT
} piece_kind;

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

#define R(n)                                                                                       \
    {                                                                                              \
        VALUE, n                                                                                   \
    }
#define RM                                                                                         \
    {                                                                                              \
        MUTABLE, 0                                                                                 \
    }
#define RA                                                                                         \
    {                                                                                              \
        ANNOUNCEMENT, 0                                                                            \
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
    {"FORWARD to nodes", SKAD_KIND_FORWARD, true, {A(5), B(32), U(0), U(1), U(0), U(1)}},
    {"FORWARD of the most", SKAD_KIND_FORWARD, true, {A(5), B(32), U(0), U(3), U(32), U(10000)}},
    {"FORWARD to a value", SKAD_KIND_FORWARD, true, {A(5), B(32), U(1), U(3), U(8), U(500)}},
    {"FORWARD to a record", SKAD_KIND_FORWARD, true, {A(5), B(32), U(2), U(3), U(8), U(500)}},
    {"FORWARD, aim 3", SKAD_KIND_FORWARD, false, {A(5), B(32), U(3), U(3), U(8), U(500)}},
    {"FORWARD, aim 3, a record", SKAD_KIND_FORWARD, false, {A(5), RA, U(3), U(3), U(8), U(500)}},
    {"FORWARD, aim 5", SKAD_KIND_FORWARD, false, {A(5), B(32), U(5), U(3), U(8), U(500)}},
    {"FORWARD, aim 5, a record", SKAD_KIND_FORWARD, false, {A(5), R(9), U(5), U(3), U(8), U(500)}},
    {"FORWARD, aim nil", SKAD_KIND_FORWARD, false, {A(5), B(32), N, U(3), U(8), U(500)}},
    {"FORWARD, want 0", SKAD_KIND_FORWARD, false, {A(5), B(32), U(0), U(0), U(8), U(500)}},
    {"FORWARD, want 4", SKAD_KIND_FORWARD, false, {A(5), B(32), U(0), U(4), U(8), U(500)}},
    {"FORWARD, budget 33", SKAD_KIND_FORWARD, false, {A(5), B(32), U(0), U(3), U(33), U(500)}},
    {"FORWARD, budget 288", SKAD_KIND_FORWARD, false, {A(5), B(32), U(0), U(3), U(288), U(500)}},
    {"FORWARD, life 0", SKAD_KIND_FORWARD, false, {A(5), B(32), U(0), U(3), U(8), U(0)}},
    {"FORWARD, life 10001", SKAD_KIND_FORWARD, false, {A(5), B(32), U(0), U(3), U(8), U(10001)}},
    {"FORWARD, life 65636", SKAD_KIND_FORWARD, false, {A(5), B(32), U(0), U(3), U(8), U(65636)}},
    {"FORWARD, life nil", SKAD_KIND_FORWARD, false, {A(5), B(32), U(0), U(3), U(8), N}},
    {"FORWARD, target of 31", SKAD_KIND_FORWARD, false, {A(5), B(31), U(0), U(3), U(8), U(500)}},
    {"FORWARD, target of 33", SKAD_KIND_FORWARD, false, {A(5), B(33), U(1), U(3), U(8), U(500)}},
    {"FORWARD, target empty", SKAD_KIND_FORWARD, false, {A(5), B(0), U(2), U(3), U(8), U(500)}},
    {"FORWARD, target nil", SKAD_KIND_FORWARD, false, {A(5), N, U(0), U(3), U(8), U(500)}},
    {"FORWARD without life", SKAD_KIND_FORWARD, false, {A(4), B(32), U(0), U(3), U(8)}},
    {"FORWARD, 6 elements", SKAD_KIND_FORWARD, false, {A(6), B(32), U(0), U(3), U(8), U(5), U(5)}},
    {"FORWARD to store", SKAD_KIND_FORWARD, true, {A(5), R(1), U(4), U(3), U(8), U(500)}},
    {"FORWARD of the largest", SKAD_KIND_FORWARD, true, {A(5), R(1000), U(4), U(3), U(8), U(500)}},
    {"FORWARD of a mutable one", SKAD_KIND_FORWARD, true, {A(5), RM, U(4), U(3), U(8), U(500)}},
    {"FORWARD of an announcement", SKAD_KIND_FORWARD, false, {A(5), RA, U(4), U(3), U(8), U(500)}},
    {"FORWARD of a long value", SKAD_KIND_FORWARD, false, {A(5), R(1001), U(4), U(3), U(8), U(5)}},
    {"FORWARD of a key", SKAD_KIND_FORWARD, false, {A(5), B(32), U(4), U(3), U(8), U(500)}},
    {"FORWARD of no record", SKAD_KIND_FORWARD, false, {A(5), B(0), U(4), U(3), U(8), U(500)}},
    {"FORWARD for a whole one", SKAD_KIND_FORWARD, false, {A(5), R(9), U(1), U(3), U(8), U(500)}},
    {"FORWARD to its 32 bytes", SKAD_KIND_FORWARD, true, {A(5), R(28), U(0), U(3), U(8), U(500)}},
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
    {"FORWARDED, a record", SKAD_KIND_FORWARDED, true, {A(3), SEEN, B(1), B(0)}},
    {"FORWARDED, the largest", SKAD_KIND_FORWARDED, true, {A(3), SEEN, B(1005), B(0)}},
    {"FORWARDED, too large", SKAD_KIND_FORWARDED, false, {A(3), SEEN, B(1006), B(0)}},
    {"FORWARDED, a statement", SKAD_KIND_FORWARDED, true, {A(3), SEEN, B(0), B(1)}},
    {"FORWARDED, the longest", SKAD_KIND_FORWARDED, true, {A(3), SEEN, B(0), B(1033)}},
    {"FORWARDED, too long", SKAD_KIND_FORWARDED, false, {A(3), SEEN, B(0), B(1034)}},
    {"FORWARDED, both", SKAD_KIND_FORWARDED, false, {A(3), SEEN, B(1), B(1)}},
    {"FORWARDED, neither", SKAD_KIND_FORWARDED, false, {A(3), SEEN, B(0), B(0)}},
    {"FORWARDED, a record and nil", SKAD_KIND_FORWARDED, false, {A(3), SEEN, B(1), N}},
    {"FORWARDED, nil", SKAD_KIND_FORWARDED, false, {A(3), SEEN, N, B(1)}},
    {"FORWARDED without statement", SKAD_KIND_FORWARDED, false, {A(2), SEEN, B(1)}},
    {"FORWARDED, four elements", SKAD_KIND_FORWARDED, false, {A(4), SEEN, B(1), B(0), B(0)}},
    {"FORWARDED without address", SKAD_KIND_FORWARDED, false, {A(3), B(0), B(1), B(0)}},
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

/* A BIN of an encoded record, whose signature is not right: the form alone is looked at. */
static void write_record(skad_writer *writer, const piece *what)
{
    static const uint8_t bytes[1001] = {1};
    uint8_t record[1100];
    skad_writer inner;

    skad_writer_init(&inner, record, sizeof record);
    skad_write_array(&inner, what->kind == VALUE ? 2 : what->kind == MUTABLE ? 7 : 8);
    skad_write_uint(&inner, what->kind == VALUE ? 1 : what->kind == MUTABLE ? 2 : 3);
    if (what->kind == VALUE) {
        skad_write_bin(&inner, bytes, (size_t)what->number);
    } else {
        skad_write_bin(&inner, bytes, SKAD_PUBLIC_KEY_BYTES); /* the key, or the publisher */
        skad_write_bin(&inner, bytes, what->kind == MUTABLE ? 0 : SKAD_PUBLIC_KEY_BYTES);
        skad_write_uint(&inner, 1);
        skad_write_uint(&inner, 1);
        skad_write_bin(&inner, bytes, 0);
        if (what->kind == ANNOUNCEMENT) {
            skad_write_bin(&inner, bytes, 0);
        }
        skad_write_bin(&inner, bytes, SKAD_SIGNATURE_BYTES);
    }
    skad_write_bin(writer, record, inner.len);
}

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
        } else if (pieces[i].kind >= VALUE) {
            write_record(&writer, &pieces[i]);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_element_has_its_limits),
    };
    return cmocka_run_group_tests_name("bodies", tests, NULL, NULL);
}
