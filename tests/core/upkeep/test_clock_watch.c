/* Clocks that were wrong, in both directions: what they did ends when they are right. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "skad/records.h"
#include "src/core/node/parts.h"
#include "src/core/storage/store_admission.h"
#include "src/core/upkeep/clock_watch.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#define DAY_S     86400U
#define YEAR_S    (365U * DAY_S)
#define JUMP_S    (5 * DAY_S) /* within the epoch of the nonces */
#define MINUTE_US (60 * SKAD_US_PER_S)

static test_fixture fixture;

typedef struct play {
    unsigned stores;
    uint64_t expiry; /* of the last record that came */
} play;

static play holders;

static bool act(test_fixture *made, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    skad_record record;
    (void)made;
    (void)who;
    if (request->kind == SKAD_KIND_STORE) {
        assert_true(
            skad_record_decode(request->u.store.record.data, request->u.store.record.len, &record));
        holders.stores++;
        holders.expiry = record.expiry_unix_s;
        answer->u.reply.u.stored.life_s = DAY_S;
    }
    return true;
}

static skad_store_ops memory_ops; /* as they are, but for a drop that fails when it shall */
static skad_status (*real_drop)(void *self, skad_store_section section,
                                const skad_store_name *name);
static bool drops_fail;

static skad_status drop(void *self, skad_store_section section, const skad_store_name *name)
{
    return drops_fail ? SKAD_ERR_BUSY : real_drop(self, section, name);
}

