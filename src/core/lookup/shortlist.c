#include "src/core/lookup/shortlist.h"

#include <string.h>

#include "src/core/routing/diversity.h"

/* Returns the member of a full list that gives way to a closer candidate: the farthest that has not
 * answered. What has answered stays, however many names near the target are heard. */
static size_t gives_way(const skad_lookup *lookup, const skad_shortlist *list)
{
    size_t at = list->count;
    while (at > 0 && lookup->candidates.all[list->members[at - 1]].state == SKAD_STEP_ANSWERED) {
        at--;
    }
    return at == 0 ? list->count : at - 1;
}

/* Makes room for a candidate on a list, if that is full. */
static bool make_room(skad_lookup *lookup, uint8_t path, uint16_t index)
{
    skad_shortlist *list = &lookup->lists[path];
    if (list->count < SKAD_SHORTLIST_MAX) {
        return true;
    }
    size_t at = gives_way(lookup, list);
    if (at == list->count ||
        !skad_candidates_closer(&lookup->candidates, index, list->members[at])) {
        return false;
    }
    uint16_t gone = list->members[at];
    list->count--;
    memmove(&list->members[at], &list->members[at + 1],
            (list->count - at) * sizeof list->members[0]);
    lookup->candidates.all[gone].listed &= (uint16_t) ~(1U << path);
    skad_candidates_spare(&lookup->candidates, gone);
    return true;
}

void skad_shortlist_add(skad_lookup *lookup, uint8_t path, uint16_t index)
{
    skad_shortlist *list = &lookup->lists[path];
    uint16_t bit = (uint16_t)(1U << path);
    if ((lookup->candidates.all[index].listed & bit) != 0 || !make_room(lookup, path, index)) {
        return;
    }
    size_t at = list->count++;
    while (at > 0 && skad_candidates_closer(&lookup->candidates, index, list->members[at - 1])) {
        list->members[at] = list->members[at - 1];
        at--;
    }
    list->members[at] = index;
    lookup->candidates.all[index].listed |= bit;
}

/* ---- Shares of address groups ---- */

static uint64_t group_of(const skad_lookup *lookup, uint16_t index)
{
    return skad_address_group(&lookup->candidates.all[index].address);
}

bool skad_shortlist_surplus(const skad_lookup *lookup, const skad_shortlist *list, size_t member)
{
    if (lookup->group_path_max == 0) {
        return false;
    }
    skad_group_tally before = skad_group_tally_of(group_of(lookup, list->members[member]));
    for (size_t i = 0; i < member; i++) {
        if (lookup->candidates.all[list->members[i]].state != SKAD_STEP_FAILED) {
            skad_group_tally_add(&before, group_of(lookup, list->members[i]));
        }
    }
    return !skad_group_tally_has_room(&before, lookup->group_path_max);
}

bool skad_shortlist_group_has_room(const skad_lookup *lookup, uint16_t index)
{
    if (lookup->group_max == 0) {
        return true;
    }
    skad_group_tally asked = skad_group_tally_of(group_of(lookup, index));
    for (size_t i = 0; i < lookup->asked_count; i++) {
        if (lookup->candidates.all[lookup->asked[i]].state != SKAD_STEP_FAILED) {
            skad_group_tally_add(&asked, group_of(lookup, lookup->asked[i]));
        }
    }
    return skad_group_tally_has_room(&asked, lookup->group_max);
}

bool skad_shortlist_group_chosen(const skad_lookup *lookup, uint16_t index, const uint16_t *chosen,
                                 size_t count)
{
    skad_group_tally same = skad_group_tally_of(group_of(lookup, index));
    for (size_t i = 0; i < count; i++) {
        skad_group_tally_add(&same, group_of(lookup, chosen[i]));
    }
    return !skad_group_tally_has_room(&same, lookup->group_path_max);
}
