/* Address diversity: what a group is, and how many of one the table and a lookup take. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>

#include "proto/address.h"
#include "src/core/lookup/nearest.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/diversity.h"
#include "src/core/routing/table.h"
#include "tests/support/lookup_script.h"
#include "tests/support/prng.h"

static uint64_t group_of(const char *text)
{
    skad_address address;
    assert_true(skad_address_parse(text, &address));
    return skad_address_group(&address);
}

static void a_group_is_a_24_or_a_56(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        const char *a;
        const char *b;
        bool same;
    } cases[] = {
        {"one /24", "8.8.8.1:1", "8.8.8.255:9", true},
        {"two /24", "8.8.8.1:1", "8.8.9.1:1", false},
        {"one /56", "[2a00:1:2:300::1]:1", "[2a00:1:2:3ff:9::2]:2", true},
        {"two /56", "[2a00:1:2:300::1]:1", "[2a00:1:2:400::1]:1", false},
        {"families", "8.8.8.1:1", "[808:800::1]:1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if ((group_of(cases[i].a) == group_of(cases[i].b)) != cases[i].same) {
            fail_msg("%s", cases[i].label);
        }
    }
    assert_int_equal(skad_address_group(&(skad_address){0}), 0);
    static const char *const none[] = {"10.1.2.3:1",    "172.16.0.1:1", "192.168.1.1:1",
                                       "127.0.0.1:1",   "[::1]:1",      "[fd00::1]:1",
                                       "169.254.1.1:1", "[fe80::1]:1",  "100.64.0.1:1"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(group_of(none[i]), 0);
    }
}

static void wider_groups_are_a_16_and_a_48_and_a_32(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        const char *a;
        const char *b;
        bool same[SKAD_GROUP_LEVELS];
    } cases[] = {
        {"one /24", "8.8.8.1:1", "8.8.8.9:1", {true, true, false}},
        {"one /16", "8.8.8.1:1", "8.8.9.1:1", {false, true, false}},
        {"two /16", "8.8.8.1:1", "8.9.8.1:1", {false, false, false}},
        {"one /56", "[2a00:1:2:300::1]:1", "[2a00:1:2:3ff:9::2]:2", {true, true, true}},
        {"one /48", "[2a00:1:2:300::1]:1", "[2a00:1:2:400::1]:1", {false, true, true}},
        {"one /32", "[2a00:1:2:300::1]:1", "[2a00:1:3:300::1]:1", {false, false, true}},
        {"two /32", "[2a00:1:2:300::1]:1", "[2a00:2:2:300::1]:1", {false, false, false}},
        {"families", "8.8.8.1:1", "[808:800::1]:1", {false, false, false}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_group_tally tally = skad_group_tally_of(group_of(cases[i].a));
        skad_group_tally_add(&tally, group_of(cases[i].b));
        for (unsigned level = 0; level < SKAD_GROUP_LEVELS; level++) {
            uint64_t a = skad_group_around(group_of(cases[i].a), level);
            uint64_t b = skad_group_around(group_of(cases[i].b), level);
            bool same = a != 0 && a == b;
            if (same != cases[i].same[level] || tally.same[level] != same) {
                fail_msg("%s, level %u", cases[i].label, level);
            }
        }
    }
    assert_true(skad_group_widest(group_of("8.8.8.1:1")) ==
                skad_group_around(group_of("8.8.8.1:1"), 1));
    assert_true(skad_group_widest(group_of("[2a00::1]:1")) ==
                skad_group_around(group_of("[2a00::1]:1"), 2));
}

/* Counts how many addresses fit that differ from the first in one byte. */
static size_t fit(const char *first, size_t byte, size_t max)
{
    skad_address address;
    assert_true(skad_address_parse(first, &address));
    skad_group_tally tally = skad_group_tally_of(skad_address_group(&address));
    size_t count = 0;
    while (count < 200 && skad_group_tally_has_room(&tally, max)) {
        address.ip[byte] = (uint8_t)count;
        skad_group_tally_add(&tally, skad_address_group(&address));
        count++;
    }
    return count;
}

