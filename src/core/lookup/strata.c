#include "src/core/lookup/strata.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "crypto/random.h"
#include "src/core/lookup/choice.h"
#include "src/core/lookup/credit.h"
#include "src/core/lookup/nearest.h"
#include "src/core/lookup/outside.h"
#include "src/core/lookup/shortlist.h"
#include "src/core/routing/distance.h"

#define NONE         SKAD_CANDIDATE_NONE
#define STRATUM_BITS 4
/* A bit of skad_candidate.listed. */
#define LISTED 0x8000U

_Static_assert(SKAD_PARTS == 2 * SKAD_STRATA, "each has a mirror image");
_Static_assert(SKAD_STRATA == 1 << STRATUM_BITS, "a stratum is the next bits of an ID");
_Static_assert(SKAD_PATHS_MAX + 1 < 14, "the bits of lists leave two to the strata");

/* ---- Points and places ---- */

static unsigned bit_of(const skad_id *id, unsigned bit)
{
    return (unsigned)id->bytes[bit / 8] >> (7 - bit % 8) & 1U;
}

/* Returns how many bits the mirror image of a stratum shares with the target. Only in the smallest
 * networks are they too few. */
static unsigned mirror_shared(const skad_lookup *lookup, unsigned stratum)
{
    const unsigned less = 1 + stratum % 2;
    return lookup->region_bits < less ? 0 : lookup->region_bits - less;
}

/* Returns the part in which an ID lies: the number of its stratum, which is the next bits behind
 * those that the region shares, and SKAD_STRATA more in a mirror image; SKAD_PARTS: in neither. */
static unsigned part_of(const skad_lookup *lookup, const skad_id *id)
{
    const unsigned bits = lookup->region_bits;
    const unsigned shared = skad_common_prefix(&lookup->target, id);
    unsigned stratum = 0;
    for (unsigned bit = bits; bit < bits + STRATUM_BITS; bit++) {
        stratum = stratum << 1 | bit_of(id, bit);
    }
    if (shared >= bits) {
        return stratum;
    }
    return shared == mirror_shared(lookup, stratum) ? SKAD_STRATA + stratum : SKAD_PARTS;
}

static void set_bit(skad_id *id, unsigned bit, unsigned value)
{
    const uint8_t mask = (uint8_t)(0x80U >> (bit % 8));
    id->bytes[bit / 8] = (uint8_t)(value ? id->bytes[bit / 8] | mask : id->bytes[bit / 8] & ~mask);
}

/* Draws the point of a stratum, and that of its mirror image. */
static void draw_points(skad_lookup *lookup, unsigned stratum)
{
    skad_strata *strata = lookup->strata;
    skad_id *point = &strata->all[stratum].point;
    skad_random_bytes(lookup->random, point->bytes, sizeof point->bytes);
    for (unsigned bit = 0; bit < lookup->region_bits; bit++) {
        set_bit(point, bit, bit_of(&lookup->target, bit));
    }
    for (unsigned bit = 0; bit < STRATUM_BITS; bit++) {
        set_bit(point, lookup->region_bits + bit, stratum >> (STRATUM_BITS - 1 - bit) & 1U);
    }
    strata->all[SKAD_STRATA + stratum].point = *point;
    if (lookup->region_bits > 0) {
        const unsigned flipped = mirror_shared(lookup, stratum);
        set_bit(&strata->all[SKAD_STRATA + stratum].point, flipped, !bit_of(point, flipped));
    }
}

static const skad_candidate *candidate_at(const skad_lookup *lookup, uint16_t index)
{
    return &lookup->candidates.all[index];
}

static bool closer(const skad_lookup *lookup, const skad_id *point, uint16_t a, uint16_t b)
{
    return skad_distance_compare(point, &candidate_at(lookup, a)->contact.id,
                                 &candidate_at(lookup, b)->contact.id) < 0;
}

/* ---- Members ---- */

/* Whether a member has answered, or may yet. */
static bool is_hopeful(const skad_lookup *lookup, uint16_t index)
{
    const uint8_t state = candidate_at(lookup, index)->state;
    return state == SKAD_STEP_ANSWERED || state == SKAD_STEP_ASKED ||
           (state == SKAD_STEP_HEARD &&
            (skad_credit_given(lookup, index) || skad_credit_pending(lookup, index)));
}

