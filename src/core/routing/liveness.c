#include "src/core/routing/liveness.h"

#include "crypto/assert.h"
#include "src/core/base/instant.h"
#include "src/core/base/simd.h"

uint64_t skad_liveness_interval_us(uint64_t known_for_us, uint64_t mean_life_us)
{
    uint64_t left_us = known_for_us > mean_life_us ? known_for_us : mean_life_us;
    uint64_t interval_us = left_us / SKAD_CHECK_LIFE_DIVISOR;
    if (interval_us < SKAD_CHECK_INTERVAL_US) {
        return SKAD_CHECK_INTERVAL_US;
    }
    return interval_us < SKAD_CHECK_INTERVAL_MAX_US ? interval_us : SKAD_CHECK_INTERVAL_MAX_US;
}

uint64_t skad_liveness_backoff_us(unsigned failures)
{
    uint64_t backoff_us = SKAD_CHECK_BACKOFF_US << (failures - 1);
    return backoff_us < SKAD_CHECK_BACKOFF_MAX_US ? backoff_us : SKAD_CHECK_BACKOFF_MAX_US;
}

/* A slot's next check; meaningful where the slot is taken. */
static skad_instant check_of(const skad_peers *peers, size_t slot)
{
    return (skad_instant){peers->checks_ms[slot]};
}

/* Returns how long a peer may stay unheard, which depends on its age and its roles. */
static uint64_t interval_of(const skad_peers *peers, skad_peer_slot slot, uint64_t now_us)
{
    const skad_peer *peer = &peers->peers[slot];
    uint32_t known_for_s = skad_second_since_s(peer->first_seen, now_us);
    return peer->roles == SKAD_PEER_IN_CACHE
               ? SKAD_CHECK_INTERVAL_MAX_US
               : skad_liveness_interval_us(known_for_s * SKAD_US_PER_S,
                                           skad_lifetimes_mean_us(&peers->lifetimes));
}

void skad_liveness_next(skad_peers *peers, skad_peer_slot slot, uint64_t now_us)
{
    skad_peers_check_at(peers, slot, now_us + interval_of(peers, slot, now_us));
}

void skad_liveness_put_off(skad_peers *peers, skad_peer_slot slot, uint64_t now_us)
{
    const skad_peer *peer = &peers->peers[slot];
    uint64_t interval_us = interval_of(peers, slot, now_us);
    uint64_t known_us = skad_second_since_s(peer->first_seen, now_us) * SKAD_US_PER_S;
    uint64_t unanswered_us = now_us - skad_instant_us(peer->last_seen, now_us);
    bool proven = known_us >= unanswered_us + SKAD_CHECK_INTERVAL_US;
    if (peer->failures > 0 || peer->pressing || !proven || unanswered_us >= 2 * interval_us) {
        return;
    }
    uint64_t left_us = 2 * interval_us - unanswered_us;
    uint64_t next_us = now_us + (left_us < interval_us ? left_us : interval_us);
    if (skad_instant_later(skad_instant_at(next_us), check_of(peers, slot)) > 0) {
        skad_peers_check_at(peers, slot, next_us);
    }
}

void skad_liveness_by(skad_peers *peers, skad_peer_slot slot, uint64_t us)
{
    if (skad_instant_later(check_of(peers, slot), skad_instant_at(us)) > 0) {
        skad_peers_check_at(peers, slot, us);
    }
}

void skad_liveness_again(skad_peers *peers, skad_peer_slot slot, uint64_t now_us)
{
    const skad_instant now = skad_instant_at(now_us);
    const int32_t soonest = (int32_t)(SKAD_CHECK_RETRY_US / SKAD_US_PER_MS);
    int32_t next = (int32_t)(SKAD_CHECK_TOGETHER_US / SKAD_US_PER_MS);
    skad_peer_slot beside = SKAD_PEER_NONE;
    for (size_t i = 0; i < peers->high_water; i++) {
        int32_t ahead = skad_instant_later(check_of(peers, i), now);
        if (ahead < soonest || ahead > next || peers->checks_ms[i] == 0 || i == slot) {
            continue; /* few are left here, so reading the peer itself is cheap */
        }
        if (peers->peers[i].failures == 0) {
            next = ahead;
            beside = (skad_peer_slot)i;
        }
    }
    if (beside != SKAD_PEER_NONE) {
        peers->peers[beside].pressing = 1;
    }
    uint64_t in_ms = (uint64_t)(beside != SKAD_PEER_NONE ? next : soonest);
    skad_peers_check_at(peers, slot, now_us + in_ms * SKAD_US_PER_MS);
    peers->peers[slot].pressing = 1;
}

/* The two checks that are due first, in milliseconds from now; INT32_MAX: there is none. */
typedef struct earliest {
    int32_t first;
    int32_t second;
} earliest;

static void count_in(earliest *out, int32_t ahead)
{
    int32_t later = ahead < out->first ? out->first : ahead;
    out->first = ahead < out->first ? ahead : out->first;
    out->second = later < out->second ? later : out->second;
}

/* Each search for the next check looks at all peers, four at a time and without a branch. The last
 * slot in use is followed by free ones, up to a whole step. */
