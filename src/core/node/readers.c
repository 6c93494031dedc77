#include "src/core/node/readers.h"

#include <stdint.h>

#include "crypto/assert.h"
#include "src/core/node/state.h"

#define CLOSEST_MAX 64
#define LINE_BYTES  64 /* of a cache; wrong on some processors, which costs a little time */

size_t skad_node_closest(const skad_node *node, const skad_id *target, unsigned families,
                         const skad_id *except, size_t max, skad_contact *out)
{
    skad_peer_slot slots[CLOSEST_MAX];
    SKAD_ASSERT(max <= CLOSEST_MAX);
    size_t count = skad_peers_closest(&node->table.peers, target, families, except, max, slots);
    for (size_t i = 0; i < count; i++) {
        skad_table_contact(&node->table, slots[i], &out[i]);
    }
    return count;
}

bool skad_node_is_member(const skad_node *node, const skad_id *id)
{
    skad_peer_slot slot = skad_peers_find(&node->table.peers, id);
    return slot != SKAD_PEER_NONE &&
           (node->table.peers.peers[slot].roles & SKAD_PEER_IN_BUCKET) != 0;
}

bool skad_node_token_valid(const skad_node *node, const skad_address *from, const skad_id *sender,
                           const uint8_t *token, skad_time now)
{
    return skad_token_ok(node->env.token_key, from, sender, now.mono_us, token);
}

/* `from` may be NULL, for memory that is not there yet. */
static void fetch(const void *from, size_t bytes)
{
    const uint8_t *line = from;
    for (size_t i = 0; line != NULL && i < bytes; i += LINE_BYTES) {
        __builtin_prefetch(line + i);
    }
}

void skad_node_prefetch(const skad_node *node)
{
    fetch(node, sizeof *node);
}

void skad_node_prefetch_tables(const skad_node *node, bool ticks)
{
    const skad_peers *peers = &node->table.peers;
    fetch(peers->prefixes, peers->high_water * sizeof *peers->prefixes);
    if (ticks) {
        fetch(peers->checks_ms, peers->high_water * sizeof *peers->checks_ms);
    }
    fetch(node->pending.due_us, node->pending.high_water * sizeof *node->pending.due_us);
    fetch(node->pending.rpcs, node->pending.high_water * sizeof *node->pending.rpcs);
    fetch(node->duplicates.fingerprints,
          (node->duplicates.mask + 1) * sizeof *node->duplicates.fingerprints);
    fetch(node->table.buckets, node->table.buckets_count * sizeof *node->table.buckets);
    fetch(node->observed.votes[0], SKAD_OBSERVED_VOTES * sizeof *node->observed.votes[0]);
}