static bool has_answered(const skad_lookup *lookup, uint16_t index)
{
    return candidate_at(lookup, index)->state == SKAD_STEP_ANSWERED;
}

/* Returns the farthest member of a full part that the sample does not need: one without hope, or
 * one behind as many as are wanted that have answered. SKAD_STRATUM_MEMBERS: none. */
static size_t dispensable(const skad_lookup *lookup, const skad_stratum *stratum)
{
    size_t found = SKAD_STRATUM_MEMBERS;
    unsigned answered = 0;
    for (size_t at = 0; at < stratum->count; at++) {
        if (answered >= SKAD_STRATUM_SHARE || !is_hopeful(lookup, stratum->members[at])) {
            found = at;
        }
        answered += has_answered(lookup, stratum->members[at]);
    }
    return found;
}

/* Returns the member that gives way to a candidate. Without a dispensable one it is of those that
 * have not answered, and of the namer that has the most of them here, its farthest: a liar that
 * invents names next to the point, which it sees, leaves room for the names of others.
 * SKAD_STRATUM_MEMBERS: none. */
static size_t gives_way(const skad_lookup *lookup, const skad_stratum *stratum, uint16_t index)
{
    const size_t spare = dispensable(lookup, stratum);
    uint16_t open[SKAD_STRATUM_MEMBERS + 1];
    size_t open_count = 0;
    if (spare != SKAD_STRATUM_MEMBERS) {
        return spare;
    }
    for (size_t at = 0; at < stratum->count; at++) {
        if (!has_answered(lookup, stratum->members[at])) {
            open[open_count++] = stratum->members[at];
        }
    }
    open[open_count++] = index;
    unsigned most = skad_credit_crowd(lookup, index, open, open_count);
    size_t worst = SKAD_STRATUM_MEMBERS;
    for (size_t at = stratum->count; at-- > 0;) {
        const uint16_t member = stratum->members[at];
        const unsigned crowd =
            has_answered(lookup, member) ? 0 : skad_credit_crowd(lookup, member, open, open_count);
        if (crowd > most || (crowd == most && worst == SKAD_STRATUM_MEMBERS && crowd > 0 &&
                             closer(lookup, &stratum->point, index, member))) {
            most = crowd;
            worst = at;
        }
    }
    return worst;
}

static void drop(skad_lookup *lookup, skad_stratum *stratum, size_t at)
{
    const uint16_t gone = stratum->members[at];
    stratum->count--;
    memmove(&stratum->members[at], &stratum->members[at + 1],
            (stratum->count - at) * sizeof stratum->members[0]);
    lookup->candidates.all[gone].listed &= (uint16_t)~LISTED;
    skad_candidates_spare(&lookup->candidates, gone);
}

void skad_strata_heard(skad_lookup *lookup, uint16_t index)
{
    skad_candidate *candidate = &lookup->candidates.all[index];
    const unsigned part = part_of(lookup, &candidate->contact.id);
    if ((candidate->listed & LISTED) != 0 || candidate->moot || part == SKAD_PARTS) {
        return;
    }
    skad_stratum *stratum = &lookup->strata->all[part];
    if (stratum->count == SKAD_STRATUM_MEMBERS) {
        const size_t out = gives_way(lookup, stratum, index);
        if (out == SKAD_STRATUM_MEMBERS) {
            return;
        }
        drop(lookup, stratum, out);
    }
    size_t at = stratum->count++;
    while (at > 0 && closer(lookup, &stratum->point, index, stratum->members[at - 1])) {
        stratum->members[at] = stratum->members[at - 1];
        at--;
    }
    stratum->members[at] = index;
    candidate->listed |= LISTED;
}

/* Returns the next member of a part to be asked; NONE: as many as it wants have answered, or may
 * yet. */
static uint16_t next_of_part(const skad_lookup *lookup, const skad_stratum *part, unsigned share)
{
    unsigned taken = 0;
    for (size_t at = 0; at < part->count && taken < share; at++) {
        const uint16_t index = part->members[at];
        const uint8_t state = candidate_at(lookup, index)->state;
        if (state == SKAD_STEP_HEARD && skad_choice_worth_asking(lookup, index) &&
            skad_shortlist_group_has_room(lookup, index)) {
            return index;
        }
        taken += state == SKAD_STEP_ANSWERED || state == SKAD_STEP_ASKED;
    }
    return NONE;
}

