#include "src/core/peers.h"

#include <stdlib.h>

#include "crypto/assert.h"
#include "src/core/distance.h"

#define CLOSEST_MAX 64

skad_status skad_peers_init(skad_peers *peers, size_t slots)
{
    SKAD_ASSERT(slots > 0 && slots < SKAD_PEER_NONE);
    *peers = (skad_peers){.slots = slots};
    peers->peers = calloc(slots, sizeof *peers->peers);
    peers->prefixes = calloc(slots, sizeof *peers->prefixes);
    if (peers->peers == NULL || peers->prefixes == NULL) {
        skad_peers_free(peers);
        return SKAD_ERR_MEMORY;
    }
    return SKAD_OK;
}

void skad_peers_free(skad_peers *peers)
{
    free(peers->peers);
    free(peers->prefixes);
    *peers = (skad_peers){0};
}

skad_peer_slot skad_peers_find(const skad_peers *peers, const skad_id *id)
{
    uint64_t prefix = skad_id_prefix(id);
    for (size_t i = 0; i < peers->used; i++) {
        if (peers->prefixes[i] == prefix && peers->peers[i].places != 0 &&
            skad_id_equal(&peers->peers[i].id, id)) {
            return (skad_peer_slot)i;
        }
    }
    return SKAD_PEER_NONE;
}

skad_peer_slot skad_peers_take(skad_peers *peers, const skad_id *id)
{
    size_t slot = 0;
    while (slot < peers->used && peers->peers[slot].places != 0) {
        slot++;
    }
    if (slot == peers->slots) {
        return SKAD_PEER_NONE;
    }
    if (slot == peers->used) {
        peers->used++;
    }
    peers->peers[slot] = (skad_peer){.id = *id};
    peers->prefixes[slot] = skad_id_prefix(id);
    peers->count++;
    return (skad_peer_slot)slot;
}

void skad_peers_release(skad_peers *peers, skad_peer_slot slot)
{
    SKAD_ASSERT(slot < peers->used);
    if (peers->peers[slot].places != 0) {
        return;
    }
    peers->peers[slot] = (skad_peer){0};
    peers->count--;
}

bool skad_peer_silent(const skad_peer *peer)
{
    return peer->failures >= SKAD_PEER_FAILURES_SILENT;
}

size_t skad_route_index(const skad_address *address)
{
    return address->family == SKAD_FAMILY_IPV6;
}

const skad_route *skad_peer_route(const skad_peer *peer, unsigned families)
{
    const skad_route *best = NULL;
    for (size_t i = 0; i < 2; i++) {
        const skad_route *route = &peer->routes[i];
        if ((route->address.family & families) != 0 &&
            (best == NULL || route->failures < best->failures)) {
            best = route;
        }
    }
    return best;
}

typedef struct closest_query {
    const skad_id *target;
    unsigned families;
    const skad_id *except;
    size_t max;
} closest_query;

static bool eligible(const skad_peer *peer, const closest_query *query)
{
    return (peer->places & SKAD_PEER_USABLE_PLACES) != 0 && !skad_peer_silent(peer) &&
           skad_peer_route(peer, query->families) != NULL &&
           (query->except == NULL || !skad_id_equal(&peer->id, query->except));
}

/* How close the ones worth sorting must be: a bound on the first 64 bits of the distance that at
 * least `max` peers stay below, found by counting them by the length of the prefix that they share
 * with the target. Cuts several hundred peers down to a few dozen without a branch per peer. */
static uint64_t distance_bound(const skad_peers *peers, uint64_t target_prefix, size_t max)
{
    uint16_t counts[65] = {0}; /* by leading zero bits of the distance */
    for (size_t i = 0; i < peers->used; i++) {
        uint64_t distance = peers->prefixes[i] ^ target_prefix;
        counts[distance == 0 ? 64 : (unsigned)__builtin_clzll(distance)]++;
    }
    size_t within = 0;
    for (unsigned shared = 64; shared > 0; shared--) {
        within += counts[shared];
        if (within >= max) {
            return UINT64_MAX >> (shared == 64 ? 63 : shared);
        }
    }
    return UINT64_MAX;
}

/* Sorts in those below a bound. */
static size_t closest_below(const skad_peers *peers, uint64_t bound, const closest_query *query,
                            skad_peer_slot *out)
{
    uint64_t distances[CLOSEST_MAX] = {0}; /* of out[], first 64 bits, ascending */
    uint64_t target_prefix = skad_id_prefix(query->target);
    size_t count = 0;
    for (size_t i = 0; i < peers->used; i++) {
        uint64_t distance = peers->prefixes[i] ^ target_prefix;
        if (distance > bound || !eligible(&peers->peers[i], query)) {
            continue;
        }
        const skad_id *id = &peers->peers[i].id;
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
            bound = distances[count - 1];
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
    uint64_t bound = distance_bound(peers, skad_id_prefix(target), max + 4);
    size_t count = closest_below(peers, bound, &query, out);
    if (count < max && bound != UINT64_MAX) {
        count = closest_below(peers, UINT64_MAX, &query, out);
    }
    return count;
}
