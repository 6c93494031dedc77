/* The envelope: both ways, each field's limits from both sides, and its strictness. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/wire.h"

static skad_identity sender;
static const uint8_t zeros[600];
static uint8_t datagram[4000];
static skad_envelope envelope;

static int setup(void **state)
{
    (void)state;
    skad_wire_identity(1, &sender);
    return 0;
}

static void craft_init(skad_wire_craft *craft)
{
    skad_wire_craft_init(craft, &sender, &sender.id, SKAD_KIND_PING,
                         (skad_span){(const uint8_t *)"\x90", 1});
}

static skad_verdict decode(size_t len)
{
    return skad_envelope_decode(datagram + SKAD_TAG_BYTES, len - SKAD_TAG_BYTES, &envelope);
}

static skad_verdict decode_craft(const skad_wire_craft *craft)
{
    return decode(skad_wire_craft_write(craft, datagram, sizeof datagram));
}

static void fields_come_back_as_they_were(void **state)
{
    (void)state;
    skad_wire_craft craft;
    uint8_t path[2 * SKAD_HASH_BYTES];
    uint8_t token[SKAD_TOKEN_BYTES];

    skad_wire_fill(path, sizeof path, 7);
    skad_wire_fill(token, sizeof token, 9);
    craft_init(&craft);
    craft.token = (skad_span){token, sizeof token};
    craft.pad_bytes = 300;
    craft.index = 3;
    craft.path = (skad_span){path, sizeof path};
    size_t len = skad_wire_craft_write(&craft, datagram, sizeof datagram);
    assert_int_equal(decode(len), SKAD_VERDICT_ACCEPT);
    assert_int_equal(envelope.kind, SKAD_KIND_PING);
    assert_memory_equal(envelope.rpc_id, craft.rpc_id.data, SKAD_RPC_ID_BYTES);
    assert_memory_equal(envelope.public_key, sender.public_key, SKAD_PUBLIC_KEY_BYTES);
    assert_memory_equal(envelope.id, &sender.id, SKAD_ID_BYTES);
    assert_int_equal(envelope.nonce.epoch, SKAD_WIRE_EPOCH);
    assert_memory_equal(envelope.nonce.bytes, craft.nonce.data, SKAD_NONCE_BYTES);
    assert_memory_equal(envelope.token, token, sizeof token);
    assert_int_equal(envelope.body.len, 1);
    assert_int_equal(envelope.index, 3);
    assert_int_equal(envelope.depth, 2);
    assert_memory_equal(envelope.path, path, sizeof path);
    assert_ptr_equal(envelope.signed_part.data, datagram + SKAD_TAG_BYTES);
    assert_ptr_equal(envelope.signed_part.data + envelope.signed_part.len,
                     datagram + len - SKAD_PROOF_BYTES(2));
}

static void absent_token_is_null(void **state)
{
    (void)state;
    skad_wire_craft craft;
    craft_init(&craft);
    assert_int_equal(decode_craft(&craft), SKAD_VERDICT_ACCEPT);
    assert_null(envelope.token);
}

#define OK        SKAD_VERDICT_ACCEPT
#define STRUCTURE SKAD_VERDICT_STRUCTURE

static void byte_fields_have_exact_lengths(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        size_t field; /* offset of the span within the craft */
        size_t len;
        skad_verdict verdict;
    } cases[] = {
        {"rpc id 7", offsetof(skad_wire_craft, rpc_id), 7, STRUCTURE},
        {"rpc id 9", offsetof(skad_wire_craft, rpc_id), 9, STRUCTURE},
        {"public key 31", offsetof(skad_wire_craft, public_key), 31, STRUCTURE},
        {"public key 33", offsetof(skad_wire_craft, public_key), 33, STRUCTURE},
        {"id 0, of a request", offsetof(skad_wire_craft, id), 0, STRUCTURE},
        {"id 31", offsetof(skad_wire_craft, id), 31, STRUCTURE},
        {"id 33", offsetof(skad_wire_craft, id), 33, STRUCTURE},
        {"nonce 7", offsetof(skad_wire_craft, nonce), 7, STRUCTURE},
        {"nonce 9", offsetof(skad_wire_craft, nonce), 9, STRUCTURE},
        {"token 1", offsetof(skad_wire_craft, token), 1, STRUCTURE},
        {"token 15", offsetof(skad_wire_craft, token), 15, STRUCTURE},
        {"token 16", offsetof(skad_wire_craft, token), 16, OK},
        {"token 17", offsetof(skad_wire_craft, token), 17, STRUCTURE},
        {"body 0", offsetof(skad_wire_craft, body), 0, STRUCTURE},
        {"path 31", offsetof(skad_wire_craft, path), 31, STRUCTURE},
        {"path 32", offsetof(skad_wire_craft, path), 32, OK},
        {"path 33", offsetof(skad_wire_craft, path), 33, STRUCTURE},
        {"path 128", offsetof(skad_wire_craft, path), 128, OK},
        {"path 160", offsetof(skad_wire_craft, path), 160, STRUCTURE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_wire_craft craft;
        const skad_span span = {zeros, cases[i].len};
        craft_init(&craft);
        memcpy((uint8_t *)&craft + cases[i].field, &span, sizeof span);
        if (decode_craft(&craft) != cases[i].verdict) {
            fail_msg("%s: %s", cases[i].label, skad_verdict_name(decode_craft(&craft)));
        }
    }
}

