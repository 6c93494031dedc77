#include "src/core/relay/relay.h"

#include <string.h>

#include "crypto/keys.h"
#include "src/core/forward/forward.h"
#include "src/core/forward/result.h"
#include "src/core/forward/route.h"
#include "src/core/node/state.h"
#include "src/core/operations/start.h"
#include "src/core/operations/storing.h"
#include "src/core/relay/dues.h"
#include "src/core/relay/last_word.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/diversity.h"
#include "src/core/rpc/role.h"
#include "src/core/storage/store_admission.h"

static void release(skad_node *node, skad_relay *relay)
{
    if (relay->state == SKAD_RELAY_STORES) {
        skad_operation *operation = skad_operations_find(&node->operations, relay->op);
        if (operation != NULL) {
            skad_operations_release(&node->operations, operation);
        }
    }
    skad_relays_release(&node->relays, relay);
}

/* ---- Answers ---- */

/* Answers that there is no such record, as the last node said it, or we do. */
static void answer_absent(skad_node *node, const skad_relay *relay)
{
    if (relay->absent_len > 0) {
        skad_last_word_give(node, &relay->to, (skad_span){NULL, 0},
                            (skad_span){relay->absent, relay->absent_len});
    } else {
        skad_last_word_state(node, &relay->to, &relay->forward, 0);
    }
}

/* ---- Asking on ---- */

