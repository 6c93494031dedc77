/* drop-key: drops by target: it answers nothing that is about the key that is attacked, and is
 * honest otherwise, so that it stays in the tables of others and is hard to tell from loss. Without
 * a placement the key is that of the first published value. */
#include "src/sim/world/adversary.h"

static skad_conduct asked(skad_league *league, const skad_asked *asked, skad_message *reply)
{
    const skad_id *key = skad_league_key(league);
    (void)reply;
    key = key != NULL ? key : skad_league_value_key(league, 0);
    return key != NULL && skad_asked_about(asked, key) ? SKAD_CONDUCT_SILENT : SKAD_CONDUCT_HONEST;
}

SKAD_ADVERSARY(drop_key) = {
    .is = SKAD_ADVERSARY_IS("drop-key", "is silent about one key, and honest otherwise",
                            SKAD_SIM_LIES),
    .asked = asked,
};
