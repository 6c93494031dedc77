/* What a holder takes and what it refuses: each error code of PROTOCOL.md is produced here by a
 * request on the wire, and every rule about replacing, renewing and giving. How long it keeps what
 * it took is in test_replica_life.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "skad/record.h"
#include "src/core/routing/diversity.h"
#include "src/core/storage/store_shares.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/put_script.h"

static int begin(void **state)
{
    static test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    test_fixture_free(*state);
    return 0;
}

/* ---- Refusals ---- */

static void what_is_wrong_with_a_record_has_a_code_of_its_own(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint64_t now = fixture->now.unix_s;
    test_bytes good = test_mutable_of(1, 5, now + DAY_S, "value");
    test_bytes unsigned_ = good;
    test_bytes foreign = good;
    test_bytes broken = good;
    unsigned_.data[unsigned_.len - 1] ^= 1;
    foreign.data[5] ^= 1; /* another publisher, so another key and a signature that is not its */
    broken.len--;
    test_bytes past = test_mutable_of(1, 5, now, "value");
    test_bytes far = test_mutable_of(1, 5, now + 2 * DAY_S + 1, "value");
    test_bytes farthest = test_mutable_of(2, 5, now + 2 * DAY_S, "value");
    test_bytes announced_past = test_announcement_of(1, 1, 1, now);
    test_bytes announced_far = test_announcement_of(1, 1, 1, now + 2 * DAY_S + 1);
    test_bytes announced_unsigned = test_announcement_of(1, 1, 1, now + DAY_S);
    announced_unsigned.data[announced_unsigned.len - 1] ^= 1;
    test_assert_refused("signature", test_bring(fixture, who, &unsigned_, (test_wish){0}),
                        SKAD_ERROR_INVALID, 0);
    test_assert_refused("publisher", test_bring(fixture, who, &foreign, (test_wish){0}),
                        SKAD_ERROR_INVALID, 0);
    test_assert_refused("form", test_bring(fixture, who, &broken, (test_wish){0}),
                        SKAD_ERROR_INVALID, 0);
    test_assert_refused("expired", test_bring(fixture, who, &past, (test_wish){0}),
                        SKAD_ERROR_EXPIRED, 0);
    test_assert_refused("too far", test_bring(fixture, who, &far, (test_wish){0}),
                        SKAD_ERROR_TOO_FAR, 0);
    test_assert_refused("announced, expired",
                        test_bring(fixture, who, &announced_past, (test_wish){0}),
                        SKAD_ERROR_EXPIRED, 0);
    test_assert_refused("announced, too far",
                        test_bring(fixture, who, &announced_far, (test_wish){0}),
                        SKAD_ERROR_TOO_FAR, 0);
    test_assert_refused("announced, signature",
                        test_bring(fixture, who, &announced_unsigned, (test_wish){0}),
                        SKAD_ERROR_INVALID, 0);
    skad_store_totals fill;
    fixture->store.ops->totals(fixture->store.self, &fill);
    assert_int_equal(fill.records, 0);
    assert_true(test_bring(fixture, who, &farthest, (test_wish){0}).stored);
    assert_true(test_bring(fixture, who, &good, (test_wish){0}).stored);
}

static void a_record_of_the_other_rpc_is_invalid(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    test_bytes value = test_immutable_of(1, 100);
    test_bytes announced = test_announcement_of(1, 1, 1, fixture->now.unix_s + DAY_S);
    uint8_t token[SKAD_TOKEN_BYTES];
    test_exchange exchange;
    test_fixture_token(fixture, who, token);
    skad_message announce = {.kind = SKAD_KIND_ANNOUNCE,
                             .u.announce.record = {value.data, value.len}};
    test_fixture_ask(fixture, who, &announce, token, &exchange);
    assert_int_equal(exchange.opened.message.kind, SKAD_KIND_ERROR);
    assert_int_equal(exchange.opened.message.u.reply.u.error.code, SKAD_ERROR_INVALID);
    skad_message store = {.kind = SKAD_KIND_STORE,
                          .u.store = {.record = {announced.data, announced.len}, .life_s = 1}};
    test_fixture_ask(fixture, who, &store, token, &exchange);
    assert_int_equal(exchange.opened.message.kind, SKAD_KIND_ERROR);
    assert_int_equal(exchange.opened.message.u.reply.u.error.code, SKAD_ERROR_INVALID);
}

