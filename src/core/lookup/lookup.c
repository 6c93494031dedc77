#include "src/core/lookup/lookup.h"

#include <stdlib.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "src/core/lookup/choice.h"
#include "src/core/lookup/credit.h"
#include "src/core/lookup/mirror.h"
#include "src/core/lookup/nearest.h"
#include "src/core/lookup/outside.h"
#include "src/core/lookup/region.h"
#include "src/core/lookup/shortlist.h"
#include "src/core/lookup/strata.h"
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
    lookup->first_answers = plan->tuning->first_answers;
    lookup->for_put = plan->for_put;
    lookup->for_record = plan->for_record && plan->tuning->neighbourhoods;
    lookup->random = plan->random;
    lookup->wanted = plan->wanted == 0 ? profile->siblings : plan->wanted;
    lookup->enough = plan->living < lookup->siblings ? (uint8_t)plan->living : lookup->siblings;
    lookup->region = SKAD_ID_BITS;
    lookup->started_us = plan->now_us;
    /* All that can be listed or asked at once, and the one that an answer is naming. */
    size_t limit = (profile->paths + 1U) * SKAD_SHORTLIST_MAX + SKAD_LOOKUP_RPCS_MAX +
                   (size_t)SKAD_PARTS * SKAD_STRATUM_MEMBERS + SKAD_OUTSIDE_MAX + SKAD_UNHEARD_MAX +
                   1U;
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
        free(lookup->strata);
        free(lookup);
    }
}

/* ---- Names ---- */

/* Returns a candidate, a new one where it was not named yet; NONE if it is not wanted. */
static uint16_t hear(skad_lookup *lookup, uint8_t hop, const skad_contact *contact,
                     const skad_address *address)
{
    if (skad_id_equal(&contact->id, &lookup->self)) {
        return NONE;
    }
    uint16_t index = skad_candidates_find(&lookup->candidates, &contact->id, address);
    if (index == NONE && !skad_candidates_answered(&lookup->candidates, &contact->id)) {
        index = skad_candidates_add(
            &lookup->candidates,
            &(skad_candidate){.contact = *contact, .address = *address, .hop = hop});
    }
    return index;
}

void skad_lookup_token(skad_lookup *lookup, uint16_t index, const uint8_t *token)
{
    skad_candidate_keep_token(&lookup->candidates.all[index], token);
}

void skad_lookup_seed(skad_lookup *lookup, size_t turn, const skad_contact *contact,
                      const skad_address *address, const uint8_t *token)
{
    size_t path = turn < lookup->k ? turn % lookup->paths : lookup->paths;
    uint16_t index = hear(lookup, 0, contact, address);
    if (index != NONE) {
        lookup->candidates.all[index].ours = true;
        skad_lookup_token(lookup, index, token);
        skad_shortlist_add(lookup, (uint8_t)path, index);
        skad_candidates_spare(&lookup->candidates, index);
    }
}

/* ---- Asking ---- */

static void ask(skad_lookup *lookup, uint8_t path, uint16_t index)
{
    skad_candidate *candidate = &lookup->candidates.all[index];
    skad_credit_asked(lookup, index);
    candidate->state = SKAD_STEP_ASKED;
    candidate->path = path;
    lookup->lists[path].waiting++;
    lookup->rpcs++;
    if (candidate->tries++ == 0) {
        candidate->order = lookup->asked_count;
        lookup->asked[lookup->asked_count++] = index;
    }
}

/* Asks for a point of the sample, or one of its members. */
static bool next_of_sample(skad_lookup *lookup, skad_query *query)
{
    if (skad_strata_next_point(lookup, query)) {
        return true;
    }
    const uint16_t next = skad_strata_next_member(lookup);
    if (next == NONE) {
        return false;
    }
    ask(lookup, lookup->paths, next);
    *query = (skad_query){.candidate = next, .target = lookup->target};
    return true;
}

/* Asks one of our contacts outside of the region for the target. */
static bool next_outside(skad_lookup *lookup, skad_query *query)
{
    const uint16_t next = skad_outside_next(lookup, skad_outside_share(lookup));
    if (next == NONE) {
        return false;
    }
    ask(lookup, lookup->paths, next);
    *query = (skad_query){.candidate = next, .target = lookup->target};
    return true;
}

