#include "src/sim/world/world.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "src/sim/base/cryptography.h"
#include "src/sim/base/memory.h"
#include "src/sim/world/carriers.h"
#include "src/sim/world/chains.h"
#include "src/sim/world/fairness.h"
#include "src/sim/world/internet.h"
#include "src/sim/world/leagues.h"
#include "src/sim/world/ledger.h"
#include "src/sim/world/phases.h"
#include "src/sim/world/population.h"
#include "src/sim/world/prefetch.h"
#include "src/sim/world/wire.h"

#define QUEUE_ON_THE_WAY_UP_US SKAD_US_PER_S /* of a node with a narrow one; more is dropped */

#define LOOK_MS 1 /* between two looks at what is due in a live world */

#define FORESEEN_NODES_MIN 2000 /* fewer, of some 20 KB each, stay in a cache by themselves */

bool skad_world_init(skad_world *world, const skad_sim_scenario *scenario,
                     char reason[static SKAD_SIM_REASON_BYTES])
{
    memset(world, 0, sizeof *world);
    world->scenario = *scenario;
    world->profile = skad_sim_scenario_profile(scenario);
    world->count = (uint32_t)skad_sim_scenario_count(scenario);
    world->honest = (uint32_t)skad_sim_scenario_honest(scenario);
    bool neighbours = skad_sim_scenario_has(scenario, SKAD_SIM_NEIGHBOURS);
    bool shared = scenario->adversary_subnets > 0 || scenario->adversary_allocation > 0 ||
                  scenario->adversary_addresses > 0;
    world->addresses =
        (skad_sim_addresses){.nodes = world->count,
                             .shared_from = shared || neighbours ? world->honest : world->count,
                             .hosts = (uint32_t)scenario->adversary_hosts,
                             .neighbours = neighbours,
                             .subnets = (uint32_t)skad_sim_scenario_subnets(scenario),
                             .crowd = (uint32_t)scenario->adversary_addresses,
                             .ipv6 = scenario->ipv6,
                             .allocation = (unsigned)scenario->adversary_allocation,
                             .allocations = (uint32_t)scenario->adversary_allocations};
    if (scenario->addresses == SKAD_SIM_INTERNET) {
        world->addresses.internet = skad_sim_internet_new(
            scenario->seed, world->addresses.shared_from, scenario->ipv6_share);
    }
    if (scenario->nat_carrier > 0) {
        world->addresses.carriers = skad_sim_carriers_new(world->count);
    }
    world->families = world->addresses.internet != NULL && scenario->ipv6_share > 0
                          ? SKAD_FAMILIES_ALL
                      : scenario->ipv6 ? SKAD_FAMILY_IPV6
                                       : SKAD_FAMILY_IPV4;
    world->now_us = SKAD_SIM_BEGIN_S * SKAD_US_PER_S;
    world->began_us = UINT64_MAX;
    skad_sim_flights_init(&world->flights);
    if (world->count >= FORESEEN_NODES_MIN) {
        world->queue.soon = skad_prefetch;
        world->queue.soon_user = world;
    }
    if (!skad_sim_links_init(&world->links, &world->scenario, reason)) {
        return false;
    }
    if (scenario->live) {
        world->wire = skad_sim_wire_new(world->count, reason);
        if (world->wire == NULL) {
            return false;
        }
    }
    skad_population_init(world);
    skad_leagues_init(world);
    skad_sim_ledger_init(world);
    skad_chains_init(world);
    return true;
}

void skad_world_free(skad_world *world)
{
    skad_chains_free(world);
    skad_sim_ledger_free(world);
    skad_population_free(world);
    skad_sim_wire_free(world->wire);
    world->wire = NULL;
    skad_sim_links_free(&world->links);
    skad_sim_flights_free(&world->flights);
    skad_sim_queue_free(&world->queue);
    skad_sim_internet_free(world->addresses.internet);
    world->addresses.internet = NULL;
    skad_sim_carriers_free(world->addresses.carriers);
    world->addresses.carriers = NULL;
}

skad_time skad_world_time(const skad_world *world, uint32_t node)
{
    double skew_s = (double)world->nodes[node].skew_s;
    uint64_t unix_s = SKAD_SIM_UNIX_S + world->now_us / SKAD_US_PER_S;
    return (skad_time){.mono_us = world->now_us,
                       .unix_s =
                           skew_s < 0 ? unix_s - (uint64_t)-skew_s : unix_s + (uint64_t)skew_s};
}