static void a_lower_sequence_never_replaces_a_higher_one(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint64_t expiry = fixture->now.unix_s + DAY_S;
    test_bytes five = test_mutable_of(1, 5, expiry, "five");
    test_bytes four = test_mutable_of(1, 4, expiry + 1, "four");
    test_bytes six = test_mutable_of(1, 6, expiry, "six");
    assert_true(test_bring(fixture, who, &five, (test_wish){0}).stored);
    test_assert_refused("lower", test_bring(fixture, who, &four, (test_wish){0}), SKAD_ERROR_OLDER,
                        5);
    assert_true(test_holds(fixture, &five));
    assert_true(test_bring(fixture, who, &six, (test_wish){0}).stored);
    test_assert_refused("lower now", test_bring(fixture, who, &five, (test_wish){0}),
                        SKAD_ERROR_OLDER, 6);
    assert_true(test_holds(fixture, &six));
    test_bytes announced = test_announcement_of(1, 1, 9, expiry);
    test_bytes announced_before = test_announcement_of(1, 1, 8, expiry);
    assert_true(test_bring(fixture, who, &announced, (test_wish){0}).stored);
    test_assert_refused("announced before",
                        test_bring(fixture, who, &announced_before, (test_wish){0}),
                        SKAD_ERROR_OLDER, 9);
}

static void one_sequence_says_one_thing_only(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint64_t expiry = fixture->now.unix_s + DAY_S;
    test_bytes first = test_mutable_of(1, 5, expiry, "one");
    test_bytes other = test_mutable_of(1, 5, expiry, "two");
    assert_true(test_bring(fixture, who, &first, (test_wish){0}).stored);
    test_assert_refused("another value", test_bring(fixture, who, &other, (test_wish){0}),
                        SKAD_ERROR_CONFLICT, 5);
    assert_true(test_holds(fixture, &first));
    assert_true(
        test_bring(fixture, who, &first, (test_wish){0}).stored); /* the very same is no conflict */
}

static void a_renewal_says_the_same_for_longer(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint64_t expiry = fixture->now.unix_s + HOUR_S;
    test_bytes first = test_mutable_of(1, 5, expiry, "one");
    test_bytes later = test_mutable_of(1, 5, expiry + HOUR_S, "one");
    assert_int_equal(test_bring(fixture, who, &first, (test_wish){0}).life_s, HOUR_S);
    test_verdict renewed = test_bring(fixture, who, &later, (test_wish){0});
    assert_true(renewed.stored);
    assert_int_equal(renewed.life_s, 2 * HOUR_S);
    assert_true(test_holds(fixture, &later));
    /* The earlier one is acknowledged, and changes nothing. */
    test_verdict again = test_bring(fixture, who, &first, (test_wish){0});
    assert_true(again.stored);
    assert_int_equal(again.life_s, 2 * HOUR_S);
    assert_true(test_holds(fixture, &later));
}

/* How many signatures are checked for a record that is brought, that of the request included. */
static uint64_t checks_for(test_fixture *fixture, const test_remote *who, const test_bytes *record)
{
    uint64_t before = test_fixture_stats(fixture).verifications;
    assert_true(test_bring(fixture, who, record, (test_wish){0}).stored);
    return test_fixture_stats(fixture).verifications - before;
}

