/* The small parts of a world: PRNG, addresses, NATs, flights, statistics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/address.h"
#include "src/sim/base/prng.h"
#include "src/sim/report/stats.h"
#include "src/sim/world/addresses.h"
#include "src/sim/world/carriers.h"
#include "src/sim/world/flights.h"
#include "src/sim/world/nat.h"

/* ---- Dice ---- */

static void the_prng_of_one_seed_and_stream_is_always_the_same(void **state)
{
    (void)state;
    skad_prng a;
    skad_prng b;
    skad_prng_init(&a, 42, SKAD_PRNG_LINKS);
    skad_prng_init(&b, 42, SKAD_PRNG_CHURN);
    /* Written down once: a change here changes what every seed that was ever told means. */
    assert_int_equal(skad_prng_next(&a), 0x31c2b9a4dda48dafULL);
    assert_int_not_equal(skad_prng_next(&a), skad_prng_next(&b));
}

static void the_prng_keeps_the_means_of_its_distributions(void **state)
{
    (void)state;
    static const int DRAWS = 200000;
    skad_prng prng;
    double exponential = 0;
    double weibull = 0;
    double log_of_normal = 0;
    double unit = 0;
    int heads = 0;
    skad_prng_init(&prng, 1, 1);
    for (int i = 0; i < DRAWS; i++) {
        exponential += skad_prng_exponential(&prng, 10);
        weibull += skad_prng_weibull(&prng, 10, 0.5);
        log_of_normal += log(skad_prng_log_normal(&prng, 10, 0.5));
        unit += skad_prng_unit(&prng);
        heads += skad_prng_chance(&prng, 0.25);
        assert_true(skad_prng_below(&prng, 7) < 7);
    }
    /* Bounds are five standard errors or more. */
    assert_true(fabs(exponential / DRAWS - 10) < 0.15);
    assert_true(fabs(weibull / DRAWS - 10) < 0.4);
    assert_true(fabs(log_of_normal / DRAWS - log(10)) < 0.01);
    assert_true(fabs(unit / DRAWS - 0.5) < 0.005);
    assert_true(abs(heads - DRAWS / 4) < 1000);
    assert_false(skad_prng_chance(&prng, 0));
}

/* ---- Places ---- */

static void an_address_leads_back_to_its_node(void **state)
{
    (void)state;
    const skad_sim_addresses addresses[] = {
        {.nodes = 4000000, .shared_from = 4000000, .subnets = 0},
        {.nodes = 5000, .shared_from = 3000, .hosts = 200, .subnets = 4},
        {.nodes = 5000, .shared_from = 1, .hosts = 200, .subnets = 1},
        {.nodes = 5000, .shared_from = 1000, .hosts = 1, .subnets = 1},
        {.nodes = 5000, .shared_from = 1000, .neighbours = true},
        {.nodes = 4000000, .shared_from = 4000000, .ipv6 = true},
        {.nodes = 5000, .shared_from = 1000, .neighbours = true, .ipv6 = true},
        {.nodes = 300000, .shared_from = 1000, .ipv6 = true, .allocation = 16},
        {.nodes = 300000, .shared_from = 1000, .ipv6 = true, .allocation = 48},
        {.nodes = 5000, .shared_from = 1000, .ipv6 = true, .allocation = 56},
        {.nodes = 5000, .shared_from = 1000, .ipv6 = true, .allocation = 48, .allocations = 7},
        {.nodes = 5000, .shared_from = 1000, .ipv6 = true, .allocation = 32, .allocations = 65536},
        {.nodes = 300000, .shared_from = 1000, .hosts = 1, .allocation = 9},
        {.nodes = 5000, .shared_from = 1000, .hosts = 200, .allocation = 16},
        {.nodes = 5000, .shared_from = 1000, .hosts = 2, .allocation = 20, .allocations = 300},
        {.nodes = 5000, .shared_from = 1000, .hosts = 1, .allocation = 24, .allocations = 65536},
        {.nodes = 5000, .shared_from = 1000, .hosts = 200, .subnets = 2, .crowd = 3},
        {.nodes = 5000, .shared_from = 1000, .hosts = 200, .subnets = 1, .crowd = 1},
        {.nodes = 5000, .shared_from = 1000, .hosts = 4, .allocation = 22, .crowd = 13},
    };
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        uint32_t step = addresses[i].nodes > 5000 ? 997 : 1;
        for (uint32_t node = 0; node < addresses[i].nodes; node += step) {
            skad_address address = skad_sim_address_of(&addresses[i], node);
            assert_int_equal(skad_sim_node_at(&addresses[i], &address), node);
        }
    }
}

