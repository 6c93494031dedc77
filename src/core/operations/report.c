#include "src/core/operations/report.h"
#include "src/core/lookup/nearest.h"

#include <stdlib.h>

#include "crypto/assert.h"
#include "src/core/node/state.h"
#include "src/core/operations/forwarded_report.h"
#include "src/core/operations/storing.h"
#include "src/core/routing/density.h"
#include "src/core/rpc/events.h"

skad_status skad_reports_init(skad_reports *reports, size_t operations)
{
    *reports = (skad_reports){.ended = calloc(operations, sizeof *reports->ended)};
    return reports->ended == NULL ? SKAD_ERR_MEMORY : SKAD_OK;
}

void skad_reports_free(skad_reports *reports)
{
    free(reports->ended);
    *reports = (skad_reports){0};
}

static skad_op *queued(const skad_node *node, size_t index)
{
    return &node->reports.ended[(node->reports.first + index) % node->operations.count];
}

void skad_report_ended(skad_node *node, const skad_operation *operation)
{
    SKAD_ASSERT(node->reports.count < node->operations.count);
    *queued(node, node->reports.count++) = skad_operation_name(&node->operations, operation);
}

void skad_report_forget(skad_node *node, skad_op name)
{
    if (node->reports.polled == name) {
        node->reports.polled = 0;
        return;
    }
    size_t kept = 0;
    for (size_t i = 0; i < node->reports.count; i++) {
        if (*queued(node, i) != name) {
            *queued(node, kept++) = *queued(node, i);
        }
    }
    node->reports.count = kept;
}

static void report_ping(const skad_operation *operation, skad_event *event)
{
    event->kind = SKAD_EVENT_PING;
    event->u.ping.id = operation->responder;
    event->u.ping.address = operation->address;
    event->u.ping.observed = operation->observed;
    event->u.ping.rtt_us = (uint32_t)operation->rtt_us;
}

skad_step skad_report_step(const skad_lookup *lookup, uint16_t index)
{
    const skad_candidate *candidate = &lookup->candidates.all[index];
    return (skad_step){
        .id = candidate->contact.id,
        .address = candidate->address,
        .state = candidate->state,
        .path = candidate->path == lookup->paths ? SKAD_STEP_PATH_CLOSING : candidate->path,
        .hop = candidate->hop,
        .gave_value = candidate->gave_value,
        .introduced = candidate->introduced,
        .rtt_us = candidate->rtt_us,
    };
}

static void emit_step(skad_node *node, const skad_operation *operation, const skad_step *step)
{
    skad_event event = {.kind = SKAD_EVENT_STEP,
                        .op = skad_operation_name(&node->operations, operation)};
    event.u.step = *step;
    skad_events_emit(&node->events, &event);
}

void skad_report_trace(skad_node *node, const skad_operation *operation, uint16_t index)
{
    if (operation->traced) {
        skad_step step = skad_report_step(operation->lookup, index);
        emit_step(node, operation, &step);
    }
}

void skad_report_trace_region(skad_node *node, const skad_operation *operation, uint16_t index,
                              skad_step_state state)
{
    if (operation->traced) {
        skad_step step = skad_report_step(operation->lookup, index);
        step.path = SKAD_STEP_PATH_REGION;
        step.state = (uint8_t)state;
        step.rtt_us = 0;
        emit_step(node, operation, &step);
    }
}

void skad_report_trace_query(skad_node *node, const skad_operation *operation,
                             const skad_query *query)
{
    if (query->region) {
        skad_report_trace_region(node, operation, query->candidate, SKAD_STEP_ASKED);
    } else {
        skad_report_trace(node, operation, query->candidate);
    }
}

/* Lists the nodes that were asked, in the order of asking. */
static size_t list_steps(skad_operation *operation)
{
    const skad_lookup *lookup = operation->lookup;
    operation->steps = calloc((size_t)lookup->asked_count + 1, sizeof *operation->steps);
    if (operation->steps == NULL) {
        return 0;
    }
    for (size_t i = 0; i < lookup->asked_count; i++) {
        operation->steps[i] = skad_report_step(lookup, lookup->asked[i]);
    }
    return lookup->asked_count;
}

static void mark_closest(skad_operation *operation, size_t steps_count, const uint16_t *indices,
                         size_t closest_count)
{
    const skad_lookup *lookup = operation->lookup;
    for (size_t i = 0; i < closest_count; i++) {
        operation->closest[i] = lookup->candidates.all[indices[i]].contact;
        for (size_t j = 0; j < steps_count; j++) {
            operation->steps[j].closest |= lookup->asked[j] == indices[i];
        }
    }
}

