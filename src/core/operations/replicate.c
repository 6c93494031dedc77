#include "src/core/operations/replicate.h"
#include "src/core/lookup/nearest.h"

#include "src/core/node/state.h"
#include "src/core/rpc/request.h"

bool skad_replicate_may(const skad_node *node)
{
    return 2 * node->outbox.count < node->outbox.limit &&
           2 * skad_pending_count(&node->pending) < node->pending.limit;
}

bool skad_replicate(skad_node *node, const skad_replica *replica, const skad_id *to,
                    const skad_address *address, const uint8_t *token)
{
    skad_message message;
    if (replica->type == SKAD_RECORD_ANNOUNCEMENT) {
        message.kind = SKAD_KIND_ANNOUNCE;
        message.u.announce.record = replica->bytes;
    } else {
        message.kind = SKAD_KIND_STORE;
        message.u.store.record = replica->bytes;
        message.u.store.has_cas = false;
        message.u.store.cas = 0;
        message.u.store.life_s = replica->life_s;
    }
    skad_request request = {
        .message = &message,
        .address = address,
        .responder = to,
        .token = token,
        .purpose = SKAD_PURPOSE_REPLICA,
    };
    bool sent = skad_replicate_may(node) && skad_request_send(node, &request);
    node->stats.replicas_shed += !sent;
    return sent;
}

/* A copy that a get leaves lives for an hour: it ends a few announcements of its publisher later,
 * so that gets do not keep a value alive for ever. */
static skad_replica replica_of(const skad_node *node, const skad_collection *collection)
{
    return (skad_replica){
        .type = collection->type,
        .bytes = {collection->best, collection->best_len},
        .life_s = (uint32_t)(skad_env_hour_us(&node->env) / SKAD_US_PER_S),
    };
}

void skad_replicate_leave(skad_node *node, const skad_operation *operation)
{
    const skad_collection *collection = operation->collection;
    const skad_lookup *lookup = operation->lookup;
    if (collection->best_len == 0) {
        return;
    }
    skad_replica replica = replica_of(node, collection);
    uint16_t indices[SKAD_K_MAX];
    size_t count = skad_lookup_closest(lookup, node->env.profile.siblings, indices);
    size_t max = collection->type == SKAD_RECORD_IMMUTABLE ? 1 : SKAD_REPLICAS_LEFT_MAX;
    size_t left = 0;
    for (size_t i = 0; i < count && left < max; i++) {
        const skad_candidate *candidate = &lookup->candidates.all[indices[i]];
        const skad_given *given = skad_collection_given(collection, indices[i]);
        if (given == NULL || given->invalid || !candidate->has_token ||
            skad_collection_agrees(collection, given)) {
            continue;
        }
        if (skad_replicate(node, &replica, &candidate->contact.id, &candidate->address,
                           candidate->token)) {
            node->stats.cached++;
        }
        left++;
    }
}
