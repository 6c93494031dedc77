/* A lookup as a machine: it is told scripted answers, and asked whom it wants to ask next. The
 * target is the all-zero ID, so node number n is simply at distance n. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/core/distance.h"
#include "src/core/lookup.h"
#include "tests/support/dice.h"

#define NOBODY UINT32_MAX

static const skad_id target = {{0}};
static const skad_id ourselves = {{0xff, 0xff, 0xff, 0xfe}};

static skad_lookup *make(uint8_t paths, uint8_t alpha, uint8_t k, uint8_t siblings)
{
    skad_profile profile = {.paths = paths, .alpha = alpha, .k = k, .siblings = siblings};
    skad_lookup *lookup = skad_lookup_new(&profile, &ourselves, &target, 0);
    assert_non_null(lookup);
    return lookup;
}

static skad_contact contact_of(uint32_t number)
{
    skad_contact contact = {.ipv4 = test_dice_address(number)};
    for (unsigned i = 0; i < 4; i++) {
        contact.id.bytes[i] = (uint8_t)(number >> (24 - 8 * i));
    }
    return contact;
}

static uint32_t number_of(const skad_lookup *lookup, uint16_t place)
{
    return (uint32_t)(skad_id_prefix(&lookup->candidates[place].contact.id) >> 32);
}

static uint16_t place_of(const skad_lookup *lookup, uint32_t number)
{
    uint16_t place = 0;
    while (place < lookup->used && number_of(lookup, place) != number) {
        place++;
    }
    assert_true(place < lookup->used);
    return place;
}

static void seed(skad_lookup *lookup, const uint32_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        skad_contact contact = contact_of(numbers[i]);
        skad_lookup_seed(lookup, i, &contact, &contact.ipv4);
    }
}

/* Whom it asks next. */
static uint32_t next(skad_lookup *lookup)
{
    uint16_t place;
    return skad_lookup_next(lookup, &place) ? number_of(lookup, place) : NOBODY;
}

static void assert_asks(skad_lookup *lookup, const uint32_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(next(lookup), numbers[i]);
    }
    assert_int_equal(next(lookup), NOBODY);
}

static void hear(skad_lookup *lookup, uint32_t from, uint32_t number)
{
    skad_contact contact = contact_of(number);
    skad_lookup_heard(lookup, place_of(lookup, from), &contact, &contact.ipv4);
}

static void answer(skad_lookup *lookup, uint32_t from, const uint32_t *numbers, size_t count)
{
    skad_lookup_answered(lookup, place_of(lookup, from), 1000);
    for (size_t i = 0; i < count; i++) {
        hear(lookup, from, numbers[i]);
    }
}

static void fail_node(skad_lookup *lookup, uint32_t number)
{
    skad_lookup_failed(lookup, place_of(lookup, number));
}

static bool on_list(const skad_lookup *lookup, uint8_t path, uint32_t number)
{
    const skad_shortlist *list = &lookup->lists[path];
    for (size_t i = 0; i < list->count; i++) {
        if (number_of(lookup, list->members[i]) == number) {
            return true;
        }
    }
    return false;
}

#define NUMBERS(...)                                                                               \
    (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)

static void seeds_are_dealt_to_the_paths_in_turn_and_the_rest_to_the_closing_round(void **state)
{
    (void)state;
    skad_lookup *lookup = make(4, 1, 8, 4);
    seed(lookup, NUMBERS(10, 20, 30, 40, 50, 60, 70, 80, 90, 100));
    for (uint8_t path = 0; path < 4; path++) {
        assert_int_equal(lookup->lists[path].count, 2);
        assert_true(on_list(lookup, path, 10U + path * 10U));
        assert_true(on_list(lookup, path, 50U + path * 10U));
    }
    assert_int_equal(lookup->lists[4].count, 2);
    assert_true(on_list(lookup, 4, 90) && on_list(lookup, 4, 100));
    free(lookup);
}

static void each_path_asks_its_closest_alpha_at_a_time(void **state)
{
    (void)state;
    skad_lookup *lookup = make(2, 1, 8, 4);
    seed(lookup, NUMBERS(10, 20, 30, 40, 50, 60));
    assert_asks(lookup, NUMBERS(10, 20));
    answer(lookup, 20, NUMBERS(7));
    assert_asks(lookup, NUMBERS(7));
    free(lookup);
    lookup = make(2, 2, 8, 4);
    seed(lookup, NUMBERS(10, 20, 30, 40, 50, 60));
    assert_asks(lookup, NUMBERS(10, 30, 20, 40));
    free(lookup);
}

