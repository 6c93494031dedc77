/* Key derivation and signatures: the vectors of RFC 8032, section 7.1, and everything that must be
 * refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <sodium.h>

#include "crypto/keys.h"

typedef struct rfc_case {
    const char *label;
    const char *seed;
    const char *public_key;
    const char *message;
    const char *signature;
} rfc_case;

static const rfc_case rfc_cases[] = {
    {"TEST 1", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
     "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"TEST 2", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da0"
     "85ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"TEST 3", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac1"
     "8ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

static size_t from_hex(const char *hex, uint8_t *out, size_t cap)
{
    size_t len = 0;
    assert_int_equal(sodium_hex2bin(out, cap, hex, strlen(hex), NULL, &len, NULL), 0);
    return len;
}

/* A signed digest, to be broken. */
typedef struct signed_digest {
    uint8_t public_key[SKAD_PUBLIC_KEY_BYTES];
    uint8_t secret_key[SKAD_SECRET_KEY_BYTES];
    uint8_t digest[SKAD_HASH_BYTES];
    uint8_t signature[SKAD_SIGNATURE_BYTES];
} signed_digest;

static void sign_something(signed_digest *out)
{
    uint8_t seed[32];
    memset(seed, 7, sizeof seed);
    skad_keypair_from_seed(seed, out->public_key, out->secret_key);
    memset(out->digest, 9, sizeof out->digest);
    skad_sign(SKAD_SIGN_DATAGRAM, out->digest, out->secret_key, out->signature);
}

static bool verifies(const signed_digest *made)
{
    return skad_verify(SKAD_SIGN_DATAGRAM, made->digest, made->public_key, made->signature);
}

static void rfc8032_vectors_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rfc_cases / sizeof rfc_cases[0]; i++) {
        const rfc_case *c = &rfc_cases[i];
        uint8_t seed[32];
        uint8_t message[16];
        uint8_t expected_key[SKAD_PUBLIC_KEY_BYTES];
        uint8_t expected_signature[SKAD_SIGNATURE_BYTES];
        from_hex(c->seed, seed, sizeof seed);
        size_t message_len = from_hex(c->message, message, sizeof message);
        from_hex(c->public_key, expected_key, sizeof expected_key);
        from_hex(c->signature, expected_signature, sizeof expected_signature);

        uint8_t public_key[SKAD_PUBLIC_KEY_BYTES];
        uint8_t secret_key[SKAD_SECRET_KEY_BYTES];
        skad_keypair_from_seed(seed, public_key, secret_key);
        assert_memory_equal(public_key, expected_key, sizeof public_key);
        assert_memory_equal(secret_key, seed, sizeof seed);
        assert_memory_equal(secret_key + 32, expected_key, sizeof expected_key);

        uint8_t signature[SKAD_SIGNATURE_BYTES];
        crypto_sign_detached(signature, NULL, message, message_len, secret_key);
        assert_memory_equal(signature, expected_signature, sizeof signature);
        assert_int_equal(crypto_sign_verify_detached(signature, message, message_len, public_key),
                         0);
    }
}

/* The figures with memory are libargon2's. */
static void node_id_is_the_memory_hard_hash_of_the_public_key(void **state)
{
    (void)state;
    static const struct {
        uint32_t memory_kib;
        const char *id;
    } cases[] = {
        {0, "d88e651ed9a6613213ea2d1d103016f13fdf15e58e8892badf5c6620011eb68d"},
        {8, "f7cffe78fcaae9b6c1e006edf9cdbc8b1b94edb8f018b333ccd189b0d5b3873a"},
        {128, "cc0a69becf469d822b9f4cfbf0c626f258f31f73533ca602a9c8b2f95b948d34"},
    };
    uint8_t public_key[SKAD_PUBLIC_KEY_BYTES];
    from_hex(rfc_cases[0].public_key, public_key, sizeof public_key);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_id expected;
        skad_id id;
        from_hex(cases[i].id, expected.bytes, sizeof expected.bytes);
        assert_int_equal(skad_node_id(public_key, cases[i].memory_kib, &id), SKAD_OK);
        assert_memory_equal(id.bytes, expected.bytes, sizeof id.bytes);
    }
}

