#include "src/core/routing/peers.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "src/core/base/instant.h"
#include "src/core/base/simd.h"
#include "src/core/routing/distance.h"

/* ---- Memory ---- */

/* Grows an array of `old` elements to `count`, the new ones zero; NULL without memory. */
static void *grown(void *array, size_t old, size_t count, size_t size)
{
    uint8_t *larger = reallocarray(array, count, size);
    if (larger != NULL) {
        memset(larger + old * size, 0, (count - old) * size);
    }
    return larger;
}

static size_t whole_steps(size_t count)
{
    return (count + SKAD_PEERS_STEP - 1) / SKAD_PEERS_STEP * SKAD_PEERS_STEP;
}

skad_status skad_peers_reserve(skad_peers *peers, size_t count)
{
    size_t capacity = whole_steps(count < peers->limit ? count : peers->limit);
    if (capacity <= peers->capacity) {
        return SKAD_OK;
    }
    /* The new slots are cleared when they are taken. */
    skad_peer *larger = reallocarray(peers->peers, capacity, sizeof *larger);
    peers->peers = larger != NULL ? larger : peers->peers;
    uint32_t *prefixes = grown(peers->prefixes, peers->capacity, capacity, sizeof *prefixes);
    peers->prefixes = prefixes != NULL ? prefixes : peers->prefixes;
    uint32_t *checks_ms = grown(peers->checks_ms, peers->capacity, capacity, sizeof *checks_ms);
    peers->checks_ms = checks_ms != NULL ? checks_ms : peers->checks_ms;
    if (larger == NULL || prefixes == NULL || checks_ms == NULL) {
        return SKAD_ERR_MEMORY;
    }
    peers->capacity = (uint16_t)capacity;
    return SKAD_OK;
}

static skad_status reserve_colds(skad_peers *peers, size_t count)
{
    skad_peer_cold *larger = grown(peers->colds, peers->colds_capacity, count, sizeof *larger);
    if (larger == NULL) {
        return SKAD_ERR_MEMORY;
    }
    peers->colds = larger;
    peers->colds_capacity = (uint16_t)count;
    return SKAD_OK;
}

skad_status skad_peers_init(skad_peers *peers, const skad_peers_plan *plan)
{
    SKAD_ASSERT(plan->limit > 0 && plan->limit <= UINT16_MAX / 2 - SKAD_PEERS_STEP);
    *peers = (skad_peers){.due_us = UINT64_MAX,
                          .limit = plan->limit,
                          .colds_free = SKAD_PEER_NONE,
                          .latest = SKAD_PEER_NONE};
    skad_lifetimes_init(&peers->lifetimes, SKAD_LIFETIMES_FIRST_US);
    skad_status status = skad_peer_tokens_init(&peers->tokens, plan->tokens, plan->lazy_allocation);
    if (status == SKAD_OK && !plan->lazy_allocation) {
        status = skad_peers_reserve(peers, plan->limit);
    }
    if (status == SKAD_OK && !plan->lazy_allocation) {
        status = reserve_colds(peers, plan->limit);
    }
    if (status != SKAD_OK) {
        skad_peers_free(peers);
    }
    return status;
}

void skad_peers_free(skad_peers *peers)
{
    free(peers->peers);
    free(peers->prefixes);
    free(peers->checks_ms);
    free(peers->colds);
    skad_peer_tokens_free(&peers->tokens);
    *peers = (skad_peers){0};
}

/* ---- Slots ---- */

static uint32_t short_prefix(const skad_id *id)
{
    return (uint32_t)(skad_id_prefix(id) >> 32);
}

_Static_assert(SKAD_PEERS_STEP == 4 * SKAD_SIMD_LANES, "any_equal compares a step in four");

/* Whether any of a step's prefixes equals this one. There is no branch before all are compared. */
static bool any_equal(const uint32_t prefixes[static SKAD_PEERS_STEP], skad_simd wanted)
{
    skad_simd first = (skad_simd)(skad_simd_at(&prefixes[0]) == wanted);
    skad_simd second = (skad_simd)(skad_simd_at(&prefixes[SKAD_SIMD_LANES]) == wanted);
    skad_simd third = (skad_simd)(skad_simd_at(&prefixes[(size_t)2 * SKAD_SIMD_LANES]) == wanted);
    skad_simd fourth = (skad_simd)(skad_simd_at(&prefixes[(size_t)3 * SKAD_SIMD_LANES]) == wanted);
    return skad_simd_any((first | second) | (third | fourth));
}