static void a_node_is_asked_by_the_path_that_claims_it_first_and_never_again(void **state)
{
    (void)state;
    skad_lookup *lookup = make(2, 1, 4, 2);
    seed(lookup, NUMBERS(10, 20));
    assert_asks(lookup, NUMBERS(10, 20));
    answer(lookup, 10, NUMBERS(5, 20));
    answer(lookup, 20, NUMBERS(5, 10));
    assert_asks(lookup, NUMBERS(5));
    answer(lookup, 5, NUMBERS(10, 20));
    assert_asks(lookup, NULL, 0);
    assert_true(skad_lookup_done(lookup));
    assert_int_equal(lookup->rpcs, 3);
    free(lookup);
}

static void we_never_ask_ourselves(void **state)
{
    (void)state;
    skad_lookup *lookup = make(1, 1, 4, 2);
    skad_contact self = {.id = ourselves, .ipv4 = test_dice_address(1)};
    skad_lookup_seed(lookup, 0, &self, &self.ipv4);
    assert_int_equal(lookup->used, 0);
    seed(lookup, NUMBERS(10));
    assert_asks(lookup, NUMBERS(10));
    answer(lookup, 10, NULL, 0);
    skad_lookup_heard(lookup, place_of(lookup, 10), &self, &self.ipv4);
    assert_asks(lookup, NULL, 0);
    assert_true(skad_lookup_done(lookup));
    free(lookup);
}

static void a_flood_of_invented_names_spoils_only_the_path_that_asked_the_liar(void **state)
{
    (void)state;
    skad_lookup *lookup = make(4, 1, 8, 4);
    seed(lookup, NUMBERS(1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007));
    assert_asks(lookup, NUMBERS(1000, 1001, 1002, 1003));
    answer(lookup, 1000, NULL, 0);
    for (uint32_t i = 0; i < 500; i++) {
        hear(lookup, 1000, 600 - i);
    }
    assert_int_equal(lookup->lists[0].count, SKAD_SHORTLIST_MAX);
    assert_false(on_list(lookup, 0, 1000));
    for (uint8_t path = 1; path < 4; path++) {
        assert_int_equal(lookup->lists[path].count, 2);
        assert_true(on_list(lookup, path, 1000U + path) && on_list(lookup, path, 1004U + path));
    }
    assert_in_range(lookup->used, 1, lookup->places);
    answer(lookup, 1001, NULL, 0);
    assert_asks(lookup, NUMBERS(101, 1005)); /* the closest invention, and path 1 goes its way */
    free(lookup);
}

static void a_shortlist_keeps_the_closest_in_order_and_the_farthest_gives_way(void **state)
{
    (void)state;
    skad_lookup *lookup = make(1, 1, 4, 2);
    seed(lookup, NUMBERS(5000));
    assert_int_equal(next(lookup), 5000);
    answer(lookup, 5000, NULL, 0);
    test_dice dice = {5};
    for (unsigned i = 0; i < 400; i++) {
        hear(lookup, 5000, (uint32_t)(1 + test_dice_below(&dice, 1000)));
    }
    const skad_shortlist *list = &lookup->lists[0];
    assert_int_equal(list->count, SKAD_SHORTLIST_MAX);
    for (size_t i = 1; i < list->count; i++) {
        assert_true(number_of(lookup, list->members[i - 1]) < number_of(lookup, list->members[i]));
    }
    uint32_t farthest = number_of(lookup, list->members[list->count - 1]);
    hear(lookup, 5000, farthest + 1);
    assert_false(on_list(lookup, 0, farthest + 1));
    hear(lookup, 5000, 0);
    assert_true(on_list(lookup, 0, 0));
    assert_false(on_list(lookup, 0, farthest));
    free(lookup);
}

static void a_slow_node_is_overtaken_and_its_late_answer_counts(void **state)
{
    (void)state;
    skad_lookup *lookup = make(1, 1, 4, 2);
    seed(lookup, NUMBERS(10, 20));
    assert_asks(lookup, NUMBERS(10));
    skad_lookup_slow(lookup, place_of(lookup, 10));
    assert_asks(lookup, NUMBERS(20));
    answer(lookup, 20, NULL, 0);
    assert_false(skad_lookup_done(lookup)); /* the slow one is among the closest */
    answer(lookup, 10, NUMBERS(3));
    assert_asks(lookup, NUMBERS(3));
    answer(lookup, 3, NULL, 0);
    assert_true(skad_lookup_done(lookup));
    uint16_t places[SKAD_K_MAX];
    assert_int_equal(skad_lookup_closest(lookup, places), 2);
    assert_int_equal(number_of(lookup, places[0]), 3);
    assert_int_equal(number_of(lookup, places[1]), 10);
    free(lookup);
}

