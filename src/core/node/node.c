/* The node's life cycle and the calls that drive it: the contract is in skad/node.h, the parts of a
 * node are in state.h. Tested by tests/node/test_network.c. */
#include "skad/node.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "crypto/keys.h"
#include "crypto/puzzle.h"
#include "crypto/secret.h"
#include "proto/profile.h"
#include "src/core/audit/rounds.h"
#include "src/core/inbound/handle.h"
#include "src/core/inbound/later.h"
#include "src/core/inbound/receive.h"
#include "src/core/node/config.h"
#include "src/core/node/driver.h"
#include "src/core/node/state.h"
#include "src/core/operations/operate.h"
#include "src/core/relay/relay.h"
#include "src/core/routing/endpoints.h"
#include "src/core/rpc/request.h"
#include "src/core/rpc/signer.h"
#include "src/core/upkeep/watch.h"

/* The tables and rings with limits of their own. */
static skad_status allocate(skad_node *node, skad_shared *shared)
{
    const skad_node_limits *limits = &node->limits;
    const skad_profile *profile = &node->env.profile;
    bool later = node->lazy_allocation;
    const skad_peers_plan plan = {limits->peers, limits->tokens, later};
    uint8_t hash_key[SKAD_TABLE_KEY_BYTES] = {0};
    const size_t identities = profile->memory_kib == 0 ? 0 : limits->identities;
    if (identities > 0) { /* where proofs are plain hashes, none is remembered */
        skad_random_bytes(&node->env.random, hash_key, sizeof hash_key);
    }
    skad_watches_init(&node->watches, limits->watches);
    skad_status statuses[] = {
        skad_reports_init(&node->reports, limits->operations),
        skad_table_init(&node->table, &node->env.identity.id, profile->k,
                        (size_t)profile->siblings * node->tuning.sibling_factor, &plan),
        skad_pending_init(&node->pending, limits->pending, later),
        skad_operations_init(&node->operations, limits->operations),
        skad_outbox_init(&node->outbox, limits->outbox, shared),
        skad_duplicates_init(&node->duplicates, limits->duplicates),
        skad_observed_init(&node->observed, later),
        skad_roots_init(&node->roots, limits->roots, later),
        skad_identities_init(&node->identities, identities, hash_key),
        skad_bans_init(&node->bans, later),
        skad_events_init(&node->events, limits->events, later),
        skad_ping_queue_init(&node->ping_queue, node->env.now.mono_us, later),
        skad_store_retries_init(&node->store_retries, later),
        skad_moves_init(&node->moves, later),
        skad_relays_init(&node->relays, later),
        skad_balances_init(&node->balances, later),
        skad_later_init(&node->later, later),
        skad_parked_init(&node->parked, node->store.ops->settled != NULL),
    };
    node->table.group_bucket_max = profile->group_bucket_max;
    node->table.group_table_max = profile->group_table_max;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (statuses[i] != SKAD_OK) {
            return statuses[i];
        }
    }
    return SKAD_OK;
}

skad_status skad_node_new(const skad_node_config *config, skad_time now, skad_node **out)
{
    *out = NULL;
    skad_crypto_init();
    if (!skad_config_valid(config)) {
        return SKAD_ERR_INPUT;
    }
    uint32_t epoch = skad_profile_epoch(&config->profile, now.unix_s);
    const skad_puzzle_nonce *nonce = skad_identity_nonce(config->identity, epoch);
    if (!skad_identity_fits(config->identity, &config->profile) || nonce == NULL ||
        !skad_puzzle_dynamic_ok(&config->identity->id, nonce, config->profile.memory_kib,
                                config->profile.dynamic_bits)) {
        return SKAD_ERR_PUZZLE;
    }
    const skad_simulator_config simulator =
        config->simulator != NULL ? *config->simulator : (skad_simulator_config){0};
    bool locked = false;
    skad_node *node = simulator.insecure_memory ? calloc(1, sizeof *node)
                                                : skad_secret_alloc(sizeof *node, &locked);
    if (node == NULL) {
        return SKAD_ERR_MEMORY;
    }
    node->insecure_memory = simulator.insecure_memory;
    node->lazy_allocation = simulator.lazy_allocation;
    node->stats.secrets_locked = locked;
    node->env.profile = config->profile;
    node->env.identity = *config->identity;
    node->store = config->store;
    node->families = config->families;
    node->role = config->role;
    node->finds_reach =
        config->role == SKAD_ROLE_AUTO || (config->role == SKAD_ROLE_SERVER && config->finds_reach);
    node->env.clients = config->role == SKAD_ROLE_CLIENT ? SKAD_FAMILIES_ALL : 0;
    node->limits = config->limits;
    if (simulator.tuning != NULL) {
        node->tuning = *simulator.tuning;
    } else {
        skad_node_tuning_default(&node->tuning);
    }
    node->env.now = now;
    node->join.hello_us = UINT64_MAX;
    skad_random_init(&node->env.random, config->seed);
    skad_random_bytes(&node->env.random, node->env.token_key, sizeof node->env.token_key);
    skad_profile_network_key(&node->env.profile, node->env.network_key);
    skad_profile_network_id(&node->env.profile, &node->env.network_id);
    if (allocate(node, simulator.shared) != SKAD_OK ||
        skad_admission_init(node, &config->rates) != SKAD_OK ||
        skad_reachability_init(node) != SKAD_OK || skad_callers_init(node) != SKAD_OK ||
        skad_handover_init(node) != SKAD_OK || skad_matching_init(node) != SKAD_OK ||
        skad_recovery_init(node) != SKAD_OK ||
        skad_rounds_init(node, config->audit_period_s) != SKAD_OK) {
        skad_node_free(node);
        return SKAD_ERR_MEMORY;
    }
    node->answers.rate = config->rates.answer_bytes;
    node->housekeeping.sweep_us = now.mono_us + SKAD_SWEEP_INTERVAL_US;
    skad_refresh_init(node);
    skad_republish_init(node);
    skad_clock_watch_init(node);
    *out = node;
    return SKAD_OK;
}

