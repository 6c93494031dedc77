#include "src/core/lookup/shortlist.h"

#include <string.h>

#include "src/core/routing/diversity.h"

/* Returns the member of a full list that gives way to a candidate: the farthest that failed,
 * however near it is; otherwise the farthest that has not answered, if that is farther than the
 * candidate. What has answered stays, however many names near the target are heard. list->count:
 * none. */
static size_t gives_way(const skad_lookup *lookup, const skad_shortlist *list, uint16_t candidate)
{
    size_t farthest = list->count;
    for (size_t at = list->count; at-- > 0;) {
        uint8_t state = lookup->candidates.all[list->members[at]].state;
        if (state == SKAD_STEP_FAILED) {
            return at;
        }
        if (farthest == list->count && state != SKAD_STEP_ANSWERED) {
            farthest = at;
        }
    }
    return farthest < list->count &&
                   skad_candidates_closer(&lookup->candidates, candidate, list->members[farthest])
               ? farthest
               : list->count;
}

/* Makes room for a candidate on a list, if that is full. */
static bool make_room(skad_lookup *lookup, uint8_t path, uint16_t index)
{
    skad_shortlist *list = &lookup->lists[path];
    if (list->count < SKAD_SHORTLIST_MAX) {
        return true;
    }
    size_t at = gives_way(lookup, list, index);
    if (at == list->count) {
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

/* Whether it did not answer in time: then its place in its group is free for another. A few silent
 * names of one group would otherwise be waited for one after the other. */
static bool is_quiet(const skad_lookup *lookup, uint16_t index)
{
    const uint8_t state = lookup->candidates.all[index].state;
    return state == SKAD_STEP_FAILED || state == SKAD_STEP_SLOW;
}

bool skad_shortlist_surplus(const skad_lookup *lookup, const skad_shortlist *list, size_t member)
{
    if (lookup->group_path_max == 0) {
        return false;
    }
    skad_group_tally before = skad_group_tally_of(group_of(lookup, list->members[member]));
    for (size_t i = 0; i < member; i++) {
        if (!is_quiet(lookup, list->members[i])) {
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
        if (!is_quiet(lookup, lookup->asked[i])) {
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