static void a_path_that_ran_dry_adopts_what_nobody_claimed(void **state)
{
    (void)state;
    skad_lookup *lookup = make(2, 1, 8, 2);
    seed(lookup, NUMBERS(10, 20, 30, 40, 50));
    assert_asks(lookup, NUMBERS(10, 20));
    fail_node(lookup, 20);
    assert_asks(lookup, NUMBERS(40));
    fail_node(lookup, 40);
    assert_asks(lookup, NUMBERS(30)); /* path 0 is still waiting for 10; 30 was on its list */
    assert_int_equal(lookup->candidates[place_of(lookup, 30)].path, 1);
    answer(lookup, 30, NULL, 0);
    assert_asks(lookup, NULL, 0); /* it has had an answer: 50 is left to path 0 */
    free(lookup);
}

static void a_liar_that_never_ends_is_ended_by_the_cap(void **state)
{
    (void)state;
    skad_lookup *lookup = make(4, 1, 16, 16);
    seed(lookup, NUMBERS(1U << 30, 1U << 29, 1U << 28, 1U << 27));
    uint32_t invented = 1U << 26;
    uint32_t asked;
    while (!skad_lookup_done(lookup)) {
        assert_in_range(lookup->rpcs, 0, SKAD_LOOKUP_RPCS_MAX - 1);
        while ((asked = next(lookup)) != NOBODY) {
            answer(lookup, asked, NULL, 0);
            for (unsigned i = 0; i < 16; i++) {
                hear(lookup, asked, --invented);
            }
        }
    }
    assert_int_equal(lookup->rpcs, SKAD_LOOKUP_RPCS_MAX);
    free(lookup);
}

static void the_cap_ends_a_lookup_that_only_meets_the_dead(void **state)
{
    (void)state;
    skad_lookup *lookup = make(4, 1, 16, 16);
    seed(lookup, NUMBERS(9000001, 9000002, 9000003, 9000004));
    uint32_t dead = 9000000;
    uint32_t asked;
    unsigned turns = 0;
    while (!skad_lookup_done(lookup) && turns++ < 1000) {
        while ((asked = next(lookup)) != NOBODY) {
            if (asked > 9000000) {
                answer(lookup, asked, NULL, 0);
                for (unsigned i = 0; i < 100; i++) {
                    hear(lookup, asked, dead--);
                }
            } else {
                fail_node(lookup, asked);
            }
        }
    }
    assert_true(skad_lookup_done(lookup));
    assert_in_range(lookup->rpcs, 4, SKAD_LOOKUP_RPCS_MAX);
    free(lookup);
}

static void the_closing_round_asks_the_seeds_that_stood_by(void **state)
{
    (void)state;
    skad_lookup *lookup = make(2, 1, 4, 3);
    seed(lookup, NUMBERS(10, 20, 30, 40, 50, 60, 70, 80));
    static const uint32_t dead[] = {10, 20, 30, 40};
    assert_asks(lookup, dead, 2);
    fail_node(lookup, 10);
    fail_node(lookup, 20);
    assert_asks(lookup, dead + 2, 2);
    fail_node(lookup, 30);
    fail_node(lookup, 40);
    assert_asks(lookup, NULL, 0);
    assert_false(skad_lookup_done(lookup));
    assert_int_equal(lookup->phase, SKAD_LOOKUP_CLOSING);
    assert_asks(lookup, NUMBERS(50, 60)); /* alpha times paths at once */
    fail_node(lookup, 50);
    answer(lookup, 60, NUMBERS(5));
    assert_asks(lookup, NUMBERS(5, 70));
    answer(lookup, 5, NULL, 0);
    answer(lookup, 70, NULL, 0);
    assert_true(skad_lookup_done(lookup)); /* three have answered: 80 is not needed */
    assert_int_equal(lookup->candidates[place_of(lookup, 60)].path, lookup->paths);
    free(lookup);
}

static void what_a_slow_path_names_late_belongs_to_the_union(void **state)
{
    (void)state;
    skad_lookup *lookup = make(2, 1, 4, 2);
    seed(lookup, NUMBERS(10, 20));
    assert_asks(lookup, NUMBERS(10, 20));
    skad_lookup_slow(lookup, place_of(lookup, 10));
    answer(lookup, 20, NULL, 0);
    assert_asks(lookup, NULL, 0);
    assert_false(skad_lookup_done(lookup));
    assert_int_equal(lookup->phase, SKAD_LOOKUP_CLOSING);
    answer(lookup, 10, NUMBERS(5));
    assert_asks(lookup, NUMBERS(5));
    free(lookup);
}