bool skad_world_up(const skad_world *world, uint32_t node)
{
    return world->nodes[node].node != NULL;
}

uint32_t skad_world_truthful(const skad_world *world)
{
    return skad_sim_scenario_lies(&world->scenario) ? world->honest : world->count;
}

void skad_world_plan(skad_world *world, skad_sim_event_kind kind, uint32_t index, uint64_t due_us)
{
    skad_sim_queue_put(&world->queue, (skad_sim_event){due_us, (uint32_t)kind, index});
}

/* ---- Sending ---- */

static bool partitioned(const skad_world *world, uint32_t from, uint32_t to)
{
    const skad_sim_scenario *scenario = &world->scenario;
    if (scenario->partition_for_s <= 0 || world->began_us == UINT64_MAX) {
        return false;
    }
    double since_s = (double)(world->now_us - world->began_us) / (double)SKAD_US_PER_S;
    if (since_s < scenario->partition_at_s ||
        since_s >= scenario->partition_at_s + scenario->partition_for_s) {
        return false;
    }
    uint32_t border = (uint32_t)((1 - scenario->partition_share) * (double)world->count);
    return (from < border) != (to < border);
}

static void launch(skad_world *world, const skad_address *from, const skad_datagram *datagram,
                   const skad_sim_fate *fate, uint64_t due_us)
{
    uint32_t place = skad_sim_flights_take(&world->flights, datagram->len);
    skad_sim_flight *flight = skad_sim_flights_at(&world->flights, place);
    flight->from = *from;
    flight->to = datagram->to;
    memcpy(flight->bytes, datagram->bytes, datagram->len);
    if (fate->damaged) {
        skad_prng *prng = &world->links.prng;
        flight->bytes[skad_prng_below(prng, datagram->len)] ^=
            (uint8_t)(1 + skad_prng_below(prng, 255));
    }
    skad_world_plan(world, SKAD_SIM_DELIVER, place, due_us);
}

/* How long a datagram waits for a limited upload; false if its queue is full. */
static bool go_up(skad_world *world, uint32_t from, size_t len, uint64_t *wait_us)
{
    double kbps = world->scenario.bandwidth_kbps;
    skad_sim_node *node = &world->nodes[from];
    *wait_us = 0;
    if (kbps <= 0) {
        return true;
    }
    uint64_t begin_us = node->free_us > world->now_us ? node->free_us : world->now_us;
    if (begin_us - world->now_us > QUEUE_ON_THE_WAY_UP_US) {
        return false;
    }
    node->free_us = begin_us + (uint64_t)((double)len * 8000 / kbps);
    *wait_us = node->free_us - world->now_us;
    return true;
}

/* Whether the adversaries may send so many bytes more: what is beyond their budget of a second is
 * not sent. */
static bool affords(skad_world *world, uint32_t from, size_t len)
{
    const double bytes_per_s = world->scenario.budget_bytes_per_s;
    if (bytes_per_s <= 0 || from < world->honest) {
        return true;
    }
    uint64_t begin_us = world->paid_us > world->now_us ? world->paid_us : world->now_us;
    if (begin_us - world->now_us > SKAD_US_PER_S) {
        return false;
    }
    world->paid_us = begin_us + (uint64_t)((double)len * (double)SKAD_US_PER_S / bytes_per_s);
    return true;
}

static uint64_t way_of(skad_world *world, uint32_t from, uint32_t to)
{
    const double ms = world->scenario.adversary_latency_ms;
    if (ms > 0 && (from >= world->honest || to >= world->honest)) {
        return (uint64_t)(ms * (double)SKAD_US_PER_MS);
    }
    return skad_sim_links_latency_us(&world->links, from, to);
}

