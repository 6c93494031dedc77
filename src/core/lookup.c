#include "src/core/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "src/core/distance.h"

#define PLACE_NONE UINT16_MAX

skad_lookup *skad_lookup_new(const skad_profile *profile, const skad_id *self,
                             const skad_id *target, uint64_t now_us)
{
    /* All that can be listed or asked at once, and the one that is being heard of. */
    size_t places = ((size_t)profile->paths + 1) * SKAD_SHORTLIST_MAX + SKAD_LOOKUP_RPCS_MAX + 1;
    skad_lookup *lookup = calloc(1, sizeof *lookup + places * sizeof lookup->candidates[0]);
    if (lookup == NULL) {
        return NULL;
    }
    lookup->target = *target;
    lookup->self = *self;
    lookup->paths = profile->paths;
    lookup->alpha = profile->alpha;
    lookup->k = profile->k;
    lookup->siblings = profile->siblings;
    lookup->started_us = now_us;
    lookup->places = places;
    return lookup;
}

/* ---- Candidates and the shortlists that refer to them ---- */

static uint64_t distance_to(const skad_lookup *lookup, const skad_id *id)
{
    return skad_id_prefix(id) ^ skad_id_prefix(&lookup->target);
}

static bool closer(const skad_lookup *lookup, uint16_t a, uint16_t b)
{
    const skad_candidate *ca = &lookup->candidates[a];
    const skad_candidate *cb = &lookup->candidates[b];
    if (ca->distance != cb->distance) {
        return ca->distance < cb->distance;
    }
    return skad_distance_compare(&lookup->target, &ca->contact.id, &cb->contact.id) < 0;
}

static uint16_t candidate_find(const skad_lookup *lookup, const skad_id *id)
{
    uint64_t distance = distance_to(lookup, id);
    for (size_t i = 0; i < lookup->used; i++) {
        const skad_candidate *candidate = &lookup->candidates[i];
        if (candidate->distance == distance && skad_id_equal(&candidate->contact.id, id)) {
            return (uint16_t)i;
        }
    }
    return PLACE_NONE;
}

/* A place is free again once no shortlist names its candidate and it was never asked. */
static uint16_t candidate_take(skad_lookup *lookup)
{
    for (size_t i = 0; i < lookup->used; i++) {
        const skad_candidate *candidate = &lookup->candidates[i];
        if (candidate->listed == 0 && candidate->state == SKAD_STEP_HEARD) {
            return (uint16_t)i;
        }
    }
    SKAD_ASSERT(lookup->used < lookup->places);
    return (uint16_t)lookup->used++;
}

/* Whether a candidate at this distance would get onto the list. */
static bool list_has_room(const skad_lookup *lookup, const skad_shortlist *list, uint16_t place)
{
    return list->count < SKAD_SHORTLIST_MAX ||
           closer(lookup, place, list->members[list->count - 1]);
}

static void list_add(skad_lookup *lookup, uint8_t path, uint16_t place)
{
    skad_shortlist *list = &lookup->lists[path];
    uint16_t bit = (uint16_t)(1U << path);
    if ((lookup->candidates[place].listed & bit) != 0 || !list_has_room(lookup, list, place)) {
        return;
    }
    if (list->count == SKAD_SHORTLIST_MAX) {
        list->count--;
        lookup->candidates[list->members[list->count]].listed &= (uint16_t)~bit;
    }
    size_t at = list->count++;
    while (at > 0 && closer(lookup, place, list->members[at - 1])) {
        list->members[at] = list->members[at - 1];
        at--;
    }
    list->members[at] = place;
    lookup->candidates[place].listed |= bit;
}

static void hear(skad_lookup *lookup, uint8_t path, uint8_t hop, const skad_contact *contact,
                 const skad_address *address)
{
    if (skad_id_equal(&contact->id, &lookup->self)) {
        return;
    }
    uint16_t place = candidate_find(lookup, &contact->id);
    if (place == PLACE_NONE) {
        place = candidate_take(lookup);
        lookup->candidates[place] = (skad_candidate){
            .contact = *contact,
            .address = *address,
            .distance = distance_to(lookup, &contact->id),
            .hop = hop,
        };
    }
    list_add(lookup, path, place);
}

