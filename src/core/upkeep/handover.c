#include "src/core/upkeep/handover.h"

#include <stdlib.h>
#include <string.h>

#include "proto/address.h"
#include "src/core/node/state.h"
#include "src/core/operations/replicate.h"
#include "src/core/routing/distance.h"
#include "src/core/storage/responsibility.h"
#include "src/core/upkeep/matching.h"

#define MISSED_MARGIN_S 60 /* records that were on their way */

/* Plans the next walk for all records. */
static void plan_round(skad_node *node)
{
    node->handover.round_us = node->env.now.mono_us + skad_matching_pause_us(node);
}

/* Allocates two lists in one array. They swap roles with each walk. */
static skad_status allocate(skad_handover_state *state)
{
    state->arrived = calloc((size_t)2 * SKAD_NEWCOMERS_MAX, sizeof *state->arrived);
    if (state->arrived == NULL) {
        return SKAD_ERR_MEMORY;
    }
    state->served = state->arrived + SKAD_NEWCOMERS_MAX;
    return SKAD_OK;
}

skad_status skad_handover_init(skad_node *node)
{
    node->handover = (skad_handover_state){.step_us = UINT64_MAX};
    node->handover.round_us =
        node->env.now.mono_us + skad_env_about_us(&node->env, SKAD_HANDOVER_FIRST_US);
    return node->lazy_allocation ? SKAD_OK : allocate(&node->handover);
}

void skad_handover_free(skad_node *node)
{
    skad_handover_state *state = &node->handover;
    skad_offers_end(node);
    free(state->arrived < state->served ? state->arrived : state->served);
    state->arrived = NULL;
    state->served = NULL;
}

/* Returns when a walk begins for peers that arrive about now. */
static uint64_t walk_soon_us(skad_node *node)
{
    return node->env.now.mono_us + SKAD_HANDOVER_DELAY_US +
           skad_random_below(&node->env.random, SKAD_HANDOVER_DELAY_US);
}

/* ---- Newcomers ---- */

static bool listed(const skad_id *list, size_t count, const skad_id *id)
{
    for (size_t i = 0; i < count; i++) {
        if (skad_id_equal(&list[i], id)) {
            return true;
        }
    }
    return false;
}

/* Whether we joined long enough ago. To a node that has just joined, every peer seems to arrive. */
static bool settled(const skad_node *node)
{
    return node->join.joined &&
           node->env.now.mono_us - node->join.joined_us >= SKAD_HANDOVER_SETTLE_US;
}

/* Returns when a newcomer was last served; 0: never. */
static uint64_t served_us(const skad_node *node, const skad_id *id)
{
    const skad_peers *peers = &node->table.peers;
    skad_peer_slot slot = skad_peers_find(peers, id);
    const skad_peer_cold *cold = slot == SKAD_PEER_NONE ? NULL : skad_peers_cold(peers, slot);
    return cold == NULL ? 0 : cold->handed_us;
}

/* Remembers that the walk serves those who arrived. */
static void note_served(skad_node *node)
{
    const skad_handover_state *state = &node->handover;
    skad_peers *peers = &node->table.peers;
    for (size_t i = 0; i < state->served_count; i++) {
        skad_peer_slot slot = skad_peers_find(peers, &state->served[i]);
        skad_peer_cold *cold = slot == SKAD_PEER_NONE ? NULL : skad_peers_cold_of(peers, slot);
        skad_address address;
        if (cold != NULL) {
            const uint32_t print = skad_endpoint_choose(peers, slot, node->families, &address)
                                       ? skad_endpoint_token_print(peers, slot, &address)
                                       : 0;
            const bool again = print == cold->handed_token && cold->cut_short;
            cold->made_good = again || (cold->made_good && print == cold->handed_token);
            cold->cut_short = false;
            cold->handed_us = node->env.now.mono_us;
            cold->handed_token = print;
            skad_handed_note(&node->handed, &state->served[i], print, node->env.now.mono_us);
        }
    }
}

/* Gives a newcomer the place of the one that was served last, if that was after the newcomer. */
static void compete(skad_node *node, const skad_id *id)
{
    skad_handover_state *state = &node->handover;
    uint64_t latest_us = served_us(node, id);
    skad_id *latest = NULL;
    for (size_t i = 0; i < state->arrived_count; i++) {
        uint64_t us = served_us(node, &state->arrived[i]);
        if (us > latest_us) {
            latest_us = us;
            latest = &state->arrived[i];
        }
    }
    if (latest != NULL) {
        *latest = *id;
    }
    node->stats.replicas_shed++;
}

/* Remembers those that fell silent while they were served, or refused. Once in the time of a token
 * they are served all again when they are back. */