/* Counts the different prefixes of so many bytes among adversaries. */
static unsigned prefixes(const skad_sim_addresses *addresses, uint32_t adversaries, size_t bytes)
{
    unsigned count = 0;
    skad_address *met = calloc(adversaries, sizeof *met);
    assert_non_null(met);
    for (uint32_t i = 0; i < adversaries; i++) {
        met[i] = skad_sim_address_of(addresses, addresses->shared_from + i);
        uint32_t other = 0;
        while (other < i && memcmp(met[other].ip, met[i].ip, bytes) != 0) {
            other++;
        }
        count += other == i;
    }
    free(met);
    return count;
}

static void an_allocation_is_used_as_widely_as_can_be(void **state)
{
    (void)state;
    static const struct {
        unsigned allocation;
        unsigned of_32;
        unsigned of_48;
        unsigned of_56;
        unsigned of_64;
    } cases[] = {{28, 16, 1000, 1000, 1000},
                 {32, 1, 1000, 1000, 1000},
                 {44, 1, 16, 1000, 1000},
                 {48, 1, 1, 256, 1000},
                 {56, 1, 1, 1, 256}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const skad_sim_addresses addresses = {
            .nodes = 1500, .shared_from = 500, .ipv6 = true, .allocation = cases[i].allocation};
        assert_int_equal(prefixes(&addresses, 1000, 4), cases[i].of_32);
        assert_int_equal(prefixes(&addresses, 1000, 6), cases[i].of_48);
        assert_int_equal(prefixes(&addresses, 1000, 7), cases[i].of_56);
        assert_int_equal(prefixes(&addresses, 1000, 8), cases[i].of_64);
        assert_int_equal(prefixes(&addresses, 1000, 16), 1000);
    }
}

/* Of IPv4: a /22 has four /24s, of which each has two hosts here; then ports. */
static void allocations_and_addresses_of_ipv4_are_what_they_say(void **state)
{
    (void)state;
    skad_sim_addresses addresses = {
        .nodes = 1500, .shared_from = 500, .hosts = 2, .allocation = 22, .allocations = 3};
    assert_int_equal(prefixes(&addresses, 1000, 2), 3);
    assert_int_equal(prefixes(&addresses, 1000, 3), 12);
    assert_int_equal(prefixes(&addresses, 1000, 4), 24);
    addresses.crowd = 5;
    assert_int_equal(prefixes(&addresses, 1000, 4), 5);
    addresses =
        (skad_sim_addresses){.nodes = 1500, .shared_from = 500, .hosts = 200, .allocation = 16};
    assert_int_equal(prefixes(&addresses, 1000, 2), 1);
    assert_int_equal(prefixes(&addresses, 1000, 3), 256);
    addresses.allocation = 12;
    assert_int_equal(prefixes(&addresses, 1000, 3), 1000);
}

/* Identities are dealt to several allocations in turn. */
static void several_allocations_are_in_networks_of_their_own(void **state)
{
    (void)state;
    const skad_sim_addresses addresses = {
        .nodes = 1500, .shared_from = 500, .ipv6 = true, .allocation = 48, .allocations = 5};
    assert_int_equal(prefixes(&addresses, 1000, 4), 5);
    assert_int_equal(prefixes(&addresses, 5, 6), 5);
    assert_int_equal(prefixes(&addresses, 1000, 6), 5);
    assert_int_equal(prefixes(&addresses, 1000, 8), 1000);
}

