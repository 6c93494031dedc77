#include "src/core/upkeep/partition_recovery.h"

#include <stdlib.h>

#include "src/core/base/instant.h"
#include "src/core/base/lazy.h"
#include "src/core/node/state.h"
#include "src/core/operations/start.h"
#include "src/core/routing/distance.h"
#include "src/core/rpc/request.h"
#include "src/core/upkeep/join.h"

skad_status skad_recovery_init(skad_node *node)
{
    node->recovery = (skad_recovery_state){
        .round_us = UINT64_MAX,
        .pause_us = SKAD_RECOVERY_PAUSE_US_MAX,
    };
    node->recovery.lost =
        skad_lazy_begin(node->lazy_allocation, SKAD_LOST_MAX, sizeof *node->recovery.lost);
    return skad_lazy_begun(node->lazy_allocation, node->recovery.lost);
}

void skad_recovery_free(skad_node *node)
{
    free(node->recovery.lost);
    node->recovery.lost = NULL;
}

/* ---- Lost peers ---- */

static size_t find(const skad_recovery_state *recovery, const skad_id *id)
{
    size_t at = 0;
    while (at < recovery->lost_count && !skad_id_equal(&recovery->lost[at].id, id)) {
        at++;
    }
    return at;
}

static void forget(skad_recovery_state *recovery, size_t at)
{
    recovery->lost[at] = recovery->lost[--recovery->lost_count];
}

/* Returns the index at which a peer is remembered: a free one, or that of the peer known for the
 * shortest time, if that is shorter. SKAD_LOST_MAX: none. */
static size_t index_for(const skad_recovery_state *recovery, const skad_lost *peer)
{
    size_t at = find(recovery, &peer->id);
    if (at < SKAD_LOST_MAX) {
        return at;
    }
    size_t youngest = 0;
    for (size_t i = 1; i < SKAD_LOST_MAX; i++) {
        youngest =
            recovery->lost[i].known_for_s < recovery->lost[youngest].known_for_s ? i : youngest;
    }
    return recovery->lost[youngest].known_for_s < peer->known_for_s ? youngest : SKAD_LOST_MAX;
}

static void remember(skad_node *node, const skad_lost *peer)
{
    skad_recovery_state *recovery = &node->recovery;
    recovery->lost = skad_lazy_use(recovery->lost, SKAD_LOST_MAX, sizeof *recovery->lost);
    size_t at = recovery->lost == NULL ? SKAD_LOST_MAX : index_for(recovery, peer);
    if (at < SKAD_LOST_MAX) {
        recovery->lost_count += at == recovery->lost_count;
        recovery->lost[at] = *peer;
    }
}

/* ---- Mass timeouts ---- */

static void plan(skad_node *node)
{
    skad_recovery_state *recovery = &node->recovery;
    recovery->round_us =
        node->env.now.mono_us + skad_env_at_least_us(&node->env, recovery->pause_us);
}

/* Whether this loss begins a mass timeout; once in SKAD_MASS_TIMEOUT_US. */
static bool mass_timeout_begins(skad_node *node)
{
    skad_recovery_state *recovery = &node->recovery;
    uint64_t now_us = node->env.now.mono_us;
    if (now_us >= recovery->window_us) {
        recovery->fell_before =
            now_us < recovery->window_us + SKAD_MASS_TIMEOUT_US ? recovery->fell : 0;
        recovery->fell = 0;
        recovery->mass_timeout = false;
        recovery->window_us = now_us + SKAD_MASS_TIMEOUT_US;
    }
    recovery->fell++;
    if (recovery->mass_timeout || recovery->fell <= 2 * recovery->fell_before ||
        recovery->fell * SKAD_MASS_TIMEOUT_DIVISOR <
            skad_table_living(&node->table) + recovery->fell) {
        return false;
    }
    recovery->mass_timeout = true;
    return true;
}

