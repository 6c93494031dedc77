#include "src/core/lookup/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "src/core/lookup/credit.h"
#include "src/core/lookup/region.h"
#include "src/core/lookup/shortlist.h"
#include "src/core/routing/density.h"
#include "src/core/routing/distance.h"

#define NONE SKAD_CANDIDATE_NONE

/* Candidates that a lookup with lazy allocation begins with: as many as its own node knows. */
#define CAPACITY_FIRST 48

skad_lookup *skad_lookup_new(const skad_lookup_plan *plan)
{
    const skad_profile *profile = plan->profile;
    skad_lookup *lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL) {
        return NULL;
    }
    lookup->target = *plan->target;
    lookup->self = *plan->self;
    lookup->paths = profile->paths;
    lookup->alpha = profile->alpha;
    lookup->k = profile->k;
    lookup->siblings = profile->siblings;
    lookup->group_path_max = profile->group_path_max;
    lookup->group_max = profile->group_table_max;
    lookup->rpcs_max = plan->tuning->lookup_requests;
    lookup->closing_round = plan->tuning->closing_round;
    lookup->neighbourhood_check = plan->tuning->neighbourhood_check;
    lookup->wanted = plan->wanted == 0 ? profile->siblings : plan->wanted;
    lookup->enough = plan->living < lookup->siblings ? (uint8_t)plan->living : lookup->siblings;
    lookup->region = SKAD_ID_BITS;
    lookup->started_us = plan->now_us;
    /* All that can be listed or asked at once, and the one that an answer is naming. */
    size_t limit = (profile->paths + 1U) * SKAD_SHORTLIST_MAX + SKAD_LOOKUP_RPCS_MAX + 1U;
    if (!skad_candidates_init(&lookup->candidates, plan->target, limit,
                              plan->lazy_allocation ? CAPACITY_FIRST : limit)) {
        skad_lookup_free(lookup);
        return NULL;
    }
    return lookup;
}

void skad_lookup_free(skad_lookup *lookup)
{
    if (lookup != NULL) {
        skad_candidates_free(&lookup->candidates);
        free(lookup);
    }
}

/* ---- Names ---- */

/* Lets a failed candidate be asked again, once, at the other address where it was named. */
static void try_other(skad_candidate *candidate)
{
    if (candidate->other.family != SKAD_FAMILY_NONE && candidate->tries == 1) {
        candidate->address = candidate->other;
        candidate->state = SKAD_STEP_HEARD;
    }
}

/* Handles an ID that is named at two addresses: the word of one peer, perhaps a liar, stands
 * against another's. The other address is tried when the first does not answer. */
static void hear_address(skad_candidate *candidate, const skad_address *address)
{
    if (candidate->other.family == SKAD_FAMILY_NONE &&
        !skad_address_equal(&candidate->address, address)) {
        candidate->other = *address;
        if (candidate->state == SKAD_STEP_FAILED) {
            try_other(candidate);
        }
    }
}

/* Puts a candidate on a path's list, as a new one where it was not named yet. Returns its index;
 * NONE if it is not wanted. */
static uint16_t hear(skad_lookup *lookup, uint8_t path, uint8_t hop, const skad_contact *contact,
                     const skad_address *address)
{
    if (skad_id_equal(&contact->id, &lookup->self)) {
        return NONE;
    }
    uint16_t index = skad_candidates_find(&lookup->candidates, &contact->id);
    if (index != NONE) {
        hear_address(&lookup->candidates.all[index], address);
    } else {
        index = skad_candidates_add(
            &lookup->candidates,
            &(skad_candidate){.contact = *contact, .address = *address, .hop = hop});
        if (index == NONE) {
            return NONE;
        }
    }
    skad_shortlist_add(lookup, path, index);
    skad_candidates_spare(&lookup->candidates, index);
    return index;
}

void skad_lookup_seed(skad_lookup *lookup, size_t turn, const skad_contact *contact,
                      const skad_address *address)
{
    size_t path = turn < lookup->k ? turn % lookup->paths : lookup->paths;
    uint16_t index = hear(lookup, (uint8_t)path, 0, contact, address);
    if (index != NONE) {
        lookup->candidates.all[index].ours = true;
    }
}

