/* Endpoints: text both ways, wire both ways, and where one may send. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "proto/address.h"
#include "proto/limits.h"

static void text_goes_both_ways(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *canonical;
    } cases[] = {
        {"192.0.2.1:4000", "192.0.2.1:4000"},
        {"0.0.0.0:0", "0.0.0.0:0"},
        {"255.255.255.255:65535", "255.255.255.255:65535"},
        {"[::]:1", "[::]:1"},
        {"[2001:DB8:0:0::1]:4000", "[2001:db8::1]:4000"},
        {"[::ffff:192.0.2.1]:9", "192.0.2.1:9"},
        {"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_address address;
        char text[SKAD_ADDRESS_TEXT_BYTES];
        assert_true(skad_address_parse(cases[i].text, &address));
        skad_address_format(&address, text);
        assert_string_equal(text, cases[i].canonical);
    }
}

static void other_text_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        ":",
        "192.0.2.1",
        "192.0.2.1:",
        "192.0.2.1:65536",
        "1.2.3:4",
        "1.2.3.4:-1",
        "1.2.3.4:+1",
        "1.2.3.4: 1",
        "1.2.3.4:000001",
        "::1:4000",
        "[::1]",
        "[::1]4000",
        "[::1:4000",
        "[]:1",
        "[1.2.3.4]:1",
        "[::1%lo]:1",
        "localhost:4000",
        "[::1]x:1",
        "1.2.3.4:1 ",
        "[fffff::]:1",
        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:1",
        "999.2.3.4:1",
        "[:1",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_address address;
        if (skad_address_parse(cases[i], &address)) {
            fail_msg("taken: %s", cases[i]);
        }
    }
}

static void absent_address_has_a_text_too(void **state)
{
    (void)state;
    const skad_address none = {0};
    char text[SKAD_ADDRESS_TEXT_BYTES];
    skad_address_format(&none, text);
    assert_string_equal(text, "-");
}

static void ids_are_64_hex_digits(void **state)
{
    (void)state;
    const char *lower = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    const char *upper = "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF";
    char text[SKAD_ID_TEXT_BYTES];
    char changed[70];
    skad_id id;

    assert_true(skad_id_parse(upper, &id));
    skad_id_format(&id, text);
    assert_string_equal(text, lower);
    strcpy(changed, lower);
    changed[63] = '\0';
    assert_false(skad_id_parse(changed, &id));
    strcpy(changed, lower);
    strcat(changed, "0");
    assert_false(skad_id_parse(changed, &id));
    strcpy(changed, lower);
    changed[10] = 'g';
    assert_false(skad_id_parse(changed, &id));
}

static void equal_means_family_ip_and_port(void **state)
{
    (void)state;
    static const char *const texts[] = {"192.0.2.1:1", "192.0.2.1:2", "192.0.2.2:1",
                                        "[c000:201::]:1"};
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 4; j++) {
            skad_address a;
            skad_address b;
            assert_true(skad_address_parse(texts[i], &a));
            assert_true(skad_address_parse(texts[j], &b));
            assert_int_equal(skad_address_equal(&a, &b), i == j);
        }
    }
}

/* Reads a BIN as an address; whether it was taken. */
static bool read_back(const uint8_t *bytes, size_t len, bool optional, skad_address *out)
{
    uint8_t value[32];
    skad_item item;
    size_t count;
    size_t consumed;
    skad_writer writer;
    skad_reader reader;

    skad_writer_init(&writer, value, sizeof value);
    skad_write_bin(&writer, bytes, len);
    assert_int_equal(skad_cut(value, writer.len, SKAD_CUT_STRICT, &item, 1, &count, &consumed),
                     SKAD_CUT_OK);
    skad_reader_init(&reader, &item, count);
    skad_read_address(&reader, optional, out);
    return skad_reader_done(&reader);
}

