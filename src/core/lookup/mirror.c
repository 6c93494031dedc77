#include "src/core/lookup/mirror.h"

#include "crypto/assert.h"
#include "src/core/lookup/outside.h"
#include "src/core/routing/density.h"

void skad_mirror_begin(skad_lookup *lookup)
{
    const unsigned bits = lookup->region_bits;
    if (lookup->for_record && lookup->paths > 1 && bits >= SKAD_MIRROR_BITS_MIN) {
        lookup->width = UINT64_C(1) << (64 - bits);
        const uint64_t size = UINT64_C(1) << (63 - skad_outside_depth(lookup, 2));
        lookup->mirror = size + skad_random_below(lookup->random, size);
    }
}

skad_id skad_mirror_target(const skad_lookup *lookup, uint8_t path)
{
    skad_id target = lookup->target;
    if (skad_mirror_is(lookup, path)) {
        for (size_t i = 0; i < sizeof lookup->mirror; i++) {
            target.bytes[i] ^= (uint8_t)(lookup->mirror >> (56 - 8 * i));
        }
    }
    return target;
}

static bool is_witness(const skad_lookup *lookup, uint16_t index)
{
    for (size_t i = 0; i < lookup->witnesses_count; i++) {
        if (lookup->witnesses[i] == index) {
            return true;
        }
    }
    return false;
}

/* Adds the node on the mirrored path that is closest to its point, or to the key, of those that
 * answered and are no witnesses yet. */
static void add_witness(skad_lookup *lookup, bool to_key)
{
    const uint8_t path = (uint8_t)(lookup->paths - 1);
    const skad_shortlist *list = &lookup->lists[path];
    uint16_t best = SKAD_CANDIDATE_NONE;
    for (size_t i = 0; i < list->count; i++) {
        const uint16_t index = list->members[i];
        const skad_candidate *candidate = &lookup->candidates.all[index];
        if (candidate->state == SKAD_STEP_ANSWERED && candidate->path == path &&
            !is_witness(lookup, index) &&
            (best == SKAD_CANDIDATE_NONE ||
             (to_key && skad_candidates_closer(&lookup->candidates, index, best)))) {
            best = index;
        }
    }
    if (best != SKAD_CANDIDATE_NONE) {
        lookup->witnesses[lookup->witnesses_count++] = best;
        skad_outside_mark(lookup, best);
    }
}

void skad_mirror_end(skad_lookup *lookup)
{
    for (size_t i = 0; lookup->mirror != 0 && i < SKAD_MIRROR_WITNESSES; i++) {
        add_witness(lookup, i >= SKAD_MIRROR_WITNESSES / 2);
    }
}

bool skad_mirror_next(skad_lookup *lookup, skad_query *query)
{
    if (lookup->witnesses_next == lookup->witnesses_count) {
        return false;
    }
    *query = (skad_query){.candidate = lookup->witnesses[lookup->witnesses_next++],
                          .region = true,
                          .part = SKAD_PART_KEY,
                          .target = lookup->target};
    lookup->witnesses_waiting++;
    lookup->rpcs++;
    return true;
}

void skad_mirror_unask(skad_lookup *lookup)
{
    SKAD_ASSERT(lookup->witnesses_next > 0 && lookup->witnesses_waiting > 0);
    lookup->witnesses_next--;
    lookup->witnesses_waiting--;
}

void skad_mirror_over(skad_lookup *lookup)
{
    SKAD_ASSERT(lookup->witnesses_waiting > 0);
    lookup->witnesses_waiting--;
}

bool skad_mirror_done(const skad_lookup *lookup)
{
    return lookup->witnesses_waiting == 0 &&
           (lookup->witnesses_next == lookup->witnesses_count || !skad_lookup_may_ask(lookup));
}
