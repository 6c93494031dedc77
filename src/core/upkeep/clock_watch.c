#include "src/core/upkeep/clock_watch.h"

#include <string.h>

#include "src/core/node/state.h"

/* The unsigned difference, read as a signed one, is right for any two times. */
static int64_t ahead_s(const skad_time *now)
{
    return (int64_t)(now->unix_s - now->mono_us / SKAD_US_PER_S);
}

static void begin(skad_node *node)
{
    skad_clock_watch *state = &node->clock_watch;
    state->since_us = node->env.now.mono_us;
    state->step_us = state->since_us + skad_env_hour_us(&node->env) / 2;
    memset(&state->from, 0, sizeof state->from);
}

void skad_clock_watch_init(skad_node *node)
{
    node->clock_watch.ahead_s = ahead_s(&node->env.now);
    begin(node);
}

bool skad_clock_steady(const skad_node *node, uint64_t us)
{
    return node->env.now.mono_us - node->clock_watch.since_us >= us;
}

/* Cuts a life that no clock that is right can have given. */
static void examine(skad_node *node, const skad_store_record *record)
{
    const uint64_t now = node->env.now.unix_s;
    const uint64_t last = now + node->env.profile.record_life_s;
    uint8_t bytes[SKAD_STORED_BYTES_MAX];
    if (record->expires_unix_s <= last) {
        return;
    }
    skad_store_record cut = *record;
    memcpy(bytes, record->data, record->len);
    cut.data = bytes;
    cut.expires_unix_s = last;
    cut.stored_unix_s = record->stored_unix_s < now ? record->stored_unix_s : now;
    /* A store that fails is left as it is: the record counts as cut wherever it is used. */
    if (node->store.ops->put(node->store.self, SKAD_STORE_REPLICAS, &cut, now) == SKAD_OK) {
        node->stats.lives_cut++;
    }
}

static void step(skad_node *node)
{
    skad_clock_watch *state = &node->clock_watch;
    const skad_store *store = &node->store;
    skad_store_record record;
    state->step_us = node->env.now.mono_us + SKAD_CLOCK_STEP_US;
    for (size_t i = 0; i < SKAD_CLOCK_RECORDS; i++) {
        if (!store->ops->next(store->self, SKAD_STORE_REPLICAS, &state->from, &record)) {
            state->step_us = UINT64_MAX;
            return;
        }
        examine(node, &record);
    }
}

void skad_clock_watch_tick(skad_node *node)
{
    skad_clock_watch *state = &node->clock_watch;
    const int64_t now_ahead_s = ahead_s(&node->env.now);
    const int64_t moved_s = (int64_t)((uint64_t)now_ahead_s - (uint64_t)state->ahead_s);
    state->ahead_s = now_ahead_s;
    if (moved_s > SKAD_CLOCK_JUMP_S || moved_s < -SKAD_CLOCK_JUMP_S) {
        begin(node);
    } else if (node->join.joined && node->env.now.mono_us >= state->step_us) {
        step(node);
    }
}

uint64_t skad_clock_watch_deadline(const skad_node *node)
{
    return node->join.joined ? node->clock_watch.step_us : UINT64_MAX;
}
