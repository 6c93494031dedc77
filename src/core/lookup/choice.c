#include "src/core/lookup/choice.h"

#include "src/core/lookup/credit.h"
#include "src/core/lookup/mirror.h"
#include "src/core/lookup/shortlist.h"
#include "src/core/routing/distance.h"

#define NONE SKAD_CANDIDATE_NONE

#define VOUCHERS_MIN 4 /* answers before a put stores at a node that it has not asked */

/* See choice.h. */
static bool worth_asking(const skad_lookup *lookup, uint16_t index)
{
    const skad_candidate *candidate = &lookup->candidates.all[index];
    if (candidate->moot || (candidate->departed && (lookup->phase != SKAD_LOOKUP_CLOSING ||
                                                    lookup->answered_count >= lookup->enough))) {
        return false;
    }
    return lookup->first_answers || skad_credit_given(lookup, index) ||
           (lookup->phase == SKAD_LOOKUP_CLOSING && lookup->answered_count < lookup->siblings);
}

bool skad_choice_worth_asking(const skad_lookup *lookup, uint16_t index)
{
    return worth_asking(lookup, index);
}

/* Whether a slow candidate may yet answer, and is worth waiting for. */
static bool worth_waiting(const skad_lookup *lookup, uint16_t index)
{
    return !lookup->candidates.all[index].overdue &&
           (skad_credit_vouched(lookup, index) || skad_credit_good(lookup, index));
}

/* Whether a candidate takes one of the places of a list that count: it has answered, or its answer
 * is awaited. */
static bool takes_place(const skad_lookup *lookup, uint16_t index)
{
    uint8_t state = lookup->candidates.all[index].state;
    return state == SKAD_STEP_ANSWERED || state == SKAD_STEP_ASKED ||
           (state == SKAD_STEP_SLOW && worth_waiting(lookup, index));
}

/* Whether a path leaves a candidate to the closing round, which may store at it at once. */
static bool left_to_closing(const skad_lookup *lookup, uint8_t path, uint16_t index)
{
    const skad_candidate *candidate = &lookup->candidates.all[index];
    return lookup->closing_round && lookup->for_put && path != lookup->paths &&
           !skad_mirror_is(lookup, path) && lookup->lists[path].answers > 0 && candidate->ours &&
           candidate->has_token;
}

/* Returns the closest candidate to ask among the first `window` on a path's list that count. */
static uint16_t next_on_list(const skad_lookup *lookup, uint8_t path, size_t window)
{
    const skad_shortlist *list = &lookup->lists[path];
    size_t places = 0;
    for (size_t i = 0; i < list->count && places < window; i++) {
        const uint16_t index = list->members[i];
        const bool unasked = lookup->candidates.all[index].state == SKAD_STEP_HEARD;
        if (!unasked && !takes_place(lookup, index)) {
            continue;
        }
        if (skad_shortlist_surplus(lookup, list, i)) {
            continue;
        }
        if (unasked && left_to_closing(lookup, path, index)) {
            places++;
            continue;
        }
        if (unasked && skad_mirror_leaves(lookup, path, index)) {
            continue;
        }
        if (unasked && worth_asking(lookup, index) &&
            skad_shortlist_group_has_room(lookup, index)) {
            return index;
        }
        places += !unasked;
    }
    return NONE;
}

/* Claims the closest unasked candidate of any path, for a path that has none left. */
static uint16_t adopt(skad_lookup *lookup, uint8_t path)
{
    uint16_t best = NONE;
    for (uint8_t p = 0; p < lookup->paths && !skad_mirror_is(lookup, path); p++) {
        uint16_t index = next_on_list(lookup, p, SKAD_SHORTLIST_MAX);
        if (index != NONE &&
            (best == NONE || skad_candidates_closer(&lookup->candidates, index, best))) {
            best = index;
        }
    }
    if (best != NONE) {
        skad_shortlist_add(lookup, path, best);
    }
    return best;
}

/* Returns the closest that has answered a path. */
static uint16_t lead_of(const skad_lookup *lookup, uint8_t path)
{
    const skad_shortlist *list = &lookup->lists[path];
    for (size_t i = 0; i < list->count; i++) {
        const skad_candidate *candidate = &lookup->candidates.all[list->members[i]];
        if (candidate->path == path && candidate->state == SKAD_STEP_ANSWERED) {
            return list->members[i];
        }
    }
    return NONE;
}

/* Whether a path may ask one more, the closest that is left to it. On its way to the target it asks
 * alpha at once, and twice as many after a silence or a first answer. When the closest that is left
 * is farther than one that has answered, it has come as close as its answers lead, and asks all. */
