#include "src/core/lookup/outside.h"

#include "crypto/assert.h"
#include "src/core/lookup/choice.h"
#include "src/core/lookup/shortlist.h"

#define OUTSIDE 0x4000U /* a bit of skad_candidate.listed */

_Static_assert(SKAD_OUTSIDE_ASKED <= SKAD_OUTSIDE_MAX, "a put or get asks some of them");

unsigned skad_outside_depth(const skad_lookup *lookup, unsigned least)
{
    SKAD_ASSERT(least > 0 && lookup->region_bits >= least);
    const unsigned most = lookup->region_bits - least; /* bits that may be shared */
    const unsigned depths = most + 1 < SKAD_OUTSIDE_DEPTHS ? most + 1 : SKAD_OUTSIDE_DEPTHS;
    return most - (unsigned)skad_random_below(lookup->random, depths);
}

size_t skad_outside_depths(const skad_lookup *lookup, uint8_t depths[static SKAD_OUTSIDE_MAX])
{
    const unsigned bits = lookup->region_bits;
    for (unsigned i = 0; bits > 0 && i < SKAD_OUTSIDE_MAX; i++) {
        const size_t at = (size_t)skad_random_below(lookup->random, i + 1);
        depths[i] = depths[at];
        depths[at] =
            (uint8_t)(bits - 1 - i % (bits < SKAD_OUTSIDE_DEPTHS ? bits : SKAD_OUTSIDE_DEPTHS));
    }
    return bits > 0 ? SKAD_OUTSIDE_MAX : 0;
}

bool skad_outside_due(const skad_lookup *lookup)
{
    return !lookup->outside_drawn && lookup->phase != SKAD_LOOKUP_PATHS &&
           (lookup->strata != NULL || skad_outside_share(lookup) > 0);
}

bool skad_outside_add(skad_lookup *lookup, const skad_contact *contact, const skad_address *address,
                      const uint8_t *token)
{
    if (lookup->outside_count == SKAD_OUTSIDE_MAX ||
        skad_candidates_answered(&lookup->candidates, &contact->id)) {
        return false;
    }
    uint16_t index = skad_candidates_find(&lookup->candidates, &contact->id, address);
    if (index == SKAD_CANDIDATE_NONE) {
        index = skad_candidates_add(&lookup->candidates,
                                    &(skad_candidate){.contact = *contact, .address = *address});
    }
    if (index == SKAD_CANDIDATE_NONE) {
        return false;
    }
    skad_candidate *candidate = &lookup->candidates.all[index];
    if (candidate->tries > 0 || (candidate->listed & OUTSIDE) != 0) {
        return false;
    }
    candidate->ours = true;
    skad_candidate_keep_token(candidate, token);
    candidate->listed |= OUTSIDE;
    lookup->outside[lookup->outside_count++] = index;
    skad_candidates_spare(&lookup->candidates, index);
    return true;
}

void skad_outside_drawn(skad_lookup *lookup)
{
    lookup->outside_drawn = true;
    skad_lookup_turn(lookup, lookup->phase);
}

void skad_outside_mark(skad_lookup *lookup, uint16_t index)
{
    lookup->candidates.all[index].listed |= OUTSIDE;
}

void skad_outside_named(skad_lookup *lookup, uint16_t from, uint16_t index)
{
    skad_candidate *candidate = &lookup->candidates.all[index];
    if ((lookup->candidates.all[from].listed & OUTSIDE) != 0 && candidate->listed == 0 &&
        lookup->candidates.distances[index] < lookup->width &&
        lookup->unheard_count < SKAD_UNHEARD_MAX) {
        candidate->listed |= OUTSIDE;
        lookup->unheard[lookup->unheard_count++] = index;
    }
}

static bool may_ask(const skad_lookup *lookup, uint16_t index)
{
    return lookup->candidates.all[index].state == SKAD_STEP_HEARD && skad_lookup_may_ask(lookup) &&
           skad_shortlist_group_has_room(lookup, index) && skad_choice_worth_asking(lookup, index);
}

/* Whether a candidate is awaited, or has yet to be asked. */
static bool is_open(const skad_lookup *lookup, uint16_t index)
{
    return lookup->candidates.all[index].state == SKAD_STEP_ASKED || may_ask(lookup, index) ||
           skad_choice_may_be_asked(lookup, index);
}

uint16_t skad_outside_next(const skad_lookup *lookup, unsigned most)
{
    for (unsigned i = 0; i < lookup->outside_count && i < most; i++) {
        if (may_ask(lookup, lookup->outside[i])) {
            return lookup->outside[i];
        }
    }
    for (unsigned i = 0; i < lookup->unheard_count; i++) {
        if (may_ask(lookup, lookup->unheard[i])) {
            return lookup->unheard[i];
        }
    }
    return SKAD_CANDIDATE_NONE;
}

bool skad_outside_over(const skad_lookup *lookup, unsigned most)
{
    bool over = most == 0 || lookup->outside_drawn;
    for (unsigned i = 0; i < lookup->outside_count && i < most; i++) {
        over = over && !is_open(lookup, lookup->outside[i]);
    }
    for (unsigned i = 0; i < lookup->unheard_count; i++) {
        over = over && !is_open(lookup, lookup->unheard[i]);
    }
    return over;
}
