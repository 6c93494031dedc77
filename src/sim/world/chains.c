#include "src/sim/world/chains.h"

#include <stdlib.h>
#include <string.h>

#include "skad/record.h"
#include "src/sim/base/memory.h"

/* One errand, by the node that has it and its number there. */
typedef struct errand_name {
    uint32_t node;
    uint32_t number;
} errand_name;

/* A FORWARD under way, and what its answer was. */
typedef struct request_place {
    bool taken;
    uint8_t rpc_id[SKAD_RPC_ID_BYTES];
    uint32_t from;
    uint32_t to;
    errand_name errand;
    skad_id target;
    uint8_t hops;
    bool copy;
} request_place;

/* The errand that a node serves when it asks on for a target. */
typedef struct relay_place {
    bool taken;
    uint32_t node;
    skad_id target;
    errand_name errand;
} relay_place;

struct skad_chains {
    skad_errand *errands; /* of each node */
    request_place *requests;
    relay_place *relays;
    uint64_t requests_count;
    const request_place *answer; /* that is being taken, */
    uint32_t taker;              /* and by whom; SKAD_SIM_NOBODY */
};

void skad_chains_init(skad_world *world)
{
    if (!world->scenario.forward && !skad_sim_scenario_has(&world->scenario, SKAD_SIM_WATCHES)) {
        return;
    }
    skad_chains *self = skad_sim_alloc(1, sizeof *self);
    self->errands = skad_sim_alloc(world->count, sizeof *self->errands);
    self->requests = skad_sim_alloc(SKAD_CHAINS_PLACES, sizeof *self->requests);
    self->relays = skad_sim_alloc(SKAD_CHAINS_PLACES, sizeof *self->relays);
    self->taker = SKAD_SIM_NOBODY;
    world->chains = self;
}

void skad_chains_free(skad_world *world)
{
    skad_chains *self = world->chains;
    if (self != NULL) {
        free(self->errands);
        free(self->requests);
        free(self->relays);
        free(self);
        world->chains = NULL;
    }
}

/* ---- Errands ---- */

void skad_chains_begin(skad_world *world, uint32_t node, const skad_id *target)
{
    if (world->chains != NULL) {
        skad_errand *errand = &world->chains->errands[node];
        *errand = (skad_errand){.under_way = true, .number = errand->number + 1, .target = *target};
    }
}

void skad_chains_end(skad_world *world, uint32_t node)
{
    if (world->chains != NULL) {
        world->chains->errands[node].under_way = false;
    }
}

const skad_errand *skad_chains_errand(const skad_world *world, uint32_t node)
{
    return world->chains == NULL ? NULL : &world->chains->errands[node];
}

uint64_t skad_chains_requests(const skad_world *world)
{
    return world->chains == NULL ? 0 : world->chains->requests_count;
}

/* The errand of this name, if it has not ended. */
static skad_errand *errand_of(skad_chains *self, const errand_name *name)
{
    skad_errand *errand = &self->errands[name->node];
    return errand->under_way && errand->number == name->number ? errand : NULL;
}

static bool asks_for(const skad_chains *self, uint32_t node, const skad_id *target)
{
    return self->errands[node].under_way && skad_id_equal(&self->errands[node].target, target);
}

/* ---- Places ---- */

static size_t hash_of(uint64_t number, uint32_t node)
{
    const uint64_t mixed = (number ^ node * 0x9e3779b97f4a7c15ULL) * 0xbf58476d1ce4e5b9ULL;
    return (size_t)(mixed >> 40) % SKAD_CHAINS_PLACES;
}

static request_place *request_at(skad_chains *self, const uint8_t *rpc_id, uint32_t from)
{
    uint64_t number;
    memcpy(&number, rpc_id, sizeof number);
    return &self->requests[hash_of(number, from)];
}

/* The place of one request; NULL if another one has it. */
static request_place *find_request(skad_chains *self, const uint8_t *rpc_id, uint32_t from,
                                   uint32_t to)
{
    request_place *place = request_at(self, rpc_id, from);
    const bool same = place->taken && place->from == from && place->to == to &&
                      memcmp(place->rpc_id, rpc_id, SKAD_RPC_ID_BYTES) == 0;
    return same ? place : NULL;
}

static relay_place *relay_at(skad_chains *self, uint32_t node, const skad_id *target)
{
    return &self->relays[hash_of(skad_id_prefix(target), node)];
}

/* ---- Datagrams ---- */

typedef struct decoded {
    skad_envelope envelope;
    skad_message message;
} decoded;

/* Decodes a FORWARD or its answer; false: it is neither. */
static bool decode(const uint8_t *bytes, size_t len, decoded *out)
{
    skad_envelope_glance glance;
    return len > SKAD_TAG_BYTES &&
           skad_envelope_glance_at(bytes + SKAD_TAG_BYTES, len - SKAD_TAG_BYTES, &glance) &&
           (glance.kind == SKAD_KIND_FORWARD || glance.kind == SKAD_KIND_FORWARDED) &&
           skad_envelope_decode(bytes + SKAD_TAG_BYTES, len - SKAD_TAG_BYTES, &out->envelope) ==
               SKAD_VERDICT_ACCEPT &&
           skad_message_decode(out->envelope.kind, out->envelope.body.data, out->envelope.body.len,
                               &out->message);
}

