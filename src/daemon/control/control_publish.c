/* Publishing with the next sequence: what the network holds is found first, then the record is
 * stored with a sequence above it.
 *
 *   queued --no other of its key--> finding --found, or nothing--> storing --stored--> answered
 *                                   ^     |                        |     ^
 *                                   +-----+ a node that may have   +-----+ holders have a higher
 * one it did not answer              by now: once more
 *
 * One publish of a key and salt is under way at a time, so two clients of one node never take the
 * same sequence. The pending call of a publish stays in the table of operations all the time; its
 * operation is 0 while nothing of it is under way. */
#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "skad/records.h"
#include "src/daemon/control/control_inside.h"
#include "src/daemon/control/input_blame.h"
#include "src/daemon/control/operation_result.h"
#include "src/daemon/control/records_result.h"

#define FINDS_MAX 4 /* a dead node is left out once it was silent for three seconds */

struct skad_control_publish {
    skad_control_publish *next;
    skad_id key;
    bool storing;                 /* otherwise it has to be found, or that is under way */
    bool again;                   /* it was stored a second time, with a higher sequence */
    unsigned finds;               /* begun */
    uint64_t held;                /* what the network holds */
    skad_control_request request; /* its spans are the bytes below */
    uint8_t value[SKAD_MUTABLE_VALUE_BYTES_MAX];
    uint8_t salt[SKAD_SALT_BYTES_MAX];
};

/* Its place in the table of operations. */
static size_t place_of(const skad_control *control, const skad_control_publish *publish)
{
    size_t at = 0;
    while (control->operations.entries[at].publish != publish) {
        at++;
        SKAD_ASSERT(at < control->operations.count);
    }
    return at;
}

void skad_control_publish_free(skad_control *control, skad_control_publish *publish)
{
    skad_control_publish **link = &control->publishes;
    while (*link != publish) {
        link = &(*link)->next;
    }
    *link = publish->next;
    control->publishes_count--;
    free(publish);
}

/* Takes it out of the table, to be answered. */
static skad_pending_call end(skad_control *control, skad_control_publish *publish)
{
    skad_pending_call call = skad_control_take(control, place_of(control, publish));
    call.sequence = publish->request.sequence;
    call.publish = NULL;
    skad_control_publish_free(control, publish);
    return call;
}

/* ---- Steps ---- */

/* The sequence under which this node itself publishes it; 0: none. */
static uint64_t published_sequence(const skad_control *control, const skad_id *key)
{
    const skad_method_context *context = control->config.context;
    skad_store_name name = {.key = *key, .type = SKAD_RECORD_MUTABLE};
    skad_store_record record;
    memcpy(name.publisher, skad_node_public_key(context->node), sizeof name.publisher);
    return context->store.ops->find(context->store.self, SKAD_STORE_PUBLICATIONS, &name,
                                    control->config.now->unix_s, &record)
               ? record.sequence
               : 0;
}

static skad_status begin_step(skad_control *control, skad_control_publish *publish, skad_op *op)
{
    const skad_method_context *context = control->config.context;
    if (!publish->storing) {
        publish->finds++;
        return skad_node_get(context->node, SKAD_RECORD_MUTABLE, &publish->key,
                             *control->config.now, op);
    }
    return skad_method_start(context, &publish->request, *control->config.now, op);
}

/* Begins the next step, unless another one of its key is before it. */
static void go_on(skad_control *control, skad_control_publish *publish)
{
    for (const skad_control_publish *other = control->publishes; other != publish;
         other = other->next) {
        if (memcmp(&other->key, &publish->key, sizeof other->key) == 0) {
            return;
        }
    }
    skad_op op = 0;
    const skad_status status = begin_step(control, publish, &op);
    if (status == SKAD_OK) {
        control->operations.entries[place_of(control, publish)].op = op;
    } else if (status == SKAD_ERR_FULL) {
        publish->finds -= !publish->storing;
        control->stalled = true;
    } else {
        const skad_control_request request = publish->request;
        const skad_pending_call call = end(control, publish);
        skad_control_request refused = request;
        refused.msgid = call.msgid;
        skad_control_refuse(control, &call, &refused, status);
    }
}