void skad_lookup_seed(skad_lookup *lookup, size_t turn, const skad_contact *contact,
                      const skad_address *address)
{
    size_t path = turn < lookup->k ? turn % lookup->paths : lookup->paths;
    hear(lookup, (uint8_t)path, 0, contact, address);
}

/* ---- Whom to ask ---- */

/* The closest candidate to ask among the first `window` on a path's list that have not failed. */
static uint16_t next_on_list(const skad_lookup *lookup, uint8_t path, size_t window)
{
    const skad_shortlist *list = &lookup->lists[path];
    size_t living = 0;
    for (size_t i = 0; i < list->count && living < window; i++) {
        uint8_t state = lookup->candidates[list->members[i]].state;
        if (state == SKAD_STEP_HEARD) {
            return list->members[i];
        }
        living += state != SKAD_STEP_FAILED;
    }
    return PLACE_NONE;
}

/* The closest candidate of any path that nobody has asked, for a path that has nothing left. */
static uint16_t adopt(skad_lookup *lookup, uint8_t path)
{
    uint16_t best = PLACE_NONE;
    for (uint8_t p = 0; p < lookup->paths; p++) {
        uint16_t place = next_on_list(lookup, p, SKAD_SHORTLIST_MAX);
        if (place != PLACE_NONE && (best == PLACE_NONE || closer(lookup, place, best))) {
            best = place;
        }
    }
    if (best != PLACE_NONE) {
        list_add(lookup, path, best);
    }
    return best;
}

static uint16_t next_on_path(skad_lookup *lookup, uint8_t path)
{
    skad_shortlist *list = &lookup->lists[path];
    bool closing = path == lookup->paths;
    size_t alpha = closing ? (size_t)lookup->alpha * lookup->paths : lookup->alpha;
    if (list->waiting >= alpha) {
        return PLACE_NONE;
    }
    uint16_t place = next_on_list(lookup, path, closing ? lookup->siblings : lookup->k);
    if (place == PLACE_NONE && !closing && !list->answered && list->waiting == 0) {
        place = adopt(lookup, path);
    }
    return place;
}

static uint16_t ask(skad_lookup *lookup, uint8_t path, uint16_t place)
{
    skad_candidate *candidate = &lookup->candidates[place];
    candidate->state = SKAD_STEP_ASKED;
    candidate->path = path;
    lookup->lists[path].waiting++;
    lookup->asked[lookup->rpcs++] = place;
    return place;
}

bool skad_lookup_next(skad_lookup *lookup, uint16_t *place)
{
    if (lookup->phase == SKAD_LOOKUP_DONE || lookup->rpcs == SKAD_LOOKUP_RPCS_MAX) {
        return false;
    }
    uint8_t first = lookup->phase == SKAD_LOOKUP_CLOSING ? lookup->paths : 0;
    uint8_t last = lookup->phase == SKAD_LOOKUP_CLOSING ? lookup->paths : lookup->paths - 1;
    for (uint8_t path = first; path <= last; path++) {
        uint16_t next = next_on_path(lookup, path);
        if (next != PLACE_NONE) {
            *place = ask(lookup, path, next);
            return true;
        }
    }
    return false;
}

/* A candidate's path no longer waits for it, unless it did so before. */
static void stop_waiting(skad_lookup *lookup, const skad_candidate *candidate)
{
    if (candidate->state == SKAD_STEP_ASKED) {
        SKAD_ASSERT(lookup->lists[candidate->path].waiting > 0);
        lookup->lists[candidate->path].waiting--;
    }
}

void skad_lookup_unask(skad_lookup *lookup, uint16_t place)
{
    SKAD_ASSERT(lookup->rpcs > 0 && lookup->asked[lookup->rpcs - 1] == place);
    skad_candidate *candidate = &lookup->candidates[place];
    stop_waiting(lookup, candidate);
    candidate->state = SKAD_STEP_HEARD;
    lookup->rpcs--;
}

/* ---- What came of it ---- */

static bool awaited(const skad_candidate *candidate)
{
    return candidate->state == SKAD_STEP_ASKED || candidate->state == SKAD_STEP_SLOW;
}

