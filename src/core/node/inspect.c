/* What a node reports about itself: statistics and the rows of its routing table.
 * Changes nothing. */
#include <string.h>

#include "skad/audit.h"
#include "src/core/base/instant.h"
#include "src/core/node/state.h"
#include "src/core/routing/density.h"
#include "src/core/routing/distance.h"
#include "src/core/storage/responsibility.h"

static void count_peers(const skad_node *node, skad_node_stats *out)
{
    const skad_table *table = &node->table;
    size_t silent = 0;
    size_t neighbours = 0;
    out->depth = (uint16_t)skad_responsibility_bits(table, &node->env.profile);
    for (size_t i = 0; i < table->peers.high_water; i++) {
        const skad_peer *peer = &table->peers.peers[i];
        const bool answers = !skad_peer_unresponsive(peer);
        silent += peer->roles != 0 && !answers;
        neighbours += (peer->roles & SKAD_PEER_USABLE_ROLES) != 0 && answers &&
                      skad_common_prefix(&table->self, &peer->id) >= out->depth;
    }
    out->peers = (uint16_t)skad_table_living(table);
    out->peers_unresponsive = (uint16_t)silent;
    out->neighbours = (uint16_t)neighbours;
}

void skad_node_stats_get(const skad_node *node, skad_time now, skad_node_stats *out)
{
    *out = node->stats;
    out->answers_shed = node->answers.shed;
    count_peers(node, out);
    out->siblings = (uint16_t)node->table.siblings_count;
    out->buckets = (uint16_t)node->table.buckets_count;
    out->pending = (uint16_t)skad_pending_count(&node->pending);
    out->operations = (uint16_t)node->operations.taken;
    out->watches = (uint16_t)node->watches.taken;
    out->relays = (uint16_t)node->relays.count;
    out->joined = node->join.joined;
    out->loaded = node->admission.loaded || node->admission.pressed;
    out->reach[0] = (uint8_t)node->reachability.families[0].verdict;
    out->reach[1] = (uint8_t)node->reachability.families[1].verdict;
    out->clients = node->env.clients & (uint8_t)node->families;
    out->guarded = node->env.guarded & (uint8_t)node->families;
    out->observed[0] = skad_observed_address(&node->observed, 0, now.mono_us);
    out->observed[1] = skad_observed_address(&node->observed, 1, now.mono_us);
    out->twin = skad_twin_address(node, now.mono_us);
    out->epoch = skad_profile_epoch(&node->env.profile, now.unix_s);
    out->network_size = skad_density_network_size(
        skad_density_radius(&node->table, node->env.profile.siblings), node->env.profile.siblings);
    node->store.ops->totals(node->store.self, &out->store);
}

static void fill_row(const skad_node *node, skad_time now, skad_peer_slot slot, size_t bucket,
                     skad_table_row *row)
{
    const skad_peer *peer = &node->table.peers.peers[slot];
    *row = (skad_table_row){
        .order = (uint16_t)skad_common_prefix(&node->table.self, &peer->id),
        .bucket = (uint16_t)bucket,
        .sibling = (peer->roles & SKAD_PEER_IN_SIBLINGS) != 0,
        .replacement = (peer->roles & SKAD_PEER_IN_CACHE) != 0,
        .failures = peer->failures,
        .rtt_us = peer->rtt.smoothed_us,
        .last_seen_us = skad_instant_since_ms(peer->last_seen, now.mono_us) * SKAD_US_PER_MS,
        .first_seen_us = skad_second_since_s(peer->first_seen, now.mono_us) * SKAD_US_PER_S,
    };
    skad_table_contact(&node->table, slot, &row->contact);
}

size_t skad_node_table(const skad_node *node, skad_time now, skad_table_row *rows, size_t rows_max)
{
    const skad_table *table = &node->table;
    size_t count = 0;
    for (size_t bucket = 0; bucket < table->buckets_count; bucket++) {
        for (size_t slot = 0; slot < table->peers.high_water; slot++) {
            const skad_peer *peer = &table->peers.peers[slot];
            if (peer->roles == 0 || skad_table_bucket_of(table, &peer->id) != bucket) {
                continue;
            }
            if (count < rows_max) {
                fill_row(node, now, (skad_peer_slot)slot, bucket, &rows[count]);
            }
            count++;
        }
    }
    return count;
}

bool skad_node_proof(const skad_node *node, const skad_id *id, skad_proof *out)
{
    const skad_known_identity *known = skad_identities_find(&node->identities, id);
    if (known == NULL) {
        return false;
    }
    memcpy(out->public_key, known->public_key, sizeof out->public_key);
    out->nonce = known->nonce;
    return true;
}

void skad_node_audit_get(const skad_node *node, skad_node_audit *out)
{
    skad_rounds_inspect(node, out);
}

void skad_node_audit_key(const skad_node *node, uint64_t round, skad_id *out)
{
    skad_audit_round of = node->audits.round;
    memset(out, 0, sizeof *out);
    if (of.period_s != 0) {
        of.number = round;
        skad_audit_key(&of, out);
    }
}

size_t skad_node_provider_record(skad_node *node, size_t index,
                                 uint8_t out[SKAD_AT_LEAST(SKAD_RECORD_BYTES_MAX)])
{
    const skad_operation *operation =
        node->reports.polled == 0 ? NULL
                                  : skad_operations_find(&node->operations, node->reports.polled);
    const skad_collection *collection = operation == NULL ? NULL : operation->collection;
    if (collection == NULL || index >= collection->announced_count) {
        return 0;
    }
    const skad_announced *announced = &collection->announced[index];
    memcpy(out, announced->bytes, announced->len);
    return announced->len;
}
