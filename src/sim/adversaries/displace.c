/* displace: names the honest nodes nearest to the target, at addresses without a node. It has no
 * record. */
#include "src/sim/world/graveyard.h"

#define TIMES 1 /* that each is named */

static size_t name(skad_league *league, const skad_asked *asked, const skad_id *target,
                   skad_contact out[static SKAD_CONTACTS_MAX])
{
    const skad_world *world = league->world;
    uint32_t nodes[SKAD_CONTACTS_MAX];
    (void)asked;
    size_t count =
        TIMES * skad_league_nearest_honest(league, target, SKAD_CONTACTS_MAX / TIMES, nodes);
    for (size_t i = 0; i < count; i++) {
        const skad_address address = skad_graveyard_address(league->state, world);
        out[i] = skad_sim_contact(&world->ids[nodes[i / TIMES]], &address);
    }
    return count;
}

SKAD_ADVERSARY(displace) = {
    .is = SKAD_ADVERSARY_IS("displace", "names the sixteen nearest honest nodes, at dead addresses",
                            SKAD_SIM_LIES),
    .state_bytes = sizeof(skad_graveyard), /* without IDs: its addresses alone */
    .name = name,
};
