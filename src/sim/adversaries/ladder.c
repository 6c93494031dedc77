/* ladder: names the adversary that is closer to the target than itself, and no closer than it must
 * be, beside the nearest honest nodes: lookups climb from one to the next. It has no record. */
#include "src/sim/world/adversary.h"

/* Returns the node of the next rung; itself on the last. */
static uint32_t next_rung(const skad_world *world, uint32_t self, const skad_id *target)
{
    uint32_t next = self;
    for (uint32_t node = world->honest; node < world->count; node++) {
        if (skad_distance_compare(target, &world->ids[node], &world->ids[self]) < 0 &&
            (next == self ||
             skad_distance_compare(target, &world->ids[node], &world->ids[next]) > 0)) {
            next = node;
        }
    }
    return next;
}

static size_t name(skad_league *league, const skad_asked *asked, const skad_id *target,
                   skad_contact out[static SKAD_CONTACTS_MAX])
{
    uint32_t next = next_rung(league->world, asked->node, target);
    size_t count = skad_league_name_honest(league, target, SKAD_CONTACTS_MAX - 1, out);
    if (next != asked->node) {
        skad_league_name(league, next, &out[count++]);
    }
    skad_contacts_sort(target, out, count);
    return count;
}

SKAD_ADVERSARY(ladder) = {
    .is = SKAD_ADVERSARY_IS("ladder", "names the next closer adversary and nearest honest nodes",
                            SKAD_SIM_LIES),
    .name = name,
};
