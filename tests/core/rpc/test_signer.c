/* Which nonce a node signs with as epochs come and go. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "proto/profile.h"
#include "src/core/rpc/signer.h"

#define EPOCH UINT32_C(740)

/* At the beginning of an epoch, with the nonces of so many epochs. */
static skad_env env_with(uint32_t epoch, const uint32_t *nonces, size_t count)
{
    skad_env env = {.profile = *skad_profile_builtin("test")};
    env.now.unix_s = (uint64_t)epoch * env.profile.epoch_s;
    for (size_t i = 0; i < count; i++) {
        env.identity.nonces[i] = (skad_puzzle_nonce){.epoch = nonces[i]};
    }
    env.identity.nonces_count = count;
    return env;
}

static void the_nonce_is_of_this_epoch_or_else_of_one_that_peers_may_accept(void **state)
{
    static const struct {
        const char *label;
        uint32_t nonces[3];
        uint32_t epoch;
    } cases[] = {
        {"this epoch's", {EPOCH - 1, EPOCH, EPOCH + 1}, EPOCH},
        {"in any order", {EPOCH + 1, EPOCH - 1, EPOCH}, EPOCH},
        {"the last one's while this is not solved", {EPOCH + 1, EPOCH - 2, EPOCH - 1}, EPOCH - 1},
        {"the first there is, while none fits", {EPOCH + 1, EPOCH - 2, EPOCH - 3}, EPOCH + 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_env env = env_with(EPOCH, cases[i].nonces, 3);
        if (skad_signer_nonce(&env)->epoch != cases[i].epoch) {
            fail_msg("%s", cases[i].label);
        }
    }
}

static void it_changes_at_the_very_second_of_an_epoch(void **state)
{
    static const uint32_t nonces[] = {EPOCH, EPOCH - 1};
    (void)state;
    skad_env env = env_with(EPOCH, nonces, 2);
    assert_int_equal(skad_signer_nonce(&env)->epoch, EPOCH);
    env.now.unix_s--;
    assert_int_equal(skad_signer_nonce(&env)->epoch, EPOCH - 1);
}

static void the_sealer_is_of_the_node_itself(void **state)
{
    static const uint32_t nonces[] = {EPOCH - 1, EPOCH};
    (void)state;
    const skad_env env = env_with(EPOCH, nonces, 2);
    skad_sealer sealer = skad_signer_sealer(&env);
    assert_ptr_equal(sealer.identity, &env.identity);
    assert_ptr_equal(sealer.network_key, env.network_key);
    assert_ptr_equal(sealer.nonce, &env.identity.nonces[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nonce_is_of_this_epoch_or_else_of_one_that_peers_may_accept),
        cmocka_unit_test(it_changes_at_the_very_second_of_an_epoch),
        cmocka_unit_test(the_sealer_is_of_the_node_itself),
    };
    return cmocka_run_group_tests_name("signer", tests, NULL, NULL);
}