skad_peer_slot skad_peers_find(const skad_peers *peers, const skad_id *id)
{
    uint32_t prefix = short_prefix(id);
    const skad_simd wanted = skad_simd_of(prefix);
    for (size_t first = 0; first < peers->high_water; first += SKAD_PEERS_STEP) {
        if (!any_equal(&peers->prefixes[first], wanted)) {
            continue;
        }
        for (size_t slot = first; slot < first + SKAD_PEERS_STEP && slot < peers->high_water;
             slot++) {
            if (peers->prefixes[slot] == prefix && peers->peers[slot].roles != 0 &&
                skad_id_equal(&peers->peers[slot].id, id)) {
                return (skad_peer_slot)slot;
            }
        }
    }
    return SKAD_PEER_NONE;
}

/* Returns the lowest free slot, perhaps the first that was never taken. */
static size_t lowest_free(const skad_peers *peers)
{
    size_t slot = peers->count == peers->high_water ? peers->high_water : 0;
    while (slot < peers->high_water && peers->checks_ms[slot] != 0) {
        slot++;
    }
    return slot;
}

skad_peer_slot skad_peers_take(skad_peers *peers, const skad_id *id)
{
    size_t slot = lowest_free(peers);
    if (slot == peers->limit || skad_peers_reserve(peers, slot + 1) != SKAD_OK) {
        return SKAD_PEER_NONE;
    }
    if (slot == peers->high_water) {
        peers->high_water++;
    }
    peers->peers[slot] = (skad_peer){.id = *id, .cold = SKAD_PEER_NONE};
    peers->prefixes[slot] = short_prefix(id);
    peers->checks_ms[slot] = 1;
    peers->count++;
    return (skad_peer_slot)slot;
}

static void release_cold(skad_peers *peers, skad_peer_slot at)
{
    peers->colds[at] = (skad_peer_cold){.next = peers->colds_free};
    peers->colds_free = at;
}

void skad_peers_release(skad_peers *peers, skad_peer_slot slot)
{
    SKAD_ASSERT(slot < peers->high_water && peers->checks_ms[slot] != 0);
    skad_peer *peer = &peers->peers[slot];
    if (peer->roles != 0) {
        return;
    }
    if (peer->cold != SKAD_PEER_NONE) {
        release_cold(peers, peer->cold);
    }
    skad_peers_set_failures(peers, slot, 0);
    peers->latest = peers->latest == slot ? SKAD_PEER_NONE : peers->latest;
    skad_peer_tokens_forget(&peers->tokens, slot);
    skad_peer_tokens_forget(&peers->tokens, (uint16_t)(peers->limit + slot));
    *peer = (skad_peer){.cold = SKAD_PEER_NONE};
    peers->checks_ms[slot] = 0;
    peers->count--;
}

void skad_peers_set_failures(skad_peers *peers, skad_peer_slot slot, unsigned failures)
{
    skad_peer *peer = &peers->peers[slot];
    bool was = skad_peer_unresponsive(peer);
    peer->failures = failures & SKAD_PEER_FAILURES_MASK;
    peers->unresponsive = (uint16_t)(peers->unresponsive + skad_peer_unresponsive(peer) - was);
}

const skad_peer_cold *skad_peers_cold(const skad_peers *peers, skad_peer_slot slot)
{
    skad_peer_slot at = peers->peers[slot].cold;
    return at == SKAD_PEER_NONE ? NULL : &peers->colds[at];
}

skad_peer_cold *skad_peers_cold_of(skad_peers *peers, skad_peer_slot slot)
{
    skad_peer *peer = &peers->peers[slot];
    if (peer->cold != SKAD_PEER_NONE) {
        return &peers->colds[peer->cold];
    }
    if (peers->colds_free != SKAD_PEER_NONE) {
        peer->cold = peers->colds_free;
        peers->colds_free = peers->colds[peer->cold].next;
    } else {
        if (peers->colds_high_water == peers->colds_capacity &&
            reserve_colds(peers, peers->colds_capacity + SKAD_PEERS_STEP / 4U) != SKAD_OK) {
            return NULL;
        }
        peer->cold = peers->colds_high_water++;
    }
    peers->colds[peer->cold] = (skad_peer_cold){0};
    return &peers->colds[peer->cold];
}

void skad_peers_heard(skad_peers *peers, skad_peer_slot slot, uint64_t now_us)
{
    peers->peers[slot].last_seen = skad_instant_at(now_us);
    if (peers->count == 1 || (peers->latest != SKAD_PEER_NONE &&
                              skad_peers_answered_later(peers, slot, peers->latest))) {
        peers->latest = slot;
    }
}

void skad_peers_check_at(skad_peers *peers, skad_peer_slot slot, uint64_t us)
{
    uint32_t ms = skad_instant_at(us).ms;
    peers->checks_ms[slot] = ms == 0 ? 1 : ms; /* 0 stands for a free slot */
    uint64_t whole_us = us - us % SKAD_US_PER_MS;
    peers->due_us = whole_us < peers->due_us ? whole_us : peers->due_us;
    peers->peers[slot].pressing = 0;
}
