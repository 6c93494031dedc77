#include "src/core/operations/ask.h"

#include "crypto/assert.h"
#include "src/core/lookup/region.h"
#include "src/core/node/state.h"
#include "src/core/rpc/request.h"

/* Makes what a lookup asks a candidate. */
static void write_query(const skad_node *node, const skad_operation *operation,
                        const skad_query *query, skad_message *out)
{
    if (skad_operation_gets(operation) && !query->region) {
        out->kind = SKAD_KIND_FIND_VALUE;
        out->u.find_value.key = query->target;
        out->u.find_value.want = (uint8_t)node->families;
        out->u.find_value.type = operation->collection->type;
    } else {
        out->kind = SKAD_KIND_FIND_NODE;
        out->u.find_node.target = query->target;
        out->u.find_node.want = (uint8_t)node->families;
    }
}

/* Makes what a put asks a holder. */
static void write_record(const skad_node *node, const skad_operation *operation, skad_message *out)
{
    const skad_put_payload *payload = &operation->payload;
    const skad_span record = {payload->record, payload->len};
    if (payload->type == SKAD_RECORD_ANNOUNCEMENT) {
        out->kind = SKAD_KIND_ANNOUNCE;
        out->u.announce.record = record;
    } else {
        out->kind = SKAD_KIND_STORE;
        out->u.store.record = record;
        out->u.store.has_cas = payload->has_cas;
        out->u.store.cas = payload->cas;
        out->u.store.life_s = node->env.profile.record_life_s;
    }
}

/* Asks one of the lookup's candidates. */
static bool ask(skad_node *node, const skad_operation *operation, uint16_t index,
                skad_request request)
{
    const skad_candidate *candidate = &operation->lookup->candidates.all[index];
    request.address = &candidate->address;
    request.responder = &candidate->contact.id;
    request.token = candidate->has_token ? candidate->token : NULL;
    request.owner = skad_operation_name(&node->operations, operation);
    return skad_request_send(node, &request);
}

bool skad_ask_candidate(skad_node *node, skad_operation *operation, const skad_query *query)
{
    skad_message message;
    write_query(node, operation, query, &message);
    return ask(node, operation, query->candidate,
               (skad_request){
                   .message = &message,
                   .purpose = query->region ? SKAD_PURPOSE_REGION : SKAD_PURPOSE_LOOKUP,
                   .step = query->candidate,
               });
}

bool skad_ask_holder(skad_node *node, skad_operation *operation, uint16_t holder)
{
    skad_message message;
    write_record(node, operation, &message);
    return ask(node, operation, operation->holders[holder].candidate,
               (skad_request){.message = &message, .purpose = SKAD_PURPOSE_STORE, .step = holder});
}

bool skad_ask_hello(skad_node *node, skad_operation *operation)
{
    const skad_message ping = {.kind = SKAD_KIND_PING};
    const skad_request request = {
        .message = &ping,
        .address = &operation->address,
        .purpose = SKAD_PURPOSE_PING,
        .owner = skad_operation_name(&node->operations, operation),
    };
    if (operation->hellos == SKAD_ASK_HELLOS || !skad_request_send(node, &request)) {
        return false;
    }
    operation->hellos++;
    return true;
}

bool skad_ask_again(skad_node *node, const skad_pending_rpc *rpc)
{
    skad_operation *operation = skad_operations_find(&node->operations, rpc->owner);
    bool storing = rpc->purpose == SKAD_PURPOSE_STORE;
    skad_message message;
    if (operation == NULL ||
        operation->stage != (storing ? SKAD_STAGE_STORING : SKAD_STAGE_RUNNING)) {
        return false;
    }
    if (storing) {
        write_record(node, operation, &message);
    } else {
        bool region = rpc->purpose == SKAD_PURPOSE_REGION;
        const skad_query query = {
            .region = region,
            .target = region ? skad_regions_target(operation->lookup) : operation->lookup->target,
        };
        write_query(node, operation, &query, &message);
    }
    skad_request_again(node, rpc, &message);
    return true;
}
