/* The wire of a world that is live: datagrams pass UDP sockets of the loopback interface, one for
 * each node, and time is the machine's own. Addresses stay those of the world: a datagram on the
 * wire is the two addresses that it shows, and its bytes. So all that a world has, adversaries and
 * truth included, works on real sockets, and nothing ever leaves the machine: sockets are bound to
 * 127.0.0.1, send to each other alone, and take nothing from others. */
#ifndef SKAD_SIM_WORLD_WIRE_H
#define SKAD_SIM_WORLD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/types.h"
#include "src/sim/scenario/reason.h"
#include "src/sim/world/flights.h"

typedef struct skad_sim_wire skad_sim_wire;

/* Opens a socket for each node. NULL, with a reason, where the system gives too few. */
skad_sim_wire *skad_sim_wire_new(uint32_t nodes, char reason[static SKAD_SIM_REASON_BYTES]);
void skad_sim_wire_free(skad_sim_wire *wire); /* NULL is allowed */

/* The port of a node, as the network has it. */
uint16_t skad_sim_wire_port(const skad_sim_wire *wire, uint32_t node);

/* The time of a world that stood at world_us when this was called first. */
uint64_t skad_sim_wire_now_us(skad_sim_wire *wire, uint64_t world_us);

/* False: the system did not take it. */
bool skad_sim_wire_send(skad_sim_wire *wire, uint32_t to, const skad_sim_flight *flight);

/* The next datagram, if one comes within so many milliseconds; it stays until the next call. What
 * is no datagram of a node of this wire is dropped. */
const skad_sim_flight *skad_sim_wire_receive(skad_sim_wire *wire, int wait_ms);

#endif
