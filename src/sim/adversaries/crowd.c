/* crowd: searches by many identities that are never up, so that none of them answers. */
#include "src/sim/world/adversary.h"

static void turn(skad_league *league)
{
    uint32_t victim = skad_league_draw_victim(league);
    const skad_message message = skad_league_random_search(league);
    if (victim != SKAD_SIM_NOBODY) {
        const skad_forgery forgery = {
            .node = skad_league_draw_node(league), .victim = victim, .message = &message};
        skad_league_send(league, &forgery);
    }
}

SKAD_ADVERSARY(crowd) = {
    .is = SKAD_ADVERSARY_IS("crowd", "searches by identities that are never up",
                            SKAD_SIM_SENDS | SKAD_SIM_ABSENT),
    .turn = turn,
};
