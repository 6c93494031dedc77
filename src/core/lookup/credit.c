#include "src/core/lookup/credit.h"

#include <string.h>

#include "crypto/assert.h"
#include "src/core/lookup/nearest.h"

/* ---- Sets ---- */

static void put(skad_asked_set *set, unsigned order)
{
    set->words[order / 64] |= UINT64_C(1) << (order % 64);
}

static bool has(const skad_asked_set *set, unsigned order)
{
    return (set->words[order / 64] >> (order % 64) & 1) != 0;
}

static unsigned count_common(const skad_asked_set *a, const skad_asked_set *b)
{
    unsigned count = 0;
    for (size_t i = 0; i < sizeof a->words / sizeof a->words[0]; i++) {
        const uint64_t common = a->words[i] & b->words[i];
        count +=
            common == 0 ? 0 : (unsigned)__builtin_popcountll(common); /* most words are empty */
    }
    return count;
}

/* Finds the next member of a set from `order` on, and moves that behind it. Returns the member, or
 * SKAD_ASKED_MAX behind the last one. */
static unsigned next_member(const skad_asked_set *set, unsigned *order)
{
    while (*order < SKAD_ASKED_MAX) {
        uint64_t rest = set->words[*order / 64] >> (*order % 64);
        if (rest != 0) {
            unsigned found = *order + (unsigned)__builtin_ctzll(rest);
            *order = found + 1;
            return found;
        }
        *order = (*order / 64 + 1) * 64;
    }
    return SKAD_ASKED_MAX;
}

/* ---- Weighing ---- */

void skad_credit_named(skad_lookup *lookup, uint16_t index, uint16_t namer)
{
    SKAD_ASSERT(lookup->asked[lookup->candidates.all[namer].order] == namer);
    put(&lookup->candidates.all[index].namers, lookup->candidates.all[namer].order);
    lookup->weighed = false;
}

void skad_credit_named_guarded(skad_lookup *lookup, uint16_t index, uint16_t namer)
{
    put(&lookup->candidates.all[index].guards, lookup->candidates.all[namer].order);
}

bool skad_credit_names_guarded(const skad_lookup *lookup, uint16_t namer, uint16_t index)
{
    return has(&lookup->candidates.all[index].guards, lookup->candidates.all[namer].order);
}

bool skad_credit_guarded(const skad_lookup *lookup, uint16_t index)
{
    const skad_asked_set *guards = &lookup->candidates.all[index].guards;
    return count_common(guards, guards) > 0;
}

bool skad_credit_names(const skad_lookup *lookup, uint16_t namer, uint16_t index)
{
    return has(&lookup->candidates.all[index].namers, lookup->candidates.all[namer].order);
}

static bool is_silent(const skad_candidate *candidate)
{
    return candidate->state == SKAD_STEP_SLOW ||
           (candidate->state == SKAD_STEP_FAILED && !candidate->moot);
}

/* Finds the closest that have answered: those that know the neighbourhood of the target. */
static void find_nearest(skad_lookup *lookup)
{
    uint16_t indices[SKAD_K_MAX];
    size_t count = skad_lookup_closest(lookup, lookup->siblings, indices);
    lookup->nearest = (skad_asked_set){{0}};
    for (size_t i = 0; i < count; i++) {
        put(&lookup->nearest, lookup->candidates.all[indices[i]].order);
    }
    lookup->nearest_count = (uint8_t)count;
}

/* Counts one candidate for or against its namers. What most vouch for is neither their merit nor
 * their fault. */
static void weigh(skad_lookup *lookup, uint16_t index)
{
    const skad_candidate *candidate = &lookup->candidates.all[index];
    const bool elected = skad_credit_elected(lookup, index);
    if (elected && candidate->state != SKAD_STEP_ANSWERED) {
        return;
    }
    const bool silent = is_silent(candidate) && !candidate->ours;
    if (candidate->state == SKAD_STEP_ASKED && candidate->sponsor != 0) {
        lookup->candidates.all[candidate->sponsor - 1].named_waiting++;
    }
    if (!silent && candidate->state != SKAD_STEP_ANSWERED) {
        return;
    }
    unsigned order = 0;
    for (unsigned n; (n = next_member(&candidate->namers, &order)) != SKAD_ASKED_MAX;) {
        skad_candidate *namer = &lookup->candidates.all[lookup->asked[n]];
        if (silent) {
            namer->named_silent++;
        } else if (elected) {
            namer->named_known++;
        } else {
            namer->named_living++;
        }
    }
}

void skad_credit_weigh(skad_lookup *lookup)
{
    if (lookup->weighed) {
        return;
    }
    lookup->weighed = true;
    find_nearest(lookup);
    for (size_t i = 0; i < lookup->asked_count; i++) {
        skad_candidate *namer = &lookup->candidates.all[lookup->asked[i]];
        namer->named_known = 0;
        namer->named_living = 0;
        namer->named_silent = 0;
        namer->named_waiting = 0;
    }
    for (size_t i = 0; i < lookup->asked_count; i++) {
        weigh(lookup, lookup->asked[i]);
    }
}

/* ---- Answers ---- */

