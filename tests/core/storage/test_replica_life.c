/* How long a holder keeps a replica: what it grants to a sender that asks, for less the farther
 * it is from the key, and for as long behind a Sybil cluster. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "skad/record.h"
#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "src/core/storage/responsibility.h"
#include "src/core/upkeep/handover.h"
#include "tests/support/fixture.h"
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

static void a_holder_grants_what_is_asked_up_to_a_day(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    test_bytes value = test_immutable_of(1, 100);
    assert_int_equal(test_bring(fixture, who, &value, (test_wish){.life_s = 100}).life_s, 100);
    assert_int_equal(test_bring(fixture, who, &value, (test_wish){.life_s = 5 * DAY_S}).life_s,
                     DAY_S);
    /* Never shorter than it was granted before. */
    assert_int_equal(test_bring(fixture, who, &value, (test_wish){.life_s = 100}).life_s, DAY_S);
    fixture->now.unix_s += HOUR_S;
    assert_int_equal(test_bring(fixture, who, &value, (test_wish){.life_s = 100}).life_s,
                     DAY_S - HOUR_S);
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
    /* It visits no places, so what it takes for dense stays the same. */
    skad_refresh_state *refresh = skad_node_parts_of(fixture->node).refresh;
    refresh->due_us = UINT64_MAX;
    refresh->visit_us = UINT64_MAX;
    refresh->dispute_us = UINT64_MAX;
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
        test_bytes value = test_immutable_of(i, 50);
        assert_true(skad_record_decode(value.data, value.len, &record));
        size_t rank = 0;
        for (size_t j = 0; j < PEERS; j++) {
            rank += skad_distance_compare(&record.key, &fixture.remotes[j].identity.id,
                                          &fixture.identity.id) < 0;
        }
        uint32_t expected = rank < S ? DAY_S : DAY_S >> (1 + (rank - S) / 4);
        assert_int_equal(test_bring(&fixture, who, &value, (test_wish){0}).life_s, expected);
        assert_true(test_held(&fixture, &value, &found));
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
        test_bytes value = test_immutable_of(i, 50);
        assert_true(skad_record_decode(value.data, value.len, &record));
        skad_responsibility responsibility = skad_responsibility_of(
            skad_node_parts_of(fixture.node).table, &fixture.profile, &record.key, true);
        if (responsibility.rank >= S && skad_is_responsible(&responsibility)) {
            behind_a_sybil_cluster = i;
        } else if (responsibility.rank >= S) {
            behind_others = i;
        }
    }
    assert_true(behind_a_sybil_cluster != NONE && behind_others != NONE);
    test_bytes responsible = test_immutable_of(behind_a_sybil_cluster, 50);
    test_bytes cached = test_immutable_of(behind_others, 50);
    assert_int_equal(test_bring(&fixture, who, &responsible, (test_wish){0}).life_s, DAY_S);
    assert_in_range(test_bring(&fixture, who, &cached, (test_wish){0}).life_s, 1, DAY_S / 2);
    test_fixture_run(&fixture, (SKAD_HANDOVER_DEMOTE_S + HOUR_S) * SKAD_US_PER_S);
    assert_true(test_held(&fixture, &responsible, &found));
    assert_false(found.cached);
    test_fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_holder_grants_what_is_asked_up_to_a_day, begin, end),
        cmocka_unit_test(the_farther_the_shorter),
        cmocka_unit_test(what_others_are_closer_to_is_cached_for_less),
        cmocka_unit_test(those_behind_a_sybil_cluster_are_responsible_for_as_long),
    };
    return cmocka_run_group_tests_name("replica_life", tests, NULL, NULL);
}
