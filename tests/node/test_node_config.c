/* What a node may be made of: every limit at its bounds and one beyond, every field of the profile,
 * and the identity's puzzles. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "skad/node.h"
#include "skad/simulator.h"
#include "tests/support/identities.h"

typedef struct bench {
    skad_identity identity;
    skad_store store;
    skad_node_config config;
} bench;

static int begin(void **state)
{
    static bench made;
    static const skad_store_caps caps = {4, 4096, 4, 4096};
    made = (bench){.config.profile = *test_plain_profile()};
    made.identity = test_identity(&made.config.profile, 1);
    if (skad_store_memory_new(&caps, &made.store) != SKAD_OK) {
        return -1;
    }
    made.config.identity = &made.identity;
    made.config.store = made.store;
    made.config.families = SKAD_FAMILIES_ALL;
    skad_node_limits_default(&made.config.limits);
    *state = &made;
    return 0;
}

static int end(void **state)
{
    bench *made = *state;
    made->store.ops->free(made->store.self);
    return 0;
}

/* Makes the node and frees it again. A refusal must leave no node behind. */
static skad_status try_at(const skad_node_config *config, uint64_t unix_s)
{
    uint8_t poison;
    skad_node *node = (void *)&poison;
    skad_status status = skad_node_new(config, (skad_time){.unix_s = unix_s}, &node);
    assert_true((status == SKAD_OK) == (node != NULL));
    skad_node_free(node);
    return status;
}

static skad_status try(const skad_node_config *config)
{
    return try_at(config, TEST_UNIX_S);
}

static void the_defaults_are_valid(void **state)
{
    const bench *made = *state;
    assert_int_equal(try(&made->config), SKAD_OK);
}

static void freeing_no_node_is_allowed(void **state)
{
    (void)state;
    skad_node_free(NULL);
}

static void every_limit_is_held_to_its_range(void **state)
{
    static const struct {
        const char *label;
        size_t offset; /* of a uint16_t in skad_node_limits */
        uint16_t values[8];
        skad_status statuses[8];
    } cases[] = {
#define OK  SKAD_OK
#define BAD SKAD_ERR_INPUT
        {"peers",
         offsetof(skad_node_limits, peers),
         {0, 31, 32, 4096, 4097, 65535, 33, 1000},
         {BAD, BAD, OK, OK, BAD, BAD, OK, OK}},
        {"pending",
         offsetof(skad_node_limits, pending),
         {0, 15, 16, 4096, 4097, 65535, 17, 1000},
         {BAD, BAD, OK, OK, BAD, BAD, OK, OK}},
        {"operations",
         offsetof(skad_node_limits, operations),
         {0, 3, 4, 1024, 1025, 65535, 5, 1000},
         {BAD, BAD, OK, OK, BAD, BAD, OK, OK}},
        {"outbox",
         offsetof(skad_node_limits, outbox),
         {0, 15, 16, 4096, 4097, 65535, 17, 1000},
         {BAD, BAD, OK, OK, BAD, BAD, OK, OK}},
        {"events",
         offsetof(skad_node_limits, events),
         {0, 7, 8, 1024, 1025, 65535, 9, 1000},
         {BAD, BAD, OK, OK, BAD, BAD, OK, OK}},
        {"duplicates",
         offsetof(skad_node_limits, duplicates),
         {0, 8, 16, 32768, 32769, 65535, 17, 1000},
         {BAD, BAD, OK, OK, BAD, BAD, BAD, BAD}},
        {"tokens",
         offsetof(skad_node_limits, tokens),
         {0, 1, 2048, 8192, 8193, 65535, 17, 1000},
         {OK, OK, OK, OK, BAD, BAD, OK, OK}},
        {"roots",
         offsetof(skad_node_limits, roots),
         {0, 1, 64, 65, 8192, 65535, 17, 63},
         {BAD, OK, OK, BAD, BAD, BAD, OK, OK}},
#undef OK
#undef BAD
    };
    const bench *made = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t j = 0; j < 8; j++) {
            skad_node_config config = made->config;
            memcpy((uint8_t *)&config.limits + cases[i].offset, &cases[i].values[j],
                   sizeof cases[i].values[j]);
            if (try(&config) != cases[i].statuses[j]) {
                fail_msg("%s = %u", cases[i].label, cases[i].values[j]);
            }
        }
    }
}

static void a_simulators_node_has_no_locked_pages_and_shares(void **state)
{
    const bench *made = *state;
    skad_node_config config = made->config;
    skad_time now = {.unix_s = TEST_UNIX_S};
    skad_node *node;
    skad_node_stats stats;
    skad_simulator_config simulator = {.insecure_memory = true, .lazy_allocation = true};
    assert_int_equal(skad_shared_new(16, &simulator.shared), SKAD_OK);
    config.simulator = &simulator;
    assert_int_equal(skad_node_new(&config, now, &node), SKAD_OK);
    skad_node_stats_get(node, now, &stats);
    assert_false(stats.secrets_locked);
    skad_node_free(node);
    skad_shared_free(simulator.shared);
}

static void families_are_one_or_both(void **state)
{
    static const struct {
        unsigned families;
        skad_status status;
    } cases[] = {{0, SKAD_ERR_INPUT}, {1, SKAD_OK},        {2, SKAD_OK},
                 {3, SKAD_OK},        {4, SKAD_ERR_INPUT}, {7, SKAD_ERR_INPUT}};
    const bench *made = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_node_config config = made->config;
        config.families = cases[i].families;
        assert_int_equal(try(&config), cases[i].status);
    }
}

