#include "src/core/upkeep/matching.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/node/state.h"
#include "src/core/routing/distance.h"
#include "src/core/rpc/request.h"
#include "src/core/storage/responsibility.h"
#include "src/core/upkeep/offers.h"

#define NO_REGION UINT8_MAX /* bits of a region that no network has */

/* ---- Memory ---- */

skad_status skad_matching_init(skad_node *node)
{
    node->matching = (skad_matching){0};
    if (!node->lazy_allocation) {
        node->matching.lists = calloc(1, sizeof *node->matching.lists);
    }
    return node->lazy_allocation || node->matching.lists != NULL ? SKAD_OK : SKAD_ERR_MEMORY;
}

void skad_matching_free(skad_node *node)
{
    free(node->matching.lists);
    node->matching.lists = NULL;
}

/* Returns the lists; NULL without memory. */
static skad_match_lists *lists_of(skad_node *node)
{
    if (node->matching.lists == NULL) {
        node->matching.lists = calloc(1, sizeof *node->matching.lists);
    }
    return node->matching.lists;
}

/* ---- Our region ---- */

static unsigned region_bits(const skad_node *node)
{
    return skad_responsibility_bits(&node->table, &node->env.profile);
}

/* The digests of our own region. */
static skad_digests *own(skad_digests digests[static SKAD_MATCH_LEVELS])
{
    return &digests[SKAD_MATCH_BITS_APART];
}

/* The digests of a region of so many bits; NULL: it is too different from ours. */
static const skad_digests *find_level(const skad_digests digests[static SKAD_MATCH_LEVELS],
                                      unsigned bits)
{
    for (size_t i = 0; i < SKAD_MATCH_LEVELS; i++) {
        if (digests[i].bits == bits) {
            return &digests[i];
        }
    }
    return NULL;
}

/* Begins the digests of all sizes around that of our own region. */
static void begin_levels(skad_digests digests[static SKAD_MATCH_LEVELS], unsigned bits)
{
    for (unsigned i = 0; i < SKAD_MATCH_LEVELS; i++) {
        const unsigned level = bits + i;
        skad_digests_begin(
            &digests[i], level < SKAD_MATCH_BITS_APART ? NO_REGION : level - SKAD_MATCH_BITS_APART);
    }
}

static bool in_region(const skad_node *node, const skad_id *id, unsigned bits)
{
    return skad_common_prefix(&node->env.identity.id, id) >= bits;
}

/* Returns how many living contacts share our region, of the siblings. */
static size_t neighbours(const skad_node *node)
{
    const skad_table *table = &node->table;
    const unsigned bits = region_bits(node);
    size_t count = 0;
    while (count < table->siblings_count &&
           in_region(node, &table->peers.peers[table->siblings[count]].id, bits)) {
        count++;
    }
    return count;
}

uint64_t skad_matching_pause_us(skad_node *node)
{
    const uint64_t haste = neighbours(node) / SKAD_MATCH_CROWD;
    const uint64_t times = haste < 1 ? 1 : 3 * haste;
    const uint64_t bounded = times < SKAD_MATCH_HASTE_MAX ? times : SKAD_MATCH_HASTE_MAX;
    return skad_env_about_us(&node->env, skad_env_hour_us(&node->env) / bounded);
}

/* ---- Walks ---- */

/* A peer that is to be served twice is served once. Ranges of two regions have nothing in common:
 * of the larger one all are taken to differ. */
static void serve(skad_match_lists *lists, const skad_match_peer *peer)
{
    for (size_t i = 0; i < lists->served_count; i++) {
        skad_match_peer *known = &lists->served[i];
        if (skad_id_equal(&known->id, &peer->id)) {
            known->differs =
                known->bits == peer->bits ? known->differs | peer->differs : UINT64_MAX;
            known->bits = known->bits < peer->bits ? known->bits : peer->bits;
            return;
        }
    }
    lists->served[lists->served_count++] = *peer;
}

skad_matching_wait skad_matching_waits(const skad_node *node)
{
    const skad_match_lists *lists = node->matching.lists;
    if (lists != NULL && lists->answered_count > 0) {
        return SKAD_MATCHING_WAITS_FOR_OURS;
    }
    return lists != NULL && lists->came_count > 0 ? SKAD_MATCHING_WAITS_FOR_OTHERS
                                                  : SKAD_MATCHING_WAITS_NOT;
}

size_t skad_matching_begin(skad_node *node, bool round, skad_id ids[static SKAD_MATCH_SERVED_MAX])
{
    skad_matching *matching = &node->matching;
    matching->asks = round && node->tuning.neighbourhoods;
    skad_match_lists *lists = matching->asks ? lists_of(node) : matching->lists;
    if (lists == NULL) {
        return 0;
    }
    begin_levels(lists->walked, region_bits(node));
    lists->begun = true;
    lists->served_count = 0;
    for (size_t i = 0; i < lists->answered_count; i++) {
        serve(lists, &lists->answered[i]);
    }
    for (size_t i = 0; i < lists->came_count; i++) {
        serve(lists, &lists->came[i]);
    }
    lists->answered_count = 0;
    lists->came_count = 0;
    lists->drawn = false;
    for (size_t i = 0; i < lists->served_count; i++) {
        ids[i] = lists->served[i].id;
    }
    return lists->served_count;
}