static void unroutable_addresses_have_no_node(void **state)
{
    (void)state;
    const skad_sim_addresses addresses = {
        .nodes = 100, .shared_from = 60, .hosts = 200, .subnets = 3};
    const skad_sim_addresses wide = {
        .nodes = 100, .shared_from = 60, .ipv6 = true, .allocation = 48};
    skad_address address = skad_sim_address_unroutable(&wide, 5);
    assert_int_equal(address.family, SKAD_FAMILY_IPV6);
    assert_int_equal(skad_sim_node_at(&wide, &address), SKAD_SIM_NOBODY);
    assert_int_equal(skad_sim_node_at(&addresses, &address), SKAD_SIM_NOBODY);
    address = skad_sim_address_of(&wide, 99);
    assert_int_equal(skad_sim_node_at(&addresses, &address), SKAD_SIM_NOBODY);
    address.ip[7]++; /* the number is right, the network is not */
    assert_int_equal(skad_sim_node_at(&wide, &address), SKAD_SIM_NOBODY);
    address = skad_sim_address_unroutable(&addresses, 5);
    assert_int_equal(address.family, SKAD_FAMILY_IPV4);
    assert_int_equal(skad_sim_node_at(&wide, &address), SKAD_SIM_NOBODY);
    assert_int_equal(skad_sim_node_at(&addresses, &address), SKAD_SIM_NOBODY);
    address = skad_sim_address_of(&addresses, 59);
    address.ip[3]++;
    assert_int_equal(skad_sim_node_at(&addresses, &address), SKAD_SIM_NOBODY);
    address = skad_sim_address_of(&addresses, 99);
    address.ip[3] = 250;
    assert_int_equal(skad_sim_node_at(&addresses, &address), SKAD_SIM_NOBODY);
    address = skad_sim_address_of(&addresses, 99);
    address.ip[1] = 3; /* there are three subnets, in a /16 each: 0 to 2 */
    assert_int_equal(skad_sim_node_at(&addresses, &address), SKAD_SIM_NOBODY);
    address.port = 1;
    assert_int_equal(skad_sim_node_at(&addresses, &address), SKAD_SIM_NOBODY);
}

static void nodes_of_an_adversary_share_their_subnets(void **state)
{
    (void)state;
    const skad_sim_addresses addresses = {
        .nodes = 100, .shared_from = 60, .hosts = 200, .subnets = 2};
    for (uint32_t node = 62; node < 100; node++) {
        skad_address one = skad_sim_address_of(&addresses, node);
        skad_address other = skad_sim_address_of(&addresses, node - 2);
        assert_memory_equal(one.ip, other.ip, 3);
        assert_memory_not_equal(&one, &other, sizeof one);
    }
}

/* ---- NATs ---- */