static bool was_asked(const skad_relay *relay, const skad_id *id)
{
    for (size_t i = 0; i < relay->tries; i++) {
        if (memcmp(relay->asked[i].bytes, id->bytes, SKAD_ID_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

/* Returns the first that was not asked yet; `count` if there is none. */
static size_t first_unasked(const skad_node *node, const skad_relay *relay,
                            const skad_peer_slot *slots, size_t count)
{
    size_t at = 0;
    while (at < count &&
           (was_asked(relay, &node->table.peers.peers[slots[at]].id) ||
            skad_balance_strained(&node->balances, &node->table.peers.peers[slots[at]].id,
                                  node->env.now.mono_us))) {
        at++;
    }
    return at;
}

/* Whether each was asked. One that could not be, since we owe it too much, was not. */
static bool all_were_asked(const skad_node *node, const skad_relay *relay,
                           const skad_peer_slot *slots, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!was_asked(relay, &node->table.peers.peers[slots[i]].id)) {
            return false;
        }
    }
    return true;
}

static uint64_t time_left_us(const skad_node *node, const skad_relay *relay)
{
    const uint64_t now_us = node->env.now.mono_us;
    return relay->deadline_us > now_us ? relay->deadline_us - now_us : 0;
}

/* A node that has sent us a token is asked for the same, less the time since. An asker does that,
 * too (forwarding.c). */
static void ask_the_same(const skad_node *node, const skad_relay *relay, uint8_t *share,
                         uint16_t *life_ms)
{
    const uint64_t least_us = node->env.now.mono_us + SKAD_ROUTE_LIFE_MS_MIN * SKAD_US_PER_MS;
    if (relay->budget > relay->again_share && relay->again_over_us > least_us) {
        *share = relay->again_share;
        *life_ms = (uint16_t)((relay->again_over_us - node->env.now.mono_us) / SKAD_US_PER_MS);
    }
}

/* Asks one more node. A request of the neighbourhood may bring no others. */
static bool ask_next(skad_node *node, skad_relay *relay)
{
    skad_peer_slot slots[SKAD_ROUTE_MAX];
    const skad_id *target = &relay->forward.target;
    if (relay->budget == 0 || relay->tries == SKAD_RELAY_TRIES_MAX) {
        return false;
    }
    const size_t count = relay->beside
                             ? skad_route_beside(node, target, &relay->to.requester, slots)
                             : skad_route_nearer(node, target, &relay->to.requester, slots);
    const size_t at = first_unasked(node, relay, slots, count);
    uint16_t life_ms = skad_route_life_ms(node, time_left_us(node, relay));
    if (at == count || life_ms == 0) {
        return false;
    }
    uint8_t share = relay->beside ? 0 : skad_route_share(node, relay->budget);
    if (skad_id_equal(&relay->again, &node->table.peers.peers[slots[at]].id)) {
        ask_the_same(node, relay, &share, &life_ms);
    }
    const skad_forward_errand errand = {
        .forward = &relay->forward,
        .to = slots[at],
        .budget = share,
        .life_ms = life_ms,
        .purpose = SKAD_PURPOSE_RELAY,
        .owner = skad_relays_name(&node->relays, relay),
        .step = relay->tries,
    };
    if (!skad_forward_send(node, &errand)) {
        return false;
    }
    relay->budget = (uint8_t)(relay->budget - 1 - share);
    relay->shares[relay->tries] = share;
    relay->over_us[relay->tries] = node->env.now.mono_us + life_ms * SKAD_US_PER_MS;
    relay->asked[relay->tries++] = node->table.peers.peers[slots[at]].id;
    relay->waiting++;
    node->stats.relay_requests++;
    return true;
}

/* ---- The end of a chain ---- */

/* Whether holders could take the record: otherwise a put would be for nothing. */
static bool worth_storing(skad_node *node, const skad_forward *forward)
{
    skad_record record;
    if (!skad_record_decode(forward->record.data, forward->record.len, &record) ||
        (record.type == SKAD_RECORD_MUTABLE && record.expiry_unix_s <= node->env.now.unix_s)) {
        return false;
    }
    node->stats.verifications += record.type == SKAD_RECORD_MUTABLE;
    return skad_record_verify(&record, &node->env.network_id);
}

/* Starts the put of a record. */
static bool store(skad_node *node, skad_relay *relay)
{
    skad_record record;
    if (!skad_relays_may_put(&node->relays, &relay->to.requester) ||
        !skad_record_decode(relay->bytes, relay->forward.record.len, &record)) {
        return false;
    }
    const skad_start_record start = {
        .bytes = relay->forward.record, .type = record.type, .key = record.key};
    return skad_start_put(node, SKAD_OPERATION_DEPOSIT, &start, &relay->op) == SKAD_OK;
}

static void end_with_error(skad_node *node, skad_relay *relay, skad_error_code code)
{
    node->stats.relays_late += code == SKAD_ERROR_LATE;
    skad_late_answer_refuse(node, &relay->to, code);
    release(node, relay);
}

/* Returns why no result came, where a nearer contact was not asked. */
static skad_error_code failure_of(skad_node *node, const skad_relay *relay)
{
    if (relay->tries > 0) {
        return SKAD_ERROR_UNREACHED;
    }
    return skad_route_life_ms(node, time_left_us(node, relay)) == 0 ? SKAD_ERROR_LATE
                                                                    : SKAD_ERROR_BUSY;
}

/* No node can be asked any more: what we know ourselves is the answer, unless there are nearer
 * nodes that we could not ask. */
static void end_here(skad_node *node, skad_relay *relay)
{
    skad_peer_slot slots[SKAD_ROUTE_MAX];
    const skad_forward *forward = &relay->forward;
    const size_t nearer = skad_route_nearer(node, &forward->target, &relay->to.requester, slots);
    const bool all_asked = all_were_asked(node, relay, slots, nearer);
    const bool last = relay->beside || (all_asked && relay->silent == relay->tries);
    const bool ours = forward->budget == 0; /* it asks for no more than what we know */
    if (forward->aim == SKAD_FORWARD_STORE && (all_asked || ours)) {
        if (worth_storing(node, forward)) {
            relay->state = SKAD_RELAY_STORES; /* the next tick starts it: a put allocates */
            node->relays.deadline_us = 0;
        } else {
            end_with_error(node, relay, SKAD_ERROR_INVALID);
        }
        return;
    }
    if (skad_last_word_held(node, &relay->to, forward)) {
        release(node, relay);
    } else if (skad_forward_gets(forward) && (relay->absent_len > 0 || last || ours)) {
        answer_absent(node, relay);
        release(node, relay);
    } else if (forward->aim == SKAD_FORWARD_NODES && (last || ours)) {
        skad_last_word_state(node, &relay->to, forward, 0);
        release(node, relay);
    } else {
        end_with_error(node, relay, failure_of(node, relay));
    }
}

static bool nearest_of_all(const skad_node *node, const skad_forward *forward,
                           const skad_id *requester)
{
    skad_peer_slot slots[SKAD_ROUTE_MAX];
    return skad_route_nearer(node, &forward->target, requester, slots) == 0;
}

/* Goes on: asks another node, or the neighbourhood, or ends. */
static void go_on(skad_node *node, skad_relay *relay)
{
    if (ask_next(node, relay) || relay->waiting > 0) {
        return;
    }
    if (!relay->beside && relay->tries == 0 && skad_forward_gets(&relay->forward) &&
        relay->budget > 0 && nearest_of_all(node, &relay->forward, &relay->to.requester)) {
        relay->beside = true;
        if (ask_next(node, relay)) {
            return;
        }
    }
    end_here(node, relay);
}

/* ---- Serving ---- */

/* Keeps a copy of what passed by. Whether there is room is for the store to say. */
static void keep_copy(skad_node *node, const skad_message *message, const skad_address *from)
{
    const skad_span bytes = message->u.reply.u.forwarded.record;
    skad_record record;
    if (skad_role_is_client(node) || !skad_record_decode(bytes.data, bytes.len, &record) ||
        record.type != SKAD_RECORD_IMMUTABLE) {
        return;
    }
    const skad_offer offer = {
        .record = &record,
        .bytes = bytes,
        .group = skad_address_group(from),
        .life_s = (uint32_t)(skad_env_hour_us(&node->env) / SKAD_US_PER_S),
    };
    node->stats.relay_copies += skad_store_admit(node, &offer).code == SKAD_ERROR_NONE;
}

/* An answer has to reach the requester before its time is over: a ninth of it is for the way. */
static uint64_t own_life_ms(uint16_t life_ms)
{
    return life_ms - (uint64_t)life_ms / 9;
}

skad_error_code skad_relay_serve(skad_node *node, const skad_forward *forward,
                                 const skad_late_answer *to)
{
    const uint64_t now_us = node->env.now.mono_us;
    const bool here = forward->aim == SKAD_FORWARD_IMMUTABLE ||
                      (forward->aim == SKAD_FORWARD_MUTABLE &&
                       (forward->budget == 0 || nearest_of_all(node, forward, &to->requester)));
    if (forward->budget > 0 && !skad_route_forward(node, &forward->target, &to->requester)) {
        return SKAD_ERROR_LOOP;
    }
    if (!skad_dues_may(node, forward, to)) {
        return SKAD_ERROR_QUOTA;
    }
    if (here && skad_last_word_held(node, to, forward)) {
        skad_dues_charge(node, forward, to);
        return SKAD_ERROR_NONE;
    }
    skad_relay *victim = skad_relays_victim(&node->relays, to);
    if (victim != NULL) {
        end_with_error(node, victim, SKAD_ERROR_BUSY);
    }
    skad_relay *relay = skad_relays_take(&node->relays, &to->requester);
    if (relay == NULL) {
        return SKAD_ERROR_BUSY;
    }
    skad_dues_charge(node, forward, to);
    relay->budget = forward->budget;
    relay->deadline_us = now_us + own_life_ms(forward->life_ms) * SKAD_US_PER_MS;
    relay->to = *to;
    relay->forward = *forward;
    relay->forward.record = (skad_span){relay->bytes, forward->record.len};
    if (forward->record.len > 0) {
        memcpy(relay->bytes, forward->record.data, forward->record.len);
    }
    if (relay->deadline_us < node->relays.deadline_us) {
        node->relays.deadline_us = relay->deadline_us;
    }
    go_on(node, relay);
    return SKAD_ERROR_NONE;
}

/* ---- What comes of it ---- */

static void take_absent(skad_relay *relay, const skad_message *message)
{
    const skad_span statement = message->u.reply.u.forwarded.statement;
    relay->absent_len = (uint16_t)statement.len;
    memcpy(relay->absent, statement.data, statement.len);
}

/* The node asked for a token, and has sent it: it may be asked once more, and has spent nothing. */
static void forget_asked(skad_relay *relay, size_t step)
{
    relay->again = relay->asked[step];
    relay->again_share = relay->shares[step];
    relay->again_over_us = relay->over_us[step];
    relay->asked[step] = (skad_id){{0}};
    relay->budget = (uint8_t)(relay->budget + relay->shares[step]);
    relay->shares[step] = 0;
    relay->silent++; /* so far it has not said anything */
}

/* Whether we hold a later edition than the one that came, which any liar behind us may have kept.
 */
static bool holds_later(skad_node *node, const skad_forward *forward, skad_span bytes)
{
    skad_store_record found;
    skad_record theirs;
    skad_record ours;
    return forward->aim == SKAD_FORWARD_MUTABLE &&
           node->store.ops->list(node->store.self, &forward->target, SKAD_RECORD_MUTABLE, 0,
                                 node->env.now.unix_s, &found, 1) > 0 &&
           skad_record_decode(bytes.data, bytes.len, &theirs) &&
           skad_record_decode(found.data, found.len, &ours) && ours.sequence > theirs.sequence;
}

void skad_relay_answered(skad_node *node, const skad_pending_rpc *rpc, const skad_message *message)
{
    skad_relay *relay = skad_relays_find(&node->relays, rpc->owner);
    skad_statement stated;
    if (relay == NULL || relay->state != SKAD_RELAY_ASKS) {
        return;
    }
    const skad_result_kind result = skad_result_check(node, &relay->forward, message, &stated);
    const bool refused = message->kind == SKAD_KIND_ERROR;
    relay->waiting--;
    if (!refused && result != SKAD_RESULT_UNTIMELY) {
        skad_forward_note(node, rpc, skad_forward_cost(&relay->forward),
                          result == SKAD_RESULT_NONE);
    } else if (refused) {
        skad_dues_unpaid(node, &relay->forward, rpc, message);
        if (message->u.reply.u.error.code == SKAD_ERROR_TOKEN) {
            forget_asked(relay, rpc->step);
        }
    }
    if (result == SKAD_RESULT_NONE || result == SKAD_RESULT_UNTIMELY ||
        result == SKAD_RESULT_ABSENT) {
        if (result == SKAD_RESULT_ABSENT && !relay->beside) {
            take_absent(relay, message);
        }
        go_on(node, relay);
        return;
    }
    if (result != SKAD_RESULT_RECORD ||
        !holds_later(node, &relay->forward, message->u.reply.u.forwarded.record) ||
        !skad_last_word_held(node, &relay->to, &relay->forward)) {
        skad_last_word_give(node, &relay->to, message->u.reply.u.forwarded.record,
                            message->u.reply.u.forwarded.statement);
    }
    keep_copy(node, message, &rpc->address);
    release(node, relay);
}

void skad_relay_slow(skad_node *node, const skad_pending_rpc *rpc)
{
    skad_relay *relay = skad_relays_find(&node->relays, rpc->owner);
    if (relay != NULL && relay->state == SKAD_RELAY_ASKS) {
        go_on(node, relay);
    }
}

void skad_relay_failed(skad_node *node, const skad_pending_rpc *rpc)
{
    skad_relay *relay = skad_relays_find(&node->relays, rpc->owner);
    skad_forward_note(node, rpc, 0, true);
    if (relay != NULL && relay->state == SKAD_RELAY_ASKS) {
        relay->waiting--;
        relay->silent++;
        skad_dues_unpaid(node, &relay->forward, rpc, NULL);
        go_on(node, relay);
    }
}

void skad_relay_advance(skad_node *node)
{
    for (size_t i = 0; i < node->relays.high_water; i++) {
        skad_relay *relay = &node->relays.all[i];
        if (relay->state != SKAD_RELAY_STORES || relay->op == 0) {
            continue;
        }
        const skad_operation *operation = skad_operations_find(&node->operations, relay->op);
        skad_put_report report = {0};
        if (operation != NULL && operation->stage != SKAD_STAGE_ENDED) {
            continue;
        }
        if (operation != NULL) {
            skad_storing_report(operation, &report);
        }
        if (operation != NULL && skad_storing_stands(&report) && report.stored > 0) {
            skad_last_word_state(node, &relay->to, &relay->forward, report.stored);
            release(node, relay);
        } else {
            end_with_error(node, relay, SKAD_ERROR_UNREACHED);
        }
    }
}

void skad_relay_tick(skad_node *node)
{
    const uint64_t now_us = node->env.now.mono_us;
    uint64_t next_us = UINT64_MAX;
    if (now_us < node->relays.deadline_us) {
        return;
    }
    for (size_t i = 0; i < node->relays.high_water; i++) {
        skad_relay *relay = &node->relays.all[i];
        if (relay->state == SKAD_RELAY_FREE) {
            continue;
        }
        if (relay->state == SKAD_RELAY_STORES && relay->op == 0 && !store(node, relay)) {
            end_with_error(node, relay, SKAD_ERROR_BUSY);
            continue;
        }
        if (relay->deadline_us <= now_us) {
            end_with_error(node, relay, SKAD_ERROR_LATE);
        } else if (relay->deadline_us < next_us) {
            next_us = relay->deadline_us;
        }
    }
    node->relays.deadline_us = next_us;
}

uint64_t skad_relay_deadline(const skad_node *node)
{
    return node->relays.deadline_us;
}