bool skad_lookup_next(skad_lookup *lookup, skad_query *query)
{
    if (lookup->phase == SKAD_LOOKUP_DONE || !skad_lookup_may_ask(lookup)) {
        return false;
    }
    skad_credit_weigh(lookup);
    if (lookup->phase == SKAD_LOOKUP_WIDENING) {
        return skad_regions_next(lookup, query);
    }
    if (lookup->phase == SKAD_LOOKUP_SAMPLING) {
        return next_of_sample(lookup, query);
    }
    const bool closing = lookup->phase == SKAD_LOOKUP_CLOSING;
    if (closing && (skad_mirror_next(lookup, query) || next_outside(lookup, query))) {
        return true;
    }
    uint8_t first = closing ? lookup->paths : 0;
    uint8_t last = closing ? lookup->paths : lookup->paths - 1;
    for (uint8_t path = first; path <= last; path++) {
        uint16_t next = skad_choice_next(lookup, path);
        if (next != NONE) {
            const bool store = closing && skad_choice_may_store(lookup, next);
            ask(lookup, path, next);
            lookup->candidates.all[next].stores = store;
            *query = (skad_query){.candidate = next,
                                  .store = store,
                                  .mirrored = skad_mirror_is(lookup, path),
                                  .target = skad_mirror_target(lookup, path)};
            return true;
        }
    }
    return false;
}

/* Stops a candidate's path from waiting for it, unless it stopped before. Its state changes. */
static void stop_waiting(skad_lookup *lookup, const skad_candidate *candidate)
{
    lookup->weighed = false;
    if (candidate->state == SKAD_STEP_ASKED) {
        SKAD_ASSERT(lookup->lists[candidate->path].waiting > 0);
        lookup->lists[candidate->path].waiting--;
    }
}

void skad_lookup_unask(skad_lookup *lookup, const skad_query *query)
{
    lookup->rpcs--;
    if (query->part == SKAD_PART_KEY) {
        skad_mirror_unask(lookup);
        return;
    }
    if (query->part != 0) {
        skad_strata_unask(lookup);
        return;
    }
    if (query->region) {
        skad_regions_unask(lookup);
        return;
    }
    skad_candidate *candidate = &lookup->candidates.all[query->candidate];
    stop_waiting(lookup, candidate);
    candidate->state = SKAD_STEP_HEARD;
    candidate->stores = false;
    if (--candidate->tries == 0) {
        SKAD_ASSERT(lookup->asked[lookup->asked_count - 1] == query->candidate);
        lookup->asked_count--;
        skad_candidates_spare(&lookup->candidates, query->candidate);
    }
}

skad_id skad_lookup_elsewhere(const skad_lookup *lookup, uint8_t part)
{
    if (part == SKAD_PART_KEY) {
        return lookup->target;
    }
    return part == 0 ? skad_regions_target(lookup) : lookup->strata->all[part - 1].point;
}

void skad_lookup_elsewhere_over(skad_lookup *lookup, uint8_t part)
{
    if (part == SKAD_PART_KEY) {
        skad_mirror_over(lookup);
    } else if (part == 0) {
        skad_regions_over(lookup);
    } else {
        skad_strata_point_over(lookup);
    }
}

/* ---- Results of requests ---- */

static bool awaited(const skad_candidate *candidate)
{
    return candidate->state == SKAD_STEP_ASKED || candidate->state == SKAD_STEP_SLOW;
}

bool skad_lookup_awaits(const skad_lookup *lookup, uint16_t index)
{
    return awaited(&lookup->candidates.all[index]);
}

/* The ID of a candidate has answered: at other addresses it is not asked or awaited any more. */
static void settle(skad_lookup *lookup, uint16_t answered)
{
    const skad_id *id = &lookup->candidates.all[answered].contact.id;
    uint16_t index = skad_candidates_first(&lookup->candidates, id);
    for (; index != NONE; index = skad_candidates_next(&lookup->candidates, index)) {
        skad_candidate *other = &lookup->candidates.all[index];
        if (index == answered) {
            continue;
        }
        other->moot = true;
        if (awaited(other)) {
            stop_waiting(lookup, other);
            other->state = SKAD_STEP_FAILED;
        }
    }
}