static void nats_let_in_whom_their_kind_says(void **state)
{
    (void)state;
    const skad_sim_addresses addresses = {.nodes = 10, .shared_from = 10};
    const skad_address friend_address = skad_sim_address_of(&addresses, 1);
    const skad_address remote = skad_sim_address_of(&addresses, 2);
    static const struct {
        const char *label;
        skad_sim_nat_kind kind;
        bool remote_gets_in;
    } rows[] = {
        {"full cone", SKAD_SIM_NAT_FULL_CONE, true},
        {"address-restricted", SKAD_SIM_NAT_ADDRESS, false},
        {"restricted", SKAD_SIM_NAT_RESTRICTED, false},
        {"symmetric", SKAD_SIM_NAT_SYMMETRIC, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        print_message("%s\n", rows[i].label);
        skad_sim_nat *nat = skad_sim_nat_new(rows[i].kind, 120 * SKAD_US_PER_S, 0);
        assert_false(skad_sim_nat_in(nat, &friend_address, SKAD_SIM_PORT, 1));
        uint16_t port = skad_sim_nat_out(nat, &friend_address, 10);
        assert_true(skad_sim_nat_in(nat, &friend_address, port, 20));
        assert_int_equal(skad_sim_nat_in(nat, &remote, port, 20), rows[i].remote_gets_in);
        assert_false(skad_sim_nat_in(nat, &friend_address, 1, 20));
        assert_false(skad_sim_nat_in(nat, &friend_address, port, 10 + 120 * SKAD_US_PER_S));
        skad_address other_port = friend_address;
        other_port.port++;
        assert_int_equal(skad_sim_nat_in(nat, &other_port, port, 20),
                         rows[i].kind <= SKAD_SIM_NAT_ADDRESS);
        bool another = skad_sim_nat_out(nat, &remote, 30) != port;
        assert_int_equal(another, rows[i].kind == SKAD_SIM_NAT_SYMMETRIC);
        skad_sim_nat_free(nat);
    }
}

/* A table that is too small for that makes answers vanish, and looks like loss. */
static void nats_keep_what_is_in_use(void **state)
{
    (void)state;
    enum { REMOTES = 1000 };
    const skad_sim_addresses addresses = {.nodes = 1 + REMOTES, .shared_from = 1 + REMOTES};
    for (int kind = SKAD_SIM_NAT_ADDRESS; kind <= SKAD_SIM_NAT_SYMMETRIC; kind++) {
        skad_sim_nat *nat = skad_sim_nat_new((skad_sim_nat_kind)kind, SKAD_US_PER_S, 0);
        uint16_t ports[1 + REMOTES];
        for (uint32_t i = 1; i <= REMOTES; i++) {
            const skad_address remote = skad_sim_address_of(&addresses, i);
            ports[i] = skad_sim_nat_out(nat, &remote, i);
        }
        for (uint32_t i = 1; i <= REMOTES; i++) {
            const skad_address remote = skad_sim_address_of(&addresses, i);
            assert_true(skad_sim_nat_in(nat, &remote, ports[i], REMOTES));
            assert_int_equal(skad_sim_nat_out(nat, &remote, REMOTES), ports[i]);
        }
        skad_sim_nat_free(nat);
    }
}

static void nats_forget_after_their_own_time(void **state)
{
    (void)state;
    const skad_sim_addresses addresses = {.nodes = 10, .shared_from = 10};
    const skad_address remote = skad_sim_address_of(&addresses, 2);
    skad_sim_nat *nat = skad_sim_nat_new(SKAD_SIM_NAT_RESTRICTED, 30 * SKAD_US_PER_S, 0);
    const uint16_t port = skad_sim_nat_out(nat, &remote, 10);
    assert_true(skad_sim_nat_in(nat, &remote, port, 9 + 30 * SKAD_US_PER_S));
    assert_false(skad_sim_nat_in(nat, &remote, port, 10 + 30 * SKAD_US_PER_S));
    skad_sim_nat_free(nat);
}

/* ---- Carriers ---- */

static void nodes_behind_a_carrier_share_its_address_but_no_port(void **state)
{
    (void)state;
    skad_sim_carriers *carriers = skad_sim_carriers_new(20);
    const skad_sim_addresses addresses = {.nodes = 20, .shared_from = 20, .carriers = carriers};
    const skad_address remote = skad_sim_address_of(&addresses, 1);
    for (uint32_t node = 4; node < 20; node += 3) { /* 4 7 10, 13 16 19 */
        const uint32_t row = skad_sim_carriers_add(carriers, node, 3, node >= 13);
        assert_int_equal(row, (node - 4) / 3 % 3);
        for (int kind = SKAD_SIM_NAT_FULL_CONE; kind <= SKAD_SIM_NAT_SYMMETRIC; kind++) {
            skad_sim_nat *nat = skad_sim_nat_new((skad_sim_nat_kind)kind, 100, row);
            skad_address outer = skad_sim_address_of(&addresses, node);
            outer.port = skad_sim_nat_out(nat, &remote, 10);
            assert_int_equal(skad_sim_node_at(&addresses, &outer), node);
            assert_true(skad_sim_nat_in(nat, &remote, outer.port, 20));
            skad_sim_nat_free(nat);
        }
    }
    const skad_address first = skad_sim_address_of(&addresses, 4);
    skad_address other = skad_sim_address_of(&addresses, 7);
    assert_memory_equal(first.ip, other.ip, 4);
    assert_int_equal(other.port, first.port + 1);
    other = skad_sim_address_of(&addresses, 13);
    assert_memory_not_equal(first.ip, other.ip, 4);
    other = first; /* no fourth node is there */
    other.port = (uint16_t)(first.port + 3);
    assert_int_equal(skad_sim_node_at(&addresses, &other), SKAD_SIM_NOBODY);
    other.port = 20;
    assert_int_equal(skad_sim_node_at(&addresses, &other), SKAD_SIM_NOBODY);
    other = skad_sim_address_of(&addresses, 5); /* it is behind none: all ports are its own */
    other.port = 20;
    assert_int_equal(skad_sim_node_at(&addresses, &other), 5);
    assert_true(skad_sim_carriers_refuse(carriers, 4, 10));
    assert_false(skad_sim_carriers_refuse(carriers, 4, 13));  /* another carrier */
    assert_false(skad_sim_carriers_refuse(carriers, 13, 19)); /* this one hairpins */
    assert_false(skad_sim_carriers_refuse(carriers, 5, 6));
    assert_false(skad_sim_carriers_refuse(carriers, SKAD_SIM_NOBODY, 4));
    skad_sim_carriers_free(carriers);
}

/* ---- Flights ---- */

static void flights_keep_their_bytes_and_are_used_again(void **state)
{
    (void)state;
    static const size_t lens[] = {1, 224, 225, 416, 417, SKAD_DATAGRAM_BYTES_MAX};
    skad_sim_flights flights;
    uint32_t addresses[3000];
    skad_sim_flights_init(&flights);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 3000; i++) {
            addresses[i] = skad_sim_flights_take(&flights, lens[i % 6]);
            skad_sim_flight *flight = skad_sim_flights_at(&flights, addresses[i]);
            assert_int_equal(flight->len, lens[i % 6]);
            memset(flight->bytes, (int)(i & 0xff), flight->len);
        }
        for (uint32_t i = 0; i < 3000; i++) {
            const skad_sim_flight *flight = skad_sim_flights_at(&flights, addresses[i]);
            assert_int_equal(flight->bytes[0], i & 0xff);
            assert_int_equal(flight->bytes[flight->len - 1U], i & 0xff);
            skad_sim_flights_give(&flights, addresses[i]);
        }
        assert_int_equal(flights.count, 0);
    }
    assert_int_equal(flights.slabs[0].taken, 1000);
    skad_sim_flights_free(&flights);
}