/* Returns how many records may have been offered to a peer by the end of a range: an equal part for
 * each range that differs, and what the ranges before left over. A range that always differs thus
 * takes nothing from those behind it. */
static size_t offered_max(const skad_match_peer *peer, unsigned range)
{
    const uint64_t until = UINT64_MAX << (SKAD_MATCH_RANGES - 1 - range);
    const size_t all = (size_t)__builtin_popcountll(peer->differs);
    return SKAD_MATCH_RECORDS_MAX * (size_t)__builtin_popcountll(peer->differs & until) / all;
}

/* Offers a record to a peer that differs in its range. */
static void offer(skad_node *node, skad_match_peer *peer, const skad_store_record *record)
{
    const unsigned range = skad_digests_range(&record->name.key, peer->bits);
    if (skad_digests_differs(peer->differs, range) && peer->offered < offered_max(peer, range)) {
        peer->offered++;
        skad_offers_add(node, &peer->id, record);
    }
}

void skad_matching_record(skad_node *node, const skad_store_record *record)
{
    skad_match_lists *lists = node->matching.lists;
    const skad_id *key = &record->name.key;
    if (lists == NULL || !lists->begun || record->cached) {
        return;
    }
    for (size_t i = 0; i < SKAD_MATCH_LEVELS; i++) {
        if (lists->walked[i].bits != NO_REGION && in_region(node, key, lists->walked[i].bits)) {
            skad_digests_add(&lists->walked[i], &record->name, record->sequence);
        }
    }
    for (size_t i = 0; i < lists->served_count; i++) {
        skad_match_peer *peer = &lists->served[i];
        if (in_region(node, key, peer->bits)) {
            offer(node, peer, record);
        }
    }
}

/* ---- Asking ---- */

static skad_message match_of(skad_match_lists *lists)
{
    const skad_digests *held = own(lists->held);
    skad_message message;
    message.kind = SKAD_KIND_MATCH;
    message.u.match.bits = held->bits;
    message.u.match.digests = (skad_span){held->bytes, sizeof held->bytes};
    return message;
}

static void ask(skad_node *node, size_t index)
{
    skad_match_lists *lists = node->matching.lists;
    const skad_message message = match_of(lists);
    const skad_peers *peers = &node->table.peers;
    const skad_id *id = &lists->partners[index];
    const skad_peer_slot slot = skad_peers_find(peers, id);
    skad_address address;
    if (slot == SKAD_PEER_NONE || !skad_request_can_send(node) ||
        !skad_endpoint_choose(peers, slot, node->families, &address)) {
        return;
    }
    const skad_request request = {
        .message = &message,
        .address = &address,
        .responder = id,
        .purpose = SKAD_PURPOSE_MATCH,
        .owner = node->matching.round,
        .step = (uint16_t)index,
    };
    if (!skad_request_send(node, &request)) {
        node->stats.replicas_shed++;
    }
}

/* Draws a point in our region. */
static skad_id draw_point(skad_node *node, unsigned bits)
{
    const skad_id *self = &node->env.identity.id;
    skad_id point;
    skad_random_bytes(&node->env.random, point.bytes, sizeof point.bytes);
    memcpy(point.bytes, self->bytes, bits / 8);
    if (bits % 8 != 0) {
        const uint8_t ours = (uint8_t)(0xff00U >> (bits % 8));
        point.bytes[bits / 8] =
            (uint8_t)((self->bytes[bits / 8] & ours) | (point.bytes[bits / 8] & ~ours));
    }
    return point;
}

static bool is_partner(const skad_match_lists *lists, size_t count, const skad_id *id)
{
    for (size_t i = 0; i < count; i++) {
        if (skad_id_equal(&lists->partners[i], id)) {
            return true;
        }
    }
    return false;
}

static void ask_round(skad_node *node)
{
    skad_match_lists *lists = node->matching.lists;
    const skad_peers *peers = &node->table.peers;
    const unsigned bits = own(lists->held)->bits;
    const bool crowded = neighbours(node) >= (size_t)2 * SKAD_MATCH_CROWD;
    const size_t wanted = crowded ? SKAD_MATCH_CROWDED : SKAD_MATCH_PARTNERS;
    size_t count = 0;
    node->matching.round++;
    lists->asked_bits = (uint8_t)bits;
    for (size_t i = 0; i < wanted; i++) {
        const skad_id point = draw_point(node, bits);
        skad_peer_slot slot;
        if (skad_peers_closest(peers, &point, node->families, NULL, 1, &slot) == 1 &&
            in_region(node, &peers->peers[slot].id, bits) &&
            !is_partner(lists, count, &peers->peers[slot].id)) {
            lists->partners[count] = peers->peers[slot].id;
            ask(node, count++);
        }
    }
}