/* A check is the dearest thing that a record can ask for. */
static void only_what_may_be_new_is_checked(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint64_t expiry = fixture->now.unix_s + HOUR_S;
    test_bytes value = test_immutable_of(1, 5);
    test_bytes first = test_mutable_of(1, 5, expiry, "one");
    test_bytes later = test_mutable_of(1, 5, expiry + HOUR_S, "one");
    assert_int_equal(checks_for(fixture, who, &value), 1);
    assert_int_equal(checks_for(fixture, who, &first), 2);
    assert_int_equal(checks_for(fixture, who, &first), 1);
    assert_int_equal(checks_for(fixture, who, &later), 2);
    assert_int_equal(checks_for(fixture, who, &later), 1);
    assert_int_equal(checks_for(fixture, who, &first), 2); /* not the bytes that are held */
}

static void compare_and_swap_demands_the_held_sequence(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint64_t expiry = fixture->now.unix_s + DAY_S;
    test_bytes five = test_mutable_of(1, 5, expiry, "five");
    test_bytes six = test_mutable_of(1, 6, expiry, "six");
    test_assert_refused("nothing held",
                        test_bring(fixture, who, &five, (test_wish){.has_cas = true, .cas = 4}),
                        SKAD_ERROR_CAS, 0);
    assert_true(test_bring(fixture, who, &five, (test_wish){.has_cas = true, .cas = 0}).stored);
    test_assert_refused("another held",
                        test_bring(fixture, who, &six, (test_wish){.has_cas = true, .cas = 4}),
                        SKAD_ERROR_CAS, 5);
    assert_true(test_bring(fixture, who, &six, (test_wish){.has_cas = true, .cas = 5}).stored);
    /* Its acknowledgement may have been lost: the same bytes again are accepted again. */
    assert_true(test_bring(fixture, who, &six, (test_wish){.has_cas = true, .cas = 5}).stored);
}

/* ---- Room ---- */

static void a_full_store_refuses_and_keeps_what_it_has(void **state)
{
    test_fixture *fixture = *state; /* whose store has 64 places and 64 KiB */
    const test_remote *who = NULL;
    test_bytes records[65];
    for (uint32_t i = 0; i < 65; i++) {
        if (i % 4 == 0) {
            who = test_fixture_remote(fixture); /* the share of one group is not the matter here */
        }
        records[i] = test_immutable_of(i, 100);
        test_verdict got = test_bring(fixture, who, &records[i], (test_wish){0});
        if (i < 64) {
            assert_true(got.stored);
        } else {
            test_assert_refused("the 65th", got, SKAD_ERROR_FULL, 0);
        }
    }
    for (uint32_t i = 0; i < 64; i++) {
        assert_true(test_holds(fixture, &records[i]));
    }
}

static void a_publisher_has_its_share(void **state)
{
    test_fixture *fixture = *state;
    uint64_t expiry = fixture->now.unix_s + DAY_S;
    for (uint8_t i = 0; i <= SKAD_SHARE_RECORDS; i++) {
        const test_remote *who = test_fixture_remote(fixture);
        test_bytes record = test_announcement_of(1, i, 1, expiry);
        test_verdict got = test_bring(fixture, who, &record, (test_wish){0});
        if (i < SKAD_SHARE_RECORDS) {
            assert_true(got.stored);
        } else {
            test_assert_refused("one more", got, SKAD_ERROR_QUOTA, 0);
        }
    }
    /* What it has may still be replaced, and others have their own share. */
    const test_remote *who = test_fixture_remote(fixture);
    test_bytes newer = test_announcement_of(1, 0, 2, expiry);
    test_bytes other = test_announcement_of(2, 0, 1, expiry);
    assert_true(test_bring(fixture, who, &newer, (test_wish){0}).stored);
    assert_true(test_bring(fixture, who, &other, (test_wish){0}).stored);
}

