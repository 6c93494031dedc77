/* Addresses of several points to join through: a share for each, a random choice of too many. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/host/net/join_shares.h"

#define MANY  40
#define DRAWS 400

static skad_address address_of(unsigned point, unsigned number)
{
    return (skad_address){SKAD_FAMILY_IPV4, 4700, {45, 0, (uint8_t)point, (uint8_t)number}};
}

static skad_random seeded(uint8_t seed)
{
    const uint8_t bytes[SKAD_SEED_BYTES] = {seed};
    skad_random random;
    skad_random_init(&random, bytes);
    return random;
}

static void offer(skad_join_share *share, unsigned point, unsigned count, skad_random *random)
{
    for (unsigned i = 0; i < count; i++) {
        const skad_address address = address_of(point, i);
        skad_join_share_offer(share, &address, random);
    }
}

/* How many addresses of the point are in the list. */
static size_t count_of(const skad_join_list *list, unsigned point)
{
    size_t found = 0;
    for (size_t i = 0; i < list->count; i++) {
        found += list->each[i].ip[2] == point;
    }
    return found;
}

static void points_take_turns(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        unsigned offered[3];
        size_t taken[3];
    } cases[] = {
        {"one with many before one with one", {MANY, 1, 0}, {31, 1, 0}},
        {"one with many behind the others", {1, 2, MANY}, {1, 2, 29}},
        {"two with many and one with few", {MANY, 3, MANY}, {15, 3, 14}},
        {"all with many", {MANY, MANY, MANY}, {11, 11, 10}},
        {"room for all", {3, 20, 9}, {3, 20, 9}},
        {"none", {0, 0, 0}, {0, 0, 0}},
    };
    skad_random random = seeded(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static skad_join_share shares[3];
        skad_join_list list = {.count = 0};
        memset(shares, 0, sizeof shares);
        for (unsigned point = 0; point < 3; point++) {
            offer(&shares[point], point, cases[i].offered[point], &random);
        }
        skad_join_shares_take(shares, 3, &list);
        for (unsigned point = 0; point < 3; point++) {
            if (count_of(&list, point) != cases[i].taken[point]) {
                fail_msg("%s: %zu of point %u", cases[i].label, count_of(&list, point), point);
            }
            assert_int_equal(skad_join_share_left_out(&shares[point], &list),
                             cases[i].offered[point] - cases[i].taken[point]);
        }
    }
}

/* Each of forty is kept in 320 of 400 draws, and first in 10 of them, give or take. */
static void each_address_is_as_likely_as_another(void **state)
{
    (void)state;
    unsigned kept[MANY] = {0};
    unsigned first[MANY] = {0};
    skad_random random = seeded(2);
    for (unsigned draw = 0; draw < DRAWS; draw++) {
        skad_join_share share = {.offered = 0};
        offer(&share, 0, MANY, &random);
        assert_int_equal(share.kept.count, SKAD_JOIN_LIST_MAX);
        assert_int_equal(share.offered, MANY);
        first[share.kept.each[0].ip[3]]++;
        for (size_t i = 0; i < share.kept.count; i++) {
            kept[share.kept.each[i].ip[3]]++;
        }
    }
    for (unsigned i = 0; i < MANY; i++) {
        assert_in_range(kept[i], 280, 360);
        assert_in_range(first[i], 1, 25);
    }
}

static void an_address_counts_once(void **state)
{
    (void)state;
    static skad_join_share shares[2];
    skad_join_list list = {.count = 0};
    skad_random random = seeded(3);
    const skad_address both = address_of(0, 0);
    skad_join_share_offer(&shares[0], &both, &random);
    skad_join_share_offer(&shares[0], &both, &random);
    skad_join_share_offer(&shares[1], &both, &random);
    assert_int_equal(shares[0].offered, 1);
    skad_join_shares_take(shares, 2, &list);
    assert_int_equal(list.count, 1);
    assert_int_equal(skad_join_share_left_out(&shares[1], &list), 0);
    assert_false(skad_join_list_add(&list, &both));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_take_turns),
        cmocka_unit_test(each_address_is_as_likely_as_another),
        cmocka_unit_test(an_address_counts_once),
    };
    return cmocka_run_group_tests_name("join_shares", tests, NULL, NULL);
}