static void send_request(skad_chains *self, const decoded *it, uint32_t from, uint32_t to)
{
    const skad_id *target = &it->message.u.forward.target;
    const relay_place *relay = relay_at(self, from, target);
    errand_name name = {from, self->errands[from].number};
    if (!asks_for(self, from, target)) {
        if (!relay->taken || relay->node != from || !skad_id_equal(&relay->target, target)) {
            return;
        }
        name = relay->errand;
    }
    request_place *place = request_at(self, it->envelope.rpc_id, from);
    *place =
        (request_place){.taken = true, .from = from, .to = to, .errand = name, .target = *target};
    memcpy(place->rpc_id, it->envelope.rpc_id, SKAD_RPC_ID_BYTES);
    skad_errand *errand = errand_of(self, &name);
    self->requests_count++;
    if (errand != NULL) {
        errand->requests++;
    }
}

/* Whether a node is not responsible for the record that it gives. */
static bool is_copy(const skad_world *world, uint32_t node, skad_span bytes)
{
    const skad_store *store = &world->nodes[node].store;
    skad_record record;
    skad_store_record found;
    return skad_record_decode(bytes.data, bytes.len, &record) &&
           store->ops->list(store->self, &record.key, (uint8_t)record.type, 0,
                            skad_world_time(world, node).unix_s, &found, 1) > 0 &&
           found.cached;
}

/* A node answers: with what it is given right now, or with its own word. */
static void send_answer(skad_world *world, const decoded *it, uint32_t from, uint32_t to)
{
    skad_chains *self = world->chains;
    const request_place *given = self->taker == from ? self->answer : NULL;
    const skad_span record = it->message.u.reply.u.forwarded.record;
    request_place *place = find_request(self, it->envelope.rpc_id, to, from);
    if (place == NULL) {
        return;
    }
    if (given != NULL && skad_id_equal(&given->target, &place->target)) {
        place->hops = (uint8_t)(given->hops + (given->hops < UINT8_MAX));
        place->copy = given->copy;
    } else {
        place->hops = 1;
        place->copy = record.len > 0 && is_copy(world, from, record);
    }
}

void skad_chains_sent(skad_world *world, uint32_t from, const skad_datagram *datagram)
{
    decoded it;
    if (world->chains == NULL || !decode(datagram->bytes, datagram->len, &it)) {
        return;
    }
    const uint32_t to = skad_sim_node_at(&world->addresses, &datagram->to);
    if (it.envelope.kind == SKAD_KIND_FORWARD) {
        send_request(world->chains, &it, from, to);
    } else {
        send_answer(world, &it, from, to);
    }
}

void skad_chains_received(skad_world *world, uint32_t to, const skad_sim_flight *flight)
{
    skad_chains *self = world->chains;
    decoded it;
    if (self == NULL || !decode(flight->bytes, flight->len, &it)) {
        return;
    }
    const uint32_t from = skad_sim_node_at(&world->addresses, &flight->from);
    if (it.envelope.kind == SKAD_KIND_FORWARD) {
        const request_place *place = find_request(self, it.envelope.rpc_id, from, to);
        if (place != NULL) {
            *relay_at(self, to, &place->target) = (relay_place){
                .taken = true, .node = to, .target = place->target, .errand = place->errand};
        }
        return;
    }
    const request_place *place = find_request(self, it.envelope.rpc_id, to, from);
    if (place == NULL) {
        return;
    }
    self->answer = place;
    self->taker = to;
    skad_errand *errand = place->errand.node == to ? errand_of(self, &place->errand) : NULL;
    if (errand != NULL) {
        errand->hops = place->hops;
        errand->copy = place->copy;
    }
}

void skad_chains_taken(skad_world *world)
{
    if (world->chains != NULL) {
        world->chains->answer = NULL;
        world->chains->taker = SKAD_SIM_NOBODY;
    }
}

/* ---- The curious ---- */

/* The errand that a request serves, and its target; NULL: it serves none that is under way. */
static skad_errand *errand_served(skad_chains *self, const skad_asked *asked)
{
    const skad_message *question = &asked->question;
    if (asked->from == SKAD_SIM_NOBODY) {
        return NULL;
    }
    if (question->kind == SKAD_KIND_FORWARD) {
        const request_place *place =
            find_request(self, asked->envelope->rpc_id, asked->from, asked->node);
        return place == NULL ? NULL : errand_of(self, &place->errand);
    }
    const bool searches = (question->kind == SKAD_KIND_FIND_NODE &&
                           asks_for(self, asked->from, &question->u.find_node.target)) ||
                          (question->kind == SKAD_KIND_FIND_VALUE &&
                           asks_for(self, asked->from, &question->u.find_value.key));
    return searches ? &self->errands[asked->from] : NULL;
}

void skad_chains_seen(skad_world *world, const skad_asked *asked)
{
    skad_errand *errand = world->chains == NULL ? NULL : errand_served(world->chains, asked);
    if (errand == NULL || errand->sighting.seen) {
        return;
    }
    const bool forward = asked->question.kind == SKAD_KIND_FORWARD;
    errand->sighting = (skad_sighting){
        .seen = true,
        .sender = asked->from,
        .budget = forward ? asked->question.u.forward.budget : 0,
        .life_ms = forward ? asked->question.u.forward.life_ms : 0,
        .order_own = (uint8_t)skad_common_prefix(&world->ids[asked->node], &errand->target),
        .order_sender = (uint8_t)skad_common_prefix(&world->ids[asked->from], &errand->target),
    };
}
