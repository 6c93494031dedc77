/* Places under a key: an attacker that comes first keeps no honest announcement out, whatever keys
 * and addresses it has, and neither does it keep out records of another type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/core/routing/diversity.h"
#include "src/core/storage/key_places.h"
#include "tests/support/fixture.h"
#include "tests/support/put_script.h"
#include "tests/support/record_script.h"

/* ---- The rule alone ---- */

/* 45.x.y/24 and 2a00:x:yy00::/56 */
static uint64_t ipv4(unsigned x, unsigned y)
{
    const skad_address address = {SKAD_FAMILY_IPV4, 1, {45, (uint8_t)x, (uint8_t)y, 1}};
    return skad_address_group(&address);
}

static uint64_t ipv6(unsigned first, unsigned x, unsigned y)
{
    const skad_address address = {
        SKAD_FAMILY_IPV6, 1, {0x2a, (uint8_t)first, 0, 0, 0, (uint8_t)x, (uint8_t)y}};
    return skad_address_group(&address);
}

typedef struct shelf {
    skad_store_place places[SKAD_KEY_PLACES_MAX];
    size_t count;
} shelf;

static void add(shelf *to, uint64_t group, size_t times)
{
    for (; times > 0; times--) {
        assert_true(to->count < SKAD_KEY_PLACES_MAX);
        to->places[to->count++].group = group;
    }
}

/* Which group gives way to a newcomer; 1: none has to; 2: the newcomer is refused. */
#define FREE    1
#define REFUSED 2
static uint64_t gives_way(const shelf *of, uint64_t group, uint8_t seed)
{
    const uint8_t bytes[SKAD_SEED_BYTES] = {seed};
    skad_random random;
    size_t victim = SIZE_MAX;
    skad_random_init(&random, bytes);
    switch (skad_key_place_for(group, true, of->places, of->count, &random, &victim)) {
    case SKAD_PLACE_FREE:
        return FREE;
    case SKAD_PLACE_OF_ONE:
        assert_true(victim < of->count);
        return of->places[victim].group;
    case SKAD_PLACE_REFUSED:
        return REFUSED;
    }
    return 0;
}

/* The order that the store has them in is the attacker's choice. */
static void the_order_of_the_announcements_does_not_matter(void **state)
{
    (void)state;
    for (unsigned order = 0; order < 64; order++) {
        shelf of = {.count = 0};
        for (unsigned i = 0; i < SKAD_KEY_PLACES_MAX; i++) {
            unsigned at = (i * (2 * order + 1)) % SKAD_KEY_PLACES_MAX; /* a permutation */
            add(&of, at == 0 ? ipv4(7, 2) : ipv4(at, 1), 1);           /* one /16 has two */
        }
        uint64_t gone = gives_way(&of, ipv4(1, 1), (uint8_t)order);
        assert_in_range(gone, ipv4(7, 1), ipv4(7, 2));
    }
}