/* Whether the round is about the mirror images. */
static bool is_mirrored(const skad_strata *strata)
{
    return strata->round < SKAD_STRATA_INSIDE;
}

uint16_t skad_strata_next_member(const skad_lookup *lookup)
{
    const skad_strata *strata = lookup->strata;
    uint16_t index = NONE;
    if (!strata->asking) {
        return NONE;
    }
    if (strata->round == SKAD_STRATA_SEEDS) {
        return skad_outside_next(lookup, SKAD_OUTSIDE_MAX);
    }
    const bool mirrored = is_mirrored(strata);
    for (size_t i = 0; i < SKAD_STRATA && index == NONE; i++) {
        index = next_of_part(lookup, &strata->all[mirrored ? SKAD_STRATA + i : i],
                             mirrored ? SKAD_MIRROR_SHARE : strata->share);
    }
    return index;
}

/* ---- Points are asked for ---- */

static void ask_for(skad_strata *strata, size_t part, uint16_t candidate)
{
    strata->queries[strata->queries_count++] =
        (skad_stratum_query){.candidate = candidate, .part = (uint8_t)part};
}

/* Finds the answered candidate closest to a point of those that share so many bits with the target.
 */
static uint16_t find_answered(const skad_lookup *lookup, const skad_id *point, unsigned least,
                              unsigned most)
{
    uint16_t best = NONE;
    for (size_t i = 0; i < lookup->asked_count; i++) {
        const uint16_t index = lookup->asked[i];
        const unsigned shared =
            skad_common_prefix(&lookup->target, &candidate_at(lookup, index)->contact.id);
        if (candidate_at(lookup, index)->state == SKAD_STEP_ANSWERED && shared >= least &&
            shared <= most && !skad_credit_lost(lookup, index) &&
            (best == NONE || closer(lookup, point, index, best))) {
            best = index;
        }
    }
    return best;
}

/* Asks for the point of a part, of the closest node that shares so many bits with the target. */
static void plan_part(skad_lookup *lookup, size_t part, unsigned least, unsigned most)
{
    const uint16_t found = find_answered(lookup, &lookup->strata->all[part].point, least, most);
    if (found != NONE) {
        ask_for(lookup->strata, part, found);
    }
}

/* The nodes just outside of the region know it best, and are the first that an attacker would add
 * to it. */
static void begin_round(skad_lookup *lookup)
{
    skad_strata *strata = lookup->strata;
    const unsigned bits = lookup->region_bits;
    strata->queries_count = 0;
    strata->queries_next = 0;
    strata->asking = false;
    for (size_t i = 0; i < SKAD_STRATA; i++) {
        if (is_mirrored(strata) && bits > 0) {
            plan_part(lookup, SKAD_STRATA + i, 0, bits - 1);
        } else if (!is_mirrored(strata)) {
            plan_part(lookup, i, bits, SKAD_ID_BITS);
        }
        if (strata->round == SKAD_STRATA_INSIDE && bits > 0) {
            plan_part(lookup, i, bits - 1, bits - 1);
        }
        if (strata->round == SKAD_STRATA_INSIDE && bits > 1) {
            plan_part(lookup, i, 0, bits - 2);
        }
    }
}

bool skad_strata_begin(skad_lookup *lookup)
{
    SKAD_ASSERT(lookup->strata == NULL);
    lookup->strata = calloc(1, sizeof *lookup->strata);
    if (lookup->strata == NULL) {
        return false;
    }
    lookup->strata->share =
        lookup->dense || lookup->misled ? SKAD_STRATUM_SHARE : SKAD_STRATUM_LOOK;
    lookup->strata->asking = true;
    for (unsigned i = 0; i < SKAD_STRATA; i++) {
        draw_points(lookup, i);
    }
    for (size_t i = 0; i < lookup->candidates.high_water; i++) {
        const skad_candidate *candidate = &lookup->candidates.all[i];
        if (candidate->listed != 0 || candidate->tries > 0) {
            skad_strata_heard(lookup, (uint16_t)i);
        }
    }
    return true;
}

