/* What a holder takes and what it refuses: each error code of PROTOCOL.md is produced here by a
 * request on the wire, and every rule about replacing, renewing and how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "skad/record.h"
#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/diversity.h"
#include "src/core/storage/responsibility.h"
#include "src/core/storage/store_admission.h"
#include "src/core/upkeep/handover.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#define DAY_S  86400U
#define HOUR_S 3600U

typedef struct bytes {
    uint8_t data[SKAD_RECORD_BYTES_MAX];
    size_t len;
} bytes;

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

static skad_span text(const char *words)
{
    return (skad_span){(const uint8_t *)words, strlen(words)};
}

static bytes mutable_of(uint32_t publisher, uint64_t sequence, uint64_t expiry, const char *value)
{
    skad_profile profile = test_fixture_profile();
    skad_identity identity = test_identity(&profile, 1000 + publisher);
    bytes out;
    out.len = skad_record_encode_mutable(&identity, text("salt"), sequence, expiry, text(value),
                                         out.data, sizeof out.data);
    assert_true(out.len > 0);
    return out;
}

static bytes announcement_of(uint32_t publisher, uint8_t key, uint64_t sequence, uint64_t expiry)
{
    skad_profile profile = test_fixture_profile();
    skad_identity identity = test_identity(&profile, 1000 + publisher);
    const skad_id id = {{key}};
    const skad_address none = {0};
    bytes out;
    out.len = skad_record_encode_announcement(&identity, &id, sequence, expiry, &none, text("data"),
                                              out.data, sizeof out.data);
    assert_true(out.len > 0);
    return out;
}

static bytes immutable_of(uint32_t number, size_t len)
{
    uint8_t value[SKAD_VALUE_BYTES_MAX] = {(uint8_t)(number >> 8), (uint8_t)number, 7};
    bytes out;
    out.len = skad_record_encode_immutable(value, len, out.data, sizeof out.data);
    assert_true(out.len > 0);
    return out;
}

/* What the node answered to a put. */
typedef struct verdict {
    bool stored;
    uint32_t life_s;
    uint32_t code;
    uint64_t detail;
} verdict;

typedef struct wish {
    bool has_cas;
    uint64_t cas;
    uint32_t life_s; /* 0: a day */
} wish;

static verdict bring(test_fixture *fixture, const test_remote *who, const bytes *record, wish asked)
{
    skad_record decoded;
    skad_message message = {.kind = SKAD_KIND_STORE};
    bool decodes = skad_record_decode(record->data, record->len, &decoded);
    if (decodes && decoded.type == SKAD_RECORD_ANNOUNCEMENT) {
        message.kind = SKAD_KIND_ANNOUNCE;
        message.u.announce.record = (skad_span){record->data, record->len};
    } else {
        message.u.store.record = (skad_span){record->data, record->len};
        message.u.store.has_cas = asked.has_cas;
        message.u.store.cas = asked.cas;
        message.u.store.life_s = asked.life_s == 0 ? DAY_S : asked.life_s;
    }
    uint8_t token[SKAD_TOKEN_BYTES];
    test_exchange exchange;
    test_fixture_token(fixture, who, token);
    test_fixture_ask(fixture, who, &message, token, &exchange);
    const skad_message *answer = &exchange.opened.message;
    if (answer->kind == SKAD_KIND_ERROR) {
        return (verdict){.code = answer->u.reply.u.error.code,
                         .detail = answer->u.reply.u.error.detail};
    }
    assert_int_equal(answer->kind, message.kind + SKAD_KIND_REPLY_OFFSET);
    return (verdict){.stored = true, .life_s = answer->u.reply.u.stored.life_s};
}

static void assert_refused(const char *label, verdict got, skad_error_code code, uint64_t detail)
{
    if (got.stored || got.code != code || got.detail != detail) {
        fail_msg("%s: stored %d, code %u (%s) instead of %u, detail %llu", label, got.stored,
                 got.code, skad_error_name((skad_error_code)got.code), code,
                 (unsigned long long)got.detail);
    }
}

