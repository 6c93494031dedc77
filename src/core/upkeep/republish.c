#include "src/core/upkeep/republish.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "src/core/base/lazy.h"
#include "src/core/node/state.h"
#include "src/core/operations/start.h"
#include "src/core/storage/publications.h"
#include "src/core/storage/store_retries.h"
#include "src/core/upkeep/adopt.h"
#include "src/core/upkeep/clock_watch.h"

#define ENDED_LIVES 30            /* a month, where a life is a day */
#define RETRY_US    SKAD_US_PER_S /* when all slots for renewals are taken */

/* Returns the time between two records: a round's share, a quarter more or less at most. */
static uint64_t pace_us(skad_node *node)
{
    skad_store_totals totals;
    node->store.ops->totals(node->store.self, &totals);
    uint64_t round_us = skad_env_hour_us(&node->env);
    if (node->republish.first) {
        round_us /= SKAD_REPUBLISH_FIRST_DIVISOR;
    }
    uint64_t share_us =
        round_us / (totals.published + 1); /* the end of the section is a step, too */
    uint64_t drawn_us = share_us * 3 / 4 + skad_random_below(&node->env.random, share_us / 2 + 1);
    return drawn_us < SKAD_REPUBLISH_STEP_US_MIN ? SKAD_REPUBLISH_STEP_US_MIN : drawn_us;
}

void skad_republish_init(skad_node *node)
{
    node->republish = (skad_republish_state){
        .first = true,
        .step_us = node->env.now.mono_us,
        .clock_us = node->env.now.mono_us,
        .follow_us = UINT64_MAX,
    };
}

/* Begins a first round anew after a jump of the clock. */
static void begin_anew(skad_node *node)
{
    skad_republish_state *state = &node->republish;
    state->clock_us = node->clock_watch.since_us;
    state->first = true;
    state->step_us = node->env.now.mono_us;
    memset(&state->from, 0, sizeof state->from);
}

void skad_republish_free(skad_node *node)
{
    free(node->republish.running);
}

/* ---- Ended announcements ---- */

/* Notes when a publication was last announced. */
static void note_announced(skad_node *node, const skad_store_name *name)
{
    const skad_store *store = &node->store;
    skad_store_record row;
    uint8_t bytes[SKAD_STORED_BYTES_MAX];
    uint64_t now = node->env.now.unix_s;
    if (!store->ops->find(store->self, SKAD_STORE_PUBLICATIONS, name, now, &row)) {
        return; /* withdrawn meanwhile */
    }
    memcpy(bytes, row.data, row.len);
    row.data = bytes;
    row.stored_unix_s = now;
    if (store->ops->put(store->self, SKAD_STORE_PUBLICATIONS, &row, now) == SKAD_OK) {
        node->stats.republished++;
    }
}

static void look_after(skad_node *node, size_t i)
{
    skad_republish_state *state = &node->republish;
    skad_operation *operation = skad_operations_find(&node->operations, state->running[i].op);
    if (operation != NULL && operation->stage != SKAD_STAGE_ENDED) {
        return;
    }
    skad_republishing *running = &state->running[i];
    running->op = 0;
    if (operation == NULL) {
        return;
    }
    bool announced = !running->adopts && operation->outcome == SKAD_OUTCOME_DONE;
    if (running->adopts) {
        skad_adopt_take(node, operation);
    } else {
        running->op = skad_adopt_seek(node, operation, &running->name);
    }
    running->adopts = running->op != 0;
    skad_operations_release(&node->operations, operation);
    if (announced) {
        note_announced(node, &running->name);
    }
}

/* ---- Due announcements ---- */

static bool ours(const skad_node *node, const skad_record *record)
{
    return record->publisher != NULL &&
           memcmp(record->publisher, node->env.identity.public_key, SKAD_PUBLIC_KEY_BYTES) == 0;
}

/* Returns the address that an announcement of our own should have now. */
static skad_address endpoint_of(const skad_node *node, const skad_store_record *row,
                                const skad_record *record)
{
    if (record->type == SKAD_RECORD_ANNOUNCEMENT && skad_publication_follows(row)) {
        skad_address own =
            skad_observed_own(&node->observed, record->endpoint.port, node->env.now.mono_us);
        if (own.family != SKAD_FAMILY_NONE) {
            return own;
        }
    }
    return record->endpoint;
}

/* Whether it announces an address that we no longer have. */
static bool moved(const skad_node *node, const skad_store_record *row, const skad_record *record)
{
    skad_address endpoint = endpoint_of(node, row, record);
    return record->type == SKAD_RECORD_ANNOUNCEMENT &&
           !skad_address_equal(&endpoint, &record->endpoint);
}

