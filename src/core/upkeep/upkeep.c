#include "src/core/upkeep/upkeep.h"

#include <stdlib.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "src/core/base/ring.h"
#include "src/core/operations/start.h"
#include "src/core/routing/buckets.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/siblings.h"
#include "src/core/rpc/ask.h"

skad_status skad_upkeep_init(skad_node *node)
{
    uint64_t now_us = node->now.mono_us;
    node->upkeep = (skad_upkeep_state){
        .candidate_us = now_us,
        .refresh_us = now_us + SKAD_REFRESH_INTERVAL_US,
        .look_us = UINT64_MAX,
        .sweep_us = now_us + SKAD_SWEEP_INTERVAL_US,
    };
    node->table.buckets[0].refresh_us = now_us + SKAD_REFRESH_INTERVAL_US;
    if (!node->frugal) {
        node->upkeep.candidates = calloc(SKAD_CANDIDATES_MAX, sizeof *node->upkeep.candidates);
        node->upkeep.candidates_room = SKAD_CANDIDATES_MAX;
    }
    return node->frugal || node->upkeep.candidates != NULL ? SKAD_OK : SKAD_ERR_MEMORY;
}

void skad_upkeep_free(skad_node *node)
{
    free(node->upkeep.candidates);
}

/* ---- Strangers ---- */

static bool more_candidates(skad_upkeep_state *upkeep)
{
    skad_stranger *grown =
        skad_ring_grow(upkeep->candidates, sizeof *grown, upkeep->candidates_first,
                       SKAD_CANDIDATES_MAX, &upkeep->candidates_room);
    if (grown == NULL) {
        return false;
    }
    upkeep->candidates = grown;
    upkeep->candidates_first = 0;
    return true;
}

/* To a node that nobody answers any more, whoever asks it something is worth a ping, place or not:
 * his answer proves that its own network is up, and only then does the silence of others count.
 * Else a table full of the dead would stay shut for ever. A lookup begins only among those who
 * answer. */
static bool worth_a_ping(const skad_node *node, const skad_id *id, const skad_address *address)
{
    bool alone = !node->join.joined && node->join.lookup == 0;
    return alone || skad_table_wants(&node->table, id, address);
}

void skad_upkeep_consider(skad_node *node, const skad_id *id, const skad_address *address)
{
    skad_upkeep_state *upkeep = &node->upkeep;
    if (upkeep->candidates_count == SKAD_CANDIDATES_MAX || !worth_a_ping(node, id, address)) {
        return;
    }
    for (size_t i = 0; i < upkeep->candidates_count; i++) {
        size_t at = (upkeep->candidates_first + i) % upkeep->candidates_room;
        if (skad_id_equal(&upkeep->candidates[at].id, id)) {
            return;
        }
    }
    if (upkeep->candidates_count == upkeep->candidates_room && !more_candidates(upkeep)) {
        return;
    }
    size_t last = (upkeep->candidates_first + upkeep->candidates_count) % upkeep->candidates_room;
    upkeep->candidates[last] = (skad_stranger){.id = *id, .address = *address};
    upkeep->candidates_count++;
}

/* Strangers that do not answer must not take up what operations may have in flight (ask.h): anybody
 * could have them wait for ever with a request now and then. */
_Static_assert(SKAD_STRANGERS_ASKED_MAX <= SKAD_IN_FLIGHT_MAX / 4, "most is left to operations");

static void ping_candidate(skad_node *node)
{
    skad_upkeep_state *upkeep = &node->upkeep;
    if (upkeep->candidates_count == 0 || node->now.mono_us < upkeep->candidate_us) {
        return;
    }
    upkeep->candidate_us = node->now.mono_us + SKAD_CANDIDATE_INTERVAL_US;
    if (upkeep->strangers_asked == SKAD_STRANGERS_ASKED_MAX) {
        return;
    }
    const skad_stranger *stranger = &upkeep->candidates[upkeep->candidates_first];
    upkeep->candidates_first = (upkeep->candidates_first + 1) % upkeep->candidates_room;
    upkeep->candidates_count--;
    if (worth_a_ping(node, &stranger->id, &stranger->address) &&
        !skad_pending_asks(&node->pending, &stranger->id, &stranger->address)) {
        upkeep->strangers_asked +=
            skad_ask_ping(node, &stranger->id, &stranger->address, SKAD_PURPOSE_STRANGER);
    }
}

void skad_upkeep_stranger_over(skad_node *node)
{
    SKAD_ASSERT(node->upkeep.strangers_asked > 0);
    node->upkeep.strangers_asked--;
}

