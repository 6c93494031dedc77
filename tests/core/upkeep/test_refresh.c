/* When a node looks for others: refreshes of buckets, and looks at its own neighbourhood. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/node/parts.h"
#include "src/core/routing/density.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/siblings.h"
#include "src/core/upkeep/ping_queue.h"
#include "src/core/upkeep/refresh.h"
#include "tests/support/fixture.h"

/* Keeps a node from visiting other places, however different its own is. */
static void stay_at_home(skad_node *node)
{
    skad_node_parts_of(node).refresh->visit_us = UINT64_MAX;
    skad_node_parts_of(node).refresh->dispute_us = UINT64_MAX;
}

/* ---- Buckets ---- */

/* Counts the requests for targets in the farthest bucket, all of which is silent once it is gone.
 */
typedef struct farthest {
    unsigned requests;
    bool gone;
} farthest;

static bool is_far(const test_fixture *fixture, const skad_id *id)
{
    return skad_table_bucket_of(skad_node_parts_of(fixture->node).table, id) == 0;
}

static bool count_farthest(test_fixture *fixture, test_remote *who, const skad_message *request,
                           skad_message *answer)
{
    (void)answer;
    farthest *counts = fixture->user;
    if (request->kind == SKAD_KIND_FIND_NODE) {
        counts->requests += is_far(fixture, &request->u.find_node.target);
    }
    return !counts->gone || !is_far(fixture, &who->identity.id);
}

static void a_bucket_full_of_the_living_is_not_refreshed(void **state)
{
    (void)state;
    static test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    profile.k = 4;
    profile.siblings = 4;
    test_fixture_init(&fixture, &profile);
    stay_at_home(fixture.node);
    for (size_t i = 0; i < 60; i++) {
        test_fixture_knock(&fixture, test_fixture_remote(&fixture));
        test_fixture_run(&fixture, SKAD_US_PER_S);
    }
    test_fixture_run(&fixture, 120 * SKAD_US_PER_S);
    farthest counts = {0};
    fixture.script = count_farthest;
    fixture.user = &counts;
    skad_table *table = skad_node_parts_of(fixture.node).table;
    assert_int_equal(table->buckets[0].members_count, profile.k);
    test_fixture_run(&fixture, 4 * 3600 * SKAD_US_PER_S);
    assert_int_equal(counts.requests, 0);
    /* Full of the silent, which are still asked now and then. */
    counts.gone = true;
    for (size_t i = 0; i < 2 * fixture.remotes_count; i++) {
        const test_remote *who = &fixture.remotes[i % fixture.remotes_count];
        if (is_far(&fixture, &who->identity.id)) {
            skad_table_failed(table, &who->identity.id, &who->address, fixture.now.mono_us);
        }
    }
    test_fixture_run(&fixture, SKAD_REFRESH_AGAIN_US + SKAD_US_PER_S);
    assert_int_equal(table->buckets[0].members_count, profile.k);
    assert_true(counts.requests > 0);
    /* Empty. */
    test_fixture_run(&fixture, 3600 * SKAD_US_PER_S);
    assert_int_equal(table->buckets[0].members_count, 0);
    unsigned before = counts.requests;
    test_fixture_run(&fixture, 2 * 3600 * SKAD_US_PER_S);
    assert_true(counts.requests > before);
    test_fixture_free(&fixture);
}

/* Counts the requests for targets in one bucket. */
typedef struct within {
    size_t bucket;
    unsigned requests;
} within;

static bool count_within(test_fixture *fixture, test_remote *who, const skad_message *request,
                         skad_message *answer)
{
    (void)who;
    (void)answer;
    within *counts = fixture->user;
    if (request->kind == SKAD_KIND_FIND_NODE) {
        const skad_id *target = &request->u.find_node.target;
        counts->requests +=
            skad_table_bucket_of(skad_node_parts_of(fixture->node).table, target) == counts->bucket;
    }
    return true;
}

/* What fills its buckets while it joins is a few of the network, whom others know as well. */
static void who_has_just_joined_refreshes_full_buckets_too(void **state)
{
    (void)state;
    static test_fixture fixture;
    within counts = {.bucket = 0};
    skad_profile profile = test_fixture_profile();
    profile.k = 2;
    profile.siblings = 2;
    test_fixture_init(&fixture, &profile);
    fixture.script = count_within;
    fixture.user = &counts;
    for (size_t i = 0; i < 20; i++) {
        test_fixture_knock(&fixture, test_fixture_remote(&fixture));
        test_fixture_run(&fixture, SKAD_US_PER_S);
    }
    skad_node *node = fixture.node;
    assert_int_equal(skad_node_parts_of(node).table->buckets[0].members_count, profile.k);
    assert_true(fixture.now.mono_us - skad_node_parts_of(node).join->joined_us <
                SKAD_REFRESH_SETTLE_US / 2);
    for (int settled = 0; settled < 2; settled++) {
        counts.requests = 0;
        skad_refresh_soon(node);
        test_fixture_run(&fixture, 2 * SKAD_REFRESH_SOON_US);
        assert_int_equal(counts.requests == 0, settled);
        test_fixture_run(&fixture, SKAD_REFRESH_SETTLE_US);
    }
    test_fixture_free(&fixture);
}