/* A datagram is on its way, so much later than usual. */
static void put_on_link(skad_world *world, uint32_t from, const skad_address *source,
                        const skad_datagram *datagram, uint64_t delay_us)
{
    skad_sim_counters *counters = &world->counters;
    uint32_t to = skad_sim_node_at(&world->addresses, &datagram->to);
    uint64_t wait_us;
    if (!affords(world, from, datagram->len)) {
        counters->queue_full++;
        return;
    }
    counters->sent++;
    counters->sent_bytes += datagram->len;
    skad_sim_fingerprint_add(&world->fingerprint, world->now_us, from,
                             (skad_span){datagram->bytes, datagram->len});
    skad_sim_fate fate = skad_sim_links_fate(&world->links);
    if (to == SKAD_SIM_NOBODY) {
        counters->unroutable++;
    } else if (partitioned(world, from, to)) {
        counters->partitioned++;
    } else if (fate.lost || (world->leagues != NULL &&
                             !skad_leagues_passes(world, from, to, datagram, &delay_us))) {
        counters->lost++;
    } else if (!go_up(world, from, datagram->len, &wait_us)) {
        counters->queue_full++;
    } else {
        for (int copy = 0; copy <= (int)fate.doubled; copy++) {
            uint64_t way_us = way_of(world, from, to);
            launch(world, source, datagram, &fate,
                   world->now_us + delay_us + wait_us + way_us + fate.held_up_us);
        }
    }
}

void skad_world_send(skad_world *world, uint32_t from, const skad_datagram *datagram)
{
    skad_address source =
        skad_sim_address_facing(&world->addresses, from, (skad_family)datagram->to.family);
    skad_sim_nat *nat = world->nodes[from].nat;
    if (nat != NULL) {
        source.port = skad_sim_nat_out(nat, &datagram->to, world->now_us);
    }
    uint64_t delay_us = 0;
    if (world->leagues != NULL) {
        skad_leagues_overhear(world, from, &source, datagram);
        if (!skad_leagues_departs(world, from, datagram, &delay_us)) {
            return;
        }
    }
    world->watched_requests += from == world->watched && datagram->request;
    skad_sim_ledger_sent(world, from, datagram);
    skad_chains_sent(world, from, datagram);
    put_on_link(world, from, &source, datagram, delay_us);
}

void skad_world_send_from(skad_world *world, uint32_t from, const skad_address *source,
                          const skad_datagram *datagram)
{
    put_on_link(world, from, source, datagram, 0);
}

/* ---- A node's turn ---- */

void skad_world_enter(const skad_world *world, uint32_t node)
{
    bool differ = skad_sim_scenario_has(&world->scenario, SKAD_SIM_LIBRARIES);
    skad_sim_library(differ && (node >= world->honest || node % 2 == 0));
}

static void wake_by(skad_world *world, uint32_t node, uint64_t deadline_us)
{
    skad_sim_node *one = &world->nodes[node];
    if (deadline_us < one->wake_us) {
        one->wake_us = deadline_us < world->now_us ? world->now_us : deadline_us;
        skad_world_plan(world, SKAD_SIM_WAKE, node, one->wake_us);
    }
}

/* The next epoch's nonce is free of charge here. */
static void solve_puzzle(skad_world *world, uint32_t node, uint32_t epoch)
{
    const skad_puzzle_nonce nonce = {.epoch = epoch};
    skad_status status = skad_node_add_nonce(world->nodes[node].node, &nonce);
    SKAD_ASSERT(status == SKAD_OK);
}

void skad_world_settle(skad_world *world, uint32_t node)
{
    skad_node *core = world->nodes[node].node;
    skad_event event;
    while (skad_node_poll_datagram(core, &world->datagram)) {
        skad_world_send(world, node, &world->datagram);
    }
    while (skad_node_poll_event(core, &event)) {
        if (event.kind == SKAD_EVENT_PUZZLE_NEEDED) {
            solve_puzzle(world, node, event.u.epoch);
        } else if (event.kind == SKAD_EVENT_REACHABILITY) {
            world->nodes[node].client = event.u.reachability.role == SKAD_ROLE_CLIENT;
            world->nodes[node].was_client |= world->nodes[node].client;
        } else if (world->listener.event != NULL) {
            world->listener.event(world, node, &event, world->listener.user);
        }
        while (skad_node_poll_datagram(core, &world->datagram)) {
            skad_world_send(world, node, &world->datagram);
        }
    }
    wake_by(world, node, skad_node_deadline(core));
    if (world->scenario.invariants && world->broken == NULL) {
        world->broken = skad_population_broken(world, node);
        world->broken_node = node;
    }
}

/* Whether a NAT in front of the node drops the datagram. */
static bool is_shut_out(const skad_world *world, uint32_t to, const skad_sim_flight *flight)
{
    const skad_sim_carriers *carriers = world->addresses.carriers;
    const skad_sim_nat *nat = world->nodes[to].nat;
    return nat != NULL && (!skad_sim_nat_in(nat, &flight->from, flight->to.port, world->now_us) ||
                           (carriers != NULL &&
                            skad_sim_carriers_refuse(
                                carriers, skad_sim_node_at(&world->addresses, &flight->from), to)));
}

