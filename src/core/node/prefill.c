#include "src/core/node/prefill.h"

#include "src/core/node/state.h"
#include "src/core/routing/buckets.h"
#include "src/core/routing/liveness.h"
#include "src/core/upkeep/handover.h"

static void meet(skad_table *table, const skad_acquaintance *met)
{
    skad_peer_slot slot =
        skad_table_answered(table, met->id, met->address, met->rtt_us, met->first_seen_us);
    if (slot != SKAD_PEER_NONE && met->heard_us != met->first_seen_us) {
        skad_peers_heard(&table->peers, slot, met->heard_us);
        skad_liveness_next(&table->peers, slot, met->heard_us);
    }
}

skad_status skad_prefill_known(skad_node *node, const skad_acquaintance *known, size_t count,
                               skad_time now)
{
    skad_table *table = &node->table;
    node->env.now = now;
    if (skad_peers_reserve(&table->peers, table->peers.count + count) != SKAD_OK) {
        return SKAD_ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        meet(table, &known[i]);
        skad_round_trips_note(&node->round_trips, known[i].address->family, known[i].rtt_us);
        node->heard_us = known[i].heard_us > node->heard_us ? known[i].heard_us : node->heard_us;
    }
    skad_buckets_order(table);
    skad_liveness_plan(&table->peers, now.mono_us);
    return SKAD_OK;
}

void skad_prefill_mean_life(skad_node *node, uint64_t mean_life_us)
{
    skad_lifetimes_init(&node->table.peers.lifetimes, mean_life_us);
}

void skad_prefill_visited(skad_node *node, const skad_id *target, uint64_t distance)
{
    skad_places_visited(&node->table.places, &node->table.self, target, distance);
}

void skad_prefill_joined(skad_node *node, skad_time now)
{
    node->env.now = now;
    node->join.joined = true;
    node->join.joined_us =
        now.mono_us > SKAD_HANDOVER_SETTLE_US ? now.mono_us - SKAD_HANDOVER_SETTLE_US : 0;
    node->join.hello_us = UINT64_MAX;
    node->heard_us = now.mono_us;
    node->refresh.due_us = UINT64_MAX;
    for (size_t i = 0; i < node->table.buckets_count; i++) {
        skad_bucket *bucket = &node->table.buckets[i];
        bucket->refresh_us =
            now.mono_us + skad_random_below(&node->env.random, SKAD_REFRESH_INTERVAL_US);
        if (bucket->refresh_us < node->refresh.due_us) {
            node->refresh.due_us = bucket->refresh_us;
        }
    }
}
