/* Which records a challenge is about. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "src/core/audit/leaves.h"
#include "src/core/routing/distance.h"
#include "tests/support/audit_script.h"
#include "tests/support/identities.h"

static skad_audit_case of;
static skad_audit_leaves leaves;

static int begin(void **state)
{
    (void)audit_begin(state);
    skad_node_tick(audit_fixture.node, audit_fixture.now);
    of = (skad_audit_case){.round = audit_state()->round, .challenge = {1}};
    return 0;
}

static bool contains(uint32_t number)
{
    const skad_record record = audit_record(number);
    uint8_t leaf[SKAD_AUDIT_LEAF_BYTES];
    skad_audit_leaf(&of, &record, leaf);
    for (size_t i = 0; i < leaves.count; i++) {
        if (memcmp(leaves.bytes[i], leaf, sizeof leaf) == 0) {
            return true;
        }
    }
    return false;
}

static void put(uint32_t number, bool cached, uint64_t life_s, const uint8_t *data)
{
    const skad_record record = audit_record(number);
    const skad_span bytes = audit_record_bytes(number);
    const skad_store_record row = {
        .name = {.key = record.key, .type = SKAD_RECORD_IMMUTABLE},
        .cached = cached,
        .stored_unix_s = audit_fixture.now.unix_s - 1000,
        .expires_unix_s = audit_fixture.now.unix_s + life_s,
        .data = data != NULL ? data : bytes.data,
        .len = bytes.len,
    };
    assert_int_equal(audit_fixture.store.ops->put(audit_fixture.store.self, SKAD_STORE_REPLICAS,
                                                  &row, audit_fixture.now.unix_s),
                     SKAD_OK);
}

static void all_that_is_held_for_a_life_is_committed_to(void **state)
{
    (void)state;
    put(100, true, 1000, NULL);
    put(101, false, 1000, audit_record_bytes(5).data); /* a disk that has changed it */
    put(102, false, 1, NULL);
    audit_fixture.now.unix_s += 2;
    skad_node_tick(audit_fixture.node, audit_fixture.now);
    skad_leaves_collect(audit_fixture.node, &of, 0, &leaves);
    assert_int_equal(leaves.count, AUDIT_RECORDS);
    for (uint32_t i = 0; i < AUDIT_RECORDS; i++) {
        assert_true(contains(i));
    }
    assert_false(contains(100) || contains(101) || contains(102));
}

/* In the order of the keys, beginning at the place that the challenge draws, round the end. */
static void they_begin_where_the_challenge_says(void **state)
{
    (void)state;
    for (uint8_t challenge = 0; challenge < 50; challenge++) {
        skad_id start;
        unsigned wraps = 0;
        of.challenge[0] = challenge;
        skad_audit_start(&of, &audit_state()->anchor, 0, &start);
        skad_leaves_collect(audit_fixture.node, &of, 0, &leaves);
        assert_int_equal(leaves.count, AUDIT_RECORDS);
        for (size_t i = 1; i < leaves.count; i++) {
            wraps += memcmp(leaves.bytes[i - 1], leaves.bytes[i], 8) > 0;
        }
        assert_in_range(wraps, 0, 1);
        const bool first_is_behind = memcmp(leaves.bytes[0], start.bytes, 8) >= 0;
        assert_true(first_is_behind || wraps == 0);
        assert_true(wraps == 0 || memcmp(leaves.bytes[leaves.count - 1], start.bytes, 8) < 0);
    }
}

static void only_those_of_the_region_are_taken(void **state)
{
    (void)state;
    for (unsigned bits = 1; bits < 6; bits++) {
        size_t expected = 0;
        for (uint32_t i = 0; i < AUDIT_RECORDS; i++) {
            const skad_record record = audit_record(i);
            expected += skad_common_prefix(&record.key, &audit_state()->anchor) >= bits;
        }
        for (uint8_t challenge = 0; challenge < 20; challenge++) {
            of.challenge[0] = challenge;
            skad_leaves_collect(audit_fixture.node, &of, bits, &leaves);
            assert_int_equal(leaves.count, expected);
        }
    }
}

static void no_more_than_256_are_taken(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 300; i++) {
        audit_hold(i, 1000);
    }
    skad_leaves_collect(audit_fixture.node, &of, 0, &leaves);
    assert_int_equal(leaves.count, SKAD_AUDIT_LEAVES_MAX);
}

/* ---- Picks ---- */

static skad_leaves_pick picks[SKAD_AUDIT_POINTS_MAX];