void skad_lookup_answered(skad_lookup *lookup, uint16_t place, uint64_t rtt_us)
{
    skad_candidate *candidate = &lookup->candidates[place];
    SKAD_ASSERT(awaited(candidate));
    stop_waiting(lookup, candidate);
    candidate->state = SKAD_STEP_ANSWERED;
    candidate->rtt_us = rtt_us > UINT32_MAX ? UINT32_MAX : (uint32_t)rtt_us;
    lookup->lists[candidate->path].answered = true;
}

void skad_lookup_heard(skad_lookup *lookup, uint16_t from, const skad_contact *contact,
                       const skad_address *address)
{
    const skad_candidate *source = &lookup->candidates[from];
    uint8_t hop = source->hop == UINT8_MAX ? UINT8_MAX : (uint8_t)(source->hop + 1);
    hear(lookup, source->path, hop, contact, address);
    if (lookup->phase == SKAD_LOOKUP_CLOSING && source->path != lookup->paths) {
        /* A slow answer from a path that was already over belongs to the union, too. */
        hear(lookup, lookup->paths, hop, contact, address);
    }
}

void skad_lookup_slow(skad_lookup *lookup, uint16_t place)
{
    skad_candidate *candidate = &lookup->candidates[place];
    if (candidate->state == SKAD_STEP_ASKED) {
        stop_waiting(lookup, candidate);
        candidate->state = SKAD_STEP_SLOW;
    }
}

void skad_lookup_failed(skad_lookup *lookup, uint16_t place)
{
    skad_candidate *candidate = &lookup->candidates[place];
    stop_waiting(lookup, candidate);
    candidate->state = SKAD_STEP_FAILED;
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
            uint16_t place = lookup->lists[path].members[i];
            if (lookup->candidates[place].state != SKAD_STEP_FAILED) {
                list_add(lookup, lookup->paths, place);
            }
        }
    }
}

/* Whether any of the first s living candidates of the union is still awaited. */
static bool closing_waits(const skad_lookup *lookup)
{
    const skad_shortlist *list = &lookup->lists[lookup->paths];
    size_t living = 0;
    for (size_t i = 0; i < list->count && living < lookup->siblings; i++) {
        const skad_candidate *candidate = &lookup->candidates[list->members[i]];
        if (awaited(candidate)) {
            return true;
        }
        living += candidate->state == SKAD_STEP_ANSWERED;
    }
    return false;
}

bool skad_lookup_done(skad_lookup *lookup)
{
    bool may_ask = lookup->rpcs < SKAD_LOOKUP_RPCS_MAX;
    if (lookup->phase == SKAD_LOOKUP_PATHS) {
        for (uint8_t path = 0; path < lookup->paths; path++) {
            if (lookup->lists[path].waiting > 0 ||
                (may_ask && next_on_path(lookup, path) != PLACE_NONE)) {
                return false;
            }
        }
        begin_closing(lookup);
    }
    if (lookup->phase == SKAD_LOOKUP_CLOSING) {
        bool more = may_ask && next_on_list(lookup, lookup->paths, lookup->siblings) != PLACE_NONE;
        if (more || closing_waits(lookup)) {
            return false;
        }
        lookup->phase = SKAD_LOOKUP_DONE;
    }
    return true;
}

/* ---- Results ---- */

size_t skad_lookup_closest(const skad_lookup *lookup, uint16_t places[static SKAD_K_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < lookup->rpcs; i++) {
        uint16_t place = lookup->asked[i];
        if (lookup->candidates[place].state != SKAD_STEP_ANSWERED) {
            continue;
        }
        size_t at = count;
        while (at > 0 && closer(lookup, place, places[at - 1])) {
            at--;
        }
        if (at == lookup->siblings) {
            continue;
        }
        count += count < lookup->siblings;
        memmove(&places[at + 1], &places[at], (count - 1 - at) * sizeof places[0]);
        places[at] = place;
    }
    return count;
}

uint8_t skad_lookup_agreement(const skad_lookup *lookup)
{
    uint16_t places[SKAD_K_MAX];
    uint8_t agreed = 0;
    if (skad_lookup_closest(lookup, places) > 0) {
        for (uint8_t path = 0; path < lookup->paths; path++) {
            agreed += (uint8_t)(lookup->candidates[places[0]].listed >> path & 1);
        }
    }
    return agreed;
}