static void arrive(skad_world *world, uint32_t to, const skad_sim_flight *flight)
{
    skad_sim_node *node = &world->nodes[to];
    if (node->node == NULL) {
        world->counters.unroutable++;
    } else if (is_shut_out(world, to, flight)) {
        world->counters.shut_out++;
    } else {
        world->counters.delivered++;
        skad_sim_ledger_received(world, to, flight);
        skad_chains_received(world, to, flight);
        if (to < world->honest || !skad_leagues_takes(world, to, flight)) {
            skad_world_enter(world, to);
            (void)skad_node_receive(node->node, flight->bytes, flight->len, &flight->from,
                                    skad_world_time(world, to));
            skad_world_settle(world, to);
            skad_fairness_check(world, to, flight);
        }
        skad_chains_taken(world);
        skad_sim_ledger_served(world);
    }
}

/* Its way over the link is over: it arrives, or in a live world has the way through the system
 * left.
 */
static void deliver(skad_world *world, uint32_t place)
{
    skad_sim_flight *flight = skad_sim_flights_at(&world->flights, place);
    const uint32_t to = skad_sim_node_at(&world->addresses, &flight->to);
    if (world->wire == NULL) {
        arrive(world, to, flight);
    } else if (!skad_sim_wire_send(world->wire, to, flight)) {
        world->counters.lost++;
    }
    skad_sim_flights_give(&world->flights, place);
}

static void wake(skad_world *world, uint32_t index, uint64_t due_us)
{
    skad_sim_node *node = &world->nodes[index];
    if (node->wake_us != due_us || node->node == NULL) {
        return; /* planned anew since, or gone */
    }
    node->wake_us = UINT64_MAX;
    uint64_t deadline_us = skad_node_deadline(node->node);
    if (deadline_us > world->now_us) {
        wake_by(world, index, deadline_us); /* put off since */
        return;
    }
    world->counters.ticks++;
    skad_world_enter(world, index);
    skad_node_tick(node->node, skad_world_time(world, index));
    skad_world_settle(world, index);
}

static void handle(skad_world *world, const skad_sim_event *event)
{
    world->counters.events++;
    switch ((skad_sim_event_kind)event->kind) {
    case SKAD_SIM_DELIVER:
        deliver(world, event->index);
        break;
    case SKAD_SIM_WAKE:
        wake(world, event->index, event->due_us);
        break;
    case SKAD_SIM_CHANGE:
        if (world->listener.change != NULL) {
            world->listener.change(world, event->index, world->listener.user);
        }
        break;
    case SKAD_SIM_WORK:
        world->listener.work(world, event->index, world->listener.user);
        break;
    case SKAD_SIM_ATTACK:
        skad_leagues_turn(world, event->index);
        break;
    case SKAD_SIM_PHASE:
        skad_phases_due(world, event->index);
        break;
    }
}

/* What has arrived comes before what is due, so that a machine that stood still for a while takes
 * no answer for late that lies in a socket. */
static bool step_live(skad_world *world, uint64_t end_us)
{
    skad_sim_event event;
    const skad_sim_flight *flight = NULL;
    world->now_us = skad_sim_wire_now_us(world->wire, world->now_us);
    flight = skad_sim_wire_receive(world->wire, 0);
    if (flight == NULL && skad_sim_queue_take(&world->queue, world->now_us, &event)) {
        handle(world, &event);
        return true;
    }
    if (flight == NULL && world->now_us >= end_us) {
        return false;
    }
    flight = flight != NULL ? flight : skad_sim_wire_receive(world->wire, LOOK_MS);
    if (flight != NULL) {
        world->now_us = skad_sim_wire_now_us(world->wire, world->now_us);
        arrive(world, skad_sim_node_at(&world->addresses, &flight->to), flight);
    }
    return true;
}

bool skad_world_step(skad_world *world, uint64_t end_us)
{
    skad_sim_event event;
    if (world->wire != NULL) {
        return step_live(world, end_us);
    }
    if (!skad_sim_queue_take(&world->queue, end_us, &event)) {
        world->now_us = end_us;
        return false;
    }
    world->now_us = event.due_us;
    handle(world, &event);
    return true;
}

void skad_world_run(skad_world *world, uint64_t end_us)
{
    while (world->broken == NULL && skad_world_step(world, end_us)) {
    }
}
