#include "src/sim/world/nat.h"

#include <stdlib.h>
#include <string.h>

#include "proto/address.h"
#include "src/sim/base/memory.h"
#include "src/sim/world/addresses.h"

/* A destination has its mapping in one of a few places, where a new one takes the place of what was
 * used longest ago: with thousands of destinations none in use is lost. */
#define MAPPINGS SKAD_SIM_NAT_PORTS
#define PLACES   8

typedef struct mapping {
    skad_address to; /* family NONE: free; the port is 0 where only the host counts */
    uint64_t used_us;
} mapping;

struct skad_sim_nat {
    skad_sim_nat_kind kind;
    uint32_t row;
    uint64_t life_us;
    uint64_t used_us; /* when anything left last; 0: never */
    mapping mappings[MAPPINGS];
};

skad_sim_nat *skad_sim_nat_new(skad_sim_nat_kind kind, uint64_t life_us, uint32_t row)
{
    skad_sim_nat *nat = skad_sim_alloc(1, sizeof *nat);
    nat->kind = kind;
    nat->life_us = life_us;
    nat->row = row;
    return nat;
}

void skad_sim_nat_free(skad_sim_nat *nat)
{
    free(nat);
}

/* What of a remote endpoint decides. */
static skad_address remote_of(const skad_sim_nat *nat, const skad_address *endpoint)
{
    skad_address out = *endpoint;
    if (nat->kind == SKAD_SIM_NAT_ADDRESS) {
        out.port = 0;
    }
    return out;
}

static size_t first_place_of(const skad_address *to)
{
    const size_t places = PLACES;
    uint32_t hash = to->port;
    for (size_t i = 0; i < (to->family == SKAD_FAMILY_IPV6 ? sizeof to->ip : 4U); i++) {
        hash = hash * 31 + to->ip[i];
    }
    return ((hash * UINT32_C(2654435769)) >> 20) / places * places; /* Fibonacci hashing: 12 bits */
}

/* Finds where a destination's mapping is; otherwise where it may be put. */
static size_t mapping_of(const skad_sim_nat *nat, const skad_address *to)
{
    const size_t first = first_place_of(to);
    size_t oldest = first;
    for (size_t at = first; at < first + PLACES; at++) {
        if (skad_address_equal(&nat->mappings[at].to, to)) {
            return at;
        }
        if (nat->mappings[at].used_us < nat->mappings[oldest].used_us) {
            oldest = at;
        }
    }
    return oldest;
}

static uint16_t port_of(const skad_sim_nat *nat)
{
    return (uint16_t)(SKAD_SIM_PORT + nat->row);
}

/* The port of a symmetric NAT's first mapping. */
static uint16_t first_port_of(const skad_sim_nat *nat)
{
    return (uint16_t)(SKAD_SIM_NAT_PORT + nat->row * SKAD_SIM_NAT_PORTS);
}

uint16_t skad_sim_nat_out(skad_sim_nat *nat, const skad_address *to, uint64_t now_us)
{
    const skad_address remote = remote_of(nat, to);
    const size_t at = mapping_of(nat, &remote);
    nat->mappings[at] = (mapping){remote, now_us};
    nat->used_us = now_us;
    return nat->kind == SKAD_SIM_NAT_SYMMETRIC ? (uint16_t)(first_port_of(nat) + at) : port_of(nat);
}

static bool alive(const skad_sim_nat *nat, uint64_t used_us, uint64_t now_us)
{
    return used_us != 0 && now_us - used_us < nat->life_us;
}

static bool let_in(const skad_sim_nat *nat, size_t at, const skad_address *remote, uint64_t now_us)
{
    const mapping *one = &nat->mappings[at];
    return alive(nat, one->used_us, now_us) && skad_address_equal(&one->to, remote);
}

bool skad_sim_nat_in(const skad_sim_nat *nat, const skad_address *from, uint16_t port,
                     uint64_t now_us)
{
    const skad_address remote = remote_of(nat, from);
    const uint16_t first = first_port_of(nat);
    switch (nat->kind) {
    case SKAD_SIM_NAT_FULL_CONE:
        return port == port_of(nat) && alive(nat, nat->used_us, now_us);
    case SKAD_SIM_NAT_ADDRESS:
    case SKAD_SIM_NAT_RESTRICTED:
        return port == port_of(nat) && let_in(nat, mapping_of(nat, &remote), &remote, now_us);
    case SKAD_SIM_NAT_SYMMETRIC:
        return port >= first && port - first < MAPPINGS &&
               let_in(nat, (size_t)(port - first), &remote, now_us);
    case SKAD_SIM_NAT_NONE:
        break;
    }
    return true;
}
