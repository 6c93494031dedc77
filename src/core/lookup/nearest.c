#include "src/core/lookup/nearest.h"

#include <string.h>

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

/* Sorts those that have answered: where groups have no share the closest `max`, else all, since
 * some will be left out. Returns how many. */
static size_t sort_answered(const skad_lookup *lookup, size_t max,
                            uint16_t sorted[static SKAD_ASKED_MAX])
{
    const size_t bound = lookup->group_path_max == 0 ? max : SKAD_ASKED_MAX;
    size_t count = 0;
    for (size_t i = 0; i < lookup->asked_count; i++) {
        const uint16_t index = lookup->asked[i];
        size_t at = count;
        if (lookup->candidates.all[index].state != SKAD_STEP_ANSWERED) {
            continue;
        }
        while (at > 0 && skad_candidates_closer(&lookup->candidates, index, sorted[at - 1])) {
            at--;
        }
        if (at == bound) {
            continue;
        }
        count += count < bound;
        memmove(&sorted[at + 1], &sorted[at], (count - 1 - at) * sizeof sorted[0]);
        sorted[at] = index;
    }
    return count;
}

size_t skad_lookup_closest(const skad_lookup *lookup, size_t max, uint16_t *indices)
{
    uint16_t sorted[SKAD_ASKED_MAX];
    const size_t answered = sort_answered(lookup, max, sorted);
    size_t count = 0;
    for (size_t i = 0; i < answered && count < max; i++) {
        if (!group_chosen(lookup, sorted[i], indices, count)) {
            indices[count++] = sorted[i];
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