static void every_byte_field_of_the_profile_is_held_to_its_range(void **state)
{
    static const struct {
        const char *label;
        size_t offset; /* of a uint8_t in skad_profile */
        uint8_t value;
        skad_status status;
    } cases[] = {
        {"k none", offsetof(skad_profile, k), 0, SKAD_ERR_INPUT},
        {"k above the maximum", offsetof(skad_profile, k), SKAD_K_MAX + 1, SKAD_ERR_INPUT},
        {"k below siblings", offsetof(skad_profile, k), 15, SKAD_ERR_INPUT},
        {"siblings none", offsetof(skad_profile, siblings), 0, SKAD_ERR_INPUT},
        {"siblings one", offsetof(skad_profile, siblings), 1, SKAD_OK},
        {"siblings above k", offsetof(skad_profile, siblings), 17, SKAD_ERR_INPUT},
        {"paths none", offsetof(skad_profile, paths), 0, SKAD_ERR_INPUT},
        {"paths one", offsetof(skad_profile, paths), 1, SKAD_OK},
        {"paths at the maximum", offsetof(skad_profile, paths), SKAD_PATHS_MAX, SKAD_OK},
        {"paths above it", offsetof(skad_profile, paths), SKAD_PATHS_MAX + 1, SKAD_ERR_INPUT},
        {"alpha none", offsetof(skad_profile, alpha), 0, SKAD_ERR_INPUT},
        {"alpha at the maximum", offsetof(skad_profile, alpha), 4, SKAD_OK},
        {"alpha above it", offsetof(skad_profile, alpha), 5, SKAD_ERR_INPUT},
        {"name empty", offsetof(skad_profile, name), 0, SKAD_ERR_INPUT},
    };
    const bench *made = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_node_config config = made->config;
        ((uint8_t *)&config.profile)[cases[i].offset] = cases[i].value;
        if (try(&config) != cases[i].status) {
            fail_msg("%s", cases[i].label);
        }
    }
}

static void times_and_name_of_the_profile_are_held_to_their_range(void **state)
{
    const bench *made = *state;
    skad_node_config config = made->config;
    config.profile.epoch_s = 3599;
    assert_int_equal(try(&config), SKAD_ERR_INPUT);
    config = made->config;
    config.profile.record_life_s = 0;
    assert_int_equal(try(&config), SKAD_ERR_INPUT);
    config.profile.record_life_s = 1;
    assert_int_equal(try(&config), SKAD_OK);
    config = made->config;
    memset(config.profile.name, 'n', sizeof config.profile.name); /* never ends */
    assert_int_equal(try(&config), SKAD_ERR_INPUT);
    config.profile.name[SKAD_PROFILE_NAME_BYTES_MAX] = '\0';
    assert_int_equal(try(&config), SKAD_OK);
}

static void an_identity_without_the_epochs_nonce_is_refused(void **state)
{
    bench *made = *state;
    uint64_t epoch_s = made->config.profile.epoch_s;
    assert_int_equal(try_at(&made->config, TEST_UNIX_S + epoch_s), SKAD_ERR_PUZZLE);
    assert_int_equal(try_at(&made->config, TEST_UNIX_S - epoch_s), SKAD_ERR_PUZZLE);
    made->identity.nonces_count = 0;
    assert_int_equal(try(&made->config), SKAD_ERR_PUZZLE);
}

static void an_identity_whose_nonce_solves_nothing_is_refused(void **state)
{
    bench *made = *state;
    made->config.profile.dynamic_bits = 60; /* no chance that six bits' work does for that */
    assert_int_equal(try(&made->config), SKAD_ERR_PUZZLE);
}

static void an_identity_that_fails_the_static_puzzle_is_refused(void **state)
{
    bench *made = *state;
    made->config.profile.static_bits = 60;
    assert_int_equal(try(&made->config), SKAD_ERR_PUZZLE);
}

static void a_node_refuses_a_nonce_that_solves_nothing(void **state)
{
    const bench *made = *state;
    skad_node *node;
    skad_time now = {.unix_s = TEST_UNIX_S};
    uint32_t epoch = skad_profile_epoch(&made->config.profile, TEST_UNIX_S) + 1;
    assert_int_equal(skad_node_new(&made->config, now, &node), SKAD_OK);
    assert_memory_equal(skad_node_self(node), &made->identity.id, sizeof(skad_id));
    skad_puzzle_nonce nonce = test_nonce(&made->config.profile, &made->identity.id, epoch);
    nonce.epoch++; /* solved for another epoch */
    assert_int_equal(skad_node_add_nonce(node, &nonce), SKAD_ERR_PUZZLE);
    nonce.epoch--;
    assert_int_equal(skad_node_add_nonce(node, &nonce), SKAD_OK);
    skad_node_free(node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_defaults_are_valid, begin, end),
        cmocka_unit_test(freeing_no_node_is_allowed),
        cmocka_unit_test_setup_teardown(every_limit_is_held_to_its_range, begin, end),
        cmocka_unit_test_setup_teardown(a_simulators_node_has_no_locked_pages_and_shares, begin,
                                        end),
        cmocka_unit_test_setup_teardown(families_are_one_or_both, begin, end),
        cmocka_unit_test_setup_teardown(every_byte_field_of_the_profile_is_held_to_its_range, begin,
                                        end),
        cmocka_unit_test_setup_teardown(times_and_name_of_the_profile_are_held_to_their_range,
                                        begin, end),
        cmocka_unit_test_setup_teardown(an_identity_without_the_epochs_nonce_is_refused, begin,
                                        end),
        cmocka_unit_test_setup_teardown(an_identity_whose_nonce_solves_nothing_is_refused, begin,
                                        end),
        cmocka_unit_test_setup_teardown(an_identity_that_fails_the_static_puzzle_is_refused, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_node_refuses_a_nonce_that_solves_nothing, begin, end),
    };
    return cmocka_run_group_tests_name("node_config", tests, NULL, NULL);
}