static void note_cut_short(skad_node *node)
{
    const skad_handover_state *state = &node->handover;
    skad_peers *peers = &node->table.peers;
    for (size_t i = 0; i < state->served_count; i++) {
        const skad_peer_slot slot = skad_peers_find(peers, &state->served[i]);
        if (slot != SKAD_PEER_NONE && skad_peers_cold(peers, slot) != NULL) {
            skad_peer_cold *cold = skad_peers_cold_of(peers, slot);
            cold->cut_short = !cold->made_good && skad_offers_given_up(node, &state->served[i]);
        }
    }
}

/* Whether a peer was served since it grants us the token that we have of it. */
static bool served_before(skad_node *node, skad_peer_slot slot, const skad_address *from)
{
    const skad_peers *peers = &node->table.peers;
    uint32_t print = skad_endpoint_token_print(peers, slot, from);
    const skad_peer_cold *cold = skad_peers_cold(peers, slot);
    const bool short_now =
        cold != NULL && !cold->made_good && skad_offers_given_up(node, &peers->peers[slot].id);
    return cold != NULL && print != 0 && cold->handed_token == print && !cold->cut_short &&
           !short_now;
}

/* Lets the next walk serve a peer. */
static void add_newcomer(skad_node *node, const skad_id *id)
{
    skad_handover_state *state = &node->handover;
    if (!settled(node) || listed(state->arrived, state->arrived_count, id)) {
        return;
    }
    if (state->arrived_count == SKAD_NEWCOMERS_MAX) {
        compete(node, id);
        return;
    }
    if (state->arrived == NULL && allocate(state) != SKAD_OK) {
        node->stats.replicas_shed++;
        return;
    }
    state->arrived[state->arrived_count++] = *id;
    const uint64_t round_us = node->env.now.mono_us + skad_matching_pause_us(node);
    state->round_us = round_us < state->round_us ? round_us : state->round_us;
    if (!state->walking && !state->newcomers_due) {
        const uint64_t due_us = walk_soon_us(node);
        state->newcomers_due = true;
        state->step_us = due_us < state->step_us ? due_us : state->step_us;
    }
}

/* The table may have forgotten meanwhile that it was served. Another token, as of another process,
 * counts no sooner than another suspicion of a restart. */
static void recall(skad_node *node, skad_peer_slot slot, const skad_address *from)
{
    skad_peers *peers = &node->table.peers;
    const skad_handed_peer *handed = skad_handed_find(&node->handed, &peers->peers[slot].id);
    const skad_peer_cold *known = skad_peers_cold(peers, slot);
    if (handed == NULL || (known != NULL && known->handed_us != 0)) {
        return;
    }
    skad_peer_cold *cold = skad_peers_cold_of(peers, slot);
    if (cold != NULL) {
        const bool soon = node->env.now.mono_us - handed->us < SKAD_HANDOVER_AGAIN_US;
        cold->handed_us = handed->us;
        cold->handed_token = soon ? skad_endpoint_token_print(peers, slot, from) : handed->token;
        cold->made_good = true;
    }
}

void skad_handover_arrived(skad_node *node, skad_peer_slot slot, const skad_address *from)
{
    recall(node, slot, from);
    const bool knows = served_before(node, slot, from);
    if (skad_peers_cold(&node->table.peers, slot) != NULL) {
        skad_peer_cold *cold = skad_peers_cold_of(&node->table.peers, slot);
        const uint64_t ago_s =
            (node->env.now.mono_us - cold->handed_us) / SKAD_US_PER_S + MISSED_MARGIN_S;
        cold->anew = false;
        cold->since_unix_s = !knows                         ? 0
                             : node->env.now.unix_s > ago_s ? node->env.now.unix_s - ago_s
                                                            : 1;
    }
    add_newcomer(node, &node->table.peers.peers[slot].id);
}

void skad_handover_leave(skad_node *node)
{
    const skad_table *table = &node->table;
    for (size_t i = 0; i < table->siblings_count && i < SKAD_NEWCOMERS_MAX; i++) {
        if (skad_peers_alive(&table->peers, table->siblings[i])) {
            add_newcomer(node, &table->peers.peers[table->siblings[i]].id);
        }
    }
}

bool skad_handover_suspect(skad_node *node, const skad_id *id, const skad_address *from)
{
    skad_peer_slot slot = skad_peers_find(&node->table.peers, id);
    if (slot == SKAD_PEER_NONE) {
        return false;
    }
    const skad_peer *peer = &node->table.peers.peers[slot];
    bool near = (peer->roles & SKAD_PEER_IN_SIBLINGS) != 0 && !skad_peer_unresponsive(peer);
    if (!near || !skad_endpoint_is(&node->table.peers, slot, from)) {
        return false;
    }
    skad_peer_cold *cold = skad_peers_cold_of(&node->table.peers, slot);
    if (cold == NULL ||
        (cold->anew_us != 0 && node->env.now.mono_us - cold->anew_us < SKAD_HANDOVER_AGAIN_US)) {
        return false;
    }
    cold->anew_us = node->env.now.mono_us;
    cold->anew = true;
    return true;
}

