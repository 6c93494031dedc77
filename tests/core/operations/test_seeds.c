/* The contacts of our own table that a lookup begins with: the closest, dealt in turn, and those
 * beside the region of a key. The target is zero. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "crypto/random.h"
#include "src/core/lookup/mirror.h"
#include "src/core/lookup/outside.h"
#include "src/core/lookup/strata.h"
#include "src/core/node/parts.h"
#include "src/core/operations/seeds.h"
#include "src/core/routing/distance.h"
#include "tests/support/fixture.h"
#include "tests/support/lookup_script.h"
#include "tests/support/prng.h"

#define PATHS 4
#define K     16
#define BITS  3
#define PEERS 200

static test_fixture fixture;
static skad_random random_numbers;
static skad_lookup *lookup;

/* So many peers all over the key space, as far as the table takes them. */
static int begin(void **state)
{
    static const uint8_t seed[SKAD_SEED_BYTES] = {9};
    const skad_profile profile = test_fixture_profile();
    test_prng prng = {10};
    (void)state;
    test_fixture_init(&fixture, &profile);
    for (uint32_t i = 0; i < PEERS; i++) {
        const skad_id id = test_prng_id(&prng);
        const skad_address address = test_prng_address(5000 + 256 * i);
        (void)skad_table_answered(skad_node_parts_of(fixture.node).table, &id, &address, 1000,
                                  fixture.now.mono_us);
    }
    skad_random_init(&random_numbers, seed);
    lookup = script_make(PATHS, 1, K, 4);
    lookup->random = &random_numbers;
    lookup->region_bits = BITS;
    return 0;
}

static int end(void **state)
{
    (void)state;
    skad_lookup_free(lookup);
    test_fixture_free(&fixture);
    return 0;
}

static const skad_id *id_at(const skad_shortlist *list, size_t at)
{
    return &lookup->candidates.all[list->members[at]].contact.id;
}

static unsigned shared_at(const skad_shortlist *list, size_t at)
{
    return skad_common_prefix(&script_target, id_at(list, at));
}

static size_t known(void)
{
    const size_t peers = skad_node_parts_of(fixture.node).table->peers.count;
    return peers < SKAD_SEEDS_MAX ? peers : SKAD_SEEDS_MAX;
}

static size_t dealt(void)
{
    size_t count = 0;
    for (size_t path = 0; path <= PATHS; path++) {
        count += lookup->lists[path].count;
    }
    return count;
}

static void the_closest_are_dealt_to_the_paths_in_turn(void **state)
{
    (void)state;
    skad_seeds_closest(fixture.node, lookup);
    assert_int_equal(dealt(), known());
    skad_peer_slot closest[K];
    const skad_peers *peers = &skad_node_parts_of(fixture.node).table->peers;
    assert_int_equal(skad_peers_closest(peers, &script_target, SKAD_FAMILIES_ALL, NULL, K, closest),
                     K);
    for (size_t turn = 0; turn < K; turn++) {
        const skad_shortlist *list = &lookup->lists[turn % PATHS];
        assert_int_equal(list->count, K / PATHS);
        assert_true(skad_id_equal(id_at(list, turn / PATHS), &peers->peers[closest[turn]].id));
    }
}

static void the_mirrored_path_is_dealt_contacts_beside_the_region(void **state)
{
    (void)state;
    lookup->for_record = true;
    skad_seeds_closest(fixture.node, lookup);
    assert_true(skad_mirror_is(lookup, PATHS - 1));
    const skad_shortlist *last = &lookup->lists[PATHS - 1];
    assert_int_equal(last->count, K / PATHS);
    for (size_t i = 0; i < last->count; i++) {
        assert_in_range(shared_at(last, i), 0, BITS - 2);
    }
    for (size_t path = 0; path < PATHS - 1; path++) { /* theirs are the closest as before */
        assert_int_equal(lookup->lists[path].count, K / PATHS);
        assert_in_range(shared_at(&lookup->lists[path], 0), BITS, SKAD_ID_BITS);
    }
}

static void those_that_are_banned_are_not_dealt(void **state)
{
    (void)state;
    const skad_table *table = skad_node_parts_of(fixture.node).table;
    skad_peer_slot closest;
    assert_int_equal(
        skad_peers_closest(&table->peers, &script_target, SKAD_FAMILIES_ALL, NULL, 1, &closest), 1);
    const skad_id id = table->peers.peers[closest].id;
    const skad_ban ban = {.scope = SKAD_BAN_ID, .id = id};
    assert_int_equal(skad_node_ban(fixture.node, &ban, 60, fixture.now), SKAD_OK);
    skad_seeds_closest(fixture.node, lookup);
    for (size_t path = 0; path <= PATHS; path++) {
        for (size_t i = 0; i < lookup->lists[path].count; i++) {
            assert_false(skad_id_equal(id_at(&lookup->lists[path], i), &id));
        }
    }
}

static void a_sample_is_given_contacts_outside_of_the_region_once(void **state)
{
    (void)state;
    skad_seeds_outside(fixture.node, lookup); /* there is no sample */
    assert_int_equal(lookup->outside_count, 0);
    assert_true(skad_strata_begin(lookup));
    lookup->phase = SKAD_LOOKUP_SAMPLING;
    skad_seeds_outside(fixture.node, lookup);
    assert_true(lookup->outside_drawn);
    assert_in_range(lookup->outside_count, 3, SKAD_OUTSIDE_MAX);
    for (size_t i = 0; i < lookup->outside_count; i++) {
        const skad_candidate *candidate = &lookup->candidates.all[lookup->outside[i]];
        assert_in_range(skad_common_prefix(&script_target, &candidate->contact.id), 0, BITS - 1);
        assert_true(candidate->ours);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(lookup->outside[i], lookup->outside[j]);
        }
    }
    lookup->outside_count = 0; /* as if it had found none */
    skad_seeds_outside(fixture.node, lookup);
    assert_int_equal(lookup->outside_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_closest_are_dealt_to_the_paths_in_turn),
        TEST(the_mirrored_path_is_dealt_contacts_beside_the_region),
        TEST(those_that_are_banned_are_not_dealt),
        TEST(a_sample_is_given_contacts_outside_of_the_region_once),
    };
    return cmocka_run_group_tests_name("seeds", tests, NULL, NULL);
}
