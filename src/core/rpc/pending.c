#include "src/core/rpc/pending.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "src/core/base/rate.h"
#include "src/core/routing/distance.h"

/* A hundred checks a second are half a per cent of a processor. */
static const skad_rate SHARED_CHECKS = {.per_s = 100, .burst = 100};

#define STEP 4 /* slots that memory grows by */

static skad_status reserve(skad_pending *pending, size_t capacity)
{
    skad_pending_rpc *rpcs = reallocarray(pending->rpcs, capacity, sizeof *rpcs);
    pending->rpcs = rpcs != NULL ? rpcs : pending->rpcs;
    uint64_t *due_us = reallocarray(pending->due_us, capacity, sizeof *due_us);
    pending->due_us = due_us != NULL ? due_us : pending->due_us;
    uint16_t *free_slots = reallocarray(pending->free_slots, capacity, sizeof *free_slots);
    pending->free_slots = free_slots != NULL ? free_slots : pending->free_slots;
    if (rpcs == NULL || due_us == NULL || free_slots == NULL) {
        return SKAD_ERR_MEMORY;
    }
    for (size_t i = pending->capacity; i < capacity; i++) {
        due_us[i] = UINT64_MAX;
    }
    pending->capacity = (uint16_t)capacity;
    return SKAD_OK;
}

skad_status skad_pending_init(skad_pending *pending, size_t limit, bool later)
{
    SKAD_ASSERT(limit > 0 && limit <= UINT16_MAX);
    *pending = (skad_pending){.limit = (uint16_t)limit};
    if (!later && reserve(pending, limit) != SKAD_OK) {
        skad_pending_free(pending);
        return SKAD_ERR_MEMORY;
    }
    return SKAD_OK;
}

void skad_pending_free(skad_pending *pending)
{
    free(pending->rpcs);
    free(pending->due_us);
    free(pending->free_slots);
    *pending = (skad_pending){0};
}

size_t skad_pending_count(const skad_pending *pending)
{
    return (size_t)pending->fresh - pending->free_count;
}

size_t skad_pending_count_of(const skad_pending *pending, skad_purpose purpose)
{
    size_t count = 0;
    for (size_t slot = 0; slot < pending->high_water; slot++) {
        count += pending->due_us[slot] != UINT64_MAX && pending->rpcs[slot].purpose == purpose;
    }
    return count;
}

void skad_pending_purpose(skad_pending *pending, skad_pending_rpc *rpc, skad_purpose purpose)
{
    rpc->purpose = (uint8_t)purpose;
    pending->relayed = (uint16_t)(pending->relayed + (purpose == SKAD_PURPOSE_RELAY));
}

bool skad_pending_may_relay(const skad_pending *pending)
{
    return pending->relayed < pending->limit / 2;
}

size_t skad_pending_fresh_count(const skad_pending *pending)
{
    return skad_pending_count(pending) - pending->repeated;
}

/* Takes a slot that was given back, or else the lowest that was never taken. */
static bool take_slot(skad_pending *pending, uint16_t *out)
{
    if (pending->free_count > 0) {
        *out = pending->free_slots[--pending->free_count];
        return true;
    }
    size_t capacity = (size_t)pending->capacity + STEP;
    capacity = capacity < pending->limit ? capacity : pending->limit;
    if (pending->fresh == pending->limit ||
        (pending->fresh == pending->capacity && reserve(pending, capacity) != SKAD_OK)) {
        return false;
    }
    *out = pending->fresh++;
    return true;
}

skad_pending_rpc *skad_pending_open(skad_pending *pending, skad_random *random,
                                    uint64_t soft_timeout_us, uint64_t now_us)
{
    uint16_t slot;
    SKAD_ASSERT(soft_timeout_us <= SKAD_RTO_MAX_US);
    if (!take_slot(pending, &slot)) {
        return NULL;
    }
    skad_pending_rpc *rpc = &pending->rpcs[slot];
    *rpc = (skad_pending_rpc){
        .sent_us = now_us,
        .overdue_us = now_us + SKAD_RTO_OVERDUE_FACTOR * soft_timeout_us,
        .over_us = now_us + skad_rtt_hard_us(soft_timeout_us),
        .timeout_us = (uint32_t)soft_timeout_us,
    };
    skad_random_bytes(random, rpc->rpc_id, sizeof rpc->rpc_id);
    rpc->rpc_id[0] = (uint8_t)(slot >> 8);
    rpc->rpc_id[1] = (uint8_t)slot;
    pending->due_us[slot] = now_us + soft_timeout_us;
    pending->high_water = slot < pending->high_water ? pending->high_water : (uint16_t)(slot + 1U);
    return rpc;
}

