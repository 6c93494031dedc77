/* Shares of owners: at which widths groups are counted, who pays when a record moves, and that what
 * has expired does not count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/core/routing/diversity.h"
#include "src/core/storage/store_shares.h"
#include "tests/support/fixture.h"
#include "tests/support/put_script.h"
#include "tests/support/record_script.h"

#define RECORDS_MAX 512
#define NARROW      (RECORDS_MAX / SKAD_SHARE_GROUP)
#define SOME        20

static test_fixture fixture;
static test_remote *sender;

static int begin(void **state)
{
    (void)state;
    static const skad_store_caps caps = {RECORDS_MAX, 1 << 26, 64, 1 << 16};
    const skad_node_rates rates = {0};
    skad_profile profile = test_fixture_profile();
    skad_store store;
    profile.group_table_max = 10;
    assert_int_equal(skad_store_memory_new(&caps, &store), SKAD_OK);
    test_fixture_init_on(&fixture, &profile, &rates, store);
    sender = test_fixture_remote(&fixture);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static test_remote ipv4(unsigned x, unsigned y)
{
    test_remote out = *sender;
    out.address = (skad_address){SKAD_FAMILY_IPV4, 4000, {8, (uint8_t)x, (uint8_t)y, 1}};
    return out;
}

static test_remote ipv6(unsigned first, unsigned x, unsigned y)
{
    test_remote out = *sender;
    out.address = (skad_address){
        SKAD_FAMILY_IPV6, 4000, {0x2a, (uint8_t)first, 0, 0, 0, (uint8_t)x, (uint8_t)y, 1, 1}};
    return out;
}

static test_verdict bring(const test_remote *who, const test_bytes *record, uint32_t life_s)
{
    return test_bring(&fixture, who, record, (test_wish){.life_s = life_s});
}

/* Values from number *next on, until one is refused or `most` are stored; how many were. */
static unsigned fill(const test_remote *who, uint32_t *next, unsigned most, uint32_t life_s)
{
    for (unsigned stored = 0; stored < most; stored++) {
        test_bytes value = test_immutable_of((*next)++, 50);
        test_verdict got = bring(who, &value, life_s);
        if (!got.stored) {
            test_assert_refused("share", got, SKAD_ERROR_QUOTA, 0);
            return stored;
        }
    }
    return most;
}

static uint64_t used_by(const test_remote *who)
{
    uint8_t owner[32];
    skad_store_usage usage;
    skad_store_group_owner(skad_address_group(&who->address), owner);
    fixture.store.ops->usage(fixture.store.self, SKAD_OWNER_GROUP, owner, &usage);
    return usage.records;
}

/* How much a narrow group may have beside others. */
static unsigned narrow_beside(unsigned others)
{
    return (RECORDS_MAX - others) / SKAD_SHARE_GROUP;
}

static void wider_groups_have_larger_shares_and_no_more(void **state)
{
    (void)state;
    uint32_t next = 0;
    unsigned stored = 0;
    for (unsigned y = 0; y < 8; y++) { /* a /16: a quarter, from however many /24 */
        const test_remote who = ipv4(1, y);
        unsigned each = fill(&who, &next, RECORDS_MAX, DAY_S);
        assert_true(each <= NARROW);
        stored += each;
    }
    assert_int_equal(stored, 4 * NARROW);
    (void)end(state);
    (void)begin(state);
    stored = 0;
    for (unsigned y = 0; y < 8; y++) { /* a /48: an eighth */
        const test_remote who = ipv6(0, 1, y);
        unsigned each = fill(&who, &next, RECORDS_MAX, DAY_S);
        assert_true(each <= NARROW);
        stored += each;
    }
    assert_int_equal(stored, 2 * NARROW);
    for (unsigned x = 2; x < 8; x++) { /* a /32: a quarter */
        const test_remote who = ipv6(0, x, 1);
        stored += fill(&who, &next, RECORDS_MAX, DAY_S);
    }
    assert_int_equal(stored, 4 * NARROW);
    const test_remote elsewhere = ipv6(1, 1, 1);
    assert_int_equal(fill(&elsewhere, &next, RECORDS_MAX, DAY_S), narrow_beside(stored));
}

/* Two groups bring the same records in turns, for no longer than before, and so have no more than
 * the first one's share. */
static void what_is_not_prolonged_stays_with_the_group_it_came_with(void **state)
{
    (void)state;
    const test_remote a = ipv4(1, 1);
    const test_remote b = ipv4(2, 1);
    uint32_t next = 0;
    assert_int_equal(fill(&a, &next, RECORDS_MAX, DAY_S), NARROW);
    for (uint32_t i = 0; i < NARROW; i++) {
        test_bytes value = test_immutable_of(i, 50);
        assert_true(bring(&b, &value, DAY_S).stored);
    }
    assert_int_equal(used_by(&a), NARROW);
    assert_int_equal(used_by(&b), 0);
    assert_int_equal(fill(&a, &next, RECORDS_MAX, DAY_S), 0);
    assert_int_equal(fill(&b, &next, RECORDS_MAX, DAY_S), narrow_beside(NARROW));
}