static void what_is_signed_is_the_padded_purpose_and_the_digest(void **state)
{
    (void)state;
    static const struct {
        skad_sign_purpose purpose;
        char text[16];
    } cases[] = {
        {SKAD_SIGN_DATAGRAM, "skad1 datagram"},
        {SKAD_SIGN_RECORD, "skad1 record"},
        {SKAD_SIGN_ANNOUNCE, "skad1 announce"},
    };
    signed_digest made;
    sign_something(&made);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t message[48];
        memcpy(message, cases[i].text, 16);
        memcpy(message + 16, made.digest, 32);
        uint8_t expected[SKAD_SIGNATURE_BYTES];
        uint8_t signature[SKAD_SIGNATURE_BYTES];
        crypto_sign_detached(expected, NULL, message, sizeof message, made.secret_key);
        skad_sign(cases[i].purpose, made.digest, made.secret_key, signature);
        assert_memory_equal(signature, expected, sizeof signature);
    }
}

static void a_signature_serves_no_other_purpose(void **state)
{
    (void)state;
    static const skad_sign_purpose purposes[] = {SKAD_SIGN_DATAGRAM, SKAD_SIGN_RECORD,
                                                 SKAD_SIGN_ANNOUNCE};
    signed_digest made;
    sign_something(&made);
    for (size_t i = 0; i < 3; i++) {
        skad_sign(purposes[i], made.digest, made.secret_key, made.signature);
        for (size_t j = 0; j < 3; j++) {
            bool ok = skad_verify(purposes[j], made.digest, made.public_key, made.signature);
            assert_int_equal(ok, i == j);
        }
    }
}