void skad_node_free(skad_node *node)
{
    if (node == NULL) {
        return;
    }
    skad_table_free(&node->table);
    skad_pending_free(&node->pending);
    skad_operations_free(&node->operations);
    skad_outbox_free(&node->outbox);
    skad_duplicates_free(&node->duplicates);
    skad_watches_free(&node->watches);
    skad_observed_free(&node->observed);
    skad_roots_free(&node->roots);
    skad_identities_free(&node->identities);
    skad_bans_free(&node->bans);
    skad_contacted_free(&node->contacted);
    skad_moves_free(&node->moves);
    skad_admission_free(node);
    skad_recovery_free(node);
    skad_ping_queue_free(&node->ping_queue);
    skad_handover_free(node);
    skad_matching_free(node);
    skad_rounds_free(node);
    skad_parked_free(&node->parked);
    skad_relays_free(&node->relays);
    skad_later_free(&node->later);
    skad_callers_free(node);
    skad_balances_free(&node->balances);
    skad_republish_free(node);
    skad_store_retries_free(&node->store_retries);
    free(node->join.addresses);
    skad_events_free(&node->events);
    skad_reports_free(&node->reports);
    if (node->insecure_memory) {
        free(node);
    } else {
        skad_secret_free(node, sizeof *node);
    }
}

/* ---- Driving ---- */

void skad_node_enter(skad_node *node, skad_time now)
{
    skad_report_release(node);
    node->env.now = now;
}

/* Lets the parts that started operations of their own handle their ends. */
static void advance(skad_node *node)
{
    skad_join_advance(node);
    skad_watch_advance(node);
    skad_republish_advance(node);
    skad_relay_advance(node);
}

skad_verdict skad_node_receive(skad_node *node, const uint8_t *datagram, size_t len,
                               const skad_address *from, skad_time now)
{
    static const skad_local unknown = {.family = SKAD_FAMILY_NONE};
    return skad_node_receive_at(node, datagram, len, from, &unknown, now);
}

skad_verdict skad_node_receive_at(skad_node *node, const uint8_t *datagram, size_t len,
                                  const skad_address *from, const skad_local *local, skad_time now)
{
    skad_inbound inbound; /* not cleared: most datagrams of a flood die before they fill it */
    inbound.datagram = datagram;
    inbound.len = len;
    inbound.from = *from;
    inbound.local = *local;
    skad_node_enter(node, now);
    skad_verdict verdict = skad_receive_prefilter(node, &inbound, now);
    if (verdict != SKAD_VERDICT_ACCEPT) {
        return verdict;
    }
    skad_receive_open(&inbound, &node->roots);
    return skad_node_take(node, &inbound, now);
}

skad_verdict skad_node_take(skad_node *node, skad_inbound *inbound, skad_time now)
{
    skad_node_enter(node, now);
    skad_verdict verdict = skad_receive_handle(node, inbound, now);
    if (verdict == SKAD_VERDICT_ACCEPT) {
        advance(node);
    }
    return verdict;
}

static void settle(skad_node *node)
{
    const skad_store *store = &node->store;
    skad_store_settled settled;
    while (store->ops->settled != NULL && store->ops->settled(store->self, &settled)) {
        skad_later_settled(node, &settled);
        skad_operate_settled(node, &settled);
    }
}

void skad_node_settle(skad_node *node, skad_time now)
{
    skad_node_enter(node, now);
    settle(node);
    advance(node);
}