void skad_lookup_answered(skad_lookup *lookup, uint16_t index, uint64_t rtt_us)
{
    skad_candidate *candidate = &lookup->candidates.all[index];
    SKAD_ASSERT(awaited(candidate));
    stop_waiting(lookup, candidate);
    candidate->state = SKAD_STEP_ANSWERED;
    candidate->rtt_us = rtt_us > UINT32_MAX ? UINT32_MAX : (uint32_t)rtt_us;
    lookup->answered_count++;
    skad_shortlist *list = &lookup->lists[candidate->path];
    list->answers++;
    list->silent = 0;
    settle(lookup, index);
}

/* Whether a node has named an ID at another address, too. Its first word counts. */
static bool contradicts(const skad_lookup *lookup, uint16_t from, const skad_id *id,
                        const skad_address *address)
{
    uint16_t index = skad_candidates_first(&lookup->candidates, id);
    while (index != NONE && (skad_address_equal(&lookup->candidates.all[index].address, address) ||
                             !skad_credit_names(lookup, from, index))) {
        index = skad_candidates_next(&lookup->candidates, index);
    }
    return index != NONE;
}

void skad_lookup_heard(skad_lookup *lookup, uint16_t from, const skad_contact *contact,
                       const skad_address *address)
{
    const uint8_t path = lookup->candidates.all[from].path; /* a contact may move it */
    const uint8_t before = lookup->candidates.all[from].hop;
    uint8_t hop = before == UINT8_MAX ? UINT8_MAX : (uint8_t)(before + 1);
    if (contradicts(lookup, from, &contact->id, address)) {
        return;
    }
    uint16_t index = hear(lookup, hop, contact, address);
    if (index == NONE) {
        return;
    }
    skad_credit_named(lookup, index, from);
    if ((contact->guarded & address->family) != 0) { /* its silence says nothing (named.h) */
        skad_credit_named_guarded(lookup, index, from);
        lookup->candidates.all[index].departed = false;
    }
    skad_outside_named(lookup, from, index);
    skad_shortlist_add(lookup, path, index);
    if (lookup->phase != SKAD_LOOKUP_PATHS && path != lookup->paths) {
        /* A slow answer from a path that was already over also belongs to the union. */
        skad_shortlist_add(lookup, lookup->paths, index);
    }
    if (lookup->strata != NULL) {
        skad_strata_heard(lookup, index);
    }
    skad_candidates_spare(&lookup->candidates, index);
}

void skad_lookup_departed(skad_lookup *lookup, const skad_id *id, const skad_address *address)
{
    uint16_t index = skad_candidates_find(&lookup->candidates, id, address);
    if (index != NONE) {
        lookup->candidates.all[index].departed =
            !lookup->candidates.all[index].ours && !skad_credit_guarded(lookup, index);
    }
}

void skad_lookup_slow(skad_lookup *lookup, uint16_t index)
{
    skad_candidate *candidate = &lookup->candidates.all[index];
    if (candidate->state == SKAD_STEP_ASKED) {
        skad_shortlist *list = &lookup->lists[candidate->path];
        stop_waiting(lookup, candidate);
        candidate->state = SKAD_STEP_SLOW;
        list->silent = (uint8_t)(list->silent + (list->silent < UINT8_MAX));
    }
}

void skad_lookup_overdue(skad_lookup *lookup, uint16_t index)
{
    skad_lookup_slow(lookup, index); /* a stalled driver may have skipped that */
    lookup->candidates.all[index].overdue = true;
}

void skad_lookup_failed(skad_lookup *lookup, uint16_t index)
{
    skad_candidate *candidate = &lookup->candidates.all[index];
    skad_lookup_slow(lookup, index);
    if (awaited(candidate)) {
        stop_waiting(lookup, candidate);
        candidate->state = SKAD_STEP_FAILED;
    }
}

void skad_lookup_refused(skad_lookup *lookup, uint16_t index, bool again)
{
    skad_candidate *candidate = &lookup->candidates.all[index];
    if (awaited(candidate)) {
        stop_waiting(lookup, candidate);
        candidate->state = again && candidate->tries == 1 ? SKAD_STEP_HEARD : SKAD_STEP_FAILED;
    }
}

void skad_lookup_finish(skad_lookup *lookup)
{
    skad_lookup_turn(lookup, SKAD_LOOKUP_DONE);
}

/* ---- Phases ---- */