static size_t pick(uint8_t bits, uint16_t count, uint64_t before_s)
{
    const skad_audit_commitment commitment = {.bits = bits, .count = count};
    return skad_leaves_pick_some(audit_fixture.node, &of, &commitment,
                                 audit_fixture.now.unix_s - before_s, picks);
}

static void picks_are_different_and_each_record_has_its_turn(void **state)
{
    (void)state;
    unsigned times[AUDIT_RECORDS] = {0};
    for (unsigned i = 0; i < 400; i++) {
        assert_int_equal(pick(0, AUDIT_RECORDS, 0), SKAD_AUDIT_POINTS_MAX);
        for (size_t j = 0; j < SKAD_AUDIT_POINTS_MAX; j++) {
            uint32_t number = 0;
            skad_record record = audit_record(0);
            while (!skad_id_equal(&record.key, &picks[j].key)) {
                record = audit_record(++number);
            }
            uint8_t leaf[SKAD_AUDIT_LEAF_BYTES];
            skad_audit_leaf(&of, &record, leaf);
            assert_memory_equal(picks[j].leaf, leaf, sizeof leaf);
            assert_true(picks[j].immutable);
            times[number]++;
            for (size_t k = 0; k < j; k++) {
                assert_false(skad_id_equal(&picks[j].key, &picks[k].key));
            }
        }
    }
    for (size_t i = 0; i < AUDIT_RECORDS; i++) { /* 40 each on average */
        assert_in_range(times[i], 15, 80);
    }
}

static void what_came_lately_or_ends_soon_is_not_asked_for(void **state)
{
    (void)state;
    assert_int_equal(pick(0, AUDIT_RECORDS, 1), 0); /* all came now */
    put(7, false, 1000, NULL);                      /* a thousand seconds ago */
    put(8, false, 30, NULL);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(pick(0, AUDIT_RECORDS, 1), 1);
        const skad_record record = audit_record(7);
        assert_true(skad_id_equal(&picks[0].key, &record.key));
    }
}

static void a_smaller_region_is_asked_for_what_it_has(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        const size_t count = pick(2, AUDIT_RECORDS, 0);
        for (size_t j = 0; j < count; j++) {
            assert_in_range(skad_common_prefix(&picks[j].key, &audit_state()->anchor), 2, 256);
        }
    }
    audit_state()->bits = 2;
    assert_true(pick(0, SKAD_AUDIT_LEAVES_MAX - 1, 0) > 0);
    for (size_t j = 0; j < pick(0, 100, 0); j++) {
        assert_in_range(skad_common_prefix(&picks[j].key, &audit_state()->anchor), 2, 256);
    }
    assert_int_equal(pick(0, SKAD_AUDIT_LEAVES_MAX, 0), 0); /* it may begin elsewhere */
}

/* What the verifier asks for lies among the first half of what the prover may commit to. */
static void of_many_records_the_first_are_asked_for(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 300; i++) {
        audit_hold(i, 1000);
    }
    skad_leaves_collect(audit_fixture.node, &of, 0, &leaves);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(pick(0, SKAD_AUDIT_LEAVES_MAX, 0), SKAD_AUDIT_POINTS_MAX);
        for (size_t j = 0; j < SKAD_AUDIT_POINTS_MAX; j++) {
            size_t at = 0;
            while (memcmp(leaves.bytes[at], picks[j].leaf, SKAD_AUDIT_LEAF_BYTES) != 0) {
                at++;
            }
            assert_in_range(at, 0, SKAD_LEAVES_PICKED - 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_that_is_held_for_a_life_is_committed_to, begin,
                                        audit_end),
        cmocka_unit_test_setup_teardown(they_begin_where_the_challenge_says, begin, audit_end),
        cmocka_unit_test_setup_teardown(only_those_of_the_region_are_taken, begin, audit_end),
        cmocka_unit_test_setup_teardown(no_more_than_256_are_taken, begin, audit_end),
        cmocka_unit_test_setup_teardown(picks_are_different_and_each_record_has_its_turn, begin,
                                        audit_end),
        cmocka_unit_test_setup_teardown(what_came_lately_or_ends_soon_is_not_asked_for, begin,
                                        audit_end),
        cmocka_unit_test_setup_teardown(a_smaller_region_is_asked_for_what_it_has, begin,
                                        audit_end),
        cmocka_unit_test_setup_teardown(of_many_records_the_first_are_asked_for, begin, audit_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