/* ---- Liveness ---- */

/* When somebody is asked whether or not a check is due, so that a network that is gone shows. */
static uint64_t rouse_us(const skad_node *node)
{
    uint64_t roused_us = node->upkeep.roused_us;
    return (node->heard_us > roused_us ? node->heard_us : roused_us) + SKAD_CHECK_INTERVAL_US;
}

static uint64_t checks_us(const skad_node *node)
{
    const skad_peers *peers = &node->table.peers;
    uint64_t rouse = rouse_us(node);
    uint64_t due_us = peers->due_us < rouse ? peers->due_us : rouse;
    if (peers->count == 0) {
        return UINT64_MAX;
    }
    return due_us > node->upkeep.rest_us ? due_us : node->upkeep.rest_us;
}

/* Checks are made in rounds with rests between them, so that a node does not wake for each peer,
 * nearly half of which have answered or asked something meanwhile. Who is kept out is not asked: it
 * counts as silent, and gives way as the silent do. */
static void check_peers(skad_node *node)
{
    if (node->now.mono_us < checks_us(node)) {
        return;
    }
    node->upkeep.rest_us = node->now.mono_us + SKAD_CHECK_REST_US;
    for (;;) {
        bool rouse = node->now.mono_us >= rouse_us(node);
        skad_peer_slot slot = skad_liveness_due(&node->table.peers, node->now.mono_us, rouse);
        node->upkeep.roused_us = rouse ? node->now.mono_us : node->upkeep.roused_us;
        if (slot == SKAD_PEER_NONE) {
            return;
        }
        const skad_peers *peers = &node->table.peers;
        const skad_id *id = &peers->peers[slot].id;
        skad_address address;
        bool reachable = skad_route_choose(peers, slot, node->families, &address);
        if (reachable && skad_bans_keep_out(&node->bans, id, &address, node->now.mono_us)) {
            skad_table_failed(&node->table, id, &address, node->now.mono_us);
            continue;
        }
        if (!reachable || !skad_ask_check(node, slot, &address)) {
            return;
        }
    }
}

/* ---- Refresh ---- */

void skad_upkeep_refresh_soon(skad_node *node)
{
    for (size_t i = 0; i < node->table.buckets_count; i++) {
        node->table.buckets[i].refresh_us =
            node->now.mono_us + skad_random_below(&node->random, SKAD_REFRESH_SOON_US);
    }
    node->upkeep.refresh_us = node->now.mono_us;
}

/* A random ID in the range of a bucket: our own up to the bucket's bit, that bit flipped (unless it
 * is the last bucket, which covers us), random behind it. */
static skad_id random_id_in(skad_node *node, size_t bucket)
{
    skad_id id;
    skad_random_bytes(&node->random, id.bytes, sizeof id.bytes);
    for (size_t bit = 0; bit <= bucket; bit++) {
        uint8_t mask = (uint8_t)(0x80U >> (bit % 8));
        uint8_t own = node->identity.id.bytes[bit / 8] & mask;
        bool flip = bit == bucket && bucket + 1 < node->table.buckets_count;
        if (bit == bucket && !flip) {
            break;
        }
        id.bytes[bit / 8] = (uint8_t)((id.bytes[bit / 8] & ~mask) | (flip ? own ^ mask : own));
    }
    return id;
}

/* A bucket that siblings cover gains nothing: whoever is known in its range is one, and who is not
 * has looked for us. So a node that has just joined refreshes what is farther away than its closest
 * neighbours (Kademlia, section 2.3). From then on one that is full of living peers gains nothing
 * either: they are checked, and for those who leave others wait or come (BEP 5 refreshes what did
 * not change for long, and an answer of a member is a change). The last one, which covers us, finds
 * siblings. */
static bool gains_by_refresh(const skad_node *node, size_t bucket)
{
    const skad_table *table = &node->table;
    if (bucket + 1 == table->buckets_count) {
        return true;
    }
    bool settled = node->now.mono_us - node->join.joined_us >= SKAD_REFRESH_SETTLE_US;
    size_t members = table->buckets[bucket].members_count;
    bool full = members == table->k && skad_buckets_silent_member(table, bucket) == members;
    return !(full && settled) && !skad_siblings_cover(table, bucket);
}