static void agreement_counts_the_paths_that_knew_the_closest_by_themselves(void **state)
{
    (void)state;
    for (uint8_t knowing = 1; knowing <= 3; knowing++) {
        skad_lookup *lookup = make(3, 1, 3, 3);
        seed(lookup, NUMBERS(10, 20, 30));
        assert_asks(lookup, NUMBERS(10, 20, 30));
        assert_int_equal(skad_lookup_agreement(lookup), 0);
        for (uint32_t path = 0; path < 3; path++) {
            answer(lookup, 10 + 10 * path, NUMBERS(path < knowing ? 5 : 6));
        }
        uint32_t asked;
        while (!skad_lookup_done(lookup)) {
            while ((asked = next(lookup)) != NOBODY) {
                answer(lookup, asked, NULL, 0);
            }
        }
        assert_int_equal(skad_lookup_agreement(lookup), knowing);
        free(lookup);
    }
}

static void an_unasked_node_is_asked_again_as_if_nothing_had_been(void **state)
{
    (void)state;
    skad_lookup *lookup = make(1, 1, 4, 2);
    seed(lookup, NUMBERS(10, 20));
    uint16_t place;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(skad_lookup_next(lookup, &place));
        assert_int_equal(number_of(lookup, place), 10);
        assert_int_equal(lookup->rpcs, 1);
        skad_lookup_unask(lookup, place);
        assert_int_equal(lookup->rpcs, 0);
        assert_int_equal(lookup->lists[0].waiting, 0);
    }
    assert_false(skad_lookup_done(lookup));
    free(lookup);
}

static void a_finished_lookup_asks_nobody(void **state)
{
    (void)state;
    skad_lookup *lookup = make(2, 1, 4, 2);
    seed(lookup, NUMBERS(10, 20, 30));
    assert_int_equal(next(lookup), 10);
    skad_lookup_finish(lookup);
    assert_int_equal(next(lookup), NOBODY);
    assert_true(skad_lookup_done(lookup));
    free(lookup);
}

static void a_lookup_without_contacts_is_done_at_once(void **state)
{
    (void)state;
    skad_lookup *lookup = make(4, 1, 8, 4);
    uint16_t places[SKAD_K_MAX];
    assert_int_equal(next(lookup), NOBODY);
    assert_true(skad_lookup_done(lookup));
    assert_int_equal(skad_lookup_closest(lookup, places), 0);
    assert_int_equal(skad_lookup_agreement(lookup), 0);
    free(lookup);
}

static void hops_count_the_answers_between_us_and_the_first_mention(void **state)
{
    (void)state;
    skad_lookup *lookup = make(1, 1, 4, 2);
    seed(lookup, NUMBERS(1000));
    uint32_t number = 1000;
    for (unsigned hop = 0; hop < 6; hop++) {
        assert_int_equal(next(lookup), number);
        assert_int_equal(lookup->candidates[place_of(lookup, number)].hop, hop);
        answer(lookup, number, NUMBERS(number - 100, 1000));
        number -= 100;
    }
    free(lookup);
}

/* ---- Whole lookups in random networks ---- */

#define NODES 300

typedef struct world {
    test_dice dice;
    bool dead[NODES]; /* node n is at distance n + 1 */
    skad_lookup *lookup;
    bool asked[NODES];
    uint32_t flying[SKAD_LOOKUP_RPCS_MAX];
    size_t flying_count;
} world;

/* The 16 closest to the target of those that a node knows: 40 at random and 20 around it. */
static void name_contacts(world *self, uint32_t node)
{
    bool knows[NODES] = {false};
    for (unsigned i = 0; i < 40; i++) {
        knows[test_dice_below(&self->dice, NODES)] = true;
    }
    for (uint32_t i = node < 10 ? 0 : node - 10; i < NODES && i < node + 10; i++) {
        knows[i] = true;
    }
    for (uint32_t i = 0, named = 0; i < NODES && named < 16; i++) {
        if (knows[i] && i != node) {
            hear(self->lookup, node + 1, i + 1);
            named++;
        }
    }
}

