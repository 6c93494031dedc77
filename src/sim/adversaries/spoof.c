/* spoof: well signed requests from sources where nothing is, never two alike: what they are
 * answered goes nowhere, and each of them asks for a check of a signature. */
#include "src/sim/world/adversary.h"

typedef struct spoof {
    uint32_t sources; /* so far, 256 apart: each has a /24 of its own */
} spoof;

static void turn(skad_league *league)
{
    spoof *self = league->state;
    const uint32_t victim = skad_league_draw_victim(league);
    const skad_message message = skad_league_random_search(league);
    const skad_address source =
        skad_sim_address_unroutable(&league->world->addresses, self->sources++ * 256);
    if (victim != SKAD_SIM_NOBODY) {
        const skad_forgery forgery = {.node = skad_league_draw_node(league),
                                      .victim = victim,
                                      .message = &message,
                                      .source = &source};
        skad_league_send(league, &forgery);
    }
}

SKAD_ADVERSARY(spoof) = {
    .is = SKAD_ADVERSARY_IS("spoof", "sends requests from sources where nothing is",
                            SKAD_SIM_SENDS),
    .state_bytes = sizeof(spoof),
    .turn = turn,
};