static void an_address_group_has_its_share_where_groups_are_limited(void **state)
{
    (void)state;
    for (uint8_t limited = 0; limited < 2; limited++) {
        test_fixture fixture;
        skad_profile profile = test_fixture_profile();
        profile.group_table_max = limited ? 10 : 0;
        test_fixture_init(&fixture, &profile);
        const test_remote *who = test_fixture_remote(&fixture);
        test_remote *elsewhere = test_fixture_remote(&fixture);
        elsewhere->address.ip[1] ^= 0x55;
        assert_true(skad_address_group(&who->address) != skad_address_group(&elsewhere->address));
        for (uint32_t i = 0; i <= SKAD_SHARE_RECORDS; i++) {
            test_bytes record = test_immutable_of(i, 50);
            test_verdict got = test_bring(&fixture, who, &record, (test_wish){0});
            if (i < SKAD_SHARE_RECORDS || !limited) {
                assert_true(got.stored);
            } else {
                test_assert_refused("one more", got, SKAD_ERROR_QUOTA, 0);
            }
        }
        test_bytes other = test_immutable_of(99, 50);
        assert_true(test_bring(&fixture, elsewhere, &other, (test_wish){0}).stored);
        test_fixture_free(&fixture);
    }
}

/* ---- Giving ---- */

static void of_many_announcements_each_is_given_at_times(void **state)
{
    (void)state;
    enum { MANY = 40 };
    test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    uint64_t expiry = fixture.now.unix_s + DAY_S;
    unsigned times[MANY] = {0};
    const test_remote *who = test_fixture_remote(&fixture);
    test_bytes announced[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        announced[i] = test_announcement_of(i, 1, 1, expiry);
        assert_true(test_bring(&fixture, who, &announced[i], (test_wish){0}).stored);
    }
    skad_message find = {.kind = SKAD_KIND_FIND_VALUE,
                         .u.find_value = {.key = {{1}},
                                          .want = SKAD_FAMILIES_ALL,
                                          .type = SKAD_RECORD_ANNOUNCEMENT}};
    uint8_t token[SKAD_TOKEN_BYTES];
    unsigned given = 0;
    for (unsigned round = 0; round < 200; round++) {
        test_exchange exchange;
        test_fixture_token(&fixture, who, token);
        test_fixture_ask(&fixture, who, &find, token, &exchange);
        const skad_message *answer = &exchange.opened.message;
        assert_int_equal(answer->kind, SKAD_KIND_VALUE);
        for (size_t i = 0; i < answer->u.reply.u.value.records_count; i++) {
            skad_span one = answer->u.reply.u.value.records[i];
            for (size_t j = 0; j < MANY; j++) {
                times[j] += announced[j].len == one.len &&
                            memcmp(announced[j].data, one.data, one.len) == 0;
            }
            given++;
        }
    }
    for (size_t j = 0; j < MANY; j++) { /* 5 standard deviations */
        double mean = given / (double)MANY;
        if (times[j] < mean * 0.2 || times[j] > mean * 2.2) {
            fail_msg("announcement %zu was given %u times, %.1f on average", j, times[j], mean);
        }
    }
    test_fixture_free(&fixture);
}

/* Metadata of which four announcements leave room in an answer for a short one, but for no fifth.
 */
#define LONG_BYTES 120

static test_bytes long_announcement_of(uint32_t publisher, uint64_t expiry)
{
    static const uint8_t metadata[LONG_BYTES] = {7};
    skad_profile profile = test_fixture_profile();
    skad_identity identity = test_identity(&profile, 1000 + publisher);
    const skad_address none = {0};
    test_bytes out;
    out.len = skad_record_encode_announcement(test_plain_publisher(&identity), &(skad_id){{1}}, 1,
                                              expiry, &none, (skad_span){metadata, sizeof metadata},
                                              out.data, sizeof out.data);
    assert_in_range(out.len, SKAD_RECORD_BYTES_MAX / 4, SKAD_RECORD_BYTES_MAX / 3);
    return out;
}

/* An answer ends where one does not fit, so that the next answer can begin with it: from page to
 * page all are given, the short one among long ones, too, each of them once. */