void skad_control_publish_resume(skad_control *control)
{
    skad_control_publish *next;
    for (skad_control_publish *publish = control->publishes; publish != NULL; publish = next) {
        next = publish->next;
        if (control->operations.entries[place_of(control, publish)].op == 0) {
            go_on(control, publish);
        }
    }
}

/* ---- What came ---- */

static void answer(skad_control *control, skad_control_publish *publish, const skad_event *event)
{
    const skad_pending_call call = end(control, publish);
    skad_writer writer = skad_control_begin(control);
    skad_durations_add(control->config.context->durations, event->kind,
                       control->config.now->mono_us - call.started_us);
    skad_operation_result(event, &call, &writer);
    skad_control_respond(&call, &writer);
}

/* Takes the sequence above this one; false: there is none. */
static bool take_next(skad_control *control, skad_control_publish *publish, uint64_t held)
{
    const uint64_t own = published_sequence(control, &publish->key);
    held = own > held ? own : held;
    if (held == UINT64_MAX) {
        const skad_pending_call call = end(control, publish);
        skad_control_refuse_because(&call, SKAD_CONTROL_ERROR_INPUT,
                                    "the record that is there has the last of all sequences: "
                                    "choose another salt");
        return false;
    }
    publish->storing = true;
    publish->request.sequence = held + 1;
    return true;
}

static void take_found(skad_control *control, skad_control_publish *publish,
                       const skad_event *event)
{
    if (event->outcome == SKAD_OUTCOME_TIMED_OUT && publish->finds == FINDS_MAX) {
        answer(control, publish, event);
        return;
    }
    const uint64_t held = event->outcome == SKAD_OUTCOME_DONE ? event->u.get.sequence : 0;
    if (event->outcome == SKAD_OUTCOME_TIMED_OUT || take_next(control, publish, held)) {
        go_on(control, publish);
    }
}

static void take_stored(skad_control *control, skad_control_publish *publish,
                        const skad_event *event)
{
    const uint64_t seen = event->u.put.sequence_seen;
    const bool overtaken = event->outcome == SKAD_OUTCOME_NOT_FOUND &&
                           seen >= publish->request.sequence && !publish->request.has_cas;
    if (!overtaken || publish->again) {
        answer(control, publish, event);
        return;
    }
    publish->again = true;
    if (take_next(control, publish, seen)) {
        go_on(control, publish);
    }
}

void skad_control_publish_event(skad_control *control, size_t at, const skad_event *event)
{
    skad_control_publish *publish = control->operations.entries[at].publish;
    control->operations.entries[at].op = 0;
    control->ended_some = true;
    if (event->kind == SKAD_EVENT_GET) {
        take_found(control, publish, event);
    } else {
        take_stored(control, publish, event);
    }
}

/* ---- Beginning ---- */

/* Copies the request: the client's buffer moves on. */
static void keep_request(skad_control_publish *publish, const skad_control_request *request)
{
    publish->request = *request;
    publish->request.auto_sequence = false;
    publish->request.value = (skad_span){publish->value, request->value.len};
    publish->request.salt = (skad_span){publish->salt, request->salt.len};
    if (request->value.len > 0) {
        memcpy(publish->value, request->value.data, request->value.len);
    }
    if (request->salt.len > 0) {
        memcpy(publish->salt, request->salt.data, request->salt.len);
    }
}

bool skad_control_publish_start(skad_control *control, const skad_pending_call *call,
                                const skad_control_request *request)
{
    if (skad_input_blame(control->config.context, request, SKAD_ERR_INPUT).parameter != NULL) {
        skad_control_refuse(control, call, request, SKAD_ERR_INPUT);
        return true;
    }
    if (control->publishes_count == SKAD_CONTROL_PUBLISHES_MAX) {
        return false;
    }
    skad_control_publish *publish = calloc(1, sizeof *publish);
    if (publish == NULL) {
        skad_control_refuse(control, call, request, SKAD_ERR_MEMORY);
        return true;
    }
    keep_request(publish, request);
    skad_mutable_key(skad_node_public_key(control->config.context->node), publish->request.salt,
                     &publish->key);
    skad_control_publish **last = &control->publishes;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = publish;
    control->publishes_count++;
    skad_pending_call started = *call;
    started.publish = publish;
    started.op = 0;
    skad_pending_calls_add(&control->operations, &started);
    call->client->operations++;
    go_on(control, publish);
    return true;
}
