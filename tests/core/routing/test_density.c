/* A key that somebody wants to own: identities ground until they are all of its s closest nodes.
 * The lookup must notice the cluster and look behind it; in honest networks it must not cry wolf.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "crypto/keys.h"
#include "skad/record.h"
#include "skad/records.h"
#include "src/core/routing/density.h"
#include "src/core/routing/distance.h"
#include "tests/support/colluders.h"
#include "tests/support/identities.h"
#include "tests/support/network.h"
#include "tests/support/prng.h"

#define HONEST      300
#define SHARED_BITS 11 /* with 300 nodes the nearest shares some 8 bits with a key */

static const uint8_t value[] = "the value that somebody wants to disappear";

static skad_profile easy_profile(void)
{
    skad_profile profile = *test_plain_profile();
    profile.static_bits = 0; /* the work of the attackers is counted by SHARED_BITS alone */
    profile.dynamic_bits = 0;
    return profile;
}

static test_network *honest_network(const skad_profile *profile, uint64_t seed)
{
    test_network *network = malloc(sizeof *network);
    assert_non_null(network);
    test_network_init(network, profile, HONEST, seed);
    network->still = true;
    return network;
}

static void stop(test_network *network)
{
    test_network_free(network);
    free(network);
}

/* The next identity from *number on that shares SHARED_BITS bits with a key. */
static skad_identity grind(const skad_profile *profile, const skad_id *key, uint32_t *number)
{
    for (;;) {
        uint8_t seed[32] = {0xff, (uint8_t)(*number >> 16), (uint8_t)(*number >> 8),
                            (uint8_t)*number};
        skad_identity identity;
        (*number)++;
        assert_int_equal(skad_identity_from_seed(seed, profile->memory_kib, &identity), SKAD_OK);
        if (skad_common_prefix(&identity.id, key) >= SHARED_BITS) {
            skad_puzzle_nonce nonce =
                test_nonce(profile, &identity.id, skad_profile_epoch(profile, TEST_UNIX_S));
            assert_int_equal(skad_identity_add_nonce(&identity, profile, &nonce), SKAD_OK);
            return identity;
        }
    }
}

static size_t count_honest_holders(const test_network *network, const skad_id *key)
{
    size_t holders = 0;
    for (size_t i = 0; i < HONEST; i++) {
        skad_store_record record;
        const skad_store_name name = {.key = *key, .type = SKAD_RECORD_IMMUTABLE};
        const skad_store *store = &network->nodes[i].store;
        holders += store->ops->find(store->self, SKAD_STORE_REPLICAS, &name, TEST_UNIX_S, &record);
    }
    return holders;
}

static void a_sybil_cluster_around_a_key_is_noticed_and_looked_behind(void **state)
{
    (void)state;
    skad_profile profile = easy_profile();
    test_network *network = honest_network(&profile, 30);
    skad_id key;
    skad_value_key(value, sizeof value, &key);
    uint32_t number = 0;
    for (size_t i = 0; i < profile.siblings; i++) {
        skad_identity identity = grind(&profile, &key, &number);
        test_colluders_add(network, test_network_add(network, &identity));
    }
    test_network_stabilise(network);
    skad_op op;
    assert_int_equal(skad_node_put(network->nodes[1].node, value, sizeof value,
                                   test_network_time(network), &op, &key),
                     SKAD_OK);
    skad_event put = test_network_await(network, 1, op, NULL);
    assert_true(put.u.put.dense);
    size_t honest = count_honest_holders(network, &key);
    print_message("seed 30: %u tries for 16 identities; %u holders, %zu of them honest\n", number,
                  put.u.put.holders, honest);
    assert_true(honest >= profile.siblings / 2);

    size_t found = 0;
    for (size_t i = 2; i < 52; i++) {
        uint8_t got[1000];
        assert_int_equal(skad_node_get(network->nodes[i].node, SKAD_RECORD_IMMUTABLE, &key,
                                       test_network_time(network), &op),
                         SKAD_OK);
        skad_event get = test_network_await(network, i, op, got);
        found += get.outcome == SKAD_OUTCOME_DONE && get.u.get.len == sizeof value &&
                 memcmp(got, value, sizeof value) == 0;
    }
    print_message("seed 30: %zu of 50 nodes get the value past the Sybil cluster\n", found);
    assert_true(found >= 49);

    assert_int_equal(
        skad_node_lookup(network->nodes[60].node, &key, test_network_time(network), &op), SKAD_OK);
    skad_event lookup = test_network_await(network, 60, op, NULL);
    assert_true(lookup.u.lookup.report.dense);
    skad_node_stats stats;
    skad_node_stats_get(network->nodes[1].node, test_network_time(network), &stats);
    assert_int_equal(stats.lookups_dense, 1);
    assert_int_equal(skad_node_get(network->nodes[60].node, SKAD_RECORD_MUTABLE, &key,
                                   test_network_time(network), &op),
                     SKAD_OK);
    skad_event get = test_network_await(network, 60, op, NULL);
    assert_int_equal(get.outcome, SKAD_OUTCOME_NOT_FOUND);
    assert_true(get.u.get.dense);
    skad_node_stats_get(network->nodes[60].node, test_network_time(network), &stats);
    assert_int_equal(stats.lookups_dense, 2);
    stop(network);
}