/* ---- The next candidate ---- */

/* Whether a candidate is asked at all: if it was not silent lately, and some node that named it is
 * credible, or, when the paths are over, while the others are too few. */
static bool worth_asking(const skad_lookup *lookup, uint16_t index)
{
    if (lookup->candidates.all[index].departed &&
        (lookup->phase != SKAD_LOOKUP_CLOSING || lookup->answered_count >= lookup->enough)) {
        return false;
    }
    return skad_credit_given(&lookup->candidates, index) ||
           (lookup->phase == SKAD_LOOKUP_CLOSING && lookup->answered_count < lookup->siblings);
}

/* Returns the closest candidate to ask among the first `window` on a path's list that count. */
static uint16_t next_on_list(const skad_lookup *lookup, uint8_t path, size_t window)
{
    const skad_shortlist *list = &lookup->lists[path];
    size_t living = 0;
    for (size_t i = 0; i < list->count && living < window; i++) {
        uint8_t state = lookup->candidates.all[list->members[i]].state;
        if (state == SKAD_STEP_FAILED || skad_shortlist_surplus(lookup, list, i) ||
            (state == SKAD_STEP_HEARD && !worth_asking(lookup, list->members[i]))) {
            continue;
        }
        if (state == SKAD_STEP_HEARD && skad_shortlist_group_has_room(lookup, list->members[i])) {
            return list->members[i];
        }
        living += state != SKAD_STEP_HEARD;
    }
    return NONE;
}

