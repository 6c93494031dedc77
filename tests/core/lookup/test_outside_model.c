/* Whole puts in random networks, some of whose nodes lie, are dead, slow, or known to be silent
 * lately, in regions of three to twelve bits: each ends, within its bounds, whatever is named. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/core/lookup/lookup.h"
#include "src/core/lookup/mirror.h"
#include "src/core/lookup/nearest.h"
#include "src/core/lookup/outside.h"
#include "src/core/routing/distance.h"
#include "tests/support/lookup_script.h"
#include "tests/support/prng.h"

#define NODES      240
#define ROUNDS     300
#define STEPS_MAX  20000
#define FLYING_MAX 512

typedef enum node_kind { HONEST, DEAD, LIAR } node_kind;

typedef struct node {
    uint32_t number;
    node_kind kind;
} node;

/* A request under way. */
typedef struct flight {
    skad_query query;
    uint32_t number; /* of the node that is asked */
    bool waited_for; /* it has not passed its soft timeout */
} flight;

typedef struct world {
    test_prng prng;
    skad_random random;
    skad_lookup *lookup;
    unsigned bits;
    unsigned lies;
    node nodes[NODES]; /* in no order */
    flight flying[FLYING_MAX];
    size_t flying_count;
    unsigned asked;
    bool blocked;
} world;

static uint32_t below(world *self, uint64_t bound)
{
    return (uint32_t)test_prng_below(&self->prng, bound);
}

/* A number in the region, or at some bits from it. */
static uint32_t draw_number(world *self, unsigned out)
{
    const unsigned shared = self->bits > out ? self->bits - out : 0;
    const uint32_t size = UINT32_MAX >> shared;
    return 1 + below(self, size - 1);
}

static skad_contact contact_at(uint32_t number, unsigned place)
{
    skad_contact contact = script_contact_of(number);
    contact.ipv4.port = (uint16_t)(contact.ipv4.port + place);
    return contact;
}

static const node *find_node(const world *self, uint32_t number)
{
    for (size_t i = 0; i < NODES; i++) {
        if (self->nodes[i].number == number) {
            return &self->nodes[i];
        }
    }
    return NULL;
}

static void hear(world *self, uint16_t from, uint32_t number, unsigned place)
{
    const skad_contact contact = contact_at(number, place);
    skad_lookup_heard(self->lookup, from, &contact, &contact.ipv4);
    if (below(self, 12) == 0) {
        skad_lookup_departed(self->lookup, &contact.id, &contact.ipv4);
    }
}

/* The sixteen closest to a place of those that a node knows, a third of all. */
static void name_honestly(world *self, uint16_t from, uint32_t around)
{
    bool knows[NODES];
    for (size_t i = 0; i < NODES; i++) {
        knows[i] = below(self, 3) == 0;
    }
    for (unsigned named = 0; named < 16; named++) {
        size_t best = NODES;
        for (size_t i = 0; i < NODES; i++) {
            if (knows[i] && (best == NODES || (self->nodes[i].number ^ around) <
                                                  (self->nodes[best].number ^ around))) {
                best = i;
            }
        }
        if (best < NODES) {
            knows[best] = false;
            hear(self, from, self->nodes[best].number, 0);
        }
    }
}

/* Names that exist nowhere, others at wrong places, and those that know how to lie. */
static void name_falsely(world *self, uint16_t from)
{
    for (unsigned named = 0; named < 16; named++) {
        const node *any = &self->nodes[below(self, NODES)];
        const unsigned lie = self->lies == 3 ? below(self, 3) : self->lies;
        if (lie == 0) {
            hear(self, from, draw_number(self, below(self, 2)), 0);
        } else if (lie == 1) {
            hear(self, from, any->number, 1 + below(self, 3));
        } else if (any->kind == LIAR) {
            hear(self, from, any->number, 0);
        }
    }
}