void skad_node_tick(skad_node *node, skad_time now)
{
    skad_node_enter(node, now);
    settle(node);
    skad_later_overdue(node);
    skad_clock_watch_tick(node);
    skad_handle_timeouts(node);
    skad_operate_tick(node);
    skad_relay_tick(node);
    skad_recovery_tick(node);
    skad_ping_queue_tick(node);
    skad_reachability_tick(node);
    skad_keepalive_tick(node);
    skad_liveness_rounds_tick(node);
    skad_refresh_tick(node);
    skad_housekeeping_tick(node);
    skad_rounds_tick(node);
    skad_handover_tick(node);
    skad_join_watch(node);
    advance(node);
}

uint64_t skad_node_deadline(const skad_node *node)
{
    uint64_t deadline = skad_pending_deadline(&node->pending);
    uint64_t others[] = {
        skad_operate_deadline(node),
        skad_ping_queue_deadline(&node->ping_queue),
        skad_liveness_rounds_deadline(node),
        skad_refresh_deadline(&node->refresh),
        node->housekeeping.sweep_us,
        skad_clock_watch_deadline(node),
        skad_parked_deadline(&node->parked),
        skad_handover_deadline(node),
        skad_join_deadline(node),
        skad_watch_deadline(node),
        skad_republish_deadline(node),
        skad_recovery_deadline(node),
        skad_relay_deadline(node),
        skad_reachability_deadline(node),
        skad_rounds_deadline(node),
        skad_keepalive_deadline(node),
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        deadline = others[i] < deadline ? others[i] : deadline;
    }
    return deadline;
}

static void count_sent(skad_node *node, const skad_datagram *datagram)
{
    node->stats.sent++;
    node->stats.sent_bytes += datagram->len;
}

bool skad_node_poll_datagram(skad_node *node, skad_datagram *out)
{
    if (node->outbox.count == 0) {
        return false;
    }
    skad_sealer sealer = skad_signer_sealer(&node->env);
    if (!skad_outbox_poll(&node->outbox, &sealer, out, &node->stats.signatures)) {
        return false;
    }
    count_sent(node, out);
    return true;
}

bool skad_node_poll_sealed(skad_node *node, skad_datagram *out)
{
    if (!skad_outbox_poll_sealed(&node->outbox, out)) {
        return false;
    }
    count_sent(node, out);
    return true;
}

skad_sealer skad_node_sealer(const skad_node *node)
{
    return skad_signer_sealer(&node->env);
}

bool skad_node_lend_batch(skad_node *node, skad_outbox_batch *out)
{
    if (!skad_outbox_lend(&node->outbox, out)) {
        return false;
    }
    node->stats.signatures++;
    return true;
}

void skad_node_return_batch(skad_node *node, const skad_outbox_batch *batch)
{
    skad_outbox_return(&node->outbox, batch);
}

/* ---- Links ---- */

size_t skad_node_announcement(skad_node *node, skad_family family, skad_time now,
                              uint8_t out[static SKAD_DATAGRAM_BYTES_MAX])
{
    skad_node_enter(node, now);
    return skad_overhear_write(node, family, out);
}

skad_verdict skad_node_overhear(skad_node *node, const uint8_t *datagram, size_t len,
                                const skad_address *from, skad_time now, skad_id *sender)
{
    skad_node_enter(node, now);
    return skad_overhear(node, datagram, len, from, sender);
}

bool skad_node_ask(skad_node *node, const skad_id *id, const skad_address *address, skad_time now)
{
    skad_node_enter(node, now);
    return skad_request_ping(node, id, address, SKAD_PURPOSE_HELLO);
}

bool skad_node_knows(const skad_node *node, const skad_id *id, const skad_address *address)
{
    const skad_peers *peers = &node->table.peers;
    const skad_peer_slot slot = skad_peers_find(peers, id);
    return skad_peers_alive(peers, slot) && skad_endpoint_is(peers, slot, address);
}

/* ---- Events ---- */

bool skad_node_poll_event(skad_node *node, skad_event *out)
{
    skad_report_release(node);
    return skad_events_poll(&node->events, out) || skad_report_poll(node, out);
}

/* ---- Identity ---- */

const skad_id *skad_node_self(const skad_node *node)
{
    return &node->env.identity.id;
}

const skad_network_id *skad_node_network(const skad_node *node)
{
    return &node->env.network_id;
}

const uint8_t *skad_node_public_key(const skad_node *node)
{
    return node->env.identity.public_key;
}

skad_status skad_node_add_nonce(skad_node *node, const skad_puzzle_nonce *nonce)
{
    return skad_identity_add_nonce(&node->env.identity, &node->env.profile, nonce);
}

void skad_node_believe(skad_node *node, const skad_id *id, const skad_proof *proof, skad_time now)
{
    if (skad_profile_epoch_valid(&node->env.profile, now.unix_s, proof->nonce.epoch)) {
        skad_identities_remember(&node->identities, id, proof->public_key, &proof->nonce,
                                 &node->table.peers);
    }
}