static bool may_ask(const skad_lookup *lookup, uint8_t path, uint16_t next)
{
    const skad_shortlist *list = &lookup->lists[path];
    const size_t alpha =
        list->silent > 0 || list->answers > 0 ? 2 * (size_t)lookup->alpha : lookup->alpha;
    const uint16_t lead = lead_of(lookup, path);
    if (skad_mirror_is(lookup, path)) {
        return list->waiting < lookup->alpha;
    }
    return list->waiting < alpha || (lead != NONE && skad_mirror_closer(lookup, path, lead, next));
}

/* Returns the closest candidate that is left to a path, whether or not it may be asked now. */
static uint16_t next_of(skad_lookup *lookup, uint8_t path)
{
    const skad_shortlist *list = &lookup->lists[path];
    const size_t window = skad_mirror_is(lookup, path) ? SKAD_MIRROR_WINDOW : lookup->k;
    uint16_t index = next_on_list(lookup, path, window);
    return index == NONE && list->answers == 0 && list->waiting == 0 ? adopt(lookup, path) : index;
}

uint16_t skad_choice_next(skad_lookup *lookup, uint8_t path)
{
    if (path == lookup->paths) {
        return next_on_list(lookup, path, lookup->wanted);
    }
    uint16_t index = next_of(lookup, path);
    return index != NONE && may_ask(lookup, path, index) ? index : NONE;
}

/* Whether a path waits for an answer that may bring it closer. */
static bool waits_for_closer(const skad_lookup *lookup, uint8_t path)
{
    const skad_shortlist *list = &lookup->lists[path];
    const uint16_t lead = lead_of(lookup, path);
    for (size_t i = 0; i < list->count && list->members[i] != lead; i++) {
        const skad_candidate *candidate = &lookup->candidates.all[list->members[i]];
        if (candidate->path == path && candidate->state == SKAD_STEP_ASKED) {
            return true;
        }
    }
    return false;
}

/* Whether the closest on a list that are not silent have answered: three of them, or in a put s. */
static bool first_have_answered(const skad_lookup *lookup, uint8_t path)
{
    const skad_shortlist *list = &lookup->lists[path];
    const size_t enough = lookup->for_put ? lookup->siblings : SKAD_FIRST_ANSWERS;
    size_t answered = 0;
    for (size_t i = 0; i < list->count && answered < enough; i++) {
        const skad_candidate *candidate = &lookup->candidates.all[list->members[i]];
        const bool silent = candidate->state == SKAD_STEP_FAILED || candidate->overdue;
        if (candidate->state == SKAD_STEP_ANSWERED) {
            answered++;
        } else if (!silent && !candidate->moot) {
            return false;
        }
    }
    return answered == enough;
}

/* Whether a path has nothing left to ask, and waits for nothing that may bring it closer. */
static bool is_dry(skad_lookup *lookup, uint8_t path)
{
    return !waits_for_closer(lookup, path) &&
           (!skad_lookup_may_ask(lookup) || next_of(lookup, path) == NONE);
}

/* The first answer is that of a contact of ours, which may be far from the target. Behind the
 * second one a path does not wait: the closing round awaits the others if they are close enough.
 * Nor does the lookup wait for a path that was led to the silent: what is left on its list goes to
 * the closing round. Without such a round a path waits for its own. */
bool skad_choice_path_over(skad_lookup *lookup, uint8_t path)
{
    const skad_shortlist *list = &lookup->lists[path];
    if (lookup->first_answers) {
        return first_have_answered(lookup, path) || (list->waiting == 0 && is_dry(lookup, path));
    }
    if (!lookup->closing_round) {
        return is_dry(lookup, path);
    }
    if (list->answers > 0 && list->silent > 0) {
        return true;
    }
    return (list->answers > 1 || !waits_for_closer(lookup, path)) &&
           (!skad_lookup_may_ask(lookup) || next_of(lookup, path) == NONE);
}

/* ---- The closing round ---- */

/* See choice.h. */
static bool may_be_asked(const skad_lookup *lookup, uint16_t index)
{
    const skad_candidate *candidate = &lookup->candidates.all[index];
    return candidate->state == SKAD_STEP_HEARD && !candidate->moot && !candidate->departed &&
           skad_lookup_may_ask(lookup) && skad_credit_pending(lookup, index) &&
           skad_shortlist_group_has_room(lookup, index);
}