static void numbers_have_their_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        uint64_t version, kind, epoch, index;
        size_t depth, pad_bytes, signature_bytes, elements;
        uint8_t pad_last;
        skad_verdict verdict;
    } cases[] = {
        {"version 0", 0, 1, 5, 0, 0, 0, 64, 13, 0, SKAD_VERDICT_VERSION},
        {"version 2", 2, 1, 5, 0, 0, 0, 64, 13, 0, SKAD_VERDICT_VERSION},
        {"version 2^64-1", UINT64_MAX, 1, 5, 0, 0, 0, 64, 13, 0, SKAD_VERDICT_VERSION},
        {"version 2, other structure", 2, 99, 5, 9, 0, 0, 3, 13, 0, SKAD_VERDICT_VERSION},
        {"kind 0", 1, 0, 5, 0, 0, 0, 64, 13, 0, SKAD_VERDICT_KIND},
        {"kind 5", 1, 5, 5, 0, 0, 0, 64, 13, 0, OK},
        {"kind 9", 1, 9, 5, 0, 0, 0, 64, 13, 0, OK},
        {"kind 11", 1, 11, 5, 0, 0, 0, 64, 13, 0, OK},
        {"kind 14", 1, 14, 5, 0, 0, 0, 64, 13, 0, SKAD_VERDICT_KIND},
        {"kind 16", 1, 16, 5, 0, 0, 0, 64, 13, 0, SKAD_VERDICT_KIND},
        {"kind 17", 1, 17, 5, 0, 0, 0, 64, 13, 0, OK},
        {"kind 21", 1, 21, 5, 0, 0, 0, 64, 13, 0, OK},
        {"kind 23", 1, 23, 5, 0, 0, 0, 64, 13, 0, OK},
        {"kind 25", 1, 25, 5, 0, 0, 0, 64, 13, 0, OK},
        {"kind 27", 1, 27, 5, 0, 0, 0, 64, 13, 0, OK},
        {"kind 29", 1, 29, 5, 0, 0, 0, 64, 13, 0, OK},
        {"kind 30", 1, 30, 5, 0, 0, 0, 64, 13, 0, SKAD_VERDICT_KIND},
        {"kind 31", 1, 31, 5, 0, 0, 0, 64, 13, 0, OK},
        {"kind 32", 1, 32, 5, 0, 0, 0, 64, 13, 0, SKAD_VERDICT_KIND},
        {"kind 64", 1, 64, 5, 0, 0, 0, 64, 13, 0, SKAD_VERDICT_KIND},
        {"kind 65, of a client", 1, 65, 5, 0, 0, 0, 64, 13, 0, OK},
        {"kind 81, of a client", 1, 81, 5, 0, 0, 0, 64, 13, 0, OK},
        {"kind 95, of a client", 1, 95, 5, 0, 0, 0, 64, 13, 0, OK},
        {"kind 96", 1, 96, 5, 0, 0, 0, 64, 13, 0, SKAD_VERDICT_KIND},
        {"kind 129", 1, 129, 5, 0, 0, 0, 64, 13, 0, SKAD_VERDICT_KIND},
        {"kind 1 + 2^32", 1, 4294967297, 5, 0, 0, 0, 64, 13, 0, SKAD_VERDICT_KIND},
        {"epoch 0", 1, 1, 0, 0, 0, 0, 64, 13, 0, OK},
        {"epoch 2^32-1", 1, 1, UINT32_MAX, 0, 0, 0, 64, 13, 0, OK},
        {"epoch 2^32", 1, 1, 4294967296, 0, 0, 0, 64, 13, 0, STRUCTURE},
        {"index 1 without path", 1, 1, 5, 1, 0, 0, 64, 13, 0, OK},
        {"index 15 without path", 1, 1, 5, 15, 0, 0, 64, 13, 0, OK},
        {"index 16 without path", 1, 1, 5, 16, 0, 0, 64, 13, 0, STRUCTURE},
        {"index 1, depth 1", 1, 1, 5, 1, 1, 0, 64, 13, 0, OK},
        {"index 2, depth 1", 1, 1, 5, 2, 1, 0, 64, 13, 0, STRUCTURE},
        {"index 15, depth 4", 1, 1, 5, 15, 4, 0, 64, 13, 0, OK},
        {"index 16, depth 4", 1, 1, 5, 16, 4, 0, 64, 13, 0, STRUCTURE},
        {"padding 512", 1, 1, 5, 0, 0, 512, 64, 13, 0, OK},
        {"padding 513", 1, 1, 5, 0, 0, 513, 64, 13, 0, STRUCTURE},
        {"padding not zero", 1, 1, 5, 0, 0, 9, 64, 13, 1, STRUCTURE},
        {"signature 63", 1, 1, 5, 0, 0, 0, 63, 13, 0, STRUCTURE},
        {"signature 65", 1, 1, 5, 0, 0, 0, 65, 13, 0, STRUCTURE},
        {"12 elements claimed", 1, 1, 5, 0, 0, 0, 64, 12, 0, STRUCTURE},
        {"14 elements claimed", 1, 1, 5, 0, 0, 0, 64, 14, 0, STRUCTURE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_wire_craft craft;
        craft_init(&craft);
        craft.version = cases[i].version;
        craft.kind = cases[i].kind;
        craft.epoch = cases[i].epoch;
        craft.index = cases[i].index;
        craft.path = (skad_span){zeros, cases[i].depth * SKAD_HASH_BYTES};
        craft.pad_bytes = cases[i].pad_bytes;
        craft.pad_last = cases[i].pad_last;
        craft.signature_bytes = cases[i].signature_bytes;
        craft.elements = cases[i].elements;
        if (decode_craft(&craft) != cases[i].verdict) {
            fail_msg("%s: %s", cases[i].label, skad_verdict_name(decode_craft(&craft)));
        }
    }
}