/* The record of a name as the node holds it. */
static bool held(const test_fixture *fixture, const bytes *record, skad_store_record *out)
{
    skad_record decoded;
    assert_true(skad_record_decode(record->data, record->len, &decoded));
    const skad_store_name name = skad_record_store_name(&decoded);
    return fixture->store.ops->find(fixture->store.self, SKAD_STORE_REPLICAS, &name,
                                    fixture->now.unix_s, out);
}

static bool holds_bytes(const test_fixture *fixture, const bytes *record)
{
    skad_store_record found;
    return held(fixture, record, &found) && found.len == record->len &&
           memcmp(found.data, record->data, found.len) == 0;
}

/* ---- Refusals ---- */

static void what_is_wrong_with_a_record_has_a_code_of_its_own(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint64_t now = fixture->now.unix_s;
    bytes good = mutable_of(1, 5, now + DAY_S, "value");
    bytes unsigned_ = good;
    bytes foreign = good;
    bytes broken = good;
    unsigned_.data[unsigned_.len - 1] ^= 1;
    foreign.data[5] ^= 1; /* another publisher, so another key and a signature that is not its */
    broken.len--;
    bytes past = mutable_of(1, 5, now, "value");
    bytes far = mutable_of(1, 5, now + 2 * DAY_S + 1, "value");
    bytes farthest = mutable_of(2, 5, now + 2 * DAY_S, "value");
    bytes announced_past = announcement_of(1, 1, 1, now);
    bytes announced_far = announcement_of(1, 1, 1, now + 2 * DAY_S + 1);
    bytes announced_unsigned = announcement_of(1, 1, 1, now + DAY_S);
    announced_unsigned.data[announced_unsigned.len - 1] ^= 1;
    assert_refused("signature", bring(fixture, who, &unsigned_, (wish){0}), SKAD_ERROR_INVALID, 0);
    assert_refused("publisher", bring(fixture, who, &foreign, (wish){0}), SKAD_ERROR_INVALID, 0);
    assert_refused("form", bring(fixture, who, &broken, (wish){0}), SKAD_ERROR_INVALID, 0);
    assert_refused("expired", bring(fixture, who, &past, (wish){0}), SKAD_ERROR_EXPIRED, 0);
    assert_refused("too far", bring(fixture, who, &far, (wish){0}), SKAD_ERROR_TOO_FAR, 0);
    assert_refused("announced, expired", bring(fixture, who, &announced_past, (wish){0}),
                   SKAD_ERROR_EXPIRED, 0);
    assert_refused("announced, too far", bring(fixture, who, &announced_far, (wish){0}),
                   SKAD_ERROR_TOO_FAR, 0);
    assert_refused("announced, signature", bring(fixture, who, &announced_unsigned, (wish){0}),
                   SKAD_ERROR_INVALID, 0);
    skad_store_totals fill;
    fixture->store.ops->totals(fixture->store.self, &fill);
    assert_int_equal(fill.records, 0);
    assert_true(bring(fixture, who, &farthest, (wish){0}).stored);
    assert_true(bring(fixture, who, &good, (wish){0}).stored);
}

static void a_record_of_the_other_rpc_is_invalid(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    bytes value = immutable_of(1, 100);
    bytes announced = announcement_of(1, 1, 1, fixture->now.unix_s + DAY_S);
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
    bytes five = mutable_of(1, 5, expiry, "five");
    bytes four = mutable_of(1, 4, expiry + 1, "four");
    bytes six = mutable_of(1, 6, expiry, "six");
    assert_true(bring(fixture, who, &five, (wish){0}).stored);
    assert_refused("lower", bring(fixture, who, &four, (wish){0}), SKAD_ERROR_OLDER, 5);
    assert_true(holds_bytes(fixture, &five));
    assert_true(bring(fixture, who, &six, (wish){0}).stored);
    assert_refused("lower now", bring(fixture, who, &five, (wish){0}), SKAD_ERROR_OLDER, 6);
    assert_true(holds_bytes(fixture, &six));
    bytes announced = announcement_of(1, 1, 9, expiry);
    bytes announced_before = announcement_of(1, 1, 8, expiry);
    assert_true(bring(fixture, who, &announced, (wish){0}).stored);
    assert_refused("announced before", bring(fixture, who, &announced_before, (wish){0}),
                   SKAD_ERROR_OLDER, 9);
}

