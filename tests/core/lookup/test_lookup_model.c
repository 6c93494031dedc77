/* Whole lookups in random networks with dead and slow nodes, their requests landing in any order:
 * the answer is always the exact one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/core/lookup/lookup.h"
#include "src/core/lookup/nearest.h"
#include "src/core/lookup/region.h"
#include "src/core/routing/distance.h"
#include "tests/support/lookup_script.h"
#include "tests/support/prng.h"

#define NODES 300

typedef struct world {
    test_prng prng;
    bool dead[NODES]; /* node n is at distance n + 1 */
    skad_lookup *lookup;
    bool asked[NODES];
    uint32_t flying[SKAD_LOOKUP_RPCS_MAX];
    size_t flying_count;
} world;

/* The 16 closest to a target (its first 32 bits) of those that a node knows: 40 at random and 20
 * around it. */
static void name_contacts(world *self, uint32_t node, uint32_t around)
{
    bool knows[NODES] = {false};
    for (unsigned i = 0; i < 40; i++) {
        knows[test_prng_below(&self->prng, NODES)] = true;
    }
    for (uint32_t i = node < 10 ? 0 : node - 10; i < NODES && i < node + 10; i++) {
        knows[i] = true;
    }
    knows[node] = false;
    for (unsigned named = 0; named < 16; named++) {
        uint32_t best = NODES;
        for (uint32_t i = 0; i < NODES; i++) {
            if (knows[i] && (best == NODES || ((i + 1) ^ around) < ((best + 1) ^ around))) {
                best = i;
            }
        }
        if (best == NODES) {
            return;
        }
        knows[best] = false;
        script_hear(self->lookup, node + 1, best + 1);
    }
}

/* Something happens to one of the requests under way: it is slow, answered, or given up. */
static void land(world *self)
{
    size_t at = (size_t)test_prng_below(&self->prng, self->flying_count);
    uint32_t node = self->flying[at];
    uint16_t index = script_index_of(self->lookup, node + 1);
    if (self->lookup->candidates.all[index].state == SKAD_STEP_ASKED &&
        (self->dead[node] || test_prng_below(&self->prng, 5) == 0)) {
        skad_lookup_slow(self->lookup, index);
        return;
    }
    self->flying[at] = self->flying[--self->flying_count];
    if (self->dead[node]) {
        skad_lookup_failed(self->lookup, index);
    } else {
        skad_lookup_answered(self->lookup, index, 1000);
        name_contacts(self, node, 0);
    }
}

static void ask_all(world *self)
{
    skad_query query;
    while (skad_lookup_next(self->lookup, &query)) {
        uint32_t number = script_number_of(self->lookup, query.candidate);
        if (query.region) {
            name_contacts(self, number - 1, (uint32_t)(skad_id_prefix(&query.target) >> 32));
            skad_regions_over(self->lookup);
            continue;
        }
        assert_false(self->asked[number - 1]);
        self->asked[number - 1] = true;
        self->flying[self->flying_count++] = number - 1;
    }
}

static void assert_result_is_exact(const world *self)
{
    uint16_t indices[SKAD_K_MAX];
    size_t count = skad_lookup_closest(self->lookup, self->lookup->siblings, indices);
    uint32_t node = 0;
    for (size_t i = 0; i < count; i++, node++) {
        while (self->dead[node]) {
            node++;
        }
        assert_int_equal(script_number_of(self->lookup, indices[i]), node + 1);
        assert_int_equal(self->lookup->candidates.all[indices[i]].state, SKAD_STEP_ANSWERED);
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
        world self = {.prng = {round}};
        size_t c = round % 4;
        self.lookup = script_make(cases[c].paths, cases[c].alpha, 16, 8);
        for (uint32_t i = 0; i < NODES; i++) {
            self.dead[i] = test_prng_below(&self.prng, 100) < cases[c].dead_percent;
        }
        for (uint32_t i = 0; i < 16; i++) {

            skad_contact contact = script_contact_of(NODES - 10 * i);
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
        skad_lookup_free(self.lookup);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_networks_with_dead_and_slow_nodes_give_the_exact_closest),
    };
    return cmocka_run_group_tests_name("lookup_model", tests, NULL, NULL);
}
