/* Records: both ways, limits from both sides, and what a signature covers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "proto/address.h"
#include "proto/limits.h"
#include "proto/writer.h"
#include "skad/record.h"
#include "tests/support/wire.h"

static skad_identity publisher;
static skad_network_id network; /* of the profile `test` */
static uint8_t bytes[2000];
static uint8_t record[2000];

static int setup(void **state)
{
    (void)state;
    skad_wire_identity(4, &publisher);
    network = skad_wire_publisher(&publisher).network;
    skad_wire_fill(bytes, sizeof bytes, 0);
    return 0;
}

static size_t make_mutable(size_t salt_bytes, size_t value_bytes)
{
    return skad_record_encode_mutable(skad_wire_publisher(&publisher),
                                      (skad_span){bytes, salt_bytes}, 7, 1790000000,
                                      (skad_span){bytes, value_bytes}, record, sizeof record);
}

static size_t make_announcement(const char *endpoint, size_t metadata_bytes)
{
    skad_address address = {0};
    skad_id key;

    skad_wire_fill(key.bytes, SKAD_ID_BYTES, 0x77);
    if (endpoint != NULL) {
        assert_true(skad_address_parse(endpoint, &address));
    }
    return skad_record_encode_announcement(skad_wire_publisher(&publisher), &key, UINT64_MAX,
                                           1790000000, &address, (skad_span){bytes, metadata_bytes},
                                           record, sizeof record);
}

static void immutable_key_is_the_hash_of_its_value(void **state)
{
    (void)state;
    static const size_t lens[] = {1, 255, 256, SKAD_VALUE_BYTES_MAX};
    skad_record out;
    skad_id key;

    for (size_t i = 0; i < 4; i++) {
        size_t len = skad_record_encode_immutable(bytes, lens[i], record, sizeof record);
        assert_true(skad_record_decode(record, len, &out));
        assert_int_equal(out.type, SKAD_RECORD_IMMUTABLE);
        assert_int_equal(out.value.len, lens[i]);
        skad_value_key(bytes, lens[i], &key);
        assert_memory_equal(&out.key, &key, SKAD_ID_BYTES);
        assert_true(skad_record_verify(&out, &network));
    }
    assert_int_equal(skad_record_encode_immutable(bytes, 0, record, sizeof record), 0);
    assert_int_equal(
        skad_record_encode_immutable(bytes, SKAD_VALUE_BYTES_MAX + 1, record, sizeof record), 0);
    assert_int_equal(skad_record_encode_immutable(bytes, 10, record, 13), 0);
    assert_int_equal(skad_record_encode_immutable(bytes, 10, record, 14), 14);
}

static void mutable_comes_back_and_verifies(void **state)
{
    (void)state;
    skad_record out;
    skad_id key;
    size_t len = make_mutable(SKAD_SALT_BYTES_MAX, SKAD_MUTABLE_VALUE_BYTES_MAX);

    assert_true(skad_record_decode(record, len, &out));
    assert_int_equal(out.type, SKAD_RECORD_MUTABLE);
    assert_memory_equal(out.publisher, publisher.public_key, SKAD_PUBLIC_KEY_BYTES);
    assert_int_equal(out.salt.len, SKAD_SALT_BYTES_MAX);
    assert_int_equal(out.sequence, 7);
    assert_int_equal(out.expiry_unix_s, 1790000000);
    assert_int_equal(out.value.len, SKAD_MUTABLE_VALUE_BYTES_MAX);
    skad_mutable_key(publisher.public_key, out.salt, &key);
    assert_memory_equal(&out.key, &key, SKAD_ID_BYTES);
    assert_true(skad_record_verify(&out, &network));
    assert_int_equal(make_mutable(SKAD_SALT_BYTES_MAX + 1, 1), 0);
    assert_int_equal(make_mutable(0, SKAD_MUTABLE_VALUE_BYTES_MAX + 1), 0);
    assert_true(make_mutable(0, 0) > 0);
}

static void announcement_comes_back_and_verifies(void **state)
{
    (void)state;
    static const struct {
        const char *endpoint;
        skad_family family;
    } cases[] = {{NULL, SKAD_FAMILY_NONE},
                 {"192.0.2.9:9000", SKAD_FAMILY_IPV4},
                 {"[2001:db8::9]:9000", SKAD_FAMILY_IPV6}};
    skad_record out;

    for (size_t i = 0; i < 3; i++) {
        size_t len = make_announcement(cases[i].endpoint, SKAD_METADATA_BYTES_MAX);
        assert_true(skad_record_decode(record, len, &out));
        assert_int_equal(out.type, SKAD_RECORD_ANNOUNCEMENT);
        assert_int_equal(out.endpoint.family, cases[i].family);
        assert_int_equal(out.key.bytes[0], 0x77);
        assert_true(out.sequence == UINT64_MAX);
        assert_int_equal(out.value.len, SKAD_METADATA_BYTES_MAX);
        assert_true(skad_record_verify(&out, &network));
    }
    assert_int_equal(make_announcement(NULL, SKAD_METADATA_BYTES_MAX + 1), 0);
    assert_int_equal(make_announcement("192.0.2.9:0", 1), 0);
}

static void salt_and_publisher_make_different_keys(void **state)
{
    (void)state;
    skad_id a;
    skad_id b;
    skad_id c;
    skad_mutable_key(publisher.public_key, (skad_span){NULL, 0}, &a);
    skad_mutable_key(publisher.public_key, (skad_span){bytes, 1}, &b);
    skad_mutable_key(bytes, (skad_span){NULL, 0}, &c);
    assert_memory_not_equal(&a, &b, sizeof a);
    assert_memory_not_equal(&a, &c, sizeof a);
}

