/* Addresses as on the internet: that they are distributed as the model says, that an address leads
 * back to its node, and that nodes of both families and of one find each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "proto/address.h"
#include "src/sim/world/internet.h"
#include "src/sim/world/prefill_world.h"
#include "tests/support/small_world.h"

#define NODES 40000

static uint32_t wide_of(const skad_address *address)
{
    return ((uint32_t)address->ip[0] << 8 | address->ip[1]) - 0x1000;
}

/* The /16s are dealt to systems by rank, so those of the ten and of the hundred largest are the
 * first ones: 9,000 times their share, and one more for each. */
static void systems_have_the_shares_that_were_measured(void **state)
{
    (void)state;
    skad_sim_internet *internet = skad_sim_internet_new(1, NODES, 0.45);
    unsigned ten = 0;
    unsigned hundred = 0;
    unsigned both = 0;
    for (uint32_t node = 0; node < NODES; node++) {
        skad_address one = skad_sim_internet_of(internet, node, SKAD_FAMILY_IPV4);
        skad_address other = skad_sim_internet_of(internet, node, SKAD_FAMILY_IPV6);
        ten += wide_of(&one) < 5855;
        hundred += wide_of(&one) < 8217;
        both += other.family == SKAD_FAMILY_IPV6;
        assert_int_equal(one.family, SKAD_FAMILY_IPV4);
    }
    print_message("%.1f %% in ten systems, %.1f %% in a hundred, %.1f %% have IPv6\n",
                  100.0 * ten / NODES, 100.0 * hundred / NODES, 100.0 * both / NODES);
    assert_in_range(ten, 0.64 * NODES, 0.66 * NODES);
    assert_in_range(hundred, 0.897 * NODES, 0.917 * NODES);
    assert_in_range(both, 0.44 * NODES, 0.46 * NODES);
    skad_sim_internet_free(internet);
}

static void an_address_leads_back_to_its_node(void **state)
{
    (void)state;
    skad_sim_internet *internet = skad_sim_internet_new(2, NODES, 0.45);
    skad_address last = {0};
    for (uint32_t node = 0; node < NODES; node++) {
        skad_address one = skad_sim_internet_of(internet, node, SKAD_FAMILY_IPV4);
        skad_address other = skad_sim_internet_of(internet, node, SKAD_FAMILY_IPV6);
        one.port = 9;
        other.ip[15] ^= 5; /* another host of the same /64 */
        assert_int_equal(skad_sim_internet_at(internet, &one), node);
        assert_int_equal(skad_sim_internet_at(internet, &other), node);
        last = one;
    }
    last.ip[0] = 200;
    assert_int_equal(skad_sim_internet_at(internet, &last), UINT32_MAX);
    last = (skad_address){0};
    assert_int_equal(skad_sim_internet_at(internet, &last), UINT32_MAX);
    skad_sim_internet_free(internet);
}

static void one_seed_gives_one_set_of_addresses(void **state)
{
    (void)state;
    skad_sim_internet *worlds[] = {skad_sim_internet_new(7, 100, 0.5),
                                   skad_sim_internet_new(7, 100, 0.5),
                                   skad_sim_internet_new(8, 100, 0.5)};
    unsigned same = 0;
    for (uint32_t node = 0; node < 100; node++) {
        skad_address one = skad_sim_internet_of(worlds[0], node, SKAD_FAMILY_IPV6);
        skad_address again = skad_sim_internet_of(worlds[1], node, SKAD_FAMILY_IPV6);
        skad_address other = skad_sim_internet_of(worlds[2], node, SKAD_FAMILY_IPV6);
        assert_true(skad_address_equal(&one, &again));
        same += skad_address_equal(&one, &other) ? 1 : 0;
    }
    assert_true(same < 3);
    for (size_t i = 0; i < 3; i++) {
        skad_sim_internet_free(worlds[i]);
    }
}

/* With the limits of the public profile, though a fifth of all nodes are of one operator. */
static void both_families_find_each_other(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(300);
    scenario.addresses = SKAD_SIM_INTERNET;
    scenario.group_bucket_max = 2;
    scenario.group_table_max = 10;
    scenario.group_path_max = 2;
    scenario.values = 2;
    scenario.get_every_ms = 500;
    scenario.duration_s = 60;
    for (unsigned joined = 0; joined < 2; joined++) {
        scenario.build = joined != 0 ? SKAD_SIM_JOINED : SKAD_SIM_FILLED;
        skad_sim_outcome outcome = test_run_world(&scenario);
        print_message("nearest found by %lu of %lu\n", (unsigned long)outcome.lookups.nearest,
                      (unsigned long)outcome.lookups.ended);
        assert_int_equal(outcome.joined, 300);
        assert_int_equal(outcome.lookups.nearest, outcome.lookups.ended);
        assert_int_equal(outcome.gets.right, outcome.gets.ended);
        assert_int_equal(outcome.counters.unroutable, 0);
    }
}

/* Who has both knows some peers by IPv6, and who has IPv4 alone knows none so. */
static void tables_have_peers_of_each_family(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(300);
    char reason[SKAD_SIM_REASON_BYTES];
    unsigned wide[2] = {0};
    unsigned narrow[2] = {0};
    skad_table_row *rows = calloc(4096, sizeof *rows);
    skad_world *world = calloc(1, sizeof *world);
    assert_non_null(rows);
    assert_non_null(world);
    scenario.addresses = SKAD_SIM_INTERNET;
    assert_true(skad_world_init(world, &scenario, reason));
    skad_sim_prefill(world);
    skad_world_run(world, world->now_us + 60 * SKAD_US_PER_S);
    for (uint32_t node = 0; node < world->count; node++) {
        unsigned has = skad_sim_families_of(&world->addresses, node) == SKAD_FAMILIES_ALL;
        size_t count =
            skad_node_table(world->nodes[node].node, skad_world_time(world, node), rows, 4096);
        for (size_t i = 0; i < count; i++) {
            bool by_wide = rows[i].contact.ipv6.family != SKAD_FAMILY_NONE;
            wide[has] += by_wide;
            narrow[has] += !by_wide;
        }
    }
    print_message("IPv4 alone: %u and %u peers; both: %u and %u\n", narrow[0], wide[0], narrow[1],
                  wide[1]);
    assert_int_equal(wide[0], 0);
    assert_true(wide[1] > narrow[1] / 10);
    skad_world_free(world);
    free(world);
    free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(systems_have_the_shares_that_were_measured),
        cmocka_unit_test(an_address_leads_back_to_its_node),
        cmocka_unit_test(one_seed_gives_one_set_of_addresses),
        cmocka_unit_test(both_families_find_each_other),
        cmocka_unit_test(tables_have_peers_of_each_family),
    };
    return cmocka_run_group_tests_name("sim internet", tests, NULL, NULL);
}
