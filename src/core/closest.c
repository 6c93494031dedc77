/* The closest peers to a target: peers.h tells what is asked for. Passes over the first 32 bits of
 * all IDs, a kilobyte or two, find a bound that enough peers stay below and gather those, a few
 * dozen, which are ranked by counting. All without a branch that depends on the data: a request
 * names a random target, and each wrong guess of the processor costs as much as ten comparisons.
 * Where two are equal in 32 bits, or too many gather, they are sorted in one by one instead. */
#include <string.h>

#include "crypto/assert.h"
#include "src/core/distance.h"
#include "src/core/peers.h"

#define CLOSEST_MAX  64
#define GATHERED_MAX 128 /* a multiple of STEP */
#define STEP         16  /* prefixes that are compared at once; memory comes in such steps */
#define STRIDE       4   /* bits */

typedef struct closest_query {
    const skad_id *target;
    unsigned families;
    const skad_id *except;
    size_t max;
} closest_query;

static bool eligible(const skad_peer *peer, const closest_query *query)
{
    return (peer->places & SKAD_PEER_USABLE_PLACES) != 0 && !skad_peer_silent(peer) &&
           (peer->families & query->families) != 0 &&
           (query->except == NULL || !skad_id_equal(&peer->id, query->except));
}

/* How many share this many bits with the target, or more; 1..31. Slots that are free may be counted
 * along. No branch within, so that compilers count several at once. */
static size_t count_sharing(const skad_peers *peers, uint32_t target, unsigned bits)
{
    size_t count = 0;
    for (size_t first = 0; first < peers->used; first += STEP) {
        const uint32_t *prefixes = &peers->prefixes[first];
        uint32_t sharing = 0;
        for (size_t i = 0; i < STEP; i++) {
            sharing += (prefixes[i] ^ target) >> (32 - bits) == 0;
        }
        count += sharing;
    }
    return count;
}

/* How far the ones worth sorting may be: a bound on the first 32 bits of the distance that at least
 * `max` stay below, by the most bits that so many share with the target. Cuts several hundred peers
 * down to a few dozen. Those bits are few unless the target is near us. */
static uint32_t distance_bound(const skad_peers *peers, uint32_t target, size_t max)
{
    unsigned enough = 0; /* so many share this much */
    unsigned beyond = 32;
    while (beyond - enough > 1) {
        unsigned half = (beyond - enough) / 2;
        unsigned bits = enough + (half < STRIDE ? half : STRIDE);
        if (count_sharing(peers, target, bits) >= max) {
            enough = bits;
        } else {
            beyond = bits;
        }
    }
    return UINT32_MAX >> enough;
}

/* The slots below a bound; more than GATHERED_MAX: they do not fit. */
static size_t gather(const skad_peers *peers, uint32_t target, uint32_t bound,
                     skad_peer_slot slots[static GATHERED_MAX + STEP])
{
    size_t count = 0;
    for (size_t first = 0; first < peers->used && count <= GATHERED_MAX; first += STEP) {
        size_t end = first + STEP < peers->used ? first + STEP : peers->used;
        for (size_t i = first; i < end; i++) {
            slots[count] = (skad_peer_slot)i;
            count += (peers->prefixes[i] ^ target) <= bound;
        }
    }
    return count;
}

/* Sorts by counting how many are closer. False when two are equal. */
static bool rank(const uint32_t distances[static GATHERED_MAX], size_t count,
                 const skad_peer_slot slots[static GATHERED_MAX],
                 skad_peer_slot out[static GATHERED_MAX])
{
    uint64_t sum = 0; /* of the ranks, which is that of all numbers below count if none are equal */
    for (size_t i = 0; i < count; i++) {
        uint32_t closer = 0;
        for (size_t first = 0; first < count; first += STEP) {
            for (size_t j = first; j < first + STEP; j++) {
                closer += distances[j] < distances[i];
            }
        }
        out[closer] = slots[i];
        sum += closer;
    }
    return sum == count * (count - 1) / 2;
}

/* Ranks those below a bound; false where they have to be sorted in. */
static bool rank_below(const skad_peers *peers, uint32_t bound, const closest_query *query,
                       skad_peer_slot *out, size_t *out_count)
{
    skad_peer_slot slots[GATHERED_MAX + STEP];
    skad_peer_slot ranked[GATHERED_MAX];
    uint32_t distances[GATHERED_MAX];
    uint32_t target = (uint32_t)(skad_id_prefix(query->target) >> 32);
    size_t gathered = gather(peers, target, bound, slots);
    size_t count = 0;
    if (gathered > GATHERED_MAX) {
        return false;
    }
    for (size_t i = 0; i < gathered; i++) {
        if (eligible(&peers->peers[slots[i]], query)) {
            distances[count] = peers->prefixes[slots[i]] ^ target;
            slots[count++] = slots[i];
        }
    }
    for (size_t i = count; i % STEP != 0; i++) {
        distances[i] = UINT32_MAX; /* counted as closer than none */
    }
    if (!rank(distances, count, slots, ranked)) {
        return false;
    }
    *out_count = count < query->max ? count : query->max;
    memcpy(out, ranked, *out_count * sizeof *out);
    return true;
}

/* Sorts in those below a bound. */
static size_t closest_below(const skad_peers *peers, uint32_t bound, const closest_query *query,
                            skad_peer_slot *out)
{
    uint64_t distances[CLOSEST_MAX] = {0}; /* of out[], first 64 bits, ascending */
    uint64_t target = skad_id_prefix(query->target);
    size_t count = 0;
    for (size_t i = 0; i < peers->used; i++) {
        if ((peers->prefixes[i] ^ (uint32_t)(target >> 32)) > bound ||
            !eligible(&peers->peers[i], query)) {
            continue;
        }
        const skad_id *id = &peers->peers[i].id;
        uint64_t distance = skad_id_prefix(id) ^ target;
        size_t at = count;
        while (at > 0 &&
               (distances[at - 1] > distance ||
                (distances[at - 1] == distance &&
                 skad_distance_compare(query->target, &peers->peers[out[at - 1]].id, id) > 0))) {
            at--;
        }
        if (at == query->max) {
            continue;
        }
        count += count < query->max;
        for (size_t j = count - 1; j > at; j--) {
            distances[j] = distances[j - 1];
            out[j] = out[j - 1];
        }
        distances[at] = distance;
        out[at] = (skad_peer_slot)i;
        if (count == query->max) {
            bound = (uint32_t)(distances[count - 1] >> 32);
        }
    }
    return count;
}

size_t skad_peers_closest(const skad_peers *peers, const skad_id *target, unsigned families,
                          const skad_id *except, size_t max, skad_peer_slot *out)
{
    SKAD_ASSERT(max > 0 && max <= CLOSEST_MAX);
    const closest_query query = {target, families, except, max};
    /* Some of those below the bound may not be eligible: ask for a few more, and for all if that
     * was not enough. */
    uint32_t bound = distance_bound(peers, (uint32_t)(skad_id_prefix(target) >> 32), max + 4);
    size_t count;
    if (!rank_below(peers, bound, &query, out, &count)) {
        count = closest_below(peers, bound, &query, out);
    }
    if (count < max && bound != UINT32_MAX) {
        count = closest_below(peers, UINT32_MAX, &query, out);
    }
    return count;
}
