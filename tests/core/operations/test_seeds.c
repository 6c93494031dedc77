/* The contacts that a lookup begins with: the closest of the table, dealt to the paths in turn; of
 * those beside the region of a key, for the mirrored path and for a sample. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "skad/simulator.h"
#include "src/core/lookup/mirror.h"
#include "src/core/lookup/strata.h"
#include "src/core/node/parts.h"
#include "src/core/operations/seeds.h"
#include "src/core/routing/distance.h"
#include "tests/support/fixture.h"

#define PEERS 72
#define BITS  3

static test_fixture fixture;
static skad_random randomness;
static skad_id target;

static int begin(void **state)
{
    static const uint8_t seed[SKAD_SEED_BYTES] = {7};
    (void)state;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, PEERS);
    skad_random_init(&randomness, seed);
    target = fixture.identity.id;
    target.bytes[31] ^= 1;
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static skad_lookup *make(bool for_record)
{
    skad_node_tuning tuning;
    skad_node_tuning_default(&tuning);
    const skad_lookup_plan plan = {.profile = &fixture.profile,
                                   .self = &fixture.identity.id,
                                   .target = &target,
                                   .for_record = for_record,
                                   .random = &randomness,
                                   .tuning = &tuning};
    skad_lookup *lookup = skad_lookup_new(&plan);
    assert_non_null(lookup);
    lookup->region_bits = BITS;
    return lookup;
}

static unsigned shared(const skad_lookup *lookup, uint16_t index)
{
    return skad_common_prefix(&target, &lookup->candidates.all[index].contact.id);
}

static void the_closest_are_dealt_in_turn(void **state)
{
    (void)state;
    skad_lookup *lookup = make(false);
    skad_peer_slot closest[SKAD_SEEDS_MAX];
    const skad_table *table = skad_node_parts_of(fixture.node).table;
    const size_t count = skad_peers_closest(&table->peers, &target, SKAD_FAMILIES_ALL, NULL,
                                            SKAD_SEEDS_MAX, closest);
    assert_int_equal(count, SKAD_SEEDS_MAX);
    skad_seeds_closest(fixture.node, lookup);
    for (uint8_t path = 0; path < lookup->paths; path++) {
        assert_int_equal(lookup->lists[path].count, lookup->k / lookup->paths);
        const uint16_t first = lookup->lists[path].members[0];
        assert_true(skad_id_equal(&lookup->candidates.all[first].contact.id,
                                  &table->peers.peers[closest[path]].id));
        assert_true(lookup->candidates.all[first].ours);
    }
    assert_int_equal(lookup->lists[lookup->paths].count, SKAD_SEEDS_MAX - lookup->k);
    skad_lookup_free(lookup);
}

/* However many contacts lie in the region of the key. */
static void the_mirrored_path_begins_outside_of_the_region(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        skad_lookup *lookup = make(true);
        skad_seeds_closest(fixture.node, lookup);
        const uint8_t last = (uint8_t)(lookup->paths - 1);
        assert_true(skad_mirror_is(lookup, last));
        const skad_shortlist *list = &lookup->lists[last];
        assert_int_equal(list->count, lookup->k / lookup->paths);
        for (size_t at = 0; at < list->count; at++) {
            assert_true(shared(lookup, list->members[at]) <= BITS - 2);
        }
        for (uint8_t path = 0; path < last; path++) {
            assert_true(shared(lookup, lookup->lists[path].members[0]) >= BITS);
        }
        skad_lookup_free(lookup);
    }
}

static void a_sample_begins_on_all_sides_of_the_region(void **state)
{
    (void)state;
    skad_lookup *lookup = make(true);
    skad_seeds_outside(fixture.node, lookup); /* it samples nothing yet */
    assert_true(skad_strata_begin(lookup));
    skad_seeds_outside(fixture.node, lookup);
    const skad_strata *strata = lookup->strata;
    assert_true(strata->seeded);
    assert_int_equal(strata->outside_count, 2 * BITS);
    for (unsigned i = 0; i < 2 * BITS; i++) {
        assert_int_equal(shared(lookup, strata->outside[i]), BITS - 1 - i / 2);
        assert_true(lookup->candidates.all[strata->outside[i]].ours);
    }
    skad_seeds_outside(fixture.node, lookup); /* once is enough */
    assert_int_equal(strata->outside_count, 2 * BITS);
    skad_lookup_free(lookup);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_closest_are_dealt_in_turn),
        TEST(the_mirrored_path_begins_outside_of_the_region),
        TEST(a_sample_begins_on_all_sides_of_the_region),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
