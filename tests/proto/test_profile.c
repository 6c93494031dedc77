/* Network profiles: ranges from both sides, epochs, and what separates networks. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "crypto/keys.h"
#include "proto/profile.h"

static void built_in_profiles_are_valid(void **state)
{
    (void)state;
    const skad_profile *public_profile = skad_profile_builtin("public");
    const skad_profile *test_profile = skad_profile_builtin("test");

    assert_true(skad_profile_valid(public_profile));
    assert_true(skad_profile_valid(test_profile));
    assert_false(public_profile->allow_private);
    assert_true(test_profile->allow_private);
    assert_int_equal(public_profile->static_bits, 20);
    assert_int_equal(public_profile->dynamic_bits, 22);
    assert_int_equal(public_profile->memory_kib, 256);
    assert_int_equal(test_profile->memory_kib, 8);
    assert_null(skad_profile_builtin("other"));
    assert_null(skad_profile_builtin(""));
}

static void set_name_full(skad_profile *profile)
{
    memset(profile->name, 'n', SKAD_PROFILE_NAME_BYTES_MAX);
    profile->name[SKAD_PROFILE_NAME_BYTES_MAX] = '\0';
}

static void set_name_endless(skad_profile *profile)
{
    memset(profile->name, 'n', sizeof profile->name);
}

static void set_name_empty(skad_profile *profile)
{
    profile->name[0] = '\0';
}

#define SETTER(name, assignment)                                                                   \
    static void name(skad_profile *profile)                                                        \
    {                                                                                              \
        profile->assignment;                                                                       \
    }
SETTER(set_epoch_3600, epoch_s = 3600)
SETTER(set_epoch_3599, epoch_s = 3599)
SETTER(set_k_0, k = 0)
SETTER(set_k_21, k = 21)
SETTER(set_k_below_s, k = 15)
SETTER(set_s_0, siblings = 0)
SETTER(set_s_1, siblings = 1)
SETTER(set_d_0, paths = 0)
SETTER(set_d_8, paths = 8)
SETTER(set_d_9, paths = 9)
SETTER(set_alpha_0, alpha = 0)
SETTER(set_alpha_4, alpha = 4)
SETTER(set_alpha_5, alpha = 5)
SETTER(set_life_0, record_life_s = 0)
SETTER(set_life_1, record_life_s = 1)
SETTER(set_life_max, record_life_s = UINT32_MAX)
SETTER(set_c1_1, static_bits = 1)
SETTER(set_c2_255, dynamic_bits = 255)
SETTER(set_memory_0, memory_kib = 0)
SETTER(set_memory_7, memory_kib = 7)
SETTER(set_memory_9, memory_kib = 9)
SETTER(set_memory_65536, memory_kib = 65536)
SETTER(set_memory_65537, memory_kib = 65537)

typedef struct profile_case {
    const char *label;
    void (*set)(skad_profile *profile);
    bool valid;
} profile_case;

static const profile_case CASES[] = {
    {"name of 32 bytes", set_name_full, true},
    {"name without end", set_name_endless, false},
    {"empty name", set_name_empty, false},
    {"epoch 3600", set_epoch_3600, true},
    {"epoch 3599", set_epoch_3599, false},
    {"k 0", set_k_0, false},
    {"k 21", set_k_21, false},
    {"k below s", set_k_below_s, false},
    {"s 0", set_s_0, false},
    {"s 1", set_s_1, true},
    {"d 0", set_d_0, false},
    {"d 8", set_d_8, true},
    {"d 9", set_d_9, false},
    {"alpha 0", set_alpha_0, false},
    {"alpha 4", set_alpha_4, true},
    {"alpha 5", set_alpha_5, false},
    {"life 0", set_life_0, false},
    {"life 1", set_life_1, true},
    {"life 2^32-1", set_life_max, true},
    {"c1 1", set_c1_1, true},
    {"c2 255", set_c2_255, true},
    {"no memory", set_memory_0, true},
    {"memory 7", set_memory_7, false},
    {"memory 9", set_memory_9, true},
    {"memory 65536", set_memory_65536, true},
    {"memory 65537", set_memory_65537, false},
};

static void each_field_has_its_range(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        skad_profile profile = *skad_profile_builtin("test");
        CASES[i].set(&profile);
        if (skad_profile_valid(&profile) != CASES[i].valid) {
            fail_msg("%s", CASES[i].label);
        }
    }
}

static void each_agreed_field_makes_another_network(void **state)
{
    (void)state;
    uint8_t plain[SKAD_HASH_BYTES];
    skad_profile_hash(skad_profile_builtin("test"), plain);

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        skad_profile profile = *skad_profile_builtin("test");
        uint8_t hash[SKAD_HASH_BYTES];
        if (!CASES[i].valid) {
            continue;
        }
        CASES[i].set(&profile);
        skad_profile_hash(&profile, hash);
        assert_memory_not_equal(hash, plain, sizeof hash);
    }
}

/* Three days late and twelve hours early, with epochs of two weeks. */
static void a_nonce_is_valid_around_its_epoch(void **state)
{
    (void)state;
    static const uint32_t epoch_s = 14 * 86400;
    static const struct {
        const char *label;
        int64_t at_s; /* since the beginning of epoch 100 */
        bool valid;
    } cases[] = {
        {"before twelve hours ahead", -43201, false},
        {"twelve hours ahead", -43200, true},
        {"its beginning", 0, true},
        {"its end", epoch_s - 1, true},
        {"the next epoch", epoch_s, true},
        {"the end of three days", epoch_s + 3 * 86400 - 1, true},
        {"after three days", epoch_s + 3 * 86400, false},
        {"two epochs on", 2 * (int64_t)epoch_s, false},
        {"an epoch before", -(int64_t)epoch_s, false},
    };
    const skad_profile *profile = skad_profile_builtin("public");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint64_t unix_s = (uint64_t)(100 * (int64_t)epoch_s + cases[i].at_s);
        if (skad_profile_epoch_valid(profile, unix_s, 100) != cases[i].valid) {
            fail_msg("%s", cases[i].label);
        }
    }
    assert_true(skad_profile_epoch_valid(profile, 0, 0)); /* the ends of the numbers */
    assert_false(skad_profile_epoch_valid(profile, 0, UINT32_MAX));
    assert_true(skad_profile_epoch_valid(profile, UINT64_MAX, UINT32_MAX));
    assert_false(skad_profile_epoch_valid(profile, UINT64_MAX, 0));
}