static void limits_grow_with_the_width(void **state)
{
    (void)state;
    assert_int_equal(fit("8.8.8.0:1", 3, 10), 10);
    assert_int_equal(fit("8.8.0.1:1", 2, 10), 40);
    assert_int_equal(fit("8.0.8.1:1", 1, 10), 200);
    assert_int_equal(fit("[2a00:1:2:300::1]:1", 7, 10), 10);
    assert_int_equal(fit("[2a00:1:2::1]:1", 6, 10), 20);
    assert_int_equal(fit("[2a00:1::1]:1", 5, 10), 40);
    assert_int_equal(fit("[2a00::1]:1", 3, 10), 200);
    assert_int_equal(fit("10.8.8.0:1", 3, 10), 200); /* private ones are in no group */
    assert_int_equal(fit("[fd00::1]:1", 7, 10), 200);
    assert_int_equal(fit("8.8.8.0:1", 3, 0), 200);
}

/* ---- The table ---- */

typedef struct room {
    skad_table table;
    test_prng prng;
} room;

static room *make_room_for(size_t group_bucket_max, size_t group_table_max)
{
    room *made = calloc(1, sizeof *made);
    assert_non_null(made);
    made->prng.state = 7;
    skad_id self = test_prng_id(&made->prng);
    const skad_peers_plan plan = {.limit = 512};
    assert_int_equal(skad_table_init(&made->table, &self, 16, 80, &plan), SKAD_OK);
    made->table.group_bucket_max = group_bucket_max;
    made->table.group_table_max = group_table_max;
    return made;
}

static void close_room(room *made)
{
    skad_table_free(&made->table);
    free(made);
}

/* A remote peer who shares so many bits with us answers from host `host` of subnet `subnet`. */
static bool comes_in(room *made, unsigned shared, uint8_t subnet, uint8_t host)
{
    skad_id id = test_prng_id_near(&made->prng, &made->table.self, shared);
    skad_address address = {.family = SKAD_FAMILY_IPV4, .port = 4000, .ip = {8, subnet, 0, host}};
    bool wanted = skad_table_wants(&made->table, &id, &address);
    bool came = skad_table_answered(&made->table, &id, &address, 1000, 1000) != SKAD_PEER_NONE;
    assert_int_equal(wanted, came);
    return came;
}

/* Splits the table into buckets, by peers of many subnets. */
static void split_buckets(room *made)
{
    for (uint8_t i = 0; i < 64; i++) {
        assert_true(comes_in(made, i / 16, (uint8_t)(100 + i), 1));
    }
    assert_in_range(made->table.buckets_count, 4, 6);
}

static void a_bucket_takes_two_of_a_group(void **state)
{
    (void)state;
    room *made = make_room_for(2, 0);
    split_buckets(made);
    assert_true(comes_in(made, 0, 1, 1));
    assert_true(comes_in(made, 0, 1, 2));
    assert_false(comes_in(made, 0, 1, 3));
    assert_true(comes_in(made, 1, 1, 4)); /* another bucket */
    assert_true(comes_in(made, 0, 2, 1)); /* another subnet */
    close_room(made);
}

static void a_table_takes_ten_of_a_group(void **state)
{
    (void)state;
    room *made = make_room_for(0, 10);
    size_t came = 0;
    for (uint8_t i = 0; i < 40; i++) {
        came += comes_in(made, i % 8, 1, i);
    }
    assert_int_equal(came, 10);
    assert_true(comes_in(made, 0, 2, 1));
    close_room(made);
}

static void without_limits_a_group_may_have_it_all(void **state)
{
    (void)state;
    room *made = make_room_for(0, 0);
    for (uint8_t i = 0; i < 40; i++) {
        assert_true(comes_in(made, i % 8, 1, i));
    }
    close_room(made);
}

static void a_peer_known_elsewhere_gets_no_endpoint_in_a_full_group(void **state)
{
    (void)state;
    room *made = make_room_for(2, 10);
    skad_id id = test_prng_id_near(&made->prng, &made->table.self, 0);
    skad_address ipv6;
    assert_true(skad_address_parse("[2a00::1]:4000", &ipv6));
    assert_int_not_equal(skad_table_answered(&made->table, &id, &ipv6, 1000, 1000), SKAD_PEER_NONE);
    assert_true(comes_in(made, 0, 1, 1));
    assert_true(comes_in(made, 0, 1, 2));
    skad_address ipv4 = {.family = SKAD_FAMILY_IPV4, .port = 4000, .ip = {8, 1, 0, 3}};
    skad_peer_slot slot = skad_table_answered(&made->table, &id, &ipv4, 1000, 2000);
    assert_int_not_equal(slot, SKAD_PEER_NONE); /* it stays in the table */
    assert_int_equal(made->table.peers.peers[slot].families, SKAD_FAMILY_IPV6);
    close_room(made);
}

