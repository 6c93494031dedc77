#include "src/core/operations/forwarded_report.h"

#include <stdlib.h>

#include "src/core/node/state.h"
#include "src/core/routing/distance.h"
#include "src/core/rpc/events.h"

static skad_step step_of(const skad_forwarding *self, size_t at)
{
    const skad_first_hop *hop = &self->hops[at];
    return (skad_step){
        .id = hop->id,
        .address = hop->address,
        .state = hop->state,
        .path = (uint8_t)at,
        .gave_value = hop->gave_value,
        .rtt_us = hop->state == SKAD_STEP_ANSWERED ? hop->rtt_us : 0,
    };
}

void skad_forwarding_trace(skad_node *node, const skad_operation *operation, size_t hop)
{
    skad_event event = {.kind = SKAD_EVENT_STEP,
                        .op = skad_operation_name(&node->operations, operation)};
    if (operation->traced) {
        event.u.step = step_of(operation->forwarding, hop);
        skad_events_emit(&node->events, &event);
    }
}

static uint8_t agreed(const skad_forwarding *self)
{
    uint8_t count = 0;
    for (size_t i = 0; i < self->hops_count && self->closest_count > 0; i++) {
        count = (uint8_t)(count + (self->hops[i].gave_value &&
                                   skad_id_equal(&self->hops[i].nearest, &self->closest[0].id)));
    }
    return count;
}

static void report_nodes(skad_operation *operation, const skad_profile *profile, skad_event *event)
{
    skad_forwarding *self = operation->forwarding;
    const uint8_t s = profile->siblings;
    operation->steps = calloc((size_t)self->hops_count + 1, sizeof *operation->steps);
    for (size_t i = 0; operation->steps != NULL && i < self->hops_count; i++) {
        operation->steps[i] = step_of(self, i);
    }
    event->kind = SKAD_EVENT_LOOKUP;
    event->u.lookup.report = (skad_lookup_report){
        .target = self->forward.target,
        .duration_us = (uint32_t)(operation->ended_us - self->started_us),
        .rpcs = self->hops_count,
        .paths = self->hops_count,
        .paths_agreed = agreed(self),
        .closest_count = self->closest_count < s ? self->closest_count : s,
        .closest = self->closest,
        .steps_count = operation->steps == NULL ? 0 : self->hops_count,
        .steps = operation->steps,
    };
}

static void report_record(const skad_operation *operation, skad_event *event)
{
    const skad_forwarding *self = operation->forwarding;
    event->kind = SKAD_EVENT_GET;
    skad_collection_report(operation->collection, &event->u.get);
    event->u.get.rpcs = self->hops_count;
    event->u.get.tally.empty = self->absent;
    for (size_t i = 0; i < self->hops_count; i++) {
        const skad_given *given = skad_collection_given(operation->collection, (uint16_t)i);
        const bool record = given != NULL && given->record;
        const bool same = record && skad_collection_agrees(operation->collection, given);
        event->u.get.tally.agreed = (uint8_t)(event->u.get.tally.agreed + same);
        event->u.get.tally.stale = (uint8_t)(event->u.get.tally.stale + (record && !same));
        event->u.get.tally.unresponsive =
            (uint8_t)(event->u.get.tally.unresponsive + (self->hops[i].state == SKAD_STEP_FAILED));
    }
}

static void report_stored(const skad_operation *operation, const skad_profile *profile,
                          skad_event *event)
{
    const skad_forwarding *self = operation->forwarding;
    skad_put_report report = {.key = self->forward.target, .wanted = (uint8_t)profile->siblings};
    for (size_t i = 0; i < self->hops_count; i++) {
        const skad_first_hop *hop = &self->hops[i];
        report.stored = hop->holders > report.stored ? hop->holders : report.stored;
        report.unresponsive = (uint8_t)(report.unresponsive + (hop->state == SKAD_STEP_FAILED));
    }
    report.holders = (uint8_t)(report.stored + report.unresponsive);
    report.life_s = report.stored > 0 ? profile->record_life_s : 0;
    event->kind = SKAD_EVENT_PUT;
    event->u.put = report;
}

void skad_forwarding_report(skad_operation *operation, const skad_profile *profile,
                            skad_event *event)
{
    if (operation->forwarding->forward.aim == SKAD_FORWARD_STORE) {
        report_stored(operation, profile, event);
    } else if (skad_forwarding_gets(operation->forwarding)) {
        report_record(operation, event);
    } else {
        report_nodes(operation, profile, event);
    }
}