static void local_policy_makes_no_other_network(void **state)
{
    (void)state;
    skad_profile profile = *skad_profile_builtin("test");
    uint8_t a[SKAD_HASH_BYTES];
    uint8_t b[SKAD_HASH_BYTES];

    skad_profile_network_key(&profile, a);
    profile.allow_private = false;
    memset(profile.psk, 7, sizeof profile.psk); /* has_psk is unset: the bytes mean nothing */
    skad_profile_network_key(&profile, b);
    assert_memory_equal(a, b, sizeof a);
}

static void pre_shared_key_makes_another_network(void **state)
{
    (void)state;
    skad_profile profile = *skad_profile_builtin("test");
    uint8_t keys[3][SKAD_HASH_BYTES];

    skad_profile_network_key(&profile, keys[0]);
    profile.has_psk = true;
    skad_profile_network_key(&profile, keys[1]);
    profile.psk[31] = 1;
    skad_profile_network_key(&profile, keys[2]);
    assert_memory_not_equal(keys[0], keys[1], SKAD_HASH_BYTES);
    assert_memory_not_equal(keys[1], keys[2], SKAD_HASH_BYTES);
}

static void epoch_counts_whole_lengths_since_1970(void **state)
{
    (void)state;
    skad_profile profile = *skad_profile_builtin("public");

    assert_int_equal(skad_profile_epoch(&profile, 0), 0);
    assert_int_equal(skad_profile_epoch(&profile, 1209599), 0);
    assert_int_equal(skad_profile_epoch(&profile, 1209600), 1);
    assert_int_equal(skad_profile_epoch(&profile, 1209600ULL * UINT32_MAX), UINT32_MAX);
    assert_int_equal(skad_profile_epoch(&profile, UINT64_MAX), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_profiles_are_valid),
        cmocka_unit_test(each_field_has_its_range),
        cmocka_unit_test(each_agreed_field_makes_another_network),
        cmocka_unit_test(a_nonce_is_valid_around_its_epoch),
        cmocka_unit_test(local_policy_makes_no_other_network),
        cmocka_unit_test(pre_shared_key_makes_another_network),
        cmocka_unit_test(epoch_counts_whole_lengths_since_1970),
    };
    skad_crypto_init();
    return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
