#include "src/core/operations/ask.h"

#include <string.h>

#include "src/core/lookup/credit.h"
#include "src/core/lookup/mirror.h"
#include "src/core/node/state.h"
#include "src/core/operations/introduce.h"
#include "src/core/rpc/request.h"

/* Makes what a lookup asks a candidate. */
static void write_query(const skad_node *node, const skad_operation *operation,
                        const skad_query *query, skad_message *out)
{
    const bool elsewhere = query->mirrored || (query->region && query->part != SKAD_PART_KEY);
    if (skad_operation_gets(operation) && !elsewhere) {
        out->kind = SKAD_KIND_FIND_VALUE;
        out->u.find_value.key = query->target;
        out->u.find_value.want = (uint8_t)node->families;
        out->u.find_value.type = operation->collection->type;
        out->u.find_value.has_from = false;
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

/* Makes what a get asks a holder that has more announcements. */
static void write_page(const skad_node *node, const skad_operation *operation,
                       const skad_pager *pager, skad_message *out)
{
    const skad_query query = {.target = operation->lookup->target};
    write_query(node, operation, &query, out);
    out->u.find_value.has_from = true;
    memcpy(out->u.find_value.from, pager->from, sizeof pager->from);
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
    const skad_request request = {
        .message = &message,
        .purpose = query->region ? SKAD_PURPOSE_REGION : SKAD_PURPOSE_LOOKUP,
        .step = query->candidate,
        .part = query->part,
    };
    if (!ask(node, operation, query->candidate, request)) {
        return false;
    }
    skad_introduce(node, operation, query->candidate);
    return true;
}

bool skad_ask_holder(skad_node *node, skad_operation *operation, uint16_t holder)
{
    skad_message message;
    write_record(node, operation, &message);
    return ask(node, operation, operation->holders[holder].candidate,
               (skad_request){.message = &message, .purpose = SKAD_PURPOSE_STORE, .step = holder});
}

bool skad_ask_page(skad_node *node, skad_operation *operation, const skad_pager *pager)
{
    skad_message message;
    write_page(node, operation, pager, &message);
    return ask(node, operation, pager->candidate,
               (skad_request){
                   .message = &message, .purpose = SKAD_PURPOSE_PAGE, .step = pager->candidate});
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

/* Returns the stage in which an operation waits for the answers to requests of a purpose. */
static skad_operation_stage stage_of(skad_purpose purpose)
{
    if (purpose == SKAD_PURPOSE_STORE) {
        return SKAD_STAGE_STORING;
    }
    return purpose == SKAD_PURPOSE_PAGE ? SKAD_STAGE_PAGING : SKAD_STAGE_RUNNING;
}

/* Whether a copy may leave, by who is asked. A stranger that one node named may be a victim that it
 * wants to have datagrams; that most of those nearest to the target name, it is none. */
static bool may_copy(const skad_node *node, const skad_lookup *lookup, const skad_pending_rpc *rpc)
{
    return rpc->copies <= SKAD_COPIES_STRANGER + rpc->hurried ||
           skad_peers_find(&node->table.peers, &rpc->responder) != SKAD_PEER_NONE ||
           skad_credit_vouched(lookup, rpc->step);
}

bool skad_ask_again(skad_node *node, const skad_pending_rpc *rpc)
{
    skad_operation *operation = skad_operations_find(&node->operations, rpc->owner);
    const skad_purpose purpose = (skad_purpose)rpc->purpose;
    skad_message message;
    const bool early = operation != NULL && purpose == SKAD_PURPOSE_STORE &&
                       operation->stage == SKAD_STAGE_RUNNING;
    if (operation == NULL || (operation->stage != stage_of(purpose) && !early)) {
        return false;
    }
    if (purpose == SKAD_PURPOSE_STORE) {
        write_record(node, operation, &message);
    } else if (purpose == SKAD_PURPOSE_PAGE) {
        write_page(node, operation, skad_collection_pager(operation->collection, rpc->step),
                   &message);
    } else {
        const bool region = purpose == SKAD_PURPOSE_REGION;
        const skad_lookup *lookup = operation->lookup;
        if (!may_copy(node, lookup, rpc)) {
            return true;
        }
        const uint8_t path = lookup->candidates.all[rpc->step].path;
        const skad_query query = {
            .region = region,
            .part = rpc->part,
            .mirrored = !region && skad_mirror_is(lookup, path),
            .target = region ? skad_lookup_elsewhere(lookup, rpc->part)
                             : skad_mirror_target(lookup, path),
        };
        write_query(node, operation, &query, &message);
        if (!rpc->hurried) { /* otherwise it has called us */
            skad_introduce(node, operation, rpc->step);
        }
    }
    skad_request_again(node, rpc, &message);
    return true;
}