/* ---- Statistics ---- */

static void intervals_are_wilsons(void **state)
{
    (void)state;
    /* Newcombe, 1998, table I, gives these for the score method. */
    skad_sim_interval interval = skad_sim_wilson(81, 263);
    assert_true(fabs(interval.low - 0.2553) < 1e-4 && fabs(interval.high - 0.3662) < 1e-4);
    interval = skad_sim_wilson(0, 20);
    assert_true(interval.low == 0 && fabs(interval.high - 0.1611) < 1e-4);
    interval = skad_sim_wilson(29, 29);
    assert_true(fabs(interval.low - 0.8830) < 1e-4 && interval.high == 1);
    interval = skad_sim_wilson(0, 0);
    assert_true(interval.low == 0 && interval.high == 1);
}

static void the_path_model_is_the_papers(void **state)
{
    (void)state;
    static const struct {
        double m;
        unsigned d;
        double p;
    } rows[] = {{0.2, 1, 0.41}, {0.2, 8, 0.985}, {0.3, 2, 0.42}, {0.3, 4, 0.67}, {0.5, 8, 0.40}};
    const uint64_t four[SKAD_SIM_HOPS] = {[4] = 17};
    const uint64_t mixed[SKAD_SIM_HOPS] = {[0] = 1, [1] = 1};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(fabs(skad_sim_path_model(four, rows[i].m, rows[i].d) - rows[i].p) < 0.006);
    }
    assert_true(fabs(skad_sim_path_model(mixed, 0.5, 1) - 0.75) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_prng_of_one_seed_and_stream_is_always_the_same),
        cmocka_unit_test(the_prng_keeps_the_means_of_its_distributions),
        cmocka_unit_test(an_address_leads_back_to_its_node),
        cmocka_unit_test(an_allocation_is_used_as_widely_as_can_be),
        cmocka_unit_test(allocations_and_addresses_of_ipv4_are_what_they_say),
        cmocka_unit_test(several_allocations_are_in_networks_of_their_own),
        cmocka_unit_test(unroutable_addresses_have_no_node),
        cmocka_unit_test(nodes_of_an_adversary_share_their_subnets),
        cmocka_unit_test(nats_let_in_whom_their_kind_says),
        cmocka_unit_test(nats_keep_what_is_in_use),
        cmocka_unit_test(nats_forget_after_their_own_time),
        cmocka_unit_test(nodes_behind_a_carrier_share_its_address_but_no_port),
        cmocka_unit_test(flights_keep_their_bytes_and_are_used_again),
        cmocka_unit_test(intervals_are_wilsons),
        cmocka_unit_test(the_path_model_is_the_papers),
    };
    return cmocka_run_group_tests_name("sim parts", tests, NULL, NULL);
}