static void report_lookup(skad_operation *operation, skad_event *event)
{
    const skad_lookup *lookup = operation->lookup;
    uint16_t indices[SKAD_K_MAX];
    size_t closest_count = skad_lookup_closest(lookup, lookup->siblings, indices);
    size_t steps_count = list_steps(operation);
    operation->closest = calloc(SKAD_K_MAX, sizeof *operation->closest);
    closest_count = operation->closest == NULL ? 0 : closest_count;
    mark_closest(operation, steps_count, indices, closest_count);
    event->kind = SKAD_EVENT_LOOKUP;
    event->u.lookup.report = (skad_lookup_report){
        .target = lookup->target,
        .duration_us = (uint32_t)(operation->ended_us - lookup->started_us),
        .rpcs = lookup->rpcs,
        .paths = lookup->paths,
        .paths_agreed = skad_lookup_agreement(lookup),
        .dense = lookup->dense,
        .network_size = skad_density_network_size(lookup->radius, lookup->siblings),
        .closest_count = (uint8_t)closest_count,
        .closest = operation->closest,
        .steps_count = (uint16_t)steps_count,
        .steps = operation->steps,
    };
}

static uint8_t saturated(size_t count)
{
    return count > UINT8_MAX ? UINT8_MAX : (uint8_t)count;
}

static void count_given(const skad_collection *collection, const skad_given *given,
                        skad_tally *tally)
{
    if (given->record && skad_collection_agrees(collection, given)) {
        tally->agreed++;
    } else if (given->record) {
        tally->stale++;
    } else if (given->invalid) {
        tally->invalid++;
    } else {
        tally->empty++;
    }
}

/* Counts the answers to a get. For an immutable value all answers count; for other records only
 * those of the s closest count, which ought to have it. The unresponsive nodes are those that were
 * asked and stand closer than the last of these. */
static void report_tally(const skad_operation *operation, skad_tally *tally)
{
    const skad_lookup *lookup = operation->lookup;
    const skad_collection *collection = operation->collection;
    bool all = collection->type == SKAD_RECORD_IMMUTABLE;
    uint16_t indices[SKAD_K_MAX];
    size_t closest = skad_lookup_closest(lookup, lookup->siblings, indices);
    uint16_t last = closest > 0 ? indices[closest - 1] : 0;
    size_t unresponsive = 0;
    for (size_t i = 0; i < lookup->asked_count; i++) {
        uint16_t index = lookup->asked[i];
        bool within = all || closest == 0 || index == last ||
                      skad_candidates_closer(&lookup->candidates, index, last);
        const skad_given *given = skad_collection_given(collection, index);
        if (within && given != NULL) {
            count_given(collection, given, tally);
        } else if (within && lookup->candidates.all[index].state != SKAD_STEP_ANSWERED) {
            unresponsive++;
        }
    }
    tally->unresponsive = saturated(unresponsive);
}

static void report_get(skad_operation *operation, skad_event *event)
{
    event->kind = SKAD_EVENT_GET;
    skad_collection_report(operation->collection, &event->u.get);
    event->u.get.rpcs = operation->lookup->rpcs;
    event->u.get.dense = operation->lookup->dense;
    report_tally(operation, &event->u.get.tally);
}

bool skad_report_poll(skad_node *node, skad_event *out)
{
    if (node->reports.count == 0) {
        return false;
    }
    skad_op name = *queued(node, 0);
    skad_operation *operation = skad_operations_find(&node->operations, name);
    SKAD_ASSERT(operation != NULL && operation->stage == SKAD_STAGE_ENDED);
    node->reports.first = (node->reports.first + 1) % node->operations.count;
    node->reports.count--;
    node->reports.polled = name;
    out->op = name;
    out->outcome = operation->outcome;
    switch (operation->kind) {
    case SKAD_OPERATION_PING:
        report_ping(operation, out);
        break;
    case SKAD_OPERATION_LOOKUP:
        report_lookup(operation, out);
        break;
    case SKAD_OPERATION_PUT:
        out->kind = SKAD_EVENT_PUT;
        skad_storing_report(operation, &out->u.put);
        break;
    case SKAD_OPERATION_GET:
        report_get(operation, out);
        break;
    case SKAD_OPERATION_FORWARD:
        skad_forwarding_report(operation, &node->env.profile, out);
        break;
    case SKAD_OPERATION_WATCH: /* queued by watch.c where something has changed */
        report_get(operation, out);
        out->kind = SKAD_EVENT_CHANGED;
        out->op = skad_watches_name(&node->watches, operation->watch);
        break;
    case SKAD_OPERATION_JOIN:
    case SKAD_OPERATION_REFRESH:
    case SKAD_OPERATION_REPUBLISH:
    case SKAD_OPERATION_ADOPT:
    case SKAD_OPERATION_DEPOSIT:
    case SKAD_OPERATION_BALLOT:
        break; /* the node's own are never queued */
    }
    return true;
}

void skad_report_release(skad_node *node)
{
    if (node->reports.polled != 0) {
        skad_operation *operation = skad_operations_find(&node->operations, node->reports.polled);
        node->reports.polled = 0;
        SKAD_ASSERT(operation != NULL);
        skad_operations_release(&node->operations, operation);
    }
}
