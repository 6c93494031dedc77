#include "src/core/lookup/nearest.h"

#include "src/core/routing/diversity.h"

/* Whether a candidate's address groups already have their share among the chosen. */
static bool group_chosen(const skad_lookup *lookup, uint16_t index, const uint16_t *chosen,
                         size_t count)
{
    const uint64_t *groups = lookup->candidates.groups;
    skad_group_tally same = skad_group_tally_of(groups[index]);
    for (size_t i = 0; i < count; i++) {
        skad_group_tally_add(&same, groups[chosen[i]]);
    }
    return !skad_group_tally_has_room(&same, lookup->group_path_max);
}

size_t skad_lookup_closest(const skad_lookup *lookup, size_t max, uint16_t *indices)
{
    size_t count = 0;
    uint16_t last = SKAD_CANDIDATE_NONE; /* the farthest examined so far */
    while (count < max) {
        uint16_t best = SKAD_CANDIDATE_NONE;
        for (size_t i = 0; i < lookup->asked_count; i++) {
            uint16_t index = lookup->asked[i];
            if (lookup->candidates.all[index].state == SKAD_STEP_ANSWERED &&
                (last == SKAD_CANDIDATE_NONE ||
                 skad_candidates_closer(&lookup->candidates, last, index)) &&
                (best == SKAD_CANDIDATE_NONE ||
                 skad_candidates_closer(&lookup->candidates, index, best))) {
                best = index;
            }
        }
        if (best == SKAD_CANDIDATE_NONE) {
            break;
        }
        last = best;
        if (!group_chosen(lookup, best, indices, count)) {
            indices[count++] = best;
        }
    }
    return count;
}

size_t skad_lookup_groups(const skad_lookup *lookup, const uint16_t *indices, size_t count)
{
    size_t groups = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t group = lookup->candidates.groups[indices[i]];
        bool met = false;
        for (size_t j = 0; j < i && group != 0 && !met; j++) {
            met = lookup->candidates.groups[indices[j]] == group;
        }
        groups += !met;
    }
    return groups;
}

uint8_t skad_lookup_agreement(const skad_lookup *lookup)
{
    uint16_t indices[1];
    uint8_t agreed = 0;
    if (skad_lookup_closest(lookup, 1, indices) > 0) {
        for (uint8_t path = 0; path < lookup->paths; path++) {
            agreed += (uint8_t)(lookup->candidates.all[indices[0]].listed >> path & 1);
        }
    }
    return agreed;
}
