#include "src/sim/experiment/values.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "skad/records.h"
#include "src/sim/base/memory.h"
#include "src/sim/world/leagues.h"

void skad_sim_values_free(skad_sim_values *values)
{
    free(values->all);
    free(values->keys);
    *values = (skad_sim_values){0};
}

/* `responsible`: only nodes that are to keep the record count, not those with a copy that comes and
 * goes (responsibility.h). */
static bool held(const skad_world *world, const skad_sim_value *value, bool responsible)
{
    for (uint32_t node = 0; node < world->honest; node++) {
        const skad_sim_node *one = &world->nodes[node];
        skad_store_record found;
        if (one->node != NULL &&
            one->store.ops->find(one->store.self, SKAD_STORE_REPLICAS, &value->name,
                                 skad_world_time(world, node).unix_s, &found) &&
            !(responsible && found.cached)) {
            return true;
        }
    }
    return false;
}

bool skad_sim_value_held(const skad_world *world, const skad_sim_value *value)
{
    return held(world, value, false);
}

void skad_sim_values_recount(skad_sim_values *values, const skad_world *world)
{
    for (uint32_t i = 0; i < values->count; i++) {
        skad_sim_value *value = &values->all[i];
        value->safe = value->safe && held(world, value, true);
    }
}

void skad_sim_puts_count(skad_sim_puts *puts, uint64_t us, uint64_t rpcs, const skad_sim_hop *hop)
{
    puts->ended++;
    puts->us += us;
    puts->rpcs += rpcs;
    skad_sim_durations_count(&puts->durations, us);
    skad_sim_requests_count(&puts->requests, rpcs);
    if (hop->answered) {
        skad_sim_hops_count(puts->hops, hop->nearest);
    }
}

static skad_status publish_immutable(skad_sim_values *values, skad_world *world,
                                     skad_sim_value *value)
{
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    size_t len =
        skad_record_encode_immutable(value->bytes, sizeof value->bytes, record, sizeof record);
    const skad_store_request request = {.record = record, .len = len, .keep = true};
    value->name.type = SKAD_RECORD_IMMUTABLE;
    return skad_node_store(world->nodes[SKAD_SIM_PUBLISHER].node, &request,
                           skad_world_time(world, SKAD_SIM_PUBLISHER), &values->publishing,
                           &value->name.key);
}

/* The value's first bytes, random as they are, serve as its salt, too; they are those of the first
 * edition in all others. */
static skad_status publish_mutable(skad_sim_values *values, skad_world *world,
                                   skad_sim_value *value)
{
    skad_node *node = world->nodes[SKAD_SIM_PUBLISHER].node;
    const skad_publish_request request = {.salt = {value->bytes, SKAD_SIM_SALT_BYTES},
                                          .value = {value->bytes, sizeof value->bytes},
                                          .sequence = ++value->sequence,
                                          .life_s = world->profile.record_life_s,
                                          .keep = true};
    value->name.type = SKAD_RECORD_MUTABLE;
    memcpy(value->name.publisher, skad_node_public_key(node), SKAD_PUBLIC_KEY_BYTES);
    return skad_node_publish(node, &request, skad_world_time(world, SKAD_SIM_PUBLISHER),
                             &values->publishing, &value->name.key);
}

static void publish_one(skad_sim_values *values, skad_world *world, uint32_t index, bool immutable,
                        skad_sim_outcome *outcome)
{
    skad_sim_value *value = &values->all[index];
    skad_status status =
        immutable ? publish_immutable(values, world, value) : publish_mutable(values, world, value);
    SKAD_ASSERT(status == SKAD_OK);
    const uint64_t began_us = world->now_us;
    values->hop = (skad_sim_hop){0};
    values->key = value->name.key;
    world->watched = SKAD_SIM_PUBLISHER;
    world->watched_requests = 0;
    skad_node_trace(world->nodes[SKAD_SIM_PUBLISHER].node, values->publishing);
    skad_world_settle(world, SKAD_SIM_PUBLISHER);
    uint64_t end_us = world->now_us + SKAD_OPERATION_US_MAX + SKAD_US_PER_S;
    while (values->publishing != 0 && world->broken == NULL && skad_world_step(world, end_us)) {
    }
    value->stored = values->acknowledged;
    value->safe = value->stored;
    values->keys[index] = value->name.key;
    skad_sim_puts_count(&outcome->puts, world->now_us - began_us, world->watched_requests,
                        &values->hop);
    outcome->puts.stored += value->stored;
    outcome->puts.dense += values->dense;
}

void skad_sim_values_publish(skad_sim_values *values, skad_world *world, skad_prng *prng,
                             skad_sim_outcome *outcome)
{
    uint64_t immutables = world->scenario.values;
    values->count = (uint32_t)(immutables + world->scenario.mutables);
    values->all = skad_sim_alloc(values->count, sizeof *values->all);
    values->keys = skad_sim_alloc(values->count, sizeof *values->keys);
    for (uint32_t i = 0; i < values->count && world->broken == NULL; i++) {
        uint8_t *bytes = values->all[i].bytes;
        if (i == 0 && world->scenario.key_of_value) {
            skad_leagues_value(world, bytes, SKAD_SIM_PUBLISHED_BYTES);
        } else {
            skad_prng_bytes(prng, bytes, SKAD_SIM_PUBLISHED_BYTES);
        }
        publish_one(values, world, i, i < immutables, outcome);
    }
}

void skad_sim_values_publish_again(skad_sim_values *values, skad_world *world, skad_prng *prng,
                                   skad_sim_outcome *outcome)
{
    for (uint32_t i = 0; i < values->count && world->broken == NULL; i++) {
        skad_sim_value *value = &values->all[i];
        if (value->name.type == SKAD_RECORD_MUTABLE) {
            memcpy(value->first, value->bytes, sizeof value->first);
            skad_prng_bytes(prng, value->bytes + SKAD_SIM_SALT_BYTES,
                            sizeof value->bytes - SKAD_SIM_SALT_BYTES);
            publish_one(values, world, i, false, outcome);
        }
    }
}

void skad_sim_values_publish_more(skad_sim_values *values, skad_world *world, skad_prng *prng,
                                  skad_sim_outcome *outcome)
{
    for (int immutable = 0; immutable < 2 && world->broken == NULL; immutable++) {
        uint32_t last = values->count++;
        values->all = skad_sim_grow(values->all, values->count, sizeof *values->all);
        values->keys = skad_sim_grow(values->keys, values->count, sizeof *values->keys);
        values->all[last] = (skad_sim_value){0};
        skad_prng_bytes(prng, values->all[last].bytes, sizeof values->all[last].bytes);
        publish_one(values, world, last, immutable == 1, outcome);
    }
}

bool skad_sim_values_event(skad_sim_values *values, const skad_event *event)
{
    if (values->publishing == 0 || event->op != values->publishing) {
        return false;
    }
    if (event->kind == SKAD_EVENT_STEP) {
        skad_sim_hop_see(&values->hop, &values->key, &event->u.step);
        return true;
    }
    if (event->kind != SKAD_EVENT_PUT) {
        return false;
    }
    values->acknowledged = event->u.put.stored > 0;
    values->dense = event->u.put.dense;
    values->publishing = 0;
    return true;
}
