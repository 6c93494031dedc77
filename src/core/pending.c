#include "src/core/pending.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "proto/address.h"

skad_status skad_pending_init(skad_pending *pending, size_t slots)
{
    SKAD_ASSERT(slots > 0 && slots <= UINT16_MAX);
    *pending = (skad_pending){.slots = slots, .free_count = slots};
    pending->rpcs = calloc(slots, sizeof *pending->rpcs);
    pending->due_us = calloc(slots, sizeof *pending->due_us);
    pending->free_slots = calloc(slots, sizeof *pending->free_slots);
    if (pending->rpcs == NULL || pending->due_us == NULL || pending->free_slots == NULL) {
        skad_pending_free(pending);
        return SKAD_ERR_MEMORY;
    }
    for (size_t i = 0; i < slots; i++) {
        pending->due_us[i] = UINT64_MAX;
        pending->free_slots[i] = (uint16_t)(slots - 1 - i); /* low slots first */
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
    return pending->slots - pending->free_count;
}

skad_pending_rpc *skad_pending_open(skad_pending *pending, skad_random *random,
                                    uint64_t soft_timeout_us, uint64_t now_us)
{
    if (pending->free_count == 0) {
        return NULL;
    }
    uint16_t slot = pending->free_slots[--pending->free_count];
    skad_pending_rpc *rpc = &pending->rpcs[slot];
    *rpc = (skad_pending_rpc){
        .sent_us = now_us,
        .soft_us = now_us + soft_timeout_us,
        .hard_us = now_us + SKAD_RTO_HARD_FACTOR * soft_timeout_us,
    };
    skad_random_bytes(random, rpc->rpc_id, sizeof rpc->rpc_id);
    rpc->rpc_id[0] = (uint8_t)(slot >> 8);
    rpc->rpc_id[1] = (uint8_t)slot;
    pending->due_us[slot] = rpc->soft_us;
    pending->used = slot < pending->used ? pending->used : slot + 1U;
    return rpc;
}

const skad_pending_rpc *skad_pending_match(const skad_pending *pending,
                                           const uint8_t rpc_id[static SKAD_RPC_ID_BYTES],
                                           const skad_address *from, skad_kind answer)
{
    size_t slot = (size_t)rpc_id[0] << 8 | rpc_id[1];
    if (slot >= pending->slots || pending->due_us[slot] == UINT64_MAX) {
        return NULL;
    }
    const skad_pending_rpc *rpc = &pending->rpcs[slot];
    bool matches = memcmp(rpc->rpc_id, rpc_id, SKAD_RPC_ID_BYTES) == 0 &&
                   skad_kind_answers(rpc->kind, answer) && skad_address_equal(&rpc->address, from);
    return matches ? rpc : NULL;
}

void skad_pending_close(skad_pending *pending, const skad_pending_rpc *rpc)
{
    size_t slot = (size_t)(rpc - pending->rpcs);
    SKAD_ASSERT(slot < pending->slots && pending->due_us[slot] != UINT64_MAX);
    pending->due_us[slot] = UINT64_MAX;
    pending->free_slots[pending->free_count++] = (uint16_t)slot;
    if (pending->free_count == pending->slots) {
        pending->used = 0;
    }
}

static size_t earliest(const skad_pending *pending)
{
    size_t at = 0;
    for (size_t i = 1; i < pending->used; i++) {
        if (pending->due_us[i] < pending->due_us[at]) {
            at = i;
        }
    }
    return at;
}

skad_timeout skad_pending_expire(skad_pending *pending, uint64_t now_us, skad_pending_rpc *out)
{
    size_t slot = earliest(pending);
    if (pending->due_us[slot] > now_us) {
        return SKAD_TIMEOUT_NONE;
    }
    skad_pending_rpc *rpc = &pending->rpcs[slot];
    if (!rpc->slow && now_us < rpc->hard_us) {
        rpc->slow = true;
        pending->due_us[slot] = rpc->hard_us;
        *out = *rpc;
        return SKAD_TIMEOUT_SOFT;
    }
    *out = *rpc;
    skad_pending_close(pending, rpc);
    return SKAD_TIMEOUT_HARD;
}

uint64_t skad_pending_deadline(const skad_pending *pending)
{
    return pending->due_us[earliest(pending)];
}
