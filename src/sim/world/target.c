#include "src/sim/world/target.h"

#include <string.h>

#include "skad/records.h"

static skad_span salt_of(const skad_sim_target *target)
{
    return (skad_span){target->bytes, SKAD_SIM_SALT_BYTES};
}

void skad_sim_target_of(const skad_world *world, skad_sim_target *out)
{
    skad_prng prng;
    skad_identity identity;
    *out = (skad_sim_target){0};
    skad_prng_init(&prng, world->scenario.seed, SKAD_PRNG_KEY);
    skad_prng_bytes(&prng, out->bytes, sizeof out->bytes);
    out->publisher = (uint32_t)skad_prng_below(&prng, world->honest);
    skad_world_identity(world, out->publisher, &identity);
    switch ((skad_sim_captured)world->scenario.capture) {
    case SKAD_SIM_NOTHING:
    case SKAD_SIM_VALUE:
        out->name.type = SKAD_RECORD_IMMUTABLE;
        skad_value_key(out->bytes, sizeof out->bytes, &out->name.key);
        break;
    case SKAD_SIM_RECORD:
        out->name.type = SKAD_RECORD_MUTABLE;
        memcpy(out->name.publisher, identity.public_key, sizeof out->name.publisher);
        skad_mutable_key(identity.public_key, salt_of(out), &out->name.key);
        break;
    case SKAD_SIM_ANNOUNCEMENT:
        out->name.type = SKAD_RECORD_ANNOUNCEMENT;
        memcpy(out->name.publisher, identity.public_key, sizeof out->name.publisher);
        skad_value_key(out->bytes, sizeof out->bytes, &out->name.key);
        break;
    }
}

static skad_status put_value(const skad_sim_target *target, const skad_world *world, skad_op *op)
{
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    skad_id key;
    size_t len =
        skad_record_encode_immutable(target->bytes, sizeof target->bytes, record, sizeof record);
    const skad_store_request request = {.record = record, .len = len, .keep = true};
    return skad_node_store(world->nodes[target->publisher].node, &request,
                           skad_world_time(world, target->publisher), op, &key);
}

static skad_status put_record(const skad_sim_target *target, const skad_world *world, skad_op *op)
{
    skad_id key;
    const skad_publish_request request = {.salt = salt_of(target),
                                          .value = {target->bytes, sizeof target->bytes},
                                          .sequence = 1,
                                          .life_s = world->profile.record_life_s,
                                          .keep = true};
    return skad_node_publish(world->nodes[target->publisher].node, &request,
                             skad_world_time(world, target->publisher), op, &key);
}

static skad_status announce(const skad_sim_target *target, const skad_world *world, skad_op *op)
{
    const skad_announce_request request = {
        .key = target->name.key,
        .endpoint = skad_sim_address_of(&world->addresses, target->publisher),
        .metadata = {target->bytes, sizeof target->bytes},
        .life_s = world->profile.record_life_s,
        .keep = true};
    return skad_node_announce(world->nodes[target->publisher].node, &request,
                              skad_world_time(world, target->publisher), op);
}

skad_status skad_sim_target_put(const skad_sim_target *target, skad_world *world, skad_op *op)
{
    switch (target->name.type) {
    case SKAD_RECORD_MUTABLE:
        return put_record(target, world, op);
    case SKAD_RECORD_ANNOUNCEMENT:
        return announce(target, world, op);
    default:
        return put_value(target, world, op);
    }
}

bool skad_sim_target_right(const skad_sim_target *target, const skad_get_report *got)
{
    if (target->name.type != SKAD_RECORD_ANNOUNCEMENT) {
        return got->len == sizeof target->bytes && memcmp(got->value, target->bytes, got->len) == 0;
    }
    for (size_t i = 0; i < got->providers_count; i++) {
        if (memcmp(got->providers[i].publisher, target->name.publisher, SKAD_PUBLIC_KEY_BYTES) ==
            0) {
            return true;
        }
    }
    return false;
}

uint32_t skad_sim_target_holders(const skad_sim_target *target, const skad_world *world)
{
    uint32_t holders = 0;
    for (uint32_t node = 0; node < world->honest; node++) {
        const skad_sim_node *one = &world->nodes[node];
        skad_store_record found;
        holders += one->node != NULL &&
                   one->store.ops->find(one->store.self, SKAD_STORE_REPLICAS, &target->name,
                                        skad_world_time(world, node).unix_s, &found);
    }
    return holders;
}