/* Signs a record of our own for another life. Returns its length, 0 if that is impossible. */
static size_t sign_anew(const skad_node *node, const skad_store_record *row, const skad_record *old,
                        uint8_t out[static SKAD_RECORD_BYTES_MAX])
{
    const uint64_t life_s = skad_publication_life_s(row);
    const skad_publisher self = {&node->env.identity, node->env.network_id};
    uint64_t expiry = node->env.now.unix_s + life_s;
    if (old->type == SKAD_RECORD_MUTABLE) {
        return skad_record_encode_mutable(self, old->salt, old->sequence, expiry, old->value, out,
                                          SKAD_RECORD_BYTES_MAX);
    }
    const skad_address endpoint = endpoint_of(node, row, old);
    uint64_t sequence = old->sequence;
    if (moved(node, row, old)) { /* something else is said: the time, as when we announce it anew */
        sequence = node->env.now.unix_s > sequence ? node->env.now.unix_s : sequence + 1;
    }
    return skad_record_encode_announcement(self, &old->key, sequence, expiry, &endpoint, old->value,
                                           out, SKAD_RECORD_BYTES_MAX);
}

/* Prepares a publication as it is to be announced now: copies it from the store, and signs it anew
 * when half of its life is over, when it ends too far ahead, or when it announces an address that
 * is no longer ours. Returns false when it has ended, or when the store gave back something else
 * than we put. */
static bool prepare(const skad_node *node, const skad_store_record *row, skad_start_record *out,
                    uint8_t bytes[static SKAD_RECORD_BYTES_MAX])
{
    skad_record record;
    uint32_t life_s = skad_publication_life_s(row);
    uint64_t now = node->env.now.unix_s;
    if (!skad_record_decode(row->data, row->len, &record)) {
        return false;
    }
    bool ends = record.type != SKAD_RECORD_IMMUTABLE;
    bool over = ends && record.expiry_unix_s <= now;
    uint64_t left_s = ends && !over ? record.expiry_unix_s - now : 0;
    bool due =
        over || (ends && (left_s <= life_s / 2 || left_s > life_s)) || moved(node, row, &record);
    size_t len = 0;
    if (due && life_s > 0 && ours(node, &record)) {
        len = sign_anew(node, row, &record, bytes);
    } else if (!over) {
        memcpy(bytes, row->data, row->len);
        len = row->len;
    }
    *out = (skad_start_record){
        .bytes = {bytes, len},
        .type = record.type,
        .key = record.key,
        .life_s = life_s,
        .follows = skad_publication_follows(row),
    };
    return len > 0;
}

/* Replaces the old record with the one that was signed anew before it is sent. Where the store
 * leaves writing for later, a crash in between leaves the network with a later expiry than we know
 * of: we sign once more then, which is a renewal like any other. */
static bool keep_anew(skad_node *node, const skad_start_record *start)
{
    skad_record record;
    bool decodes = skad_record_decode(start->bytes.data, start->bytes.len, &record);
    SKAD_ASSERT(decodes);
    const skad_publication publication = {&record, start->bytes, start->life_s, start->follows};
    return skad_publications_keep(node, &publication) == SKAD_OK;
}

/* Whether a publication announces an address of ours that is another one now. */
static bool lags(const skad_node *node, const skad_store_record *row)
{
    skad_record record;
    return skad_publication_follows(row) && skad_record_decode(row->data, row->len, &record) &&
           moved(node, row, &record);
}

/* Whether it was announced a moment ago, as it is to be announced now. */
static bool recent(const skad_node *node, const skad_store_record *row)
{
    uint64_t now = node->env.now.unix_s;
    if (lags(node, row)) {
        return false;
    }
    return row->stored_unix_s <= now &&
           (now - row->stored_unix_s) * SKAD_US_PER_S < skad_env_hour_us(&node->env) / 2;
}

/* Whether a publication that is not announced any more may be dropped: it has ended, by a clock
 * that can be trusted, or it is none. */
static bool is_over(const skad_node *node, const skad_store_record *row)
{
    const uint64_t now = node->env.now.unix_s;
    const uint64_t life_s = node->env.profile.record_life_s;
    if (row->expires_unix_s > now) {
        return true;
    }
    bool long_ago = now - row->expires_unix_s >= ENDED_LIVES * life_s;
    return skad_clock_steady(node,
                             long_ago ? skad_env_hour_us(&node->env) : life_s * SKAD_US_PER_S);
}

/* Announces one publication; false when there is no slot for it now. */
static bool announce(skad_node *node, const skad_store_record *row, size_t slot)
{
    skad_republish_state *state = &node->republish;
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    skad_start_record start;
    const skad_store_name name = row->name;
    if (!prepare(node, row, &start, bytes)) {
        if (!is_over(node, row)) {
            return true;
        }
        (void)node->store.ops->drop(node->store.self, SKAD_STORE_PUBLICATIONS, &name);
        return true;
    }
    bool anew = start.bytes.len != row->len || memcmp(bytes, row->data, row->len) != 0;
    if (anew && !keep_anew(node, &start)) {
        return true; /* a full disk: the next round tries again */
    }
    if (skad_start_put(node, SKAD_OPERATION_REPUBLISH, &start, &state->running[slot].op) !=
        SKAD_OK) {
        state->running[slot].op = 0;
        return false;
    }
    state->running[slot].name = name;
    return true;
}

/* Returns the index of a free slot for a renewal, SKAD_REPUBLISHES_MAX if there is none. The first
 * one allocates the slots, like the operation that it begins. */
