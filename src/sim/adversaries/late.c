/* late: answers rightly, but each time late_ms later, just before those that ask give it up. A peer
 * that is always so slow has a long timeout by measurement (RFC 6298); a stranger has a second. */
#include "src/sim/world/adversary.h"

static bool departs(skad_league *league, uint32_t node, const skad_datagram *datagram,
                    uint64_t *delay_us)
{
    (void)node;
    if (!datagram->request) {
        *delay_us += (uint64_t)(league->world->scenario.late_ms * (double)SKAD_US_PER_MS);
    }
    return true;
}

SKAD_ADVERSARY(late) = {
    .is = SKAD_ADVERSARY_IS("late", "answers rightly, late_ms late", SKAD_SIM_LIES),
    .departs = departs,
};
