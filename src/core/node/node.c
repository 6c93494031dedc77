/* The node's life cycle and the calls that drive it: skad/node.h tells the contract, state.h what a
 * node is made of and which file does what. */
#include "skad/node.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "crypto/keys.h"
#include "crypto/puzzle.h"
#include "crypto/secret.h"
#include "proto/profile.h"
#include "src/core/base/ring.h"
#include "src/core/inbound/admit.h"
#include "src/core/inbound/gate.h"
#include "src/core/inbound/handle.h"
#include "src/core/inbound/intake.h"
#include "src/core/operations/operate.h"
#include "src/core/operations/report.h"
#include "src/core/operations/start.h"
#include "src/core/storage/misplaced.h"
#include "src/core/upkeep/handover.h"
#include "src/core/upkeep/join.h"
#include "src/core/upkeep/mend.h"
#include "src/core/upkeep/republish.h"
#include "src/core/upkeep/upkeep.h"
#include "src/core/upkeep/watch.h"

void skad_node_limits_default(skad_node_limits *out)
{
    *out = (skad_node_limits){
        .peers = 1024,
        .pending = 2048,
        .operations = 128,
        .outbox = 1024,
        .events = 64,
        .duplicates = 8192,
        .watches = 256,
        .tokens = 2048,
        .roots = SKAD_ROOTS_MAX,
    };
}

static bool limits_valid(const skad_node_limits *limits)
{
    return limits->peers >= 32 && limits->peers <= 4096 && limits->pending >= 16 &&
           limits->pending <= 4096 && limits->operations >= 4 && limits->operations <= 1024 &&
           limits->outbox >= SKAD_OUTBOX_MIN && limits->outbox <= SKAD_OUTBOX_MAX &&
           limits->events >= 8 && limits->events <= 1024 && limits->duplicates >= 16 &&
           limits->duplicates <= 32768 && (limits->duplicates & (limits->duplicates - 1)) == 0 &&
           limits->watches <= 1024 && limits->tokens <= 8192 && limits->roots >= 1 &&
           limits->roots <= SKAD_ROOTS_MAX;
}

/* What a first contact needs, and what a busy peer asks in an hour of bulk puts. A check takes some
 * 60 us of a processor: a thousand unproven ones a second are 6 % of it, six thousand proven ones
 * 40 %. */
void skad_node_rates_default(const skad_profile *profile, skad_node_rates *out)
{
    *out = (skad_node_rates){0};
    if (profile->limit_rates) {
        *out = (skad_node_rates){
            .unproven = {{20, 40}, {100, 200}, {500, 1000}},
            .unproven_all = {1000, 500},
            .proven = {{500, 1000}, {1000, 2000}, {4000, 8000}},
            .proven_all = {6000, 3000},
            .answer_bytes = {8U << 20, 8U << 20},
            .meters = 8192,
        };
    }
}

void skad_node_tuning_default(skad_node_tuning *out)
{
    *out = (skad_node_tuning){
        .closing_round = true,
        .neighbourhood_check = true,
        .sibling_factor = SKAD_SIBLINGS_ETA,
        .answer_contacts = SKAD_CONTACTS_MAX,
        .lookup_requests = SKAD_LOOKUP_RPCS_MAX,
    };
}

static bool tuning_valid(const skad_node_tuning *tuning)
{
    return tuning == NULL ||
           (tuning->sibling_factor <= SKAD_SIBLINGS_ETA && tuning->answer_contacts >= 1 &&
            tuning->answer_contacts <= SKAD_CONTACTS_MAX && tuning->lookup_requests >= 1 &&
            tuning->lookup_requests <= SKAD_LOOKUP_RPCS_MAX);
}

static bool rates_valid(const skad_node_rates *rates)
{
    uint32_t meters = rates->meters;
    return meters == 0 ||
           (meters >= SKAD_THROTTLE_WAYS && meters <= 1U << 20 && (meters & (meters - 1)) == 0);
}

static skad_status allocate_events(skad_node *node)
{
    skad_event_ring *ring = &node->events;
    ring->slots = node->limits.events;
    if (node->frugal) {
        return SKAD_OK;
    }
    ring->room = ring->slots;
    ring->events = calloc(ring->room, sizeof *ring->events);
    return ring->events == NULL ? SKAD_ERR_MEMORY : SKAD_OK;
}