bool skad_choice_may_be_asked(const skad_lookup *lookup, uint16_t index)
{
    return may_be_asked(lookup, index);
}

bool skad_choice_of_closing(const skad_lookup *lookup, uint16_t index)
{
    const uint8_t state = lookup->candidates.all[index].state;
    return state != SKAD_STEP_FAILED &&
           (state != SKAD_STEP_HEARD || worth_asking(lookup, index) || may_be_asked(lookup, index));
}

/* Whether the neighbourhood of the target has been reached: no fewer nodes than usual have answered
 * there, up to twice the usual radius. There the nodes know each other. Where the lookup had to
 * widen, the dead hide the living, which few then name. */
static bool has_reached(const skad_lookup *lookup, uint16_t farthest)
{
    return lookup->wanted == lookup->siblings && lookup->region == SKAD_ID_BITS &&
           lookup->candidates.distances[farthest] / 2 <= lookup->radius;
}

/* Whether an answer from any of the closest wanted is still awaited, or has yet to be asked for. In
 * the neighbourhood of the target a name is not waited for whose namers have named none that
 * answered, if so many others have. Nor is one waited for whose address group has had its share:
 * only the silence of others can make room for it, and those are waited for themselves. */
static bool closing_waits(const skad_lookup *lookup)
{
    const skad_shortlist *list = &lookup->lists[lookup->paths];
    size_t living = 0;
    bool doubtful = false;
    uint16_t last = NONE;
    for (size_t i = 0; i < list->count && living < lookup->wanted; i++) {
        const uint16_t index = list->members[i];
        const bool unasked = may_be_asked(lookup, index);
        if ((!unasked && !takes_place(lookup, index)) || skad_shortlist_surplus(lookup, list, i)) {
            continue;
        }
        if (lookup->candidates.all[index].state == SKAD_STEP_ANSWERED) {
            living++;
            last = index;
        } else if (skad_credit_vouched(lookup, index) || skad_credit_good(lookup, index)) {
            return true;
        } else {
            doubtful = true;
        }
    }
    return doubtful && (living < lookup->wanted || !has_reached(lookup, last));
}

/* ---- Puts ---- */

/* Whether a candidate has answered, or may yet. */
static bool is_hopeful(const skad_lookup *lookup, uint16_t index)
{
    return takes_place(lookup, index) ||
           (lookup->candidates.all[index].state == SKAD_STEP_HEARD &&
            (worth_asking(lookup, index) || may_be_asked(lookup, index)));
}

/* Finds the hopeful ones that are surely among the s closest, ourselves counted among these. */
static size_t find_sure(const skad_lookup *lookup, uint16_t indices[static SKAD_K_MAX])
{
    const skad_shortlist *list = &lookup->lists[lookup->paths];
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const uint16_t index = list->members[i];
        const skad_id *id = &lookup->candidates.all[index].contact.id;
        const bool behind_us = skad_distance_compare(&lookup->target, &lookup->self, id) < 0;
        if (count + behind_us >= lookup->siblings) {
            break;
        }
        if (is_hopeful(lookup, index) && !skad_shortlist_surplus(lookup, list, i)) {
            indices[count++] = index;
        }
    }
    return count;
}

size_t skad_choice_sure(skad_lookup *lookup, uint16_t indices[static SKAD_K_MAX])
{
    skad_credit_weigh(lookup); /* an answer may have come since */
    const size_t all = find_sure(lookup, indices);
    size_t count = 0;
    for (size_t i = 0; i < all; i++) {
        if (lookup->candidates.all[indices[i]].state == SKAD_STEP_ANSWERED &&
            skad_credit_vouched(lookup, indices[i])) {
            indices[count++] = indices[i];
        }
    }
    return count;
}

bool skad_choice_may_store(const skad_lookup *lookup, uint16_t index)
{
    const skad_candidate *candidate = &lookup->candidates.all[index];
    if (!lookup->for_put || !candidate->ours || !candidate->has_token || candidate->tries > 0 ||
        lookup->nearest_count < VOUCHERS_MIN || !skad_credit_elected(lookup, index)) {
        return false;
    }
    uint16_t sure[SKAD_K_MAX];
    const size_t count = find_sure(lookup, sure);
    size_t at = 0;
    while (at < count && sure[at] != index) {
        at++;
    }
    return at < count;
}

bool skad_choice_closing_over(skad_lookup *lookup)
{
    return (!skad_lookup_may_ask(lookup) || skad_choice_next(lookup, lookup->paths) == NONE) &&
           !closing_waits(lookup);
}