/* Refreshes of one of the last buckets, which is not full, in four hours. */
static unsigned refreshes_near_us(test_fixture *fixture, size_t others, size_t from_the_end)
{
    skad_profile profile = test_fixture_profile();
    profile.k = 8;
    profile.siblings = 4;
    test_fixture_init(fixture, &profile);
    stay_at_home(fixture->node);
    for (size_t i = 0; i < others; i++) {
        test_fixture_knock(fixture, test_fixture_remote(fixture));
        test_fixture_run(fixture, SKAD_US_PER_S);
    }
    test_fixture_run(fixture, 1200 * SKAD_US_PER_S); /* until the looks at our own ID have ended */
    skad_table *table = skad_node_parts_of(fixture->node).table;
    assert_true(table->buckets_count >= 2);
    within counts = {.bucket = table->buckets_count - from_the_end};
    assert_in_range(table->buckets[counts.bucket].members_count, 1, profile.k - 1U);
    fixture->script = count_within;
    fixture->user = &counts;
    test_fixture_run(fixture, 4 * 3600 * SKAD_US_PER_S);
    return counts.requests;
}

static void a_bucket_that_siblings_cover_is_not_refreshed(void **state)
{
    (void)state;
    static test_fixture fixture;
    assert_int_equal(refreshes_near_us(&fixture, 60, 2), 0);
    assert_int_equal(skad_node_parts_of(fixture.node).table->siblings_count, 20);
    test_fixture_free(&fixture);
    /* The last one is, for whoever has come closest. */
    assert_true(refreshes_near_us(&fixture, 60, 1) > 0);
    assert_true(skad_siblings_cover(skad_node_parts_of(fixture.node).table,
                                    skad_node_parts_of(fixture.node).table->buckets_count - 1));
    test_fixture_free(&fixture);
    /* As long as the list has room it covers nothing. */
    assert_true(refreshes_near_us(&fixture, 14, 2) > 0);
    assert_in_range(skad_node_parts_of(fixture.node).table->siblings_count, 1, 19);
    test_fixture_free(&fixture);
}

/* ---- Other places ---- */

/* Counts the lookups of targets in each sixteenth of the key space. */
typedef struct visits {
    skad_id last;
    unsigned in[SKAD_PLACES];
    unsigned all;
} visits;

static bool count_visits(test_fixture *fixture, test_remote *who, const skad_message *request,
                         skad_message *answer)
{
    (void)who;
    (void)answer;
    visits *counts = fixture->user;
    const skad_id *target = &request->u.find_node.target;
    if (request->kind == SKAD_KIND_FIND_NODE && !skad_id_equal(target, &counts->last)) {
        counts->last = *target;
        counts->in[target->bytes[0] >> 4]++;
        counts->all++;
    }
    return true;
}

/* A node among so many peers, whose other refreshes are over and whose visits are counted. */
static void begin_visits(test_fixture *fixture, visits *counts, size_t peers)
{
    skad_profile profile = test_fixture_profile();
    profile.siblings = 4;
    test_fixture_init(fixture, &profile);
    stay_at_home(fixture->node);
    test_fixture_populate(fixture, peers);
    test_fixture_run(fixture, 1200 * SKAD_US_PER_S);
    for (size_t i = 0; i < SKAD_BUCKETS_MAX; i++) {
        skad_node_parts_of(fixture->node).table->buckets[i].refresh_us = UINT64_MAX;
    }
    skad_node_parts_of(fixture->node).refresh->due_us = UINT64_MAX;
    *counts = (visits){0};
    fixture->script = count_visits;
    fixture->user = counts;
    skad_node_parts_of(fixture->node).refresh->visit_us = fixture->now.mono_us;
}

static void run_in_steps(test_fixture *fixture, uint64_t seconds)
{
    for (uint64_t i = 0; i < seconds; i += 10) {
        test_fixture_run(fixture, 10 * SKAD_US_PER_S);
    }
}

static void each_sixteenth_is_visited_in_its_turn(void **state)
{
    (void)state;
    static test_fixture fixture;
    visits counts;
    begin_visits(&fixture, &counts, 40);
    const skad_table *table = skad_node_parts_of(fixture.node).table;
    run_in_steps(&fixture, 80 * 3600);
    const unsigned own = skad_node_self(fixture.node)->bytes[0] >> 4;
    for (unsigned i = 0; i < SKAD_PLACES; i++) {
        assert_int_equal(counts.in[i] > 0, i != own);
        assert_int_equal(table->places.radii[i] != 0, i != own);
    }
    assert_in_range(counts.all, 16, 27); /* three to five hours apart */
    test_fixture_free(&fixture);
}