/* Something happens to one of the requests under way: it is slow, answered, or given up. */
static void land(world *self)
{
    size_t at = (size_t)test_dice_below(&self->dice, self->flying_count);
    uint32_t node = self->flying[at];
    uint16_t place = place_of(self->lookup, node + 1);
    if (self->lookup->candidates[place].state == SKAD_STEP_ASKED &&
        (self->dead[node] || test_dice_below(&self->dice, 5) == 0)) {
        skad_lookup_slow(self->lookup, place);
        return;
    }
    self->flying[at] = self->flying[--self->flying_count];
    if (self->dead[node]) {
        skad_lookup_failed(self->lookup, place);
    } else {
        skad_lookup_answered(self->lookup, place, 1000);
        name_contacts(self, node);
    }
}

static void ask_all(world *self)
{
    uint32_t number;
    while ((number = next(self->lookup)) != NOBODY) {
        assert_false(self->asked[number - 1]);
        self->asked[number - 1] = true;
        self->flying[self->flying_count++] = number - 1;
    }
    for (uint8_t path = 0; path < self->lookup->paths; path++) {
        assert_in_range(self->lookup->lists[path].waiting, 0, self->lookup->alpha);
    }
}

static void assert_result_is_exact(const world *self)
{
    uint16_t places[SKAD_K_MAX];
    size_t count = skad_lookup_closest(self->lookup, places);
    uint32_t node = 0;
    for (size_t i = 0; i < count; i++, node++) {
        while (self->dead[node]) {
            node++;
        }
        assert_int_equal(number_of(self->lookup, places[i]), node + 1);
        assert_int_equal(self->lookup->candidates[places[i]].state, SKAD_STEP_ANSWERED);
    }
    assert_int_equal(count, self->lookup->siblings);
}

static void random_networks_with_dead_and_slow_nodes_give_the_exact_closest(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        uint64_t dead_percent;
        uint8_t paths;
        uint8_t alpha;
    } cases[] = {{"all alive, one path", 0, 1, 3},
                 {"all alive, four paths", 0, 4, 1},
                 {"a third dead, four paths", 33, 4, 1},
                 {"half dead, eight paths", 50, 8, 2}};
    for (uint64_t round = 0; round < 200; round++) {
        world self = {.dice = {round}};
        size_t c = round % 4;
        self.lookup = make(cases[c].paths, cases[c].alpha, 16, 8);
        for (uint32_t i = 0; i < NODES; i++) {
            self.dead[i] = test_dice_below(&self.dice, 100) < cases[c].dead_percent;
        }
        for (uint32_t i = 0; i < 16; i++) {

            skad_contact contact = contact_of(NODES - 10 * i);
            skad_lookup_seed(self.lookup, i, &contact, &contact.ipv4);
            self.dead[NODES - 10 * i - 1] &= i % 2 == 0; /* our own contacts were alive lately */
        }
        do {
            ask_all(&self);
            if (self.flying_count > 0) {
                land(&self);
            }
        } while (!skad_lookup_done(self.lookup));
        assert_result_is_exact(&self);
        free(self.lookup);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_are_dealt_to_the_paths_in_turn_and_the_rest_to_the_closing_round),
        cmocka_unit_test(each_path_asks_its_closest_alpha_at_a_time),
        cmocka_unit_test(a_node_is_asked_by_the_path_that_claims_it_first_and_never_again),
        cmocka_unit_test(we_never_ask_ourselves),
        cmocka_unit_test(a_flood_of_invented_names_spoils_only_the_path_that_asked_the_liar),
        cmocka_unit_test(a_shortlist_keeps_the_closest_in_order_and_the_farthest_gives_way),
        cmocka_unit_test(a_slow_node_is_overtaken_and_its_late_answer_counts),
        cmocka_unit_test(a_path_that_ran_dry_adopts_what_nobody_claimed),
        cmocka_unit_test(a_liar_that_never_ends_is_ended_by_the_cap),
        cmocka_unit_test(the_cap_ends_a_lookup_that_only_meets_the_dead),
        cmocka_unit_test(the_closing_round_asks_the_seeds_that_stood_by),
        cmocka_unit_test(what_a_slow_path_names_late_belongs_to_the_union),
        cmocka_unit_test(agreement_counts_the_paths_that_knew_the_closest_by_themselves),
        cmocka_unit_test(an_unasked_node_is_asked_again_as_if_nothing_had_been),
        cmocka_unit_test(a_finished_lookup_asks_nobody),
        cmocka_unit_test(a_lookup_without_contacts_is_done_at_once),
        cmocka_unit_test(hops_count_the_answers_between_us_and_the_first_mention),
        cmocka_unit_test(random_networks_with_dead_and_slow_nodes_give_the_exact_closest),
    };
    return cmocka_run_group_tests_name("lookup", tests, NULL, NULL);
}
