#include "src/sim/world/fairness.h"

#include <string.h>

#include "proto/envelope.h"
#include "src/core/routing/distance.h"

#define BANS_MAX 256

static bool is_honest(const skad_world *world, const skad_id *id)
{
    for (uint32_t node = 0; node < world->honest; node++) {
        if (skad_id_equal(&world->ids[node], id)) {
            return true;
        }
    }
    return false;
}

/* Whether an honest node is at an address (IPv6: in its /64), whatever the port. A node suspects
 * addresses, and its list of bans has them. */
static bool has_an_honest_node(const skad_world *world, const skad_address *address)
{
    size_t bytes = address->family == SKAD_FAMILY_IPV6 ? 8 : 4;
    for (uint32_t node = 0; node < world->honest; node++) {
        skad_address one =
            skad_sim_address_facing(&world->addresses, node, (skad_family)address->family);
        if (one.family == address->family && memcmp(one.ip, address->ip, bytes) == 0) {
            return true;
        }
    }
    return false;
}

static bool bans_an_honest_node(const skad_world *world, uint32_t node)
{
    skad_ban bans[BANS_MAX];
    size_t count =
        skad_node_bans(world->nodes[node].node, skad_world_time(world, node), bans, BANS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (bans[i].scope == SKAD_BAN_PREFIX ? has_an_honest_node(world, &bans[i].address)
                                             : is_honest(world, &bans[i].id)) {
            return true;
        }
    }
    return false;
}

/* Whether the datagram was signed in the name of an honest node. */
static bool names_an_honest_node(const skad_world *world, const skad_sim_flight *flight)
{
    skad_envelope envelope;
    skad_id sender;
    if (flight->len <= SKAD_TAG_BYTES ||
        skad_envelope_decode(flight->bytes + SKAD_TAG_BYTES, flight->len - SKAD_TAG_BYTES,
                             &envelope) != SKAD_VERDICT_ACCEPT) {
        return false;
    }
    skad_status status = skad_node_id(envelope.public_key, world->profile.memory_kib,
                                      &sender); /* replies have none */
    return status == SKAD_OK && is_honest(world, &sender);
}

void skad_fairness_check(skad_world *world, uint32_t node, const skad_sim_flight *flight)
{
    if (!world->scenario.invariants || world->broken != NULL || node >= world->honest) {
        return;
    }
    skad_sim_node *one = &world->nodes[node];
    skad_node_stats stats;
    skad_node_stats_get(one->node, skad_world_time(world, node), &stats);
    if (stats.dismissed != one->dismissed && names_an_honest_node(world, flight)) {
        world->broken = "no honest node evicts another for violations";
    } else if (bans_an_honest_node(world, node)) {
        world->broken = "no honest node bans another";
    }
    one->dismissed = (uint32_t)stats.dismissed;
    world->broken_node = world->broken != NULL ? node : world->broken_node;
}
