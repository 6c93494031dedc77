/* A lookup's invariants: see invariants.h; the rules are in lookup.h. tests/node/test_invariants.c
 * breaks each of them. */
#include "src/core/node/invariants.h"

#include "proto/address.h"
#include "src/core/lookup/mirror.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/diversity.h"

static const char *list_broken(const skad_lookup *lookup, size_t path)
{
    const skad_shortlist *list = &lookup->lists[path];
    if (list->count > SKAD_SHORTLIST_MAX) {
        return "a shortlist keeps to its cap";
    }
    for (size_t i = 0; i < list->count; i++) {
        if (list->members[i] >= lookup->candidates.high_water ||
            (lookup->candidates.all[list->members[i]].listed >> path & 1) == 0) {
            return "a candidate on a shortlist is marked as listed";
        }
        if (i > 0 &&
            !skad_mirror_closer(lookup, (uint8_t)path, list->members[i - 1], list->members[i])) {
            return "a shortlist is in ascending distance";
        }
    }
    return NULL;
}

/* Whether a path's count of awaited candidates is right, and as many candidates are marked as
 * listed on the shortlist as stand on it. */
static bool path_counts(const skad_lookup *lookup, size_t path)
{
    size_t waiting = 0;
    size_t listed = 0;
    for (size_t i = 0; i < lookup->candidates.high_water; i++) {
        const skad_candidate *candidate = &lookup->candidates.all[i];
        waiting += candidate->state == SKAD_STEP_ASKED && candidate->path == path;
        listed += candidate->listed >> path & 1;
    }
    return waiting == lookup->lists[path].waiting && listed == lookup->lists[path].count;
}

static bool asked_once(const skad_lookup *lookup, size_t index)
{
    uint16_t asked = lookup->asked[index];
    if (asked >= lookup->candidates.high_water || lookup->candidates.all[asked].tries == 0 ||
        lookup->candidates.all[asked].path > lookup->paths) {
        return false;
    }
    for (size_t i = 0; i < index; i++) {
        if (lookup->asked[i] == asked) {
            return false;
        }
    }
    return true;
}

static bool met_again(const skad_lookup *lookup, size_t index)
{
    const skad_candidate *candidate = &lookup->candidates.all[index];
    for (size_t i = index + 1; i < lookup->candidates.high_water; i++) {
        const skad_candidate *other = &lookup->candidates.all[i];
        bool kept = other->listed != 0 || other->tries != 0;
        if (kept && lookup->candidates.distances[i] == lookup->candidates.distances[index] &&
            skad_id_equal(&other->contact.id, &candidate->contact.id) &&
            skad_address_equal(&other->address, &candidate->address)) {
            return true;
        }
    }
    return false;
}

static const char *candidate_broken(const skad_lookup *lookup, size_t index)
{
    const skad_candidate *candidate = &lookup->candidates.all[index];
    if (candidate->listed == 0 && candidate->tries == 0) {
        return NULL; /* its index is free */
    }
    if (lookup->candidates.distances[index] !=
        (skad_id_prefix(&candidate->contact.id) ^ skad_id_prefix(&lookup->target))) {
        return "a candidate has its distance";
    }
    if (lookup->candidates.groups[index] != skad_address_group(&candidate->address)) {
        return "a candidate has its address group";
    }
    if (skad_id_equal(&candidate->contact.id, &lookup->self)) {
        return "we are not our own candidate";
    }
    if (candidate->tries > 2 || (candidate->tries == 0 && candidate->state != SKAD_STEP_HEARD)) {
        return "a candidate is asked at most twice, and not before its state says so";
    }
    return met_again(lookup, index) ? "no candidate appears twice" : NULL;
}

static const char *counts_broken(const skad_lookup *lookup)
{
    size_t tried = 0;
    if (lookup->candidates.high_water > lookup->candidates.limit ||
        lookup->rpcs > SKAD_LOOKUP_RPCS_MAX || lookup->asked_count > SKAD_LOOKUP_RPCS_MAX ||
        lookup->asked_count > lookup->rpcs) {
        return "a lookup keeps to its caps";
    }
    for (size_t i = 0; i < lookup->asked_count; i++) {
        if (!asked_once(lookup, i)) {
            return "a node is asked on one path only";
        }
    }
    for (size_t i = 0; i < lookup->candidates.high_water; i++) {
        tried += lookup->candidates.all[i].tries > 0;
    }
    if (tried != lookup->asked_count) {
        return "each candidate that was asked is remembered";
    }
    if (lookup->region_count > SKAD_REGION_ASKED || lookup->region_next > lookup->region_count ||
        lookup->region_waiting > lookup->region_next) {
        return "a region awaits no more candidates than were asked";
    }
    return NULL;
}

const char *skad_lookup_broken(const skad_lookup *lookup)
{
    const char *broken = counts_broken(lookup);
    for (size_t path = 0; broken == NULL && path <= lookup->paths; path++) {
        broken = list_broken(lookup, path);
        if (broken == NULL && !path_counts(lookup, path)) {
            broken = "a path counts the candidates that it waits for";
        }
    }
    for (size_t i = 0; broken == NULL && i < lookup->candidates.high_water; i++) {
        broken = candidate_broken(lookup, i);
    }
    return broken;
}