/* A renewal by another group moves if it makes the record last longer, a new edition always. */
static void a_renewal_and_a_new_edition_move(void **state)
{
    (void)state;
    const test_remote a = ipv4(1, 1);
    const test_remote b = ipv4(2, 1);
    uint64_t expiry = fixture.now.unix_s + 2 * HOUR_S;
    test_bytes first = test_mutable_of(1, 1, expiry, "one");
    test_bytes renewed = test_mutable_of(1, 1, expiry + HOUR_S, "one");
    test_bytes second = test_mutable_of(1, 2, expiry, "two");
    uint32_t next = 0;
    assert_true(bring(&a, &first, DAY_S).stored);
    assert_int_equal(bring(&b, &renewed, HOUR_S).life_s, 2 * HOUR_S); /* for no longer */
    assert_true(test_holds(&fixture, &renewed));
    assert_int_equal(used_by(&a), 1);
    assert_int_equal(bring(&b, &renewed, DAY_S).life_s, 3 * HOUR_S);
    assert_int_equal(used_by(&a), 0);
    assert_int_equal(used_by(&b), 1);
    assert_true(bring(&a, &second, DAY_S).stored);
    assert_int_equal(used_by(&a), 1);
    assert_int_equal(used_by(&b), 0);

    /* Where the new group has no share left, the old edition stays. */
    test_bytes third = test_mutable_of(1, 3, expiry, "three");
    assert_int_equal(fill(&a, &next, SOME, DAY_S), SOME);
    assert_int_equal(fill(&b, &next, RECORDS_MAX, DAY_S), narrow_beside(SOME + 1));
    test_assert_refused("moved to a full share", bring(&b, &third, DAY_S), SKAD_ERROR_QUOTA, 0);
    assert_true(test_holds(&fixture, &second));
    assert_true(bring(&a, &third, DAY_S).stored);
}

/* Values first..end-1 again; how many are held for a day from now on. */
static unsigned bring_again(const test_remote *who, uint32_t first, uint32_t end)
{
    unsigned prolonged = 0;
    for (uint32_t i = first; i < end; i++) {
        test_bytes value = test_immutable_of(i, 50);
        test_verdict got = bring(who, &value, DAY_S);
        assert_true(got.stored || got.code == SKAD_ERROR_QUOTA);
        prolonged += got.stored && got.life_s == DAY_S;
    }
    return prolonged;
}

static void pass(uint64_t time_s)
{
    fixture.now.unix_s += time_s;
    fixture.now.mono_us += time_s * SKAD_US_PER_S;
}

static void what_others_keep_alive_does_not_block_the_group_that_brought_it(void **state)
{
    (void)state;
    const test_remote a = ipv4(1, 1);
    const test_remote b = ipv4(2, 1);
    uint32_t next = 0;
    assert_int_equal(fill(&a, &next, RECORDS_MAX, DAY_S), NARROW);
    for (unsigned day = 0; day < 3; day++) {
        pass(23 * HOUR_S);
        assert_int_equal(bring_again(&b, 0, NARROW), NARROW);
    }
    assert_int_equal(used_by(&a), 0);
    assert_int_equal(used_by(&b), NARROW);
    assert_int_equal(fill(&b, &next, RECORDS_MAX, DAY_S), 0);
    assert_int_equal(fill(&a, &next, RECORDS_MAX, DAY_S), narrow_beside(NARROW));
}

/* The answer states the life that is left; nothing has changed. */
static void without_room_to_prolong_a_record_stays_as_it_was(void **state)
{
    (void)state;
    const test_remote a = ipv4(1, 1);
    const test_remote b = ipv4(2, 1);
    test_bytes value = test_immutable_of(9999, 50);
    test_bytes signed_one = test_mutable_of(1, 1, fixture.now.unix_s + HOUR_S, "one");
    test_bytes renewed = test_mutable_of(1, 1, fixture.now.unix_s + DAY_S, "one");
    uint32_t next = 0;
    assert_true(bring(&a, &value, HOUR_S).stored);
    assert_true(bring(&a, &signed_one, DAY_S).stored);
    assert_int_equal(fill(&a, &next, SOME, DAY_S), SOME);
    assert_int_equal(fill(&b, &next, RECORDS_MAX, DAY_S), narrow_beside(SOME + 2));
    pass(60);
    test_verdict got = bring(&b, &value, DAY_S);
    assert_true(got.stored);
    assert_int_equal(got.life_s, HOUR_S - 60);
    assert_int_equal(bring(&b, &renewed, DAY_S).life_s, HOUR_S - 60);
    assert_int_equal(used_by(&a), SOME + 2);
    assert_int_equal(used_by(&b), narrow_beside(SOME + 2));
    assert_int_equal(bring(&a, &value, DAY_S).life_s, DAY_S);
}