static int begin(void **state)
{
    (void)state;
    skad_profile profile = test_fixture_profile();
    static const skad_store_caps caps = {100, 100000, 100, 100000};
    static const skad_node_rates none = {0};
    skad_store store;
    assert_int_equal(skad_store_memory_new(&caps, &store), SKAD_OK);
    memory_ops = *store.ops;
    real_drop = memory_ops.drop;
    memory_ops.drop = drop;
    store.ops = &memory_ops;
    drops_fail = false;
    test_fixture_init_on(&fixture, &profile, &none, store);
    test_fixture_populate(&fixture, 3);
    fixture.script = act;
    holders = (play){0};
    test_fixture_run(&fixture, 20 * MINUTE_US);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

/* Sets the wall clock ahead of where it would be; all others are right. */
static void set_ahead(uint64_t ahead_s)
{
    fixture.now.unix_s = fixture.now.unix_s - fixture.ahead_s + ahead_s;
    fixture.ahead_s = ahead_s;
}

static skad_store_record make(const skad_identity *publisher, uint64_t expires_unix_s,
                              uint32_t life_s, uint8_t bytes[static SKAD_RECORD_BYTES_MAX])
{
    skad_record record;
    skad_store_record row = {.stored_unix_s = expires_unix_s - DAY_S,
                             .expires_unix_s = expires_unix_s,
                             .sequence = 3,
                             .life_s = life_s,
                             .data = bytes};
    row.len = skad_record_encode_mutable(
        test_plain_publisher(publisher), (skad_span){0}, row.sequence, expires_unix_s,
        (skad_span){(const uint8_t *)"value", 5}, bytes, SKAD_RECORD_BYTES_MAX);
    assert_true(skad_record_decode(bytes, row.len, &record));
    row.name = skad_record_store_name(&record);
    return row;
}

static skad_store_name keep(skad_store_section section, const skad_identity *publisher,
                            uint64_t expires_unix_s, uint32_t life_s)
{
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    const skad_store_record row = make(publisher, expires_unix_s, life_s, bytes);
    assert_int_equal(fixture.store.ops->put(fixture.store.self, section, &row, fixture.now.unix_s),
                     SKAD_OK);
    return row.name;
}

/* Expired or not. */
static bool is_there(skad_store_section section, const skad_store_name *name,
                     skad_store_record *out)
{
    return fixture.store.ops->find(fixture.store.self, section, name, 0, out);
}

static void our_own_is_signed_again_for_the_right_time(void **state)
{
    (void)state;
    (void)keep(SKAD_STORE_PUBLICATIONS, &fixture.identity, fixture.now.unix_s + YEAR_S, DAY_S);
    test_fixture_run(&fixture, 75 * MINUTE_US);
    assert_true(holders.stores > 0);
    assert_in_range(holders.expiry, fixture.now.unix_s + DAY_S - 75 * 60,
                    fixture.now.unix_s + DAY_S);
}

/* A round may be an hour away when the clock is set. */
static void a_jump_has_ours_announced_within_ten_minutes(void **state)
{
    (void)state;
    set_ahead(JUMP_S);
    (void)keep(SKAD_STORE_PUBLICATIONS, &fixture.identity, fixture.now.unix_s + DAY_S, DAY_S);
    test_fixture_run(&fixture, 60 * MINUTE_US);
    set_ahead(0);
    holders = (play){0};
    test_fixture_run(&fixture, 13 * MINUTE_US);
    assert_true(holders.stores > 0);
    assert_in_range(holders.expiry, fixture.now.unix_s, fixture.now.unix_s + DAY_S);
    set_ahead(JUMP_S); /* it had been behind */
    holders = (play){0};
    test_fixture_run(&fixture, 13 * MINUTE_US);
    assert_in_range(holders.expiry, fixture.now.unix_s, fixture.now.unix_s + DAY_S);
}

/* Nor does a store that fails meanwhile keep it for good. */
static void a_life_that_no_node_grants_ends_within_a_life(void **state)
{
    (void)state;
    skad_store_record row;
    const skad_identity other = test_identity(&fixture.profile, 700);
    const skad_identity sound = test_identity(&fixture.profile, 701);
    const uint64_t ends = fixture.now.unix_s + DAY_S - 7200;
    skad_store_name far = keep(SKAD_STORE_REPLICAS, &other, fixture.now.unix_s + YEAR_S, 0);
    skad_store_name near = keep(SKAD_STORE_REPLICAS, &sound, ends, 0);
    set_ahead(100); /* a jump, so that the clock may have been ahead before */
    test_fixture_run(&fixture, 21 * 60 * MINUTE_US);
    assert_true(is_there(SKAD_STORE_REPLICAS, &near, &row));
    assert_int_equal(row.expires_unix_s, ends);
    test_fixture_run(&fixture, 179 * MINUTE_US);
    assert_true(is_there(SKAD_STORE_REPLICAS, &far, &row));
    drops_fail = true;
    test_fixture_run(&fixture, 20 * MINUTE_US);
    assert_true(is_there(SKAD_STORE_REPLICAS, &far, &row));
    drops_fail = false;
    test_fixture_run(&fixture, 2 * MINUTE_US);
    assert_false(is_there(SKAD_STORE_REPLICAS, &far, &row));
    assert_int_equal(test_fixture_stats(&fixture).lives_ended, 1);
}

/* To it, lives that are right seem to end later than any node may grant. */
static void a_clock_that_is_behind_takes_nothing_from_a_life(void **state)
{
    (void)state;
    static const uint64_t behind_s[] = {12 * 3600, 25 * 3600, 2 * DAY_S, JUMP_S};
    for (uint32_t i = 0; i < sizeof behind_s / sizeof behind_s[0]; i++) {
        skad_store_record row;
        const skad_identity other = test_identity(&fixture.profile, 700 + i);
        const uint64_t ends = fixture.now.unix_s + DAY_S - 7200;
        skad_store_name held = keep(SKAD_STORE_REPLICAS, &other, ends, 0);
        set_ahead((uint64_t)0 - behind_s[i]);
        test_fixture_run(&fixture, 40 * MINUTE_US);
        set_ahead(0);
        test_fixture_run(&fixture, 40 * MINUTE_US);
        if (!fixture.store.ops->find(fixture.store.self, SKAD_STORE_REPLICAS, &held,
                                     fixture.now.unix_s, &row) ||
            row.expires_unix_s != ends) {
            fail_msg("%lu hours behind", (unsigned long)behind_s[i] / 3600);
        }
    }
    assert_int_equal(test_fixture_stats(&fixture).lives_ended, 0);
}

/* As where a clock is never set: what came before it was behind has ended a life later. */
static void a_clock_that_stays_behind_ends_lives_as_well(void **state)
{
    (void)state;
    skad_store_record row;
    const skad_identity other = test_identity(&fixture.profile, 700);
    skad_store_name held = keep(SKAD_STORE_REPLICAS, &other, fixture.now.unix_s + DAY_S - 7200, 0);
    set_ahead((uint64_t)0 - JUMP_S);
    test_fixture_run(&fixture, 23 * 60 * MINUTE_US);
    assert_true(is_there(SKAD_STORE_REPLICAS, &held, &row));
    test_fixture_run(&fixture, 61 * MINUTE_US);
    assert_false(is_there(SKAD_STORE_REPLICAS, &held, &row));
}

/* Steps of half a minute are no jumps, but add up. */
static void a_clock_that_is_set_back_in_small_steps_ends_no_life(void **state)
{
    (void)state;
    skad_store_record row;
    const skad_identity other = test_identity(&fixture.profile, 700);
    test_fixture_run(&fixture, 23 * 60 * MINUTE_US + 30 * MINUTE_US);
    skad_store_name held = keep(SKAD_STORE_REPLICAS, &other, fixture.now.unix_s + DAY_S, 0);
    for (unsigned i = 1; i <= 60; i++) {
        set_ahead((uint64_t)0 - 30 * i);
        test_fixture_run(&fixture, MINUTE_US);
    }
    assert_true(is_there(SKAD_STORE_REPLICAS, &held, &row));
}

/* A holder whose own clock was ahead must not prefer what it took then. */
static void what_ends_too_far_ahead_gives_way_to_its_renewal(void **state)
{
    (void)state;
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    skad_record record;
    skad_store_record row;
    const skad_identity other = test_identity(&fixture.profile, 700);
    const uint64_t ends = fixture.now.unix_s + DAY_S;
    skad_store_name name = keep(SKAD_STORE_REPLICAS, &other, fixture.now.unix_s + YEAR_S, 0);
    const skad_store_record offered = make(&other, ends, 0, bytes);
    assert_true(skad_record_decode(bytes, offered.len, &record));
    const skad_offer offer = {
        .record = &record, .bytes = {bytes, offered.len}, .group = 1, .life_s = DAY_S};
    const skad_admitted_record answer = skad_store_admit(fixture.node, &offer);
    assert_int_equal(answer.code, SKAD_ERROR_NONE);
    assert_in_range(answer.life_s, 1, DAY_S);
    assert_true(is_there(SKAD_STORE_REPLICAS, &name, &row));
    assert_in_range(row.expires_unix_s, ends - 60, ends); /* the node's last call was before now */
    assert_true(skad_record_decode(row.data, row.len, &record));
    assert_int_equal(record.expiry_unix_s, ends);
}

static void a_clock_that_is_ahead_drops_nothing_at_once(void **state)
{
    (void)state;
    skad_store_record row;
    const skad_identity other = test_identity(&fixture.profile, 700);
    const uint64_t ends = fixture.now.unix_s + DAY_S;
    skad_store_name held = keep(SKAD_STORE_REPLICAS, &other, ends, 0);
    skad_store_name ours = keep(SKAD_STORE_PUBLICATIONS, &other, ends, 0);
    set_ahead(JUMP_S);
    test_fixture_run(&fixture, 14 * MINUTE_US);
    assert_true(is_there(SKAD_STORE_REPLICAS, &held, &row));
    test_fixture_run(&fixture, 2 * MINUTE_US);
    assert_false(is_there(SKAD_STORE_REPLICAS, &held, &row)); /* others have it as well */
    test_fixture_run(&fixture, 12 * 60 * MINUTE_US);
    assert_true(is_there(SKAD_STORE_PUBLICATIONS, &ours, &row));
    holders = (play){0};
    set_ahead(0);
    test_fixture_run(&fixture, 13 * MINUTE_US);
    assert_true(holders.stores > 0);
    assert_int_equal(holders.expiry, ends);
}

static void what_ended_goes_when_the_clock_has_run_for_a_day(void **state)
{
    (void)state;
    skad_store_record row;
    const skad_identity other = test_identity(&fixture.profile, 700);
    const skad_identity another = test_identity(&fixture.profile, 701);
    const uint64_t now = fixture.now.unix_s;
    skad_store_name lately = keep(SKAD_STORE_PUBLICATIONS, &other, now - 1, 0);
    skad_store_name long_ago = keep(SKAD_STORE_PUBLICATIONS, &another, now - 31 * DAY_S, 0);
    test_fixture_run(&fixture, 2 * 60 * MINUTE_US);
    assert_true(is_there(SKAD_STORE_PUBLICATIONS, &lately, &row));
    assert_false(is_there(SKAD_STORE_PUBLICATIONS, &long_ago, &row));
    test_fixture_run(&fixture, 24 * 60 * MINUTE_US);
    assert_false(is_there(SKAD_STORE_PUBLICATIONS, &lately, &row));
    assert_int_equal(holders.stores, 0);
}

static void small_steps_are_no_jumps(void **state)
{
    (void)state;
    const uint64_t since_us = skad_node_parts_of(fixture.node).clock_watch->since_us;
    for (unsigned i = 0; i < 100; i++) {
        fixture.now.unix_s = i % 2 == 0 ? fixture.now.unix_s + 50 : fixture.now.unix_s - 20;
        skad_node_tick(fixture.node, fixture.now);
    }
    assert_int_equal(skad_node_parts_of(fixture.node).clock_watch->since_us, since_us);
    fixture.now.unix_s += SKAD_CLOCK_JUMP_S + 2;
    skad_node_tick(fixture.node, fixture.now);
    assert_int_equal(skad_node_parts_of(fixture.node).clock_watch->since_us, fixture.now.mono_us);
    fixture.now.mono_us += MINUTE_US;
    fixture.now.unix_s = 0; /* as far as it goes */
    skad_node_tick(fixture.node, fixture.now);
    assert_int_equal(skad_node_parts_of(fixture.node).clock_watch->since_us, fixture.now.mono_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(our_own_is_signed_again_for_the_right_time, begin, end),
        cmocka_unit_test_setup_teardown(a_jump_has_ours_announced_within_ten_minutes, begin, end),
        cmocka_unit_test_setup_teardown(a_life_that_no_node_grants_ends_within_a_life, begin, end),
        cmocka_unit_test_setup_teardown(a_clock_that_is_behind_takes_nothing_from_a_life, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_clock_that_stays_behind_ends_lives_as_well, begin, end),
        cmocka_unit_test_setup_teardown(a_clock_that_is_set_back_in_small_steps_ends_no_life, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_ends_too_far_ahead_gives_way_to_its_renewal, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_clock_that_is_ahead_drops_nothing_at_once, begin, end),
        cmocka_unit_test_setup_teardown(what_ended_goes_when_the_clock_has_run_for_a_day, begin,
                                        end),
        cmocka_unit_test_setup_teardown(small_steps_are_no_jumps, begin, end),
    };
    return cmocka_run_group_tests_name("clock_watch", tests, NULL, NULL);
}
