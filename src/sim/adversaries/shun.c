/* shun: drops by asker: it answers a victim nothing but PINGs, and is honest to all others. */
#include "src/sim/world/adversary.h"

static skad_conduct asked(skad_league *league, const skad_asked *asked, skad_message *reply)
{
    (void)reply;
    return asked->from == league->world->scenario.victim ? SKAD_CONDUCT_SILENT
                                                         : SKAD_CONDUCT_HONEST;
}

SKAD_ADVERSARY(shun) = {
    .is = SKAD_ADVERSARY_IS("shun", "is silent to the victim, and honest to all others",
                            SKAD_SIM_LIES),
    .asked = asked,
};