/* Claims the closest unasked candidate of any path, for a path that has none left. */
static uint16_t adopt(skad_lookup *lookup, uint8_t path)
{
    uint16_t best = NONE;
    for (uint8_t p = 0; p < lookup->paths; p++) {
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

static uint16_t next_on_path(skad_lookup *lookup, uint8_t path)
{
    skad_shortlist *list = &lookup->lists[path];
    bool closing = path == lookup->paths;
    size_t alpha = closing ? (size_t)lookup->alpha * lookup->paths : lookup->alpha;
    if (list->waiting >= alpha) {
        return NONE;
    }
    uint16_t index = next_on_list(lookup, path, closing ? lookup->wanted : lookup->k);
    if (index == NONE && !closing && !list->answered && list->waiting == 0) {
        index = adopt(lookup, path);
    }
    return index;
}

static void ask(skad_lookup *lookup, uint8_t path, uint16_t index)
{
    skad_candidate *candidate = &lookup->candidates.all[index];
    candidate->state = SKAD_STEP_ASKED;
    candidate->path = path;
    lookup->lists[path].waiting++;
    lookup->rpcs++;
    if (candidate->tries++ == 0) {
        lookup->asked[lookup->asked_count++] = index;
    }
}

bool skad_lookup_may_ask(const skad_lookup *lookup)
{
    return lookup->rpcs < lookup->rpcs_max;
}

bool skad_lookup_next(skad_lookup *lookup, skad_query *query)
{
    if (lookup->phase == SKAD_LOOKUP_DONE || !skad_lookup_may_ask(lookup)) {
        return false;
    }
    if (lookup->phase == SKAD_LOOKUP_WIDENING) {
        return skad_regions_next(lookup, query);
    }
    uint8_t first = lookup->phase == SKAD_LOOKUP_CLOSING ? lookup->paths : 0;
    uint8_t last = lookup->phase == SKAD_LOOKUP_CLOSING ? lookup->paths : lookup->paths - 1;
    for (uint8_t path = first; path <= last; path++) {
        uint16_t next = next_on_path(lookup, path);
        if (next != NONE) {
            ask(lookup, path, next);
            *query = (skad_query){.candidate = next, .target = lookup->target};
            return true;
        }
    }
    return false;
}

/* Stops a candidate's path from waiting for it, unless it stopped before. */
static void stop_waiting(skad_lookup *lookup, const skad_candidate *candidate)
{
    if (candidate->state == SKAD_STEP_ASKED) {
        SKAD_ASSERT(lookup->lists[candidate->path].waiting > 0);
        lookup->lists[candidate->path].waiting--;
    }
}

void skad_lookup_unask(skad_lookup *lookup, const skad_query *query)
{
    lookup->rpcs--;
    if (query->region) {
        skad_regions_unask(lookup);
        return;
    }
    skad_candidate *candidate = &lookup->candidates.all[query->candidate];
    stop_waiting(lookup, candidate);
    candidate->state = SKAD_STEP_HEARD;
    if (--candidate->tries == 0) {
        SKAD_ASSERT(lookup->asked[lookup->asked_count - 1] == query->candidate);
        lookup->asked_count--;
        skad_candidates_spare(&lookup->candidates, query->candidate);
    }
}

/* ---- Results of requests ---- */

static bool awaited(const skad_candidate *candidate)
{
    return candidate->state == SKAD_STEP_ASKED || candidate->state == SKAD_STEP_SLOW;
}

void skad_lookup_answered(skad_lookup *lookup, uint16_t index, uint64_t rtt_us)
{
    skad_candidate *candidate = &lookup->candidates.all[index];
    SKAD_ASSERT(awaited(candidate));
    stop_waiting(lookup, candidate);
    candidate->state = SKAD_STEP_ANSWERED;
    candidate->rtt_us = rtt_us > UINT32_MAX ? UINT32_MAX : (uint32_t)rtt_us;
    lookup->answered_count++;
    skad_credit_answered(&lookup->candidates, index);
    lookup->lists[candidate->path].answered = true;
}

void skad_lookup_heard(skad_lookup *lookup, uint16_t from, const skad_contact *contact,
                       const skad_address *address)
{
    const uint8_t path = lookup->candidates.all[from].path; /* a contact may move it */
    const uint8_t before = lookup->candidates.all[from].hop;
    uint8_t hop = before == UINT8_MAX ? UINT8_MAX : (uint8_t)(before + 1);
    bool paths_over = lookup->phase != SKAD_LOOKUP_PATHS;
    uint16_t index = hear(lookup, path, hop, contact, address);
    if (paths_over && path != lookup->paths) {
        /* A slow answer from a path that was already over also belongs to the union. */
        index = hear(lookup, lookup->paths, hop, contact, address);
    }
    if (index != NONE) {
        skad_credit_named(&lookup->candidates, index, from);
    }
}

void skad_lookup_departed(skad_lookup *lookup, const skad_id *id)
{
    uint16_t index = skad_candidates_find(&lookup->candidates, id);
    if (index != NONE) {
        lookup->candidates.all[index].departed = !lookup->candidates.all[index].ours;
    }
}

void skad_lookup_slow(skad_lookup *lookup, uint16_t index)
{
    skad_candidate *candidate = &lookup->candidates.all[index];
    if (candidate->state == SKAD_STEP_ASKED) {
        stop_waiting(lookup, candidate);
        candidate->state = SKAD_STEP_SLOW;
        skad_credit_silent(&lookup->candidates, index);
    }
}

void skad_lookup_failed(skad_lookup *lookup, uint16_t index)
{
    skad_candidate *candidate = &lookup->candidates.all[index];
    stop_waiting(lookup, candidate);
    candidate->state = SKAD_STEP_FAILED;
    skad_credit_silent(&lookup->candidates, index);
    try_other(candidate);
}

void skad_lookup_refused(skad_lookup *lookup, uint16_t index, bool again)
{
    skad_candidate *candidate = &lookup->candidates.all[index];
    stop_waiting(lookup, candidate);
    candidate->state = again && candidate->tries == 1 ? SKAD_STEP_HEARD : SKAD_STEP_FAILED;
}

void skad_lookup_finish(skad_lookup *lookup)
{
    lookup->phase = SKAD_LOOKUP_DONE;
}

/* ---- Phases ---- */

static void begin_closing(skad_lookup *lookup)
{
    lookup->phase = SKAD_LOOKUP_CLOSING;
    for (uint8_t path = 0; path < lookup->paths; path++) {
        for (size_t i = 0; i < lookup->lists[path].count; i++) {
            uint16_t index = lookup->lists[path].members[i];
            uint8_t state = lookup->candidates.all[index].state;
            if (state != SKAD_STEP_FAILED &&
                (state != SKAD_STEP_HEARD || worth_asking(lookup, index))) {
                skad_shortlist_add(lookup, lookup->paths, index);
            }
        }
    }
}

/* Whether an answer from any of the closest wanted is still awaited. */
static bool closing_waits(const skad_lookup *lookup)
{
    const skad_shortlist *list = &lookup->lists[lookup->paths];
    size_t living = 0;
    for (size_t i = 0; i < list->count && living < lookup->wanted; i++) {
        const skad_candidate *candidate = &lookup->candidates.all[list->members[i]];
        if (skad_shortlist_surplus(lookup, list, i)) {
            continue;
        }
        if (awaited(candidate)) {
            return true;
        }
        living += candidate->state == SKAD_STEP_ANSWERED;
    }
    return false;
}

static bool paths_over(skad_lookup *lookup)
{
    for (uint8_t path = 0; path < lookup->paths; path++) {
        if (lookup->lists[path].waiting > 0 ||
            (skad_lookup_may_ask(lookup) && next_on_path(lookup, path) != NONE)) {
            return false;
        }
    }
    return true;
}

static bool closing_over(skad_lookup *lookup)
{
    bool more =
        skad_lookup_may_ask(lookup) && next_on_list(lookup, lookup->paths, lookup->wanted) != NONE;
    return !more && !closing_waits(lookup);
}

/* Detects a dense neighbourhood of the target, once. From then on the whole region is wanted. */
static bool is_dense(skad_lookup *lookup)
{
    uint16_t indices[SKAD_K_MAX];
    if (!lookup->neighbourhood_check || lookup->dense ||
        skad_lookup_closest(lookup, lookup->siblings, indices) < lookup->siblings ||
        !skad_density_suspicious(lookup->radius,
                                 lookup->candidates.distances[indices[lookup->siblings - 1]])) {
        return false;
    }
    lookup->dense = true;
    lookup->wanted = SKAD_REGION_WANTED;
    return true;
}

bool skad_lookup_done(skad_lookup *lookup)
{
    if (lookup->phase == SKAD_LOOKUP_PATHS && paths_over(lookup)) {
        begin_closing(lookup);
        if (!lookup->closing_round) {
            lookup->phase = SKAD_LOOKUP_DONE;
        }
    }
    if (lookup->phase == SKAD_LOOKUP_WIDENING && skad_regions_explored(lookup)) {
        lookup->phase = SKAD_LOOKUP_CLOSING;
    }
    if (lookup->phase == SKAD_LOOKUP_CLOSING && closing_over(lookup) &&
        !skad_regions_widen(lookup) && !(is_dense(lookup) && skad_regions_widen(lookup))) {
        lookup->phase = SKAD_LOOKUP_DONE;
    }
    return lookup->phase == SKAD_LOOKUP_DONE;
}

/* ---- Results ---- */

size_t skad_lookup_closest(const skad_lookup *lookup, size_t max, uint16_t *indices)
{
    size_t count = 0;
    uint16_t last = NONE; /* the farthest examined so far */
    while (count < max) {
        uint16_t best = NONE;
        for (size_t i = 0; i < lookup->asked_count; i++) {
            uint16_t index = lookup->asked[i];
            if (lookup->candidates.all[index].state == SKAD_STEP_ANSWERED &&
                (last == NONE || skad_candidates_closer(&lookup->candidates, last, index)) &&
                (best == NONE || skad_candidates_closer(&lookup->candidates, index, best))) {
                best = index;
            }
        }
        if (best == NONE) {
            break;
        }
        last = best;
        if (!skad_shortlist_group_chosen(lookup, best, indices, count)) {
            indices[count++] = best;
        }
    }
    return count;
}

bool skad_lookup_silence(const skad_lookup *lookup)
{
    uint16_t indices[SKAD_K_MAX];
    size_t closest = skad_lookup_closest(lookup, lookup->siblings, indices);
    bool all = closest < lookup->siblings;
    for (size_t i = 0; i < lookup->asked_count; i++) {
        uint16_t index = lookup->asked[i];
        bool within =
            all || skad_candidates_closer(&lookup->candidates, index, indices[closest - 1]);
        if (within && lookup->candidates.all[index].state != SKAD_STEP_ANSWERED &&
            skad_credit_given(&lookup->candidates, index)) {
            return true;
        }
    }
    return false;
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
