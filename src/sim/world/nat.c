#include "src/sim/world/nat.h"

#include <stdlib.h>
#include <string.h>

#include "proto/address.h"
#include "src/sim/base/memory.h"
#include "src/sim/world/addresses.h"

#define MAPPINGS      4096 /* direct-mapped: a newer destination takes an older one's place */
#define MAPPING_US    (120 * SKAD_US_PER_S)
#define PORT_OF_FIRST 20000 /* outer port of a symmetric NAT's first mapping */

typedef struct mapping {
    skad_address to; /* family NONE: free */
    uint64_t used_us;
} mapping;

struct skad_sim_nat {
    skad_sim_nat_kind kind;
    uint64_t used_us; /* when anything left last; 0: never */
    mapping mappings[MAPPINGS];
};

skad_sim_nat *skad_sim_nat_new(skad_sim_nat_kind kind)
{
    skad_sim_nat *nat = skad_sim_alloc(1, sizeof *nat);
    nat->kind = kind;
    return nat;
}

void skad_sim_nat_free(skad_sim_nat *nat)
{
    free(nat);
}

static size_t mapping_of(const skad_address *to)
{
    uint32_t hash = to->port;
    for (size_t i = 0; i < (to->family == SKAD_FAMILY_IPV6 ? sizeof to->ip : 4U); i++) {
        hash = hash * 31 + to->ip[i];
    }
    return (hash * UINT32_C(2654435769)) >> 20; /* Fibonacci hashing to 12 bits */
}

uint16_t skad_sim_nat_out(skad_sim_nat *nat, const skad_address *to, uint64_t now_us)
{
    size_t at = mapping_of(to);
    nat->mappings[at] = (mapping){*to, now_us};
    nat->used_us = now_us;
    return nat->kind == SKAD_SIM_NAT_SYMMETRIC ? (uint16_t)(PORT_OF_FIRST + at) : SKAD_SIM_PORT;
}

static bool alive(uint64_t used_us, uint64_t now_us)
{
    return used_us != 0 && now_us - used_us < MAPPING_US;
}

static bool let_in(const mapping *one, const skad_address *from, uint64_t now_us)
{
    return alive(one->used_us, now_us) && skad_address_equal(&one->to, from);
}

bool skad_sim_nat_in(const skad_sim_nat *nat, const skad_address *from, uint16_t port,
                     uint64_t now_us)
{
    switch (nat->kind) {
    case SKAD_SIM_NAT_FULL_CONE:
        return port == SKAD_SIM_PORT && alive(nat->used_us, now_us);
    case SKAD_SIM_NAT_RESTRICTED:
        return port == SKAD_SIM_PORT && let_in(&nat->mappings[mapping_of(from)], from, now_us);
    case SKAD_SIM_NAT_SYMMETRIC:
        return port >= PORT_OF_FIRST && port - PORT_OF_FIRST < MAPPINGS &&
               let_in(&nat->mappings[port - PORT_OF_FIRST], from, now_us);
    case SKAD_SIM_NAT_NONE:
        break;
    }
    return true;
}