static uint64_t later(uint64_t a_us, uint64_t b_us)
{
    return a_us > b_us ? a_us : b_us;
}

uint64_t skad_pending_next_us(const skad_pending_rpc *rpc)
{
    if (!rpc->slow) {
        return rpc->sent_us + rpc->timeout_us;
    }
    return rpc->overdue ? rpc->over_us : rpc->overdue_us;
}

static void plan(skad_pending *pending, const skad_pending_rpc *rpc)
{
    uint64_t due_us = skad_pending_next_us(rpc);
    bool copy_first = rpc->copies_left > 0 && rpc->copy_us < due_us;
    pending->due_us[rpc - pending->rpcs] = copy_first ? rpc->copy_us : due_us;
}

/* Plans the next copy, unless that would not leave before the request is over. */
static void plan_copy(skad_pending_rpc *rpc, uint64_t pause_us, uint64_t now_us)
{
    rpc->pause_us = (uint32_t)(pause_us < rpc->timeout_us ? pause_us : rpc->timeout_us);
    rpc->copy_us = now_us + rpc->pause_us;
    if (rpc->copy_us >= rpc->over_us) {
        rpc->copies_left = 0;
    }
}

void skad_pending_resend(skad_pending *pending, skad_pending_rpc *rpc, uint64_t pause_us,
                         uint8_t copies)
{
    rpc->copies_left = copies;
    plan_copy(rpc, pause_us, rpc->sent_us);
    plan(pending, rpc);
}

void skad_pending_overdue(skad_pending *pending, skad_pending_rpc *rpc, uint64_t us)
{
    SKAD_ASSERT(us <= SKAD_RTO_HARD_MIN_US);
    rpc->overdue_us = later(rpc->overdue_us, rpc->sent_us + us);
    plan(pending, rpc);
}

void skad_pending_await(skad_pending *pending, skad_pending_rpc *rpc, uint64_t us)
{
    rpc->over_us = later(rpc->over_us, rpc->sent_us + us);
    rpc->overdue_us = rpc->over_us;
    plan(pending, rpc);
}

void skad_pending_abandon(skad_pending *pending, const skad_pending_rpc *expired)
{
    size_t slot = (size_t)expired->rpc_id[0] << 8 | expired->rpc_id[1];
    SKAD_ASSERT(slot < pending->capacity && pending->due_us[slot] != UINT64_MAX);
    pending->rpcs[slot].copies_left = 0;
    pending->rpcs[slot].abandoned = true;
    plan(pending, &pending->rpcs[slot]);
}

void skad_pending_hurry(skad_pending *pending, const skad_id *responder,
                        const skad_address *address, uint64_t now_us)
{
    for (size_t slot = 0; slot < pending->high_water; slot++) {
        skad_pending_rpc *rpc = &pending->rpcs[slot];
        if (pending->due_us[slot] == UINT64_MAX || rpc->hurried || rpc->abandoned ||
            !skad_purpose_of_operation((skad_purpose)rpc->purpose) ||
            !skad_id_equal(&rpc->responder, responder) ||
            !skad_address_equal(&rpc->address, address)) {
            continue;
        }
        rpc->hurried = true;
        rpc->copies_left = (uint8_t)(rpc->copies_left + (rpc->copies_left == 0));
        rpc->copy_us = now_us;
        plan(pending, rpc);
    }
}

void skad_pending_wait(skad_pending *pending, skad_pending_rpc *rpc)
{
    rpc->slow = true;
    rpc->overdue = true;
    plan(pending, rpc);
}

