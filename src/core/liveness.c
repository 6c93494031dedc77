#include "src/core/liveness.h"

#include "src/core/instant.h"

uint64_t skad_liveness_interval_us(uint64_t known_for_us)
{
    uint64_t interval_us = known_for_us / SKAD_CHECK_AGE_DIVISOR;
    if (interval_us < SKAD_CHECK_INTERVAL_US) {
        return SKAD_CHECK_INTERVAL_US;
    }
    return interval_us < SKAD_CHECK_INTERVAL_MAX_US ? interval_us : SKAD_CHECK_INTERVAL_MAX_US;
}

void skad_liveness_next(skad_peers *peers, skad_peer_slot slot, uint64_t now_us)
{
    uint32_t known_for_s = skad_instant_s(now_us) - peers->peers[slot].known_s;
    uint64_t interval_us = skad_liveness_interval_us(known_for_s * SKAD_US_PER_S);
    skad_peers_check_at(peers, slot, now_us + interval_us);
}

skad_peer_slot skad_liveness_due(skad_peers *peers, uint64_t now_us, bool any, uint64_t *next_us)
{
    const uint32_t *checks_ms = peers->checks_ms;
    uint32_t now_ms = skad_instant_ms(now_us);
    skad_peer_slot due = SKAD_PEER_NONE;
    int32_t first = INT32_MAX; /* milliseconds from now on */
    int32_t second = INT32_MAX;
    for (size_t i = 0; i < peers->used; i++) {
        int32_t ahead = skad_instant_later(checks_ms[i], now_ms);
        if (checks_ms[i] == 0 || ahead >= second) {
            continue;
        }
        if (ahead < first) {
            second = first;
            first = ahead;
            due = (skad_peer_slot)i;
        } else {
            second = ahead;
        }
    }
    bool none = due == SKAD_PEER_NONE || (first > 0 && !any);
    int32_t next = none ? first : second;
    *next_us = next == INT32_MAX ? UINT64_MAX : skad_instant_us(now_ms + (uint32_t)next, now_us);
    if (none) {
        return SKAD_PEER_NONE;
    }
    skad_liveness_next(peers, due, now_us);
    skad_peer *peer = &peers->peers[due];
    peer->seen_ms = skad_instant_kept(peer->seen_ms, now_ms);
    return due;
}

void skad_liveness_unheard(skad_peers *peers, const skad_id *id, uint64_t again_us)
{
    skad_peer_slot silent = skad_peers_find(peers, id);
    if (silent == SKAD_PEER_NONE) {
        return;
    }
    skad_peer_slot latest = SKAD_PEER_NONE;
    for (size_t i = 0; i < peers->used; i++) {
        skad_peer *peer = &peers->peers[i];
        if (peer->places == 0) {
            continue;
        }
        peer->seen_ms = skad_instant_kept(peer->seen_ms, skad_instant_ms(again_us));
        if (i != silent && (latest == SKAD_PEER_NONE ||
                            skad_instant_later(peer->seen_ms, peers->peers[latest].seen_ms) > 0)) {
            latest = (skad_peer_slot)i;
        }
    }
    skad_peers_check_at(peers, silent, again_us);
    if (latest != SKAD_PEER_NONE &&
        skad_instant_later(peers->checks_ms[latest], skad_instant_ms(again_us)) > 0) {
        skad_peers_check_at(peers, latest, again_us);
    }
}