static void body_may_fill_the_datagram_and_no_more(void **state)
{
    (void)state;
    static const uint8_t body[SKAD_BODY_BYTES_MAX + 1];
    skad_wire_craft craft;

    craft_init(&craft);
    craft.kind = SKAD_KIND_NODES;
    craft.id.len = 0;
    craft.body = (skad_span){body, SKAD_BODY_BYTES_MAX};
    assert_int_equal(decode_craft(&craft), OK);
    craft.body.len++;
    assert_int_equal(decode_craft(&craft), STRUCTURE);
    craft.body.len = SKAD_BODY_BYTES_MAX;
    craft.pad_bytes = 200;
    assert_int_equal(decode_craft(&craft), STRUCTURE);
}

/* What the document reserves for an envelope, and not a byte more: the longest body outside of a
 * batch, and the longest that fits with the longest path. A byte of padding fills it up. */
static void the_longest_envelope_has_1216_bytes(void **state)
{
    (void)state;
    static const uint8_t body[1059];
    static const size_t paths[] = {0, 128};
    skad_wire_craft craft;

    for (size_t i = 0; i < 4; i++) {
        const size_t id_bytes = i < 2 ? 0 : SKAD_ID_BYTES;
        craft_init(&craft);
        craft.kind = i < 2 ? SKAD_KIND_NODES : SKAD_KIND_STORE;
        craft.id.len = id_bytes;
        craft.epoch = UINT32_MAX;
        craft.token = (skad_span){zeros, 16};
        craft.path = (skad_span){zeros, paths[i % 2]};
        craft.body = (skad_span){body, 1059 - id_bytes - paths[i % 2]};
        craft.pad_bytes = 1;
        assert_int_equal(skad_wire_craft_write(&craft, datagram, sizeof datagram), 16 + 1216);
        assert_int_equal(decode(16 + 1216), OK);
        craft.pad_bytes = 2;
        assert_int_equal(skad_wire_craft_write(&craft, datagram, sizeof datagram), 16 + 1217);
        assert_int_equal(decode(16 + 1217), STRUCTURE);
    }
}