bool skad_handover_suspects(const skad_node *node, skad_peer_slot slot)
{
    const skad_peer_cold *cold = skad_peers_cold(&node->table.peers, slot);
    return cold != NULL && cold->anew;
}

/* ---- One record ---- */

/* The s nodes closest to a record's key that we know to be alive. */
typedef struct closest_nodes {
    skad_peer_slot slots[SKAD_K_MAX];
    size_t count;
    size_t rank;   /* how many of them are closer than we are */
    size_t before; /* how many of these were there before the newcomers that are served */
    size_t owing;  /* how many of them are of the s closest; we may be one ourselves */
} closest_nodes;

static closest_nodes closest_to(const skad_node *node, const skad_id *key)
{
    const skad_peers *peers = &node->table.peers;
    closest_nodes closest;
    closest.count = skad_peers_closest(peers, key, node->families, NULL, node->env.profile.siblings,
                                       closest.slots);
    closest.rank = 0;
    closest.before = 0;
    while (closest.rank < closest.count &&
           skad_distance_compare(key, &peers->peers[closest.slots[closest.rank]].id,
                                 &node->env.identity.id) < 0) {
        const skad_id *closer = &peers->peers[closest.slots[closest.rank++]].id;
        closest.before += !listed(node->handover.served, node->handover.served_count, closer);
    }
    size_t s = node->env.profile.siblings;
    size_t others = closest.rank < s ? s - 1 : s;
    closest.owing = closest.count < others ? closest.count : others;
    return closest;
}

/* The rendezvous weight decides which node sends. It is made of the last bytes of the IDs, which
 * are hashes, so all that hold a record agree without a message, and each newcomer and each record
 * has other senders. */
static uint64_t weight(const skad_id *holder, const skad_id *newcomer, const skad_id *key)
{
    uint64_t weight = 0;
    for (size_t i = SKAD_ID_BYTES - sizeof weight; i < SKAD_ID_BYTES; i++) {
        weight = weight << 8 | (uint8_t)(holder->bytes[i] ^ newcomer->bytes[i] ^ key->bytes[i]);
    }
    return weight;
}

/* Whether we are one of the senders, among those of the s closest that did not just arrive. */
static bool gives(const skad_node *node, const closest_nodes *closest, const skad_id *newcomer,
                  const skad_id *key)
{
    const skad_handover_state *state = &node->handover;
    uint64_t ours = weight(&node->env.identity.id, newcomer, key);
    size_t before = 0;
    for (size_t i = 0; i < closest->owing; i++) {
        const skad_id *other = &node->table.peers.peers[closest->slots[i]].id;
        before += !listed(state->served, state->served_count, other) &&
                  weight(other, newcomer, key) < ours;
    }
    return before < SKAD_HANDOVER_SENDERS;
}

/* Whether a peer that is served may lack a record: one that is still the process it was has what
 * was brought before it was served last. */
static bool lacks(const skad_node *node, skad_peer_slot slot, const skad_store_record *record)
{
    const skad_peer_cold *cold = skad_peers_cold(&node->table.peers, slot);
    return cold == NULL || record->stored_unix_s >= cold->since_unix_s;
}

static void give(skad_node *node, const skad_store_record *record, const closest_nodes *closest)
{
    const skad_handover_state *state = &node->handover;
    for (size_t i = 0; i < closest->owing; i++) {
        const skad_id *id = &node->table.peers.peers[closest->slots[i]].id;
        if (listed(state->served, state->served_count, id) &&
            lacks(node, closest->slots[i], record) && gives(node, closest, id, &record->name.key)) {
            skad_offers_add(node, id, record);
        }
    }
}

/* Turns a record that we are no longer responsible for into a copy with a short life, unless it is
 * one already. */
static void demote(skad_node *node, const skad_store_record *record)
{
    uint64_t last = record->stored_unix_s + SKAD_HANDOVER_DEMOTE_S;
    uint8_t bytes[SKAD_STORED_BYTES_MAX];
    if (record->cached || record->expires_unix_s <= last) {
        return;
    }
    skad_responsibility responsibility = skad_responsibility_of(
        &node->table, &node->env.profile, &record->name.key, node->tuning.neighbourhoods);
    if (skad_is_responsible(&responsibility)) {
        return;
    }
    skad_store_record cut = *record;
    memcpy(bytes, record->data, record->len);
    cut.data = bytes;
    cut.cached = true;
    cut.expires_unix_s = last;
    if (node->store.ops->put(node->store.self, SKAD_STORE_REPLICAS, &cut, node->env.now.unix_s) ==
        SKAD_OK) {
        node->stats.demoted++;
    }
}

