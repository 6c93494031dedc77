/* The public calls of skad/records.h. Each checks its arguments, makes the record where it is ours
 * to make, and starts the operation. */
#include "skad/records.h"

#include <string.h>

#include "src/core/node/state.h"
#include "src/core/operations/start.h"
#include "src/core/storage/publications.h"
#include "src/core/storage/store_admission.h"
#include "src/core/upkeep/watch.h"

/* A record that is announced again hourly must not expire in between, so a record that is kept
 * lives at least four hours of a day. */
#define KEPT_LIFE_DIVISOR 6

static bool life_fits(const skad_node *node, uint32_t life_s, bool keep)
{
    uint32_t day_s = node->env.profile.record_life_s;
    return life_s >= 1 && life_s / SKAD_EXPIRY_LIVES_MAX <= day_s &&
           life_s <= (uint64_t)SKAD_EXPIRY_LIVES_MAX * day_s &&
           (!keep || life_s >= day_s / KEPT_LIFE_DIVISOR);
}

skad_status skad_node_put(skad_node *node, const uint8_t *value, size_t len, skad_time now,
                          skad_op *op, skad_id *key)
{
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    size_t encoded = skad_record_encode_immutable(value, len, bytes, sizeof bytes);
    if (encoded == 0) {
        return SKAD_ERR_INPUT;
    }
    skad_store_request request = {.record = bytes, .len = encoded};
    return skad_node_store(node, &request, now, op, key);
}

skad_status skad_node_store(skad_node *node, const skad_store_request *request, skad_time now,
                            skad_op *op, skad_id *key)
{
    skad_record record;
    node->env.now = now;
    if (!skad_record_decode(request->record, request->len, &record) ||
        !skad_record_verify(&record, &node->env.network_id)) {
        return SKAD_ERR_FORMAT;
    }
    if ((request->has_cas && record.type != SKAD_RECORD_MUTABLE) ||
        (record.type != SKAD_RECORD_IMMUTABLE && record.expiry_unix_s <= now.unix_s)) {
        return SKAD_ERR_INPUT;
    }
    const skad_start_record start = {
        .bytes = {request->record, request->len},
        .type = record.type,
        .key = record.key,
        .has_cas = request->has_cas,
        .cas = request->cas,
        .keep = request->keep,
    };
    *key = record.key;
    return skad_start_put(node, SKAD_OPERATION_PUT, &start, op);
}

static skad_publisher publisher_of(const skad_node *node)
{
    return (skad_publisher){&node->env.identity, node->env.network_id};
}

skad_status skad_node_publish(skad_node *node, const skad_publish_request *request, skad_time now,
                              skad_op *op, skad_id *key)
{
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    node->env.now = now;
    size_t len = 0;
    if (life_fits(node, request->life_s, request->keep)) {
        len = skad_record_encode_mutable(publisher_of(node), request->salt, request->sequence,
                                         now.unix_s + request->life_s, request->value, bytes,
                                         sizeof bytes);
    }
    if (len == 0) {
        return SKAD_ERR_INPUT;
    }
    skad_mutable_key(node->env.identity.public_key, request->salt, key);
    const skad_start_record start = {
        .bytes = {bytes, len},
        .type = SKAD_RECORD_MUTABLE,
        .key = *key,
        .has_cas = request->has_cas,
        .cas = request->cas,
        .keep = request->keep,
        .life_s = request->life_s,
    };
    return skad_start_put(node, SKAD_OPERATION_PUT, &start, op);
}

/* ---- Announcing ---- */

/* Returns the time, or more if we announced something else in this very second. */
static uint64_t next_sequence(skad_node *node, const skad_id *key)
{
    skad_store_name name = {.key = *key, .type = SKAD_RECORD_ANNOUNCEMENT};
    skad_store_record old;
    uint64_t now = node->env.now.unix_s;
    memcpy(name.publisher, node->env.identity.public_key, sizeof name.publisher);
    bool found = node->store.ops->find(node->store.self, SKAD_STORE_PUBLICATIONS, &name, now, &old);
    return found && old.sequence >= now ? old.sequence + 1 : now;
}

skad_status skad_node_announce(skad_node *node, const skad_announce_request *request, skad_time now,
                               skad_op *op)
{
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    node->env.now = now;
    skad_address endpoint = request->endpoint;
    const bool follows = endpoint.family == SKAD_FAMILY_NONE && endpoint.port != 0;
    if (follows) {
        endpoint = skad_observed_own(&node->observed, endpoint.port, now.mono_us);
        if (endpoint.family == SKAD_FAMILY_NONE) {
            return SKAD_ERR_MISSING;
        }
    }
    size_t len = 0;
    if (life_fits(node, request->life_s, request->keep)) {
        len = skad_record_encode_announcement(
            publisher_of(node), &request->key, next_sequence(node, &request->key),
            now.unix_s + request->life_s, &endpoint, request->metadata, bytes, sizeof bytes);
    }
    if (len == 0) {
        return SKAD_ERR_INPUT;
    }
    const skad_start_record start = {
        .bytes = {bytes, len},
        .type = SKAD_RECORD_ANNOUNCEMENT,
        .key = request->key,
        .keep = request->keep,
        .life_s = request->life_s,
        .follows = follows,
    };
    return skad_start_put(node, SKAD_OPERATION_PUT, &start, op);
}

size_t skad_node_withdraw(skad_node *node, const skad_id *key, unsigned type)
{
    return skad_publications_withdraw(node, key, type);
}

/* ---- Queries ---- */

skad_status skad_node_get(skad_node *node, skad_record_type type, const skad_id *key, skad_time now,
                          skad_op *op)
{
    node->env.now = now;
    if (type != SKAD_RECORD_IMMUTABLE && type != SKAD_RECORD_MUTABLE &&
        type != SKAD_RECORD_ANNOUNCEMENT) {
        return SKAD_ERR_INPUT;
    }
    return skad_start_get(node, SKAD_OPERATION_GET, type, key, op);
}

skad_status skad_node_watch(skad_node *node, skad_record_type type, const skad_id *key,
                            uint32_t every_s, skad_time now, skad_op *op)
{
    node->env.now = now;
    if ((type != SKAD_RECORD_MUTABLE && type != SKAD_RECORD_ANNOUNCEMENT) ||
        every_s < SKAD_WATCH_S_MIN) {
        return SKAD_ERR_INPUT;
    }
    return skad_watch_begin(node, type, key, every_s, op);
}
