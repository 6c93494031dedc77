/* The closest peers to a target, against sorting all of them: of many, of few, and where their IDs
 * are equal in the 32 bits that are compared first. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>

#include "src/core/routing/distance.h"
#include "src/core/routing/peers.h"
#include "tests/support/prng.h"

#define PEERS_MAX   1000
#define CLOSEST_MAX 64
#define SEED        23

static skad_peers peers;
static test_prng prng;
static skad_peer_slot taken; /* slots from here on never were */

static int begin(void **state)
{
    const skad_peers_plan plan = {.limit = PEERS_MAX};
    (void)state;
    prng = (test_prng){SEED};
    taken = 0;
    return skad_peers_init(&peers, &plan) == SKAD_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    skad_peers_free(&peers);
    return 0;
}

/* A peer in a bucket, reachable by both families. */
static skad_peer_slot add(const skad_id *id)
{
    skad_peer_slot slot = skad_peers_take(&peers, id);
    assert_int_not_equal(slot, SKAD_PEER_NONE);
    peers.peers[slot].roles = SKAD_PEER_IN_BUCKET;
    peers.peers[slot].families = SKAD_FAMILIES_ALL;
    taken = slot < taken ? taken : (skad_peer_slot)(slot + 1);
    return slot;
}

static void drop(skad_peer_slot slot)
{
    peers.peers[slot].roles = 0;
    skad_peers_release(&peers, slot);
}

typedef struct question {
    skad_id target;
    unsigned families;
    const skad_id *except;
    size_t max;
} question;

static const skad_id *sort_target;

static int by_distance(const void *a, const void *b)
{
    const skad_peer_slot *left = a;
    const skad_peer_slot *right = b;
    return skad_distance_compare(sort_target, &peers.peers[*left].id, &peers.peers[*right].id);
}

static size_t sort_all(const question *asked, skad_peer_slot out[static PEERS_MAX])
{
    size_t count = 0;
    for (skad_peer_slot slot = 0; slot < taken; slot++) {
        const skad_peer *peer = &peers.peers[slot];
        bool usable = (peer->roles & (SKAD_PEER_IN_BUCKET | SKAD_PEER_IN_SIBLINGS)) != 0;
        if (usable && peer->failures < 2 && (peer->families & asked->families) != 0 &&
            (asked->except == NULL || !skad_id_equal(asked->except, &peer->id))) {
            out[count++] = slot;
        }
    }
    sort_target = &asked->target;
    qsort(out, count, sizeof *out, by_distance);
    return count;
}

static void assert_agrees(const question *asked)
{
    skad_peer_slot expected[PEERS_MAX];
    skad_peer_slot slots[CLOSEST_MAX];
    size_t all = sort_all(asked, expected);
    size_t count = skad_peers_closest(&peers, &asked->target, asked->families, asked->except,
                                      asked->max, slots);
    assert_int_equal(count, all < asked->max ? all : asked->max);
    assert_memory_equal(slots, expected, count * sizeof slots[0]);
}

/* Near and far, silent, only in a cache, of either family, of none, and some of them gone. */
static void populate(size_t count, const skad_id *centre)
{
    for (size_t i = 0; i < count; i++) {
        const skad_id id = test_prng_id_near(&prng, centre, (unsigned)test_prng_below(&prng, 100));
        skad_peer *peer = &peers.peers[add(&id)];
        peer->roles = (uint8_t)(1 + test_prng_below(&prng, 7));
        peer->families = test_prng_below(&prng, 4) & SKAD_FAMILIES_ALL;
        skad_peers_set_failures(&peers, (skad_peer_slot)(peer - peers.peers),
                                (unsigned)test_prng_below(&prng, 4));
    }
    for (size_t i = 0; i < count; i += 9) {
        drop((skad_peer_slot)i);
    }
}

static void all_kinds_of_peers_are_ranked_as_sorting_does(void **state)
{
    static const size_t counts[] = {1, 15, 16, 17, 100, PEERS_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        (void)end(NULL);
        assert_int_equal(begin(NULL), 0);
        const skad_id centre = test_prng_id(&prng);
        populate(counts[i], &centre);
        for (unsigned round = 0; round < 300; round++) {
            const question asked = {
                .target = round % 4 == 0 ? test_prng_id(&prng)
                                         : test_prng_id_near(&prng, &centre, round % 100),
                .families = 1 + round % 3,
                .except = round % 2 == 0 ? NULL : &peers.peers[round % counts[i]].id,
                .max = 1 + test_prng_below(&prng, CLOSEST_MAX),
            };
            assert_agrees(&asked);
        }
    }
}