static void wire_form_goes_both_ways(void **state)
{
    (void)state;
    static const char *const texts[] = {"192.0.2.1:4000", "[2001:db8::1]:258"};
    static const size_t lens[] = {SKAD_ADDRESS4_BYTES, SKAD_ADDRESS6_BYTES};

    for (size_t i = 0; i < 2; i++) {
        skad_address address;
        skad_address back;
        uint8_t out[32];
        skad_writer writer;
        assert_true(skad_address_parse(texts[i], &address));
        skad_writer_init(&writer, out, sizeof out);
        skad_write_address(&writer, &address);
        assert_int_equal(writer.len, 2 + lens[i]);
        assert_int_equal(out[lens[i]], address.port >> 8);
        assert_int_equal(out[lens[i] + 1], address.port & 0xff);
        assert_true(read_back(out + 2, lens[i], false, &back));
        assert_true(skad_address_equal(&address, &back));
    }
}

static void wire_form_is_strict(void **state)
{
    (void)state;
    uint8_t bytes[19] = {192, 0, 2, 1, 0, 1};
    const uint8_t mapped[18] = {[10] = 0xff, [11] = 0xff, [12] = 1, [17] = 1};
    skad_address out;

    for (size_t len = 1; len <= 18; len++) {
        bytes[len - 1] = 1;
        assert_int_equal(read_back(bytes, len, true, &out), len == 6 || len == 18);
    }
    assert_true(read_back(NULL, 0, true, &out));
    assert_int_equal(out.family, SKAD_FAMILY_NONE);
    assert_false(read_back(NULL, 0, false, &out));
    assert_false(read_back((const uint8_t[]){192, 0, 2, 1, 0, 0}, 6, true, &out));
    assert_false(read_back(mapped, 18, true, &out));
}

/* First and last address of each special range, and its neighbours outside. */
static const struct {
    const char *text;
    bool in_public;
    bool in_private;
} SPECIAL[] = {
    {"0.0.0.0:1", false, false},
    {"0.255.255.255:1", false, false},
    {"1.0.0.0:1", true, true},
    {"9.255.255.255:1", true, true},
    {"10.0.0.0:1", false, true},
    {"10.255.255.255:1", false, true},
    {"11.0.0.0:1", true, true},
    {"100.63.255.255:1", true, true},
    {"100.64.0.0:1", false, true},
    {"100.127.255.255:1", false, true},
    {"100.128.0.0:1", true, true},
    {"127.0.0.1:1", false, true},
    {"127.255.255.255:1", false, true},
    {"128.0.0.0:1", true, true},
    {"169.253.255.255:1", true, true},
    {"169.254.0.0:1", false, true},
    {"169.255.0.0:1", true, true},
    {"172.15.255.255:1", true, true},
    {"172.16.0.0:1", false, true},
    {"172.31.255.255:1", false, true},
    {"172.32.0.0:1", true, true},
    {"191.255.255.255:1", true, true},
    {"192.0.0.1:1", false, false},
    {"192.0.1.0:1", true, true},
    {"192.0.2.1:1", false, false},
    {"192.0.3.0:1", true, true},
    {"192.88.99.1:1", false, false},
    {"192.88.100.0:1", true, true},
    {"192.167.255.255:1", true, true},
    {"192.168.0.0:1", false, true},
    {"192.168.255.255:1", false, true},
    {"192.169.0.0:1", true, true},
    {"198.17.255.255:1", true, true},
    {"198.18.0.0:1", false, false},
    {"198.19.255.255:1", false, false},
    {"198.20.0.0:1", true, true},
    {"198.51.100.9:1", false, false},
    {"198.51.101.0:1", true, true},
    {"203.0.113.9:1", false, false},
    {"203.0.114.0:1", true, true},
    {"223.255.255.255:1", true, true},
    {"224.0.0.0:1", false, false},
    {"239.255.255.255:1", false, false},
    {"240.0.0.0:1", false, false},
    {"255.255.255.255:1", false, false},
    {"8.8.8.8:0", false, false},
    {"127.0.0.1:0", false, false},
    {"[::]:1", false, false},
    {"[::1]:1", false, true},
    {"[::2]:1", false, false},
    {"[64:ff9b::808:808]:1", false, false},
    {"[64:ff9b:1::1]:1", false, false},
    {"[64:ff9b:2::1]:1", true, true},
    {"[100::1]:1", false, false},
    {"[100:0:0:1::1]:1", true, true},
    {"[2001::1]:1", false, false},
    {"[2001:1ff::1]:1", false, false},
    {"[2001:200::1]:1", true, true},
    {"[2001:db8::1]:1", false, false},
    {"[2001:db9::1]:1", true, true},
    {"[2002::1]:1", false, false},
    {"[2003::1]:1", true, true},
    {"[2606:4700::1]:1", true, true},
    {"[3fff:fff::1]:1", false, false},
    {"[5f00::1]:1", false, false},
    {"[fbff::1]:1", true, true},
    {"[fc00::1]:1", false, true},
    {"[fdff::1]:1", false, true},
    {"[fe80::1]:1", false, true},
    {"[febf::1]:1", false, true},
    {"[fec0::1]:1", false, false},
    {"[ff02::1]:1", false, false},
    {"[::1]:0", false, false},
};

