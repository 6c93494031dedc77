/* poison: names invented nodes, other ones each time, closer to the target than any of a million
 * honest ones, at addresses without a node. It has no record. */
#include <string.h>

#include "src/sim/world/adversary.h"

typedef struct poison {
    uint32_t named; /* so far */
} poison;

static size_t name(skad_league *league, const skad_asked *asked, const skad_id *target,
                   skad_contact out[static SKAD_CONTACTS_MAX])
{
    poison *self = league->state;
    (void)asked;
    for (size_t i = 0; i < SKAD_CONTACTS_MAX; i++) {
        const skad_id id = skad_prng_id(league->prng);
        skad_league_name_dead(league, &id, self->named++, &out[i]);
        memcpy(out[i].id.bytes, target->bytes, 4);
    }
    skad_contacts_sort(target, out, SKAD_CONTACTS_MAX);
    return SKAD_CONTACTS_MAX;
}

SKAD_ADVERSARY(poison) = {
    .is = SKAD_ADVERSARY_IS("poison", "names invented nodes close to the target, at dead addresses",
                            SKAD_SIM_LIES),
    .state_bytes = sizeof(poison),
    .name = name,
};
