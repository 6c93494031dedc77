/* The world: many nodes of the core that ships, one queue of events, one clock. It is the core's
 * second driver: it does with flights and virtual time what src/daemon does with sockets and libev,
 * through the same calls of skad/node.h.
 *
 *   queue -> DELIVER -> [adversary] -> skad_node_receive --+
 *            WAKE    -> skad_node_tick --------------------+-> datagrams -> links -> queue
 *            CHANGE  -> a node goes or comes               |
 *            WORK    -> the experiment's calls ------------+-> events -> the experiment
 *            ATTACK  -> a league of adversaries has its turn
 *
 * Only the scenario and its seed decide what happens: the same scenario gives the same run, whose
 * fingerprint (fingerprint.h) covers every datagram that was sent. */
#ifndef SKAD_SIM_WORLD_WORLD_H
#define SKAD_SIM_WORLD_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"
#include "skad/simulator.h"
#include "src/sim/base/prng.h"
#include "src/sim/scenario/scenario.h"
#include "src/sim/world/addresses.h"
#include "src/sim/world/fingerprint.h"
#include "src/sim/world/flights.h"
#include "src/sim/world/id_index.h"
#include "src/sim/world/links.h"
#include "src/sim/world/nat.h"
#include "src/sim/world/queue.h"

#define SKAD_SIM_UNIX_S  1800000000ULL /* the wall clock at the beginning: within a puzzle epoch */
#define SKAD_SIM_BEGIN_S 86400         /* the world's time then: its nodes may be up for long */

/* The node that publishes an experiment's values. All others join through it, so it never leaves
 * and has no NAT. */
#define SKAD_SIM_PUBLISHER 0

typedef struct skad_world skad_world;
struct skad_leagues;
struct skad_chains;
struct skad_sim_ledger;
struct skad_sim_wire;

typedef struct skad_sim_node {
    skad_node *node; /* NULL: down */
    skad_store store;
    skad_sim_nat *nat;  /* NULL: none */
    uint64_t wake_us;   /* when the queue wakes it; UINT64_MAX: never */
    uint64_t free_us;   /* when its upload is free again */
    uint32_t births;    /* how often it was started */
    uint32_t came_s;    /* since when it is up, of the world's time, for tables that are filled */
    float skew_s;       /* of its wall clock */
    uint32_t dismissed; /* peers that it evicted for violations, as far as was looked */
    bool joined;        /* as its own events say */
    bool client;        /* likewise: strangers do not reach it */
    bool was_client;    /* at some time: those that knew it then have forgotten it */
} skad_sim_node;

/* What the experiment listens to; either may be NULL. */
typedef struct skad_sim_listener {
    void (*event)(skad_world *world, uint32_t node, const skad_event *event, void *user);
    void (*work)(skad_world *world, uint32_t index, void *user);
    void (*change)(skad_world *world, uint32_t node, void *user); /* a node is to come or go */
    void *user;
} skad_sim_listener;

typedef struct skad_sim_counters {
    uint64_t sent;
    uint64_t sent_bytes;
    uint64_t delivered; /* to a node that is up */
    uint64_t lost;
    uint64_t shut_out;    /* by a NAT */
    uint64_t partitioned; /* by a partition */
    uint64_t queue_full;  /* by a full upload queue */
    uint64_t unroutable;  /* no node is there, or it is down */
    uint64_t ticks;
    uint64_t events; /* taken from the queue */
} skad_sim_counters;

#define SKAD_SIM_PUBLISHED_BYTES 100 /* of each published value */
#define SKAD_SIM_SALT_BYTES      8   /* its first ones, which are the salt of a mutable one */

struct skad_world {
    skad_sim_scenario scenario;
    skad_profile profile;
    skad_sim_addresses addresses;
    uint8_t families;    /* skad_family bits of all addresses */
    skad_shared *shared; /* of all nodes */
    skad_sim_node *nodes;
    skad_id *ids; /* of each */
    uint32_t count;
    uint32_t honest;                /* nodes from here on are adversaries */
    struct skad_leagues *leagues;   /* NULL: no adversaries (leagues.h) */
    struct skad_sim_ledger *ledger; /* NULL: not kept */
    struct skad_chains *chains;     /* likewise (chains.h) */
    skad_id_index id_index;         /* of all nodes, up or down */
    uint64_t now_us;
    uint64_t began_us; /* when the warm-up was over; UINT64_MAX before */
    uint64_t paid_us;  /* until when the adversaries' budget of bytes is spent */
    skad_sim_queue queue;
    skad_sim_flights flights;
    skad_sim_links links;
    struct skad_sim_wire *wire; /* of a live world; NULL: time and network are virtual */
    skad_sim_fingerprint fingerprint;
    skad_sim_counters counters;
    skad_sim_listener listener;
    const char *broken; /* the invariant that was broken first; NULL: none */
    uint32_t broken_node;
    uint32_t watched; /* a node whose requests are counted; node 0 at first */
    uint64_t watched_requests;
    skad_datagram datagram; /* scratch */
};

#pragma GCC visibility push(default) /* adversaries that are shared objects call these */

/* Makes the nodes, all up, without contacts, and the truth about them. False, with a reason, when a
 * file of the scenario cannot be read. *world is large: keep it on the heap. */
bool skad_world_init(skad_world *world, const skad_sim_scenario *scenario,
                     char reason[static SKAD_SIM_REASON_BYTES]);
void skad_world_free(skad_world *world);

/* The time as a node sees it. */
skad_time skad_world_time(const skad_world *world, uint32_t node);

const skad_id *skad_world_id(const skad_world *world, uint32_t node);
bool skad_world_up(const skad_world *world, uint32_t node);

/* Nodes before this one answer searches as they should: all but adversaries that lie. */
uint32_t skad_world_truthful(const skad_world *world);

/* The identity of a node: derived from the seed and its number, or, for adversaries near a key,
 * from how they were ground (population.c). */
void skad_world_identity(const skad_world *world, uint32_t node, skad_identity *out);

/* Crashes a node without notice; starts a node that is down, with its records or without. */
void skad_world_stop(skad_world *world, uint32_t node, bool forget);
void skad_world_start(skad_world *world, uint32_t node);
/* Lets a node that is up join through another one. */
void skad_world_join(skad_world *world, uint32_t node, uint32_t through);

/* Call it before a node verifies anything: with attackers that frame, half of the nodes have
 * another library (cryptography.h). */
void skad_world_enter(const skad_world *world, uint32_t node);

/* Call it after each call that passes a node the time: it sends the node's datagrams, reports its
 * events, and plans when it is woken. */
void skad_world_settle(skad_world *world, uint32_t node);

/* Sends a datagram as a node; adversaries do so by themselves. */
void skad_world_send(skad_world *world, uint32_t from, const skad_datagram *datagram);

/* Sends a datagram of a node that shows another source. */
void skad_world_send_from(skad_world *world, uint32_t from, const skad_address *source,
                          const skad_datagram *datagram);

/* Puts an event of the experiment into the queue. */
void skad_world_plan(skad_world *world, skad_sim_event_kind kind, uint32_t index, uint64_t due_us);

/* Handles the next event that is due by end_us. False if there is none; then the time is end_us. */
bool skad_world_step(skad_world *world, uint64_t end_us);

/* Steps until end_us, or until an invariant is broken. */
void skad_world_run(skad_world *world, uint64_t end_us);

#pragma GCC visibility pop

#endif
