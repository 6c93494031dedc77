/* on-path-late: an attacker on the path. It has a hand on a share of the links between honest
 * nodes, the same ones in both directions for ever, and holds back for late_ms what passes them. It
 * needs no node, but a world has one of it at least. */
#include "src/sim/world/adversary.h"

static bool passes(skad_league *league, uint32_t from, uint32_t to, const skad_datagram *datagram,
                   uint64_t *delay_us)
{
    (void)datagram;
    if (skad_league_has_link(league, from, to)) {
        *delay_us += (uint64_t)(league->world->scenario.late_ms * (double)SKAD_US_PER_MS);
    }
    return true;
}

SKAD_ADVERSARY(on_path_late) = {
    .is = SKAD_ADVERSARY_IS("on-path-late",
                            "holds back for late_ms what passes link_share of the links",
                            SKAD_SIM_LIES | SKAD_SIM_HAS_LINKS),
    .passes = passes,
};