void skad_recovery_lost(skad_node *node, const skad_id *id, const skad_address *address,
                        skad_second first_seen)
{
    skad_recovery_state *recovery = &node->recovery;
    const skad_lost peer = {.id = *id,
                            .address = *address,
                            .lost = skad_second_at(node->env.now.mono_us),
                            .known_for_s = skad_second_since_s(first_seen, node->env.now.mono_us)};
    remember(node, &peer);
    if (mass_timeout_begins(node) && recovery->pause_us > SKAD_RECOVERY_PAUSE_US_MIN) {
        recovery->pause_us = SKAD_RECOVERY_PAUSE_US_MIN;
        recovery->round_us = UINT64_MAX;
    }
    if (recovery->round_us == UINT64_MAX && recovery->lost_count > 0) {
        plan(node);
    }
}

/* ---- Rounds ---- */

/* Whether a living peer has this endpoint. */
static bool is_of_living(const skad_node *node, const skad_address *address)
{
    const skad_peers *peers = &node->table.peers;
    for (skad_peer_slot i = 0; i < peers->high_water; i++) {
        if (skad_peers_alive(peers, i) && skad_endpoint_is(peers, i, address)) {
            return true;
        }
    }
    return false;
}

static void send_hello(skad_node *node)
{
    const skad_join_state *join = &node->join;
    if (join->joined && join->addresses_count > 0) {
        size_t at = (size_t)skad_random_below(&node->env.random, join->addresses_count);
        if (!is_of_living(node, &join->addresses[at])) {
            (void)skad_request_ping(node, NULL, &join->addresses[at], SKAD_PURPOSE_HELLO);
        }
    }
}

static void round_of_all(skad_node *node)
{
    skad_recovery_state *recovery = &node->recovery;
    bool frequent = recovery->pause_us < SKAD_RECOVERY_PAUSE_US_MAX;
    recovery->open = true;
    for (size_t i = 0; i < recovery->lost_count; i++) {
        const skad_lost *peer = &recovery->lost[i];
        if (skad_bans_find(&node->bans, &peer->id, &peer->address, node->env.now.mono_us) == NULL) {
            (void)skad_request_ping(node, &peer->id, &peer->address, SKAD_PURPOSE_HELLO);
        }
    }
    send_hello(node);
    if (frequent && node->join.joined) {
        (void)skad_start_own(node, SKAD_OPERATION_REFRESH, &node->env.identity.id, NULL);
    }
}

void skad_recovery_tick(skad_node *node)
{
    skad_recovery_state *recovery = &node->recovery;
    if (node->env.now.mono_us < recovery->round_us) {
        return;
    }
    for (size_t i = recovery->lost_count; i-- > 0;) {
        uint32_t age_s = skad_second_since_s(recovery->lost[i].lost, node->env.now.mono_us);
        skad_peer_slot slot = skad_peers_find(&node->table.peers, &recovery->lost[i].id);
        if (age_s >= SKAD_LOST_KEPT_S || skad_peers_alive(&node->table.peers, slot)) {
            forget(recovery, i);
        }
    }
    recovery->round_us = UINT64_MAX;
    if (recovery->lost_count > 0) {
        round_of_all(node);
        recovery->pause_us = recovery->pause_us < SKAD_RECOVERY_PAUSE_US_MAX / 2
                                 ? 2 * recovery->pause_us
                                 : SKAD_RECOVERY_PAUSE_US_MAX;
        plan(node);
    }
}

void skad_recovery_answered(skad_node *node, const skad_id *id, const skad_address *address,
                            bool lived)
{
    skad_recovery_state *recovery = &node->recovery;
    if (lived || !node->join.joined || !recovery->open) {
        return;
    }
    skad_contact from = {.id = *id};
    *(address->family == SKAD_FAMILY_IPV4 ? &from.ipv4 : &from.ipv6) = *address;
    recovery->open =
        skad_start_own(node, SKAD_OPERATION_REFRESH, &node->env.identity.id, &from) == 0;
}

uint64_t skad_recovery_deadline(const skad_node *node)
{
    return node->recovery.round_us;
}
