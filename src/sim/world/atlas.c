#include "src/sim/world/atlas.h"

#include <stdlib.h>

#include "crypto/assert.h"
#include "src/core/routing/distance.h"
#include "src/sim/base/memory.h"

#define PREFIX_BITS 64

void skad_atlas_init(skad_atlas *atlas, size_t room)
{
    *atlas = (skad_atlas){0};
    atlas->prefixes = skad_sim_alloc(room, sizeof *atlas->prefixes);
    atlas->nodes = skad_sim_alloc(room, sizeof *atlas->nodes);
}

void skad_atlas_free(skad_atlas *atlas)
{
    free(atlas->prefixes);
    free(atlas->nodes);
    *atlas = (skad_atlas){0};
}

void skad_atlas_add(skad_atlas *atlas, const skad_id *id, uint32_t node)
{
    atlas->prefixes[atlas->count] = skad_id_prefix(id);
    atlas->nodes[atlas->count] = node;
    atlas->count++;
}

/* One pass of a radix sort by 16 bits: stable, so four passes sort by all 64. */
static void sort_pass(const skad_atlas *from, skad_atlas *to, unsigned shift)
{
    static const size_t DIGITS = 65536;
    size_t *starts = skad_sim_alloc(DIGITS + 1, sizeof *starts);
    for (size_t i = 0; i < from->count; i++) {
        starts[(from->prefixes[i] >> shift & 0xffff) + 1]++;
    }
    for (size_t digit = 0; digit < DIGITS; digit++) {
        starts[digit + 1] += starts[digit];
    }
    for (size_t i = 0; i < from->count; i++) {
        size_t at = starts[from->prefixes[i] >> shift & 0xffff]++;
        to->prefixes[at] = from->prefixes[i];
        to->nodes[at] = from->nodes[i];
    }
    free(starts);
}

void skad_atlas_sort(skad_atlas *atlas)
{
    skad_atlas other;
    skad_atlas_init(&other, atlas->count);
    other.count = atlas->count;
    for (unsigned shift = 0; shift < PREFIX_BITS; shift += 32) {
        sort_pass(atlas, &other, shift);
        sort_pass(&other, atlas, shift + 16);
    }
    skad_atlas_free(&other);
}

/* The first place from `from` on whose prefix is not below `prefix`. */
static size_t bisect(const skad_atlas *atlas, skad_atlas_range range, uint64_t prefix)
{
    while (range.from < range.to) {
        size_t middle = range.from + (range.to - range.from) / 2;
        if (atlas->prefixes[middle] < prefix) {
            range.from = middle + 1;
        } else {
            range.to = middle;
        }
    }
    return range.from;
}

skad_atlas_range skad_atlas_prefixed(const skad_atlas *atlas, uint64_t prefix, unsigned bits)
{
    const skad_atlas_range all = {0, atlas->count};
    if (bits == 0) {
        return all;
    }
    uint64_t behind = bits >= PREFIX_BITS ? 0 : UINT64_MAX >> bits;
    uint64_t first = prefix & ~behind;
    uint64_t last = prefix | behind;
    skad_atlas_range range = {bisect(atlas, all, first), atlas->count};
    if (last != UINT64_MAX) {
        range.to = bisect(atlas, (skad_atlas_range){range.from, atlas->count}, last + 1);
    }
    return range;
}

/* ---- The closest ---- */

typedef struct closest_search {
    const skad_atlas *atlas;
    const skad_atlas_query *query;
    uint32_t *out;
    uint64_t *distances;
    size_t count;
} closest_search;

static void offer(closest_search *search, size_t place)
{
    const skad_atlas_query *query = search->query;
    uint32_t node = search->atlas->nodes[place];
    uint64_t distance = search->atlas->prefixes[place] ^ query->target;
    if ((search->count == query->max && distance >= search->distances[search->count - 1]) ||
        (query->filter != NULL && !query->filter(query->user, node))) {
        return;
    }
    search->count += search->count < query->max;
    size_t at = search->count - 1;
    while (at > 0 && distance < search->distances[at - 1]) {
        search->out[at] = search->out[at - 1];
        search->distances[at] = search->distances[at - 1];
        at--;
    }
    search->out[at] = node;
    search->distances[at] = distance;
}

/* Visits a range whose prefixes agree in the first `bit` bits: the half on the target's side first,
 * which lies closer as a whole. The depth is at most 64. */
static void visit(closest_search *search, skad_atlas_range range, unsigned bit) // NOLINT
{
    static const size_t FEW = 16;
    if (range.to - range.from <= FEW || bit == PREFIX_BITS) {
        for (size_t i = range.from; i < range.to; i++) {
            offer(search, i);
        }
        return;
    }
    uint64_t mask = UINT64_C(1) << (PREFIX_BITS - 1 - bit);
    uint64_t behind = mask - 1;
    uint64_t split = (search->atlas->prefixes[range.from] & ~(mask | behind)) | mask;
    size_t middle = bisect(search->atlas, range, split);
    skad_atlas_range low = {range.from, middle};
    skad_atlas_range high = {middle, range.to};
    bool target_high = (search->query->target & mask) != 0;
    visit(search, target_high ? high : low, bit + 1);
    if (search->count < search->query->max) {
        visit(search, target_high ? low : high, bit + 1);
    }
}

#define CLOSEST_MAX 512

size_t skad_atlas_closest(const skad_atlas *atlas, const skad_atlas_query *query, uint32_t *out)
{
    uint64_t distances[CLOSEST_MAX];
    closest_search search = {.atlas = atlas, .query = query, .out = out, .distances = distances};
    SKAD_ASSERT(query->max >= 1 && query->max <= CLOSEST_MAX);
    if (atlas->count > 0) {
        visit(&search, (skad_atlas_range){0, atlas->count}, 0);
    }
    return search.count;
}