/* One address at a time, of another /16 each day, which brings all that is held again. */
static void one_address_at_a_time_fills_no_more_than_one_share(void **state)
{
    (void)state;
    uint32_t next = 0;
    for (unsigned day = 0; day < 20; day++) {
        const test_remote today = ipv4(100 + day, 1);
        skad_store_totals totals;
        (void)bring_again(&today, 0, next);
        (void)fill(&today, &next, RECORDS_MAX, DAY_S);
        fixture.store.ops->totals(fixture.store.self, &totals);
        assert_int_equal(used_by(&today), NARROW);
        assert_int_equal(totals.records, NARROW);
        pass(23 * HOUR_S);
    }
}

/* A record that had expired is a new one. */
static void what_is_taken_over_after_its_end_is_charged_anew(void **state)
{
    (void)state;
    const test_remote a = ipv4(1, 1);
    const test_remote b = ipv4(2, 1);
    test_bytes value = test_immutable_of(9999, 50);
    uint32_t next = 0;
    assert_true(bring(&a, &value, 60).stored);
    assert_int_equal(fill(&b, &next, RECORDS_MAX, DAY_S), narrow_beside(1));
    fixture.now.unix_s += 60;
    assert_int_equal(fill(&b, &next, RECORDS_MAX, DAY_S), NARROW - narrow_beside(1));
    test_assert_refused("a full share", bring(&b, &value, DAY_S), SKAD_ERROR_QUOTA, 0);
    assert_true(bring(&a, &value, DAY_S).stored);
}

static void expired_records_do_not_count(void **state)
{
    (void)state;
    const test_remote a = ipv4(1, 1);
    uint32_t next = 0;
    assert_int_equal(fill(&a, &next, RECORDS_MAX, 60), NARROW);
    fixture.now.unix_s += 60; /* no sweep has come yet */
    assert_int_equal(fill(&a, &next, RECORDS_MAX, DAY_S), NARROW);
}

static uint64_t held(void)
{
    skad_store_totals totals;
    fixture.store.ops->totals(fixture.store.self, &totals);
    return totals.records;
}

/* As after a day in which the node was off. */
static void a_store_full_of_expired_records_takes_new_ones_at_once(void **state)
{
    (void)state;
    uint32_t next = 0;
    for (unsigned x = 0; held() < RECORDS_MAX; x++) {
        const test_remote who = ipv4(x, 1);
        unsigned more = (unsigned)(RECORDS_MAX - held());
        (void)fill(&who, &next, more < NARROW ? more : NARROW, HOUR_S);
    }
    const test_remote newcomer = ipv4(199, 1);
    test_bytes value = test_immutable_of(9999, 50);
    test_assert_refused("full", bring(&newcomer, &value, DAY_S), SKAD_ERROR_FULL, 0);
    fixture.now.unix_s += HOUR_S;
    unsigned stored = fill(&newcomer, &next, NARROW, DAY_S);
    assert_int_equal(stored, NARROW);
    for (unsigned x = 0; x < SKAD_SHARE_GROUP - 1; x++) {
        const test_remote who = ipv4(x, 1);
        unsigned each = fill(&who, &next, NARROW, DAY_S);
        assert_int_equal(each, narrow_beside(stored));
        stored += each;
    }
}

/* ---- Newcomers of groups that have less ---- */

#define WIDE 4 /* /16s of an attacker */
#define EACH 6 /* /24s of each */

/* Each of them in turn, one /24 after the other, as much as it may have. */
static void take_all_they_can(uint32_t *next)
{
    for (unsigned i = 0; i < WIDE * EACH; i++) {
        const test_remote who = ipv4(100 + i / EACH, i % EACH);
        (void)fill(&who, next, RECORDS_MAX, DAY_S);
    }
}

static void a_few_groups_that_take_all_they_can_leave_room_for_newcomers(void **state)
{
    (void)state;
    uint32_t next = 0;
    take_all_they_can(&next);
    assert_true(held() < RECORDS_MAX * 7 / 10); /* 1 - (3/4)^4 */
    for (unsigned x = 0; x < 50; x++) {
        const test_remote newcomer = ipv4(x, 7);
        test_bytes value = test_immutable_of(next++, 50);
        assert_true(bring(&newcomer, &value, DAY_S).stored);
    }
}

