/* curious: does what honest nodes do, and tells the others of its league who asked it for what. The
 * experiment judges what they can make of it (docs/anonymity.md). */
#include "src/sim/world/adversary.h"

static skad_conduct asked(skad_league *league, const skad_asked *asked, skad_message *reply)
{
    (void)reply;
    skad_league_note(league, asked);
    return SKAD_CONDUCT_HONEST;
}

SKAD_ADVERSARY(curious) = {
    .is = SKAD_ADVERSARY_IS("curious", "does what honest nodes do, and notes who asks for what",
                            SKAD_SIM_WATCHES),
    .asked = asked,
};