static void a_group_of_each_width_has_its_part(void **state)
{
    (void)state;
    shelf of = {.count = 0};
    add(&of, ipv4(1, 1), 15);
    assert_int_equal(gives_way(&of, ipv4(1, 1), 0), FREE);
    add(&of, ipv4(1, 1), 1);
    assert_int_equal(gives_way(&of, ipv4(1, 1), 0), REFUSED); /* a /24 is full */
    assert_int_equal(gives_way(&of, ipv4(1, 2), 0), FREE);
    add(&of, ipv4(1, 2), 16);
    add(&of, ipv4(1, 3), 16);
    add(&of, ipv4(1, 4), 15);
    assert_int_equal(gives_way(&of, ipv4(1, 4), 0), FREE);
    add(&of, ipv4(1, 4), 1); /* a /16 is full */
    assert_int_equal(gives_way(&of, ipv4(1, 4), 0), REFUSED);
    assert_in_range(gives_way(&of, ipv4(1, 5), 0), ipv4(1, 1), ipv4(1, 4));
    assert_int_equal(gives_way(&of, ipv4(2, 1), 0), FREE);

    of.count = 0;
    add(&of, ipv6(0, 1, 1), 16);
    add(&of, ipv6(0, 1, 2), 15);
    assert_int_equal(gives_way(&of, ipv6(0, 1, 1), 0), REFUSED); /* a /56 */
    assert_int_equal(gives_way(&of, ipv6(0, 1, 3), 0), FREE);
    add(&of, ipv6(0, 1, 2), 1);
    assert_in_range(gives_way(&of, ipv6(0, 1, 3), 0), ipv6(0, 1, 1), ipv6(0, 1, 2)); /* a /48 */
    add(&of, ipv6(0, 2, 1), 16);
    add(&of, ipv6(0, 3, 1), 16); /* a /32 */
    assert_in_range(gives_way(&of, ipv6(0, 4, 1), 0), ipv6(0, 1, 1), ipv6(0, 1, 2));
    assert_in_range(gives_way(&of, ipv6(0, 3, 2), 0), ipv6(0, 1, 1), ipv6(0, 1, 2));
    assert_int_equal(gives_way(&of, ipv6(1, 1, 1), 0), FREE);
}

static void of_a_full_key_the_largest_group_gives_way(void **state)
{
    (void)state;
    shelf of = {.count = 0};
    for (unsigned x = 1; x <= 4; x++) {
        for (unsigned y = 1; y <= 4; y++) {
            add(&of, ipv4(x, y), x == 3 ? 15 : 16); /* three /16 of 64, one of 60 */
        }
    }
    add(&of, ipv4(9, 1), 4);
    assert_int_equal(of.count, SKAD_KEY_PLACES_MAX);
    for (uint8_t seed = 0; seed < 20; seed++) {
        uint64_t gone = gives_way(&of, ipv4(7, 7), seed);
        assert_true(gone >> 8 == ipv4(1, 0) >> 8 || gone >> 8 == ipv4(2, 0) >> 8 ||
                    gone >> 8 == ipv4(4, 0) >> 8);
    }
    assert_int_equal(gives_way(&of, ipv4(1, 1), 0), REFUSED);
    assert_int_equal(gives_way(&of, ipv4(1, 9), 0) >> 8, ipv4(1, 0) >> 8); /* beside the attacker */
    assert_true(gives_way(&of, ipv4(9, 1), 0) > REFUSED);
    assert_true(gives_way(&of, ipv6(0, 1, 1), 0) > REFUSED);
    assert_true(gives_way(&of, 0, 0) > REFUSED); /* we ourselves */
}

static void of_equal_groups_each_gives_way_at_times(void **state)
{
    (void)state;
    unsigned times[16] = {0};
    shelf of = {.count = 0};
    for (unsigned x = 0; x < 16; x++) {
        add(&of, ipv4(x, 1), 16);
    }
    for (unsigned seed = 0; seed < 250; seed++) {
        times[(gives_way(&of, ipv4(200, 1), (uint8_t)seed) >> 8) - (ipv4(0, 0) >> 8)]++;
    }
    for (size_t i = 0; i < 16; i++) { /* 15.6 on average */
        assert_in_range(times[i], 3, 36);
    }
    assert_int_equal(gives_way(&of, ipv4(3, 1), 0), REFUSED);
    assert_int_equal(gives_way(&of, ipv4(3, 2), 0), ipv4(3, 1)); /* inside its own /16 */
}

static void where_groups_do_not_count_a_full_key_is_full(void **state)
{
    (void)state;
    shelf of = {.count = 0};
    skad_random random = {0};
    size_t victim;
    add(&of, ipv4(1, 1), SKAD_KEY_PLACES_MAX - 1);
    assert_int_equal(skad_key_place_for(5, false, of.places, of.count, &random, &victim),
                     SKAD_PLACE_FREE);
    add(&of, ipv4(1, 1), 1);
    assert_int_equal(skad_key_place_for(5, false, of.places, of.count, &random, &victim),
                     SKAD_PLACE_REFUSED);
}

