#include "src/core/upkeep/mend.h"

#include <stdlib.h>

#include "src/core/base/instant.h"
#include "src/core/node/state.h"
#include "src/core/operations/start.h"
#include "src/core/routing/distance.h"
#include "src/core/rpc/ask.h"
#include "src/core/upkeep/join.h"

skad_status skad_mend_init(skad_node *node)
{
    node->mend = (skad_mend_state){
        .round_us = UINT64_MAX,
        .pause_us = SKAD_MEND_PAUSE_US_MAX,
    };
    if (!node->frugal) {
        node->mend.lost = calloc(SKAD_LOST_MAX, sizeof *node->mend.lost);
    }
    return node->frugal || node->mend.lost != NULL ? SKAD_OK : SKAD_ERR_MEMORY;
}

void skad_mend_free(skad_node *node)
{
    free(node->mend.lost);
    node->mend.lost = NULL;
}

/* ---- Who is missing ---- */

static size_t find(const skad_mend_state *mend, const skad_id *id)
{
    size_t at = 0;
    while (at < mend->lost_count && !skad_id_equal(&mend->lost[at].id, id)) {
        at++;
    }
    return at;
}

static void forget(skad_mend_state *mend, size_t at)
{
    mend->lost[at] = mend->lost[--mend->lost_count];
}

/* Where somebody is remembered; when all places are taken, that of who was known for the shortest
 * time, if that is shorter. SKAD_LOST_MAX: nowhere. */
static size_t place_for(const skad_mend_state *mend, const skad_lost *who)
{
    size_t at = find(mend, &who->id);
    if (at < SKAD_LOST_MAX) {
        return at;
    }
    size_t youngest = 0;
    for (size_t i = 1; i < SKAD_LOST_MAX; i++) {
        youngest = mend->lost[i].known_for_s < mend->lost[youngest].known_for_s ? i : youngest;
    }
    return mend->lost[youngest].known_for_s < who->known_for_s ? youngest : SKAD_LOST_MAX;
}

static void remember(skad_node *node, const skad_lost *who)
{
    skad_mend_state *mend = &node->mend;
    if (mend->lost == NULL) {
        mend->lost = calloc(SKAD_LOST_MAX, sizeof *mend->lost);
    }
    size_t at = mend->lost == NULL ? SKAD_LOST_MAX : place_for(mend, who);
    if (at < SKAD_LOST_MAX) {
        mend->lost_count += at == mend->lost_count;
        mend->lost[at] = *who;
    }
}

/* ---- When ---- */

static void plan(skad_node *node)
{
    skad_mend_state *mend = &node->mend;
    uint64_t jitter = skad_random_below(&node->env.random, mend->pause_us / 4);
    mend->round_us = node->env.now.mono_us + mend->pause_us + jitter;
}

/* Whether this loss makes a storm of what was none; once in SKAD_MEND_STORM_US. */
static bool storm_begins(skad_node *node)
{
    skad_mend_state *mend = &node->mend;
    uint64_t now_us = node->env.now.mono_us;
    if (now_us >= mend->storm_us) {
        mend->fell_before = now_us < mend->storm_us + SKAD_MEND_STORM_US ? mend->fell : 0;
        mend->fell = 0;
        mend->storm = false;
        mend->storm_us = now_us + SKAD_MEND_STORM_US;
    }
    mend->fell++;
    if (mend->storm || mend->fell <= 2 * mend->fell_before ||
        mend->fell * SKAD_MEND_STORM_DIVISOR < skad_table_living(&node->table) + mend->fell) {
        return false;
    }
    mend->storm = true;
    return true;
}

void skad_mend_lost(skad_node *node, const skad_id *id, const skad_address *address,
                    uint32_t known_s)
{
    skad_mend_state *mend = &node->mend;
    const uint32_t now_s = skad_instant_s(node->env.now.mono_us);
    const skad_lost who = {
        .id = *id, .address = *address, .lost_s = now_s, .known_for_s = now_s - known_s};
    remember(node, &who);
    if (storm_begins(node) && mend->pause_us > SKAD_MEND_PAUSE_US_MIN) {
        mend->pause_us = SKAD_MEND_PAUSE_US_MIN;
        mend->round_us = UINT64_MAX;
    }
    if (mend->round_us == UINT64_MAX && mend->lost_count > 0) {
        plan(node);
    }
}

/* ---- Rounds ---- */

/* Whether a peer that we know to live has this endpoint. */
static bool is_of_living(const skad_node *node, const skad_address *address)
{
    const skad_peers *peers = &node->table.peers;
    for (skad_peer_slot i = 0; i < peers->used; i++) {
        if (skad_peers_lives(peers, i) && skad_route_is(peers, i, address)) {
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
            (void)skad_ask_ping(node, NULL, &join->addresses[at], SKAD_PURPOSE_HELLO);
        }
    }
}

static void round_of_all(skad_node *node)
{
    skad_mend_state *mend = &node->mend;
    bool frequent = mend->pause_us < SKAD_MEND_PAUSE_US_MAX;
    mend->open = true;
    for (size_t i = 0; i < mend->lost_count; i++) {
        const skad_lost *who = &mend->lost[i];
        if (!skad_bans_keep_out(&node->bans, &who->id, &who->address, node->env.now.mono_us)) {
            (void)skad_ask_ping(node, &who->id, &who->address, SKAD_PURPOSE_HELLO);
        }
    }
    send_hello(node);
    if (frequent && node->join.joined) {
        (void)skad_start_own(node, SKAD_OPERATION_REFRESH, &node->env.identity.id, NULL);
    }
}

void skad_mend_tick(skad_node *node)
{
    skad_mend_state *mend = &node->mend;
    if (node->env.now.mono_us < mend->round_us) {
        return;
    }
    for (size_t i = mend->lost_count; i-- > 0;) {
        uint32_t age_s = skad_instant_s(node->env.now.mono_us) - mend->lost[i].lost_s;
        skad_peer_slot slot = skad_peers_find(&node->table.peers, &mend->lost[i].id);
        if (age_s >= SKAD_LOST_KEPT_S || skad_peers_lives(&node->table.peers, slot)) {
            forget(mend, i);
        }
    }
    mend->round_us = UINT64_MAX;
    if (mend->lost_count > 0) {
        round_of_all(node);
        mend->pause_us = mend->pause_us < SKAD_MEND_PAUSE_US_MAX / 2 ? 2 * mend->pause_us
                                                                     : SKAD_MEND_PAUSE_US_MAX;
        plan(node);
    }
}

void skad_mend_answered(skad_node *node, const skad_id *id, const skad_address *address, bool lived)
{
    skad_mend_state *mend = &node->mend;
    if (lived || !node->join.joined || !mend->open) {
        return;
    }
    skad_contact from = {.id = *id};
    *(address->family == SKAD_FAMILY_IPV4 ? &from.ipv4 : &from.ipv6) = *address;
    mend->open = skad_start_own(node, SKAD_OPERATION_REFRESH, &node->env.identity.id, &from) == 0;
}

uint64_t skad_mend_deadline(const skad_node *node)
{
    return node->mend.round_us;
}