/* Whether a signed record with this byte changed still passes for the publisher's. */
static bool survives_change(size_t len, size_t at, uint8_t mask)
{
    skad_record out;

    record[at] ^= mask;
    bool passed = skad_record_decode(record, len, &out) && out.type != SKAD_RECORD_IMMUTABLE &&
                  skad_record_verify(&out, &network);
    record[at] ^= mask;
    return passed;
}

static void no_changed_byte_survives(void **state)
{
    (void)state;
    size_t len = make_mutable(4, 20);
    for (size_t i = 0; i < len; i++) {
        assert_false(survives_change(len, i, 0x01));
        assert_false(survives_change(len, i, 0x80));
    }
    len = make_announcement("192.0.2.9:9000", 5);
    for (size_t i = 0; i < len; i++) {
        assert_false(survives_change(len, i, 0x01));
        assert_false(survives_change(len, i, 0x80));
    }
}

static void every_prefix_and_every_addition_is_refused(void **state)
{
    (void)state;
    skad_record out;
    for (unsigned type = 1; type <= 3; type++) {
        size_t len = type == 1   ? skad_record_encode_immutable(bytes, 300, record, sizeof record)
                     : type == 2 ? make_mutable(4, 20)
                                 : make_announcement(NULL, 0);
        for (size_t i = 0; i < len; i++) {
            assert_false(skad_record_decode(record, i, &out));
        }
        record[len] = 0xc0;
        assert_false(skad_record_decode(record, len + 1, &out));
    }
}

/* Writes a signed record's elements with given lengths, without a valid signature. */
static size_t write_elements(uint64_t type, const size_t *lens, size_t count)
{
    skad_writer writer;

    skad_writer_init(&writer, record, sizeof record);
    skad_write_array(&writer, count + 1);
    skad_write_uint(&writer, type);
    for (size_t i = 0; i < count; i++) {
        if (lens[i] == SIZE_MAX) {
            skad_write_uint(&writer, 5);
        } else {
            skad_write_bin(&writer, bytes, lens[i]);
        }
    }
    assert_false(writer.overflow);
    return writer.len;
}

static void each_element_has_its_limits(void **state)
{
    (void)state;
    const size_t number = SIZE_MAX;
    const struct {
        const char *label;
        uint64_t type;
        size_t lens[8];
        size_t count;
        bool valid;
    } cases[] = {
        {"immutable", 1, {1}, 1, true},
        {"immutable of nothing", 1, {0}, 1, false},
        {"immutable, largest", 1, {1000}, 1, true},
        {"immutable, too large", 1, {1001}, 1, false},
        {"immutable, two values", 1, {1, 1}, 2, false},
        {"mutable", 2, {32, 0, number, number, 0, 64}, 6, true},
        {"mutable, largest", 2, {32, 64, number, number, 800, 64}, 6, true},
        {"mutable, publisher of 31", 2, {31, 0, number, number, 0, 64}, 6, false},
        {"mutable, salt of 65", 2, {32, 65, number, number, 0, 64}, 6, false},
        {"mutable, value of 801", 2, {32, 0, number, number, 801, 64}, 6, false},
        {"mutable, signature of 63", 2, {32, 0, number, number, 0, 63}, 6, false},
        {"mutable, signature of 65", 2, {32, 0, number, number, 0, 65}, 6, false},
        {"mutable, sequence a bin", 2, {32, 0, 1, number, 0, 64}, 6, false},
        {"mutable, signature missing", 2, {32, 0, number, number, 0}, 5, false},
        {"announcement", 3, {32, 32, number, number, 0, 0, 64}, 7, true},
        {"announcement, largest", 3, {32, 32, number, number, 18, 128, 64}, 7, true},
        {"announcement, metadata of 129", 3, {32, 32, number, number, 0, 129, 64}, 7, false},
        {"announcement, endpoint of 7", 3, {32, 32, number, number, 7, 0, 64}, 7, false},
        {"announcement, key of 33", 3, {33, 32, number, number, 0, 0, 64}, 7, false},
        {"announcement of mutable's arity", 3, {32, 0, number, number, 0, 64}, 6, false},
        {"type 0", 0, {1}, 1, false},
        {"type 4", 4, {1}, 1, false},
    };
    skad_record out;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = write_elements(cases[i].type, cases[i].lens, cases[i].count);
        if (skad_record_decode(record, len, &out) != cases[i].valid) {
            fail_msg("%s", cases[i].label);
        }
    }
}

static void a_record_of_one_network_is_none_of_another(void **state)
{
    (void)state;
    const skad_network_id other = {{9}};
    size_t len = make_mutable(5, 5);
    skad_record out;

    assert_true(skad_record_decode(record, len, &out));
    assert_true(skad_record_verify(&out, &network));
    assert_false(skad_record_verify(&out, &other));
    len = make_announcement(NULL, 3);
    assert_true(skad_record_decode(record, len, &out));
    assert_true(skad_record_verify(&out, &network));
    assert_false(skad_record_verify(&out, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(immutable_key_is_the_hash_of_its_value),
        cmocka_unit_test(mutable_comes_back_and_verifies),
        cmocka_unit_test(announcement_comes_back_and_verifies),
        cmocka_unit_test(salt_and_publisher_make_different_keys),
        cmocka_unit_test(no_changed_byte_survives),
        cmocka_unit_test(every_prefix_and_every_addition_is_refused),
        cmocka_unit_test(each_element_has_its_limits),
        cmocka_unit_test(a_record_of_one_network_is_none_of_another),
    };
    return cmocka_run_group_tests_name("record", tests, setup, NULL);
}