/* ---- In a store ---- */

static test_fixture fixture;

static int begin(void **state)
{
    (void)state;
    static const skad_store_caps caps = {1 << 16, 1 << 26, 64, 1 << 16};
    const skad_node_rates rates = {0};
    skad_profile profile = test_fixture_profile();
    skad_store store;
    profile.group_table_max = 10;
    assert_int_equal(skad_store_memory_new(&caps, &store), SKAD_OK);
    test_fixture_init_on(&fixture, &profile, &rates, store);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static test_remote at(unsigned x, unsigned y)
{
    static test_remote *who;
    if (fixture.remotes_count == 0) {
        who = test_fixture_remote(&fixture);
    }
    test_remote out = *who;
    out.address = (skad_address){SKAD_FAMILY_IPV4, 4000, {8, (uint8_t)x, (uint8_t)y, 1}};
    return out;
}

static test_verdict bring(const test_remote *who, const test_bytes *record)
{
    return test_bring(&fixture, who, record, (test_wish){0});
}

/* So many announcements of an address under the key that begins with a byte, of publishers from
 * `first` on; how many were taken. */
static unsigned announce(const test_remote *who, uint8_t key, uint32_t first, unsigned count,
                         uint64_t life_s)
{
    unsigned taken = 0;
    for (uint32_t i = 0; i < count; i++) {
        test_bytes one = test_announcement_of(first + i, key, 1, fixture.now.unix_s + life_s);
        taken += bring(who, &one).stored;
    }
    return taken;
}

static size_t held_under(uint8_t key)
{
    const skad_id id = {{key}};
    static skad_store_place places[SKAD_KEY_PLACES_MAX + 10];
    return fixture.store.ops->survey(fixture.store.self, &id, SKAD_RECORD_ANNOUNCEMENT, places,
                                     SKAD_KEY_PLACES_MAX + 10);
}

static void one_address_does_not_fill_a_key(void **state)
{
    (void)state;
    const test_remote attacker = at(1, 1);
    const test_remote honest = at(2, 1);
    assert_int_equal(announce(&attacker, 1, 0, 40, DAY_S), SKAD_KEY_PLACES_GROUP_MAX);
    assert_int_equal(announce(&honest, 1, 1000, 1, DAY_S), 1);
}

/* A key of announcements is a key of other records as well: that of a file's root, or of a record
 * whose publisher and salt are known. */
static void announcements_keep_no_record_of_another_type_out(void **state)
{
    (void)state;
    test_bytes value = test_immutable_of(1, 100);
    test_bytes latest = test_mutable_of(1, 1, fixture.now.unix_s + DAY_S, "value");
    const test_remote honest = at(200, 1);
    const test_bytes *wanted[] = {&value, &latest};
    for (size_t i = 0; i < 2; i++) {
        skad_record record;
        assert_true(skad_record_decode(wanted[i]->data, wanted[i]->len, &record));
        for (uint32_t j = 0; j < SKAD_KEY_PLACES_MAX; j++) {
            const skad_store_record squatter = {.name = {.key = record.key,
                                                         .type = SKAD_RECORD_ANNOUNCEMENT,
                                                         .publisher = {(uint8_t)j, 1}},
                                                .expires_unix_s = fixture.now.unix_s + DAY_S,
                                                .group = ipv4(j % 16, 1),
                                                .data = (const uint8_t *)"x",
                                                .len = 1};
            assert_int_equal(fixture.store.ops->put(fixture.store.self, SKAD_STORE_REPLICAS,
                                                    &squatter, fixture.now.unix_s),
                             SKAD_OK);
        }
        assert_true(bring(&honest, wanted[i]).stored);
    }
}

static void a_full_key_takes_newcomers_of_other_groups(void **state)
{
    (void)state;
    for (unsigned x = 1; x <= 4; x++) {
        for (unsigned y = 1; y <= 4; y++) {
            const test_remote attacker = at(x, y);
            assert_int_equal(announce(&attacker, 1, 100 * x + 20 * y, 16, DAY_S), 16);
        }
    }
    assert_int_equal(held_under(1), SKAD_KEY_PLACES_MAX);
    for (unsigned x = 10; x < 40; x++) {
        const test_remote honest = at(x, 1);
        assert_int_equal(announce(&honest, 1, 1000 + x, 1, DAY_S), 1);
    }
    assert_int_equal(held_under(1), SKAD_KEY_PLACES_MAX);
    const test_remote attacker = at(1, 5); /* of the attacker's /16, which had 64 and lost some */
    test_bytes one = test_announcement_of(5000, 1, 1, fixture.now.unix_s + DAY_S);
    (void)bring(&attacker, &one);
    for (unsigned x = 10; x < 40; x++) { /* honest ones stay */
        test_bytes theirs = test_announcement_of(1000 + x, 1, 1, fixture.now.unix_s + DAY_S);
        assert_true(test_holds(&fixture, &theirs));
    }
}

/* One that is refused for another reason has pushed none out. */
static void a_newcomer_without_room_in_the_store_takes_no_place(void **state)
{
    (void)state;
    static const skad_store_caps caps = {SKAD_KEY_PLACES_MAX, 1 << 20, 1, 1};
    const skad_node_rates rates = {0};
    skad_profile profile = fixture.profile;
    skad_store store;
    test_fixture_free(&fixture);
    assert_int_equal(skad_store_memory_new(&caps, &store), SKAD_OK);
    test_fixture_init_on(&fixture, &profile, &rates, store);
    for (unsigned x = 1; x <= 32; x++) { /* eight is the least share */
        const test_remote provider = at(x, 1);
        assert_int_equal(announce(&provider, 1, 100 * x, 8, DAY_S), 8);
    }
    const test_remote newcomer = at(99, 1);
    test_bytes one = test_announcement_of(9000, 1, 1, fixture.now.unix_s + DAY_S);
    test_assert_refused("full", bring(&newcomer, &one), SKAD_ERROR_FULL, 0);
    assert_int_equal(held_under(1), SKAD_KEY_PLACES_MAX);
}

static void expired_announcements_have_no_place(void **state)
{
    (void)state;
    const test_remote provider = at(1, 1);
    for (unsigned x = 1; x <= 16; x++) {
        const test_remote who = at(x, 1);
        assert_int_equal(announce(&who, 1, 100 * x, 16, HOUR_S), 16);
    }
    fixture.now.unix_s += HOUR_S;
    fixture.now.mono_us += 1; /* no sweep has come yet */
    assert_int_equal(announce(&provider, 1, 5000, 17, DAY_S), 16);
    assert_true(held_under(1) <= SKAD_KEY_PLACES_MAX);
}

/* A new edition from elsewhere needs a place there; the old one stays until it has one. */
static void a_change_of_group_needs_a_place(void **state)
{
    (void)state;
    const test_remote before = at(1, 1);
    const test_remote after = at(2, 1);
    uint64_t expiry = fixture.now.unix_s + DAY_S;
    test_bytes first = test_announcement_of(7, 1, 1, expiry);
    test_bytes second = test_announcement_of(7, 1, 2, expiry);
    assert_int_equal(announce(&after, 1, 100, 16, DAY_S), 16);
    assert_true(bring(&before, &first).stored);
    test_assert_refused("no place", bring(&after, &second), SKAD_ERROR_QUOTA, 0);
    assert_true(test_holds(&fixture, &first));
    assert_true(bring(&after, &first).stored); /* the same edition stays where it was */
    assert_true(bring(&before, &second).stored);
}

/* How many of thirty honest announcements, which end in nearly two lives, are held. */
#define HONEST      30
#define HONEST_LIFE (2 * DAY_S - HOUR_S)
static unsigned honest_held(void)
{
    unsigned held = 0;
    for (uint32_t i = 0; i < HONEST; i++) {
        test_bytes one = test_announcement_of(1000 + i, 1, 1, fixture.now.unix_s + HONEST_LIFE);
        skad_store_record found;
        held += test_held(&fixture, &one, &found);
    }
    return held;
}

/* Found by a review: an attacker brought what others had announced once more, so that it counted
 * for the attacker's own group, and gave way there to what the attacker brought next. */
static void no_group_draws_the_announcements_of_others_into_itself(void **state)
{
    (void)state;
    test_bytes all[HONEST];
    for (uint32_t i = 0; i < HONEST; i++) {
        const test_remote honest = at(100 + i, 1);
        all[i] = test_announcement_of(1000 + i, 1, 1, fixture.now.unix_s + HONEST_LIFE);
        assert_true(bring(&honest, &all[i]).stored);
    }
    fixture.now.unix_s += 2;
    for (uint32_t i = 0; i < HONEST; i++) {
        const test_remote attacker = at(1, 1 + i / 16);
        assert_true(bring(&attacker, &all[i]).stored);
    }
    for (unsigned y = 0; y < 64; y++) {
        const test_remote attacker = at(1, 10 + y);
        (void)announce(&attacker, 1, 5000 + 10 * y, 4, DAY_S);
    }
    fixture.now.unix_s -= 2; /* for the same bytes */
    assert_in_range(honest_held(), HONEST - 1,
                    HONEST); /* one that had no neighbour had none there */
}

/* A neighbour that hands over pays for what it brings until the publishers come. */
static void publishers_take_their_own_out_of_a_crowded_group(void **state)
{
    (void)state;
    const test_remote giver = at(1, 1);
    test_bytes all[SKAD_KEY_PLACES_GROUP_MAX];
    for (uint32_t i = 0; i < SKAD_KEY_PLACES_GROUP_MAX; i++) {
        all[i] = test_announcement_of(1000 + i, 1, 1, fixture.now.unix_s + HONEST_LIFE);
        assert_true(bring(&giver, &all[i]).stored);
    }
    fixture.now.unix_s += 2;
    for (uint32_t i = 0; i < SKAD_KEY_PLACES_GROUP_MAX; i++) {
        const test_remote publisher = at(100 + i, 1);
        skad_store_record found;
        assert_true(bring(&publisher, &all[i]).stored);
        assert_true(test_held(&fixture, &all[i], &found));
        assert_int_equal(found.group, skad_address_group(&publisher.address));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_of_each_width_has_its_part),
        cmocka_unit_test(the_order_of_the_announcements_does_not_matter),
        cmocka_unit_test(of_a_full_key_the_largest_group_gives_way),
        cmocka_unit_test(of_equal_groups_each_gives_way_at_times),
        cmocka_unit_test(where_groups_do_not_count_a_full_key_is_full),
        cmocka_unit_test_setup_teardown(one_address_does_not_fill_a_key, begin, end),
        cmocka_unit_test_setup_teardown(announcements_keep_no_record_of_another_type_out, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_full_key_takes_newcomers_of_other_groups, begin, end),
        cmocka_unit_test_setup_teardown(a_newcomer_without_room_in_the_store_takes_no_place, begin,
                                        end),
        cmocka_unit_test_setup_teardown(expired_announcements_have_no_place, begin, end),
        cmocka_unit_test_setup_teardown(a_change_of_group_needs_a_place, begin, end),
        cmocka_unit_test_setup_teardown(no_group_draws_the_announcements_of_others_into_itself,
                                        begin, end),
        cmocka_unit_test_setup_teardown(publishers_take_their_own_out_of_a_crowded_group, begin,
                                        end),
    };
    return cmocka_run_group_tests_name("key_places", tests, NULL, NULL);
}
