/* Attacks with requests alone: floods from spoofed sources, replays, silent crowds. */
#include <string.h>

#include "proto/envelope.h"
#include "src/core/routing/distance.h"
#include "src/sim/world/attack_state.h"

/* A search for a random target. */
static skad_message random_search(skad_world *world)
{
    skad_message message = {.kind = SKAD_KIND_FIND_NODE};
    message.u.find_node.target = skad_prng_id(&world->attacks->prng);
    message.u.find_node.want = world->families;
    return message;
}

/* ---- Flood ---- */

/* In whose name a victim is sent something: another victim's, if there are several, so that what
 * each of them may ask is used up. */
static uint32_t draw_pretended(skad_world *world, uint32_t victim)
{
    uint64_t aimed_at = world->scenario.attack_victims;
    uint64_t among = aimed_at < 2 || aimed_at > world->honest ? world->honest : aimed_at;
    if (among < 2) {
        return SKAD_SIM_NOBODY;
    }
    uint64_t step = 1 + skad_prng_below(&world->attacks->prng, among - 1);
    uint32_t node = (uint32_t)((victim + step) % among);
    return skad_world_up(world, node) ? node : SKAD_SIM_NOBODY;
}

void skad_attack_flood(skad_world *world)
{
    skad_prng *prng = &world->attacks->prng;
    uint32_t victim = skad_attacks_draw_victim(world);
    uint32_t pretended =
        victim == SKAD_SIM_NOBODY ? SKAD_SIM_NOBODY : draw_pretended(world, victim);
    if (pretended == SKAD_SIM_NOBODY) {
        return;
    }
    const skad_message message = random_search(world);
    const skad_address source = skad_sim_address_of(&world->addresses, pretended);
    bool garbage = skad_prng_below(prng, 2) == 0;
    const skad_sim_forgery forgery = {
        .attacker = skad_attacks_draw_attacker(world),
        .victim = victim,
        .message = &message,
        .source = &source,
        .claimed_key = garbage ? skad_node_public_key(world->nodes[pretended].node) : NULL,
        .wrong = garbage,
    };
    skad_sim_forge(world, &forgery);
}

/* ---- Replay ---- */

static bool is_aimed_at(const skad_world *world, uint32_t node)
{
    uint64_t victims = world->scenario.attack_victims;
    return node < world->honest && (victims == 0 || node < victims);
}

/* Whether a replay may have an effect: a node that looks for its own neighbourhood, or brings a
 * record. */
static bool is_worth_it(const skad_datagram *datagram)
{
    skad_envelope envelope;
    skad_message message;
    if (datagram->len <= SKAD_TAG_BYTES ||
        skad_envelope_decode(datagram->bytes + SKAD_TAG_BYTES, datagram->len - SKAD_TAG_BYTES,
                             &envelope) != SKAD_VERDICT_ACCEPT ||
        !skad_kind_is_request(envelope.kind)) {
        return false;
    }
    if (envelope.kind == SKAD_KIND_STORE || envelope.kind == SKAD_KIND_ANNOUNCE) {
        return true;
    }
    return envelope.kind == SKAD_KIND_FIND_NODE &&
           skad_message_decode(envelope.kind, envelope.body.data, envelope.body.len, &message) &&
           skad_id_equal(&message.u.find_node.target, envelope.id);
}

void skad_attacks_overhear(skad_world *world, uint32_t from, const skad_address *source,
                           const skad_datagram *datagram)
{
    skad_attacks *attacks = world->attacks;
    uint32_t to = skad_sim_node_at(&world->addresses, &datagram->to);
    if (world->scenario.adversary != SKAD_SIM_REPLAY || from >= world->honest ||
        !(is_aimed_at(world, from) || is_aimed_at(world, to)) || !is_worth_it(datagram)) {
        return;
    }
    skad_sim_overheard *one =
        &attacks->overheard[attacks->overheard_count++ % SKAD_SIM_OVERHEARD_MAX];
    one->source = *source;
    one->datagram = *datagram;
}

void skad_attack_replay(skad_world *world)
{
    skad_attacks *attacks = world->attacks;
    uint32_t count = attacks->overheard_count < SKAD_SIM_OVERHEARD_MAX ? attacks->overheard_count
                                                                       : SKAD_SIM_OVERHEARD_MAX;
    if (count > 0) {
        const skad_sim_overheard *one = &attacks->overheard[skad_prng_below(&attacks->prng, count)];
        skad_world_send_from(world, world->honest + skad_attacks_draw_attacker(world), &one->source,
                             &one->datagram);
    }
}

/* ---- Crowd ---- */

void skad_attack_crowd(skad_world *world)
{
    uint32_t victim = skad_attacks_draw_victim(world);
    const skad_message message = random_search(world);
    if (victim != SKAD_SIM_NOBODY) {
        const skad_sim_forgery forgery = {
            .attacker = skad_attacks_draw_attacker(world), .victim = victim, .message = &message};
        skad_sim_forge(world, &forgery);
    }
}
