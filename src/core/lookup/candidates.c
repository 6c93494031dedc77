#include "src/core/lookup/candidates.h"

#include <stdlib.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/diversity.h"

/* Reserves memory. Nothing is cleared, because candidates are written before they are read. */
static bool reserve(skad_candidates *candidates, size_t capacity)
{
    skad_candidate *all = reallocarray(candidates->all, capacity, sizeof *all);
    candidates->all = all != NULL ? all : candidates->all;
    uint64_t *distances = reallocarray(candidates->distances, capacity, sizeof *distances);
    candidates->distances = distances != NULL ? distances : candidates->distances;
    uint64_t *groups = reallocarray(candidates->groups, capacity, sizeof *groups);
    candidates->groups = groups != NULL ? groups : candidates->groups;
    if (all == NULL || distances == NULL || groups == NULL) {
        return false;
    }
    candidates->capacity = (uint16_t)capacity;
    return true;
}

bool skad_candidates_init(skad_candidates *candidates, const skad_id *target, size_t limit,
                          size_t capacity)
{
    SKAD_ASSERT(capacity <= limit && limit < SKAD_CANDIDATE_NONE);
    *candidates = (skad_candidates){.target = *target, .limit = (uint16_t)limit};
    return reserve(candidates, capacity);
}

void skad_candidates_free(skad_candidates *candidates)
{
    free(candidates->all);
    free(candidates->distances);
    free(candidates->groups);
}

static uint64_t distance_to(const skad_candidates *candidates, const skad_id *id)
{
    return skad_id_prefix(id) ^ skad_id_prefix(&candidates->target);
}

bool skad_candidates_closer(const skad_candidates *candidates, uint16_t a, uint16_t b)
{
    if (candidates->distances[a] != candidates->distances[b]) {
        return candidates->distances[a] < candidates->distances[b];
    }
    int order = skad_distance_compare(&candidates->target, &candidates->all[a].contact.id,
                                      &candidates->all[b].contact.id);
    return order != 0 ? order < 0 : a < b;
}

/* ---- Chains ---- */

/* Each answer names a dozen candidates, most of them known. They are found in chains by the last
 * bits of their distance. A liar that invents IDs which share those bits makes one chain as long as
 * the number of candidates, and no longer. */
static size_t chain_of(uint64_t distance)
{
    return distance % SKAD_CANDIDATE_CHAINS;
}

/* Returns the candidate with an ID from a link of its chain on. */
static uint16_t follow(const skad_candidates *candidates, uint16_t link, const skad_id *id)
{
    uint64_t distance = distance_to(candidates, id);
    while (link != 0) {
        uint16_t index = (uint16_t)(link - 1);
        if (candidates->distances[index] == distance &&
            skad_id_equal(&candidates->all[index].contact.id, id)) {
            return index;
        }
        link = candidates->all[index].next;
    }
    return SKAD_CANDIDATE_NONE;
}

uint16_t skad_candidates_first(const skad_candidates *candidates, const skad_id *id)
{
    return follow(candidates, candidates->chains[chain_of(distance_to(candidates, id))], id);
}

uint16_t skad_candidates_next(const skad_candidates *candidates, uint16_t index)
{
    const skad_candidate *candidate = &candidates->all[index];
    return follow(candidates, candidate->next, &candidate->contact.id);
}

uint16_t skad_candidates_find(const skad_candidates *candidates, const skad_id *id,
                              const skad_address *address)
{
    uint16_t index = skad_candidates_first(candidates, id);
    while (index != SKAD_CANDIDATE_NONE &&
           !skad_address_equal(&candidates->all[index].address, address)) {
        index = skad_candidates_next(candidates, index);
    }
    return index;
}

bool skad_candidates_answered(const skad_candidates *candidates, const skad_id *id)
{
    uint16_t index = skad_candidates_first(candidates, id);
    while (index != SKAD_CANDIDATE_NONE && candidates->all[index].state != SKAD_STEP_ANSWERED) {
        index = skad_candidates_next(candidates, index);
    }
    return index != SKAD_CANDIDATE_NONE;
}

static void unchain(skad_candidates *candidates, uint16_t index)
{
    uint16_t *link = &candidates->chains[chain_of(candidates->distances[index])];
    while (*link != index + 1) {
        SKAD_ASSERT(*link != 0);
        link = &candidates->all[*link - 1].next;
    }
    *link = candidates->all[index].next;
}

/* Writes a new candidate and links it into its chain. */
static void chain(skad_candidates *candidates, uint16_t index, const skad_candidate *candidate)
{
    candidates->distances[index] = distance_to(candidates, &candidate->contact.id);
    candidates->groups[index] = skad_address_group(&candidate->address);
    uint16_t *link = &candidates->chains[chain_of(candidates->distances[index])];
    candidates->all[index] = *candidate;
    candidates->all[index].next = *link;
    *link = (uint16_t)(index + 1);
}

/* ---- Indices ---- */

static bool index_free(const skad_candidates *candidates, size_t index)
{
    return candidates->all[index].listed == 0 && candidates->all[index].tries == 0;
}

void skad_candidates_spare(skad_candidates *candidates, uint16_t index)
{
    if (index < candidates->spare && index_free(candidates, index)) {
        candidates->spare = index;
    }
}

static bool grow(skad_candidates *candidates)
{
    SKAD_ASSERT(candidates->high_water < candidates->limit);
    size_t twice = (size_t)2 * candidates->capacity;
    return reserve(candidates, twice < candidates->limit ? twice : candidates->limit);
}

/* Returns the lowest free index. Its last candidate is forgotten. */
static uint16_t take(skad_candidates *candidates)
{
    while (candidates->spare < candidates->high_water &&
           !index_free(candidates, candidates->spare)) {
        candidates->spare++;
    }
    if (candidates->spare < candidates->high_water) {
        unchain(candidates, candidates->spare);
        return candidates->spare++;
    }
    if (candidates->high_water == candidates->capacity && !grow(candidates)) {
        return SKAD_CANDIDATE_NONE;
    }
    candidates->high_water++;
    return candidates->spare++;
}

uint16_t skad_candidates_add(skad_candidates *candidates, const skad_candidate *candidate)
{
    uint16_t index = take(candidates);
    if (index != SKAD_CANDIDATE_NONE) {
        chain(candidates, index, candidate);
    }
    return index;
}