static size_t free_slot(skad_republish_state *state)
{
    size_t slot = 0;
    state->running = skad_lazy_use(state->running, SKAD_REPUBLISHES_MAX, sizeof *state->running);
    if (state->running == NULL) {
        return SKAD_REPUBLISHES_MAX;
    }
    while (slot < SKAD_REPUBLISHES_MAX && state->running[slot].op != 0) {
        slot++;
    }
    return slot;
}

static void step(skad_node *node)
{
    skad_republish_state *state = &node->republish;
    const skad_store *store = &node->store;
    const skad_store_name here = state->from;
    skad_store_record row;
    if (!store->ops->next(store->self, SKAD_STORE_PUBLICATIONS, &state->from, &row)) {
        memset(&state->from, 0, sizeof state->from);
        state->first = false;
    } else if (!recent(node, &row)) {
        size_t slot = free_slot(state);
        if (slot == SKAD_REPUBLISHES_MAX || !announce(node, &row, slot)) {
            state->from = here;
            state->step_us = node->env.now.mono_us + RETRY_US;
            return;
        }
    }
    state->step_us = node->env.now.mono_us + pace_us(node);
}

void skad_republish_look(skad_node *node, uint64_t us)
{
    skad_republish_state *state = &node->republish;
    if (!state->look_planned || us < state->look_us) {
        state->look_us = us;
    }
    state->look_planned = true;
}

/* When our address has changed, begins a round of what follows it. */
static void look_at_address(skad_node *node)
{
    skad_republish_state *state = &node->republish;
    const uint64_t now_us = node->env.now.mono_us;
    skad_address own = skad_observed_own(&node->observed, 0, now_us);
    state->look_us = now_us + SKAD_REPUBLISH_LOOK_US;
    state->look_planned = false;
    if (own.family == SKAD_FAMILY_NONE) {
        return;
    }
    if (state->own.family != SKAD_FAMILY_NONE && !skad_address_equal(&own, &state->own)) {
        memset(&state->follow_from, 0, sizeof state->follow_from);
        state->follow_us = now_us;
    }
    state->own = own;
}

static void follow(skad_node *node)
{
    skad_republish_state *state = &node->republish;
    const skad_store *store = &node->store;
    const uint64_t now_us = node->env.now.mono_us;
    skad_store_record row;
    for (size_t i = 0; i < SKAD_REPUBLISH_FOLLOW_RECORDS; i++) {
        const skad_store_name here = state->follow_from;
        if (!store->ops->next(store->self, SKAD_STORE_PUBLICATIONS, &state->follow_from, &row)) {
            state->follow_us = UINT64_MAX;
            return;
        }
        if (!lags(node, &row)) {
            continue;
        }
        size_t slot = free_slot(state);
        const bool begun = slot < SKAD_REPUBLISHES_MAX && announce(node, &row, slot);
        state->follow_from = begun ? state->follow_from : here;
        state->follow_us = now_us + (begun ? SKAD_REPUBLISH_FOLLOW_US : RETRY_US);
        return;
    }
    state->follow_us = now_us + SKAD_REPUBLISH_STEP_US_MIN;
}

/* Announces an under-replicated publication, which has a time of its own; without a slot it waits
 * for its next one. */
static void step_store_retry(skad_node *node)
{
    const skad_store *store = &node->store;
    skad_store_name name;
    skad_store_record row;
    if (!skad_store_retries_due(&node->store_retries, &node->env, &name)) {
        return;
    }
    size_t slot = free_slot(&node->republish);
    if (!store->ops->find(store->self, SKAD_STORE_PUBLICATIONS, &name, node->env.now.unix_s,
                          &row)) {
        skad_store_retries_drop(&node->store_retries, &name); /* withdrawn meanwhile */
    } else if (slot < SKAD_REPUBLISHES_MAX) {
        (void)announce(node, &row, slot);
    }
}

void skad_republish_advance(skad_node *node)
{
    skad_republish_state *state = &node->republish;
    for (size_t i = 0; state->running != NULL && i < SKAD_REPUBLISHES_MAX; i++) {
        if (state->running[i].op != 0) {
            look_after(node, i);
        }
    }
    if (state->clock_us != node->clock_watch.since_us) {
        begin_anew(node);
    }
    if (node->join.joined && node->env.now.mono_us >= state->look_us) {
        look_at_address(node);
    }
    if (node->join.joined && node->env.now.mono_us >= state->step_us) {
        step(node);
    }
    if (node->join.joined && node->env.now.mono_us >= state->follow_us) {
        follow(node);
    }
    if (node->join.joined) {
        step_store_retry(node);
    }
}

uint64_t skad_republish_deadline(const skad_node *node)
{
    uint64_t retry_us = skad_store_retries_deadline(&node->store_retries);
    uint64_t step_us = node->republish.step_us;
    uint64_t next_us = retry_us < step_us ? retry_us : step_us;
    next_us = node->republish.follow_us < next_us ? node->republish.follow_us : next_us;
    if (node->republish.look_planned && node->republish.look_us < next_us) {
        next_us = node->republish.look_us;
    }
    return node->join.joined ? next_us : UINT64_MAX;
}