static earliest find_earliest(const skad_peers *peers, skad_instant instant)
{
    const skad_simd now = skad_simd_of(instant.ms);
    const skad_simd_signed none = (skad_simd_signed)skad_simd_of(INT32_MAX);
    skad_simd_signed first = none;
    skad_simd_signed second = none;
    for (size_t i = 0; i < peers->high_water; i += SKAD_SIMD_LANES) {
        skad_simd checks = skad_simd_at(&peers->checks_ms[i]);
        skad_simd_signed taken = checks != skad_simd_of(0);
        skad_simd_signed ahead = skad_simd_choose(taken, (skad_simd_signed)(checks - now), none);
        skad_simd_signed later = skad_simd_choose(ahead < first, first, ahead);
        first = skad_simd_choose(ahead < first, ahead, first);
        second = skad_simd_choose(later < second, later, second);
    }
    earliest out = {INT32_MAX, INT32_MAX};
    for (size_t i = 0; i < SKAD_SIMD_LANES; i++) {
        count_in(&out, first[i]);
        count_in(&out, second[i]);
    }
    return out;
}

static void plan_after(skad_peers *peers, int32_t ahead, uint64_t now_us)
{
    skad_instant due = {skad_instant_at(now_us).ms + (uint32_t)ahead};
    peers->due_us = ahead == INT32_MAX ? UINT64_MAX : skad_instant_us(due, now_us);
}

void skad_liveness_plan(skad_peers *peers, uint64_t now_us)
{
    plan_after(peers, find_earliest(peers, skad_instant_at(now_us)).first, now_us);
}

static skad_peer_slot due_at(const skad_peers *peers, uint32_t check_ms)
{
    size_t slot = 0;
    while (peers->checks_ms[slot] != check_ms) {
        slot++;
    }
    SKAD_ASSERT(slot < peers->high_water);
    return (skad_peer_slot)slot;
}

/* Keeps a peer's last answer from growing older than instants can count. The peer may then seem to
 * have answered last of all peers that old, so the latest one has to be looked for anew. */
static void keep_instant(skad_peers *peers, skad_peer_slot slot, skad_instant now)
{
    skad_peer *peer = &peers->peers[slot];
    skad_instant kept = skad_instant_kept(peer->last_seen, now);
    if (kept.ms != peer->last_seen.ms) {
        peer->last_seen = kept;
        peers->latest = SKAD_PEER_NONE;
    }
}

/* Postpones a check that is due, if it would now be planned for much later. */
static bool put_off_anew(skad_peers *peers, skad_peer_slot slot, uint64_t now_us)
{
    const skad_peer *peer = &peers->peers[slot];
    uint64_t next_us = skad_instant_us(peer->last_seen, now_us) + interval_of(peers, slot, now_us);
    if (peer->failures > 0 || peer->pressing || next_us < now_us + SKAD_CHECK_ANEW_US) {
        return false;
    }
    skad_peers_check_at(peers, slot, next_us);
    return true;
}

skad_peer_slot skad_liveness_due(skad_peers *peers, uint64_t now_us, bool any)
{
    const skad_instant now = skad_instant_at(now_us);
    for (;;) {
        earliest checks = find_earliest(peers, now);
        bool none = checks.first == INT32_MAX || (checks.first > 0 && !any);
        plan_after(peers, none ? checks.first : checks.second, now_us);
        if (none) {
            return SKAD_PEER_NONE;
        }
        skad_peer_slot due = due_at(peers, now.ms + (uint32_t)checks.first);
        if (any || !put_off_anew(peers, due, now_us)) {
            skad_liveness_next(peers, due, now_us);
            keep_instant(peers, due, now);
            return due;
        }
    }
}

/* Finds the peer, other than `except`, that answered last, and remembers which peer answered last
 * of all. On the way it keeps all answers from growing older than instants can count. */
static skad_peer_slot find_latest(skad_peers *peers, skad_peer_slot except, uint64_t now_us)
{
    skad_peer_slot latest = SKAD_PEER_NONE;
    for (size_t i = 0; i < peers->high_water; i++) {
        skad_peer *peer = &peers->peers[i];
        if (peer->roles == 0) {
            continue;
        }
        peer->last_seen = skad_instant_kept(peer->last_seen, skad_instant_at(now_us));
        if (i != except && (latest == SKAD_PEER_NONE ||
                            skad_peers_answered_later(peers, (skad_peer_slot)i, latest))) {
            latest = (skad_peer_slot)i;
        }
    }
    bool the_other = latest != SKAD_PEER_NONE && skad_peers_answered_later(peers, latest, except);
    peers->latest = the_other ? latest : except;
    return latest;
}

/* Searches only where no peer answered for long, or where the latest peer has gone. */
static skad_peer_slot latest_but(skad_peers *peers, skad_peer_slot except, uint64_t now_us)
{
    skad_peer_slot latest = peers->latest;
    bool known = latest != SKAD_PEER_NONE && latest != except &&
                 skad_instant_later(skad_instant_at(now_us), peers->peers[latest].last_seen) <
                     (int32_t)(SKAD_CHECK_INTERVAL_MAX_US / SKAD_US_PER_MS);
    return known ? latest : find_latest(peers, except, now_us);
}

void skad_liveness_unheard(skad_peers *peers, const skad_id *id, uint64_t again_us)
{
    skad_peer_slot unresponsive = skad_peers_find(peers, id);
    if (unresponsive == SKAD_PEER_NONE) {
        return;
    }
    skad_peer_slot latest = latest_but(peers, unresponsive, again_us);
    skad_peers_check_at(peers, unresponsive, again_us);
    peers->peers[unresponsive].pressing = 1;
    if (latest != SKAD_PEER_NONE) {
        skad_liveness_by(peers, latest, again_us);
        peers->peers[latest].pressing = 1;
    }
}
