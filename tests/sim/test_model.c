/* Modelled cryptography fails where the real one does: this program is linked with the model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "crypto/hash.h"
#include "crypto/keys.h"
#include "crypto/tag.h"
#include "skad/identity.h"
#include "src/sim/base/cryptography.h"

static const uint8_t digest[SKAD_HASH_BYTES] = {1, 2, 3};

static void signatures_verify_only_for_what_they_were_made(void **state)
{
    (void)state;
    const uint8_t seeds[2][32] = {{1}, {2}};
    skad_identity one;
    skad_identity other;
    uint8_t signature[SKAD_SIGNATURE_BYTES];
    uint8_t wrong[SKAD_HASH_BYTES];
    assert_int_equal(skad_identity_from_seed(seeds[0], 0, &one), SKAD_OK);
    assert_int_equal(skad_identity_from_seed(seeds[1], 0, &other), SKAD_OK);
    skad_sign(SKAD_SIGN_DATAGRAM, digest, one.secret_key, signature);
    assert_true(skad_verify(SKAD_SIGN_DATAGRAM, digest, one.public_key, signature));
    assert_false(skad_verify(SKAD_SIGN_RECORD, digest, one.public_key, signature));
    assert_false(skad_verify(SKAD_SIGN_DATAGRAM, digest, other.public_key, signature));
    for (size_t bit = 0; bit < 8 * sizeof digest; bit++) {
        memcpy(wrong, digest, sizeof wrong);
        wrong[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(skad_verify(SKAD_SIGN_DATAGRAM, wrong, one.public_key, signature));
    }
    for (size_t bit = 0; bit < 8 * sizeof signature; bit++) {
        signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(skad_verify(SKAD_SIGN_DATAGRAM, digest, one.public_key, signature));
        signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void twisted_signatures_convince_lenient_libraries_alone(void **state)
{
    (void)state;
    const uint8_t seed[32] = {1};
    skad_identity one;
    uint8_t signature[SKAD_SIGNATURE_BYTES];
    assert_int_equal(skad_identity_from_seed(seed, 0, &one), SKAD_OK);
    skad_sign(SKAD_SIGN_RECORD, digest, one.secret_key, signature);
    skad_sim_twist(signature);
    assert_false(skad_verify(SKAD_SIGN_RECORD, digest, one.public_key, signature));
    skad_sim_library(true);
    assert_true(skad_verify(SKAD_SIGN_RECORD, digest, one.public_key, signature));
    assert_false(skad_verify(SKAD_SIGN_DATAGRAM, digest, one.public_key, signature));
    skad_sim_twist(signature);
    assert_true(skad_verify(SKAD_SIGN_RECORD, digest, one.public_key, signature));
    skad_sim_library(false);
}

static void hashes_depend_on_domain_key_and_every_byte(void **state)
{
    (void)state;
    const uint8_t key[SKAD_HASH_KEY_BYTES] = {9};
    uint8_t data[1232] = {0};
    uint8_t plain[64];
    uint8_t again[64];
    const skad_span whole = {data, sizeof data};
    const skad_span parts[] = {{data, 100}, {data + 100, 1132}, {NULL, 0}};
    skad_hash(SKAD_HASH_LEAF, NULL, &whole, 1, plain, 64);
    skad_hash(SKAD_HASH_LEAF, NULL, parts, 3, again, 64);
    assert_memory_equal(plain, again, 64);
    skad_hash(SKAD_HASH_TAG, NULL, &whole, 1, again, 64);
    assert_memory_not_equal(plain, again, 64);
    skad_hash(SKAD_HASH_LEAF, key, &whole, 1, again, 64);
    assert_memory_not_equal(plain, again, 64);
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] ^= 1;
        skad_hash(SKAD_HASH_LEAF, NULL, parts, 2, again, 64);
        assert_memory_not_equal(plain, again, 8);
        data[i] ^= 1;
    }
    /* No half of a long output repeats another. */
    assert_memory_not_equal(plain, plain + 32, 32);
    assert_memory_not_equal(plain, plain + 16, 16);
}

static void long_inputs_in_many_parts_hash_as_in_one(void **state)
{
    (void)state;
    static uint8_t data[5000];
    uint8_t one[32];
    uint8_t other[32];
    const skad_span whole[] = {{data, sizeof data}, {NULL, 0}};
    const skad_span parts[] = {{data, 2000}, {data + 2000, 2999}, {data + 4999, 1}};
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 7);
    }
    skad_hash(SKAD_HASH_VALUE, NULL, whole, 2, one, 32);
    skad_hash(SKAD_HASH_VALUE, NULL, parts, 3, other, 32);
    assert_memory_equal(one, other, 32);
    skad_hash_one(SKAD_HASH_VALUE, data, sizeof data, other);
    assert_memory_equal(one, other, 32);
}

static void tags_are_for_one_network_and_recipient(void **state)
{
    (void)state;
    const uint8_t networks[2][SKAD_HASH_BYTES] = {{1}, {2}};
    const skad_id recipients[2] = {{{1}}, {{2}}};
    uint8_t envelope[300] = {0};
    uint8_t tag[SKAD_TAG_BYTES];
    skad_tag_make(networks[0], &recipients[0], envelope, sizeof envelope, tag);
    assert_true(skad_tag_ok(networks[0], &recipients[0], envelope, sizeof envelope, tag));
    assert_false(skad_tag_ok(networks[1], &recipients[0], envelope, sizeof envelope, tag));
    assert_false(skad_tag_ok(networks[0], &recipients[1], envelope, sizeof envelope, tag));
    envelope[299] ^= 1;
    assert_false(skad_tag_ok(networks[0], &recipients[0], envelope, sizeof envelope, tag));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_verify_only_for_what_they_were_made),
        cmocka_unit_test(twisted_signatures_convince_lenient_libraries_alone),
        cmocka_unit_test(hashes_depend_on_domain_key_and_every_byte),
        cmocka_unit_test(long_inputs_in_many_parts_hash_as_in_one),
        cmocka_unit_test(tags_are_for_one_network_and_recipient),
    };
    return cmocka_run_group_tests_name("sim model", tests, NULL, NULL);
}
