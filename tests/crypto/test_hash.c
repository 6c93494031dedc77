/* Every domain against an independent implementation (Python's hashlib), the bit counter, and
 * SipHash against the vectors of its paper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <sodium.h>

#include "crypto/hash.h"

static void assert_hex(const uint8_t *data, size_t len, const char *hex)
{
    char text[2 * SKAD_HASH_BYTES_MAX + 1];
    sodium_bin2hex(text, sizeof text, data, len);
    assert_string_equal(text, hex);
}

static void count_up(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)i;
    }
}

static const char *const abc_hashes[] = {
    [SKAD_HASH_NODE_ID] = "086d1c011eb3ccc89087879d3c1088a1e9d6af1c4ddb8159960afadefefa3abf",
    [SKAD_HASH_STATIC] = "121605b497a43c9f70a8ef441ce69fc73833917173506708786b3f62c2298b6f",
    [SKAD_HASH_DYNAMIC] = "4e017ec2dd4fd445ca70740cb20ade78db2a7b00531357b2eb2ced0a92e40b4b",
    [SKAD_HASH_PROFILE] = "ea6bd560f6e33ae0a1c19412ccf6518746a75ea648843b9c385ac514a2c41927",
    [SKAD_HASH_NETWORK] = "50ca79f2a9b239b7128a25b7c0983368f681589634f403331402b7ed8efbdd32",
    [SKAD_HASH_NETWORK_ID] = "24dcf7e19d36082a0e976febf0479e933299e8da81ff3c694cd562c6ac63b402",
    [SKAD_HASH_FRONT] = "dcc8ad3bedaf0d9f224a6f90c44966b3de4a0bc1b0cd25aa2f938dc69ee1343e",
    [SKAD_HASH_TAG] = "1721e4fb8f7a8cd2084a3a3e15f318a3ffcf301efea24e1331b4d066e2b1a06c",
    [SKAD_HASH_TOKEN] = "4f1564ce502b28a8981f6643726f18ea4a7478fede5ff1d9eb445986dd6a13d3",
    [SKAD_HASH_LEAF] = "dada40c773110fbbc3e34fd7b8f01eca2ad83572ee793c25b3f999d18aadc938",
    [SKAD_HASH_BRANCH] = "df0b79f7e43d27bd5e7384aa9faa1eaeae10a8f834c6919c42cdbe3cf4bd3950",
    [SKAD_HASH_VALUE] = "f97da159e98455d9a2e0772ae3aa65888837ed20061d3773098d398e9a1a7931",
    [SKAD_HASH_MUTABLE] = "f5d04256cf02d776f1dda41b677ff21d216378d33951a79d9326cba6dd2d822a",
    [SKAD_HASH_RECORD] = "63ccddf5f5aca3ecebcf83458d8d2ee2fcdf433b6c1f2cf486ff90963a4167f9",
    [SKAD_HASH_ANNOUNCE] = "63135ec684c7948a6a7fa35fb13659f3d5541d05afc9789667d1324659a83d90",
    [SKAD_HASH_HELD] = "68234cec40a73393da45cb430e388f7d7776b507c95244ffe1cce1bdcaf9d07f",
    [SKAD_HASH_MATCH] = "9f81682627b4cfb980bad984bf3c80bbb9a073f8f7799fb219faaa03c30e4416",
    [SKAD_HASH_SUBJECT] = "22796acbd8883619e692805086dc3c400f5359687589a845be934019cb25060a",
    [SKAD_HASH_STATEMENT] = "7f50e4cad2cfd35d4a1fd3c5ca0297abccb53dbae263f244dd646c931aa19b26",
    [SKAD_HASH_AUDIT] = "de35293f557a0096f6fc2ddf77476d3b50e53f14947eea30504089b3f451602f",
    [SKAD_HASH_GATEWAY] = "2a7789d48b32000ba521d7d3b1259cb99af3d9fc03161c9efcf6497f320197da",
    [SKAD_HASH_FILE] = "32803d3830ccf722f2fdca7283d102cc6b67dfc7d0a681efb7abc9d1322c33f2",
};

static void each_domain_hashes_as_an_independent_implementation_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof abc_hashes / sizeof abc_hashes[0]; i++) {
        uint8_t out[SKAD_HASH_BYTES];
        skad_hash_one((skad_hash_domain)i, (const uint8_t *)"abc", 3, out);
        assert_hex(out, sizeof out, abc_hashes[i]);
    }
}

static void every_domain_fits_the_personalisation_and_is_unique(void **state)
{
    (void)state;
    static const char *const texts[] = {
#define TEXT(name, personal) [SKAD_HASH_##name] = (personal),
        SKAD_HASH_DOMAINS(TEXT)
#undef TEXT
    };
    size_t count = sizeof texts / sizeof texts[0];
    assert_int_equal(count, sizeof abc_hashes / sizeof abc_hashes[0]);
    for (size_t i = 0; i < count; i++) {
        assert_true(strlen(texts[i]) <= 16);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(texts[i], texts[j]);
        }
    }
}

static void keys_and_output_sizes_change_the_hash(void **state)
{
    (void)state;
    uint8_t key[SKAD_HASH_KEY_BYTES];
    count_up(key, sizeof key);
    const skad_span abc = {(const uint8_t *)"abc", 3};
    uint8_t out[SKAD_HASH_BYTES_MAX];
    skad_hash(SKAD_HASH_TAG, key, &abc, 1, out, 16);
    assert_hex(out, 16, "7f3214bcd886e87c20340a183a7fb2db");
    skad_hash(SKAD_HASH_TAG, key, &abc, 1, out, 64);
    assert_hex(out, 64,
               "f954786a2b6fe698a21bb9f7b03f2b4d05d7ac6fa145aaa881ca606428ba0851"
               "0d842275e2ffe0e8348127a6cdabb19e1b0d82ef8b69e11633c5676527863ab3");
}

static void parts_hash_as_their_concatenation(void **state)
{
    (void)state;
    uint8_t data[200];
    count_up(data, sizeof data);
    static const char *const expected =
        "d2c17ef65cb10f33391659340add13633148d4a7ea8ec67fd20f89d1bdf54e75";
    uint8_t out[SKAD_HASH_BYTES];
    for (size_t cut = 0; cut <= sizeof data; cut++) {
        const skad_span parts[] = {{data, cut}, {NULL, 0}, {data + cut, sizeof data - cut}};
        skad_hash(SKAD_HASH_VALUE, NULL, parts, 3, out, sizeof out);
        assert_hex(out, sizeof out, expected);
    }
}

static void nothing_has_a_hash_too(void **state)
{
    (void)state;
    static const char *const expected =
        "6234baa3aa243268a6b0270303a0ff062b9376328bd1b29181f4c1bc400f6d0b";
    uint8_t out[SKAD_HASH_BYTES];
    skad_hash_one(SKAD_HASH_VALUE, NULL, 0, out);
    assert_hex(out, sizeof out, expected);
    skad_hash(SKAD_HASH_VALUE, NULL, NULL, 0, out, sizeof out);
    assert_hex(out, sizeof out, expected);
}

static void leading_zero_bits_are_counted_to_the_first_one(void **state)
{
    (void)state;
    uint8_t data[SKAD_HASH_BYTES] = {0};
    assert_int_equal(skad_leading_zero_bits(data, sizeof data), 256);
    assert_int_equal(skad_leading_zero_bits(data, 0), 0);
    for (unsigned bit = 0; bit < 256; bit++) {
        memset(data, 0, sizeof data);
        data[bit / 8] = (uint8_t)(0xff >> bit % 8); /* all later bits of the byte are set */
        assert_int_equal(skad_leading_zero_bits(data, sizeof data), bit);
    }
}

static void table_hash_is_siphash_2_4(void **state)
{
    (void)state;
    uint8_t key[SKAD_TABLE_KEY_BYTES];
    uint8_t data[15];
    count_up(key, sizeof key);
    count_up(data, sizeof data);
    assert_true(skad_table_hash(key, data, sizeof data) == 0xa129ca6149be45e5ULL);
    assert_true(skad_table_hash(key, NULL, 0) == 0x726fdb47dd0e0e31ULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_domain_hashes_as_an_independent_implementation_does),
        cmocka_unit_test(every_domain_fits_the_personalisation_and_is_unique),
        cmocka_unit_test(keys_and_output_sizes_change_the_hash),
        cmocka_unit_test(parts_hash_as_their_concatenation),
        cmocka_unit_test(nothing_has_a_hash_too),
        cmocka_unit_test(leading_zero_bits_are_counted_to_the_first_one),
        cmocka_unit_test(table_hash_is_siphash_2_4),
    };
    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
