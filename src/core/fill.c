#include "src/core/fill.h"

#include "src/core/handover.h"
#include "src/core/upkeep.h"

skad_status skad_fill_known(skad_node *node, const skad_acquaintance *known, size_t count,
                            skad_time now)
{
    skad_table *table = &node->table;
    uint64_t first_us = UINT64_MAX;
    node->now = now;
    if (skad_peers_reserve(&table->peers, table->peers.count + count) != SKAD_OK) {
        return SKAD_ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t heard_us = known[i].heard_us;
        (void)skad_table_answered(table, known[i].id, known[i].address, known[i].rtt_us, heard_us);
        first_us = heard_us < first_us ? heard_us : first_us;
        node->heard_us = heard_us > node->heard_us ? heard_us : node->heard_us;
    }
    if (count > 0 && first_us + SKAD_CHECK_INTERVAL_US < node->upkeep.check_us) {
        node->upkeep.check_us = first_us + SKAD_CHECK_INTERVAL_US;
    }
    return SKAD_OK;
}

void skad_fill_joined(skad_node *node, skad_time now)
{
    node->now = now;
    node->join.joined = true;
    node->join.joined_us =
        now.mono_us > SKAD_HANDOVER_SETTLE_US ? now.mono_us - SKAD_HANDOVER_SETTLE_US : 0;
    node->join.hello_us = UINT64_MAX;
    node->heard_us = now.mono_us;
    node->upkeep.refresh_us = UINT64_MAX;
    for (size_t i = 0; i < node->table.buckets_count; i++) {
        skad_bucket *bucket = &node->table.buckets[i];
        bucket->refresh_us =
            now.mono_us + skad_random_below(&node->random, SKAD_REFRESH_INTERVAL_US);
        if (bucket->refresh_us < node->upkeep.refresh_us) {
            node->upkeep.refresh_us = bucket->refresh_us;
        }
    }
}
