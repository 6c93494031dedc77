/* drop: answers nothing but PINGs. Around the key of a capture it is silent only about that key, so
 * that it stays in the tables of others. */
#include "src/sim/world/adversary.h"

static skad_conduct asked(skad_league *league, const skad_asked *asked, skad_message *reply)
{
    (void)reply;
    bool all = league->world->scenario.capture == SKAD_SIM_NOTHING;
    return all || skad_asked_about(asked, skad_league_key(league)) ? SKAD_CONDUCT_SILENT
                                                                   : SKAD_CONDUCT_HONEST;
}

SKAD_ADVERSARY(drop) = {
    .is = SKAD_ADVERSARY_IS("drop", "answers no search, stores nothing", SKAD_SIM_LIES),
    .asked = asked,
};
