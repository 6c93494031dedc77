#include "src/core/lookup/shortlist.h"

#include <string.h>

#include "src/core/lookup/credit.h"
#include "src/core/lookup/mirror.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/diversity.h"

/* How much a candidate on a full list is worth. */
typedef struct worth {
    bool hopeful;     /* it is in time, or it is not silent, and one of its namers has credit */
    unsigned support; /* in the closing round: how many nodes named it */
} worth;

/* In the closing round the names of all paths come together. Those that a few liars invent, near
 * the target and without end, must not displace what many know. */
static worth worth_of(const skad_lookup *lookup, uint8_t path, uint16_t index)
{
    const skad_candidate *candidate = &lookup->candidates.all[index];
    const bool vouched = skad_credit_vouched(lookup, index);
    return (worth){
        .hopeful = candidate->state == SKAD_STEP_ASKED ||
                   (candidate->state == SKAD_STEP_SLOW && !candidate->overdue && vouched) ||
                   (candidate->state == SKAD_STEP_HEARD &&
                    (vouched || skad_credit_pending(lookup, index))),
        .support = path == lookup->paths ? skad_credit_support(lookup, index) : 0,
    };
}

/* Whether the candidate at index a gives way to that at b: the hopeless before the hopeful, then
 * the one that fewer nodes named, then the farther one. */
static bool is_worse(const skad_lookup *lookup, uint8_t path, uint16_t a, uint16_t b)
{
    const worth of_a = worth_of(lookup, path, a);
    const worth of_b = worth_of(lookup, path, b);
    if (of_a.hopeful != of_b.hopeful) {
        return of_b.hopeful;
    }
    if (of_a.support != of_b.support) {
        return of_a.support < of_b.support;
    }
    return skad_mirror_closer(lookup, path, b, a);
}

/* Whether a member is one of our own contacts that stand by. */
static bool stands_by(const skad_lookup *lookup, uint16_t index)
{
    const skad_candidate *candidate = &lookup->candidates.all[index];
    return candidate->ours && candidate->state == SKAD_STEP_HEARD;
}

/* Returns a member of a list that is not needed: the farthest of more than s that stand by, s of
 * which stay whatever is named, since we know that they were alive; or, where the lookup has
 * widened, and few name what it hears of, the farthest behind as many as are wanted that have
 * answered. list->count: there is none. */
static size_t dispensable(const skad_lookup *lookup, const skad_shortlist *list)
{
    size_t farthest = list->count;
    const bool widened = lookup->region != SKAD_ID_BITS;
    size_t standing_by = 0;
    size_t answered = 0;
    for (size_t at = 0; at < list->count; at++) {
        if (widened && answered == lookup->wanted) {
            return list->count - 1U;
        }
        if (stands_by(lookup, list->members[at])) {
            farthest = at;
            standing_by++;
        }
        answered += widened &&
                    lookup->candidates.all[list->members[at]].state == SKAD_STEP_ANSWERED &&
                    !skad_shortlist_surplus(lookup, list, at);
    }
    return standing_by > lookup->siblings ? farthest : list->count;
}

/* Returns the member of a full list that gives way to a candidate: the farthest that failed, or
 * whose ID has answered elsewhere; otherwise the farthest that is not needed, or the worst of
 * those that have not answered, if that is worse than the candidate. What has answered stays,
 * however many names near the target are heard, unless the whole list has. list->count: none. */
static size_t gives_way(const skad_lookup *lookup, uint8_t path, uint16_t candidate)
{
    const skad_shortlist *list = &lookup->lists[path];
    size_t worst = list->count;
    for (size_t at = list->count; at-- > 0;) {
        const uint16_t member = list->members[at];
        const uint8_t state = lookup->candidates.all[member].state;
        if (state == SKAD_STEP_FAILED || lookup->candidates.all[member].moot) {
            return at;
        }
        if (state != SKAD_STEP_ANSWERED && !stands_by(lookup, member) &&
            (worst == list->count || is_worse(lookup, path, member, list->members[worst]))) {
            worst = at;
        }
    }
    const size_t spare = dispensable(lookup, list);
    if (spare < list->count && skad_mirror_closer(lookup, path, candidate, list->members[spare])) {
        return spare;
    }
    if (worst < list->count) {
        return is_worse(lookup, path, list->members[worst], candidate) ? worst : list->count;
    }
    const size_t last = list->count - 1U;
    return skad_mirror_closer(lookup, path, candidate, list->members[last]) ? last : list->count;
}

/* Makes room for a candidate on a list, if that is full. */
static bool make_room(skad_lookup *lookup, uint8_t path, uint16_t index)
{
    skad_shortlist *list = &lookup->lists[path];
    if (list->count < SKAD_SHORTLIST_MAX) {
        return true;
    }
    size_t at = gives_way(lookup, path, index);
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
    while (at > 0 && skad_mirror_closer(lookup, path, index, list->members[at - 1])) {
        list->members[at] = list->members[at - 1];
        at--;
    }
    list->members[at] = index;
    lookup->candidates.all[index].listed |= bit;
}

/* ---- Shares of address groups ---- */

/* Whether it did not answer in time: then its place in its group is free for another. A few silent
 * names of one group would otherwise be waited for one after the other. */
static bool is_quiet(const skad_lookup *lookup, uint16_t index)
{
    const uint8_t state = lookup->candidates.all[index].state;
    return state == SKAD_STEP_FAILED || state == SKAD_STEP_SLOW;
}

bool skad_shortlist_surplus(const skad_lookup *lookup, const skad_shortlist *list, size_t member)
{
    const uint64_t *groups = lookup->candidates.groups;
    if (lookup->group_path_max == 0 || member < lookup->group_path_max) {
        return false; /* fewer than the share stand before it */
    }
    skad_group_tally before = skad_group_tally_of(groups[list->members[member]]);
    for (size_t i = 0; i < member; i++) {
        if (!is_quiet(lookup, list->members[i])) {
            skad_group_tally_add(&before, groups[list->members[i]]);
        }
    }
    return !skad_group_tally_has_room(&before, lookup->group_path_max);
}

bool skad_shortlist_group_has_room(const skad_lookup *lookup, uint16_t index)
{
    if (lookup->group_max == 0) {
        return true;
    }
    const uint64_t *groups = lookup->candidates.groups;
    skad_group_tally asked = skad_group_tally_of(groups[index]);
    for (size_t i = 0; i < lookup->asked_count; i++) {
        if (!is_quiet(lookup, lookup->asked[i])) {
            skad_group_tally_add(&asked, groups[lookup->asked[i]]);
        }
    }
    return skad_group_tally_has_room(&asked, lookup->group_max);
}
