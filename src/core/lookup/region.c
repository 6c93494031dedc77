#include "src/core/lookup/region.h"

#include <string.h>

#include "crypto/assert.h"
#include "src/core/lookup/credit.h"
#include "src/core/lookup/shortlist.h"
#include "src/core/routing/distance.h"

#define EXPECTED_BITS 8

/* Returns the target with the bit behind `region` shared ones flipped. The nodes of that region are
 * as far from it, in the same order, as they are from the target. */
static skad_id region_target(const skad_lookup *lookup, int region)
{
    skad_id target = lookup->target;
    target.bytes[region / 8] ^= (uint8_t)(0x80U >> (region % 8));
    return target;
}

skad_id skad_regions_target(const skad_lookup *lookup)
{
    return lookup->region >= 0 && lookup->region < SKAD_ID_BITS
               ? region_target(lookup, lookup->region)
               : lookup->target;
}

bool skad_regions_next(skad_lookup *lookup, skad_query *query)
{
    if (lookup->region_next == lookup->region_count) {
        return false;
    }
    *query = (skad_query){.candidate = lookup->region_indices[lookup->region_next++],
                          .region = true,
                          .target = region_target(lookup, lookup->region)};
    lookup->region_waiting++;
    lookup->rpcs++;
    return true;
}

void skad_regions_unask(skad_lookup *lookup)
{
    SKAD_ASSERT(lookup->region_next > 0 && lookup->region_waiting > 0);
    lookup->region_next--;
    lookup->region_waiting--;
}

void skad_regions_over(skad_lookup *lookup)
{
    SKAD_ASSERT(lookup->region_waiting > 0);
    lookup->region_waiting--;
}

bool skad_regions_explored(const skad_lookup *lookup)
{
    bool all_asked = lookup->region_next == lookup->region_count || !skad_lookup_may_ask(lookup);
    return all_asked && lookup->region_waiting == 0;
}

/* Returns how many bits a candidate shares with the target. */
static int shared_bits(const skad_lookup *lookup, uint16_t index)
{
    return (int)skad_common_prefix(&lookup->target, &lookup->candidates.all[index].contact.id);
}

/* Returns the region of the last node that is wanted: regions farther out hold none of the closest.
 * Returns 0 while there are fewer living nodes. */
static int last_region(const skad_lookup *lookup, size_t *living)
{
    const skad_shortlist *list = &lookup->lists[lookup->paths];
    *living = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (lookup->candidates.all[list->members[i]].state == SKAD_STEP_ANSWERED &&
            !skad_shortlist_surplus(lookup, list, i) && ++*living == lookup->wanted) {
            return shared_bits(lookup, list->members[i]);
        }
    }
    return 0;
}

/* Whether a dead node stands before the last one wanted: one that is silent, or one that was silent
 * lately and was not asked. It took the place of a living node in the answers. A name that is not
 * vouched for took the place in a few answers only. */
static bool death_before(const skad_lookup *lookup, int region)
{
    for (size_t i = 0; i < lookup->candidates.high_water; i++) {
        const skad_candidate *candidate = &lookup->candidates.all[i];
        const uint16_t index = (uint16_t)i;
        bool asked = candidate->tries > 0 &&
                     (candidate->state == SKAD_STEP_FAILED || candidate->state == SKAD_STEP_SLOW);
        bool left_out =
            candidate->departed && candidate->listed != 0 && candidate->state == SKAD_STEP_HEARD;
        if ((asked || left_out) && !candidate->moot && skad_credit_vouched(lookup, index) &&
            shared_bits(lookup, index) >= region) {
            return true;
        }
    }
    return false;
}

/* Returns the first region that holds the usual radius of s nodes. A lookup looks that far out
 * behind a Sybil cluster. */
static int usual_region(const skad_lookup *lookup)
{
    return __builtin_clzll(lookup->radius);
}

