/* withhold: names what an honest node would name, acknowledges what it is to store and forgets it,
 * gives no record. */
#include "src/sim/world/adversary.h"

static size_t name(skad_league *league, const skad_asked *asked, const skad_id *target,
                   skad_contact out[static SKAD_CONTACTS_MAX])
{
    return skad_league_name_closest(league, asked, target, out);
}

SKAD_ADVERSARY(withhold) = {
    .is = SKAD_ADVERSARY_IS("withhold", "routes and acknowledges, gives no record", SKAD_SIM_LIES),
    .name = name,
};