static void one_sequence_says_one_thing_only(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint64_t expiry = fixture->now.unix_s + DAY_S;
    bytes first = mutable_of(1, 5, expiry, "one");
    bytes other = mutable_of(1, 5, expiry, "two");
    assert_true(bring(fixture, who, &first, (wish){0}).stored);
    assert_refused("another value", bring(fixture, who, &other, (wish){0}), SKAD_ERROR_CONFLICT, 5);
    assert_true(holds_bytes(fixture, &first));
    assert_true(bring(fixture, who, &first, (wish){0}).stored); /* the very same is no conflict */
}

static void a_renewal_says_the_same_for_longer(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint64_t expiry = fixture->now.unix_s + HOUR_S;
    bytes first = mutable_of(1, 5, expiry, "one");
    bytes later = mutable_of(1, 5, expiry + HOUR_S, "one");
    assert_int_equal(bring(fixture, who, &first, (wish){0}).life_s, HOUR_S);
    verdict renewed = bring(fixture, who, &later, (wish){0});
    assert_true(renewed.stored);
    assert_int_equal(renewed.life_s, 2 * HOUR_S);
    assert_true(holds_bytes(fixture, &later));
    /* The earlier one is acknowledged, and changes nothing. */
    verdict again = bring(fixture, who, &first, (wish){0});
    assert_true(again.stored);
    assert_int_equal(again.life_s, 2 * HOUR_S);
    assert_true(holds_bytes(fixture, &later));
}

static void compare_and_swap_demands_the_held_sequence(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint64_t expiry = fixture->now.unix_s + DAY_S;
    bytes five = mutable_of(1, 5, expiry, "five");
    bytes six = mutable_of(1, 6, expiry, "six");
    assert_refused("nothing held", bring(fixture, who, &five, (wish){.has_cas = true, .cas = 4}),
                   SKAD_ERROR_CAS, 0);
    assert_true(bring(fixture, who, &five, (wish){.has_cas = true, .cas = 0}).stored);
    assert_refused("another held", bring(fixture, who, &six, (wish){.has_cas = true, .cas = 4}),
                   SKAD_ERROR_CAS, 5);
    assert_true(bring(fixture, who, &six, (wish){.has_cas = true, .cas = 5}).stored);
    /* Its acknowledgement may have been lost: the same bytes again are accepted again. */
    assert_true(bring(fixture, who, &six, (wish){.has_cas = true, .cas = 5}).stored);
}

/* ---- Room ---- */

static void a_full_store_refuses_and_keeps_what_it_has(void **state)
{
    test_fixture *fixture = *state; /* whose store has 64 places and 64 KiB */
    const test_remote *who = NULL;
    bytes records[65];
    for (uint32_t i = 0; i < 65; i++) {
        if (i % 4 == 0) {
            who = test_fixture_remote(fixture); /* the share of one group is not the matter here */
        }
        records[i] = immutable_of(i, 100);
        verdict got = bring(fixture, who, &records[i], (wish){0});
        if (i < 64) {
            assert_true(got.stored);
        } else {
            assert_refused("the 65th", got, SKAD_ERROR_FULL, 0);
        }
    }
    for (uint32_t i = 0; i < 64; i++) {
        assert_true(holds_bytes(fixture, &records[i]));
    }
}