/* Counts a copy, which leaves now. The answer to it is awaited for one more pause at least. */
static void count_copy(skad_pending *pending, skad_pending_rpc *rpc, uint64_t now_us)
{
    pending->repeated = (uint16_t)(pending->repeated + (rpc->copies == 0));
    rpc->copies++;
    rpc->copies_left--;
    rpc->overdue_us = later(rpc->overdue_us, now_us + rpc->pause_us);
    rpc->over_us = later(rpc->over_us, now_us + rpc->pause_us);
    plan_copy(rpc, 2ULL * rpc->pause_us, now_us);
    plan(pending, rpc);
}

const skad_pending_rpc *skad_pending_match(const skad_pending *pending,
                                           const uint8_t rpc_id[static SKAD_RPC_ID_BYTES],
                                           const skad_address *from, skad_kind answer)
{
    size_t slot = (size_t)rpc_id[0] << 8 | rpc_id[1];
    if (slot >= pending->capacity || pending->due_us[slot] == UINT64_MAX) {
        return NULL;
    }
    const skad_pending_rpc *rpc = &pending->rpcs[slot];
    bool matches = memcmp(rpc->rpc_id, rpc_id, SKAD_RPC_ID_BYTES) == 0 &&
                   skad_kind_answers((skad_kind)rpc->kind, answer) &&
                   skad_address_equal(&rpc->address, from);
    return matches ? rpc : NULL;
}

bool skad_pending_may_check(skad_pending *pending, const skad_pending_rpc *rpc, uint64_t now_us)
{
    skad_pending_rpc *own = &pending->rpcs[rpc - pending->rpcs];
    if (own->checks < SKAD_PENDING_CHECKS) {
        own->checks++;
        return true;
    }
    return skad_rate_allows(&SHARED_CHECKS, 1, &pending->checked_until_us, now_us);
}

bool skad_pending_asks(const skad_pending *pending, const skad_id *responder,
                       const skad_address *address)
{
    for (size_t slot = 0; slot < pending->high_water; slot++) {
        const skad_pending_rpc *rpc = &pending->rpcs[slot];
        if (pending->due_us[slot] != UINT64_MAX && rpc->has_responder &&
            skad_id_equal(&rpc->responder, responder) &&
            skad_address_equal(&rpc->address, address)) {
            return true;
        }
    }
    return false;
}

void skad_pending_close(skad_pending *pending, const skad_pending_rpc *rpc)
{
    size_t slot = (size_t)(rpc - pending->rpcs);
    SKAD_ASSERT(slot < pending->capacity && pending->due_us[slot] != UINT64_MAX);
    pending->due_us[slot] = UINT64_MAX;
    pending->repeated = (uint16_t)(pending->repeated - (pending->rpcs[slot].copies > 0));
    pending->relayed =
        (uint16_t)(pending->relayed - (pending->rpcs[slot].purpose == SKAD_PURPOSE_RELAY));
    pending->free_slots[pending->free_count++] = (uint16_t)slot;
    if (pending->free_count == pending->fresh) {
        pending->high_water = 0;
    }
}

static size_t earliest(const skad_pending *pending)
{
    size_t at = 0;
    for (size_t i = 1; i < pending->high_water; i++) {
        if (pending->due_us[i] < pending->due_us[at]) {
            at = i;
        }
    }
    return at;
}

skad_timeout skad_pending_expire(skad_pending *pending, uint64_t now_us, skad_pending_rpc *out)
{
    if (skad_pending_deadline(pending) > now_us) {
        return SKAD_TIMEOUT_NONE;
    }
    size_t slot = earliest(pending);
    skad_pending_rpc *rpc = &pending->rpcs[slot];
    if (rpc->copies_left > 0 && rpc->copy_us <= now_us) {
        count_copy(pending, rpc, now_us);
        *out = *rpc;
        return SKAD_TIMEOUT_COPY;
    }
    if (now_us < rpc->over_us && !rpc->overdue) {
        skad_timeout timeout = rpc->slow ? SKAD_TIMEOUT_OVERDUE : SKAD_TIMEOUT_SOFT;
        rpc->overdue = rpc->slow;
        rpc->slow = true;
        plan(pending, rpc);
        *out = *rpc;
        return timeout;
    }
    *out = *rpc;
    skad_pending_close(pending, rpc);
    return SKAD_TIMEOUT_HARD;
}

uint64_t skad_pending_deadline(const skad_pending *pending)
{
    return pending->high_water == 0 ? UINT64_MAX : pending->due_us[earliest(pending)];
}