static void a_flipped_bit_in_any_byte_is_refused(void **state)
{
    (void)state;
    signed_digest made;
    sign_something(&made);
    assert_true(verifies(&made));
    const struct {
        const char *label;
        uint8_t *bytes;
        size_t len;
    } fields[] = {
        {"digest", made.digest, sizeof made.digest},
        {"public key", made.public_key, sizeof made.public_key},
        {"signature", made.signature, sizeof made.signature},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        for (size_t bit = 0; bit < 8 * fields[i].len; bit++) {
            fields[i].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (verifies(&made)) {
                fail_msg("accepted with bit %zu of the %s flipped", bit, fields[i].label);
            }
            fields[i].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    assert_true(verifies(&made));
}

static void small_order_keys_are_refused(void **state)
{
    (void)state;
    /* The points of order 1, 2, 4 and 8 (RFC 8032's curve has cofactor 8). With S = 1 and R the
     * base point, a verifier without the check would take some of them for any message. */
    static const char base_point[] =
        "5866666666666666666666666666666666666666666666666666666666666666";
    static const struct {
        const char *label;
        const char *key;
    } cases[] = {
        {"order 1", "0100000000000000000000000000000000000000000000000000000000000000"},
        {"order 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
        {"order 4", "0000000000000000000000000000000000000000000000000000000000000000"},
        {"order 4, sign", "0000000000000000000000000000000000000000000000000000000000000080"},
        {"order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"},
        {"order 8, other", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"},
        {"order 4, y = p", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
        {"order 1, y = p + 1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t public_key[SKAD_PUBLIC_KEY_BYTES];
        from_hex(cases[i].key, public_key, sizeof public_key);
        uint8_t signature[SKAD_SIGNATURE_BYTES] = {[32] = 1};
        from_hex(base_point, signature, 32);
        for (unsigned byte = 0; byte < 256; byte++) {
            uint8_t digest[SKAD_HASH_BYTES];
            memset(digest, (int)byte, sizeof digest);
            if (skad_verify(SKAD_SIGN_DATAGRAM, digest, public_key, signature)) {
                fail_msg("accepted a key of %s", cases[i].label);
            }
        }
    }
}

/* Signs with a chosen R that has no logarithm: S = h a is all it takes for R of order 1, and where
 * the cofactor is used, for all of small order. */
static void sign_with_weak_r(const char *point, signed_digest *made)
{
    uint8_t message[48] = "skad1 datagram";
    uint8_t input[32 + 32 + sizeof message];
    uint8_t wide[64];
    uint8_t scalar[32];
    uint8_t h[32];

    memcpy(message + 16, made->digest, 32);
    from_hex(point, made->signature, 32);
    memcpy(input, made->signature, 32);
    memcpy(input + 32, made->public_key, 32);
    memcpy(input + 64, message, sizeof message);
    crypto_hash_sha512(wide, input, sizeof input);
    crypto_core_ed25519_scalar_reduce(h, wide);
    memset(wide, 0, sizeof wide);
    assert_int_equal(crypto_sign_ed25519_sk_to_curve25519(wide, made->secret_key), 0);
    crypto_core_ed25519_scalar_reduce(scalar, wide);
    crypto_core_ed25519_scalar_mul(made->signature + 32, h, scalar);
}

static void small_order_r_is_refused(void **state)
{
    (void)state;
    static const char *const points[] = {
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    };
    signed_digest made;
    sign_something(&made);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        sign_with_weak_r(points[i], &made);
        if (verifies(&made)) {
            fail_msg("accepted R = %s", points[i]);
        }
    }
}

static void adding_the_group_order_to_s_is_refused(void **state)
{
    (void)state;
    uint8_t order[32];
    from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", order,
             sizeof order);
    signed_digest made;
    sign_something(&made);
    uint8_t original[SKAD_SIGNATURE_BYTES];
    memcpy(original, made.signature, sizeof original);
    sodium_add(made.signature + 32, order, sizeof order);
    assert_memory_not_equal(made.signature, original, sizeof original);
    assert_false(verifies(&made));
}

static void equal_compares_all_bytes(void **state)
{
    (void)state;
    uint8_t a[33] = {0};
    uint8_t b[33] = {0};
    assert_true(skad_equal(a, b, sizeof a));
    for (size_t i = 0; i < sizeof a; i++) {
        b[i] = 0x80;
        assert_false(skad_equal(a, b, sizeof a));
        assert_true(skad_equal(a, b, i));
        b[i] = 0;
    }
}

static void wipe_leaves_zeros_and_nothing_else_changed(void **state)
{
    (void)state;
    uint8_t data[20];
    static const uint8_t zeros[18];
    memset(data, 0xaa, sizeof data);
    skad_wipe(data + 1, 18);
    assert_int_equal(data[0], 0xaa);
    assert_int_equal(data[19], 0xaa);
    assert_memory_equal(data + 1, zeros, sizeof zeros);
}

static int prepare(void **state)
{
    (void)state;
    skad_crypto_init();
    skad_crypto_init(); /* a second call is harmless */
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc8032_vectors_hold),
        cmocka_unit_test(node_id_is_the_memory_hard_hash_of_the_public_key),
        cmocka_unit_test(what_is_signed_is_the_padded_purpose_and_the_digest),
        cmocka_unit_test(a_signature_serves_no_other_purpose),
        cmocka_unit_test(a_flipped_bit_in_any_byte_is_refused),
        cmocka_unit_test(small_order_keys_are_refused),
        cmocka_unit_test(small_order_r_is_refused),
        cmocka_unit_test(adding_the_group_order_to_s_is_refused),
        cmocka_unit_test(equal_compares_all_bytes),
        cmocka_unit_test(wipe_leaves_zeros_and_nothing_else_changed),
    };
    return cmocka_run_group_tests_name("keys", tests, prepare, NULL);
}
