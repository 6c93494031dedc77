#include "src/sim/world/prefill_world.h"

#include <stdlib.h>

#include "src/core/node/prefill.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/liveness.h"
#include "src/core/routing/places.h"
#include "src/core/routing/table.h"
#include "src/sim/base/memory.h"

#define ACQUAINTANCES_MAX 1024 /* 64 buckets hold no more */

/* A table in the making. */
typedef struct filling {
    skad_world *world;
    uint32_t node;
    skad_prng *prng;
    uint32_t round_trip_us;
    bool *up;         /* each node is; dense, since most peers are far from each other in memory */
    uint32_t *came_s; /* since when */
    uint32_t *met_by; /* each node was met last by this node, plus one */
    uint32_t peers[ACQUAINTANCES_MAX];
    size_t count;
    skad_id_index_range ranges[64]; /* of the buckets, but for the one around us */
    size_t ranges_count;
} filling;

/* Returns the round trip to a peer: that of the matrix, or a usual one. */
static uint32_t round_trip_us(const filling *self, uint32_t peer)
{
    skad_sim_links *links = &self->world->links;
    if (self->world->scenario.latency != SKAD_SIM_MATRIX) {
        return self->round_trip_us;
    }
    return (uint32_t)(skad_sim_links_latency_us(links, self->node, peer) +
                      skad_sim_links_latency_us(links, peer, self->node));
}

static bool met(const filling *self, uint32_t peer)
{
    return self->met_by[peer] == self->node + 1;
}

static void meet(filling *self, uint32_t peer)
{
    if (peer != self->node && self->up[peer] && self->count < ACQUAINTANCES_MAX) {
        __builtin_prefetch(&self->world->ids[peer]); /* wanted when all are known */
        self->met_by[peer] = self->node + 1;
        self->peers[self->count++] = peer;
    }
}

/* Meets up to k random nodes of a range: Floyd's choice, each set as likely as any other. */
static void meet_some(filling *self, skad_id_index_range range)
{
    const skad_id_index *index = &self->world->id_index;
    size_t wanted = self->world->profile.k;
    size_t places[SKAD_K_MAX];
    size_t count = 0;
    size_t size = range.to - range.from;
    if (size <= wanted) {
        for (size_t place = range.from; place < range.to; place++) {
            meet(self, index->nodes[place]);
        }
        return;
    }
    for (size_t top = size - wanted; top < size; top++) {
        size_t pick = range.from + (size_t)skad_prng_below(self->prng, top + 1);
        for (size_t i = 0; i < count; i++) {
            if (places[i] == pick) {
                pick = range.from + top;
                break;
            }
        }
        places[count++] = pick;
        meet(self, index->nodes[pick]);
    }
}

static bool is_up(const void *user, uint32_t node)
{
    const filling *self = user;
    return self->up[node];
}

/* Meets the siblings. All are in the ranges of the last few buckets, and may be met already. */
static void meet_siblings(filling *self)
{
    skad_world *world = self->world;
    const size_t siblings = (size_t)world->profile.siblings * world->scenario.eta;
    uint32_t closest[SKAD_SIBLINGS_MAX + 1];
    const skad_id_index_query query = {.target = skad_id_prefix(&world->ids[self->node]),
                                       .filter = is_up,
                                       .user = self,
                                       .max = siblings + 1};
    size_t count = skad_id_index_closest(&world->id_index, &query, closest);
    for (size_t i = 0; i < count; i++) {
        if (!met(self, closest[i])) {
            meet(self, closest[i]);
        }
    }
}

static int by_age(const void *a, const void *b)
{
    uint64_t first_us = ((const skad_acquaintance *)a)->first_seen_us;
    uint64_t second_us = ((const skad_acquaintance *)b)->first_seen_us;
    return (first_us > second_us) - (first_us < second_us);
}

/* Meets replacements: nodes that asked wait behind the full buckets until the table is full, the
 * same number behind each. */
static void meet_replacements(filling *self)
{
    const skad_id_index *index = &self->world->id_index;
    skad_usage caps[SKAD_CAP_COUNT];
    skad_node_caps(self->world->nodes[self->node].node, skad_world_time(self->world, self->node),
                   caps);
    size_t places = caps[SKAD_CAP_PEERS].max;
    size_t tries = places > self->count && self->ranges_count > 0 ? 2 * (places - self->count) : 0;
    for (size_t i = 0; i < tries && self->count < places; i++) {
        skad_id_index_range range = self->ranges[i % self->ranges_count];
        if (range.to - range.from <= self->world->profile.k) {
            continue;
        }
        size_t pick = (size_t)skad_prng_below(self->prng, range.to - range.from);
        uint32_t peer = index->nodes[range.from + pick];
        if (!met(self, peer)) {
            meet(self, peer);
        }
    }
}

/* The mean life that nodes have measured of the others after hours. */
static uint64_t mean_life_us(const skad_sim_scenario *scenario)
{
    bool drawn = scenario->churn == SKAD_SIM_EXPONENTIAL || scenario->churn == SKAD_SIM_WEIBULL;
    return drawn ? (uint64_t)(scenario->uptime_min * 60) * SKAD_US_PER_S : UINT64_MAX;
}