static void honest_neighbourhoods_are_not_called_dense(void **state)
{
    (void)state;
    skad_profile profile = easy_profile();
    test_network *network = honest_network(&profile, 31);
    test_network_stabilise(network);
    size_t dense = 0;
    double size = 0;
    for (uint32_t i = 0; i < 300; i++) {
        skad_id target;
        skad_value_key((const uint8_t *)&i, sizeof i, &target);
        skad_op op;
        assert_int_equal(
            skad_node_lookup(network->nodes[i].node, &target, test_network_time(network), &op),
            SKAD_OK);
        skad_event event = test_network_await(network, i, op, NULL);
        dense += event.u.lookup.report.dense;
        size += (double)event.u.lookup.report.network_size / 300;
    }
    print_message("seed 31: %zu of 300 lookups called dense; mean estimate %.0f of %d nodes\n",
                  dense, size, HONEST);
    assert_in_range(dense, 0, 1);
    assert_in_range((uint64_t)size, HONEST * 9 / 10, HONEST * 11 / 10);
    stop(network);
}

static void thresholds_are_where_they_are_said_to_be(void **state)
{
    (void)state;
    assert_true(skad_density_suspicious(4000, 999));
    assert_false(skad_density_suspicious(4000, 1000));
    assert_false(skad_density_suspicious(0, 0)); /* unknown */
    assert_int_equal(skad_density_network_size(0, 16), 0);
    assert_int_equal(skad_density_network_size(UINT64_C(1) << 60, 16), 240); /* 15 in a sixteenth */
    assert_int_equal(skad_density_network_size(1, 16), UINT64_C(1) << 62);
}

/* s - 1 nodes within half of the space are 2 (s - 1) in all. */
static void the_size_is_estimated_from_the_radius(void **state)
{
    (void)state;
    static const struct {
        uint64_t radius;
        size_t s;
        uint64_t size;
    } cases[] = {
        {0, 16, 0},
        {UINT64_C(1) << 63, 16, 30},
        {UINT64_C(1) << 63, 2, 2},
        {UINT64_C(1) << 54, 16, 15 * 1024},
        {UINT64_C(3) << 53, 16, 10 * 1024},
        {UINT64_C(1) << 63, 1, 0},
        {256, 16, UINT64_C(15) << 56},
        {16, 16, UINT64_C(1) << 62},
        {1, 16, UINT64_C(1) << 62},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(skad_density_network_size(cases[i].radius, cases[i].s), cases[i].size);
    }
}

static void four_times_as_dense_is_suspicious(void **state)
{
    (void)state;
    assert_false(skad_density_suspicious(0, 0)); /* we know too few to tell */
    assert_true(skad_density_suspicious(400, 99));
    assert_false(skad_density_suspicious(400, 100));
}

/* Two fifths, rounded down: the region is looked at before the density is suspicious. */
static void four_tenths_of_the_usual_radius_is_crowded(void **state)
{
    (void)state;
    assert_false(skad_density_crowded(0, 0)); /* unknown */
    assert_true(skad_density_crowded(1000, 399));
    assert_false(skad_density_crowded(1000, 400));
    assert_true(skad_density_crowded(UINT64_MAX, UINT64_MAX / 5 * 2 - 1)); /* without overflow */
    assert_false(skad_density_crowded(UINT64_MAX, UINT64_MAX / 5 * 2));
}

/* Of two sizes that differ by two, the closer is within a factor of the square root of two. */
static void a_region_is_the_part_of_the_space_closest_to_the_usual_radius(void **state)
{
    static const struct {
        double radius; /* share of the key space */
        unsigned bits;
    } cases[] = {
        {0.999, 0},     {0.708, 0},     {0.707, 1},     {0.5, 1},      {0.354, 1},
        {0.353, 2},     {0x1.6bp-8, 7}, {0x1.69p-8, 8}, {0x1p-8, 8},   {0x1.6bp-9, 8},
        {0x1.69p-9, 9}, {0x1p-59, 59},  {0x1p-60, 60},  {0x1p-61, 60}, {0x1p-64, 60},
    };
    (void)state;
    assert_int_equal(skad_density_region_bits(0), 0); /* unknown */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint64_t radius = (uint64_t)(cases[i].radius * 0x1p64);
        if (skad_density_region_bits(radius) != cases[i].bits) {
            fail_msg("%g: %u", cases[i].radius, skad_density_region_bits(radius));
        }
    }
}

/* ---- What is usual ---- */

#define SELF_PREFIX UINT64_C(0x3000000000000000)