static void page_after_page_every_announcement_is_given_once(void **state)
{
    test_fixture *fixture = *state;
    uint64_t expiry = fixture->now.unix_s + DAY_S;
    const test_remote *who = test_fixture_remote(fixture);
    test_bytes brief = test_announcement_of(1, 1, 1, expiry);
    assert_true(test_bring(fixture, who, &brief, (test_wish){0}).stored);
    for (uint32_t i = 2; i < 9; i++) {
        test_bytes one = long_announcement_of(i, expiry);
        assert_true(test_bring(fixture, who, &one, (test_wish){0}).stored);
    }
    skad_message find = {.kind = SKAD_KIND_FIND_VALUE,
                         .u.find_value = {.key = {{1}},
                                          .want = SKAD_FAMILIES_ALL,
                                          .type = SKAD_RECORD_ANNOUNCEMENT,
                                          .has_from = true}};
    uint8_t token[SKAD_TOKEN_BYTES];
    uint8_t last[SKAD_PUBLIC_KEY_BYTES] = {0};
    size_t given = 0;
    bool briefly = false;
    test_fixture_token(fixture, who, token);
    while (given < 8) {
        test_exchange exchange;
        test_fixture_ask(fixture, who, &find, token, &exchange);
        const skad_message *answer = &exchange.opened.message;
        assert_int_equal(answer->kind, SKAD_KIND_VALUE);
        assert_int_equal(answer->u.reply.u.value.total, 8);
        assert_in_range(answer->u.reply.u.value.records_count, 3, 4);
        for (size_t i = 0; i < answer->u.reply.u.value.records_count && given < 8; i++) {
            skad_span one = answer->u.reply.u.value.records[i];
            skad_record record;
            assert_true(skad_record_decode(one.data, one.len, &record));
            assert_true(memcmp(record.publisher, last, sizeof last) > 0);
            memcpy(last, record.publisher, sizeof last);
            briefly |= one.len == brief.len && memcmp(one.data, brief.data, one.len) == 0;
            given++;
        }
        memcpy(find.u.find_value.from, last, sizeof last);
        for (size_t i = sizeof last; i > 0 && ++find.u.find_value.from[i - 1] == 0; i--) {
        }
    }
    assert_true(briefly);
}

static void each_refusal_is_counted_by_its_code(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    test_bytes past = test_mutable_of(1, 5, fixture->now.unix_s, "value");
    (void)test_bring(fixture, who, &past, (test_wish){0});
    skad_node_stats stats;
    skad_node_stats_get(fixture->node, fixture->now, &stats);
    assert_int_equal(stats.refusals, 1);
    assert_int_equal(stats.refused[SKAD_ERROR_EXPIRED], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_wrong_with_a_record_has_a_code_of_its_own, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_record_of_the_other_rpc_is_invalid, begin, end),
        cmocka_unit_test_setup_teardown(a_lower_sequence_never_replaces_a_higher_one, begin, end),
        cmocka_unit_test_setup_teardown(one_sequence_says_one_thing_only, begin, end),
        cmocka_unit_test_setup_teardown(a_renewal_says_the_same_for_longer, begin, end),
        cmocka_unit_test_setup_teardown(only_what_may_be_new_is_checked, begin, end),
        cmocka_unit_test_setup_teardown(compare_and_swap_demands_the_held_sequence, begin, end),
        cmocka_unit_test_setup_teardown(a_full_store_refuses_and_keeps_what_it_has, begin, end),
        cmocka_unit_test_setup_teardown(a_publisher_has_its_share, begin, end),
        cmocka_unit_test(an_address_group_has_its_share_where_groups_are_limited),
        cmocka_unit_test(of_many_announcements_each_is_given_at_times),
        cmocka_unit_test_setup_teardown(page_after_page_every_announcement_is_given_once, begin,
                                        end),
        cmocka_unit_test_setup_teardown(each_refusal_is_counted_by_its_code, begin, end),
    };
    return cmocka_run_group_tests_name("store_admission", tests, NULL, NULL);
}