static void a_publisher_has_its_share(void **state)
{
    test_fixture *fixture = *state;
    uint64_t expiry = fixture->now.unix_s + DAY_S;
    for (uint8_t i = 0; i <= SKAD_SHARE_RECORDS; i++) {
        const test_remote *who = test_fixture_remote(fixture);
        bytes record = announcement_of(1, i, 1, expiry);
        verdict got = bring(fixture, who, &record, (wish){0});
        if (i < SKAD_SHARE_RECORDS) {
            assert_true(got.stored);
        } else {
            assert_refused("one more", got, SKAD_ERROR_QUOTA, 0);
        }
    }
    /* What it has may still be replaced, and others have their own share. */
    const test_remote *who = test_fixture_remote(fixture);
    bytes newer = announcement_of(1, 0, 2, expiry);
    bytes other = announcement_of(2, 0, 1, expiry);
    assert_true(bring(fixture, who, &newer, (wish){0}).stored);
    assert_true(bring(fixture, who, &other, (wish){0}).stored);
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
            bytes record = immutable_of(i, 50);
            verdict got = bring(&fixture, who, &record, (wish){0});
            if (i < SKAD_SHARE_RECORDS || !limited) {
                assert_true(got.stored);
            } else {
                assert_refused("one more", got, SKAD_ERROR_QUOTA, 0);
            }
        }
        bytes other = immutable_of(99, 50);
        assert_true(bring(&fixture, elsewhere, &other, (wish){0}).stored);
        test_fixture_free(&fixture);
    }
}

/* ---- How long ---- */

static void a_holder_grants_what_is_asked_up_to_a_day(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    bytes value = immutable_of(1, 100);
    assert_int_equal(bring(fixture, who, &value, (wish){.life_s = 100}).life_s, 100);
    assert_int_equal(bring(fixture, who, &value, (wish){.life_s = 5 * DAY_S}).life_s, DAY_S);
    /* Never shorter than it was granted before. */
    assert_int_equal(bring(fixture, who, &value, (wish){.life_s = 100}).life_s, DAY_S);
    fixture->now.unix_s += HOUR_S;
    assert_int_equal(bring(fixture, who, &value, (wish){.life_s = 100}).life_s, DAY_S - HOUR_S);
}

static void the_farther_the_shorter(void **state)
{
    (void)state;
    skad_profile profile = test_fixture_profile(); /* s = 16 */
    static const struct {
        size_t rank;
        uint32_t life_s;
    } cases[] = {{0, DAY_S},      {15, DAY_S},     {16, DAY_S / 2}, {19, DAY_S / 2},
                 {20, DAY_S / 4}, {24, DAY_S / 8}, {64, 60},        {1000, 60}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const skad_responsibility responsibility = {.rank = cases[i].rank, .holders = 16};
        assert_int_equal(skad_responsibility_life_s(&responsibility, &profile), cases[i].life_s);
        assert_int_equal(skad_is_responsible(&responsibility), cases[i].rank < 16);
    }
}

#define PEERS 40

/* A node that knows so many, in a network where the s closest are responsible; returns one more,
 * whom it does not know. */
static const test_remote *begin_among_peers(test_fixture *fixture, uint8_t s)
{
    skad_profile profile = test_fixture_profile();
    profile.siblings = s;
    test_fixture_init(fixture, &profile);
    test_fixture_populate(fixture, PEERS);
    return test_fixture_remote(fixture);
}