static void who_leaves_makes_room_for_his_group(void **state)
{
    (void)state;
    room *made = make_room_for(2, 0);
    skad_id id = test_prng_id_near(&made->prng, &made->table.self, 0);
    skad_address address = {.family = SKAD_FAMILY_IPV4, .port = 4000, .ip = {8, 1, 0, 200}};
    assert_int_not_equal(skad_table_answered(&made->table, &id, &address, 1000, 1000),
                         SKAD_PEER_NONE);
    assert_true(comes_in(made, 0, 1, 1));
    assert_false(comes_in(made, 0, 1, 2));
    for (unsigned i = 0; i < SKAD_TABLE_FAILURES_MAX; i++) {
        skad_table_failed(&made->table, &id, &address, 1000);
    }
    assert_true(comes_in(made, 0, 1, 3));
    close_room(made);
}

/* ---- Lookups ---- */

static skad_lookup *limited_lookup(uint8_t per_path, uint8_t in_all)
{
    skad_lookup *lookup = script_make(1, 4, 8, 4);
    lookup->group_path_max = per_path;
    lookup->group_max = in_all;
    return lookup;
}

/* Names node `number` in a subnet. */
static void seed_in(skad_lookup *lookup, uint32_t number, uint8_t subnet)
{
    skad_contact contact = script_contact_of(number);
    contact.ipv4.ip[1] = subnet;
    contact.ipv4.ip[2] = 0;
    contact.ipv4.ip[3] = (uint8_t)number;
    skad_lookup_seed(lookup, 0, &contact, &contact.ipv4);
}

static void a_lookup_asks_and_returns_only_the_closest_few_of_a_group(void **state)
{
    (void)state;
    skad_lookup *lookup = limited_lookup(2, 10);
    for (uint32_t number = 1; number <= 6; number++) {
        seed_in(lookup, number, 1);
    }
    seed_in(lookup, 100, 2);
    seed_in(lookup, 200, 3);
    script_assert_asks(lookup, NUMBERS(1, 2, 100, 200));
    static const uint32_t all[] = {1, 2, 100, 200};
    for (size_t i = 0; i < 4; i++) {
        script_answer(lookup, all[i], NULL, 0);
    }
    script_assert_asks(lookup, NULL, 0);
    assert_true(skad_lookup_done(lookup));
    uint16_t indices[SKAD_K_MAX];
    assert_int_equal(skad_lookup_closest(lookup, lookup->siblings, indices), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(script_number_of(lookup, indices[i]), all[i]);
    }
    skad_lookup_free(lookup);
}

static void invented_names_of_a_subnet_do_not_shut_it_out(void **state)
{
    (void)state;
    skad_lookup *lookup = limited_lookup(2, 2);
    for (uint32_t number = 1; number <= 6; number++) {
        seed_in(lookup, number, 1);
    }
    script_assert_asks(lookup, NUMBERS(1, 2));
    script_fail_node(lookup, 1);
    script_fail_node(lookup, 2);
    script_assert_asks(lookup, NUMBERS(3, 4));
    script_fail_node(lookup, 3);
    script_answer(lookup, 4, NULL, 0);
    script_assert_asks(lookup, NUMBERS(5));
    skad_lookup_free(lookup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_is_a_24_or_a_56),
        cmocka_unit_test(wider_groups_are_a_16_and_a_48_and_a_32),
        cmocka_unit_test(limits_grow_with_the_width),
        cmocka_unit_test(a_bucket_takes_two_of_a_group),
        cmocka_unit_test(a_table_takes_ten_of_a_group),
        cmocka_unit_test(without_limits_a_group_may_have_it_all),
        cmocka_unit_test(a_peer_known_elsewhere_gets_no_endpoint_in_a_full_group),
        cmocka_unit_test(who_leaves_makes_room_for_his_group),
        cmocka_unit_test(a_lookup_asks_and_returns_only_the_closest_few_of_a_group),
        cmocka_unit_test(invented_names_of_a_subnet_do_not_shut_it_out),
    };
    return cmocka_run_group_tests_name("diversity", tests, NULL, NULL);
}
