/* invent: names nodes that exist nowhere and share 200 bits with the target. All adversaries name
 * the same ones: hashing until an ID fits costs them nothing here, and the whole league little in
 * earnest. It has no record. */
#include <string.h>

#include "src/sim/world/adversary.h"

#define SHARED_BYTES 25

static size_t name(skad_league *league, const skad_asked *asked, const skad_id *target,
                   skad_contact out[static SKAD_CONTACTS_MAX])
{
    skad_prng prng; /* of the target alone */
    (void)asked;
    skad_prng_init(&prng, league->world->scenario.seed ^ skad_id_prefix(target),
                   SKAD_PRNG_ADVERSARY);
    for (size_t i = 0; i < SKAD_CONTACTS_MAX; i++) {
        uint32_t number = (uint32_t)skad_prng_below(&prng, UINT32_MAX);
        const skad_id id = skad_prng_id(&prng);
        skad_league_name_dead(league, &id, number, &out[i]);
        memcpy(out[i].id.bytes, target->bytes, SHARED_BYTES);
    }
    skad_contacts_sort(target, out, SKAD_CONTACTS_MAX);
    return SKAD_CONTACTS_MAX;
}

SKAD_ADVERSARY(invent) = {
    .is = SKAD_ADVERSARY_IS("invent", "names invented nodes next to the target, the same from all",
                            SKAD_SIM_LIES),
    .name = name,
};
