#include "src/sim/world/id_index.h"

#include <stdlib.h>

#include "crypto/assert.h"
#include "src/core/routing/distance.h"
#include "src/sim/base/memory.h"

#define PREFIX_BITS 64

void skad_id_index_init(skad_id_index *index, size_t room)
{
    *index = (skad_id_index){0};
    index->prefixes = skad_sim_alloc(room, sizeof *index->prefixes);
    index->nodes = skad_sim_alloc(room, sizeof *index->nodes);
}

void skad_id_index_free(skad_id_index *index)
{
    free(index->prefixes);
    free(index->nodes);
    *index = (skad_id_index){0};
}

void skad_id_index_add(skad_id_index *index, const skad_id *id, uint32_t node)
{
    index->prefixes[index->count] = skad_id_prefix(id);
    index->nodes[index->count] = node;
    index->count++;
}

/* One pass of a radix sort by 16 bits: stable, so four passes sort by all 64. */
static void sort_pass(const skad_id_index *from, skad_id_index *to, unsigned shift)
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

void skad_id_index_sort(skad_id_index *index)
{
    skad_id_index other;
    skad_id_index_init(&other, index->count);
    other.count = index->count;
    for (unsigned shift = 0; shift < PREFIX_BITS; shift += 32) {
        sort_pass(index, &other, shift);
        sort_pass(&other, index, shift + 16);
    }
    skad_id_index_free(&other);
}

/* The first place from `from` on whose prefix is not below `prefix`. */
static size_t bisect(const skad_id_index *index, skad_id_index_range range, uint64_t prefix)
{
    while (range.from < range.to) {
        size_t middle = range.from + (range.to - range.from) / 2;
        if (index->prefixes[middle] < prefix) {
            range.from = middle + 1;
        } else {
            range.to = middle;
        }
    }
    return range.from;
}

skad_id_index_range skad_id_index_prefixed(const skad_id_index *index, uint64_t prefix,
                                           unsigned bits)
{
    const skad_id_index_range all = {0, index->count};
    if (bits == 0) {
        return all;
    }
    uint64_t behind = bits >= PREFIX_BITS ? 0 : UINT64_MAX >> bits;
    uint64_t first = prefix & ~behind;
    uint64_t last = prefix | behind;
    skad_id_index_range range = {bisect(index, all, first), index->count};
    if (last != UINT64_MAX) {
        range.to = bisect(index, (skad_id_index_range){range.from, index->count}, last + 1);
    }
    return range;
}

/* ---- The closest ---- */

typedef struct closest_search {
    const skad_id_index *index;
    const skad_id_index_query *query;
    uint32_t *out;
    uint64_t *distances;
    size_t count;
} closest_search;

static void offer(closest_search *search, size_t place)
{
    const skad_id_index_query *query = search->query;
    uint32_t node = search->index->nodes[place];
    uint64_t distance = search->index->prefixes[place] ^ query->target;
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
static void visit(closest_search *search, skad_id_index_range range, unsigned bit) // NOLINT
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
    uint64_t split = (search->index->prefixes[range.from] & ~(mask | behind)) | mask;
    size_t middle = bisect(search->index, range, split);
    skad_id_index_range low = {range.from, middle};
    skad_id_index_range high = {middle, range.to};
    bool target_high = (search->query->target & mask) != 0;
    visit(search, target_high ? high : low, bit + 1);
    if (search->count < search->query->max) {
        visit(search, target_high ? low : high, bit + 1);
    }
}

#define CLOSEST_MAX 512

size_t skad_id_index_closest(const skad_id_index *index, const skad_id_index_query *query,
                             uint32_t *out)
{
    uint64_t distances[CLOSEST_MAX];
    closest_search search = {.index = index, .query = query, .out = out, .distances = distances};
    SKAD_ASSERT(query->max >= 1 && query->max <= CLOSEST_MAX);
    if (index->count > 0) {
        visit(&search, (skad_id_index_range){0, index->count}, 0);
    }
    return search.count;
}
