/* Carrier-grade NATs (RFC 6888): each gives a few nodes, which have a NAT of their own behind it,
 * one outer address, that of the first of them. Ports tell them apart (addresses.h). Some
 * carriers hairpin: they let what one of these nodes sends to their own outer address come back in
 * to another one. */
#ifndef SKAD_SIM_WORLD_CARRIERS_H
#define SKAD_SIM_WORLD_CARRIERS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct skad_sim_carriers skad_sim_carriers;

skad_sim_carriers *skad_sim_carriers_new(uint32_t nodes);
void skad_sim_carriers_free(skad_sim_carriers *carriers);

/* Puts a node behind the newest carrier, if fewer than `members` nodes are there, else behind a new
 * one, which hairpins or not. Returns its number there. members: 2..SKAD_SIM_CARRIER_NODES. */
uint32_t skad_sim_carriers_add(skad_sim_carriers *carriers, uint32_t node, uint32_t members,
                               bool hairpins);

/* The node whose address a node has: itself, where it is behind no carrier, or without carriers
 * (NULL). And its number among those that share it. */
uint32_t skad_sim_carriers_lead(const skad_sim_carriers *carriers, uint32_t node);
uint32_t skad_sim_carriers_row(const skad_sim_carriers *carriers, uint32_t node);

/* The node at a port of the address of `lead`, or SKAD_SIM_NOBODY. */
uint32_t skad_sim_carriers_at(const skad_sim_carriers *carriers, uint32_t lead, uint16_t port);

/* Whether a datagram of one node is to come back in through its own carrier, which does not do
 * that. */
bool skad_sim_carriers_refuse(const skad_sim_carriers *carriers, uint32_t from, uint32_t to);

#endif
