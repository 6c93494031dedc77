/* The identity as a value: derivation, the static puzzle, the places of its nonces; and the texts
 * of all statuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "crypto/keys.h"
#include "crypto/puzzle.h"
#include "skad/identity.h"

static const skad_profile easy = {.name = "easy"};
static const skad_profile impossible = {
    .name = "impossible", .static_bits = 255, .dynamic_bits = 255};

static void make_identity(skad_identity *out)
{
    uint8_t seed[32];
    memset(seed, 1, sizeof seed);
    memset(out, 0xee, sizeof *out);
    assert_int_equal(skad_identity_from_seed(seed, 0, out), SKAD_OK);
}

static void add(skad_identity *identity, uint32_t epoch, uint8_t mark)
{
    const skad_puzzle_nonce nonce = {epoch, {mark}};
    assert_int_equal(skad_identity_add_nonce(identity, &easy, &nonce), SKAD_OK);
}

static void a_seed_gives_keys_and_id_and_no_nonces(void **state)
{
    (void)state;
    uint8_t seed[32];
    uint8_t public_key[SKAD_PUBLIC_KEY_BYTES];
    uint8_t secret_key[SKAD_SECRET_KEY_BYTES];
    skad_id id;
    skad_identity identity;
    make_identity(&identity);
    memset(seed, 1, sizeof seed);
    skad_keypair_from_seed(seed, public_key, secret_key);
    assert_int_equal(skad_node_id(public_key, 0, &id), SKAD_OK);
    assert_memory_equal(identity.public_key, public_key, sizeof public_key);
    assert_memory_equal(identity.secret_key, secret_key, sizeof secret_key);
    assert_memory_equal(identity.id.bytes, id.bytes, sizeof id.bytes);
    assert_int_equal(identity.nonces_count, 0);
    assert_null(skad_identity_nonce(&identity, 0));
}

static void memory_out_of_bounds_gives_no_identity(void **state)
{
    (void)state;
    static const uint8_t zeros[sizeof(skad_identity)];
    const uint8_t seed[32] = {1};
    skad_identity identity;
    memset(&identity, 0xee, sizeof identity);
    assert_int_equal(skad_identity_from_seed(seed, 7, &identity), SKAD_ERR_INPUT);
    assert_memory_equal(&identity, zeros, sizeof identity);
}

static void fits_is_the_static_puzzle(void **state)
{
    (void)state;
    skad_identity identity;
    make_identity(&identity);
    for (unsigned bits = 0; bits <= 255; bits++) {
        const skad_profile profile = {.static_bits = (uint8_t)bits};
        assert_int_equal(skad_identity_fits(&identity, &profile),
                         skad_puzzle_static_ok(&identity.id, bits));
    }
    assert_true(skad_identity_fits(&identity, &easy));
    assert_false(skad_identity_fits(&identity, &impossible));
}

static void a_nonce_that_solves_nothing_is_refused(void **state)
{
    (void)state;
    skad_identity identity;
    make_identity(&identity);
    const skad_puzzle_nonce nonce = {7, {0}};
    assert_int_equal(skad_identity_add_nonce(&identity, &impossible, &nonce), SKAD_ERR_PUZZLE);
    assert_int_equal(identity.nonces_count, 0);
    assert_null(skad_identity_nonce(&identity, 7));
}

static void the_same_epoch_replaces_its_nonce(void **state)
{
    (void)state;
    skad_identity identity;
    make_identity(&identity);
    add(&identity, 7, 0xa);
    add(&identity, 8, 0xb);
    add(&identity, 7, 0xc);
    assert_int_equal(identity.nonces_count, 2);
    assert_int_equal(skad_identity_nonce(&identity, 7)->bytes[0], 0xc);
    assert_int_equal(skad_identity_nonce(&identity, 8)->bytes[0], 0xb);
}

static void a_fifth_epoch_takes_the_place_of_the_farthest(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        uint32_t epochs[5];
        uint32_t gone;
    } cases[] = {
        {"ascending", {1, 2, 3, 4, 5}, 1},
        {"descending", {5, 4, 3, 2, 6}, 2},
        {"mixed", {7, 3, 9, 4, 8}, 3},
        {"added is the lowest", {7, 3, 9, 4, 1}, 9},
        {"extremes", {UINT32_MAX, 0, 1, 2, 3}, UINT32_MAX},
        {"after a clock that was ahead", {700, 701, 702, 3, 4}, 702},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_identity identity;
        make_identity(&identity);
        for (size_t j = 0; j < 5; j++) {
            add(&identity, cases[i].epochs[j], (uint8_t)(j + 1));
        }
        assert_int_equal(identity.nonces_count, SKAD_IDENTITY_NONCES_MAX);
        for (size_t j = 0; j < 5; j++) {
            const skad_puzzle_nonce *nonce = skad_identity_nonce(&identity, cases[i].epochs[j]);
            if ((nonce == NULL) != (cases[i].epochs[j] == cases[i].gone)) {
                fail_msg("%s: wrong place for epoch %u", cases[i].label, cases[i].epochs[j]);
            }
            if (nonce != NULL) {
                assert_int_equal(nonce->bytes[0], j + 1);
            }
        }
    }
}

static void wipe_leaves_only_zeros(void **state)
{
    (void)state;
    static const uint8_t zeros[sizeof(skad_identity)];
    skad_identity identity;
    make_identity(&identity);
    add(&identity, 7, 0xa);
    skad_identity_wipe(&identity);
    assert_memory_equal(&identity, zeros, sizeof identity);
}

static void every_status_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (int i = SKAD_OK; i <= SKAD_ERR_BUSY; i++) {
        const char *text = skad_status_text((skad_status)i);
        assert_string_not_equal(text, "");
        assert_string_not_equal(text, skad_status_text((skad_status)(SKAD_ERR_BUSY + 1)));
        for (int j = SKAD_OK; j < i; j++) {
            assert_string_not_equal(text, skad_status_text((skad_status)j));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_gives_keys_and_id_and_no_nonces),
        cmocka_unit_test(memory_out_of_bounds_gives_no_identity),
        cmocka_unit_test(fits_is_the_static_puzzle),
        cmocka_unit_test(a_nonce_that_solves_nothing_is_refused),
        cmocka_unit_test(the_same_epoch_replaces_its_nonce),
        cmocka_unit_test(a_fifth_epoch_takes_the_place_of_the_farthest),
        cmocka_unit_test(wipe_leaves_only_zeros),
        cmocka_unit_test(every_status_has_a_text_of_its_own),
    };
    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