static void answer(world *self, const flight *one)
{
    const node *asked = find_node(self, one->number);
    if (asked->kind == LIAR && below(self, 8) > 0) {
        name_falsely(self, one->query.candidate);
    } else {
        name_honestly(self, one->query.candidate,
                      (uint32_t)(skad_id_prefix(&one->query.target) >> 32));
    }
}

static void drop(world *self, size_t at)
{
    self->flying[at] = self->flying[--self->flying_count];
}

/* Something happens to a request for another point than the key. */
static void land_elsewhere(world *self, size_t at)
{
    const flight one = self->flying[at];
    const node *asked = find_node(self, one.number);
    drop(self, at);
    if (asked != NULL && asked->kind != DEAD && below(self, 8) > 0) {
        answer(self, &one);
    }
    skad_lookup_elsewhere_over(self->lookup, one.query.part);
}

/* Something happens to a request for the key: it is late, refused, answered, or given up. */
static void land_candidate(world *self, size_t at)
{
    const flight one = self->flying[at];
    const uint16_t index = one.query.candidate;
    const skad_candidate *candidate = &self->lookup->candidates.all[index];
    const node *asked = find_node(self, one.number);
    const bool lives = asked != NULL && asked->kind != DEAD &&
                       candidate->address.port <= contact_at(one.number, 1).ipv4.port;
    if (one.waited_for && (!lives || below(self, 6) == 0)) {
        self->flying[at].waited_for = false;
        skad_lookup_slow(self->lookup, index);
        return;
    }
    if (!one.waited_for && !candidate->overdue && below(self, 2) == 0) {
        skad_lookup_overdue(self->lookup, index);
        return;
    }
    drop(self, at);
    if (!skad_lookup_awaits(self->lookup, index)) {
        return;
    }
    if (lives && below(self, 15) == 0) {
        skad_lookup_refused(self->lookup, index, below(self, 2) == 0);
    } else if (lives) {
        skad_lookup_answered(self->lookup, index, 1000);
        answer(self, &one);
    } else {
        skad_lookup_failed(self->lookup, index);
    }
}

static void assert_flies_once(const world *self, uint16_t index)
{
    for (size_t i = 0; i < self->flying_count; i++) {
        assert_true(self->flying[i].query.region || self->flying[i].query.candidate != index);
    }
}

static void ask_all(world *self)
{
    skad_query query;
    self->blocked = false;
    while (skad_lookup_next(self->lookup, &query)) {
        if (below(self, 20) == 0) { /* the queue is full */
            skad_lookup_unask(self->lookup, &query);
            self->blocked = true;
            return;
        }
        if (!query.region) {
            assert_flies_once(self, query.candidate);
        }
        assert_true(self->flying_count < FLYING_MAX);
        self->flying[self->flying_count++] =
            (flight){.query = query,
                     .number = script_number_of(self->lookup, query.candidate),
                     .waited_for = true};
        self->asked++;
        assert_true(self->asked <= SKAD_LOOKUP_RPCS_MAX);
    }
}

/* As the node does, once the paths of a put are over. */
static void draw_outside(world *self)
{
    if (!skad_outside_due(self->lookup)) {
        return;
    }
    for (unsigned i = 0; i < SKAD_OUTSIDE_MAX; i++) {
        const node *any = &self->nodes[below(self, NODES)];
        const skad_contact contact = contact_at(any->number, below(self, 4) == 0);
        (void)skad_outside_add(self->lookup, &contact, &contact.ipv4, NULL);
    }
    const uint16_t turns = self->lookup->turns;
    skad_outside_drawn(self->lookup);
    assert_int_not_equal(self->lookup->turns, turns); /* they may be asked */
}

