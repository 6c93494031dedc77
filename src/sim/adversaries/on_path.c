/* on-path: an attacker on the path. It has a hand on a share of the links between honest nodes, the
 * same ones in both directions for ever, and drops all that passes them. It needs no node, but a
 * world has one of it at least. */
#include "src/sim/world/adversary.h"

static bool passes(skad_league *league, uint32_t from, uint32_t to, const skad_datagram *datagram,
                   uint64_t *delay_us)
{
    (void)datagram;
    (void)delay_us;
    return !skad_league_has_link(league, from, to);
}

SKAD_ADVERSARY(on_path) = {
    .is = SKAD_ADVERSARY_IS("on-path", "drops all that passes link_share of the links",
                            SKAD_SIM_LIES | SKAD_SIM_HAS_LINKS),
    .passes = passes,
};
