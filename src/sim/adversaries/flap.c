/* flap: attacks by churn: in each turn one of its nodes leaves without notice or, if it is away,
 * comes back without its records. Tables fill with what is gone, and neighbours hand over records
 * that are lost again. While they are up its nodes do what honest ones do. */
#include "src/sim/world/adversary.h"

static void turn(skad_league *league)
{
    const uint32_t node = skad_league_draw_node(league);
    if (skad_world_up(league->world, node)) {
        skad_league_leave(league, node);
    } else {
        skad_league_return(league, node);
    }
}

SKAD_ADVERSARY(flap) = {
    .is = SKAD_ADVERSARY_IS("flap", "leaves and returns again and again", SKAD_SIM_SENDS),
    .turn = turn,
};
