/* misroute: names real nodes, drawn at random, and has no record. */
#include "src/sim/world/adversary.h"

static bool named(const skad_contact *contacts, size_t count, const skad_id *id)
{
    for (size_t i = 0; i < count; i++) {
        if (skad_id_equal(&contacts[i].id, id)) {
            return true;
        }
    }
    return false;
}

static size_t name(skad_league *league, const skad_asked *asked, const skad_id *target,
                   skad_contact out[static SKAD_CONTACTS_MAX])
{
    const skad_world *world = league->world;
    size_t count = 0;
    for (size_t i = 0; i < SKAD_CONTACTS_MAX; i++) {
        uint32_t node = (uint32_t)skad_league_draw(league, world->count);
        if (node != asked->node && !named(out, count, &world->ids[node])) {
            skad_league_name(league, node, &out[count++]);
        }
    }
    skad_contacts_sort(target, out, count);
    return count;
}

SKAD_ADVERSARY(misroute) = {
    .is = SKAD_ADVERSARY_IS("misroute", "names real nodes at random, gives no record",
                            SKAD_SIM_LIES),
    .name = name,
};
