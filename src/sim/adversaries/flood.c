/* flood: requests from the addresses of honest nodes, without tokens: half of them with a good
 * signature of an adversary, half in the name of that honest node, with a wrong one. */
#include "src/sim/world/adversary.h"

/* In whose name a victim is sent something: another victim's, if there are several, so that what
 * each of them may ask is used up. */
static uint32_t draw_pretended(skad_league *league, uint32_t victim)
{
    const skad_world *world = league->world;
    uint64_t aimed_at = world->scenario.attack_victims;
    uint64_t among = aimed_at < 2 || aimed_at > world->honest ? world->honest : aimed_at;
    if (among < 2) {
        return SKAD_SIM_NOBODY;
    }
    uint64_t step = 1 + skad_league_draw(league, among - 1);
    uint32_t node = (uint32_t)((victim + step) % among);
    return skad_world_up(world, node) ? node : SKAD_SIM_NOBODY;
}

static void turn(skad_league *league)
{
    const skad_world *world = league->world;
    uint32_t victim = skad_league_draw_victim(league);
    uint32_t pretended =
        victim == SKAD_SIM_NOBODY ? SKAD_SIM_NOBODY : draw_pretended(league, victim);
    if (pretended == SKAD_SIM_NOBODY) {
        return;
    }
    const skad_message message = skad_league_random_search(league);
    const skad_address source = skad_sim_address_of(&world->addresses, pretended);
    bool garbage = skad_league_draw(league, 2) == 0;
    const skad_forgery forgery = {
        .node = skad_league_draw_node(league),
        .victim = victim,
        .message = &message,
        .source = &source,
        .claimed_key = garbage ? skad_node_public_key(world->nodes[pretended].node) : NULL,
        .wrong = garbage,
    };
    skad_league_send(league, &forgery);
}

SKAD_ADVERSARY(flood) = {
    .is = SKAD_ADVERSARY_IS("flood", "sends requests from the addresses of honest nodes",
                            SKAD_SIM_SENDS),
    .turn = turn,
};
