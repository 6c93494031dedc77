/* The closest peers to a target (peers.h). Passes over the first 32 bits of all IDs, a kilobyte or
 * two, find a bound that enough peers stay below. Those peers, a few dozen, are gathered and ranked
 * by counting. No branch depends on the data, because a request names a random target, and each
 * wrong guess of the processor costs as much as ten comparisons. Where two are equal in 32 bits, or
 * too many gather, they are sorted in one by one instead. */
#include <string.h>

#include "crypto/assert.h"
#include "src/core/base/simd.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/peers.h"

#define CLOSEST_MAX  64
#define GATHERED_MAX 128 /* a multiple of SKAD_PEERS_STEP */
#define STRIDE       4   /* bits */
#define SURPLUS      8   /* peers gathered beyond those wanted */

typedef struct closest_query {
    const skad_id *target;
    unsigned families;
    const skad_id *except;
    size_t max;
} closest_query;

static bool eligible(const skad_peer *peer, const closest_query *query)
{
    return (peer->roles & SKAD_PEER_USABLE_ROLES) != 0 && !skad_peer_unresponsive(peer) &&
           (peer->families & query->families) != 0 &&
           (query->except == NULL || !skad_id_equal(&peer->id, query->except));
}

/* Counts the peers that are no farther than a bound. Free slots may be counted too, so that no
 * branch depends on them. */
static size_t count_within(const skad_peers *peers, uint32_t target, uint32_t bound)
{
    const skad_simd targets = skad_simd_of(target ^ SKAD_SIMD_BIAS);
    const skad_simd_signed bounds = (skad_simd_signed)skad_simd_of(bound ^ SKAD_SIMD_BIAS);
    skad_simd farther = {0};
    size_t first = 0;
    for (; first < peers->high_water; first += SKAD_PEERS_STEP) {
        for (size_t i = first; i < first + SKAD_PEERS_STEP; i += SKAD_SIMD_LANES) {
            skad_simd distances = skad_simd_at(&peers->prefixes[i]) ^ targets;
            farther -= (skad_simd)((skad_simd_signed)distances > bounds);
        }
    }
    return first - skad_simd_sum(farther);
}

/* Returns a bound on the first 32 bits of the distance that at least `wanted` peers stay below, if
 * there are so many, and few more. The first step finds the most bits that so many share with the
 * target, which are few unless it is near us; the second step narrows the bound within the last of
 * these. */
static uint32_t distance_bound(const skad_peers *peers, uint32_t target, size_t wanted)
{
    unsigned enough = 0; /* bits that so many share */
    unsigned beyond = 32;
    size_t count = peers->high_water;
    while (beyond - enough > 1) {
        unsigned half = (beyond - enough) / 2;
        unsigned bits = enough + (half < STRIDE ? half : STRIDE);
        size_t sharing = count_within(peers, target, UINT32_MAX >> bits);
        if (sharing >= wanted) {
            enough = bits;
            count = sharing;
        } else {
            beyond = bits;
        }
    }
    uint32_t high = UINT32_MAX >> enough;
    uint32_t low = high / 2;
    while (count > wanted + SURPLUS && high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        size_t within = count_within(peers, target, middle);
        if (within >= wanted) {
            high = middle;
            count = within;
        } else {
            low = middle;
        }
    }
    return high;
}

/* Collects the slots below a bound. A result above GATHERED_MAX means that they do not fit. */
static size_t gather(const skad_peers *peers, uint32_t target, uint32_t bound,
                     skad_peer_slot slots[static GATHERED_MAX + SKAD_PEERS_STEP])
{
    size_t count = 0;
    for (size_t first = 0; first < peers->high_water && count <= GATHERED_MAX;
         first += SKAD_PEERS_STEP) {
        size_t end = first + SKAD_PEERS_STEP < peers->high_water ? first + SKAD_PEERS_STEP
                                                                 : peers->high_water;
        for (size_t i = first; i < end; i++) {
            slots[count] = (skad_peer_slot)i;
            count += (peers->prefixes[i] ^ target) <= bound;
        }
    }
    return count;
}

/* Ranks by counting how many are closer; the distances have their highest bit flipped. Returns
 * false when two are equal. */
static bool rank(const uint32_t distances[static GATHERED_MAX], size_t count,
                 const skad_peer_slot slots[static GATHERED_MAX],
                 skad_peer_slot out[static GATHERED_MAX])
{
    uint64_t sum = 0; /* of the ranks: that of all numbers below count if none are equal */
    for (size_t i = 0; i < count; i++) {
        const skad_simd_signed own = (skad_simd_signed)skad_simd_of(distances[i]);
        skad_simd counts = {0};
        for (size_t j = 0; j < count; j += SKAD_SIMD_LANES) {
            counts -= (skad_simd)((skad_simd_signed)skad_simd_at(&distances[j]) < own);
        }
        uint32_t closer = skad_simd_sum(counts);
        out[closer] = slots[i];
        sum += closer;
    }
    return sum == count * (count - 1) / 2;
}

/* Ranks the peers below a bound; false where they have to be sorted in instead. */
static bool rank_below(const skad_peers *peers, uint32_t bound, const closest_query *query,
                       skad_peer_slot *out, size_t *out_count)
{
    skad_peer_slot slots[GATHERED_MAX + SKAD_PEERS_STEP];
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
            distances[count] = peers->prefixes[slots[i]] ^ target ^ SKAD_SIMD_BIAS;
            slots[count++] = slots[i];
        }
    }
    for (size_t i = count; i % SKAD_SIMD_LANES != 0; i++) {
        distances[i] = UINT32_MAX ^ SKAD_SIMD_BIAS; /* never counted as closer */
    }
    if (!rank(distances, count, slots, ranked)) {
        return false;
    }
    *out_count = count < query->max ? count : query->max;
    memcpy(out, ranked, *out_count * sizeof *out);
    return true;
}

/* Sorts in the peers below a bound. */
static size_t closest_below(const skad_peers *peers, uint32_t bound, const closest_query *query,
                            skad_peer_slot *out)
{
    uint64_t distances[CLOSEST_MAX] = {0}; /* of out[], first 64 bits, ascending */
    uint64_t target = skad_id_prefix(query->target);
    size_t count = 0;
    for (size_t i = 0; i < peers->high_water; i++) {
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
    uint32_t prefix = (uint32_t)(skad_id_prefix(target) >> 32);
    /* Some of those below the bound may not be eligible. So a few more are gathered, and twice as
     * many each time that was not enough. */
    for (size_t wanted = max + 4;; wanted *= 2) {
        bool all = wanted >= peers->high_water;
        uint32_t bound = all ? UINT32_MAX : distance_bound(peers, prefix, wanted);
        size_t count;
        if (!rank_below(peers, bound, &query, out, &count)) {
            count = closest_below(peers, bound, &query, out);
        }
        if (count == max || all) {
            return count;
        }
    }
}