static void extra_elements_are_structure_or_version(void **state)
{
    (void)state;
    uint8_t nils[40];
    skad_wire_craft craft;

    memset(nils, 0xc0, sizeof nils);
    craft_init(&craft);
    craft.elements = 14;
    craft.after = (skad_span){nils, 1};
    assert_int_equal(decode_craft(&craft), STRUCTURE);
    craft.version = 2;
    assert_int_equal(decode_craft(&craft), SKAD_VERDICT_VERSION);
    craft.elements = 31;
    craft.after.len = 18;
    assert_int_equal(decode_craft(&craft), SKAD_VERDICT_VERSION);
    craft.elements = 32;
    craft.after.len = 19;
    assert_int_equal(decode_craft(&craft), STRUCTURE);
}

static void what_is_no_envelope_is_structure(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        uint8_t bytes[8];
        size_t len;
    } cases[] = {
        {"nothing", {0}, 0},
        {"no array", {0x01}, 1},
        {"empty array", {0x90}, 1},
        {"version a bin", {0x91, 0xc4, 0}, 3},
        {"version alone", {0x91, 1}, 2},
        {"claims 2^28 elements", {0xdd, 0x10, 0, 0, 0}, 5},
        {"claims 2^28 elements, version 2", {0xdd, 0x10, 0, 0, 0, 2}, 6},
        {"five deep", {0x91, 0x91, 0x91, 0x91, 0x91, 1}, 6},
        {"map", {0x81, 1, 1}, 3},
        {"version in two bytes", {0x91, 0xcc, 2}, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (skad_envelope_decode(cases[i].bytes, cases[i].len, &envelope) != STRUCTURE) {
            fail_msg("%s", cases[i].label);
        }
    }
}

static void every_prefix_and_every_addition_is_structure(void **state)
{
    (void)state;
    skad_wire_craft craft;

    craft_init(&craft);
    size_t len = skad_wire_craft_write(&craft, datagram, sizeof datagram);
    for (size_t i = SKAD_TAG_BYTES; i < len; i++) {
        assert_int_equal(decode(i), STRUCTURE);
    }
    datagram[len] = 0xc0;
    assert_int_equal(decode(len + 1), STRUCTURE);
}

/* Replaces `cut` bytes at an offset of a correct envelope by others, and decodes. */
static skad_verdict decode_spliced(size_t at, size_t cut, const uint8_t *with, size_t with_len)
{
    skad_wire_craft craft;

    craft_init(&craft);
    size_t len = skad_wire_craft_write(&craft, datagram, sizeof datagram);
    uint8_t *place = datagram + SKAD_TAG_BYTES + at;
    memmove(place + with_len, place + cut, len - SKAD_TAG_BYTES - at - cut);
    memcpy(place, with, with_len);
    return decode(len - cut + with_len);
}

static void longer_forms_are_structure(void **state)
{
    (void)state;
    static const uint8_t short_version[] = {1};
    static const struct {
        const char *label;
        size_t at, cut;
        uint8_t with[5];
        size_t with_len;
    } cases[] = {
        {"array 16", 0, 1, {0xdc, 0, 12}, 3},
        {"array 32", 0, 1, {0xdd, 0, 0, 0, 12}, 5},
        {"version in two bytes", 1, 1, {0xcc, 1}, 2},
        {"version signed", 1, 1, {0xd0, 1}, 2},
        {"kind in three bytes", 2, 1, {0xcd, 0, 1}, 3},
        {"rpc id with bin 16", 3, 2, {0xc5, 0, 8}, 3},
        {"rpc id as str 8", 3, 1, {0xd9}, 1},
        {"rpc id as fixstr", 3, 2, {0xa8}, 1},
        {"epoch in five bytes", 47, 3, {0xce, 0, 0, 0x02, 0xe4}, 5},
        {"epoch signed, as long", 47, 1, {0xd1}, 1},
    };
    assert_int_equal(decode_spliced(1, 1, short_version, 1), OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (decode_spliced(cases[i].at, cases[i].cut, cases[i].with, cases[i].with_len) !=
            STRUCTURE) {
            fail_msg("%s", cases[i].label);
        }
    }
}

