#include "src/core/routing/siblings.h"

#include <string.h>

#include "src/core/routing/distance.h"
#include "src/core/routing/slot_list.h"

static skad_peer *peer_at(const skad_table *table, skad_peer_slot slot)
{
    return &table->peers.peers[slot];
}

void skad_siblings_remove(skad_table *table, skad_peer_slot slot)
{
    size_t at = skad_slot_list_find(table->siblings, table->siblings_count, slot);
    if (at < table->siblings_count) {
        peer_at(table, slot)->roles &= (uint8_t)~SKAD_PEER_IN_SIBLINGS;
        skad_slot_list_remove(table->siblings, &table->siblings_count, at);
    }
}

bool skad_siblings_want(const skad_table *table, const skad_id *id)
{
    if (table->siblings_count < table->siblings_max) {
        return true;
    }
    if (table->siblings_max == 0) {
        return false;
    }
    const skad_peer *farthest = peer_at(table, table->siblings[table->siblings_count - 1]);
    return skad_distance_compare(&table->self, id, &farthest->id) < 0;
}

/* Returns the position in the list where an ID belongs. */
static size_t siblings_rank(const skad_table *table, const skad_id *id)
{
    size_t low = 0;
    size_t high = table->siblings_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const skad_id *other = &peer_at(table, table->siblings[middle])->id;
        if (skad_distance_compare(&table->self, id, other) < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

bool skad_siblings_cover(const skad_table *table, size_t bucket)
{
    if (table->siblings_count == 0 || table->siblings_count < table->siblings_max) {
        return false;
    }
    const skad_peer *farthest = peer_at(table, table->siblings[table->siblings_count - 1]);
    return skad_table_bucket_of(table, &farthest->id) < bucket;
}

void skad_siblings_add(skad_table *table, skad_peer_slot slot)
{
    const skad_id *id = &peer_at(table, slot)->id;
    if (!skad_siblings_want(table, id)) {
        return;
    }
    bool full = table->siblings_count == table->siblings_max;
    if (full) {
        skad_peer_slot farthest = table->siblings[--table->siblings_count];
        peer_at(table, farthest)->roles &= (uint8_t)~SKAD_PEER_IN_SIBLINGS;
        skad_peers_release(&table->peers, farthest);
    }
    size_t at = siblings_rank(table, id);
    memmove(&table->siblings[at + 1], &table->siblings[at],
            (table->siblings_count - at) * sizeof table->siblings[0]);
    table->siblings[at] = slot;
    table->siblings_count++;
    table->neighbours_came += at < SKAD_NEIGHBOURS || !full;
    peer_at(table, slot)->roles |= SKAD_PEER_IN_SIBLINGS;
}