static void a_disputed_place_makes_it_visit_all_others_soon(void **state)
{
    (void)state;
    static test_fixture fixture;
    visits counts;
    begin_visits(&fixture, &counts, 40);
    skad_table *table = skad_node_parts_of(fixture.node).table;
    for (unsigned i = 0; i < SKAD_PLACES; i++) {
        const skad_id target = {{(uint8_t)(i << 4)}};
        skad_places_visited(&table->places, &table->self, &target, UINT64_MAX);
    }
    assert_true(skad_density_disputed(table, 4));
    skad_node_parts_of(fixture.node).refresh->dispute_us = fixture.now.mono_us;
    run_in_steps(&fixture, 310);
    for (unsigned i = 0; i < SKAD_PLACES; i++) {
        assert_true(table->places.radii[i] < UINT64_MAX);
    }
    assert_false(skad_density_disputed(table, 4));
    unsigned before = counts.all;
    run_in_steps(&fixture, 500); /* and then there is time */
    assert_int_equal(counts.all, before);
    test_fixture_free(&fixture);
}

/* ---- Our own neighbourhood ---- */

/* Counts the requests for our own ID. */
static bool count_looks(test_fixture *fixture, test_remote *who, const skad_message *request,
                        skad_message *answer)
{
    (void)who;
    (void)answer;
    *(unsigned *)fixture->user +=
        request->kind == SKAD_KIND_FIND_NODE &&
        skad_id_equal(&request->u.find_node.target, skad_node_self(fixture->node));
    return true;
}

static size_t rank_of(const test_fixture *fixture, const test_remote *who)
{
    const skad_table *table = skad_node_parts_of(fixture->node).table;
    size_t rank = 0;
    while (rank < table->siblings_count &&
           skad_distance_compare(&table->self, &table->peers.peers[table->siblings[rank]].id,
                                 &who->identity.id) < 0) {
        rank++;
    }
    return rank;
}

/* Who comes to one that has joined: a neighbour, or another sibling, or one for whom there was room
 * among them. */
static void who_has_joined_looks_again_if_a_neighbour_comes(void **state)
{
    (void)state;
    static test_fixture fixture;
    static const struct {
        uint8_t siblings; /* of which the list holds five times as many */
        unsigned after_s; /* with 30 the pause of 64 s is over, with 700 the last one */
        bool near;
        bool looks;
    } cases[] = {
        {6, 30, true, true}, {6, 30, false, false}, {16, 30, false, true}, {6, 700, true, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned looks = 0;
        skad_profile profile = test_fixture_profile();
        profile.siblings = cases[i].siblings;
        test_fixture_init(&fixture, &profile);
        test_fixture_populate(&fixture, 40);
        test_fixture_run(&fixture, cases[i].after_s * SKAD_US_PER_S);
        fixture.script = count_looks;
        fixture.user = &looks;
        const test_remote *who = test_fixture_remote(&fixture);
        while ((rank_of(&fixture, who) < SKAD_NEIGHBOURS) != cases[i].near ||
               !skad_siblings_want(skad_node_parts_of(fixture.node).table, &who->identity.id)) {
            who = test_fixture_remote(&fixture);
        }
        test_fixture_knock(&fixture, who);
        test_fixture_run(&fixture, 600 * SKAD_US_PER_S); /* and that of 512 s */
        assert_non_null(test_fixture_peer(&fixture, who));
        assert_int_equal(looks > 0, cases[i].looks);
        test_fixture_free(&fixture);
    }
}

/* Found by a simulated network: one that had joined on a line with many losses knew a single node,
 * which had forgotten it, and waited for the hour. */
static void who_knows_few_looks_for_ever(void **state)
{
    (void)state;
    static test_fixture fixture;
    static const struct {
        uint8_t siblings; /* of which the list holds five times as many */
        size_t peers;
        bool looks;
    } cases[] = {{16, 1, true},
                 {16, SKAD_NEIGHBOURS - 1, true},
                 {16, SKAD_NEIGHBOURS, false},
                 {2, 9, true},
                 {2, 10, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned looks = 0;
        skad_profile profile = test_fixture_profile();
        profile.siblings = cases[i].siblings;
        profile.k = 16;
        test_fixture_init(&fixture, &profile);
        test_fixture_populate(&fixture, cases[i].peers);
        test_fixture_run(&fixture, 2 * SKAD_LOOK_PAUSE_US_MAX);
        fixture.script = count_looks;
        fixture.user = &looks;
        test_fixture_run(&fixture, 8 * SKAD_LOOK_PAUSE_US_MAX);
        assert_int_equal(skad_node_parts_of(fixture.node).table->siblings_count, cases[i].peers);
        unsigned least = cases[i].looks ? 8 * (unsigned)cases[i].peers : 0;
        assert_in_range(looks, least,
                        least * 3 / 2); /* after three quarters of the pause or more */
        test_fixture_free(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_full_of_the_living_is_not_refreshed),
        cmocka_unit_test(who_has_just_joined_refreshes_full_buckets_too),
        cmocka_unit_test(a_bucket_that_siblings_cover_is_not_refreshed),
        cmocka_unit_test(each_sixteenth_is_visited_in_its_turn),
        cmocka_unit_test(a_disputed_place_makes_it_visit_all_others_soon),
        cmocka_unit_test(who_has_joined_looks_again_if_a_neighbour_comes),
        cmocka_unit_test(who_knows_few_looks_for_ever),
    };
    return cmocka_run_group_tests_name("refresh", tests, NULL, NULL);
}