/* Hands one record over where that is needed. A node that a newcomer displaced from the s closest
 * hands over, too: the others may lack the record. */
static void look_at(skad_node *node, const skad_store_record *record)
{
    if (record->expires_unix_s <= node->env.now.unix_s) {
        return; /* left to the sweep */
    }
    skad_matching_record(node, record);
    closest_nodes closest = closest_to(node, &record->name.key);
    if (node->handover.served_count > 0 && closest.before < node->env.profile.siblings) {
        give(node, record, &closest);
    }
    if (closest.rank >= node->env.profile.siblings) {
        demote(node, record);
    }
}

/* ---- The walk ---- */

void skad_handover_waited_for(skad_node *node)
{
    skad_handover_state *state = &node->handover;
    const skad_matching_wait wait = skad_matching_waits(node);
    if (state->walking || wait == SKAD_MATCHING_WAITS_NOT) {
        return;
    }
    const uint64_t rested_us = state->walked_us + SKAD_HANDOVER_REST_US;
    uint64_t due_us = walk_soon_us(node);
    if (wait == SKAD_MATCHING_WAITS_FOR_OTHERS && due_us < rested_us) {
        due_us = rested_us;
    }
    state->step_us = due_us < state->step_us ? due_us : state->step_us;
}

void skad_handover_compare(skad_node *node)
{
    skad_handover_state *state = &node->handover;
    const uint64_t soon_us = walk_soon_us(node);
    state->round_us = soon_us < state->round_us ? soon_us : state->round_us;
}

static void begin_walk(skad_node *node)
{
    skad_handover_state *state = &node->handover;
    const bool round = node->env.now.mono_us >= state->round_us;
    skad_id *arrived = state->arrived;
    skad_id to[SKAD_NEWCOMERS_MAX + SKAD_MATCH_SERVED_MAX];
    state->arrived = state->served;
    state->served = arrived;
    state->served_count = state->arrived_count;
    state->arrived_count = 0;
    state->walking = true;
    state->newcomers_due = false;
    state->walked_us = node->env.now.mono_us;
    memset(&state->from, 0, sizeof state->from);
    note_served(node);
    if (state->served_count > 0) {
        memcpy(to, state->served, state->served_count * sizeof to[0]);
    }
    const size_t matched = skad_matching_begin(node, round, &to[state->served_count]);
    skad_offers_begin(node, to, state->served_count + matched);
    if (round) {
        plan_round(node);
    }
}

static void end_walk(skad_node *node)
{
    skad_handover_state *state = &node->handover;
    state->walking = false;
    note_cut_short(node);
    skad_offers_end(node);
    skad_matching_end(node);
    state->served_count = 0;
    if (node->lazy_allocation && state->arrived_count == 0) {
        skad_handover_free(node);
    }
    state->newcomers_due = state->arrived_count > 0;
    state->step_us =
        state->newcomers_due ? node->env.now.mono_us + SKAD_HANDOVER_DELAY_US : UINT64_MAX;
    skad_handover_waited_for(node);
}

static void step(skad_node *node)
{
    skad_handover_state *state = &node->handover;
    const skad_store *store = &node->store;
    skad_store_record record;
    state->step_us = node->env.now.mono_us + SKAD_HANDOVER_STEP_US;
    if (!skad_offers_settle(node, SKAD_HANDOVER_REPLICAS)) {
        return;
    }
    for (size_t i = 0; i < SKAD_HANDOVER_RECORDS && !skad_offers_full(node); i++) {
        if (!skad_replicate_may(node)) {
            return; /* the next step examines the record again */
        }
        if (!store->ops->next(store->self, SKAD_STORE_REPLICAS, &state->from, &record)) {
            if (!skad_offers_ask(node)) {
                end_walk(node);
            }
            return;
        }
        look_at(node, &record);
    }
    if (skad_offers_full(node)) {
        (void)skad_offers_ask(node);
    }
}

void skad_handover_tick(skad_node *node)
{
    skad_handover_state *state = &node->handover;
    if (!node->join.joined) {
        return;
    }
    bool due = node->env.now.mono_us >= state->step_us || node->env.now.mono_us >= state->round_us;
    if (!state->walking && due) {
        begin_walk(node);
        step(node);
    } else if (state->walking && node->env.now.mono_us >= state->step_us) {
        step(node);
    }
}

uint64_t skad_handover_deadline(const skad_node *node)
{
    const skad_handover_state *state = &node->handover;
    if (!node->join.joined) {
        return UINT64_MAX;
    }
    if (state->walking) {
        return state->step_us;
    }
    return state->step_us < state->round_us ? state->step_us : state->round_us;
}
