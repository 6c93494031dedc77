#include "src/core/upkeep/housekeeping.h"

#include "proto/profile.h"
#include "src/core/node/state.h"
#include "src/core/rpc/events.h"
#include "src/core/rpc/twin.h"

static void ask_for_nonce(skad_node *node, uint32_t epoch)
{
    skad_housekeeping *state = &node->housekeeping;
    const uint64_t now_us = node->env.now.mono_us;
    if (state->epoch_asked != epoch || now_us - state->asked_us >= SKAD_NONCE_AGAIN_US) {
        state->epoch_asked = epoch;
        state->asked_us = now_us;
        skad_events_emit(&node->events,
                         &(skad_event){.kind = SKAD_EVENT_PUZZLE_NEEDED, .u.epoch = epoch});
    }
}

static void watch_epoch(skad_node *node)
{
    uint32_t epoch = skad_profile_epoch(&node->env.profile, node->env.now.unix_s);
    uint64_t left_s = node->env.profile.epoch_s - node->env.now.unix_s % node->env.profile.epoch_s;
    if (skad_identity_nonce(&node->env.identity, epoch) == NULL) {
        ask_for_nonce(node, epoch);
    } else if (left_s <= node->env.profile.epoch_s / SKAD_EPOCH_AHEAD_DIVISOR &&
               skad_identity_nonce(&node->env.identity, epoch + 1) == NULL) {
        ask_for_nonce(node, epoch + 1);
    }
}

void skad_housekeeping_tick(skad_node *node)
{
    if (node->env.now.mono_us < node->housekeeping.sweep_us) {
        return;
    }
    bool steady = skad_clock_steady(node, skad_env_hour_us(&node->env) / 4);
    size_t swept = steady ? node->store.ops->sweep(node->store.self, node->env.now.unix_s,
                                                   SKAD_SWEEP_RECORDS_MAX)
                          : 0;
    bool more = swept == SKAD_SWEEP_RECORDS_MAX;
    node->housekeeping.sweep_us =
        node->env.now.mono_us + (more ? SKAD_SWEEP_AGAIN_US : SKAD_SWEEP_INTERVAL_US);
    watch_epoch(node);
    skad_twin_tick(node);
}