static unsigned allowed(const skad_candidate *namer)
{
    return SKAD_CREDIT_NAMES + SKAD_CREDIT_LIVING * (unsigned)namer->named_living;
}

/* Returns how many more of a node's names may be asked now. */
static unsigned room_of(const skad_candidate *namer)
{
    unsigned taken = (unsigned)namer->named_silent + namer->named_waiting;
    return taken < allowed(namer) ? allowed(namer) - taken : 0;
}

/* Returns the namer of a candidate that may have most of its names asked, by its index;
 * SKAD_CANDIDATE_NONE: none of them may. */
static uint16_t best_namer(const skad_lookup *lookup, const skad_candidate *candidate)
{
    uint16_t best = SKAD_CANDIDATE_NONE;
    unsigned most = 0;
    unsigned order = 0;
    for (unsigned n; (n = next_member(&candidate->namers, &order)) != SKAD_ASKED_MAX;) {
        const unsigned room = room_of(&lookup->candidates.all[lookup->asked[n]]);
        if (room > most) {
            most = room;
            best = lookup->asked[n];
        }
    }
    return best;
}

bool skad_credit_given(const skad_lookup *lookup, uint16_t index)
{
    const skad_candidate *candidate = &lookup->candidates.all[index];
    return candidate->ours || skad_credit_support(lookup, index) == 0 ||
           skad_credit_elected(lookup, index) ||
           best_namer(lookup, candidate) != SKAD_CANDIDATE_NONE;
}

bool skad_credit_pending(const skad_lookup *lookup, uint16_t index)
{
    const skad_candidate *candidate = &lookup->candidates.all[index];
    unsigned order = 0;
    for (unsigned n; (n = next_member(&candidate->namers, &order)) != SKAD_ASKED_MAX;) {
        if (!skad_credit_lost(lookup, lookup->asked[n])) {
            return true;
        }
    }
    return false;
}

bool skad_credit_good(const skad_lookup *lookup, uint16_t index)
{
    const skad_candidate *candidate = &lookup->candidates.all[index];
    unsigned order = 0;
    for (unsigned n; (n = next_member(&candidate->namers, &order)) != SKAD_ASKED_MAX;) {
        const skad_candidate *namer = &lookup->candidates.all[lookup->asked[n]];
        const unsigned living = namer->named_living;
        const unsigned silent = namer->named_silent;
        if ((living > 0 && 2 * living >= silent) || (namer->named_known > 0 && silent == 0)) {
            return true;
        }
    }
    return false;
}

unsigned skad_credit_support(const skad_lookup *lookup, uint16_t index)
{
    const skad_asked_set *namers = &lookup->candidates.all[index].namers;
    return count_common(namers, namers);
}

unsigned skad_credit_crowd(const skad_lookup *lookup, uint16_t index, const uint16_t *of,
                           size_t count)
{
    unsigned least = 0;
    unsigned order = 0;
    const skad_asked_set *namers = &lookup->candidates.all[index].namers;
    for (unsigned n; (n = next_member(namers, &order)) != SKAD_ASKED_MAX;) {
        unsigned named = 0;
        for (size_t i = 0; i < count; i++) {
            named += skad_credit_names(lookup, lookup->asked[n], of[i]);
        }
        least = least == 0 || named < least ? named : least;
    }
    return least;
}

bool skad_credit_elected(const skad_lookup *lookup, uint16_t index)
{
    const unsigned near = count_common(&lookup->candidates.all[index].namers, &lookup->nearest);
    return near > 1 && 2 * near > lookup->nearest_count;
}

bool skad_credit_vouched(const skad_lookup *lookup, uint16_t index)
{
    return lookup->candidates.all[index].ours || skad_credit_elected(lookup, index);
}

bool skad_credit_misled(const skad_lookup *lookup, uint16_t last)
{
    unsigned count = 0;
    for (size_t i = 0; i < lookup->candidates.high_water; i++) {
        const uint16_t index = (uint16_t)i;
        const skad_candidate *candidate = &lookup->candidates.all[index];
        count += (candidate->listed != 0 || candidate->tries > 0) && !candidate->moot &&
                 candidate->state != SKAD_STEP_ANSWERED &&
                 skad_candidates_closer(&lookup->candidates, index, last) &&
                 !skad_credit_vouched(lookup, index);
    }
    return count >= 2U * lookup->siblings;
}

bool skad_credit_lost(const skad_lookup *lookup, uint16_t namer)
{
    const skad_candidate *candidate = &lookup->candidates.all[namer];
    return candidate->named_silent >= allowed(candidate);
}

void skad_credit_asked(skad_lookup *lookup, uint16_t index)
{
    skad_candidate *candidate = &lookup->candidates.all[index];
    uint16_t sponsor = candidate->ours || skad_credit_elected(lookup, index)
                           ? SKAD_CANDIDATE_NONE
                           : best_namer(lookup, candidate);
    candidate->sponsor = sponsor == SKAD_CANDIDATE_NONE ? 0 : (uint16_t)(sponsor + 1);
    if (candidate->sponsor != 0) {
        lookup->candidates.all[sponsor].named_waiting++;
    }
}