/* Whatever decodes says the same at a glance. */
static void a_glance_tells_kind_and_token(void **state)
{
    (void)state;
    static const uint64_t epochs[] = {0,     127,      128,        255,       256,
                                      65535, 65536ULL, 1ULL << 24, UINT32_MAX};
    uint8_t token[SKAD_TOKEN_BYTES] = {1};
    for (size_t i = 0; i < SKAD_WIRE_KINDS * (sizeof epochs / sizeof epochs[0]); i++) {
        for (unsigned shown = 0; shown < 2; shown++) {
            skad_wire_craft craft;
            skad_envelope_glance glance;
            craft_init(&craft);
            craft.kind = skad_wire_kinds[i % SKAD_WIRE_KINDS];
            craft.id.len = skad_kind_is_request((skad_kind)craft.kind) || i % 2 == 0 ? 32 : 0;
            craft.epoch = epochs[i / SKAD_WIRE_KINDS];
            craft.token = (skad_span){token, shown * sizeof token};
            size_t len = skad_wire_craft_write(&craft, datagram, sizeof datagram);
            assert_int_equal(decode(len), SKAD_VERDICT_ACCEPT);
            assert_true(
                skad_envelope_glance_at(datagram + SKAD_TAG_BYTES, len - SKAD_TAG_BYTES, &glance));
            assert_int_equal(glance.kind, craft.kind);
            assert_int_equal(glance.token, shown);
        }
    }
}

/* Each length in memory of its own, so that reading on is noticed. */
static void a_glance_reads_no_further_than_there_is(void **state)
{
    (void)state;
    skad_wire_craft craft;
    craft_init(&craft);
    craft.epoch = UINT32_MAX;
    size_t whole = skad_wire_craft_write(&craft, datagram, sizeof datagram) - SKAD_TAG_BYTES;
    size_t told = 0;
    for (size_t len = 0; len <= whole; len++) {
        skad_envelope_glance glance;
        uint8_t *part = malloc(len + (len == 0));
        memcpy(part, datagram + SKAD_TAG_BYTES, len);
        told += skad_envelope_glance_at(part, len, &glance);
        free(part);
    }
    assert_in_range(told, 1, whole - 60);
    uint8_t other[100] = {0x9b};
    skad_envelope_glance glance;
    assert_false(skad_envelope_glance_at(other, sizeof other, &glance));
}

static void digest_covers_network_recipient_request_and_signed_part(void **state)
{
    (void)state;
    const skad_id nobody = {{0}};
    const uint8_t networks[2][SKAD_HASH_BYTES] = {{7}, {8}};
    const uint8_t request[SKAD_HASH_BYTES] = {1};
    uint8_t digests[5][SKAD_HASH_BYTES];
    uint8_t again[SKAD_HASH_BYTES];

    skad_envelope_digest(networks[0], &sender.id, NULL, (skad_span){zeros, 10}, digests[0]);
    skad_envelope_digest(networks[0], &nobody, NULL, (skad_span){zeros, 10}, digests[1]);
    skad_envelope_digest(networks[0], &sender.id, request, (skad_span){zeros, 10}, digests[2]);
    skad_envelope_digest(networks[0], &sender.id, NULL, (skad_span){zeros, 11}, digests[3]);
    skad_envelope_digest(networks[1], &sender.id, NULL, (skad_span){zeros, 10}, digests[4]);
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_memory_not_equal(digests[i], digests[j], SKAD_HASH_BYTES);
        }
    }
    skad_envelope_digest(networks[0], &sender.id, zeros, (skad_span){zeros, 10}, again);
    assert_memory_equal(again, digests[0], SKAD_HASH_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_come_back_as_they_were),
        cmocka_unit_test(absent_token_is_null),
        cmocka_unit_test(byte_fields_have_exact_lengths),
        cmocka_unit_test(numbers_have_their_ranges),
        cmocka_unit_test(body_may_fill_the_datagram_and_no_more),
        cmocka_unit_test(the_longest_envelope_has_1216_bytes),
        cmocka_unit_test(extra_elements_are_structure_or_version),
        cmocka_unit_test(what_is_no_envelope_is_structure),
        cmocka_unit_test(every_prefix_and_every_addition_is_structure),
        cmocka_unit_test(longer_forms_are_structure),
        cmocka_unit_test(a_glance_tells_kind_and_token),
        cmocka_unit_test(a_glance_reads_no_further_than_there_is),
        cmocka_unit_test(digest_covers_network_recipient_request_and_signed_part),
    };
    return cmocka_run_group_tests_name("envelope", tests, setup, NULL);
}