/* With s = 8 some forty peers are enough for many keys to be nearer to others. */
static void what_others_are_closer_to_is_cached_for_less(void **state)
{
    (void)state;
    enum { S = 8 };
    test_fixture fixture;
    const test_remote *who = begin_among_peers(&fixture, S);
    unsigned responsible = 0;
    unsigned cached = 0;
    for (uint32_t i = 0; i < 40; i++) {
        skad_store_record found;
        skad_record record;
        bytes value = immutable_of(i, 50);
        assert_true(skad_record_decode(value.data, value.len, &record));
        size_t rank = 0;
        for (size_t j = 0; j < PEERS; j++) {
            rank += skad_distance_compare(&record.key, &fixture.remotes[j].identity.id,
                                          &fixture.identity.id) < 0;
        }
        uint32_t expected = rank < S ? DAY_S : DAY_S >> (1 + (rank - S) / 4);
        assert_int_equal(bring(&fixture, who, &value, (wish){0}).life_s, expected);
        assert_true(held(&fixture, &value, &found));
        assert_int_equal(found.cached, rank >= S);
        responsible += rank < S;
        cached += rank >= S;
    }
    assert_true(responsible > 0 && cached > 0);
    test_fixture_free(&fixture);
}

/* With s = 2 the two nearest of forty peers are a dense neighbourhood of some keys by chance. */
static void those_behind_a_sybil_cluster_are_responsible_for_as_long(void **state)
{
    (void)state;
    enum { S = 2, RECORDS = 200, NONE = RECORDS };
    test_fixture fixture;
    const test_remote *who = begin_among_peers(&fixture, S);
    skad_store_record found;
    uint32_t behind_a_sybil_cluster = NONE;
    uint32_t behind_others = NONE;
    for (uint32_t i = 0; i < RECORDS; i++) {
        skad_record record;
        bytes value = immutable_of(i, 50);
        assert_true(skad_record_decode(value.data, value.len, &record));
        skad_responsibility responsibility = skad_responsibility_of(
            skad_node_parts_of(fixture.node).table, &fixture.profile, &record.key);
        if (responsibility.rank >= S && skad_is_responsible(&responsibility)) {
            behind_a_sybil_cluster = i;
        } else if (responsibility.rank >= S) {
            behind_others = i;
        }
    }
    assert_true(behind_a_sybil_cluster != NONE && behind_others != NONE);
    bytes responsible = immutable_of(behind_a_sybil_cluster, 50);
    bytes cached = immutable_of(behind_others, 50);
    assert_int_equal(bring(&fixture, who, &responsible, (wish){0}).life_s, DAY_S);
    assert_in_range(bring(&fixture, who, &cached, (wish){0}).life_s, 1, DAY_S / 2);
    test_fixture_run(&fixture, (SKAD_HANDOVER_DEMOTE_S + HOUR_S) * SKAD_US_PER_S);
    assert_true(held(&fixture, &responsible, &found));
    assert_false(found.cached);
    test_fixture_free(&fixture);
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
    bytes announced[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        announced[i] = announcement_of(i, 1, 1, expiry);
        assert_true(bring(&fixture, who, &announced[i], (wish){0}).stored);
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

static void each_refusal_is_counted_by_its_code(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    bytes past = mutable_of(1, 5, fixture->now.unix_s, "value");
    (void)bring(fixture, who, &past, (wish){0});
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
        cmocka_unit_test_setup_teardown(compare_and_swap_demands_the_held_sequence, begin, end),
        cmocka_unit_test_setup_teardown(a_full_store_refuses_and_keeps_what_it_has, begin, end),
        cmocka_unit_test_setup_teardown(a_publisher_has_its_share, begin, end),
        cmocka_unit_test(an_address_group_has_its_share_where_groups_are_limited),
        cmocka_unit_test_setup_teardown(a_holder_grants_what_is_asked_up_to_a_day, begin, end),
        cmocka_unit_test(the_farther_the_shorter),
        cmocka_unit_test(what_others_are_closer_to_is_cached_for_less),
        cmocka_unit_test(those_behind_a_sybil_cluster_are_responsible_for_as_long),
        cmocka_unit_test(of_many_announcements_each_is_given_at_times),
        cmocka_unit_test_setup_teardown(each_refusal_is_counted_by_its_code, begin, end),
    };
    return cmocka_run_group_tests_name("store_admission", tests, NULL, NULL);
}