/* The tables and rings with limits of their own. */
static skad_status allocate(skad_node *node, skad_shared *shared)
{
    const skad_node_limits *limits = &node->limits;
    const skad_profile *profile = &node->profile;
    bool later = node->frugal;
    const skad_peers_plan plan = {limits->peers, limits->tokens, later};
    skad_watches_init(&node->watches, limits->watches);
    node->ended = calloc(limits->operations, sizeof *node->ended);
    skad_status statuses[] = {
        node->ended == NULL ? SKAD_ERR_MEMORY : SKAD_OK,
        skad_table_init(&node->table, &node->identity.id, profile->k,
                        (size_t)profile->siblings * node->tuning.sibling_factor, &plan),
        skad_pending_init(&node->pending, limits->pending, later),
        skad_operations_init(&node->operations, limits->operations),
        skad_outbox_init(&node->outbox, limits->outbox, shared),
        skad_duplicates_init(&node->duplicates, limits->duplicates),
        skad_observed_init(&node->observed, later),
        skad_roots_init(&node->roots, limits->roots, later),
        skad_bans_init(&node->bans, later),
        allocate_events(node),
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
    if (!skad_profile_valid(&config->profile) || !limits_valid(&config->limits) ||
        !rates_valid(&config->rates) || !tuning_valid(config->tuning) || config->families == 0 ||
        config->families > SKAD_FAMILIES_ALL) {
        return SKAD_ERR_INPUT;
    }
    uint32_t epoch = skad_profile_epoch(&config->profile, now.unix_s);
    const skad_puzzle_nonce *nonce = skad_identity_nonce(config->identity, epoch);
    if (!skad_identity_fits(config->identity, &config->profile) || nonce == NULL ||
        !skad_puzzle_dynamic_ok(&config->identity->id, nonce, config->profile.dynamic_bits)) {
        return SKAD_ERR_PUZZLE;
    }
    bool locked = false;
    skad_node *node =
        config->disposable ? calloc(1, sizeof *node) : skad_secret_alloc(sizeof *node, &locked);
    if (node == NULL) {
        return SKAD_ERR_MEMORY;
    }
    node->disposable = config->disposable;
    node->frugal = config->frugal;
    node->stats.secrets_locked = locked;
    node->profile = config->profile;
    node->identity = *config->identity;
    node->store = config->store;
    node->families = config->families;
    node->limits = config->limits;
    if (config->tuning != NULL) {
        node->tuning = *config->tuning;
    } else {
        skad_node_tuning_default(&node->tuning);
    }
    node->now = now;
    node->starved_us = UINT64_MAX;
    node->overdue_us = UINT64_MAX;
    node->join.hello_us = UINT64_MAX;
    skad_random_init(&node->random, config->seed);
    skad_random_bytes(&node->random, node->token_key, sizeof node->token_key);
    skad_profile_network_key(&node->profile, node->network_key);
    if (allocate(node, config->shared) != SKAD_OK ||
        skad_gate_init(node, &config->rates) != SKAD_OK || skad_upkeep_init(node) != SKAD_OK ||
        skad_handover_init(node) != SKAD_OK || skad_mend_init(node) != SKAD_OK ||
        skad_misplaced_init(node) != SKAD_OK) {
        skad_node_free(node);
        return SKAD_ERR_MEMORY;
    }
    skad_republish_init(node);
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
    skad_bans_free(&node->bans);
    skad_gate_free(node);
    skad_mend_free(node);
    skad_upkeep_free(node);
    skad_handover_free(node);
    skad_republish_free(node);
    skad_misplaced_free(node);
    free(node->join.addresses);
    free(node->events.events);
    free(node->ended);
    if (node->disposable) {
        free(node);
    } else {
        skad_secret_free(node, sizeof *node);
    }
}

/* ---- Driving ---- */

void skad_node_enter(skad_node *node, skad_time now)
{
    skad_report_release(node);
    node->now = now;
}

/* Those that started operations of their own look after them. */
static void advance(skad_node *node)
{
    skad_join_advance(node);
    skad_watch_advance(node);
    skad_republish_advance(node);
}

skad_verdict skad_node_receive(skad_node *node, const uint8_t *datagram, size_t len,
                               const skad_address *from, skad_time now)
{
    skad_intake intake; /* not cleared: most datagrams of a flood die before they fill it */
    intake.datagram = datagram;
    intake.len = len;
    intake.from = *from;
    skad_node_enter(node, now);
    skad_verdict verdict = skad_intake_admit(node, &intake, now);
    if (verdict != SKAD_VERDICT_ACCEPT) {
        return verdict;
    }
    skad_intake_open(&intake, &node->roots);
    return skad_node_take(node, &intake, now);
}

skad_verdict skad_node_take(skad_node *node, skad_intake *intake, skad_time now)
{
    skad_node_enter(node, now);
    skad_verdict verdict = skad_intake_handle(node, intake, now);
    if (verdict == SKAD_VERDICT_ACCEPT) {
        advance(node);
    }
    return verdict;
}

void skad_node_tick(skad_node *node, skad_time now)
{
    skad_node_enter(node, now);
    skad_handle_timeouts(node);
    skad_operate_tick(node);
    skad_mend_tick(node);
    skad_upkeep_tick(node);
    skad_handover_tick(node);
    skad_join_watch(node);
    advance(node);
}

uint64_t skad_node_deadline(const skad_node *node)
{
    uint64_t deadline = skad_pending_deadline(&node->pending);
    uint64_t others[] = {skad_operate_deadline(node),  skad_upkeep_deadline(node),
                         skad_handover_deadline(node), skad_join_deadline(node),
                         skad_watch_deadline(node),    skad_republish_deadline(node),
                         skad_mend_deadline(node)};
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
    skad_sealer sealer = skad_node_sealer(node);
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

void skad_node_cancel(skad_node *node, skad_op op)
{
    if (!skad_watch_cancel(node, op)) {
        skad_start_cancel(node, op);
    }
}

/* ---- Events ---- */

void skad_node_tell(skad_node *node, const skad_event *event)
{
    skad_event_ring *ring = &node->events;
    if (ring->count == ring->room && ring->room < ring->slots) {
        skad_event *grown =
            skad_ring_grow(ring->events, sizeof *grown, ring->first, ring->slots, &ring->room);
        ring->first = grown != NULL ? 0 : ring->first;
        ring->events = grown != NULL ? grown : ring->events;
    }
    if (ring->room == 0) {
        return; /* no memory for a single one */
    }
    if (ring->count == ring->room) {
        ring->first = (ring->first + 1) % ring->room;
        ring->count--;
    }
    ring->events[(ring->first + ring->count) % ring->room] = *event;
    ring->count++;
}

bool skad_node_poll_event(skad_node *node, skad_event *out)
{
    skad_report_release(node);
    skad_event_ring *ring = &node->events;
    if (ring->count > 0) {
        *out = ring->events[ring->first];
        ring->first = (ring->first + 1) % ring->room;
        ring->count--;
        return true;
    }
    return skad_report_poll(node, out);
}

/* ---- Identity ---- */

const skad_id *skad_node_self(const skad_node *node)
{
    return &node->identity.id;
}

const uint8_t *skad_node_public_key(const skad_node *node)
{
    return node->identity.public_key;
}

skad_status skad_node_add_nonce(skad_node *node, const skad_puzzle_nonce *nonce)
{
    return skad_identity_add_nonce(&node->identity, &node->profile, nonce);
}

const skad_puzzle_nonce *skad_node_nonce(const skad_node *node)
{
    const skad_identity *identity = &node->identity;
    uint32_t epoch = skad_profile_epoch(&node->profile, node->now.unix_s);
    const skad_puzzle_nonce *nonce = skad_identity_nonce(identity, epoch);
    if (nonce == NULL) {
        nonce = skad_identity_nonce(identity, epoch - 1); /* still accepted by all */
    }
    return nonce != NULL ? nonce : &identity->nonces[0];
}

skad_sealer skad_node_sealer(const skad_node *node)
{
    return (skad_sealer){
        .identity = &node->identity,
        .nonce = skad_node_nonce(node),
        .network_key = node->network_key,
    };
}