/* Returns the farthest region in which a node may be expected: with a chance of a 256th, one of N
 * nodes shares log2(N) + 8 bits with the target. N is s times the number of usual regions. */
static int last_expected(const skad_lookup *lookup)
{
    if (lookup->radius == 0) {
        return SKAD_ID_BITS - 1;
    }
    int expected = usual_region(lookup) + EXPECTED_BITS;
    for (unsigned s = lookup->siblings; s > 1; s /= 2) {
        expected++;
    }
    return expected < SKAD_ID_BITS ? expected : SKAD_ID_BITS - 1;
}

/* Returns the first region that the answers so far may have left unexplored: that of the k-th
 * closest candidate, dead or alive, since the answers of the closest nodes reach about as far; but
 * not where no node is to be expected. */
static int first_region(const skad_lookup *lookup)
{
    uint16_t closest[SKAD_K_MAX] = {0};
    size_t count = 0;
    for (size_t i = 0; i < lookup->candidates.high_water; i++) {
        size_t at = count;
        while (at > 0 &&
               skad_candidates_closer(&lookup->candidates, (uint16_t)i, closest[at - 1])) {
            at--;
        }
        if (at == lookup->k) {
            continue;
        }
        count += count < lookup->k;
        memmove(&closest[at + 1], &closest[at], (count - 1 - at) * sizeof closest[0]);
        closest[at] = (uint16_t)i;
    }
    if (count < lookup->k) {
        return 0;
    }
    int shared = shared_bits(lookup, closest[count - 1]);
    return shared < last_expected(lookup) ? shared : last_expected(lookup);
}

/* Picks the answered nodes closest to a region's target: those within the region first, then those
 * on our side. */
static void pick_for_region(skad_lookup *lookup, bool credible)
{
    skad_id target = region_target(lookup, lookup->region);
    lookup->region_count = 0;
    lookup->region_next = 0;
    for (size_t i = 0; i < lookup->asked_count; i++) {
        uint16_t index = lookup->asked[i];
        const skad_candidate *candidate = &lookup->candidates.all[index];
        if (candidate->state != SKAD_STEP_ANSWERED ||
            (credible && skad_credit_lost(lookup, index))) {
            continue;
        }
        size_t at = lookup->region_count;
        while (at > 0 &&
               skad_distance_compare(
                   &target, &candidate->contact.id,
                   &lookup->candidates.all[lookup->region_indices[at - 1]].contact.id) < 0) {
            at--;
        }
        if (at == SKAD_REGION_ASKED) {
            continue;
        }
        lookup->region_count =
            (uint8_t)(lookup->region_count + (lookup->region_count < SKAD_REGION_ASKED));
        memmove(&lookup->region_indices[at + 1], &lookup->region_indices[at],
                (lookup->region_count - 1U - at) * sizeof lookup->region_indices[0]);
        lookup->region_indices[at] = index;
    }
}

/* The lookup has to widen when a dead node stands before the last one wanted, when more nodes are
 * wanted than one answer names, or when the closest stand too dense. */
bool skad_regions_widen(skad_lookup *lookup)
{
    size_t living;
    int last = last_region(lookup, &living);
    bool suspicious = lookup->dense || death_before(lookup, last);
    bool need = (lookup->neighbourhood_check && suspicious) ||
                (living < lookup->wanted && lookup->wanted > lookup->k);
    if (!need || living == 0 || !skad_lookup_may_ask(lookup)) {
        return false;
    }
    if (lookup->dense) {
        last = usual_region(lookup);
    }
    int next = lookup->region == SKAD_ID_BITS ? first_region(lookup) : lookup->region - 1;
    if (next < last) {
        return false;
    }
    lookup->region = next;
    pick_for_region(lookup, true);
    if (lookup->region_count == 0) {
        pick_for_region(lookup, false); /* where most are dead, none may have credit left */
    }
    if (lookup->region_count == 0) {
        return false;
    }
    skad_lookup_turn(lookup, SKAD_LOOKUP_WIDENING);
    return true;
}