void skad_matching_end(skad_node *node)
{
    skad_match_lists *lists = node->matching.lists;
    if (lists == NULL || !lists->begun) {
        return;
    }
    lists->served_count = 0;
    memcpy(lists->held, lists->walked, sizeof lists->held);
    lists->complete = true;
    if (node->matching.asks) {
        ask_round(node);
    }
}

/* ---- Answers ---- */

void skad_matching_answered(skad_node *node, const skad_pending_rpc *rpc,
                            const skad_message *answer)
{
    skad_match_lists *lists = node->matching.lists;
    if (lists == NULL || rpc->owner != node->matching.round || rpc->step >= SKAD_MATCH_CROWDED) {
        return;
    }
    if (answer->kind == SKAD_KIND_MATCHED && answer->u.reply.u.matched.differs != 0 &&
        lists->answered_count < SKAD_MATCH_CROWDED) {
        lists->answered[lists->answered_count++] =
            (skad_match_peer){.id = rpc->responder,
                              .bits = lists->asked_bits,
                              .differs = answer->u.reply.u.matched.differs};
    }
}

bool skad_matching_again(skad_node *node, const skad_pending_rpc *rpc)
{
    skad_match_lists *lists = node->matching.lists;
    if (lists == NULL || rpc->owner != node->matching.round ||
        own(lists->held)->bits != lists->asked_bits) {
        return false;
    }
    const skad_message message = match_of(lists);
    skad_request_again(node, rpc, &message);
    return true;
}

/* ---- What others ask ---- */

/* Returns the lot of a node until the next walk. */
static uint64_t lot_of(const skad_match_lists *lists, const skad_id *id)
{
    return skad_table_hash(lists->lots_key, id->bytes, sizeof id->bytes);
}

/* Finds the place of one that competes with as many as there are places for: that of the highest
 * lot, if that is higher than its own. SKAD_MATCH_PARTNERS: none. */
static size_t compete(skad_node *node, skad_match_lists *lists, const skad_id *id)
{
    if (!lists->drawn) {
        skad_random_bytes(&node->env.random, lists->lots_key, sizeof lists->lots_key);
        lists->drawn = true;
    }
    size_t at = SKAD_MATCH_PARTNERS;
    uint64_t highest = lot_of(lists, id);
    for (size_t i = 0; i < SKAD_MATCH_PARTNERS; i++) {
        const uint64_t lot = lot_of(lists, &lists->came[i].id);
        if (lot > highest) {
            highest = lot;
            at = i;
        }
    }
    return at;
}

/* Notes one that asked. Of more than there are places for, each is as likely to have one, however
 * often it asks. */
static void note(skad_node *node, skad_match_lists *lists, const skad_match_peer *peer)
{
    for (size_t i = 0; i < lists->came_count; i++) {
        if (skad_id_equal(&lists->came[i].id, &peer->id)) {
            lists->came[i] = *peer;
            return;
        }
    }
    const size_t at = lists->came_count < SKAD_MATCH_PARTNERS ? lists->came_count++
                                                              : compete(node, lists, &peer->id);
    if (at < SKAD_MATCH_PARTNERS) {
        lists->came[at] = *peer;
    }
}

bool skad_matching_shares(const skad_node *node, const skad_id *from, unsigned bits)
{
    return node->tuning.neighbourhoods && in_region(node, from, bits) &&
           bits + SKAD_MATCH_BITS_APART >= region_bits(node);
}

/* Returns the ranges of a region that lie in ours as well: all, unless it is larger. */
static uint64_t shared_ranges(const skad_node *node, unsigned bits)
{
    uint64_t shared = 0;
    for (unsigned range = 0; range < SKAD_MATCH_RANGES; range++) {
        const skad_id *self = &node->env.identity.id;
        const unsigned more = region_bits(node) > bits ? region_bits(node) - bits : 0;
        const unsigned ours = skad_digests_range(self, bits);
        const bool is_shared = more >= SKAD_RANGE_BITS
                                   ? range == ours
                                   : (range ^ ours) >> (SKAD_RANGE_BITS - more) == 0;
        shared = shared << 1 | is_shared;
    }
    return shared;
}

uint64_t skad_matching_asked(skad_node *node, const skad_id *from, unsigned bits,
                             const uint8_t digests[static SKAD_MATCH_BYTES])
{
    const skad_match_lists *known = node->matching.lists;
    const skad_digests *held =
        known != NULL && known->complete ? find_level(known->held, bits) : NULL;
    const uint64_t all = held == NULL ? UINT64_MAX : skad_digests_differ(held->bytes, digests);
    const uint64_t differs = all & shared_ranges(node, bits);
    const skad_peers *peers = &node->table.peers;
    if (differs != 0 && skad_peers_alive(peers, skad_peers_find(peers, from))) {
        skad_match_lists *lists = lists_of(node);
        if (lists != NULL) {
            note(node, lists,
                 &(skad_match_peer){.id = *from, .bits = (uint8_t)bits, .differs = differs});
        }
    }
    return differs;
}