/* Lets two nodes know each other since the younger one came. Each was heard at another time within
 * its last interval, so that liveness checks are spread. */
static void get_acquainted(filling *self)
{
    skad_world *world = self->world;
    skad_acquaintance known[ACQUAINTANCES_MAX];
    skad_address addresses[ACQUAINTANCES_MAX];
    double shift = skad_prng_unit(self->prng);
    bool in_order = true;
    skad_time now = skad_world_time(world, self->node);
    uint64_t life_us = mean_life_us(&world->scenario);
    for (size_t i = 0; i < self->count; i++) {
        uint32_t peer = self->peers[i];
        uint32_t own_s = world->nodes[self->node].came_s;
        uint32_t since_s = self->came_s[peer] > own_s ? self->came_s[peer] : own_s;
        uint64_t first_seen_us = since_s * SKAD_US_PER_S;
        double ago = ((double)(self->count - i) - shift) / (double)self->count; /* of an interval */
        uint64_t interval_us = skad_liveness_interval_us(world->now_us - first_seen_us, life_us);
        uint64_t heard_us = world->now_us - (uint64_t)(ago * (double)interval_us);
        addresses[i] = skad_sim_address_between(&world->addresses, self->node, peer);
        known[i] =
            (skad_acquaintance){.id = &world->ids[peer],
                                .address = &addresses[i],
                                .rtt_us = round_trip_us(self, peer),
                                .first_seen_us = first_seen_us,
                                .heard_us = heard_us > first_seen_us ? heard_us : first_seen_us};
        in_order = in_order && (i == 0 || known[i - 1].first_seen_us <= known[i].first_seen_us);
    }
    if (!in_order) {
        qsort(known, self->count, sizeof known[0], by_age);
    }
    skad_node *node = world->nodes[self->node].node;
    skad_prefill_mean_life(node, life_us);
    skad_status status = skad_prefill_known(node, known, self->count, now);
    (void)skad_sim_must(status == SKAD_OK ? node : NULL);
    skad_prefill_joined(node, now);
    world->nodes[self->node].joined = true;
}

/* Visits a random place in each sixteenth of the key space, as a node does within days. */
static void visit_places(filling *self)
{
    skad_world *world = self->world;
    const size_t s = world->profile.siblings;
    for (unsigned sixteenth = 0; sixteenth < SKAD_PLACES; sixteenth++) {
        uint32_t closest[SKAD_S_MAX];
        skad_id target = skad_prng_id(self->prng);
        target.bytes[0] = (uint8_t)(sixteenth << 4 | (target.bytes[0] & 0xf));
        const skad_id_index_query query = {
            .target = skad_id_prefix(&target), .filter = is_up, .user = self, .max = s};
        if (skad_id_index_closest(&world->id_index, &query, closest) == s) {
            skad_prefill_visited(world->nodes[self->node].node, &target,
                                 skad_id_prefix(&world->ids[closest[s - 1]]) ^
                                     skad_id_prefix(&target));
        }
    }
}

static void fill_one(filling *self)
{
    const skad_id_index *index = &self->world->id_index;
    uint64_t own = skad_id_prefix(&self->world->ids[self->node]);
    skad_id_index_range range = {0, index->count};
    self->count = 0;
    self->ranges_count = 0;
    for (unsigned bit = 0; range.to - range.from > self->world->profile.k && bit < 64; bit++) {
        uint64_t flipped = own ^ UINT64_C(1) << (63 - bit);
        skad_id_index_range far = skad_id_index_prefixed(index, flipped, bit + 1);
        meet_some(self, far);
        self->ranges[self->ranges_count++] = far;
        range = skad_id_index_prefixed(index, own, bit + 1);
    }
    for (size_t place = range.from; place < range.to; place++) {
        meet(self, index->nodes[place]);
    }
    meet_siblings(self);
    meet_replacements(self);
    get_acquainted(self);
}

void skad_sim_prefill(skad_world *world)
{
    skad_prng prng;
    skad_prng_init(&prng, world->scenario.seed, SKAD_PRNG_TABLES);
    filling *self = skad_sim_alloc(1, sizeof *self);
    self->world = world;
    self->prng = &prng;
    self->round_trip_us = (uint32_t)skad_sim_links_round_trip_us(&world->links);
    self->up = skad_sim_alloc(world->count, sizeof *self->up);
    self->came_s = skad_sim_alloc(world->count, sizeof *self->came_s);
    self->met_by = skad_sim_alloc(world->count, sizeof *self->met_by);
    for (uint32_t node = 0; node < world->count; node++) {
        self->up[node] = skad_world_up(world, node);
        self->came_s[node] = world->nodes[node].came_s;
    }
    for (uint32_t node = 0; node < world->count; node++) {
        if (skad_world_up(world, node)) {
            self->node = node;
            fill_one(self);
            if (world->scenario.visited) {
                visit_places(self);
            }
            skad_world_settle(world, node);
        }
    }
    free(self->up);
    free(self->came_s);
    free(self->met_by);
    free(self);
}