/* More than the ranks are counted for, none of them apart in the first 32 bits or the first 64. */
static void ties_of_many_are_broken_by_the_rest(void **state)
{
    static const unsigned shared[] = {32, 64, 200};
    (void)state;
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        (void)end(NULL);
        assert_int_equal(begin(NULL), 0);
        const skad_id centre = test_prng_id(&prng);
        for (unsigned n = 0; n < 300; n++) {
            const skad_id id = test_prng_id_near(&prng, &centre, shared[i] + n % 8);
            add(&id);
        }
        for (size_t max = 1; max <= CLOSEST_MAX; max += 7) {
            const question asked = {.target = centre, .families = SKAD_FAMILIES_ALL, .max = max};
            assert_agrees(&asked);
        }
    }
}

static void two_alike_in_32_bits_are_told_apart(void **state)
{
    (void)state;
    const skad_id target = {{0}};
    const skad_id far = {{9, 9, 9, 9, 9}};
    const skad_id near = {{9, 9, 9, 9, 8}};
    skad_peer_slot slots[2];
    skad_peer_slot first = add(&far);
    skad_peer_slot second = add(&near);
    assert_int_equal(skad_peers_closest(&peers, &target, SKAD_FAMILIES_ALL, NULL, 2, slots), 2);
    assert_int_equal(slots[0], second);
    assert_int_equal(slots[1], first);
}

/* Nearest of all stand those that may not be named, and more of them than are gathered at first. */
static void the_living_behind_many_silent_ones_are_found(void **state)
{
    (void)state;
    const skad_id target = test_prng_id(&prng);
    for (unsigned n = 0; n < 400; n++) {
        const skad_id id = test_prng_id_near(&prng, &target, 20);
        skad_peers_set_failures(&peers, add(&id), 2);
    }
    for (unsigned n = 0; n < 5; n++) {
        const skad_id id = test_prng_id_near(&prng, &target, n);
        add(&id);
    }
    const question asked = {.target = target, .families = SKAD_FAMILIES_ALL, .max = 16};
    skad_peer_slot slots[16];
    assert_agrees(&asked);
    assert_int_equal(skad_peers_closest(&peers, &target, SKAD_FAMILIES_ALL, NULL, 16, slots), 5);
}

static void of_an_empty_pool_nobody_is_close(void **state)
{
    (void)state;
    const skad_id target = {{1}};
    skad_peer_slot slots[1];
    assert_int_equal(skad_peers_closest(&peers, &target, SKAD_FAMILIES_ALL, NULL, 1, slots), 0);
    drop(add(&target));
    assert_int_equal(skad_peers_closest(&peers, &target, SKAD_FAMILIES_ALL, NULL, 1, slots), 0);
}

static void the_target_itself_is_the_closest_unless_it_asks(void **state)
{
    (void)state;
    const skad_id target = test_prng_id(&prng);
    const skad_id next = test_prng_id_near(&prng, &target, 255);
    skad_peer_slot slots[2];
    skad_peer_slot other = add(&next);
    skad_peer_slot itself = add(&target);
    assert_int_equal(skad_peers_closest(&peers, &target, SKAD_FAMILIES_ALL, NULL, 2, slots), 2);
    assert_int_equal(slots[0], itself);
    assert_int_equal(skad_peers_closest(&peers, &target, SKAD_FAMILIES_ALL, &target, 2, slots), 1);
    assert_int_equal(slots[0], other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_kinds_of_peers_are_ranked_as_sorting_does, begin, end),
        cmocka_unit_test_setup_teardown(ties_of_many_are_broken_by_the_rest, begin, end),
        cmocka_unit_test_setup_teardown(two_alike_in_32_bits_are_told_apart, begin, end),
        cmocka_unit_test_setup_teardown(the_living_behind_many_silent_ones_are_found, begin, end),
        cmocka_unit_test_setup_teardown(of_an_empty_pool_nobody_is_close, begin, end),
        cmocka_unit_test_setup_teardown(the_target_itself_is_the_closest_unless_it_asks, begin,
                                        end),
    };
    return cmocka_run_group_tests_name("closest", tests, NULL, NULL);
}