bool skad_strata_next_point(skad_lookup *lookup, skad_query *query)
{
    skad_strata *strata = lookup->strata;
    if (strata->asking || strata->queries_next == strata->queries_count ||
        strata->waiting == SKAD_STRATA_WINDOW) {
        return false;
    }
    const skad_stratum_query *next = &strata->queries[strata->queries_next++];
    *query = (skad_query){.candidate = next->candidate,
                          .region = true,
                          .part = (uint8_t)(next->part + 1),
                          .target = strata->all[next->part].point};
    strata->waiting++;
    lookup->rpcs++;
    return true;
}

void skad_strata_unask(skad_lookup *lookup)
{
    SKAD_ASSERT(lookup->strata->queries_next > 0 && lookup->strata->waiting > 0);
    lookup->strata->queries_next--;
    lookup->strata->waiting--;
}

void skad_strata_point_over(skad_lookup *lookup)
{
    SKAD_ASSERT(lookup->strata->waiting > 0);
    lookup->strata->waiting--;
}

/* ---- Rounds ---- */

static bool awaits_any(const skad_lookup *lookup, const uint16_t *indices, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (candidate_at(lookup, indices[i])->state == SKAD_STEP_ASKED) {
            return true;
        }
    }
    return false;
}

static bool members_awaited(const skad_lookup *lookup)
{
    const skad_strata *strata = lookup->strata;
    bool awaited = awaits_any(lookup, lookup->outside, lookup->outside_count);
    for (size_t i = 0; i < SKAD_PARTS && !awaited; i++) {
        awaited = awaits_any(lookup, strata->all[i].members, strata->all[i].count);
    }
    return awaited;
}

bool skad_strata_over(skad_lookup *lookup)
{
    skad_strata *strata = lookup->strata;
    const bool may_ask = skad_lookup_may_ask(lookup);
    if (strata->round == SKAD_STRATA_OVER || !lookup->outside_drawn) {
        return strata->round == SKAD_STRATA_OVER;
    }
    if (!strata->asking) {
        strata->asking =
            strata->waiting == 0 && (strata->queries_next == strata->queries_count || !may_ask);
        lookup->turns = (uint16_t)(lookup->turns + strata->asking);
        return false;
    }
    if (members_awaited(lookup) || (may_ask && skad_strata_next_member(lookup) != NONE)) {
        return false;
    }
    strata->round++;
    if (strata->round < SKAD_STRATA_OVER) {
        begin_round(lookup);
        skad_lookup_turn(lookup, lookup->phase);
    }
    return strata->round == SKAD_STRATA_OVER;
}

/* ---- Results ---- */

/* Returns the n-th member of a stratum that has answered, NONE if there are fewer. */
static uint16_t answered_member(const skad_lookup *lookup, const skad_stratum *stratum, size_t n)
{
    for (size_t at = 0; at < stratum->count; at++) {
        if (candidate_at(lookup, stratum->members[at])->state == SKAD_STEP_ANSWERED && n-- == 0) {
            return stratum->members[at];
        }
    }
    return NONE;
}

static bool is_listed(const uint16_t *indices, size_t count, uint16_t index)
{
    for (size_t i = 0; i < count; i++) {
        if (indices[i] == index) {
            return true;
        }
    }
    return false;
}

size_t skad_strata_holders(const skad_lookup *lookup, size_t max, uint16_t *indices)
{
    const size_t s = lookup->siblings;
    size_t count = skad_lookup_closest(lookup, s < max ? s : max, indices);
    if (lookup->strata == NULL) {
        return count;
    }
    for (size_t n = 0; n < SKAD_STRATUM_MEMBERS; n++) {
        for (size_t i = 0; i < SKAD_STRATA && count < max; i++) {
            const uint16_t index = answered_member(lookup, &lookup->strata->all[i], n);
            if (index != NONE && !is_listed(indices, count, index)) {
                indices[count++] = index;
            }
        }
    }
    return count;
}

unsigned skad_strata_spread(const skad_lookup *lookup, const uint16_t *indices, size_t count)
{
    uint32_t met = 0;
    for (size_t i = 0; i < count; i++) {
        const unsigned part = part_of(lookup, &candidate_at(lookup, indices[i])->contact.id);
        met |= part < SKAD_STRATA ? 1U << part : 0;
    }
    return (unsigned)__builtin_popcount(met);
}
