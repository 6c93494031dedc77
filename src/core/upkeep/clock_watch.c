#include "src/core/upkeep/clock_watch.h"

#include <string.h>

#include "src/core/node/state.h"

/* The unsigned difference, read as a signed one, is right for any two times. */
static int64_t ahead_s(const skad_time *now)
{
    return (int64_t)(now->unix_s - now->mono_us / SKAD_US_PER_S);
}

static uint64_t life_us(const skad_node *node)
{
    return (uint64_t)node->env.profile.record_life_s * SKAD_US_PER_S;
}

static void begin(skad_node *node)
{
    skad_clock_watch *state = &node->clock_watch;
    state->since_us = node->env.now.mono_us;
    state->step_us = state->since_us + life_us(node);
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

/* Whether this clock, which has run for a whole life, cannot have given a record its end: then it
 * was given before, and is over. */
static bool of_another_clock(const skad_node *node, const skad_store_record *record)
{
    const uint64_t last = node->env.now.unix_s + node->env.profile.record_life_s;
    return record->expires_unix_s > last &&
           record->expires_unix_s - last > SKAD_CLOCK_SLACK_S(&node->env.profile);
}

static void step(skad_node *node)
{
    skad_clock_watch *state = &node->clock_watch;
    const skad_store *store = &node->store;
    skad_store_record record;
    state->step_us = node->env.now.mono_us + SKAD_CLOCK_STEP_US;
    for (size_t i = 0; i < SKAD_CLOCK_RECORDS; i++) {
        const skad_store_name before = state->from;
        if (!store->ops->next(store->self, SKAD_STORE_REPLICAS, &state->from, &record)) {
            state->step_us = UINT64_MAX;
            return;
        }
        if (!of_another_clock(node, &record)) {
            continue;
        }
        const skad_store_name name = record.name;
        if (store->ops->drop(store->self, SKAD_STORE_REPLICAS, &name) != SKAD_OK) {
            state->from = before; /* later: the disk may be busy, or full */
            state->step_us = node->env.now.mono_us + SKAD_CLOCK_AGAIN_US;
            return;
        }
        node->stats.lives_ended++;
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
    } else if (node->env.now.mono_us >= state->step_us) {
        step(node);
    }
}

uint64_t skad_clock_watch_deadline(const skad_node *node)
{
    return node->clock_watch.step_us;
}