static void begin_closing(skad_lookup *lookup)
{
    skad_lookup_turn(lookup, SKAD_LOOKUP_CLOSING);
    skad_mirror_end(lookup);
    for (uint8_t path = 0; path < lookup->paths; path++) {
        for (size_t i = 0; i < lookup->lists[path].count; i++) {
            uint16_t index = lookup->lists[path].members[i];
            if (skad_choice_of_closing(lookup, index)) {
                skad_shortlist_add(lookup, lookup->paths, index);
            }
        }
    }
}

static bool paths_over(skad_lookup *lookup)
{
    for (uint8_t path = 0; path < lookup->paths; path++) {
        if (!skad_choice_path_over(lookup, path)) {
            return false;
        }
    }
    return true;
}

/* Whether a get has found nothing in a network of many regions. */
static bool hides(const skad_lookup *lookup)
{
    return !lookup->for_put && !lookup->found && lookup->mirror != 0;
}

/* Looks how far away the s-th closest is, once. Sets whether the neighbourhood of the target is
 * suspiciously dense. Returns whether more than the closest is to be looked at. */
static bool is_crowded(skad_lookup *lookup)
{
    uint16_t indices[SKAD_K_MAX];
    if (!lookup->neighbourhood_check || lookup->dense || lookup->strata != NULL ||
        skad_lookup_closest(lookup, lookup->siblings, indices) < lookup->siblings) {
        return false;
    }
    const uint16_t last = indices[lookup->siblings - 1];
    const uint64_t distance = lookup->candidates.distances[last];
    lookup->dense = skad_density_suspicious(lookup->radius, distance);
    lookup->misled = lookup->for_record && lookup->radius != 0 && skad_credit_misled(lookup, last);
    return lookup->dense || lookup->misled ||
           (lookup->for_record &&
            (skad_density_crowded(lookup->radius, distance) || hides(lookup)));
}

/* Goes on behind a crowd. A put or get samples the region; other lookups go on with what is closest
 * until so many have answered that honest nodes are among them. Returns whether there is more to
 * ask. */
static bool look_behind_crowd(skad_lookup *lookup)
{
    if (!is_crowded(lookup)) {
        return false;
    }
    if (!lookup->for_record) {
        lookup->wanted = SKAD_REGION_WANTED;
        return skad_regions_widen(lookup);
    }
    if (!skad_strata_begin(lookup)) {
        return false;
    }
    skad_lookup_turn(lookup, SKAD_LOOKUP_SAMPLING);
    return true;
}

bool skad_lookup_done(skad_lookup *lookup)
{
    skad_credit_weigh(lookup);
    if (lookup->phase == SKAD_LOOKUP_PATHS && paths_over(lookup)) {
        begin_closing(lookup);
        if (!lookup->closing_round) {
            skad_lookup_turn(lookup, SKAD_LOOKUP_DONE);
        }
    }
    if (lookup->phase == SKAD_LOOKUP_WIDENING && skad_regions_explored(lookup)) {
        skad_lookup_turn(lookup, SKAD_LOOKUP_CLOSING);
    }
    if (lookup->phase == SKAD_LOOKUP_CLOSING && skad_mirror_done(lookup) &&
        skad_outside_over(lookup, skad_outside_share(lookup)) && skad_choice_closing_over(lookup) &&
        !skad_regions_widen(lookup) && !look_behind_crowd(lookup)) {
        skad_lookup_turn(lookup, SKAD_LOOKUP_DONE);
    }
    if (lookup->phase == SKAD_LOOKUP_SAMPLING && skad_strata_over(lookup)) {
        skad_lookup_turn(lookup, SKAD_LOOKUP_DONE);
    }
    return lookup->phase == SKAD_LOOKUP_DONE;
}

/* ---- Results ---- */

bool skad_lookup_silence(skad_lookup *lookup)
{
    uint16_t indices[SKAD_K_MAX];
    skad_credit_weigh(lookup);
    size_t closest = skad_lookup_closest(lookup, lookup->siblings, indices);
    bool all = closest < lookup->siblings;
    for (size_t i = 0; i < lookup->asked_count; i++) {
        uint16_t index = lookup->asked[i];
        bool within =
            all || skad_candidates_closer(&lookup->candidates, index, indices[closest - 1]);
        const skad_candidate *candidate = &lookup->candidates.all[index];
        if (within && candidate->state != SKAD_STEP_ANSWERED && !candidate->moot &&
            skad_credit_vouched(lookup, index)) {
            return true;
        }
    }
    return false;
}