static skad_id id_of(uint64_t prefix)
{
    skad_id id = {{0}};
    for (size_t i = 0; i < 8; i++) {
        id.bytes[i] = (uint8_t)(prefix >> (56 - 8 * i));
    }
    return id;
}

/* A table with peers at these distances, ascending. */
static void make_table(skad_table *table, const uint64_t *distances, size_t count)
{
    const skad_peers_plan plan = {.limit = 64};
    const skad_id self = id_of(SELF_PREFIX);
    assert_int_equal(skad_table_init(table, &self, 16, 40, &plan), SKAD_OK);
    for (size_t i = 0; i < count; i++) {
        const skad_id id = id_of(SELF_PREFIX ^ distances[i]);
        const skad_address address = test_prng_address((uint32_t)i + 1);
        assert_int_not_equal(skad_table_answered(table, &id, &address, 1000, SKAD_US_PER_S),
                             SKAD_PEER_NONE);
    }
    assert_int_equal(table->siblings_count, count);
}

static void visit_others(skad_table *table, uint64_t radius)
{
    for (unsigned i = 4; i < 14 && radius != 0; i++) {
        const skad_id target = {{(uint8_t)(i << 4)}};
        skad_places_visited(&table->places, &table->self, &target, radius);
    }
}

/* Sixteen or more steps of 1 << 40, after so many Sybils that stand much closer. */
static void surround(skad_table *table, size_t sybils, size_t honest)
{
    uint64_t distances[64];
    for (size_t i = 0; i < sybils; i++) {
        distances[i] = i + 1;
    }
    for (size_t i = 0; i < honest; i++) {
        distances[sybils + i] = (i + 1) << 40;
    }
    make_table(table, distances, sybils + honest);
}

static void our_own_closest_say_what_is_usual_within_what_others_say(void **state)
{
    (void)state;
    static const struct {
        size_t sybils;
        size_t honest;
        uint64_t others; /* the radius around them; 0: not visited */
        uint64_t usual;  /* these in units of 1 << 40 */
        bool disputed;
    } cases[] = {
        {0, 15, 0, 0, false},   /* too few to tell */
        {0, 15, 16, 8, false},  /* but others know */
        {0, 16, 0, 16, false},  /* just enough */
        {0, 32, 0, 16, false},  /* enough for two circles */
        {0, 32, 20, 16, false}, /* our own are fresh */
        {0, 32, 12, 12, false}, /* some around us are unknown */
        {0, 32, 60, 30, true},  /* the network has grown, or we are besieged */
        {0, 32, 7, 7, true},    /* it has shrunk */
        {20, 20, 0, 3, false},  /* half of the twelfth, the 32nd in all, is 6 */
        {20, 20, 16, 8, true},  {40, 0, 0, 0, false}, /* wholly blind */
        {40, 0, 16, 8, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_table table;
        surround(&table, cases[i].sybils, cases[i].honest);
        visit_others(&table, cases[i].others << 40);
        if (skad_density_usual(&table, 16) >> 40 != cases[i].usual ||
            skad_density_disputed(&table, 16) != cases[i].disputed) {
            fail_msg("case %zu: %lu", i, (unsigned long)(skad_density_usual(&table, 16) >> 40));
        }
        skad_table_free(&table);
    }
}

/* By this regions are cut, so that Sybils around us do not make ours smaller. */
static void the_median_is_of_all_places_and_our_own_is_one(void **state)
{
    static const struct {
        size_t sybils;
        size_t honest;
        uint64_t others;
        uint64_t median; /* these in units of 1 << 40 */
    } cases[] = {
        {0, 15, 0, 0}, {0, 15, 16, 16}, {0, 16, 0, 16},   {0, 40, 60, 60},
        {0, 40, 7, 7}, {20, 20, 0, 6},  {20, 20, 16, 16}, {40, 0, 16, 16},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_table table;
        surround(&table, cases[i].sybils, cases[i].honest);
        visit_others(&table, cases[i].others << 40);
        if (skad_density_median(&table, 16) >> 40 != cases[i].median) {
            fail_msg("case %zu: %lu", i, (unsigned long)(skad_density_median(&table, 16) >> 40));
        }
        skad_table_free(&table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_size_is_estimated_from_the_radius),
        cmocka_unit_test(four_times_as_dense_is_suspicious),
        cmocka_unit_test(a_sybil_cluster_around_a_key_is_noticed_and_looked_behind),
        cmocka_unit_test(honest_neighbourhoods_are_not_called_dense),
        cmocka_unit_test(thresholds_are_where_they_are_said_to_be),
        cmocka_unit_test(our_own_closest_say_what_is_usual_within_what_others_say),
        cmocka_unit_test(four_tenths_of_the_usual_radius_is_crowded),
        cmocka_unit_test(a_region_is_the_part_of_the_space_closest_to_the_usual_radius),
        cmocka_unit_test(the_median_is_of_all_places_and_our_own_is_one),
    };
    return cmocka_run_group_tests_name("density", tests, NULL, NULL);
}
