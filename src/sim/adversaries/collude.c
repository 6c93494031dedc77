/* collude: S/Kademlia's adversary (section 5 of the paper). It names the colluders closest to the
 * target, and has no record. */
#include "src/sim/world/adversary.h"

static size_t name(skad_league *league, const skad_asked *asked, const skad_id *target,
                   skad_contact out[static SKAD_CONTACTS_MAX])
{
    return skad_league_name_colluders(league, asked, target, out);
}

SKAD_ADVERSARY(collude) = {
    .is = SKAD_ADVERSARY_IS("collude", "names the colluders closest to the target, gives no record",
                            SKAD_SIM_LIES),
    .name = name,
};