/* One bucket at a time; starting the lookup postpones the bucket's next refresh. */
static void refresh_bucket(skad_node *node)
{
    if (node->now.mono_us < node->upkeep.refresh_us) {
        return;
    }
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < node->table.buckets_count; i++) {
        bool due = node->join.joined && node->table.buckets[i].refresh_us <= node->now.mono_us;
        if (due && !gains_by_refresh(node, i)) {
            node->table.buckets[i].refresh_us = node->now.mono_us + SKAD_REFRESH_AGAIN_US;
        } else if (due) {
            skad_id target = random_id_in(node, i);
            if (skad_start_own(node, SKAD_OPERATION_REFRESH, &target, NULL) == 0) {
                node->upkeep.refresh_us = node->now.mono_us + SKAD_US_PER_S;
                return;
            }
        }
        if (node->table.buckets[i].refresh_us < next) {
            next = node->table.buckets[i].refresh_us;
        }
    }
    uint64_t soonest = node->now.mono_us + SKAD_US_PER_S;
    node->upkeep.refresh_us = next > soonest ? next : soonest;
}

/* ---- Our own neighbourhood ---- */

static void plan_look(skad_node *node, uint64_t pause_us)
{
    uint64_t jitter_us = skad_random_below(&node->random, pause_us / 4);
    node->upkeep.look_pause_us = pause_us;
    node->upkeep.look_us = node->now.mono_us + pause_us - jitter_us;
}

void skad_upkeep_look_around(skad_node *node)
{
    node->upkeep.neighbours_seen = node->table.neighbours_came - 1; /* the first look is worth it */
    node->upkeep.looks_grow = true;
    plan_look(node, SKAD_LOOK_PAUSE_US_MIN);
}

static void look_around(skad_node *node)
{
    skad_upkeep_state *upkeep = &node->upkeep;
    const skad_table *table = &node->table;
    if (node->now.mono_us < upkeep->look_us) {
        return;
    }
    bool few =
        table->siblings_count < SKAD_NEIGHBOURS && table->siblings_count < table->siblings_max;
    bool news = upkeep->looks_grow && upkeep->neighbours_seen != table->neighbours_came;
    upkeep->neighbours_seen = table->neighbours_came;
    if ((few || news) && node->join.joined) {
        (void)skad_start_own(node, SKAD_OPERATION_REFRESH, &node->identity.id, NULL);
    }
    upkeep->looks_grow = upkeep->look_pause_us < SKAD_LOOK_PAUSE_US_MAX;
    plan_look(node, upkeep->looks_grow ? SKAD_LOOK_PAUSE_FACTOR * upkeep->look_pause_us
                                       : SKAD_LOOK_PAUSE_US_MAX);
}

/* ---- Store and epochs ---- */

static void ask_for_nonce(skad_node *node, uint32_t epoch)
{
    if (node->upkeep.epoch_asked != epoch) {
        node->upkeep.epoch_asked = epoch;
        skad_node_tell(node, &(skad_event){.kind = SKAD_EVENT_PUZZLE_NEEDED, .u.epoch = epoch});
    }
}

static void watch_epoch(skad_node *node)
{
    uint32_t epoch = skad_profile_epoch(&node->profile, node->now.unix_s);
    uint64_t left_s = node->profile.epoch_s - node->now.unix_s % node->profile.epoch_s;
    if (skad_identity_nonce(&node->identity, epoch) == NULL) {
        ask_for_nonce(node, epoch);
    } else if (left_s <= node->profile.epoch_s / SKAD_EPOCH_AHEAD_DIVISOR &&
               skad_identity_nonce(&node->identity, epoch + 1) == NULL) {
        ask_for_nonce(node, epoch + 1);
    }
}

static void sweep(skad_node *node)
{
    if (node->now.mono_us < node->upkeep.sweep_us) {
        return;
    }
    node->upkeep.sweep_us = node->now.mono_us + SKAD_SWEEP_INTERVAL_US;
    node->store.ops->sweep(node->store.self, node->now.unix_s, SKAD_SWEEP_RECORDS_MAX);
    watch_epoch(node);
}

void skad_upkeep_tick(skad_node *node)
{
    ping_candidate(node);
    check_peers(node);
    look_around(node);
    refresh_bucket(node);
    sweep(node);
}

uint64_t skad_upkeep_deadline(const skad_node *node)
{
    const skad_upkeep_state *upkeep = &node->upkeep;
    uint64_t deadline = upkeep->sweep_us;
    uint64_t candidate = upkeep->candidates_count > 0 ? upkeep->candidate_us : UINT64_MAX;
    uint64_t others[] = {candidate, checks_us(node), upkeep->refresh_us, upkeep->look_us};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        deadline = others[i] < deadline ? others[i] : deadline;
    }
    return deadline;
}
