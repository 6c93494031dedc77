#include "src/sim/world/ledger.h"

#include <stdlib.h>

#include "proto/envelope.h"
#include "src/core/node/readers.h"
#include "src/sim/base/memory.h"

typedef struct account {
    uint64_t received; /* bytes, without proof */
    uint64_t sent;
    uint64_t proven_until_us; /* nothing is counted before */
} account;

struct skad_sim_ledger {
    account *accounts; /* node by node, one for each other node */
    uint32_t serving;  /* the node whose datagram is being handled, and at which node; or none */
    uint32_t server;
};

/* A shown token may have been granted one slot ago, so the peer may show it for one more. */
#define PROVEN_US SKAD_TOKEN_SLOT_US

void skad_sim_ledger_init(skad_world *world)
{
    if (world->scenario.invariants && world->count <= SKAD_SIM_LEDGER_NODES_MAX) {
        size_t pairs = (size_t)world->honest * world->count;
        world->ledger = skad_sim_alloc(1, sizeof *world->ledger);
        world->ledger->accounts = skad_sim_alloc(pairs, sizeof *world->ledger->accounts);
        skad_sim_ledger_served(world);
    }
}

void skad_sim_ledger_free(skad_world *world)
{
    if (world->ledger != NULL) {
        free(world->ledger->accounts);
        free(world->ledger);
        world->ledger = NULL;
    }
}

static account *account_of(const skad_world *world, uint32_t node, uint32_t other)
{
    if (world->ledger == NULL || node >= world->honest || other == SKAD_SIM_NOBODY) {
        return NULL;
    }
    return &world->ledger->accounts[(size_t)node * world->count + other];
}

static bool decode(const skad_sim_flight *flight, skad_envelope *envelope)
{
    return flight->len > SKAD_TAG_BYTES &&
           skad_envelope_decode(flight->bytes + SKAD_TAG_BYTES, flight->len - SKAD_TAG_BYTES,
                                envelope) == SKAD_VERDICT_ACCEPT;
}

static bool shows_valid_token(const skad_world *world, uint32_t node, const skad_sim_flight *flight,
                              const skad_envelope *envelope)
{
    return skad_kind_is_request(envelope->kind) && envelope->token != NULL &&
           skad_node_token_valid(world->nodes[node].node, &flight->from, envelope->id,
                                 envelope->token, skad_world_time(world, node));
}

/* An answer has proven its address: it repeats the random number of our request. What a lookup asks
 * next is a request of our own, even where it asks the same node. */
void skad_sim_ledger_received(skad_world *world, uint32_t node, const skad_sim_flight *flight)
{
    uint32_t source = skad_sim_node_at(&world->addresses, &flight->from);
    account *one = account_of(world, node, source);
    if (one == NULL) {
        return;
    }
    skad_envelope envelope;
    const bool decodes = decode(flight, &envelope);
    if (!decodes || skad_kind_is_request(envelope.kind)) {
        world->ledger->serving = source;
        world->ledger->server = node;
    }
    if (decodes && shows_valid_token(world, node, flight, &envelope)) {
        *one = (account){.proven_until_us = world->now_us + PROVEN_US};
    } else {
        one->received += flight->len;
    }
}

void skad_sim_ledger_served(skad_world *world)
{
    if (world->ledger != NULL) {
        world->ledger->serving = SKAD_SIM_NOBODY;
        world->ledger->server = SKAD_SIM_NOBODY;
    }
}

void skad_sim_ledger_sent(skad_world *world, uint32_t node, const skad_datagram *datagram)
{
    if (world->ledger == NULL) {
        return;
    }
    uint32_t to = skad_sim_node_at(&world->addresses, &datagram->to);
    account *one = account_of(world, node, to);
    bool in_answer = world->ledger->server == node && world->ledger->serving == to;
    if (one == NULL || !in_answer || world->now_us < one->proven_until_us) {
        return;
    }
    one->sent += datagram->len;
    if (one->sent > SKAD_SIM_LEDGER_FACTOR * one->received && world->broken == NULL) {
        world->broken = "an address that shows no token gets at most three times what it sent";
        world->broken_node = node;
    }
}