static void special_ranges_end_where_the_registry_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SPECIAL / sizeof SPECIAL[0]; i++) {
        skad_address address;
        assert_true(skad_address_parse(SPECIAL[i].text, &address));
        if (skad_address_routable(&address, false) != SPECIAL[i].in_public ||
            skad_address_routable(&address, true) != SPECIAL[i].in_private) {
            fail_msg("%s", SPECIAL[i].text);
        }
    }
}

static void mapped_and_absent_addresses_are_never_routable(void **state)
{
    (void)state;
    const skad_address mapped = {
        .family = SKAD_FAMILY_IPV6, .port = 1, .ip = {[10] = 0xff, [11] = 0xff, [12] = 8}};
    const skad_address none = {.port = 1};
    assert_false(skad_address_routable(&mapped, true));
    assert_false(skad_address_routable(&none, true));
}

static void endpoint_is_ipv4_first_among_what_we_can_send_to(void **state)
{
    (void)state;
    skad_contact contact = {0};
    assert_null(skad_contact_endpoint(&contact, SKAD_FAMILIES_ALL, false));
    assert_true(skad_address_parse("[2a00::1]:1", &contact.ipv6));
    assert_ptr_equal(skad_contact_endpoint(&contact, SKAD_FAMILIES_ALL, false), &contact.ipv6);
    assert_null(skad_contact_endpoint(&contact, SKAD_FAMILY_IPV4, false));
    assert_true(skad_address_parse("8.8.8.8:1", &contact.ipv4));
    assert_ptr_equal(skad_contact_endpoint(&contact, SKAD_FAMILIES_ALL, false), &contact.ipv4);
    assert_ptr_equal(skad_contact_endpoint(&contact, SKAD_FAMILY_IPV6, false), &contact.ipv6);
    assert_true(skad_address_parse("10.0.0.1:1", &contact.ipv4));
    assert_ptr_equal(skad_contact_endpoint(&contact, SKAD_FAMILIES_ALL, false), &contact.ipv6);
    assert_ptr_equal(skad_contact_endpoint(&contact, SKAD_FAMILIES_ALL, true), &contact.ipv4);
    assert_null(skad_contact_endpoint(&contact, SKAD_FAMILY_IPV4, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_goes_both_ways),
        cmocka_unit_test(other_text_is_refused),
        cmocka_unit_test(absent_address_has_a_text_too),
        cmocka_unit_test(ids_are_64_hex_digits),
        cmocka_unit_test(equal_means_family_ip_and_port),
        cmocka_unit_test(wire_form_goes_both_ways),
        cmocka_unit_test(wire_form_is_strict),
        cmocka_unit_test(special_ranges_end_where_the_registry_says),
        cmocka_unit_test(mapped_and_absent_addresses_are_never_routable),
        cmocka_unit_test(endpoint_is_ipv4_first_among_what_we_can_send_to),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