static void make_world(world *self, uint64_t seed)
{
    uint8_t bytes[SKAD_SEED_BYTES] = {0};
    memcpy(bytes, &seed, sizeof seed);
    *self = (world){.prng = {seed}};
    skad_random_init(&self->random, bytes);
    self->bits = 3 + (unsigned)(seed % 10);
    self->lies = below(self, 4);
    const uint32_t liars = below(self, 70);
    const uint32_t dead = below(self, 50);
    for (size_t i = 0; i < NODES; i++) {
        self->nodes[i].number = draw_number(self, (unsigned)(i % 8));
        const uint32_t lot = below(self, 100);
        self->nodes[i].kind = lot < liars ? LIAR : lot < liars + dead ? DEAD : HONEST;
    }
    self->lookup = script_make((uint8_t)(seed % 2 == 0 ? 4 : 8), 3, 16, 16);
    self->lookup->random = &self->random;
    self->lookup->for_record = true;
    self->lookup->for_put = seed % 4 != 3;
    self->lookup->region_bits = (uint8_t)self->bits;
    self->lookup->radius = UINT64_C(1) << (64 - self->bits);
    self->lookup->enough = 16;
    skad_mirror_begin(self->lookup);
    for (uint32_t i = 0; i < 32; i++) {
        const skad_contact contact = script_contact_of(self->nodes[below(self, NODES)].number);
        skad_lookup_seed(self->lookup, i, &contact, &contact.ipv4, NULL);
    }
}

static void assert_no_id_twice(const skad_lookup *lookup)
{
    uint16_t indices[SKAD_K_MAX];
    const size_t count = skad_lookup_closest(lookup, lookup->siblings, indices);
    for (size_t i = 1; i < count; i++) {
        assert_int_not_equal(script_number_of(lookup, indices[i - 1]),
                             script_number_of(lookup, indices[i]));
    }
}

/* Whether the next phase has something to ask, or ends. */
static bool goes_on(world *self)
{
    const skad_lookup_phase phase = self->lookup->phase;
    for (unsigned i = 0; i < 16; i++) {
        skad_query query;
        if (skad_lookup_next(self->lookup, &query)) {
            skad_lookup_unask(self->lookup, &query);
            return true;
        }
        if (skad_lookup_done(self->lookup) || skad_outside_due(self->lookup) ||
            self->lookup->phase != phase) {
            return true;
        }
    }
    return false;
}

static void land(world *self)
{
    const size_t at = below(self, self->flying_count);
    if (self->flying[at].query.region) {
        land_elsewhere(self, at);
    } else {
        land_candidate(self, at);
    }
}

/* It had nothing to ask and did not turn: then it has nothing to ask before something comes. */
static void assert_at_rest(world *self, uint64_t seed)
{
    skad_query query;
    const uint16_t turns = self->lookup->turns;
    if (skad_lookup_next(self->lookup, &query) || skad_lookup_done(self->lookup) ||
        self->lookup->turns != turns) {
        fail_msg("seed %llu: it would have gone on", (unsigned long long)seed);
    }
}

static void run(world *self, uint64_t seed)
{
    for (unsigned step = 0; step < STEPS_MAX; step++) {
        ask_all(self);
        const uint16_t turns = self->lookup->turns;
        if (!self->blocked && skad_lookup_done(self->lookup)) {
            return;
        }
        if (!self->blocked && turns == self->lookup->turns) {
            assert_at_rest(self, seed);
        }
        const bool drawn = self->lookup->outside_drawn;
        if (!self->blocked) {
            draw_outside(self);
        }
        if (self->flying_count > 0) {
            land(self);
        } else if (!self->blocked && drawn == self->lookup->outside_drawn && !goes_on(self)) {
            fail_msg("seed %llu: it waits for nothing", (unsigned long long)seed);
        }
    }
    fail_msg("seed %llu: it does not end", (unsigned long long)seed);
}

static void each_put_and_get_ends_within_its_bounds_whatever_is_named(void **state)
{
    (void)state;
    static world self;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        make_world(&self, seed);
        run(&self, seed);
        assert_no_id_twice(self.lookup);
        skad_lookup_free(self.lookup);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_put_and_get_ends_within_its_bounds_whatever_is_named),
    };
    return cmocka_run_group_tests_name("outside_model", tests, NULL, NULL);
}