static uint64_t used_by_wide(unsigned i)
{
    const test_remote who = ipv4(100 + i, 0);
    uint8_t owner[32];
    skad_store_usage usage;
    skad_store_group_owner(skad_group_around(skad_address_group(&who.address), 1), owner);
    fixture.store.ops->usage(fixture.store.self, SKAD_OWNER_GROUP, owner, &usage);
    return usage.records;
}

/* They come an hour apart; then each brings its records again every hour. The first one had a
 * quarter, which is not prolonged once others have come: in the end, all have about a seventh. */
static void large_groups_shrink_when_others_come(void **state)
{
    (void)state;
    uint32_t next = 0;
    uint32_t firsts[WIDE * EACH + 1] = {0};
    for (unsigned i = 0; i < WIDE * EACH; i++) {
        const test_remote who = ipv4(100 + i / EACH, i % EACH);
        pass(i % EACH == 0 ? HOUR_S : 0);
        (void)fill(&who, &next, RECORDS_MAX, DAY_S);
        firsts[i + 1] = next;
    }
    assert_int_equal(used_by_wide(0), RECORDS_MAX / 4);
    for (unsigned hour = 0; hour < 26; hour++) {
        pass(HOUR_S);
        for (unsigned i = 0; i < WIDE * EACH; i++) {
            const test_remote who = ipv4(100 + i / EACH, i % EACH);
            (void)bring_again(&who, firsts[i], firsts[i + 1]);
        }
    }
    (void)fixture.store.ops->sweep(fixture.store.self, fixture.now.unix_s, RECORDS_MAX);
    for (unsigned i = 0; i < WIDE; i++) {
        assert_in_range(used_by_wide(i), RECORDS_MAX / 9, RECORDS_MAX / 5);
    }
}

/* We are in no group, so our own records have what the others leave. */
static void what_we_keep_ourselves_is_in_no_share(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2 * NARROW; i++) {
        const skad_share_claim claim = {.group = 0, .bytes = 1};
        assert_true(skad_shares_have_room(fixture.node, &claim));
        const skad_store_record record = {.name = {.key = {{(uint8_t)i, 1}}, .type = 1},
                                          .expires_unix_s = fixture.now.unix_s + DAY_S,
                                          .data = (const uint8_t *)"x",
                                          .len = 1};
        assert_int_equal(fixture.store.ops->put(fixture.store.self, SKAD_STORE_REPLICAS, &record,
                                                fixture.now.unix_s),
                         SKAD_OK);
    }
    const test_remote who = ipv4(1, 1); /* whose address has no third width */
    const skad_share_claim claim = {.group = skad_address_group(&who.address), .bytes = 1};
    assert_true(skad_shares_have_room(fixture.node, &claim));
}

static void a_publisher_without_room_left_is_counted_in_bytes_too(void **state)
{
    (void)state;
    assert_int_equal(skad_share_of(6400, SKAD_SHARE_PUBLISHER, 1, 8), 100);
    assert_int_equal(skad_share_of(64, SKAD_SHARE_PUBLISHER, 1, 8), 8);
    assert_int_equal(skad_share_of(1600, SKAD_SHARE_GROUP, 4, 8), 400);
    const uint8_t publisher[32] = {1};
    skad_share_claim claim = {.publisher = publisher, .bytes = (1 << 26) / 64};
    assert_true(skad_shares_have_room(fixture.node, &claim));
    claim.bytes++;
    assert_false(skad_shares_have_room(fixture.node, &claim));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(wider_groups_have_larger_shares_and_no_more, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_prolonged_stays_with_the_group_it_came_with,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_renewal_and_a_new_edition_move, begin, end),
        cmocka_unit_test_setup_teardown(
            what_others_keep_alive_does_not_block_the_group_that_brought_it, begin, end),
        cmocka_unit_test_setup_teardown(without_room_to_prolong_a_record_stays_as_it_was, begin,
                                        end),
        cmocka_unit_test_setup_teardown(one_address_at_a_time_fills_no_more_than_one_share, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_is_taken_over_after_its_end_is_charged_anew, begin,
                                        end),
        cmocka_unit_test_setup_teardown(expired_records_do_not_count, begin, end),
        cmocka_unit_test_setup_teardown(a_store_full_of_expired_records_takes_new_ones_at_once,
                                        begin, end),
        cmocka_unit_test_setup_teardown(
            a_few_groups_that_take_all_they_can_leave_room_for_newcomers, begin, end),
        cmocka_unit_test_setup_teardown(large_groups_shrink_when_others_come, begin, end),
        cmocka_unit_test_setup_teardown(what_we_keep_ourselves_is_in_no_share, begin, end),
        cmocka_unit_test_setup_teardown(a_publisher_without_room_left_is_counted_in_bytes_too,
                                        begin, end),
    };
    return cmocka_run_group_tests_name("store_shares", tests, NULL, NULL);
}
